// SPDX-License-Identifier: GPL-2.0-or-later
/* A run on the machine itself: what memcg costs there, latencies of single ops, and the doubts of each row. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "out/html.h"
#include "out/number.h"
#include "out/report_parts.h"

static const struct {
	const char *name, *class;
	int rank;
} verdicts[] = {
	[OVERHEAD_MORE] = {"costs more", "more", 0},	     [OVERHEAD_SMALL] = {"small", "small", 1},
	[OVERHEAD_INCONCLUSIVE] = {"undecided", "undecided", 2}, [OVERHEAD_NONE] = {"no verdict", "undecided", 3},
	[OVERHEAD_EQUIVALENT] = {"equivalent", "same", 4},   [OVERHEAD_LESS] = {"costs less", "less", 5},
};

void report_overhead_words(const struct report *report, const struct report_run *run, FILE *out)
{
	const struct overhead *overhead = run->overhead;
	const struct overhead_row *largest = NULL;
	const char *comma = "";
	size_t i, j;

	fputs("<p class=\"lead\">What memcg costs on <strong>", out);
	html_text(out, label_string(label_boot(run->data, "facts"), "release"));
	fprintf(out, "</strong>: of %zu number%s, ", overhead->nr_rows, overhead->nr_rows == 1 ? "" : "s");
	for (i = 0; i < ARRAY_SIZE(verdicts); i++) {
		size_t nr = 0;

		for (j = 0; j < overhead->nr_rows; j++)
			nr += verdicts[overhead->rows[j].verdict].rank == (int)i;
		for (j = 0; nr && j < ARRAY_SIZE(verdicts); j++)
			if (verdicts[j].rank == (int)i)
				fprintf(out, "%s%zu %s", comma, nr, verdicts[j].name);
		comma = nr ? ", " : comma;
	}
	fputs(".</p>\n", out);
	for (i = 0; i < overhead->nr_rows; i++)
		if (overhead->rows[i].verdict == OVERHEAD_MORE && !overhead->rows[i].metric->is_count && isfinite(overhead->rows[i].ratio) &&
		    (!largest || overhead->rows[i].ratio > largest->ratio))
			largest = &overhead->rows[i];
	if (largest) {
		__free_mem char *item = label_item_unique(run->data, largest->item, report->defaults);
		char arm[LABEL_MAX], diff[NUMBER_MAX];

		fputs("<p>The largest is ", out);
		report_row_name(out, item, largest->metric->name, label_arm(largest->item, largest->arm, arm));
		html_textf(out, ": %s %s, %+.1f %%.", number_estimate(largest->diff_ns, number_diff_decimals(largest), diff),
			   largest->metric->unit, 100 * largest->ratio);
		fputs("</p>\n", out);
	}
}

static void put_reason(const struct overhead_row *row, FILE *out)
{
	char delta[NUMBER_MAX];
	size_t i;

	number_significant(row->delta, 2, delta);
	switch (row->verdict) {
	case OVERHEAD_NONE:
		html_text(out, row->why);
		break;
	case OVERHEAD_EQUIVALENT:
		html_textf(out, "the interval lies within what does not count: %s %s", delta, row->metric->unit);
		break;
	case OVERHEAD_INCONCLUSIVE:
		html_text(out, "the interval holds 0 and reaches beyond what counts");
		break;
	case OVERHEAD_SMALL:
		html_textf(out, "there is a difference, but it may be smaller than %s %s", delta, row->metric->unit);
		break;
	case OVERHEAD_MORE:
	case OVERHEAD_LESS:
		html_textf(out, "the interval lies wholly beyond %s %s", delta, row->metric->unit);
		break;
	}
	if ((row->verdict == OVERHEAD_EQUIVALENT || row->verdict == OVERHEAD_INCONCLUSIVE) && !isnan(row->detectable_ratio))
		html_textf(out, "; %.2g %% would have been seen (80 %% power)", 100 * row->detectable_ratio);
	for (i = 0; i < row->nr_warnings; i++)
		html_textf(out, "; doubt: %s", row->warnings[i].text);
}

static void put_row(const struct report *report, const struct report_run *run, const struct overhead_row *row, const struct report_scale *scale, FILE *out)
{
	__free_mem char *item = label_item_unique(run->data, row->item, report->defaults);
	double percent = 100 * row->ratio, delta = row->base_ns > 0 ? 100 * row->delta / row->base_ns : NAN;
	char text[2 * NUMBER_MAX], label[LABEL_MAX];
	int median_decimals = number_median_decimals(row), decimals = number_diff_decimals(row);
	struct stats_interval interval = row->ratio_interval;

	interval.low *= 100;
	interval.high *= 100;
	fprintf(out, "<tr data-verdict=\"%s\">", verdicts[row->verdict].name);
	report_row_head(out, item);
	report_word(out, NULL, row->metric->name);
	report_word(out, "nowrap", label_arm(row->item, row->arm, label));
	report_verdict(out, verdicts[row->verdict].class, verdicts[row->verdict].rank, verdicts[row->verdict].name);
	report_number(out, "main", row->diff_ns, number_estimate(row->diff_ns, decimals, text));
	report_word(out, "nowrap", row->metric->unit);
	report_number(out, NULL, row->diff_interval.high - row->diff_interval.low, number_interval(&row->diff_interval, decimals, true, text));
	report_number(out, "main", percent, number_estimate(percent, number_interval_decimals(&interval, percent), text));
	report_range(out, verdicts[row->verdict].class, percent, interval.low, interval.high, delta, scale);
	report_number(out, NULL, row->base_ns, number_format(row->base_ns, median_decimals, false, text));
	report_number(out, NULL, row->arm_ns, number_format(number_arm(row), median_decimals, false, text));
	fputs("<td class=\"why\">", out);
	put_reason(row, out);
	fputs("</td></tr>\n", out);
}

static void put_latency(const struct report *report, const struct report_run *run, const struct overhead_latency_row *row, FILE *out)
{
	const double values[] = {row->p50_ns, row->p90_ns, row->p99_ns, row->p999_ns, row->max_ns};
	__free_mem char *item = label_item_unique(run->data, row->item, report->defaults);
	char text[NUMBER_MAX], label[LABEL_MAX];
	size_t i;

	fputs("<tr>", out);
	report_row_head(out, item);
	report_word(out, NULL, row->metric->name);
	report_word(out, "nowrap", label_arm(row->item, row->arm, label));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)row->count);
	report_number(out, NULL, (double)row->count, text);
	/* A bucket is 1/64 of its value wide: more than three digits would be made up. */
	for (i = 0; i < ARRAY_SIZE(values); i++)
		report_number(out, NULL, values[i], number_significant(values[i], 3, text));
	fputs("</tr>\n", out);
}

