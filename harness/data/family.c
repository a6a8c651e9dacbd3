// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/family.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "base/err.h"
#include "data/stats.h"

/* How far the pairs of a steady member are apart, of its mean. */
#define STEADY 0.25
/*
 * Where a cost has a few modes, Student's p is too small, by up to 1.9 times (five pairs, modes of three and four weights). Doubled, and
 * never below family_luck(), a p is u or less in no more than 1.25 u of cases (test_worst_modes in tests/unit/test_family.c).
 */
#define MODES (0.05 / FAMILY_T_ALPHA)

double family_luck(size_t n)
{
	return 2 * pow(4, -(double)n);
}

double family_sidak(double p, size_t nr)
{
	return -expm1((double)nr * log1p(-p));
}

struct family_test family_test_pairs(const double *diff, size_t n, double delta, double rounding)
{
	struct family_test test = { FAMILY_NONE, NAN };
	double mean = stats_mean(diff, n), low = INFINITY, high = -INFINITY, error, p = 0;

	for (size_t i = 0; i < n; i++) {
		low = fmin(low, diff[i]);
		high = fmax(high, diff[i]);
	}
	if (n < 2 || isnan(mean))
		return test;
	test.p = 1;
	test.kind = FAMILY_QUIET;
	if (fmax(high, -low) <= delta + rounding)
		return test;
	test.kind = high - low <= STEADY * fabs(mean) ? FAMILY_STEADY : FAMILY_VARIES;
	if (fabs(mean) <= delta)
		return test;
	error = stats_stddev(diff, n) / sqrt((double)n);
	if (high - low > rounding)
		p = MODES * 2 * gsl_cdf_tdist_Q((fabs(mean) - delta) / error, (double)n - 1);
	test.p = fmin(1, fmax(p, family_luck(n)));
	return test;
}

size_t family_nr_varying(const struct family_test *tests, size_t nr)
{
	size_t nr_varying = 0;

	for (size_t i = 0; i < nr; i++)
		nr_varying += tests[i].kind == FAMILY_VARIES;
	return nr_varying;
}

struct ranked {
	double p;
	size_t index;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return (x->p > y->p) - (x->p < y->p);
}

int family_adjust(const struct family_test *tests, size_t nr, double *ret_adjusted)
{
	__free_mem struct ranked *ranked = calloc(nr ? nr : 1, sizeof(*ranked));
	size_t nr_varying = family_nr_varying(tests, nr), k = 0;
	double adjusted = 0;

	if (!ranked)
		return err_sys(ENOMEM, "memory for a correction of many tests");
	for (size_t i = 0; i < nr; i++) {
		ret_adjusted[i] = tests[i].kind == FAMILY_STEADY ? family_sidak(tests[i].p, nr_varying + 1) : tests[i].p;
		if (tests[i].kind == FAMILY_VARIES)
			ranked[k++] = (struct ranked){ tests[i].p, i };
	}
	qsort(ranked, nr_varying, sizeof(*ranked), by_p);
	for (size_t i = 0; i < nr_varying; i++) {
		adjusted = fmax(adjusted, family_sidak(ranked[i].p, nr_varying - i));
		ret_adjusted[ranked[i].index] = adjusted;
	}
	return 0;
}
