/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * changepoint.h - where in a history of kernels a number changed for good.
 *
 * Pure: arrays in, change points out; resampling takes a seed. A *point* is one kernel, its *units* are the boots that
 * were measured on it. A change can only lie between two points.
 *
 * By pairs, where most neighbours have seeds in common that resolve their floor: two kernels are compared by what `compare` compares them by
 * (data/compare_change.h), each pair in the noise of its own two kernels, and a change is wholly beyond the floor. p that it is not
 * is corrected (Holm) over all comparisons of the series. See data/changepoint_pairs.h.
 *
 * By levels otherwise: (1) Candidates: E-divisive, hierarchical bisection that maximises the energy distance between what lies on
 * either side (Matteson & James 2014, J. Am. Stat. Assoc. 109:505, §2-3, exponent 1). (2) Acceptance of a candidate: their
 * permutation test, or Student's t-test in its place (Fleming et al. 2023, "Hunter: Using Change Point Detection to
 * Hunt for Performance Regressions", §3), which is deterministic and finds steps in short histories. (3) Merging: of the
 * accepted, those that are not significant between their neighbours, or smaller than the threshold, go, weakest first.
 * The threshold is @sigmas times the noise of both levels, and never below the floor: a history without noise would
 * make any change big. A kernel may have a luck of its own, which all its boots share: from CHANGEPOINT_KERNELS_MIN points on the mean
 * of a point is one value. Of fewer points each unit is one, and that luck is in no test.
 *
 * A series without noise (all units of each point alike, or single units that mostly stand still) has no variance that a test could
 * use: there every step beyond the floor is a change, and none is a matter of chance.
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
	double floor;	     /* smallest change from this point on that counts, in the unit of the series */
};

enum changepoint_accept {
	CHANGEPOINT_T,
	CHANGEPOINT_PERMUTATION,
};

struct changepoint_options {
	enum changepoint_accept accept;
	double alpha;		/* by levels: how often a history without a change may raise an alarm */
	double alpha_pairs;	/* by pairs: the same, at worst */
	size_t nr_permutations; /* the least p is 1 / (nr_permutations + 1) */
	uint64_t seed;
	double sigmas; /* smallest change of level that counts, in standard deviations of the noise; 0: the floor alone */
};

/* One false alarm in a hundred histories, by pairs what `compare` allows itself, enough permutations to see that, and the spread of single boots. */
#define CHANGEPOINT_ALPHA	 0.01
#define CHANGEPOINT_ALPHA_PAIRS	 0.05
#define CHANGEPOINT_PERMUTATIONS 999
#define CHANGEPOINT_SIGMAS	 1

/* With so many points a history shows what kernels differ by without a change: a t-test of one change has 4 degrees of freedom. */
#define CHANGEPOINT_KERNELS_MIN 6

enum changepoint_method {
	CHANGEPOINT_NONE,   /* one point */
	CHANGEPOINT_PAIRS,  /* kernels against each other, by seed */
	CHANGEPOINT_EXACT,  /* a series without noise */
	CHANGEPOINT_LEVELS, /* levels against each other, a kernel is one value */
	CHANGEPOINT_BOOTS,  /* levels against each other, a boot is one value */
};

/* What is known of the step from the point before to a point. */
enum changepoint_step {
	CHANGEPOINT_SAME,	/* no change: by pairs shown to be within the floor, by levels not found */
	CHANGEPOINT_CHANGED,
	CHANGEPOINT_UNRESOLVED, /* by pairs: neither is shown */
};

struct changepoint {
	size_t at;	      /* the first point that is different */
	size_t from;	      /* the point that it was compared with: the one before; or the first of its level, from which it crept */
	double before, after; /* by pairs what both points have, by levels the means of the units of the segments on either side */
	double low, high;     /* 95 % interval of after - before; of an exact change, the change twice */
	double p;	      /* by levels of no change, by pairs of none beyond the floor; corrected for all that was tried; NAN: exact */
};

struct changepoint_result {
	struct changepoint *change; /* by place */
	size_t nr;
	struct changepoint *open;   /* by pairs: unresolved steps that look larger than the floor, by place; their p is above alpha, or there is none */
	size_t nr_open;
	enum changepoint_step *step; /* of each point; [0] says nothing. NULL: one point */
	enum changepoint_method method;
	double sigma;	  /* the noise: standard deviation of a unit around its segment; by pairs of a pair's differences, the median of all pairs;
			   * 0: exact, NAN: unknown */
	double floor;	  /* the median of the points' */
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
