/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_team.h - several workers, and a process more.
 *
 * Nothing here may be called inside a phase. A worker that fails takes the others with it, wherever they wait.
 */
#ifndef BENCH_BENCH_TEAM_H
#define BENCH_BENCH_TEAM_H

#include "bench.h"

/* Workers of this arm, which of them this is, and whether they share one address space. */
unsigned int bench_nr_workers(const struct bench_run *run);
unsigned int bench_worker(const struct bench_run *run);
int bench_is_threaded(const struct bench_run *run);

/* Returns when all workers of the team are here. All of them call it equally often. */
void bench_barrier(struct bench_run *run);

/* Workers take turns, in the order of their numbers, beginning with 0 in every rep: wait for mine; hand on to the next. */
void bench_turn_begin(struct bench_run *run);
void bench_turn_end(struct bench_run *run);
/*
 * In setup(), by all workers, before anyone's first turn: turns are taken among the workers of the same CPU, on every CPU at once, each
 * beginning with its lowest number.
 */
void bench_turn_by_cpu(struct bench_run *run);

/* Sleep 10 ms, so that whatever else holds pages gets a CPU and lets them go. */
void bench_let_others_run(void);

/*
 * Time the exit of a process as phase @phase, one op: fork a child that runs prepare(@state) and
 * exits. The clock runs from the child's last instruction before _exit() to the return of waitpid() in
 * the worker, so it includes the fixed cost of a process's end. prepare() runs untimed, in the child, and has to take @faults minor faults, give or
 * take those of its stack (16, and a fiftieth): what it touches is there to be freed.
 */
int bench_child_exit(struct bench_run *run, size_t phase, uint64_t faults, int (*prepare)(void *state, struct bench_run *run),
		     void *state);

#endif
