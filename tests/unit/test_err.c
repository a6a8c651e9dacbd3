// SPDX-License-Identifier: GPL-2.0-or-later
/* Sentences: what they say, that they may quote the sentence before, and where they are cut. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static char long_text[3 * ERR_MSG_MAX];

static int fill_long_text(void **state)
{
	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	return 0;
}

static void set_says_it_as_it_stands(void **state)
{
	(void)state;
	assert_int_equal(err_set(EINVAL, "no bench is called \"%s\"", "nul"), -EINVAL);
	assert_string_equal(err_msg(), "no bench is called \"nul\"");
}

static void sys_adds_the_reason(void **state)
{
	(void)state;
	assert_int_equal(err_sys(EBUSY, "write memory.max in %s", "/sys/fs/cgroup/x"), -EBUSY);
	assert_string_equal(err_msg(), "write memory.max in /sys/fs/cgroup/x: Device or resource busy");
}

static void prefix_keeps_the_status(void **state)
{
	(void)state;
	err_set(ENOENT, "no line \"anon\"");
	assert_int_equal(err_prefix(-ENOENT, "%s", "/proc/vmstat"), -ENOENT);
	assert_int_equal(err_prefix(7, "%s %d", "worker", 3), 7);
	assert_string_equal(err_msg(), "worker 3: /proc/vmstat: no line \"anon\"");
}

/* "%s" with err_msg() reads the buffer that is about to be written. */
static void the_old_sentence_may_be_an_argument(void **state)
{
	(void)state;
	err_set(EIO, "disk gone");
	err_set(EIO, "first: %s", err_msg());
	assert_string_equal(err_msg(), "first: disk gone");
	err_sys(EIO, "second: %s", err_msg());
	assert_string_equal(err_msg(), "second: first: disk gone: Input/output error");
	err_set(EIO, "old");
	err_prefix(-EIO, "quoting \"%s\"", err_msg());
	assert_string_equal(err_msg(), "quoting \"old\": old");
}

/* A percent sign in the old sentence is text, not a conversion. */
static void percent_signs_survive(void **state)
{
	(void)state;
	err_set(EINVAL, "%s", "50%s %n");
	err_prefix(-EINVAL, "value");
	assert_string_equal(err_msg(), "value: 50%s %n");
}

static void set_cuts_what_is_too_long(void **state)
{
	(void)state;
	assert_int_equal(err_set(EINVAL, "%s", long_text), -EINVAL);
	assert_int_equal(strlen(err_msg()), ERR_MSG_MAX - 1);
}

/* The reason is what a reader needs most: the text before it is cut, not it. */
static void sys_keeps_the_reason_of_a_cut_sentence(void **state)
{
	const char *reason = ": No space left on device";

	(void)state;
	err_sys(ENOSPC, "%s", long_text);
	assert_true(strlen(err_msg()) < ERR_MSG_MAX);
	assert_string_equal(err_msg() + strlen(err_msg()) - strlen(reason), reason);
}

static void prefix_cuts_at_the_end(void **state)
{
	(void)state;
	err_set(EINVAL, "%s", long_text);
	err_prefix(-EINVAL, "run");
	assert_int_equal(strlen(err_msg()), ERR_MSG_MAX - 1);
	assert_memory_equal(err_msg(), "run: xxx", 8);
	err_set(EINVAL, "short");
	err_prefix(-EINVAL, "%s", long_text);
	assert_int_equal(strlen(err_msg()), ERR_MSG_MAX - 1);
	assert_memory_equal(err_msg(), "xxx", 3);
}

static void *other_thread(void *ret_text)
{
	err_set(EINVAL, "the other's");
	strcpy(ret_text, err_msg());
	return NULL;
}

static void each_thread_has_its_own(void **state)
{
	pthread_t thread;
	char text[64] = "";

	(void)state;
	err_set(EINVAL, "mine");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, text), 0);
	pthread_join(thread, NULL);
	assert_string_equal(text, "the other's");
	assert_string_equal(err_msg(), "mine");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_says_it_as_it_stands),
		cmocka_unit_test(sys_adds_the_reason),
		cmocka_unit_test(prefix_keeps_the_status),
		cmocka_unit_test(the_old_sentence_may_be_an_argument),
		cmocka_unit_test(percent_signs_survive),
		cmocka_unit_test(set_cuts_what_is_too_long),
		cmocka_unit_test(sys_keeps_the_reason_of_a_cut_sentence),
		cmocka_unit_test(prefix_cuts_at_the_end),
		cmocka_unit_test(each_thread_has_its_own),
	};

	return cmocka_run_group_tests(tests, fill_long_text, NULL);
}
