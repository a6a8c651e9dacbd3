// SPDX-License-Identifier: GPL-2.0-or-later
/* Detection, sweep and readers, on captured trees (tests/data/cgroup) and some made on the spot. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup.h"
#include "machine/cgroup_ops.h"

#define DATA "tests/data/cgroup/"

#define assert_ok(expr)                                                                            \
	do {                                                                                       \
		int ret_ = (expr);                                                                 \
		if (ret_)                                                                          \
			fail_msg("%s: %d, %s", #expr, ret_, err_msg());                            \
	} while (0)

#define assert_says(word)                                                                          \
	do {                                                                                       \
		if (!strstr(err_msg(), word))                                                      \
			fail_msg("\"%s\" is not in: %s", word, err_msg());                         \
	} while (0)

static int use_machine(void **state)
{
	(void)state;
	fs_set_root("");
	return 0;
}

static void detect(const char *root, struct cg_info *ret_info)
{
	fs_set_root(root);
	memset(ret_info, 0xff, sizeof(*ret_info));
	assert_ok(cg_detect(ret_info));
}

/* Detection asks what this user may write: another's checkout answers otherwise. */
static void detect_writable(const char *root, struct cg_info *ret_info)
{
	if (access(root, W_OK)) {
		print_message("skipped: %s is not writable\n", root);
		skip();
	}
	detect(root, ret_info);
}

static void check_place(const struct cg_info *info, enum cg_version version, const char *mount,
			const char *self, const char *top)
{
	assert_int_equal(info->version, version);
	assert_string_equal(info->mount, mount);
	assert_string_equal(info->self, self);
	assert_string_equal(info->top, top);
}

static void check_why(const char *root, const char *word)
{
	struct cg_info info;

	detect(root, &info);
	assert_int_equal(info.version, CG_NONE);
	if (!strstr(info.why, word))
		fail_msg("%s: \"%s\" is not in: %s", root, word, info.why);
	assert_string_equal(info.top, "");
	assert_false(info.can_enter_root);
}

static void test_detect_v1(void **state)
{
	struct cg_info info;

	(void)state;
	detect_writable(DATA "v1", &info);
	check_place(&info, CG_V1, "/sys/fs/cgroup/memory", "/user.slice", "/sys/fs/cgroup/memory");
	assert_false(info.hybrid);
	assert_true(info.can_enter_root);
	assert_int_equal(info.top_depth, 0);
	assert_string_equal(info.why, "");
}

static void test_detect_hybrid(void **state)
{
	struct cg_info info;

	(void)state;
	detect_writable(DATA "hybrid", &info);
	check_place(&info, CG_V1, "/sys/fs/cgroup/memory", "/jobs/1", "/sys/fs/cgroup/memory");
	assert_true(info.hybrid);
	assert_true(info.can_enter_root);
}

static void test_detect_v1_part_of_hierarchy(void **state)
{
	struct cg_info info;

	(void)state;
	detect(DATA "v1-bind", &info);
	check_place(&info, CG_V1, "/sys/fs/cgroup/memory", "/worker",
		    "/sys/fs/cgroup/memory/worker");
	assert_false(info.can_enter_root);
	assert_int_equal(info.top_depth, 3);
}

/* /proc/cgroups of this tree has no memory line. */
static void test_detect_v2(void **state)
{
	struct cg_info info;

	(void)state;
	detect_writable(DATA "v2", &info);
	check_place(&info, CG_V2, "/sys/fs/cgroup", "/system.slice/ssh.service", "/sys/fs/cgroup");
	assert_false(info.hybrid);
	assert_true(info.can_enter_root);
	assert_int_equal(info.top_depth, 0);
	assert_string_equal(info.why, "");
}

static void test_detect_v2_namespace(void **state)
{
	struct cg_info info;

	(void)state;
	detect(DATA "v2-namespace", &info);
	check_place(&info, CG_V2, "/sys/fs/cgroup", "", "/sys/fs/cgroup");
	assert_false(info.can_enter_root);
	assert_int_equal(info.top_depth, 1);
}

static void test_detect_v2_outside_namespace(void **state)
{
	struct cg_tree *tree = NULL;
	struct cg_info info;

	(void)state;
	detect(DATA "v2-outside", &info);
	assert_int_equal(info.version, CG_V2);
	assert_string_equal(info.top, "");
	assert_non_null(strstr(info.why, "no mount shows"));
	assert_int_equal(cg_tree_create(&info, &tree), -ENODEV);
	assert_null(tree);
	assert_says("no mount shows");
}

