// SPDX-License-Identifier: GPL-2.0-or-later
/* The store: one line a write, run.json whole or not at all, and disks that take nothing more. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "data/store.h"
#include "scratch.h"

#define BOOT_LINE                                                                                  \
	"{\"type\":\"boot\",\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"seed\":7}"

static const char *in_scratch(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static char *read_text(const char *dir, const char *name)
{
	char *text = NULL;

	assert_int_equal(fs_read(&text, "%s/%s", dir, name), 0);
	return text;
}

static json_t *read_json(const char *dir, const char *name)
{
	char *text = read_text(dir, name);
	json_t *json = json_loads(text, 0, NULL);

	free(text);
	assert_non_null(json);
	return json;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static struct store *create(const char *parent, const char *name)
{
	json_t *run = json_pack("{s:s, s:s, s:{s:i}}", "clock", "ns", "status", "complete", "plan", "blocks", 3);
	struct store *store = NULL;

	assert_int_equal(store_create(parent, name, run, &store), 0);
	/* The store has its own copy: this must not show. */
	json_object_set_new(json_object_get(run, "plan"), "blocks", json_integer(99));
	json_decref(run);
	assert_non_null(store);
	return store;
}

static void test_whole_run(void **state)
{
	struct store *store = create(in_scratch("a/b/results"), "one");
	char dir[256];
	json_t *run, *record = NULL;
	char *text;

	(void)state;
	snprintf(dir, sizeof(dir), "%s", store_dir(store));
	assert_string_equal(store_name(store), "one");
	run = read_json(dir, "run.json");
	assert_string_equal(text_of(run, "schema"), "memcgbench-run");
	assert_int_equal(json_integer_value(json_object_get(run, "schema_version")), 1);
	assert_string_equal(text_of(run, "run"), "one");
	assert_string_equal(text_of(run, "status"), "running");
	assert_int_equal(strlen(text_of(run, "started")), strlen("2024-01-01T00:00:00Z"));
	assert_null(json_object_get(run, "ended"));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(run, "plan"), "blocks")), 3);
	json_decref(run);

	assert_int_equal(store_line(store, 4, "live", BOOT_LINE "\n", &record), 0);
	assert_int_equal(json_integer_value(json_object_get(record, "boot")), 4);
	json_decref(record);
	assert_int_equal(store_line(store, 4, "live", "{\"type\":\"topology\",\"xml\":\"<a/>\"}", NULL), 0);
	assert_int_equal(store_line(store, 5, "live", "{\"type\":\"topology\",\"xml\":\"<a/>\"}", NULL), 0);
	assert_int_equal(store_line(store, 6, "live", "{\"type\":\"topology\",\"xml\":\"<b/>\"}", NULL), 0);
	/* A boot that lies about its number is corrected; numbers above 2^53 come through whole. */
	assert_int_equal(store_line(store, 4, "live",
				    "{\"boot\":9,\"type\":\"end\",\"status\":\"complete\",\"x\":9007199254740993}",
				    NULL), 0);
	text = read_text(dir, "samples.jsonl");
	assert_string_equal(text,
			    "{\"type\":\"boot\",\"boot\":4,\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"seed\":7}\n"
			    "{\"type\":\"end\",\"boot\":4,\"status\":\"complete\",\"x\":9007199254740993}");
	free(text);
	text = read_text(dir, "topology.xml");
	assert_string_equal(text, "<a/>");
	free(text);
	assert_false(fs_exists("%s/topology-5.xml", dir));
	assert_true(fs_exists("%s/topology-6.xml", dir));

	/* The boot is in run.json before the run has ended. */
	run = read_json(dir, "run.json");
	record = json_array_get(json_object_get(run, "boots"), 0);
	assert_int_equal(json_integer_value(json_object_get(record, "boot")), 4);
	assert_string_equal(text_of(record, "executor"), "live");
	assert_int_equal(json_integer_value(json_object_get(record, "seed")), 7);
	assert_null(json_object_get(record, "type"));
	json_decref(run);

	store_set(store, "note", json_string("x"));
	assert_int_equal(store_file(store_dir(store), "table.txt", "hello\n"), 0);
	assert_int_equal(store_file(store_dir(store), "run.json", "hello\n"), -EINVAL);
	assert_int_equal(store_file(store_dir(store), "../table.txt", "hello\n"), -EINVAL);
	assert_int_equal(store_finish(store, "complete"), 0);
	run = read_json(dir, "run.json");
	assert_string_equal(text_of(run, "status"), "complete");
	assert_string_equal(text_of(run, "note"), "x");
	assert_non_null(text_of(run, "ended"));
	json_decref(run);
	assert_false(fs_exists("%s/run.json.tmp", dir));
	assert_true(fs_exists("%s/table.txt", dir));
}

