// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_change.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "base/err.h"

#define ALPHA 0.05
#define POWER 0.8
/* Values are quotients of whole numbers: what is equal to this many parts of the cost is equal. */
#define EQUAL 1e-9
/* Any: a report can be made again. */
#define BOOTSTRAP_SEED 1

static const struct compare_change no_change = {
	.value = NAN,
	.interval = {NAN, NAN, NAN},
	.low_90 = NAN,
	.high_90 = NAN,
	.method = COMPARE_NONE,
	.p = NAN,
	.sigma = NAN,
};

/* Differences of the units that have a partner, and how large the numbers are that were subtracted. */
static int pair(const struct units *base, const struct units *cand, double **ret_diff, size_t *ret_nr, double *ret_scale)
{
	double *diff = calloc(base->nr ? base->nr : 1, sizeof(*diff)), scale = 0;
	size_t i = 0, k = 0, nr = 0;

	if (!diff)
		return err_sys(ENOMEM, "memory for a comparison");
	while (i < base->nr && k < cand->nr) {
		if (base->key[i] < cand->key[k]) {
			i++;
		} else if (base->key[i] > cand->key[k]) {
			k++;
		} else {
			scale = fmax(scale, fmax(fabs(base->value[i]), fabs(cand->value[k])));
			diff[nr++] = cand->value[k++] - base->value[i++];
		}
	}
	*ret_diff = diff;
	*ret_nr = nr;
	*ret_scale = scale;
	return 0;
}

/* What division leaves in the last bits of a difference of numbers of this size. */
static double rounding_of(double scale)
{
	return EQUAL * fmax(scale, 1);
}

static bool all_equal(const double *x, size_t nr, double scale)
{
	size_t i;

	for (i = 1; i < nr; i++)
		if (fabs(x[i] - x[0]) > rounding_of(scale))
			return false;
	return true;
}

static bool all_zero(const double *x, size_t nr, double scale)
{
	return all_equal(x, nr, scale) && fabs(x[0]) <= rounding_of(scale);
}

/* Student's t for the mean (Student, Biometrika 6, 1908). */
static void by_t(const double *diff, size_t nr, struct compare_change *change)
{
	double freedom = (double)nr - 1, error = change->sigma / sqrt((double)nr);
	double wide = gsl_cdf_tdist_Pinv(0.975, freedom) * error, narrow = gsl_cdf_tdist_Pinv(0.95, freedom) * error;

	change->method = COMPARE_PAIRED_T;
	change->value = stats_mean(diff, nr);
	change->interval = (struct stats_interval){change->value - wide, change->value + wide, 0.95};
	change->low_90 = change->value - narrow;
	change->high_90 = change->value + narrow;
	change->p = 2 * gsl_cdf_tdist_Q(fabs(change->value) / error, freedom);
}

static void of_pairs(const double *diff, size_t nr, double scale, bool exact, struct compare_change *change)
{
	*change = no_change;
	change->nr = nr;
	if (!nr)
		return;
	change->value = stats_mean(diff, nr);
	if (nr < COMPARE_PAIRS_MIN && !(exact && nr > 1 && all_zero(diff, nr, scale)))
		return;
	change->sigma = stats_stddev(diff, nr);
	if (exact && all_equal(diff, nr, scale)) {
		change->method = COMPARE_EXACT;
		change->value = diff[0];
		change->interval = (struct stats_interval){diff[0], diff[0], 1};
		change->low_90 = change->high_90 = diff[0];
		change->sigma = 0;
	} else {
		by_t(diff, nr, change);
	}
}

static void of_two(const struct units *base, const struct units *cand, struct compare_change *change)
{
	size_t n = base->nr, m = cand->nr;
	double s = stats_stddev(base->value, n), t = stats_stddev(cand->value, m);
	struct stats_interval narrow;

	*change = no_change;
	change->nr = n < m ? n : m;
	if (!change->nr)
		return;
	change->value = stats_shift(base->value, n, cand->value, m);
	if (change->nr < 2)
		return;
	/* So that the interval of a mean difference of nr units has the width that two samples of n and m give. */
	change->sigma = sqrt((s * s / (double)n + t * t / (double)m) * (double)change->nr);
	change->method = COMPARE_SHIFT;
	change->interval = stats_shift_interval(base->value, n, cand->value, m, 0.95);
	narrow = stats_shift_interval(base->value, n, cand->value, m, 0.90);
	change->low_90 = narrow.low;
	change->high_90 = narrow.high;
	change->p = stats_mann_whitney_p(base->value, n, cand->value, m);
}

