/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changepoint_pairs.h - a history as comparisons of two kernels each. Private to changepoint*.c. */
#ifndef DATA_CHANGEPOINT_PAIRS_H
#define DATA_CHANGEPOINT_PAIRS_H

#include "data/changepoint.h"

/*
 * Compare neighbours, seed by seed, as `compare` does; points without keys are not. A change is (1) between two neighbours, or (2) between a point
 * and the first of its level that resolves it, where it crept: each step was too small to count, or too noisy. Its 95 % interval lies beyond the
 * floor of the point that it is compared with, and p that it is not beyond, corrected, is at most @options->alpha_pairs: four fifths of that for neighbours, by
 * Holm, a fifth for what crept, by Bonferroni. Of a difference that all seeds agree on there is no p;
 * but where more than a quarter of the points (and one) spread by more than their floor, boots may have modes: then p is that of family.h.
 *
 * Where half of the pairs or more resolve their floor @result is complete: method CHANGEPOINT_PAIRS. Else
 * the history as a whole knows more than its pairs: @result has the neighbours alone that differ even so.
 */
int changepoint_by_pairs(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
			 struct changepoint_result *result) __must_check;

#endif
