// SPDX-License-Identifier: GPL-2.0-or-later
/* Axes found in a run built by hand, and what is made of their points. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "data/sweep.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

enum { ITEMS = 6, ARMS = 5, METRICS = 2, BLOCKS = 8, REPS = 2 };

/* Every item has root and children of depths 1, 2, 4, 8; both metrics are measured unless told otherwise. */
struct made {
	struct rundata data;
	struct rundata_item items[ITEMS];
	struct rundata_metric metrics[METRICS];
	struct rundata_arm arms[ARMS];
	struct rundata_sample samples[ITEMS][ARMS * BLOCKS * REPS];
	double values[ITEMS][ARMS * BLOCKS * REPS][METRICS];
};

/* Cost of an op: 100 + 7 per level, and a little that differs by block and rep; @factor for an item. */
static double cost(size_t arm, unsigned int block, unsigned int rep, double factor)
{
	static const double depth[ARMS] = {0, 1, 2, 4, 8};

	/* The reps' part cancels in the mean of a block. */
	return factor * (100 + (7 + 0.01 * block) * depth[arm] + (rep ? 0.5 : -0.5));
}

static json_t *workers_json(unsigned int nr)
{
	json_t *json = json_array();

	while (nr--)
		json_array_append_new(json, json_object());
	return json;
}

static void make_item(struct made *made, size_t i, unsigned int nr_workers, unsigned int nr_memcgs, const char *way,
		      const char *pages, double factor)
{
	struct rundata_item *item = &made->items[i];
	size_t arm, n = 0;
	unsigned int block, rep;

	*item = (struct rundata_item){
		.item = (unsigned int)i, .bench = (char *)"b", .op = (char *)"page", .mode = (char *)"processes",
		.place = (char *)"compact", .memory = (char *)"default", .nr_memcgs = nr_memcgs,
		.params = json_pack("{s:s, s:s}", "way", way, "pages", pages), .workers = workers_json(nr_workers),
		.metrics = made->metrics, .nr_metrics = METRICS, .arms = made->arms, .nr_arms = ARMS,
		.samples = made->samples[i],
	};
	for (arm = 0; arm < ARMS; arm++)
		for (block = 0; block < BLOCKS; block++)
			for (rep = 0; rep < REPS; rep++) {
				made->values[i][n][0] = cost(arm, block, rep, factor);
				made->values[i][n][1] = 3;
				made->samples[i][n] = (struct rundata_sample){
					.arm = (unsigned int)arm, .block = block, .rep = rep, .value = made->values[i][n]};
				n++;
			}
	item->nr_samples = n;
	made->data.nr_items = i + 1;
}

static struct made *make(void)
{
	struct made *made = calloc(1, sizeof(*made));

	assert_non_null(made);
	made->metrics[0] = (struct rundata_metric){.name = (char *)"charge", .stored_name = (char *)"charge", .op = (char *)"page", .unit = (char *)"ns/page"};
	made->metrics[1] = (struct rundata_metric){
		.name = (char *)"held", .stored_name = (char *)"held", .op = (char *)"page", .unit = (char *)"pages/page", .is_count = true};
	made->arms[0] = (struct rundata_arm){(char *)"root", 0, UINT64_MAX};
	made->arms[1] = (struct rundata_arm){(char *)"child", 1, UINT64_MAX};
	made->arms[2] = (struct rundata_arm){(char *)"child", 2, UINT64_MAX};
	made->arms[3] = (struct rundata_arm){(char *)"child", 4, UINT64_MAX};
	made->arms[4] = (struct rundata_arm){(char *)"child", 8, UINT64_MAX};
	made->data.run = json_pack("{s:s}", "clock", "ns");
	made->data.items = made->items;
	return made;
}

static void made_free(struct made *made)
{
	size_t i, k;

	for (i = 0; i < made->data.nr_items; i++) {
		for (k = 0; k < made->items[i].nr_samples; k++)
			json_decref(made->samples[i][k].workers);
		json_decref(made->items[i].params);
		json_decref(made->items[i].workers);
	}
	json_decref(made->data.run);
	free(made);
}

static const struct sweep_curve *find(const struct sweep *sweep, const char *axis, const char *metric, bool each, size_t arm)
{
	size_t i;

	for (i = 0; i < sweep->nr_curves; i++)
		if (!strcmp(sweep->curves[i].axis, axis) && !strcmp(sweep->curves[i].metric->name, metric) &&
		    sweep->curves[i].each == each && (!strcmp(axis, "depth") || sweep->curves[i].points[0].arm == arm))
			return &sweep->curves[i];
	return NULL;
}

