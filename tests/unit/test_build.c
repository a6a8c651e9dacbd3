// SPDX-License-Identifier: GPL-2.0-or-later
/* Naming a tree, judging a configuration, reading the end of a log; and which trees are refused before make is asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/build.h"
#include "guest/files.h"

static char work[] = "/tmp/memcgbench-build-XXXXXX";

/* The path of @name below the test's folder; valid until the next but one call. */
static const char *in_work(const char *name)
{
	static char path[2][256];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", work, name);
	return path[i];
}

static void write_file(const char *path, const char *text)
{
	assert_int_equal(file_replace(path, text, strlen(text)), 0);
}

static void assert_split(const char *name, const char *tree, const char *revision)
{
	char *ret_tree, *ret_revision;

	assert_int_equal(build_split(in_work(name), &ret_tree, &ret_revision), 0);
	assert_string_equal(ret_tree, in_work(tree));
	if (revision)
		assert_string_equal(ret_revision, revision);
	else
		assert_null(ret_revision);
	free(ret_tree);
	free(ret_revision);
}

static void split(void **state)
{
	char *tree = NULL, *revision = NULL;

	(void)state;
	assert_int_equal(folder_make(in_work("linux")), 0);
	assert_int_equal(folder_make(in_work("with@sign")), 0);
	assert_split("linux", "linux", NULL);
	assert_split("linux@v6.12", "linux", "v6.12");
	assert_split("linux@origin/master", "linux", "origin/master");
	assert_split("linux@HEAD@{1}", "linux", "HEAD@{1}");
	assert_split("with@sign", "with@sign", NULL);
	assert_split("with@sign@v6.12", "with@sign", "v6.12");
	assert_int_equal(build_split(in_work("nowhere"), &tree, &revision), -ENOENT);
	assert_int_equal(build_split(in_work("nowhere@v6.12"), &tree, &revision), -ENOENT);
	/* No revision is no revision, not that of the tree. */
	assert_int_equal(build_split(in_work("linux@"), &tree, &revision), -ENOENT);
	assert_null(tree);
	assert_null(revision);
}

static void config(void **state)
{
	static const char fragment[] = "# [needed]: a\nCONFIG_SMP=y\nCONFIG_NET=y\n\n# [wished]: b\nCONFIG_ZRAM=y\nCONFIG_PVH=y\n";
	const char *path = in_work("config");
	char lack[64] = "untouched";

	(void)state;
	write_file(path, "CONFIG_SMP=y\nCONFIG_NET=y\nCONFIG_ZRAM=y\nCONFIG_PVH=y\n");
	assert_int_equal(build_check_config(fragment, path, lack, sizeof(lack)), 0);
	assert_string_equal(lack, "");
	/* Longer names, comments and modules are not what was asked for. */
	write_file(path, "CONFIG_SMP=y\nCONFIG_NET=y\n# CONFIG_ZRAM is not set\nCONFIG_ZRAM=yes\nCONFIG_ZRAM=m\nXCONFIG_PVH=y\n");
	assert_int_equal(build_check_config(fragment, path, lack, sizeof(lack)), 0);
	assert_string_equal(lack, "ZRAM PVH");
	write_file(path, "CONFIG_SMP_X=y\nCONFIG_NET=y");
	assert_int_equal(build_check_config(fragment, path, lack, sizeof(lack)), -ENOTSUP);
	assert_non_null(strstr(err_msg(), "no SMP,"));
	assert_null(strstr(err_msg(), "ZRAM"));
	assert_string_equal(lack, "ZRAM PVH");
}

static void fragment_is_whole(void **state)
{
	const char *wished = strstr(build_fragment(), "# [wished]");

	(void)state;
	assert_non_null(wished);
	assert_true(strstr(build_fragment(), "\nCONFIG_MEMCG=y\n") < wished);
	assert_true(strstr(build_fragment(), "\nCONFIG_MEMCG_V1=y\n") > wished);
	assert_string_equal(build_fragment() + strlen(build_fragment()) - 24, "\nCONFIG_IKCONFIG_PROC=y\n");
}

static void log_end(void **state)
{
	const char *path = in_work("log");
	char text[2000] = "x.c:1:1: error: what\n", buf[200];

	(void)state;
	assert_string_equal(build_log_end(in_work("no-log"), buf, sizeof(buf)), "");
	write_file(path, "");
	assert_string_equal(build_log_end(path, buf, sizeof(buf)), "");
	write_file(path, "one\ntwo\n\n");
	assert_string_equal(build_log_end(path, buf, sizeof(buf)), "one\ntwo");
	/* The line that says it, when other jobs went on for long. */
	for (int i = 0; i < 100; i++)
		sprintf(text + strlen(text), "  CC %d.o\n", i);
	write_file(path, text);
	build_log_end(path, buf, sizeof(buf));
	assert_int_equal(strncmp(buf, "x.c:1:1: error: what\n", 21), 0);
	assert_non_null(strstr(buf, "\n  CC 88.o\n"));
	assert_null(strstr(buf, "  CC 87.o"));
	assert_string_equal(buf + strlen(buf) - 9, "  CC 99.o");
	/* Short of room, it begins with a whole line. */
	build_log_end(path, buf, 60);
	assert_true(strlen(buf) < 60);
	assert_string_equal(buf + strlen(buf) - 9, "  CC 99.o");
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	write_file(path, text);
	assert_int_equal(strlen(build_log_end(path, buf, sizeof(buf))), sizeof(buf) - 1);
}

static void refused(void **state)
{
	struct kernel kernel;

	(void)state;
	setenv("XDG_CACHE_HOME", in_work("cache"), 1);
	assert_int_equal(folder_make(in_work("empty")), 0);
	assert_int_equal(build_kernel(in_work("empty"), NULL, NULL, &kernel), -ENOENT);
	assert_non_null(strstr(err_msg(), "no sources of Linux"));
	assert_int_equal(folder_make(in_work("used/arch/x86")), 0);
	write_file(in_work("used/Kconfig"), "");
	write_file(in_work("used/arch/x86/Kconfig"), "");
	write_file(in_work("used/.config"), "");
	assert_int_equal(build_kernel(in_work("used"), NULL, NULL, &kernel), -EEXIST);
	assert_non_null(strstr(err_msg(), "in place (.config)"));
	/* No git tree: git's own words, and nothing built. */
	assert_int_equal(build_kernel(in_work("used@v6.12"), NULL, NULL, &kernel), -ENOENT);
	assert_non_null(strstr(err_msg(), "@v6.12: "));
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(work) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(work);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split),
		cmocka_unit_test(config),
		cmocka_unit_test(fragment_is_whole),
		cmocka_unit_test(log_end),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
