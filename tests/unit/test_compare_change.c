// SPDX-License-Identifier: GPL-2.0-or-later
/* The rules behind a verdict, against published examples, brute force and simulation. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "data/compare_change.h"

#define NR_MAX 64

/* Units 0, 1, … with these values. */
struct sample {
	double value[NR_MAX];
	uint64_t key[NR_MAX];
	struct units units;
};

static void fill(struct sample *sample, const double *value, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		sample->value[i] = value[i];
		sample->key[i] = i;
	}
	sample->units = (struct units){ sample->value, sample->key, nr, NAN, NAN };
}

static void near(double value, double expected, double margin)
{
	if (!(fabs(value - expected) <= margin))
		fail_msg("%.9g for %.9g", value, expected);
}

static struct compare_change change_of(const struct sample *base, const struct sample *cand, bool paired, bool exact)
{
	struct compare_change change;

	assert_int_equal(change_compute(&base->units, &cand->units, paired, exact, &change), 0);
	return change;
}

/* Differences alone: against a base of zeros. */
static struct compare_change change_of_pairs(const double *diff, size_t nr, struct sample *base, struct sample *cand)
{
	static const double zeros[NR_MAX];

	fill(base, zeros, nr);
	fill(cand, diff, nr);
	return change_of(base, cand, true, false);
}

/*
 * Hamilton depression scale of nine patients at two visits (Hollander, Wolfe & Chicken 2014, example 3.1). By Student's t: t = 3.0354
 * with 8 degrees of freedom, p = 0.01618.
 */
static void test_student_published(void **state)
{
	static const double first[] = { 1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30 };
	static const double second[] = { 0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29 };
	struct sample base, cand;
	struct compare_change change;

	(void)state;
	fill(&base, second, 9);
	fill(&cand, first, 9);
	change = change_of(&base, &cand, true, false);
	assert_int_equal(change.method, COMPARE_PAIRED_T);
	near(change.value / (change.sigma / 3), 3.0354, 0.0001);
	near(change.p, 0.01618, 0.00001);
	/* t of 8 degrees: 2.306004 and 1.859548. */
	near(change.interval.high - change.value, 2.306004 * change.sigma / 3, 1e-6);
	near(change.high_90 - change.value, 1.859548 * change.sigma / 3, 1e-6);
	near(change.value - change.interval.low, change.interval.high - change.value, 1e-12);
}

static void test_exact(void **state)
{
	static const double a[] = { 1000, 2000, 3000 }, b[] = { 1001, 2001, 3001 }, c[] = { 1001, 2001, 3001.0000001 },
			    d[] = { 1001, 2001, 3001.01 };
	struct sample base, cand;
	struct compare_change change;

	(void)state;
	fill(&base, a, 3);
	fill(&cand, b, 3);
	change = change_of(&base, &cand, true, true);
	assert_int_equal(change.method, COMPARE_EXACT);
	near(change.value, 1, 0);
	near(change.interval.low, 1, 0);
	near(change.interval.high, 1, 0);
	assert_true(isnan(change.p));
	assert_true(isnan(change_detectable(&change)));
	assert_int_equal(change_wanted(&change, 0.1), 0);
	/* What division leaves in the last bits is no difference; a hundredth is. */
	fill(&cand, c, 3);
	assert_int_equal(change_of(&base, &cand, true, true).method, COMPARE_EXACT);
	fill(&cand, d, 3);
	assert_int_equal(change_of(&base, &cand, true, true).method, COMPARE_PAIRED_T);
	/* On a clock that does not count, equal differences are luck: the interval is without width, the method none of exactness. */
	fill(&cand, b, 3);
	assert_int_equal(change_of(&base, &cand, true, false).method, COMPARE_PAIRED_T);
}

