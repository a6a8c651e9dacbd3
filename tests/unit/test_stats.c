// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every statistic against a published worked example, and against the definition, worked out by brute force in this file
 * on many small seeded samples with ties: all sign patterns, all ways to split two samples, all Walsh averages.
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_cdf.h>

#include "base/util.h"
#include "data/stats.h"

#define ROUNDS 300

static void near(double value, double expected, double tolerance)
{
	if (!(fabs(value - expected) <= tolerance))
		fail_msg("%.15g instead of %.15g", value, expected);
}

static void is_nan(double value)
{
	if (!isnan(value))
		fail_msg("%.15g instead of nothing", value);
}

/* xorshift64*: the same samples everywhere. */
static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 2685821657736338717ull >> 33) % limit;
}

/* Few different values, so that ties, zeros and equal magnitudes abound; every third sample is finer. */
static size_t random_sample(double *x, size_t min, size_t max, unsigned int round)
{
	size_t n = min + random_below(max - min + 1);

	for (size_t i = 0; i < n; i++)
		x[i] = round % 3 ? (double)random_below(9) - 4 : ((double)random_below(2000001) - 1000000) / 7919;
	return n;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double brute_median(double *x, size_t n)
{
	qsort(x, n, sizeof(*x), compare);
	return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* Mean rank of v among x, from the definition: those below, and half of those equal. */
static double brute_rank(double v, const double *x, size_t n)
{
	double below = 0, equal = 0;

	for (size_t i = 0; i < n; i++) {
		below += x[i] < v;
		equal += x[i] == v;
	}
	return below + (equal + 1) / 2;
}

/* --- location and scale --- */

static void test_median(void **state)
{
	static const double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 }, equal[] = { 7, 7, 7 };

	(void)state;
	near(stats_median(odd, 3), 3, 0);
	near(stats_median(even, 4), 2.5, 0);
	near(stats_median(equal, 3), 7, 0);
	near(stats_median(odd, 1), 5, 0);
	near(stats_median(odd, 2), 3, 0);
	is_nan(stats_median(odd, 0));
	near(odd[0], 5, 0); /* and leaves the sample as it was */
	near(stats_mean(even, 4), 2.5, 0);
	is_nan(stats_mean(even, 0));
}

/*
 * R's documented default (type 7 of Hyndman & Fan, The American Statistician 50, 1996): quantile(c(1, 2, 3, 4)) gives 1, 1.75,
 * 2.5, 3.25, 4; summary(c(1, 2, 3, 4, 100)) has quartiles 2 and 4.
 */
static void test_quantile(void **state)
{
	static const double four[] = { 4, 3, 2, 1 }, five[] = { 1, 2, 3, 4, 100 };

	(void)state;
	near(stats_quantile(four, 4, 0), 1, 0);
	near(stats_quantile(four, 4, 0.25), 1.75, 1e-15);
	near(stats_quantile(four, 4, 0.5), 2.5, 1e-15);
	near(stats_quantile(four, 4, 0.75), 3.25, 1e-15);
	near(stats_quantile(four, 4, 1), 4, 0);
	near(stats_quantile(five, 5, 0.25), 2, 0);
	near(stats_quantile(five, 5, 0.75), 4, 0);
	near(stats_quantile(five, 1, 0.99), 1, 0);
	is_nan(stats_quantile(five, 0, 0.5));
	is_nan(stats_quantile(five, 5, -0.1));
	is_nan(stats_quantile(five, 5, 1.1));
	is_nan(stats_quantile(five, 5, NAN));
}

/* Hyndman & Fan's own terms: type 7 places p(k) = (k - 1)/(n - 1) at the k-th value, and is linear in between. */
static void test_quantile_by_definition(void **state)
{
	double x[20], sorted[20];

	(void)state;
	random_state = 1;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = random_sample(x, 2, 20, round);
		double p = (double)random_below(1001) / 1000, expected = NAN;

		memcpy(sorted, x, sizeof(x));
		qsort(sorted, n, sizeof(*sorted), compare);
		for (size_t k = 1; k < n; k++) {
			double from = ((double)k - 1) / ((double)n - 1), to = (double)k / ((double)n - 1);

			if (p >= from && p <= to)
				expected = sorted[k - 1] + (p - from) / (to - from) * (sorted[k] - sorted[k - 1]);
		}
		near(stats_quantile(x, n, p), expected, 1e-9);
	}
}

/* R's sd(1:10) and mad(1:9). */
static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Large samples are sorted another way: values of every size and either sign, many of them equal, infinities and both zeros. */
static void test_large_sort(void **state)
{
	enum { N = 3001 };
	static double x[N], sorted[N];

	(void)state;
	random_state = 9;
	for (unsigned int round = 0; round < 6; round++) {
		for (size_t i = 0; i < N; i++) {
			x[i] = ((double)random_below(3) - 1) * pow(10, (double)random_below(600) - 300);
			if (round == 1)
				x[i] = (double)random_below(4) - 2;
			else if (round == 2)
				x[i] = -1e6 - (double)random_below(1000);
			else if (round == 3)
				x[i] = i % 2 ? -0.0 : 0.0;
		}
		if (round == 4)
			x[17] = INFINITY, x[2000] = -INFINITY;
		if (round == 5)
			x[0] = DBL_MIN / 4, x[1] = -DBL_MIN / 4, x[2] = DBL_MAX, x[3] = -DBL_MAX;
		memcpy(sorted, x, sizeof(x));
		qsort(sorted, N, sizeof(*sorted), by_value);
		/* From the middle outwards, so that no infinity is interpolated to. */
		near(stats_median(x, N), sorted[N / 2], 0);
		for (size_t i = 1; i + 2 < N; i += 7)
			near(stats_quantile(x, N, ((double)i + 1e-9) / (N - 1)), sorted[i], 1e-6 * fabs(sorted[i + 1] - sorted[i]));
	}
}

