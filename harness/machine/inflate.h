/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inflate.h - unpack a gzip file held in memory: /proc/config.gz.
 *
 * Here so that the runner, which travels in an initramfs, needs no compression library. Small and
 * plain rather than fast (a kernel configuration takes a few milliseconds). Knows nothing of files.
 * Sources: RFC 1951 (deflate), RFC 1952 (gzip).
 */
#ifndef MACHINE_INFLATE_H
#define MACHINE_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/*
 * Unpack the first member of a gzip file into a string, with a '\0' behind it that *ret_size does
 * not count. The caller frees *ret_data. -EINVAL: not gzip, cut short or corrupt (length and CRC of
 * the trailer are checked); -EFBIG: more than @max_size bytes; -ENOMEM.
 */
int inflate_gzip(const uint8_t *data, size_t size, size_t max_size, char **ret_data,
		 size_t *ret_size) __must_check;

#endif
