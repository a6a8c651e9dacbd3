// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/fs.h"
#include "machine/release.h"
#include "scratch.h"

static void be(const char *release)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc/sys/kernel/osrelease", scratch);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(release, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void make_folders(void)
{
	static const char *const names[] = {"proc", "proc/sys", "proc/sys/kernel"};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", scratch, names[i]);
		assert_int_equal(mkdir(path, 0700), 0);
	}
}

static void releases(void **state)
{
	(void)state;
	fs_set_root(scratch);
	assert_false(release_is_since(0, 0));
	make_folders();
	be("6.16.12+deb13-cloud-amd64\n");
	assert_true(release_is_since(5, 19));
	assert_true(release_is_since(6, 9));
	assert_true(release_is_since(6, 16));
	assert_false(release_is_since(6, 17));
	assert_false(release_is_since(7, 0));
	be("7.0.0\n");
	assert_true(release_is_since(6, 16));
	be("custom\n");
	assert_false(release_is_since(0, 0));
	fs_set_root("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
