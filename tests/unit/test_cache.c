// SPDX-License-Identifier: GPL-2.0-or-later
/* Nothing of the cache is used that is not what was put there, or that somebody else could have put there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/util.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "scratch.h"

static unsigned int nr_made;

static int make(void *ctx, const char *folder)
{
	__free_mem char *path = text_format("%s/deep/file", folder), *deep = text_format("%s/deep", folder);
	const char *text = ctx;

	nr_made++;
	if (!text)
		return err_set(EIO, "no luck");
	assert_int_equal(folder_make(deep), 0);
	return file_replace(path, text, strlen(text));
}

/* The path of the scratch folder's cache with @rest behind it. Valid until the next call. */
static const char *in_cache(const char *rest)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/memcgbench%s", scratch, rest);
	return path;
}

static bool holds(const char *folder, const char *text)
{
	__free_mem char *path = text_format("%s/deep/file", folder);

	return file_holds(path, text, strlen(text));
}

static int setup_cache(void **state)
{
	int ret = setup(state);

	setenv("XDG_CACHE_HOME", scratch, 1);
	nr_made = 0;
	return ret;
}

/* Get the entry "a" and see that it holds @text. */
static void get(const char *text)
{
	__free_mem char *folder = NULL;

	assert_int_equal(cache_entry("part", "a", make, (void *)text, &folder), 0);
	assert_string_equal(folder, in_cache("/part/a"));
	assert_true(holds(folder, text));
}

static void is_made_once(void **state)
{
	(void)state;
	get("one");
	get("one");
	assert_int_equal(nr_made, 1);
}

static void what_was_changed_is_made_again(void **state)
{
	__free_mem char *other = NULL;

	(void)state;
	get("one");
	assert_int_equal(file_replace(in_cache("/part/a/deep/file"), "two", 3), 0);
	get("one");
	assert_int_equal(nr_made, 2);
	/* Something more in it. */
	assert_int_equal(file_replace(in_cache("/part/a/more"), "", 0), 0);
	get("one");
	assert_int_equal(nr_made, 3);
	/* A link in place of the file, to the same bytes. */
	assert_int_equal(file_replace(in_cache("/part/bytes"), "one", 3), 0);
	assert_int_equal(unlink(in_cache("/part/a/deep/file")), 0);
	assert_int_equal(symlink("../../bytes", in_cache("/part/a/deep/file")), 0);
	get("one");
	assert_int_equal(nr_made, 4);
	/* Another entry under this name: whole, but not this one. */
	assert_int_equal(cache_entry("part", "b", make, (void *)"other", &other), 0);
	folder_remove(in_cache("/part/a"));
	assert_int_equal(rename(other, in_cache("/part/a")), 0);
	get("one");
	assert_int_equal(nr_made, 6);
}

static void a_failure_leaves_nothing(void **state)
{
	char *folder = NULL;

	(void)state;
	assert_int_equal(cache_entry("part", "a", make, NULL, &folder), -EIO);
	assert_string_equal(err_msg(), "no luck");
	assert_null(folder);
	assert_false(file_is_folder(in_cache("/part/a")));
	assert_false(file_is_folder(in_cache("/part/a.tmp")));
}

/* What a killed maker left, of whatever entry. */
static void left_overs_are_swept(void **state)
{
	(void)state;
	assert_int_equal(folder_make(in_cache("/part/x.tmp/deep")), 0);
	get("one");
	assert_false(file_is_folder(in_cache("/part/x.tmp")));
}

static void who_comes_second_waits(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		get("one");
		_exit((int)nr_made);
	}
	get("one");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(nr_made + (unsigned int)WEXITSTATUS(status), 1);
}

static void assert_refused(const char *sentence)
{
	char *folder = NULL;

	assert_int_equal(cache_entry("part", "a", make, (void *)"one", &folder), -EPERM);
	assert_non_null(strstr(err_msg(), sentence));
	assert_null(folder);
}

static void folders_of_others_are_refused(void **state)
{
	(void)state;
	get("one");
	assert_int_equal(chmod(in_cache(""), 0777), 0);
	assert_refused("others may write to");
	assert_int_equal(chmod(in_cache(""), 0700), 0);
	assert_int_equal(chmod(in_cache("/part"), 0720), 0);
	assert_refused("others may write to");
	assert_int_equal(chmod(in_cache("/part"), 0700), 0);
	folder_remove(in_cache("/part"));
	assert_int_equal(symlink(".", in_cache("/part")), 0);
	assert_refused("is no folder of its own");
	assert_int_equal(unlink(in_cache("/part")), 0);
	get("one");
	if (geteuid()) {
		print_message("only root can give a folder away\n");
		skip();
	}
	assert_int_equal(chown(in_cache("/part"), 65534, 65534), 0);
	assert_refused("belongs to another user (65534)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_made_once, setup_cache, teardown),
		cmocka_unit_test_setup_teardown(what_was_changed_is_made_again, setup_cache, teardown),
		cmocka_unit_test_setup_teardown(a_failure_leaves_nothing, setup_cache, teardown),
		cmocka_unit_test_setup_teardown(left_overs_are_swept, setup_cache, teardown),
		cmocka_unit_test_setup_teardown(who_comes_second_waits, setup_cache, teardown),
		cmocka_unit_test_setup_teardown(folders_of_others_are_refused, setup_cache, teardown),
	};

	return cmocka_run_group_tests_name("cache", tests, NULL, NULL);
}