static void test_few(void **state)
{
	static const double a[] = { 1000, 1000 }, b[] = { 1500 };
	static const double near_luck[][2] = { { 1004.5, 1004.5 }, { 1004.5, 1004.501 }, { 1000, 1000.2 }, { 990, 1010 } };
	struct sample base, cand;
	struct compare_change change;

	(void)state;
	fill(&base, a, 1);
	fill(&cand, b, 1);
	change = change_of(&base, &cand, true, true);
	assert_int_equal(change.method, COMPARE_NONE);
	near(change.value, 500, 0);
	assert_true(isnan(change.interval.low) && isnan(change.p) && isnan(change.low_90));
	assert_int_equal(change_of(&base, &cand, false, false).method, COMPARE_NONE);
	/* Two that agree by luck, nearly or wholly, are no spread; two that do not differ at all are, where the clock counts. */
	fill(&base, a, 2);
	for (size_t i = 0; i < ARRAY_SIZE(near_luck); i++) {
		fill(&cand, near_luck[i], 2);
		change = change_of(&base, &cand, true, true);
		assert_int_equal(change.method, COMPARE_NONE);
		assert_true(isnan(change.interval.low) && isnan(change.p) && isnan(change.sigma) && isnan(change_detectable(&change)));
		near(change.value, (near_luck[i][0] - a[0] + near_luck[i][1] - a[1]) / 2, 1e-9);
	}
	fill(&cand, a, 2);
	change = change_of(&base, &cand, true, true);
	assert_int_equal(change.method, COMPARE_EXACT);
	near(change.interval.high, 0, 0);
	assert_int_equal(change_of(&base, &cand, true, false).method, COMPARE_NONE);
	fill(&base, a, 1);
	fill(&cand, b, 1);
	/* Keys that do not meet are no pairs. */
	cand.key[0] = 7;
	change = change_of(&base, &cand, true, true);
	assert_int_equal(change.nr, 0);
	assert_true(isnan(change.value));
	fill(&cand, b, 0);
	change = change_of(&base, &cand, false, false);
	assert_int_equal(change.nr, 0);
	assert_true(isnan(change.value));
}

static void test_pairing(void **state)
{
	static const double a[] = { 10, 20, 30, 40 }, b[] = { 11, 31, 44 };
	struct sample base, cand;
	struct compare_change change;

	(void)state;
	fill(&base, a, 4);
	fill(&cand, b, 3);
	cand.key[1] = 2;
	cand.key[2] = 3;
	change = change_of(&base, &cand, true, true);
	assert_int_equal(change.nr, 3);
	near(change.value, 2, 1e-12); /* of 1, 1, 4 */
}

/* "Not beyond δ" of pairs: Student's t of what is left when δ is taken off, doubled. */
static void test_beyond_pairs(void **state)
{
	static const double diff[] = { 3.1, 5.7, 4.2, 6.9, 2.4, 8.3, 5.1, 7.7, 4.9, 6.2, 3.8 };
	struct sample base, cand;
	struct compare_change change = change_of_pairs(diff, 11, &base, &cand);
	struct family_test test, mirror;
	double moved[11];

	(void)state;
	assert_int_equal(change.method, COMPARE_PAIRED_T);
	/* Mean 5.3, s 1.8762: (5.3 − 4) / (1.8762 / √11) = 2.2981 with 10 degrees of freedom, p = 0.0444. */
	assert_int_equal(change_test(&base.units, &cand.units, true, &change, 4, &test), 0);
	assert_int_equal(test.kind, FAMILY_VARIES);
	near(test.p, 2 * 0.0444, 0.0001);
	assert_int_equal(change_test(&base.units, &cand.units, true, &change, 6, &test), 0);
	near(test.p, 1, 0);
	assert_int_equal(change_test(&base.units, &cand.units, true, &change, 100, &test), 0);
	assert_int_equal(test.kind, FAMILY_QUIET);
	/* The mirror image has the same p. */
	assert_int_equal(change_test(&base.units, &cand.units, true, &change, 2, &test), 0);
	for (size_t i = 0; i < 11; i++)
		moved[i] = -diff[i];
	change = change_of_pairs(moved, 11, &base, &cand);
	assert_int_equal(change_test(&base.units, &cand.units, true, &change, 2, &mirror), 0);
	near(mirror.p, test.p, 1e-15);
}

