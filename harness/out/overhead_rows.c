// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of the table: one item at a time, in the widest layout that fits. */
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "out/number.h"
#include "out/overhead_render.h"

/* The footnote's number from 1; 0 without memory. @text is kept by reference. */
static size_t footnote(struct footnotes *footnotes, const char *text)
{
	const char **more;
	size_t i;

	for (i = 0; i < footnotes->nr; i++)
		if (!strcmp(footnotes->text[i], text))
			return i + 1;
	more = reallocarray(footnotes->text, footnotes->nr + 1, sizeof(*more));
	if (!more)
		return 0;
	footnotes->text = more;
	footnotes->text[footnotes->nr++] = text;
	return footnotes->nr;
}

/* A line of the table that may be long: filled to the width, below its row. */
void render_line(const struct render *render, struct table *table, enum table_style style,
		 const char *first, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	__free_mem char *filled = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	filled = text ? table_fill(text, first, render->width) : NULL;
	if (filled)
		table_text(table, style, "%s", filled);
}

struct stats_interval render_percent(const struct overhead_row *row)
{
	struct stats_interval percent = row->ratio_interval;

	percent.low *= 100;
	percent.high *= 100;
	return percent;
}

static bool holds_zero(const struct stats_interval *interval)
{
	return interval->low <= 0 && interval->high >= 0;
}

/* Nothing was found: "~" says it in front of the number. */
static bool row_is_nothing(const struct overhead_row *row)
{
	return (row->verdict == OVERHEAD_EQUIVALENT || row->verdict == OVERHEAD_INCONCLUSIVE) &&
	       holds_zero(&row->diff_interval);
}

static enum table_style row_style(const struct overhead_row *row)
{
	static const enum table_style styles[] = {
		[OVERHEAD_NONE] = TABLE_DIM,	       [OVERHEAD_EQUIVALENT] = TABLE_PLAIN,
		[OVERHEAD_INCONCLUSIVE] = TABLE_PLAIN, [OVERHEAD_SMALL] = TABLE_YELLOW,
		[OVERHEAD_MORE] = TABLE_RED,	       [OVERHEAD_LESS] = TABLE_GREEN,
	};

	return styles[row->verdict];
}

static void add_marks(struct render *render, struct table *table, const struct overhead_row *row)
{
	__free_mem char *marks = NULL;
	size_t size = 0, i;
	FILE *text = open_memstream(&marks, &size);

	if (!text)
		return;
	for (i = 0; i < row->nr_warnings; i++)
		fprintf(text, "%s%zu", i ? "," : "(",
			footnote(&render->footnotes, row->warnings[i].text));
	if (row->nr_warnings)
		fputc(')', text);
	if (fclose(text) == 0)
		table_cell(table, TABLE_YELLOW, "%s", marks);
}

static void add_diff_cells(struct table *table, const struct overhead_row *row, double value,
			   const struct stats_interval *interval, int decimals, const char *unit)
{
	char text[NUMBER_MAX], range[2 * NUMBER_MAX];
	enum table_style style = row_style(row);

	table_cell(table, style, "%s%s%s", row_is_nothing(row) && !isnan(value) ? "~ " : "",
		   number_estimate(value, decimals, text), isnan(value) ? "" : unit);
	table_cell(table, TABLE_PLAIN, "%s", number_interval(interval, decimals, true, range));
}

