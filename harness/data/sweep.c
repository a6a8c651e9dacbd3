// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/sweep.h"

#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

#define CONFIDENCE 0.95

/* Below this a signed-rank interval of 95 % does not exist. */
#define OBS_FOR_RANKS 6

#define NS_PER_S 1e9

#define AXIS_DEPTH   "depth"
#define AXIS_WORKERS "workers"

struct axis {
	const char *name;
	const char *param; /* AXIS_DEPTH and AXIS_WORKERS: NULL */
	bool each;	   /* AXIS_WORKERS: of the items in which each worker has a memcg of its own; else of those with as many memcgs */
};

struct build {
	const struct rundata *data;
	const struct ladder *ladder;
	struct sweep *sweep;
	size_t nr_groups;
	bool on_ns;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for the sweeps");
}

/* --- from samples to points --- */

/* Means of the blocks of one arm, by the number of the block. */
static int block_values(const struct rundata_item *item, size_t arm, size_t metric, double **ret_values, size_t *ret_nr)
{
	__free_mem unsigned int *reps = NULL;
	__free_mem double *sum = NULL;
	size_t nr = 0, i;

	for (i = 0; i < item->nr_samples; i++)
		if (item->samples[i].block >= nr)
			nr = item->samples[i].block + (size_t)1;
	sum = calloc(nr + 1, sizeof(*sum));
	reps = calloc(nr + 1, sizeof(*reps));
	if (!sum || !reps)
		return no_memory();
	for (i = 0; i < item->nr_samples; i++) {
		const struct rundata_sample *sample = &item->samples[i];

		if (sample->arm != arm || sample->warmup || sample->cut || isnan(sample->value[metric]))
			continue;
		sum[sample->block] += sample->value[metric];
		reps[sample->block]++;
	}
	for (i = 0; i < nr; i++)
		sum[i] = reps[i] ? sum[i] / reps[i] : NAN;
	*ret_values = take_ptr(sum);
	*ret_nr = nr;
	return 0;
}

static int seed_values(const struct ladder *ladder, const struct rundata_item *item, size_t arm, size_t metric, size_t kernel,
		       double **ret_values, size_t *ret_nr)
{
	double *values = calloc(ladder->nr_seeds + 1, sizeof(*values));
	size_t i, seed;

	if (!values)
		return no_memory();
	for (seed = 0; seed < ladder->nr_seeds; seed++)
		values[seed] = NAN;
	for (i = 0; i < ladder->nr_rows; i++)
		if (ladder->rows[i].item == item && ladder->rows[i].metric == &item->metrics[metric] &&
		    ladder->rows[i].kernel == kernel)
			memcpy(values, ladder->rows[i].arm[arm].by_seed, ladder->nr_seeds * sizeof(*values));
	*ret_values = values;
	*ret_nr = ladder->nr_seeds;
	return 0;
}

/* Value and interval of the observations that are there. */
static int summarize(const struct build *build, struct sweep_point *point, size_t nr_obs)
{
	__free_mem double *there = calloc(nr_obs + 1, sizeof(*there));
	size_t i;

	if (!there)
		return no_memory();
	for (i = 0; i < nr_obs; i++)
		if (!isnan(point->by_obs[i]))
			there[point->nr++] = point->by_obs[i];
	/* As in the table of the run: ladder.h, overhead.h. */
	point->value = build->ladder ? stats_mean(there, point->nr) : stats_median(there, point->nr);
	point->efficiency = point->fairness = point->spread = point->throughput = NAN;
	point->interval = point->efficiency_interval = (struct stats_interval){NAN, NAN, NAN};
	if (!build->ladder) {
		point->interval = stats_median_interval(there, point->nr, CONFIDENCE);
	} else if (point->nr) {
		point->interval = (struct stats_interval){there[0], there[0], 1};
		for (i = 1; i < point->nr; i++) {
			point->interval.low = fmin(point->interval.low, there[i]);
			point->interval.high = fmax(point->interval.high, there[i]);
		}
	}
	return 0;
}

