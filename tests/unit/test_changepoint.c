// SPDX-License-Identifier: GPL-2.0-or-later
/* data/changepoint.h against brute force, and on histories whose changes are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "data/changepoint.h"
#include "data/changepoint_cut.h"

/* --- random numbers of our own, the same everywhere --- */

static uint64_t state_of_random = 1;

static double uniform(void)
{
	/* Knuth's MMIX generator. */
	state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
	return (double)(state_of_random >> 11) / 9007199254740992.0;
}

static double normal(void)
{
	double sum = 0;
	int i;

	for (i = 0; i < 12; i++)
		sum += uniform();
	return sum - 6;
}

/* --- the cut --- */

static double mean_distance(const double *x, size_t n, const double *y, size_t m)
{
	double sum = 0;
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = 0; j < m; j++)
			sum += fabs(x[i] - y[j]);
	return sum / ((double)n * (double)m);
}

static double mean_pair(const double *x, size_t n)
{
	double sum = 0;
	size_t i, j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			sum += fabs(x[i] - x[j]);
	return n > 1 ? sum / ((double)n * (double)(n - 1) / 2) : 0;
}

static double brute_quality(const double *x, size_t n, size_t cut)
{
	double left = (double)cut, right = (double)(n - cut);
	double energy = 2 * mean_distance(x, cut, x + cut, n - cut) - mean_pair(x, cut) - mean_pair(x + cut, n - cut);

	return left * right / (left + right) * energy;
}

static void cut_is_that_of_brute_force(void **state)
{
	size_t round, n, i, cuts[40];
	double x[40];

	(void)state;
	for (round = 0; round < 200; round++) {
		double best = 0, q;
		long at;

		n = 2 + (size_t)(uniform() * 38);
		for (i = 0; i < n; i++) {
			/* Every other round has ties, every third is far from 0. */
			x[i] = round % 2 ? floor(4 * uniform()) : normal() + (i > n / 2);
			x[i] += round % 3 ? 0 : 1e6;
			if (i)
				cuts[i - 1] = i;
		}
		at = changepoint_best_cut(x, n, cuts, n - 1, &q);
		for (i = 1; i < n; i++)
			best = fmax(best, brute_quality(x, n, i));
		assert_true(fabs(best - q) <= 1e-7 * (1 + best));
		if (at < (long)n - 1)
			assert_true(fabs(brute_quality(x, n, cuts[at]) - best) <= 1e-7 * (1 + best));
	}
}

static void cut_only_where_allowed(void **state)
{
	const double x[] = {0, 0, 0, 9, 9, 9};
	const size_t all[] = {1, 2, 3, 4, 5}, two[] = {2, 4};
	double q;

	(void)state;
	assert_int_equal(changepoint_best_cut(x, 6, all, 5, &q), 2);
	/* 3 × 3 / 6 × 2 × 9. */
	assert_true(fabs(q - 27) < 1e-9);
	assert_int_equal(changepoint_best_cut(x, 6, two, 2, &q), 0);
	assert_int_equal(changepoint_best_cut(x, 3, two, 1, &q), 1);
	assert_true(q == 0);
	assert_int_equal(changepoint_best_cut(x, 1, two, 0, &q), 0);
}

static void t_test(void **state)
{
	/* t = 3 / sqrt(2 (1/3 + 1/3)) … by hand: means 2 and 5, variance 1, t = 3 / 0.8165 = 3.674, 4 degrees of freedom. */
	const double x[] = {1, 2, 3}, y[] = {4, 5, 6}, flat[] = {7, 7, 7};

	(void)state;
	assert_true(fabs(changepoint_t_p(x, 3, y, 3) - 0.02131164) < 1e-7);
	assert_true(changepoint_t_p(flat, 3, flat, 2) == 1);
	assert_true(changepoint_t_p(flat, 3, x, 0) != changepoint_t_p(flat, 3, x, 0));
	assert_true(isnan(changepoint_t_p(x, 1, y, 1)));
	/* One against several is a test, too. */
	assert_true(changepoint_t_p(x, 3, y, 1) > 0.1);
}

/* --- histories --- */

#define POINTS_MAX 64
#define UNITS_MAX  8

struct history {
	struct changepoint_point point[POINTS_MAX];
	double unit[POINTS_MAX][UNITS_MAX];
	uint64_t key[UNITS_MAX];
	size_t nr;
	double floor; /* of the points to come */
};