static void add_numbers(struct render *render, struct table *table, const struct overhead_row *row)
{
	struct stats_interval percent = render_percent(row);
	int percent_decimals = number_interval_decimals(&percent, row->ratio * 100);
	bool stacked = render->layout == LAYOUT_STACKED;
	char base[NUMBER_MAX], arm[NUMBER_MAX];
	__free_mem char *quantity = label_quantity(row->metric), *unit = NULL;

	if (!quantity || asprintf(&unit, "%s%s", stacked ? " " : "", stacked ? quantity : "") < 0)
		unit = NULL;
	table_row(table);
	table_cell(table, TABLE_PLAIN, "%s", row->metric->name);
	table_cell(table, TABLE_PLAIN, "%s", row->metric->is_count ? row->metric->unit : row->metric->op);
	table_cell(table, TABLE_PLAIN, "%s",
		   number_format(row->base_ns, number_median_decimals(row), false, base));
	table_cell(table, TABLE_PLAIN, "%s",
		   number_format(number_arm(row), number_median_decimals(row), false, arm));
	add_diff_cells(table, row, row->diff_ns, &row->diff_interval, number_diff_decimals(row),
		       unit ? unit : "");
	if (!stacked)
		add_diff_cells(table, row, row->ratio * 100, &percent, percent_decimals, "");
	table_cell(table, TABLE_PLAIN, "%zu", row->nr_blocks);
	add_marks(render, table, row);
	if (!stacked || isnan(row->ratio))
		return;
	table_row(table);
	table_span(table, TABLE_PLAIN, 4, "%s", "");
	add_diff_cells(table, row, row->ratio * 100, &percent, percent_decimals, " %");
}

/* "1.2 ns (0.8 %)"; of what has no share, "1.2 ns". malloc'd; NULL without memory. */
static char *detectable_words(const struct overhead_row *row)
{
	char absolute[NUMBER_MAX], percent[NUMBER_MAX], *words;
	__free_mem char *quantity = label_quantity(row->metric);
	bool has_share = isfinite(row->detectable_ratio);
	int n;

	if (!quantity)
		return NULL;
	number_significant(row->detectable_ns, 2, absolute);
	if (has_share)
		n = asprintf(&words, "%s %s (%s %%)", absolute, quantity, number_significant(row->detectable_ratio * 100, 2, percent));
	else
		n = asprintf(&words, "%s %s", absolute, quantity);
	return n < 0 ? NULL : words;
}

/* The larger of the two counts for a row: it is the one that is named. */
static char *delta_words(const struct render *render, const struct overhead_row *row, char *buf,
			 size_t size)
{
	const struct overhead *overhead = render->overhead;
	char number[NUMBER_MAX];

	if (row->delta > overhead->delta_ratio * fabs(row->base_ns) && row->delta < overhead->delta_ns)
		snprintf(buf, size, "%s %%", number_significant(100 * row->delta / row->base_ns, 2, number));
	else if (row->delta > overhead->delta_ratio * fabs(row->base_ns))
		snprintf(buf, size, "%s %s", number_plain(overhead->delta_ns, number),
			 label_clock(render->data));
	else
		snprintf(buf, size, "%s %%", number_plain(overhead->delta_ratio * 100, number));
	return buf;
}

/* What the verdict adds to the numbers of its row; nothing where they speak for themselves. */
static void add_verdict(struct render *render, struct table *table, const struct overhead_row *row)
{
	__free_mem char *seen = detectable_words(row);
	char delta[NUMBER_MAX + 16];
	const char *found = row_is_nothing(row) ? "~ no difference found" : "undecided";

	/* Nothing to compare with, as its empty cells say. */
	if (row->is_alone)
		return;
	delta_words(render, row, delta, sizeof(delta));
	switch (row->verdict) {
	case OVERHEAD_NONE:
		render_line(render, table, TABLE_DIM, "    ", "no verdict: %s",
			    *row->why ? row->why : "no reason given");
		break;
	case OVERHEAD_EQUIVALENT:
		if (row_is_nothing(row))
			render_line(render, table, TABLE_DIM, "    ",
				    "~ equivalent within %s; could not have seen less than %s",
				    delta, seen ? seen : "?");
		else
			render_line(render, table, TABLE_DIM, "    ",
				    "equivalent: there is a difference, and it is smaller than %s",
				    delta);
		break;
	case OVERHEAD_INCONCLUSIVE:
		if (isnan(row->detectable_ns))
			render_line(render, table, TABLE_DIM, "    ", "%s", found);
		else
			render_line(render, table, TABLE_DIM, "    ",
				    "%s; could not have seen less than %s", found, seen ? seen : "?");
		break;
	case OVERHEAD_SMALL:
		render_line(render, table, TABLE_DIM, "    ",
			    "small: there is a difference, but it may be smaller than %s", delta);
		break;
	case OVERHEAD_MORE:
	case OVERHEAD_LESS:
		break;
	}
}