/* Add a point in its place; a point without a value is none. 1: it was added. */
static int add_point(const struct build *build, struct sweep_curve *curve, double x, const struct rundata_item *item, size_t arm,
		     size_t metric)
{
	struct sweep_point point = {.x = x, .item = item, .arm = arm}, *points;
	size_t nr_obs = 0, at;
	int ret;

	for (at = 0; at < curve->nr_points; at++)
		if (curve->points[at].x == x)
			return 0; /* asked for twice */
	ret = build->ladder ? seed_values(build->ladder, item, arm, metric, curve->kernel, &point.by_obs, &nr_obs)
			    : block_values(item, arm, metric, &point.by_obs, &nr_obs);
	if (!ret)
		ret = summarize(build, &point, nr_obs);
	points = ret || !point.nr ? NULL : reallocarray(curve->points, curve->nr_points + 1, sizeof(*points));
	if (!points) {
		free(point.by_obs);
		return ret ? ret : point.nr ? no_memory() : 0;
	}
	curve->points = points;
	for (at = curve->nr_points; at && points[at - 1].x > x; at--)
		points[at] = points[at - 1];
	points[at] = point;
	/* A run that was cut short has fewer blocks at its end. */
	curve->nr_obs = curve->nr_points++ && curve->nr_obs < nr_obs ? curve->nr_obs : nr_obs;
	return 1;
}

/* --- lines --- */

/* Estimate and interval of @n slopes, or intercepts. */
static double estimate(const double *x, size_t n, struct stats_interval *ret_interval)
{
	double half;

	if (n >= OBS_FOR_RANKS) {
		*ret_interval = stats_hodges_lehmann_interval(x, n, CONFIDENCE);
		return stats_hodges_lehmann(x, n);
	}
	*ret_interval = (struct stats_interval){NAN, NAN, NAN};
	if (n >= 2) {
		half = gsl_cdf_tdist_Pinv((1 + CONFIDENCE) / 2, (double)n - 1) * stats_stddev(x, n) / sqrt((double)n);
		*ret_interval = (struct stats_interval){stats_mean(x, n) - half, stats_mean(x, n) + half, CONFIDENCE};
	}
	return stats_mean(x, n);
}

static bool observe(const struct sweep_curve *curve, size_t obs, double *y)
{
	size_t i;

	for (i = 0; i < curve->nr_points; i++) {
		y[i] = curve->points[i].by_obs[obs];
		if (isnan(y[i]))
			return false;
	}
	return true;
}

int sweep_fit_points(struct sweep_curve *curve)
{
	struct sweep_fit *fit = &curve->fit;
	size_t nr = curve->nr_points, obs, i;
	__free_mem double *x = calloc(nr + 1, sizeof(*x)), *y = calloc(nr + 1, sizeof(*y));
	__free_mem double *slopes = calloc(curve->nr_obs + 1, sizeof(*slopes));
	__free_mem double *intercepts = calloc(curve->nr_obs + 1, sizeof(*intercepts));
	double cov00, cov01, cov11, sumsq;

	if (!x || !y || !slopes || !intercepts)
		return no_memory();
	*fit = (struct sweep_fit){.slope = NAN, .intercept = NAN, .misfit = NAN};
	fit->slope_interval = fit->intercept_interval = (struct stats_interval){NAN, NAN, NAN};
	if (nr < 3)
		return 0;
	for (i = 0; i < nr; i++)
		x[i] = curve->points[i].x;
	for (obs = 0; obs < curve->nr_obs; obs++) {
		if (!observe(curve, obs, y))
			continue;
		gsl_fit_linear(x, 1, y, 1, nr, &intercepts[fit->nr], &slopes[fit->nr], &cov00, &cov01, &cov11, &sumsq);
		fit->nr++;
	}
	if (!fit->nr)
		return 0;
	fit->slope = estimate(slopes, fit->nr, &fit->slope_interval);
	fit->intercept = estimate(intercepts, fit->nr, &fit->intercept_interval);
	fit->misfit = 0;
	for (i = 0; i < nr; i++)
		fit->misfit = fmax(fit->misfit, fabs(curve->points[i].value - fit->intercept - fit->slope * x[i]));
	return 0;
}

/* --- workers --- */

double sweep_jain(const double *rate, size_t n)
{
	double sum = 0, squares = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(rate[i] >= 0))
			return NAN;
		sum += rate[i];
		squares += rate[i] * rate[i];
	}
	return squares > 0 ? sum * sum / ((double)n * squares) : NAN;
}

