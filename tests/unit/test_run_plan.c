// SPDX-License-Identifier: GPL-2.0-or-later
/* From the words of a command line to arms, workers and places. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/run_time.h"
#include "core/registry.h"
#include "run_plan_fixture.h"

static const struct cg_info as_user = {.version = CG_V2, .can_enter_root = false};

/* --- the suites of the benches that there are: what holds of each, whichever they are --- */

static size_t count(const struct plan *plan, const struct bench *bench)
{
	size_t n = 0, i;

	for (i = 0; i < plan->nr_items; i++)
		n += plan->items[i].bench == bench;
	return n;
}

static bool is_wanted(const struct bench *bench, unsigned int suite, unsigned int where)
{
	size_t i;

	for (i = 0; i < bench->nr_suite; i++)
		if ((bench->suite[i].suites & suite) && !(bench->suite[i].where & BENCH_NODES) &&
		    (!bench->suite[i].where || (bench->suite[i].where & where)))
			return true;
	return false;
}

/* No item twice, none that the runner would refuse, and no more than it takes. */
static void assert_is_sound(const struct plan *plan)
{
	json_t *json = plan_to_json(plan), *items = json_object_get(json, "items");
	struct plan back;
	size_t i, k;

	assert_in_range(plan->nr_items, 1, UINT16_MAX);
	for (i = 0; i < plan->nr_items; i++)
		for (k = 0; k < i; k++)
			if (json_equal(json_array_get(items, i), json_array_get(items, k)))
				fail_msg("%s is there twice, as items %zu and %zu", plan->items[i].bench->name, k, i);
	if (plan_from_json(json, &back))
		fail_msg("%s", err_msg());
	assert_int_equal(back.nr_items, plan->nr_items);
	json_decref(json);
	plan_free(&back);
}

static void suites_of_every_bench(void **state)
{
	static const struct {
		const char *kernel, *suite;
		unsigned int in, where;
	} suites[] = {
		{NULL, "--suite=card", BENCH_CARD, BENCH_LIVE},
		{NULL, "--suite=full", BENCH_FULL, BENCH_LIVE},
		{"--kernel=x=y", "--suite=card", BENCH_CARD, BENCH_GUESTS},
		{"--kernel=x=y", "--suite=full", BENCH_FULL, BENCH_GUESTS},
	};
	struct plan plan;
	size_t i, k;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(suites); k++) {
		if (make_from((char *[]){"run", (char *)suites[k].suite, (char *)suites[k].kernel, NULL}, &as_root, &plan))
			fail_msg("%s: %s", suites[k].suite, err_msg());
		assert_is_sound(&plan);
		for (i = 0; i < registry_nr(); i++) {
			const struct bench *bench = registry_at(i);

			if (bench->nr_suite && (count(&plan, bench) > 0) != is_wanted(bench, suites[k].in, suites[k].where))
				fail_msg("%s: %zu items of %s%s", bench->name, count(&plan, bench), suites[k].suite, suites[k].kernel ? " in guests" : "");
		}
		for (i = 0; i < plan.nr_items; i++) {
			if (suites[k].where == BENCH_GUESTS)
				assert_int_equal(plan.items[i].arms[0].state, PLAN_OFF);
			/* Nobody asked for swap, or to press the machine, on a machine of his own. */
			else if (params_needs(&plan.items[i].params) & (BENCH_NEEDS_SWAP | BENCH_NEEDS_GUEST))
				fail_msg("%s: in a live run", plan.items[i].bench->name);
		}
		plan_free(&plan);
	}
	/* In a guest there is every one. */
	assert_int_equal(make(&as_root, &plan, "-k", "x=y", "--suite=full"), 0);
	for (i = 0; i < registry_nr(); i++)
		if (!count(&plan, registry_at(i)))
			fail_msg("%s is not in the full suite", registry_at(i)->name);
	plan_free(&plan);
	assert_refused(-EINVAL, "--suite=full chooses the benches", "--suite=full", "null");
}

/* The value of a parameter; until the next call. */
static const char *text_of(const struct plan_item *item, const char *param)
{
	static char text[64];
	size_t i = 0;

	while (strcmp(params_at(&item->params, i)->name, param))
		assert_true(++i < params_nr(&item->params));
	return params_text(&item->params, i, text, sizeof(text));
}

