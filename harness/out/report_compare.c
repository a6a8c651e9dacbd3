// SPDX-License-Identifier: GPL-2.0-or-later
/* A comparison: its words, and its table with a reason for every verdict. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_explain.h"
#include "out/compare_formats.h"
#include "out/explain.h"
#include "out/explain_compare.h"
#include "out/function_verdicts.h"
#include "out/html.h"
#include "out/number.h"
#include "out/report_parts.h"

/* Rows that are named in words. */
#define NAMED_MAX 5
/* Functions that are named in a cell; the rest unfold. */
#define FUNCTIONS_NAMED 2

/* The worst first, as the table is sorted by it. */
static const int ranks[COMPARE_VERDICTS] = {
	[COMPARE_REGRESSION] = 0, [COMPARE_ERROR] = 1,	[COMPARE_INCOMPARABLE] = 2, [COMPARE_INCONCLUSIVE] = 3,
	[COMPARE_SMALL] = 4,	  [COMPARE_IMPROVEMENT] = 5, [COMPARE_EQUIVALENT] = 6,   [COMPARE_SAME] = 7,
};

static const char *metric_name(const struct compare_row *row)
{
	return row->metric ? row->metric->name : "-";
}

static char *change_text(const struct compare *compare, const struct compare_row *row, char *buf, size_t size)
{
	char number[NUMBER_MAX], percent[NUMBER_MAX], unit[LABEL_MAX];

	snprintf(buf, size, "%s %s, %s %% of what the op costs", number_estimate(row->change.value, compare_decimals(compare, row), number),
		 compare_unit(compare, row, unit), number_estimate(100 * row->ratio, 1, percent));
	return buf;
}

static int farther(const void *a, const void *b)
{
	const struct compare_row *const *x = a, *const *y = b;
	double one = fabs((*x)->ratio), other = fabs((*y)->ratio);

	return (one < other) - (one > other);
}

