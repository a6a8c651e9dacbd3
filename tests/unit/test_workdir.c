// SPDX-License-Identifier: GPL-2.0-or-later
/* Folders that come and go, whoever made them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "machine/owner.h"
#include "machine/workdir.h"

static char place[64];

static int setup(void **state)
{
	(void)state;
	/* Where there is a disk: /tmp is often in memory. */
	strcpy(place, "/var/tmp/test-workdir-XXXXXX");
	return mkdtemp(place) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return workdir_remove(place);
}

static void touch(const char *dir, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

static void skip_without_disk(void)
{
	if (workdir_check(place)) {
		print_message("%s\n", err_msg());
		skip();
	}
}

static void everything_in_it_goes(void **state)
{
	__free_mem char *path = NULL;
	char deep[256], type[32];

	(void)state;
	skip_without_disk();
	assert_int_equal(workdir_make(place, &path), 0);
	assert_non_null(strstr(path, "/memcgbench."));
	assert_true(strlen(workdir_type(path, type, sizeof(type))) > 0);
	touch(path, "file");
	snprintf(deep, sizeof(deep), "%s/folder", path);
	assert_int_equal(mkdir(deep, 0700), 0);
	touch(deep, "another");
	/* Not what a link points to. */
	touch(place, "outside");
	snprintf(deep, sizeof(deep), "%s/link", path);
	assert_int_equal(symlink("../outside", deep), 0);
	assert_int_equal(workdir_remove(path), 0);
	assert_false(exists(path));
	snprintf(deep, sizeof(deep), "%s/outside", place);
	assert_true(exists(deep));
	/* Again is no error. */
	assert_int_equal(workdir_remove(path), 0);
}

/* The folder of a process that ended is found by the next; that of a living one, and anything else, stays. */
static void the_dead_are_swept(void **state)
{
	struct owner dead;
	char path[3][256];
	__free_mem char *mine = NULL;
	pid_t pid;

	(void)state;
	skip_without_disk();
	pid = fork();
	if (!pid)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(owner_self(&dead), 0);
	snprintf(path[0], sizeof(path[0]), "%s/memcgbench.%d.1.%u", place, (int)pid, dead.pid_ns);
	snprintf(path[1], sizeof(path[1]), "%s/memcgbench.%d", place, (int)pid);
	snprintf(path[2], sizeof(path[2]), "%s/memcgbench.%d.%llu.%u.x", place, (int)dead.pid,
		 (unsigned long long)dead.start, dead.pid_ns);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(mkdir(path[i], 0700), 0);
	touch(path[0], "file");
	assert_int_equal(workdir_make(place, &mine), 0);
	assert_false(exists(path[0]));
	assert_true(exists(path[1]) && exists(path[2]));
	assert_int_equal(workdir_remove(mine), 0);
}

static void no_place_without_a_disk(void **state)
{
	struct statfs fs;

	(void)state;
	assert_int_equal(workdir_check("/proc"), -EOPNOTSUPP);
	assert_non_null(strstr(err_msg(), "/proc is on proc, which has no disk behind it"));
	if (!statfs("/dev/shm", &fs) && fs.f_type == 0x01021994) {
		assert_int_equal(workdir_check("/dev/shm"), -EOPNOTSUPP);
		assert_non_null(strstr(err_msg(), "tmpfs"));
	}
	assert_int_equal(workdir_check("/no/such/folder"), -ENOENT);
	assert_int_equal(workdir_check("/etc/passwd"), -ENOTDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_in_it_goes, setup, teardown),
		cmocka_unit_test_setup_teardown(the_dead_are_swept, setup, teardown),
		cmocka_unit_test(no_place_without_a_disk),
	};

	return cmocka_run_group_tests_name("workdir", tests, NULL, NULL);
}
