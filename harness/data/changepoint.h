/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changepoint.h - where in a history of kernels a number changed for good.
 *
 * Pure: arrays in, change points out; resampling takes a seed. A *point* is one kernel, its *units* are the boots that
 * were measured on it. A change can only lie between two points.
 *
 * Three steps. (1) Candidates: E-divisive, hierarchical bisection that maximises the energy distance between what lies on
 * either side (Matteson & James 2014, J. Am. Stat. Assoc. 109:505, §2-3, exponent 1). (2) Acceptance of a candidate: their
 * permutation test, or Student's t-test in its place (Fleming et al. 2023, "Hunter: Using Change Point Detection to
 * Hunt for Performance Regressions", §3), which is deterministic and finds steps in short histories. (3) Merging: of the
 * accepted, those that are not significant between their neighbours, or smaller than the threshold, go, weakest first.
 * The threshold is @sigmas times the noise of the history itself, and never below @floor: a history without noise would
 * make any change big.
 *
 * A series without noise (an instruction count whose units all moved alike) has no variance that a test could use: there
 * every step beyond the floor is a change, and none is a matter of chance.
 */
#ifndef DATA_CHANGEPOINT_H
#define DATA_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct changepoint_point {
	const double *unit;  /* finite */
	const uint64_t *key; /* of each unit, ascending: units of one key are alike but for the kernel (a seed); NULL: none are */
	size_t nr;	     /* at least 1 */
};

enum changepoint_accept {
	CHANGEPOINT_T,
	CHANGEPOINT_PERMUTATION,
};

struct changepoint_options {
	enum changepoint_accept accept;
	double alpha;		/* how often a history without a change may raise an alarm */
	size_t nr_permutations; /* the least p is 1 / (nr_permutations + 1) */
	uint64_t seed;
	double floor;  /* smallest change that counts, in the unit of the series */
	double sigmas; /* smallest change that counts, in standard deviations of the noise; 0: the floor alone */
};

/* One false alarm in a hundred histories, enough permutations to see that, and the spread of single boots. */
#define CHANGEPOINT_ALPHA	 0.01
#define CHANGEPOINT_PERMUTATIONS 999
#define CHANGEPOINT_SIGMAS	 1

struct changepoint {
	size_t at;	      /* the first point that is different */
	double before, after; /* means of the units of the segments on either side */
	double low, high;     /* 95 % interval of after - before; of an exact change, the change twice */
	double p;	      /* of no change, by t between both segments, corrected for the places tried; NAN: exact */
};

struct changepoint_result {
	struct changepoint *change; /* by place */
	size_t nr;
	bool exact;	  /* the series has no noise */
	double sigma;	  /* the noise: standard deviation of a unit around its segment; 0: exact, NAN: unknown */
	double threshold; /* the smallest change that was let pass */
};

/*
 * Find the changes. Fewer than two points, or too few units for any test: none, which is no error. -EINVAL: a point
 * without units, or one that is not finite. -ENOMEM. Free with changepoint_free().
 */
int changepoint_find(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		     struct changepoint_result *ret_result) __must_check;
void changepoint_free(struct changepoint_result *result);

/* Two-sided p of Student's t-test with pooled variance. NAN where n + m < 3; 0 or 1 without any variance. */
double changepoint_t_p(const double *x, size_t n, const double *y, size_t m);

#endif
