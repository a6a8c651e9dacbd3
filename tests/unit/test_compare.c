// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison: every verdict by a run made for it, and what must never be "same". */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/compare.h"
#include "data/store.h"
#include "scratch.h"

#define SEEDS 5

#define assert_near(a, b, margin) assert_true(fabs((a) - (b)) <= (margin))

/* What a made run says: values per kernel, arm and seed. */
struct recipe {
	const char *clock, *cpu_model, *qemu_version;
	const char *kernels[2];
	unsigned int nr_kernels, nr_seeds;
	unsigned int bench_version; /* of every kernel's item */
	double value[2][3][32];	    /* kernel, arm (off, root, child), seed */
	bool higher_is_better, no_off;
	const char *fails; /* this kernel's boots are errors */
	unsigned int seed_offset;
};

static const struct recipe plain = {
	.clock = "insn",
	.cpu_model = "max",
	.qemu_version = "7.2",
	.kernels = {"old", "new"},
	.nr_kernels = 2,
	.nr_seeds = SEEDS,
	.bench_version = 1,
};

/* off, root and child of both kernels, the same under every seed. */
static struct recipe flat(double old_child, double new_off, double new_child)
{
	struct recipe recipe = plain;
	unsigned int seed;

	for (seed = 0; seed < 32; seed++) {
		recipe.value[0][0][seed] = 1000;
		recipe.value[0][1][seed] = 1100;
		recipe.value[0][2][seed] = old_child;
		recipe.value[1][0][seed] = new_off;
		recipe.value[1][1][seed] = new_off + 100;
		recipe.value[1][2][seed] = new_child;
	}
	return recipe;
}

static void add(struct store *store, unsigned int boot, json_t *record)
{
	char *line = json_dumps(record, JSON_COMPACT);

	assert_int_equal(store_line(store, boot, "qemu", line, NULL), 0);
	free(line);
	json_decref(record);
}

static json_t *arm_json(unsigned int arm)
{
	static const char *const states[] = {"off", "root", "child"};

	return json_pack("{s:i, s:s, s:i, s:n}", "arm", (int)arm, "state", states[arm], "depth", arm == 2 ? 1 : 0,
			 "limit_bytes");
}

static void add_item(struct store *store, unsigned int boot, const struct recipe *recipe)
{
	json_t *arms = json_pack("[o, o, o]", arm_json(0), arm_json(1), arm_json(2));

	add(store, boot,
	    json_pack("{s:s, s:i, s:s, s:i, s:s, s:{s:s}, s:s, s:s, s:s, s:b, s:[{s:i, s:i, s:i, s:i}], s:[{s:s, s:s, s:s, s:s, s:s}], "
		      "s:o, s:i}",
		      "type", "item", "item", 0, "bench", "fault_storm", "version", (int)recipe->bench_version, "op", "page", "params",
		      "size", "1M", "mode", "processes", "place", "compact", "memory", "default", "oversubscribed", 0, "workers", "pu",
		      0, "core", 0, "node", 0, "package", 0, "metrics", "name", "fault", "help", "x", "op", "page", "unit", "insn/page",
		      "better", recipe->higher_is_better ? "higher" : "lower", "arms", arms, "passes", 1));
}

static void add_sample(struct store *store, unsigned int boot, unsigned int arm, unsigned int rep, double value)
{
	add(store, boot,
	    json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:b, s:i, s:{s:{s:i, s:I}}, s:i, s:{s:i, s:i, s:i, s:i}}", "type", "sample", "item",
		      0, "arm", (int)arm, "block", (int)rep + 1, "pos", 0, "rep", (int)rep, "warmup", 0, "passes", 1, "metrics", "fault",
		      "ops", 1000, "ns", (json_int_t)llround(value * 1000), "elapsed_ns", 1, "evidence", "minflt", 0, "majflt", 0,
		      "nvcsw", 0, "nivcsw", 0));
}

static void add_boot(struct store *store, unsigned int boot, const struct recipe *recipe, unsigned int kernel, bool off,
		     unsigned int seed)
{
	unsigned int arm, rep;

	add(store, boot,
	    json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:i, s:{s:s, s:s, s:i}, s:{s:s}, s:{s:i, s:i}}", "type", "boot", "schema",
		      "memcgbench-samples", "schema_version", 1, "kernel", recipe->kernels[kernel], "seed",
		      (int)(seed + recipe->seed_offset), "clock", recipe->clock, "clock_cost_ns", 1, "facts", "release",
		      recipe->kernels[kernel], "cpu_model", recipe->cpu_model, "page_bytes", 4096, "cgroup", "version",
		      off ? "none" : "v2", "topology", "pus", 1, "nodes", 1));
	add_item(store, boot, recipe);
	for (arm = 0; arm < 3; arm++) {
		if ((arm == 0) != off)
			continue;
		/* A tick in every rep but one: the least is the cost. */
		for (rep = 0; rep < 4; rep++)
			add_sample(store, boot, arm, rep, recipe->value[kernel][arm][seed] + (rep == 2 ? 0 : 37));
	}
	add(store, boot, json_pack("{s:s, s:s}", "type", "end", "status", "complete"));
}