static void test_scale(void **state)
{
	static const double ten[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, equal[] = { 3, 3, 3 };
	/* A sum of squares would lose all digits of this one. */
	static const double far_out[] = { 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 };

	(void)state;
	near(stats_stddev(ten, 10), 3.02765, 5e-6);
	near(stats_stddev(far_out, 4), sqrt(30), 1e-9);
	near(stats_stddev(equal, 3), 0, 0);
	is_nan(stats_stddev(ten, 1));
	is_nan(stats_stddev(ten, 0));
	near(stats_mad_sigma(ten, 9), 2.9652, 1e-12);
	near(stats_mad_sigma(equal, 3), 0, 0);
	is_nan(stats_mad_sigma(ten, 1));
}

static void test_geomean(void **state)
{
	static const double x[] = { 1, 10, 100 }, huge[] = { 1e300, 1e300, 1e300 }, tiny[] = { 1e-300, 1e-300 };
	static const double zero[] = { 1, 0 }, negative[] = { 4, -1 };

	(void)state;
	near(stats_geomean(x, 3), 10, 1e-12);
	near(stats_geomean(x, 1), 1, 0);
	near(stats_geomean(huge, 3) / 1e300, 1, 1e-12); /* a product would overflow */
	near(stats_geomean(tiny, 2) / 1e-300, 1, 1e-12);
	is_nan(stats_geomean(zero, 2));
	is_nan(stats_geomean(negative, 2));
	is_nan(stats_geomean(x, 0));
}

/* --- interval of the median --- */

/*
 * Conover, Practical Nonparametric Statistics, 3rd ed. 1999, §3.2: the interval from the r-th to the (n+1-r)-th value covers the
 * binomial probability between. From any table of it: n = 6: 96.9 %, n = 8:
 * 99.2 % and 93.0 %, n = 10: 97.9 % at r = 2, n = 20: 95.9 % at r = 6.
 */
static void test_median_interval(void **state)
{
	double x[20];
	struct stats_interval interval;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		x[i] = (double)(20 - i);
	is_nan(stats_median_interval(x, 0, 0.95).low);
	is_nan(stats_median_interval(x, 1, 0.95).low);
	is_nan(stats_median_interval(x, 5, 0.95).low);
	is_nan(stats_median_interval(x, 5, 0.95).confidence);
	interval = stats_median_interval(x + 14, 6, 0.95);
	near(interval.low, 1, 0);
	near(interval.high, 6, 0);
	near(interval.confidence, 0.969, 0.0005);
	near(stats_median_interval(x + 12, 8, 0.95).confidence, 0.992, 0.0005);
	near(stats_median_interval(x + 12, 8, 0.92).confidence, 0.930, 0.0005);
	interval = stats_median_interval(x + 10, 10, 0.95);
	near(interval.low, 2, 0);
	near(interval.high, 9, 0);
	near(interval.confidence, 0.979, 0.0005);
	interval = stats_median_interval(x, 20, 0.95);
	near(interval.low, 6, 0);
	near(interval.high, 15, 0);
	near(interval.confidence, 0.959, 0.0005);
}

/* All 2^n ways in which n values can lie below or above the median. */
static void test_median_interval_by_enumeration(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 12; n++) {
		double x[12];
		struct stats_interval interval;

		for (size_t i = 0; i < n; i++)
			x[i] = (double)(i + 1);
		for (unsigned int percent = 50; percent < 100; percent += 5) {
			double best = NAN, best_low = NAN;

			for (size_t r = 1; r <= (n + 1) / 2; r++) {
				unsigned int covered = 0;

				for (unsigned int pattern = 0; pattern < 1u << n; pattern++) {
					size_t below = (size_t)__builtin_popcount(pattern);

					/* x(r) ≤ median: at least r below; x(n+1-r) ≥ median: at most n - r. */
					covered += below >= r && below <= n - r;
				}
				if (covered / exp2((double)n) >= percent / 100.0) {
					best = covered / exp2((double)n);
					best_low = (double)r;
				}
			}
			interval = stats_median_interval(x, n, percent / 100.0);
			if (isnan(best)) {
				is_nan(interval.low);
				continue;
			}
			near(interval.low, best_low, 0);
			near(interval.high, (double)n + 1 - best_low, 0);
			near(interval.confidence, best, 1e-12);
		}
	}
}

/* --- Tukey --- */

/*
 * NIST/SEMATECH e-Handbook, 7.1.6 "What are outliers in the data?": of these 90 values, 1441 alone is beyond an inner
 * fence (of either kind of quartile), and none beyond an outer one. The handbook's
 * quartiles (429.75, 742.25) are those of another type of quantile; type 7 gives the same label.
 */
static void test_tukey(void **state)
{
	static const double nist[] = {
		30,  171, 184, 201, 212, 250, 265, 270, 272, 289, 305, 306, 322, 322, 336, 346, 351, 370,
		390, 404, 409, 411, 436, 437, 439, 441, 444, 448, 451, 453, 470, 480, 482, 487, 494, 495,
		499, 503, 514, 521, 522, 527, 548, 550, 559, 560, 570, 572, 574, 578, 585, 592, 592, 607,
		616, 618, 621, 629, 637, 638, 640, 656, 668, 707, 709, 719, 737, 739, 752, 758, 766, 792,
		792, 794, 802, 818, 830, 832, 843, 858, 860, 869, 918, 925, 953, 991, 1000, 1005, 1068, 1441,
	};
	/* Quartiles 2 and 4: fences at -1, 7 and at -4, 10. */
	static const double x[] = { 1, 2, 3, 4, 7 }, y[] = { 1, 2, 3, 4, 7.5 }, z[] = { 1, 2, 3, 4, 10.5 };
	static const double equal[] = { 5, 5, 5, 5, 5 }, odd_one[] = { 5, 5, 5, 5, 6 };
	uint8_t mark[90];

	(void)state;
	assert_int_equal(stats_tukey(nist, ARRAY_SIZE(nist), mark), 1);
	assert_int_equal(mark[89], 1);
	assert_int_equal(stats_tukey(x, 5, mark), 0);
	assert_int_equal(stats_tukey(y, 5, mark), 1);
	assert_int_equal(mark[4], 1);
	assert_int_equal(mark[0], 0);
	assert_int_equal(stats_tukey(z, 5, mark), 1);
	assert_int_equal(mark[4], 2);
	assert_int_equal(stats_tukey(equal, 5, mark), 0);
	assert_int_equal(stats_tukey(odd_one, 5, mark), 1);
	assert_int_equal(mark[4], 2);
	assert_int_equal(stats_tukey(x, 1, mark), 0);
	assert_int_equal(stats_tukey(x, 0, mark), 0);
}

/* --- signed rank --- */

/*
 * Hamilton depression scale factor IV before and after a tranquilizer (Hollander & Wolfe 1973, p. 29; data and call in R's
 * ?wilcox.test): T+ = 5 of 9, one-sided p = 0.0195; HL = -0.46, and the interval (-0.786, -0.010) at 96.1 %.
 */
