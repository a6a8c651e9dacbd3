// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/csv.h"
#include "out/trend_formats.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/explain_compare.h"
#include "out/function_verdicts.h"

const struct trend_format trend_formats[] = {
	{"text", "what changed, for people", trend_text},
	{"json", "every series with its kernels and changes", trend_json},
	{"csv", "a line for each series and kernel", trend_csv},
	{"otava", "a line for each kernel, for Apache Otava's CSV importer", trend_otava},
	{NULL, NULL, NULL},
};

/* --- csv --- */

static void csv_point(const struct trend_view *view, const struct trend_row *row, size_t i, FILE *out)
{
	const struct history_series *s = row->series;
	const struct history_point *point = &s->points[i];
	const struct changepoint *change = trend_change_at(row, i);
	char label[TREND_LABEL_MAX];

	csv_text(out, s->bench);
	fputc(',', out);
	csv_text(out, s->params);
	fprintf(out, ",%u,", s->workers);
	csv_text(out, s->metric);
	fputc(',', out);
	csv_text(out, trend_arm_label(s, label));
	fputc(',', out);
	csv_text(out, s->unit);
	fputc(',', out);
	csv_text(out, s->environment);
	fputc(',', out);
	csv_text(out, view->history->kernels[point->kernel].label);
	fputc(',', out);
	csv_text(out, view->history->kernels[point->kernel].release);
	fprintf(out, ",%zu", point->units.nr);
	csv_number(out, point->value);
	csv_number(out, point->low);
	csv_number(out, point->high);
	csv_number(out, change ? change->after - change->before : NAN);
	csv_number(out, change ? change->low : NAN);
	csv_number(out, change ? change->high : NAN);
	fprintf(out, ",%s\r\n", !change ? "" : trend_is_worse(row, change) ? "regression" : "improvement");
}

int trend_csv(const struct trend_view *view, FILE *out)
{
	size_t i, k;

	fputs("bench,params,workers,metric,arm,unit,environment,kernel,release,boots,value,low,high,change,change_low,"
	      "change_high,verdict\r\n",
	      out);
	for (i = 0; i < view->trend->nr_rows; i++)
		for (k = 0; k < view->trend->rows[i].series->nr_points; k++)
			csv_point(view, &view->trend->rows[i], k, out);
	return ferror(out) ? err_sys(EIO, "write the trend") : 0;
}

/* --- otava --- */

/* The series' value of the kernel; NAN: none. */
static double value_of(const struct history_series *s, size_t kernel)
{
	size_t i;

	for (i = 0; i < s->nr_points; i++)
		if (s->points[i].kernel == kernel)
			return s->points[i].value;
	return NAN;
}

/* Otava takes no empty cell: a kernel that lacks any of the series cannot be a line. */
static bool has_all(const struct trend *trend, size_t kernel)
{
	size_t i;

	for (i = 0; i < trend->nr_rows; i++)
		if (isnan(value_of(trend->rows[i].series, kernel)))
			return false;
	return trend->nr_rows > 0;
}

static void otava_head(const struct trend *trend, FILE *out)
{
	char label[TREND_LABEL_MAX], arm[TREND_LABEL_MAX], column[2 * TREND_LABEL_MAX], *c;
	size_t i;

	fputs("time,kernel", out);
	for (i = 0; i < trend->nr_rows; i++) {
		snprintf(column, sizeof(column), "%s %s", trend_metric_label(trend->rows[i].series, label),
			 trend_arm_label(trend->rows[i].series, arm));
		/* Names of Otava's configuration: no blanks, no quotes. */
		for (c = column; *c; c++)
			if (*c == ' ' || *c == ',' || *c == '"')
				*c = '_';
		fprintf(out, ",%s", column);
	}
	fputs("\n", out);
}

int trend_otava(const struct trend_view *view, FILE *out)
{
	const struct trend *trend = view->trend;
	size_t i, k, lines = 0;

	for (i = 1; i < trend->nr_rows; i++)
		if (strcmp(trend->rows[i].series->environment, trend->rows[0].series->environment))
			return err_set(EINVAL, "otava takes one environment at a time, and there are \"%s\" and \"%s\": name the runs",
				       trend->rows[0].series->environment, trend->rows[i].series->environment);
	otava_head(trend, out);
	for (k = 0; k < view->history->nr_kernels; k++) {
		if (!has_all(trend, k))
			continue;
		fputs(view->history->kernels[k].started, out);
		fputc(',', out);
		csv_text(out, view->history->kernels[k].label);
		for (i = 0; i < trend->nr_rows; i++)
			csv_number(out, value_of(trend->rows[i].series, k));
		fputc('\n', out);
		lines++;
	}
	if (!lines)
		return err_set(EINVAL, "no kernel has all of the %zu series: choose with --bench and --metric", trend->nr_rows);
	return ferror(out) ? err_sys(EIO, "write the trend") : 0;
}

/* --- json --- */

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static const char *const method_names[] = {
	[CHANGEPOINT_NONE] = "none",	 [CHANGEPOINT_PAIRS] = "pairs", [CHANGEPOINT_EXACT] = "exact",
	[CHANGEPOINT_LEVELS] = "levels", [CHANGEPOINT_BOOTS] = "boots",
};

static const char *const step_names[] = {
	[CHANGEPOINT_SAME] = "same",
	[CHANGEPOINT_CHANGED] = "changed",
	[CHANGEPOINT_UNRESOLVED] = "unresolved",
};

