// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/util.h"
#include "data/stats_sort.h"

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* From here on a byte's worth of order at a time is faster than comparing. */
#define RADIX_MIN  512
#define RADIX_BITS 11
#define RADIX_SIZE (1U << RADIX_BITS)

/* Doubles as numbers of the same order: the sign turned, and negative ones altogether. */
static uint64_t to_radix(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits ^ (bits >> 63 ? UINT64_MAX : 1ULL << 63);
}

static double from_radix(uint64_t bits)
{
	double value;

	bits ^= bits >> 63 ? 1ULL << 63 : UINT64_MAX;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* One pass from @from to @to by the digit at @shift; false: all have the same, and nothing was moved. */
static bool radix_pass(const uint64_t *from, uint64_t *to, size_t n, unsigned int shift)
{
	size_t start[RADIX_SIZE] = { 0 }, sum = 0;

	for (size_t i = 0; i < n; i++)
		start[from[i] >> shift & (RADIX_SIZE - 1)]++;
	if (start[from[0] >> shift & (RADIX_SIZE - 1)] == n)
		return false;
	for (size_t digit = 0; digit < RADIX_SIZE; digit++) {
		size_t nr = start[digit];

		start[digit] = sum;
		sum += nr;
	}
	for (size_t i = 0; i < n; i++)
		to[start[from[i] >> shift & (RADIX_SIZE - 1)]++] = from[i];
	return true;
}

/* false: no memory, and @x as it was. */
static bool radix_sort(double *x, size_t n)
{
	__free_mem uint64_t *first = calloc(n, sizeof(*first)), *second = calloc(n, sizeof(*second));
	uint64_t *from = first, *to = second;

	if (!first || !second)
		return false;
	for (size_t i = 0; i < n; i++)
		first[i] = to_radix(x[i]);
	for (unsigned int shift = 0; shift < 64; shift += RADIX_BITS) {
		if (radix_pass(from, to, n, shift)) {
			uint64_t *swap = from;

			from = to;
			to = swap;
		}
	}
	for (size_t i = 0; i < n; i++)
		x[i] = from_radix(from[i]);
	return true;
}

double *stats_sorted(const double *x, size_t n)
{
	double *sorted = calloc(n ? n : 1, sizeof(*sorted));

	if (!sorted)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		/* It has no place in an order. */
		if (isnan(x[i])) {
			free(sorted);
			return NULL;
		}
		/* A negative zero is a plain one: they are equal. */
		sorted[i] = x[i] + 0.0;
	}
	if (n < RADIX_MIN || !radix_sort(sorted, n))
		qsort(sorted, n, sizeof(*sorted), compare);
	return sorted;
}

double stats_mean(const double *x, size_t n)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return n ? (double)(sum / n) : NAN;
}

static double sorted_quantile(const double *sorted, size_t n, double p)
{
	double place = p * (double)(n - 1);
	size_t below = (size_t)place;

	if (below + 1 >= n)
		return sorted[n - 1];
	return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

double stats_quantile(const double *x, size_t n, double p)
{
	__free_mem double *sorted = NULL;

	if (!n || !(p >= 0 && p <= 1))
		return NAN;
	sorted = stats_sorted(x, n);
	return sorted ? sorted_quantile(sorted, n, p) : NAN;
}

double stats_median(const double *x, size_t n)
{
	__free_mem double *sorted = NULL;

	if (!n)
		return NAN;
	sorted = stats_sorted(x, n);
	if (!sorted)
		return NAN;
	return n % 2 ? sorted[n / 2] : 0.5 * (sorted[n / 2 - 1] + sorted[n / 2]);
}

double stats_stddev(const double *x, size_t n)
{
	double mean = stats_mean(x, n);
	long double sum = 0;

	if (n < 2)
		return NAN;
	for (size_t i = 0; i < n; i++)
		sum += (long double)(x[i] - mean) * (x[i] - mean);
	return (double)sqrtl(sum / (n - 1));
}

double stats_mad_sigma(const double *x, size_t n)
{
	double median = stats_median(x, n), result;
	__free_mem double *deviation = NULL;

	if (n < 2)
		return NAN;
	deviation = calloc(n, sizeof(*deviation));
	if (!deviation)
		return NAN;
	for (size_t i = 0; i < n; i++)
		deviation[i] = fabs(x[i] - median);
	/* 1 / Φ⁻¹(3/4): then a normal sample gives its σ. */
	result = 1.4826 * stats_median(deviation, n);
	return result;
}

/* The binomial distribution is computed to about this much: 50 % of n = 2 must not fail for its last bit. */
#define ROUNDING 1e-12

/* P(x(r) ≤ median ≤ x(n+1-r)): 1 − 2 P(B ≤ r − 1), B binomial of n and 1/2. */
static double order_coverage(size_t r, size_t n)
{
	return 1 - 2 * gsl_cdf_binomial_P((unsigned int)(r - 1), 0.5, (unsigned int)n);
}

struct stats_interval stats_median_interval(const double *x, size_t n, double confidence)
{
	struct stats_interval interval = { NAN, NAN, NAN };
	size_t low = 1, high = (n + 1) / 2;
	__free_mem double *sorted = NULL;

	if (!n || order_coverage(1, n) < confidence - ROUNDING)
		return interval;
	sorted = stats_sorted(x, n);
	if (!sorted)
		return interval;
	/* The largest r that still covers enough; coverage falls with r. */
	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (order_coverage(middle, n) >= confidence - ROUNDING)
			low = middle;
		else
			high = middle - 1;
	}
	interval.low = sorted[low - 1];
	interval.high = sorted[n - low];
	interval.confidence = order_coverage(low, n);
	return interval;
}

