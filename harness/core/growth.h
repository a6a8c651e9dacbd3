/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * growth.h - does a number that goes up and down grow? Of readings of a memcg's usage, one before each rep.
 *
 * A rep leaves nothing behind, so what usage differs by from rep to rep is what CPUs hold in stock, and what of dead processes the kernel
 * has not freed yet. Knows no memcgs.
 */
#ifndef CORE_GROWTH_H
#define CORE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Pages that usage may differ by without growing: the stock of each worker's CPU and of one more, MEMCG_CHARGE_BATCH (64 since Linux 6.1, 32
 * before; include/linux/memcontrol.h), and 32 for memory of the kernel. In 768 series of guests' child arms (the card on 18 kernels from
 * 5.10 to 7.3, `results/reference`) usage differed by 86 pages at most, warm-up included, where one worker has it alone.
 */
long growth_slack(unsigned int nr_workers, unsigned int nr_cpus);

/* The middle (median) of the first quarter of the readings, and of the last. */
struct growth {
	uint32_t first, last;
};

/*
 * The last quarter lies above the first by more than @slack, and each half of the way has a quarter of that at least: what a warm-up needs once
 * is no growth. False, too, of fewer than 8 readings.
 */
bool growth_find(const uint32_t *pages, size_t nr, long slack, struct growth *ret_growth);

#endif
