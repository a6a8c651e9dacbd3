// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Small files through one root: a tree captured on a machine with cgroup v1 (tests/data/fs), and files that
 * the tests write themselves.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"

#define UNTOUCHED 0x5ca1ab1eu
#define JOB	  "/sys/fs/cgroup/memory/job"

static char scratch[] = "/tmp/test-fs-XXXXXX";

static int use_captured(void **state)
{
	(void)state;
	fs_set_root("tests/data/fs");
	return 0;
}

static int use_scratch(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/test-fs-XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	fs_set_root(scratch);
	return 0;
}

static int drop_scratch(void **state)
{
	char path[64];

	(void)state;
	fs_set_root("");
	snprintf(path, sizeof(path), "%s/file", scratch);
	unlink(path);
	return rmdir(scratch);
}

/* The file "/file" of the scratch root. */
static void write_file(const char *text, size_t len)
{
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/file", scratch);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void write_text(const char *text)
{
	write_file(text, strlen(text));
}

static void reads_below_the_root(void **state)
{
	uint64_t value;

	(void)state;
	assert_string_equal(fs_root(), "tests/data/fs");
	assert_int_equal(fs_read_u64(&value, JOB "/memory.%s_in_bytes", "usage"), 0);
	assert_true(value == 664301568);
	assert_int_equal(fs_read_limit(&value, JOB "/memory.limit_in_bytes"), 0);
	assert_true(value == 9223372036854771712);
	assert_true(fs_exists("%s/memory.stat", JOB));
	assert_false(fs_exists("%s/memory.max", JOB));
}

/* meminfo has "MemTotal:       24684092 kB", memory.stat "rss 13508608". */
static void reads_keys_of_both_forms(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(fs_read_key(&value, "MemTotal", "/proc/meminfo"), 0);
	assert_true(value == 24684092);
	assert_int_equal(fs_read_key(&value, "oom_kill", JOB "/memory.oom_control"), 0);
	assert_true(value == 0);
	assert_int_equal(fs_read_key(&value, "total_unevictable", JOB "/memory.stat"), 0);
	assert_true(value == 21045248);
}

/* "rss" stands before "rss_huge" and inside "total_rss"; "swap" before "swapcached". */
static void a_key_matches_whole(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(fs_read_key(&value, "rss", JOB "/memory.stat"), 0);
	assert_true(value == 13508608);
	assert_int_equal(fs_text_key("anon_thp 7\nanon 5\n", "anon", &value), 0);
	assert_true(value == 5);
	assert_int_equal(fs_text_key("anon 5\nanon_thp 7", "anon_thp", &value), 0);
	assert_true(value == 7);
	value = UNTOUCHED;
	assert_int_equal(fs_text_key("anon_thp 7\nfile_anon 9\n", "anon", &value), -ENOENT);
	assert_int_equal(fs_text_key("", "anon", &value), -ENOENT);
	assert_int_equal(fs_text_key("anon", "anon", &value), -ENOENT);
	assert_int_equal(fs_text_key("ano", "anon", &value), -ENOENT);
	assert_true(value == UNTOUCHED);
}

static void a_key_without_a_number_is_an_error(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(fs_text_key("high max\n", "high", &value), -EINVAL);
	assert_string_equal(err_msg(), "high: \"max\" is not a number");
	/* The number of the next line is not this key's. */
	assert_int_equal(fs_text_key("anon \n5\n", "anon", &value), -EINVAL);
	assert_int_equal(fs_text_key("anon -5\n", "anon", &value), -EINVAL);
	assert_int_equal(fs_text_key("anon 18446744073709551616\n", "anon", &value), -ERANGE);
	assert_int_equal(fs_text_key("anon 0000000000000000000000000000000000000000000001x", "anon",
				     &value),
			 -EINVAL);
	assert_true(value == UNTOUCHED);
}

static void a_missing_file_is_named_without_the_root(void **state)
{
	uint64_t value = UNTOUCHED;
	char *text = (char *)&value;

	(void)state;
	assert_int_equal(fs_read(&text, "%s", JOB "/memory.max"), -ENOENT);
	assert_string_equal(err_msg(), "open " JOB "/memory.max: No such file or directory");
	assert_ptr_equal(text, (char *)&value);
	assert_int_equal(fs_read_u64(&value, "/proc/none"), -ENOENT);
	assert_string_equal(err_msg(), "open /proc/none: No such file or directory");
	assert_int_equal(fs_read_key(&value, "rss", "/proc/none"), -ENOENT);
	assert_string_equal(err_msg(), "open /proc/none: No such file or directory");
	assert_true(value == UNTOUCHED);
}

static void a_missing_key_is_named_with_its_file(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	assert_int_equal(fs_read_key(&value, "anon", JOB "/memory.stat"), -ENOENT);
	assert_string_equal(err_msg(), JOB "/memory.stat: no line \"anon\"");
	assert_true(value == UNTOUCHED);
}

static void a_folder_is_no_file(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(fs_read(&text, "/proc"), -EISDIR);
	assert_string_equal(err_msg(), "read /proc: Is a directory");
}

static void max_is_a_limit_and_not_a_number(void **state)
{
	uint64_t value = UNTOUCHED;

	(void)state;
	write_text("max\n");
	assert_int_equal(fs_read_u64(&value, "/file"), -ERANGE);
	assert_string_equal(err_msg(), "/file says \"max\" where a number is needed");
	assert_true(value == UNTOUCHED);
	assert_int_equal(fs_read_limit(&value, "/file"), 0);
	assert_true(value == UINT64_MAX);
	value = UNTOUCHED;
	write_text("maximum\n");
	assert_int_equal(fs_read_limit(&value, "/file"), -EINVAL);
	assert_string_equal(err_msg(), "/file: \"maximum\" is not a number");
	write_text("-1\n");
	assert_int_equal(fs_read_limit(&value, "/file"), -EINVAL);
	write_text("");
	assert_int_equal(fs_read_u64(&value, "/file"), -EINVAL);
	write_text("12 13\n");
	assert_int_equal(fs_read_u64(&value, "/file"), -EINVAL);
	assert_true(value == UNTOUCHED);
}

static void one_trailing_newline_goes(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {{"a b", "a b"}, {"a b\n", "a b"}, {"a\n\n", "a\n"}, {"\n", ""}, {"", ""}};
	uint64_t value;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *text;

		write_text(cases[i].text);
		assert_int_equal(fs_read(&text, "/file"), 0);
		assert_string_equal(text, cases[i].want);
		free(text);
	}
	write_text("42");
	assert_int_equal(fs_read_u64(&value, "/file"), 0);
	assert_true(value == 42);
}