/* How many of all ways to choose n of n + m values have a sum of ranks as far from its mean as these. */
static double mann_whitney_brute(const double *x, size_t n, const double *y, size_t m)
{
	double all[NR_MAX], rank[NR_MAX], mean = (double)(n * (n + m + 1)) / 2, found = 0;
	size_t extreme = 0, total = 0, nr = n + m;

	memcpy(all, x, n * sizeof(*x));
	memcpy(all + n, y, m * sizeof(*y));
	for (size_t i = 0; i < nr; i++) {
		double less = 0, equal = 0;

		for (size_t k = 0; k < nr; k++) {
			less += all[k] < all[i];
			equal += all[k] == all[i];
		}
		rank[i] = less + (equal + 1) / 2;
		found += i < n ? rank[i] : 0;
	}
	for (size_t pattern = 0; pattern < (size_t)1 << nr; pattern++) {
		double sum = 0;

		if ((size_t)__builtin_popcountl(pattern) != n)
			continue;
		for (size_t i = 0; i < nr; i++)
			sum += pattern >> i & 1 ? rank[i] : 0;
		total++;
		extreme += fabs(sum - mean) >= fabs(found - mean) - 1e-9;
	}
	return (double)extreme / (double)total;
}

static void test_beyond_two(void **state)
{
	static const double a[] = { 10.1, 12.4, 9.7, 11.5, 10.9, 13.2 }, b[] = { 14.9, 13.1, 15.2, 16.8, 12.9, 14.4, 13.9 };
	struct sample base, cand;
	struct compare_change change;
	struct family_test test;
	double moved[7];

	(void)state;
	fill(&base, a, 6);
	fill(&cand, b, 7);
	change = change_of(&base, &cand, false, false);
	assert_int_equal(change.method, COMPARE_SHIFT);
	near(change.p, mann_whitney_brute(a, 6, b, 7), 1e-12);
	for (size_t i = 0; i < 7; i++)
		moved[i] = b[i] - 1.5;
	assert_int_equal(change_test(&base.units, &cand.units, false, &change, 1.5, &test), 0);
	assert_int_equal(test.kind, FAMILY_VARIES);
	near(test.p, mann_whitney_brute(a, 6, moved, 7), 1e-12);
}

/*
 * Interval and test are one rule said twice: δ outside the 95 % interval, and p of "not beyond δ" at most 5 % (of pairs twice that, since the
 * test allows for modes).
 */
static void test_duality(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	static const size_t sizes[] = { 5, 9, 10, 14 };
	struct sample base, cand;

	(void)state;
	gsl_rng_set(rng, 7);
	for (size_t round = 0; round < 800; round++) {
		size_t nr = sizes[round % 4];
		bool paired = round % 8 < 4;
		double a[NR_MAX], b[NR_MAX], delta = gsl_rng_uniform(rng);
		struct compare_change change;
		struct family_test test;

		for (size_t i = 0; i < nr; i++) {
			a[i] = gsl_ran_gaussian(rng, 1);
			b[i] = 1.5 + gsl_ran_gaussian(rng, 1);
		}
		fill(&base, a, nr);
		fill(&cand, b, nr);
		change = change_of(&base, &cand, paired, false);
		assert_int_equal(change_test(&base.units, &cand.units, paired, &change, delta, &test), 0);
		if ((change.interval.low > delta || change.interval.high < -delta) != (test.p <= (paired ? 0.1 : 0.05)))
			fail_msg("%zu %s: [%g, %g] and %g, p %g", nr, paired ? "pairs" : "of two", change.interval.low, change.interval.high,
				 delta, test.p);
	}
	gsl_rng_free(rng);
}

