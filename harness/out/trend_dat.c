// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/trend_dat.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/dat.h"
#include "out/number.h"

bool trend_same_picture(const struct history_series *a, const struct history_series *b)
{
	char x[TREND_LABEL_MAX], y[TREND_LABEL_MAX];

	return !strcmp(trend_metric_label(a, x), trend_metric_label(b, y)) && !strcmp(a->environment, b->environment) &&
	       a->bench_version == b->bench_version && !strcmp(a->unit, b->unit) && !strcmp(a->mode, b->mode) &&
	       !strcmp(a->place, b->place) && !strcmp(a->memory, b->memory);
}

/* The kernels that any of some series has, and their places on the axis; SIZE_MAX: not on it. */
struct axis {
	size_t *place;
	size_t nr;
};

static int axis_begin(const struct history *history, struct axis *axis)
{
	axis->nr = 0;
	axis->place = calloc(history->nr_kernels + 1, sizeof(*axis->place));
	return axis->place ? 0 : err_sys(ENOMEM, "memory for a plot");
}

static void axis_add(struct axis *axis, const struct history_series *s)
{
	size_t i;

	for (i = 0; i < s->nr_points; i++)
		axis->place[s->points[i].kernel] = 1;
}

/* Kernels between the first and the last that only other series of this environment have: their places stay empty. */
static void axis_add_between(struct axis *axis, const struct history *history, const char *environment)
{
	size_t first = 0, next = history->nr_kernels, i, k;

	while (first < next && !axis->place[first])
		first++;
	while (next > first && !axis->place[next - 1])
		next--;
	for (i = 0; i < history->nr_series; i++) {
		const struct history_series *s = history->series[i];

		for (k = 0; k < s->nr_points && !strcmp(s->environment, environment); k++)
			if (s->points[k].kernel >= first && s->points[k].kernel < next)
				axis->place[s->points[k].kernel] = 1;
	}
}

static void axis_end(struct axis *axis, const struct history *history)
{
	size_t i;

	for (i = 0; i < history->nr_kernels; i++)
		axis->place[i] = axis->place[i] ? axis->nr++ : SIZE_MAX;
}

/* The last data set of every file. */
static void put_axis(const struct history *history, const struct axis *axis, FILE *out)
{
	size_t i;

	fputs("\n\n# the axis\n", out);
	for (i = 0; i < history->nr_kernels; i++) {
		if (axis->place[i] == SIZE_MAX)
			continue;
		fprintf(out, "%zu ", axis->place[i]);
		dat_string(out, history->kernels[i].label);
		fputc('\n', out);
	}
}

static void put_origin(const struct trend_view *view, const struct history_series *s, FILE *out)
{
	fprintf(out, "# memcgbench trend: %zu runs of %zu kernels; %s\n", view->history->nr_runs, view->history->nr_kernels,
		s->environment);
}

static void put_point(const struct trend_view *view, const struct axis *axis, const struct history_point *p, FILE *out)
{
	fprintf(out, "%zu ", axis->place[p->kernel]);
	dat_string(out, view->history->kernels[p->kernel].label);
	dat_number(out, p->value);
	dat_number(out, p->low);
	dat_number(out, p->high);
	fprintf(out, "%zu\n", p->units.nr);
}

static bool is_behind_gap(const struct axis *axis, const struct history_series *s, size_t point)
{
	return point && axis->place[s->points[point].kernel] != axis->place[s->points[point - 1].kernel] + 1;
}

/* An empty line where kernels between were not measured, so that no line is drawn over them. */
static void put_points(const struct trend_view *view, const struct axis *axis, const struct history_series *s, FILE *out)
{
	size_t i;

	for (i = 0; i < s->nr_points; i++) {
		if (is_behind_gap(axis, s, i))
			fputc('\n', out);
		put_point(view, axis, &s->points[i], out);
	}
}

/* --- series --- */

static char *change_words(const struct changepoint *change, char *buf)
{
	struct stats_interval interval = {.low = change->low, .high = change->high};
	double size = change->after - change->before;

	return number_estimate(size, number_interval_decimals(&interval, size), buf);
}

/* The mean of the boots of points @first … @next - 1. */
static double mean_level(const struct history_series *s, size_t first, size_t next)
{
	double sum = 0;
	size_t k, u, n = 0;

	for (k = first; k < next; k++)
		for (u = 0; u < s->points[k].units.nr; u++, n++)
			sum += s->points[k].units.unit[u];
	return sum / (double)n;
}

