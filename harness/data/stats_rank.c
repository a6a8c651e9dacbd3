// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rank statistics: signed rank (one sample, or paired differences) and Mann-Whitney (two samples).
 *
 * Hollander, Wolfe & Chicken, Nonparametric Statistical Methods, 3rd ed. 2014: signed rank §3.1-3.3, rank sum §4.1-4.3.
 * Exact distributions are counted, not looked up: the number of ways in which ranks add up to each sum. Ranks are doubled,
 * which makes the mean rank of a tie a whole number.
 */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/util.h"
#include "data/stats.h"
#include "data/stats_sort.h"

/* Up to here every count is below 2^53 and so exact in a double: 2^50, and 50 choose 25. */
#define EXACT_MAX 50

/* 2^16 sign patterns. */
#define SIGN_FLIP_MAX 16

/* All sums x(i) + y(j) (or, @halves, the Walsh averages of x), counted without being written down: @y is sorted as @x is. */
struct pairs {
	const double *x, *y;
	size_t n, m;
	bool halves; /* (x(i) + x(j)) / 2, i ≤ j */
};

static inline double pair_value(const struct pairs *pairs, size_t i, size_t j)
{
	/* + 0.0 makes a negative zero a plain one. */
	return pairs->halves ? 0.5 * (pairs->x[i] + pairs->x[j]) + 0.0 : pairs->y[j] - pairs->x[i] + 0.0;
}

/* Where a value cuts all pairs in two. */
struct cut {
	uint64_t count;	 /* of at most that value */
	double last;	 /* the largest of them; -INFINITY: none */
	double next;	 /* the smallest of the others; INFINITY: none */
};

/* Both kinds grow or fall along a row, so one pass along the edge is enough. */
static struct cut cut_pairs(const struct pairs *pairs, double value)
{
	struct cut cut = { 0, -INFINITY, INFINITY };
	size_t j = pairs->halves ? pairs->n : 0, nr_columns = pairs->halves ? pairs->n : pairs->m;

	for (size_t i = 0; i < pairs->n; i++) {
		size_t first = pairs->halves ? i : 0, end;

		if (pairs->halves)
			while (j > 0 && pair_value(pairs, i, j - 1) > value)
				j--;
		else
			while (j < pairs->m && pair_value(pairs, i, j) <= value)
				j++;
		/* Columns first … end-1 of row i. */
		end = j > first ? j : first;
		cut.count += end - first;
		if (end > first && pair_value(pairs, i, end - 1) > cut.last)
			cut.last = pair_value(pairs, i, end - 1);
		if (end < nr_columns && pair_value(pairs, i, end) < cut.next)
			cut.next = pair_value(pairs, i, end);
	}
	return cut;
}

