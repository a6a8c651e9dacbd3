// SPDX-License-Identifier: GPL-2.0-or-later
/* A history for people: the changes, metric by metric; what did not change in one line. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/explain_compare.h"
#include "out/function_verdicts.h"
#include "out/number.h"
#include "out/trend_formats.h"

static const struct table_column change_columns[] = {
	{TABLE_LEFT, 2},    /* arm */
	{TABLE_LEFT, 2},    /* kernels */
	{TABLE_DECIMAL, 2}, /* before */
	{TABLE_DECIMAL, 2}, /* after */
	{TABLE_DECIMAL, 2}, /* change */
	{TABLE_LEFT, 2},    /* interval */
	{TABLE_DECIMAL, 2}, /* % */
	{TABLE_LEFT, 2},    /* verdict */
};

static const struct table_column point_columns[] = {
	{TABLE_LEFT, 4},    /* kernel */
	{TABLE_DECIMAL, 2}, /* value */
	{TABLE_LEFT, 1},    /* interval */
	{TABLE_RIGHT, 2},   /* boots */
	{TABLE_LEFT, 2},    /* mark */
};

static const char *kernel_label(const struct trend_view *view, const struct history_series *s, size_t point)
{
	return view->history->kernels[s->points[point].kernel].label;
}

/* Half the width of the change's interval with two digits; of an exact one, three digits of the change. */
static int change_decimals(const struct changepoint *change)
{
	struct stats_interval interval = {.low = change->low, .high = change->high};

	return number_interval_decimals(&interval, change->after - change->before);
}

static void put_range(const struct trend_view *view, const struct trend_row *row, const struct changepoint *change,
		      struct table *table)
{
	const struct history_series *s = row->series;
	size_t from = view->history->kernels[s->points[change->from].kernel].rank;
	size_t to = view->history->kernels[s->points[change->at].kernel].rank;
	const char *before = kernel_label(view, s, change->from), *at = kernel_label(view, s, change->at);

	/* Ranks are places in a list of commits, where there is one. */
	if (to > from)
		table_cell(table, TABLE_PLAIN, "%s .. %s (%zu commit%s)", before, at, to - from, to - from > 1 ? "s" : "");
	else
		table_cell(table, TABLE_PLAIN, "%s .. %s", before, at);
}

static void put_change(const struct trend_view *view, const struct trend_row *row, size_t i, struct table *table)
{
	const struct changepoint *change = &row->found.change[i];
	struct stats_interval interval = {.low = change->low, .high = change->high};
	int decimals = change_decimals(change);
	bool worse = trend_is_worse(row, change);
	char label[TREND_LABEL_MAX], number[NUMBER_MAX], range[2 * NUMBER_MAX];

	table_row(table);
	table_cell(table, TABLE_PLAIN, "%s", i ? "" : trend_arm_label(row->series, label));
	put_range(view, row, change, table);
	table_cell(table, TABLE_PLAIN, "%s", number_format(change->before, decimals, false, number));
	table_cell(table, TABLE_PLAIN, "%s", number_format(change->after, decimals, false, number));
	table_cell(table, TABLE_BOLD, "%s", number_estimate(change->after - change->before, decimals, number));
	table_cell(table, TABLE_PLAIN, "%s", isnan(change->p) ? "exact" : number_interval(&interval, decimals, true, range));
	table_cell(table, TABLE_PLAIN, "%s",
		   number_estimate(100 * (change->after - change->before) / row->cost, 1, number));
	table_cell(table, worse ? TABLE_RED : TABLE_GREEN, "%s%s", worse ? "regression" : "improvement",
		   trend_is_newest(row, change) ? ", newest" : "");
}

/* Rows of one metric, measured alike, stand in one table. */
static bool same_table(const struct history_series *a, const struct history_series *b)
{
	char x[TREND_LABEL_MAX], y[TREND_LABEL_MAX];

	return !strcmp(trend_metric_label(a, x), trend_metric_label(b, y)) && !strcmp(a->environment, b->environment) &&
	       a->bench_version == b->bench_version && !strcmp(a->unit, b->unit) && !strcmp(a->mode, b->mode) &&
	       !strcmp(a->place, b->place) && !strcmp(a->memory, b->memory);
}

