// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/overhead_text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "out/number.h"
#include "out/overhead_header.h"
#include "out/overhead_render.h"
#include "out/sweep_text.h"

#define WIDTH_DEFAULT 100
/* One op in 1000 is above p99.9. */
#define FEW_OPS_P999 10000

static void put_filled(struct render *render, enum table_style style, const char *first,
		       const char *text)
{
	__free_mem char *filled = table_fill(text, first, render->width);

	table_put(filled ? filled : text, style, &render->look, render->out);
	fputc('\n', render->out);
}

static void __printf(4, 5) put_line(struct render *render, enum table_style style,
				    const char *first, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (text)
		put_filled(render, style, first, text);
}

/* --- latencies --- */

static void add_latency(struct table *table, const struct overhead_latency_row *row, bool first)
{
	const double quantiles[] = {row->p50_ns, row->p90_ns, row->p99_ns, row->p999_ns};
	char label[LABEL_MAX], number[NUMBER_MAX];
	size_t i;

	table_row(table);
	table_cell(table, TABLE_PLAIN, "%s", first ? row->metric->name : "");
	table_cell(table, TABLE_PLAIN, "%s", label_arm(row->item, row->arm, label));
	table_cell(table, TABLE_PLAIN, "%llu", (unsigned long long)row->count);
	table_cell(table, TABLE_PLAIN, "%s", number_significant(row->clock_cost_ns, 3, number));
	/* A bucket is 1/64 of its value wide: more than three digits would be made up. */
	for (i = 0; i < ARRAY_SIZE(quantiles); i++)
		table_cell(table, TABLE_PLAIN, "%s", number_significant(quantiles[i], 3, number));
	table_cell(table, TABLE_PLAIN, "%s", number_format(row->max_ns, 0, false, number));
}

static void add_latency_heads(struct table *table)
{
	static const char *const heads[] = {"metric", "arm", "ops",   "clock", "p50",
					    "p90",    "p99", "p99.9", "max"};
	size_t i;

	table_row(table);
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		table_head(table, "%s", heads[i]);
}

static int print_latencies(struct render *render)
{
	static const struct table_column columns[] = {
		{TABLE_LEFT, 2},    {TABLE_LEFT, 2},	{TABLE_RIGHT, 2},
		{TABLE_RIGHT, 2},   {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2},
		{TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2},
	};
	const struct overhead *overhead = render->overhead;
	const struct overhead_latency_row *before = NULL;
	struct table *table;
	size_t i;
	int ret;

	if (!overhead->nr_latencies)
		return 0;
	fputc('\n', render->out);
	put_line(render, TABLE_BOLD, "",
		 "Latency of single ops in %s, from a pass of its own; the cost of reading the "
		 "clock (column \"clock\") is subtracted.",
		 label_clock(render->data));
	table = table_new(columns, ARRAY_SIZE(columns));
	for (i = 0; i < overhead->nr_latencies; i++) {
		const struct overhead_latency_row *row = &overhead->latencies[i];

		if (!before || before->item != row->item) {
			__free_mem char *label = label_item_unique(render->data, row->item,
								   render->options->defaults);

			if (before)
				table_text(table, TABLE_PLAIN, "%s", "");
			render_line(render, table, TABLE_PLAIN, "", "%s, per %s",
				    label ? label : row->item->bench, row->metric->op);
			add_latency_heads(table);
		}
		add_latency(table, row,
			    !before || before->item != row->item || before->metric != row->metric);
		if (row->count < FEW_OPS_P999)
			render_line(render, table, TABLE_YELLOW, "    ",
				    "p99.9 rests on fewer than 10 ops");
		before = row;
	}
	ret = table_print(table, &render->look, render->out);
	table_free(table);
	return ret;
}

/* --- what stands below the tables --- */

static void print_footnotes(struct render *render)
{
	const struct footnotes *footnotes = &render->footnotes;
	char first[32];
	size_t i;

	if (footnotes->nr)
		fputc('\n', render->out);
	for (i = 0; i < footnotes->nr; i++) {
		snprintf(first, sizeof(first), "(%zu) ", i + 1);
		put_filled(render, TABLE_YELLOW, first, footnotes->text[i]);
	}
}

static const char *meaning_of(const struct overhead_row *row)
{
	if (!strcmp(row->base->state, "off"))
		return "compared with the same kernel booted with the memory controller switched "
		       "off";
	if (!strcmp(row->base->state, "root"))
		return "compared with the root memcg, whose tasks run part of memcg's code too: it "
		       "is what a memcg of one's own costs, not all that the controller costs";
	return "compared with a memcg that is charged as well: it is what the change of arm costs, "
	       "not what memcg costs";
}

/* Of the times that are more beyond doubt, the one that grew most. What is counted is no cost. */
static const struct overhead_row *largest(const struct overhead *overhead)
{
	const struct overhead_row *found = NULL;
	size_t i;

	for (i = 0; i < overhead->nr_rows; i++)
		if (overhead->rows[i].verdict == OVERHEAD_MORE && !overhead->rows[i].metric->is_count && isfinite(overhead->rows[i].ratio) &&
		    (!found || overhead->rows[i].ratio > found->ratio))
			found = &overhead->rows[i];
	return found;
}

