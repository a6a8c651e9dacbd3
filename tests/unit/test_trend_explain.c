// SPDX-License-Identifier: GPL-2.0-or-later
/* data/trend_explain.h: from change points to functions, through runs and profiles made here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "data/history.h"
#include "data/trend_explain.h"
#include "out/trend_formats.h"
#include "profile_fixture.h"
#include "scratch.h"

#define SEEDS  3

static void shell(const char *command)
{
	char *text;

	assert_true(asprintf(&text, "cd %s && %s", scratch, command) > 0);
	assert_int_equal(system(text), 0);
	free(text);
}

/* Memcg adds 10 per op to "charge", and "counter" becomes "fresh"; without memcg nothing changes but that name. */
static void add_kernel(struct store *store, unsigned int first_boot, bool is_new)
{
	unsigned int seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		struct fixture_cost off = {100, 50}, child = {is_new ? 1100 : 1000, 50};

		fixture_boot(store, first_boot + 2 * seed, is_new ? "new" : "old", is_new ? "6.2.0" : "6.1.0", seed, 0,
			     is_new ? FIXTURE_NEW : FIXTURE_OLD, &off);
		fixture_boot(store, first_boot + 2 * seed + 1, is_new ? "new" : "old", is_new ? "6.2.0" : "6.1.0", seed, 1,
			     is_new ? FIXTURE_NEW : FIXTURE_OLD, &child);
	}
	fixture_symbols(store_dir(store), is_new ? FIXTURE_NEW : FIXTURE_OLD, is_new ? "fresh" : "counter");
}

static void make_runs(bool in_one)
{
	struct store *store = fixture_run(scratch, "a", "insn");

	add_kernel(store, 0, false);
	if (!in_one) {
		assert_int_equal(store_finish(store, "complete"), 0);
		store = fixture_run(scratch, "b", "insn");
	}
	add_kernel(store, 100, true);
	assert_int_equal(store_finish(store, "complete"), 0);
}

/* The one change of the one series; the caller frees both. */
static const struct trend_row *find_change(struct history **ret_history, struct trend **ret_trend)
{
	struct trend_options options = {.of = TREND_OVERHEAD, .changepoint = {.accept = CHANGEPOINT_T, .alpha = 0.01, .sigmas = 1}};

	assert_int_equal(history_new(ret_history), 0);
	if (history_add_folder(*ret_history, scratch) || history_finish(*ret_history, HISTORY_BY_VERSION) ||
	    trend_compute(*ret_history, &options, ret_trend) || trend_explain(*ret_history, *ret_trend, 2))
		fail_msg("%s", err_msg());
	assert_int_equal((*ret_trend)->nr_rows, 1);
	assert_int_equal((*ret_trend)->rows[0].found.nr, 1);
	assert_non_null((*ret_trend)->rows[0].functions);
	return &(*ret_trend)->rows[0];
}

static void assert_explained(void)
{
	struct history *history;
	struct trend *trend;
	const struct explain_change *functions = find_change(&history, &trend)->functions;

	assert_non_null(functions->parts);
	assert_true(fabs(functions->change - 10) < 1e-9);
	assert_string_equal(functions->parts[0].name, "charge");
	assert_true(fabs(functions->parts[0].change - 10) < 1e-9);
	trend_free(trend);
	history_free(history);
}

static void assert_unexplained(void)
{
	struct history *history;
	struct trend *trend;

	assert_null(find_change(&history, &trend)->functions->parts);
	trend_free(trend);
	history_free(history);
}

static void kernels_of_one_run(void **state)
{
	(void)state;
	make_runs(true);
	assert_explained();
	/* And from the index. */
	assert_explained();
}

static void kernels_of_two_runs(void **state)
{
	(void)state;
	make_runs(false);
	assert_explained();
}

static void without_profiles_nothing_is_said(void **state)
{
	(void)state;
	make_runs(false);
	shell("rm -r a/boots");
	assert_unexplained();
	/* One end is not enough, a damaged one not either. */
	shell("cp -r b/boots a/boots && for f in a/boots/*/profile; do echo nonsense >$f; done");
	assert_unexplained();
}

static void a_run_that_is_gone(void **state)
{
	struct history *history;
	struct trend *trend;

	(void)state;
	make_runs(false);
	assert_explained();
	assert_int_equal(history_new(&history), 0);
	assert_int_equal(history_add_folder(history, scratch), 0);
	assert_int_equal(history_finish(history, HISTORY_BY_VERSION), 0);
	shell("rm a/samples.jsonl");
	assert_int_equal(trend_compute(history, &(struct trend_options){.changepoint = {.alpha = 0.01, .sigmas = 1}}, &trend), 0);
	assert_int_equal(trend_explain(history, trend, 2), 0);
	assert_null(trend->rows[0].functions[0].parts);
	trend_free(trend);
	history_free(history);
}

static void in_words_and_json(void **state)
{
	struct trend_view view = {.width = 200};
	struct history *history;
	struct trend *trend;
	char *text;
	size_t size;
	FILE *out;
	json_t *root, *json;

	(void)state;
	make_runs(true);
	find_change(&history, &trend);
	view.history = history;
	view.trend = trend;
	out = open_memstream(&text, &size);
	assert_int_equal(trend_text(&view, out), 0);
	fclose(out);
	if (!strstr(text, "  child - off, 6.1.0 to 6.2.0, by function:\n    +10.0 = charge +10.0"))
		fail_msg("%s", text);
	free(text);
	out = open_memstream(&text, &size);
	assert_int_equal(trend_json(&view, out), 0);
	fclose(out);
	root = json_loads(text, 0, NULL);
	json = json_array_get(json_object_get(json_array_get(json_object_get(root, "series"), 0), "changes"), 0);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(json_object_get(json, "functions"), "parts"), 0),
							      "name")),
			    "charge");
	json_decref(root);
	free(text);
	trend_free(trend);
	history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kernels_of_one_run, setup, teardown),
		cmocka_unit_test_setup_teardown(kernels_of_two_runs, setup, teardown),
		cmocka_unit_test_setup_teardown(without_profiles_nothing_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(a_run_that_is_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(in_words_and_json, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
