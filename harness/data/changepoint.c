// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/changepoint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/err.h"
#include "data/changepoint_cut.h"
#include "data/stats.h"

/* A first pass takes weaker candidates than alpha, which merging sorts out: neighbours not found yet blur a test. */
#define WEAK_FACTOR 10
#define WEAK_MAX    0.05
/* Points on either side that a candidate is also tested against alone, so that far-away changes do not hide it. */
#define WINDOW 15
/* Rounding: two numbers this near, of their size, are one. */
#define ALIKE 1e-9

/* All units one behind the other. */
struct series {
	const struct changepoint_point *points;
	size_t nr_points;
	const struct changepoint_options *options;
	double *x;
	size_t *start; /* nr_points + 1: where a point's units begin */
	size_t *at;    /* accepted: the point that begins each segment but the first, ascending */
	size_t nr;
	gsl_rng *rng;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for change points");
}

/* --- the t-test --- */

static double sum_of_squares(const double *x, size_t n, double mean)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sum;
}

/* Difference of the means, its standard error, degrees of freedom. False: too few. */
static bool pooled(const double *x, size_t n, const double *y, size_t m, double *ret_diff, double *ret_error, double *ret_freedom)
{
	double mean_x, mean_y, squares;

	if (!n || !m || n + m < 3)
		return false;
	mean_x = stats_mean(x, n);
	mean_y = stats_mean(y, m);
	squares = sum_of_squares(x, n, mean_x) + sum_of_squares(y, m, mean_y);
	*ret_diff = mean_y - mean_x;
	*ret_freedom = (double)(n + m - 2);
	*ret_error = sqrt(squares / *ret_freedom * (1 / (double)n + 1 / (double)m));
	return true;
}

double changepoint_t_p(const double *x, size_t n, const double *y, size_t m)
{
	double diff, error, freedom, scale;

	if (!pooled(x, n, y, m, &diff, &error, &freedom))
		return NAN;
	scale = ALIKE * fmax(fabs(x[0]), fabs(y[0]));
	if (error <= scale)
		return fabs(diff) > scale ? 0 : 1;
	return 2 * gsl_cdf_tdist_Q(fabs(diff) / error, freedom);
}

/* --- segments --- */

static const double *units_from(const struct series *series, size_t point)
{
	return series->x + series->start[point];
}

static size_t nr_units(const struct series *series, size_t from, size_t to)
{
	return series->start[to] - series->start[from];
}

static double t_between(const struct series *series, size_t from, size_t at, size_t to)
{
	return changepoint_t_p(units_from(series, from), nr_units(series, from, at), units_from(series, at),
			       nr_units(series, at, to));
}

/* Bounds of the segments on either side of the accepted change @i. */
static void neighbours(const struct series *series, size_t i, size_t *ret_from, size_t *ret_to)
{
	*ret_from = i ? series->at[i - 1] : 0;
	*ret_to = i + 1 < series->nr ? series->at[i + 1] : series->nr_points;
}

/* Standard deviation of a unit around the mean of its segment; NAN: no segment has two. */
static double noise(const struct series *series)
{
	double squares = 0;
	size_t freedom = 0, i;

	for (i = 0; i <= series->nr; i++) {
		size_t from = i ? series->at[i - 1] : 0, to = i < series->nr ? series->at[i] : series->nr_points;
		size_t n = nr_units(series, from, to);

		squares += sum_of_squares(units_from(series, from), n, stats_mean(units_from(series, from), n));
		freedom += n - 1;
	}
	return freedom ? sqrt(squares / (double)freedom) : NAN;
}

static double threshold(const struct series *series)
{
	double sigma = noise(series), least = series->options->sigmas * sigma;

	return isnan(sigma) || least < series->options->floor ? series->options->floor : least;
}

static void add_change(struct series *series, size_t at)
{
	size_t i = series->nr++;

	for (; i && series->at[i - 1] > at; i--)
		series->at[i] = series->at[i - 1];
	series->at[i] = at;
}

static void drop_change(struct series *series, size_t i)
{
	memmove(&series->at[i], &series->at[i + 1], (series->nr - i - 1) * sizeof(*series->at));
	series->nr--;
}

/* --- series without noise --- */

/* What @key measured on the point; false: nothing. */
static bool find_key(const struct changepoint_point *point, uint64_t key, double *ret_value)
{
	size_t i;

	for (i = 0; point->key && i < point->nr; i++)
		if (point->key[i] == key) {
			*ret_value = point->unit[i];
			return true;
		}
	return false;
}

/* Least and greatest difference b - a within a key; returns the number of keys that both have. */
static size_t key_differences(const struct changepoint_point *a, const struct changepoint_point *b, double *ret_least,
			      double *ret_most)
{
	size_t i, nr = 0;

	*ret_least = INFINITY;
	*ret_most = -INFINITY;
	for (i = 0; a->key && i < a->nr; i++) {
		double value;

		if (!find_key(b, a->key[i], &value))
			continue;
		*ret_least = fmin(*ret_least, value - a->unit[i]);
		*ret_most = fmax(*ret_most, value - a->unit[i]);
		nr++;
	}
	return nr;
}