/* Points @first … @next - 1 in pieces, one between two gaps: each reaches half a place beyond its ends. The change stands at the first. */
static void put_level(const struct trend_row *row, const struct axis *axis, size_t first, size_t next, double level,
		      const struct changepoint *begin, FILE *out)
{
	const struct history_series *s = row->series;
	char words[NUMBER_MAX];

	while (first < next) {
		size_t end = first + 1;

		while (end < next && !is_behind_gap(axis, s, end))
			end++;
		fprintf(out, "%g %g ", (double)axis->place[s->points[first].kernel] - 0.5,
			(double)axis->place[s->points[end - 1].kernel] + 0.5);
		dat_number(out, level);
		dat_number(out, begin ? begin->after - begin->before : NAN);
		fprintf(out, "%d ", begin ? (trend_is_worse(row, begin) ? 1 : -1) : 0);
		dat_string(out, begin ? change_words(begin, words) : "");
		fputc('\n', out);
		first = end;
		begin = NULL;
	}
}

/* No level goes on over a step of which it is not known whether it is one. */
static void put_levels(const struct trend_row *row, const struct axis *axis, FILE *out)
{
	const struct history_series *s = row->series;
	size_t first, next;

	for (first = 0; first < s->nr_points; first = next) {
		for (next = first + 1; next < s->nr_points && row->found.step[next] == CHANGEPOINT_SAME; next++)
			;
		put_level(row, axis, first, next, mean_level(s, first, next), trend_change_at(row, first), out);
	}
}

int trend_dat_series(const struct trend_view *view, size_t first, size_t next, const char *path, size_t *ret_nr_kernels)
{
	struct beneath_file file;
	char label[TREND_LABEL_MAX];
	struct axis axis;
	size_t i;
	FILE *out;
	int ret = axis_begin(view->history, &axis);

	if (ret)
		return ret;
	for (i = first; i < next; i++)
		axis_add(&axis, view->trend->rows[i].series);
	axis_add_between(&axis, view->history, view->trend->rows[first].series->environment);
	axis_end(&axis, view->history);
	ret = dat_begin(path, &file);
	if (ret) {
		free(axis.place);
		return ret;
	}
	out = file.out;
	put_origin(view, view->trend->rows[first].series, out);
	fprintf(out, "# Two data sets per series, in %s. Its kernels:\n", view->trend->rows[first].series->unit);
	fprintf(out, "#   1 place  2 kernel  3 mean of its boots (ns: median)  4 5 least and most (ns, from 6 boots on: interval)  6 boots\n");
	fprintf(out, "# and its levels between changes, in pieces where kernels between were not measured, or a step is not resolved:\n");
	fprintf(out, "#   1 2 from and to place  3 level  4 the change that begins here  5 1: worse, -1: better  6 in words\n");
	fprintf(out, "# An empty line where kernels between were not measured. At the end the axis: 1 place  2 kernel\n");
	for (i = first; i < next; i++) {
		const struct trend_row *row = &view->trend->rows[i];

		fprintf(out, "%s# %s, kernels\n", i == first ? "" : "\n\n", trend_arm_label(row->series, label));
		put_points(view, &axis, row->series, out);
		fprintf(out, "\n\n# %s, levels\n", label);
		put_levels(row, &axis, out);
	}
	put_axis(view->history, &axis, out);
	free(axis.place);
	*ret_nr_kernels = axis.nr;
	return beneath_end(&file, 0);
}

/* --- ladder --- */

/* Is @s the cost itself of the same op? */
static bool is_rung(const struct history_series *s, const struct history_series *like)
{
	return !s->below && trend_same_picture(s, like);
}

