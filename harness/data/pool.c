// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "base/err.h"

#define THREADS_MAX 16

struct pool {
	size_t nr;
	void (*work)(void *context, size_t i);
	void *context;
	pthread_mutex_t lock;
	pthread_cond_t more;	/* a job may begin, or the threads are to go */
	pthread_cond_t done;	/* a job was done */
	size_t next, allowed;	/* the next job to begin; jobs below this may */
	bool is_done[POOL_WINDOW]; /* of job i modulo the window */
	bool stop;
	pthread_t thread[THREADS_MAX];
	size_t nr_threads;
};

static size_t nr_cpus(void)
{
	cpu_set_t cpus;
	int nr = sched_getaffinity(0, sizeof(cpus), &cpus) ? 1 : CPU_COUNT(&cpus);

	return nr > THREADS_MAX ? THREADS_MAX : (size_t)nr;
}

static void *run_jobs(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		size_t i;

		while (!pool->stop && pool->next < pool->nr && pool->next >= pool->allowed)
			pthread_cond_wait(&pool->more, &pool->lock);
		if (pool->stop || pool->next == pool->nr)
			break;
		i = pool->next++;
		pthread_mutex_unlock(&pool->lock);
		pool->work(pool->context, i);
		pthread_mutex_lock(&pool->lock);
		pool->is_done[i % POOL_WINDOW] = true;
		pthread_cond_signal(&pool->done);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

int pool_start(size_t nr, void (*work)(void *context, size_t i), void *context, struct pool **ret_pool)
{
	struct pool *pool = calloc(1, sizeof(*pool));
	size_t wanted = nr_cpus();

	if (!pool)
		return err_sys(ENOMEM, "memory for threads");
	*pool = (struct pool){.nr = nr, .work = work, .context = context, .allowed = POOL_WINDOW};
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->more, NULL);
	pthread_cond_init(&pool->done, NULL);
	if (wanted > nr)
		wanted = nr;
	while (pool->nr_threads < wanted && !pthread_create(&pool->thread[pool->nr_threads], NULL, run_jobs, pool))
		pool->nr_threads++;
	*ret_pool = pool;
	return 0;
}

void pool_wait(struct pool *pool, size_t i)
{
	if (!pool->nr_threads) {
		pool->work(pool->context, i);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	while (!pool->is_done[i % POOL_WINDOW])
		pthread_cond_wait(&pool->done, &pool->lock);
	pool->is_done[i % POOL_WINDOW] = false;
	pool->allowed = i + 1 + POOL_WINDOW;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
}

void pool_stop(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_cond_broadcast(&pool->more);
	pthread_mutex_unlock(&pool->lock);
	while (pool->nr_threads)
		pthread_join(pool->thread[--pool->nr_threads], NULL);
	pthread_cond_destroy(&pool->done);
	pthread_cond_destroy(&pool->more);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
