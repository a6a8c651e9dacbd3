// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/sweep_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "out/number.h"
#include "out/table.h"

#define COLUMNS_MAX 64

static bool is_over(const struct sweep_curve *curve, const char *axis)
{
	return !strcmp(curve->axis, axis);
}

const char *sweep_step(const struct sweep_curve *curve, char ret[SWEEP_STEP_MAX])
{
	size_t len;

	snprintf(ret, SWEEP_STEP_MAX, "%s", is_over(curve, "depth") ? "level" : curve->axis);
	len = strlen(ret);
	/* Axes that count things are named by the plural: workers, siblings, pages. */
	if (len > 1 && ret[len - 1] == 's')
		ret[len - 1] = '\0';
	return ret;
}

/* As label_item(), but for the parameter that is the axis. */
static char *label_but_axis(const struct sweep_curve *curve, const struct label_defaults *defaults)
{
	struct rundata_item item = *curve->points[0].item;
	char *label;

	item.params = json_copy(item.params);
	if (!item.params)
		return NULL;
	json_object_del(item.params, curve->axis);
	label = label_item(&item, defaults);
	json_decref(item.params);
	return label;
}

char *sweep_title(const struct sweep_curve *curve, const struct label_defaults *defaults)
{
	const struct rundata_item *last = curve->points[curve->nr_points - 1].item;
	__free_mem char *item = label_but_axis(curve, defaults);
	char workers[LABEL_MAX] = "", memcgs[LABEL_MAX], *title;
	const char *place = last->place && strcmp(last->place, "compact") ? last->place : "";
	const char *memory = last->memory && strcmp(last->memory, "default") ? last->memory : "";
	bool threads = last->mode && !strcmp(last->mode, "threads");

	if (!item)
		return NULL;
	if (is_over(curve, "workers"))
		snprintf(workers, sizeof(workers), curve->each ? ", each in its own memcg" : ", in %u memcg%s", last->nr_memcgs,
			 last->nr_memcgs == 1 ? "" : "s");
	else if (json_array_size(last->workers) > 1)
		snprintf(workers, sizeof(workers), ", %zu workers%s", json_array_size(last->workers), label_memcgs(last, memcgs));
	if (asprintf(&title, "%s over %s%s%s%s%s%s%s", item, curve->axis, workers, threads ? ", threads" : "", *place ? ", placed " : "",
		     place, *memory ? ", memory " : "", memory) < 0)
		return NULL;
	return title;
}

char *sweep_label(const struct sweep *sweep, const struct sweep_curve *curve, char *buf)
{
	const struct sweep_point *point = &curve->points[0];
	bool kernels = false;
	char arm[LABEL_MAX] = "child";
	size_t i;

	for (i = 0; i < sweep->nr_curves; i++)
		kernels |= sweep->curves[i].kernel != curve->kernel;
	if (!is_over(curve, "depth"))
		label_arm(point->item, &point->item->arms[point->arm], arm);
	snprintf(buf, SWEEP_LABEL_MAX, "%s%s%s", kernels ? curve->kernel_name : "", kernels ? " " : "", arm);
	return buf;
}

/* The curve of the group with the most points; the others lack some of them. */
static const struct sweep_curve *longest(const struct sweep *sweep, size_t first, size_t end)
{
	const struct sweep_curve *best = &sweep->curves[first];

	for (; first < end; first++)
		if (sweep->curves[first].nr_points > best->nr_points)
			best = &sweep->curves[first];
	return best;
}

static const struct sweep_point *point_at(const struct sweep_curve *curve, double x)
{
	size_t i;

	for (i = 0; i < curve->nr_points; i++)
		if (curve->points[i].x == x)
			return &curve->points[i];
	return NULL;
}

int sweep_decimals(const struct rundata_metric *metric)
{
	return metric->is_count ? 3 : 1;
}

static void cost_row(struct table *table, const struct sweep *sweep, const struct sweep_curve *curve,
		     const struct sweep_curve *axis, bool names_metric)
{
	char label[SWEEP_LABEL_MAX], text[NUMBER_MAX];
	size_t i;

	table_row(table);
	table_cell(table, TABLE_BOLD, "%s", names_metric ? curve->metric->name : "");
	table_cell(table, TABLE_PLAIN, "%s", sweep_label(sweep, curve, label));
	for (i = 0; i < axis->nr_points; i++) {
		const struct sweep_point *point = point_at(curve, axis->points[i].x);

		/* Instructions have one digit behind the point, as in the table above; a time those that its interval bears. */
		table_cell(table, TABLE_PLAIN, "%s",
			   point ? number_format(point->value, curve->kernel_name ? sweep_decimals(curve->metric) : number_interval_decimals(&point->interval,
												   point->value),
						 false, text)
				 : "-");
	}
}

enum of_workers { THROUGHPUT, EFFICIENCY, FAIRNESS, SPREAD };