static void sweeps(void **state)
{
	struct plan plan;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "--sweep", "free-batch=1,8,8", "--sweep", "workers=1,cores", "fault_storm", "null"), 0);
	/* Twice two of fault_storm; null has no such parameter, but workers. */
	assert_int_equal(plan.nr_items, 2 * 2 + 2);
	assert_string_equal(text_of(&plan.items[0], "free-batch"), "1");
	assert_int_equal(plan.items[1].nr_workers, 4);
	assert_string_equal(text_of(&plan.items[2], "free-batch"), "8");
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "--sweep", "depth=1,4", "-w", "2", "--sweep", "memcgs=shared,each", "null"), 0);
	assert_int_equal(plan.nr_items, 2);
	assert_int_equal(plan.items[0].nr_arms, 3);
	assert_int_equal(plan.items[0].arms[2].depth, 4);
	assert_int_equal(plan.items[1].nr_memcgs, 2);
	plan_free(&plan);
	assert_refused(-EINVAL, "NAME=VALUE", "--sweep", "free-batch", "fault_storm");
	assert_refused(-EINVAL, "NAME=VALUE", "--sweep", "free-batch=", "fault_storm");
	assert_refused(-ENOENT, "nor a parameter of the chosen benches", "--sweep", "free-batch=1,2", "null");
	assert_refused(-EINVAL, "free-batch", "--sweep", "free-batch=1,,2", "fault_storm");
	assert_refused(-ERANGE, "0 is not between", "--sweep", "workers=1,0", "null");
}

/* Of every bench, for all or by a sweep. */
static void states_of_statistics(void **state)
{
	struct plan plan;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "--stats=fresh", "null", "charge_depth"), 0);
	assert_int_equal(plan.items[0].params.common[PARAMS_STATS], STATS_FRESH);
	assert_int_equal(plan.items[1].params.common[PARAMS_STATS], STATS_FRESH);
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "--sweep", "stats=as-found,flushable", "charge_depth"), 0);
	assert_int_equal(plan.nr_items, 2);
	assert_int_equal(plan.items[0].params.common[PARAMS_STATS], STATS_AS_FOUND);
	assert_int_equal(plan.items[1].params.common[PARAMS_STATS], STATS_FLUSHABLE);
	plan_free(&plan);
	/* A parameter of one bench is still none of the next. */
	assert_int_equal(make(&as_root, &plan, "-p", "way=stat", "charge_depth", "null"), 0);
	plan_free(&plan);
	assert_refused(-EINVAL, "none of as-found, fresh, flushable", "--sweep", "stats=stale", "null");
}

/* What stands beside: of every bench, by an option or by a sweep, which goes before. */
static void siblings(void **state)
{
	struct plan plan;
	json_t *json;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "--siblings=30", "--sibling-pages=256", "-k", "x=y", "--lru-gen=off", "null", "charge_depth"), 0);
	assert_string_equal(text_of(&plan.items[0], "siblings"), "30");
	assert_string_equal(text_of(&plan.items[1], "siblings"), "30");
	assert_string_equal(text_of(&plan.items[1], "sibling-pages"), "256");
	assert_string_equal(text_of(&plan.items[1], "lru-gen"), "off");
	assert_string_equal(text_of(&plan.items[1], "stats"), "as-found");
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "--siblings=30", "--sweep", "siblings=0,100", "null"), 0);
	assert_int_equal(plan.nr_items, 2);
	assert_string_equal(text_of(&plan.items[0], "siblings"), "0");
	assert_string_equal(text_of(&plan.items[1], "siblings"), "100");
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "-p", "siblings=7", "null"), 0);
	assert_string_equal(text_of(&plan.items[0], "siblings"), "7");
	plan_free(&plan);
	/* Not given: nothing is said of them. */
	assert_int_equal(make(&as_root, &plan, "null"), 0);
	json = plan_item_to_json(&plan.items[0]);
	assert_null(json_object_get(json_object_get(json, "params"), "siblings"));
	json_decref(json);
	plan_free(&plan);
	assert_refused(-ERANGE, "parameter siblings: \"10001\" is outside 0 to 10000", "--sweep", "siblings=1,10001", "null");
}

