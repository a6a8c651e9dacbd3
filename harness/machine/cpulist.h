/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cpulist.h - walk the kernel's lists of CPU numbers, "0-3,8,10-11".
 *
 * Knows no topology. Source: bitmap_parselist() in lib/bitmap-str.c, without its group syntax,
 * which the kernel reads but never writes.
 */
#ifndef MACHINE_CPULIST_H
#define MACHINE_CPULIST_H

#include <stdbool.h>
#include <stddef.h>

/* Where a walk is; start with { .rest = list }. The list must outlive the walk. */
struct cpulist_walk {
	const char *rest;
	unsigned int next, last;
	bool in_range;
};

/* The next CPU number. False at the end of the list, and where it is no list any more. */
bool cpulist_next(struct cpulist_walk *walk, unsigned int *ret_cpu);

/* How many CPUs the list names. */
size_t cpulist_count(const char *list);

#endif