static const struct changepoint_options defaults = {
	.accept = CHANGEPOINT_T,
	.alpha = CHANGEPOINT_ALPHA,
	.alpha_pairs = CHANGEPOINT_ALPHA_PAIRS,
	.nr_permutations = CHANGEPOINT_PERMUTATIONS,
	.seed = 1,
	.sigmas = CHANGEPOINT_SIGMAS,
};

static void history_begin(struct history *h)
{
	size_t i;

	h->nr = 0;
	h->floor = 2;
	for (i = 0; i < UNITS_MAX; i++)
		h->key[i] = i + 1;
}

/* A point of @nr units at @level with normal noise. */
static void add_point(struct history *h, double level, double sigma, size_t nr)
{
	size_t i, k = h->nr++;

	for (i = 0; i < nr; i++)
		h->unit[k][i] = level + sigma * normal();
	h->point[k] = (struct changepoint_point){h->unit[k], h->key, nr, h->floor};
}

static void add_points(struct history *h, size_t nr, double level, double sigma, size_t nr_units)
{
	while (nr--)
		add_point(h, level, sigma, nr_units);
}

static struct changepoint_result find_with(const struct history *h, const struct changepoint_options *options)
{
	struct changepoint_result result;

	assert_int_equal(changepoint_find(h->point, h->nr, options, &result), 0);
	return result;
}

static struct changepoint_result find(const struct history *h)
{
	return find_with(h, &defaults);
}

/* The changes are at @nr places, and no others. */
static void finds(const struct history *h, const struct changepoint_options *options, size_t nr, const size_t *at)
{
	struct changepoint_result result = find_with(h, options);
	size_t i;

	if (result.nr != nr)
		fail_msg("%zu changes, not %zu", result.nr, nr);
	for (i = 0; i < nr; i++)
		assert_int_equal(result.change[i].at, at[i]);
	changepoint_free(&result);
}

static struct changepoint_options permuting(void)
{
	struct changepoint_options options = defaults;

	options.accept = CHANGEPOINT_PERMUTATION;
	return options;
}

static void constant_exact(void **state)
{
	struct history h;
	struct changepoint_result result;

	(void)state;
	history_begin(&h);
	add_points(&h, 10, 3600, 0, 5);
	result = find(&h);
	assert_int_equal(result.method, CHANGEPOINT_PAIRS);
	assert_int_equal(result.nr, 0);
	assert_int_equal(result.nr_open, 0);
	assert_true(result.sigma == 0);
	assert_true(result.floor == 2);
	changepoint_free(&result);
}

static void one_step_exact(void **state)
{
	struct history h;
	struct changepoint_result result;

	(void)state;
	history_begin(&h);
	add_points(&h, 3, 100, 0, 1);
	add_points(&h, 3, 103, 0, 1);
	result = find(&h);
	assert_int_equal(result.method, CHANGEPOINT_EXACT);
	assert_int_equal(result.nr, 1);
	assert_int_equal(result.change[0].at, 3);
	assert_true(result.change[0].before == 100 && result.change[0].after == 103);
	assert_true(result.change[0].low == 3 && result.change[0].high == 3);
	assert_true(isnan(result.change[0].p));
	changepoint_free(&result);
}

/* One instruction is not beyond the floor, even if nothing is more certain. */
static void floor_of_an_exact_series(void **state)
{
	const size_t at[] = {4};
	struct history h;
	size_t i;

	(void)state;
	history_begin(&h);
	add_points(&h, 4, 100, 0, 5);
	add_points(&h, 4, 101, 0, 5);
	finds(&h, &defaults, 0, NULL);
	for (i = 0; i < h.nr; i++)
		h.point[i].floor = 0.5;
	finds(&h, &defaults, 1, at);
}

/* Seeds differ from each other, but every seed moves by the same: no noise, though a lot of spread. */
static void exact_below_the_spread_of_seeds(void **state)
{
	static const double seed_offset[] = {0, 40, -13, 7, 22};
	const size_t at[] = {5};
	struct history h;
	size_t i, k;

	(void)state;
	history_begin(&h);
	for (i = 0; i < 9; i++) {
		add_point(&h, 0, 0, 5);
		for (k = 0; k < 5; k++)
			h.unit[i][k] = 3600 + seed_offset[k] + (i >= 5 ? 3 : 0);
	}
	finds(&h, &defaults, 1, at);
	/* Without the keys the step of few kernels drowns: each boot is a value. */
	h.nr = 5;
	for (i = 0; i < 5; i++) {
		h.point[i] = h.point[i + 3];
		h.point[i].key = NULL;
	}
	finds(&h, &defaults, 0, NULL);
}

