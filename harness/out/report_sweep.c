// SPDX-License-Identifier: GPL-2.0-or-later
/* How costs grow along an axis: a table per sweep. */
#include <math.h>
#include <string.h>

#include "out/html.h"
#include "out/number.h"
#include "out/report_parts.h"
#include "out/sweep_text.h"

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

/* What workers cost each other is no line: it has steps. */
static bool has_slope(const struct sweep_curve *curve)
{
	return strcmp(curve->axis, "workers") != 0;
}

static void slope_cells(FILE *out, const struct sweep_curve *curve)
{
	const struct sweep_fit *fit = &curve->fit;
	int decimals = curve->kernel_name ? 2 : number_interval_decimals(&fit->slope_interval, fit->slope);
	char text[2 * NUMBER_MAX];

	if (!has_slope(curve))
		return;
	if (isnan(fit->slope)) {
		fputs("<td class=\"n\">-</td><td class=\"n\">-</td>", out);
		return;
	}
	report_number(out, "main", fit->slope, number_format(fit->slope, decimals, true, text));
	report_number(out, NULL, fit->slope_interval.low, number_interval(&fit->slope_interval, decimals, true, text));
}

static void put_curve(const struct sweep *sweep, const struct sweep_curve *curve, const struct sweep_curve *axis, FILE *out)
{
	char label[SWEEP_LABEL_MAX], text[NUMBER_MAX];
	size_t i;

	fputs("<tr><th scope=\"row\">", out);
	html_textf(out, "%s, %s", curve->metric->name, curve->metric->unit);
	fputs("</th>", out);
	report_word(out, "nowrap", sweep_label(sweep, curve, label));
	for (i = 0; i < axis->nr_points; i++) {
		const struct sweep_point *point = point_at(curve, axis->points[i].x);

		report_number(out, NULL, point ? point->value : NAN,
			      !point ? "-" : number_format(point->value, curve->kernel_name ? sweep_decimals(curve->metric) : number_interval_decimals(&point->interval, point->value),
							   false, text));
	}
	slope_cells(out, curve);
	fputs("</tr>\n", out);
}

/* Of workers: how much they do together, and how much of the first point's speed each keeps. */
static void put_workers(const struct sweep_curve *curve, const struct sweep_curve *axis, FILE *out)
{
	char text[NUMBER_MAX];
	size_t i;

	if (isnan(curve->points[curve->nr_points - 1].efficiency))
		return;
	fputs("<tr><th scope=\"row\"></th><td class=\"faint\">", out);
	html_textf(out, "%ss per second, all workers", curve->metric->op);
	fputs("</td>", out);
	for (i = 0; i < axis->nr_points; i++) {
		const struct sweep_point *point = point_at(curve, axis->points[i].x);
		double rate = point ? point->throughput : NAN;

		report_number(out, "faint", rate, isnan(rate) ? "-" : number_significant(rate, 4, text));
	}
	fputs("</tr>\n", out);
	fputs("<tr><th scope=\"row\"></th><td class=\"faint\">efficiency, %</td>", out);
	for (i = 0; i < axis->nr_points; i++) {
		const struct sweep_point *point = point_at(curve, axis->points[i].x);
		double efficiency = point ? 100 * point->efficiency : NAN;

		report_number(out, "faint", efficiency, number_format(efficiency, 1, false, text));
	}
	fputs("</tr>\n", out);
}

static void put_group(const struct report *report, const struct sweep *sweep, size_t first, size_t end, FILE *out)
{
	const struct sweep_curve *axis = longest(sweep, first, end);
	__free_mem char *title = sweep_title(axis, report->defaults);
	char step[SWEEP_STEP_MAX];
	size_t i;

	fputs("<h4>", out);
	html_text(out, title);
	fputs("</h4>\n<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
	html_text(out, title);
	fputs("\">\n<table>\n<thead><tr><th scope=\"col\">metric</th><th scope=\"col\">", out);
	html_text(out, axis->axis);
	fputs("</th>", out);
	for (i = 0; i < axis->nr_points; i++)
		fprintf(out, "<th scope=\"col\" class=\"n\">%.15g</th>", axis->points[i].x);
	if (has_slope(axis)) {
		fputs("<th scope=\"col\" class=\"n\">per ", out);
		html_text(out, sweep_step(axis, step));
		fputs("</th><th scope=\"col\" class=\"n\">95 % interval</th>", out);
	}
	fputs("</tr></thead>\n<tbody>\n", out);
	for (i = first; i < end; i++) {
		put_curve(sweep, &sweep->curves[i], axis, out);
		put_workers(&sweep->curves[i], axis, out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
}

int report_sweep_tables(const struct report *report, const struct report_run *run, FILE *out)
{
	const struct sweep *sweep = run->sweep;
	size_t first, end;

	if (!sweep || !sweep->nr_curves)
		return 0;
	fputs("<h3>How costs grow</h3>\n", out);
	for (first = 0; first < sweep->nr_curves; first = end) {
		end = sweep_group_end(sweep, first);
		put_group(report, sweep, first, end, out);
	}
	return 0;
}
