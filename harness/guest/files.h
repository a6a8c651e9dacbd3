/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - the few operations on files and folders that fetching a kernel and packing an initramfs share.
 *
 * Works on the real machine's files, never through base/fs.h's root: these are artefacts, not facts.
 */
#ifndef GUEST_FILES_H
#define GUEST_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include <sha2.h>
#include "base/util.h"

/* A file in memory, read-only. An empty file has size 0 and data "". */
struct file_map {
	const unsigned char *data;
	size_t size;
};

/* Errors are those of open(2) and mmap(2), the sentence names @path. The caller calls file_unmap(). */
int file_map_open(const char *path, struct file_map *ret_map) __must_check;
void file_unmap(struct file_map *map);
#define __unmap_file __attribute__((__cleanup__(file_unmap)))

/* SHA-256 of the whole file as 64 hex digits. */
int file_sha256(const char *path, char ret_hex[SHA256_DIGEST_STRING_LENGTH]) __must_check;

/* Write @size bytes to @path, whole or not at all (a temporary name, then rename). */
int file_replace(const char *path, const void *data, size_t size) __must_check;

/* Is @path a regular file of just these bytes? */
bool file_holds(const char *path, const void *data, size_t size);
bool file_is_regular(const char *path);
bool file_is_folder(const char *path);

/* mkdir -p; @mode 0700. */
int folder_make(const char *path) __must_check;
/* rm -rf; nothing there is fine, errors are ignored: it is for clean-up. */
void folder_remove(const char *path);

/* printf into a new string; NULL (and the sentence) when memory is out. */
char *text_format(const char *fmt, ...) __printf(1, 2);

#endif
