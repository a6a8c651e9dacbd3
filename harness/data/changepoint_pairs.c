// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/changepoint_pairs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "data/compare_change.h"
#include "data/stats.h"

/* The share of alpha that is for comparisons of neighbours; the rest is for those with the first of a level. */
#define NEIGHBOURS_SHARE 0.8

/* Two points compared. */
struct pair {
	size_t from, at;
	struct compare_change change;
	enum compare_verdict verdict;
	double before; /* mean of the units of @from that have a partner */
	double p;      /* that the change is not beyond the floor, corrected; 0 or 1: exact, NAN: not compared */
	struct family_test test; /* the same where seeds may have modes */
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for change points");
}

/* The units of a point; compare_change.h only reads them. */
static struct units units_of(const struct changepoint_point *point)
{
	return (struct units){.value = (double *)point->unit, .key = (uint64_t *)point->key, .nr = point->nr, .within = NAN, .reps = NAN};
}

static double mean_of_partners(const struct changepoint_point *a, const struct changepoint_point *b)
{
	double sum = 0;
	size_t i, k, nr = 0;

	for (i = 0; i < a->nr; i++)
		for (k = 0; k < b->nr; k++)
			if (a->key[i] == b->key[k]) {
				sum += a->unit[i];
				nr++;
			}
	return sum / (double)nr;
}

static bool is_change(enum compare_verdict verdict)
{
	return verdict == COMPARE_REGRESSION || verdict == COMPARE_IMPROVEMENT;
}

static int compare_points(const struct changepoint_point *points, size_t from, size_t at, struct pair *pair)
{
	const struct changepoint_point *a = &points[from], *b = &points[at];
	const struct units base = units_of(a), cand = units_of(b);
	int ret;

	*pair = (struct pair){.from = from, .at = at};
	ret = change_compute(&base, &cand, true, true, &pair->change);
	if (ret)
		return ret;
	pair->verdict = change_verdict(&pair->change, a->floor, true);
	pair->before = mean_of_partners(a, b);
	ret = change_beyond_p(&base, &cand, true, &pair->change, a->floor, &pair->p);
	if (!ret && pair->change.method == COMPARE_EXACT)
		pair->p = is_change(pair->verdict) ? 0 : 1;
	return ret ? ret : change_test(&base, &cand, true, &pair->change, a->floor, &pair->test);
}

/*
 * Do boots have no modes? Seeds of a kernel that choose between modes agree by luck (family.h), and so do pairs; but where a mode is
 * likely enough for that, most kernels would have boots of both. Up to a quarter of the kernels, or one, may be noisy for another reason.
 */
static bool has_no_modes(const struct changepoint_point *points, size_t nr_points)
{
	size_t nr = 0, i, k;

	for (i = 0; i < nr_points; i++) {
		double least = INFINITY, most = -INFINITY;

		for (k = 0; k < points[i].nr; k++) {
			least = fmin(least, points[i].unit[k]);
			most = fmax(most, points[i].unit[k]);
		}
		nr += most - least > points[i].floor;
	}
	return nr <= 1 || 4 * nr <= nr_points;
}

/* Would it have shown a change of the floor's size, by Student's t alone? */
static bool is_resolved(const struct pair *pair, double delta)
{
	return pair->change.method == COMPARE_EXACT || stats_detectable(pair->change.sigma, pair->change.nr, 0.05, 0.8) <= delta;
}

static enum changepoint_step step_of(const struct pair *pair)
{
	return compare_finds_none(pair->verdict) && pair->verdict != COMPARE_INCONCLUSIVE ? CHANGEPOINT_SAME : CHANGEPOINT_UNRESOLVED;
}

static int correct(struct pair *pairs, size_t nr, bool has_modes)
{
	__free_mem double *p = calloc(nr, sizeof(*p)), *adjusted = calloc(nr, sizeof(*adjusted));
	__free_mem struct family_test *tests = calloc(nr, sizeof(*tests));
	size_t i;
	int ret = 0;

	if (!p || !adjusted || !tests)
		return no_memory();
	for (i = 0; i < nr; i++) {
		p[i] = pairs[i].p;
		tests[i] = pairs[i].test;
	}
	if (has_modes)
		ret = family_adjust(tests, nr, adjusted);
	else
		stats_holm(p, nr, adjusted);
	for (i = 0; !ret && i < nr; i++)
		pairs[i].p = adjusted[i];
	return ret;
}

