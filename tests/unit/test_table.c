// SPDX-License-Identifier: GPL-2.0-or-later
/* The text table: widths of UTF-8, alignment of points, spans, and what must never reach a
 * terminal. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "out/number.h"
#include "out/table.h"

static const struct table_look plain = {0};

/* The table as text; the caller frees it. */
static char *render(struct table *table, const struct table_look *look)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(table_print(table, look, out), 0);
	fclose(out);
	return text;
}

static void check(struct table *table, const struct table_look *look, const char *expected)
{
	char *text = render(table, look);

	assert_string_equal(text, expected);
	free(text);
	table_free(table);
}

static void test_width(void **state)
{
	(void)state;
	assert_int_equal(table_text_width(""), 0);
	assert_int_equal(table_text_width("abc"), 3);
	assert_int_equal(table_text_width("\u00b5s \u00b1"), 4);
	assert_int_equal(table_text_width("e\u0301"), 1);      /* combining accent */
	assert_int_equal(table_text_width("\u65e5\u672c"), 4); /* two wide characters */
	assert_int_equal(table_text_width("a\xff\xc3"), 3);    /* not UTF-8; the last one is cut */
	assert_int_equal(table_text_width("\xc0\xaf"), 2);     /* overlong */
}

static void test_alignment(void **state)
{
	const struct table_column columns[] = {
		{TABLE_LEFT, 0}, {TABLE_DECIMAL, 2}, {TABLE_RIGHT, 1}};
	struct table *table = table_new(columns, 3);

	(void)state;
	table_row(table);
	table_head(table, "name");
	table_head(table, "95%% interval");
	table_head(table, "n");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "\u00b5");
	table_cell(table, TABLE_PLAIN, "+12.5");
	table_cell(table, TABLE_PLAIN, "10");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "b");
	table_cell(table, TABLE_PLAIN, "~ -3");
	table_cell(table, TABLE_PLAIN, "-");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "c");
	table_cell(table, TABLE_PLAIN, "-");
	check(table, &plain,
	      "name  95% interval  n\n"
	      "\u00b5            +12.5 10\n"
	      "b           ~ -3    -\n"
	      "c                -\n");
}

static void test_span_widens_the_last(void **state)
{
	const struct table_column columns[] = {{TABLE_LEFT, 0}, {TABLE_RIGHT, 1}, {TABLE_RIGHT, 1}};
	struct table *table = table_new(columns, 3);

	(void)state;
	table_row(table);
	table_cell(table, TABLE_PLAIN, "%s", "");
	table_span(table, TABLE_PLAIN, 2, "a long head");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "x");
	table_cell(table, TABLE_PLAIN, "1");
	table_cell(table, TABLE_PLAIN, "2");
	assert_int_equal(table_width(table), 13);
	check(table, &plain,
	      "  a long head\n"
	      "x 1         2\n");
}

static void test_text_counts_not(void **state)
{
	const struct table_column columns[] = {{TABLE_LEFT, 2}};
	struct table *table = table_new(columns, 1);

	(void)state;
	table_text(table, TABLE_PLAIN, "a line that is longer than the table is wide");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "x");
	assert_int_equal(table_width(table), 3);
	check(table, &plain, "a line that is longer than the table is wide\n  x\n");
}

/* A CPU model or a path can hold anything: no escape of theirs may reach the terminal. */
static void test_hostile_text(void **state)
{
	const struct table_column columns[] = {{TABLE_LEFT, 0}, {TABLE_LEFT, 1}};
	const struct table_look coloured = {.colour = true}, ascii = {.ascii = true};
	struct table *table = table_new(columns, 2);
	char *text;

	(void)state;
	table_row(table);
	table_cell(table, TABLE_RED,
		   "a\033[2Jb\xc2\x9b"
		   "c\t");
	table_cell(table, TABLE_PLAIN, "\u65e5\u00b5|\u00d7\u2212");
	text = render(table, &coloured);
	assert_string_equal(text, "\033[31ma?[2Jb?c?\033[0m \u65e5\u00b5|\u00d7\u2212\n");
	free(text);
	check(table, &ascii, "a?[2Jb?c? ???|x-\n");
}

