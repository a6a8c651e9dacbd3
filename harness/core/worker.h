/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - what team.c (in the runner) and worker.c (in the forked process) agree on. Private to both.
 *
 * The runner sends a struct worker_command to each worker and gets one byte back, an enum worker_answer; results lie
 * in the worker's struct bench_run in shared memory by then.
 */
#ifndef CORE_WORKER_H
#define CORE_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/bench_run.h"
#include "core/plan.h"
#include "machine/cgroup.h"
#include "machine/topo.h"

enum worker_what {
	COMMAND_REP, /* number: passes */
	COMMAND_COUNTED_REP,
	COMMAND_PROVE,
	COMMAND_RELEASE, /* ends the hold of COMMAND_PROVE */
	COMMAND_LATENCY, /* number: ops */
	COMMAND_STOP,
};

struct worker_command {
	enum worker_what what;
	uint64_t number;
};

enum worker_answer {
	ANSWER_DONE = 'd',
	ANSWER_HELD = 'h',
	ANSWER_ERROR = 'e',
};

struct team_shared {
	atomic_uint arrived; /* workers that are ready for the rep at hand: they start together */
	size_t nr_counters;  /* written by worker 0 */
	char counter_name[COUNTERS_MAX][32];
	char counters_why[256];
	struct bench_run run[];
};

struct team {
	const struct plan_item *item;
	const struct plan_arm *arm;
	const struct cg_group *group;
	const struct topo_place *places;
	uint64_t seed;
	struct team_shared *shared;
	size_t shared_bytes;
	pid_t *pid; /* by process; 0: reaped */
	int *fd;    /* by worker: our end here, its end in the worker's process */
	uint64_t oom_kills;
	bool held; /* between team_prove() and team_release() */
	bool broken;
};

/* The forked process with workers @first … @first + @nr - 1 of the process @runner; never returns. */
void worker_process(struct team *team, unsigned int first, unsigned int nr, pid_t runner) __attribute__((noreturn));

#endif
