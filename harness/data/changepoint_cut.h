/* SPDX-License-Identifier: GPL-2.0-or-later */
/* changepoint_cut.h - the best place to cut a series by energy distance. Private to changepoint*.c and its tests. */
#ifndef DATA_CHANGEPOINT_CUT_H
#define DATA_CHANGEPOINT_CUT_H

#include <stddef.h>

/*
 * The best place to cut x[0…n-1] in two: the largest mn/(m+n) × E(left, right), where E is twice the mean distance between
 * a left and a right element, less the mean distance of pairs on the left, and on the right (Matteson & James 2014, eq. 5
 * and 6, exponent 1). Cuts are tried at @cuts only: ascending indices of the first element on the right, each in 1…n-1. Of
 * equals the first wins. O(n log n). Returns the index in @cuts, and @nr_cuts where there is none or nothing differs; -1: no
 * memory.
 */
long changepoint_best_cut(const double *x, size_t n, const size_t *cuts, size_t nr_cuts, double *ret_q);

#endif
