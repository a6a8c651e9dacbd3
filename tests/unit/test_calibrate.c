// SPDX-License-Identifier: GPL-2.0-or-later
/* Calibration on made-up runs, of which it is known what should be found. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "base/err.h"
#include "data/calibrate.h"
#include "out/calibrate_text.h"

#define NR_UNITS 40

static struct rundata_metric metric = { .name = "fault", .help = "h", .op = "page", .unit = "ns/page", .lower_is_better = true };
static struct rundata_arm arms[] = {
	{ .state = "root", .limit_bytes = UINT64_MAX },
	{ .state = "child", .depth = 1, .limit_bytes = UINT64_MAX },
};
static double values[4 * NR_UNITS];
static struct rundata_sample samples[4 * NR_UNITS];
static struct rundata_item item = {
	.bench = "b", .op = "page", .mode = "processes", .place = "compact", .memory = "default", .nr_memcgs = 1, .metrics = &metric,
	.nr_metrics = 1, .arms = arms, .nr_arms = 2, .samples = samples,
};
static struct rundata data = { .dir = "run", .items = &item, .nr_items = 1, .complete = true };

/* @boots: guests of one seed each, on the clock of instructions; else blocks of one boot. Values around 1000 and 1100. */
static void make(bool boots, double sigma)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	json_t *list = json_array();

	gsl_rng_set(random, 7);
	item.nr_samples = 0;
	for (unsigned int i = 0; i < NR_UNITS * 4; i++) {
		values[i] = (i % 2 ? 1100 : 1000) + gsl_ran_gaussian(random, sigma);
		samples[item.nr_samples++] = (struct rundata_sample){
			.boot = boots ? i / 4 : 0, .block = boots ? 0 : i / 4, .arm = i % 2, .pos = i % 4, .rep = i, .value = &values[i],
		};
	}
	gsl_rng_free(random);
	for (int i = 0; i < (boots ? NR_UNITS : 1); i++)
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:i}", "boot", i, "executor", boots ? "qemu" : "live",
						      "kernel", "k", "seed", 100 + i));
	data.run = json_pack("{s:s, s:o}", "clock", boots ? "insn" : "ns", "boots", list);
	data.notes = json_array();
	item.params = json_object();
	item.workers = json_pack("[{}]");
	item.warnings = json_array();
	item.errors = json_array();
}

static void clear(void)
{
	json_decref(data.run);
	json_decref(data.notes);
	json_decref(item.params);
	json_decref(item.workers);
	json_decref(item.warnings);
	json_decref(item.errors);
}

static struct calibration *run(size_t nr, double ratio, double absolute)
{
	struct calibrate_options how = { .nr_comparisons = nr, .seed = 3, .effect = { ratio, absolute } };
	struct calibration *calibration = NULL;

	if (calibrate(&data, &how, &calibration))
		fail_msg("%s", err_msg());
	return calibration;
}

/* Clopper & Pearson's charts, and Brown, Cai & DasGupta 2001 as tabulated since: 10 of 100 is [0.0490, 0.1762]. */
static void test_share(void **state)
{
	struct stats_interval none = calibrate_share(0, 200, 0.95), all = calibrate_share(5, 5, 0.95), some = calibrate_share(10, 100, 0.95);

	(void)state;
	assert_true(none.low == 0 && fabs(none.high - (1 - pow(0.025, 1.0 / 200))) < 1e-12);
	assert_true(all.high == 1 && fabs(all.low - pow(0.025, 1.0 / 5)) < 1e-12);
	assert_true(fabs(some.low - 0.0490) < 5e-5 && fabs(some.high - 0.1762) < 5e-5);
	assert_true(isnan(calibrate_share(0, 0, 0.95).low));
	/* Every share has one, and it lies inside; GSL's own inverse ends the program for some of these. */
	for (size_t n = 1; n <= 1000; n += n < 50 ? 1 : 50) {
		for (size_t k = 0; k <= n; k++) {
			struct stats_interval interval = calibrate_share(k, n, 0.95);
			double share = (double)k / (double)n;

			assert_true(interval.low <= share && share <= interval.high && interval.low >= 0 && interval.high <= 1);
		}
	}
}

/* Every boot the same: no comparison can differ, and one instruction more is in every row. */
static void test_exact(void **state)
{
	struct calibration *calibration;

	(void)state;
	make(true, 0);
	calibration = run(200, 0, 0);
	assert_true(calibration->units_are_boots);
	assert_int_equal(calibration->nr_units, NR_UNITS / 2);
	assert_int_equal(calibration->nr_comparisons, 200);
	assert_int_equal(calibration->nr_rows, 200);
	assert_int_equal(calibration->nr_alarms, 0);
	assert_int_equal(calibration->nr_p, 0);
	calibration_free(calibration);
	calibration = run(20, 0, 1);
	assert_int_equal(calibration->nr_changed, 20);
	assert_int_equal(calibration->nr_seen, 20);
	assert_int_equal(calibration->nr_found, 0); /* below 0.5 % */
	assert_int_equal(calibration->nr_rows, 0);
	assert_true(isnan(calibration->rate.low));
	calibration_free(calibration);
	calibration = run(20, 0, 10);
	assert_int_equal(calibration->nr_found, 20);
	calibration_free(calibration);
	clear();
}

