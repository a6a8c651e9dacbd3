/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suite.h - which benches `run` takes when none is named, and how: a table. Private to cmd/.
 *
 * To add to a suite, add a line to suite.c. The card is for everybody and every day: few lines, each telling; in guests all of
 * it has to fit 50 seconds of a boot. Full sweeps what there is to sweep, and takes what it takes; a bench that has no line
 * is in it once, as it comes.
 */
#ifndef CMD_SUITE_H
#define CMD_SUITE_H

#include <stdbool.h>
#include <stddef.h>

enum suite {
	SUITE_CARD,
	SUITE_FULL,
	SUITE_NR,
};

enum suite_where {
	SUITE_LIVE = 1 << 0,
	SUITE_GUESTS = 1 << 1,
	SUITE_ANYWHERE = SUITE_LIVE | SUITE_GUESTS,
	SUITE_NODES = 1 << 2, /* with one of those: where there are two memory nodes */
};

/* Texts are what a user would give run's option of that name, NULL its default. What he gives himself goes before them. */
struct suite_entry {
	unsigned int suites; /* 1 << SUITE_CARD, 1 << SUITE_FULL */
	unsigned int where;  /* enum suite_where */
	const char *bench;
	const char *params; /* "way=single pages=64" */
	const char *workers, *memcgs, *depth, *place, *memory;
	bool threads;
	unsigned int spare; /* the greatest is left out first where time is short, of equals the last */
};

extern const struct suite_entry suite_entries[];
extern const size_t nr_suite_entries;

/* Names by enum suite, NULL-terminated. */
extern const char *const suite_names[];

#endif
