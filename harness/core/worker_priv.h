/* SPDX-License-Identifier: GPL-2.0-or-later */
/* worker_priv.h - one worker, as the two halves of the forked side see it. Private to worker*.c. */
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
	bool was_set_up; /* setup() was called, successful or not */
};

/* err.h's sentence becomes the worker's. */
int worker_error(struct worker *worker, int ret);

/* An enum worker_answer. Does not return when the runner is gone. */
void worker_answer(struct worker *worker, char kind);
/* ANSWER_ERROR; an error that came without a sentence gets one. */
void worker_answer_error(struct worker *worker, int ret);

/* Pin, bind, and take a part of the address space. */
int worker_take_place(struct worker *worker) __must_check;
/* The bench's state, with the parameters in it. */
int worker_make_state(struct worker *worker) __must_check;

/* In its memcg, a worker takes its place and does as it is told, until it is told to stop. */
void worker_serve(struct worker *worker);

#endif
