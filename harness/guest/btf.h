/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * btf.h - from what a user typed to the bytes of a kernel's type information (BTF).
 *
 * Knows where BTF lies (an ELF section, the payload of a kernel image, sysfs), not what is in it: that is data/layout.h.
 * Needs no root.
 */
#ifndef GUEST_BTF_H
#define GUEST_BTF_H

#include <stddef.h>

#include "guest/kernel.h"

struct btf_bytes {
	void *data;
	size_t size;
	char name[128]; /* what the user calls the kernel, else its release, else the file */
};
void btf_bytes_free(struct btf_bytes *bytes);

/*
 * BTF of what @spec names: the specs of guest/kernel.h, and beside them a vmlinux, a file that holds BTF and nothing
 * else, and a build tree's vmlinux; "running" is /sys/kernel/btf/vmlinux below base/fs.h's root.
 * Errors with one sentence: -ENOENT (no such kernel), -ENODATA (no BTF in it: built without CONFIG_DEBUG_INFO_BTF),
 * -EBADMSG (truncated, another architecture, no kernel), and those of kernel_open(). Free with btf_bytes_free().
 */
int btf_open(const char *spec, const struct kernel_progress *progress, struct btf_bytes *ret_bytes) __must_check;

#endif
