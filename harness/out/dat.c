// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/dat.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "out/number.h"
#include "out/sweep_text.h"

void dat_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		fputc(*text == '"' ? '\'' : (unsigned char)*text < ' ' ? ' ' : *text, out);
	fputs("\" ", out);
}

void dat_number(FILE *out, double value)
{
	if (isfinite(value))
		fprintf(out, "%.10g ", value);
	else
		fputs("NaN ", out);
}

static void put_estimate(FILE *out, double value, const struct stats_interval *interval,
			 double scale)
{
	dat_number(out, value * scale);
	dat_number(out, interval->low * scale);
	dat_number(out, interval->high * scale);
}

static void put_origin(const struct rundata *data, FILE *out)
{
	fprintf(out, "# run %s, kernel %s\n", label_string(data->run, "run"),
		label_string(label_boot(data, "facts"), "release"));
}

/* "+38.9 ns [+36.5, +41.3]", as in the table. */
static void put_words(const struct overhead_row *row, FILE *out)
{
	const struct stats_interval *interval = &row->diff_interval;
	int decimals = number_diff_decimals(row);
	char diff[NUMBER_MAX], range[2 * NUMBER_MAX] = "(no interval)";
	__free_mem char *quantity = label_quantity(row->metric), *text = NULL;

	if (!isnan(interval->low) && !isnan(interval->high))
		number_interval(interval, decimals, true, range);
	if (!quantity || asprintf(&text, "%s %s  %s", number_estimate(row->diff_ns, decimals, diff), quantity, range) < 0)
		text = NULL;
	dat_string(out, isnan(row->diff_ns) ? (row->is_alone ? "not in the baseline" : "no number") : text ? text : "?");
}

static void put_name(const struct rundata *data, const struct overhead_row *row,
		     const struct label_defaults *defaults, FILE *out)
{
	__free_mem char *label = label_row(data, row, defaults);
	__free_mem char *text = NULL;

	if (!label || asprintf(&text, "%s per %s", label, row->metric->op) < 0)
		text = NULL;
	dat_string(out, text ? text : row->metric->name);
}

static void put_row(const struct rundata *data, const struct overhead *overhead,
		    const struct label_defaults *defaults, size_t i, size_t place, FILE *out)
{
	const struct overhead_row *row = &overhead->rows[i];
	const struct stats_interval *interval = &row->diff_interval;

	fprintf(out, "%zu ", place);
	put_name(data, row, defaults, out);
	put_estimate(out, row->base_ns, &row->base_interval, 1);
	put_estimate(out, row->arm_ns, &row->arm_interval, 1);
	put_estimate(out, row->diff_ns, &row->diff_interval, 1);
	put_estimate(out, row->ratio, &row->ratio_interval, 100);
	dat_number(out, 100 * row->delta / fabs(row->base_ns));
	fprintf(out, "%d ", interval->low > 0 || interval->high < 0);
	put_words(row, out);
	dat_string(out, row->metric->unit);
	fputc('\n', out);
}

static void put_rows(const struct rundata *data, const struct overhead *overhead, const struct label_defaults *defaults, bool counts, FILE *out)
{
	size_t i, place = 0;

	for (i = 0; i < overhead->nr_rows; i++)
		if (overhead->rows[i].metric->is_count == counts)
			put_row(data, overhead, defaults, i, place++, out);
}

static void put_overhead(const struct rundata *data, const struct overhead *overhead,
			 const struct label_defaults *defaults, FILE *out)
{
	const char *clock = label_clock(data);

	fprintf(out, "# memcgbench: what memcg costs, per op. Two data sets: times, in %s; and what was counted\n", clock);
	put_origin(data, out);
	fprintf(out, "# 1 row  2 name\n");
	fprintf(out, "# 3 median of the baseline arm, in the unit of column 18  4 5 its 95 %% interval\n");
	fprintf(out, "# 6 the other arm: 3 and 9  7 8 the 95 %% interval of 9 on 3\n");
	fprintf(out, "# 9 difference  10 11 its 95 %% interval\n");
	fprintf(out, "# 12 difference, %% of the baseline  13 14 its 95 %% interval\n");
	fprintf(out, "# 15 smallest difference that counts, %% of the baseline\n");
	fprintf(out, "# 16 1: the interval of the difference excludes 0  17 difference in words  18 unit\n");
	put_rows(data, overhead, defaults, false, out);
	fprintf(out, "\n\n# what was counted\n");
	put_rows(data, overhead, defaults, true, out);
}

/* The width of a histogram's bucket follows from its lower bound: docs/RESULTS-FORMAT.md. */
static uint64_t bucket_width(uint64_t low)
{
	return low < 64 ? 1 : (uint64_t)1 << (63 - __builtin_clzll(low) - 6);
}

/* Empty stretches, also the one behind the last bucket, are lines of their own: a curve drawn
 * through the lines is then flat there, and ends at 0. */
static void put_distribution(const struct overhead_latency_row *row, FILE *out)
{
	uint64_t at_or_above = row->count, end = row->nr_buckets ? row->histogram[0][0] : 0;
	size_t i;

	for (i = 0; i < row->nr_buckets; i++) {
		uint64_t low = row->histogram[i][0], count = row->histogram[i][1];
		double above = (double)at_or_above / (double)row->count;

		if (low > end)
			fprintf(out, "%llu %llu 0 %.10g %.10g\n", (unsigned long long)end,
				(unsigned long long)low, 1 - above, above);
		end = low + bucket_width(low);
		fprintf(out, "%llu %llu %llu %.10g %.10g\n", (unsigned long long)low,
			(unsigned long long)end, (unsigned long long)count, 1 - above, above);
		at_or_above -= count < at_or_above ? count : at_or_above;
	}
	fprintf(out, "%llu %llu 0 1 0\n", (unsigned long long)end, (unsigned long long)end);
}

