// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose is it, and does he live? */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "machine/owner.h"
#include "scratch.h"

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void names_are_taken_whole(void **state)
{
	static const char *const others[] = {
		"memcgbench",		"memcgbench.12",	     "memcgbench.12.",
		"memcgbench.0.1.7",	"memcgbench.-1.1.7",	     "memcgbench. 1.1.7",
		"memcgbench.12.345x.7", "memcgbench.4294967297.1.7", "memcgbench.1.99999999999999999999.7",
		"memcgbench.12.345",	"memcgbench.12.345.",	     "memcgbench.12.345.x",
		"memcgbench.12.345.7x", "memcgbench.12.345.4294967296", "memcgbench-test.12.345.7",
	};
	struct owner owner = {.pid = 7, .start = 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(owner_parse(others[i], &owner));
	assert_int_equal(owner.pid, 7);
	assert_true(owner_parse("memcgbench.12.345.4026531836", &owner));
	assert_int_equal(owner.pid, 12);
	assert_int_equal(owner.start, 345);
	assert_int_equal(owner.pid_ns, 4026531836u);
	assert_true(owner_parse("memcgbench.13.345.7.group", &owner));
	assert_int_equal(owner.pid, 13);
}

#define STAT_REST " 1 1 1 0 -1 4194560 120 0 0 0 1 2 0 0 20 0 1 0 "

static void stat_is_read_behind_any_command(void **state)
{
	struct owner owner;
	char letter;

	(void)state;
	assert_int_equal(owner_parse_stat("101 (a) R 1 (b)) S" STAT_REST "6000 2500000 200", &owner, &letter), 0);
	assert_int_equal(owner.pid, 101);
	assert_int_equal(letter, 'S');
	assert_int_equal(owner.start, 6000);
	assert_int_equal(owner_parse_stat("101 (a) S 1 2 3", &owner, &letter), -EINVAL);
	assert_int_equal(owner_parse_stat("", &owner, &letter), -EINVAL);
}

static void a_process_lives_until_it_ends(void **state)
{
	struct owner owner, same;
	char name[64];
	pid_t pid;

	(void)state;
	assert_int_equal(owner_self(&owner), 0);
	assert_true(owner_lives(&owner));
	owner_name(&owner, name, sizeof(name));
	assert_true(owner_parse(name, &same));
	assert_int_equal(same.pid, owner.pid);
	assert_true(same.start == owner.start);
	assert_int_equal(same.pid_ns, owner.pid_ns);
	/* The same pid at another time is another process. */
	same.start++;
	assert_false(owner_lives(&same));
	pid = fork();
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	same.pid = pid;
	assert_false(owner_lives(&same));
}

/* A machine whose /proc is that of the namespace @own, with a process 200 of namespace 12, where its pid is 5. */
static void make_proc(const char *own)
{
	static const char stat[] = "200 (memcgbench) S" STAT_REST "6000 1 2\n", status[] = "Name:\tx\nNSpid:\t200\t5\nNSpgid:\t200\t5\n";
	char path[128];

	snprintf(path, sizeof(path), "%s/proc", scratch);
	assert_int_equal(mkdir(path, 0755), 0);
	for (int i = 0; i < 2; i++) {
		const char *process = i ? "200" : "self";

		snprintf(path, sizeof(path), "%s/proc/%s", scratch, process);
		assert_int_equal(mkdir(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/proc/%s/ns", scratch, process);
		assert_int_equal(mkdir(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/proc/%s/ns/pid", scratch, process);
		assert_int_equal(symlink(i ? "pid:[12]" : own, path), 0);
		snprintf(path, sizeof(path), "%s/proc/%s/stat", scratch, process);
		write_file(path, stat);
		snprintf(path, sizeof(path), "%s/proc/%s/status", scratch, process);
		write_file(path, i ? status : "Name:\tx\nNSpid:\t77\n");
	}
	fs_set_root(scratch);
}

static int remove_proc(void **state)
{
	fs_set_root("");
	return teardown(state);
}

/* Its namespace is below the initial one, whose root sees all processes. */
static void a_process_of_a_container_is_found(void **state)
{
	struct owner owner = {.pid = 5, .start = 1, .pid_ns = 12};

	(void)state;
	if (geteuid()) {
		print_message("only root sees all processes\n");
		skip();
	}
	make_proc("pid:[4026531836]");
	/* A time namespace may have shifted its start. */
	assert_true(owner_lives(&owner));
	owner.pid = 6;
	assert_false(owner_lives(&owner));
	/* There is a process 200 here, but not in that namespace. */
	owner.pid = 200;
	assert_false(owner_lives(&owner));
	owner.pid_ns = 13;
	assert_false(owner_lives(&owner));
}

/* From within a container nobody can tell. */
static void a_process_outside_lives(void **state)
{
	struct owner owner = {.pid = 6, .start = 1, .pid_ns = 4026531836u};

	(void)state;
	make_proc("pid:[12]");
	assert_true(owner_lives(&owner));
	owner.pid_ns = 13;
	assert_true(owner_lives(&owner));
	owner.pid_ns = 12;
	owner.pid = 200;
	assert_false(owner_lives(&owner));
	owner.start = 6000;
	assert_true(owner_lives(&owner));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_whole),
		cmocka_unit_test(stat_is_read_behind_any_command),
		cmocka_unit_test(a_process_lives_until_it_ends),
		cmocka_unit_test_setup_teardown(a_process_of_a_container_is_found, setup, remove_proc),
		cmocka_unit_test_setup_teardown(a_process_outside_lives, setup, remove_proc),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