/* Doubles in their order as whole numbers, so that halving an interval of them ends. */
static int64_t to_order(double value)
{
	int64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_order(int64_t order)
{
	int64_t bits = order < 0 ? INT64_MIN - order : order;
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The first column of row @i whose value is at least @value: values grow along a row. */
static size_t first_column(const struct pairs *pairs, size_t i, double value)
{
	size_t low = pairs->halves ? i : 0, high = pairs->halves ? pairs->n : pairs->m;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (pair_value(pairs, i, middle) < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The @k-th smallest of the @nr values from @low to @high, both included; NAN without memory. */
static double pick_pair(const struct pairs *pairs, double low, double high, uint64_t nr, uint64_t k)
{
	__free_mem double *value = calloc(nr, sizeof(*value));
	size_t last = pairs->halves ? pairs->n : pairs->m, used = 0;

	if (!value)
		return NAN;
	for (size_t i = 0; i < pairs->n; i++)
		for (size_t j = first_column(pairs, i, low); j < last && used < nr && pair_value(pairs, i, j) <= high; j++)
			value[used++] = pair_value(pairs, i, j);
	qsort(value, used, sizeof(*value), compare_doubles);
	return k && k <= used ? value[k - 1] : NAN;
}

/* What is known of the k-th value while it is looked for: it lies from @low to @high, both included. */
struct range {
	int64_t low, high;	   /* in the order of doubles */
	uint64_t below, not_above; /* how many values are less than @low, and at most @high */
	double at_low, at_high;	   /* below and not_above as they are from k, or a half of it */
	int moved;		   /* which end the last cut moved: -1, 1; 0: none yet */
};

/* Numbers are cut this often before their order is; by then few of them are left, unless they lie far apart. */
#define EARLY_PASSES 40
/* Every so many passes the middle, in case the counts are far from a line. */
#define MIDDLE_EVERY 4

/*
 * Where to cut, less than @high: where a line through the counts at both ends meets k; every few passes in the middle of the numbers; and
 * late in the middle of their order, which alone ends for sure.
 */
static int64_t cut_at(const struct range *range, unsigned int pass)
{
	double low = from_order(range->low), high = from_order(range->high);
	double share = pass % MIDDLE_EVERY == MIDDLE_EVERY - 1 ? 0.5 : -range->at_low / (range->at_high - range->at_low);
	int64_t at = to_order(low * (1 - share) + high * share);

	if (pass < EARLY_PASSES && at >= range->low && at < range->high)
		return at;
	/* No overflow, and towards minus infinity. */
	return (range->low & range->high) + ((range->low ^ range->high) >> 1);
}

/*
 * An end that stays twice counts half: without it, the other would creep towards k ("Illinois": Dowell & Jarratt, A modified regula
 * falsi method for computing the root of an equation, BIT 11, 1971). On to values that there are: rounded ones are soon the only one left.
 */
static void narrow(struct range *range, const struct cut *cut, uint64_t k)
{
	if (cut->count >= k) {
		range->high = to_order(cut->last);
		range->not_above = cut->count;
		range->at_high = (double)(cut->count - k) + 0.5;
		range->at_low *= range->moved == 1 ? 0.5 : 1;
		range->moved = 1;
	} else {
		range->low = to_order(cut->next);
		range->below = cut->count;
		range->at_low = -(double)(k - cut->count) + 0.5;
		range->at_high *= range->moved == -1 ? 0.5 : 1;
		range->moved = -1;
	}
}

static uint64_t nr_pairs(const struct pairs *pairs)
{
	return pairs->halves ? (uint64_t)pairs->n * (pairs->n + 1) / 2 : (uint64_t)pairs->n * pairs->m;
}

/* As many values are sorted in less time than one more pass over large samples takes. */
#define FEW_PAIRS 1024

/*
 * The @k-th smallest value, from 1: the smallest number that at least k pairs do not exceed. Some 8 passes, until few enough pairs are left to
 * be written down; without the memory for them at most 104.
 */
static double select_pair(const struct pairs *pairs, uint64_t k)
{
	size_t last_i = pairs->n - 1, last_j = pairs->halves ? last_i : pairs->m - 1;
	struct range range = {
		.low = to_order(pairs->halves ? pair_value(pairs, 0, 0) : pair_value(pairs, last_i, 0)),
		.high = to_order(pairs->halves ? pair_value(pairs, last_i, last_j) : pair_value(pairs, 0, last_j)),
		.not_above = nr_pairs(pairs),
	};

	range.at_low = -(double)k + 0.5;
	range.at_high = (double)(range.not_above - k) + 0.5;
	for (unsigned int pass = 0; range.low < range.high; pass++) {
		struct cut cut;

		if (range.not_above - range.below <= FEW_PAIRS) {
			double value = pick_pair(pairs, from_order(range.low), from_order(range.high), range.not_above - range.below,
						 k - range.below);

			if (!isnan(value))
				return value;
		}
		cut = cut_pairs(pairs, from_order(cut_at(&range, pass)));
		narrow(&range, &cut, k);
	}
	return from_order(range.low);
}

static double median_pair(const struct pairs *pairs)
{
	uint64_t nr = nr_pairs(pairs);
	double low = select_pair(pairs, (nr + 1) / 2);
	struct cut cut;

	if (nr % 2)
		return low;
	/* The one after it: the same again where it is there more often, else the next. */
	cut = cut_pairs(pairs, low);
	return 0.5 * (low + (cut.count > nr / 2 ? low : cut.next));
}

/* The interval of the pairs C and nr + 1 − C. */
static struct stats_interval pair_interval(const struct pairs *pairs, uint64_t c, double coverage)
{
	struct stats_interval interval = { NAN, NAN, NAN };

	if (!c)
		return interval;
	interval.low = select_pair(pairs, c);
	interval.high = select_pair(pairs, nr_pairs(pairs) + 1 - c);
	interval.confidence = coverage;
	return interval;
}

/*
 * The largest C for which 1 − 2 P(T ≤ C − 1) is at least @confidence; 0: not even C = 1. @ways: how many of @total
 * arrangements have the sum i.
 */
static uint64_t exact_c(const double *ways, size_t nr, double total, double confidence, double *ret_coverage)
{
	double sum = 0;
	uint64_t c = 0;

	for (size_t i = 0; i < nr; i++) {
		double coverage;

		sum += ways[i];
		coverage = 1 - 2 * sum / total;
		if (coverage < confidence)
			break;
		c = i + 1;
		*ret_coverage = coverage;
	}
	return c;
}

/* The same with a normal T, corrected for continuity. */
static uint64_t normal_c(double mean, double sigma, double confidence, double *ret_coverage)
{
	double c = floor(mean - gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2) * sigma + 0.5);

	if (c < 1)
		return 0;
	*ret_coverage = 1 - 2 * gsl_cdf_ugaussian_P((c - 0.5 - mean) / sigma);
	return (uint64_t)c;
}

/* ways[s]: how many subsets of the @n doubled @ranks add up to s. *ret_nr: one more than the largest sum. */
static double *subset_sums(const uint64_t *ranks, size_t n, size_t *ret_nr)
{
	size_t largest = 0;
	double *ways;

	for (size_t i = 0; i < n; i++)
		largest += ranks[i];
	ways = calloc(largest + 1, sizeof(*ways));
	if (!ways)
		return NULL;
	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t s = largest; s + 1 > ranks[i]; s--)
			ways[s] += ways[s - ranks[i]];
	*ret_nr = largest + 1;
	return ways;
}

/* The same for subsets of @size of them. */
static double *sized_subset_sums(const uint64_t *ranks, size_t n, size_t size, size_t *ret_nr)
{
	size_t largest = 0, nr;
	__free_mem double *ways = NULL;
	double *result;

	for (size_t i = 0; i < n; i++)
		largest += ranks[i];
	nr = largest + 1;
	ways = calloc((size + 1) * nr, sizeof(*ways));
	result = calloc(nr, sizeof(*result));
	if (!ways || !result) {
		free(result);
		return NULL;
	}
	ways[0] = 1;
	for (size_t i = 0; i < n; i++)
		for (size_t k = size; k > 0; k--)
			for (size_t s = largest; s + 1 > ranks[i]; s--)
				ways[k * nr + s] += ways[(k - 1) * nr + s - ranks[i]];
	memcpy(result, ways + size * nr, nr * sizeof(*result));
	*ret_nr = nr;
	return result;
}

/*
 * Doubled mean ranks of sorted values, and the sum of t³ − t over the ties of t values.
 */
static double tied_ranks(const double *sorted, size_t n, uint64_t *ret_ranks)
{
	double ties = 0;

	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sorted[end] == sorted[i]; end++)
			;
		/* Ranks i+1 … end; twice their mean is the sum of the first and the last. */
		for (size_t k = i; k < end; k++)
			ret_ranks[k] = i + 1 + end;
		ties += pow((double)(end - i), 3) - (double)(end - i);
	}
	return ties;
}

