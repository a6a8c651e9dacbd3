/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_match.h - what of two sides belongs together, and what must not be compared. Private to compare*.c. */
#ifndef DATA_COMPARE_MATCH_H
#define DATA_COMPARE_MATCH_H

#include <string.h>

#include "data/compare.h"

#define MATCH_NONE SIZE_MAX

/* "" where there is no such text. */
static inline const char *match_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static inline bool match_is_of_side(const struct compare_side *side, const json_t *boot)
{
	return !side->kernel || !strcmp(match_text(boot, "kernel"), side->kernel);
}

/* NULL: the side never booted. */
const json_t *match_first_boot(const struct compare_side *side);

/* The same bench with the same parameters, workers and places on both sides; one may be NULL. */
struct match_item {
	const struct rundata_item *base, *cand;
	char *why; /* both are there, but were measured differently; NULL: they were not */
};

struct match_items {
	struct match_item *item;
	size_t nr;
};
void match_items_free(struct match_items *items);
#define __free_match_items __attribute__((__cleanup__(match_items_free)))

/* -EXDEV: the sides, or the boots of one, were not measured on the same clock, accelerator, processor, QEMU, cgroup version or machine. */
int match_environment(const struct compare_side *base, const struct compare_side *cand) __must_check;

/* The state of the multi-generational LRU, which an item's own --lru-gen sets aside. */
#define MATCH_LRU_GEN "MGLRU"
/* Something that was not alike, and does not forbid to compare: "huge pages (THP)", "never", "always". */
typedef int match_doubt_fn(void *ctx, const char *what, const char *base, const char *cand);
/* Stops at the first answer that is not 0, and returns it. */
int match_doubts(const struct compare_side *base, const struct compare_side *cand, match_doubt_fn *doubt, void *ctx) __must_check;

/* @bench NULL: all. In the order of the base side, then what only the candidate has. */
int match_find(const struct compare_side *base, const struct compare_side *cand, const char *bench,
	       struct match_items *ret_items) __must_check;

/* Indices; MATCH_NONE: there is none. */
size_t match_arm(const struct rundata_item *item, const struct rundata_arm *like);
size_t match_metric(const struct rundata_item *item, const char *name);

/* Is @record of a boot of this side's kernel? One that never came to its first record is known by its sentence alone (cmd/run_guests.c). */
bool match_record_is_of(const struct compare_side *side, const json_t *record);

/* Why the side's boots skipped @item, the first of them; NULL: none did, or @item was measured all the same. Lives as long as the run. */
const char *match_skip(const struct compare_side *side, const struct rundata_item *item);

/*
 * What went wrong on a side: a boot that failed, or @item (NULL: no matter) in all arms or in arm @arm, or in the first arm, which it is
 * set against. 1: *ret_text (NULL: the sentence is not wanted) is the whole of it, for the caller to free; 0: nothing that was
 * stored; -ENOMEM.
 */
int match_error(const struct compare_side *side, const struct rundata_item *item, size_t arm, char **ret_text) __must_check;

#endif