/* A seed that is missing on one kernel must not look like a change. */
static void exact_with_a_missing_seed(void **state)
{
	struct history h;
	size_t i;

	(void)state;
	history_begin(&h);
	for (i = 0; i < 6; i++) {
		add_point(&h, 0, 0, 3);
		h.unit[i][0] = 100;
		h.unit[i][1] = 200;
		h.unit[i][2] = 300;
	}
	h.point[3].nr = 2;
	finds(&h, &defaults, 0, NULL);
}

/* Each step is below the floor; together they are not. */
static void exact_ramp(void **state)
{
	const size_t at[] = {3, 6};
	struct history h;
	size_t i;

	(void)state;
	history_begin(&h);
	for (i = 0; i < 8; i++)
		add_point(&h, 100 + (double)i, 0, 3);
	/* 103 is more than 2 above 100, 106 above 103. */
	finds(&h, &defaults, 2, at);
}

static void step_and_back_exact(void **state)
{
	const size_t at[] = {4, 5};
	struct history h;

	(void)state;
	history_begin(&h);
	add_points(&h, 4, 100, 0, 3);
	add_points(&h, 1, 110, 0, 3);
	add_points(&h, 4, 100, 0, 3);
	finds(&h, &defaults, 2, at);
}

static void one_step_in_noise(void **state)
{
	const struct changepoint_options permutation = permuting();
	const size_t at[] = {7};
	struct history h;
	struct changepoint_result result;

	(void)state;
	state_of_random = 12;
	history_begin(&h);
	add_points(&h, 7, 1000, 4, 5);
	add_points(&h, 6, 1015, 4, 5);
	finds(&h, &defaults, 1, at);
	finds(&h, &permutation, 1, at);
	result = find(&h);
	assert_int_equal(result.method, CHANGEPOINT_LEVELS);
	assert_true(result.change[0].low < 15 && result.change[0].high > 15);
	assert_true(result.change[0].low > 11 && result.change[0].high < 19);
	assert_true(result.change[0].p < 0.001);
	/* A value is the mean of 5 boots: 4 / √5. */
	assert_true(result.sigma > 1.2 && result.sigma < 2.5);
	changepoint_free(&result);
}

/* The newest kernel alone: what a CI asks. */
static void step_at_the_last_point(void **state)
{
	const struct changepoint_options permutation = permuting();
	const size_t at[] = {9};
	struct history h;

	(void)state;
	state_of_random = 5;
	history_begin(&h);
	add_points(&h, 9, 1000, 4, 5);
	add_point(&h, 1030, 4, 5);
	finds(&h, &defaults, 1, at);
	finds(&h, &permutation, 1, at);
}

static void step_and_back_in_noise(void **state)
{
	const size_t at[] = {12, 18};
	struct history h;

	(void)state;
	state_of_random = 3;
	history_begin(&h);
	add_points(&h, 12, 1000, 4, 4);
	add_points(&h, 6, 1025, 4, 4);
	add_points(&h, 12, 1000, 4, 4);
	/* By permutation not: both cuts together are rarer than chance, neither is alone. */
	finds(&h, &defaults, 2, at);
}

static void three_levels(void **state)
{
	const size_t at[] = {1, 2, 5};
	struct history h;

	(void)state;
	state_of_random = 8;
	history_begin(&h);
	add_points(&h, 1, 551, 5, 5);
	add_points(&h, 1, 498, 3, 5);
	add_points(&h, 3, 585, 8, 5);
	add_points(&h, 2, 665, 8, 5);
	finds(&h, &defaults, 3, at);
}

/* Noise of its own size hides a step that a quiet history shows; that is @sigmas. */
static void threshold_from_history(void **state)
{
	struct changepoint_options options = defaults;
	struct history h;
	struct changepoint_result result;
	size_t i;

	(void)state;
	state_of_random = 21;
	history_begin(&h);
	add_points(&h, 30, 1000, 10, 2);
	add_points(&h, 30, 1009, 10, 2);
	options.sigmas = 0;
	result = find_with(&h, &options);
	assert_int_equal(result.nr, 1);
	changepoint_free(&result);
	options.sigmas = 2;
	result = find_with(&h, &options);
	assert_int_equal(result.nr, 0);
	/* The noise around one level for both, √(10² / 2 + 4.5²): a value is the mean of two boots. */
	assert_true(result.sigma > 6.5 && result.sigma < 10.5);
	changepoint_free(&result);
	options.sigmas = 0;
	for (i = 0; i < h.nr; i++)
		h.point[i].floor = 15;
	finds(&h, &options, 0, NULL);
}

