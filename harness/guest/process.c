// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/err.h"

/* Where the output of a program goes: into a descriptor if that is not negative, else into the file. */
struct streams {
	int out_fd, err_fd;
	const char *out_path, *err_path;
};

static void redirect(int fd, const char *path, int flags)
{
	int from = open(path ? path : "/dev/null", flags, 0644);

	if (from < 0 || dup2(from, fd) < 0)
		_exit(126);
	if (from != fd)
		close(from);
}

static void child(const char *const *argv, const char *cwd, const struct streams *streams, int report)
{
	const char *out_path = streams->out_path, *err_path = streams->err_path;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	redirect(STDIN_FILENO, NULL, O_RDONLY);
	if (streams->out_fd < 0)
		redirect(STDOUT_FILENO, out_path, O_WRONLY | O_CREAT | O_TRUNC);
	else if (dup2(streams->out_fd, STDOUT_FILENO) < 0)
		_exit(126);
	if (out_path && err_path && !strcmp(out_path, err_path))
		dup2(STDOUT_FILENO, STDERR_FILENO);
	else if (streams->err_fd >= 0)
		dup2(streams->err_fd, STDERR_FILENO);
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

/* Returns when the program runs: the pid, or -errno. */
static pid_t start(const char *const *argv, const char *cwd, const struct streams *streams)
{
	int report[2], err = 0;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC))
		return err_sys(errno, "run %s", argv[0]);
	pid = fork();
	if (pid == 0)
		child(argv, cwd, streams, report[1]);
	close(report[1]);
	if (pid < 0) {
		close(report[0]);
		return err_sys(EAGAIN, "run %s", argv[0]);
	}
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	if (!err)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return err_sys(err, "run %s", argv[0]);
}

static int finish(const char *program, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(errno, "wait for %s", program);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int process_run(const char *const *argv, const char *cwd, const char *out_path, const char *err_path)
{
	const struct streams streams = {.out_fd = -1, .err_fd = -1, .out_path = out_path, .err_path = err_path};
	pid_t pid = start(argv, cwd, &streams);

	return pid < 0 ? pid : finish(argv[0], pid);
}

static int read_all(int fd, char **ret_text)
{
	off_t size = lseek(fd, 0, SEEK_END), done = 0;
	__free_mem char *text = size < 0 ? NULL : malloc((size_t)size + 1);

	while (text && done < size) {
		ssize_t n = pread(fd, text + done, (size_t)(size - done), done);

		if (n <= 0)
			return err_sys(n ? errno : EIO, "read what a program said");
		done += n;
	}
	if (!text)
		return err_sys(ENOMEM, "memory for what a program said");
	text[size] = '\0';
	*ret_text = take_ptr(text);
	return 0;
}

int process_text(const char *const *argv, unsigned int streams, char **ret_text)
{
	__close_fd int fd = memfd_create("output", MFD_CLOEXEC);
	const struct streams to = {
		.out_fd = streams & PROCESS_OUT ? fd : -1,
		.err_fd = streams & PROCESS_ERR ? fd : -1,
	};
	int status, ret;
	pid_t pid;

	if (fd < 0)
		return err_sys(errno, "run %s", argv[0]);
	pid = start(argv, NULL, &to);
	if (pid < 0)
		return pid;
	status = finish(argv[0], pid);
	ret = status < 0 ? status : read_all(fd, ret_text);
	return ret ? ret : status;
}

int process_read(const char *const *argv, const char *err_path, int (*take)(FILE *in, void *context), void *context)
{
	struct streams streams = {.err_fd = -1, .err_path = err_path};
	int ends[2], ret, status;
	FILE *in;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return err_sys(errno, "run %s", argv[0]);
	streams.out_fd = ends[1];
	pid = start(argv, NULL, &streams);
	close(ends[1]);
	in = pid < 0 ? NULL : fdopen(ends[0], "r");
	if (pid >= 0)
		ret = in ? take(in, context) : err_sys(errno, "run %s", argv[0]);
	/* With nobody to read it, the program ends by SIGPIPE. */
	if (in)
		fclose(in);
	else
		close(ends[0]);
	if (pid < 0)
		return pid;
	status = finish(argv[0], pid);
	return ret ? ret : status;
}