static void depths(void **state)
{
	struct made *made = make();
	const struct sweep_curve *curve;
	struct sweep *sweep;

	(void)state;
	make_item(made, 0, 1, 1, "hit", "64", 1);
	/* Neither counts. */
	made->samples[0][20].warmup = true;
	made->values[0][20][0] = 1e9;
	made->samples[0][21].cut = true;
	made->values[0][21][0] = 1e9;
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	assert_int_equal(sweep->nr_curves, 2);
	assert_int_equal(sweep_group_end(sweep, 0), 2);
	curve = find(sweep, "depth", "charge", false, 0);
	assert_non_null(curve);
	assert_null(curve->kernel_name);
	assert_int_equal(curve->nr_points, 4);
	NEAR(curve->points[0].x, 1);
	NEAR(curve->points[3].x, 8);
	NEAR(curve->points[3].value, 100 + 8 * 7.035);
	/* Slopes are 7.00 to 7.07; the block that lost both reps of depth 1 has no line. */
	assert_int_equal(curve->points[0].nr, BLOCKS - 1);
	assert_int_equal(curve->fit.nr, BLOCKS - 1);
	assert_true(curve->fit.slope > 7.03 && curve->fit.slope < 7.04);
	assert_true(curve->fit.slope_interval.low > 6.99 && curve->fit.slope_interval.low < curve->fit.slope);
	assert_true(curve->fit.slope_interval.high < 7.08 && curve->fit.slope_interval.high > curve->fit.slope);
	NEAR(curve->fit.intercept, 100);
	assert_true(curve->fit.misfit < 0.1);
	assert_true(isnan(curve->points[0].efficiency));
	sweep_free(sweep);
	made_free(made);
}

static void bent_lines(void **state)
{
	double by_obs[4][1] = {{1}, {2}, {3}, {100}};
	struct sweep_point points[4] = {{.x = 1}, {.x = 2}, {.x = 3}, {.x = 4}};
	struct sweep_curve curve = {.points = points, .nr_points = 4, .nr_obs = 1};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		points[i].by_obs = by_obs[i];
		points[i].value = by_obs[i][0];
	}
	assert_int_equal(sweep_fit_points(&curve), 0);
	NEAR(curve.fit.slope, 29.8);
	/* One observation has no interval. */
	assert_true(isnan(curve.fit.slope_interval.low));
	assert_true(curve.fit.misfit > 20);
	/* Two points make no line that could be wrong. */
	curve.nr_points = 2;
	assert_int_equal(sweep_fit_points(&curve), 0);
	assert_true(isnan(curve.fit.slope));
	/* A missing value is no 0. */
	curve.nr_points = 4;
	by_obs[2][0] = NAN;
	assert_int_equal(sweep_fit_points(&curve), 0);
	assert_true(isnan(curve.fit.slope));
	assert_int_equal(curve.fit.nr, 0);
}

/* Student's t with 2 degrees of freedom: 4.302653 (any table). */
static void few_observations(void **state)
{
	double by_obs[3][3] = {{1, 1, 1}, {2, 3, 4}, {3, 5, 7}};
	struct sweep_point points[3] = {{.x = 0}, {.x = 1}, {.x = 2}};
	struct sweep_curve curve = {.points = points, .nr_points = 3, .nr_obs = 3};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		points[i].by_obs = by_obs[i];
	assert_int_equal(sweep_fit_points(&curve), 0);
	NEAR(curve.fit.slope, 2);
	NEAR(curve.fit.intercept, 1);
	assert_true(fabs(curve.fit.slope_interval.high - (2 + 4.302653 / sqrt(3))) < 1e-5);
	NEAR(curve.fit.intercept_interval.low, 1);
}

static void put_workers(struct made *made, size_t i, const char *text)
{
	size_t k;

	for (k = 0; k < made->items[i].nr_samples; k++)
		made->samples[i][k].workers = json_loads(text, 0, NULL);
}

