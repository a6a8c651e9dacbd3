/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - the statistics, and nothing but them: arrays of numbers in, numbers out.
 *
 * Pure: no clock, no files, no printing, no global state; resampling takes a seed. Each function names its
 * source. A result that the sample cannot give (n too small, a NAN in it) is NAN, never 0.
 */
#ifndef DATA_STATS_H
#define DATA_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_interval {
	double low, high;  /* NAN where n does not allow the confidence asked for */
	double confidence; /* what it really covers, as a fraction: order statistics are discrete */
};

double stats_mean(const double *x, size_t n);
/* The middle value, or the mean of the two middle ones. NAN for n = 0. */
double stats_median(const double *x, size_t n);
/* Linear interpolation between order statistics: type 7 of Hyndman & Fan 1996. @p: 0…1. */
double stats_quantile(const double *x, size_t n, double p);
/* Sample standard deviation (n - 1); NAN for n < 2. */
double stats_stddev(const double *x, size_t n);
/* Median absolute deviation × 1.4826; NAN for n < 2. */
double stats_mad_sigma(const double *x, size_t n);

/* Order-statistic interval of the median (Conover 1999, §3.2). 95 % needs n ≥ 6. */
struct stats_interval stats_median_interval(const double *x, size_t n, double confidence);

/* Tukey's fences (Tukey 1977, §2D; quartiles of type 7): marks values beyond 1.5 (and 3) interquartile ranges: 0, 1 or 2. Drops nothing. Returns how many are marked. */
size_t stats_tukey(const double *x, size_t n, uint8_t *ret_mark);

/*
 * One-sample Hodges-Lehmann estimate (median of Walsh averages) with the exact signed-rank interval up to n = 50 and the
 * normal approximation above (Hollander, Wolfe & Chicken 2014, §3.2-3.3). For paired differences.
 */
double stats_hodges_lehmann(const double *x, size_t n);
struct stats_interval stats_hodges_lehmann_interval(const double *x, size_t n, double confidence);

/*
 * Two-sided p of the Wilcoxon signed-rank test, zeros left out (Hollander, Wolfe & Chicken 2014, §3.1). Exact for the ranks as they
 * are, ties included, up to n = 50, else normal with tie and continuity correction. 1 where all are zero.
 */
double stats_signed_rank_p(const double *x, size_t n);
/* Two-sided p of the exact sign-flip permutation test of mean 0, n ≤ 16; NAN above. */
double stats_sign_flip_p(const double *x, size_t n);

/*
 * Two-sided p of Mann-Whitney's U: exact for n + m ≤ 50 with ties (a rank sum at least as far from its mean), else normal with tie
 * and continuity correction (Hollander, Wolfe & Chicken 2014, §4.1).
 */
double stats_mann_whitney_p(const double *x, size_t n, const double *y, size_t m);
/* Two-sample Hodges-Lehmann shift (median of all y − x) and its interval (the same, §4.2-4.3). */
double stats_shift(const double *x, size_t n, const double *y, size_t m);
struct stats_interval stats_shift_interval(const double *x, size_t n, const double *y, size_t m, double confidence);

/*
 * BCa interval of mean(y) − mean(x), or of mean(y) alone where @n is 0, from @nr_resamples resamples drawn by @seed (Efron & Tibshirani
 * 1993, chapter 14). NAN for no values. Of few values (below some ten) it covers less than it says.
 */
struct stats_interval stats_bootstrap(const double *x, size_t n, const double *y, size_t m, double confidence, size_t nr_resamples,
				      uint64_t seed);

/*
 * Smallest true difference that a test would find with probability @power, at significance @alpha, whose interval of 1 − @alpha is @half
 * to each side: half (1 + z(power) / z(1−α/2)), the ratio of normal quantiles, whatever the test and its units. For signed ranks and
 * Mann-Whitney of 6 to 60 units, and for Student's t of 4 and more, what it says is found in 78 to 82 of 100 simulations
 * (tests/unit/test_compare_change.c, test_overhead.c).
 */
double stats_detectable_by(double half, double alpha, double power);

/*
 * To plan: the same, before it is measured, of a paired design of @n blocks with standard deviation @sigma:
 * (t(1-α/2, n-1) + t(power, n-1)) σ/√n (Bloom 1995). NAN for n < 2.
 */
double stats_detectable(double sigma, size_t n, double alpha, double power);

/* Where the variance of values comes from that were taken several at a time: reps in a boot. */
struct stats_nested {
	double within;	/* variance of reps of one unit; NAN where no unit has two reps */
	double between; /* variance that units add to it; negative: none to be seen; NAN for one unit */
	double reps;	/* in a unit, on average */
};

/*
 * Unbiased estimates of both, by one-way analysis of variance with units of unequal size (Searle, Casella & McCulloch, Variance
 * Components, 1992, chapter 3; Kalibera & Jones 2013). @x: the reps of unit 0, then those of unit 1, …
 */
struct stats_nested stats_nested(const double *x, const size_t *nr_of_unit, size_t nr_units);

/*
 * How many reps in a unit give the most precise mean for the time they take: √(unit_cost / rep_cost · within / between), rounded up
 * (Cochran, Sampling Techniques, 3rd ed. 1977, §10.6; Kalibera & Jones, "Rigorous benchmarking in reasonable time", ISMM 2013). The
 * costs are in one unit of time; @unit_cost is what a unit takes besides its reps. INFINITY: units add nothing, so all reps may be of one.
 */
double stats_nested_reps(double within, double between, double unit_cost, double rep_cost);

/*
 * One-sided p of "values do not follow the one before them": a small p is one of positive dependence. The rank version of von Neumann's ratio,
 * normal approximation (Bartels, Journal of the American Statistical Association 77, 1982); of ten values and more it keeps its level
 * (tests/unit/test_overhead.c). NAN below ten, or where all are equal.
 */
double stats_serial_p(const double *x, size_t n);

/* Geometric mean by logs; NAN if any value is ≤ 0. */
double stats_geomean(const double *x, size_t n);

/* Holm's step-down adjustment (Holm 1979) of @n p-values, in place of the order given; NANs stay NAN and are not counted. */
void stats_holm(const double *p, size_t n, double *ret_adjusted);

/* Quantile @p of a latency histogram of docs/RESULTS-FORMAT.md: (bucket's lower bound, count) pairs, ascending; interpolated
 * inside the bucket. NAN when empty. */
double stats_histogram_quantile(const uint64_t (*histogram)[2], size_t nr, double p);

#endif
