/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap.h - swap of our own on zram: set up, taken down, and found again after a run that was killed.
 *
 * Touches no swap that is on already, and no zram device that is in use. Our area has the highest priority that there is, so that
 * pages go to it and not to what is on beside it, as long as it has room. Its header says whose it is: swapon(8) would show the label
 * "memcgbench".
 */
#ifndef MACHINE_SWAP_H
#define MACHINE_SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "machine/owner.h"

struct swap {
	unsigned int number; /* zramN */
	uint64_t bytes;
	char algorithm[32];  /* that compresses */
	bool is_added;	     /* the device is ours to remove */
	bool has_module;     /* the module is ours to unload */
	bool is_initialised; /* it has a size */
};

/* Could this process have it? If not, @why is one sentence without its beginning: "zram is not in this kernel". */
bool swap_possible(char *why, size_t why_size);

/* Half of the memory, 1 GiB at most. */
int swap_default_bytes(uint64_t *ret_bytes) __must_check;

/*
 * Remove what dead runs left (swap_sweep()), then have @bytes of swap on. A failure leaves nothing behind; -ENODEV, -EPERM and -EBUSY
 * mean that this machine cannot have it, with a sentence that says why.
 */
int swap_setup(uint64_t bytes, struct swap *ret_swap) __must_check;

/* Bring back what is swapped out, and undo everything. All zero is fine. Takes as long as it takes; a signal does not end it. */
int swap_teardown(struct swap *swap);

/* The same to areas whose owner lives no more. */
int swap_sweep(void);

/* Is zswap in front of all swap, so that pages may never come to zram? */
bool swap_has_zswap(void);

/*
 * May slots that were freed wait for others, charged, 64 on each CPU? So they do where a cache of slots was set up with the first swap area
 * (free_swap_slot() and SWAP_SLOTS_CACHE_SIZE, mm/swap_slots.c, Linux 4.11 to 6.13; 6.14 caches on the way out alone, 6.15 has no such file). It
 * shows among the states of CPU hotplug; yes where they cannot be read.
 */
bool swap_has_slot_cache(void);

/* --- private to swap*.c, and for tests: union swap_header of include/linux/swap.h --- */

/* Write the header of a swap area of @bytes and @page_bytes to @page, a page. */
void swap_header_write(unsigned char *page, uint64_t page_bytes, uint64_t bytes, const struct owner *owner,
		       const struct swap *swap);
/* Is it a header of ours? */
bool swap_header_read(const unsigned char *page, struct owner *ret_owner, struct swap *ret_swap);

#endif