static void lists_of_workers(void **state)
{
	struct plan plan;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-w", "1,cores,pus,1024", "null"), 0);
	assert_int_equal(plan.nr_items, 4);
	assert_int_equal(plan.items[1].nr_workers, 4);
	assert_int_equal(plan.items[2].nr_workers, 8);
	assert_int_equal(plan.items[3].nr_workers, PLAN_WORKERS_MAX);
	plan_free(&plan);
	assert_refused(-ERANGE, "--workers=0: 0 is not between 1 and 1024", "-w", "0", "null");
	assert_refused(-ERANGE, "1025 is not between", "-w", "1,1025", "null");
	assert_refused(-EINVAL, "--workers=1,: \"\" is not a number", "-w", "1,", "null");
	assert_refused(-EINVAL, "\"core\" is not a number", "-w", "core", "null");
	assert_refused(-EINVAL, "\" 1\" is not a number", "-w", " 1", "null");
	assert_refused(-ERANGE, "18446744073709551616", "-w", "18446744073709551616", "null");
	assert_refused(-ERANGE, "at most 16 numbers", "-w", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", "null");
}

static void lists_of_depths(void **state)
{
	struct plan plan;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-d", "1,64,2", "--limit", "1G", "null"), 0);
	assert_int_equal(plan.items[0].nr_arms, 4);
	assert_int_equal(plan.items[0].arms[0].state, PLAN_ROOT);
	assert_true(plan.items[0].arms[0].limit_bytes == UINT64_MAX);
	assert_int_equal(plan.items[0].arms[2].depth, 64);
	assert_int_equal(plan.items[0].arms[3].limit_bytes, 1 << 30);
	plan_free(&plan);
	assert_refused(-ERANGE, "--depth=65: 65 is not between 1 and 64", "-d", "65", "null");
	assert_refused(-ERANGE, "--depth=0", "-d", "0", "null");
	assert_refused(-ERANGE, "at most 15 depths", "-d", "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", "null");
	/* Of the workers alone. */
	assert_refused(-EINVAL, "\"cores\" is not a number", "-d", "cores", "null");
}

static void where_root_is_out_of_reach(void **state)
{
	struct plan plan = {0};

	(void)state;
	assert_int_equal(make(&as_user, &plan, "-d", "1,63", "--limit", "1M", "null"), 0);
	assert_int_equal(plan.items[0].arms[0].state, PLAN_CHILD);
	assert_int_equal(plan.items[0].arms[0].depth, 1);
	assert_true(plan.items[0].arms[0].limit_bytes == UINT64_MAX);
	assert_int_equal(plan.items[0].arms[1].depth, 2);
	assert_int_equal(plan.items[0].arms[2].depth, 64);
	plan_free(&plan);
	/* One level is the baseline's: the runner would refuse 65. */
	assert_int_equal(make(&as_user, &plan, "-d", "64", "null"), -ERANGE);
	assert_non_null(strstr(err_msg(), "between 1 and 63"));
}

static void every_plan_is_one_to_the_runner(void **state)
{
	const struct cg_info *const who[] = {&as_root, &as_user};
	struct plan plan, back;
	json_t *json;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(who); i++) {
		assert_int_equal(make(who[i], &plan, "-d", i ? "63" : "64", "-w", "1024", "--limit", "8388607T",
				      "-p", "size=1T", "fault_storm"), 0);
		json = plan_to_json(&plan);
		assert_int_equal(plan_from_json(json, &back), 0);
		assert_true(back.items[0].arms[1].limit_bytes == plan.items[0].arms[1].limit_bytes);
		json_decref(json);
		plan_free(&plan);
		plan_free(&back);
	}
}

static void parameters(void **state)
{
	struct plan plan;

	(void)state;
	/* Set where there is such a parameter; one that nobody has is an error. */
	assert_int_equal(make(&as_root, &plan, "-p", "free-batch=3", "null", "fault_storm"), 0);
	assert_string_equal(text_of(&plan.items[1], "free-batch"), "3");
	plan_free(&plan);
	assert_refused(-ENOENT, "none of the chosen benches", "-p", "free-batch=3", "null");
	assert_refused(-EINVAL, "NAME=VALUE", "-p", "free-batch", "fault_storm");
	assert_refused(-EINVAL, "NAME=VALUE", "-p",
		       "a-name-that-is-longer-than-any-parameter-of-any-bench-could-ever-be=1", "fault_storm");
	assert_refused(-ENOENT, "", "-p", "=1", "fault_storm");
	assert_refused(-EINVAL, "access", "-p", "access=", "fault_storm");
	assert_refused(-ENOENT, "there is no bench \"nul\"", "nul");
}