static const double hamilton[] = { 0.878 - 1.83, 0.647 - 0.50, 0.598 - 1.62, 2.05 - 2.48, 1.06 - 1.68,
				   1.29 - 1.88,	 1.06 - 1.55,  3.14 - 3.06,  1.29 - 1.30 };

static void test_hamilton(void **state)
{
	struct stats_interval interval = stats_hodges_lehmann_interval(hamilton, 9, 0.95);

	(void)state;
	near(stats_signed_rank_p(hamilton, 9), 2 * 0.01953125, 1e-12);
	near(stats_hodges_lehmann(hamilton, 9), -0.46, 0.0005);
	near(interval.low, -0.786, 0.0005);
	near(interval.high, -0.010, 0.0005);
	near(interval.confidence, 0.961, 0.0005);
}

/* The smallest two-sided p of n pairs is 2/2^n (METHOD: a design that cannot reach significance must be known). */
static void test_signed_rank_smallest(void **state)
{
	static const double x[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	for (size_t n = 1; n <= 8; n++)
		near(stats_signed_rank_p(x, n), 2 / exp2((double)n), 1e-15);
}

static void test_signed_rank_traps(void **state)
{
	static const double zeros[] = { 0, 0, 0, -0.0 }, one[] = { 3 }, mixed[] = { 0, 0, 2 };
	double many[60];
	struct stats_interval interval;

	(void)state;
	is_nan(stats_signed_rank_p(one, 0));
	near(stats_signed_rank_p(zeros, 4), 1, 0);
	near(stats_signed_rank_p(one, 1), 1, 0);
	near(stats_signed_rank_p(mixed, 3), 1, 0);
	is_nan(stats_hodges_lehmann(one, 0));
	near(stats_hodges_lehmann(one, 1), 3, 0);
	near(stats_hodges_lehmann(zeros, 4), 0, 0);
	assert_false(signbit(stats_hodges_lehmann(zeros, 4)));
	is_nan(stats_hodges_lehmann_interval(one, 0, 0.95).low);
	is_nan(stats_hodges_lehmann_interval(one, 1, 0.95).low);
	is_nan(stats_hodges_lehmann_interval(hamilton, 5, 0.95).low);
	assert_false(isnan(stats_hodges_lehmann_interval(hamilton, 6, 0.95).low));
	/* A constant sample, below and above the limit of the exact method. */
	for (size_t i = 0; i < 60; i++)
		many[i] = 4;
	for (size_t n = 6; n <= 60; n++) {
		interval = stats_hodges_lehmann_interval(many, n, 0.95);
		near(interval.low, 4, 0);
		near(interval.high, 4, 0);
		near(stats_hodges_lehmann(many, n), 4, 0);
		assert_true(interval.confidence >= 0.95 && interval.confidence < 1);
	}
}

static double brute_signed_rank_p(const double *x, size_t n)
{
	double magnitude[16], rank[16], observed = 0, mean = 0;
	unsigned int extreme = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (x[i] != 0)
			magnitude[used++] = fabs(x[i]);
	for (size_t i = 0; i < used; i++) {
		rank[i] = brute_rank(magnitude[i], magnitude, used);
		mean += rank[i] / 2;
	}
	for (size_t i = 0, k = 0; i < n; i++)
		if (x[i] != 0)
			observed += x[i] > 0 ? rank[k++] : (k++, 0);
	for (unsigned int pattern = 0; pattern < 1u << used; pattern++) {
		double sum = 0;

		for (size_t i = 0; i < used; i++)
			sum += pattern >> i & 1 ? rank[i] : 0;
		extreme += fabs(sum - mean) >= fabs(observed - mean);
	}
	return extreme / exp2((double)used);
}

static size_t walsh_averages(const double *x, size_t n, double *ret_walsh)
{
	size_t nr = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			ret_walsh[nr++] = 0.5 * (x[i] + x[j]);
	return nr;
}

static void test_signed_rank_by_enumeration(void **state)
{
	double x[11], walsh[66];

	(void)state;
	random_state = 2;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = random_sample(x, 1, 11, round);

		near(stats_signed_rank_p(x, n), brute_signed_rank_p(x, n), 1e-12);
		near(stats_hodges_lehmann(x, n), brute_median(walsh, walsh_averages(x, n, walsh)), 0);
	}
}

/* The interval: from the C-th smallest Walsh average to the C-th largest, C and its confidence counted over all sign patterns. */
static void test_hodges_lehmann_interval_by_enumeration(void **state)
{
	double x[11], walsh[66];

	(void)state;
	random_state = 3;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = random_sample(x, 1, 11, round), nr = walsh_averages(x, n, walsh), c = 0;
		double confidence = 0.5 + (double)random_below(49) / 100, coverage = NAN;
		struct stats_interval interval = stats_hodges_lehmann_interval(x, n, confidence);
		unsigned int at_most[67] = { 0 };

		for (unsigned int pattern = 0; pattern < 1u << n; pattern++) {
			size_t sum = 0;

			for (size_t i = 0; i < n; i++)
				sum += pattern >> i & 1 ? i + 1 : 0;
			for (size_t t = sum; t <= nr; t++)
				at_most[t]++;
		}
		for (size_t try = 1; try <= (nr + 1) / 2; try++) {
			double covered = 1 - 2 * at_most[try - 1] / exp2((double)n);

			if (covered >= confidence) {
				c = try;
				coverage = covered;
			}
		}
		qsort(walsh, nr, sizeof(*walsh), compare);
		if (!c) {
			is_nan(interval.low);
			continue;
		}
		near(interval.low, walsh[c - 1], 0);
		near(interval.high, walsh[nr - c], 0);
		near(interval.confidence, coverage, 1e-12);
	}
}

/* Two-sided p of U by the formula in Hollander, Wolfe & Chicken 2014, §4.1: tie-corrected variance, half a step towards the mean. */
static double brute_normal_mann_whitney_p(const double *x, size_t n, const double *y, size_t m)
{
	double nr = (double)(n + m), u = 0, ties = 0, sigma, z;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			u += x[i] > y[j] ? 1 : x[i] == y[j] ? 0.5 : 0;
	/* Each of t equal values contributes t² - 1, all of them t³ - t. */
	for (size_t i = 0; i < n + m; i++) {
		double v = i < n ? x[i] : y[i - n], t = 0;

		for (size_t j = 0; j < n + m; j++)
			t += (j < n ? x[j] : y[j - n]) == v;
		ties += t * t - 1;
	}
	sigma = sqrt((double)(n * m) / 12 * (nr + 1 - ties / (nr * (nr - 1))));
	z = fmax(0, fabs(u - (double)(n * m) / 2) - 0.5) / sigma;
	return erfc(z / sqrt(2));
}