static json_t *points_json(const struct trend_view *view, const struct trend_row *row)
{
	const struct history_series *s = row->series;
	json_t *list = json_array();
	size_t i, k;

	for (i = 0; i < s->nr_points; i++) {
		const struct history_point *p = &s->points[i];
		json_t *units = json_array();

		for (k = 0; k < p->units.nr; k++)
			json_array_append_new(units, number(p->units.unit[k]));
		json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:s?}", "kernel",
						      view->history->kernels[p->kernel].label, "value", number(p->value), "low",
						      number(p->low), "high", number(p->high), "units", units, "step",
						      i ? step_names[row->found.step[i]] : NULL));
	}
	return list;
}

static json_t *changes_json(const struct trend_view *view, const struct trend_row *row)
{
	const struct history_series *s = row->series;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < row->found.nr; i++) {
		const struct changepoint *c = &row->found.change[i];
		const struct history_kernel *from = &view->history->kernels[s->points[c->from].kernel];
		const struct history_kernel *to = &view->history->kernels[s->points[c->at].kernel];

		json_t *functions = row->functions && row->functions[i].parts ? explain_change_json(&row->functions[i]) : json_null();

		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:o}", "after", from->label,
						      "kernel", to->label, "before", number(c->before), "value", number(c->after),
						      "change", number(c->after - c->before), "low", number(c->low), "high",
						      number(c->high), "ratio_of_cost", number((c->after - c->before) / row->cost),
						      "p", number(c->p), "verdict",
						      trend_is_worse(row, c) ? "regression" : "improvement", "newest",
						      trend_is_newest(row, c), "functions", functions));
	}
	return list;
}

static json_t *steps_json(const struct trend_view *view, const struct trend_row *row)
{
	const struct history_series *s = row->series;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < row->nr_steps; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o}", "after",
						      view->history->kernels[s->points[row->steps[i].from].kernel].label, "kernel",
						      view->history->kernels[s->points[row->steps[i].at].kernel].label, "function_verdicts",
						      function_verdicts_json(row->steps[i].functions)));
	return list;
}

static json_t *open_json(const struct trend_view *view, const struct trend_row *row)
{
	const struct history_series *s = row->series;
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < row->found.nr_open; i++) {
		const struct changepoint *c = &row->found.open[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o, s:o}", "after",
						      view->history->kernels[s->points[c->from].kernel].label, "kernel",
						      view->history->kernels[s->points[c->at].kernel].label, "change",
						      number(c->after - c->before), "low", number(c->low), "high", number(c->high)));
	}
	return list;
}

static json_t *row_json(const struct trend_view *view, const struct trend_row *row)
{
	const struct history_series *s = row->series;
	json_t *limit = s->limit_bytes == UINT64_MAX ? json_null() : json_integer((json_int_t)s->limit_bytes);
	json_t *json = json_pack("{s:s, s:i, s:O, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:o, s:s?}", "bench", s->bench,
				 "bench_version", (int)s->bench_version, "params", s->all_params, "workers", (int)s->workers,
				 "memcgs", (int)s->nr_memcgs, "mode", s->mode, "metric", s->metric, "unit", s->unit, "better",
				 s->lower_is_better ? "lower" : "higher", "environment", s->environment, "state", s->state, "depth",
				 (int)s->depth, "limit_bytes", limit, "below", s->below);
	json_t *more = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o}", "place", s->place, "memory", s->memory, "help",
				 s->help, "kind", s->is_count ? "count" : "time", "clock", s->clock, "cost", number(row->cost), "noise",
				 number(row->found.sigma), "threshold", number(row->found.floor), "method",
				 method_names[row->found.method], "points", points_json(view, row), "changes", changes_json(view, row), "unresolved",
				 open_json(view, row), "function_steps", steps_json(view, row));

	if (!json || !more || json_object_update(json, more)) {
		json_decref(json);
		json = NULL;
	}
	json_decref(more);
	return json;
}

static json_t *kernels_json(const struct history *history)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < history->nr_kernels; i++) {
		const struct history_kernel *k = &history->kernels[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:i}", "kernel", k->label, "release", k->release,
						      "version", k->version, "started", k->started, "runs", (int)k->nr_runs));
	}
	return list;
}

static json_t *left_out_json(const struct history *history)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < history->nr_left_out; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b}", "run", history->left_out[i].run, "why", history->left_out[i].why,
						      "damaged", history->left_out[i].damaged));
	return list;
}

int trend_json(const struct trend_view *view, FILE *out)
{
	json_t *rows = json_array(), *json;
	size_t i;
	int ret;

	for (i = 0; i < view->trend->nr_rows; i++)
		json_array_append_new(rows, row_json(view, &view->trend->rows[i]));
	json = json_pack("{s:s, s:i, s:i, s:i, s:o, s:o, s:o}", "schema", "memcgbench-trend", "schema_version", 2, "runs",
			 (int)view->history->nr_runs, "left_out", (int)view->history->nr_left_out,
			 "left_out_runs", left_out_json(view->history), "kernels",
			 kernels_json(view->history), "series", rows);
	if (!json)
		return err_sys(ENOMEM, "memory for JSON");
	ret = json_dumpf(json, out, JSON_INDENT(2));
	json_decref(json);
	if (!ret)
		fputc('\n', out);
	return ret || ferror(out) ? err_sys(EIO, "write the trend") : 0;
}
