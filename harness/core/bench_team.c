// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workers that wait for each other, for bench.h. All of them sleep: where one CPU runs several workers, whoever waited in a loop
 * would keep the others from what they are waited for.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/worker.h"

/* Shared between processes: no FUTEX_PRIVATE_FLAG. */
static void futex_wait(atomic_uint *word, unsigned int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int nr)
{
	syscall(SYS_futex, word, FUTEX_WAKE, nr, NULL, NULL, 0);
}

void bench_barrier(struct bench_run *run)
{
	struct team_shared *shared = run->team ? run->team->shared : NULL;
	unsigned int round;

	if (!shared || run->nr_workers == 1)
		return;
	round = atomic_load(&shared->barrier_round);
	if (atomic_fetch_add(&shared->barrier_waiting, 1) + 1 == run->nr_workers) {
		atomic_store(&shared->barrier_waiting, 0);
		atomic_fetch_add(&shared->barrier_round, 1);
		futex_wake(&shared->barrier_round, INT_MAX);
		return;
	}
	while (atomic_load(&shared->barrier_round) == round)
		futex_wait(&shared->barrier_round, round);
}

void bench_turn_begin(struct bench_run *run)
{
	if (run->nr_workers == 1)
		return;
	while (!atomic_load(&run->turn))
		futex_wait(&run->turn, 0);
}

void bench_turn_end(struct bench_run *run)
{
	struct bench_run *next;

	if (!run->team || run->nr_workers == 1)
		return;
	next = &run->team->shared->run[run->turn_next];
	atomic_store(&run->turn, 0);
	atomic_store(&next->turn, 1);
	futex_wake(&next->turn, 1);
}

void bench_turn_by_cpu(struct bench_run *run)
{
	const struct topo_place *places = run->team ? run->team->places : NULL;
	unsigned int i, first = 0;

	if (!places)
		return;
	while (places[first].pu != places[run->worker].pu)
		first++;
	for (i = run->worker + 1; i < run->nr_workers && places[i].pu != places[run->worker].pu; i++)
		;
	run->turn_next = i < run->nr_workers ? i : first;
	run->turn_first = first == run->worker;
	atomic_store(&run->turn, run->turn_first);
}

void bench_let_others_run(void)
{
	struct timespec left = {.tv_nsec = 10000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}
