// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison as comma-separated values (RFC 4180) and as a table in Markdown: a cell a fact, a line a row. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/csv.h"
#include "out/compare_formats.h"
#include "out/explain_compare.h"
#include "out/function_verdicts.h"
#include "out/number.h"

static int csv_row(const struct compare *compare, const struct compare_row *row, const char *label, FILE *out)
{
	char arm[LABEL_MAX], unit[LABEL_MAX];
	__free_mem char *functions = NULL;
	__free_mem char *verdicts = function_verdicts_list(row->functions);
	int ret = compare_functions_list(compare, row, &functions);

	if (!ret && !verdicts)
		ret = err_sys(ENOMEM, "memory for a table");
	if (ret)
		return ret;
	csv_text(out, label);
	fputc(',', out);
	csv_text(out, row->metric ? row->metric->name : "");
	fputc(',', out);
	csv_text(out, compare_arm_label(row, arm));
	fputc(',', out);
	csv_text(out, compare_unit(compare, row, unit));
	csv_number(out, row->base);
	csv_number(out, row->cand);
	csv_number(out, row->base_overhead);
	csv_number(out, row->cand_overhead);
	csv_number(out, row->change.value);
	csv_number(out, row->change.interval.low);
	csv_number(out, row->change.interval.high);
	csv_number(out, row->ratio);
	csv_number(out, row->control.value);
	csv_number(out, row->delta);
	csv_number(out, row->detectable);
	csv_number(out, row->p_holm);
	fprintf(out, ",%zu,%s,", row->change.nr, compare_verdict_name(row->verdict));
	csv_text(out, row->why);
	csv_number(out, row->total.value);
	csv_number(out, row->total.interval.low);
	csv_number(out, row->total.interval.high);
	fprintf(out, ",%s,%zu,", compare_method_name(row->change.method), row->nr_wanted);
	fprintf(out, "%s,", compare_verdict_name(row->row_verdict));
	csv_text(out, verdicts);
	fputc(',', out);
	csv_text(out, functions);
	fputs("\r\n", out);
	return 0;
}

int compare_csv(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	size_t i;
	int ret = 0;

	fputs("bench,metric,state,unit,base,candidate,base_overhead,candidate_overhead,change,change_low,change_high,"
	      "change_ratio,control_change,delta,detectable,p_holm,n,verdict,why,"
	      "total_change,total_low,total_high,method,n_wanted,row_verdict,function_verdicts,functions\r\n", out);
	for (i = 0; !ret && i < compare->nr_rows; i++) {
		__free_mem char *label = compare_item_label(compare, &compare->rows[i], look);

		if (!label)
			return err_sys(ENOMEM, "memory for a table");
		ret = csv_row(compare, &compare->rows[i], label, out);
	}
	if (ret)
		return ret;
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}

static void md_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("|\\`*_<>", *text))
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void md_number(FILE *out, double value, int decimals, bool sign)
{
	if (isnan(value))
		fputs(" | -", out);
	else
		fprintf(out, sign ? " | %+.*f" : " | %.*f", decimals, value);
}

static void md_row(const struct compare *compare, const struct compare_row *row, const char *label, FILE *out)
{
	int decimals = compare_decimals(compare, row);
	struct compare_cells cells = compare_cells(row, decimals);
	char arm[LABEL_MAX], unit[LABEL_MAX], seen[LABEL_MAX], interval[2 * NUMBER_MAX];
	bool strong = row->verdict == COMPARE_REGRESSION || row->verdict == COMPARE_ERROR;

	fputs("| ", out);
	md_text(out, label);
	fputs(" | ", out);
	md_text(out, row->metric ? row->metric->name : "-");
	fputs(" | ", out);
	md_text(out, compare_arm_label(row, arm));
	fputs(" | ", out);
	md_text(out, compare_unit(compare, row, unit));
	md_number(out, cells.old, decimals, false);
	md_number(out, cells.new, decimals, false);
	md_number(out, cells.change, decimals, true);
	fputs(" | ", out);
	md_text(out, row->change.method == COMPARE_EXACT ? "exact" : number_interval(&row->change.interval, decimals, true, interval));
	md_number(out, 100 * row->ratio, 1, true);
	md_number(out, row->control.value, decimals, true);
	fputs(" | ", out);
	md_text(out, compare_seen(compare, row, seen));
	fprintf(out, " | %s%s%s", strong ? "**" : "", compare_verdict_name(row->verdict), strong ? "**" : "");
	if (row->why[0] && !compare_is_missing(row) && strcmp(row->why, COMPARE_WHY_SPREAD) != 0) {
		fputs(": ", out);
		md_text(out, row->why);
	}
	fputs(" |\n", out);
}

static void md_functions(FILE *out, int nr, const char *label, const char *metric, const char *arm, const char *functions)
{
	const char *const words[] = {label, metric, arm, functions};
	size_t i;

	fputs(nr ? "- " : "\n- ", out);
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		fputs(i ? ", " : "", out);
		md_text(out, words[i]);
	}
	fputc('\n', out);
}

static void md_missing(void *ctx, const char *what, const char *why, bool failed)
{
	FILE *out = ctx;

	fprintf(out, "> **%s:** ", failed ? "failed" : "not compared");
	md_text(out, what);
	fputs(": ", out);
	md_text(out, why);
	fputs("\n\n", out);
}

int compare_md(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	__free_mem char *methods = compare_methods(compare);
	char summary[256], below[LABEL_MAX];
	size_t i;
	int ret;

	ret = compare_missing_each(compare, look, md_missing, out);
	if (ret)
		return ret;
	fputs("| bench | metric | state | unit | ", out);
	md_text(out, compare_head(compare, false));
	fputs(" | ", out);
	md_text(out, compare_head(compare, true));
	fputs(" | change | 95 % interval | % | ", out);
	md_text(out, *compare_below(compare, below) ? below : "control");
	fputs(" | would see | verdict |\n|---|---|---|---|--:|--:|--:|--:|--:|--:|--:|---|\n", out);
	for (i = 0; i < compare->nr_rows; i++) {
		__free_mem char *label = compare_item_label(compare, &compare->rows[i], look);

		if (!label)
			return err_sys(ENOMEM, "memory for a table");
		md_row(compare, &compare->rows[i], label, out);
	}
	ret = compare_functions_each(compare, look, md_functions, out);
	if (ret < 0)
		return ret;
	if (*below)
		fprintf(out, "\nOld, new and change are of what memcg itself costs per op (state less %s); %%: the change, of the whole op.\n", below);
	fprintf(out, "\n**%s**\n", compare_summary(compare, summary, sizeof(summary)));
	if (methods && *methods) {
		fputc('\n', out);
		md_text(out, methods);
		fputc('\n', out);
	}
	for (i = 0; i < compare->nr_warnings; i++) {
		fputs("\n> ", out);
		md_text(out, compare->warnings[i]);
		fputc('\n', out);
	}
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}
