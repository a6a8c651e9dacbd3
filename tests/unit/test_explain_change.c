// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which functions a change came from: runs, profiles and symbols are made here by those who write the real ones. And that nothing is
 * said where it might be wrong.
 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/compare_explain.h"
#include "data/explain_change.h"
#include "out/compare_formats.h"
#include "out/explain_compare.h"
#include "out/export.h"
#include "out/report_parts.h"
#include "profile_fixture.h"
#include "scratch.h"

#define SEEDS 3

static unsigned int nr_runs;

/* --- runs --- */

/* How a run is made; 0 is the plain one. */
struct ways {
	const char *clock;
	bool two_workers, two_cpus, is_count;
	double lie; /* added to what the samples of the new child say, per op */
};

static void head(struct store *store, unsigned int boot, const char *kernel, unsigned int seed, const struct ways *ways)
{
	const char *clock = ways->clock ? ways->clock : "insn";

	fixture_line(store, boot,
	     "{\"type\": \"boot\", \"schema\": \"memcgbench-samples\", \"schema_version\": 1, \"clock\": \"%s\", \"seed\": %u, "
	     "\"clock_cost_ns\": 30, \"kernel\": \"%s\", \"facts\": {\"release\": \"6.x\", \"arch\": \"x86_64\", \"cpu_model\": \"max\", "
	     "\"page_bytes\": 4096}, \"cgroup\": {\"version\": \"v2\"}, \"topology\": {\"pus\": 1, \"nodes\": 1}}",
	     clock, seed, kernel);
	fixture_line(store, boot,
	     "{\"type\": \"item\", \"item\": 0, \"bench\": \"fault_storm\", \"version\": 1, \"op\": \"page\", \"params\": {}, "
	     "\"mode\": \"processes\", \"place\": \"compact\", \"memory\": \"default\", \"oversubscribed\": false, \"workers\": "
	     "[{\"pu\": 0, \"core\": 0, \"node\": 0, \"package\": 0}%s], \"metrics\": [{\"name\": \"fault\", \"help\": \"x\", %s\"op\": \"page\", "
	     "\"unit\": \"ns/page\", \"better\": \"lower\"}], \"arms\": [{\"arm\": 0, \"state\": \"off\", \"depth\": 0, \"limit_bytes\": null}, "
	     "{\"arm\": 1, \"state\": \"child\", \"depth\": 1, \"limit_bytes\": null}], \"passes\": 1}",
	     ways->two_workers ? ", {\"pu\": 1, \"core\": 1, \"node\": 0, \"package\": 0}" : "", ways->is_count ? "\"kind\": \"count\", " : "");
}

static void boot(struct store *store, unsigned int number, const char *kernel, unsigned int seed, unsigned int arm, const struct fixture_cost *cost,
		 const struct ways *ways)
{
	bool is_new = !strcmp(kernel, "new");
	double insns = FIXTURE_USER + cost->charge + cost->next + FIXTURE_OUTSIDE + (is_new && arm ? ways->lie * FIXTURE_OPS : 0);
	unsigned int rep;

	head(store, number, kernel, seed, ways);
	/* The first is the one that is profiled, and the cheaper one. */
	for (rep = 1; rep <= 2; rep++)
		fixture_line(store, number,
		     "{\"type\": \"sample\", \"item\": 0, \"arm\": %u, \"block\": 0, \"pos\": 0, \"rep\": %u, \"warmup\": false, "
		     "\"passes\": 1, \"metrics\": {\"fault\": {\"ops\": %d, \"%s\": %.0f}}, \"elapsed_ns\": 1, \"evidence\": {\"minflt\": 0, "
		     "\"majflt\": 0, \"nvcsw\": 0, \"nivcsw\": 0}}",
		     arm, rep, FIXTURE_OPS, ways->is_count ? "count" : "ns", insns + rep - 1);
	fixture_line(store, number, "{\"type\": \"end\", \"status\": \"complete\"}");
	fixture_profile(store_dir(store), number, is_new ? FIXTURE_NEW : FIXTURE_OLD, arm, cost, ways->two_cpus ? 2 : 1);
}

/*
 * Boots 0-2: old, off; 3-5: old, child; 6-8: new, off; 9-11: new, child. Per op of 10: charge grows by 10 in the child and by 1 without;
 * "counter" becomes "fresh" and grows by 5, and by a tenth of the seed.
 */
static struct rundata *make_run(const struct ways *ways, char *path, size_t size)
{
	static const struct fixture_cost costs[4] = {{100, 50}, {1000, 500}, {110, 50}, {1110, 550}};
	struct rundata *data;
	struct store *store;
	unsigned int i, seed;
	char name[32];

