/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.h - a file of a result folder in lines, none of them held longer than it is looked at, and no line without bounds. */
#ifndef DATA_LINES_H
#define DATA_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/util.h"

/* No line that the store writes comes near: the longest are a histogram and the last words of a console. */
#define LINE_BYTES_MAX (16UL << 20)

struct lines {
	const char *path;
	int fd;
	char *buffer;
	size_t size, start, end; /* start to end: read and not yet handed out */
	struct stat opened;
	uint64_t bytes; /* read so far */
};

/* The file @name beneath @dir; the caller keeps @path, which is for sentences, while it reads. Errors as of beneath_open(). */
int lines_open(struct lines *lines, const char *dir, const char *name, const char *path);
/*
 * 1: *ret_line has *ret_len bytes, the last of them a newline, except in a last line that is cut; 0: end of the file;
 * -EMSGSIZE, without a sentence: a line of LINE_BYTES_MAX or more; -errno: it would not be read.
 */
int lines_next(struct lines *lines, const char **ret_line, size_t *ret_len);
/*
 * At the end of the file: is it what it was when it was opened, by size and time of change? -ESTALE: no. @may_grow: what was only
 * appended to is.
 */
int lines_check_unchanged(const struct lines *lines, bool may_grow);
void lines_close(struct lines *lines);

#endif
