/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_explain.h - which functions a row's change came from, where both sides were profiled: compare's end of data/explain_change.h. */
#ifndef DATA_COMPARE_EXPLAIN_H
#define DATA_COMPARE_EXPLAIN_H

#include "data/compare.h"
#include "data/explain_change.h"

/* The number of @row on one of its sides. */
struct explain_end compare_end(const struct compare_side *side, const struct rundata_item *item, const struct compare_row *row);

/*
 * Split the change of @row, by itself a regression or an improvement, into at most @max functions. -ENODATA: a row of another verdict, or nothing
 * can be said; errors as explain_change_make(). Free with explain_change_free().
 */
int compare_explain(const struct compare *compare, const struct compare_row *row, size_t max, struct explain_change *ret_change)
	__must_check;

#endif
