/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * version.h - what this build is: stored with every result, shown by `memcgbench version`.
 *
 * The definitions are written by tools/version into version.c of the build folder.
 */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

extern const char memcgbench_version[];	 /* "0.1" */
extern const char memcgbench_revision[]; /* git commit, "-dirty" behind it; "unknown" without git */
extern const char memcgbench_compiler[]; /* first line of `cc --version` */
/* What the benches were compiled with; where CFLAGS was changed, what the harness was compiled with too. */
extern const char memcgbench_cflags[];

#endif