static void workers(void **state)
{
	struct made *made = make();
	const struct sweep_curve *curve;
	struct sweep *sweep;

	(void)state;
	make_item(made, 0, 1, 1, "hit", "64", 1);
	make_item(made, 1, 2, 1, "hit", "64", 2);
	make_item(made, 2, 4, 1, "hit", "64", 4);
	make_item(made, 3, 2, 2, "hit", "64", 1);
	make_item(made, 4, 2, 1, "miss", "64", 1);
	put_workers(made, 1, "{\"charge\": {\"ops\": [100, 100], \"ns\": [1000, 3000]}}");
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	curve = find(sweep, "workers", "charge", false, 1);
	assert_non_null(curve);
	assert_int_equal(curve->nr_points, 3);
	NEAR(curve->points[1].x, 2);
	NEAR(curve->points[0].efficiency, 1);
	NEAR(curve->points[1].efficiency, 0.5);
	NEAR(curve->points[2].efficiency, 0.25);
	assert_true(curve->points[1].efficiency_interval.low <= 0.5 && curve->points[1].efficiency_interval.high >= 0.5);
	NEAR(curve->points[1].fairness, 0.8); /* rates 3:1 */
	NEAR(curve->points[1].spread, 3);
	/* One alone: by its cost. 100 in 1000 ns, and 100 in 3000. */
	assert_true(fabs(curve->points[0].throughput - 1e9 / 107.035) < 1e5);
	NEAR(curve->points[1].throughput / 1e8, 4.0 / 3);
	assert_true(isnan(curve->points[2].throughput));
	assert_true(isnan(curve->points[2].fairness));
	/* One memcg each: a worker alone is alone in its own. */
	curve = find(sweep, "workers", "charge", true, 1);
	assert_non_null(curve);
	assert_int_equal(curve->nr_points, 2);
	assert_ptr_equal(curve->points[1].item, &made->items[3]);
	NEAR(curve->points[1].efficiency, 1);
	/* A count has no efficiency, the item of another way no axis. */
	curve = find(sweep, "workers", "held", false, 1);
	assert_non_null(curve);
	assert_true(isnan(curve->points[1].efficiency));
	sweep_free(sweep);
	/* Nor have workers that wait for each other's CPU. */
	made->items[2].oversubscribed = true;
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	assert_true(isnan(find(sweep, "workers", "charge", false, 1)->points[1].efficiency));
	sweep_free(sweep);
	made->items[2].oversubscribed = false;
	/* Instructions of all CPUs are added up. */
	json_object_set_new(made->data.run, "clock", json_string("insn"));
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	curve = find(sweep, "workers", "charge", false, 1);
	assert_true(isnan(curve->points[1].efficiency));
	assert_true(isnan(curve->points[1].throughput));
	sweep_free(sweep);
	made_free(made);
}

static void parameters(void **state)
{
	struct made *made = make();
	const struct sweep_curve *curve;
	struct sweep *sweep;

	(void)state;
	make_item(made, 0, 1, 1, "hit", "2K", 3);
	make_item(made, 1, 1, 1, "hit", "64", 1);
	make_item(made, 2, 1, 1, "hit", "1K", 2);
	make_item(made, 3, 1, 1, "miss", "64", 1);
	made->items[3].nr_samples = 0; /* it was skipped */
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	curve = find(sweep, "pages", "charge", false, 0);
	assert_non_null(curve);
	assert_int_equal(curve->nr_points, 3);
	NEAR(curve->points[0].x, 64);
	NEAR(curve->points[1].x, 1024);
	NEAR(curve->points[2].x, 2048);
	NEAR(curve->points[2].value, 300);
	assert_null(find(sweep, "way", "charge", false, 0));
	sweep_free(sweep);
	made_free(made);
}

static void jain(void **state)
{
	(void)state;
	NEAR(sweep_jain((double[]){5, 5, 5, 5}, 4), 1);
	NEAR(sweep_jain((double[]){7, 0, 0, 0}, 4), 0.25);
	assert_true(isnan(sweep_jain((double[]){0, 0}, 2)));
	assert_true(isnan(sweep_jain((double[]){1, -1}, 2)));
	assert_true(isnan(sweep_jain((double[]){1, NAN}, 2)));
	assert_true(isnan(sweep_jain(NULL, 0)));
}

static void nothing_to_sweep(void **state)
{
	struct made *made = make();
	struct sweep *sweep;

	(void)state;
	assert_int_equal(sweep_compute(&made->data, NULL, &sweep), 0);
	assert_int_equal(sweep->nr_curves, 0);
	sweep_free(sweep);
	sweep_free(NULL);
	made_free(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(depths),     cmocka_unit_test(bent_lines), cmocka_unit_test(few_observations),
		cmocka_unit_test(workers),    cmocka_unit_test(parameters), cmocka_unit_test(jain),
		cmocka_unit_test(nothing_to_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
