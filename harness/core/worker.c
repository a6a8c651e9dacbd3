// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker: its CPU and memory, and a rep. */
#include "core/worker_priv.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "core/team.h"
#include "machine/clock.h"
#include "machine/mempol.h"

void worker_answer(struct worker *worker, char kind)
{
	if (send(worker->fd, &kind, 1, MSG_NOSIGNAL) != 1)
		_exit(1); /* the runner is gone */
}

/*
 * All workers of the team reach this point before any goes on. The pause is more than a courtesy: QEMU before 8.1 runs the vCPUs of an -icount
 * guest in turn, and the next one gets its turn only when this one pauses, halts or does I/O.
 */
static void start_together(struct worker *worker)
{
	atomic_uint *arrived = &worker->team->shared->arrived;
	unsigned int spins = 0;

	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < worker->run->nr_workers) {
#ifdef __x86_64__
		__builtin_ia32_pause();
#endif
		if (++spins % 1000 == 0)
			sched_yield(); /* more workers than CPUs */
	}
}

static int check_place(struct worker *worker)
{
	unsigned int pu = worker->team->places[worker->index].pu;

	if (topo_is_pinned(pu))
		return 0;
	return bench_error(worker->run, ENODEV, "CPU %u was taken away during the rep (offline, or the cpuset changed)",
			   pu);
}

int worker_rep(struct worker *worker, uint64_t passes)
{
	const bool is_as_found = worker->team->item->params.common[PARAMS_STATS] == STATS_AS_FOUND;
	uint64_t at_once = is_as_found ? passes : passes > 0, done;
	struct bench_run *run = worker->run;
	int ret;

	worker_let_others_sleep(worker);
	ret = worker_stats_set(worker);
	if (ret)
		return ret;
	start_together(worker);
	memset(&run->usage, 0, sizeof(run->usage));
	run->begin_ns = clock_ns();
	ret = worker_do_passes(worker, at_once);
	for (done = at_once; !ret && done < passes; done += at_once) {
		ret = worker_stats_set(worker);
		if (!ret)
			ret = worker_do_passes(worker, at_once);
	}
	run->end_ns = clock_ns();
	if (!ret)
		ret = check_place(worker);
	return ret ? ret : worker_check(worker);
}

int worker_take_place(struct worker *worker)
{
	const struct topo_place *place = &worker->team->places[worker->index];
	int ret = topo_pin_self(place->pu);

	worker_ask_for_slice(worker);
	if (!ret)
		ret = mempol_apply_self(worker->team->item->memory, place->node);
	if (!ret)
		ret = bench_run_take_place(worker->run);
	return ret ? worker_error(worker, ret) : 0;
}

int worker_make_state(struct worker *worker)
{
	if (!worker->bench->state_size)
		return 0;
	worker->state = calloc(1, worker->bench->state_size);
	if (!worker->state)
		return bench_error(worker->run, ENOMEM, "memory for the bench's state");
	params_store(&worker->team->item->params, worker->state);
	return 0;
}

void worker_answer_error(struct worker *worker, int ret)
{
	bench_error(worker->run, -ret, "%s", strerror(-ret));
	worker_answer(worker, ANSWER_ERROR);
}
