// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison as a table for a terminal. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/compare_formats.h"
#include "out/explain_compare.h"
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
	table_head(table, "%s", compare_head(compare, false));
	table_head(table, "%s", compare_head(compare, true));
	table_head(table, "change");
	table_head(table, "95 %% interval");
	table_head(table, "%%");
	table_head(table, "%s", *below ? below : "control");
	table_head(table, "would see");
	table_head(table, "verdict");
}

static void print_row(struct table *table, const struct compare *compare, const struct compare_row *row, bool new_metric)
{
	int decimals = compare_decimals(compare, row);
	struct compare_cells cells = compare_cells(row, decimals);
	char arm[LABEL_MAX], seen[LABEL_MAX];

	table_row(table);
	table_cell(table, TABLE_BOLD, "%s", new_metric && row->metric ? row->metric->name : "");
	table_cell(table, TABLE_PLAIN, "%s", compare_arm_label(row, arm));
	value_cell(table, cells.old, decimals);
	value_cell(table, cells.new, decimals);
	change_cell(table, TABLE_BOLD, cells.change, decimals);
	interval_cell(table, &row->change, decimals);
	change_cell(table, TABLE_PLAIN, 100 * row->ratio, 1);
	change_cell(table, TABLE_PLAIN, row->control.value, decimals);
	table_cell(table, TABLE_DIM, "%s", compare_seen(compare, row, seen));
	table_cell(table, verdict_styles[row->verdict], "%s", compare_verdict_name(row->verdict));
}

/* A paragraph as wide as the table. */
static void print_filled(const char *first, const char *text, const struct compare_look *look, FILE *out)
{
	__free_mem char *filled = table_fill(text, first, look->width ? look->width : WIDTH);

	if (filled && *text) {
		table_put(filled, TABLE_PLAIN, &(struct table_look){.colour = look->colour, .ascii = look->ascii}, out);
		fputc('\n', out);
	}
}

struct missing_print {
	const struct compare_look *look;
	FILE *out;
};

static void print_missing(void *ctx, const char *what, const char *why, bool failed)
{
	const struct missing_print *print = ctx;
	__free_mem char *text = NULL;

	if (asprintf(&text, "%s: %s", what, why) < 0)
		text = NULL;
	print_filled(failed ? "FAILED: " : "NOT COMPARED: ", text ? text : why, print->look, print->out);
}

/* What the verdict alone does not say. */
static int print_why(const struct compare *compare, const struct compare_row *row, const struct compare_look *look, FILE *out)
{
	__free_mem char *advice = compare_advice(compare, row), *text = NULL, *filled = NULL;
	char arm[LABEL_MAX];

	/* What decides is said with the functions. */
	if (!row->why[0] || compare_is_missing(row) || row->why_is_common || row->verdict != row->row_verdict)
		return 0;
	if (!advice || asprintf(&text, "%s %s: %s%s%s", row->metric ? row->metric->name : "-", compare_arm_label(row, arm), row->why,
				*advice ? "; " : "", advice) < 0)
		return err_sys(ENOMEM, "memory for a table");
	filled = table_fill(text, "    ", look->width ? look->width : WIDTH);
	if (!filled)
		return err_sys(ENOMEM, "memory for a table");
	table_put(filled, TABLE_PLAIN, &(struct table_look){.colour = look->colour, .ascii = look->ascii}, out);
	fputc('\n', out);
	return 0;
}

/* Where the change lies, when the runs know. */
static int print_functions(const struct compare *compare, const struct compare_row *row, const struct compare_look *look, FILE *out)
{
	__free_mem char *functions = compare_functions(compare, row), *first = NULL;
	char arm[LABEL_MAX];

	if (!functions)
		return err_sys(ENOMEM, "memory for a table");
	if (!*functions)
		return 0;
	if (asprintf(&first, "    %s %s, ", row->metric->name, compare_arm_label(row, arm)) < 0)
		return err_sys(ENOMEM, "memory for a table");
	print_filled(first, functions, look, out);
	return 0;
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
		{TABLE_RIGHT, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_LEFT, 2},
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
	for (i = 0; i < nr; i++) {
		if (compare_unit_changes(compare, &rows[i], unit))
			table_text(table, TABLE_PLAIN, "  in %s:", unit);
		print_row(table, compare, &rows[i], !i || rows[i].metric != rows[i - 1].metric);
	}
	ret = table_print(table, &table_look, out);
	table_free(table);
	for (i = 0; !ret && i < nr && !compare_common_why(compare); i++)
		ret = print_why(compare, &rows[i], look, out);
	for (i = 0; !ret && i < nr; i++)
		ret = print_functions(compare, &rows[i], look, out);
	return ret;
}

