// SPDX-License-Identifier: GPL-2.0-or-later
/* Variance on two levels: reps inside units (boots), and units among each other. */
#include <math.h>

#include "data/stats.h"

/* Sums of squares of a one-way analysis of variance with unequal groups. */
struct sums {
	double within, between, total, squares; /* the last two: of the sizes */
	size_t nr_used;
};

static struct sums sum_up(const double *x, const size_t *nr_of_unit, size_t nr_units, double mean)
{
	struct sums sums = { 0 };

	for (size_t unit = 0; unit < nr_units; x += nr_of_unit[unit++]) {
		size_t n = nr_of_unit[unit];
		double unit_mean = stats_mean(x, n);

		if (!n)
			continue;
		for (size_t i = 0; i < n; i++)
			sums.within += (x[i] - unit_mean) * (x[i] - unit_mean);
		sums.between += (double)n * (unit_mean - mean) * (unit_mean - mean);
		sums.total += (double)n;
		sums.squares += (double)n * (double)n;
		sums.nr_used++;
	}
	return sums;
}

struct stats_nested stats_nested(const double *x, const size_t *nr_of_unit, size_t nr_units)
{
	struct stats_nested nested = { NAN, NAN, NAN };
	size_t nr = 0;
	struct sums sums;
	double units;

	for (size_t i = 0; i < nr_units; i++)
		nr += nr_of_unit[i];
	sums = sum_up(x, nr_of_unit, nr_units, stats_mean(x, nr));
	units = (double)sums.nr_used;
	/* A unit of one rep says nothing of what reps do. */
	if (!sums.nr_used || nr <= sums.nr_used)
		return nested;
	nested.within = sums.within / (sums.total - units);
	nested.reps = sums.total / units;
	if (sums.nr_used > 1) {
		double size = (sums.total - sums.squares / sums.total) / (units - 1);

		nested.between = (sums.between / (units - 1) - nested.within) / size;
	}
	return nested;
}

double stats_nested_reps(double within, double between, double unit_cost, double rep_cost)
{
	if (!(within >= 0) || isnan(between) || !(unit_cost > 0) || !(rep_cost > 0))
		return NAN;
	if (within == 0)
		return 1;
	if (between <= 0)
		return INFINITY;
	return fmax(1, ceil(sqrt(unit_cost / rep_cost * within / between)));
}
