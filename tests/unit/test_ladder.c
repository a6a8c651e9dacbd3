// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "data/ladder.h"
#include "out/ladder_json.h"
#include "out/ladder_text.h"

/*
 * Two kernels, two seeds, memcg off and on: boots 0…7 are (seed, kernel, off/on) in the order that run makes. One metric.
 * Values by boot and arm; a rep of 1000 more stands beside each, as a tick makes it.
 */
static struct rundata_metric metric = {.name = "fault", .help = "h", .op = "page", .unit = "insn/page", .lower_is_better = true};
static struct rundata_arm arms[] = {
	{.state = "off", .limit_bytes = UINT64_MAX},
	{.state = "root", .limit_bytes = UINT64_MAX},
	{.state = "child", .depth = 1, .limit_bytes = UINT64_MAX},
};
static double values[64];
static struct rundata_sample samples[64];
static struct rundata_item item = {
	.bench = "fault_storm", .op = "page", .mode = "processes", .metrics = &metric, .nr_metrics = 1, .arms = arms,
	.nr_arms = 3, .samples = samples,
};
static struct rundata data = {.dir = "run", .items = &item, .nr_items = 1, .complete = true};

static void add(unsigned int boot, unsigned int arm, double value, bool warmup)
{
	size_t i = item.nr_samples++;

	values[i] = value;
	samples[i] = (struct rundata_sample){.boot = boot, .arm = arm, .warmup = warmup, .value = &values[i]};
}

static int make(void **state)
{
	/* off, root, child of (seed 1, old), (seed 1, new), (seed 2, old), (seed 2, new) */
	static const double cost[4][3] = {{100, 110, 120}, {150, 165, 172}, {104, 114, 126}, {156, 171, 176}};
	unsigned int i;

	(void)state;
	item.nr_samples = 0;
	item.params = json_object();
	item.workers = json_pack("[{}]");
	item.warnings = json_array();
	item.errors = json_array();
	data.notes = json_array();
	data.run = json_pack("{s:s, s:[]}", "clock", "insn", "boots");
	for (i = 0; i < 4; i++) {
		json_t *boots = json_object_get(data.run, "boots");
		int seed = i / 2 + 1, off;

		for (off = 1; off >= 0; off--)
			json_array_append_new(boots, json_pack("{s:i, s:s, s:i, s:{s:s}}", "boot",
							       (int)json_array_size(boots), "kernel",
							       i % 2 ? "new" : "old", "seed", seed, "cgroup", "version",
							       off ? "none" : "v2"));
		add(2 * i, 0, 1, true); /* a warm-up is never the least */
		add(2 * i, 0, cost[i][0] + 1000, false);
		add(2 * i, 0, cost[i][0], false);
		add(2 * i + 1, 1, cost[i][1], false);
		add(2 * i + 1, 1, cost[i][1] + 1000, false);
		add(2 * i + 1, 2, cost[i][2], false);
	}
	return 0;
}

static int clear(void **state)
{
	(void)state;
	json_decref(item.params);
	json_decref(item.workers);
	json_decref(item.warnings);
	json_decref(item.errors);
	json_decref(data.notes);
	json_decref(data.run);
	return 0;
}

static void assert_cost(const struct ladder_cost *cost, size_t nr, double mean, double low, double high)
{
	assert_int_equal(cost->nr, nr);
	assert_true(fabs(cost->mean - mean) < 1e-9 && cost->low == low && cost->high == high);
}

/* A boot of seed 1 with memcg on: a variant of "old", or of a kernel of its own. */
static void add_boot(const char *kernel, const char *variant_of, double root, double child)
{
	json_t *boots = json_object_get(data.run, "boots"), *boot;
	unsigned int number = (unsigned int)json_array_size(boots);

	boot = json_pack("{s:i, s:s, s:i, s:{s:s}}", "boot", (int)number, "kernel", kernel, "seed", 1, "cgroup", "version", "v2");
	if (variant_of) {
		json_object_set_new(boot, "variant_of", json_string(variant_of));
		json_object_set_new(boot, "boot_arg", json_string("cgroup.memory=nokmem"));
	}
	json_array_append_new(boots, boot);
	add(number, 1, root, false);
	add(number, 2, child, false);
}

static char *print_text(const struct ladder *ladder)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(ladder_text(&data, ladder, NULL, false, out), 0);
	fclose(out);
	return text;
}

