// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernels booted with memcg off and on: what memcg costs on each, in words and row by row. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "out/html.h"
#include "out/number.h"
#include "out/report_parts.h"

#define NAMED_MAX 5

/* A cost of an arm in percent of the op with memcg off. */
static double percent_of(const struct ladder_row *row, size_t arm)
{
	return row->overhead[arm].nr && row->arm[0].mean > 0 ? 100 * row->overhead[arm].mean / row->arm[0].mean : NAN;
}

/* The memcg that a row is known by: the child one of least depth. 0: there is none. */
static size_t plain_child(const struct rundata_item *item)
{
	size_t i, found = 0;

	for (i = 1; i < item->nr_arms; i++)
		if (!strcmp(item->arms[i].state, "child") && (!found || item->arms[i].depth < item->arms[found].depth))
			found = i;
	return found;
}

struct named {
	const struct ladder_row *row;
	double percent;
};

static int dearer(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return (x->percent < y->percent) - (x->percent > y->percent);
}

/* Times of @kernel in their plain child memcg, the dearest first. Returns how many. */
static size_t collect(const struct ladder *ladder, size_t kernel, struct named *named)
{
	size_t nr = 0, i;

	for (i = 0; i < ladder->nr_rows; i++) {
		const struct ladder_row *row = &ladder->rows[i];
		size_t child = plain_child(row->item);
		double percent = child ? percent_of(row, child) : NAN;

		if (row->kernel == kernel && !row->metric->is_count && !isnan(percent))
			named[nr++] = (struct named){row, percent};
	}
	qsort(named, nr, sizeof(*named), dearer);
	return nr;
}

static void name_dearest(const struct report *report, const struct report_run *run, const struct named *named, size_t nr, FILE *out)
{
	size_t i;

	fputs("<p>Dearest, as a share of the op with memcg off:</p>\n<ul>\n", out);
	for (i = 0; i < nr && i < NAMED_MAX; i++) {
		const struct ladder_row *row = named[i].row;
		__free_mem char *item = label_item_unique(run->data, row->item, report->defaults);
		const struct rundata_arm *arm = &row->item->arms[plain_child(row->item)];
		char label[LABEL_MAX];

		fputs("<li>", out);
		report_row_name(out, item, row->metric->name, label_arm(row->item, arm, label));
		html_textf(out, ": %+.1f %s, %+.1f %%", row->overhead[plain_child(row->item)].mean, row->metric->unit, named[i].percent);
		fputs("</li>\n", out);
	}
	fputs("</ul>\n", out);
}

void report_ladder_words(const struct report *report, const struct report_run *run, FILE *out)
{
	const struct ladder *ladder = run->ladder;
	__free_mem struct named *named = calloc(ladder->nr_rows + 1, sizeof(*named));
	size_t kernel, nr;

	for (kernel = 0; named && kernel < ladder->nr_kernels; kernel++) {
		nr = collect(ladder, kernel, named);
		fputs("<p>What memcg costs on <strong>", out);
		html_text(out, ladder->kernels[kernel]);
		fputs("</strong>: ", out);
		if (!nr)
			fputs("nothing can be said, for it was not measured with memcg off as well as in a child memcg.", out);
		else if (nr == 1)
			html_textf(out, "%+.1f %% of the op with memcg off, in a child memcg.", named[0].percent);
		else
			html_textf(out, "in a child memcg, %+.1f %% to %+.1f %% of the op with memcg off", named[nr - 1].percent, named[0].percent);
		if (nr >= 3)
			html_textf(out, "; half of the %zu numbers are above %+.1f %%", nr,
				   (named[(nr - 1) / 2].percent + named[nr / 2].percent) / 2);
		if (nr >= 2)
			fputc('.', out);
		fputs("</p>\n", out);
		if (nr >= 3 && kernel == ladder->nr_kernels - 1)
			name_dearest(report, run, named, nr, out);
	}
}

/* Half the range over seeds. */
static void spread_cell(FILE *out, const struct ladder_cost *cost)
{
	double spread = (cost->high - cost->low) / 2;
	char text[NUMBER_MAX];

	if (cost->nr < 2)
		report_number(out, NULL, NAN, "-");
	else
		report_number(out, NULL, spread, spread < 0.005 ? "0" : number_format(spread, spread < 0.1 ? 2 : 1, false, text));
}