/* Around the sizes at which the buffer of fs_read() grows. */
static void long_files_are_read_whole(void **state)
{
	static const size_t sizes[] = {4094, 4095, 4096, 4097, 8191, 8192, 70000};
	static char written[70001];
	size_t i, k;

	(void)state;
	for (k = 0; k < sizeof(written) - 1; k++)
		written[k] = (char)('a' + k % 26);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		char *text;

		write_file(written, sizes[i]);
		assert_int_equal(fs_read(&text, "/file"), 0);
		assert_int_equal(strlen(text), sizes[i]);
		assert_memory_equal(text, written, sizes[i]);
		free(text);
	}
}

/* What was written since it was opened, and longer than the first time. */
static void an_open_file_is_read_from_its_beginning(void **state)
{
	static char longer[9001];
	char *text;
	int fd = -1;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	write_text("pgsteal_file 64");
	assert_int_equal(fs_open(&fd, "/%s", "file"), 0);
	assert_int_equal(fs_read_open(&text, fd, "/file"), 0);
	assert_string_equal(text, "pgsteal_file 64");
	free(text);
	write_file(longer, sizeof(longer) - 1);
	assert_int_equal(fs_read_open(&text, fd, "/file"), 0);
	assert_string_equal(text, longer);
	free(text);
	close(fd);
	fd = 5;
	assert_int_equal(fs_open(&fd, "/%s", "missing"), -ENOENT);
	assert_string_equal(err_msg(), "open /missing: No such file or directory");
	assert_int_equal(fd, 5);
	text = longer;
	assert_int_equal(fs_read_open(&text, -1, "/file"), -EBADF);
	assert_string_equal(err_msg(), "read /file: Bad file descriptor");
	assert_ptr_equal(text, longer);
}

static void writes_a_value_whole(void **state)
{
	char *text;

	(void)state;
	write_text("something longer");
	assert_int_equal(fs_write("4096", "/%s", "file"), 0);
	assert_int_equal(fs_read(&text, "/file"), 0);
	assert_string_equal(text, "4096");
	free(text);
	/* A file of the kernel that is not there must not be made. */
	assert_int_equal(fs_write("4096", "/memory.max"), -ENOENT);
	assert_string_equal(err_msg(),
			    "open /memory.max to write \"4096\": No such file or directory");
	assert_false(fs_exists("/memory.max"));
}

static void a_failed_write_names_value_and_file(void **state)
{
	(void)state;
	fs_set_root("");
	assert_int_equal(fs_write("1", "/dev/full"), -ENOSPC);
	assert_string_equal(err_msg(), "write \"1\" to /dev/full: No space left on device");
}

/* Cut at PATH_MAX, the path would be that of another file. */
static void a_path_too_long_is_an_error(void **state)
{
	static char name[PATH_MAX + 10];
	uint64_t value = UNTOUCHED;

	(void)state;
	memset(name, '/', sizeof(name) - 1);
	assert_int_equal(fs_read_u64(&value, "%s", name), -ENAMETOOLONG);
	assert_int_equal(fs_write("1", "%s", name), -ENAMETOOLONG);
	assert_int_equal(fs_read_key(&value, "a", "%s", name), -ENAMETOOLONG);
	assert_false(fs_exists("%s", name));
	fs_set_root(name);
	assert_int_equal(fs_read_u64(&value, "/file"), -ENAMETOOLONG);
	assert_true(value == UNTOUCHED);
}

#define captured(test) cmocka_unit_test_setup(test, use_captured)
#define scratched(test) cmocka_unit_test_setup_teardown(test, use_scratch, drop_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		captured(reads_below_the_root),
		captured(reads_keys_of_both_forms),
		captured(a_key_matches_whole),
		captured(a_key_without_a_number_is_an_error),
		captured(a_missing_file_is_named_without_the_root),
		captured(a_missing_key_is_named_with_its_file),
		captured(a_folder_is_no_file),
		scratched(max_is_a_limit_and_not_a_number),
		scratched(one_trailing_newline_goes),
		scratched(long_files_are_read_whole),
		scratched(an_open_file_is_read_from_its_beginning),
		scratched(writes_a_value_whole),
		captured(a_failed_write_names_value_and_file),
		scratched(a_path_too_long_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