static void variant_of_an_old_run_borrows_off(void **state)
{
	struct ladder *ladder;
	char *text;

	(void)state;
	add_boot("old,nokmem", "old", 107, 115);
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder->nr_kernels, 3);
	assert_int_equal(ladder->variant_of[0], SIZE_MAX);
	assert_int_equal(ladder->variant_of[2], 0);
	/* Only seed 1 has it, and so the table is of seed 1; "off" is the kernel's own. */
	assert_cost(&ladder->rows[2].arm[0], 1, 100, 100, 100);
	assert_true(ladder->rows[2].arm[0].by_seed[1] == 104);
	assert_cost(&ladder->rows[2].overhead[2], 1, 15, 15, 15);
	assert_cost(&ladder->rows[2].change[2], 1, -5, -5, -5);
	assert_int_equal(ladder->rows[2].change[0].nr, 0);
	assert_cost(&ladder->rows[1].change[2], 1, 2, 2, 2);
	text = print_text(ladder);
	assert_non_null(strstr(text, "old,nokmem: old booted with cgroup.memory=nokmem; change is against old.\n"
				     "old,nokmem was never booted with memcg off: its off is that of old, and "));
	free(text);
	ladder_free(ladder);
}

/* What the argument does to everybody is the change of off, and no cost of memcg; no boot of the kernel stands in for one that is missing. */
static void variant_has_an_off_of_its_own(void **state)
{
	json_t *boots = json_object_get(data.run, "boots");
	struct ladder *ladder;
	char *text;

	(void)state;
	add_boot("old,nokmem", "old", 107, 115);
	json_object_set_new(json_array_get(boots, 8), "own_off", json_true());
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder->rows[2].arm[0].nr, 0);
	assert_int_equal(ladder->rows[2].overhead[2].nr, 0);
	assert_int_equal(ladder->rows[2].change[2].nr, 0);
	ladder_free(ladder);
	json_array_append_new(boots, json_pack("{s:i, s:s, s:s, s:b, s:s, s:i, s:{s:s}}", "boot", 9, "kernel", "old,nokmem", "variant_of",
					       "old", "own_off", 1, "boot_arg", "x", "seed", 1, "cgroup", "version", "none"));
	add(9, 0, 70, false);
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_cost(&ladder->rows[2].arm[0], 1, 70, 70, 70);
	assert_cost(&ladder->rows[2].overhead[2], 1, 45, 45, 45);
	assert_cost(&ladder->rows[2].change[0], 1, -30, -30, -30);
	assert_cost(&ladder->rows[2].change[2], 1, 25, 25, 25);
	assert_cost(&ladder->rows[0].arm[0], 1, 100, 100, 100);
	text = print_text(ladder);
	assert_null(strstr(text, "never booted with memcg off"));
	free(text);
	ladder_free(ladder);
}

/* Its change is against its own kernel, not against the first. */
static void variant_of_the_second(void **state)
{
	struct ladder *ladder;

	(void)state;
	add_boot("new,nokmem", "new", 160, 168);
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_cost(&ladder->rows[2].overhead[2], 1, 18, 18, 18);
	assert_cost(&ladder->rows[2].change[2], 1, -4, -4, -4);
	ladder_free(ladder);
}

static void kernel_without_memcg(void **state)
{
	json_t *boots = json_object_get(data.run, "boots");
	struct ladder *ladder;
	unsigned int i;
	char *text;

	(void)state;
	for (i = 0; i < item.nr_samples; i++)
		if (samples[i].boot % 4 == 3)
			samples[i].cut = true;
	json_object_set_new(json_array_get(boots, 2), "no_memcg", json_true());
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_false(ladder->no_memcg[0]);
	assert_true(ladder->no_memcg[1]);
	assert_int_equal(ladder->rows[1].overhead[2].nr, 0);
	text = print_text(ladder);
	assert_non_null(strstr(text, "no memcg"));
	free(text);
	ladder_free(ladder);
}

/* Nanoseconds are not exact: the median of the reps, not the least. */
static void nanoseconds_by_median(void **state)
{
	struct ladder *ladder;

	(void)state;
	json_object_set_new(data.run, "clock", json_string("ns"));
	add(0, 0, 90, false);
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	/* 1100, 100 and 90 */
	assert_true(ladder->rows[0].arm[0].by_seed[0] == 100);
	ladder_free(ladder);
}

