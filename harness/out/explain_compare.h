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

/* "+233.2 = page_counter_try_charge +49.2, drain_stock +41.0 (newly called), 12 others +0.1". malloc'd; NULL without memory. */
char *explain_change_sentence(const struct explain_change *change);
/* Object (docs/compare.schema.json, "functions"). NULL: no memory. */
json_t *explain_change_json(const struct explain_change *change);

/* "by function: …" for @row; "" where nothing can be said of it. malloc'd; NULL without memory. */
char *compare_functions(const struct compare *compare, const struct compare_row *row);
/*
 * Call @put for each row of which something can be said, in their order. @nr: how many were before. Returns how many there were, or -ENOMEM with
 * a sentence.
 */
int compare_functions_each(const struct compare *compare, const struct compare_look *look,
			   void (*put)(FILE *out, int nr, const char *label, const char *metric, const char *arm, const char *functions),
			   FILE *out);
/* compare_functions() as JSON; null where nothing can be said. */
json_t *compare_functions_json(const struct compare *compare, const struct compare_row *row);

#endif
