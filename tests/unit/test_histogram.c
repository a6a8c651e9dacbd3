// SPDX-License-Identifier: GPL-2.0-or-later
/* Buckets: what lands where, and how wide they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/histogram.h"

static void lower_bound_and_index_are_inverse(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		assert_int_equal(histogram_index(histogram_lower(i)), i);
		if (i)
			assert_int_equal(histogram_index(histogram_lower(i) - 1), i - 1);
	}
}

static void no_bucket_is_wider_than_a_64th(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t lower = histogram_lower(i), width = histogram_lower(i + 1) - lower;

		assert_true(width >= 1);
		assert_true(width == 1 || width * 64 <= lower);
	}
}

/* The rule by which a reader knows the upper bound: docs/RESULTS-FORMAT.md, "latency". */
static void width_follows_from_the_lower_bound(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t lower = histogram_lower(i), width = 1, v;
		unsigned int b = 0;

		for (v = lower; v > 1; v /= 2)
			b++;
		if (lower >= 64)
			width = UINT64_C(1) << (b - 6);
		assert_int_equal(histogram_lower(i + 1), lower + width);
	}
}

static void extremes_have_a_bucket(void **state)
{
	(void)state;
	assert_int_equal(histogram_index(0), 0);
	assert_int_equal(histogram_index(63), 63);
	assert_int_equal(histogram_index(64), 64);
	assert_int_equal(histogram_index((UINT64_C(1) << HISTOGRAM_MAX_BITS) - 1), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_index(UINT64_C(1) << HISTOGRAM_MAX_BITS), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_index(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void adding_keeps_count_and_exact_extremes(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	assert_non_null(histogram);
	histogram_add(histogram, 1000);
	assert_int_equal(histogram->min, 1000);
	assert_int_equal(histogram->max, 1000);
	histogram_add(histogram, 0);
	histogram_add(histogram, UINT64_MAX);
	histogram_add(histogram, 1001);
	assert_int_equal(histogram->count, 4);
	assert_int_equal(histogram->min, 0);
	assert_true(histogram->max == UINT64_MAX);
	assert_int_equal(histogram->bucket[0], 1);
	assert_int_equal(histogram->bucket[HISTOGRAM_BUCKETS - 1], 1);
	assert_int_equal(histogram->bucket[histogram_index(1000)], 2);
	free(histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lower_bound_and_index_are_inverse),
		cmocka_unit_test(no_bucket_is_wider_than_a_64th),
		cmocka_unit_test(width_follows_from_the_lower_bound),
		cmocka_unit_test(extremes_have_a_bucket),
		cmocka_unit_test(adding_keeps_count_and_exact_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