/* The doubled rank that @value has among the sorted ones. */
static uint64_t rank_of(double value, const double *sorted, const uint64_t *ranks, size_t n)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sorted[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return ranks[low];
}

double stats_hodges_lehmann(const double *x, size_t n)
{
	__free_mem double *sorted = NULL;

	if (!n)
		return NAN;
	sorted = stats_sorted(x, n);
	if (!sorted)
		return NAN;
	return median_pair(&(struct pairs){ .x = sorted, .n = n, .halves = true });
}

struct stats_interval stats_hodges_lehmann_interval(const double *x, size_t n, double confidence)
{
	struct stats_interval nothing = { NAN, NAN, NAN };
	double count = (double)n, coverage = NAN;
	__free_mem double *sorted = NULL;
	uint64_t c;

	if (!n)
		return nothing;
	sorted = stats_sorted(x, n);
	if (!sorted)
		return nothing;
	if (n <= EXACT_MAX) {
		uint64_t ranks[EXACT_MAX];
		__free_mem double *ways = NULL;
		size_t nr;

		/* Without ties, hence not doubled. */
		for (size_t i = 0; i < n; i++)
			ranks[i] = i + 1;
		ways = subset_sums(ranks, n, &nr);
		if (!ways)
			return nothing;
		c = exact_c(ways, nr, exp2(count), confidence, &coverage);
	} else {
		c = normal_c(count * (count + 1) / 4, sqrt(count * (count + 1) * (2 * count + 1) / 24), confidence,
			     &coverage);
	}
	return pair_interval(&(struct pairs){ .x = sorted, .n = n, .halves = true }, c, coverage);
}

