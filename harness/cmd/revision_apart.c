// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cmd/revision.h"

static volatile pid_t worker;

static void pass_on(int signal)
{
	if (worker > 0)
		kill(worker, signal);
}

int revision_run_apart(const struct revision_args *args, const struct verb *verb, int (*work)(const void *ctx), const void *ctx)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
	sigset_t blocked, before;
	size_t i;
	int status;

	sigemptyset(&blocked);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(&blocked, signals[i]);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	worker = fork();
	if (worker < 0)
		return cmd_fail(verb, "start a process: %s", strerror(errno));
	if (worker == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		exit(work(ctx));
	}
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (waitpid(worker, &status, 0) < 0)
		if (errno != EINTR)
			return cmd_fail(verb, "wait for a process: %s", strerror(errno));
	worker = 0;
	revision_remove_checkout(args);
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	fprintf(stderr, "memcgbench %s: ended by signal %d (%s); the same command goes on from what was measured so far\n", verb->name,
		WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 128 + WTERMSIG(status);
}
