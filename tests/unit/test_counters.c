// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "machine/counters.h"

#define NR_PAGES 64

static struct counters *open_or_skip(void)
{
	struct counters *c;

	assert_int_equal(counters_open_self(&c), 0);
	if (!counters_nr(c)) {
		print_message("no perf events here: %s\n", counters_why(c));
		counters_close(c);
		skip();
	}
	return c;
}

static size_t index_of(const struct counters *c, const char *name)
{
	for (size_t i = 0; i < counters_nr(c); i++)
		if (!strcmp(counters_name(c, i), name))
			return i;
	return SIZE_MAX;
}

static size_t open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t nr = 0;

	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static void touch_pages(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, NR_PAGES * page_bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	madvise(map, NR_PAGES * page_bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < NR_PAGES; i++)
		((volatile char *)map)[i * page_bytes] = 1;
	munmap(map, NR_PAGES * page_bytes);
}

static void counts_page_faults(void **state)
{
	struct counters *c = open_or_skip();
	size_t faults = index_of(c, "page-faults");
	struct counters_reading begin, end;
	struct counters_delta delta;

	(void)state;
	assert_int_not_equal(faults, SIZE_MAX);
	/* Once before: what a sanitizer maps for its own use is there by then. */
	touch_pages();
	counters_read(c, &begin);
	touch_pages();
	counters_read(c, &end);
	counters_sub(c, &begin, &end, &delta);
	assert_true(delta.valid[faults]);
	assert_false(delta.scaled[faults]);
	/* A few more for the stack or a lazily mapped page; none twice. */
	assert_in_range(delta.count[faults], NR_PAGES, NR_PAGES + 8);
	counters_close(c);
}

static void counts_sleeps_of_this_thread(void **state)
{
	struct counters *c = open_or_skip();
	size_t switches = index_of(c, "context-switches");
	struct counters_reading begin, end;
	struct counters_delta delta;

	(void)state;
	if (switches == SIZE_MAX) {
		assert_true(counters_user_only(c));
		assert_non_null(strstr(counters_why(c), "context-switches"));
		counters_close(c);
		return;
	}
	counters_read(c, &begin);
	for (int i = 0; i < 3; i++)
		usleep(1000);
	counters_read(c, &end);
	counters_sub(c, &begin, &end, &delta);
	assert_true(delta.valid[switches] && delta.count[switches] >= 3);
	counters_close(c);
}

static void missing_ones_are_explained(void **state)
{
	struct counters *c = open_or_skip();

	(void)state;
	if (index_of(c, "cycles") == SIZE_MAX) {
		assert_non_null(strstr(counters_why(c), "cycles"));
		assert_non_null(strstr(counters_why(c), "PMU"));
		/* One reason is said once, with all the names in front of it. */
		assert_null(strstr(strstr(counters_why(c), "PMU") + 1, "PMU"));
	}
	if (counters_nr(c) == 7)
		assert_string_equal(counters_why(c), "");
	counters_close(c);
}

static void nothing_leaks(void **state)
{
	size_t before = open_fds();
	struct counters *c;

	(void)state;
	assert_int_equal(counters_open_self(&c), 0);
	counters_close(c);
	counters_close(NULL);
	assert_int_equal(open_fds(), before);
}

/* Runs as nobody. Exit status: 0 as it should be, else the number of what is not. */
static int check_unprivileged(void)
{
	struct counters_reading begin, end;
	struct counters_delta delta;
	struct counters *c;
	size_t faults;

	if (setgid(65534) || setuid(65534))
		return 1;
	if (counters_open_self(&c))
		return 2;
	/* A number that would be 0 for ever is not to be had. */
	if (index_of(c, "context-switches") != SIZE_MAX ||
	    index_of(c, "cpu-migrations") != SIZE_MAX)
		return 3;
	if (!strstr(counters_why(c), "context-switches") || !strstr(counters_why(c), "paranoid"))
		return 4;
	faults = index_of(c, "page-faults");
	if (faults == SIZE_MAX)
		return counters_nr(c) || counters_user_only(c) ? 5 : 0;
	if (!counters_user_only(c))
		return 6;
	counters_read(c, &begin);
	touch_pages();
	counters_read(c, &end);
	counters_sub(c, &begin, &end, &delta);
	counters_close(c);
	return delta.valid[faults] && delta.count[faults] >= NR_PAGES ? 0 : 7;
}

