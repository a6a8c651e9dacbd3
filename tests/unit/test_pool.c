// SPDX-License-Identifier: GPL-2.0-or-later
/* Jobs in threads: each done once, taken in order, at once where there are CPUs, none begun behind the stop. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/pool.h"

#define NR (3 * POOL_WINDOW + 5)

struct jobs {
	atomic_int times[NR], nr_begun, farthest;
};

static void work(void *context, size_t i)
{
	struct jobs *jobs = context;

	/* The first come last. */
	usleep(i < 4 ? 4000 - 1000 * (unsigned int)i : 0);
	atomic_fetch_add(&jobs->times[i], 1);
	atomic_fetch_add(&jobs->nr_begun, 1);
	if ((int)i > atomic_load(&jobs->farthest))
		atomic_store(&jobs->farthest, (int)i);
}

static void in_order(void **state)
{
	struct jobs jobs = {0};
	struct pool *pool;

	(void)state;
	assert_int_equal(pool_start(NR, work, &jobs, &pool), 0);
	for (size_t i = 0; i < NR; i++) {
		pool_wait(pool, i);
		assert_int_equal(atomic_load(&jobs.times[i]), 1);
		assert_true(atomic_load(&jobs.farthest) <= (int)i + POOL_WINDOW);
	}
	pool_stop(pool);
	for (size_t i = 0; i < NR; i++)
		assert_int_equal(jobs.times[i], 1);
}

static void stopped(void **state)
{
	struct jobs jobs = {0};
	struct pool *pool;
	int begun;

	(void)state;
	assert_int_equal(pool_start(NR, work, &jobs, &pool), 0);
	pool_wait(pool, 0);
	pool_stop(pool);
	begun = jobs.nr_begun;
	assert_true(begun >= 1 && begun <= POOL_WINDOW + 1);
	usleep(2000);
	assert_int_equal(jobs.nr_begun, begun);
	pool_stop(NULL);
	assert_int_equal(pool_start(0, work, &jobs, &pool), 0);
	pool_stop(pool);
}

/* Each of two jobs waits until the other runs. */
static void meet(void *context, size_t i)
{
	struct jobs *jobs = context;

	atomic_fetch_add(&jobs->nr_begun, 1);
	for (int ms = 0; ms < 10000 && atomic_load(&jobs->nr_begun) < 2; ms++)
		usleep(1000);
	atomic_store(&jobs->times[i], atomic_load(&jobs->nr_begun));
}

static void at_once(void **state)
{
	struct jobs jobs = {0};
	struct pool *pool;
	cpu_set_t cpus;

	(void)state;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2) {
		print_message("needs two CPUs\n");
		skip();
	}
	assert_int_equal(pool_start(2, meet, &jobs, &pool), 0);
	pool_wait(pool, 0);
	pool_wait(pool, 1);
	pool_stop(pool);
	assert_int_equal(jobs.times[0], 2);
	assert_int_equal(jobs.times[1], 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order),
		cmocka_unit_test(stopped),
		cmocka_unit_test(at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
