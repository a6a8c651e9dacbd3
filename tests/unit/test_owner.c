// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose is it, and does he live? */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "machine/owner.h"

static void names_are_taken_whole(void **state)
{
	static const char *const others[] = {
		"memcgbench",	      "memcgbench.12",		  "memcgbench.12.",
		"memcgbench.0.1",     "memcgbench.-1.1",	  "memcgbench. 1.1",
		"memcgbench.12.345x", "memcgbench.4294967297.1", "memcgbench.1.99999999999999999999",
		"memcgbench-test.12.345",
	};
	struct owner owner = {.pid = 7, .start = 7};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(owner_parse(others[i], &owner));
	assert_int_equal(owner.pid, 7);
	assert_true(owner_parse("memcgbench.12.345", &owner));
	assert_int_equal(owner.pid, 12);
	assert_int_equal(owner.start, 345);
	assert_true(owner_parse("memcgbench.13.345.group", &owner));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_whole),
		cmocka_unit_test(stat_is_read_behind_any_command),
		cmocka_unit_test(a_process_lives_until_it_ends),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
