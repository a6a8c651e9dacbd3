/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.h - the parts of a kernel that matter here, out of Debian packages and tarballs of modules; and what else is packed.
 *
 * Knows neither where the files came from nor what they are used for. Everything is read with libarchive, so
 * neither dpkg nor root is needed.
 *
 * An unpacked kernel is a folder:
 *	vmlinuz                 (missing from a tarball of modules)
 *	config                  (where the packages have one)
 *	modules/modules.builtin
 *	modules/kernel/…        those modules that a benchmark could want: file systems, block, mm, crypto, lib
 */
#ifndef GUEST_UNPACK_H
#define GUEST_UNPACK_H

#include <archive.h>
#include <stddef.h>

#include "base/util.h"

/*
 * Unpack @archives (.deb files, or tarballs in any compression) into @folder, which is there and empty. -EBADMSG: not an archive, or a
 * damaged one (the sentence has libarchive's words). -EFBIG: it grows beyond what a kernel can be.
 */
int unpack_kernel(const char *const *archives, size_t nr_archives, const char *folder) __must_check;

/* Bytes of the beginning of a file that unpack_reader() looks at. */
#define UNPACK_HEAD_BYTES 6

/*
 * A reader for what begins with @head (@size bytes of it; less than UNPACK_HEAD_BYTES: the whole), without a format so far: that of its compression and no
 * other. libarchive by itself would take off one compression after the other, so that a few bytes could keep it busy for days, and would start
 * programs for those that it does not know. NULL: -ENOMEM. Free with archive_read_free().
 */
struct archive *unpack_reader(const void *head, size_t size);

/*
 * The one stream in @data, of whatever compression; @what is for sentences. The caller frees *ret_data. -EBADMSG: damaged; -EFBIG: more than @max_bytes.
 */
int unpack_stream(const void *data, size_t size, size_t max_bytes, const char *what, unsigned char **ret_data, size_t *ret_size)
	__must_check;

#endif
