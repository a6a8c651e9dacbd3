/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_formats.h - the ways in which a comparison is written: one function each, listed in one table.
 *
 * A format reads struct compare and the runs behind it, computes nothing that decides anything, and prints to a stream.
 */
#ifndef OUT_COMPARE_FORMATS_H
#define OUT_COMPARE_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "data/compare.h"
#include "out/label.h"

struct compare_look {
	const struct label_defaults *defaults; /* NULL: every parameter is named */
	bool colour, ascii; /* of the format "text" alone */
	size_t width;	    /* of a terminal; 0: 100 */
};

/* -ENOMEM, or -EIO where @out would not take it. */
typedef int compare_format_fn(const struct compare *compare, const struct compare_look *look, FILE *out);

struct compare_format {
	const char *name;
	const char *help; /* who reads it */
	compare_format_fn *print;
};

/* Ended by a row without a name; the first is the default. */
extern const struct compare_format compare_formats[];
/* NULL: there is no such format. */
const struct compare_format *compare_format_find(const char *name);

/* --- what formats share --- */

/* "fault_storm --map=shmem, 2 processes" or so. malloc'd; NULL without memory. */
char *compare_item_label(const struct compare *compare, const struct compare_row *row, const struct compare_look *look);
/* "child", "depth 5". Returns @buf, LABEL_MAX bytes. */
char *compare_arm_label(const struct compare_row *row, char *buf);
/* "insn/page". Returns @buf, LABEL_MAX bytes. */
char *compare_unit(const struct compare *compare, const struct compare_row *row, char *buf);
/* "insn/page" where that is not the unit of the row before, which is of the same item: for a line above @row. NULL: it is. */
const char *compare_unit_changes(const struct compare *compare, const struct compare_row *row, char *buf);
/* What a side's column is headed by: its name, or "base" and "candidate" where both have the same. */
const char *compare_head(const struct compare *compare, bool cand);
/* "exact", "paired-t", "shift", "none": also in JSON. */
const char *compare_method_name(enum compare_method method);
/* Digits behind the point that this row's numbers are worth. */
int compare_decimals(const struct compare *compare, const struct compare_row *row);
/*
 * What stands in a row's columns, each rounded to @decimals, so that they subtract as they are printed: new is old and the change. Where
 * there is a state below, old and new are what memcg adds to it. NAN: not measured.
 */
struct compare_cells {
	double old, new, change;
};
struct compare_cells compare_cells(const struct compare_row *row, int decimals);
/* "3 regressions, 1 improvement, 8 same": what is there, the worst first. Returns @buf. */
char *compare_summary(const struct compare *compare, char *buf, size_t size);
/*
 * What a row without a difference could not have missed at 80 % power: "4.2"; "any" where seeds agree to the instruction; "" for other
 * verdicts, "-" where nothing is known. Returns @buf, LABEL_MAX bytes.
 */
char *compare_seen(const struct compare *compare, const struct compare_row *row, char *buf);
/* The state that changes are measured against: "off", "root"; "" where no row has one. Returns @buf, LABEL_MAX bytes. */
char *compare_below(const struct compare *compare, char *buf);
/* How the numbers came about, in a sentence or two: units, pairing, intervals. malloc'd; NULL without memory. */
char *compare_methods(const struct compare *compare);
/* How to see more: seeds, blocks and reps that would do; "" for a row that needs none. malloc'd; NULL without memory. */
char *compare_advice(const struct compare *compare, const struct compare_row *row);
/* The @why that every one of several rows has; NULL: they have not the same, or none. */
const char *compare_common_why(const struct compare *compare);
/* Do the rows @a and @b stand under one heading: of the same item? */
bool compare_same_item(const struct compare_row *a, const struct compare_row *b);

/* Was nothing compared here: is the verdict error or incomparable? */
bool compare_is_missing(const struct compare_row *row);
/*
 * What could not be compared: each reason once, with all that it is of: "everything", "reclaim_depth", "fault_storm munmap child, exit child".
 * @failed: something went wrong there. -ENOMEM.
 */
typedef void compare_missing_fn(void *ctx, const char *what, const char *why, bool failed);
int compare_missing_each(const struct compare *compare, const struct compare_look *look, compare_missing_fn *put, void *ctx) __must_check;

compare_format_fn compare_text, compare_md, compare_csv, compare_json, compare_lkml;

#endif
