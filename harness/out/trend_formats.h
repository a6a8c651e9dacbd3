/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trend_formats.h - the ways in which a history is written: one function each, listed in one table. Computes nothing.
 *
 * text: the changes, by series. json: everything. csv: a line per series and kernel. otava: a line per kernel and a column per
 * series, which Apache Otava's CSV importer reads (time_column "time", attribute "kernel").
 */
#ifndef OUT_TREND_FORMATS_H
#define OUT_TREND_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "data/trend.h"
#include "out/table.h"

struct trend_view {
	const struct history *history;
	const struct trend *trend;
	struct table_look look;
	size_t width;
	bool verbose; /* text: also every kernel's value */
};

/* -ENOMEM, or -EIO where @out would not take it; -EINVAL: otava, and what was asked for does not fit into one file. */
typedef int trend_format_fn(const struct trend_view *view, FILE *out);

struct trend_format {
	const char *name, *help;
	trend_format_fn *print;
};

/* Ended by a row without a name; the first is the default. */
extern const struct trend_format trend_formats[];

/* --- what formats and pictures share --- */

#define TREND_LABEL_MAX 256

/* "fault_storm --map=shmem fault". Returns @buf, TREND_LABEL_MAX bytes, as all of these. */
char *trend_metric_label(const struct history_series *series, char *buf);
/* "child - off", "child depth 5 max 64M". */
char *trend_arm_label(const struct history_series *series, char *buf);
/* The arm alone: "child", "depth 5". */
char *trend_state_label(const struct history_series *series, char *buf);

trend_format_fn trend_text, trend_json, trend_csv, trend_otava;

#endif
