/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sharing.h - lines of kernel memory that several CPUs of a guest touched, from a run with --profile=sharing.
 *
 * What is exact and what is not: docs/EXPLAIN.md, "Sharing". Pure.
 */
#ifndef DATA_SHARING_H
#define DATA_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/explain.h"

struct sharing_site {
	char function[SYMBOLS_NAME_MAX];
	double accesses, writes; /* per op */
};

struct sharing_line {
	uint64_t address; /* of the first byte */
	unsigned int bytes; /* 64 or 128 */
	char variable[SYMBOLS_NAME_MAX]; /* "": not a variable with a name */
	unsigned int nr_readers, nr_writers; /* CPUs */
	double accesses, writes, transfers; /* per op */
	double foreign; /* accesses per op by all CPUs but the busiest */
	/*
	 * Transfers per op that no order of these accesses can exceed: each write takes the line from others once at most, and each read that
	 * has to fetch it comes after a write by another, once for each other CPU; and none moves but to or from one that is not the busiest.
	 */
	double transfers_most;
	bool is_false;	/* no word that one CPU wrote was touched by another: the CPUs share the line, but nothing in it */
	/* A letter for each word of 8 bytes: '.' nobody's, 'r' read only, 'w' written, and one CPU's alone, 'W' written, and used by several. */
	char words[2 * PROFILE_LINE_WORDS + 1];
	struct sharing_site sites[PROFILE_LINE_SITES]; /* by accesses; of functions, joined */
	size_t nr_sites;
};

struct sharing {
	char kernel[128], arm_name[64];
	unsigned int nr_vcpus;
	const struct rundata_item *item;
	size_t metric;
	uint64_t ops;
	struct sharing_line *lines; /* by transfers_most, then foreign accesses, the most first */
	size_t nr_lines;
};

/*
 * @line_bytes: 64, or 128 for pairs of lines as an adjacent-line prefetcher moves them. Errors as explain_side_load(); -ENODATA also when
 * the run was profiled without sharing, or with one CPU.
 */
int sharing_load(const struct rundata *data, const struct explain_query *query, uint64_t seed, unsigned int line_bytes,
		 struct sharing *ret_sharing) __must_check;
void sharing_free(struct sharing *sharing);

#endif
