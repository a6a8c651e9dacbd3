/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * build.h - from a source tree of the kernel to an image, with a configuration of our own (kernel.config).
 *
 * The user's tree is read, never written to: objects, and the sources of a revision, lie in the cache folder, one folder per
 * tree, so that the next build of the same tree compiles only what changed. Finished images are kept apart from the objects: a
 * guest may boot one while the next is built. Knows nothing of QEMU or benches.
 */
#ifndef GUEST_BUILD_H
#define GUEST_BUILD_H

#include "guest/kernel.h"

/* The configuration that is merged into an empty one (allnoconfig), as text. */
const char *build_fragment(void);

/*
 * "TREE" or "TREE@REV". A folder that has the whole name is a tree; otherwise the name is cut at the first '@' that leaves a
 * folder. *ret_revision: NULL without one. The caller frees both. -ENOENT: no such folder.
 */
int build_split(const char *text, char **ret_tree, char **ret_revision) __must_check;

/*
 * Build what @text names (see build_split()). @out_folder: gets bzImage, config and build.log; NULL: the cache alone. Errors,
 * all with a sentence: -ENOENT (no such folder or revision, no sources of Linux in it, no make on this machine), -EEXIST (sources
 * that were built in place: make wants them clean), -ENOTSUP (an option that a guest needs is not to be had, by name), -EIO (the build
 * failed: with the end of its log and where the log is). @ret_kernel's name is the revision's, "" without one.
 */
int build_kernel(const char *text, const char *out_folder, const struct kernel_progress *progress,
		 struct kernel *ret_kernel) __must_check;

/* --- for the test --- */

/*
 * Compare a finished configuration with @fragment. Options behind a line "# [wished]" may be missing, and are listed in @ret_lack
 * ("MEMCG_V1 ZRAM"); others may not: -ENOTSUP, the sentence names them.
 */
int build_check_config(const char *fragment, const char *config_path, char *ret_lack, size_t size) __must_check;

/*
 * The end of the log at @path, at most @size - 1 bytes and 12 lines; in front of it the first line with an error, where the end
 * does not hold it. Writes to and returns @buf.
 */
char *build_log_end(const char *path, char *buf, size_t size);

#endif
