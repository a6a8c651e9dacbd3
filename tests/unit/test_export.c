// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The exports of a made-up comparison, byte by byte against tests/data/exports/golden/. What their consumers make of those files is
 * tests/cli/exports.bats. UPDATE_GOLDEN=1 writes them anew: look at the difference.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/rundata.h"
#include "out/export_private.h"

#define FOLDER "tests/data/exports/"

static struct rundata *data;
static struct compare *compare;

static bool is_default(const char *bench, const char *param, const char *value)
{
	return !strcmp(bench, "fault_storm") && !strcmp(param, "map") && !strcmp(value, "anon");
}

static const struct label_defaults defaults = { is_default };
static const struct compare_look look = { .defaults = &defaults };

static int setup(void **state)
{
	const struct compare_options options = { 0 };
	struct compare_side base, cand;

	(void)state;
	if (rundata_load(FOLDER "run", &data) || compare_side(data, "v1.0", &base) ||
	    compare_side(data, "v1.1 \"memcg: <a> & b\", rfc", &cand) || compare_compute(&base, &cand, &options, &compare)) {
		fprintf(stderr, "%s\n", err_msg());
		return -1;
	}
	/* How the comparison words it is none of the exports' business. */
	for (size_t i = 0; i < compare->nr_rows; i++)
		if (compare->rows[i].verdict == COMPARE_INCONCLUSIVE)
			strcpy(compare->rows[i].why, "a sentence of the comparison");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	compare_free(compare);
	rundata_free(data);
	return 0;
}

static char *print(const char *format)
{
	const struct compare_format *found = compare_format_find(format);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(found);
	assert_int_equal(found->print(compare, &look, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static char *read_golden(const char *path)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("no %s: UPDATE_GOLDEN=1 makes it", path);
	if (getdelim(&text, &size, '\0', file) < 0)
		fail_msg("%s is empty", path);
	fclose(file);
	return text;
}

static void check_golden(const char *format)
{
	char path[128], *text = print(format), *golden;

	snprintf(path, sizeof(path), FOLDER "golden/%s", format);
	if (getenv("UPDATE_GOLDEN")) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fputs(text, file);
		assert_int_equal(fclose(file), 0);
	}
	golden = read_golden(path);
	if (strcmp(text, golden)) {
		size_t at = 0, line = 1;

		for (; text[at] == golden[at]; at++)
			line += text[at] == '\n';
		fail_msg("%s:%zu: there now is: %.120s", path, line, text + at);
	}
	free(golden);
	free(text);
}

static void test_golden(void **state)
{
	static const char *const formats[] = { "lkp", "benchfmt", "gbench", "gha", "bmf", "kcidb", "ktap", "lava" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		check_golden(formats[i]);
}

/* The fixture shows something only while it holds every outcome. */
static void test_outcomes(void **state)
{
	struct export_table *table;
	unsigned int seen = 0;

	(void)state;
	assert_int_equal(export_table_make(compare, &defaults, &table), 0);
	assert_int_equal(table->nr_rows, compare->nr_rows);
	for (size_t i = 0; i < table->nr_rows; i++)
		seen |= 1U << table->rows[i].outcome;
	assert_int_equal(seen & (1U << EXPORT_PASS | 1U << EXPORT_FAIL | 1U << EXPORT_UNKNOWN | 1U << EXPORT_ERROR),
			 1U << EXPORT_PASS | 1U << EXPORT_FAIL | 1U << EXPORT_UNKNOWN | 1U << EXPORT_ERROR);
	export_table_free(table);
}

/* No consumer splits, cuts or quotes what these hold; and no two rows share a name. */
static void test_names(void **state)
{
	struct export_table *table;

	(void)state;
	assert_int_equal(export_table_make(compare, &defaults, &table), 0);
	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];

		assert_int_equal(strspn(series->id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."),
				 strlen(series->id));
		assert_null(strstr(series->id, ".."));
		assert_null(strpbrk(series->path, " \t\n\"'<>#&\\"));
		assert_null(strpbrk(series->row->unit, " \t\n=<>"));
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(series->id, table->series[k].id);
			assert_string_not_equal(series->path, table->series[k].path);
		}
	}
	for (size_t i = 0; i < table->nr_rows; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(table->rows[i].id, table->rows[k].id);
	assert_string_equal(table->rows[0].id, "fault_storm.size-8M.fault.root");
	assert_string_equal(table->rows[0].path, "fault_storm/size=8M/arm=root/metric=fault");
	export_table_free(table);
}

/* The names of a row are the same whatever else is compared, in whichever order. */
static void test_names_are_stable(void **state)
{
	struct compare few = *compare;
	struct export_table *all, *one;

	(void)state;
	assert_int_equal(export_table_make(compare, &defaults, &all), 0);
	for (size_t i = 0; i < compare->nr_rows; i++) {
		/* Two rows whose ids differ only by what makes them differ are not tried alone. */
		if (!strcmp(compare->rows[i].base_item->bench, "odd"))
			continue;
		few.rows = &compare->rows[i];
		few.nr_rows = 1;
		assert_int_equal(export_table_make(&few, &defaults, &one), 0);
		assert_string_equal(one->rows[0].id, all->rows[i].id);
		assert_string_equal(one->rows[0].path, all->rows[i].path);
		export_table_free(one);
	}
	export_table_free(all);
}

static void test_same_item_twice(void **state)
{
	struct compare twice = *compare;
	struct compare_row rows[3] = { compare->rows[0], compare->rows[0], compare->rows[0] };
	struct export_table *table;

	(void)state;
	twice.rows = rows;
	twice.nr_rows = 3;
	assert_int_equal(export_table_make(&twice, &defaults, &table), 0);
	assert_string_equal(table->rows[0].id, "fault_storm.size-8M.fault.root");
	assert_string_equal(table->rows[1].id, "fault_storm.size-8M.fault.root-again2");
	assert_string_equal(table->rows[2].path, "fault_storm/size=8M/arm=root/metric=fault/again=3");
	export_table_free(table);
}

/* A disk that is full is an error in every format. */
static void test_full_disk(void **state)
{
	(void)state;
	for (const struct compare_format *format = compare_formats; format->name; format++) {
		FILE *out = fopen("/dev/full", "w");

		if (!out)
			skip();
		if (strstr("lkp benchfmt gbench gha bmf kcidb ktap lava", format->name))
			assert_int_equal(format->print(compare, &look, out), -EIO);
		fclose(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_names_are_stable),
		cmocka_unit_test(test_same_item_twice),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