static void put_head(const struct trend_row *row, struct table *table)
{
	char label[TREND_LABEL_MAX];
	const char *const heads[] = {"", "between", "before", "after", "change", "95 %", "% of cost", ""};
	size_t i;

	table_text(table, TABLE_BOLD, "%s, %s", trend_metric_label(row->series, label), row->series->unit);
	table_row(table);
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		table_head(table, "%s", heads[i]);
}

static void put_point(const struct trend_view *view, const struct trend_row *row, size_t k, struct table *table)
{
	const struct history_point *p = &row->series->points[k];
	struct stats_interval interval = {.low = p->low, .high = p->high};
	int decimals = number_decimals(p->value, 5);
	char number[NUMBER_MAX], range[2 * NUMBER_MAX];

	table_row(table);
	table_cell(table, TABLE_PLAIN, "%s", view->history->kernels[p->kernel].label);
	table_cell(table, TABLE_PLAIN, "%s", number_format(p->value, decimals, false, number));
	table_cell(table, TABLE_DIM, "%s", isnan(p->low) ? "" : number_interval(&interval, decimals, false, range));
	table_cell(table, TABLE_PLAIN, "%zu", p->units.nr);
	if (k && row->found.step[k] == CHANGEPOINT_CHANGED)
		table_cell(table, TABLE_BOLD, "<- changed");
	else if (k && row->found.step[k] == CHANGEPOINT_UNRESOLVED)
		table_cell(table, TABLE_DIM, "<- not resolved");
}

/* "  root - off: by pairs of kernels; two seeds' differences spread by 0.02 (the median pair), changes beyond 19 count" */
static void put_method(const struct trend_row *row, struct table *table)
{
	const struct changepoint_result *found = &row->found;
	char label[TREND_LABEL_MAX], sigma[NUMBER_MAX], floor[NUMBER_MAX];

	trend_arm_label(row->series, label);
	number_significant(found->floor, 3, floor);
	if (isnan(found->sigma))
		snprintf(sigma, sizeof(sigma), "unknown");
	else
		number_significant(found->sigma, 2, sigma);
	if (found->method == CHANGEPOINT_EXACT)
		table_text(table, TABLE_PLAIN, "  %s: exact, changes beyond %s count", label, floor);
	else if (found->method == CHANGEPOINT_PAIRS)
		table_text(table, TABLE_PLAIN, "  %s: each kernel against the one before, noise of the median pair %s, changes beyond %s count", label,
			   sigma, floor);
	else
		table_text(table, TABLE_PLAIN, "  %s: levels of %s, noise %s, changes beyond %s count", label,
			   found->method == CHANGEPOINT_BOOTS ? "boots" : "kernels", sigma, floor);
}

static int put_points(const struct trend_view *view, const struct trend_row *row, FILE *out)
{
	struct table *table = table_new(point_columns, ARRAY_SIZE(point_columns));
	size_t k;
	int ret;

	put_method(row, table);
	for (k = 0; k < row->series->nr_points; k++)
		put_point(view, row, k, table);
	ret = table_print(table, &view->look, out);
	table_free(table);
	return ret;
}

static int put_filled(const char *text, const char *first, const struct trend_view *view, FILE *out)
{
	__free_mem char *filled = table_fill(text, first, view->width);

	if (!filled)
		return err_sys(ENOMEM, "print the trend");
	table_put(filled, TABLE_PLAIN, &view->look, out);
	fputc('\n', out);
	return 0;
}

/* "  child - off, 6.12.94 to 6.16.12, by function: +124.0 = …": of the kernels on both sides of the change, not of the levels. */
static int put_functions(const struct trend_view *view, const struct trend_row *row, size_t i, FILE *out)
{
	const struct changepoint *change = &row->found.change[i];
	__free_mem char *sentence = NULL, *first = NULL;
	char label[TREND_LABEL_MAX];

	if (!row->functions || !row->functions[i].parts)
		return 0;
	sentence = explain_change_sentence(&row->functions[i], EXPLAIN_CHANGE_NAMED);
	if (!sentence || asprintf(&first, "  %s, %s to %s, by function:", trend_arm_label(row->series, label),
				  kernel_label(view, row->series, change->from), kernel_label(view, row->series, change->at)) < 0)
		return err_sys(ENOMEM, "print the trend");
	/* The label is no indent for what follows: it is too long. */
	table_put(first, TABLE_PLAIN, &view->look, out);
	fputc('\n', out);
	return put_filled(sentence, "    ", view, out);
}

