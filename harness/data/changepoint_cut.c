// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/changepoint_cut.h"

#include <stdlib.h>

#include "base/util.h"

/*
 * Sums of distances without the n² pairs: |x - z| summed over a set is known from how many of the set lie below z and what they
 * add up to. Fenwick trees over ranks hold both for the left side; the right side is everything less the left.
 */
struct sums {
	double *sum;
	size_t *count;
	size_t n; /* ranks 1…n */
};

static void sums_add(struct sums *sums, size_t rank, double value)
{
	for (; rank <= sums->n; rank += rank & -rank) {
		sums->sum[rank] += value;
		sums->count[rank]++;
	}
}

static void sums_below(const struct sums *sums, size_t rank, double *ret_sum, size_t *ret_count)
{
	*ret_sum = 0;
	*ret_count = 0;
	for (; rank; rank -= rank & -rank) {
		*ret_sum += sums->sum[rank];
		*ret_count += sums->count[rank];
	}
}

struct cutter {
	const double *x;
	size_t n;
	size_t *rank; /* of each element, from 1; ties in any order */
	double *below; /* [r]: sum of the r least */
	struct sums left;
	double left_sum;
	double total, within_left, within_right; /* sums over pairs */
};

struct ranked {
	double value;
	size_t index;
};

static int by_value(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->value, y = ((const struct ranked *)b)->value;

	return (x > y) - (x < y);
}

static int cutter_begin(struct cutter *c, const double *x, size_t n)
{
	__free_mem struct ranked *sorted = calloc(n, sizeof(*sorted));
	size_t i;

	*c = (struct cutter){.x = x, .n = n};
	c->rank = calloc(n, sizeof(*c->rank));
	c->below = calloc(n + 1, sizeof(*c->below));
	c->left = (struct sums){calloc(n + 1, sizeof(double)), calloc(n + 1, sizeof(size_t)), n};
	if (!sorted || !c->rank || !c->below || !c->left.sum || !c->left.count)
		return -1;
	for (i = 0; i < n; i++)
		sorted[i] = (struct ranked){x[i], i};
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (i = 0; i < n; i++) {
		/* Distances bear a shift; numbers near 0 lose fewer digits in their sums. */
		double value = sorted[i].value - x[0];

		c->rank[sorted[i].index] = i + 1;
		c->below[i + 1] = c->below[i] + value;
		c->total += value * (double)i - c->below[i];
	}
	c->within_right = c->total;
	return 0;
}

static void cutter_end(struct cutter *c)
{
	free(c->rank);
	free(c->below);
	free(c->left.sum);
	free(c->left.count);
}

/* Element @i, the first of the right side, goes to the left. */
static void move_left(struct cutter *c, size_t i)
{
	size_t rank = c->rank[i], nr_below;
	double z = c->x[i] - c->x[0], sum_below, to_left, to_all;

	sums_below(&c->left, rank, &sum_below, &nr_below);
	to_left = z * (double)nr_below - sum_below + (c->left_sum - sum_below) - z * (double)(i - nr_below);
	to_all = z * (double)rank - c->below[rank] + (c->below[c->n] - c->below[rank]) - z * (double)(c->n - rank);
	c->within_left += to_left;
	c->within_right -= to_all - to_left;
	sums_add(&c->left, rank, z);
	c->left_sum += z;
}

static double pairs(size_t n)
{
	return n > 1 ? (double)n * (double)(n - 1) / 2 : 1;
}

static double quality(const struct cutter *c, size_t m)
{
	double left = (double)m, right = (double)(c->n - m);
	double between = c->total - c->within_left - c->within_right;
	double energy = 2 * between / (left * right) - c->within_left / pairs(m) - c->within_right / pairs(c->n - m);

	return left * right / (left + right) * energy;
}

long changepoint_best_cut(const double *x, size_t n, const size_t *cuts, size_t nr_cuts, double *ret_q)
{
	long best = (long)nr_cuts;
	struct cutter c;
	size_t i = 0, k;
	double best_q = 0;

	if (n < 2 || !nr_cuts) {
		*ret_q = 0;
		return best;
	}
	if (cutter_begin(&c, x, n)) {
		cutter_end(&c);
		return -1;
	}
	for (k = 0; k < nr_cuts; k++) {
		double q;

		for (; i < cuts[k]; i++)
			move_left(&c, i);
		q = quality(&c, i);
		if (q > best_q * (1 + 1e-12)) {
			best_q = q;
			best = (long)k;
		}
	}
	cutter_end(&c);
	*ret_q = best_q;
	return best;
}
