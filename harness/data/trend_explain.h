/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trend_explain.h - which functions the changes of a history came from, where runs on both sides of them were profiled.
 *
 * What is split is the difference between the two kernels right before and right after a change point, not that between the levels
 * on its sides, which other kernels are part of: functions can be compared of two kernels only. See data/explain_change.h for when
 * nothing is said.
 */
#ifndef DATA_TREND_EXPLAIN_H
#define DATA_TREND_EXPLAIN_H

#include "data/trend.h"

/*
 * Fill rows[].functions of @trend, at most @max functions for each change, and rows[].steps: neighbours of one run of 3 seeds and more whose level
 * finds no change, and in which functions of memcg changed (docs/METHOD.md, "Verdicts on functions"). Reads runs with profiles again, the samples too, and nothing
 * where there are none. @history is that which @trend was computed of. A run or profile that cannot be read leaves its changes unexplained;
 * only -ENOMEM is an error.
 */
int trend_explain(const struct history *history, struct trend *trend, size_t max) __must_check;

#endif
