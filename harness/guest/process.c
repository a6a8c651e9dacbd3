// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/err.h"

static void redirect(int fd, const char *path, int flags)
{
	int from = open(path ? path : "/dev/null", flags, 0644);

	if (from < 0 || dup2(from, fd) < 0)
		_exit(126);
	if (from != fd)
		close(from);
}

static void child(const char *const *argv, const char *cwd, const char *out_path, const char *err_path, int report)
{
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect(STDIN_FILENO, NULL, O_RDONLY);
	redirect(STDOUT_FILENO, out_path, O_WRONLY | O_CREAT | O_TRUNC);
	if (out_path && err_path && !strcmp(out_path, err_path))
		dup2(STDOUT_FILENO, STDERR_FILENO);
	else
		redirect(STDERR_FILENO, err_path, O_WRONLY | O_CREAT | O_TRUNC);
	setenv("LC_ALL", "C.UTF-8", 1);
	err = cwd && chdir(cwd) ? errno : 0;
	if (!err) {
		execvp(argv[0], (char *const *)argv);
		err = errno;
	}
	/* The pipe closes on exec: whatever comes through it is a failure. */
	if (write(report, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int process_run(const char *const *argv, const char *cwd, const char *out_path, const char *err_path)
{
	int report[2], status, err = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return err_sys(errno, "run %s", argv[0]);
	pid = fork();
	if (pid == 0)
		child(argv, cwd, out_path, err_path, report[1]);
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return err_sys(EAGAIN, "run %s", argv[0]);
	}
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(errno, "wait for %s", argv[0]);
	if (err)
		return err_sys(err, "run %s", argv[0]);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
