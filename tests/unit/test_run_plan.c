// SPDX-License-Identifier: GPL-2.0-or-later
/* From the words of a command line to arms, workers and places. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "cmd/run_plan.h"
#include "cmd/run_time.h"
#include "cmd/suite.h"
#include "core/registry.h"

/* As much of run's table as the plan asks for. */
static const struct opt options[] = {
	{"workers", 'w', OPT_TO_STRING(struct run_args, workers), .arg = "N", .help = "x"},
	{"memcgs", 0, OPT_TO_STRING(struct run_args, memcgs), .arg = "H", .help = "x"},
	{"depth", 'd', OPT_TO_STRING(struct run_args, depth), .arg = "N", .def = "1", .help = "x"},
	{"place", 0, OPT_TO_STRING(struct run_args, place), .arg = "W", .def = "compact", .help = "x"},
	{"memory-bind", 0, OPT_TO_STRING(struct run_args, memory), .arg = "W", .def = "default", .help = "x"},
	{"param", 'p', OPT_TO_LIST(struct run_args, params), .arg = "X", .help = "x"},
	{"sweep", 0, OPT_TO_LIST(struct run_args, sweeps), .arg = "X", .help = "x"},
	{"suite", 0, OPT_TO_ENUM(struct run_args, suite, suite_names), .def = "card", .help = "x"},
	{"kernel", 'k', OPT_TO_LIST(struct run_args, kernels), .arg = "X", .help = "x"},
	{"processes", 0, OPT_TO_CONST(struct run_args, threads, 0), .help = "x"},
	{"threads", 0, OPT_TO_CONST(struct run_args, threads, 1), .help = "x"},
	{"numa", 0, OPT_TO_LIST(struct run_args, numa), .arg = "NODE", .help = "x"},
	{"limit", 0, OPT_TO_SIZE(struct run_args, limit_bytes, 1, INT64_MAX), .arg = "S", .help = "x"},
	{"blocks", 'b', OPT_TO_U64(struct run_args, blocks, 2, 1000), .arg = "N", .def = "60", .help = "x"},
	{"time", 't', OPT_TO_DURATION(struct run_args, rep_ns, 1, UINT64_MAX), .arg = "T", .def = "25ms", .help = "x"},
	{"latency-ops", 0, OPT_TO_U64(struct run_args, latency_ops, 0, 1000000), .arg = "N", .def = "200000", .help = "x"},
	{"seed", 0, OPT_TO_U64(struct run_args, seed, 0, 100), .arg = "N", .def = "1", .help = "x"},
	{"stats", 0, OPT_TO_ENUM(struct run_args, stats, params_stats_names), .def = "as-found", .help = "x"},
	{"budget", 0, OPT_TO_STRING(struct run_args, budget), .arg = "T", .help = "x"},
	{"quick", 'q', OPT_TO_FLAG(struct run_args, quick), .help = "x"},
	OPT_END,
};

static struct topo *topo;
static const struct cg_info as_root = {.version = CG_V2, .can_enter_root = true};
static const struct cg_info as_user = {.version = CG_V2, .can_enter_root = false};

static int make_from(char **argv, const struct cg_info *cg, struct plan *plan)
{
	struct run_args args = {0};
	struct opt_parsed parsed;
	struct run_line line = {.args = &args, .parsed = &parsed, .options = options};
	int argc = 0, ret;

	while (argv[argc])
		argc++;
	ret = opt_parse(options, argc, argv, &args, NULL, NULL, &parsed);
	if (!ret)
		ret = run_plan_make(&line, topo, cg, plan);
	opt_free(options, &args, &parsed);
	return ret;
}

#define make(cg, plan, ...) make_from((char *[]){"run", __VA_ARGS__, NULL}, cg, plan)

#define assert_refused(want, sentence, ...)                                                                   \
	do {                                                                                                  \
		struct plan plan_ = {.blocks = 4711};                                                         \
		assert_int_equal(make(&as_root, &plan_, __VA_ARGS__), want);                                   \
		if (!strstr(err_msg(), sentence))                                                              \
			fail_msg("%s", err_msg());                                                             \
		assert_int_equal(plan_.blocks, 4711);                                                          \
	} while (0)

/* How many items of the plan are of @bench, and with @nr_workers where that is not 0. */
static size_t count(const struct plan *plan, const char *bench, unsigned int nr_workers)
{
	size_t n = 0, i;

	for (i = 0; i < plan->nr_items; i++)
		n += !strcmp(plan->items[i].bench->name, bench) && (!nr_workers || plan->items[i].nr_workers == nr_workers);
	return n;
}