static bool is_flat(const struct changepoint_point *point)
{
	size_t i;

	for (i = 1; i < point->nr; i++)
		if (fabs(point->unit[i] - point->unit[0]) > ALIKE * fabs(point->unit[0]))
			return false;
	return true;
}

/* Change from @a to @b: within keys where there are, else of the means. */
static double point_difference(const struct changepoint_point *a, const struct changepoint_point *b)
{
	double least, most;

	if (key_differences(a, b, &least, &most))
		return (least + most) / 2;
	return stats_mean(b->unit, b->nr) - stats_mean(a->unit, a->nr);
}

/* 1: no noise between both; 0: there is; -1: one unit on either side says nothing. */
static int pair_is_exact(const struct changepoint_point *a, const struct changepoint_point *b)
{
	double least, most;
	size_t common = key_differences(a, b, &least, &most);

	if (common >= 2)
		return most - least <= ALIKE * fabs(a->unit[0]);
	if (a->nr < 2 && b->nr < 2)
		return -1;
	return is_flat(a) && is_flat(b);
}

/* Where every kernel has one unit only, the history must be its own witness: most of its steps are none at all. */
static bool is_exact(const struct series *series)
{
	size_t i, exact = 0, unknown = 0, still = 0;

	for (i = 1; i < series->nr_points; i++) {
		const struct changepoint_point *a = &series->points[i - 1], *b = &series->points[i];
		int pair = pair_is_exact(a, b);

		if (pair == 0)
			return false;
		exact += pair > 0;
		unknown += pair < 0;
		still += fabs(point_difference(a, b)) <= ALIKE * fabs(a->unit[0]);
	}
	return exact || (unknown >= 3 && 2 * still > unknown);
}

/* Against the start of the segment, so that a creeping change is found too, once it has crept beyond the floor. */
static void find_exact(struct series *series)
{
	size_t start = 0, i;

	for (i = 1; i < series->nr_points; i++) {
		if (fabs(point_difference(&series->points[start], &series->points[i])) <= series->options->floor)
			continue;
		add_change(series, i);
		start = i;
	}
}

/* --- candidates --- */

/* Is the best cut of shuffled units as good as @q more often than alpha allows? -ENOMEM, else 0 or 1. */
static int permutation_passes(struct series *series, const double *x, size_t n, const size_t *cuts, size_t nr_cuts, double q)
{
	size_t nr = series->options->nr_permutations, as_good = 0, i;
	double allowed = series->options->alpha * (double)(nr + 1);
	__free_mem double *shuffled = calloc(n, sizeof(*shuffled));

	if (!shuffled)
		return no_memory();
	memcpy(shuffled, x, n * sizeof(*shuffled));
	for (i = 0; i < nr; i++) {
		double other = 0;

		gsl_ran_shuffle(series->rng, shuffled, n, sizeof(*shuffled));
		if (changepoint_best_cut(shuffled, n, cuts, nr_cuts, &other) < 0)
			return no_memory();
		/* The sample itself is one of the permutations. */
		as_good += other >= q * (1 - ALIKE);
		if ((double)(as_good + 1) > allowed)
			return 0;
	}
	return (double)(as_good + 1) <= allowed;
}

static bool t_passes(const struct series *series, size_t from, size_t at, size_t to)
{
	double weak = fmin(fmax(WEAK_MAX, series->options->alpha), WEAK_FACTOR * series->options->alpha), p;
	size_t near_from = at > from + WINDOW ? at - WINDOW : from, near_to = at + WINDOW < to ? at + WINDOW : to;

	p = t_between(series, from, at, to);
	if (p <= weak)
		return true;
	return t_between(series, near_from, at, near_to) <= weak;
}

/* Cut the segment of points @from … @to - 1 at its best place, and what is left of it again. */
static int bisect(struct series *series, size_t from, size_t to)
{
	size_t nr_cuts = to - from - 1, n = nr_units(series, from, to), i;
	__free_mem size_t *cuts = calloc(nr_cuts + 1, sizeof(*cuts));
	double q = 0;
	long best;
	int ret;

	if (!cuts)
		return no_memory();
	for (i = 0; i < nr_cuts; i++)
		cuts[i] = nr_units(series, from, from + 1 + i);
	best = changepoint_best_cut(units_from(series, from), n, cuts, nr_cuts, &q);
	if (best < 0)
		return no_memory();
	if ((size_t)best == nr_cuts)
		return 0;
	i = from + 1 + (size_t)best;
	if (series->options->accept == CHANGEPOINT_PERMUTATION)
		ret = permutation_passes(series, units_from(series, from), n, cuts, nr_cuts, q);
	else
		ret = t_passes(series, from, i, to);
	if (ret <= 0)
		return ret;
	add_change(series, i);
	ret = bisect(series, from, i);
	return ret ? ret : bisect(series, i, to);
}

