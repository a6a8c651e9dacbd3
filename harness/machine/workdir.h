/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workdir.h - a folder of our own on a file system that the user named, gone with all that is in it after the run.
 *
 * Never a place that nobody named: what is under test may fill it.
 */
#ifndef MACHINE_WORKDIR_H
#define MACHINE_WORKDIR_H

#include <stddef.h>

#include "base/util.h"

/*
 * May a folder be made in @place? -ENOTDIR, -EACCES …; -EOPNOTSUPP: its file system has no disk behind it (tmpfs and the like): all
 * its pages are shmem, or none are pages at all.
 */
int workdir_check(const char *place) __must_check;

/* "ext4", or the number of a type that has no name here ("0x1234"). Writes to and returns @buf. */
char *workdir_type(const char *path, char *buf, size_t size);

/* Make "memcgbench.PID.START.NS" in @place, after removing those of dead processes. *ret_path is the caller's to free. */
int workdir_make(const char *place, char **ret_path) __must_check;

/* Those of dead processes in @place. */
int workdir_sweep(const char *place);

/* Remove the folder and everything in it. One that is not there is no error. */
int workdir_remove(const char *path);

#endif