/* The benches of @plan are those that the card has lines for. */
static void assert_is_card(const struct plan *plan, enum suite_where where)
{
	size_t i, k;

	for (i = 0; i < registry_nr(); i++) {
		const char *name = registry_at(i)->name;
		bool wanted = false;

		for (k = 0; k < nr_suite_entries; k++)
			wanted |= !strcmp(suite_entries[k].bench, name) && (suite_entries[k].suites & (1 << SUITE_CARD)) &&
				  (suite_entries[k].where & where);
		if (wanted != (count(plan, name, 0) > 0))
			fail_msg("%s is %s the card, but the table %s it", name, wanted ? "not in" : "in", wanted ? "has" : "has not");
	}
}

static void the_card(void **state)
{
	struct plan plan;
	size_t i, of_one;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-q"), 0);
	assert_is_card(&plan, SUITE_LIVE);
	/* No swap, and no pressure, on the machine of somebody who did not ask for it. */
	assert_int_equal(count(&plan, "swapin_race", 0) + count(&plan, "reclaim_pressure", 0), 0);
	/* The harness itself is measured on one CPU only. */
	assert_int_equal(count(&plan, "null", 0), 1);
	assert_int_equal(count(&plan, "fault_storm", 4), 1);
	of_one = count(&plan, "charge_scaling", 1);
	plan_free(&plan);
	/* Whoever chooses the workers gets those, and nothing twice. */
	assert_int_equal(make(&as_root, &plan, "-w", "3"), 0);
	for (i = 0; i < plan.nr_items; i++)
		assert_int_equal(plan.items[i].nr_workers, 3);
	assert_int_equal(count(&plan, "fault_storm", 0), 1);
	plan_free(&plan);
	/* Threads have one memcg: nothing that is about several. */
	assert_int_equal(make(&as_root, &plan, "--threads"), 0);
	assert_true(count(&plan, "charge_scaling", 1) < of_one);
	plan_free(&plan);
}

static void suites(void **state)
{
	struct plan card, full;
	size_t i;

	(void)state;
	for (i = 0; i < nr_suite_entries; i++)
		assert_non_null(registry_find(suite_entries[i].bench));
	assert_int_equal(make(&as_root, &card, "-k", "x=y"), 0);
	assert_int_equal(make(&as_root, &full, "-k", "x=y", "--suite=full"), 0);
	/* In a guest of one CPU there are no cores to put workers on. */
	assert_int_equal(count(&card, "fault_storm", 4), 0);
	assert_true(full.nr_items > card.nr_items);
	for (i = 0; i < registry_nr(); i++)
		if (!count(&full, registry_at(i)->name, 0))
			fail_msg("%s is not in the full suite", registry_at(i)->name);
	assert_is_card(&card, SUITE_GUESTS);
	/* A guest short of memory takes its time. */
	assert_int_equal(count(&card, "reclaim_pressure", 0), 0);
	for (i = 0; i < card.nr_items; i++) {
		assert_int_equal(card.items[i].arms[0].state, PLAN_OFF);
		if (!strcmp(card.items[i].bench->name, "charge_scaling") && card.items[i].nr_workers > 1)
			assert_string_equal(card.items[i].place, "one");
	}
	plan_free(&card);
	plan_free(&full);
	assert_refused(-EINVAL, "--suite=full chooses the benches", "--suite=full", "null");
}

/* How many items are of @bench and have @param set to @value. */
static size_t count_with(const struct plan *plan, const char *bench, const char *param, const char *value)
{
	size_t n = 0, i;

	for (i = 0; i < plan->nr_items; i++) {
		json_t *json = plan_item_to_json(&plan->items[i]);
		const char *text = json_string_value(json_object_get(json_object_get(json, "params"), param));

		n += !strcmp(plan->items[i].bench->name, bench) && text && !strcmp(text, value);
		json_decref(json);
	}
	return n;
}

static size_t count_threads(const struct plan *plan)
{
	size_t n = 0, i;

	for (i = 0; i < plan->nr_items; i++)
		n += plan->items[i].threads;
	return n;
}

