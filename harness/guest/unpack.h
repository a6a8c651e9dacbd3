/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.h - the parts of a kernel that matter here, out of Debian packages and tarballs of modules.
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

#include <stddef.h>

#include "base/util.h"

/*
 * Unpack @archives (.deb files, or tarballs in any compression) into @folder, which is there and empty. -EBADMSG: not an archive, or a
 * damaged one (the sentence has libarchive's words). -EFBIG: it grows beyond what a kernel can be.
 */
int unpack_kernel(const char *const *archives, size_t nr_archives, const char *folder) __must_check;

#endif
