// SPDX-License-Identifier: GPL-2.0-or-later
/* Parts of a split run: joined they are the run that was not split; parts of different runs are refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "data/merge.h"
#include "data/store.h"
#include "scratch.h"

#define BOOT_LINE "{\"type\":\"boot\",\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"seed\":%u}"

/* A run with the boots of @mask out of @nr; @shard: say that it is a part. Returns its folder. */
static char *make_run(const char *name, unsigned int mask, unsigned int nr, bool shard, int seed, const char *status)
{
	json_t *run = json_pack("{s:s, s:{s:i}}", "clock", "insn", "plan", "seed", seed);
	struct store *store;
	char *dir, line[256];
	unsigned int boot;

	if (shard)
		json_object_set_new(run, "shard", json_pack("{s:s, s:i}", "part", "1/2", "boots", (int)nr));
	assert_int_equal(store_create(scratch, name, run, &store), 0);
	json_decref(run);
	for (boot = 0; boot < nr; boot++) {
		if (!(mask >> boot & 1))
			continue;
		snprintf(line, sizeof(line), BOOT_LINE, boot + 1);
		assert_int_equal(store_line(store, boot, "qemu", line, NULL), 0);
		assert_int_equal(store_line(store, boot, "qemu", "{\"type\":\"sample\",\"item\":0,\"value\":0.1}", NULL), 0);
		assert_int_equal(store_line(store, boot, "qemu", "{\"type\":\"end\",\"status\":\"complete\"}", NULL), 0);
	}
	dir = strdup(store_dir(store));
	assert_int_equal(store_finish(store, status), 0);
	return dir;
}

static char *text_of(const char *dir, const char *name)
{
	char *text;

	assert_int_equal(fs_read(&text, "%s/%s", dir, name), 0);
	return text;
}

static const char *status_of(const char *dir, char *buf, size_t size)
{
	char *text = text_of(dir, "run.json");
	json_t *run = json_loads(text, 0, NULL);

	snprintf(buf, size, "%s", json_string_value(json_object_get(run, "status")));
	json_decref(run);
	free(text);
	return buf;
}

static void test_whole(void **state)
{
	char *whole = make_run("whole", 7, 3, false, 1, "complete");
	char *a = make_run("a", 5, 3, true, 1, "complete"), *b = make_run("b", 2, 3, true, 1, "complete");
	/* In whatever order they are named. */
	const char *dirs[] = {b, a};
	struct merge_result result;
	char *expected = text_of(whole, "samples.jsonl"), *found, status[16];

	(void)state;
	assert_int_equal(merge_runs(dirs, 2, scratch, "merged", &result), 0);
	assert_int_equal(result.nr_boots, 3);
	assert_int_equal(result.nr_boots_all, 3);
	found = text_of(result.dir, "samples.jsonl");
	assert_string_equal(found, expected);
	assert_string_equal(status_of(result.dir, status, sizeof(status)), "complete");
	merge_result_free(&result);
	free(found);
	free(expected);
	free(whole);
	free(a);
	free(b);
}

/* A profile and symbols, as the probe and the guest leave them; what is in the profile does not matter here. */
static void add_profile(const char *run, unsigned int boot, const char *bytes, size_t size, const char *symbols)
{
	char path[256];
	FILE *out;

	snprintf(path, sizeof(path), "%s/boots", run);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/boots/%u", run, boot);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/boots/%u/profile", run, boot);
	out = fopen(path, "w");
	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
	snprintf(path, sizeof(path), "%s/symbols", run);
	mkdir(path, 0777);
	assert_int_equal(store_file(path, "0123456789abcdef", symbols), 0);
}

