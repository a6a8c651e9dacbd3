// SPDX-License-Identifier: GPL-2.0-or-later
/* The forked side of a team: enter the memcg, pin, bind, then do as the runner says. */
#include "core/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/team.h"
#include "machine/clock.h"
#include "machine/mempol.h"

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

static void answer(struct worker *worker, char kind)
{
	if (send(worker->fd, &kind, 1, MSG_NOSIGNAL) != 1)
		_exit(1); /* the runner is gone */
}

/* err.h's sentence becomes the worker's. */
static int worker_error(struct worker *worker, int ret)
{
	return bench_error(worker->run, -ret, "%s", err_msg());
}

static void next_command(struct worker *worker, struct worker_command *ret_command)
{
	ssize_t n;

	do
		n = recv(worker->fd, ret_command, sizeof(*ret_command), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*ret_command))
		_exit(1);
}

static void hold(struct bench_run *run)
{
	struct worker *worker = run->hold_data;
	struct worker_command command;

	answer(worker, ANSWER_HELD);
	next_command(worker, &command);
}

/* All workers of the team reach this point before any goes on. */
static void start_together(struct worker *worker)
{
	atomic_uint *arrived = &worker->team->shared->arrived;
	unsigned int spins = 0;

	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < worker->run->nr_workers)
		if (++spins % 1000 == 0)
			sched_yield(); /* more workers than CPUs */
}

static void usage_since(struct rusage *usage, const struct rusage *before)
{
	usage->ru_minflt -= before->ru_minflt;
	usage->ru_majflt -= before->ru_majflt;
	usage->ru_nvcsw -= before->ru_nvcsw;
	usage->ru_nivcsw -= before->ru_nivcsw;
}

static int check_place(struct worker *worker)
{
	unsigned int pu = worker->team->places[worker->index].pu;

	if (topo_is_pinned(pu))
		return 0;
	return bench_error(worker->run, ENODEV, "CPU %u was taken away during the rep (offline, or the cpuset changed)",
			   pu);
}

static int check_work(struct worker *worker, uint64_t passes)
{
	struct bench_run *run = worker->run;
	struct bench_evidence evidence = {
		.passes = passes,
		.minflt = (uint64_t)run->usage.ru_minflt,
		.majflt = (uint64_t)run->usage.ru_majflt,
	};

	return worker->bench->verify ? worker->bench->verify(worker->state, run, &evidence) : 0;
}

/* Run @passes passes, or the latency pass when @passes is 0, between two readings of the evidence. */
static int rep(struct worker *worker, uint64_t passes)
{
	struct bench_run *run = worker->run;
	struct rusage before;
	int ret;

	start_together(worker);
	getrusage(RUSAGE_THREAD, &before);
	run->begin_ns = clock_ns();
	if (passes)
		ret = worker->bench->run(worker->state, run, passes);
	else
		ret = worker->bench->latency(worker->state, run);
	run->end_ns = clock_ns();
	getrusage(RUSAGE_THREAD, &run->usage);
	usage_since(&run->usage, &before);
	if (!ret)
		ret = check_place(worker);
	return ret ? ret : check_work(worker, passes);
}

static void publish_counters(struct worker *worker, const struct counters *counters)
{
	struct team_shared *shared = worker->team->shared;
	size_t i;

	if (worker->index)
		return;
	shared->nr_counters = counters_nr(counters);
	for (i = 0; i < shared->nr_counters; i++)
		snprintf(shared->counter_name[i], sizeof(shared->counter_name[i]), "%s",
			 counters_name(counters, i));
	snprintf(shared->counters_why, sizeof(shared->counters_why), "%s", counters_why(counters));
}

static int counted_rep(struct worker *worker, uint64_t passes)
{
	struct counters *counters;
	int ret = counters_open_self(&counters);

	if (ret)
		return worker_error(worker, ret);
	publish_counters(worker, counters);
	worker->run->counters = counters;
	ret = rep(worker, passes);
	worker->run->counters = NULL;
	counters_close(counters);
	return ret;
}

static int proving_pass(struct worker *worker)
{
	int ret;

	worker->run->hold = hold;
	worker->run->hold_data = worker;
	worker->run->claimed_bytes = 0;
	ret = rep(worker, 1);
	worker->run->hold = NULL;
	return ret;
}