static double brute_normal_signed_rank_p(const double *x, size_t n)
{
	double magnitude[64], t_plus = 0, ties = 0, nr = 0;
	size_t used = 0;

	for (size_t i = 0; i < n; i++)
		if (x[i] != 0)
			magnitude[used++] = fabs(x[i]);
	nr = (double)used;
	for (size_t i = 0; i < used; i++) {
		double t = 0;

		for (size_t j = 0; j < used; j++)
			t += magnitude[j] == magnitude[i];
		ties += t * t - 1;
	}
	for (size_t i = 0; i < n; i++)
		if (x[i] > 0)
			t_plus += brute_rank(x[i], magnitude, used);
	return erfc(fmax(0, fabs(t_plus - nr * (nr + 1) / 4) - 0.5) /
		    sqrt(nr * (nr + 1) * (2 * nr + 1) / 24 - ties / 48) / sqrt(2));
}

/* At 50 values the exact distribution and the normal one nearly agree: a slip in either shows. */
static void test_exact_meets_normal(void **state)
{
	double x[60], y[30];

	(void)state;
	random_state = 4;
	for (unsigned int round = 0; round < 40; round++) {
		double spread = round % 2 ? 1000 : 9;

		for (size_t i = 0; i < 60; i++)
			x[i] = (double)random_below((uint64_t)spread) - floor(spread * 0.42);
		for (size_t i = 0; i < 30; i++)
			y[i] = (double)random_below((uint64_t)spread) - floor(spread * 0.35);
		near(stats_signed_rank_p(x, 50), brute_normal_signed_rank_p(x, 50), 0.01);
		near(stats_signed_rank_p(x, 60), brute_normal_signed_rank_p(x, 60), spread > 9 ? 1e-9 : 0.01);
		near(stats_mann_whitney_p(x, 25, y, 25), brute_normal_mann_whitney_p(x, 25, y, 25), 0.01);
		near(stats_mann_whitney_p(x, 30, y, 21), brute_normal_mann_whitney_p(x, 30, y, 21), 1e-9);
	}
}

/* The C of the intervals, likewise: one value more may move it by what one value does, and no more. */
static void test_exact_interval_meets_normal(void **state)
{
	double x[60];
	struct stats_interval exact, normal;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		x[i] = (double)i;
	exact = stats_hodges_lehmann_interval(x, 50, 0.95);
	normal = stats_hodges_lehmann_interval(x, 51, 0.95);
	near(normal.low - exact.low, 0.5, 0.5);
	near(normal.high - exact.high, 0.5, 0.5);
	assert_true(exact.confidence >= 0.95 && exact.confidence < 0.952);
	assert_true(normal.confidence >= 0.95 && normal.confidence < 0.952);
	exact = stats_shift_interval(x, 25, x, 25, 0.95);
	normal = stats_shift_interval(x, 26, x, 26, 0.95);
	near(exact.low, -exact.high, 0);
	near(normal.low, exact.low, 1);
	near(normal.high, exact.high, 1);
	assert_true(exact.confidence >= 0.95 && exact.confidence < 0.955);
	assert_true(normal.confidence >= 0.95 && normal.confidence < 0.955);
	is_nan(stats_hodges_lehmann_interval(x, 60, 1).low);
}

/* Large samples select pairs without writing them down; so do small ones, here against writing them down. */
static void test_large_selection(void **state)
{
	enum { N = 300 };
	static double x[N], y[N], z[N], pairs[N * N];
	size_t nr;

	(void)state;
	random_state = 5;
	for (unsigned int round = 0; round < 4; round++) {
		for (size_t i = 0; i < N; i++) {
			x[i] = ((double)random_below(100000) - 50000) / 97;
			y[i] = ((double)random_below(1000) - 500) * 1e-5;
			/* Of every size, with either sign, and a third of them 0. */
			z[i] = ((double)random_below(3) - 1) * pow(10, (double)random_below(600) - 300);
		}
		near(stats_hodges_lehmann(x, N - round), brute_median(pairs, walsh_averages(x, N - round, pairs)), 0);
		near(stats_hodges_lehmann(y, N), brute_median(pairs, walsh_averages(y, N, pairs)), 0);
		near(stats_hodges_lehmann(z, N - round), brute_median(pairs, walsh_averages(z, N - round, pairs)), 0);
		nr = 0;
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < N; j++)
				pairs[nr++] = z[j] - x[i] / 1e4;
		for (size_t i = 0; i < N; i++)
			x[i] /= 1e4;
		near(stats_shift(x, N, z, N), brute_median(pairs, nr), 0);
		nr = 0;
		for (size_t i = 0; i < N; i++)
			for (size_t j = 0; j < N - round; j++)
				pairs[nr++] = y[j] - x[i];
		near(stats_shift(x, N, y, N - round), brute_median(pairs, nr), 0);
	}
}

/* --- the bootstrap --- */

/*
 * The BCa interval as Efron & Tibshirani 1993 define it (14.9 to 14.15), of all nⁿ resamples instead of some drawn ones; acceleration by
 * the jackknife.
 */
static struct stats_interval bootstrap_of_all(const double *x, size_t n, double confidence)
{
	enum { ALL = 46656 };
	static double means[ALL];
	double mean = stats_mean(x, n), z = gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2), below = 0, squares = 0, cubes = 0, jack[8], all = 0, z0, a;
	size_t nr = 1;

	for (size_t i = 0; i < n; i++)
		nr *= n;
	assert_true(nr <= ALL);
	for (size_t r = 0; r < nr; r++) {
		double sum = 0;

		for (size_t i = 0, rest = r; i < n; i++, rest /= n)
			sum += x[rest % n];
		means[r] = sum / (double)n;
		below += means[r] < mean - 1e-12 ? 1 : means[r] <= mean + 1e-12 ? 0.5 : 0;
	}
	for (size_t i = 0; i < n; i++) {
		jack[i] = (mean * (double)n - x[i]) / ((double)n - 1);
		all += jack[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		squares += pow(all - jack[i], 2);
		cubes += pow(all - jack[i], 3);
	}
	a = cubes / (6 * pow(squares, 1.5));
	z0 = gsl_cdf_ugaussian_Pinv(below / (double)nr);
	return (struct stats_interval){
		stats_quantile(means, nr, gsl_cdf_ugaussian_P(z0 + (z0 - z) / (1 - a * (z0 - z)))),
		stats_quantile(means, nr, gsl_cdf_ugaussian_P(z0 + (z0 + z) / (1 - a * (z0 + z)))),
		confidence,
	};
}

