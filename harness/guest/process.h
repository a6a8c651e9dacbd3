/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - run a program to its end, its output in files, as a text, or read on the way. For tools such as apt-get; guests are boot.h's. */
#ifndef GUEST_PROCESS_H
#define GUEST_PROCESS_H

#include "base/util.h"

/*
 * Run @argv (found by PATH) in folder @cwd (NULL: here), standard output to file @out_path and errors to
 * @err_path (NULL: /dev/null; the same path twice: both into one file), with LC_ALL=C.UTF-8, no standard
 * input, and killed when this process dies. Returns the exit status (128 + signal when killed), or -errno
 * with a sentence; -ENOENT: there is no such program.
 */
int process_run(const char *const *argv, const char *cwd, const char *out_path, const char *err_path) __must_check;

enum { PROCESS_OUT = 1, PROCESS_ERR = 2 };

/*
 * The same, with what it writes to @streams as a text, which takes no file anywhere and is the caller's to free; the others go to /dev/null.
 * *ret_text is there unless a negative errno is returned.
 */
int process_text(const char *const *argv, unsigned int streams, char **ret_text) __must_check;

/*
 * The same with standard output read by @take, to its end. An error of @take's is returned once the program has
 * ended.
 */
int process_read(const char *const *argv, const char *err_path, int (*take)(FILE *in, void *context),
		 void *context) __must_check;

#endif
