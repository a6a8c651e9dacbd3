// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The Go benchmark format (go.dev/design/14313-benchmark-format), with the unit metadata of golang.org/x/perf/benchfmt: one line per
 * value, both kernels in one file, told apart by "kernel". `benchstat -col kernel FILE` compares them.
 */
#include "out/export_private.h"

#include <ctype.h>
#include <string.h>

/* Is the unit one that an earlier series had; and do all that have it agree on which way is better? */
static bool is_first_of_unit(const struct export_table *table, size_t at, bool *ret_agree)
{
	const struct export_row *row = table->series[at].row;

	*ret_agree = true;
	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_row *other = table->series[i].row;

		if (strcmp(other->unit, row->unit))
			continue;
		if (i < at)
			return false;
		*ret_agree &= other->row->metric->lower_is_better == row->row->metric->lower_is_better;
	}
	return true;
}

static void put_units(const struct export_table *table, FILE *out)
{
	/* On the clock of instructions a repetition adds nothing to what is known. */
	bool exact = !strcmp(table->compare->clock, "insn");

	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_row *row = table->series[i].row;
		bool agree;

		if (!is_first_of_unit(table, i, &agree) || (!agree && !exact))
			continue;
		fprintf(out, "Unit %s%s%s\n", row->unit,
			!agree ? "" : row->row->metric->lower_is_better ? " better=lower" : " better=higher",
			exact ? " assume=exact" : "");
	}
	putc('\n', out);
}

static void put_side(const struct export_table *table, bool cand, FILE *out)
{
	const struct compare *compare = table->compare;
	const char *name = cand ? compare->cand.name : compare->base.name;
	/* The column is made of the name: the same one twice would be one column. */
	const char *more = strcmp(compare->base.name, compare->cand.name) ? "" : cand ? " (candidate)" : " (base)";

	fprintf(out, "kernel: %s%s\n", name, more);
	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];
		const struct export_side *side = cand ? &series->cand : &series->base;

		/* Behind "Benchmark" no small letter may follow. */
		for (size_t k = 0; k < side->nr; k++)
			fprintf(out, "Benchmark%c%s 1 %.15g %s\n", toupper((unsigned char)series->path[0]), series->path + 1,
				side->values[k], series->row->unit);
	}
	putc('\n', out);
}

int put_benchfmt(const struct export_table *table, FILE *out)
{
	const struct compare *compare = table->compare;

	/* What is the same on both sides: a key that differs would make two tables. */
	fprintf(out, "clock: %s\n", compare->clock);
	if (*export_fact(&compare->base, "arch"))
		fprintf(out, "arch: %s\n", export_fact(&compare->base, "arch"));
	if (*export_fact(&compare->base, "cpu_model"))
		fprintf(out, "cpu: %s\n", export_fact(&compare->base, "cpu_model"));
	if (*table->missing)
		fprintf(out, "not-compared: %s\n", table->missing);
	put_units(table, out);
	put_side(table, false, out);
	put_side(table, true, out);
	return export_finish(out);
}
