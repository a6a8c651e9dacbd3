// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/perfrec.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/clock.h"
#include "machine/cpulist.h"

/* perf answers at once, or after opening its events and synthesising what runs: seconds on big
 * machines. */
#define ANSWER_TIMEOUT_MS 30000
#define FINISH_TIMEOUT_MS 60000
/*
 * Samples per second and CPU. Not a divisor of any tick rate, so that sampling does not walk in
 * step with the timer interrupt.
 */
#define SAMPLES_PER_SECOND 3989

struct perfrec {
	pid_t pid;
	bool ended; /* reaped; @wait_status is valid */
	int wait_status;
	int control; /* our end of the socket that carries commands and answers */
	int words;   /* memory file that perf writes its standard output and error to */
	char *data_path;
};

static bool is_forbidden(int err)
{
	return err == EACCES || err == EPERM;
}

/* 0 where such an event may be opened, or the error. A file descriptor never leaves. */
static int try_event(uint32_t type, uint64_t config, bool user_only, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = type,
		.config = config,
		.disabled = 1,
		.exclude_kernel = user_only,
		.exclude_hv = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return errno;
	close((int)fd);
	return 0;
}

static const char *pick_event(void)
{
	bool pmu = try_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, true, 0, -1) == 0;

	return pmu ? "cycles" : "cpu-clock";
}

/* Whether we may profile whole CPUs; -EACCES where not even our own processes. */
static int pick_scope(const char *cpu_list, bool *ret_system_wide)
{
	struct cpulist_walk walk = {.rest = cpu_list};
	unsigned int cpu;
	int err;

	if (!cpulist_next(&walk, &cpu))
		return err_set(EINVAL, "\"%s\" is not a list of CPUs", cpu_list);
	err = try_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, false, -1, (int)cpu);
	*ret_system_wide = err == 0;
	if (!is_forbidden(err))
		return err ? err_sys(err, "open a perf event on CPU %u", cpu) : 0;
	err = try_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, true, 0, -1);
	if (is_forbidden(err))
		return err_set(
			EACCES,
			"profiling is not allowed (see /proc/sys/kernel/perf_event_paranoid)");
	return err ? err_sys(err, "open a perf event") : 0;
}

/* execvp() would tell "not there" only after the fork. */
static int find_perf(char *path, size_t size)
{
	const char *dirs = getenv("PATH");

	while (dirs && *dirs) {
		int len = (int)strcspn(dirs, ":");

		if (len && snprintf(path, size, "%.*s/perf", len, dirs) < (int)size &&
		    access(path, X_OK) == 0)
			return 0;
		dirs += len;
		dirs += *dirs == ':';
	}
	return err_set(ENOENT, "there is no perf in PATH");
}

static unsigned int sample_rate(void)
{
	uint64_t max;

	/* The kernel lowers it when sampling took too long; asking for more makes perf refuse. */
	if (fs_read_u64(&max, "/proc/sys/kernel/perf_event_max_sample_rate") == 0 && max &&
	    max < SAMPLES_PER_SECOND)
		return (unsigned int)max;
	return SAMPLES_PER_SECOND;
}

/* In the child: signals as a fresh program expects them, whatever the harness blocks or ignores. */
static void reset_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void exec_perf(const char *perf, char *const argv[], int control, int words, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGINT);
	if (getppid() != parent)
		_exit(1);
	reset_signals();
	/* Only what perf needs lives past exec(): the rest was opened close-on-exec. */
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(words, STDOUT_FILENO) < 0 ||
	    dup2(words, STDERR_FILENO) < 0 || fcntl(control, F_SETFD, 0) < 0)
		_exit(1);
	if (null > STDERR_FILENO)
		close(null);
	execv(perf, argv);
	dprintf(STDERR_FILENO, "%s: %s", perf, strerror(errno));
	_exit(127);
}

