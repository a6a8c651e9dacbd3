// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KTAP version 1 (Linux, Documentation/dev-tools/ktap.rst; read by tools/testing/kunit/kunit_parser.py): a test per bench, its rows as
 * subtests. A regression is "not ok". What was not decided or not comparable is skipped, never passed.
 */
#include "out/export_private.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "out/explain_compare.h"

static const char *bench_of(const struct export_row *row)
{
	return row->row->base_item ? row->row->base_item->bench : row->row->cand_item->bench;
}

static bool is_first_of_bench(const struct export_table *table, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (!strcmp(bench_of(&table->rows[i]), bench_of(&table->rows[at])))
			return false;
	return true;
}

static bool is_failure(const struct export_row *row)
{
	return row->outcome == EXPORT_FAIL || row->outcome == EXPORT_ERROR;
}

/* In diagnostic lines, so that a "#" in them is no directive. */
static int put_row(const struct export_table *table, const struct export_row *row, size_t number, FILE *out)
{
	bool skip = row->outcome == EXPORT_UNKNOWN || row->outcome == EXPORT_SKIP;
	__free_mem char *functions = compare_functions(table->compare, row->row);

	if (!functions)
		return err_sys(ENOMEM, "memory for an export");
	fprintf(out, "    # %s\n", row->text);
	if (*functions)
		fprintf(out, "    # %s\n", functions);
	fprintf(out, "    %s %zu %s", is_failure(row) ? "not ok" : "ok", number, row->id);
	if (skip)
		fprintf(out, " # SKIP %s", compare_verdict_name(row->row->verdict));
	else if (row->outcome == EXPORT_ERROR)
		fprintf(out, " # ERROR");
	putc('\n', out);
	return 0;
}

/* A "#" would begin a directive: a bench called "x # SKIP" that failed was not skipped. */
static void put_name(const char *name, FILE *out)
{
	for (; *name; name++)
		putc(*name == '#' ? '-' : *name, out);
}

static int put_bench(const struct export_table *table, const char *bench, size_t number, FILE *out)
{
	size_t nr = 0, nr_skipped = 0, at = 0;
	bool failed = false;
	int ret = 0;

	for (size_t i = 0; i < table->nr_rows; i++)
		nr += !strcmp(bench_of(&table->rows[i]), bench);
	fputs("    KTAP version 1\n    # Subtest: ", out);
	put_name(bench, out);
	fprintf(out, "\n    1..%zu\n", nr);
	for (size_t i = 0; !ret && i < table->nr_rows; i++) {
		const struct export_row *row = &table->rows[i];

		if (strcmp(bench_of(row), bench))
			continue;
		ret = put_row(table, row, ++at, out);
		failed |= is_failure(row);
		nr_skipped += row->outcome == EXPORT_UNKNOWN || row->outcome == EXPORT_SKIP;
	}
	fprintf(out, "%s %zu ", failed ? "not ok" : "ok", number);
	put_name(bench, out);
	fprintf(out, "%s\n", !failed && nr_skipped == nr ? " # SKIP nothing was decided" : "");
	return ret;
}

int put_ktap(const struct export_table *table, FILE *out)
{
	size_t nr = 0, number = 0;
	int ret = 0;

	for (size_t i = 0; i < table->nr_rows; i++)
		nr += is_first_of_bench(table, i);
	fprintf(out, "KTAP version 1\n1..%zu\n", nr);
	for (size_t i = 0; !ret && i < table->nr_rows; i++)
		if (is_first_of_bench(table, i))
			ret = put_bench(table, bench_of(&table->rows[i]), ++number, out);
	return ret ? ret : export_finish(out);
}
