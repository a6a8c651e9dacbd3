/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compare_rows.h - from an item of both sides to its rows, each judged by itself. Private to compare*.c. */
#ifndef DATA_COMPARE_ROWS_H
#define DATA_COMPARE_ROWS_H

#include "data/compare.h"
#include "data/compare_match.h"

/* A comparison on its way. */
struct compare_build {
	struct compare *compare;
	const struct compare_options *options;
	struct limits limits;
	double unit_seconds, rep_seconds; /* what a boot and a rep take; 0: unknown */
};

/* All rows of an item, each judged by itself. */
int rows_add_item(struct compare_build *build, const struct match_item *match) __must_check;

/* A sentence more among @compare->warnings. */
int compare_warn(struct compare *compare, const char *fmt, ...) __must_check __printf(2, 3);
/* Is the change to the worse? */
bool rows_is_worse(const struct compare_row *row);
/* "boot", "block" */
const char *rows_unit_name(const struct compare *compare);
/* @row->why is malloc'd, or "" and then nobody's. */
void rows_forget_why(struct compare_row *row);
void rows_say_why(struct compare_row *row, enum compare_verdict verdict, const char *fmt, ...) __printf(3, 4);

#endif
