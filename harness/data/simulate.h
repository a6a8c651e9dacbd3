/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * simulate.h - do the verdicts keep what they promise, by how many seeds or blocks there are and what the noise is like? Comparisons of made-up runs
 * without a change, through compare.h as `memcgbench compare` does it, and with a change of the size that they say they would have seen.
 */
#ifndef DATA_SIMULATE_H
#define DATA_SIMULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/stats.h"

/* What a state costs in a boot, or in a block, beside 1000 units per op. */
enum simulate_noise {
	SIMULATE_NORMAL,    /* standard deviation 5 */
	SIMULATE_MODES,	    /* two, 5 % apart and equally likely, and nothing else */
	SIMULATE_MODES_WIDE, /* the same, and normal of 0.5 */
	SIMULATE_HEAVY,	    /* Student's t of 2 degrees: no variance */
	SIMULATE_DEPENDENT, /* normal, correlated by 0.3 with the one before */
	SIMULATE_NOISES,
};

const char *simulate_noise_name(enum simulate_noise noise);

/* One design under one noise. */
struct simulate_cell {
	enum simulate_noise noise;
	bool live;	    /* two live runs with so many blocks, in ns; else two kernels with so many seeds, in instructions */
	size_t nr_units, nr_rows, nr_families;
	size_t nr_alarms;   /* families with a regression or an improvement */
	size_t nr_t_alarms; /* by Student's t (or Mann-Whitney) and Holm alone, and whatever is equal in all seeds */
	struct stats_interval rate; /* of nr_alarms, 95 % */
	double coverage;    /* share of the rows' 95 % intervals that hold the truth, which is 0 */
	double detectable;  /* mean of the rows that have one; NAN: none */
};

/* Families without a change; δ is 0.1 per op. -ENOMEM; errors of compare.h. The same @seed gives the same. */
int simulate_families(enum simulate_noise noise, bool live, size_t nr_units, size_t nr_rows, size_t nr_families, uint64_t seed,
		      struct simulate_cell *ret_cell) __must_check;

/* How often a change of @effect is called one, of one row alone; doubts of live runs aside, which take some more. */
int simulate_power(enum simulate_noise noise, bool live, size_t nr_units, double effect, size_t nr_families, uint64_t seed,
		   double *ret_power) __must_check;

#endif
