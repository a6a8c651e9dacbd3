/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * err.h - the sentence that goes with an error.
 *
 * A function that can fail returns 0 or a negative errno. On failure it leaves one sentence, naming
 * the file and the operation, in a slot of the calling thread; only cmd/ (and the runner's main)
 * prints it. The ret_* parameters of a failed function are untouched.
 *
 *	return err_sys(EBUSY, "write memory.max in %s", dir);
 *	-> -EBUSY, "write memory.max in /sys/fs/cgroup/x: Device or resource busy"
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/util.h"

/* The longest sentence kept; a longer one is cut. */
#define ERR_MSG_MAX 1024

/* Set the sentence, with ": strerror(err)" behind it. @err: a positive errno. Returns -err. */
int err_sys(int err, const char *fmt, ...) __printf(2, 3);

/* Set the sentence as it stands. @err: a positive errno. Returns -err. */
int err_set(int err, const char *fmt, ...) __printf(2, 3);

/* Put "prefix: " in front of the sentence that is there. Returns @ret unchanged. */
int err_prefix(int ret, const char *fmt, ...) __printf(2, 3);

/* The calling thread's last sentence; never NULL, valid until the next err_* call. */
const char *err_msg(void);

#endif
