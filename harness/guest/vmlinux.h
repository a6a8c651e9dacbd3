/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vmlinux.h - the kernel inside a bzImage, unpacked, for QEMU to start directly.
 *
 * A bzImage unpacks itself, which an emulator pays for in every boot. Where the kernel can be entered as a PVH guest
 * (CONFIG_PVH), QEMU starts the ELF file inside (x86/HVM direct boot ABI of Xen, docs/misc/pvh.pandoc there). Knows nothing
 * of QEMU's options.
 */
#ifndef GUEST_VMLINUX_H
#define GUEST_VMLINUX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "guest/kernel.h"

/*
 * The path of the unpacked kernel, in the cache folder by the image's digest; made when it is not there. The caller frees
 * *ret_path. -EOPNOTSUPP: the image must boot as it is (no PVH entry, or packed in a way that libarchive does not know).
 */
int vmlinux_get(const struct kernel *kernel, char **ret_path) __must_check;

/*
 * Has the kernel at @path, of vmlinux_get(), a parameter of this name? The image holds the names: of modules' parameters
 * (__module_param_call(), include/linux/moduleparam.h, Linux 6.12) and of others (__setup(), include/linux/init.h). True also where that
 * cannot be told (@path NULL, or not readable).
 */
bool vmlinux_has_param(const char *path, const char *name);

/*
 * Unpack the payload of the bzImage @image, of the file @path. -EBADMSG: truncated, damaged, or packed in a way that libarchive does not
 * know; -EFBIG: more than any kernel. The caller frees *ret_data.
 */
int vmlinux_unpack(const unsigned char *image, size_t image_size, const char *path, unsigned char **ret_data, size_t *ret_size)
	__must_check;

/* --- for the test --- */

/* Has the 64-bit ELF @data the note XEN_ELFNOTE_PHYS32_ENTRY (include/xen/interface/elfnote.h, Linux 6.12)? */
bool vmlinux_has_pvh_entry(const unsigned char *data, size_t size);

#endif
