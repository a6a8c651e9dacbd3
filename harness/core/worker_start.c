// SPDX-License-Identifier: GPL-2.0-or-later
/* From a forked process to workers: the memcg, what they share, threads, further processes. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/worker_priv.h"

static int enter_memcg(struct worker *worker)
{
	const struct cg_group *group = arm_groups_leaf(worker->team->groups, worker->index);
	int ret = group ? cg_group_enter_self(group) : 0;

	return ret ? worker_error(worker, ret) : 0;
}

static void *thread_main(void *data)
{
	worker_serve(data);
	return NULL;
}

/* Splitmix64 (Steele, Lea & Flood 2014): neighbouring workers get unrelated seeds. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void init_run(struct team *team, unsigned int index)
{
	struct bench_run *run = &team->shared->run[index];
	uint64_t huge_page_bytes;

	run->worker = index;
	run->nr_workers = team->item->nr_workers;
	run->threaded = team->item->threads;
	run->item = (uint16_t)team->item_index;
	run->arm = (uint8_t)team->arm_index;
	run->rep = BENCH_REP_UNNUMBERED;
	run->team = team;
	run->pid = getpid();
	run->seed = mix(team->seed + index);
	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	if (!fs_read_u64(&huge_page_bytes, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
		run->huge_page_bytes = huge_page_bytes;
}

static void fail_all(struct worker *workers, unsigned int nr, int ret)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		worker_error(&workers[i], ret);
		worker_answer(&workers[i], ANSWER_ERROR);
	}
	_exit(1);
}

static void run_threads(struct worker *workers, unsigned int nr)
{
	pthread_t thread[PLAN_WORKERS_MAX];
	unsigned int i;
	int err;

	for (i = 0; i < nr; i++) {
		err = pthread_create(&thread[i], NULL, thread_main, &workers[i]);
		if (err) {
			err_sys(err, "create thread %u", i);
			fail_all(&workers[i], nr - i, -err);
		}
	}
	for (i = 0; i < nr; i++)
		pthread_join(thread[i], NULL);
}

/* Siblings and share(), where worker 0 will be; its state is where those of the others start from. */
static void share(struct worker *workers, unsigned int nr)
{
	const struct bench *bench = workers[0].bench;
	unsigned int i;
	int ret = worker_take_place(&workers[0]);

	if (!ret)
		ret = worker_make_siblings(workers[0].run);
	if (!ret)
		ret = worker_make_state(&workers[0]);
	if (!ret && bench->share)
		ret = bench->share(workers[0].state, workers[0].run);
	if (ret) {
		worker_answer_error(&workers[0], ret);
		_exit(1);
	}
	for (i = 1; i < nr && workers[0].team->item->threads && bench->state_size; i++) {
		if (worker_make_state(&workers[i]))
			fail_all(workers, nr, -ENOMEM);
		memcpy(workers[i].state, workers[0].state, bench->state_size);
	}
}

/* Of the process, worker or where workers come from. */
static void become_worker(pid_t runner)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != runner)
		_exit(1); /* it died before the line above */
	/* A bench that asks for more than there is must not cost the machine one of its tasks. */
	(void)!fs_write("1000", "/proc/self/oom_score_adj");
	/* ^C reaches the whole process group; the runner decides what it means. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
}

/*
 * Worker @index as a copy of this process, and a child of the runner: it learns when and of what a worker died. fork() would make it
 * ours. The kernel stores the pid in shared memory before the child runs.
 */
static pid_t fork_for_runner(struct team *team, unsigned int index)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, NULL, &team->pid[index], NULL, NULL);
}

/* The other workers, from what worker 0 shares. Returns in worker 0 alone. */
static void fork_others(struct worker *workers, unsigned int nr, pid_t runner)
{
	unsigned int i, k;

	for (i = 1; i < nr; i++) {
		pid_t pid = fork_for_runner(workers[0].team, i);

		if (pid < 0) {
			int err = errno;

			fail_all(&workers[i], nr - i, err_sys(err, "fork worker %u", i));
		}
		if (pid == 0) {
			/* The runner sees that a worker is gone by its socket, which nobody else may hold. */
			for (k = 0; k < nr; k++)
				if (k != i && workers[k].fd >= 0)
					close(workers[k].fd);
			become_worker(runner);
			workers[i].state = workers[0].state;
			workers[i].run->pid = getpid();
			if (enter_memcg(&workers[i]))
				worker_answer(&workers[i], ANSWER_ERROR);
			else
				worker_serve(&workers[i]);
			_exit(0);
		}
	}
	for (i = 1; i < nr; i++)
		close(workers[i].fd);
}

void worker_process(struct team *team, unsigned int first, unsigned int nr, pid_t runner)
{
	static struct worker workers[PLAN_WORKERS_MAX];
	unsigned int i;
	int ret;

	become_worker(runner);
	for (i = 0; i < nr; i++) {
		struct worker *worker = &workers[i];

		init_run(team, first + i);
		worker->team = team;
		worker->run = &team->shared->run[first + i];
		worker->bench = team->item->bench;
		worker->index = first + i;
		worker->fd = team->fd[first + i];
	}
	ret = enter_memcg(&workers[0]);
	if (ret)
		fail_all(workers, nr, ret);
	if (team_shares(team))
		share(workers, nr);
	if (team->item->threads) {
		run_threads(workers, nr);
	} else {
		if (team_shares(team))
			fork_others(workers, nr, runner);
		worker_serve(&workers[0]);
	}
	_exit(0);
}
