/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_disk.h - a file system with a disk behind it, in a guest that has no disk: ext4 on a RAM disk (brd).
 *
 * Made the same way each time: its UUID and hash seed are fixed, there is no journal, and nothing is left for a thread of the kernel to
 * do later. The pages of the RAM disk itself are charged to no memcg (brd_insert_page(), drivers/block/brd.c). Never called on a
 * real machine.
 */
#ifndef CORE_GUEST_DISK_H
#define CORE_GUEST_DISK_H

#include "base/util.h"

#define GUEST_DISK "/disk" /* where it is mounted */

/* Options of a module of this name ("brd.ko.xz") that is loaded in a guest. Writes to and returns @buf. */
char *guest_disk_options(const char *module, char *buf, size_t size);

/* Make and mount it. A failure has a sentence: what of it this guest lacks. */
int guest_disk_make(void) __must_check;

#endif