static void least_rep_paired_by_seed(void **state)
{
	struct ladder *ladder;

	(void)state;
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder->nr_kernels, 2);
	assert_string_equal(ladder->kernels[0], "old");
	assert_int_equal(ladder->nr_seeds, 2);
	assert_int_equal(ladder->nr_rows, 2);
	assert_cost(&ladder->rows[0].arm[0], 2, 102, 100, 104);
	assert_cost(&ladder->rows[0].overhead[1], 2, 10, 10, 10);
	assert_cost(&ladder->rows[0].overhead[2], 2, 21, 20, 22);
	assert_int_equal(ladder->rows[0].change[2].nr, 0);
	assert_true(isnan(ladder->rows[0].change[2].mean));
	/* (172 - 150) - (120 - 100) = 2; (176 - 156) - (126 - 104) = -2 */
	assert_cost(&ladder->rows[1].change[2], 2, 0, -2, 2);
	assert_cost(&ladder->rows[1].change[1], 2, 5, 5, 5);
	assert_cost(&ladder->rows[1].change[0], 2, 51, 50, 52);
	ladder_free(ladder);
}

/* A boot that failed is missing: its seed counts for nothing that needs it, and nothing becomes 0. */
static void missing_boot_is_missing(void **state)
{
	struct ladder *ladder;
	size_t i;

	(void)state;
	for (i = 0; i < item.nr_samples; i++)
		if (samples[i].boot == 6) /* seed 2, new, off */
			samples[i].cut = true;
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_cost(&ladder->rows[1].arm[0], 1, 150, 150, 150);
	assert_cost(&ladder->rows[1].arm[2], 1, 172, 172, 172);
	/* Of both kernels, so that the row's numbers subtract. */
	assert_cost(&ladder->rows[0].arm[2], 1, 120, 120, 120);
	assert_cost(&ladder->rows[1].overhead[2], 1, 22, 22, 22);
	assert_cost(&ladder->rows[1].change[2], 1, 2, 2, 2);
	ladder_free(ladder);
}

/* Two reps that agree are a floor, whatever a tick adds to a third; a least rep that stands alone is none, and neither do seeds agree. */
static void a_lone_least_rep_is_doubted(void **state)
{
	struct ladder *ladder;
	char *text;

	(void)state;
	add(0, 0, 100.4, false); /* within half an instruction */
	add(1, 2, 120.6, false); /* not */
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder->rows[0].floor[0].nr_alone, 1); /* seed 2 has a rep of 104 and one of 1104 */
	assert_true(ladder->rows[0].floor[0].gap == 1000);
	assert_int_equal(ladder->rows[0].floor[1].nr_alone, 2);
	assert_int_equal(ladder->rows[0].floor[2].nr_alone, 1);
	assert_true(fabs(ladder->rows[0].floor[2].gap - 0.6) < 1e-9);
	/* child - off: 20 and 22 of some 123 */
	assert_false(ladder_seeds_differ(ladder, &ladder->rows[0], 2));
	/* 22 and 20 of some 174 */
	assert_false(ladder_seeds_differ(ladder, &ladder->rows[1], 2));
	text = print_text(ladder);
	assert_non_null(strstr(text, "doubt, fault of old: the least rep of a boot stands alone, up to 1000.0 below the next, in off (1 of 2 seeds), "
				     "root (2 of 2 seeds), child (1 of 2 seeds)\n"));
	assert_null(strstr(text, "seeds differ"));
	free(text);
	ladder_free(ladder);
}

static void seeds_that_differ_are_doubted(void **state)
{
	/* off and child of three seeds: each boot has a floor. */
	static const double cost[3][2] = {{3250, 3789.2}, {3250, 3653.8}, {3250, 3676.8}};
	struct ladder *ladder;
	unsigned int i, rep;
	char *text;

	(void)state;
	item.nr_samples = 0;
	for (i = 0; i < 3; i++)
		for (rep = 0; rep < 2; rep++) {
			add(4 * i, 0, cost[i][0], false);
			add(4 * i + 1, 2, cost[i][1], false);
		}
	json_array_append_new(json_object_get(data.run, "boots"), json_pack("{s:i, s:s, s:i, s:{s:s}}", "boot", 8, "kernel", "old", "seed", 3,
									    "cgroup", "version", "none"));
	json_array_append_new(json_object_get(data.run, "boots"), json_pack("{s:i, s:s, s:i, s:{s:s}}", "boot", 9, "kernel", "old", "seed", 3,
									    "cgroup", "version", "v2"));
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder->rows[0].floor[2].nr_alone, 0);
	assert_true(ladder_seeds_differ(ladder, &ladder->rows[0], 2));
	text = print_text(ladder);
	assert_non_null(strstr(text, "doubt, fault of old: seeds differ by more than 2 % in child\n"));
	assert_null(strstr(text, "stands alone"));
	free(text);
	ladder_free(ladder);
	/* Nanoseconds are never exact, and say so by their intervals. */
	json_object_set_new(data.run, "clock", json_string("ns"));
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_false(ladder_seeds_differ(ladder, &ladder->rows[0], 2));
	ladder_free(ladder);
}