size_t stats_tukey(const double *x, size_t n, uint8_t *ret_mark)
{
	__free_mem double *sorted = stats_sorted(x, n);
	double q1, q3, range;
	size_t nr = 0;

	memset(ret_mark, 0, n);
	if (!n || !sorted)
		return 0;
	q1 = sorted_quantile(sorted, n, 0.25);
	q3 = sorted_quantile(sorted, n, 0.75);
	range = q3 - q1;
	for (size_t i = 0; i < n; i++) {
		if (x[i] < q1 - 3 * range || x[i] > q3 + 3 * range)
			ret_mark[i] = 2;
		else if (x[i] < q1 - 1.5 * range || x[i] > q3 + 1.5 * range)
			ret_mark[i] = 1;
		nr += ret_mark[i] != 0;
	}
	return nr;
}

double stats_detectable_by(double half, double alpha, double power)
{
	return half * (1 + gsl_cdf_ugaussian_Pinv(power) / gsl_cdf_ugaussian_Pinv(1 - alpha / 2));
}

double stats_detectable(double sigma, size_t n, double alpha, double power)
{
	double freedom = (double)n - 1;

	if (n < 2)
		return NAN;
	return (gsl_cdf_tdist_Pinv(1 - alpha / 2, freedom) + gsl_cdf_tdist_Pinv(power, freedom)) * sigma /
	       sqrt((double)n);
}

#define SERIAL_MIN 10

/* How many of @sorted are below @value; with @or_equal those that are it, too. */
static size_t count_below(const double *sorted, size_t n, double value, bool or_equal)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sorted[middle] < value || (or_equal && sorted[middle] == value))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place of @value, ties at their mean place. */
static double rank_of(const double *sorted, size_t n, double value)
{
	return ((double)count_below(sorted, n, value, false) + (double)count_below(sorted, n, value, true) + 1) / 2;
}

double stats_serial_p(const double *x, size_t n)
{
	double mean = ((double)n + 1) / 2, steps = 0, spread = 0, before = NAN, m = (double)n, variance;
	__free_mem double *sorted = n < SERIAL_MIN ? NULL : stats_sorted(x, n);

	for (size_t i = 0; sorted && i < n; i++) {
		double rank = rank_of(sorted, n, x[i]);

		steps += i ? (rank - before) * (rank - before) : 0;
		spread += (rank - mean) * (rank - mean);
		before = rank;
	}
	if (!(spread > 0))
		return NAN;
	variance = 4 * (m - 2) * (5 * m * m - 2 * m - 9) / (5 * m * (m + 1) * (m - 1) * (m - 1));
	return gsl_cdf_ugaussian_P((steps / spread - 2) / sqrt(variance));
}

double stats_geomean(const double *x, size_t n)
{
	long double sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (!(x[i] > 0))
			return NAN;
		sum += logl(x[i]);
	}
	return n ? (double)expl(sum / n) : NAN;
}

struct ranked_p {
	double p;
	size_t index;
};

static int compare_p(const void *a, const void *b)
{
	const struct ranked_p *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

void stats_holm(const double *p, size_t n, double *ret_adjusted)
{
	__free_mem struct ranked_p *ranked = calloc(n ? n : 1, sizeof(*ranked));
	double adjusted = 0;
	size_t nr = 0;

	for (size_t i = 0; i < n; i++) {
		if (ranked && !isnan(p[i]))
			ranked[nr++] = (struct ranked_p){ p[i], i };
		ret_adjusted[i] = NAN;
	}
	if (!ranked)
		return;
	qsort(ranked, nr, sizeof(*ranked), compare_p);
	for (size_t i = 0; i < nr; i++) {
		adjusted = fmax(adjusted, fmin(1, (double)(nr - i) * ranked[i].p));
		ret_adjusted[ranked[i].index] = adjusted;
	}
}

static double bucket_width(uint64_t lower)
{
	return lower < 64 ? 1 : (double)(1ull << (63 - __builtin_clzll(lower) - 6));
}

double stats_histogram_quantile(const uint64_t (*histogram)[2], size_t nr, double p)
{
	long double total = 0, below = 0, target;
	size_t last = nr;

	for (size_t i = 0; i < nr; i++)
		total += histogram[i][1];
	if (!(total > 0) || !(p >= 0 && p <= 1))
		return NAN;
	/* In double: 0.9 of 10 is then 9, and not a little more as in long double. */
	target = p * (double)total;
	for (size_t i = 0; i < nr; i++) {
		if (!histogram[i][1])
			continue;
		last = i;
		if (below + histogram[i][1] >= target)
			break;
		below += histogram[i][1];
	}
	return (double)(histogram[last][0] +
			bucket_width(histogram[last][0]) * fminl(1, (target - below) / histogram[last][1]));
}
