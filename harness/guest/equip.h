/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * equip.h - what a guest is given beyond the runner: modules that are not built into its kernel, and tools of this machine.
 *
 * Knows what swap on zram and a file system on a RAM disk take; nothing of benches. Whoever runs in the guest finds out
 * what works and says what does not; here only what is at hand is packed.
 */
#ifndef GUEST_EQUIP_H
#define GUEST_EQUIP_H

#include <stdbool.h>

#include "guest/kernel.h"
#include "guest/modules.h"

struct equip_wants {
	bool swap; /* zram, and the compressor that it takes by default */
	bool disk; /* brd, ext4 and mke2fs */
};

#define EQUIP_PROGRAMS_MAX 1

struct equipment {
	struct module_list modules; /* in the order they are to be loaded */
	char *programs[EQUIP_PROGRAMS_MAX];
	size_t nr_programs;
	char lack[256]; /* one sentence about what is not at hand; "" = nothing */
};
void equipment_free(struct equipment *equipment);

/*
 * What a guest with @kernel gets. A module or program that is not there is no error: @lack says so. -ENOMEM, or what went
 * wrong reading a module.
 */
int equip_guest(const struct kernel *kernel, const struct equip_wants *wants, struct equipment *ret_equipment) __must_check;

#endif