/* Probability of a sum at least as far from @mean as @sum is. All exact: whole and half numbers below 2^53. */
static double exact_two_sided(const double *ways, size_t nr, double total, double mean, double sum)
{
	double count = 0;

	for (size_t i = 0; i < nr; i++)
		if (fabs((double)i - mean) >= fabs(sum - mean))
			count += ways[i];
	return count / total;
}

/* Two-sided, one half nearer to the mean: the continuity correction of a sum that moves in steps of 1. */
static double normal_two_sided(double distance, double sigma)
{
	if (!(sigma > 0))
		return 1;
	return fmin(1, 2 * gsl_cdf_ugaussian_Q(fmax(0, fabs(distance) - 0.5) / sigma));
}

double stats_signed_rank_p(const double *x, size_t n)
{
	__free_mem double *magnitude = calloc(n ? n : 1, sizeof(double)), *sorted = NULL, *ways = NULL;
	__free_mem uint64_t *ranks = NULL;
	size_t used = 0, nr_sums;
	uint64_t positive = 0;
	double ties, count;

	if (!n || !magnitude)
		return NAN;
	for (size_t i = 0; i < n; i++)
		if (x[i] != 0)
			magnitude[used++] = fabs(x[i]);
	/* Nothing but zeros: no sign pattern is more extreme than another. */
	if (!used)
		return 1;
	sorted = stats_sorted(magnitude, used);
	ranks = calloc(used, sizeof(*ranks));
	if (!sorted || !ranks)
		return NAN;
	ties = tied_ranks(sorted, used, ranks);
	for (size_t i = 0; i < n; i++)
		if (x[i] > 0)
			positive += rank_of(x[i], sorted, ranks, used);
	count = (double)used;
	if (used > EXACT_MAX)
		return normal_two_sided((double)positive / 2 - count * (count + 1) / 4,
					sqrt(count * (count + 1) * (2 * count + 1) / 24 - ties / 48));
	ways = subset_sums(ranks, used, &nr_sums);
	if (!ways)
		return NAN;
	return exact_two_sided(ways, nr_sums, exp2(count), count * (count + 1) / 2, (double)positive);
}

double stats_sign_flip_p(const double *x, size_t n)
{
	double observed = 0, magnitude = 0;
	unsigned long extreme = 0;

	if (!n || n > SIGN_FLIP_MAX)
		return NAN;
	for (size_t i = 0; i < n; i++) {
		observed += x[i];
		magnitude += fabs(x[i]);
	}
	if (isnan(observed))
		return NAN;
	/* Sums that are equal on paper differ in their last bits. */
	observed = fabs(observed) - 1e-12 * magnitude;
	for (unsigned long pattern = 0; pattern < 1ul << n; pattern++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += pattern >> i & 1 ? -x[i] : x[i];
		extreme += fabs(sum) >= observed;
	}
	return (double)extreme / (double)(1ul << n);
}

