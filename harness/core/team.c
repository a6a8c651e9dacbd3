// SPDX-License-Identifier: GPL-2.0-or-later
/* The runner's side of a team; the workers' side is worker.c. */
#include "core/team.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/err.h"
#include "core/worker.h"
#include "machine/clock.h"

/* Longer than any rep, pass or setup that a plan may ask for; a worker that takes more hangs. */
#define ANSWER_TIMEOUT_NS 120000000000ull

volatile sig_atomic_t team_interrupted;

static const char *worker_name(const struct team *team, unsigned int worker, char *buf, size_t size)
{
	char arm[32];

	snprintf(buf, size, "%s (%s), worker %u on CPU %u", team->item->bench->name,
		 plan_arm_text(team->arm, arm, sizeof(arm)), worker, team->places[worker].pu);
	return buf;
}

static unsigned int process_of(const struct team *team, unsigned int worker)
{
	return team->item->threads ? 0 : worker;
}

static bool oom_killed(const struct team *team)
{
	uint64_t oom_kills;

	return team->group && !cg_group_oom_kills(team->group, &oom_kills) && oom_kills > team->oom_kills;
}

/* A worker answered ANSWER_ERROR: its sentence, and what may be behind it. */
static int worker_failed(struct team *team, unsigned int worker)
{
	const struct bench_run *run = &team->shared->run[worker];
	int err = run->error ? run->error : EPROTO;
	char name[128];

	team->broken = true;
	worker_name(team, worker, name, sizeof(name));
	if (oom_killed(team))
		return err_set(err, "%s: %s; the OOM killer was at work: the limit of %s is too small for this bench",
			       name, run->error_text, cg_group_path(team->group));
	return err_set(err, "%s: %s", name, run->error_text);
}

/* A thread that fails takes the others with it: the one that knows why is not always the one that is missed. */
static bool find_failed(const struct team *team, unsigned int process, unsigned int *ret_worker)
{
	unsigned int i;

	for (i = 0; i < team->item->nr_workers; i++) {
		if (process_of(team, i) == process && team->shared->run[i].error) {
			*ret_worker = i;
			return true;
		}
	}
	return false;
}

static int wait_process(pid_t pid, int *ret_status)
{
	pid_t ret;

	do
		ret = waitpid(pid, ret_status, 0);
	while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

/* The worker's socket closed: its process has ended. Say why. */
static int worker_died(struct team *team, unsigned int worker)
{
	unsigned int process = process_of(team, worker), failed;
	char name[128];
	int status = 0;

	team->broken = true;
	worker_name(team, worker, name, sizeof(name));
	if (team->pid[process] <= 0 || wait_process(team->pid[process], &status))
		return err_set(ECHILD, "%s is gone", name);
	team->pid[process] = 0;
	if (WIFEXITED(status) && find_failed(team, process, &failed))
		return worker_failed(team, failed);
	if (WIFEXITED(status))
		return err_set(ECHILD, "%s ended by itself with status %d", name, WEXITSTATUS(status));
	if (WTERMSIG(status) == SIGKILL && oom_killed(team))
		return err_set(ECHILD, "%s was killed by the OOM killer: the limit of %s is too small for "
				       "this bench", name, cg_group_path(team->group));
	return err_set(ECHILD, "%s was killed by signal %d (%s)%s", name, WTERMSIG(status),
		       strsignal(WTERMSIG(status)),
		       WTERMSIG(status) == SIGKILL ? "; the machine may be out of memory (dmesg)" : "");
}

/*
 * Workers start a rep together: when one fails or dies, the others wait for it, and we for them. Those before @first
 * have answered, and may have ended since.
 */
static int find_lost(struct team *team, unsigned int first)
{
	unsigned int i;
	char kind;

	for (i = first; i < team->item->nr_workers; i++) {
		struct pollfd fd = {.fd = team->fd[i], .events = POLLIN};

		if (poll(&fd, 1, 0) <= 0)
			continue;
		if (recv(team->fd[i], &kind, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
			return worker_died(team, i);
		if (kind == ANSWER_ERROR)
			return worker_failed(team, i);
	}
	return 0;
}

/* Wait for @worker's answer to the last command. Returns its kind, or a negative errno. */
static int wait_answer(struct team *team, unsigned int worker)
{
	uint64_t deadline_ns = clock_ns() + ANSWER_TIMEOUT_NS;
	struct pollfd fd = {.fd = team->fd[worker], .events = POLLIN};
	char name[128], kind;
	int ret;

	for (;;) {
		ssize_t n;

		if (team_interrupted) {
			team->broken = true;
			return err_set(EINTR, "interrupted");
		}
		if (clock_ns() > deadline_ns) {
			team->broken = true;
			return err_set(ETIMEDOUT, "%s has not answered for %llu s",
				       worker_name(team, worker, name, sizeof(name)),
				       ANSWER_TIMEOUT_NS / 1000000000ull);
		}
		/* A timeout, because a signal may come between the test above and the wait. */
		if (poll(&fd, 1, 200) <= 0) {
			ret = find_lost(team, worker + 1);
			if (ret)
				return ret;
			continue;
		}
		n = read(team->fd[worker], &kind, 1);
		if (n == 1)
			return kind;
		if (n < 0 && errno == EINTR)
			continue;
		return worker_died(team, worker);
	}
}

/* Wait for all workers. *ret_held: how many of them answered ANSWER_HELD. */
static int wait_all(struct team *team, unsigned int *ret_held)
{
	unsigned int i, held = 0;

	for (i = 0; i < team->item->nr_workers; i++) {
		int answer = wait_answer(team, i);

		if (answer < 0)
			return answer;
		if (answer == ANSWER_ERROR)
			return worker_failed(team, i);
		held += answer == ANSWER_HELD;
	}
	*ret_held = held;
	return 0;
}

static int send_all(struct team *team, const struct worker_command *command)
{
	unsigned int i;

	if (team->broken)
		return err_set(ECHILD, "the workers of %s are gone", team->item->bench->name);
	atomic_store(&team->shared->arrived, 0);
	for (i = 0; i < team->item->nr_workers; i++) {
		ssize_t n = send(team->fd[i], command, sizeof(*command), MSG_NOSIGNAL);

		if (n != sizeof(*command))
			return worker_died(team, i);
	}
	return 0;
}

static int command_all(struct team *team, const struct worker_command *command)
{
	unsigned int held;
	int ret = send_all(team, command);

	return ret ? ret : wait_all(team, &held);
}

static int fork_process(struct team *team, unsigned int first, unsigned int nr)
{
	int pair[PLAN_WORKERS_MAX][2];
	pid_t pid, runner = getpid();
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair[i])) {
			ret = err_sys(errno, "make a socket for worker %u", first + i);
			goto out_close;
		}
	}
	pid = fork();
	if (pid < 0) {
		ret = err_sys(errno, "fork worker %u", first);
		goto out_close;
	}
	if (pid == 0) {
		for (i = 0; i < nr; i++)
			team->fd[first + i] = pair[i][1];
		worker_process(team, first, nr, runner);
	}
	team->pid[process_of(team, first)] = pid;
	for (i = 0; i < nr; i++) {
		close(pair[i][1]);
		team->fd[first + i] = pair[i][0];
	}
	return 0;

out_close:
	while (i--) {
		close(pair[i][0]);
		close(pair[i][1]);
	}
	return ret;
}

