// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of the archive's lists: apt's programs are scripts here, and apt-cache leaves a mark when it was asked. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/archive.h"
#include "guest/files.h"
#include "guest/kernel.h"
#include "guest/process.h"
#include "scratch.h"

#define STANZA(name, version)                                                                                       \
	"Package: " name "\nVersion: " version "\nFilename: pool/l/" name ".deb\nSize: 1\nSHA256: aa\n\n"

static const char old_dump[] = STANZA("zsh", "5.9-1") STANZA("linux-image-6.12.1+deb13-cloud-amd64", "6.12.1-1");
static const char new_dump[] = STANZA("linux-image-6.12.2+deb13-cloud-amd64", "6.12.2-1") STANZA("zsh", "5.9-1");

static void write_file(const char *name, const char *text, mode_t mode)
{
	__free_mem char *path = text_format("%s/%s", scratch, name);
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	assert_int_equal(chmod(path, mode), 0);
}

static void make_folder(const char *name)
{
	__free_mem char *path = text_format("%s/%s", scratch, name);

	assert_int_equal(folder_make(path), 0);
}

static int setup_apt(void **state)
{
	__free_mem char *path = NULL, *cache = NULL;

	if (setup(state))
		return -1;
	path = text_format("%s/bin:%s", scratch, getenv("PATH"));
	cache = text_format("%s/cache", scratch);
	make_folder("bin");
	make_folder("etc/apt");
	make_folder("cache/memcgbench/apt/lists");
	write_file("etc/apt/sources.list", "deb http://a.example/debian trixie main\n", 0644);
	write_file("bin/apt-get", "#!/bin/sh\nexit 1\n", 0755);
	write_file("bin/apt-config", "#!/bin/sh\ncat ${0%/*}/../configuration\n", 0755);
	write_file("bin/apt-cache", "#!/bin/sh\ncd ${0%/*}/..\n: >asked\ncat dump\n. ./then\n", 0755);
	write_file("then", "", 0644);
	write_file("configuration", "APT::Architecture \"amd64\";\n", 0644);
	write_file("cache/memcgbench/apt/updated", "", 0644);
	write_file("cache/memcgbench/apt/lists/a_Packages", "first", 0644);
	write_file("dump", old_dump, 0644);
	fs_set_root(scratch);
	setenv("PATH", path, 1);
	setenv("XDG_CACHE_HOME", cache, 1);
	return 0;
}

/* "6.12.1-1", or the errno; *ret_asked: apt-cache was run. */
static void newest(char ret_version[64], bool *ret_asked)
{
	__free_mem char *asked = text_format("%s/asked", scratch);
	struct kernel_listing *list;
	size_t nr;
	int ret = kernel_list(NULL, NULL, &list, &nr);

	snprintf(ret_version, 64, "%d", ret);
	if (!ret)
		snprintf(ret_version, 64, "%s", nr ? list[nr - 1].version : "none");
	if (!ret)
		free(list);
	*ret_asked = unlink(asked) == 0;
}

static void assert_newest(const char *version, bool asked)
{
	char got[64];
	bool was_asked;

	newest(got, &was_asked);
	assert_string_equal(got, version);
	assert_int_equal(was_asked, asked);
}

static void kept_until_something_changes(void **state)
{
	(void)state;
	assert_newest("6.12.1-1", true);
	assert_newest("6.12.1-1", false);

	write_file("dump", new_dump, 0644);
	write_file("cache/memcgbench/apt/lists/b_Packages", "", 0644);
	assert_newest("6.12.2-1", true);
	assert_newest("6.12.2-1", false);

	write_file("configuration", "APT::Default-Release \"trixie\";\n", 0644);
	assert_newest("6.12.2-1", true);
	write_file("etc/apt/sources.list", "deb http://b.example/debian trixie main\n", 0644);
	assert_newest("6.12.2-1", true);
	assert_newest("6.12.2-1", false);
}

/* Of the same size and date, as a list is that a mirror mended without a new date. */
static void list_in_place_of_a_list(void **state)
{
	__free_mem char *path = text_format("%s/cache/memcgbench/apt/lists/a_Packages", scratch);
	const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};

	(void)state;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_newest("6.12.1-1", true);
	/* The clock of a file system ticks every 10 ms at most. */
	usleep(20000);
	write_file("cache/memcgbench/apt/lists/a_Packages", "other", 0644);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	write_file("dump", new_dump, 0644);
	assert_newest("6.12.2-1", true);
	assert_int_equal(unlink(path), 0);
	assert_newest("6.12.2-1", true);
}

