// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/err.h"
#include "machine/priority.h"

struct live {
	pid_t pid;
	int fd; /* the runner's standard output */
	char *text;
	size_t len, size;
};

/* The plan as a file that the runner reads as its standard input. */
static int plan_file(const struct plan *plan, int *ret_fd)
{
	json_t *json = plan_to_json(plan);
	int fd = memfd_create("plan", MFD_CLOEXEC), ret;

	ret = fd < 0 || !json ? -1 : json_dumpfd(json, fd, JSON_COMPACT);
	json_decref(json);
	if (ret || lseek(fd, 0, SEEK_SET)) {
		if (fd >= 0)
			close(fd);
		return err_sys(ENOMEM, "memory for the plan");
	}
	*ret_fd = fd;
	return 0;
}

static void exec_runner(const char *runner_path, int plan_fd, int output_fd) __attribute__((noreturn));

static void exec_runner(const char *runner_path, int plan_fd, int output_fd)
{
	char *const argv[] = {"memcgbench-runner", "-", NULL};
	sigset_t none;

	/* Either way in a process group of its own: a ^C is for memcgbench, which asks the runner to stop. */
	if (!priority_raise())
		setpgid(0, 0);
	signal(SIGTERM, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(plan_fd, STDIN_FILENO) >= 0 && dup2(output_fd, STDOUT_FILENO) >= 0)
		execv(runner_path, argv);
	dprintf(STDERR_FILENO, "memcgbench: start %s: %s\n", runner_path, strerror(errno));
	_exit(127);
}

static int start(const char *runner_path, const struct plan *plan, struct live *live)
{
	__close_fd int plan_fd = -1;
	int output[2], ret = plan_file(plan, &plan_fd);
	sigset_t all, before;

	if (ret)
		return ret;
	if (pipe2(output, O_CLOEXEC))
		return err_sys(errno, "make a pipe to the runner");
	/* A signal between fork and exec would find our handler in the child, and be lost. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	live->pid = fork();
	if (live->pid == 0)
		exec_runner(runner_path, plan_fd, output[1]);
	if (live->pid < 0)
		ret = err_sys(errno, "start the runner");
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (ret) {
		close(output[0]);
		close(output[1]);
		return ret;
	}
	close(output[1]);
	live->fd = output[0];
	return 0;
}

/* Hand on the whole lines in the buffer. */
static int hand_on(struct live *live, live_line_fn *on_line, void *ctx)
{
	char *line = live->text, *end;
	int ret = 0;

	while (!ret && (end = memchr(line, '\n', live->len - (size_t)(line - live->text)))) {
		*end = '\0';
		ret = on_line(line, ctx);
		line = end + 1;
	}
	live->len -= (size_t)(line - live->text);
	memmove(live->text, line, live->len);
	return ret;
}

/* Read what is there. Returns bytes read, 0 at the end, or a negative errno. */
static ssize_t take(struct live *live)
{
	ssize_t n;

	if (live->size - live->len < 65536) {
		char *text = realloc(live->text, live->size * 2 + 65536);

		if (!text)
			return err_sys(ENOMEM, "memory for a record");
		live->text = text;
		live->size = live->size * 2 + 65536;
	}
	n = read(live->fd, live->text + live->len, live->size - live->len);
	if (n < 0)
		return errno == EINTR ? -EINTR : err_sys(errno, "read from the runner");
	live->len += (size_t)n;
	return n;
}

static int relay(struct live *live, live_line_fn *on_line, void *ctx, const volatile sig_atomic_t *stop)
{
	struct pollfd fd = {.fd = live->fd, .events = POLLIN};
	bool asked = false;
	int ret = 0;

	for (;;) {
		ssize_t n;

		if ((*stop || ret) && !asked) {
			kill(live->pid, SIGTERM);
			asked = true;
		}
		/* A timeout, because a signal may come between the test above and the wait. */
		if (poll(&fd, 1, 100) <= 0)
			continue;
		n = take(live);
		if (n == -EINTR)
			continue;
		if (n <= 0)
			return ret ? ret : (int)n;
		if (!ret)
			ret = hand_on(live, on_line, ctx);
		else
			live->len = 0; /* nobody wants the rest, but the runner must not block */
	}
}

int live_run(const char *runner_path, const struct plan *plan, live_line_fn *on_line, void *ctx,
	     const volatile sig_atomic_t *stop, int *ret_status)
{
	struct live live = {0};
	int status = 0, ret = start(runner_path, plan, &live);

	if (ret)
		return ret;
	ret = relay(&live, on_line, ctx, stop);
	if (ret)
		kill(live.pid, SIGTERM);
	close(live.fd);
	free(live.text);
	while (waitpid(live.pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret)
		return ret;
	*ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return 0;
}