static int fork_workers(struct team *team)
{
	unsigned int i;
	int ret;

	if (team->item->threads)
		return fork_process(team, 0, team->item->nr_workers);
	for (i = 0; i < team->item->nr_workers; i++) {
		ret = fork_process(team, i, 1);
		if (ret)
			return ret;
	}
	return 0;
}

static int team_alloc(struct team **ret_team, unsigned int nr_workers)
{
	struct team *team = calloc(1, sizeof(*team));
	unsigned int i;

	if (!team)
		return err_sys(ENOMEM, "memory for a team of workers");
	team->shared_bytes = sizeof(*team->shared) + nr_workers * sizeof(team->shared->run[0]);
	team->shared = mmap(NULL, team->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	team->pid = calloc(nr_workers, sizeof(*team->pid));
	team->fd = calloc(nr_workers, sizeof(*team->fd));
	if (team->shared == MAP_FAILED || !team->pid || !team->fd) {
		if (team->shared != MAP_FAILED)
			munmap(team->shared, team->shared_bytes);
		free(team->pid);
		free(team->fd);
		free(team);
		return err_sys(ENOMEM, "memory for %u workers", nr_workers);
	}
	/* Faulted in by the runner: a worker's first touch would be charged to its memcg. */
	memset(team->shared, 0, team->shared_bytes);
	for (i = 0; i < nr_workers; i++)
		team->fd[i] = -1;
	*ret_team = team;
	return 0;
}

int team_start(const struct plan_item *item, const struct plan_arm *arm, const struct cg_group *group,
	       const struct topo_place *places, uint64_t seed, struct team **ret_team)
{
	struct team *team = NULL;
	unsigned int held;
	int ret = team_alloc(&team, item->nr_workers);

	if (ret)
		return ret;
	team->item = item;
	team->arm = arm;
	team->group = group;
	team->places = places;
	team->seed = seed;
	if (group && cg_group_oom_kills(group, &team->oom_kills))
		team->oom_kills = 0;
	ret = fork_workers(team);
	if (!ret)
		ret = wait_all(team, &held);
	if (ret) {
		team->broken = true;
		team_stop(team);
		return ret;
	}
	*ret_team = team;
	return 0;
}

static void sum_phase(struct bench_phase *sum, const struct bench_phase *phase)
{
	size_t i;

	sum->ns += phase->ns;
	sum->ops += phase->ops;
	sum->count_scaled |= phase->count_scaled;
	for (i = 0; i < COUNTERS_MAX; i++) {
		sum->count[i] += phase->count[i];
		sum->count_valid[i] |= phase->count_valid[i];
	}
}

int team_rep(struct team *team, uint64_t passes, bool counted, struct team_rep *ret_rep)
{
	struct worker_command command = {.what = counted ? COMMAND_COUNTED_REP : COMMAND_REP, .number = passes};
	uint64_t begin_ns = UINT64_MAX, end_ns = 0;
	struct team_rep rep = {0};
	unsigned int i;
	size_t m;
	int ret = command_all(team, &command);

	if (ret)
		return ret;
	for (i = 0; i < team->item->nr_workers; i++) {
		const struct bench_run *run = &team->shared->run[i];
		const struct rusage *usage = &team->shared->run[i].usage;

		for (m = 0; m < team->item->bench->nr_metrics; m++)
			sum_phase(&rep.phase[m], &run->phase[m]);
		rep.minflt += (uint64_t)usage->ru_minflt;
		rep.majflt += (uint64_t)usage->ru_majflt;
		rep.nvcsw += (uint64_t)usage->ru_nvcsw;
		rep.nivcsw += (uint64_t)usage->ru_nivcsw;
		if (run->begin_ns < begin_ns)
			begin_ns = run->begin_ns;
		if (run->end_ns > end_ns)
			end_ns = run->end_ns;
	}
	rep.elapsed_ns = end_ns - begin_ns;
	*ret_rep = rep;
	return 0;
}

int team_prove(struct team *team, uint64_t *ret_claimed_bytes)
{
	struct worker_command command = {.what = COMMAND_PROVE};
	uint64_t claimed_bytes = 0;
	unsigned int i, held;
	int ret = send_all(team, &command);

	if (!ret)
		ret = wait_all(team, &held);
	if (ret)
		return ret;
	if (!held)
		return err_set(ENODATA, "%s has nothing to prove", team->item->bench->name);
	team->held = true;
	if (held < team->item->nr_workers) {
		team->broken = true;
		return err_set(EPROTO, "%s: only %u of %u workers hold their memory", team->item->bench->name, held,
			       team->item->nr_workers);
	}
	for (i = 0; i < team->item->nr_workers; i++)
		claimed_bytes += team->shared->run[i].claimed_bytes;
	*ret_claimed_bytes = claimed_bytes;
	return 0;
}

int team_release(struct team *team)
{
	struct worker_command command = {.what = COMMAND_RELEASE};

	team->held = false;
	return command_all(team, &command);
}

static void histogram_merge(struct histogram *sum, const struct histogram *part)
{
	size_t i;

	if (!part->count)
		return;
	if (!sum->count || part->min < sum->min)
		sum->min = part->min;
	if (part->max > sum->max)
		sum->max = part->max;
	sum->count += part->count;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += part->bucket[i];
}

int team_latency(struct team *team, uint64_t ops, struct histogram *histogram)
{
	struct worker_command command = {.what = COMMAND_LATENCY, .number = ops};
	unsigned int i;
	int ret = command_all(team, &command);

	if (ret)
		return ret;
	for (i = 0; i < team->item->nr_workers; i++)
		histogram_merge(histogram, &team->shared->run[i].latency);
	return 0;
}

const struct bench_run *team_run(const struct team *team, unsigned int worker)
{
	return &team->shared->run[worker];
}

size_t team_nr_counters(const struct team *team)
{
	return team->shared->nr_counters;
}

const char *team_counter_name(const struct team *team, size_t i)
{
	return team->shared->counter_name[i];
}

const char *team_counters_why(const struct team *team)
{
	return team->shared->counters_why;
}

void team_stop(struct team *team)
{
	struct worker_command command = {.what = COMMAND_STOP};
	unsigned int i, nr_processes;

	if (!team)
		return;
	nr_processes = team->item->threads ? 1 : team->item->nr_workers;
	/* A worker that is held waits for its release, and would take the command for that. */
	if (team->held || team->broken || command_all(team, &command))
		team->broken = true;
	for (i = 0; i < nr_processes; i++) {
		if (team->pid[i] <= 0)
			continue;
		if (team->broken)
			kill(team->pid[i], SIGKILL);
		(void)wait_process(team->pid[i], NULL);
	}
	for (i = 0; i < team->item->nr_workers; i++)
		if (team->fd[i] >= 0)
			close(team->fd[i]);
	munmap(team->shared, team->shared_bytes);
	free(team->pid);
	free(team->fd);
	free(team);
}