static void test_bootstrap_by_enumeration(void **state)
{
	static const double samples[][6] = {
		{ 1, 2, 3, 4, 5, 6 }, { 0, 0.3, 0.1, 7.9, 1.4, 2.2 }, { -8, -1.1, -0.4, -2, -0.9, -3.3 }, { 10, 11, 10.5, 14, 10.2, 30 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct stats_interval all = bootstrap_of_all(samples[i], 6, 0.9);
		struct stats_interval drawn = stats_bootstrap(NULL, 0, samples[i], 6, 0.9, 200000, i + 1);
		double margin = 0.02 * (all.high - all.low);

		near(drawn.low, all.low, margin);
		near(drawn.high, all.high, margin);
		/* The same seed, the same interval; another, nearly. */
		assert_true(drawn.low == stats_bootstrap(NULL, 0, samples[i], 6, 0.9, 200000, i + 1).low);
		near(stats_bootstrap(NULL, 0, samples[i], 6, 0.9, 200000, i + 100).low, drawn.low, margin);
	}
}

/* How often the mean of a skewed distribution is inside: exponential, mean 1, and the difference of two of them. */
static void test_bootstrap_coverage(void **state)
{
	enum { N = 40, NR_ROUNDS = 1000 };
	double x[N], y[N];
	size_t inside = 0, inside_two = 0;

	(void)state;
	random_state = 21;
	for (size_t round = 0; round < NR_ROUNDS; round++) {
		struct stats_interval one, two;

		for (size_t i = 0; i < N; i++) {
			x[i] = -log(((double)random_below(1000000) + 0.5) / 1000000);
			y[i] = 2 - log(((double)random_below(1000000) + 0.5) / 1000000);
		}
		one = stats_bootstrap(NULL, 0, x, N, 0.95, 1000, round);
		two = stats_bootstrap(x, N, y, N, 0.95, 1000, round);
		inside += one.low <= 1 && one.high >= 1;
		inside_two += two.low <= 2 && two.high >= 2;
	}
	/* 95 %, less what Efron & Tibshirani find wanting at such sizes. */
	assert_in_range(inside, 915, 970);
	assert_in_range(inside_two, 920, 970);
}

/* Of large samples some are drawn: the interval is still that of the mean of all, which is normal then. */
static void test_bootstrap_large(void **state)
{
	enum { LARGE = 40000 };
	static double x[LARGE];
	struct stats_interval interval;
	double error;

	(void)state;
	random_state = 4;
	for (size_t i = 0; i < LARGE; i++)
		x[i] = -log(((double)random_below(1000000) + 0.5) / 1000000);
	error = stats_stddev(x, LARGE) / sqrt(LARGE);
	interval = stats_bootstrap(NULL, 0, x, LARGE, 0.95, 20000, 1);
	near((interval.high - stats_mean(x, LARGE)) / error, 1.96, 0.08);
	near((interval.low - stats_mean(x, LARGE)) / error, -1.96, 0.08);
	interval = stats_bootstrap(x, LARGE, x, LARGE, 0.95, 20000, 1);
	near(interval.high / error, 1.96 * sqrt(2), 0.1);
	near(interval.low / error, -1.96 * sqrt(2), 0.1);
}

static void test_bootstrap_traps(void **state)
{
	static const double one[] = { 4 }, same[] = { 3, 3, 3 }, bad[] = { 1, NAN };

	(void)state;
	is_nan(stats_bootstrap(NULL, 0, one, 0, 0.95, 100, 1).low);
	is_nan(stats_bootstrap(NULL, 0, one, 1, 0.95, 0, 1).low);
	is_nan(stats_bootstrap(NULL, 0, bad, 2, 0.95, 100, 1).low);
	near(stats_bootstrap(NULL, 0, one, 1, 0.95, 100, 1).high, 4, 0);
	near(stats_bootstrap(one, 1, same, 3, 0.95, 100, 1).low, -1, 0);
}

/* --- sign flips --- */

/*
 * Fisher, The Design of Experiments, 1935, §21: Darwin's 15 pairs of maize, differences in eighths of an inch. Of the 2^15 patterns 1726
 * have a sum at least as large in either direction: p = 0.05267.
 */
static void test_fisher_darwin(void **state)
{
	static const double darwin[] = { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 };

	(void)state;
	near(stats_sign_flip_p(darwin, 15), 1726 / 32768.0, 1e-12);
}

static void test_sign_flip(void **state)
{
	/* Sums that are equal on paper and differ in their last bits. */
	static const double tenths[] = { 0.1, 0.2, 0.3, -0.6 }, zeros[] = { 0, 0, 0 };
	double x[17] = { 0 };

	(void)state;
	is_nan(stats_sign_flip_p(x, 0));
	is_nan(stats_sign_flip_p(x, 17));
	near(stats_sign_flip_p(x, 16), 1, 0);
	near(stats_sign_flip_p(zeros, 3), 1, 0);
	near(stats_sign_flip_p(tenths, 4), 1, 0);
	random_state = 6;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		/* In whole numbers there is no rounding to hide behind. */
		size_t n = 1 + random_below(10);
		long whole[10], observed = 0;
		unsigned int extreme = 0;

		for (size_t i = 0; i < n; i++) {
			whole[i] = (long)random_below(13) - 5;
			observed += whole[i];
			x[i] = (double)whole[i] / 10;
		}
		for (unsigned int pattern = 0; pattern < 1u << n; pattern++) {
			long sum = 0;

			for (size_t i = 0; i < n; i++)
				sum += pattern >> i & 1 ? whole[i] : -whole[i];
			extreme += labs(sum) >= labs(observed);
		}
		near(stats_sign_flip_p(x, n), extreme / exp2((double)n), 1e-12);
	}
}

/* --- two samples --- */

