/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * team.h - the workers of one arm: forked, put into their memcg, pinned, and told what to do.
 *
 * The runner talks to each worker over a socket and reads its results from shared memory. A team whose worker
 * died is broken: every call on it says so, team_stop() still cleans up. Workers die with the runner.
 */
#ifndef CORE_TEAM_H
#define CORE_TEAM_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arm_groups.h"
#include "core/bench_run.h"
#include "core/plan.h"
#include "machine/topo.h"

struct team;

/* Set by the runner's signal handler: every wait on a worker ends with -EINTR. */
extern volatile sig_atomic_t team_interrupted;

/* Sums over the workers of one rep; per worker through team_run(). */
struct team_rep {
	struct bench_phase phase[BENCH_METRICS_MAX];
	uint64_t elapsed_ns; /* first start to last end */
	uint64_t minflt, majflt, nvcsw, nivcsw;
};

/* What a team is of. Everything is borrowed, and has to outlive the team. */
struct team_setup {
	const struct plan_item *item;
	size_t item_index, arm_index; /* in the plan, in the item */
	const struct arm_groups *groups;
	const struct topo_place *places;
	const char *dir; /* for files of the bench, on a disk; NULL: there is none */
	bool in_guest;	 /* bench_run_in_guest() */
	bool counts_insn; /* the clock is one of instructions */
	uint64_t seed;	 /* differs by block */
};

/*
 * Fork the workers into their memcgs, and run share() in the first and setup() in each. On failure the sentence names the worker;
 * nothing is left running. 1: a worker called bench_skip(), err_msg() is its sentence. Free with team_stop().
 */
int team_start(const struct team_setup *setup, struct team **ret_team) __must_check;

/*
 * One rep of @passes passes in all workers at once, verified. @number: of the sample that it is for, or BENCH_REP_UNNUMBERED.
 * @counted: with counters open (which slows the work: its time is no result). -EPROTO: a worker's evidence does not match its claim;
 * -ECHILD: a worker died (the sentence says of what, the OOM killer by name); -EINTR: team_interrupted; -ETIMEDOUT: no answer
 * in time.
 */
int team_rep(struct team *team, uint64_t passes, bool counted, uint32_t number, struct team_rep *ret_rep) __must_check;

/*
 * The pass that proves the work: all workers stop before it, at each bench_hold(), and after it (struct bench_run, stop, expected). They
 * stand still until team_release(); *ret_stopped: they do so again, else the pass is over. -EPROTO: only some of them stopped.
 */
int team_prove(struct team *team) __must_check;
int team_release(struct team *team, bool *ret_stopped) __must_check;

/*
 * Is the state in which the item's passes are to find memcg's statistics to be had, and does a pass end in it? 1: not with this kernel, or these
 * parameters; err_msg() says why. Errors as team_rep().
 */
int team_prove_stats(struct team *team) __must_check;

/* One latency pass of @ops ops per worker; adds up into @histogram. */
int team_latency(struct team *team, uint64_t ops, struct histogram *histogram) __must_check;

/* What a worker wrote in the last rep. */
const struct bench_run *team_run(const struct team *team, unsigned int worker);

/* Names of the counters of the last counted rep, and why some are missing. */
size_t team_nr_counters(const struct team *team);
const char *team_counter_name(const struct team *team, size_t i);
const char *team_counters_why(const struct team *team);

/*
 * Let the workers end, kill what does not, take back what they changed of their memcgs, free the team. NULL is
 * fine. An error is that of a worker that had not failed before or of its end, else one of taking back; 1: as team_start().
 */
int team_stop(struct team *team);

#endif
