/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trend.h - which series of a history changed, where, and by how much.
 *
 * Joins data/history.h (what was measured), data/limits.h (from which size on a change matters) and data/changepoint.h
 * (where it changed). Pure.
 */
#ifndef DATA_TREND_H
#define DATA_TREND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "data/changepoint.h"
#include "data/explain_change.h"
#include "data/history.h"
#include "data/limits.h"

enum trend_of {
	TREND_OVERHEAD, /* what a memcg state costs more than the first of its item; the cost where there is one state only */
	TREND_COST,	/* what each state costs */
	TREND_ALL,
};

struct trend_options {
	const char *bench, *metric; /* NULL: all */
	enum trend_of of;
	const struct limits *limits; /* NULL: the defaults; the points' floors follow from them */
	struct changepoint_options changepoint;
};

/* A step between neighbours whose level finds no change, and in which functions of memcg changed. */
struct trend_step {
	size_t from, at; /* points */
	struct compare_functions *functions; /* data/compare_functions.h */
};

struct trend_row {
	const struct history_series *series;
	struct changepoint_result found;
	struct explain_change *functions; /* of each change, see data/trend_explain.h; NULL: nobody asked. parts NULL: nothing is known */
	struct trend_step *steps; /* of functions alone, see data/trend_explain.h */
	size_t nr_steps;
	double cost; /* median cost of the op in this state, for shares in percent; NAN: not known */
};

struct trend {
	struct trend_row *rows; /* series of two kernels and more, as the history has them */
	size_t nr_rows;
	size_t nr_single; /* series that were asked for, of one kernel only */
};

/* @history must be finished, and outlive *ret_trend. Free with trend_free(). */
int trend_compute(const struct history *history, const struct trend_options *options, struct trend **ret_trend) __must_check;
void trend_free(struct trend *trend);

/* The change that begins at the point; NULL: none. */
const struct changepoint *trend_change_at(const struct trend_row *row, size_t point);
/* Did it become worse, as the metric is meant? */
bool trend_is_worse(const struct trend_row *row, const struct changepoint *change);
/* Does the newest kernel of the row begin the change? */
bool trend_is_newest(const struct trend_row *row, const struct changepoint *change);
/* The regressions that the newest kernel of their series begins, those of functions among them. */
size_t trend_newest_regressions(const struct trend *trend);

#endif