static void test_not_a_record(void **state)
{
	static const char *const lines[] = {
		"",
		"hello",
		"[1]",
		"{}",
		"{\"type\":1}",
		"{\"type\":\"sampel\"}",
		"{\"type\":\"sample\"",
		"{\"type\":\"sample\"} {\"type\":\"sample\"}",
		"{\"type\":\"sample\",\"ns\":NaN}",
		"{\"type\":\"sample\",\"ns\":1e999}",
		"{\"type\":\"sample\",\"ns\":99999999999999999999}",
		"{\"type\":\"sample\",\"ns\":1,\"ns\":2}",
		"{\"type\":\"sample\",\"text\":\"\xff\"}",
		"{\"type\":\"topology\"}",
	};
	struct store *store = create(scratch, "bad");
	char path[256];
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/samples.jsonl", store_dir(store));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		json_t *record = NULL;

		assert_int_equal(store_line(store, 0, "live", lines[i], &record), -EBADMSG);
		assert_null(record);
		assert_non_null(strstr(err_msg(), "not a record"));
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
	/* What is not a record is the sender's fault and does not spoil the store. */
	assert_int_equal(store_line(store, 0, "live", BOOT_LINE, NULL), 0);
	assert_int_equal(store_finish(store, "finished"), -EINVAL);
}

static void test_names(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".x", "a/b" };
	struct store *one = create(scratch, "n"), *two = create(scratch, "n"), *three = create(scratch, "n");
	struct store *none = NULL;
	json_t *run = json_object();

	(void)state;
	assert_string_equal(store_name(one), "n");
	assert_string_equal(store_name(two), "n-2");
	assert_string_equal(store_name(three), "n-3");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(store_create(scratch, bad[i], run, &none), -EINVAL);
	json_decref(run);
	assert_null(none);
	store_abandon(one);
	store_abandon(two);
	store_abandon(three);
	store_abandon(NULL);
	run = read_json(in_scratch("n-2"), "run.json");
	assert_string_equal(text_of(run, "run"), "n-2");
	assert_string_equal(text_of(run, "status"), "running");
	json_decref(run);
}

/* Runs started at the same moment must not share a directory. */
static void test_name_race(void **state)
{
	enum { NR = 12 };
	pid_t pids[NR];
	int go[2];

	(void)state;
	assert_int_equal(pipe(go), 0);
	for (int i = 0; i < NR; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			json_t *run = json_object();
			struct store *store;
			char c;

			close(go[1]);
			if (read(go[0], &c, 1) != 0 || store_create(in_scratch("race/r"), "n", run, &store))
				_exit(1);
			_exit(store_finish(store, "complete") ? 1 : 0);
		}
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < NR; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	for (int i = 1; i <= NR; i++) {
		char name[32];
		json_t *run;

		snprintf(name, sizeof(name), i == 1 ? "race/r/n" : "race/r/n-%d", i);
		run = read_json(in_scratch(name), "run.json");
		assert_string_equal(text_of(run, "run"), name + strlen("race/r/"));
		json_decref(run);
	}
}

static void test_parent_is_a_file(void **state)
{
	struct store *store = NULL;
	json_t *run = json_object();
	int fd = open(in_scratch("file"), O_CREAT | O_WRONLY, 0600);

	(void)state;
	close(fd);
	assert_int_equal(store_create(in_scratch("file"), "n", run, &store), -ENOTDIR);
	assert_non_null(strstr(err_msg(), "/file: Not a directory"));
	assert_int_equal(store_create(in_scratch("file/below"), "n", run, &store), -ENOTDIR);
	json_decref(run);
	assert_null(store);
}

/* A mount namespace of our own with a small disk in it. Child only; false: not permitted here. */
static bool small_disk(const char *options)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	return mount("tmpfs", scratch, "tmpfs", 0, options) == 0;
}

enum { CHILD_SKIPPED = 77 };