static struct compare_change draw(gsl_rng *rng, size_t nr, bool paired, double effect, struct sample *base, struct sample *cand)
{
	double a[NR_MAX], b[NR_MAX];

	for (size_t i = 0; i < nr; i++) {
		a[i] = gsl_ran_gaussian(rng, 1);
		b[i] = gsl_ran_gaussian(rng, 1) + effect;
	}
	fill(base, a, nr);
	fill(cand, b, nr);
	return change_of(base, cand, paired, false);
}

/*
 * Nothing changed: how often is 0 outside the interval. A change of the size that such comparisons say they would have seen: how often is it
 * found, by the test of the row alone.
 */
static void test_rates(void **state)
{
	static const struct {
		size_t nr;
		bool paired;
	} designs[] = { { 3, true }, { 4, true }, { 5, true }, { 9, true }, { 12, true }, { 6, false }, { 16, false }, { 60, false } };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct sample base, cand;

	(void)state;
	gsl_rng_set(rng, 11);
	for (size_t d = 0; d < ARRAY_SIZE(designs); d++) {
		size_t nr = designs[d].nr, alarms = 0, found = 0, rounds = nr > 50 ? 1000 : 3000;
		bool paired = designs[d].paired;
		double effect = 0, rate, power;

		for (size_t round = 0; round < rounds; round++) {
			struct compare_change change = draw(rng, nr, paired, 0, &base, &cand);

			alarms += change.interval.low > 0 || change.interval.high < 0;
			effect += change_detectable(&change) / (double)rounds;
		}
		for (size_t round = 0; round < rounds; round++) {
			struct compare_change change = draw(rng, nr, paired, effect, &base, &cand);
			struct family_test test;

			assert_int_equal(change_test(&base.units, &cand.units, paired, &change, 0, &test), 0);
			found += test.p <= 0.05;
		}
		rate = (double)alarms / (double)rounds;
		power = (double)found / (double)rounds;
		/* 5 % and three standard errors of it; never much below, or the test would be a blunt one. */
		if (rate > 0.05 + 3 * sqrt(0.05 * 0.95 / (double)rounds) || rate < 0.025)
			fail_msg("%zu units: 0 is left out in %.3f", nr, rate);
		if (fabs(power - 0.8) > 0.03 + 2 * sqrt(0.16 / (double)rounds))
			fail_msg("%zu units, paired %d: a power of %.3f", nr, paired, power);
	}
	gsl_rng_free(rng);
}

static void test_smallest_p(void **state)
{
	double a[NR_MAX], b[NR_MAX];
	struct sample base, cand;
	struct compare_change change;

	(void)state;
	for (size_t i = 0; i < NR_MAX; i++) {
		a[i] = (double)i;
		b[i] = 1000 + 3 * (double)i;
	}
	for (size_t nr = 10; nr <= 20; nr++) {
		fill(&base, a, nr);
		fill(&cand, b, nr);
		change = change_of(&base, &cand, false, false);
		near(change.p / change_smallest_p(change.method, nr), 1, 1e-9);
	}
	/* METHOD's table: 3, 5, 6 and 7 a side. */
	near(change_smallest_p(COMPARE_SHIFT, 3), 0.1, 1e-12);
	near(change_smallest_p(COMPARE_SHIFT, 5), 0.0079, 0.00005);
	near(change_smallest_p(COMPARE_SHIFT, 7), 0.00058, 0.000005);
	near(change_smallest_p(COMPARE_PAIRED_T, 3), 2 / 64., 1e-15);
}