/* Profiles byte for byte, each with its boot; of the symbols what either part has. */
static void test_profiles(void **state)
{
	static const char bytes_a[] = "a\0\n\xff", bytes_b[] = "\0b";
	char *a = make_run("a", 5, 3, true, 1, "complete"), *b = make_run("b", 2, 3, true, 1, "complete");
	const char *dirs[] = {a, b};
	struct merge_result result;
	char path[256], found[8], *text;
	FILE *in;

	(void)state;
	add_profile(a, 2, bytes_a, sizeof(bytes_a), "# kernel k\n# release 6.1\n1000 T alpha\n3000 T gamma\n9000 d x\n# names 0000000a0000000c\n");
	add_profile(b, 1, bytes_b, sizeof(bytes_b), "# kernel k\n# release 6.1\n1000 T alpha\n2000 t beta mod\n# names 0000000a0000000b0000000c\n");
	assert_int_equal(merge_runs(dirs, 2, scratch, "merged", &result), 0);
	snprintf(path, sizeof(path), "%s/boots/2/profile", result.dir);
	in = fopen(path, "r");
	assert_non_null(in);
	assert_int_equal(fread(found, 1, sizeof(found), in), sizeof(bytes_a));
	assert_memory_equal(found, bytes_a, sizeof(bytes_a));
	fclose(in);
	assert_true(fs_exists("%s/boots/1/profile", result.dir));
	assert_false(fs_exists("%s/boots/0", result.dir));
	text = text_of(result.dir, "symbols/0123456789abcdef");
	assert_string_equal(text, "# kernel k\n# release 6.1\n1000 T alpha\n2000 t beta mod\n3000 T gamma\n9000 d x\n# names "
				  "0000000a0000000b0000000c");
	free(text);
	merge_result_free(&result);
	/* Symbols that are none would make names of wrong functions. */
	add_profile(b, 1, bytes_b, sizeof(bytes_b), "no table\n");
	assert_int_equal(merge_runs(dirs, 2, scratch, "merged", &result), -EBADMSG);
	free(a);
	free(b);
}

static void test_missing(void **state)
{
	char *a = make_run("a", 5, 3, true, 1, "complete"), status[16];
	const char *dirs[] = {a};
	struct merge_result result;

	(void)state;
	assert_int_equal(merge_runs(dirs, 1, scratch, "merged", &result), 0);
	assert_int_equal(result.nr_boots, 2);
	assert_int_equal(result.nr_boots_all, 3);
	assert_string_equal(status_of(result.dir, status, sizeof(status)), "failed");
	merge_result_free(&result);
	free(a);
}

/* A part in which a boot failed does not become a whole run by being joined. */
static void test_failed_part(void **state)
{
	char *a = make_run("a", 5, 3, true, 1, "failed"), *b = make_run("b", 2, 3, true, 1, "complete"), status[16];
	const char *dirs[] = {a, b};
	struct merge_result result;

	(void)state;
	assert_int_equal(merge_runs(dirs, 2, scratch, "merged", &result), 0);
	assert_string_equal(status_of(result.dir, status, sizeof(status)), "failed");
	merge_result_free(&result);
	free(a);
	free(b);
}

static void expect_refusal(char *a, char *b, int err, const char *words)
{
	const char *dirs[] = {a, b};
	struct merge_result result;

	assert_int_equal(merge_runs(dirs, 2, scratch, "merged", &result), -err);
	if (!strstr(err_msg(), words))
		fail_msg("\"%s\" has no \"%s\"", err_msg(), words);
	free(a);
	free(b);
}

static void test_refusals(void **state)
{
	(void)state;
	expect_refusal(make_run("a", 5, 3, true, 1, "complete"), make_run("b", 3, 3, true, 1, "complete"), EEXIST,
		       "both hold boot 0");
	expect_refusal(make_run("a", 5, 3, true, 1, "complete"), make_run("b", 2, 3, true, 2, "complete"), EXDEV,
		       "\"plan\" differs");
	expect_refusal(make_run("a", 5, 3, true, 1, "complete"), make_run("b", 2, 4, true, 1, "complete"), EXDEV,
		       "different numbers of boots");
	expect_refusal(make_run("a", 5, 3, true, 1, "complete"), make_run("b", 2, 3, false, 1, "complete"), EINVAL,
		       "no part of a split run");
	expect_refusal(make_run("a", 5, 3, true, 1, "complete"), strdup("/nowhere"), ENOENT, "/nowhere");
}

static void test_cut_line(void **state)
{
	char *a = make_run("a", 5, 3, true, 1, "complete"), *b = make_run("b", 2, 3, true, 1, "complete"), path[256];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/samples.jsonl", b);
	file = fopen(path, "a");
	assert_non_null(file);
	fputs("{\"type\":\"sam", file);
	fclose(file);
	expect_refusal(a, b, EBADMSG, "line 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_part, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refusals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_line, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
