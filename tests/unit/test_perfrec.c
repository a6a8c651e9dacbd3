// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err.h"
#include "machine/clock.h"
#include "machine/perfrec.h"

/* Long enough for samples, short enough for a busy test machine. */
#define BUSY_MS 60

static char dir[] = "/tmp/test_perfrec.XXXXXX";
static char data_path[64], script_path[64];

static int make_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(data_path, sizeof(data_path), "%s/perf.data", dir);
	snprintf(script_path, sizeof(script_path), "%s/perf", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(data_path);
	unlink(script_path);
	return rmdir(dir);
}

static size_t open_fds(void)
{
	DIR *fds = opendir("/proc/self/fd");
	size_t nr = 0;

	while (readdir(fds))
		nr++;
	closedir(fds);
	return nr;
}

/* Nothing is left of what a test started. */
static void assert_clean(size_t fds_before)
{
	assert_int_equal(open_fds(), fds_before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static __attribute__((noinline)) void burn(uint64_t ms)
{
	uint64_t end_ns = clock_ns() + ms * 1000000;

	while (clock_ns() < end_ns)
		;
}

/* perf's child, by its parent: /proc/self/task/TID/children needs an option that few kernels have.
 */
static pid_t child_pid(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	pid_t found = 0;

	while (!found && (entry = readdir(proc))) {
		char path[300], line[256] = "";
		const char *end;
		int parent;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%.200s/stat", entry->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		end = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
		if (end && sscanf(end + 1, " %*c %d", &parent) == 1 && parent == getpid())
			found = atoi(entry->d_name);
		fclose(f);
	}
	closedir(proc);
	return found;
}

static struct perfrec *start_or_skip(void)
{
	struct perfrec *rec;
	int ret;

	/* perf would keep it as perf.data.old. */
	unlink(data_path);
	ret = perfrec_start(data_path, "0", getpid(), &rec);

	if (ret == -ENOENT || ret == -EACCES) {
		print_message("no perf record here: %s\n", err_msg());
		skip();
	}
	if (ret)
		print_error("%s\n", err_msg());
	assert_int_equal(ret, 0);
	return rec;
}

/* Times of this process's samples in ns; how many there are. */
static size_t read_samples(uint64_t *times_ns, size_t max)
{
	char command[256], line[512];
	size_t nr = 0;
	FILE *f;

	snprintf(command, sizeof(command), "perf script --ns -F pid,time -i %s 2>/dev/null",
		 data_path);
	f = popen(command, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long long seconds, ns;
		int pid;

		if (sscanf(line, "%d %llu.%llu:", &pid, &seconds, &ns) == 3 && pid == getpid() &&
		    nr < max)
			times_ns[nr++] = seconds * 1000000000 + ns;
	}
	assert_int_equal(pclose(f), 0);
	return nr;
}

static void pin_to_cpu_0(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

struct region {
	uint64_t begin_ns, end_ns;
};

static void record_regions(struct perfrec *rec, struct region *regions, size_t nr)
{
	burn(BUSY_MS);
	for (size_t i = 0; i < nr; i++) {
		regions[i].begin_ns = clock_ns();
		assert_int_equal(perfrec_enable(rec), 0);
		burn(BUSY_MS);
		assert_int_equal(perfrec_disable(rec), 0);
		regions[i].end_ns = clock_ns();
		burn(BUSY_MS);
	}
}

/* Busy all the time, but every sample lies in a region, and every region has some. */
static void samples_only_inside(void **state)
{
	static uint64_t times_ns[8192];
	struct region regions[3];
	size_t fds = open_fds(), nr, seen[ARRAY_SIZE(regions)] = {0}, inside = 0;
	struct perfrec *rec = start_or_skip();

	(void)state;
	pin_to_cpu_0();
	record_regions(rec, regions, ARRAY_SIZE(regions));
	assert_int_equal(perfrec_stop(rec), 0);
	assert_clean(fds);
	nr = read_samples(times_ns, ARRAY_SIZE(times_ns));
	for (size_t i = 0; i < nr; i++)
		for (size_t r = 0; r < ARRAY_SIZE(regions); r++)
			if (times_ns[i] >= regions[r].begin_ns &&
			    times_ns[i] <= regions[r].end_ns) {
				seen[r]++;
				inside++;
			}
	assert_int_equal(inside, nr);
	for (size_t r = 0; r < ARRAY_SIZE(regions); r++)
		assert_true(seen[r] >= 5);
}

static void nothing_enabled_nothing_sampled(void **state)
{
	uint64_t time_ns;
	size_t fds = open_fds();
	struct perfrec *rec = start_or_skip();

	(void)state;
	pin_to_cpu_0();
	burn(BUSY_MS);
	assert_int_equal(perfrec_stop(rec), 0);
	assert_clean(fds);
	assert_int_equal(read_samples(&time_ns, 1), 0);
}

static void report_reads_it(void **state)
{
	struct perfrec *rec = start_or_skip();
	char command[256];

	(void)state;
	pin_to_cpu_0();
	assert_int_equal(perfrec_enable(rec), 0);
	burn(BUSY_MS);
	assert_int_equal(perfrec_disable(rec), 0);
	assert_int_equal(perfrec_stop(rec), 0);
	snprintf(command, sizeof(command),
		 "perf report --stdio -i %s 2>/dev/null | grep -q test_perfrec", data_path);
	assert_int_equal(system(command), 0);
}

/* A blocked SIGINT and an ignored one are inherited: perf must still end by it. */
static void ends_though_sigint_is_blocked(void **state)
{
	size_t fds = open_fds();
	struct perfrec *rec;
	sigset_t set, old;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGINT, SIG_IGN);
	rec = start_or_skip();
	assert_int_equal(perfrec_stop(rec), 0);
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	assert_clean(fds);
}

static void killed_in_the_middle(void **state)
{
	size_t fds = open_fds();
	struct perfrec *rec = start_or_skip();
	pid_t perf = child_pid();

	(void)state;
	assert_int_equal(perfrec_enable(rec), 0);
	assert_true(perf > 0);
	kill(perf, SIGKILL);
	/* Dead by then, so that the command meets a closed socket: no SIGPIPE. */
	usleep(100000);
	assert_int_equal(perfrec_disable(rec), -EPROTO);
	assert_non_null(strstr(err_msg(), "killed by signal 9"));
	assert_int_equal(perfrec_enable(rec), -EPROTO);
	assert_int_equal(perfrec_stop(rec), -EPROTO);
	assert_clean(fds);
}

static void unwritable_data_is_said_in_perfs_words(void **state)
{
	struct perfrec *rec = NULL;
	size_t fds;
	int ret;

	(void)state;
	perfrec_stop(start_or_skip());
	fds = open_fds();
	ret = perfrec_start("/nonexistent/perf.data", "0", getpid(), &rec);
	assert_int_equal(ret, -EPROTO);
	assert_null(rec);
	assert_non_null(strstr(err_msg(), "No such file or directory"));
	assert_null(strchr(err_msg(), '\n'));
	assert_clean(fds);
}

static void with_path(const char *path, const char *data, int expected, const char *words)
{
	char *old = strdup(getenv("PATH"));
	size_t fds = open_fds();
	struct perfrec *rec = NULL;
	int ret;

	setenv("PATH", path, 1);
	ret = perfrec_start(data, "0", getpid(), &rec);
	setenv("PATH", old, 1);
	free(old);
	if (ret == -EACCES)
		skip();
	assert_int_equal(ret, expected);
	assert_null(rec);
	assert_non_null(strstr(err_msg(), words));
	assert_clean(fds);
}

static void write_script(const char *text)
{
	FILE *f = fopen(script_path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	chmod(script_path, 0755);
}

static void perf_is_missing(void **state)
{
	(void)state;
	with_path("", data_path, -ENOENT, "no perf");
	with_path("/nonexistent::/dev", data_path, -ENOENT, "no perf");
}

/* Distributions put a wrapper at /usr/bin/perf that fails where the real one is not installed. */
static void perf_fails_at_once(void **state)
{
	(void)state;
	write_script("#!/bin/sh\necho 'E: linux-perf is\n not installed.' >&2\nexit 3\n");
	with_path(dir, data_path, -EPROTO,
		  "ended with status 3, saying \"E: linux-perf is not installed.\"");
	write_script("not a program");
	with_path(dir, data_path, -EPROTO, "Exec format error");
}

static void cpu_list_is_none(void **state)
{
	struct perfrec *rec;

	(void)state;
	perfrec_stop(start_or_skip());
	assert_int_equal(perfrec_start(data_path, "all", getpid(), &rec), -EINVAL);
	assert_int_equal(perfrec_stop(NULL), 0);
}

/* Runs as nobody, who may profile its own processes at most. */
static int profile_unprivileged(void)
{
	struct perfrec *rec;
	int ret;

	/* Who changed its identity may not be looked into, until it says otherwise. */
	if (setgid(65534) || setuid(65534) || prctl(PR_SET_DUMPABLE, 1))
		return 1;
	ret = perfrec_start(data_path, "0", getpid(), &rec);
	if (ret == -EACCES)
		return 0;
	if (ret)
		return 2;
	if (perfrec_enable(rec))
		return 3;
	burn(BUSY_MS);
	if (perfrec_disable(rec))
		return 4;
	if (perfrec_stop(rec))
		return 5;
	return read_samples(&(uint64_t){0}, 1) ? 0 : 6;
}

static void unprivileged_profiles_its_own_process(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	perfrec_stop(start_or_skip());
	unlink(data_path);
	assert_int_equal(chown(dir, 65534, 65534), 0);
	pid = fork();
	if (pid == 0) {
		int ret = profile_unprivileged();

		if (ret)
			print_message("%d: %s\n", ret, err_msg());
		_exit(ret);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_only_inside),
		cmocka_unit_test(nothing_enabled_nothing_sampled),
		cmocka_unit_test(report_reads_it),
		cmocka_unit_test(ends_though_sigint_is_blocked),
		cmocka_unit_test(killed_in_the_middle),
		cmocka_unit_test(unwritable_data_is_said_in_perfs_words),
		cmocka_unit_test(perf_is_missing),
		cmocka_unit_test(perf_fails_at_once),
		cmocka_unit_test(cpu_list_is_none),
		cmocka_unit_test(unprivileged_profiles_its_own_process),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
