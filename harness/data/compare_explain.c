// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_explain.h"

#include <errno.h>

#include "base/err.h"
#include "data/compare_match.h"

struct explain_end compare_end(const struct compare_side *side, const struct rundata_item *item, const struct compare_row *row)
{
	return (struct explain_end){
		.data = side->data,
		.kernel = side->kernel,
		.item = item,
		.metric = match_metric(item, row->metric->name),
		.arm = match_arm(item, row->arm),
		/* The first arm of both sides, see compare_rows.c. */
		.below = row->below ? 0 : SIZE_MAX,
	};
}

int compare_explain(const struct compare *compare, const struct compare_row *row, size_t max, struct explain_change *ret_change)
{
	struct explain_end base, cand;

	if ((row->row_verdict != COMPARE_REGRESSION && row->row_verdict != COMPARE_IMPROVEMENT) || !row->arm)
		return err_set(ENODATA, "the row has no change to explain");
	base = compare_end(&compare->base, row->base_item, row);
	cand = compare_end(&compare->cand, row->cand_item, row);
	return explain_change_make(&base, &cand, row->change.value, max, ret_change);
}