static void too_few(void **state)
{
	struct history h;
	struct changepoint_result result;

	(void)state;
	history_begin(&h);
	finds(&h, &defaults, 0, NULL);
	add_point(&h, 100, 0, 1);
	finds(&h, &defaults, 0, NULL);
	/* Two kernels, a boot each: nothing tells a change from chance. */
	add_point(&h, 200, 0, 1);
	result = find(&h);
	assert_int_equal(result.nr, 0);
	assert_int_equal(result.method, CHANGEPOINT_BOOTS);
	changepoint_free(&result);
	/* 4 kernels, a boot each, and noise: the best of all permutations is not rare. */
	history_begin(&h);
	add_point(&h, 100, 0, 1);
	add_point(&h, 101, 0, 1);
	add_point(&h, 120, 0, 1);
	add_point(&h, 122, 0, 1);
	finds(&h, &(struct changepoint_options){.accept = CHANGEPOINT_PERMUTATION, .alpha = 0.05, .nr_permutations = 199,
						.seed = 1},
	      0, NULL);
}

static void bad_points(void **state)
{
	struct changepoint_result result;
	const double infinite[] = {INFINITY}, fine[] = {1};
	const struct changepoint_point empty[] = {{fine, NULL, 1, 0}, {fine, NULL, 0, 0}},
					      wild[] = {{infinite, NULL, 1, 0}};

	(void)state;
	assert_int_equal(changepoint_find(empty, 2, &defaults, &result), -EINVAL);
	assert_int_equal(changepoint_find(wild, 1, &defaults, &result), -EINVAL);
}

static void same_seed_same_answer(void **state)
{
	const struct changepoint_options permutation = permuting();
	struct history h;
	struct changepoint_result a, b;

	(void)state;
	state_of_random = 77;
	history_begin(&h);
	add_points(&h, 20, 1000, 10, 3);
	add_points(&h, 20, 1012, 10, 3);
	a = find_with(&h, &permutation);
	b = find_with(&h, &permutation);
	assert_int_equal(a.nr, b.nr);
	assert_memory_equal(a.change, b.change, a.nr * sizeof(*a.change));
	changepoint_free(&a);
	changepoint_free(&b);
}

/* --- by pairs --- */

static void set_units(struct history *h, double floor, double a, double b, double c)
{
	h->floor = floor;
	add_point(h, 0, 0, 3);
	h->unit[h->nr - 1][0] = a;
	h->unit[h->nr - 1][1] = b;
	h->unit[h->nr - 1][2] = c;
}

/* Root - off of fault_storm's fault on 5.10.262, 6.1.192 and 6.12.117 (results/reference): the noise of the first is its own. */
static void noise_of_one_kernel_is_its_own(void **state)
{
	static const double firsts[][3] = {{352.08, 361.71, 330.61}, {352, 520, 200}};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct changepoint_result result;
		const struct changepoint *change;
		struct history h;

		history_begin(&h);
		set_units(&h, 15.5, firsts[i][0], firsts[i][1], firsts[i][2]);
		set_units(&h, 16.4, 420.32, 420.31, 420.35);
		set_units(&h, 18.7, 333.75, 333.77, 333.74);
		result = find(&h);
		assert_int_equal(result.method, CHANGEPOINT_PAIRS);
		/* +72 of its own noise is shown too, +63 of ten times as much is not. */
		assert_int_equal(result.nr, i ? 1 : 2);
		assert_int_equal(result.step[1], i ? CHANGEPOINT_UNRESOLVED : CHANGEPOINT_CHANGED);
		assert_int_equal(result.nr_open, i ? 1 : 0);
		change = &result.change[result.nr - 1];
		assert_int_equal(change->from, 1);
		assert_int_equal(change->at, 2);
		assert_true(fabs(change->after - change->before + 86.573) < 0.001);
		assert_true(change->low > -86.7 && change->high < -86.4 && change->p < 0.001);
		changepoint_free(&result);
	}
}