static int latency_pass(struct worker *worker, uint64_t ops)
{
	memset(&worker->run->latency, 0, sizeof(worker->run->latency));
	worker->run->latency_ops = ops;
	worker->run->clock_cost_ns = bench_run_clock_cost();
	return rep(worker, 0);
}

static int obey(struct worker *worker, const struct worker_command *command)
{
	bench_run_reset(worker->run);
	worker->run->rep = command->rep;
	switch (command->what) {
	case COMMAND_REP:
		return rep(worker, command->number);
	case COMMAND_COUNTED_REP:
		return counted_rep(worker, command->number);
	case COMMAND_PROVE:
		return proving_pass(worker);
	case COMMAND_LATENCY:
		return latency_pass(worker, command->number);
	case COMMAND_RELEASE:
	case COMMAND_STOP:
		break;
	}
	return 0;
}

static int enter_memcg(struct worker *worker)
{
	const struct cg_group *group = arm_groups_leaf(worker->team->groups, worker->index);
	int ret = group ? cg_group_enter_self(group) : 0;

	return ret ? worker_error(worker, ret) : 0;
}

static int take_cpu(struct worker *worker)
{
	const struct topo_place *place = &worker->team->places[worker->index];
	int ret = topo_pin_self(place->pu);

	if (!ret)
		ret = mempol_apply_self(worker->team->item->memory, place->node);
	return ret ? worker_error(worker, ret) : 0;
}

static int make_state(struct worker *worker)
{
	if (!worker->bench->state_size)
		return 0;
	worker->state = calloc(1, worker->bench->state_size);
	if (!worker->state)
		return bench_error(worker->run, ENOMEM, "memory for the bench's state");
	params_store(&worker->team->item->params, worker->state);
	return 0;
}

static int set_up(struct worker *worker)
{
	int ret = worker->state ? 0 : make_state(worker);

	if (ret)
		return ret;
	worker->was_set_up = true;
	return worker->bench->setup ? worker->bench->setup(worker->state, worker->run) : 0;
}

/* An error that came without a sentence has one here. */
static void answer_error(struct worker *worker, int ret)
{
	bench_error(worker->run, -ret, "%s", strerror(-ret));
	answer(worker, ANSWER_ERROR);
}

/* In its memcg, a worker takes its place and does as it is told. */
static void serve(struct worker *worker)
{
	struct worker_command command;
	int ret = take_cpu(worker);

	if (!ret)
		ret = set_up(worker);
	while (!ret) {
		answer(worker, ANSWER_DONE);
		next_command(worker, &command);
		if (command.what == COMMAND_STOP)
			break;
		ret = obey(worker, &command);
	}
	/* Before the last answer: the runner kills the workers of a team that failed. */
	if (worker->was_set_up && worker->bench->teardown)
		worker->bench->teardown(worker->state, worker->run);
	free(worker->state);
	if (ret)
		answer_error(worker, ret);
	else
		answer(worker, ANSWER_DONE);
}

static void *thread_main(void *data)
{
	serve(data);
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
		answer(&workers[i], ANSWER_ERROR);
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

/* share(), where worker 0 will be; its state is where those of the others start from. */
static void share(struct worker *workers, unsigned int nr)
{
	const struct bench *bench = workers[0].bench;
	unsigned int i;
	int ret = take_cpu(&workers[0]);

	if (!ret)
		ret = make_state(&workers[0]);
	if (!ret)
		ret = bench->share(workers[0].state, workers[0].run);
	if (ret) {
		answer_error(&workers[0], ret);
		_exit(1);
	}
	for (i = 1; i < nr && workers[0].team->item->threads && bench->state_size; i++) {
		if (make_state(&workers[i]))
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
			if (enter_memcg(&workers[i]))
				answer(&workers[i], ANSWER_ERROR);
			else
				serve(&workers[i]);
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
	if (team->item->bench->share)
		share(workers, nr);
	if (team->item->threads) {
		run_threads(workers, nr);
	} else {
		if (team->item->bench->share)
			fork_others(workers, nr, runner);
		serve(&workers[0]);
	}
	_exit(0);
}