static struct rundata *make(const struct recipe *recipe, const char *name)
{
	json_t *run = json_pack("{s:s, s:{s:i, s:i, s:i, s:[]}, s:{s:s, s:s, s:s}}", "clock", recipe->clock, "plan", "seed", 1, "blocks",
				4, "rep_ns", 1, "items", "guest", "accel", "tcg-icount", "qemu_version", recipe->qemu_version,
				"cpu_model", recipe->cpu_model);
	unsigned int seed, kernel, off, boot = 0;
	struct rundata *data;
	struct store *store;
	char dir[160];

	assert_non_null(run);
	assert_int_equal(store_create(scratch, name, run, &store), 0);
	json_decref(run);
	for (seed = 0; seed < recipe->nr_seeds; seed++)
		for (kernel = 0; kernel < recipe->nr_kernels; kernel++)
			for (off = 0; off < 2; off++) {
				if (off && recipe->no_off)
					continue;
				if (recipe->fails && !strcmp(recipe->fails, recipe->kernels[kernel]))
					add(store, boot++, json_pack("{s:s, s:o}", "type", "error", "text",
								     json_sprintf("kernel %s, seed 1: panic: it is broken",
										  recipe->kernels[kernel])));
				else
					add_boot(store, boot++, recipe, kernel, off, seed);
			}
	snprintf(dir, sizeof(dir), "%s", store_dir(store));
	assert_int_equal(store_finish(store, recipe->fails ? "failed" : "complete"), 0);
	if (rundata_load(dir, &data))
		fail_msg("%s", err_msg());
	return data;
}

static struct compare *compare_one_with(const struct rundata *data, const char *delta)
{
	struct compare_side base, cand;
	struct compare *compare;
	struct limits limits;
	struct compare_options how = {.limits = &limits};

	limits_init(&limits);
	if (delta)
		assert_int_equal(limits_add(&limits, delta), 0);
	assert_int_equal(compare_side(data, "old", &base), 0);
	assert_int_equal(compare_side(data, "new", &cand), 0);
	if (compare_compute(&base, &cand, &how, &compare))
		fail_msg("%s", err_msg());
	return compare;
}

static const struct compare_row *child_row(const struct compare *compare)
{
	size_t i;

	for (i = 0; i < compare->nr_rows; i++)
		if (compare->rows[i].arm && !strcmp(compare->rows[i].arm->state, "child"))
			return &compare->rows[i];
	fail_msg("there is no row of a child memcg");
	return NULL;
}

static void expect(const struct recipe *recipe, const char *delta, enum compare_verdict verdict, double change, int status)
{
	struct rundata *data = make(recipe, "run");
	struct compare *compare = compare_one_with(data, delta);
	const struct compare_row *row = child_row(compare);

	if (row->verdict != verdict)
		fail_msg("%s for %s (%s)", compare_verdict_name(row->verdict), compare_verdict_name(verdict), row->why);
	if (!isnan(change))
		assert_near(row->change.value, change, 1e-9);
	assert_int_equal(compare_status(compare, true), status);
	compare_free(compare);
	rundata_free(data);
}

static void test_same(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1500);

	(void)state;
	expect(&recipe, NULL, COMPARE_SAME, 0, 0);
}

/* What the kernel did to everybody is no change of memcg's cost. */
static void test_contrast(void **state)
{
	struct recipe recipe = flat(1500, 1300, 1800);
	struct rundata *data = make(&recipe, "run");
	struct compare *compare = compare_one_with(data, NULL);
	const struct compare_row *row = child_row(compare);

	(void)state;
	assert_int_equal(row->verdict, COMPARE_SAME);
	assert_near(row->control.value, 300, 1e-9);
	assert_near(row->base_overhead, 500, 1e-9);
	assert_near(row->cand, 1800, 1e-9);
	compare_free(compare);
	rundata_free(data);
}

/* One instruction more, under every seed: found as soon as it is said to matter. */
static void test_one_instruction(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1501);

	(void)state;
	expect(&recipe, NULL, COMPARE_SAME, 1, 0);
	expect(&recipe, "0.5", COMPARE_REGRESSION, 1, 1);
	recipe = flat(1500, 1000, 1499);
	expect(&recipe, "0.5", COMPARE_IMPROVEMENT, -1, 0);
}