static void test_detect_v2_scope(void **state)
{
	static const char scope[] = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/"
				    "app.slice/run-r1f.scope";
	struct cg_info info;

	(void)state;
	detect_writable(DATA "v2-scope", &info);
	assert_string_equal(info.top, scope);
	assert_false(info.can_enter_root);
	assert_int_equal(info.top_depth, 5);
	assert_string_equal(info.why, "");

	detect_writable(DATA "v2-scope-aside", &info);
	assert_string_equal(info.top, scope);
	assert_int_equal(info.top_depth, 5);
	assert_non_null(strstr(info.self, "/memcgbench.4242.987654.0/self"));
	assert_string_equal(info.why, "");
}

static void test_detect_v2_undelegated(void **state)
{
	struct cg_info info;

	(void)state;
	detect(DATA "v2-undelegated", &info);
	assert_int_equal(info.version, CG_V2);
	assert_non_null(strstr(info.why, "Delegate=yes"));
	assert_int_equal(info.top_depth, 3);
}

static void test_detect_several_mounts(void **state)
{
	struct cg_info info;

	(void)state;
	detect_writable(DATA "v2-several", &info);
	check_place(&info, CG_V2, "/mnt/whole", "/system.slice/x.service", "/mnt/whole");
}

static void test_detect_none(void **state)
{
	(void)state;
	check_why(DATA "disabled", "cgroup_disable=memory");
	check_why(DATA "unmounted", "v1 hierarchy that is not mounted");
	check_why(DATA "none", "mount -t cgroup2");
	check_why(DATA "nothing", "CONFIG_CGROUPS");
}

static void test_detect_without_proc(void **state)
{
	struct cg_info info = {.version = CG_V2};

	(void)state;
	fs_set_root(DATA "is-not-there");
	assert_int_equal(cg_detect(&info), -ENOENT);
	assert_int_equal(info.version, CG_V2);
	assert_says("/proc/self/mountinfo");
}

/* A tree made on the spot, for names that git should not have to hold. */
struct scratch {
	char root[64];
};

static void scratch_make(struct scratch *scratch)
{
	strcpy(scratch->root, "/tmp/memcgbench-test.XXXXXX");
	assert_non_null(mkdtemp(scratch->root));
	fs_set_root(scratch->root);
}

static void scratch_write(const struct scratch *scratch, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", scratch->root, path);
	for (char *slash = strchr(full + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(full, 0755) || errno == EEXIST);
		*slash = '/';
	}
	if (full[strlen(full) - 1] == '/')
		return;
	file = fopen(full, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void scratch_remove(const struct scratch *scratch)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", scratch->root);
	assert_int_equal(system(command), 0);
	fs_set_root("");
}

static void test_detect_escapes(void **state)
{
	struct scratch scratch;
	struct cg_info info;

	(void)state;
	scratch_make(&scratch);
	/* Also an empty source, ":" in a name, and a controller that only begins like ours. */
	scratch_write(
		&scratch, "/proc/self/mountinfo",
		"40 27 0:40 / /mnt/control\\040groups\\134x rw,relatime - cgroup  rw,cpu,memory\n");
	scratch_write(&scratch, "/proc/self/cgroup",
		      "8:mem,memoryless:/wrong\n6:cpu,memory:/a:b c\n");
	scratch_write(&scratch, "/mnt/control groups\\x/a:b c/cgroup.procs", "");
	scratch_write(&scratch, "/mnt/control groups\\x/release_agent", "");
	detect(scratch.root, &info);
	check_place(&info, CG_V1, "/mnt/control groups\\x", "/a:b c",
		    "/mnt/control groups\\x/a:b c");
	assert_false(info.can_enter_root);
	scratch_remove(&scratch);
}

/* Moved out of its namespace's root: "/.." names a cgroup that we cannot know. */
static void test_detect_outside_own_namespace(void **state)
{
	struct scratch scratch;
	struct cg_info info;

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "/proc/self/mountinfo", "40 27 0:40 / /cg rw - cgroup2 none rw\n");
	scratch_write(&scratch, "/proc/self/cgroup", "0::/../other\n");
	scratch_write(&scratch, "/cg/cgroup.controllers", "memory\n");
	scratch_write(&scratch, "/other/cgroup.procs", "");
	detect(scratch.root, &info);
	assert_string_equal(info.top, "");
	assert_non_null(strstr(info.why, "/../other"));
	scratch_remove(&scratch);
}