/* What a child says with a check that fails: its line. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return (dprintf(2, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition,     \
					err_msg()), 1);                                            \
	} while (0)

static void in_child(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_SKIPPED) {
		print_message("mounting a file system is not permitted here\n");
		skip();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int status_is(const char *dir, const char *status)
{
	char *text = NULL;
	json_t *run;
	int same;

	if (fs_read(&text, "%s/run.json", dir))
		return 0;
	run = json_loads(text, 0, NULL);
	same = run && !strcmp(text_of(run, "status"), status);
	json_decref(run);
	free(text);
	return same;
}

static int fill_up(const char *path)
{
	static char block[4096];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		return -1;
	while (write(fd, block, sizeof(block)) > 0)
		;
	close(fd);
	return errno == ENOSPC ? 0 : -1;
}

static int full_disk(void)
{
	json_t *run = json_pack("{s:s}", "clock", "ns");
	struct store *store = NULL;
	char line[8192], dir[256];
	int ret = 0, lines = 0;

	if (!small_disk("size=64k"))
		return CHILD_SKIPPED;
	CHECK(store_create(scratch, "n", run, &store) == 0);
	snprintf(dir, sizeof(dir), "%s", store_dir(store));
	snprintf(line, sizeof(line), "{\"type\":\"warning\",\"text\":\"%05000d\"}", 0);
	while (!ret && lines < 100) {
		ret = store_line(store, 0, "live", line, NULL);
		lines += !ret;
	}
	CHECK(ret == -ENOSPC);
	CHECK(strstr(err_msg(), "samples.jsonl") && strstr(err_msg(), "incomplete"));
	CHECK(lines > 3);
	/* A short line would fit; behind a hole it must not go. */
	CHECK(store_line(store, 0, "live", "{\"type\":\"end\"}", NULL) == -ENOSPC);
	CHECK(store_file(store_dir(store), "table.txt", line) == -ENOSPC);
	CHECK(!fs_exists("%s/table.txt", dir) && !fs_exists("%s/table.txt.tmp", dir));
	CHECK(store_finish(store, "complete") == -ENOSPC);
	CHECK(status_is(dir, "running"));
	CHECK(!fs_exists("%s/run.json.tmp", dir));
	json_decref(run);
	return 0;
}

/* Every record fitted, the end of the run does not. */
static int full_at_the_end(void)
{
	json_t *run = json_pack("{s:s}", "clock", "ns");
	struct store *store = NULL;
	char dir[256];

	if (!small_disk("size=64k"))
		return CHILD_SKIPPED;
	CHECK(store_create(scratch, "n", run, &store) == 0);
	snprintf(dir, sizeof(dir), "%s", store_dir(store));
	CHECK(store_line(store, 0, "live", BOOT_LINE, NULL) == 0);
	CHECK(fill_up(in_scratch("filler")) == 0);
	CHECK(store_finish(store, "complete") == -ENOSPC);
	CHECK(status_is(dir, "running"));
	json_decref(run);
	return 0;
}

static int full_from_the_start(void)
{
	json_t *run = json_pack("{s:s}", "clock", "ns");
	struct store *store = NULL;

	if (!small_disk("size=64k"))
		return CHILD_SKIPPED;
	CHECK(fill_up(in_scratch("filler")) == 0);
	CHECK(store_create(scratch, "n", run, &store) == -ENOSPC);
	CHECK(store == NULL);
	/* Nothing half made stays. */
	CHECK(!fs_exists("%s", in_scratch("n")));
	json_decref(run);
	return 0;
}

static int read_only_disk(void)
{
	json_t *run = json_pack("{s:s}", "clock", "ns");
	struct store *store = NULL;

	if (!small_disk("size=64k"))
		return CHILD_SKIPPED;
	CHECK(mkdir(in_scratch("there"), 0777) == 0);
	CHECK(mount("none", scratch, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	CHECK(store_create(in_scratch("there"), "n", run, &store) == -EROFS);
	CHECK(strstr(err_msg(), "/there/n: Read-only file system"));
	CHECK(store_create(in_scratch("new/dir"), "n", run, &store) == -EROFS);
	CHECK(strstr(err_msg(), "/new: Read-only file system"));
	CHECK(store == NULL);
	json_decref(run);
	return 0;
}

/* Root may write everywhere, so become nobody. */
static int no_permission(void)
{
	json_t *run = json_pack("{s:s}", "clock", "ns");
	struct store *store = NULL;

	if (geteuid() == 0 && setuid(65534) < 0)
		return CHILD_SKIPPED;
	CHECK(store_create("/", "memcgbench-test-store", run, &store) == -EACCES);
	CHECK(strstr(err_msg(), "memcgbench-test-store: Permission denied"));
	json_decref(run);
	return 0;
}

static void test_full_disk(void **state)
{
	(void)state;
	in_child(full_disk);
}

static void test_full_at_the_end(void **state)
{
	(void)state;
	in_child(full_at_the_end);
}

static void test_full_from_the_start(void **state)
{
	(void)state;
	in_child(full_from_the_start);
}

static void test_read_only_disk(void **state)
{
	(void)state;
	in_child(read_only_disk);
}

static void test_no_permission(void **state)
{
	(void)state;
	in_child(no_permission);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_run),
		cmocka_unit_test(test_not_a_record),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_race),
		cmocka_unit_test(test_parent_is_a_file),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_full_at_the_end),
		cmocka_unit_test(test_full_from_the_start),
		cmocka_unit_test(test_read_only_disk),
		cmocka_unit_test(test_no_permission),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
