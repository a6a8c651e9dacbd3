// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of overhead and its JSON: what a reader must find in them, and what they must never
 * say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "out/overhead_json.h"
#include "out/overhead_text.h"
#include "out_fixture.h"

static struct fixture fixture;

static char *render(const struct overhead_text_options *options)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(overhead_text(&fixture.data, &fixture.overhead, options, out), 0);
	fclose(out);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static size_t widest_line(const char *text)
{
	size_t widest = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		widest = len > widest ? len : widest;
		text += len + (text[len] == '\n');
	}
	return widest;
}

static struct rundata_item *add_fault_storm(void)
{
	struct rundata_item *item =
		fixture_item(&fixture, "fault_storm", "{'map': 'anon', 'size': '64M'}");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fixture_fault_rows); i++)
		fixture_add(&fixture, item, &fixture_fault_rows[i]);
	return item;
}

static int setup(void **state)
{
	(void)state;
	fixture_init(&fixture);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_free(&fixture);
	return 0;
}

static void test_whole_table(void **state)
{
	static const char *const files[] = {"table.txt", "plots/overhead.svg", NULL};
	static const char *const remarks[] = {"gnuplot is not installed: no pictures", NULL};
	struct overhead_text_options options = {.files = files, .remarks = remarks};
	struct rundata_item *item = add_fault_storm();
	char *text;

	(void)state;
	fixture_latency(&fixture, item, 0, 512);
	text = render(&options);
	assert_has(text, "kernel    6.1.0-18-amd64 #1 SMP");
	assert_has(text, "virtual (kvm), 2 PUs, 2 cores, 1 node, 7.8 GiB");
	assert_has(text, "v1 (hybrid: cgroup2 is mounted beside it); child at depth 1 (no limit) "
			 "against root memcg");
	assert_has(text,
		   "THP madvise (shmem never), LRU_GEN 0x0007, swap none, governor none visible");
	assert_has(text, "command   memcgbench run --blocks=10 'it'\\''s me'\n");
	assert_has(text, "10 blocks, a rep takes 20");
	assert_has(text, " ms, seed 7; memcgbench 0.1 (abc1234)");
	assert_has(
		text,
		"\nfault_storm --map=anon --size=64M: 1 process, placed compact, memory local\n");
	assert_has(text, "child - root, ns per op");
	assert_has(text, "fault   page  512.3   551.2    +38.9   [+36.5, +41.3]    +7.59 "
			 "[+7.12, +8.05]      10\n");
	assert_has(text, "munmap  page   88.12   88.41  ~ +0.29  [-0.55, +1.13]  ~ +0.33 "
			 "[-0.62, +1.28]      10\n");
	assert_has(text,
		   "    ~ equivalent within 2 %; could not have seen less than 1.2 ns (1.3 %)\n");
	assert_has(text, "    small: there is a difference, but it may be smaller than 2 %\n");
	assert_has(text,
		   "    ~ no difference found; could not have seen less than 27 ns (9.0 %)\n");
	assert_has(text, "p99.9");
	assert_lacks(text, "rests on");
	assert_has(text, "the largest is fault_storm fault,\n+38.9 ns per page (+7.59 %).\n");
	assert_has(text, "note: gnuplot is not installed: no pictures\n");
	assert_has(text, "written to results/made-up: table.txt plots/overhead.svg\n");
	assert_lacks(text, "INCOMPLETE");
	assert_lacks(text, "nan");
	assert_lacks(text, " \n");
	assert_true(widest_line(text) <= 100);
	free(text);
}

static void test_narrow(void **state)
{
	struct overhead_text_options options = {.width = 80, .verbose = true};
	struct rundata_item *item = add_fault_storm();
	struct fixture_row wide = {"exit", "process", 312345, 345678,
				   2100,   33345,     1900,   OVERHEAD_MORE};
	char *text;

	(void)state;
	fixture_add(&fixture, item, &wide);
	fixture_latency(&fixture, item, 0, 512);
	text = render(&options);
	assert_has(text, "+38.9 ns");
	assert_has(text, "+7.59 %");
	assert_has(text, "intervals: root [509.2, 515.4], child [548.1, 554.3] ns");
	assert_true(widest_line(text) <= 80);
	free(text);
}

