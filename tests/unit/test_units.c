// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers with units: whole strings only, no sign, no wrap-around, and what is printed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/units.h"
#include "base/util.h"

#define UNTOUCHED 0x5ca1ab1eu

struct parse_case {
	const char *text;
	int ret;
	uint64_t value; /* where ret is 0 */
};

static void check_parser(int (*parse)(const char *text, uint64_t *ret_value),
			 const struct parse_case *cases, size_t nr_cases)
{
	size_t i;

	for (i = 0; i < nr_cases; i++) {
		const struct parse_case *c = &cases[i];
		uint64_t value = UNTOUCHED;
		int ret;

		err_set(EPERM, "stale");
		ret = parse(c->text, &value);
		if (ret != c->ret || value != (ret ? UNTOUCHED : c->value))
			fail_msg("\"%s\": returned %d and %llu", c->text, ret, (unsigned long long)value);
		/* A failure says which text it was. */
		if (ret && (!strstr(err_msg(), c->text) || !strcmp(err_msg(), "stale")))
			fail_msg("\"%s\": the sentence is \"%s\"", c->text, err_msg());
	}
}

static void parse_u64_takes_digits_only(void **state)
{
	static const struct parse_case cases[] = {
		{"0", 0, 0},
		{"007", 0, 7},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"-0", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1\n", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"1.5", -EINVAL, 0},
		{"1k", -EINVAL, 0},
		{"max", -EINVAL, 0},
	};

	(void)state;
	check_parser(parse_u64, cases, ARRAY_SIZE(cases));
}

static void parse_size_knows_its_units(void **state)
{
	static const struct parse_case cases[] = {
		{"0", 0, 0},
		{"4096", 0, 4096},
		{"4k", 0, 4096},
		{"4K", 0, 4096},
		{"2M", 0, 2ull << 20},
		{"4g", 0, 4ull << 30},
		{"1T", 0, 1ull << 40},
		{"1kb", 0, 1024},
		{"1kib", 0, 1024},
		{"1KiB", 0, 1024},
		{"3MB", 0, 3ull << 20},
		{"0T", 0, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"16777215T", 0, 16777215ull << 40},
	};

	(void)state;
	check_parser(parse_size, cases, ARRAY_SIZE(cases));
}

static void parse_size_refuses_the_rest(void **state)
{
	static const struct parse_case cases[] = {
		{"", -EINVAL, 0},
		{"max", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"-1k", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"1 k", -EINVAL, 0},
		{"1x", -EINVAL, 0},
		{"1b", -EINVAL, 0},
		{"1ki", -EINVAL, 0},
		{"1kbs", -EINVAL, 0},
		{"1kk", -EINVAL, 0},
		{"1P", -EINVAL, 0},
		{"1.5G", -EINVAL, 0},
		{"k", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"18446744073709551616", -ERANGE, 0},
		{"18446744073709551616k", -ERANGE, 0},
		{"16777216T", -ERANGE, 0},
		{"18014398509481984k", -ERANGE, 0},
	};
	uint64_t value;

	(void)state;
	check_parser(parse_size, cases, ARRAY_SIZE(cases));
	/* Too large and not a size at all are different mistakes. */
	parse_size("18446744073709551616", &value);
	assert_string_equal(err_msg(), "\"18446744073709551616\" does not fit 64 bits");
	parse_size("max", &value);
	assert_string_equal(err_msg(), "\"max\" is not a size (such as 4096, 64k, 8M, 1G)");
}

static void parse_duration_needs_a_unit(void **state)
{
	static const struct parse_case cases[] = {
		{"0s", 0, 0},
		{"1ns", 0, 1},
		{"500us", 0, 500000},
		{"20ms", 0, 20000000},
		{"1.5s", 0, 1500000000},
		{"0.1s", 0, 100000000},
		{"2m", 0, 120000000000},
		{"1.0000000004s", 0, 1000000000},
		{"", -EINVAL, 0},
		{"5", -EINVAL, 0},
		{"5 s", -EINVAL, 0},
		{"5s ", -EINVAL, 0},
		{" 5s", -EINVAL, 0},
		{"5S", -EINVAL, 0},
		{"5sec", -EINVAL, 0},
		{"5h", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
		{"+5s", -EINVAL, 0},
		{".5s", -EINVAL, 0},
		{"1,5s", -EINVAL, 0},
		{"0x10s", -EINVAL, 0},
		{"infs", -EINVAL, 0},
		{"nans", -EINVAL, 0},
		{"max", -EINVAL, 0},
		{"9300000000s", -ERANGE, 0},
		{"1e400s", -ERANGE, 0},
	};

	(void)state;
	check_parser(parse_duration_ns, cases, ARRAY_SIZE(cases));
}

static void format_size_is_exact_in_four_digits(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "1"},
		{1023, "1023"},
		{1024, "1K"},
		{4096, "4K"},
		{4097, "4097"},
		{9999, "9999"},
		{8ull << 20, "8M"},
		{1536ull << 20, "1536M"},
		{3ull << 40, "3T"},
		/* Rounded from here on. */
		{100001, "97.66K"},
		{(1ull << 30) + 1, "1G"},
		{(10ull << 40) - 1, "10T"},
		{(1000ull << 20) + 1, "1000M"},
		{UINT64_MAX, "16777216T"},
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ptr_equal(format_size(cases[i].bytes, buf, sizeof(buf)), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

static void format_size_goes_round(void **state)
{
	static const uint64_t factors[] = {1, 2, 3, 5, 100, 511, 1023, 1025, 9999};
	unsigned int shift;
	size_t i;
	char buf[32];

	(void)state;
	for (i = 0; i < ARRAY_SIZE(factors); i++) {
		for (shift = 0; shift <= 40; shift += 10) {
			uint64_t bytes = factors[i] << shift, back;

			assert_int_equal(parse_size(format_size(bytes, buf, sizeof(buf)), &back), 0);
			assert_true(back == bytes);
		}
	}
}

static void format_duration_has_three_digits_at_most(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0 ns"},
		{950, "950 ns"},
		{999, "999 ns"},
		{1000, "1 us"},
		{9994, "9.99 us"},
		{9999, "10 us"},
		{99960, "100 us"},
		{999499, "999 us"},
		{999500, "1 ms"}, /* not "1e+03 us" */
		{20000000, "20 ms"},
		{999600000, "1 s"},
		{1500000000, "1.5 s"},
		{59940000000, "59.9 s"},
		{59960000000, "1 m 00 s"}, /* not "60.0 s" */
		{60000000000, "1 m 00 s"},
		{119700000000, "2 m 00 s"}, /* not "1 m 60 s" */
		{125000000000, "2 m 05 s"},
		{UINT64_MAX, "307445734 m 34 s"},
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_ptr_equal(format_duration(cases[i].ns, buf, sizeof(buf)), buf);
		assert_string_equal(buf, cases[i].text);
	}
}

static void formatters_stay_in_their_buffer(void **state)
{
	char buf[4] = "###";

	(void)state;
	format_size(UINT64_MAX, buf, 3);
	assert_string_equal(buf, "16");
	format_duration(125000000000, buf, 3);
	assert_string_equal(buf, "2 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_u64_takes_digits_only),
		cmocka_unit_test(parse_size_knows_its_units),
		cmocka_unit_test(parse_size_refuses_the_rest),
		cmocka_unit_test(parse_duration_needs_a_unit),
		cmocka_unit_test(format_size_is_exact_in_four_digits),
		cmocka_unit_test(format_size_goes_round),
		cmocka_unit_test(format_duration_has_three_digits_at_most),
		cmocka_unit_test(formatters_stay_in_their_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