/*
 * Permeability of the human chorioamnion at term and at 12 to 26 weeks (Hollander & Wolfe 1973, p. 69 f.; data and call in R's
 * ?wilcox.test): W = 35, one-sided p = 0.1272, shift 0.305.
 */
static const double at_term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
static const double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };

static void test_permeability(void **state)
{
	(void)state;
	near(stats_mann_whitney_p(at_term, 10, early, 5), 2 * 0.1272, 0.0001);
	near(stats_mann_whitney_p(early, 5, at_term, 10), 2 * 0.1272, 0.0001);
	near(stats_shift(early, 5, at_term, 10), 0.305, 1e-9);
	near(stats_shift(at_term, 10, early, 5), -0.305, 1e-9);
}

/* The smallest p at n = m: 2/C(2n, n). */
static void test_mann_whitney_smallest(void **state)
{
	static const double x[] = { 1, 2, 3, 4, 5, 6, 7 }, y[] = { 11, 12, 13, 14, 15, 16, 17 };

	(void)state;
	near(stats_mann_whitney_p(x, 3, y, 3), 0.10, 1e-12);
	near(stats_mann_whitney_p(x, 5, y, 5), 0.0079, 0.00005);
	near(stats_mann_whitney_p(x, 6, y, 6), 0.0022, 0.00005);
	near(stats_mann_whitney_p(x, 7, y, 7), 0.00058, 0.000005);
}

static void test_two_sample_traps(void **state)
{
	static const double equal[] = { 2, 2, 2, 2 }, x[] = { 1, 2 }, y[] = { 5 };
	double many[40], more[40];

	(void)state;
	near(stats_mann_whitney_p(equal, 4, equal, 3), 1, 0);
	near(stats_mann_whitney_p(x, 2, y, 1), 2 / 3.0, 1e-12);
	is_nan(stats_mann_whitney_p(x, 0, y, 1));
	is_nan(stats_mann_whitney_p(x, 2, y, 0));
	is_nan(stats_mann_whitney_p(x, 0, y, 0));
	is_nan(stats_shift(x, 0, y, 1));
	is_nan(stats_shift(x, 2, y, 0));
	near(stats_shift(x, 2, y, 1), 3.5, 0);
	near(stats_shift(equal, 4, equal, 4), 0, 0);
	is_nan(stats_shift_interval(x, 2, y, 1, 0.95).low);
	is_nan(stats_shift_interval(x, 0, y, 1, 0.95).low);
	/* Above the limit of the exact method: all equal has no variance to divide by. */
	for (size_t i = 0; i < 40; i++) {
		many[i] = 3;
		more[i] = (double)i;
	}
	near(stats_mann_whitney_p(many, 40, many, 40), 1, 0);
	near(stats_mann_whitney_p(more, 40, more, 40), 1, 1e-12);
	near(stats_shift_interval(many, 40, many, 40, 0.95).high, 0, 0);
}

/* All ways to choose which of the values are the first sample. */
static double brute_mann_whitney_p(const double *x, size_t n, const double *y, size_t m)
{
	double both[16], rank[16], observed = 0, mean = (double)n * ((double)(n + m) + 1) / 2;
	unsigned int extreme = 0, total = 0;

	memcpy(both, x, n * sizeof(*x));
	memcpy(both + n, y, m * sizeof(*y));
	for (size_t i = 0; i < n + m; i++) {
		rank[i] = brute_rank(both[i], both, n + m);
		observed += i < n ? rank[i] : 0;
	}
	for (unsigned int pattern = 0; pattern < 1u << (n + m); pattern++) {
		double sum = 0;

		if ((size_t)__builtin_popcount(pattern) != n)
			continue;
		for (size_t i = 0; i < n + m; i++)
			sum += pattern >> i & 1 ? rank[i] : 0;
		total++;
		extreme += fabs(sum - mean) >= fabs(observed - mean);
	}
	return (double)extreme / total;
}

static void test_mann_whitney_by_enumeration(void **state)
{
	double x[6], y[7], pairs[42];

	(void)state;
	random_state = 7;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = random_sample(x, 1, 6, round), m = random_sample(y, 1, 7, round), nr = 0;

		near(stats_mann_whitney_p(x, n, y, m), brute_mann_whitney_p(x, n, y, m), 1e-12);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < m; j++)
				pairs[nr++] = y[j] - x[i];
		near(stats_shift(x, n, y, m), brute_median(pairs, nr), 0);
	}
}

static void test_shift_interval_by_enumeration(void **state)
{
	double x[6], y[6], pairs[36];

	(void)state;
	random_state = 8;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = random_sample(x, 1, 6, round), m = random_sample(y, 1, 6, round), nr = 0, c = 0;
		double confidence = 0.5 + (double)random_below(49) / 100, coverage = NAN;
		struct stats_interval interval = stats_shift_interval(x, n, y, m, confidence);
		unsigned int at_most[37] = { 0 };

		for (unsigned int pattern = 0; pattern < 1u << (n + m); pattern++) {
			size_t u = 0;

			if ((size_t)__builtin_popcount(pattern) != n)
				continue;
			/* U: how often a member of the second sample is below one of the first. */
			for (size_t i = 0; i < n + m; i++)
				for (size_t j = 0; j < i; j++)
					u += (pattern >> i & 1) && !(pattern >> j & 1);
			for (size_t t = u; t <= n * m; t++)
				at_most[t]++;
		}
		for (size_t try = 1; try <= (n * m + 1) / 2; try++) {
			double covered = 1 - 2.0 * at_most[try - 1] / at_most[n * m];

			if (covered >= confidence) {
				c = try;
				coverage = covered;
			}
		}
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < m; j++)
				pairs[nr++] = y[j] - x[i];
		qsort(pairs, nr, sizeof(*pairs), compare);
		if (!c) {
			is_nan(interval.low);
			continue;
		}
		near(interval.low, pairs[c - 1], 0);
		near(interval.high, pairs[nr - c], 0);
		near(interval.confidence, coverage, 1e-12);
	}
}

/* --- what intervals promise --- */