static void cost_cell(FILE *out, const char *class, double value, int decimals, bool sign)
{
	char text[NUMBER_MAX];

	report_number(out, class, value,
		      isnan(value) ? "-" : sign ? number_estimate(value, decimals, text) : number_format(value, decimals, false, text));
}

static void put_row(const struct report *report, const struct report_run *run, const struct ladder_row *row, size_t arm, const struct report_scale *scale,
		    FILE *out)
{
	__free_mem char *item = label_item_unique(run->data, row->item, report->defaults);
	double percent = percent_of(row, arm), per = row->arm[0].mean > 0 ? 100 / row->arm[0].mean : NAN;
	const struct ladder_cost *overhead = &row->overhead[arm];
	char text[NUMBER_MAX], label[LABEL_MAX];
	int decimals = row->metric->is_count ? 3 : 1;

	fputs("<tr>", out);
	report_row_head(out, item);
	report_word(out, NULL, row->metric->name);
	if (run->ladder->nr_kernels > 1)
		report_word(out, NULL, run->ladder->kernels[row->kernel]);
	report_word(out, "nowrap", label_arm(row->item, &row->item->arms[arm], label));
	cost_cell(out, "main", ladder_overhead(run->ladder, row, arm, decimals), decimals, true);
	report_word(out, "nowrap", row->metric->unit);
	report_number(out, "main", percent, isnan(percent) ? "-" : number_estimate(percent, 1, text));
	report_range(out, "cost", percent, overhead->nr > 1 ? per * overhead->low : NAN, overhead->nr > 1 ? per * overhead->high : NAN, NAN,
		     scale);
	cost_cell(out, NULL, ladder_arm(run->ladder, row, 0, decimals), decimals, false);
	cost_cell(out, NULL, ladder_arm(run->ladder, row, arm, decimals), decimals, false);
	spread_cell(out, overhead);
	if (run->ladder->nr_kernels > 1)
		cost_cell(out, "main", ladder_change(row, arm, decimals), decimals, true);
	fputs("</tr>\n", out);
}

static int fit_scale(const struct ladder *ladder, struct report_scale *ret_scale)
{
	__free_mem double *values = NULL;
	size_t nr = 0, i, arm;

	for (i = 0; i < ladder->nr_rows; i++)
		nr += ladder->rows[i].item->nr_arms;
	values = calloc(nr + 1, sizeof(*values));
	if (!values)
		return err_sys(ENOMEM, "memory for the table");
	for (nr = i = 0; i < ladder->nr_rows; i++)
		for (arm = 1; arm < ladder->rows[i].item->nr_arms; arm++)
			values[nr++] = percent_of(&ladder->rows[i], arm);
	report_scale(values, nr, ret_scale);
	return 0;
}

int report_ladder_table(const struct report *report, const struct report_run *run, FILE *out)
{
	const struct ladder *ladder = run->ladder;
	bool several = ladder->nr_kernels > 1;
	struct report_scale scale;
	const struct report_column all[] = {
		{"bench", false, false},  {"metric", false, false}, {"kernel", false, false},	 {"state", false, false}, {"memcg costs", true, false},
		{"per op", false, false}, {"% of off", true, false}, {scale.text, false, true}, {"memcg off", true, false}, {"in it", true, false},
		{"±", true, false},	  {"change", true, false},   {NULL, false, false},
	};
	struct report_column columns[ARRAY_SIZE(all)];
	char caption[512];
	size_t i, arm, nr = 0;
	int ret = fit_scale(ladder, &scale);

	for (i = 0; i < ARRAY_SIZE(all); i++)
		if (several || !all[i].name || (strcmp(all[i].name, "kernel") && strcmp(all[i].name, "change")))
			columns[nr++] = all[i];
	snprintf(caption, sizeof(caption), "Means over %zu seed%s, of a row over those that all kernels have. ±: half the range of the difference over the seeds.%s%s%s",
		 ladder->nr_seeds, ladder->nr_seeds == 1 ? "" : "s", several ? " change: of what memcg costs, against " : "",
		 several ? ladder->kernels[0] : "", several ? "." : "");
	if (ret)
		return ret;
	report_table_begin(out, "what memcg costs", columns, caption);
	for (i = 0; i < ladder->nr_rows; i++)
		for (arm = 1; arm < ladder->rows[i].item->nr_arms; arm++)
			if (ladder->rows[i].arm[arm].nr)
				put_row(report, run, &ladder->rows[i], arm, &scale, out);
	report_table_end(out);
	return 0;
}