double stats_mann_whitney_p(const double *x, size_t n, const double *y, size_t m)
{
	size_t nr = n + m, nr_sums;
	__free_mem double *both = calloc(nr ? nr : 1, sizeof(double)), *sorted = NULL, *ways = NULL;
	__free_mem uint64_t *ranks = calloc(nr ? nr : 1, sizeof(uint64_t));
	double ties, mean = (double)n * ((double)nr + 1), product = (double)n * (double)m, total = 0;
	uint64_t sum = 0;

	if (!n || !m || !both || !ranks)
		return NAN;
	memcpy(both, x, n * sizeof(*x));
	memcpy(both + n, y, m * sizeof(*y));
	sorted = stats_sorted(both, nr);
	if (!sorted)
		return NAN;
	ties = tied_ranks(sorted, nr, ranks);
	for (size_t i = 0; i < n; i++)
		sum += rank_of(x[i], sorted, ranks, nr);
	/* @sum and @mean are doubled, as the ranks are. */
	if (nr > EXACT_MAX)
		return normal_two_sided(((double)sum - mean) / 2,
					sqrt(product / 12 *
					     ((double)nr + 1 - ties / ((double)nr * ((double)nr - 1)))));
	ways = sized_subset_sums(ranks, nr, n, &nr_sums);
	if (!ways)
		return NAN;
	for (size_t i = 0; i < nr_sums; i++)
		total += ways[i];
	return exact_two_sided(ways, nr_sums, total, mean, (double)sum);
}

double stats_shift(const double *x, size_t n, const double *y, size_t m)
{
	__free_mem double *sorted_x = NULL, *sorted_y = NULL;

	if (!n || !m)
		return NAN;
	sorted_x = stats_sorted(x, n);
	sorted_y = stats_sorted(y, m);
	if (!sorted_x || !sorted_y)
		return NAN;
	return median_pair(&(struct pairs){ .x = sorted_x, .n = n, .y = sorted_y, .m = m });
}

/* C of the exact distribution of U: the rank sum of n of the ranks 1 … n + m, less its smallest value. */
static uint64_t exact_shift_c(size_t n, size_t m, double confidence, double *ret_coverage)
{
	uint64_t ranks[EXACT_MAX];
	__free_mem double *ways = NULL;
	size_t nr, smallest = n * (n + 1) / 2;
	double total = 0;

	for (size_t i = 0; i < n + m; i++)
		ranks[i] = i + 1;
	ways = sized_subset_sums(ranks, n + m, n, &nr);
	if (!ways)
		return 0;
	for (size_t i = 0; i < nr; i++)
		total += ways[i];
	return exact_c(ways + smallest, nr - smallest, total, confidence, ret_coverage);
}

struct stats_interval stats_shift_interval(const double *x, size_t n, const double *y, size_t m, double confidence)
{
	struct stats_interval nothing = { NAN, NAN, NAN };
	__free_mem double *sorted_x = NULL, *sorted_y = NULL;
	double product = (double)n * (double)m, coverage = NAN;
	uint64_t c;

	if (!n || !m)
		return nothing;
	sorted_x = stats_sorted(x, n);
	sorted_y = stats_sorted(y, m);
	if (!sorted_x || !sorted_y)
		return nothing;
	if (n + m <= EXACT_MAX)
		c = exact_shift_c(n, m, confidence, &coverage);
	else
		c = normal_c(product / 2, sqrt(product * ((double)n + (double)m + 1) / 12), confidence, &coverage);
	return pair_interval(&(struct pairs){ .x = sorted_x, .n = n, .y = sorted_y, .m = m }, c, coverage);
}
