/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_plan_fixture.h - plans of command lines, on a machine of four cores and eight PUs. */
#ifndef TESTS_UNIT_RUN_PLAN_FIXTURE_H
#define TESTS_UNIT_RUN_PLAN_FIXTURE_H

#include <string.h>

#include "base/err.h"
#include "cmd/run_plan.h"

/* As much of run's table as the plan asks for. */
static const struct opt options[] = {
	{"workers", 'w', OPT_TO_STRING(struct run_args, workers), .arg = "N", .help = "x"},
	{"memcgs", 0, OPT_TO_STRING(struct run_args, memcgs), .arg = "H", .help = "x"},
	{"depth", 'd', OPT_TO_STRING(struct run_args, depth), .arg = "N", .def = "1", .help = "x"},
	{"place", 0, OPT_TO_STRING(struct run_args, place), .arg = "W", .def = "compact", .help = "x"},
	{"memory-bind", 0, OPT_TO_STRING(struct run_args, memory), .arg = "W", .def = "default", .help = "x"},
	{"param", 'p', OPT_TO_LIST(struct run_args, params), .arg = "X", .help = "x"},
	{"sweep", 0, OPT_TO_LIST(struct run_args, sweeps), .arg = "X", .help = "x"},
	{"suite", 0, OPT_TO_ENUM(struct run_args, suite, run_suite_names), .def = "card", .help = "x"},
	{"kernel", 'k', OPT_TO_LIST(struct run_args, kernels), .arg = "X", .help = "x"},
	{"processes", 0, OPT_TO_CONST(struct run_args, threads, 0), .help = "x"},
	{"threads", 0, OPT_TO_CONST(struct run_args, threads, 1), .help = "x"},
	{"numa", 0, OPT_TO_LIST(struct run_args, numa), .arg = "NODE", .help = "x"},
	{"limit", 0, OPT_TO_SIZE(struct run_args, limit_bytes, 1, INT64_MAX), .arg = "S", .help = "x"},
	{"blocks", 'b', OPT_TO_U64(struct run_args, blocks, 2, 1000), .arg = "N", .def = "60", .help = "x"},
	{"time", 't', OPT_TO_DURATION(struct run_args, rep_ns, 1, UINT64_MAX), .arg = "T", .def = "25ms", .help = "x"},
	{"latency-ops", 0, OPT_TO_U64(struct run_args, latency_ops, 0, 1000000), .arg = "N", .def = "200000", .help = "x"},
	{"seed", 0, OPT_TO_U64(struct run_args, seed, 0, 100), .arg = "N", .def = "1", .help = "x"},
	{"siblings", 0, OPT_TO_U64(struct run_args, nr_siblings, 0, 10000), .arg = "N", .def = "0", .help = "x"},
	{"sibling-pages", 0, OPT_TO_U64(struct run_args, sibling_pages, 0, 1 << 20), .arg = "N", .def = "0", .help = "x"},
	{"lru-gen", 0, OPT_TO_ENUM(struct run_args, lru_gen, params_lru_gen_names), .def = "keep", .help = "x"},
	{"stats", 0, OPT_TO_ENUM(struct run_args, stats, params_stats_names), .def = "as-found", .help = "x"},
	{"budget", 0, OPT_TO_STRING(struct run_args, budget), .arg = "T", .help = "x"},
	{"quick", 'q', OPT_TO_FLAG(struct run_args, quick), .help = "x"},
	OPT_END,
};

static struct topo *topo;
static const struct cg_info as_root = {.version = CG_V2, .can_enter_root = true};

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

static int load_machine(void **state)
{
	(void)state;
	return topo_load_synthetic("pack:1 numa:1 core:4 pu:2", &topo);
}

static int unload_machine(void **state)
{
	(void)state;
	topo_free(topo);
	return 0;
}

#endif
