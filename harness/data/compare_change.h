/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_change.h - from units of both sides to a difference, and from that to a verdict. Private to compare*.c and changepoint*.c. */
#ifndef DATA_COMPARE_CHANGE_H
#define DATA_COMPARE_CHANGE_H

#include "data/compare.h"
#include "data/compare_units.h"
#include "data/family.h"

/*
 * candidate − base. @paired: units are matched by key, and those without a partner are left out. @exact: on a clock that
 * counts, pairs that all differ by the same need no statistics. Nothing to compare: method COMPARE_NONE.
 */
int change_compute(const struct units *base, const struct units *cand, bool paired, bool exact,
		   struct compare_change *ret_change) __must_check;

/*
 * METHOD's rules for a difference by itself: same, equivalent, small, improvement, regression or inconclusive. @change has an interval, or
 * is inconclusive.
 */
enum compare_verdict change_verdict(const struct compare_change *change, double delta, bool lower_is_better);

/*
 * p of "the change is not beyond ±@delta" by Student's t, or Mann-Whitney; NAN: exact or none. It knows nothing of modes: change_test() does. The
 * units as above.
 */
int change_beyond_p(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		    double delta, double *ret_p) __must_check;

/*
 * The test of "the change is not beyond ±@delta" for this row alone; 0: of "there is none". FAMILY_NONE where there is no method. Units
 * that are not paired count as varying: Mann-Whitney. The units as above.
 */
int change_test(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		double delta, struct family_test *ret_test) __must_check;

/*
 * The bootstrap interval of the mean difference: of pairs, or of the difference of two means. NANs: nothing that it would be of, or too few
 * units. The same units, number and seed give the same interval.
 */
int change_bootstrap(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		     size_t nr_resamples, struct stats_interval *ret_interval) __must_check;

/* The smallest p that @nr units could give, whatever they say: family_luck() of pairs, 2/C(2n, n) of two samples. */
double change_smallest_p(enum compare_method method, size_t nr);

/*
 * Where the variance of @change comes from, whose units have reps in @arms (the two or four that it is made of), and with how many
 * reps and units a change of @delta would be found. The costs as for stats_nested_reps(). NANs where a unit has one rep.
 */
struct compare_nested change_nested(const struct compare_change *change, const struct units *const arms[], size_t nr_arms,
				    double unit_cost, double rep_cost, double delta);

/* What 80 % of such comparisons would find, in the unit of the change; NAN: exact or too few. */
double change_detectable(const struct compare_change *change);
/* With how many units a change of @delta would be found at 80 % power; 0: with those there are, or unknown. */
size_t change_wanted(const struct compare_change *change, double delta);

#endif