/* Values as far apart as null's and a process's exit still fit 100 columns. */
static void test_scales(void **state)
{
	struct overhead_text_options options = {0};
	struct rundata_item *item = add_fault_storm();
	struct fixture_row wide = {"exit", "process", 312345, 345678,
				   2100,   33345,     1900,   OVERHEAD_MORE};
	char *text;

	(void)state;
	fixture_add(&fixture, item, &wide);
	fixture_add(&fixture, fixture_item(&fixture, "null", "{}"), &fixture_null_row);
	text = render(&options);
	assert_has(text, "+33345 [+31445, +35245]");
	assert_has(text, "~ -0.0002 [-0.0013, +0.0009]");
	assert_has(text, "equivalent within 10 %");
	assert_true(widest_line(text) <= 100);
	free(text);
}

static void test_footnotes_are_shared(void **state)
{
	struct overhead_text_options options = {0};
	size_t i;
	char *text;

	(void)state;
	add_fault_storm();
	for (i = 0; i < 2; i++) {
		strcpy(fixture.rows[i].warnings[0].text, "too few blocks");
		fixture.rows[i].nr_warnings = 1;
	}
	strcpy(fixture.rows[1].warnings[1].text, "drift");
	fixture.rows[1].nr_warnings = 2;
	text = render(&options);
	assert_has(text, "10 (1)\n");
	assert_has(text, "10 (1,2)\n");
	assert_has(text, "\n(1) too few blocks\n(2) drift\n");
	free(text);
}

static void test_errors_in_place_of_rows(void **state)
{
	struct overhead_text_options options = {0};
	struct rundata_item *item = fixture_item(&fixture, "reclaim_depth", "{}");
	char *text;

	(void)state;
	json_array_append_new(item->errors, fixture_json("{'type': 'skip', 'text': 'needs swap'}"));
	item = fixture_item(&fixture, "fault_storm", "{}");
	json_array_append_new(item->errors,
			      fixture_json("{'type': 'error', 'text': 'a worker was killed'}"));
	fixture_item(&fixture, "null", "{}");
	json_array_append_new(
		fixture.data.notes,
		fixture_json("{'type': 'skip', 'bench': 'numa', 'text': 'one node'}"));
	text = render(&options);
	assert_has(text, "\n  skipped: needs swap\n");
	assert_has(text, "\n  error: a worker was killed\n");
	assert_has(text, "\n  no samples\n");
	assert_has(text, "\nskipped: numa: one node\n");
	assert_lacks(text, "median");
	assert_lacks(text, "Of 0");
	free(text);
}

static void test_incomplete_is_said_first(void **state)
{
	struct overhead_text_options options = {0};
	char *text;

	(void)state;
	add_fault_storm();
	fixture.data.complete = false;
	fixture.data.doubt = (char *)"the last line is cut";
	json_object_set_new(fixture.data.run, "status", json_string("running"));
	text = render(&options);
	assert_int_equal(strncmp(text,
				 "INCOMPLETE: this run is not complete, its status is \"running\"; "
				 "the last line",
				 70),
			 0);
	free(text);
}

/* An ordinary user cannot enter the root memcg: depth 2 is compared with depth 1. */
static void test_heads_follow_arms(void **state)
{
	struct overhead_text_options options = {.width = 120};
	struct rundata_item *item = add_fault_storm();
	char *text;

	(void)state;
	item->arms[0] = (struct rundata_arm){(char *)"child", 1, UINT64_MAX};
	item->arms[1] = (struct rundata_arm){(char *)"child", 2, 64 << 20};
	text = render(&options);
	assert_has(text, "depth 2 - depth 1, ns per op");
	assert_has(text, "in % of depth 1");
	assert_has(text, "child at depth 2 (limit 64M) against child at depth 1 (no limit)");
	assert_has(text, "charged as well");
	assert_lacks(text, "root -");
	free(text);
}