	snprintf(name, sizeof(name), "run%u", nr_runs++);
	store = fixture_run(scratch, name, ways->clock ? ways->clock : "insn");
	snprintf(path, size, "%s", store_dir(store));
	for (i = 0; i < 4; i++)
		for (seed = 1; seed <= SEEDS; seed++) {
			struct fixture_cost cost = costs[i];

			cost.next += i == 3 ? seed : 0;
			boot(store, SEEDS * i + seed - 1, i < 2 ? "old" : "new", seed, i % 2, &cost, ways);
		}
	fixture_symbols(path, FIXTURE_OLD, "counter");
	fixture_symbols(path, FIXTURE_NEW, "fresh");
	assert_int_equal(store_finish(store, "complete"), 0);
	if (rundata_load(path, &data))
		fail_msg("%s", err_msg());
	return data;
}

static struct explain_end end_of(const struct rundata *data, const char *kernel, size_t below)
{
	return (struct explain_end){.data = data, .kernel = kernel, .item = &data->items[0], .metric = 0, .arm = 1, .below = below};
}

static int make(const struct rundata *data, double wanted, struct explain_change *ret_change)
{
	struct explain_end old = end_of(data, "old", 0), new = end_of(data, "new", 0);

	return explain_change_make(&old, &new, wanted, 8, ret_change);
}

static void near(double value, double expected)
{
	if (!(fabs(value - expected) < 1e-6))
		fail_msg("%.9g for %.9g", value, expected);
}

static const struct explain_part *find_part(const struct explain_change *change, const char *name)
{
	size_t i;

	for (i = 0; i < change->nr_parts; i++)
		if (!strcmp(change->parts[i].name, name))
			return &change->parts[i];
	fail_msg("no part %s", name);
	return NULL;
}

/* --- tests --- */

/* Memcg's own part: what changed with it off is subtracted, function by function. */
static void names_functions(void **state)
{
	struct explain_change change;
	struct rundata *data;
	char path[160];

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	if (make(data, 15.2, &change))
		fail_msg("%s", err_msg());
	assert_int_equal(change.seed, 2);
	assert_int_equal(change.nr_seeds, SEEDS);
	near(change.change, 15.2);
	assert_int_equal(change.nr_parts, 3);
	/* Not the same function: without memcg it lost 5 and gained 5. */
	near(find_part(&change, "fresh")->change, 55.2 - 5);
	assert_int_equal(find_part(&change, "fresh")->note, EXPLAIN_NEW);
	near(find_part(&change, "counter")->change, -50 + 5);
	assert_int_equal(find_part(&change, "counter")->note, EXPLAIN_GONE);
	near(find_part(&change, "charge")->change, 10);
	assert_string_equal(change.parts[0].name, "fresh");
	assert_string_equal(change.parts[2].name, "charge");
	near(change.rest, 0);
	explain_change_free(&change);
	rundata_free(data);
}

static void few_names_and_the_rest(void **state)
{
	struct explain_end old, new;
	struct explain_change change;
	struct rundata *data;
	char path[160];

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	old = end_of(data, "old", SIZE_MAX);
	new = end_of(data, "new", SIZE_MAX);
	/* Nothing below: the arm's own change, 11 + 5.3. */
	assert_int_equal(explain_change_make(&old, &new, 16.3, 1, &change), 0);
	assert_int_equal(change.seed, 3);
	near(change.change, 16.3);
	assert_int_equal(change.nr_parts, 1);
	assert_string_equal(change.parts[0].name, "fresh");
	near(change.rest, 16.3 - 55.3);
	assert_int_equal(change.nr_rest, 2);
	explain_change_free(&change);
	rundata_free(data);
}

/* A change that no seed has, and samples that the profiles do not add up to. */
static void nothing_that_does_not_fit(void **state)
{
	struct explain_change change = {.seed = 77};
	struct rundata *data;
	char path[160];

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	assert_int_equal(make(data, 30, &change), -ENODATA);
	assert_int_equal(make(data, -15.2, &change), -ENODATA);
	rundata_free(data);
	/* The surplus is more than reading the clock takes in a region: somebody waited. */
	data = make_run(&(struct ways){.lie = 100}, path, sizeof(path));
	assert_int_equal(make(data, 115.2, &change), 0);
	assert_string_equal(change.parts[0].name, EXPLAIN_IDLE);
	explain_change_free(&change);
	rundata_free(data);
	/* Fewer than the profile counted. */
	change.seed = 77;
	data = make_run(&(struct ways){.lie = -8}, path, sizeof(path));
	assert_int_equal(make(data, 7.2, &change), -EBADMSG);
	assert_int_equal(change.seed, 77);
	rundata_free(data);
}