/* Blocks of noise: p-values all over, no more alarms than promised, and an effect far beyond the noise always found. */
static void test_noise(void **state)
{
	struct calibration *calibration;
	size_t below_half = 0;

	(void)state;
	make(false, 5);
	calibration = run(200, 0, 0);
	assert_false(calibration->units_are_boots);
	assert_int_equal(calibration->nr_unusable, 0);
	assert_int_equal(calibration->nr_p, calibration->nr_rows);
	assert_true(calibration->rate.low <= 0.05);
	for (size_t i = 0; i < calibration->nr_p; i++)
		below_half += calibration->p[i] < 0.5;
	assert_in_range(below_half, calibration->nr_p / 4, 3 * calibration->nr_p / 4);
	calibration_free(calibration);
	calibration = run(50, 0.05, 0);
	assert_int_equal(calibration->nr_changed, 50);
	assert_int_equal(calibration->nr_found, 50);
	assert_int_equal(calibration->nr_seen, 50);
	calibration_free(calibration);
	clear();
}

/* Halves of a few units: as small as was asked for, of all units in turn, and an alarm no more often than promised. */
static void test_few_units(void **state)
{
	static const size_t sizes[] = { COMPARE_PAIRS_MIN, 5, 12 };
	struct calibrate_options how = { .nr_comparisons = 400, .seed = 3 };

	(void)state;
	make(true, 5);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct calibration *calibration = NULL;

		how.nr_units = sizes[i];
		assert_int_equal(calibrate(&data, &how, &calibration), 0);
		assert_int_equal(calibration->nr_units, sizes[i]);
		assert_int_equal(calibration->nr_unusable, 0);
		assert_true(calibration->rate.low <= 0.05);
		for (size_t k = 1; k < calibration->nr_p; k++)
			if (calibration->p[k] != calibration->p[0])
				break;
			else if (k + 1 == calibration->nr_p)
				fail_msg("%zu units: the same ones every time", sizes[i]);
		calibration_free(calibration);
	}
	clear();
}

/* The same seed draws the same halves; and what was read is as it was. */
static void test_repeatable(void **state)
{
	double before[ARRAY_SIZE(values)];
	struct calibration *first, *second;

	(void)state;
	make(false, 5);
	memcpy(before, values, sizeof(values));
	first = run(30, 0.01, 1);
	second = run(30, 0.01, 1);
	assert_int_equal(first->nr_seen, second->nr_seen);
	assert_int_equal(first->nr_found, second->nr_found);
	assert_memory_equal(before, values, sizeof(values));
	assert_int_equal(samples[7].block, 1);
	calibration_free(first);
	calibration_free(second);
	clear();
}

static void test_too_few(void **state)
{
	struct calibrate_options how = { .nr_comparisons = 1 };
	struct calibration *calibration = NULL;

	(void)state;
	make(false, 5);
	item.nr_samples = 12;
	assert_int_equal(calibrate(&data, &how, &calibration), -ENODATA);
	assert_string_equal(err_msg(), "run has 3 blocks of k: two halves take 8 at least");
	clear();
	make(true, 5);
	how.nr_units = COMPARE_PAIRS_MIN - 1;
	assert_int_equal(calibrate(&data, &how, &calibration), -ENODATA);
	assert_string_equal(err_msg(), "run has 40 seeds of k: two halves take 6 at least");
	how.nr_units = NR_UNITS / 2 + 1;
	assert_int_equal(calibrate(&data, &how, &calibration), -ENODATA);
	assert_string_equal(err_msg(), "run has 40 seeds of k: two halves take 42 at least");
	how.kernel = "other";
	assert_int_equal(calibrate(&data, &how, &calibration), -ENOENT);
	assert_null(calibration);
	clear();
}

static void test_text(void **state)
{
	const struct limit effect = { 0.01, 1 };
	struct calibration *calibration;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	make(true, 0);
	calibration = run(10, 0.01, 1);
	assert_int_equal(calibrate_text(calibration, &effect, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "10 comparisons of k with itself: 20 seeds against 20 others, drawn at random\n\nadded to the child memcg of "
				     "one half: 1 % and 1 insn per op\n"));
	assert_non_null(strstr(text, "rows in which it was seen       10 of 10: 100.0 % [69.2, 100.0]\n"));
	assert_null(strstr(text, "nan"));
	free(text);
	calibration_free(calibration);
	clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_few_units),
		cmocka_unit_test(test_repeatable),
		cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