static void test_wanted(void **state)
{
	struct compare_change change = { .method = COMPARE_PAIRED_T, .nr = 10, .sigma = 7 };

	(void)state;
	for (double delta = 0.3; delta < 20; delta *= 1.3) {
		size_t nr = change_wanted(&change, delta);

		if (change_detectable(&change) <= delta) {
			assert_int_equal(nr, 0);
			continue;
		}
		/* The formula to plan by is not that of what was measured, by a percent at ten. */
		assert_true(nr >= 10);
		assert_true(stats_detectable(7, nr, FAMILY_T_ALPHA, 0.8) <= delta);
		assert_true(stats_detectable(7, nr - 1, FAMILY_T_ALPHA, 0.8) > delta);
	}
	assert_int_equal(change_wanted(&change, 1e-6), COMPARE_WANTED_MAX);
	assert_int_equal(change_wanted(&change, 0), 0);
}

/* Four arms of ten reps in each of eight boots, made with known variances: are they found again, and the plan that follows. */
static void test_nested(void **state)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	const double within = 9, between = 4, rounds = 400;
	double sum_within = 0, sum_between = 0;
	struct compare_nested nested;

	(void)state;
	gsl_rng_set(rng, 3);
	for (size_t round = 0; round < (size_t)rounds; round++) {
		double diff[8], reps[80];
		size_t sizes[8];
		struct units arms[4];
		const struct units *pointers[4] = { &arms[0], &arms[1], &arms[2], &arms[3] };
		struct compare_change change = { .method = COMPARE_PAIRED_T, .nr = 8 };

		for (size_t i = 0; i < 8; i++)
			diff[i] = gsl_ran_gaussian(rng, sqrt(between));
		for (size_t arm = 0; arm < 4; arm++) {
			for (size_t i = 0; i < 80; i++) {
				reps[i] = gsl_ran_gaussian(rng, sqrt(within));
				diff[i / 10] += (arm % 2 ? 0.1 : -0.1) * reps[i];
			}
			for (size_t i = 0; i < 8; i++)
				sizes[i] = 10;
			arms[arm] = (struct units){ .nr = 8, .within = stats_nested(reps, sizes, 8).within, .reps = 10 };
		}
		change.sigma = stats_stddev(diff, 8);
		nested = change_nested(&change, pointers, 4, 20, 1, 1);
		sum_within += nested.within;
		sum_between += change.sigma * change.sigma - nested.within / 10;
		near(nested.between, fmax(0, change.sigma * change.sigma - nested.within / 10), 1e-9);
	}
	near(sum_within / rounds, 4 * within, 0.5);
	near(sum_between / rounds, between, 0.6);
	gsl_rng_free(rng);

	/* The plan, by hand: √(20 · 36 / 4) reps, and the boots that stats_detectable() wants for what is left. */
	{
		struct units arm = { .nr = 8, .within = within, .reps = 10 };
		const struct units *pointers[4] = { &arm, &arm, &arm, &arm };
		struct compare_change change = { .method = COMPARE_PAIRED_T, .nr = 8, .sigma = sqrt(between + 36. / 10) };
		double sigma;

		nested = change_nested(&change, pointers, 4, 20, 1, 1);
		near(nested.between, between, 1e-9);
		assert_int_equal(nested.reps_wanted, 14);
		sigma = sqrt(between + 36. / 14);
		assert_true(stats_detectable(sigma, nested.units_wanted, FAMILY_T_ALPHA, 0.8) <= 1);
		assert_true(stats_detectable(sigma, nested.units_wanted - 1, FAMILY_T_ALPHA, 0.8) > 1);
		/* Unknown costs: variances, and no plan. */
		nested = change_nested(&change, pointers, 4, 0, 0, 1);
		near(nested.between, between, 1e-9);
		assert_int_equal(nested.reps_wanted, 0);
		/* One rep a boot: nothing is known. */
		arm.within = arm.reps = NAN;
		assert_true(isnan(change_nested(&change, pointers, 4, 20, 1, 1).within));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_student_published),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_pairing),
		cmocka_unit_test(test_beyond_pairs),
		cmocka_unit_test(test_beyond_two),
		cmocka_unit_test(test_duality),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_smallest_p),
		cmocka_unit_test(test_wanted),
		cmocka_unit_test(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