/* Rates of the workers in one rep; false: not every one of them did something. */
static bool read_rates(const struct rundata_sample *sample, const char *metric, double *rates, size_t nr)
{
	const json_t *lists = json_object_get(sample->workers, metric);
	const json_t *ops = json_object_get(lists, "ops"), *ns = json_object_get(lists, "ns");
	size_t i;

	if (json_array_size(ops) != nr || json_array_size(ns) != nr)
		return false;
	for (i = 0; i < nr; i++) {
		double took_ns = json_number_value(json_array_get(ns, i));

		rates[i] = json_number_value(json_array_get(ops, i)) / took_ns;
		if (!(took_ns > 0) || !(rates[i] > 0))
			return false;
	}
	return true;
}

/* Samples of an item are of all kernels. */
static bool is_of_curve(const struct build *build, const struct sweep_curve *curve, size_t arm, const struct rundata_sample *sample)
{
	const json_t *boots = json_object_get(build->data->run, "boots"), *boot;
	size_t i;

	if (sample->arm != arm || sample->warmup)
		return false;
	if (!curve->kernel_name)
		return true;
	json_array_foreach(boots, i, boot)
		if ((size_t)json_integer_value(json_object_get(boot, "boot")) == sample->boot)
			return !strcmp(json_string_value(json_object_get(boot, "kernel")), curve->kernel_name);
	return false;
}

/* One worker alone: the records have no list of workers. */
static void measure_single(const struct build *build, const struct sweep_curve *curve, struct sweep_point *point, size_t metric,
			   double *rate)
{
	const struct rundata_item *item = point->item;
	size_t nr = 0, i;

	for (i = 0; i < item->nr_samples; i++)
		if (is_of_curve(build, curve, point->arm, &item->samples[i]) && item->samples[i].value[metric] > 0)
			rate[nr++] = NS_PER_S / item->samples[i].value[metric];
	point->throughput = stats_median(rate, nr);
}

/* What the workers of each rep did beside each other. */
static int measure_rates(const struct build *build, const struct sweep_curve *curve, struct sweep_point *point, size_t metric)
{
	const struct rundata_item *item = point->item;
	size_t nr_workers = json_array_size(item->workers), nr = 0, i, k;
	__free_mem double *rates = calloc(nr_workers + 1, sizeof(*rates));
	__free_mem double *jain = calloc(item->nr_samples + 1, sizeof(*jain));
	__free_mem double *spread = calloc(item->nr_samples + 1, sizeof(*spread));
	__free_mem double *sum = calloc(item->nr_samples + 1, sizeof(*sum));

	if (!rates || !jain || !spread || !sum)
		return no_memory();
	if (nr_workers == 1) {
		measure_single(build, curve, point, metric, sum);
		return 0;
	}
	for (i = 0; i < item->nr_samples; i++) {
		const struct rundata_sample *sample = &item->samples[i];
		double least = INFINITY, most = 0;

		if (!is_of_curve(build, curve, point->arm, sample) || !read_rates(sample, item->metrics[metric].stored_name, rates, nr_workers))
			continue;
		for (k = 0; k < nr_workers; k++) {
			least = fmin(least, rates[k]);
			most = fmax(most, rates[k]);
			sum[nr] += rates[k] * NS_PER_S;
		}
		jain[nr] = sweep_jain(rates, nr_workers);
		spread[nr++] = most / least;
	}
	point->fairness = stats_median(jain, nr);
	point->spread = stats_median(spread, nr);
	point->throughput = stats_median(sum, nr);
	return 0;
}

/* By logs: a ratio of two unpaired samples. */
static int measure_efficiency(const struct sweep_point *first, struct sweep_point *point, size_t nr_obs)
{
	__free_mem double *here = calloc(nr_obs + 1, sizeof(*here)), *there = calloc(nr_obs + 1, sizeof(*there));
	struct stats_interval interval;
	size_t nr_here = 0, nr_there = 0, i;

	if (!here || !there)
		return no_memory();
	for (i = 0; i < nr_obs; i++) {
		if (point->by_obs[i] > 0)
			here[nr_here++] = log(point->by_obs[i]);
		if (first->by_obs[i] > 0)
			there[nr_there++] = log(first->by_obs[i]);
	}
	point->efficiency = exp(stats_shift(here, nr_here, there, nr_there));
	interval = stats_shift_interval(here, nr_here, there, nr_there, CONFIDENCE);
	point->efficiency_interval = (struct stats_interval){exp(interval.low), exp(interval.high), interval.confidence};
	return 0;
}