/* Normal samples with a known middle: the interval must hold it as often as it says. 4000 samples: ±1.5 % is more than 4 σ. */
static void test_coverage(void **state)
{
	unsigned int covered = 0, covered_median = 0;
	enum { SAMPLES = 4000, N = 10 };
	double promised = 0;

	(void)state;
	random_state = 9;
	for (unsigned int round = 0; round < SAMPLES; round++) {
		struct stats_interval interval, median;
		double x[N];

		for (size_t i = 0; i < N; i++) {
			/* Twelve uniform numbers make a normal one, near enough for this, and symmetric. */
			x[i] = -6 + 0.37;
			for (unsigned int k = 0; k < 12; k++)
				x[i] += ((double)random_below(1 << 20) + 0.5) / (1 << 20);
		}
		interval = stats_hodges_lehmann_interval(x, N, 0.95);
		median = stats_median_interval(x, N, 0.95);
		covered += interval.low <= 0.37 && interval.high >= 0.37;
		covered_median += median.low <= 0.37 && median.high >= 0.37;
		promised = interval.confidence;
	}
	near((double)covered / SAMPLES, promised, 0.015);
	near((double)covered_median / SAMPLES, 0.979, 0.012);
}

/*
 * Bloom, Evaluation Review 19, 1995: the minimum detectable effect is (t(1-α/2) + t(1-β)) standard errors; with many degrees of freedom
 * at α = 5 % and 80 % power that is 1.96 + 0.84 = 2.80. For 9 degrees t is 2.262 and 0.883 (any table of t).
 */
static void test_detectable(void **state)
{
	(void)state;
	near(stats_detectable(1, 1000000, 0.05, 0.8) * 1000, 2.80, 0.005);
	near(stats_detectable(3, 10, 0.05, 0.8), (2.262 + 0.883) * 3 / sqrt(10), 0.002);
	near(stats_detectable(0, 10, 0.05, 0.8), 0, 0);
	is_nan(stats_detectable(1, 1, 0.05, 0.8));
	is_nan(stats_detectable(1, 0, 0.05, 0.8));
	is_nan(stats_detectable(NAN, 10, 0.05, 0.8));
}

/*
 * How often the signed-rank interval really finds what Bloom's formula, which is that of the t-test, calls detectable in 80 % of
 * cases: docs/METHOD.md quotes this. Normal differences; 6000 samples, so that ±2 % is more than 3 σ.
 */
static void test_power(void **state)
{
	static const struct {
		size_t n;
		double power;
	} cases[] = { { 6, 0.62 }, { 8, 0.74 }, { 10, 0.77 }, { 20, 0.77 } };
	enum { SAMPLES = 6000 };

	(void)state;
	random_state = 11;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		double shift = stats_detectable(1, cases[c].n, 0.05, 0.8), x[20];
		unsigned int found = 0;

		for (unsigned int round = 0; round < SAMPLES; round++) {
			struct stats_interval interval;

			for (size_t i = 0; i < cases[c].n; i++) {
				/* Box & Muller. */
				double u = ((double)random_below(1 << 30) + 0.5) / (1 << 30);
				double v = ((double)random_below(1 << 30) + 0.5) / (1 << 30);

				x[i] = shift + sqrt(-2 * log(u)) * cos(2 * M_PI * v);
			}
			interval = stats_hodges_lehmann_interval(x, cases[c].n, 0.95);
			found += interval.low > 0 || interval.high < 0;
		}
		near((double)found / SAMPLES, cases[c].power, 0.02);
	}
}

/* A missing value that slipped in must not be counted as any number. */
static void test_nan(void **state)
{
	static const double x[] = { 1, 2, NAN, 4, 5, 6, 7 }, y[] = { 1, 2, 3 };
	uint8_t mark[7];

	(void)state;
	is_nan(stats_mean(x, 7));
	is_nan(stats_median(x, 7));
	is_nan(stats_quantile(x, 7, 0.5));
	is_nan(stats_stddev(x, 7));
	is_nan(stats_mad_sigma(x, 7));
	is_nan(stats_median_interval(x, 7, 0.95).low);
	is_nan(stats_hodges_lehmann(x, 7));
	is_nan(stats_hodges_lehmann_interval(x, 7, 0.95).low);
	is_nan(stats_signed_rank_p(x, 7));
	is_nan(stats_sign_flip_p(x, 7));
	is_nan(stats_mann_whitney_p(x, 7, y, 3));
	is_nan(stats_mann_whitney_p(y, 3, x, 7));
	is_nan(stats_shift(y, 3, x, 7));
	is_nan(stats_shift_interval(y, 3, x, 7, 0.5).high);
	is_nan(stats_geomean(x, 7));
	assert_int_equal(stats_tukey(x, 7, mark), 0);
}

/* The example in the documentation of pingouin.multicomp() and the same numbers of R's p.adjust(method = "holm"). */
static void test_holm(void **state)
{
	static const double p[] = { 0.50, 0.003, 0.32, 0.054, 0.0003 };
	static const double expected[] = { 0.64, 0.012, 0.64, 0.162, 0.0015 };
	static const double gaps[] = { NAN, 0.01, NAN, 0.04, 0.04 };
	double adjusted[5], q[6];

	(void)state;
	stats_holm(p, 5, adjusted);
	for (size_t i = 0; i < 5; i++)
		near(adjusted[i], expected[i], 1e-12);
	stats_holm(gaps, 5, adjusted);
	is_nan(adjusted[0]);
	is_nan(adjusted[2]);
	near(adjusted[1], 0.03, 1e-12);
	near(adjusted[3], 0.08, 1e-12);
	near(adjusted[4], 0.08, 1e-12);
	stats_holm(p, 0, adjusted);
	stats_holm(p, 1, adjusted);
	near(adjusted[0], 0.5, 0);
	/* By its definition: the maximum, over those not larger, of p times how many are not smaller in the order. */
	random_state = 10;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t n = 1 + random_below(6);
		double a[6];

		for (size_t i = 0; i < n; i++)
			q[i] = (double)(1 + random_below(8)) / 40;
		stats_holm(q, n, a);
		for (size_t i = 0; i < n; i++) {
			double largest = 0;

			for (size_t j = 0; j < n; j++) {
				size_t smaller = 0;

				if (q[j] > q[i])
					continue;
				for (size_t k = 0; k < n; k++)
					smaller += q[k] < q[j];
				largest = fmax(largest, fmin(1, (double)(n - smaller) * q[j]));
			}
			near(a[i], largest, 1e-12);
		}
	}
}

/*
 * Strength of cloth from four looms: Montgomery, Design and Analysis of Experiments, 5th ed. 2001, the random effects model: mean squares 29.73 and
 * 1.90, variance components 6.96 between looms and 1.90 within.
 */
