/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep.h - how a cost grows along an axis: over depths, over workers, over the values of a parameter.
 *
 * Finds the axes in a stored run by itself: child arms of one item that differ in their depth; items that differ in
 * nothing but the number of workers, or in nothing but one parameter that is a number. From stored samples only.
 *
 * An *observation* is what repeats: in guests a boot with its seed, the same at every point; on this machine a block. The values at
 * the points of one observation give one line, by least squares; its slope and intercept are one observation of each.
 */
#ifndef DATA_SWEEP_H
#define DATA_SWEEP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "data/ladder.h"
#include "data/rundata.h"
#include "data/stats.h"

struct sweep_point {
	double x;
	const struct rundata_item *item;
	size_t arm;	 /* of that item */
	double *by_obs;	 /* curve->nr_obs values, NAN: missing; an observation has the same index at every point of a guests' run */
	size_t nr;	 /* observations that have a value */
	double value;	 /* guests: mean over seeds, as in ladder.h; else the median over blocks */
	struct stats_interval interval; /* guests: least and greatest observation, confidence 1; else of the median, 95 % */
	/*
	 * Axis "workers" on the ns clock, else NAN. Efficiency: the cost at the first point ÷ the cost here, which is 1
	 * where as many workers do as many times as much (by logs, Hodges-Lehmann, 95 %). Fairness: Jain's index of the
	 * workers' rates (Jain, Chiu & Hawe 1984, §3), 1 where all are as fast and 1/n where one does everything; the
	 * median over reps. Spread: the slowest worker's cost ÷ the fastest's, likewise. Throughput: the rates of all workers
	 * added up, in ops per second, likewise: of a worker while it is in this phase, whatever else it does meanwhile left out.
	 */
	double efficiency, fairness, spread, throughput;
	struct stats_interval efficiency_interval;
};

/* y = intercept + slope · x over the points. NAN: fewer than three points. */
struct sweep_fit {
	double slope, intercept;
	/*
	 * Over observations: Hodges-Lehmann with the signed-rank interval (stats.h) from six on, mean and Student's t below;
	 * NAN with one. 95 %.
	 */
	struct stats_interval slope_interval, intercept_interval;
	size_t nr;	/* observations with a value at every point */
	double misfit;	/* how far the farthest point lies from the line: what is not linear */
};

struct sweep_curve {
	const char *axis; /* "depth", "workers", or the parameter's name */
	bool each;	  /* axis "workers": each worker in a memcg of its own */
	size_t kernel;	  /* of the ladder; 0 on this machine */
	const char *kernel_name; /* the ladder's; NULL on this machine */
	size_t group;	  /* curves of one picture have the same */
	const struct rundata_metric *metric;
	struct sweep_point *points; /* by ascending x, each once */
	size_t nr_points, nr_obs;
	struct sweep_fit fit;
};

struct sweep {
	struct sweep_curve *curves; /* those of one axis and item beside each other: by axis, item, metric, arm, kernel */
	size_t nr_curves;
};

/*
 * @ladder: of a run in guests; NULL: the samples are of this machine. A run without any axis gives an empty sweep, no error. @data
 * and @ladder must outlive *ret_sweep. -ENOMEM. Free with sweep_free().
 */
int sweep_compute(const struct rundata *data, const struct ladder *ladder, struct sweep **ret_sweep) __must_check;
void sweep_free(struct sweep *sweep);

/*
 * Curves of one picture: of one axis, bench and parameters, over metrics, arms and kernels. They lie beside each other from @first on;
 * returns the index behind the last.
 */
size_t sweep_group_end(const struct sweep *sweep, size_t first);

/* Jain's index of @n rates; NAN for none, or when one is negative or all are 0. */
double sweep_jain(const double *rate, size_t n);

/*
 * The fit of a curve's points as they are, for sweep_compute() and tests: for each observation least squares, unweighted
 * (GSL, gsl_fit_linear). -ENOMEM.
 */
int sweep_fit_points(struct sweep_curve *curve) __must_check;

#endif
