// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of the 0-day robot (lkp-tests, lib/stats.rb and sbin/compare): base, change in percent, candidate, name; the standard
 * deviation in percent of the mean, where it is 1 % or more.
 */
#include "out/export_private.h"

#include <math.h>
#include <string.h>

#include "data/stats.h"

/* "%stddev" of it, or blanks of the same width: an exact clock has none. */
static void put_value(const struct export_side *side, FILE *out)
{
	double mean = side->nr ? stats_mean(side->values, side->nr) : NAN;
	double percent = side->nr > 1 && mean > 0 ? stats_stddev(side->values, side->nr) / mean * 100 : NAN;

	if (isnan(side->value))
		fprintf(out, "%12s", "");
	else
		fprintf(out, "%12.*f", fabs(side->value) < 100000 ? 2 : 0, side->value);
	if (percent >= 1)
		fprintf(out, " ±%3.0f%%", percent);
	else
		fprintf(out, "%6s", "");
}

static void put_change(const struct export_series *series, FILE *out)
{
	char text[32] = "";

	/* A difference may be 0 or below, and has no ratio then. */
	if (series->base.value > 0 && !isnan(series->cand.value))
		snprintf(text, sizeof(text), "%+.1f%%", (series->cand.value / series->base.value - 1) * 100);
	fprintf(out, "%12s", text);
}

static void put_head(const struct compare *compare, FILE *out)
{
	const char *rule = "=================================================================================";

	fprintf(out, "%s========\nclock/arch/cpu/unit of replication:\n", rule);
	fprintf(out, "  %s/%s/%s/%s\n\n", compare->clock, export_fact(&compare->base, "arch"),
		export_fact(&compare->base, "cpu_model"), compare->paired ? "pairs" : "unpaired");
	fprintf(out, "commit:\n  %s (\"%s\")\n  %s (\"%s\")\n\n", compare->base.name, compare->base.release,
		compare->cand.name, compare->cand.release);
	/* Half a name would be that of another kernel. */
	fprintf(out, "%-18s %-27s\n", strlen(compare->base.name) <= 18 ? compare->base.name : "base",
		strlen(compare->cand.name) <= 27 ? compare->cand.name : "candidate");
	fprintf(out, "------------------ ---------------------------\n");
	fprintf(out, "           %%stddev     %%change         %%stddev\n");
	fprintf(out, "               \\          |                \\\n");
}

int put_lkp(const struct export_table *table, FILE *out)
{
	if (*table->missing)
		fprintf(out, "NOT COMPARED: %s\n\n", table->missing);
	put_head(table->compare, out);
	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];

		put_value(&series->base, out);
		put_change(series, out);
		put_value(&series->cand, out);
		fprintf(out, "  %s.%s\n", series->id, series->row->unit);
	}
	return export_finish(out);
}