static void nothing_measured_is_an_error(void **state)
{
	struct ladder *ladder;

	(void)state;
	item.nr_samples = 0;
	assert_int_equal(ladder_compute(&data, &ladder), -ENODATA);
	json_object_del(json_array_get(json_object_get(data.run, "boots"), 3), "seed");
	assert_int_equal(ladder_compute(&data, &ladder), -EBADMSG);
	assert_non_null(strstr(err_msg(), "run/run.json"));
}

static void table_shows_changes_and_gaps(void **state)
{
	struct ladder *ladder;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_int_equal(ladder_text(&data, ladder, NULL, false, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "insn per page"));
	assert_non_null(strstr(text, "  fault  old     102.0  112.0  123.0     +10.0  +9.8      +21.0  +20.6  1.0\n"));
	assert_non_null(strstr(text, "         change  +51.0"));
	assert_null(strstr(text, "nan"));
	free(text);
	ladder_free(ladder);
}

static void json_has_what_the_table_has(void **state)
{
	struct ladder *ladder;
	const json_t *row;
	json_t *json;

	(void)state;
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	json = ladder_json(&data, ladder);
	assert_non_null(json);
	row = json_array_get(json_object_get(json_array_get(json_object_get(json, "items"), 0), "rows"), 1);
	assert_string_equal(json_string_value(json_object_get(row, "kernel")), "new");
	assert_true(json_is_null(json_array_get(json_object_get(row, "overhead"), 0)));
	assert_true(json_real_value(json_object_get(json_array_get(json_object_get(row, "change"), 0), "mean")) == 51);
	json_decref(json);
	ladder_free(ladder);
}

/* Of a count no rep is nearer to the truth than another: the median, which the warm-up is not part of. */
static void median_rep_of_a_count(void **state)
{
	struct ladder *ladder;

	(void)state;
	metric.is_count = true;
	add(1, 1, 130, false);
	assert_int_equal(ladder_compute(&data, &ladder), 0);
	assert_true(ladder->rows[0].arm[0].by_seed[0] == 600); /* of 1100 and 100 */
	assert_true(ladder->rows[0].arm[1].by_seed[0] == 130); /* of 110, 1110 and 130 */
	assert_true(ladder->rows[0].arm[2].by_seed[0] == 120);
	assert_true(ladder->rows[0].overhead[1].by_seed[0] == 130 - 600);
	ladder_free(ladder);
	metric.is_count = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(median_rep_of_a_count, make, clear),
		cmocka_unit_test_setup_teardown(least_rep_paired_by_seed, make, clear),
		cmocka_unit_test_setup_teardown(missing_boot_is_missing, make, clear),
		cmocka_unit_test_setup_teardown(a_lone_least_rep_is_doubted, make, clear),
		cmocka_unit_test_setup_teardown(seeds_that_differ_are_doubted, make, clear),
		cmocka_unit_test_setup_teardown(nothing_measured_is_an_error, make, clear),
		cmocka_unit_test_setup_teardown(table_shows_changes_and_gaps, make, clear),
		cmocka_unit_test_setup_teardown(variant_of_an_old_run_borrows_off, make, clear),
		cmocka_unit_test_setup_teardown(variant_has_an_off_of_its_own, make, clear),
		cmocka_unit_test_setup_teardown(variant_of_the_second, make, clear),
		cmocka_unit_test_setup_teardown(kernel_without_memcg, make, clear),
		cmocka_unit_test_setup_teardown(nanoseconds_by_median, make, clear),
		cmocka_unit_test_setup_teardown(json_has_what_the_table_has, make, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