static void put_counts(const struct overhead *overhead, FILE *text)
{
	static const struct {
		enum overhead_verdict verdict;
		const char *words;
	} names[] = {
		{OVERHEAD_MORE, "more"},
		{OVERHEAD_LESS, "less"},
		{OVERHEAD_SMALL, "small"},
		{OVERHEAD_EQUIVALENT, "equivalent"},
		{OVERHEAD_INCONCLUSIVE, "undecided"},
		{OVERHEAD_NONE, "without verdict"},
	};
	const char *comma = "";
	size_t i, j, nr;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (j = nr = 0; j < overhead->nr_rows; j++)
			nr += overhead->rows[j].verdict == names[i].verdict && !overhead->rows[j].is_alone;
		if (nr)
			fprintf(text, "%s%zu %s", comma, nr, names[i].words);
		comma = nr ? ", " : comma;
	}
}

static size_t nr_comparisons(const struct overhead *overhead)
{
	size_t i, nr = 0;

	for (i = 0; i < overhead->nr_rows; i++)
		nr += !overhead->rows[i].is_alone;
	return nr;
}

static bool has_counts(const struct overhead *overhead)
{
	size_t i;

	for (i = 0; i < overhead->nr_rows; i++)
		if (overhead->rows[i].metric->is_count)
			return true;
	return false;
}

static void print_summary(struct render *render)
{
	const struct overhead *overhead = render->overhead;
	const struct overhead_row *row = largest(overhead);
	__free_mem char *summary = NULL;
	char diff[NUMBER_MAX], percent[NUMBER_MAX];
	size_t size = 0, nr = nr_comparisons(overhead);
	FILE *text = nr ? open_memstream(&summary, &size) : NULL;

	if (!text)
		return;
	fprintf(text, "Of %zu comparison%s: ", nr, nr == 1 ? "" : "s");
	put_counts(overhead, text);
	if (row) {
		__free_mem char *label = label_row(render->data, row, render->options->defaults);
		struct stats_interval interval = render_percent(row);

		fprintf(text, "; the largest is %s, %s %s per %s (%s %%)",
			label ? label : row->metric->name,
			number_estimate(row->diff_ns, number_diff_decimals(row), diff),
			label_clock(render->data), row->metric->op,
			number_format(row->ratio * 100,
				      number_interval_decimals(&interval, row->ratio * 100), true,
				      percent));
	}
	fputc('.', text);
	if (fclose(text) == 0)
		put_filled(render, TABLE_PLAIN, "", summary);
}

static void print_meaning(struct render *render)
{
	const struct overhead *overhead = render->overhead;
	char ratio[NUMBER_MAX], absolute[NUMBER_MAX], chance[128] = "";

	if (!overhead->nr_rows)
		return;
	/* Whoever looks at many rows will find one: no verdict here is corrected for that. */
	if (overhead->nr_rows >= 20)
		snprintf(chance, sizeof(chance),
			 " (of %zu rows without any difference, about %.0f would still exclude 0)",
			 overhead->nr_rows, round(0.05 * (double)overhead->nr_rows));
	fputc('\n', render->out);
	put_line(render, TABLE_PLAIN, "",
		 "A difference is what one op costs more (+) or less (-), %s.",
		 meaning_of(&overhead->rows[0]));
	print_summary(render);
	put_line(render, TABLE_DIM, "",
		 "Differences are paired within blocks (Hodges-Lehmann); beside the median of the "
		 "baseline stands that and the difference. Intervals cover 95 %% or more, one row at "
		 "a time, where blocks do not depend on each other%s; what counts is %s %% of the "
		 "baseline or %s %s, the larger, of %s %s no more than a tenth of it%s; \"could not "
		 "have seen less\" is at 80 %% power.",
		 chance, number_plain(overhead->delta_ratio * 100, ratio),
		 number_plain(overhead->delta_ns, absolute), label_clock(render->data), absolute, label_clock(render->data),
		 has_counts(overhead) ? " (of what is counted, the share alone)" : "");
}

static void print_files(struct render *render)
{
	const char *const *text;
	__free_mem char *list = NULL;
	size_t size = 0;
	FILE *files = open_memstream(&list, &size);

	if (!files)
		return;
	for (text = render->options->files; text && *text; text++)
		fprintf(files, " %s", *text);
	if (fclose(files))
		return;
	fputc('\n', render->out);
	for (text = render->options->remarks; text && *text; text++)
		put_filled(render, TABLE_YELLOW, "note: ", *text);
	put_line(render, TABLE_PLAIN, "", "written to %s%s%s", render->data->dir, *list ? ":" : "",
		 list);
}

int overhead_text(const struct rundata *data, const struct overhead *overhead,
		  const struct overhead_text_options *options, FILE *out)
{
	struct render render = {
		.data = data,
		.overhead = overhead,
		.options = options,
		.look = {.colour = options->colour, .ascii = options->ascii},
		.width = options->width ? options->width : WIDTH_DEFAULT,
		.out = out,
	};
	size_t i;
	int ret;

	ret = overhead_header(data, overhead, &render.look, render.width, options->verbose, out);
	for (i = 0; i < data->nr_items && !ret; i++)
		ret = render_item(&render, &data->items[i]);
	if (!ret)
		ret = print_latencies(&render);
	if (!ret) {
		print_footnotes(&render);
		print_meaning(&render);
		if (options->sweep)
			ret = sweep_text(data, options->sweep, options->defaults, &render.look, out);
		print_files(&render);
		if (!ret && ferror(out))
			ret = err_sys(EIO, "write the table");
	}
	free(render.footnotes.text);
	return ret;
}