#define STAT_REST " 1 1 1 0 -1 4194560 120 0 0 0 1 2 0 0 20 0 1 0 "

static void test_sweep_tells_the_dead(void **state)
{
	static const char *const gone[] = {"memcgbench.100.4999.0", "memcgbench.102.7000.0",
					   "memcgbench.99999999.1.0", "memcgbench.99999999.1.0.leaf"};
	static const char *const kept[] = {"memcgbench.100.5000.0", "memcgbench.101.6000.0.leaf", "memcgbench.99999999.1.7",
					   "memcgbench.99999999.1", "memcgbench", "user.slice", "memcgbench.x.1.0"};
	struct cg_info info = {.version = CG_V1, .mount = "/cg", .top = "/cg"};
	struct scratch scratch;
	unsigned int removed = 77;
	char path[128];

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "/proc/100/stat", "100 (memcgbench) S" STAT_REST "5000 1 2\n");
	scratch_write(&scratch, "/proc/101/stat", "101 (a) Z 1 (b) R" STAT_REST "6000 1 2\n");
	scratch_write(&scratch, "/proc/102/stat", "102 (memcgbench) Z" STAT_REST "7000 1 2\n");
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++) {
		snprintf(path, sizeof(path), "/cg/%s/chain/3/4/", gone[i]);
		scratch_write(&scratch, path, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		snprintf(path, sizeof(path), "/cg/%s/chain/", kept[i]);
		scratch_write(&scratch, path, NULL);
	}
	assert_ok(cg_sweep(&info, &removed));
	assert_int_equal(removed, ARRAY_SIZE(gone));
	for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
		assert_false(fs_exists("/cg/%s", gone[i]));
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_true(fs_exists("/cg/%s/chain", kept[i]));
	scratch_remove(&scratch);
}

/* A runner whose memcgbench was killed sits in the dead one's leaf: it must not kill itself. */
static void test_sweep_spares_itself(void **state)
{
	struct cg_info info = {.version = CG_V1,
			       .mount = "/cg",
			       .self = "/memcgbench.99999999.1.0/self",
			       .top = "/cg"};
	struct scratch scratch;
	unsigned int removed = 77;

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "/cg/memcgbench.99999999.1.0/self/", NULL);
	scratch_write(&scratch, "/cg/memcgbench.99999999.12.0/", NULL);
	assert_ok(cg_sweep(&info, &removed));
	assert_int_equal(removed, 1);
	assert_true(fs_exists("/cg/memcgbench.99999999.1.0/self"));
	scratch_remove(&scratch);
}

/* Killing "0" would kill our own process group. */
static void test_sweep_foreign_namespace(void **state)
{
	struct cg_info info = {.version = CG_V2, .mount = "/cg", .top = "/cg"};
	struct scratch scratch;
	unsigned int removed = 77;

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "/cg/memcgbench.99999999.1.0/cgroup.procs", "0\n0\n");
	assert_int_equal(cg_sweep(&info, &removed), -EBUSY);
	assert_says("another pid namespace");
	assert_int_equal(removed, 77);
	assert_true(fs_exists("/cg/memcgbench.99999999.1.0"));
	scratch_remove(&scratch);
}

static void test_sweep_without_controller(void **state)
{
	struct cg_info info = {.version = CG_NONE};
	unsigned int removed = 77;

	(void)state;
	assert_ok(cg_sweep(&info, &removed));
	assert_int_equal(removed, 0);
}

static void test_directory_errors_help(void **state)
{
	(void)state;
	assert_int_equal(cg_dir_error(EROFS, "create", "/x"), -EROFS);
	assert_says("read-only");
	assert_int_equal(cg_dir_error(EACCES, "create", "/x"), -EACCES);
	assert_says("Delegate=yes");
	assert_int_equal(cg_dir_error(EPERM, "create", "/x"), -EPERM);
	assert_says("Delegate=yes");
	assert_int_equal(cg_dir_error(EAGAIN, "create", "/x"), -EAGAIN);
	assert_says("cgroup.max.depth");
	assert_int_equal(cg_dir_error(ENOSPC, "create", "/x"), -ENOSPC);
	assert_says("memcg ids");
	assert_int_equal(cg_dir_error(EIO, "create", "/x"), -EIO);
	assert_says("create in /x");
}