/* "  child - off, not resolved: 7.2.12 .. 7.3.4 +40.3 [+34.7, +45.9], …": what looks like a change and is not shown to be one. */
static int put_open(const struct trend_view *view, const struct trend_row *row, FILE *out)
{
	__free_mem char *text = NULL, *first = NULL;
	char label[TREND_LABEL_MAX], number[NUMBER_MAX], range[2 * NUMBER_MAX];
	size_t size, i;
	FILE *list;

	if (!row->found.nr_open)
		return 0;
	list = open_memstream(&text, &size);
	if (!list)
		return err_sys(ENOMEM, "print the trend");
	for (i = 0; i < row->found.nr_open; i++) {
		const struct changepoint *c = &row->found.open[i];
		struct stats_interval interval = {.low = c->low, .high = c->high};
		int decimals = isnan(c->low) ? number_decimals(c->after - c->before, 3) : change_decimals(c);

		fprintf(list, "%s%s .. %s %s%s%s", i ? ", " : "", kernel_label(view, row->series, c->from),
			kernel_label(view, row->series, c->at), number_estimate(c->after - c->before, decimals, number),
			isnan(c->low) ? "" : " ", isnan(c->low) ? "" : number_interval(&interval, decimals, true, range));
	}
	if (fclose(list) || asprintf(&first, "  %s, not resolved: ", trend_arm_label(row->series, label)) < 0)
		return err_sys(ENOMEM, "print the trend");
	return put_filled(text, first, view, out);
}

/* Rows @first … @next - 1. */
static int put_table(const struct trend_view *view, size_t first, size_t next, FILE *out)
{
	struct table *table = table_new(change_columns, ARRAY_SIZE(change_columns));
	size_t i, k;
	int ret;

	put_head(&view->trend->rows[first], table);
	for (i = first; i < next; i++)
		for (k = 0; k < view->trend->rows[i].found.nr; k++)
			put_change(view, &view->trend->rows[i], k, table);
	ret = table_print(table, &view->look, out);
	table_free(table);
	for (i = first; i < next; i++)
		for (k = 0; !ret && k < view->trend->rows[i].found.nr; k++)
			ret = put_functions(view, &view->trend->rows[i], k, out);
	for (i = first; !ret && i < next; i++)
		ret = put_open(view, &view->trend->rows[i], out);
	for (i = first; !ret && view->verbose && i < next; i++)
		ret = put_points(view, &view->trend->rows[i], out);
	fputc('\n', out);
	return ret;
}

static int put_tables(const struct trend_view *view, FILE *out)
{
	const struct trend *trend = view->trend;
	const char *environment = "";
	size_t first, next, i;
	int ret = 0;

	for (first = 0; !ret && first < trend->nr_rows; first = next) {
		bool changed = false;

		for (next = first; next < trend->nr_rows && same_table(trend->rows[first].series, trend->rows[next].series); next++)
			;
		for (i = first; i < next; i++)
			changed |= trend->rows[i].found.nr || trend->rows[i].found.nr_open;
		if (!changed && !view->verbose)
			continue;
		if (strcmp(environment, trend->rows[first].series->environment)) {
			environment = trend->rows[first].series->environment;
			table_put(environment, TABLE_DIM, &view->look, out);
			fputs("\n\n", out);
		}
		ret = put_table(view, first, next, out);
	}
	return ret;
}