int trend_dat_ladder(const struct trend_view *view, size_t first, const char *path, size_t *ret_nr_kernels,
		     size_t *ret_nr_states, char **ret_labels)
{
	const struct history_series *like = view->trend->rows[first].series;
	char label[TREND_LABEL_MAX], *labels = NULL;
	struct beneath_file file;
	size_t i, size, nr = 0;
	struct axis axis;
	FILE *out, *list;
	int ret = axis_begin(view->history, &axis);

	if (ret)
		return ret;
	for (i = 0; i < view->history->nr_series; i++)
		if (is_rung(view->history->series[i], like))
			axis_add(&axis, view->history->series[i]);
	axis_add_between(&axis, view->history, like->environment);
	axis_end(&axis, view->history);
	list = open_memstream(&labels, &size);
	ret = list ? dat_begin(path, &file) : err_sys(ENOMEM, "write %s", path);
	if (ret) {
		free(axis.place);
		if (list)
			fclose(list);
		free(labels);
		return ret;
	}
	out = file.out;
	put_origin(view, like, out);
	fprintf(out, "# A data set per memcg state, in %s, and the axis (1 place  2 kernel) at the end:\n", like->unit);
	fprintf(out, "# 1 place  2 kernel  3 mean of its boots (ns: median)  4 5 least and most (ns, from 6 boots on: interval)  6 boots\n"
		     "# An empty line where kernels between were not measured.\n");
	for (i = 0; i < view->history->nr_series; i++) {
		const struct history_series *s = view->history->series[i];

		if (!is_rung(s, like))
			continue;
		trend_state_label(s, label);
		fprintf(out, "%s# %s\n", nr ? "\n\n" : "", label);
		fprintf(list, "\"%s\" ", label);
		put_points(view, &axis, s, out);
		nr++;
	}
	put_axis(view->history, &axis, out);
	free(axis.place);
	fclose(list);
	ret = beneath_end(&file, 0);
	if (ret) {
		free(labels);
		return ret;
	}
	*ret_nr_kernels = axis.nr;
	*ret_nr_states = nr;
	*ret_labels = labels;
	return 0;
}

/* --- heat map --- */

static void put_heat(const struct trend_view *view, const struct trend_row *row, size_t place, const struct axis *axis,
		     FILE *out, double *most)
{
	const struct history_series *s = row->series;
	char label[TREND_LABEL_MAX], arm[TREND_LABEL_MAX], title[2 * TREND_LABEL_MAX], number[NUMBER_MAX];
	size_t i;

	snprintf(title, sizeof(title), "%s (%s)", trend_metric_label(s, label), trend_arm_label(s, arm));
	for (i = 0; i < s->nr_points; i++) {
		double percent = 100 * (s->points[i].value - s->points[0].value) / row->cost;

		fprintf(out, "%zu %zu ", place, axis->place[s->points[i].kernel]);
		dat_string(out, title);
		dat_string(out, view->history->kernels[s->points[i].kernel].label);
		dat_number(out, s->points[i].value);
		dat_number(out, percent);
		fprintf(out, "%d ", trend_change_at(row, i) != NULL);
		dat_string(out, !isfinite(percent) ? "-" : i ? number_estimate(percent, 1, number) : "0");
		fputc('\n', out);
		if (isfinite(percent))
			*most = fmax(*most, fabs(percent));
	}
}

int trend_dat_heatmap(const struct trend_view *view, size_t first, const char *path, struct trend_heatmap *ret_heatmap)
{
	const struct trend *trend = view->trend;
	const char *environment = trend->rows[first].series->environment;
	struct trend_heatmap heatmap = {0};
	struct axis axis;
	struct beneath_file file;
	size_t i;
	FILE *out;
	int ret = axis_begin(view->history, &axis);

	if (ret)
		return ret;
	for (i = first; i < trend->nr_rows; i++)
		if (!strcmp(trend->rows[i].series->environment, environment))
			axis_add(&axis, trend->rows[i].series);
	axis_end(&axis, view->history);
	ret = dat_begin(path, &file);
	if (ret) {
		free(axis.place);
		return ret;
	}
	out = file.out;
	put_origin(view, trend->rows[first].series, out);
	fprintf(out, "# 1 row  2 place of the kernel  3 series  4 kernel  5 value\n"
		     "# 6 difference from the first kernel of the row, %% of what the op costs  7 1: a change begins  8 column 6 in words\n"
		     "# and a data set of the axis: 1 place  2 kernel\n");
	for (i = first; i < trend->nr_rows; i++)
		if (!strcmp(trend->rows[i].series->environment, environment))
			put_heat(view, &trend->rows[i], heatmap.nr_rows++, &axis, out, &heatmap.most);
	heatmap.nr_kernels = axis.nr;
	put_axis(view->history, &axis, out);
	free(axis.place);
	*ret_heatmap = heatmap;
	return beneath_end(&file, 0);
}