static void places_are_not_cut(void **state)
{
	char place[300];

	(void)state;
	memset(place, '1', sizeof(place));
	place[128] = '\0';
	assert_refused(-ERANGE, "--place: at most 127 letters", "--place", place, "null");
	place[32] = '\0';
	assert_refused(-ERANGE, "--memory-bind: at most 31 letters", "--memory-bind", place, "null");
}

static void quick_gives_way_to_what_is_said(void **state)
{
	struct plan plan, said;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-q", "null"), 0);
	assert_int_equal(make(&as_root, &said, "-q", "-b", "60", "-t", "25ms", "null"), 0);
	assert_true(plan.blocks < 60);
	assert_true(plan.rep_ns < 25000000);
	assert_int_equal(said.blocks, 60);
	assert_int_equal(said.rep_ns, 25000000);
	assert_int_equal(said.latency_ops, plan.latency_ops);
	assert_true(run_time_live_ns(&plan, true) < run_time_live_ns(&said, true));
	plan_free(&plan);
	plan_free(&said);
}

/* In seconds; 0: none. */
static void assert_budget(uint64_t seconds, char **argv)
{
	struct plan plan;

	assert_int_equal(make_from(argv, &as_root, &plan), 0);
	assert_int_equal(plan.budget_ns, seconds * 1000000000);
	plan_free(&plan);
}

static void the_card_has_a_budget_unless_something_else_is_said(void **state)
{
	(void)state;
	assert_budget(120, (char *[]){"run", NULL});
	assert_budget(120, (char *[]){"run", "-t", "1ms", "--depth=1,5", NULL});
	assert_budget(30, (char *[]){"run", "-q", NULL});
	assert_budget(300, (char *[]){"run", "--budget=5m", NULL});
	assert_budget(300, (char *[]){"run", "--budget=5m", "--suite=full", NULL});
	assert_budget(10, (char *[]){"run", "--budget=10s", "null", NULL});
	assert_budget(0, (char *[]){"run", "--budget=none", NULL});
	assert_budget(0, (char *[]){"run", "null", NULL});
	assert_budget(0, (char *[]){"run", "--suite=full", NULL});
	assert_budget(0, (char *[]){"run", "--sweep=depth=1,2", NULL});
	/* What is said of blocks goes before it; guests have their own way. */
	assert_budget(0, (char *[]){"run", "-b", "20", "--budget=10s", NULL});
	assert_budget(0, (char *[]){"run", "-k", "x", "--budget=10s", NULL});
	assert_refused(-EINVAL, "--budget=soon: a time such as 2m, or none", "--budget=soon");
	assert_refused(-ERANGE, "--budget=10ms: less than a second", "--budget=10ms");
}

static void only_what_nobody_asked_for_may_become_smaller(void **state)
{
	struct plan plan, back;
	json_t *json;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "--budget=9s", "-p", "size=8M", "fault_storm", "null"), 0);
	assert_int_equal(plan.items[0].given, 1 << 5);
	assert_string_equal(plan.items[0].bench->params[5].name, "size");
	assert_int_equal(plan.items[1].given, 0);
	plan.items[1].spare = 3;
	json = plan_to_json(&plan);
	assert_int_equal(plan_from_json(json, &back), 0);
	assert_int_equal(back.budget_ns, 9000000000);
	assert_int_equal(back.items[0].given, 1 << 5);
	assert_int_equal(back.items[1].spare, 3);
	json_decref(json);
	plan_free(&plan);
	plan_free(&back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_of_every_bench),
		cmocka_unit_test(sweeps),
		cmocka_unit_test(states_of_statistics),
		cmocka_unit_test(siblings),
		cmocka_unit_test(lists_of_workers),
		cmocka_unit_test(lists_of_depths),
		cmocka_unit_test(where_root_is_out_of_reach),
		cmocka_unit_test(every_plan_is_one_to_the_runner),
		cmocka_unit_test(parameters),
		cmocka_unit_test(places_are_not_cut),
		cmocka_unit_test(quick_gives_way_to_what_is_said),
		cmocka_unit_test(the_card_has_a_budget_unless_something_else_is_said),
		cmocka_unit_test(only_what_nobody_asked_for_may_become_smaller),
	};

	return cmocka_run_group_tests(tests, load_machine, unload_machine);
}
