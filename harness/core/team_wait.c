// SPDX-License-Identifier: GPL-2.0-or-later
/* What the runner hears from the workers of a team, and what it makes of silence. */
#include "core/team_wait.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/err.h"
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

unsigned int team_process_of(const struct team *team, unsigned int worker)
{
	return team->item->threads ? 0 : worker;
}

static bool oom_killed(const struct team *team)
{
	uint64_t oom_kills;

	return !arm_groups_oom_kills(team->groups, &oom_kills) && oom_kills > team->oom_kills;
}

static const char *memcg_path(const struct team *team, unsigned int worker)
{
	return cg_group_path(arm_groups_leaf(team->groups, worker));
}

/* A worker answered ANSWER_ERROR: its sentence, and what may be behind it. */
static int worker_failed(struct team *team, unsigned int worker)
{
	const struct bench_run *run = &team->shared->run[worker];
	int err = run->error ? run->error : EPROTO;
	char name[128];

	team->broken = true;
	if (run->skipped) {
		err_set(0, "%s", run->error_text);
		return 1;
	}
	worker_name(team, worker, name, sizeof(name));
	if (oom_killed(team))
		return err_set(err, "%s: %s; the OOM killer was at work: the limit of %s is too small for this bench",
			       name, run->error_text, memcg_path(team, worker));
	return err_set(err, "%s: %s", name, run->error_text);
}

/* A thread that fails takes the others with it: the one that knows why is not always the one that is missed. */
static bool find_failed(const struct team *team, unsigned int process, unsigned int *ret_worker)
{
	unsigned int i;

	for (i = 0; i < team->item->nr_workers; i++) {
		if (team_process_of(team, i) == process && team->shared->run[i].error) {
			*ret_worker = i;
			return true;
		}
	}
	return false;
}

int team_wait_process(pid_t pid, int *ret_status)
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
	unsigned int process = team_process_of(team, worker), failed;
	char name[128];
	int status = 0;

	team->broken = true;
	worker_name(team, worker, name, sizeof(name));
	if (!team->pid[process] || team_wait_process(team->pid[process], &status))
		return err_set(ECHILD, "%s is gone", name);
	team->pid[process] = 0;
	if (WIFEXITED(status) && find_failed(team, process, &failed))
		return worker_failed(team, failed);
	if (WIFEXITED(status))
		return err_set(ECHILD, "%s ended by itself with status %d", name, WEXITSTATUS(status));
	if (WTERMSIG(status) == SIGKILL && oom_killed(team))
		return err_set(ECHILD, "%s was killed by the OOM killer: the limit of %s is too small for "
				       "this bench", name, memcg_path(team, worker));
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

/* Wait for @worker's answer to the last command, *ret_kind. As worker_failed() otherwise. */
static int wait_answer(struct team *team, unsigned int worker, char *ret_kind)
{
	uint64_t deadline_ns = clock_ns() + ANSWER_TIMEOUT_NS;
	struct pollfd fd = {.fd = team->fd[worker], .events = POLLIN};
	char name[128];
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
		n = read(team->fd[worker], ret_kind, 1);
		if (n == 1)
			return *ret_kind == ANSWER_ERROR ? worker_failed(team, worker) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		return worker_died(team, worker);
	}
}

int team_wait_all(struct team *team, unsigned int *ret_held)
{
	unsigned int i, held = 0;

	for (i = 0; i < team->item->nr_workers; i++) {
		char answer;
		int ret = wait_answer(team, i, &answer);

		if (ret)
			return ret;
		held += answer == ANSWER_HELD;
	}
	*ret_held = held;
	return 0;
}

int team_send_all(struct team *team, const struct worker_command *command)
{
	unsigned int i;

	if (team->broken)
		return err_set(ECHILD, "the workers of %s are gone", team->item->bench->name);
	/* A release goes on with the pass, and finds everybody where he was. */
	if (command->what != COMMAND_RELEASE) {
		atomic_store(&team->shared->arrived, 0);
		atomic_store(&team->shared->barrier_waiting, 0);
		for (i = 0; i < team->item->nr_workers; i++)
			atomic_store(&team->shared->run[i].turn, team->shared->run[i].turn_first);
	}
	for (i = 0; i < team->item->nr_workers; i++) {
		ssize_t n = send(team->fd[i], command, sizeof(*command), MSG_NOSIGNAL);

		if (n != sizeof(*command))
			return worker_died(team, i);
	}
	return 0;
}

int team_command_all(struct team *team, const struct worker_command *command)
{
	unsigned int held;
	int ret = team_send_all(team, command);

	return ret ? ret : team_wait_all(team, &held);
}