static void workers_row(struct table *table, const struct sweep_curve *curve, const struct sweep_curve *axis, enum of_workers what)
{
	static const char *const names[] = {"s/s", "efficiency, %", "fairness (Jain)", "slowest/fastest"};
	char text[NUMBER_MAX];
	size_t i;

	table_row(table);
	table_cell(table, TABLE_PLAIN, " ");
	table_cell(table, TABLE_DIM, "%s%s", what == THROUGHPUT ? curve->metric->op : "", names[what]);
	for (i = 0; i < axis->nr_points; i++) {
		const struct sweep_point *point = point_at(curve, axis->points[i].x);
		double value = !point		       ? NAN
			       : what == THROUGHPUT ? point->throughput
			       : what == EFFICIENCY ? 100 * point->efficiency
			       : what == FAIRNESS   ? point->fairness
						       : point->spread;

		if (isnan(value))
			table_cell(table, TABLE_DIM, "-");
		else if (what == THROUGHPUT)
			table_cell(table, TABLE_DIM, "%s", number_significant(value, 4, text));
		else
			table_cell(table, TABLE_DIM, what == EFFICIENCY ? "%.1f" : what == FAIRNESS ? "%.4f" : "%.3f", value);
	}
}

static bool has_efficiency(const struct sweep_curve *curve)
{
	return !isnan(curve->points[curve->nr_points - 1].efficiency);
}

/* A count that is the same everywhere: the table has said it. */
static bool is_level(const struct sweep_curve *curve)
{
	const struct sweep_fit *fit = &curve->fit;

	return curve->metric->is_count && fabs(fit->slope) * curve->points[curve->nr_points - 1].x < 0.05 && fit->misfit < 0.05;
}

static void print_fit(const struct rundata *data, const struct sweep *sweep, const struct sweep_curve *curve, FILE *out)
{
	const struct sweep_fit *fit = &curve->fit;
	int decimals = number_interval_decimals(&fit->slope_interval, fit->slope);
	char label[SWEEP_LABEL_MAX], slope[NUMBER_MAX], slopes[2 * NUMBER_MAX], step[SWEEP_STEP_MAX], base[NUMBER_MAX], bases[2 * NUMBER_MAX], misfit[NUMBER_MAX];

	/* Where every observation says the same there is no end of digits. */
	if (curve->kernel_name)
		decimals = 2;
	fprintf(out, "  %s, %s: %s %s per %s %s, %s %s at 0; the farthest point is %s off this line\n", curve->metric->name,
		sweep_label(sweep, curve, label), number_format(fit->slope, decimals, true, slope),
		curve->metric->is_count ? curve->metric->unit : label_clock(data), sweep_step(curve, step),
		number_interval(&fit->slope_interval, decimals, true, slopes),
		number_format(fit->intercept, decimals > 1 ? 1 : decimals, false, base),
		number_interval(&fit->intercept_interval, decimals > 1 ? 1 : decimals, false, bases),
		number_format(fit->misfit, decimals, false, misfit));
}

static int print_group(const struct rundata *data, const struct sweep *sweep, size_t first, size_t end,
		       const struct label_defaults *defaults, const struct table_look *look, FILE *out)
{
	const struct sweep_curve *axis = longest(sweep, first, end);
	struct table_column columns[COLUMNS_MAX] = {{TABLE_LEFT, 2}, {TABLE_LEFT, 1}};
	size_t nr_points = axis->nr_points < COLUMNS_MAX - 2 ? axis->nr_points : COLUMNS_MAX - 2, i;
	__free_mem char *title = sweep_title(axis, defaults), *words = label_per(sweep->curves[first].metric);
	const char *unit = sweep->curves[first].metric->unit;
	struct table *table;
	int ret;

	for (i = 0; i < nr_points; i++)
		columns[2 + i] = (struct table_column){TABLE_DECIMAL, 2};
	table = title ? table_new(columns, 2 + nr_points) : NULL;
	if (!table)
		return err_sys(ENOMEM, "memory for the table of a sweep");
	fprintf(out, "\n%s, %s\n", title, words ? words : unit);
	table_row(table);
	table_head(table, "metric");
	table_head(table, "%s", axis->axis);
	for (i = 0; i < nr_points; i++)
		table_head(table, "%.15g", axis->points[i].x);
	for (i = first; i < end; i++) {
		const struct sweep_curve *curve = &sweep->curves[i];

		if (strcmp(curve->metric->unit, unit)) {
			__free_mem char *other = label_per(curve->metric);

			table_text(table, TABLE_PLAIN, "  in %s:", other ? other : curve->metric->unit);
			unit = curve->metric->unit;
		}
		cost_row(table, sweep, curve, axis, i == first || sweep->curves[i - 1].metric != curve->metric);
		if (!has_efficiency(curve))
			continue;
		workers_row(table, curve, axis, THROUGHPUT);
		workers_row(table, curve, axis, EFFICIENCY);
		workers_row(table, curve, axis, FAIRNESS);
		workers_row(table, curve, axis, SPREAD);
	}
	ret = table_print(table, look, out);
	table_free(table);
	/* What workers cost each other is no line: it has steps. */
	for (i = first; i < end && !ret; i++)
		if (!isnan(sweep->curves[i].fit.slope) && !is_level(&sweep->curves[i]) && !is_over(axis, "workers"))
			print_fit(data, sweep, &sweep->curves[i], out);
	return ret;
}

int sweep_text(const struct rundata *data, const struct sweep *sweep, const struct label_defaults *defaults,
	       const struct table_look *look, FILE *out)
{
	size_t first, end;
	int ret = 0;

	for (first = 0; !ret && first < sweep->nr_curves; first = end) {
		end = sweep_group_end(sweep, first);
		ret = print_group(data, sweep, first, end, defaults, look, out);
	}
	return ret ? ret : ferror(out) ? err_set(EIO, "the table could not be written") : 0;
}
