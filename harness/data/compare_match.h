/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_match.h - what of two sides belongs together, and what must not be compared. Private to compare*.c. */
#ifndef DATA_COMPARE_MATCH_H
#define DATA_COMPARE_MATCH_H

#include "data/compare.h"

#define MATCH_NONE SIZE_MAX

/* The same bench with the same parameters, workers and places on both sides; one may be NULL. */
struct match_item {
	const struct rundata_item *base, *cand;
	char why[160]; /* both are there, but were measured differently */
};

struct match_items {
	struct match_item *item;
	size_t nr;
};
void match_items_free(struct match_items *items);
#define __free_match_items __attribute__((__cleanup__(match_items_free)))

/* -EXDEV: the sides were not measured on the same clock, accelerator, processor, QEMU or machine. */
int match_environment(const struct compare_side *base, const struct compare_side *cand) __must_check;

/* @bench NULL: all. In the order of the base side, then what only the candidate has. */
int match_find(const struct compare_side *base, const struct compare_side *cand, const char *bench,
	       struct match_items *ret_items) __must_check;

/* One metric in one arm, by index on either side; MATCH_NONE: no state below that both sides have. */
struct match_row {
	size_t base_arm, cand_arm, base_metric, cand_metric, base_below, cand_below;
};

/* False: the other side has no such metric or arm, or the arm is itself what the others are set against. */
bool match_arm(const struct match_item *match, size_t base_metric, size_t base_arm, struct match_row *ret_row);

/* What went wrong on a side: in @item (NULL: in a boot). False: nothing that was stored. */
bool match_error(const struct compare_side *side, const struct rundata_item *item, char *buf, size_t size);
bool match_any_error(const struct compare *compare, const struct match_item *match);

#endif
