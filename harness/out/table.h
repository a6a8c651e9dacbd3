/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - aligned text tables for a terminal or a mail.
 *
 * Columns are as wide as their widest cell; nothing is wrapped or cut inside a cell. Widths are
 * those of UTF-8 text on a terminal whatever the locale is. Control characters never reach the
 * output: names and facts come from files that somebody else wrote. Knows nothing of benchmarks.
 *
 * A failed allocation is kept inside the table and comes back from table_print(), so that the code
 * that fills a table needs no checks.
 */
#ifndef OUT_TABLE_H
#define OUT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/util.h"

enum table_align {
	TABLE_LEFT,
	TABLE_RIGHT,
	TABLE_DECIMAL, /* numbers have their points (or their ends) below each other */
};

enum table_style {
	TABLE_PLAIN,
	TABLE_BOLD,
	TABLE_DIM,
	TABLE_RED,
	TABLE_GREEN,
	TABLE_YELLOW,
};

struct table_column {
	enum table_align align;
	unsigned int gap; /* blanks in front of it */
};

struct table_look {
	bool colour; /* ANSI escapes around styled text */
	bool ascii;  /* a character beyond ASCII becomes "?", but for "x" and "-" in place of signs */
};

struct table;

/* NULL without memory, which every other function takes. @columns is copied. */
struct table *table_new(const struct table_column *columns, size_t nr_columns);
void table_free(struct table *table);

/* Begin a row; the cells that follow belong to it, from the left. */
void table_row(struct table *table);
void table_cell(struct table *table, enum table_style style, const char *fmt, ...) __printf(3, 4);
/* A column's head: on the right of a TABLE_RIGHT or TABLE_DECIMAL column, number or not. */
void table_head(struct table *table, const char *fmt, ...) __printf(2, 3);
/* One cell over @nr_columns columns, in the middle of them. The last of them grows when it is too
 * long. */
void table_span(struct table *table, enum table_style style, size_t nr_columns, const char *fmt,
		...) __printf(4, 5);

/* A line of its own (or several) between the rows, which does not count for the widths. */
void table_text(struct table *table, enum table_style style, const char *fmt, ...) __printf(3, 4);

/* Columns on the terminal of the widest row. 0 for NULL. */
size_t table_width(struct table *table);

/* -ENOMEM: a cell is missing (nothing is printed); -EIO and so on: @out would not take it. */
int table_print(struct table *table, const struct table_look *look, FILE *out) __must_check;

/* Columns on the terminal that @text takes; a byte that is not UTF-8 counts as one. */
size_t table_text_width(const char *text);

/* Write @text as a table would, in @style. */
void table_put(const char *text, enum table_style style, const struct table_look *look, FILE *out);

/*
 * @text filled to lines of at most @width columns: the first begins with @first, the others with as
 * many blanks. A word longer than the line stays whole. The caller frees the result; no newline at
 * its end. NULL without memory.
 */
char *table_fill(const char *text, const char *first, size_t width);

#endif