static void unprivileged_counts_user_mode_only(void **state)
{
	__free_mem char *paranoid = NULL;
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0 || fs_read(&paranoid, "/proc/sys/kernel/perf_event_paranoid") < 0 ||
	    atoi(paranoid) < 2)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(check_unprivileged());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static struct counters_delta difference(const struct counters *c, uint64_t count,
					uint64_t enabled_ns, uint64_t running_ns)
{
	struct counters_reading begin = {.count = {5}, .enabled_ns = {100}, .running_ns = {40}};
	struct counters_reading end = {.count = {5 + count},
				       .enabled_ns = {100 + enabled_ns},
				       .running_ns = {40 + running_ns}};
	struct counters_delta delta;

	memset(&delta, 0xff, sizeof(delta));
	counters_sub(c, &begin, &end, &delta);
	return delta;
}

static void made_up_readings(void **state)
{
	struct counters *c = open_or_skip();
	struct counters_delta d;

	(void)state;
	d = difference(c, 300, 1000, 1000);
	assert_true(d.valid[0] && !d.scaled[0]);
	assert_int_equal(d.count[0], 300);
	/* On the PMU a third of the time. */
	d = difference(c, 300, 900, 300);
	assert_true(d.valid[0] && d.scaled[0]);
	assert_int_equal(d.count[0], 900);
	/* 2 * 5 / 3 is 3.33, and 2 * 5 / 4 is 2.5: rounded, not cut. */
	d = difference(c, 2, 5, 3);
	assert_int_equal(d.count[0], 3);
	d = difference(c, 2, 5, 4);
	assert_int_equal(d.count[0], 3);
	/* It ran and saw nothing: a true zero. */
	d = difference(c, 0, 1000, 1000);
	assert_true(d.valid[0]);
	assert_int_equal(d.count[0], 0);
	/* It never ran in between: not a zero. */
	d = difference(c, 0, 1000, 0);
	assert_false(d.valid[0] || d.scaled[0]);
	d = difference(c, 0, 0, 0);
	assert_false(d.valid[0]);
	/* Beyond 64 bits on the way, not in the result. */
	d = difference(c, 1ull << 62, 3ull << 40, 2ull << 40);
	assert_true(d.valid[0] && d.scaled[0]);
	assert_true(d.count[0] == 3ull << 61);
	/* The result itself does not fit: no number. */
	d = difference(c, 1ull << 62, 1ull << 40, 1);
	assert_false(d.valid[0] || d.scaled[0]);
	/* Entries behind the last counter are never valid. */
	assert_false(d.valid[COUNTERS_MAX - 1]);
	counters_close(c);
}

static void failed_readings_give_no_number(void **state)
{
	struct counters_reading zero = {0},
				some = {.count = {500}, .enabled_ns = {900}, .running_ns = {900}};
	struct counters *c = open_or_skip();
	struct counters_delta d;

	(void)state;
	counters_sub(c, &zero, &some, &d);
	assert_false(d.valid[0]);
	counters_sub(c, &some, &zero, &d);
	assert_false(d.valid[0]);
	counters_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_page_faults),
		cmocka_unit_test(counts_sleeps_of_this_thread),
		cmocka_unit_test(missing_ones_are_explained),
		cmocka_unit_test(nothing_leaks),
		cmocka_unit_test(unprivileged_counts_user_mode_only),
		cmocka_unit_test(made_up_readings),
		cmocka_unit_test(failed_readings_give_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