/* Workers that wait for a CPU, or for their turn, do not work at once. */
static int measure_workers(const struct build *build, struct sweep_curve *curve)
{
	const struct rundata_item *first = curve->points[0].item;
	size_t metric = 0, i;
	int ret = 0;

	while (metric < first->nr_metrics && strcmp(first->metrics[metric].name, curve->metric->name))
		metric++;
	for (i = 0; i < curve->nr_points; i++)
		if (curve->points[i].item->oversubscribed)
			return 0;

	for (i = 0; !ret && i < curve->nr_points; i++) {
		ret = measure_rates(build, curve, &curve->points[i], metric);
		if (!ret)
			ret = measure_efficiency(&curve->points[0], &curve->points[i], curve->nr_obs);
	}
	return ret;
}

/* --- axes --- */

static void curve_clear(struct sweep_curve *curve)
{
	size_t i;

	for (i = 0; i < curve->nr_points; i++)
		free(curve->points[i].by_obs);
	free(curve->points);
}

/* Keep the curve, if it is one. Takes it over in any case. */
static int keep_curve(struct build *build, struct sweep_curve *curve, size_t least_points)
{
	struct sweep *sweep = build->sweep;
	struct sweep_curve *curves;
	int ret;

	if (curve->nr_points < least_points) {
		curve_clear(curve);
		return 0;
	}
	curve->kernel_name = build->ladder ? build->ladder->kernels[curve->kernel] : NULL;
	curve->group = build->nr_groups;
	ret = sweep_fit_points(curve);
	if (!ret && build->on_ns && !curve->metric->is_count && !strcmp(curve->axis, AXIS_WORKERS))
		ret = measure_workers(build, curve);
	curves = ret ? NULL : reallocarray(sweep->curves, sweep->nr_curves + 1, sizeof(*curves));
	if (!curves) {
		curve_clear(curve);
		return ret ? ret : no_memory();
	}
	sweep->curves = curves;
	curves[sweep->nr_curves++] = *curve;
	return 0;
}

static int add_depths(struct build *build, const struct rundata_item *item, size_t metric, size_t kernel)
{
	struct sweep_curve curve = {.axis = AXIS_DEPTH, .kernel = kernel, .metric = &item->metrics[metric]};
	size_t arm;
	int ret = 0;

	for (arm = 0; ret >= 0 && arm < item->nr_arms; arm++)
		if (!strcmp(item->arms[arm].state, "child"))
			ret = add_point(build, &curve, item->arms[arm].depth, item, arm, metric);
	if (ret < 0) {
		curve_clear(&curve);
		return ret;
	}
	return keep_curve(build, &curve, 3);
}

static bool arm_is_like(const struct rundata_arm *a, const struct rundata_arm *b)
{
	return !strcmp(a->state, b->state) && a->depth == b->depth && a->limit_bytes == b->limit_bytes;
}

/* A single worker is both: alone in the one memcg of all, and alone in its own. */
static bool memcgs_are_like(const struct rundata_item *a, const struct rundata_item *b, const struct axis *axis)
{
	return axis->each ? a->nr_memcgs == json_array_size(a->workers) && b->nr_memcgs == json_array_size(b->workers)
			  : a->nr_memcgs == b->nr_memcgs;
}

static bool params_are_like(const json_t *a, const json_t *b, const char *but)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)a, name, value)
		if ((!but || strcmp(name, but)) && !json_equal(value, json_object_get(b, name)))
			return false;
	return true;
}

/* The same but for the axis. */
static bool item_is_like(const struct rundata_item *a, const struct rundata_item *b, const struct axis *axis)
{
	size_t i;
	bool like = a->nr_arms == b->nr_arms && a->nr_metrics == b->nr_metrics && !strcmp(a->bench, b->bench) &&
		    a->bench_version == b->bench_version && !strcmp(a->mode, b->mode) && !strcmp(a->place, b->place) &&
		    !strcmp(a->memory, b->memory) && memcgs_are_like(a, b, axis) &&
		    params_are_like(a->params, b->params, axis->param) &&
		    (!axis->param || json_array_size(a->workers) == json_array_size(b->workers));

	for (i = 0; like && i < a->nr_arms; i++)
		like = arm_is_like(&a->arms[i], &b->arms[i]);
	return like;
}

