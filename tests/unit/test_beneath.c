// SPDX-License-Identifier: GPL-2.0-or-later
/* A folder that somebody else filled: nothing of it leads out of it, and nothing in it makes us wait. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/beneath.h"
#include "base/err.h"
#include "scratch.h"

static const char *in_scratch(const char *name)
{
	static char path[2][256];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", scratch, name);
	return path[which];
}

static void assert_holds(const char *name, const char *want)
{
	__free_mem char *text = NULL;
	size_t size;

	assert_int_equal(beneath_read_all(scratch, name, 100, &text, &size), 0);
	assert_string_equal(text, want);
	assert_int_equal(size, strlen(want));
}

static void written_and_read(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(beneath_write(scratch, "a", "one", 3, true), 0);
	assert_holds("a", "one");
	assert_int_equal(beneath_write(scratch, "a", "two", 3, false), 0);
	assert_holds("a", "two");
	assert_int_equal(beneath_write(scratch, "sub/deep/a", "x", 1, false), -ENOENT);
	assert_int_equal(beneath_mkdir(scratch, "sub/deep"), 0);
	assert_int_equal(beneath_mkdir(scratch, "sub/deep"), 0);
	assert_int_equal(beneath_write(scratch, "sub//deep/a", "", 0, false), 0);
	assert_holds("sub/deep/a", "");
	assert_true(beneath_has(scratch, "sub/deep/a"));
	assert_false(beneath_has(scratch, "sub/deep"));
	assert_int_equal(beneath_read_all(scratch, "a", 2, &text, NULL), -EFBIG);
	assert_int_equal(beneath_read_all(scratch, "sub", 2, &text, NULL), -EISDIR);
	assert_int_equal(beneath_read_all(scratch, "b", 2, &text, NULL), -ENOENT);
}

/* A file that is read under another name than it has in the folder. */
static void nothing_leads_out(void **state)
{
	static const char *const names[] = {"link", "linked/a", "../a", "sub/../a", "", "/", "sub/.."};
	char *text;

	(void)state;
	assert_int_equal(beneath_write(scratch, "a", "one", 3, false), 0);
	assert_int_equal(beneath_mkdir(scratch, "sub"), 0);
	assert_int_equal(symlink("a", in_scratch("link")), 0);
	assert_int_equal(symlink(".", in_scratch("linked")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_not_equal(beneath_read_all(scratch, names[i], 100, &text, NULL), 0);
		assert_false(beneath_has(scratch, names[i]));
	}
	assert_int_equal(beneath_read_all(scratch, "link", 100, &text, NULL), -EBADMSG);
	assert_non_null(strstr(err_msg(), "link is a link"));
	assert_int_equal(beneath_mkdir(scratch, "linked/new"), -ENOTDIR);
	assert_int_equal(beneath_write(scratch, "linked/new", "x", 1, false), -ENOTDIR);
	assert_int_not_equal(access(in_scratch("new"), F_OK), 0);
	/* A link in the way of what is written is replaced, and what it leads to stays as it is. */
	assert_int_equal(beneath_write(scratch, "link", "two", 3, false), 0);
	assert_holds("link", "two");
	assert_holds("a", "one");
}

/* Where files have no name while they are written, nobody can have put anything there; else it is not opened. */
static void the_temporary_name_may_be_taken(void **state)
{
	char name[32];
	struct beneath_file file;

	(void)state;
	assert_int_equal(beneath_write(scratch, "a", "one", 3, false), 0);
	snprintf(name, sizeof(name), ".b.%d.tmp", (int)getpid());
	assert_int_equal(symlink("a", in_scratch(name)), 0);
	assert_int_equal(beneath_begin(scratch, "b", &file), 0);
	fputs("two", file.out);
	assert_int_equal(beneath_end(&file, 0), 0);
	assert_holds("b", "two");
	assert_holds("a", "one");
	assert_int_not_equal(access(in_scratch(name), F_OK), 0);
}

static void a_failure_leaves_what_was_there(void **state)
{
	struct beneath_file file;
	char name[32];

	(void)state;
	assert_int_equal(beneath_write(scratch, "a", "one", 3, false), 0);
	assert_int_equal(beneath_begin(scratch, "a", &file), 0);
	fputs("two", file.out);
	assert_int_equal(beneath_end(&file, -EIO), -EIO);
	assert_holds("a", "one");
	snprintf(name, sizeof(name), ".a.%d.tmp", (int)getpid());
	assert_false(beneath_has(scratch, name));
	/* A full disk, which shows when it is written out. */
	assert_int_equal(beneath_begin(scratch, "a", &file), 0);
	assert_non_null(freopen("/dev/full", "w", file.out));
	fputs("two", file.out);
	assert_int_equal(beneath_end(&file, 0), -ENOSPC);
	assert_holds("a", "one");
}

static void what_is_no_file_is_not_waited_for(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(mkfifo(in_scratch("fifo"), 0600), 0);
	alarm(10);
	assert_int_equal(beneath_read_all(scratch, "fifo", 100, &text, NULL), -EBADMSG);
	assert_int_equal(beneath_read_all("/dev", "zero", 100, &text, NULL), -EBADMSG);
	alarm(0);
	assert_non_null(strstr(err_msg(), "/dev/zero is not a file"));
}

static void all_is_removed_but_what_links_lead_to(void **state)
{
	(void)state;
	assert_int_equal(beneath_mkdir(scratch, "out"), 0);
	assert_int_equal(beneath_write(scratch, "out/precious", "x", 1, false), 0);
	assert_int_equal(beneath_mkdir(scratch, "top/a/b/c"), 0);
	assert_int_equal(beneath_write(scratch, "top/a/file", "x", 1, false), 0);
	assert_int_equal(symlink("../../out", in_scratch("top/a/link")), 0);
	assert_int_equal(symlink("../out/precious", in_scratch("top/file")), 0);
	assert_int_equal(symlink("top", in_scratch("link")), 0);
	/* The link, and not what it leads to. */
	assert_int_equal(beneath_remove(scratch, "link"), 0);
	assert_true(beneath_has(scratch, "top/a/file"));
	assert_int_equal(beneath_remove(scratch, "top"), 0);
	assert_int_not_equal(access(in_scratch("top"), F_OK), 0);
	assert_holds("out/precious", "x");
	assert_int_equal(beneath_remove(scratch, "top"), 0);
	assert_int_equal(beneath_remove(scratch, "no/where"), 0);
	assert_int_equal(beneath_remove(scratch, ".."), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(written_and_read, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_leads_out, setup, teardown),
		cmocka_unit_test_setup_teardown(the_temporary_name_may_be_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_leaves_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_file_is_not_waited_for, setup, teardown),
		cmocka_unit_test_setup_teardown(all_is_removed_but_what_links_lead_to, setup, teardown),
	};

	return cmocka_run_group_tests_name("beneath", tests, NULL, NULL);
}
