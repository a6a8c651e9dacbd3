/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - what took long to get and is kept: ${XDG_CACHE_HOME:-~/.cache}/memcgbench.
 *
 * Kernels that root boots come from here, so nothing in it is believed: the folders must be of this user and nobody else's to write, and an
 * *entry* is a folder PART/KEY with a file "sums" that names its key and the digests of all that is in it. One that does not have them, or
 * holds a link, is made again. Knows nothing of what is kept.
 */
#ifndef GUEST_CACHE_H
#define GUEST_CACHE_H

#include "base/util.h"

/*
 * The folder @part ("apt"; "" is all of it) of the cache, made when missing. -EPERM: it, or one above it in the cache, is a link, or another
 * user's, or others may write to it. The caller frees *ret_path.
 */
int cache_folder(const char *part, char **ret_path) __must_check;

/*
 * The entry @key of @part: as it is if all of it is what was put there, else made by @make in an empty @folder, which appears under its name
 * whole or not at all. One maker a part at a time; others wait for it. What a killed one left is removed. The caller frees *ret_folder.
 * Errors of @make, and those of cache_folder().
 */
int cache_entry(const char *part, const char *key, int (*make)(void *ctx, const char *folder), void *ctx,
		char **ret_folder) __must_check;

#endif
