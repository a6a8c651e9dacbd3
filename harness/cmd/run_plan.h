/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_plan.h - from the command line of `run` to a plan. Private to cmd/run.c and cmd/run_plan.c.
 */
#ifndef CMD_RUN_PLAN_H
#define CMD_RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "core/plan.h"
#include "machine/cgroup.h"
#include "machine/topo.h"

/* --accel: what runs the guests. */
enum run_accel {
	RUN_AUTO, /* KVM where a boot proves it, else RUN_ICOUNT: run_accel_choose() */
	RUN_KVM,
	RUN_TCG, /* no cost comes of it */
	RUN_ICOUNT,
};

enum suite { SUITE_CARD, SUITE_FULL };

/* The values of run's options. */
struct run_args {
	struct opt_list params, sweeps;
	unsigned int suite; /* enum suite */
	const char *workers, *memcgs, *depth, *place, *memory;
	unsigned int threads, stats, lru_gen; /* enum params_stats, enum params_lru_gen */
	uint64_t nr_siblings, sibling_pages;
	uint64_t limit_bytes, blocks, rep_ns, seed, latency_ops;
	/* kernels booted in guests */
	struct opt_list kernels, builds, numa, qemu_opts; /* kernels: the builds are appended to it */
	uint64_t nr_seeds, nr_jobs, cpus, memory_bytes, timeout_ns;
	struct opt_list boot_args;
	const char *append, *cpu_model, *shard, *budget;
	unsigned int cgroup, accel, profile; /* enum run_accel, enum run_profile_kind */
	bool quick, no_counters, no_plots, perf_record, json, dry_run, quiet;
	const char *results_dir, *dir, *save_baseline;
};

/* By enum suite, NULL behind the last. */
extern const char *const run_suite_names[];

enum run_profile_kind { RUN_PROFILE_NONE, RUN_PROFILE_FUNCTIONS, RUN_PROFILE_SHARING };

/* What of the command line is needed beyond the values. */
struct run_line {
	const struct run_args *args;
	const struct opt_parsed *parsed;
	const struct opt *options;
};

/*
 * Make the plan: the benches named, or a suite (BENCH_SUITE()) when none is. With --kernel it is a plan for guests: on the instruction clock, one pass a rep, with memcg off as baseline.
 * -EINVAL/-ENOENT/-ERANGE with a sentence that names the option. Free with plan_free().
 */
int run_plan_make(const struct run_line *line, const struct topo *topo, const struct cg_info *cg,
		  struct plan *ret_plan) __must_check;

/* --budget as a time, 0 for none or if it is not given. -EINVAL, -ERANGE with a sentence. */
int run_budget_parse(const char *text, uint64_t *ret_ns) __must_check;

/* "I/N", 1 ≤ I ≤ N: -EINVAL with a sentence. */
int run_shard_parse(const char *text, uint64_t *ret_index, uint64_t *ret_of) __must_check;

#endif