/* Where an item lies on the axis; false: the parameter is no number. */
static bool item_x(const struct rundata_item *item, const struct axis *axis, double *ret_x)
{
	const char *text = axis->param ? json_string_value(json_object_get(item->params, axis->param)) : NULL;
	uint64_t value;

	if (!axis->param) {
		*ret_x = (double)json_array_size(item->workers);
		return true;
	}
	if (!text || parse_size(text, &value))
		return false;
	*ret_x = (double)value;
	return true;
}

static int add_items(struct build *build, const struct rundata_item *first, const struct axis *axis, size_t metric, size_t arm,
		     size_t kernel)
{
	struct sweep_curve curve = {.axis = axis->name, .each = axis->each, .kernel = kernel, .metric = &first->metrics[metric]};
	const struct rundata_item *item, *end = build->data->items + build->data->nr_items;
	double x;
	int ret = 0;

	for (item = first; ret >= 0 && item < end; item++)
		if (item_is_like(first, item, axis) && item_x(item, axis, &x))
			ret = add_point(build, &curve, x, item, arm, metric);
	if (ret < 0) {
		curve_clear(&curve);
		return ret;
	}
	return keep_curve(build, &curve, 2);
}

/* Is @item the first of those that differ on this axis alone, and are there more? */
static bool begins_axis(const struct rundata *data, const struct rundata_item *item, const struct axis *axis)
{
	const struct rundata_item *other;
	double x, other_x;

	if (!item->nr_arms || !item_x(item, axis, &x))
		return false;
	for (other = data->items; other < item; other++)
		if (item_is_like(item, other, axis))
			return false;
	for (other = item + 1; other < data->items + data->nr_items; other++)
		if (item_is_like(item, other, axis) && item_x(other, axis, &other_x) && other_x != x)
			return true;
	return false;
}

/* Every metric, arm and kernel of one axis of one item. */
static int add_axis(struct build *build, const struct rundata_item *item, const struct axis *axis)
{
	const bool depths = !strcmp(axis->name, AXIS_DEPTH);
	size_t nr_kernels = build->ladder ? build->ladder->nr_kernels : 1, metric, arm, kernel;
	int ret = 0;

	if (!depths && !begins_axis(build->data, item, axis))
		return 0;
	build->nr_groups++;
	for (metric = 0; metric < item->nr_metrics; metric++)
		for (arm = 0; arm < (depths ? 1 : item->nr_arms); arm++)
			for (kernel = 0; !ret && kernel < nr_kernels; kernel++)
				ret = depths ? add_depths(build, item, metric, kernel)
					     : add_items(build, item, axis, metric, arm, kernel);
	return ret;
}

static int add_item(struct build *build, const struct rundata_item *item)
{
	const char *param;
	json_t *value;
	int ret = add_axis(build, item, &(struct axis){.name = AXIS_DEPTH});

	if (!ret)
		ret = add_axis(build, item, &(struct axis){.name = AXIS_WORKERS});
	if (!ret)
		ret = add_axis(build, item, &(struct axis){.name = AXIS_WORKERS, .each = true});
	json_object_foreach(item->params, param, value) {
		if (!ret)
			ret = add_axis(build, item, &(struct axis){.name = param, .param = param});
	}
	return ret;
}

int sweep_compute(const struct rundata *data, const struct ladder *ladder, struct sweep **ret_sweep)
{
	const char *clock = json_string_value(json_object_get(data->run, "clock"));
	struct build build = {.data = data, .ladder = ladder, .sweep = calloc(1, sizeof(*build.sweep))};
	size_t i;
	int ret = build.sweep ? 0 : no_memory();

	/* Instructions of several CPUs are added up: no worker has a rate of its own. */
	build.on_ns = !clock || strcmp(clock, "insn");
	for (i = 0; !ret && i < data->nr_items; i++)
		ret = add_item(&build, &data->items[i]);
	if (ret) {
		sweep_free(build.sweep);
		return ret;
	}
	*ret_sweep = build.sweep;
	return 0;
}

size_t sweep_group_end(const struct sweep *sweep, size_t first)
{
	size_t end = first;

	while (end < sweep->nr_curves && sweep->curves[end].group == sweep->curves[first].group)
		end++;
	return end;
}

void sweep_free(struct sweep *sweep)
{
	size_t i;

	if (!sweep)
		return;
	for (i = 0; i < sweep->nr_curves; i++)
		curve_clear(&sweep->curves[i]);
	free(sweep->curves);
	free(sweep);
}