/* --- merging --- */

/*
 * p of the change @i between its neighbours. By t the place was chosen as the best of all that the history has, neighbours
 * included, so that it has to make up for as many tests (Bonferroni); the permutation test has done so already.
 */
static double change_p(const struct series *series, size_t i)
{
	size_t from, to;
	double p;

	neighbours(series, i, &from, &to);
	p = t_between(series, from, series->at[i], to);
	return series->options->accept == CHANGEPOINT_T ? fmin(1, p * (double)(series->nr_points - 1)) : p;
}

/* How far a change is from being kept: above 1 it goes. */
static double weakness(const struct series *series, size_t i, double least)
{
	size_t from, to, at = series->at[i];
	double diff, p = change_p(series, i);

	neighbours(series, i, &from, &to);
	diff = stats_mean(units_from(series, at), nr_units(series, at, to)) -
	       stats_mean(units_from(series, from), nr_units(series, from, at));
	if (isnan(p) || diff == 0)
		return INFINITY;
	/* Too small goes before too uncertain only where it is smaller by more. */
	return fmax(p / series->options->alpha, fabs(diff) > least ? 0 : nextafter(least / fabs(diff), INFINITY));
}

static void merge(struct series *series)
{
	while (series->nr) {
		double least = threshold(series), worst = 0;
		size_t weakest = 0, i;

		for (i = 0; i < series->nr; i++) {
			double weak = weakness(series, i, least);

			if (weak > worst) {
				worst = weak;
				weakest = i;
			}
		}
		if (worst <= 1)
			return;
		drop_change(series, weakest);
	}
}

/* --- all of it --- */

static void measure(const struct series *series, size_t i, bool exact, struct changepoint *change)
{
	size_t at = series->at[i], from, to, n, m;
	double diff, error, freedom;

	neighbours(series, i, &from, &to);
	n = nr_units(series, from, at);
	m = nr_units(series, at, to);
	*change = (struct changepoint){
		.at = at,
		.before = stats_mean(units_from(series, from), n),
		.after = stats_mean(units_from(series, at), m),
		.p = NAN,
	};
	change->low = change->high = change->after - change->before;
	if (exact || !pooled(units_from(series, from), n, units_from(series, at), m, &diff, &error, &freedom))
		return;
	change->p = change_p(series, i);
	change->low -= gsl_cdf_tdist_Pinv(0.975, freedom) * error;
	change->high += gsl_cdf_tdist_Pinv(0.975, freedom) * error;
}

static int fill_series(struct series *series)
{
	size_t i, k;

	series->start = calloc(series->nr_points + 1, sizeof(*series->start));
	series->at = calloc(series->nr_points + 1, sizeof(*series->at));
	if (!series->start || !series->at)
		return no_memory();
	for (i = 0; i < series->nr_points; i++) {
		if (!series->points[i].nr)
			return err_set(EINVAL, "point %zu of a history has no value", i);
		series->start[i + 1] = series->start[i] + series->points[i].nr;
	}
	series->x = calloc(series->start[series->nr_points] + 1, sizeof(*series->x));
	if (!series->x)
		return no_memory();
	for (i = 0; i < series->nr_points; i++)
		for (k = 0; k < series->points[i].nr; k++) {
			double value = series->points[i].unit[k];

			if (!isfinite(value))
				return err_set(EINVAL, "point %zu of a history is no number", i);
			series->x[series->start[i] + k] = value;
		}
	series->rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!series->rng)
		return no_memory();
	gsl_rng_set(series->rng, (unsigned long)series->options->seed);
	return 0;
}

static int find(struct series *series, struct changepoint_result *result)
{
	size_t i;
	int ret = 0;

	result->exact = is_exact(series);
	if (result->exact) {
		find_exact(series);
	} else {
		ret = bisect(series, 0, series->nr_points);
		if (!ret)
			merge(series);
	}
	if (ret)
		return ret;
	result->sigma = result->exact ? 0 : noise(series);
	result->threshold = result->exact ? series->options->floor : threshold(series);
	result->change = calloc(series->nr + 1, sizeof(*result->change));
	if (!result->change)
		return no_memory();
	result->nr = series->nr;
	for (i = 0; i < series->nr; i++)
		measure(series, i, result->exact, &result->change[i]);
	return 0;
}

int changepoint_find(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		     struct changepoint_result *ret_result)
{
	struct series series = {.points = points, .nr_points = nr_points, .options = options};
	struct changepoint_result result = {.sigma = NAN, .threshold = options->floor};
	int ret = fill_series(&series);

	if (!ret && nr_points > 1)
		ret = find(&series, &result);
	free(series.x);
	free(series.start);
	free(series.at);
	if (series.rng)
		gsl_rng_free(series.rng);
	if (ret) {
		changepoint_free(&result);
		return ret;
	}
	*ret_result = result;
	return 0;
}

void changepoint_free(struct changepoint_result *result)
{
	free(result->change);
	*result = (struct changepoint_result){0};
}