int change_compute(const struct units *base, const struct units *cand, bool paired, bool exact,
		   struct compare_change *ret_change)
{
	__free_mem double *diff = NULL;
	double scale;
	size_t nr;
	int ret;

	if (!paired) {
		of_two(base, cand, ret_change);
		return 0;
	}
	ret = pair(base, cand, &diff, &nr, &scale);
	if (!ret)
		of_pairs(diff, nr, scale, exact, ret_change);
	return ret;
}

enum compare_verdict change_verdict(const struct compare_change *change, double delta, bool lower_is_better)
{
	if (change->method == COMPARE_NONE || isnan(change->interval.low))
		return COMPARE_INCONCLUSIVE;
	if (change->interval.low > delta || change->interval.high < -delta)
		return (change->value > 0) == lower_is_better ? COMPARE_REGRESSION : COMPARE_IMPROVEMENT;
	if (change->method == COMPARE_EXACT)
		return COMPARE_SAME;
	if (change->low_90 >= -delta && change->high_90 <= delta)
		return COMPARE_EQUIVALENT;
	return change->interval.low > 0 || change->interval.high < 0 ? COMPARE_SMALL : COMPARE_INCONCLUSIVE;
}

static int moved_units_p(const struct units *base, const struct units *cand, const struct compare_change *change,
			 double delta, double *ret_p)
{
	__free_mem double *moved = calloc(cand->nr, sizeof(*moved));
	double towards = change->value > 0 ? -delta : delta;
	size_t i;

	if (!moved)
		return err_sys(ENOMEM, "memory for a comparison");
	for (i = 0; i < cand->nr; i++)
		moved[i] = cand->value[i] + towards;
	*ret_p = fabs(change->value) <= delta ? 1 : stats_mann_whitney_p(base->value, base->nr, moved, cand->nr);
	return 0;
}

/* Student's t of the pairs moved by δ towards 0. */
static double moved_pairs_p(const struct compare_change *change, double delta)
{
	double error = change->sigma / sqrt((double)change->nr);

	if (fabs(change->value) <= delta)
		return 1;
	return 2 * gsl_cdf_tdist_Q((fabs(change->value) - delta) / error, (double)change->nr - 1);
}

int change_beyond_p(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		    double delta, double *ret_p)
{
	*ret_p = NAN;
	if (change->method == COMPARE_PAIRED_T)
		*ret_p = moved_pairs_p(change, delta);
	return change->method == COMPARE_SHIFT && !paired ? moved_units_p(base, cand, change, delta, ret_p) : 0;
}

int change_test(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		double delta, struct family_test *ret_test)
{
	__free_mem double *diff = NULL;
	double scale, p = NAN;
	size_t nr;
	int ret;

	*ret_test = (struct family_test){FAMILY_NONE, NAN};
	if (change->method == COMPARE_NONE)
		return 0;
	if (!paired) {
		ret = change_beyond_p(base, cand, false, change, delta, &p);
		if (!ret)
			*ret_test = (struct family_test){FAMILY_VARIES, p};
		return ret;
	}
	ret = pair(base, cand, &diff, &nr, &scale);
	if (!ret)
		*ret_test = family_test_pairs(diff, nr, delta, change->method == COMPARE_EXACT ? rounding_of(scale) : 0);
	return ret;
}