/* An interval that covers less than its head promises must not pass for one that does. */
static void add_coverage(struct render *render, struct table *table, const struct overhead_row *row)
{
	const struct stats_interval *interval = &row->diff_interval;
	char percent[NUMBER_MAX];

	if (!isnan(interval->low) && interval->confidence < 0.9495)
		render_line(render, table, TABLE_YELLOW, "    ",
			    "the interval covers %s %% only: too few blocks for 95 %%",
			    number_significant(interval->confidence * 100, 3, percent));
}

static void add_details(struct render *render, struct table *table, const struct overhead_row *row)
{
	char base[2 * NUMBER_MAX], arm[2 * NUMBER_MAX], base_label[LABEL_MAX], arm_label[LABEL_MAX];
	__free_mem char *seen = detectable_words(row);
	int decimals = number_median_decimals(row);

	if (!render->options->verbose)
		return;
	render_line(render, table, TABLE_DIM, "    ",
		    "intervals: %s %s, %s %s %s; detectable %s; %zu of %zu differences outlying",
		    label_arm(row->item, row->base, base_label),
		    number_interval(&row->base_interval, decimals, false, base),
		    label_arm(row->item, row->arm, arm_label),
		    number_interval(&row->arm_interval, decimals, false, arm),
		    row->metric->unit, seen ? seen : "?",
		    row->nr_outliers, row->nr_blocks);
	if (row->metric->help && *row->metric->help)
		render_line(render, table, TABLE_DIM, "    ", "%s: %s", row->metric->name,
			    row->metric->help);
}

/* Of times, or of counts, each of which has a unit of its own. */
static void add_heads(struct render *render, struct table *table, const struct overhead_row *row)
{
	char base[LABEL_MAX], arm[LABEL_MAX];
	bool is_count = row->metric->is_count;
	const char *clock = is_count ? "counted" : label_clock(render->data);
	bool stacked = render->layout == LAYOUT_STACKED;

	label_arm(row->item, row->base, base);
	label_arm(row->item, row->arm, arm);
	table_row(table);
	table_span(table, TABLE_BOLD, 2, "%s", "");
	table_span(table, TABLE_BOLD, 2, "%s per op", clock);
	if (stacked) {
		table_span(table, TABLE_BOLD, 2, "%s - %s, per op", arm, base);
	} else {
		table_span(table, TABLE_BOLD, 2, "%s - %s, %s per op", arm, base, clock);
		table_span(table, TABLE_BOLD, 2, "in %% of %s", base);
	}
	table_row(table);
	table_head(table, "metric");
	table_head(table, "%s", is_count ? "unit" : "op");
	table_head(table, "%s", base);
	table_head(table, "%s", arm);
	table_head(table, "diff");
	table_head(table, "95%% interval");
	if (!stacked) {
		table_head(table, "diff");
		table_head(table, "95%% interval");
	}
	table_head(table, "blocks");
}

static void add_item_line(struct render *render, struct table *table,
			  const struct rundata_item *item)
{
	__free_mem char *label = label_item(item, render->options->defaults);
	char workers[LABEL_MAX], memcgs[LABEL_MAX];
	__free_mem char *line = NULL;
	size_t size = 0, i;
	FILE *text = open_memstream(&line, &size);
	json_t *warning;

	if (!text)
		return;
	fprintf(text, "%s", label ? label : item->bench);
	if (json_array_size(item->workers))
		fprintf(text, ": %s%s", label_workers(item, workers), label_memcgs(item, memcgs));
	if (item->place && *item->place)
		fprintf(text, ", placed %s", item->place);
	if (item->memory && *item->memory)
		fprintf(text, ", memory %s", item->memory);
	if (item->nr_arms && !label_common_arms(render->data)) {
		fputs("; ", text);
		label_arms(item, text);
	}
	json_array_foreach(item->warnings, i, warning) {
		const char *sentence = label_string(warning, "text");

		if (*sentence)
			fprintf(text, " (%zu)", footnote(&render->footnotes, sentence));
	}
	if (fclose(text) == 0)
		render_line(render, table, TABLE_BOLD, "", "%s", line);
}