static void test_each_against_the_first(void **state)
{
	struct overhead_text_options options = {.width = 200};
	struct rundata_item *item = add_fault_storm();
	struct rundata_arm arms[3] = {
		item->arms[0], item->arms[1], {(char *)"child", 3, UINT64_MAX}};
	size_t i;
	char *text;

	(void)state;
	item->arms = arms;
	item->nr_arms = 3;
	for (i = 0; i < 4; i++) {
		fixture.rows[i].base = &arms[0];
		fixture.rows[i].arm = &arms[i < 2 ? 1 : 2];
	}
	text = render(&options);
	assert_has(text, "child at depth 1 (no limit), child at depth 3 (no limit), each against "
			 "root memcg\n");
	assert_has(text, "depth 1 - root, ns per op");
	assert_has(text, "ns per op     depth 3 - root, ns per op");
	free(text);
}

static void test_too_few_blocks(void **state)
{
	static const struct stats_interval none = {NAN, NAN, NAN};
	struct overhead_text_options options = {0};
	struct overhead_row *row;
	char *text;

	(void)state;
	add_fault_storm();
	row = &fixture.rows[0];
	row->base_interval = row->arm_interval = row->diff_interval = row->ratio_interval = none;
	row->verdict = OVERHEAD_NONE;
	row->nr_blocks = 2;
	strcpy(row->why, "2 blocks, and 6 are needed");
	fixture.rows[1].diff_interval.confidence = 0.9;
	fixture.rows[3].detectable_ns = NAN;
	text = render(&options);
	assert_has(text, "no verdict: 2 blocks, and 6 are needed\n");
	assert_has(text, "the interval covers 90.0 % only");
	assert_has(text, "~ no difference found\n");
	assert_lacks(text, "nan");
	free(text);
}

/* Inside the band that does not count, but not 0: a difference was found, so no "~". */
static void test_equivalent_but_not_zero(void **state)
{
	struct overhead_text_options options = {0};
	struct fixture_row row = {"tiny", "page", 100, 101, 0.5, 1, 0.4, OVERHEAD_EQUIVALENT};
	char *text;

	(void)state;
	fixture_add(&fixture, fixture_item(&fixture, "b", "{}"), &row);
	text = render(&options);
	assert_has(text, "equivalent: there is a difference, and it is smaller than 2 %");
	assert_lacks(text, "~");
	free(text);
}

static bool is_anon(const char *bench, const char *param, const char *value)
{
	return !strcmp(bench, "fault_storm") && !strcmp(param, "map") && !strcmp(value, "anon");
}

static void test_defaults_and_ascii(void **state)
{
	const struct label_defaults defaults = {is_anon};
	struct overhead_text_options options = {.defaults = &defaults, .ascii = true};
	json_t *facts = (json_t *)label_boot(&fixture.data, "facts");
	const char *c;
	char *text;

	(void)state;
	add_fault_storm();
	json_object_set_new(facts, "cpu_model", json_string("M\u00fcller\033[2J CPU"));
	text = render(&options);
	assert_has(text, "\nfault_storm --size=64M: 1 process");
	assert_has(text, "M?ller?[2J CPU");
	for (c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	free(text);
}

/* A run without facts: nothing is made up. */
static void test_missing_facts(void **state)
{
	struct overhead_text_options options = {0};
	char *text;

	(void)state;
	json_object_clear(fixture.data.run);
	text = render(&options);
	assert_has(text, "kernel    unknown");
	assert_has(text, "? PUs, ? cores, ? nodes, unknown");
	assert_lacks(text, "(null)");
	free(text);
}

/* Warm-up is block 0 and counts for nothing: two timed blocks of an ABBA are 2 reps of each arm. */
static void test_reps_without_warmup(void **state)
{
	static const unsigned int arms[] = {0, 1, 1, 0};
	struct overhead_text_options options = {0};
	struct rundata_item *item = add_fault_storm();
	struct rundata_sample samples[12] = {0};
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(samples); i++) {
		samples[i].arm = arms[i % 4];
		samples[i].block = (unsigned int)i / 4;
		samples[i].warmup = i < 4;
	}
	item->samples = samples;
	item->nr_samples = ARRAY_SIZE(samples);
	fixture_latency(&fixture, item, 0, 512)->count = 9999;
	text = render(&options);
	assert_has(text, "10 blocks x 2 reps of each arm, a rep takes 20");
	assert_has(text, "p99.9 rests on fewer than 10 ops\n");
	free(text);
}