static void test_colour_moves_nothing(void **state)
{
	const struct table_column columns[] = {{TABLE_RIGHT, 0}, {TABLE_RIGHT, 1}};
	const struct table_look coloured = {.colour = true};
	struct table *table = table_new(columns, 2);

	(void)state;
	table_row(table);
	table_cell(table, TABLE_GREEN, "1");
	table_cell(table, TABLE_PLAIN, "2");
	table_row(table);
	table_cell(table, TABLE_PLAIN, "100");
	table_cell(table, TABLE_PLAIN, "200");
	check(table, &coloured, "  \033[32m1\033[0m   2\n100 200\n");
}

static void test_null_table(void **state)
{
	(void)state;
	table_row(NULL);
	table_cell(NULL, TABLE_PLAIN, "x");
	assert_int_equal(table_width(NULL), 0);
	assert_true(table_print(NULL, &plain, stdout) < 0);
	table_free(NULL);
}

static void check_fill(const char *text, const char *first, size_t width, const char *expected)
{
	char *filled = table_fill(text, first, width);

	assert_string_equal(filled, expected);
	free(filled);
}

static void test_fill(void **state)
{
	(void)state;
	check_fill("", "> ", 10, "> ");
	check_fill("one two three", "> ", 10, "> one two\n  three");
	check_fill("averyveryverylongword x", "", 10, "averyveryverylongword\nx");
	check_fill("loses 12 % of it", "", 9, "loses\n12 % of\nit");
	check_fill("\u00e4\u00e4\u00e4 \u00f6\u00f6", "", 6, "\u00e4\u00e4\u00e4 \u00f6\u00f6");
}

static void check_number(double value, double low, double high, const char *expected)
{
	struct stats_interval interval = {low, high, 0.95};
	char buf[NUMBER_MAX];

	assert_string_equal(
		number_format(value, number_interval_decimals(&interval, value), true, buf),
		expected);
}

/* The interval decides how many digits are true. */
static void test_digits(void **state)
{
	char buf[2 * NUMBER_MAX];
	struct stats_interval none = {NAN, NAN, NAN}, narrow = {0.04, 3.1, 0.95};

	(void)state;
	check_number(38.8612, 36.4, 41.3, "+38.9");
	check_number(33345.4, 31445, 35245, "+33345");
	check_number(-0.0002, -0.0013, 0.0009, "-0.0002");
	check_number(5.0, 5 - 9.96, 5 + 9.96,
		     "+5"); /* half a width of 9.96 is "10" with two digits */
	check_number(5.0, 5 - 9.94, 5 + 9.94, "+5.0");
	check_number(0, -1.2, 1.2, "0.0");
	check_number(123.456, NAN, NAN, "+123");
	check_number(0.12345, NAN, NAN, "+0.123");
	check_number(18.0, 18, 18, "+18.0"); /* no width: an exact clock */
	check_number(NAN, NAN, NAN, "-");
	assert_string_equal(number_interval(&none, 1, true, buf), "-");
	assert_string_equal(number_interval(&narrow, 1, true, buf), "[+0.0, +3.1]");
	assert_string_equal(number_estimate(-0.004, 1, buf), "0.0");
	assert_string_equal(number_estimate(0.0, 0, buf), "0");
	assert_string_equal(number_estimate(-0.06, 1, buf), "-0.1");
	assert_string_equal(number_estimate(NAN, 1, buf), "-");
	assert_string_equal(number_significant(12345, 3, buf), "12300");
	assert_string_equal(number_significant(0.0345, 2, buf), "0.035");
	assert_string_equal(number_significant(99.7, 2, buf), "100");
	assert_string_equal(number_significant(0, 2, buf), "0");
	assert_string_equal(number_significant(NAN, 2, buf), "-");
	assert_string_equal(number_plain(2.0, buf), "2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_span_widens_the_last),
		cmocka_unit_test(test_text_counts_not),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_colour_moves_nothing),
		cmocka_unit_test(test_null_table),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
