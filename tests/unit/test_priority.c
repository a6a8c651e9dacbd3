// SPDX-License-Identifier: GPL-2.0-or-later
/* The weight of a run, and of the cgroups that it makes. Lower weights take no right: they stand for the higher one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "machine/priority.h"
#include "scratch.h"

#define DIR_V2 "/sys/fs/cgroup/item0-arm1"

static void make_file(const char *dir, const char *name, const char *text)
{
	char command[256];

	snprintf(command, sizeof(command), "mkdir -p '%s%s' && echo '%s' >'%s%s/%s'", scratch, dir, text, scratch, dir, name);
	assert_int_equal(system(command), 0);
}

/* In a process of its own: a nice level does not come back. */
static void in_child(int nice, int (*work)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		fs_set_root(scratch);
		_exit(nice && setpriority(PRIO_PROCESS, 0, nice) ? 99 : work());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int expect_file(const char *path, const char *text)
{
	__free_mem char *found = NULL;

	return fs_read(&found, "%s", path) < 0 || strncmp(found, text, strlen(text));
}

static int weigh(void)
{
	return priority_of_cgroup(DIR_V2);
}

static int as_the_process(void)
{
	return weigh() || expect_file(DIR_V2 "/cpu.weight.nice", "7");
}

static int as_it_was(void)
{
	return weigh() || expect_file(DIR_V2 "/cpu.weight.nice", "0");
}

static int no_file_is_made(void)
{
	return weigh() || fs_exists(DIR_V2 "/cpu.weight.nice");
}

/* Else the root arm would weigh more than a child, whose cgroup has the cpu controller. */
static void a_cgroup_weighs_what_the_run_does(void **state)
{
	(void)state;
	if (getpriority(PRIO_PROCESS, 0) > 6) {
		print_message("this test has a nice level of its own\n");
		skip();
	}
	make_file(DIR_V2, "memory.max", "max");
	in_child(7, no_file_is_made);
	make_file(DIR_V2, "cpu.weight.nice", "0");
	in_child(7, as_the_process);
	make_file(DIR_V2, "cpu.weight.nice", "0");
	if (!getpriority(PRIO_PROCESS, 0))
		in_child(0, as_it_was);
}

static int says(const char *want)
{
	char text[48];

	priority_describe(text, sizeof(text));
	return strcmp(text, want);
}

static int says_both(void)
{
	return says("nice 7, its session -10");
}

static int says_own(void)
{
	return says("nice 7");
}

static void it_is_described(void **state)
{
	(void)state;
	if (getpriority(PRIO_PROCESS, 0) > 6)
		skip();
	in_child(7, says_own);
	make_file("/proc/self", "autogroup", "/autogroup-123 nice -10");
	in_child(7, says_both);
}

static int chosen_is_left(void)
{
	return priority_raise() || getpriority(PRIO_PROCESS, 0) != 7 || getsid(0) == getpid();
}

static void what_somebody_chose_is_left(void **state)
{
	(void)state;
	if (getpriority(PRIO_PROCESS, 0) > 6)
		skip();
	in_child(7, chosen_is_left);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_cgroup_weighs_what_the_run_does, setup, teardown),
		cmocka_unit_test_setup_teardown(it_is_described, setup, teardown),
		cmocka_unit_test_setup_teardown(what_somebody_chose_is_left, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
