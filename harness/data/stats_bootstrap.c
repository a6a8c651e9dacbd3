// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bootstrap of a mean, and of the difference of two, with bias corrected and accelerated limits: Efron & Tibshirani, An Introduction
 * to the Bootstrap, 1993, chapter 14; Davison & Hinkley, Bootstrap Methods and their Application, 1997, §5.3.2 for several samples.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "base/util.h"
#include "data/stats.h"

/* SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): two draws of each number. */
static inline uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/*
 * Of more values so many are drawn, and what their mean is off by is scaled to what that of n would be: the distribution of the mean of so
 * many is normal but for its skewness, a 50th of that of the values (m out of n: Bickel, Götze & van Zwet, Statistica Sinica 7, 1997).
 */
#define DRAWN_MAX 2500

/* The mean of @n values drawn from @x, less @mean. An index is one of 2^32 places scaled to n: none is favoured by more than n/2^32. */
static double draw_mean(const double *x, size_t n, double mean, uint64_t *state)
{
	size_t nr = n < DRAWN_MAX ? n : DRAWN_MAX, i = 0;
	double sum = 0, other = 0;

	for (; i + 1 < nr; i += 2) {
		uint64_t random = next_random(state);

		sum += x[(random >> 32) * n >> 32];
		other += x[(random & UINT32_MAX) * n >> 32];
	}
	if (i < nr)
		sum += x[(next_random(state) >> 32) * n >> 32];
	return ((sum + other) / (double)nr - mean) * sqrt((double)nr / (double)n);
}

/* Sums of squares and cubes of what each value moves the mean by, which acceleration is made of. */
static void add_influence(const double *x, size_t n, double mean, double sign, double *squares, double *cubes)
{
	for (size_t i = 0; i < n; i++) {
		double l = sign * (x[i] - mean) / (double)n;

		*squares += l * l;
		*cubes += l * l * l;
	}
}

/* The share of resamples that the limit with normal quantile @z lies above (equation 14.10 of Efron & Tibshirani). */
static double corrected(double z, double bias, double acceleration)
{
	return gsl_cdf_ugaussian_P(bias + (bias + z) / (1 - acceleration * (bias + z)));
}

struct stats_interval stats_bootstrap(const double *x, size_t n, const double *y, size_t m, double confidence, size_t nr_resamples,
				      uint64_t seed)
{
	__free_mem double *drawn = calloc(nr_resamples ? nr_resamples : 1, sizeof(*drawn));
	double mean_x = n ? stats_mean(x, n) : 0, mean_y = stats_mean(y, m), estimate = mean_y - mean_x, squares = 0, cubes = 0, below = 0, bias, acceleration;
	double z = gsl_cdf_ugaussian_Pinv(0.5 + confidence / 2);

	if (!m || !nr_resamples || !drawn || isnan(estimate) || m > UINT32_MAX || n > UINT32_MAX)
		return (struct stats_interval){ NAN, NAN, NAN };
	add_influence(x, n, mean_x, -1, &squares, &cubes);
	add_influence(y, m, mean_y, 1, &squares, &cubes);
	if (!(squares > 0))
		return (struct stats_interval){ estimate, estimate, confidence };
	for (size_t i = 0; i < nr_resamples; i++) {
		drawn[i] = estimate + draw_mean(y, m, mean_y, &seed) - (n ? draw_mean(x, n, mean_x, &seed) : 0);
		/* Of those that are equal half. */
		below += drawn[i] < estimate ? 1 : drawn[i] > estimate ? 0 : 0.5;
	}
	acceleration = cubes / (6 * pow(squares, 1.5));
	bias = gsl_cdf_ugaussian_Pinv(fmin(fmax(below, 0.5), (double)nr_resamples - 0.5) / (double)nr_resamples);
	return (struct stats_interval){
		.low = stats_quantile(drawn, nr_resamples, corrected(-z, bias, acceleration)),
		.high = stats_quantile(drawn, nr_resamples, corrected(z, bias, acceleration)),
		.confidence = confidence,
	};
}