/* "No change: fault_storm exit (child - off, root - off), …" */
static int put_unchanged(const struct trend_view *view, FILE *out)
{
	char label[TREND_LABEL_MAX], last[TREND_LABEL_MAX] = "";
	__free_mem char *text = NULL;
	size_t size, i, nr = 0;
	FILE *list = open_memstream(&text, &size);

	if (!list)
		return err_sys(ENOMEM, "print the trend");
	for (i = 0; i < view->trend->nr_rows; i++) {
		const struct trend_row *row = &view->trend->rows[i];

		if (row->found.nr || row->found.nr_open)
			continue;
		trend_metric_label(row->series, label);
		if (strcmp(label, last))
			fprintf(list, "%s%s (", nr ? "), " : "", label);
		else
			fputs(", ", list);
		strcpy(last, label);
		fputs(trend_arm_label(row->series, label), list);
		nr++;
	}
	if (nr)
		fputs(")", list);
	if (fclose(list))
		return err_sys(ENOMEM, "print the trend");
	return nr ? put_filled(text, "No change: ", view, out) : 0;
}

/* "By function alone, swapin_race swapin child - off, 6.12.90 .. 6.12.117: regression of …": steps that no level shows. */
static int put_steps(const struct trend_view *view, FILE *out)
{
	char label[TREND_LABEL_MAX], arm[TREND_LABEL_MAX];
	size_t i, k;
	int ret = 0;

	for (i = 0; i < view->trend->nr_rows; i++)
		for (k = 0; !ret && k < view->trend->rows[i].nr_steps; k++) {
			const struct trend_row *row = &view->trend->rows[i];
			__free_mem char *sentence = function_verdicts_sentence(row->steps[k].functions), *text = NULL;

			trend_metric_label(row->series, label);
			if (!sentence || asprintf(&text, "By function alone, %s, %s, %s .. %s: %s", label, trend_arm_label(row->series, arm),
						  kernel_label(view, row->series, row->steps[k].from),
						  kernel_label(view, row->series, row->steps[k].at), sentence) < 0)
				return err_sys(ENOMEM, "print the trend");
			ret = put_filled(text, "", view, out);
		}
	return ret;
}

static int put_summary(const struct trend_view *view, FILE *out)
{
	const struct history *h = view->history;
	const struct trend *trend = view->trend;
	size_t i, changed = 0, newest = trend_newest_regressions(trend);

	for (i = 0; i < trend->nr_rows; i++)
		changed += trend->rows[i].found.nr > 0;
	fprintf(out, "%zu run%s of %zu kernel%s", h->nr_runs, h->nr_runs == 1 ? "" : "s", h->nr_kernels,
		h->nr_kernels == 1 ? "" : "s");
	if (h->nr_kernels)
		fprintf(out, ", %s to %s", h->kernels[0].label, h->kernels[h->nr_kernels - 1].label);
	fprintf(out, "; %zu series of two kernels or more, %zu of them changed", trend->nr_rows, changed);
	if (newest)
		fprintf(out, "; %zu regression%s at the newest kernel", newest, newest == 1 ? "" : "s");
	fputs("\n\n", out);
	return 0;
}

/* Those that were interrupted may be many. */
#define LEFT_OUT_MAX 10

static void put_left_out(const struct history *history, FILE *out)
{
	size_t i;

	if (history->nr_left_out)
		fprintf(out, "%zu run%s left out:\n", history->nr_left_out, history->nr_left_out == 1 ? "" : "s");
	for (i = 0; i < history->nr_left_out && i < LEFT_OUT_MAX; i++)
		fprintf(out, "  %s: %s\n", history->left_out[i].run, history->left_out[i].why);
	if (history->nr_left_out > LEFT_OUT_MAX)
		fprintf(out, "  and %zu more\n", history->nr_left_out - LEFT_OUT_MAX);
}

int trend_text(const struct trend_view *view, FILE *out)
{
	int ret = put_summary(view, out);

	if (!ret)
		ret = put_tables(view, out);
	if (!ret)
		ret = put_steps(view, out);
	if (!ret)
		ret = put_unchanged(view, out);
	if (!ret && view->trend->nr_single)
		fprintf(out, "%zu series of one kernel only\n", view->trend->nr_single);
	if (!ret)
		put_left_out(view->history, out);
	return ret ? ret : ferror(out) ? err_sys(EIO, "write the trend") : 0;
}