static void put_latencies(const struct report *report, const struct report_run *run, FILE *out)
{
	static const struct report_column columns[] = {
		{"bench", false, false}, {"metric", false, false}, {"state", false, false}, {"ops", true, false},   {"median", true, false},
		{"p90", true, false},	 {"p99", true, false},	   {"p99.9", true, false},  {"greatest", true, false}, {NULL, false, false},
	};
	size_t i;

	if (!run->overhead->nr_latencies)
		return;
	fputs("<h3>Latency of single ops</h3>\n", out);
	report_table_begin(out, "latencies", columns, "In ns, from a pass of its own; the cost of reading the clock is subtracted.");
	for (i = 0; i < run->overhead->nr_latencies; i++)
		put_latency(report, run, &run->overhead->latencies[i], out);
	report_table_end(out);
}

int report_overhead_table(const struct report *report, const struct report_run *run, FILE *out)
{
	struct report_scale scale;
	const struct report_column columns[] = {
		{"bench", false, false},     {"metric", false, false},	   {"state", false, false}, {"verdict", false, false}, {"difference", true, false},
		{"per op", false, false},    {"95 % interval", true, false}, {"%", true, false},	    {scale.text, false, true},      {"baseline", true, false},
		{"in it", true, false},	     {"why", false, true},	   {NULL, false, false},
	};
	const struct overhead *overhead = run->overhead;
	__free_mem double *ratios = calloc(overhead->nr_rows + 1, sizeof(*ratios));
	char base[LABEL_MAX], caption[512];
	size_t i;

	if (!ratios)
		return err_sys(ENOMEM, "memory for the table");
	if (!overhead->nr_rows)
		return 0;
	for (i = 0; i < overhead->nr_rows; i++)
		ratios[i] = 100 * overhead->rows[i].ratio;
	report_scale(ratios, overhead->nr_rows, &scale);
	snprintf(caption, sizeof(caption),
		 "Against %s. Differences are paired within blocks (Hodges-Lehmann); \"in it\" is the baseline's median and the difference. The grey band "
		 "of the little pictures is what does not count as a difference.",
		 label_arm(overhead->rows[0].item, overhead->rows[0].base, base));
	report_table_begin(out, "what memcg costs", columns, caption);
	for (i = 0; i < overhead->nr_rows; i++)
		put_row(report, run, &overhead->rows[i], &scale, out);
	report_table_end(out);
	put_latencies(report, run, out);
	return 0;
}
