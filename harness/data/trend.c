// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/trend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_functions.h"
#include "data/stats.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a trend");
}

/* --- which --- */

/* Series of the same numbers but for the memcg state. */
static bool same_question(const struct history_series *a, const struct history_series *b)
{
	return !strcmp(a->bench, b->bench) && !strcmp(a->metric, b->metric) && !strcmp(a->environment, b->environment) &&
	       !strcmp(a->clock, b->clock) && a->bench_version == b->bench_version && a->workers == b->workers &&
	       a->nr_memcgs == b->nr_memcgs && !strcmp(a->mode, b->mode) && !strcmp(a->place, b->place) &&
	       !strcmp(a->memory, b->memory) && json_equal(a->all_params, b->all_params);
}

static bool same_arm(const struct history_series *a, const struct history_series *b)
{
	return !strcmp(a->state, b->state) && a->depth == b->depth && a->limit_bytes == b->limit_bytes;
}

/* The cost series of the state that @series is of. */
static const struct history_series *cost_of(const struct history *history, const struct history_series *series)
{
	size_t i;

	if (!series->below)
		return series;
	for (i = 0; i < history->nr_series; i++) {
		const struct history_series *other = history->series[i];

		if (!other->below && same_arm(other, series) && same_question(other, series))
			return other;
	}
	return NULL;
}

/* Does the same question have overheads? Then the costs are its raw material. */
static bool has_overheads(const struct history *history, const struct history_series *series)
{
	size_t i;

	for (i = 0; i < history->nr_series; i++)
		if (history->series[i]->below && same_question(history->series[i], series))
			return true;
	return false;
}

static bool is_wanted(const struct history *history, const struct history_series *series, const struct trend_options *options)
{
	if (options->bench && strcmp(options->bench, series->bench))
		return false;
	if (options->metric && strcmp(options->metric, series->metric))
		return false;
	if (options->of == TREND_COST)
		return !series->below;
	return options->of == TREND_ALL || series->below || !has_overheads(history, series);
}

/* --- what --- */

static double median_cost(const struct history_series *series)
{
	__free_mem double *values = series ? calloc(series->nr_points + 1, sizeof(*values)) : NULL;
	size_t i;

	if (!values)
		return NAN;
	for (i = 0; i < series->nr_points; i++)
		values[i] = series->points[i].value;
	return stats_median(values, series->nr_points);
}

/* The cost at a point of a series that is set against it; NAN: not known. */
static double cost_at(const struct history_series *cost, size_t kernel)
{
	size_t i;

	for (i = 0; cost && i < cost->nr_points; i++)
		if (cost->points[i].kernel == kernel)
			return cost->points[i].value;
	return NAN;
}

static int find_changes(const struct history_series *series, const struct trend_options *options, const struct history_series *cost,
			struct changepoint_result *ret_found)
{
	__free_mem struct changepoint_point *points = calloc(series->nr_points + 1, sizeof(*points));
	struct limits defaults;
	size_t i;

	if (!points)
		return no_memory();
	limits_init(&defaults);
	for (i = 0; i < series->nr_points; i++) {
		points[i] = series->points[i].units;
		/* As `compare` has it: of what the op costs on the kernel before. */
		points[i].floor = limits_delta(options->limits ? options->limits : &defaults, series->bench, series->metric, series->clock,
					       series->is_count, cost_at(cost, series->points[i].kernel));
	}
	return changepoint_find(points, series->nr_points, &options->changepoint, ret_found);
}

static int fill(const struct history *history, const struct trend_options *options, struct trend *trend)
{
	size_t i;
	int ret;

	for (i = 0; i < history->nr_series; i++) {
		const struct history_series *series = history->series[i], *cost;
		struct trend_row *row = &trend->rows[trend->nr_rows];

		if (!is_wanted(history, series, options))
			continue;
		if (series->nr_points < 2) {
			trend->nr_single++;
			continue;
		}
		cost = cost_of(history, series);
		*row = (struct trend_row){.series = series, .cost = median_cost(cost)};
		ret = find_changes(series, options, cost, &row->found);
		if (ret)
			return ret;
		trend->nr_rows++;
	}
	return 0;
}

int trend_compute(const struct history *history, const struct trend_options *options, struct trend **ret_trend)
{
	struct trend *trend = calloc(1, sizeof(*trend));
	int ret;

	if (trend)
		trend->rows = calloc(history->nr_series + 1, sizeof(*trend->rows));
	ret = trend && trend->rows ? fill(history, options, trend) : no_memory();
	if (ret) {
		trend_free(trend);
		return ret;
	}
	*ret_trend = trend;
	return 0;
}

void trend_free(struct trend *trend)
{
	size_t i, k;

	if (!trend)
		return;
	for (i = 0; i < trend->nr_rows; i++) {
		struct trend_row *row = &trend->rows[i];

		for (k = 0; row->functions && k < row->found.nr; k++)
			explain_change_free(&row->functions[k]);
		free(row->functions);
		for (k = 0; k < row->nr_steps; k++)
			compare_functions_free(row->steps[k].functions);
		free(row->steps);
		changepoint_free(&row->found);
	}
	free(trend->rows);
	free(trend);
}

const struct changepoint *trend_change_at(const struct trend_row *row, size_t point)
{
	size_t i;

	for (i = 0; i < row->found.nr; i++)
		if (row->found.change[i].at == point)
			return &row->found.change[i];
	return NULL;
}

bool trend_is_worse(const struct trend_row *row, const struct changepoint *change)
{
	return row->series->lower_is_better ? change->after > change->before : change->after < change->before;
}

bool trend_is_newest(const struct trend_row *row, const struct changepoint *change)
{
	return change->at + 1 == row->series->nr_points;
}

size_t trend_newest_regressions(const struct trend *trend)
{
	size_t nr = 0, i, k;

	for (i = 0; i < trend->nr_rows; i++) {
		const struct trend_row *row = &trend->rows[i];

		for (k = 0; k < row->found.nr; k++)
			nr += trend_is_newest(row, &row->found.change[k]) && trend_is_worse(row, &row->found.change[k]);
		for (k = 0; k < row->nr_steps; k++)
			nr += row->steps[k].at + 1 == row->series->nr_points && row->steps[k].functions->nr_worse;
	}
	return nr;
}