static void lists_that_change_meanwhile(void **state)
{
	(void)state;
	write_file("then", "echo >>cache/memcgbench/apt/lists/a_Packages\n", 0644);
	assert_newest("6.12.1-1", true);
	assert_newest("6.12.1-1", true);
	write_file("then", "", 0644);
	assert_newest("6.12.1-1", true);
	assert_newest("6.12.1-1", false);
}

static void damaged(void **state)
{
	__free_mem char *path = text_format("%s/cache/memcgbench/apt/kernels", scratch);
	__free_mem char *copy = NULL;
	struct file_map map;
	size_t size;

	(void)state;
	assert_newest("6.12.1-1", true);
	assert_int_equal(file_map_open(path, &map), 0);
	size = map.size;
	copy = malloc(size);
	memcpy(copy, map.data, size);
	file_unmap(&map);
	for (size_t i = 0; i < size; i += 7) {
		assert_int_equal(file_replace(path, copy, i), 0);
		assert_newest("6.12.1-1", true);
		copy[i] ^= 2;
		assert_int_equal(file_replace(path, copy, size), 0);
		assert_newest("6.12.1-1", true);
		copy[i] ^= 2;
	}
	assert_newest("6.12.1-1", false);
	write_file("cache/memcgbench/apt/kernels", new_dump, 0644);
	assert_newest("6.12.1-1", true);
	/* A folder in its place cannot be replaced. */
	assert_int_equal(unlink(path), 0);
	make_folder("cache/memcgbench/apt/kernels");
	assert_newest("6.12.1-1", true);
	assert_newest("6.12.1-1", true);
}

/* What is kept is read while another process reads the lists, which takes seconds. */
static void not_kept_waiting(void **state)
{
	__free_mem char *path = text_format("%s/cache/memcgbench/apt/lock", scratch);
	int lock;

	(void)state;
	assert_newest("6.12.1-1", true);
	lock = open(path, O_RDWR);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	/* A lock that is waited for ends the test. */
	alarm(20);
	assert_newest("6.12.1-1", false);
	alarm(0);
	close(lock);
}

static void failures_are_not_kept(void **state)
{
	char got[64];
	bool asked;

	(void)state;
	write_file("then", "exit 100\n", 0644);
	newest(got, &asked);
	assert_string_equal(got, "-5");
	assert_non_null(strstr(err_msg(), "apt-cache dumpavail ended with status 100, see "));
	write_file("then", "", 0644);
	/* Without apt's configuration there is no key: slower, and right. */
	write_file("bin/apt-config", "#!/bin/sh\nexit 1\n", 0755);
	assert_newest("6.12.1-1", true);
	assert_newest("6.12.1-1", true);
}

static void filter(void **state)
{
	char dump[] = "Version: 1\nPackage: linux-image-6.1.0-9-amd64\nDescription: x\n .\n\n\n"
		      "Package: linux-headers-6.1.0-9-amd64\n\nPackage: xlinux-image-1\n\nSource: a\n"
		      " Package: linux-image-no\n\nPackage: linux-base-6.1.0-9-amd64\nSize: 1";
	FILE *in = fmemopen(dump, strlen(dump), "r");
	char *text;

	(void)state;
	assert_int_equal(deb_index_filter(in, &text), 0);
	assert_string_equal(text, "Version: 1\nPackage: linux-image-6.1.0-9-amd64\nDescription: x\n .\n\n"
				  "Package: linux-base-6.1.0-9-amd64\nSize: 1\n");
	free(text);
	fclose(in);
}

static int give_up(FILE *in, void *context)
{
	(void)context;
	assert_int_equal(fgetc(in), 'y');
	return err_set(EDOM, "enough");
}

static void program_read(void **state)
{
	(void)state;
	/* It ends when nobody reads. */
	assert_int_equal(process_read((const char *[]){"yes", NULL}, NULL, give_up, NULL), -EDOM);
	assert_string_equal(err_msg(), "enough");
	assert_int_equal(process_read((const char *[]){"/nowhere/x", NULL}, NULL, give_up, NULL), -ENOENT);
	assert_non_null(strstr(err_msg(), "run /nowhere/x"));
}

#define WITH_APT(test) cmocka_unit_test_setup_teardown(test, setup_apt, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_APT(kept_until_something_changes),
		WITH_APT(list_in_place_of_a_list),
		WITH_APT(lists_that_change_meanwhile),
		WITH_APT(damaged),
		WITH_APT(not_kept_waiting),
		WITH_APT(failures_are_not_kept),
		cmocka_unit_test(filter),
		cmocka_unit_test(program_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