static void test_exact_regression(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1550);

	(void)state;
	expect(&recipe, NULL, COMPARE_REGRESSION, 50, 1);
	recipe.higher_is_better = true;
	expect(&recipe, NULL, COMPARE_IMPROVEMENT, 50, 0);
}

static void spread(struct recipe *recipe, unsigned int kernel, const double *by_seed, unsigned int nr)
{
	unsigned int seed;

	for (seed = 0; seed < nr; seed++)
		recipe->value[kernel][2][seed] += by_seed[seed];
}

/* mean 50, s = √(1000/4)…: the t interval by hand: 50 ± 2.776 × 3.5355 / √5 (t of 4 degrees at 97.5 %: 2.7764). */
static void test_student(void **state)
{
	static const double noise[] = {-5, 0, 5, 2.5, -2.5};
	struct recipe recipe = flat(1500, 1000, 1550);
	struct rundata *data;
	struct compare *compare;
	const struct compare_row *row;
	double sigma = sqrt((25 + 25 + 6.25 + 6.25) / 4.), half = 2.7764451 * sigma / sqrt(5);

	(void)state;
	spread(&recipe, 1, noise, 5);
	data = make(&recipe, "run");
	compare = compare_one_with(data, NULL);
	row = child_row(compare);
	assert_int_equal(row->change.method, COMPARE_PAIRED_T);
	assert_near(row->change.value, 50, 1e-9);
	assert_near(row->change.interval.low, 50 - half, 1e-5);
	assert_near(row->change.interval.high, 50 + half, 1e-5);
	assert_int_equal(row->verdict, COMPARE_REGRESSION);
	compare_free(compare);
	rundata_free(data);
}

static void test_small(void **state)
{
	static const double noise[] = {-5, 0, 5, 2.5, -2.5};
	struct recipe recipe = flat(1500, 1000, 1508);

	(void)state;
	/* δ is 7.5: the interval 8 ± 4.4 leaves out 0 and holds δ. */
	spread(&recipe, 1, noise, 5);
	expect(&recipe, NULL, COMPARE_SMALL, 8, 0);
}

static void test_equivalent(void **state)
{
	static const double noise[] = {-1, 0, 1, 0.5, -0.5};
	struct recipe recipe = flat(1500, 1000, 1500);

	(void)state;
	spread(&recipe, 1, noise, 5);
	expect(&recipe, NULL, COMPARE_EQUIVALENT, 0, 0);
}

static void test_inconclusive(void **state)
{
	static const double noise[] = {-50, 0, 50, 25, -25};
	struct recipe recipe = flat(1500, 1000, 1500);
	struct rundata *data;
	struct compare *compare;
	const struct compare_row *row;

	(void)state;
	spread(&recipe, 1, noise, 5);
	expect(&recipe, NULL, COMPARE_INCONCLUSIVE, 0, 3);
	data = make(&recipe, "again");
	compare = compare_one_with(data, NULL);
	row = child_row(compare);
	assert_true(row->detectable > row->delta);
	/* That many would do, and one less would not. */
	assert_true(stats_detectable(row->change.sigma, row->nr_wanted, FAMILY_T_ALPHA, 0.8) <= row->delta);
	assert_true(stats_detectable(row->change.sigma, row->nr_wanted - 1, FAMILY_T_ALPHA, 0.8) > row->delta);
	compare_free(compare);
	rundata_free(data);
}

static void test_ranks(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1550);
	unsigned int seed;

	(void)state;
	recipe.nr_seeds = 8;
	for (seed = 0; seed < 8; seed++)
		recipe.value[1][2][seed] += seed - 3.5;
	expect(&recipe, NULL, COMPARE_REGRESSION, 50, 1);
}

static void test_one_seed(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1700);

	(void)state;
	recipe.nr_seeds = 1;
	expect(&recipe, NULL, COMPARE_INCONCLUSIVE, 200, 3);
}

/* As 17 % of comparisons of one kernel had it: two seeds against two others, at the layouts that differ in the same way. */
static void test_two_seeds(void **state)
{
	static const double noise[] = {0, 0.01};
	struct recipe recipe = flat(1500, 1000, 1520);
	struct rundata *data;
	struct compare *compare;

	(void)state;
	recipe.nr_seeds = 2;
	spread(&recipe, 1, noise, 2);
	expect(&recipe, NULL, COMPARE_INCONCLUSIVE, 20.005, 3);
	data = make(&recipe, "two");
	compare = compare_one_with(data, NULL);
	assert_string_equal(child_row(compare)->why, "2 seeds on both sides: a verdict needs 3 seeds");
	compare_free(compare);
	rundata_free(data);
	/* Nothing at all differs. */
	recipe = flat(1500, 1000, 1500);
	recipe.nr_seeds = 2;
	expect(&recipe, NULL, COMPARE_SAME, 0, 0);
}