static void add_errors(struct render *render, struct table *table, const json_t *records)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record) {
		bool skip = !strcmp(label_string(record, "type"), "skip");
		const char *text = label_string(record, "text");

		render_line(render, table, skip ? TABLE_YELLOW : TABLE_RED, "  ", "%s: %s",
			    skip ? "skipped" : "error", *text ? text : "no reason given");
	}
}

/* All metrics of one item for one arm against its baseline, below heads of their own. */
static size_t add_comparison(struct render *render, struct table *table,
			     const struct rundata_item *item, const struct rundata_arm *arm)
{
	const struct overhead *overhead = render->overhead;
	const struct overhead_row *last = NULL;
	size_t nr = 0, i;

	for (i = 0; i < overhead->nr_rows; i++) {
		const struct overhead_row *row = &overhead->rows[i];

		if (row->item != item || row->arm != arm)
			continue;
		if (!nr++ && arm != &item->arms[1])
			table_text(table, TABLE_PLAIN, "%s", "");
		if (!last || last->metric->is_count != row->metric->is_count)
			add_heads(render, table, row);
		last = row;
		add_numbers(render, table, row);
		add_verdict(render, table, row);
		add_coverage(render, table, row);
		add_details(render, table, row);
	}
	return nr;
}

static void add_item(struct render *render, struct table *table, const struct rundata_item *item)
{
	size_t nr = 0, i;

	table_text(table, TABLE_PLAIN, "%s", "");
	add_item_line(render, table, item);
	add_errors(render, table, item->errors);
	for (i = 0; i < item->nr_arms; i++)
		nr += add_comparison(render, table, item, &item->arms[i]);
	if (!nr && !json_array_size(item->errors))
		render_line(render, table, TABLE_RED, "  ", "no samples");
}

static struct table *make_table(struct render *render, const struct rundata_item *item)
{
	enum table_align numbers = render->layout == LAYOUT_ALIGNED ? TABLE_DECIMAL : TABLE_RIGHT;
	const struct table_column wide[] = {
		{TABLE_LEFT, 2},  {TABLE_LEFT, 1},  {numbers, 2}, {numbers, 2},
		{numbers, 2},	  {TABLE_RIGHT, 1}, {numbers, 2}, {TABLE_RIGHT, 1},
		{TABLE_RIGHT, 2}, {TABLE_LEFT, 1},
	};
	const struct table_column stacked[] = {
		{TABLE_LEFT, 2},  {TABLE_LEFT, 1},  {TABLE_RIGHT, 2}, {TABLE_RIGHT, 2},
		{TABLE_RIGHT, 2}, {TABLE_RIGHT, 1}, {TABLE_RIGHT, 2}, {TABLE_LEFT, 1},
	};
	struct table *table = render->layout == LAYOUT_STACKED
				      ? table_new(stacked, ARRAY_SIZE(stacked))
				      : table_new(wide, ARRAY_SIZE(wide));

	add_item(render, table, item);
	return table;
}

/* Every item has a table of its own: one bench with wide numbers must not stack those of the
 * others. */
int render_item(struct render *render, const struct rundata_item *item)
{
	int ret;

	for (render->layout = 0;; render->layout++) {
		struct table *table = make_table(render, item);

		if (table && table_width(table) > render->width &&
		    render->layout + 1 < NR_LAYOUTS) {
			table_free(table);
			continue;
		}
		ret = table_print(table, &render->look, render->out);
		table_free(table);
		return ret;
	}
}
