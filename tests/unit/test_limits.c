// SPDX-License-Identifier: GPL-2.0-or-later
/* δ: what counts as a change, by clock, bench and metric. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/limits.h"

#define assert_near(a, b, margin) assert_true(fabs((a) - (b)) <= (margin))

static double delta(const struct limits *limits, const char *bench, const char *metric, const char *clock, double cost)
{
	return limits_delta(limits, bench, metric, clock, false, cost);
}

static void test_defaults(void **state)
{
	struct limits limits;

	(void)state;
	limits_init(&limits);
	assert_near(delta(&limits, "x", "y", "insn", 100), 2, 1e-12);
	assert_near(delta(&limits, "x", "y", "insn", 4000), 20, 1e-12);
	assert_near(delta(&limits, "x", "y", "ns", 10), 0.5, 1e-12);
	assert_near(delta(&limits, "x", "y", "ns", 1000), 20, 1e-12);
	/* A cost that is not known leaves the absolute part. */
	assert_near(delta(&limits, "x", "y", "insn", NAN), 2, 1e-12);
	assert_near(limits_delta(&limits, "x", "y", "insn", true, 0), 0.01, 1e-12);
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"", "%", "-1", "1%%", "1|", "x", "nan", "inf%", "1 %", "0.2%|"};
	struct limit limit;
	size_t i;

	(void)state;
	assert_int_equal(limit_parse("0.2%|5", &limit), 0);
	assert_near(limit.ratio, 0.002, 1e-12);
	assert_near(limit.absolute, 5, 1e-12);
	assert_int_equal(limit_parse("1", &limit), 0);
	assert_near(limit.ratio, 0, 1e-12);
	assert_int_equal(limit_parse("0", &limit), 0);
	assert_near(limit.absolute, 0, 1e-12);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (limit_parse(bad[i], &limit) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
}

/* The last rule that fits counts. */
static void test_rules(void **state)
{
	struct limits limits;

	(void)state;
	limits_init(&limits);
	assert_int_equal(limits_add(&limits, "1%"), 0);
	assert_int_equal(limits_add(&limits, "fault_storm/fault:insn=0.2%|5,fault_storm:ns=3,*/exit=4"), 0);
	assert_int_equal(limits.nr_rules, 4);
	assert_near(delta(&limits, "null", "loop", "insn", 1000), 10, 1e-12);
	assert_near(delta(&limits, "fault_storm", "fault", "insn", 1000), 5, 1e-12);
	assert_near(delta(&limits, "fault_storm", "fault", "insn", 10000), 20, 1e-12);
	assert_near(delta(&limits, "fault_storm", "fault", "ns", 1000), 3, 1e-12);
	assert_near(delta(&limits, "fault_storm", "munmap", "insn", 1000), 10, 1e-12);
	assert_near(delta(&limits, "fault_storm", "exit", "ns", 1000), 4, 1e-12);
}

static void test_bad_rules(void **state)
{
	static const char *const bad[] = {"=1", "a:us=1", "/x=1", "a/=1", "a:=1", "a=", "a=1,", "a=1,b"};
	struct limits limits;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		limits_init(&limits);
		if (limits_add(&limits, bad[i]) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_non_null(strchr(err_msg(), '"'));
	}
	limits_init(&limits);
	for (i = 0; i < LIMITS_RULES_MAX; i++)
		assert_int_equal(limits_add(&limits, "a=1"), 0);
	assert_int_equal(limits_add(&limits, "a=1"), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_bad_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