static int spawn(struct perfrec *rec, const char *perf, const char *target_option,
		 const char *target)
{
	char control_option[64], rate[16], delay[] = "--delay=-1";
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(errno, "make the control socket of perf");
	rec->control = pair[0];
	snprintf(control_option, sizeof(control_option), "--control=fd:%d,%d", pair[1], pair[1]);
	snprintf(rate, sizeof(rate), "%u", sample_rate());
	rec->pid = fork();
	if (rec->pid < 0) {
		int err = errno;

		close(pair[1]);
		return err_sys(err, "fork to start perf");
	}
	if (rec->pid == 0) {
		/*
		 * Stamps by our own clock, to be compared with the harness's times; no copies of
		 * binaries into the user's ~/.debug.
		 */
		char *argv[] = {(char *)"perf",
				(char *)"record",
				delay,
				control_option,
				(char *)"--clockid=CLOCK_MONOTONIC",
				(char *)"--no-buildid-cache",
				(char *)"-e",
				(char *)pick_event(),
				(char *)"-F",
				rate,
				(char *)"-o",
				rec->data_path,
				(char *)target_option,
				(char *)target,
				NULL};

		exec_perf(perf, argv, pair[1], rec->words, parent);
	}
	close(pair[1]);
	return 0;
}

/* Make one line of @buf: blanks and newlines in a row become one blank. */
static void squeeze(char *buf, ssize_t size)
{
	size_t out = 0;

	for (ssize_t i = 0; i < size; i++) {
		bool blank = (unsigned char)buf[i] <= ' ';

		if (blank && (!out || buf[out - 1] == ' '))
			continue;
		buf[out++] = blank ? ' ' : buf[i];
	}
	while (out && buf[out - 1] == ' ')
		out--;
	buf[out] = '\0';
}

/* What perf said, on one line; "" if nothing. The error comes first, advice behind it. */
static void read_words(const struct perfrec *rec, char *buf, size_t size)
{
	ssize_t n = pread(rec->words, buf, size - 1, 0);

	squeeze(buf, n);
	if (n == (ssize_t)size - 1 && strlen(buf) > 3)
		memcpy(buf + strlen(buf) - 3, "...", 3);
}

/* Wait for perf's end. False: it still runs after @timeout_ms. */
static bool reap(struct perfrec *rec, unsigned int timeout_ms)
{
	uint64_t give_up_ns = clock_ns() + (uint64_t)timeout_ms * 1000000;

	while (!rec->ended) {
		pid_t pid = waitpid(rec->pid, &rec->wait_status, WNOHANG);

		/* ECHILD: somebody else reaped it, or SIGCHLD is ignored; there is no status to
		 * read. */
		if (pid == rec->pid || (pid < 0 && errno == ECHILD)) {
			rec->ended = true;
			if (pid < 0)
				rec->wait_status = 0;
			break;
		}
		if (clock_ns() >= give_up_ns)
			return false;
		usleep(2000);
	}
	return true;
}

static int perf_failed(struct perfrec *rec, const char *doing)
{
	char words[400], end[64] = "does not answer";

	/* Its socket is closed a moment before it can be waited for. */
	if (reap(rec, 200)) {
		if (WIFSIGNALED(rec->wait_status))
			snprintf(end, sizeof(end), "was killed by signal %d",
				 WTERMSIG(rec->wait_status));
		else
			snprintf(end, sizeof(end), "ended with status %d",
				 WEXITSTATUS(rec->wait_status));
	}
	read_words(rec, words, sizeof(words));
	return err_set(EPROTO, "%s: perf %s%s%s%s", doing, end, words[0] ? ", saying \"" : "",
		       words, words[0] ? "\"" : "");
}