static void nothing_of_other_clocks(void **state)
{
	static const struct ways ways[] = {{.clock = "ns"}, {.is_count = true}};
	struct explain_change change;
	struct rundata *data;
	char path[160];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		data = make_run(&ways[i], path, sizeof(path));
		assert_int_equal(make(data, 15.2, &change), -ENODATA);
		rundata_free(data);
	}
}

static struct compare *compare_run(const struct rundata *data)
{
	const struct compare_options options = {0};
	struct compare_side base, cand;
	struct compare *compare;

	assert_int_equal(compare_side(data, "old", &base), 0);
	assert_int_equal(compare_side(data, "new", &cand), 0);
	if (compare_compute(&base, &cand, &options, &compare))
		fail_msg("%s", err_msg());
	assert_int_equal(compare->nr_rows, 1);
	return compare;
}

/* Several workers: by turns all is well, also on CPUs of their own; at once, their clocks count more than lies between their marks. */
static void several_workers(void **state)
{
	static const struct ways by_turns[] = {{.two_workers = true}, {.two_workers = true, .two_cpus = true}};
	struct explain_change change;
	struct compare *compare;
	struct rundata *data;
	char path[160], *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(by_turns) / sizeof(by_turns[0]); i++) {
		data = make_run(&by_turns[i], path, sizeof(path));
		if (make(data, 15.2, &change))
			fail_msg("%s", err_msg());
		near(change.change, 15.2);
		explain_change_free(&change);
		rundata_free(data);
	}
	data = make_run(&(struct ways){.two_workers = true, .two_cpus = true, .lie = 100}, path, sizeof(path));
	assert_int_equal(make(data, 115.2, &change), -EOPNOTSUPP);
	assert_non_null(strstr(err_msg(), "2 workers at once on 2 CPUs: "));
	compare = compare_run(data);
	text = compare_functions(compare, &compare->rows[0]);
	assert_non_null(strstr(text, "by function: not known: 2 workers at once on 2 CPUs"));
	free(text);
	compare_free(compare);
	rundata_free(data);
}

/* A boot that was not profiled is passed over for another seed; none is no explanation. */
static void boots_without_profiles(void **state)
{
	struct explain_change change;
	char path[160], file[256];
	struct rundata *data;
	unsigned int boot;

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	snprintf(file, sizeof(file), "%s/boots/4/profile", path); /* old, child, seed 2 */
	assert_int_equal(unlink(file), 0);
	assert_int_equal(make(data, 15.21, &change), 0);
	assert_int_equal(change.seed, 3);
	explain_change_free(&change);
	for (boot = 6; boot < 9; boot++) {
		snprintf(file, sizeof(file), "%s/boots/%u/profile", path, boot);
		assert_int_equal(unlink(file), 0);
	}
	assert_int_equal(make(data, 15.2, &change), -ENODATA);
	rundata_free(data);
}

static void damaged_and_foreign_profiles(void **state)
{
	struct explain_change change;
	char path[160], file[256], other[256];
	struct rundata *data;

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	snprintf(file, sizeof(file), "%s/boots/10/profile", path); /* new, child, seed 2 */
	snprintf(other, sizeof(other), "%s/boots/4/profile", path);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(link(other, file), 0);
	assert_int_equal(make(data, 15.2, &change), -EBADMSG);
	assert_non_null(strstr(err_msg(), "is of the image " FIXTURE_OLD ", but the boot was of " FIXTURE_NEW " (new)"));
	assert_int_equal(truncate(file, 40), 0);
	assert_int_equal(make(data, 15.2, &change), -EBADMSG);
	assert_non_null(strstr(err_msg(), "cut short or damaged"));
	rundata_free(data);
}