static void check_captured_leaf(const char *root, const struct cg_ops *ops, const char *path)
{
	struct cg_tree tree = {.ops = ops};
	struct cg_group group = {.tree = &tree, .nr_levels = 1};
	uint64_t value = 77;

	fs_set_root(root);
	group.path = strdup(path);
	assert_ok(cg_group_usage(&group, &value));
	assert_int_equal(value, 1052672);
	assert_ok(cg_group_oom_kills(&group, &value));
	assert_int_equal(value, 2);
	/* Before it in the file: another whose name only begins the same. */
	assert_ok(cg_group_stat(&group, "anon", &value));
	assert_int_equal(value, 3145728);
	assert_ok(cg_group_stat(&group, "anon_thp", &value));
	assert_int_equal(value, 2097152);
	assert_ok(cg_group_stat(&group, "file", &value));
	assert_int_equal(value, 8192);
	assert_ok(cg_group_stat(&group, "shmem", &value));
	assert_int_equal(value, 4096);
	assert_ok(cg_group_stat(&group, "pgfault", &value));
	assert_int_equal(value, 300);
	assert_ok(cg_group_stat(&group, "pgmajfault", &value));
	assert_int_equal(value, 0);
	assert_int_equal(cg_group_stat(&group, "no_such_line", &value), -ENOENT);
	/* There, but an end of a name or a name of v1 only. */
	assert_int_equal(cg_group_stat(&group, "fault", &value), -ENOENT);
	assert_int_equal(cg_group_stat(&group, "rss", &value), -ENOENT);
	assert_int_equal(value, 0);
	group.nr_levels = 0;
	assert_int_equal(cg_group_usage(&group, &value), -ENOENT);
	free(group.path);
}

/* Kernels before 5.11; a kernel that has no such file any more needs nothing. */
static void test_v1_hierarchy_is_switched_on(void **state)
{
	struct scratch scratch;
	uint64_t value;

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "/cg/off/memory.use_hierarchy", "0\n");
	scratch_write(&scratch, "/cg/without/", NULL);
	assert_ok(cg_v1_ops.open_inner("/cg/off"));
	assert_ok(fs_read_u64(&value, "/cg/off/memory.use_hierarchy"));
	assert_int_equal(value, 1);
	assert_ok(cg_v1_ops.open_inner("/cg/without"));
	scratch_remove(&scratch);
}

static void test_read_captured_group(void **state)
{
	struct cg_tree tree = {.ops = &cg_v2_ops};
	struct cg_group group = {.tree = &tree, .nr_levels = 1, .path = (char[]){"/sys/fs/cgroup/odd"}};
	uint64_t value = 77;

	(void)state;
	check_captured_leaf(DATA "v1", &cg_v1_ops, "/sys/fs/cgroup/memory/leaf");
	check_captured_leaf(DATA "v2", &cg_v2_ops, "/sys/fs/cgroup/leaf");
	/* "max" is no number of bytes; a missing file is -ENOENT, a missing cgroup -ENODEV. */
	assert_int_equal(cg_group_usage(&group, &value), -ERANGE);
	assert_int_equal(cg_group_oom_kills(&group, &value), -ENOENT);
	group.path = (char[]){"/sys/fs/cgroup/gone"};
	assert_int_equal(cg_group_usage(&group, &value), -ENODEV);
	assert_says("/sys/fs/cgroup/gone is gone");
	assert_int_equal(cg_group_stat(&group, "anon", &value), -ENODEV);
	assert_int_equal(cg_group_oom_kills(&group, &value), -ENODEV);
	assert_int_equal(value, 77);
}

#define captured(test) cmocka_unit_test_teardown(test, use_machine)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		captured(test_detect_v1),
		captured(test_detect_hybrid),
		captured(test_detect_v1_part_of_hierarchy),
		captured(test_detect_v2),
		captured(test_detect_v2_namespace),
		captured(test_detect_v2_outside_namespace),
		captured(test_detect_v2_scope),
		captured(test_detect_v2_undelegated),
		captured(test_detect_several_mounts),
		captured(test_detect_none),
		captured(test_detect_without_proc),
		captured(test_detect_escapes),
		captured(test_detect_outside_own_namespace),
		captured(test_sweep_tells_the_dead),
		captured(test_sweep_spares_itself),
		captured(test_sweep_foreign_namespace),
		captured(test_sweep_without_controller),
		captured(test_directory_errors_help),
		captured(test_v1_hierarchy_is_switched_on),
		captured(test_read_captured_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
