/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - an explanation (data/explain.h) as text, Markdown, mail, JSON, folded stacks or a flame graph.
 *
 * Functions return 0 or -errno: -ENOMEM, or what @out says. Text from files reaches the output without control characters.
 */
#ifndef OUT_EXPLAIN_H
#define OUT_EXPLAIN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/util.h"
#include "data/explain.h"
#include "data/sharing.h"
#include "out/table.h"

struct explain_print {
	const struct explain_view *view;
	size_t top;	      /* rows shown; the others are summed up in one */
	const char *function; /* also its callers and callees; NULL: of none */
	size_t seed_index, nr_seeds; /* whose rep this is, of how many seeds */
	double median; /* of what is explained, over all seeds; NAN: of one seed */
};

int explain_text(const struct explain_print *print, const struct table_look *look, FILE *out) __must_check;
/* For a mail: ASCII, 72 columns, the columns that matter. */
int explain_lkml(const struct explain_print *print, FILE *out) __must_check;
int explain_markdown(const struct explain_print *print, FILE *out) __must_check;
/* Everything, not only the top. NULL: no memory. */
json_t *explain_json(const struct explain_print *print);
/* "a;b;c COST" a line; of two kernels "a;b;c OLD NEW", as difference flame graphs take it. Instructions per op. */
int explain_folded(const struct explain_view *view, FILE *out) __must_check;
/*
 * A flame graph as wide as the larger of both costs of each frame: red grew, blue shrank. Of one kernel against memcg off. A file by
 * itself: no script, no font, no link.
 */
int explain_svg(const struct explain_print *print, FILE *out) __must_check;

/* Lines that CPUs share. sharing_json(): NULL: no memory. */
int sharing_text(const struct sharing *sharing, size_t top, const struct table_look *look, FILE *out) __must_check;
json_t *sharing_json(const struct sharing *sharing);

/* --- among themselves --- */

enum { EXPLAIN_COLUMNS_MAX = 8, EXPLAIN_CELL_MAX = 160 };

struct explain_sheet {
	size_t nr_columns;
	char head[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX]; /* the first is the function */
	bool is_mailed[EXPLAIN_COLUMNS_MAX];
	size_t nr_rows; /* those of the view that are shown */
};
void explain_sheet_make(const struct explain_print *print, struct explain_sheet *ret_sheet);
/* Row 0…nr_rows-1 of the view; nr_rows: what is not shown; nr_rows+1: the sum. Empty cells are "". */
void explain_sheet_row(const struct explain_print *print, const struct explain_sheet *sheet, size_t row,
		       char cells[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX]);
/* One sentence a call, 0…: what the table is of. NULL: no more. Writes to and returns @buf. */
const char *explain_sheet_title(const struct explain_print *print, size_t number, char *buf, size_t size);
/* "+1.5", "0", "−": numbers of a table. */
char *explain_number(double value, bool is_change, char *buf, size_t size);

#endif