/* perf answers "ack\n", with a '\0' behind it that may arrive with the next answer. */
static int wait_for_answer(struct perfrec *rec, const char *command)
{
	uint64_t give_up_ns = clock_ns() + (uint64_t)ANSWER_TIMEOUT_MS * 1000000;

	for (;;) {
		struct pollfd pollfd = {.fd = rec->control, .events = POLLIN};
		uint64_t now_ns = clock_ns();
		char answer[16];
		ssize_t n;
		int ready;

		if (now_ns >= give_up_ns)
			return perf_failed(rec, command);
		ready = poll(&pollfd, 1, (int)((give_up_ns - now_ns) / 1000000) + 1);
		if (ready < 0 && errno != EINTR)
			return err_sys(errno, "%s: wait for perf", command);
		if (ready <= 0)
			continue;
		n = recv(rec->control, answer, sizeof(answer), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return perf_failed(rec, command);
		if (memchr(answer, '\n', (size_t)n))
			return 0;
	}
}

static int command(struct perfrec *rec, const char *line, const char *doing)
{
	ssize_t n;

	if (rec->ended)
		return perf_failed(rec, doing);
	do
		n = send(rec->control, line, strlen(line), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)strlen(line))
		return perf_failed(rec, doing);
	return wait_for_answer(rec, doing);
}

static void perfrec_free(struct perfrec *rec)
{
	if (!rec->ended && rec->pid > 0) {
		kill(rec->pid, SIGKILL);
		while (waitpid(rec->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (rec->control >= 0)
		close(rec->control);
	if (rec->words >= 0)
		close(rec->words);
	free(rec->data_path);
	free(rec);
}

int perfrec_start(const char *data_path, const char *cpu_list, int pid, struct perfrec **ret_rec)
{
	char perf[PATH_MAX], pid_text[16];
	struct perfrec *rec;
	bool system_wide;
	int ret = find_perf(perf, sizeof(perf));

	if (!ret)
		ret = pick_scope(cpu_list, &system_wide);
	if (ret)
		return ret;
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	rec = calloc(1, sizeof(*rec));
	if (!rec)
		return err_sys(ENOMEM, "start perf record");
	rec->control = -1;
	rec->data_path = strdup(data_path);
	rec->words = memfd_create("perf-words", MFD_CLOEXEC);
	if (!rec->data_path || rec->words < 0)
		ret = err_sys(rec->data_path ? errno : ENOMEM, "start perf record");
	if (!ret)
		ret = spawn(rec, perf, system_wide ? "-C" : "-p",
			    system_wide ? cpu_list : pid_text);
	/* Its events are open once it answers; they are disabled already. */
	if (!ret)
		ret = command(rec, "disable\n", "start perf record");
	if (ret) {
		perfrec_free(rec);
		return ret;
	}
	*ret_rec = rec;
	return 0;
}

int perfrec_enable(struct perfrec *rec)
{
	return command(rec, "enable\n", "enable perf's events");
}

int perfrec_disable(struct perfrec *rec)
{
	return command(rec, "disable\n", "disable perf's events");
}

/* perf record takes SIGINT as "finish", and then dies of it for its parent to see. */
static bool finished_well(const struct perfrec *rec)
{
	if (WIFSIGNALED(rec->wait_status))
		return WTERMSIG(rec->wait_status) == SIGINT;
	return WEXITSTATUS(rec->wait_status) == 0;
}

static int finish(struct perfrec *rec)
{
	struct stat st;

	if (rec->ended || reap(rec, 0))
		return perf_failed(rec, "end perf record");
	kill(rec->pid, SIGINT);
	if (!reap(rec, FINISH_TIMEOUT_MS) || !finished_well(rec))
		return perf_failed(rec, "end perf record");
	if (stat(rec->data_path, &st) < 0 || !st.st_size)
		return err_set(EPROTO, "perf record left nothing in %s", rec->data_path);
	return 0;
}

int perfrec_stop(struct perfrec *rec)
{
	int ret;

	if (!rec)
		return 0;
	ret = finish(rec);
	perfrec_free(rec);
	return ret;
}