static void test_error(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1500);
	struct rundata *whole = make(&recipe, "whole"), *broken;
	struct compare_side base, cand;
	struct compare_options how = {0};
	struct compare *compare;

	(void)state;
	recipe.fails = "new";
	broken = make(&recipe, "broken");
	assert_int_equal(compare_side(whole, "new", &base), 0);
	assert_int_equal(compare_side(broken, "old", &cand), 0);
	/* A failed boot never becomes "same". */
	cand.kernel = "new";
	if (compare_compute(&base, &cand, &how, &compare) == 0) {
		assert_int_equal(child_row(compare)->verdict, COMPARE_ERROR);
		assert_non_null(strstr(child_row(compare)->why, "it is broken"));
		assert_int_equal(compare_status(compare, false), 5);
		compare_free(compare);
	} else {
		assert_non_null(strstr(err_msg(), "cannot be compared"));
	}
	rundata_free(whole);
	rundata_free(broken);
}

static void expect_apart(const struct recipe *a, const struct recipe *b, const char *words)
{
	struct rundata *first = make(a, "first"), *second = make(b, "second");
	struct compare_side base, cand;
	struct compare_options how = {0};
	struct compare *compare;

	assert_int_equal(compare_side(first, "old", &base), 0);
	assert_int_equal(compare_side(second, "new", &cand), 0);
	assert_int_equal(compare_compute(&base, &cand, &how, &compare), -EXDEV);
	if (!strstr(err_msg(), words))
		fail_msg("\"%s\" does not say \"%s\"", err_msg(), words);
	rundata_free(first);
	rundata_free(second);
}

static void test_environment(void **state)
{
	struct recipe a = flat(1500, 1000, 1500), b = a;

	(void)state;
	b.clock = "ns";
	expect_apart(&a, &b, "the clock differs (insn and ns)");
	b = a;
	b.cpu_model = "qemu64";
	expect_apart(&a, &b, "QEMU's CPU model differs (max and qemu64)");
	b = a;
	b.qemu_version = "9.0";
	expect_apart(&a, &b, "QEMU's version differs (7.2 and 9.0)");
}

static void test_other_version(void **state)
{
	struct recipe a = flat(1500, 1000, 1500), b = a;
	struct rundata *first, *second;
	struct compare_side base, cand;
	struct compare_options how = {0};
	struct compare *compare;

	(void)state;
	b.bench_version = 2;
	first = make(&a, "first");
	second = make(&b, "second");
	assert_int_equal(compare_side(first, "old", &base), 0);
	assert_int_equal(compare_side(second, "new", &cand), 0);
	assert_int_equal(compare_compute(&base, &cand, &how, &compare), 0);
	assert_int_equal(compare->nr_rows, 1);
	assert_int_equal(compare->rows[0].verdict, COMPARE_INCOMPARABLE);
	assert_int_equal(compare_status(compare, false), 6);
	compare_free(compare);
	rundata_free(first);
	rundata_free(second);
}

/* Seeds of one side that the other has not: nothing can be paired. */
static void test_no_common_seed(void **state)
{
	struct recipe a = flat(1500, 1000, 1500), b = a;
	struct rundata *first, *second;
	struct compare_side base, cand;
	struct compare_options how = {0};
	struct compare *compare;

	(void)state;
	b.seed_offset = 100;
	first = make(&a, "first");
	second = make(&b, "second");
	assert_int_equal(compare_side(first, "old", &base), 0);
	assert_int_equal(compare_side(second, "new", &cand), 0);
	assert_int_equal(compare_compute(&base, &cand, &how, &compare), 0);
	assert_int_equal(child_row(compare)->verdict, COMPARE_INCOMPARABLE);
	assert_int_equal(compare_status(compare, false), 6);
	compare_free(compare);
	rundata_free(first);
	rundata_free(second);
}

static void test_sides(void **state)
{
	struct recipe recipe = flat(1500, 1000, 1500);
	struct rundata *data = make(&recipe, "run");
	struct compare_side side;

	(void)state;
	assert_int_equal(compare_side(data, NULL, &side), -EINVAL);
	assert_non_null(strstr(err_msg(), "old, new"));
	assert_int_equal(compare_side(data, "newer", &side), -ENOENT);
	rundata_free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contrast, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_instruction, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exact_regression, setup, teardown),
		cmocka_unit_test_setup_teardown(test_student, setup, teardown),
		cmocka_unit_test_setup_teardown(test_small, setup, teardown),
		cmocka_unit_test_setup_teardown(test_equivalent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inconclusive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ranks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_seed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_two_seeds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_error, setup, teardown),
		cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_version, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_common_seed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sides, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
