/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker_priv.h - one worker, as the parts of the forked side see it. Private to worker*.c. */
#ifndef CORE_WORKER_PRIV_H
#define CORE_WORKER_PRIV_H

#include "base/util.h"
#include "core/worker.h"

/* What one worker, process or thread, carries around. */
struct worker {
	struct team *team;
	struct bench_run *run;
	const struct bench *bench;
	void *state;
	unsigned int index;
	int fd;
};

/* err.h's sentence becomes the worker's. */
int worker_error(struct worker *worker, int ret);

/* An enum worker_answer. Does not return when the runner is gone. */
void worker_answer(struct worker *worker, char kind);
/* ANSWER_ERROR; an error that came without a sentence gets one. */
void worker_answer_error(struct worker *worker, int ret);

/* Pin, bind, and take a part of the address space. */
int worker_take_place(struct worker *worker) __must_check;
/*
 * Where instructions are counted, ask the scheduler for the longest slice: a short one ends within most reps, on 7.1 by an interrupt of its
 * own. Before Linux 6.12, and for a policy that is not SCHED_OTHER, nothing changes.
 */
void worker_ask_for_slice(const struct worker *worker);
/*
 * Where instructions are counted, let tasks of this CPU run that are about to sleep: the runner, woken by the last answer or on its way to wait
 * for this one's, and the worker of another team. A kernel that preempts late (PREEMPT_LAZY) would otherwise have them finish within the rep.
 */
void worker_let_others_sleep(const struct worker *worker);

/*
 * Have the next pass find the batches of this CPU empty (bench_lru_drain()), and memcg's statistics in the state that the item asks for; by all workers of
 * the team. Not to be called where the item takes them as they are found, but for bench_lru_drain().
 */
int worker_stats_set(struct worker *worker) __must_check;
/*
 * Does a pass begin and end in that state, at every level of worker 0's memcg that is ours? bench_skip() where a pass does too much to stay in it, or
 * where this kernel has no such states; bench_error(EPROTO) where they cannot be had.
 */
int worker_stats_prove(struct worker *worker) __must_check;

/*
 * A rep of so many passes, or the latency pass when there are none, together with the others of the team; checks what was done. All passes at once, or each behind
 * what brings the statistics into the state that it is to find.
 */
int worker_rep(struct worker *worker, uint64_t passes) __must_check;
/* @passes passes, or the latency pass when @passes is 0, between two readings of the evidence; and whether that is what they did. */
int worker_do_passes(struct worker *worker, uint64_t passes) __must_check;
int worker_check(struct worker *worker) __must_check;
/* One pass, between nothing: what worker_stats_prove() looks at. */
int worker_pass(struct worker *worker) __must_check;

/* bench_memcg_make() and bench_memcg_enter(), also where workers will be threads, in a child arm. */
int worker_memcg_make(struct bench_run *run, struct bench_memcg **ret_memcg) __must_check;
int worker_memcg_enter(struct bench_run *run, struct bench_memcg *memcg) __must_check;

/* The siblings that the item wants, if any: before there are workers, in the memcg of worker 0. Errors are @run's. */
int worker_make_siblings(struct bench_run *run) __must_check;

/* The bench's state, with the parameters in it. */
int worker_make_state(struct worker *worker) __must_check;

/* In its memcg, a worker takes its place and does as it is told, until it is told to stop. */
void worker_serve(struct worker *worker);

#endif
