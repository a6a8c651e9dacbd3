// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison as a table for a terminal. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/compare_formats.h"
#include "out/number.h"
#include "out/table.h"

#define WIDTH 100

static const enum table_style verdict_styles[COMPARE_VERDICTS] = {
	[COMPARE_REGRESSION] = TABLE_RED,    [COMPARE_ERROR] = TABLE_RED,	 [COMPARE_IMPROVEMENT] = TABLE_GREEN,
	[COMPARE_SMALL] = TABLE_YELLOW,	     [COMPARE_INCONCLUSIVE] = TABLE_YELLOW, [COMPARE_INCOMPARABLE] = TABLE_YELLOW,
	[COMPARE_SAME] = TABLE_PLAIN,	     [COMPARE_EQUIVALENT] = TABLE_PLAIN,
};

static void value_cell(struct table *table, double value, int decimals)
{
	char number[NUMBER_MAX];

	table_cell(table, TABLE_PLAIN, "%s", number_format(value, decimals, false, number));
}

static void change_cell(struct table *table, enum table_style style, double value, int decimals)
{
	char number[NUMBER_MAX];

	table_cell(table, style, "%s", isnan(value) ? "-" : number_estimate(value, decimals, number));
}

static void interval_cell(struct table *table, const struct compare_change *change, int decimals)
{
	char text[2 * NUMBER_MAX];

	if (change->method == COMPARE_EXACT)
		table_cell(table, TABLE_DIM, "exact");
	else
		table_cell(table, TABLE_PLAIN, "%s", number_interval(&change->interval, decimals, true, text));
}

static void print_head(struct table *table, const struct compare *compare, const struct compare_row *row)
{
	char below[LABEL_MAX] = "";

	if (row->below && row->base_item)
		label_arm(row->base_item, row->below, below);
	table_row(table);
	table_head(table, "metric");
	table_head(table, "state");
	table_head(table, "%s", compare->base.name);
	table_head(table, "%s", compare->cand.name);
	table_head(table, "change");
	table_head(table, "95 %% interval");
	table_head(table, "%%");
	table_head(table, "%s", *below ? below : "control");
	table_head(table, "verdict");
}

static void print_row(struct table *table, const struct compare *compare, const struct compare_row *row, bool new_metric)
{
	int decimals = compare_decimals(compare, row);
	char arm[LABEL_MAX];

	table_row(table);
	table_cell(table, TABLE_BOLD, "%s", new_metric && row->metric ? row->metric->name : "");
	table_cell(table, TABLE_PLAIN, "%s", compare_arm_label(row, arm));
	value_cell(table, row->base.median, decimals);
	value_cell(table, row->cand.median, decimals);
	change_cell(table, TABLE_BOLD, row->change.value, decimals);
	interval_cell(table, &row->change, decimals);
	change_cell(table, TABLE_PLAIN, 100 * row->ratio, 1);
	change_cell(table, TABLE_PLAIN, row->control.value, decimals);
	table_cell(table, verdict_styles[row->verdict], "%s", compare_verdict_name(row->verdict));
}

/* What the verdict alone does not say. */
static void print_why(const struct compare *compare, const struct compare_row *row, FILE *out)
{
	char arm[LABEL_MAX], unit[LABEL_MAX];

	if (!row->why[0])
		return;
	fprintf(out, "  %s (%s): %s: %s", row->metric ? row->metric->name : "-", compare_arm_label(row, arm),
		compare_verdict_name(row->verdict), row->why);
	if (!isnan(row->detectable))
		fprintf(out, "; a change of %.3g %s would have been seen (80 %% power)", row->detectable,
			compare_unit(compare, row, unit));
	if (row->nr_wanted)
		fprintf(out, "; one of %.3g takes about %zu %s", row->delta, row->nr_wanted,
			compare->paired ? "seeds" : "blocks");
	fputc('\n', out);
}

/* The rows from @first on that are of one item; returns how many. */
static size_t count_rows(const struct compare *compare, size_t first)
{
	size_t end = first + 1;

	while (end < compare->nr_rows && compare_same_item(&compare->rows[first], &compare->rows[end]))
		end++;
	return end - first;
}

static int print_item(const struct compare *compare, size_t first, size_t nr, const struct compare_look *look, FILE *out)
{
	static const struct table_column columns[] = {
		{TABLE_LEFT, 2}, {TABLE_LEFT, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2},
		{TABLE_RIGHT, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_LEFT, 2},
	};
	struct table_look table_look = {.colour = look->colour, .ascii = look->ascii};
	const struct compare_row *rows = &compare->rows[first];
	__free_mem char *name = compare_item_label(compare, rows, look);
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	char unit[LABEL_MAX];
	size_t i;
	int ret;

	fprintf(out, "\n%s: %s\n", name ? name : "?", compare_unit(compare, rows, unit));
	print_head(table, compare, rows);
	for (i = 0; i < nr; i++)
		print_row(table, compare, &rows[i], !i || rows[i].metric != rows[i - 1].metric);
	ret = table_print(table, &table_look, out);
	table_free(table);
	for (i = 0; !ret && i < nr; i++)
		print_why(compare, &rows[i], out);
	return ret;
}

static void print_side(const char *word, const struct compare_side *side, FILE *out)
{
	fprintf(out, "%s: %s", word, side->name);
	if (*side->release && strcmp(side->release, side->name))
		fprintf(out, " (%s)", side->release);
	fprintf(out, ", %s\n", side->data->dir);
}

int compare_text(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	char summary[256];
	size_t i, nr;
	int ret = 0;

	print_side("base     ", &compare->base, out);
	print_side("candidate", &compare->cand, out);
	for (i = 0; !ret && i < compare->nr_rows; i += nr) {
		nr = count_rows(compare, i);
		ret = print_item(compare, i, nr, look, out);
	}
	if (ret)
		return ret;
	fputc('\n', out);
	for (i = 0; i < compare->nr_warnings; i++)
		fprintf(out, "warning: %s\n", compare->warnings[i]);
	fprintf(out, "%s\n", compare_summary(compare, summary, sizeof(summary)));
	fprintf(out, "change: of what memcg costs; what happened to the op without it stands apart (the column before the verdict).\n");
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}