static void print_side(const char *word, const struct compare_side *side, FILE *out)
{
	fprintf(out, "%s: %s", word, side->name);
	if (*side->release && strcmp(side->release, side->name))
		fprintf(out, " (%s)", side->release);
	fprintf(out, ", %s\n", side->data->dir);
}

/* The verdict that the exit status goes by. */
static enum compare_verdict worst(const struct compare *compare)
{
	static const enum compare_verdict order[] = {
		COMPARE_REGRESSION, COMPARE_ERROR, COMPARE_INCOMPARABLE, COMPARE_INCONCLUSIVE, COMPARE_SMALL, COMPARE_IMPROVEMENT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		if (compare->count[order[i]])
			return order[i];
	return COMPARE_SAME;
}

static char *bootstrap_list(const struct compare *compare)
{
	char arm[LABEL_MAX], low[NUMBER_MAX], high[NUMBER_MAX], *text = NULL;
	size_t size, nr = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "bootstrap of the mean change (BCa, 95 %%, %zu resamples), which decides nothing: ", compare->nr_resamples);
	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		int decimals = compare_decimals(compare, row);

		if (isnan(row->bootstrap.low))
			continue;
		fprintf(out, "%s%s %s [%s, %s]", nr++ ? ", " : "", row->metric->name, compare_arm_label(row, arm),
			number_format(row->bootstrap.low, decimals, true, low), number_format(row->bootstrap.high, decimals, true, high));
	}
	if (!nr)
		fprintf(out, "no row has %d units that differ", COMPARE_BOOTSTRAP_MIN);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void print_notes(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	__free_mem char *methods = compare_methods(compare);
	char below[LABEL_MAX], text[320];
	size_t i;

	compare_below(compare, below);
	if (*below)
		snprintf(text, sizeof(text),
			 "old, new, change: of what memcg itself costs per op (state less %s); %%: the change, of the whole op; %s: the change "
			 "of the op without it. would see: what 80 %% of such comparisons would have found.",
			 below, below);
	else
		snprintf(text, sizeof(text), "change: candidate against base. would see: what 80 %% of such comparisons would have found.");
	print_filled("", text, look, out);
	if (methods)
		print_filled("", methods, look, out);
	if (compare->nr_resamples) {
		__free_mem char *list = bootstrap_list(compare);

		print_filled("", list ? list : "", look, out);
	}
	if (compare_common_why(compare))
		print_filled("every row: ", compare_common_why(compare), look, out);
	for (i = 0; i < compare->nr_warnings; i++)
		print_filled("warning: ", compare->warnings[i], look, out);
}

int compare_text(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	char summary[256];
	size_t i, nr;
	int ret = 0;

	print_side("base     ", &compare->base, out);
	print_side("candidate", &compare->cand, out);
	ret = compare_missing_each(compare, look, print_missing, &(struct missing_print){look, out});
	for (i = 0; !ret && i < compare->nr_rows; i += nr) {
		nr = count_rows(compare, i);
		/* An item without a metric is in the lines above. */
		if (!compare->rows[i].metric)
			continue;
		ret = print_item(compare, i, nr, look, out);
	}
	if (ret)
		return ret;
	fputc('\n', out);
	print_notes(compare, look, out);
	fputc('\n', out);
	table_put(compare_summary(compare, summary, sizeof(summary)), verdict_styles[worst(compare)],
		  &(struct table_look){.colour = look->colour, .ascii = look->ascii}, out);
	fputc('\n', out);
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}