/* What changed while nobody could see is seen behind it, and named with both ends. */
static void change_behind_a_noisy_kernel(void **state)
{
	struct changepoint_result result;
	struct history h;

	(void)state;
	history_begin(&h);
	set_units(&h, 2, 100, 100.1, 100.2);
	set_units(&h, 2, 80, 110, 120);
	set_units(&h, 2, 110.1, 110, 110.2);
	set_units(&h, 2, 110.1, 110.1, 110.2);
	set_units(&h, 2, 110.1, 110.1, 110.2);
	result = find(&h);
	assert_int_equal(result.method, CHANGEPOINT_PAIRS);
	assert_int_equal(result.nr, 1);
	assert_int_equal(result.change[0].from, 0);
	assert_int_equal(result.change[0].at, 2);
	assert_int_equal(result.step[1], CHANGEPOINT_UNRESOLVED);
	assert_int_equal(result.step[3], CHANGEPOINT_SAME);
	changepoint_free(&result);
}

/* Two seeds agree by luck: no verdict of `compare`, and no change here. */
static void two_seeds_show_no_change(void **state)
{
	struct changepoint_result result;
	struct history h;

	(void)state;
	history_begin(&h);
	add_points(&h, 3, 100, 0, 2);
	add_points(&h, 3, 110, 0, 2);
	result = find(&h);
	assert_int_equal(result.nr, 0);
	assert_int_equal(result.nr_open, 1);
	assert_int_equal(result.step[3], CHANGEPOINT_UNRESOLVED);
	changepoint_free(&result);
}

/* --- histories in which nothing happened --- */

/* What a value is made of, in all of them: a boot's noise is 1. */
struct nothing {
	const char *name;
	size_t nr_kernels, nr_units;
	double luck;	 /* standard deviation of what all boots of a kernel share */
	double memory;	 /* correlation of the luck of a kernel with that of the next */
	double noisy;	 /* noise of every other kernel's boots */
	double mode;	 /* chance of a boot to cost 100 more */
	double floor;
	bool by_seed;
	enum changepoint_accept accept;
	double alpha;
	size_t at_most; /* of 1000 */
};

static bool raises_an_alarm(const struct nothing *kind, uint64_t seed)
{
	struct changepoint_options options = defaults;
	struct changepoint_result result;
	struct history h;
	double luck = kind->luck * normal();
	bool alarm;
	size_t i, k;

	options.accept = kind->accept;
	options.nr_permutations = 199;
	options.sigmas = 0;
	options.seed = seed;
	if (kind->alpha > 0)
		options.alpha = kind->alpha;
	history_begin(&h);
	h.floor = kind->floor;
	for (i = 0; i < kind->nr_kernels; i++) {
		add_point(&h, 1000 + luck, i % 2 && kind->noisy > 0 ? kind->noisy : 1, kind->nr_units);
		for (k = 0; k < kind->nr_units; k++)
			h.unit[i][k] = kind->mode > 0 ? (uniform() < kind->mode ? 1100 : 1000) : h.unit[i][k];
		if (!kind->by_seed)
			h.point[i].key = NULL;
		luck = kind->memory * luck + sqrt(1 - kind->memory * kind->memory) * kind->luck * normal();
	}
	result = find_with(&h, &options);
	alarm = result.nr > 0;
	changepoint_free(&result);
	return alarm;
}