/* Two items that differ in their workers alone, and three arms: every row has a name of its own. */
static void test_names_are_unique(void **state)
{
	struct overhead_text_options options = {0};
	struct rundata_item *first = add_fault_storm(), *second = add_fault_storm();
	char *text, *label;

	(void)state;
	json_array_append_new(second->workers, fixture_json("{'pu': 1}"));
	fixture_latency(&fixture, first, 0, 512);
	fixture_latency(&fixture, second, 0, 512);
	fixture.rows[4].ratio = 1;
	text = render(&options);
	assert_has(text, "\nfault_storm --map=anon --size=64M, 1 process, per page\n");
	assert_has(text, "\nfault_storm --map=anon --size=64M, 2 processes, per page\n");
	free(text);
	second->nr_arms = 3;
	second->arms = (struct rundata_arm[]){
		first->arms[0], first->arms[1], {(char *)"child", 3, UINT64_MAX}};
	fixture.rows[4].arm = &second->arms[2];
	label = label_row(&fixture.data, &fixture.rows[4], NULL);
	assert_string_equal(label,
			    "fault_storm --map=anon --size=64M, 2 processes: fault (depth 3)");
	free(label);
}

/* One row in twenty excludes 0 by chance: a reader of many rows must be told. */
static void test_many_rows(void **state)
{
	struct overhead_text_options options = {.width = 400};
	size_t i;
	char *text;

	(void)state;
	for (i = 0; i < 4; i++)
		add_fault_storm();
	text = render(&options);
	assert_lacks(text, "would still exclude 0");
	free(text);
	for (i = 0; i < 4; i++)
		fixture_add(&fixture, &fixture.items[0], &fixture_null_row);
	text = render(&options);
	assert_has(text, "(of 20 rows without any difference, about 1 would still exclude 0)");
	free(text);
}

static void test_full_disk(void **state)
{
	struct overhead_text_options options = {0};
	FILE *full = fopen("/dev/full", "w");

	(void)state;
	add_fault_storm();
	assert_non_null(full);
	setvbuf(full, NULL, _IONBF, 0);
	assert_true(overhead_text(&fixture.data, &fixture.overhead, &options, full) < 0);
	fclose(full);
}

static void test_json(void **state)
{
	struct rundata_item *item = add_fault_storm();
	json_t *json = NULL, *items, *row, *latency;
	double estimate, low;
	const char *unit, *verdict;

	(void)state;
	fixture_latency(&fixture, item, 1, 553);
	fixture.rows[0].ratio_interval.high = NAN;
	assert_int_equal(overhead_json(&fixture.data, &fixture.overhead, &json), 0);
	assert_string_equal(json_string_value(json_object_get(json, "schema")),
			    "memcgbench-overhead");
	assert_int_equal(json_integer_value(json_object_get(json, "schema_version")), 1);
	items = json_object_get(json, "items");
	assert_int_equal(json_array_size(items), 1);
	row = json_array_get(json_object_get(json_array_get(items, 0), "rows"), 0);
	assert_int_equal(json_unpack(row, "{s:s, s:{s:F, s:F, s:s}}", "verdict", &verdict,
				     "difference", "estimate", &estimate, "low", &low, "unit",
				     &unit),
			 0);
	assert_string_equal(verdict, "more");
	assert_true(estimate == fixture.rows[0].diff_ns &&
		    low == fixture.rows[0].diff_interval.low);
	assert_true(json_is_null(json_object_get(json_object_get(row, "ratio"), "high")));
	latency = json_array_get(json_object_get(json_array_get(items, 0), "latencies"), 0);
	assert_int_equal(json_integer_value(json_object_get(latency, "arm")), 1);
	assert_int_equal(json_array_size(json_object_get(latency, "histogram")),
			 fixture.latencies[0].nr_buckets);
	json_decref(json);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_whole_table),
		TEST(test_narrow),
		TEST(test_scales),
		TEST(test_footnotes_are_shared),
		TEST(test_errors_in_place_of_rows),
		TEST(test_incomplete_is_said_first),
		TEST(test_heads_follow_arms),
		TEST(test_each_against_the_first),
		TEST(test_too_few_blocks),
		TEST(test_equivalent_but_not_zero),
		TEST(test_defaults_and_ascii),
		TEST(test_missing_facts),
		TEST(test_reps_without_warmup),
		TEST(test_names_are_unique),
		TEST(test_many_rows),
		TEST(test_full_disk),
		TEST(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