static void put_percentiles(const struct overhead_latency_row *row, FILE *out)
{
	const struct {
		const char *name;
		double above, ns;
	} points[] = {{"p50", 0.5, row->p50_ns},
		      {"p90", 0.1, row->p90_ns},
		      {"p99", 0.01, row->p99_ns},
		      {"p99.9", 0.001, row->p999_ns}};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(points); i++) {
		dat_string(out, points[i].name);
		dat_number(out, points[i].ns);
		fprintf(out, "%.10g %.10g\n", 1 - points[i].above, points[i].above);
	}
}

static void put_latency_head(const struct rundata *data, const struct overhead_latency_row *row,
			     FILE *out)
{
	const char *clock = label_clock(data);

	fprintf(out, "# memcgbench: latency of single ops, %s %s per %s\n", row->item->bench,
		row->metric->name, row->metric->op);
	put_origin(data, out);
	fprintf(out, "# Two data sets per arm. The distribution:\n");
	fprintf(out, "#   1 lower bound of the bucket, %s  2 upper bound, %s  3 ops in it\n", clock,
		clock);
	fprintf(out, "#   4 share of ops below the lower bound  5 share of ops at or above it\n");
	fprintf(out, "# and the percentiles:\n");
	fprintf(out, "#   1 name  2 value, %s  3 share of ops below  4 share of ops above\n",
		clock);
}

int dat_begin(const char *path, struct beneath_file *ret_file)
{
	__free_mem char *folder = NULL;
	const char *name = strrchr(path, '/');

	/* One more level: the folder that holds it is one that we make, "plots", and may be no link either. */
	while (name && name > path && name[-1] == '/')
		name--;
	while (name && name > path && name[-1] != '/')
		name--;
	name = name ? name : path;
	folder = strndup(path, (size_t)(name - path));
	return folder ? beneath_begin(folder, name, ret_file) : err_sys(ENOMEM, "write %s", path);
}

int dat_overhead(const struct rundata *data, const struct overhead *overhead,
		 const struct label_defaults *defaults, const char *path)
{
	struct beneath_file file;
	int ret = dat_begin(path, &file);

	if (ret)
		return ret;
	put_overhead(data, overhead, defaults, file.out);
	return beneath_end(&file, 0);
}

int dat_latency(const struct rundata *data, const struct overhead *overhead, size_t first,
		const char *path, size_t *ret_next)
{
	const struct overhead_latency_row *row = &overhead->latencies[first];
	struct beneath_file file;
	char label[LABEL_MAX];
	size_t i = first;
	FILE *out;
	int ret = dat_begin(path, &file);

	if (ret)
		return ret;
	out = file.out;
	put_latency_head(data, row, out);
	for (; i < overhead->nr_latencies; i++, row++) {
		if (row->item != overhead->latencies[first].item ||
		    row->metric != overhead->latencies[first].metric)
			break;
		label_arm(row->item, row->arm, label);
		/* Two empty lines part data sets. */
		fprintf(out, "%s# %s, distribution\n", i == first ? "" : "\n\n", label);
		put_distribution(row, out);
		fprintf(out, "\n\n# %s, percentiles\n", label);
		put_percentiles(row, out);
	}
	ret = beneath_end(&file, 0);
	if (!ret)
		*ret_next = i;
	return ret;
}

static void put_curve(const struct sweep *sweep, const struct sweep_curve *curve, FILE *out)
{
	char label[SWEEP_LABEL_MAX];
	size_t i;

	fprintf(out, "# %s, %s, %s\n", curve->metric->name, sweep_label(sweep, curve, label), curve->metric->unit);
	for (i = 0; i < curve->nr_points; i++) {
		const struct sweep_point *point = &curve->points[i];

		dat_number(out, point->x);
		put_estimate(out, point->value, &point->interval, 1);
		dat_number(out, curve->fit.intercept + curve->fit.slope * point->x);
		put_estimate(out, point->efficiency, &point->efficiency_interval, 100);
		dat_number(out, point->fairness);
		dat_number(out, point->spread);
		dat_number(out, point->throughput);
		fputc('\n', out);
	}
}

int dat_sweep(const struct rundata *data, const struct sweep *sweep, size_t first, size_t end, const char *path)
{
	const char *axis = sweep->curves[first].axis;
	struct beneath_file file;
	FILE *out;
	size_t i;
	int ret = dat_begin(path, &file);

	if (ret)
		return ret;
	out = file.out;
	fprintf(out, "# memcgbench: costs over %s, one data set a curve\n", axis);
	put_origin(data, out);
	fprintf(out, "# 1 %s  2 %s, in the unit of the data set  3 4 %s\n", axis,
		sweep->curves[first].kernel_name ? "mean" : "median",
		sweep->curves[first].kernel_name ? "its least and greatest over seeds" : "its 95 %% interval");
	fprintf(out, "# 5 the fitted line there\n");
	fprintf(out, "# 6 efficiency, %% of the first point  7 8 its 95 %% interval  9 fairness (Jain)  10 slowest / fastest worker  11 ops per second, all workers\n");
	for (i = first; i < end; i++) {
		fputs(i > first ? "\n\n" : "", out);
		put_curve(sweep, &sweep->curves[i], out);
	}
	return beneath_end(&file, 0);
}
