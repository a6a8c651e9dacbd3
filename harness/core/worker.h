/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * worker.h - what team*.c (in the runner) and worker*.c (in the forked process) agree on. Private to both.
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

#include "core/arm_groups.h"
#include "core/bench_run.h"
#include "core/plan.h"
#include "core/team.h"
#include "machine/cgroup.h"
#include "machine/topo.h"

/* Hexadecimal switches; takes "y", "n" and what it says (show_enabled(), store_enabled() in mm/vmscan.c, Linux 6.12). */
#define LRU_GEN_ENABLED "/sys/kernel/mm/lru_gen/enabled"

enum worker_what {
	COMMAND_REP, /* number: passes */
	COMMAND_COUNTED_REP,
	COMMAND_PROVE,
	COMMAND_RELEASE, /* ends the hold of COMMAND_PROVE */
	COMMAND_LATENCY, /* number: ops */
	COMMAND_PROVE_STATS,
	COMMAND_STOP,
};

struct worker_command {
	enum worker_what what;
	uint32_t rep; /* struct bench_run */
	uint64_t number;
};

enum worker_answer {
	ANSWER_DONE = 'd',
	ANSWER_HELD = 'h',
	ANSWER_ERROR = 'e',
};

struct team_shared {
	atomic_uint arrived; /* workers that are ready for the rep at hand: they start together */
	atomic_uint barrier_waiting, barrier_round;
	atomic_bool changed_limits, made_memcgs; /* what is to be taken back; set before it is done */
	size_t nr_counters;  /* written by worker 0 */
	char counter_name[COUNTERS_MAX][32];
	char counters_why[256];
	struct bench_run run[];
};

/* bench.h's handle. Those of homes and of what is above them are the team's; others are the worker's that made them. */
struct bench_memcg {
	struct cg_group *group; /* NULL: "off" */
	unsigned int level;	/* above the leaves */
	char made[24];		/* by bench_memcg_make(): what its name ends with; "": it was not */
	/*
	 * Files that were used, open, of the process @opener: looking up their paths would cost the more the deeper they
	 * are. Workers that share a descriptor would wait for each other: threads, and what was inherited, do without.
	 */
	pid_t opener;
	int fd[CG_FILES];
};

struct team {
	const struct plan_item *item;
	const struct plan_arm *arm;
	const struct arm_groups *groups;
	const struct topo_place *places;
	const char *dir;
	struct bench_pages siblings; /* what they hold; of the process that the workers come from, and theirs */
	bool in_guest, counts_insn;
	size_t item_index, arm_index;
	uint64_t seed;
	struct team_shared *shared;
	size_t shared_bytes;
	struct bench_memcg *memcgs; /* of the leaves (one at least), then upwards from them */
	pid_t *pid; /* by process, shared; 0: reaped, or never there */
	int *fd;    /* by worker: our end here, its end in the worker's process */
	uint64_t oom_kills;
	bool held; /* of the pass that proves: workers stand still */
	bool broken;
};

/* Is there something to be made before there are workers, for all of them? Processes come from one then. */
static inline bool team_shares(const struct team *team)
{
	return team->item->bench->share || team->item->params.common[PARAMS_SIBLINGS];
}

/*
 * The forked process with workers @first … @first + @nr - 1 of the process @runner; never returns. Of a team that shares, it is
 * all workers in threads, or worker 0, which then makes the other processes.
 */
void worker_process(struct team *team, unsigned int first, unsigned int nr, pid_t runner) __attribute__((noreturn));

#endif