static void histories_without_a_change(void **state)
{
	/* docs/TREND.md, "What is promised", has these figures. */
	static const struct nothing kinds[] = {
		{.name = "boots", .nr_kernels = 20, .nr_units = 3, .at_most = 20},
		{.name = "boots of few kernels", .nr_kernels = 4, .nr_units = 5, .at_most = 20},
		{.name = "luck of each kernel", .nr_kernels = 20, .nr_units = 3, .luck = 3, .at_most = 20},
		{.name = "luck of few kernels", .nr_kernels = 4, .nr_units = 5, .luck = 3, .at_most = 900},
		{.name = "luck that goes on, 0.3", .nr_kernels = 20, .nr_units = 3, .luck = 3, .memory = 0.3, .at_most = 90},
		{.name = "luck that goes on, 0.6", .nr_kernels = 20, .nr_units = 3, .luck = 3, .memory = 0.6, .at_most = 300},
		{.name = "by permutation", .nr_kernels = 20, .nr_units = 3, .accept = CHANGEPOINT_PERMUTATION, .alpha = 0.05, .at_most = 70},
		{.name = "seeds", .nr_kernels = 20, .nr_units = 3, .by_seed = true, .at_most = 20},
		{.name = "seeds, floor 1", .nr_kernels = 20, .nr_units = 3, .floor = 1, .by_seed = true, .at_most = 20},
		{.name = "seeds, floor 3", .nr_kernels = 20, .nr_units = 3, .floor = 3, .by_seed = true, .at_most = 20},
		{.name = "seeds, floor 5", .nr_kernels = 20, .nr_units = 3, .floor = 5, .by_seed = true, .at_most = 20},
		{.name = "seeds, half noisy 3", .nr_kernels = 20, .nr_units = 3, .floor = 5, .noisy = 3, .by_seed = true, .at_most = 20},
		{.name = "seeds, half noisy 6", .nr_kernels = 20, .nr_units = 3, .floor = 5, .noisy = 6, .by_seed = true, .at_most = 20},
		{.name = "seeds, half noisy 20", .nr_kernels = 20, .nr_units = 3, .floor = 5, .noisy = 20, .by_seed = true, .at_most = 20},
		{.name = "seeds and luck, floor 5", .nr_kernels = 20, .nr_units = 3, .luck = 0.5, .floor = 5, .by_seed = true, .at_most = 20},
		{.name = "seeds and large luck, floor 5", .nr_kernels = 20, .nr_units = 3, .luck = 3, .floor = 5, .by_seed = true, .at_most = 900},
		{.name = "modes, 1 of 2 boots, 20 kernels, 3 seeds", .nr_kernels = 20, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 5 boots, 20 kernels, 3 seeds", .nr_kernels = 20, .nr_units = 3, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 10 boots, 20 kernels, 3 seeds", .nr_kernels = 20, .nr_units = 3, .mode = 0.1, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 2 boots, 20 kernels, 5 seeds", .nr_kernels = 20, .nr_units = 5, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 5 boots, 20 kernels, 5 seeds", .nr_kernels = 20, .nr_units = 5, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 2 boots, 8 kernels, 3 seeds", .nr_kernels = 8, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 5 boots, 8 kernels, 3 seeds", .nr_kernels = 8, .nr_units = 3, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 2 boots, 5 kernels, 3 seeds", .nr_kernels = 5, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 5 boots, 5 kernels, 3 seeds", .nr_kernels = 5, .nr_units = 3, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 2 boots, 4 kernels, 3 seeds", .nr_kernels = 4, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 5 boots, 4 kernels, 3 seeds", .nr_kernels = 4, .nr_units = 3, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 60},
		{.name = "modes, 1 of 2 boots, 3 kernels, 3 seeds", .nr_kernels = 3, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 70},
		{.name = "modes, 1 of 5 boots, 3 kernels, 3 seeds", .nr_kernels = 3, .nr_units = 3, .mode = 0.2, .floor = 5, .by_seed = true, .at_most = 70},
		{.name = "modes, 1 of 2 boots, 2 kernels, 3 seeds", .nr_kernels = 2, .nr_units = 3, .mode = 0.5, .floor = 5, .by_seed = true, .at_most = 60},
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t alarms = 0;

		state_of_random = 123;
		for (k = 0; k < 1000; k++)
			alarms += raises_an_alarm(&kinds[i], k);
		print_message("%s: %zu of 1000 histories show a change\n", kinds[i].name, alarms);
		if (alarms > kinds[i].at_most)
			fail_msg("%s: %zu alarms in 1000 histories, not %zu at most", kinds[i].name, alarms, kinds[i].at_most);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_is_that_of_brute_force),
		cmocka_unit_test(cut_only_where_allowed),
		cmocka_unit_test(t_test),
		cmocka_unit_test(constant_exact),
		cmocka_unit_test(one_step_exact),
		cmocka_unit_test(floor_of_an_exact_series),
		cmocka_unit_test(exact_below_the_spread_of_seeds),
		cmocka_unit_test(exact_with_a_missing_seed),
		cmocka_unit_test(exact_ramp),
		cmocka_unit_test(step_and_back_exact),
		cmocka_unit_test(one_step_in_noise),
		cmocka_unit_test(step_at_the_last_point),
		cmocka_unit_test(step_and_back_in_noise),
		cmocka_unit_test(three_levels),
		cmocka_unit_test(threshold_from_history),
		cmocka_unit_test(too_few),
		cmocka_unit_test(bad_points),
		cmocka_unit_test(same_seed_same_answer),
		cmocka_unit_test(noise_of_one_kernel_is_its_own),
		cmocka_unit_test(change_behind_a_noisy_kernel),
		cmocka_unit_test(two_seeds_show_no_change),
		cmocka_unit_test(histories_without_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