/* The row of a comparison finds its way to the right arms. */
static void a_row_of_a_comparison(void **state)
{
	struct compare *compare;
	struct rundata *data;
	char path[160], file[256], *text;
	json_t *json;

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	compare = compare_run(data);
	assert_int_equal(compare->rows[0].verdict, COMPARE_REGRESSION);
	text = compare_functions(compare, &compare->rows[0]);
	assert_string_equal(text, "by function: +15.2 = fresh +50.2 (new), counter -45.0 (gone), charge +10.0 (seed 2)");
	free(text);
	json = compare_functions_json(compare, &compare->rows[0]);
	near(json_real_value(json_object_get(json, "change")), 15.2);
	assert_int_equal(json_array_size(json_object_get(json, "parts")), 3);
	json_decref(json);
	compare->rows[0].verdict = compare->rows[0].row_verdict = COMPARE_SAME;
	text = compare_functions(compare, &compare->rows[0]);
	assert_string_equal(text, "");
	free(text);
	compare->rows[0].verdict = compare->rows[0].row_verdict = COMPARE_REGRESSION;
	snprintf(file, sizeof(file), "%s/symbols/" FIXTURE_NEW, path);
	assert_int_equal(unlink(file), 0);
	text = compare_functions(compare, &compare->rows[0]);
	assert_non_null(strstr(text, "by function: not known: "));
	assert_non_null(strstr(text, "symbols/" FIXTURE_NEW));
	free(text);
	json = compare_functions_json(compare, &compare->rows[0]);
	assert_true(json_is_null(json));
	json_decref(json);
	compare_free(compare);
	rundata_free(data);
}

static char *in_format(const struct compare *compare, compare_format_fn *format)
{
	static const struct compare_look look;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(format(compare, &look, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void has(const struct compare *compare, const char *format, const char *part)
{
	__free_mem char *text = in_format(compare, compare_format_find(format)->print);

	if (!strstr(text, part))
		fail_msg("%s: no \"%s\" in\n%s", format, part, text);
}

static int report_table(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	static const struct report report;

	(void)look;
	return report_compare_table(&report, compare, out);
}

/* Each format that has a place for functions; and that of a row without there is no trace. */
static void in_each_format(void **state)
{
	static const char list[] = "fresh:+50.2;counter:-45;charge:+10";
	__free_mem char *html = NULL;
	struct compare *compare;
	struct rundata *data;
	char path[160], *csv;

	(void)state;
	data = make_run(&(struct ways){0}, path, sizeof(path));
	compare = compare_run(data);
	csv = in_format(compare, compare_csv);
	assert_non_null(strstr(csv, ",functions\r\n"));
	assert_non_null(strstr(csv, list));
	assert_string_equal(strstr(csv, list) + strlen(list), "\r\n");
	free(csv);
	has(compare, "md", "fault, child, by function: +15.2 = fresh +50.2 (new)");
	has(compare, "lkml", "fresh +50.2 (new)");
	has(compare, "ktap", "\n    # by function: +15.2 = fresh +50.2 (new), counter -45.0 (gone), charge +10.0 (seed 2)\n    not ok 1 ");
	has(compare, "kcidb", "\"name\": \"fresh\"");
	html = in_format(compare, report_table);
	assert_non_null(strstr(html, "<details class=\"functions\"><summary>by function: +15.2 = fresh +50.2 (new), "));
	assert_non_null(strstr(html, "<li><code>counter</code> -45.0 (gone)</li>"));
	compare->rows[0].verdict = compare->rows[0].row_verdict = COMPARE_SAME;
	csv = in_format(compare, compare_csv);
	assert_null(strstr(csv, "fresh"));
	assert_non_null(strstr(csv, ",\r\n"));
	free(csv);
	compare_free(compare);
	rundata_free(data);
}

/* More names than fit: those that are left out are counted with the others, so that the parts still add up. */
static void a_short_sentence(void **state)
{
	struct explain_part parts[] = {{.name = "a", .change = 5}, {.name = "b", .change = -3}, {.name = "c", .change = 1}};
	const struct explain_change change = {.parts = parts, .nr_parts = 3, .rest = 0.5, .nr_rest = 2, .change = 3.5, .nr_seeds = 1};
	__free_mem char *one = explain_change_sentence(&change, 1), *all = explain_change_sentence(&change, 9);
	__free_mem char *list = explain_change_list(&change);

	(void)state;
	assert_string_equal(one, "+3.5 = a +5.0, 4 others -1.5");
	assert_string_equal(all, "+3.5 = a +5.0, b -3.0, c +1.0, 2 others +0.50");
	assert_string_equal(list, "a:+5;b:-3;c:+1;[others]:+0.5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_functions, setup, teardown),
		cmocka_unit_test_setup_teardown(few_names_and_the_rest, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_that_does_not_fit, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_of_other_clocks, setup, teardown),
		cmocka_unit_test_setup_teardown(several_workers, setup, teardown),
		cmocka_unit_test_setup_teardown(boots_without_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_and_foreign_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_of_a_comparison, setup, teardown),
		cmocka_unit_test_setup_teardown(in_each_format, setup, teardown),
		cmocka_unit_test(a_short_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