static void test_nested(void **state)
{
	static const double looms[] = { 98, 97, 99, 96, 91, 90, 93, 92, 96, 95, 97, 95, 95, 96, 99, 98 };
	static const size_t four[] = { 4, 4, 4, 4 };
	static const double uneven[] = { 1, 3, 10, 12, 14, 7 };
	static const size_t sizes[] = { 2, 3, 1 }, ones[] = { 1, 1, 1, 1, 1, 1 }, gap[] = { 2, 0, 3, 1 };
	struct stats_nested nested = stats_nested(looms, four, 4);

	(void)state;
	near(nested.within, 1.90, 0.005);
	near(nested.between, 6.96, 0.005);
	near(nested.reps, 4, 0);
	/*
	 * By hand: means 2, 12, 7 and 47/6 of all; within 2 + 8 + 0 over 6 - 3; between
	 * 2 (35/6)² + 3 (25/6)² + (5/6)² over 2; size of a unit (6 - 14/6) / 2.
	 */
	nested = stats_nested(uneven, sizes, 3);
	near(nested.within, 10. / 3, 1e-12);
	near(nested.between, ((2 * 1225 + 3 * 625 + 25) / 36. / 2 - 10. / 3) / (11. / 6), 1e-12);
	near(nested.reps, 2, 0);
	/* A unit without reps is none. */
	near(stats_nested(uneven, gap, 4).between, nested.between, 0);
	is_nan(stats_nested(uneven, ones, 6).within);
	is_nan(stats_nested(uneven, ones, 0).within);
	nested = stats_nested(uneven, four, 1);
	near(nested.within, stats_stddev(uneven, 4) * stats_stddev(uneven, 4), 1e-12);
	is_nan(nested.between);
}

/* The cost of every number of reps that a fixed time allows, tried one by one. */
static void test_nested_reps(void **state)
{
	static const double variances[][2] = { { 4, 1 }, { 100, 3 }, { 1, 50 }, { 9, 9 } };
	static const double costs[][2] = { { 20, 1 }, { 5, 2 }, { 1, 1 }, { 300, 0.5 } };

	(void)state;
	for (size_t v = 0; v < 4; v++)
		for (size_t c = 0; c < 4; c++) {
			double within = variances[v][0], between = variances[v][1], unit = costs[c][0], rep = costs[c][1];
			double reps = stats_nested_reps(within, between, unit, rep), best = INFINITY, exact = 1;

			/* Variance of a mean times its time: what all but the number of reps cancels out of. */
			for (double r = 0.001; r < 200; r += 0.001) {
				double price = (between + within / r) * (unit + r * rep);

				if (price < best) {
					best = price;
					exact = r;
				}
			}
			near(reps, fmax(1, ceil(exact - 0.001)), 1e-9);
		}
	assert_true(isinf(stats_nested_reps(4, 0, 1, 1)));
	assert_true(isinf(stats_nested_reps(4, -3, 1, 1)));
	near(stats_nested_reps(0, 3, 10, 1), 1, 0);
	is_nan(stats_nested_reps(NAN, 1, 1, 1));
	is_nan(stats_nested_reps(1, NAN, 1, 1));
	is_nan(stats_nested_reps(1, 1, 0, 1));
	is_nan(stats_nested_reps(1, 1, 1, 0));
}

static void test_histogram_quantile(void **state)
{
	static const uint64_t x[][2] = { { 10, 1 }, { 20, 0 }, { 63, 1 }, { 64, 2 }, { 128, 2 }, { 4096, 4 } };
	static const uint64_t huge[][2] = { { 1ull << 62, UINT64_MAX }, { 3ull << 61, UINT64_MAX } };
	static const uint64_t empty[][2] = { { 10, 0 } };

	(void)state;
	near(stats_histogram_quantile(x, 6, 0), 10, 0);
	near(stats_histogram_quantile(x, 6, 0.05), 10.5, 1e-12);
	near(stats_histogram_quantile(x, 6, 0.2), 64, 1e-12);  /* the end of the bucket 63 */
	near(stats_histogram_quantile(x, 6, 0.3), 64.5, 1e-12);
	near(stats_histogram_quantile(x, 6, 0.5), 129, 1e-12); /* 128 … 130 */
	near(stats_histogram_quantile(x, 6, 0.9), 4096 + 0.75 * 64, 1e-9);
	near(stats_histogram_quantile(x, 6, 1), 4096 + 64, 1e-9);
	is_nan(stats_histogram_quantile(empty, 1, 0.5));
	is_nan(stats_histogram_quantile(x, 0, 0.5));
	is_nan(stats_histogram_quantile(x, 6, 1.5));
	near(stats_histogram_quantile(huge, 2, 0.25) / exp2(62), 1 + 1 / 128.0, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_median),
		cmocka_unit_test(test_quantile),
		cmocka_unit_test(test_quantile_by_definition),
		cmocka_unit_test(test_large_sort),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_geomean),
		cmocka_unit_test(test_median_interval),
		cmocka_unit_test(test_median_interval_by_enumeration),
		cmocka_unit_test(test_tukey),
		cmocka_unit_test(test_hamilton),
		cmocka_unit_test(test_signed_rank_smallest),
		cmocka_unit_test(test_signed_rank_traps),
		cmocka_unit_test(test_signed_rank_by_enumeration),
		cmocka_unit_test(test_hodges_lehmann_interval_by_enumeration),
		cmocka_unit_test(test_exact_meets_normal),
		cmocka_unit_test(test_exact_interval_meets_normal),
		cmocka_unit_test(test_large_selection),
		cmocka_unit_test(test_bootstrap_by_enumeration),
		cmocka_unit_test(test_bootstrap_coverage),
		cmocka_unit_test(test_bootstrap_large),
		cmocka_unit_test(test_bootstrap_traps),
		cmocka_unit_test(test_fisher_darwin),
		cmocka_unit_test(test_sign_flip),
		cmocka_unit_test(test_permeability),
		cmocka_unit_test(test_mann_whitney_smallest),
		cmocka_unit_test(test_two_sample_traps),
		cmocka_unit_test(test_mann_whitney_by_enumeration),
		cmocka_unit_test(test_shift_interval_by_enumeration),
		cmocka_unit_test(test_coverage),
		cmocka_unit_test(test_detectable),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_nan),
		cmocka_unit_test(test_holm),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_nested_reps),
		cmocka_unit_test(test_histogram_quantile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