int change_bootstrap(const struct units *base, const struct units *cand, bool paired, const struct compare_change *change,
		     size_t nr_resamples, struct stats_interval *ret_interval)
{
	__free_mem double *diff = NULL;
	double scale;
	size_t nr;
	int ret;

	*ret_interval = (struct stats_interval){NAN, NAN, NAN};
	if (!nr_resamples || change->method == COMPARE_NONE || change->method == COMPARE_EXACT || change->nr < COMPARE_BOOTSTRAP_MIN)
		return 0;
	if (!paired) {
		*ret_interval = stats_bootstrap(base->value, base->nr, cand->value, cand->nr, 1 - ALPHA, nr_resamples, BOOTSTRAP_SEED);
		return 0;
	}
	ret = pair(base, cand, &diff, &nr, &scale);
	if (!ret)
		*ret_interval = stats_bootstrap(NULL, 0, diff, nr, 1 - ALPHA, nr_resamples, BOOTSTRAP_SEED);
	return ret;
}

/* At which level the test by itself finds a change of this method. */
static double alpha_of(enum compare_method method)
{
	return method == COMPARE_PAIRED_T ? FAMILY_T_ALPHA : ALPHA;
}

/* The fewest units of standard deviation @sigma with which a change of @delta would be found; 0: unknown. */
static size_t units_for(double sigma, double delta, double alpha)
{
	size_t low = 1, nr = 2;

	if (!(sigma > 0) || !(delta > 0))
		return 0;
	/* Doubling, then halving: stats_detectable() falls with every unit. */
	for (; nr < COMPARE_WANTED_MAX && stats_detectable(sigma, nr, alpha, POWER) > delta; nr *= 2)
		low = nr;
	if (nr >= COMPARE_WANTED_MAX)
		return COMPARE_WANTED_MAX;
	while (low + 1 < nr) {
		size_t middle = (low + nr) / 2;

		if (stats_detectable(sigma, middle, alpha, POWER) > delta)
			low = middle;
		else
			nr = middle;
	}
	return nr;
}

double change_smallest_p(enum compare_method method, size_t nr)
{
	double ways = 1;
	size_t i;

	if (method != COMPARE_SHIFT)
		return family_luck(nr);
	/* Two of all ways to split 2n values into halves. */
	for (i = 1; i <= nr; i++)
		ways *= (double)(nr + i) / (double)i;
	return fmin(1, 2 / ways);
}

struct compare_nested change_nested(const struct compare_change *change, const struct units *const arms[], size_t nr_arms,
				    double unit_cost, double rep_cost, double delta)
{
	struct compare_nested nested = {NAN, NAN, NAN, 0, 0};
	double within = 0, of_units = 0, reps = 0, wanted, sigma;
	size_t i;

	for (i = 0; i < nr_arms; i++) {
		within += arms[i]->within;
		of_units += arms[i]->within / arms[i]->reps;
		reps += arms[i]->reps / (double)nr_arms;
	}
	if (!(change->sigma >= 0) || !(within >= 0) || change->nr < 2)
		return nested;
	nested.within = within;
	nested.reps = reps;
	nested.between = fmax(0, change->sigma * change->sigma - of_units);
	wanted = stats_nested_reps(within, nested.between, unit_cost, rep_cost);
	if (isnan(wanted))
		return nested;
	/* Where boots add nothing there is no best number: more reps are never worse, up to what a boot took until now, ten times. */
	nested.reps_wanted = (size_t)fmin(wanted, fmax(1, 10 * reps));
	sigma = sqrt(nested.between + within / (double)nested.reps_wanted);
	nested.units_wanted = units_for(sigma, delta, alpha_of(change->method));
	return nested;
}

double change_detectable(const struct compare_change *change)
{
	double alpha = alpha_of(change->method), n = (double)change->nr, half = (change->interval.high - change->interval.low) / 2;

	if (change->method == COMPARE_NONE || change->method == COMPARE_EXACT)
		return NAN;
	if (change->method == COMPARE_SHIFT)
		return stats_detectable_by(half, alpha, POWER);
	half = gsl_cdf_tdist_Pinv(1 - alpha / 2, n - 1) * change->sigma / sqrt(n);
	/* Of few pairs the interval's own spread costs some power: 5 % of the effect at three, 2 % at five. */
	return stats_detectable_by(half, alpha, POWER) * (1 + 1 / (2 * n * n));
}

size_t change_wanted(const struct compare_change *change, double delta)
{
	if (change->method == COMPARE_NONE || change->method == COMPARE_EXACT || change_detectable(change) <= delta)
		return 0;
	return units_for(change->sigma, delta, alpha_of(change->method));
}
