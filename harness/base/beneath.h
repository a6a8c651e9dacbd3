/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * beneath.h - files in folders that somebody else may have filled: the folder of a run, above all.
 *
 * A folder is a path that the user gave, links and all. A name is what lies beneath it ("run.json", "boots/0/profile"), and none of its parts
 * may be a link, or "..": what is read is a regular file of that folder, and what is written lands in it. Knows nothing of what is in the files.
 */
#ifndef BASE_BENEATH_H
#define BASE_BENEATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/*
 * Open @name beneath @folder for reading. The caller closes *ret_fd. Errors are those of open(2), with a sentence that names the file;
 * -EBADMSG: a link, a FIFO, a device; -EISDIR.
 */
int beneath_open(const char *folder, const char *name, int *ret_fd) __must_check;
/* The same as a stream; NULL with the error in *ret. */
FILE *beneath_read(const char *folder, const char *name, int *ret);
/* All of it, with a '\0' behind it, for the caller to free. -EFBIG: more than @max_bytes. @ret_size may be NULL. */
int beneath_read_all(const char *folder, const char *name, size_t max_bytes, char **ret_text, size_t *ret_size) __must_check;
/* Is there such a file? */
bool beneath_has(const char *folder, const char *name);

/* mkdir(2) of each part of @name that is not there yet. -ENOTDIR: a part is a link or a file. */
int beneath_mkdir(const char *folder, const char *name) __must_check;

/*
 * Remove @name and all that is in it, as rm -rf does, but through no link, and into no other file system. Nothing there is fine; what cannot be
 * removed stays, and the first of it is the error.
 */
int beneath_remove(const char *folder, const char *name);
/* The same of a path, whose last part alone may be no link. */
int beneath_remove_path(const char *path);

/* A file that is being written beside its place. */
struct beneath_file {
	FILE *out;
	int folder_fd;
	char *name, *tmp; /* in that folder */
	char *path;	  /* for sentences */
	bool has_name;	  /* the temporary one */
};

/* The folder of @name has to be there: beneath_mkdir(). */
int beneath_begin(const char *folder, const char *name, struct beneath_file *ret_file) __must_check;
/*
 * Put it into its place, whatever is there; if @error, or what a write failed with, is not 0, remove it instead and return that. Once for each
 * file that was begun.
 */
int beneath_end(struct beneath_file *file, int error) __must_check;
/* All of that for @size bytes. With @sync they are on the disk when it returns. */
int beneath_write(const char *folder, const char *name, const void *data, size_t size, bool sync) __must_check;

#endif
