/* SPDX-License-Identifier: GPL-2.0-or-later */
/* overhead_doubts.h - when to doubt a row or a run: for overhead.c, nobody else. */
#ifndef DATA_OVERHEAD_DOUBTS_H
#define DATA_OVERHEAD_DOUBTS_H

#include "data/overhead.h"

/* One row's view of an item's blocks: paired values, and what did not pair. */
struct overhead_pairs {
	double *base, *arm, *diff; /* nr of each */
	size_t nr;
	size_t nr_zero;	       /* pairs with a cost of 0 */
	size_t nr_one_rep;     /* pairs in which an arm has a single rep */
	size_t nr_unpaired;    /* blocks with one of the arms only */
	size_t nr_cut;	       /* blocks that a killed run was in the middle of */
	double *alone;	       /* values of the arm in blocks without the baseline */
	size_t nr_alone;
};

/* Nobody keeps this number in the baseline (a memcg's own counts): no block was lost. */
static inline bool overhead_is_alone(const struct overhead_pairs *pairs)
{
	return !pairs->nr && pairs->nr_alone == pairs->nr_unpaired && pairs->nr_alone;
}

void overhead_row_doubts(struct overhead_row *row, const struct overhead_pairs *pairs);
int overhead_run_doubts(struct overhead *overhead, const struct rundata_item *items, size_t nr_items);

#endif