/* A list of the rows with @verdict, those that changed most first. */
static void name_rows(const struct report *report, const struct compare *compare, enum compare_verdict verdict, const char *head, FILE *out)
{
	const struct compare_look look = {.defaults = report->defaults};
	__free_mem const struct compare_row **rows = calloc(compare->nr_rows + 1, sizeof(*rows));
	size_t nr = 0, i;

	for (i = 0; rows && i < compare->nr_rows; i++)
		if (compare->rows[i].verdict == verdict)
			rows[nr++] = &compare->rows[i];
	if (!nr)
		return;
	qsort(rows, nr, sizeof(*rows), farther);
	fprintf(out, "<p>%s</p>\n<ul>\n", head);
	for (i = 0; i < nr && i < NAMED_MAX; i++) {
		__free_mem char *item = compare_item_label(compare, rows[i], &look);
		char arm[LABEL_MAX], change[256];

		fputs("<li>", out);
		report_row_name(out, item, metric_name(rows[i]), compare_arm_label(rows[i], arm));
		html_textf(out, ": %s", change_text(compare, rows[i], change, sizeof(change)));
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
	if (nr > NAMED_MAX)
		fprintf(out, "<p class=\"faint\">and %zu more, in the table.</p>\n", nr - NAMED_MAX);
}

static void name_missing(void *ctx, const char *what, const char *why, bool failed)
{
	FILE *out = ctx;

	fprintf(out, "<p class=\"%s\"><strong>%s:</strong> ", failed ? "error" : "inconclusive", failed ? "Failed" : "Not compared");
	html_textf(out, "%s: %s", what, why);
	fputs("</p>\n", out);
}

static void put_side(FILE *out, const struct compare_side *side)
{
	fputs("<strong>", out);
	html_text(out, side->name);
	fputs("</strong>", out);
	if (*side->release && strcmp(side->release, side->name))
		html_textf(out, " (%s)", side->release);
}

void report_compare_words(const struct report *report, const struct compare *compare, FILE *out)
{
	char summary[256];

	fputs("<p class=\"lead\">", out);
	put_side(out, &compare->cand);
	fputs(" against ", out);
	put_side(out, &compare->base);
	fputs(": ", out);
	if (compare->count[COMPARE_REGRESSION])
		fprintf(out, "<strong class=\"regression\">memcg became dearer in %zu of %zu numbers.</strong> ", compare->count[COMPARE_REGRESSION],
			compare->nr_rows);
	else if (compare->count[COMPARE_ERROR])
		fputs("<strong class=\"error\">something went wrong.</strong> ", out);
	else if (compare->count[COMPARE_INCONCLUSIVE] + compare->count[COMPARE_INCOMPARABLE])
		fputs("<strong class=\"inconclusive\">nothing was found to be worse, and not all could be decided.</strong> ", out);
	else
		fputs("<strong class=\"improvement\">nothing is worse.</strong> ", out);
	html_textf(out, "All %zu: %s.", compare->nr_rows, compare_summary(compare, summary, sizeof(summary)));
	fputs("</p>\n", out);
	if (compare_missing_each(compare, &(struct compare_look){.defaults = report->defaults}, name_missing, out))
		report_warning(out, true, "%s", err_msg());
	name_rows(report, compare, COMPARE_REGRESSION, "Dearer, beyond what counts as a change:", out);
	name_rows(report, compare, COMPARE_IMPROVEMENT, "Cheaper:", out);
}

/* --- the table --- */

/* Why the verdict is what it is. */
static void put_reason(const struct compare *compare, const struct compare_row *row, FILE *out)
{
	char delta[NUMBER_MAX], unit[LABEL_MAX];

	number_significant(row->delta, 3, delta);
	compare_unit(compare, row, unit);
	switch (row->verdict) {
	case COMPARE_SAME:
		html_textf(out, "all %zu pairs differ by the same, which is within %s %s", row->change.nr, delta, unit);
		break;
	case COMPARE_EQUIVALENT:
		html_textf(out, "the 90 %% interval lies within %s %s", delta, unit);
		break;
	case COMPARE_SMALL:
		html_textf(out, "there is a change, and it may be smaller than %s %s", delta, unit);
		break;
	case COMPARE_IMPROVEMENT:
	case COMPARE_REGRESSION:
		if (row->change.method == COMPARE_EXACT)
			html_textf(out, "all %zu pairs differ by the same, which is beyond %s %s", row->change.nr, delta, unit);
		else
			html_textf(out, "the interval lies wholly beyond %s %s", delta, unit);
		break;
	case COMPARE_INCONCLUSIVE:
	case COMPARE_INCOMPARABLE:
	case COMPARE_ERROR:
	case COMPARE_VERDICTS:
		break;
	}
	/* Of what is missing it is said above, once. */
	if (row->why[0] && !compare_is_missing(row))
		html_text(out, row->why);
	if (!isnan(row->detectable))
		html_textf(out, "; a change of %.3g would have been seen (80 %% power)", row->detectable);
	if (row->nr_wanted)
		html_textf(out, "; one of %s takes about %zu %s", delta, row->nr_wanted, compare->paired ? "seeds" : "blocks");
}

static void put_parts(const struct explain_change *change, FILE *out)
{
	char number[NUMBER_MAX], note[EXPLAIN_NOTE_MAX];
	size_t i;

	fputs("<ul>\n", out);
	for (i = 0; i < change->nr_parts; i++) {
		fputs("<li><code>", out);
		html_text(out, change->parts[i].name);
		fputs("</code>", out);
		html_textf(out, " %s%s", explain_number(change->parts[i].change, true, number, sizeof(number)),
			   explain_part_note(&change->parts[i], note, sizeof(note)));
		fputs("</li>\n", out);
	}
	if (change->nr_rest)
		fprintf(out, "<li>%zu other%s %s</li>\n", change->nr_rest, change->nr_rest == 1 ? "" : "s",
			   explain_number(change->rest, true, number, sizeof(number)));
	fputs("</ul>", out);
}

/* Of a row without a change of its own. */
static int put_verdicts(const struct compare_row *row, FILE *out)
{
	__free_mem char *sentence = row->functions && row->functions->nr ? function_verdicts_sentence(row->functions) : strdup("");

	if (!sentence)
		return err_sys(ENOMEM, "memory for the table");
	if (row->functions_why)
		html_textf(out, "; by function: not known: %s", row->functions_why);
	else if (*sentence)
		html_textf(out, "; by function: %s", sentence);
	return 0;
}

/* Where a change lies, in instructions of each function, where both sides were profiled: the largest two in a sentence, as a cell is narrow, all of them folded away. */
static int put_functions(const struct compare *compare, const struct compare_row *row, FILE *out)
{
	struct explain_change change __free_explain_change = {0};
	__free_mem char *sentence = NULL;
	int ret = compare_explain(compare, row, EXPLAIN_CHANGE_JSON, &change);

	if (explain_change_is_told(ret))
		html_textf(out, "; by function: not known: %s", err_msg());
	if (ret)
		return ret == -ENOMEM ? ret : put_verdicts(row, out);
	sentence = explain_change_sentence(&change, FUNCTIONS_NAMED);
	if (!sentence)
		return err_sys(ENOMEM, "memory for the table");
	fputs("<details class=\"functions\"><summary>by function: ", out);
	html_text(out, sentence);
	fputs("</summary>\n", out);
	put_parts(&change, out);
	fputs("</details>", out);
	return 0;
}

static void interval_cell(FILE *out, const struct compare_change *change, int decimals)
{
	char text[2 * NUMBER_MAX];

	if (change->method == COMPARE_EXACT)
		report_number(out, NULL, 0, "exact");
	else
		report_number(out, NULL, change->interval.high - change->interval.low,
			      number_interval(&change->interval, decimals, true, text));
}

static int put_row(const struct report *report, const struct compare *compare, const struct compare_row *row, const struct report_scale *scale, FILE *out)
{
	const struct compare_look look = {.defaults = report->defaults};
	__free_mem char *item = compare_item_label(compare, row, &look);
	const char *verdict = compare_verdict_name(row->verdict);
	/* What turns numbers per op into percent of the base side's op. */
	double percent = row->change.value ? 100 * row->ratio / row->change.value : row->base > 0 ? 100 / row->base : NAN;
	int decimals = compare_decimals(compare, row);
	struct compare_cells cells = compare_cells(row, decimals);
	char text[NUMBER_MAX], label[LABEL_MAX];
	int ret;

	fprintf(out, "<tr data-verdict=\"%s\">", verdict);
	report_row_head(out, item);
	report_word(out, NULL, metric_name(row));
	report_word(out, "nowrap", compare_arm_label(row, label));
	report_verdict(out, verdict, ranks[row->verdict], verdict);
	report_number(out, "main", row->change.value, isnan(row->change.value) ? "-" : number_estimate(row->change.value, decimals, text));
	report_word(out, "nowrap", compare_unit(compare, row, label));
	interval_cell(out, &row->change, decimals);
	report_number(out, "main", 100 * row->ratio, isnan(row->ratio) ? "-" : number_estimate(100 * row->ratio, 1, text));
	report_range(out, verdict, 100 * row->ratio, percent * row->change.interval.low, percent * row->change.interval.high,
		     percent * row->delta, scale);
	report_number(out, NULL, cells.old, number_format(cells.old, decimals, false, text));
	report_number(out, NULL, cells.new, number_format(cells.new, decimals, false, text));
	report_number(out, NULL, row->control.value, isnan(row->control.value) ? "-" : number_estimate(row->control.value, decimals, text));
	fputs("<td class=\"why\">", out);
	put_reason(compare, row, out);
	ret = put_functions(compare, row, out);
	fputs("</td></tr>\n", out);
	return ret;
}

int report_compare_table(const struct report *report, const struct compare *compare, FILE *out)
{
	struct report_scale scale;
	const struct report_column columns[] = {
		{"bench", false, false},   {"metric", false, false},	   {"state", false, false},	     {"verdict", false, false},
		{"change", true, false},   {"per op", false, false},	   {"95 % interval", true, false},   {"%", true, false},
		{scale.text, false, true},	   {compare->base.name, true, false}, {compare->cand.name, true, false}, {"without memcg", true, false},
		{"why", false, true},	   {NULL, false, false},
	};
	__free_mem double *ratios = calloc(compare->nr_rows + 1, sizeof(*ratios));
	size_t i;
	int ret = 0;

	if (!ratios)
		return err_sys(ENOMEM, "memory for the table");
	for (i = 0; i < compare->nr_rows; i++)
		ratios[i] = 100 * compare->rows[i].ratio;
	report_scale(ratios, compare->nr_rows, &scale);
	for (i = 0; i < compare->nr_warnings; i++)
		report_warning(out, false, "%s", compare->warnings[i]);
	report_table_begin(out, "comparison", columns,
			   "Both sides and the change: of what memcg costs. What happened to the op without it stands apart, in the column \"without memcg\". "
			   "The grey band of the little pictures is what does not count as a change.");
	for (i = 0; !ret && i < compare->nr_rows; i++)
		ret = put_row(report, compare, &compare->rows[i], &scale, out);
	report_table_end(out);
	return ret;
}
