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
#include "data/changepoint_pairs.h"
#include "data/stats.h"

/* A first pass takes weaker candidates than alpha, which merging sorts out: neighbours not found yet blur a test. */
#define WEAK_FACTOR 10
#define WEAK_MAX    0.05
/* Points on either side that a candidate is also tested against alone, so that other changes do not hide it. */
static const size_t windows[] = {15, 5};
/* Rounding: two numbers this near, of their size, are one. */
#define ALIKE 1e-9

/* Points of a history between two changes that are known. All values one behind the other: units, or the means of the points. */
struct series {
	const struct changepoint_point *points;
	size_t nr_points;
	size_t nr_places; /* where the whole history could be cut */
	const struct changepoint_options *options;
	bool by_kernel; /* a point is one value */
	double *x;
	size_t *start; /* nr_points + 1: where a point's values begin */
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

/* Squared distances of values from the means of their segments @first to @last, and their degrees of freedom, added up. */
static void add_noise(const struct series *series, size_t first, size_t last, double *squares, size_t *freedom)
{
	size_t i;

	for (i = first; i <= last; i++) {
		size_t from = i ? series->at[i - 1] : 0, to = i < series->nr ? series->at[i] : series->nr_points;
		size_t n = nr_units(series, from, to);

		*squares += sum_of_squares(units_from(series, from), n, stats_mean(units_from(series, from), n));
		*freedom += n - 1;
	}
}

/* Standard deviation of a value around the mean of its segment, of both sides of the change @i; NAN: neither has two. */
static double noise(const struct series *series, size_t i)
{
	double squares = 0;
	size_t freedom = 0;

	add_noise(series, i, i + 1, &squares, &freedom);
	return freedom ? sqrt(squares / (double)freedom) : NAN;
}

/* The smallest size of the change @i that counts: of the noise on its two sides, never below the floor of the point before. */
static double threshold(const struct series *series, size_t i)
{
	double least = series->options->sigmas * noise(series, i), floor = series->points[series->at[i] - 1].floor;

	return isnan(least) || least < floor ? floor : least;
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

static bool is_alike(double a, double b)
{
	return fabs(a - b) <= ALIKE * fabs(a);
}

static bool is_flat(const struct changepoint_point *point)
{
	size_t i;

	for (i = 1; i < point->nr; i++)
		if (!is_alike(point->unit[0], point->unit[i]))
			return false;
	return true;
}

static double point_mean(const struct changepoint_point *point)
{
	return stats_mean(point->unit, point->nr);
}

/* Where every kernel has one unit only, the history must be its own witness: most of its steps are none at all. */
static bool is_exact(const struct changepoint_point *points, size_t nr_points)
{
	size_t i, witnesses = 0, still = 0;

	for (i = 0; i < nr_points; i++) {
		if (!is_flat(&points[i]))
			return false;
		witnesses += points[i].nr > 1;
		still += i && is_alike(points[i - 1].unit[0], points[i].unit[0]);
	}
	return witnesses || (nr_points > 3 && 2 * still > nr_points - 1);
}

/* Against the start of the segment, so that a creeping change is found too, once it has crept beyond the floor. */
static void find_exact(struct series *series)
{
	size_t start = 0, i;

	for (i = 1; i < series->nr_points; i++) {
		if (fabs(point_mean(&series->points[i]) - point_mean(&series->points[start])) <= series->points[start].floor)
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
	size_t i;

	p = t_between(series, from, at, to);
	for (i = 0; i < ARRAY_SIZE(windows) && !(p <= weak); i++)
		p = t_between(series, at > from + windows[i] ? at - windows[i] : from, at, at + windows[i] < to ? at + windows[i] : to);
	return p <= weak;
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
	return series->options->accept == CHANGEPOINT_T ? fmin(1, p * (double)series->nr_places) : p;
}

/* How far a change is from being kept: above 1 it goes. */
static double weakness(const struct series *series, size_t i)
{
	size_t from, to, at = series->at[i];
	double diff, p = change_p(series, i), least = threshold(series, i);

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
		double worst = 0;
		size_t weakest = 0, i;

		for (i = 0; i < series->nr; i++) {
			double weak = weakness(series, i);

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
		.from = at - 1,
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

static int series_begin(struct series *series)
{
	size_t i, k, nr = 0;

	for (i = 0; i < series->nr_points; i++)
		nr += series->points[i].nr;
	series->start = calloc(series->nr_points + 1, sizeof(*series->start));
	series->at = calloc(series->nr_points + 1, sizeof(*series->at));
	series->x = calloc(nr, sizeof(*series->x));
	series->rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!series->start || !series->at || !series->x || !series->rng)
		return no_memory();
	gsl_rng_set(series->rng, (unsigned long)series->options->seed);
	for (i = 0, nr = 0; i < series->nr_points; i++) {
		const struct changepoint_point *point = &series->points[i];

		if (series->by_kernel)
			series->x[nr++] = point_mean(point);
		for (k = 0; !series->by_kernel && k < point->nr; k++)
			series->x[nr++] = point->unit[k];
		series->start[i + 1] = nr;
	}
	return 0;
}

static void series_end(struct series *series)
{
	free(series->x);
	free(series->start);
	free(series->at);
	if (series->rng)
		gsl_rng_free(series->rng);
}

/* The changes between points @from and @to of the history go to the end of @result. */
static int find_segment(struct series *series, size_t from, struct changepoint_result *result, double *squares, size_t *freedom)
{
	bool exact = result->method == CHANGEPOINT_EXACT;
	size_t i;
	int ret = series_begin(series);

	if (!ret && exact)
		find_exact(series);
	else if (!ret && series->nr_points > 1)
		ret = bisect(series, 0, series->nr_points);
	if (ret)
		return ret;
	if (!exact)
		merge(series);
	add_noise(series, 0, series->nr, squares, freedom);
	for (i = 0; i < series->nr; i++) {
		struct changepoint *change = &result->change[result->nr++];

		measure(series, i, exact, change);
		change->at += from;
		change->from += from;
		result->step[change->at] = CHANGEPOINT_CHANGED;
	}
	return 0;
}

/* Levels between the changes of @known, which stay. */
static int by_levels(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		     const struct changepoint *known, size_t nr_known, struct changepoint_result *result)
{
	double squares = 0;
	size_t freedom = 0, from = 0, to, i;
	int ret = 0;

	for (i = 0; !ret && i <= nr_known; i++) {
		struct series series = {.options = options, .nr_places = nr_points - 1};

		to = i < nr_known ? known[i].at : nr_points;
		series.points = points + from;
		series.nr_points = to - from;
		series.by_kernel = result->method == CHANGEPOINT_LEVELS;
		ret = find_segment(&series, from, result, &squares, &freedom);
		series_end(&series);
		if (i < nr_known) {
			result->step[to] = CHANGEPOINT_CHANGED;
			result->change[result->nr++] = known[i];
		}
		from = to;
	}
	result->sigma = freedom ? sqrt(squares / (double)freedom) : NAN;
	return ret;
}

static int check_points(const struct changepoint_point *points, size_t nr_points)
{
	size_t i, k;

	for (i = 0; i < nr_points; i++) {
		if (!points[i].nr)
			return err_set(EINVAL, "point %zu of a history has no value", i);
		for (k = 0; k < points[i].nr; k++)
			if (!isfinite(points[i].unit[k]))
				return err_set(EINVAL, "point %zu of a history is no number", i);
	}
	return 0;
}

static enum changepoint_method method_of(const struct changepoint_point *points, size_t nr_points)
{
	if (is_exact(points, nr_points))
		return CHANGEPOINT_EXACT;
	return nr_points >= CHANGEPOINT_KERNELS_MIN ? CHANGEPOINT_LEVELS : CHANGEPOINT_BOOTS;
}

/* Pairs, and where they resolve too little what is left between their changes by levels. */
static int find(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		struct changepoint_result *result)
{
	__free_mem struct changepoint *known = calloc(nr_points, sizeof(*known));
	size_t nr_known;
	int ret = known ? changepoint_by_pairs(points, nr_points, options, result) : no_memory();

	if (ret || result->method == CHANGEPOINT_PAIRS)
		return ret;
	nr_known = result->nr;
	memcpy(known, result->change, nr_known * sizeof(*known));
	result->nr = 0;
	result->method = method_of(points, nr_points);
	return by_levels(points, nr_points, options, known, nr_known, result);
}

static int fill_result(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		       struct changepoint_result *result)
{
	__free_mem double *floors = calloc(nr_points, sizeof(*floors));
	size_t i;

	result->change = calloc(nr_points, sizeof(*result->change));
	result->open = calloc(nr_points, sizeof(*result->open));
	result->step = calloc(nr_points, sizeof(*result->step));
	if (!floors || !result->change || !result->open || !result->step)
		return no_memory();
	for (i = 0; i < nr_points; i++)
		floors[i] = points[i].floor;
	result->floor = stats_median(floors, nr_points);
	return find(points, nr_points, options, result);
}

int changepoint_find(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
		     struct changepoint_result *ret_result)
{
	struct changepoint_result result = {.method = CHANGEPOINT_NONE, .sigma = NAN, .floor = nr_points ? points[0].floor : NAN};
	int ret = check_points(points, nr_points);

	if (!ret && nr_points > 1)
		ret = fill_result(points, nr_points, options, &result);
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
	free(result->open);
	free(result->step);
	*result = (struct changepoint_result){0};
}
