/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_parts.h - the parts of the page, and what they share. Private to report*.c. */
#ifndef OUT_REPORT_PARTS_H
#define OUT_REPORT_PARTS_H

#include <stdbool.h>

#include "out/report.h"

/* --- cells of a row that is begun and ended by the caller --- */

/* <td class="n" data-value="…">: @text, sorted by @value. */
void report_number(FILE *out, const char *more_class, double value, const char *text);
void report_word(FILE *out, const char *class, const char *text);
/* The row's heading, which wraps between its words only. */
void report_row_head(FILE *out, const char *text);
/* The verdict, sorted by @rank, coloured by @class. */
void report_verdict(FILE *out, const char *class, int rank, const char *text);

struct report_column {
	const char *name; /* NULL: the last */
	bool number;
	bool unsorted;
};
/* @caption as a paragraph, and <table class="sortable"> up to <tbody>; and its end. All texts are escaped here. */
void report_table_begin(FILE *out, const char *label, const struct report_column *columns, const char *caption);
void report_table_end(FILE *out);

/* What the little pictures of a column hold. */
struct report_scale {
	double low, high; /* low: 0 where nothing in the column is below it */
	char text[48];	  /* "0 to +32 %", for the column's head */
};

/* For a column of @values, which are sorted by it: one value far out does not flatten the others. In percent. */
void report_scale(double *values, size_t nr, struct report_scale *ret_scale);

/*
 * A cell with a little picture: a difference with its interval, over the band ±@delta in which a difference does not matter. In percent.
 * NAN: an empty cell; without @delta a bar stands for the value, without interval there is no line.
 */
void report_range(FILE *out, const char *class, double value, double low, double high, double delta, const struct report_scale *scale);

void report_warning(FILE *out, bool bad, const char *fmt, ...) __printf(3, 4);

/* "fault_storm fault, child" for sentences: with <code> around the bench. */
void report_row_name(FILE *out, const char *item, const char *metric, const char *arm);

/* --- parts --- */

/* What the page says in words, as <p> and <ul>. */
void report_compare_words(const struct report *report, const struct compare *compare, FILE *out);
void report_ladder_words(const struct report *report, const struct report_run *run, FILE *out);
void report_overhead_words(const struct report *report, const struct report_run *run, FILE *out);

int report_compare_table(const struct report *report, const struct compare *compare, FILE *out) __must_check;
int report_ladder_table(const struct report *report, const struct report_run *run, FILE *out) __must_check;
int report_overhead_table(const struct report *report, const struct report_run *run, FILE *out) __must_check;
int report_sweep_tables(const struct report *report, const struct report_run *run, FILE *out) __must_check;

/* The pictures of the run's plots/, and explain*.svg of its folder. */
void report_figures(const struct report_run *run, FILE *out);
/* Is there a picture of a history? */
bool report_has_history(const struct report *report);
void report_history(const struct report *report, FILE *out);
/* Doubts: what is missing, and what the records of the run say. */
void report_warnings(const struct report *report, const struct report_run *run, FILE *out);
void report_machine(const struct report_run *run, FILE *out);
void report_raw_data(const struct report_run *run, FILE *out);

#endif