static void full_leaves_no_step_out(void **state)
{
	struct plan plan;
	unsigned int k;
	size_t i, n;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-k", "x=y", "--suite=full"), 0);
	for (k = 2; k <= 16; k++)
		assert_int_equal(count(&plan, "charge_scaling", k), 1);
	for (i = n = 0; i < plan.nr_items; i++) {
		const struct plan_item *item = &plan.items[i];

		n += !strcmp(item->bench->name, "pagecache_share") && item->arms[item->nr_arms - 1].depth >= 2;
	}
	assert_int_equal(n, 2);
	assert_int_equal(count_with(&plan, "reclaim_depth", "level", "3"), 1);
	assert_int_equal(count_with(&plan, "reclaim_depth", "siblings", "1000"), 3);
	assert_true(count_with(&plan, "reclaim_depth", "sibling-pages", "256") >= 1);
	assert_true(count_with(&plan, "reclaim_pressure", "siblings", "30") >= 1);
	assert_int_equal(count_with(&plan, "swapin_race", "way", "limit"), 1);
	assert_true(count_with(&plan, "swapin_race", "move", "swapped") >= 1);
	assert_int_equal(count_threads(&plan), 2);
	plan_free(&plan);
	/* Nobody asked for swap, or to press the machine, on a machine of his own. */
	assert_int_equal(make(&as_root, &plan, "--suite=full"), 0);
	assert_int_equal(count(&plan, "swapin_race", 0) + count(&plan, "reclaim_pressure", 0), 0);
	assert_int_equal(count(&plan, "reclaim_depth", 0), 1);
	plan_free(&plan);
	/* Who says how his workers are gets those. */
	assert_int_equal(make(&as_root, &plan, "-k", "x=y", "--suite=full", "--processes"), 0);
	assert_int_equal(count_threads(&plan), 0);
	plan_free(&plan);
}

static void nodes_where_there_are_two(void **state)
{
	struct plan plan;
	size_t i, scattered = 0, remote = 0;

	(void)state;
	assert_int_equal(make(&as_root, &plan, "-k", "x=y", "--suite=full", "--numa", "256M,cpus=0", "--numa", "256M,cpus=1"), 0);
	for (i = 0; i < plan.nr_items; i++) {
		scattered += !strcmp(plan.items[i].place, "scatter");
		remote += !strcmp(plan.items[i].memory, "remote");
	}
	/* One worker, two in one memcg, two in one each. */
	assert_int_equal(scattered, 3);
	assert_int_equal(remote, 1);
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "-k", "x=y", "--suite=full", "--numa", "512M,cpus=0-1"), 0);
	for (i = 0; i < plan.nr_items; i++)
		assert_string_not_equal(plan.items[i].place, "scatter");
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "--suite=full"), 0);
	for (i = 0; i < plan.nr_items; i++)
		assert_string_equal(plan.items[i].memory, "default");
	plan_free(&plan);
}

static void sweeps(void **state)
{
	struct plan plan;
	char text[32];

	(void)state;
	assert_int_equal(make(&as_root, &plan, "--sweep", "free-batch=1,8,8", "--sweep", "workers=1,cores", "fault_storm", "null"), 0);
	/* Twice two of fault_storm; null has no such parameter, but workers. */
	assert_int_equal(plan.nr_items, 2 * 2 + 2);
	assert_string_equal(params_text(&plan.items[0].params, 6, text, sizeof(text)), "1");
	assert_int_equal(plan.items[1].nr_workers, 4);
	assert_string_equal(params_text(&plan.items[2].params, 6, text, sizeof(text)), "8");
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
	assert_int_equal(plan.items[0].params.stats, STATS_FRESH);
	assert_int_equal(plan.items[1].params.stats, STATS_FRESH);
	plan_free(&plan);
	assert_int_equal(make(&as_root, &plan, "--sweep", "stats=as-found,flushable", "charge_depth"), 0);
	assert_int_equal(plan.nr_items, 2);
	assert_int_equal(plan.items[0].params.stats, STATS_AS_FOUND);
	assert_int_equal(plan.items[1].params.stats, STATS_FLUSHABLE);
	plan_free(&plan);
	/* A parameter of one bench is still none of the next. */
	assert_int_equal(make(&as_root, &plan, "-p", "way=stat", "charge_depth", "null"), 0);
	plan_free(&plan);
	assert_refused(-EINVAL, "none of as-found, fresh, flushable", "--sweep", "stats=stale", "null");
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
	char text[32];

	(void)state;
	/* Set where there is such a parameter; one that nobody has is an error. */
	assert_int_equal(make(&as_root, &plan, "-p", "free-batch=3", "null", "fault_storm"), 0);
	assert_string_equal(params_text(&plan.items[1].params, 6, text, sizeof(text)), "3");
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

static int load(void **state)
{
	(void)state;
	return topo_load_synthetic("pack:1 numa:1 core:4 pu:2", &topo);
}

static int unload(void **state)
{
	(void)state;
	topo_free(topo);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_card),
		cmocka_unit_test(suites),
		cmocka_unit_test(full_leaves_no_step_out),
		cmocka_unit_test(nodes_where_there_are_two),
		cmocka_unit_test(sweeps),
		cmocka_unit_test(states_of_statistics),
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

	return cmocka_run_group_tests(tests, load, unload);
}