static struct changepoint changepoint_of(const struct pair *pair)
{
	const struct compare_change *change = &pair->change;

	return (struct changepoint){
		.at = pair->at,
		.from = pair->from,
		.before = pair->before,
		.after = pair->before + change->value,
		.low = change->interval.low,
		.high = change->interval.high,
		.p = change->method == COMPARE_EXACT ? NAN : pair->p,
	};
}

static void add_change(struct changepoint_result *result, const struct pair *pair)
{
	result->step[pair->at] = CHANGEPOINT_CHANGED;
	result->change[result->nr++] = changepoint_of(pair);
}

/*
 * Has the point @at left its level, which began at @start, by steps too small to count? Against the first point of the level that it
 * resolves a change against: a noisy one hides nothing of what came before or after it.
 */
static int find_creep(const struct changepoint_point *points, double alpha, bool has_modes, size_t start, size_t at, size_t nr,
		      struct changepoint_result *result)
{
	struct pair crept;
	size_t from;

	for (from = start; from + 1 < at; from++) {
		int ret = compare_points(points, from, at, &crept);

		if (ret)
			return ret;
		if (!is_resolved(&crept, points[from].floor))
			continue;
		/* Every point but the first two may be compared so. */
		crept.p = fmin(1, (has_modes ? crept.test.p : crept.p) * (double)(nr - 1));
		if (is_change(crept.verdict) && crept.p <= (1 - NEIGHBOURS_SHARE) * alpha)
			add_change(result, &crept);
		return 0;
	}
	return 0;
}

/* The pairs that are changes by themselves. */
static void find_shown(const struct pair *pairs, size_t nr, double alpha, struct changepoint_result *result)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (is_change(pairs[i].verdict) && pairs[i].p <= alpha)
			add_change(result, &pairs[i]);
}

static int find(const struct changepoint_point *points, const struct pair *pairs, size_t nr, double alpha, bool has_modes,
		struct changepoint_result *result)
{
	double share = nr > 1 ? NEIGHBOURS_SHARE : 1; /* two points have nothing else to compare */
	size_t start = 0, i;
	int ret = 0;

	result->method = CHANGEPOINT_PAIRS;

	for (i = 0; !ret && i < nr; i++) {
		result->step[i + 1] = step_of(&pairs[i]);
		if (is_change(pairs[i].verdict) && pairs[i].p <= share * alpha)
			add_change(result, &pairs[i]);
		else
			ret = find_creep(points, alpha, has_modes, start, i + 1, nr, result);
		if (result->step[i + 1] == CHANGEPOINT_CHANGED)
			start = i + 1;
		else if (result->step[i + 1] == CHANGEPOINT_UNRESOLVED && fabs(pairs[i].change.value) > points[i].floor)
			result->open[result->nr_open++] = changepoint_of(&pairs[i]);
	}
	return ret;
}

static int find_sigma(const struct pair *pairs, size_t nr, struct changepoint_result *result)
{
	__free_mem double *sigma = calloc(nr, sizeof(*sigma));
	size_t i, known = 0;

	if (!sigma)
		return no_memory();
	for (i = 0; i < nr; i++)
		if (!isnan(pairs[i].change.sigma))
			sigma[known++] = pairs[i].change.sigma;
	result->sigma = stats_median(sigma, known);
	return 0;
}

int changepoint_by_pairs(const struct changepoint_point *points, size_t nr_points, const struct changepoint_options *options,
			 struct changepoint_result *result)
{
	size_t nr = nr_points - 1, resolved = 0, i;
	__free_mem struct pair *pairs = calloc(nr, sizeof(*pairs));
	bool enough, has_modes = !has_no_modes(points, nr_points);
	int ret = pairs ? 0 : no_memory();

	for (i = 0; !ret && i < nr; i++) {
		if (!points[i].key || !points[i + 1].key)
			return 0;
		ret = compare_points(points, i, i + 1, &pairs[i]);
		resolved += !ret && is_resolved(&pairs[i], points[i].floor);
	}
	enough = 2 * resolved >= nr;
	if (!ret)
		ret = correct(pairs, nr, has_modes);
	if (!ret && enough)
		ret = find(points, pairs, nr, options->alpha_pairs, has_modes, result);
	else if (!ret)
		find_shown(pairs, nr, NEIGHBOURS_SHARE * options->alpha_pairs, result);
	return !ret && enough ? find_sigma(pairs, nr, result) : ret;
}
