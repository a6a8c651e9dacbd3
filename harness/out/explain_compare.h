/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_compare.h - the functions that a change came from, as a sentence or JSON, for tables of changes (compare, trend). */
#ifndef OUT_EXPLAIN_COMPARE_H
#define OUT_EXPLAIN_COMPARE_H

#include <jansson.h>
#include <stdio.h>

#include "base/util.h"
#include "data/explain_change.h"
#include "data/compare.h"
#include "out/compare_formats.h"

/* So many functions have a name in a sentence, and in JSON. */
#define EXPLAIN_CHANGE_NAMED 5
#define EXPLAIN_CHANGE_JSON  50

#define EXPLAIN_NOTE_MAX (SYMBOLS_NAME_MAX + 16)

/* " (new)", " (was __refill_stock)", or "". Returns @buf, EXPLAIN_NOTE_MAX bytes. */
const char *explain_part_note(const struct explain_part *part, char *buf, size_t size);
/* Of an error of explain_change_make(): was there a profile, so that a reader should be told why it says nothing? */
bool explain_change_is_told(int ret);

/* "+233.2 = page_counter_try_charge +49.2, drain_stock +41.0 (newly called), 12 others +0.1", with @max names at most. malloc'd; NULL without memory. */
char *explain_change_sentence(const struct explain_change *change, size_t max);
/* Object (docs/compare.schema.json, "functions"). NULL: no memory. */
json_t *explain_change_json(const struct explain_change *change);

/*
 * "drain_stock:+41;charge_memcg:-4.5;[others]:+0.0625": every part, the largest first, and the others together; numbers as "%+.10g". malloc'd;
 * NULL without memory.
 */
char *explain_change_list(const struct explain_change *change);

/*
 * "by function: …" for @row: what its change came from, or the verdicts on its functions where it has none of its own; or "by function: not
 * known: …" where its profiles cannot be read or do not fit the clock; "" where no function changed, or without profiles. malloc'd; NULL without memory.
 */
char *compare_functions(const struct compare *compare, const struct compare_row *row);
/*
 * Call @put for each row of which something can be said, in their order. @nr: how many were before. Returns how many there were, or -ENOMEM with
 * a sentence.
 */
int compare_functions_each(const struct compare *compare, const struct compare_look *look,
			   void (*put)(FILE *out, int nr, const char *label, const char *metric, const char *arm, const char *functions),
			   FILE *out);
/* The same as explain_change_list() with EXPLAIN_CHANGE_JSON parts; "" where nothing can be said. -ENOMEM with a sentence; the caller frees. */
int compare_functions_list(const struct compare *compare, const struct compare_row *row, char **ret_text) __must_check;
/* compare_functions() as JSON; null where nothing can be said. */
json_t *compare_functions_json(const struct compare *compare, const struct compare_row *row);

#endif
