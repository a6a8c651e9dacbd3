// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of trees and groups on this machine's own cgroups, where that is permitted. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup.h"
#include "machine/cgroup_ops.h"
#include "machine/owner.h"

#define MIB    (1024ULL * 1024)
#define NOBODY 65534

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

static void live_info(struct cg_info *ret_info)
{
	fs_set_root("");
	assert_ok(cg_detect(ret_info));
	if (ret_info->why[0]) {
		print_message("skipped: %s\n", ret_info->why);
		skip();
	}
}

static struct cg_tree *live_tree(struct cg_info *ret_info)
{
	struct cg_tree *tree = NULL;
	int ret;

	live_info(ret_info);
	ret = cg_tree_create(ret_info, &tree);
	if (ret == -EBUSY || ret == -EACCES || ret == -EPERM || ret == -EROFS) {
		print_message("skipped: %s\n", err_msg());
		skip();
	}
	assert_ok(ret);
	return tree;
}

struct count {
	pid_t pid;
	unsigned int nr;
};

static int count_visit(const char *dir, const char *name, void *arg)
{
	struct count *count = arg;
	struct owner owner;

	(void)dir;
	count->nr += owner_parse(name, &owner) && owner.pid == count->pid;
	return 0;
}

/* How many subtrees of @pid there are. */
static unsigned int nr_left(const struct cg_info *info, pid_t pid)
{
	struct count count = {.pid = pid};

	assert_ok(cg_dir_each(info->top, count_visit, &count));
	return count.nr;
}

static void touch(size_t bytes)
{
	char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		_exit(100);
	for (size_t i = 0; i < bytes; i += 4096)
		((volatile char *)area)[i] = 1;
}

/* A child that enters @group, touches memory, reports, and waits to be killed. */
static pid_t start_holder(const struct cg_group *group, size_t bytes)
{
	int report[2];
	char byte = 1;
	pid_t pid;

	assert_int_equal(pipe(report), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		close(report[0]);
		byte = (char)(cg_group_enter_self(group) ? 1 : 0);
		if (!byte)
			touch(bytes);
		if (write(report[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(report[1]);
	assert_int_equal(read(report[0], &byte, 1), 1);
	close(report[0]);
	assert_int_equal(byte, 0);
	return pid;
}

static void stop(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void check_depth(struct cg_tree *tree, const struct cg_info *info, unsigned int depth)
{
	uint64_t before, usage, anon, above, open_before, open_usage;
	struct cg_group *group = NULL;
	char parent[PATH_MAX];
	pid_t pid;
	int fd = -1;

	assert_ok(cg_group_chain(tree, "chain", depth, UINT64_MAX, &group));
	assert_int_equal(cg_group_depth(group), info->top_depth + depth);
	strcpy(parent, cg_group_path(group));
	for (unsigned int i = 0; i < depth; i++)
		*strrchr(parent, '/') = '\0';
	assert_string_equal(parent, info->top);
	assert_ok(cg_group_usage(group, &before));
	assert_ok(cg_group_open(group, CG_FILE_USAGE, &fd));
	assert_ok(cg_group_read_usage(group, fd, &open_before));
	pid = start_holder(group, 16 * MIB);
	assert_ok(cg_group_usage(group, &usage));
	assert_true(usage >= before + 16 * MIB && usage < before + 20 * MIB);
	assert_ok(cg_group_read_usage(group, fd, &open_usage));
	assert_true(open_usage >= open_before + 16 * MIB && open_usage < open_before + 20 * MIB);
	close(fd);
	assert_ok(cg_group_stat(group, "anon", &anon));
	assert_true(anon >= 16 * MIB && anon <= usage);
	if (depth > 1) {
		strcpy(parent, cg_group_path(group));
		*strrchr(parent, '/') = '\0';
		assert_ok(
			fs_read_u64(&above, "%s/%s", parent, cg_ops_of(info->version)->usage_file));
		/* A stock may be drained between the two readings: the parent never has less than the lower one. */
		assert_ok(cg_group_usage(group, &before));
		assert_true(above >= (before < usage ? before : usage));
	}
	assert_int_equal(cg_group_remove(group), -EBUSY);
	assert_says(cg_group_path(group));
	stop(pid);
	assert_ok(cg_group_remove(group));
	assert_false(fs_exists("%s/chain", tree->path));
}

static void test_live_chains(void **state)
{
	static const unsigned int depths[] = {1, 2, 5, 32};
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++)
		check_depth(tree, &info, depths[i]);
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

static void test_live_bad_chains(void **state)
{
	struct cg_group *group = NULL, *other = NULL;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info), *second = NULL;

	(void)state;
	assert_int_equal(cg_group_chain(tree, "x", 0, UINT64_MAX, &group), -EINVAL);
	assert_int_equal(cg_group_chain(tree, "", 1, UINT64_MAX, &group), -EINVAL);
	assert_int_equal(cg_group_chain(tree, "..", 1, UINT64_MAX, &group), -EINVAL);
	assert_int_equal(cg_group_chain(tree, "a/b", 1, UINT64_MAX, &group), -EINVAL);
	assert_int_equal(cg_group_chain(tree, "self", 2, UINT64_MAX, &group), -EINVAL);
	assert_null(group);
	assert_int_equal(cg_group_chain(tree, "deep", 2000, UINT64_MAX, &group), -ENAMETOOLONG);
	assert_false(fs_exists("%s/deep", tree->path));
	assert_null(group);
	assert_ok(cg_group_chain(tree, "twice", 2, UINT64_MAX, &group));
	assert_int_equal(cg_group_chain(tree, "twice", 3, UINT64_MAX, &other), -EEXIST);
	assert_null(other);
	assert_true(fs_exists("%s", cg_group_path(group)));
	assert_int_equal(cg_tree_create(&info, &second), -EEXIST);
	assert_null(second);
	assert_true(fs_exists("%s", cg_group_path(group)));
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

static void test_live_max_depth(void **state)
{
	struct cg_group *group = NULL;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);

	(void)state;
	if (!fs_exists("%s/cgroup.max.depth", tree->path)) {
		assert_ok(cg_tree_destroy(tree));
		print_message("skipped: cgroup v1 has no cgroup.max.depth\n");
		skip();
	}
	assert_ok(fs_write("2", "%s/cgroup.max.depth", tree->path));
	assert_int_equal(cg_group_chain(tree, "deep", 8, UINT64_MAX, &group), -EAGAIN);
	assert_says("cgroup.max.depth");
	assert_false(fs_exists("%s/deep", tree->path));
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

static bool is_there(const struct cg_group *leaf, const char *name)
{
	return fs_exists("%s.%s", cg_group_path(leaf), name);
}

/* Memcgs beside a leaf, made here and in a process that is killed, and those above it. */
static void check_beside(struct cg_tree *tree, unsigned int depth)
{
	struct cg_group *leaf = NULL, *beside = NULL, *above = NULL;
	uint64_t bytes;
	int status;
	pid_t pid;

	assert_ok(cg_group_chain(tree, "many", depth, UINT64_MAX, &leaf));
	assert_ok(cg_group_beside(leaf, "1", 16 * MIB, &beside));
	assert_int_equal(cg_group_depth(beside), cg_group_depth(leaf));
	assert_ok(fs_read_u64(&bytes, "%s/%s", cg_group_path(beside), tree->ops->limit_file));
	assert_int_equal(bytes, 16 * MIB);
	pid = start_holder(beside, 4 * MIB);
	assert_ok(cg_group_usage(beside, &bytes));
	assert_true(bytes >= 4 * MIB);
	assert_ok(cg_group_usage(leaf, &bytes));
	assert_true(bytes < 4 * MIB);
	assert_int_equal(cg_group_beside(leaf, "1", UINT64_MAX, &above), -EEXIST);
	assert_int_equal(cg_group_beside(leaf, "a/b", UINT64_MAX, &above), -EINVAL);
	stop(pid);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (cg_group_beside(leaf, "w0-0", UINT64_MAX, &above) || cg_group_enter_self(above))
			_exit(1);
		kill(getpid(), SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	assert_true(is_there(leaf, "w0-0"));
	assert_ok(cg_group_remove_beside(leaf, "w"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_false(is_there(leaf, "w0-0"));
	assert_true(is_there(leaf, "1"));
	assert_ok(cg_group_remove(beside));
	assert_false(is_there(leaf, "1"));
	assert_ok(cg_group_remove(leaf));
}

static void check_above(struct cg_tree *tree, unsigned int depth)
{
	struct cg_group *leaf = NULL, *above;
	unsigned int level = 0;
	uint64_t bytes;

	assert_ok(cg_group_chain(tree, "high", depth, UINT64_MAX, &leaf));
	above = leaf;
	for (;;) {
		struct cg_group *below = above;

		assert_ok(cg_group_above(below, &above));
		if (!above)
			break;
		level++;
		assert_int_equal(cg_group_depth(above), cg_group_depth(leaf) - level);
		assert_ok(cg_group_usage(above, &bytes));
		assert_ok(cg_group_limit(above, CG_LIMIT_MAX, 512 * MIB));
		assert_ok(fs_read_u64(&bytes, "%s/%s", cg_group_path(above), tree->ops->limit_file));
		assert_int_equal(bytes, 512 * MIB);
		assert_ok(cg_group_limit(above, CG_LIMIT_MAX, UINT64_MAX));
	}
	/* What is above the tree is not ours. */
	assert_int_equal(level, depth - 1);
	assert_ok(cg_group_remove(leaf));
}

static void check_limits(struct cg_tree *tree)
{
	struct cg_group *leaf = NULL;
	int ret;

	assert_ok(cg_group_chain(tree, "tight", 2, UINT64_MAX, &leaf));
	ret = cg_group_limit(leaf, CG_LIMIT_HIGH, 64 * MIB);
	assert_int_equal(ret, tree->ops->high_file ? 0 : -EOPNOTSUPP);
	ret = cg_group_reclaim(leaf, 4096);
	/* Nothing to reclaim: v2 says so, v1 does not. */
	assert_true(ret == (tree->ops->version == CG_V2 ? -EAGAIN : 0) || ret == -EOPNOTSUPP);
	assert_ok(cg_group_remove(leaf));
}

static void test_live_beside_and_above(void **state)
{
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);

	(void)state;
	check_beside(tree, 1);
	check_beside(tree, 3);
	check_above(tree, 1);
	check_above(tree, 4);
	check_limits(tree);
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

static void test_live_oom_kill(void **state)
{
	struct cg_group *group = NULL;
	uint64_t kills = 77, limit;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);
	int status;
	pid_t pid;

	(void)state;
	assert_ok(cg_group_chain(tree, "small", 3, 8 * MIB, &group));
	assert_ok(fs_read_u64(&limit, "%s/%s", cg_group_path(group), tree->ops->limit_file));
	assert_int_equal(limit, 8 * MIB);
	assert_ok(cg_group_oom_kills(group, &kills));
	assert_int_equal(kills, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (cg_group_enter_self(group))
			_exit(1);
		touch(32 * MIB);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		print_message("the limit was met by swapping\n");
	else
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_ok(cg_group_oom_kills(group, &kills));
	assert_int_equal(kills, WIFSIGNALED(status) ? 1 : 0);
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

static void test_live_root(void **state)
{
	struct cg_group *root = NULL;
	struct cg_info info, inside;
	struct cg_tree *tree = live_tree(&info);
	uint64_t usage;
	int status;
	pid_t pid;

	(void)state;
	if (!info.can_enter_root) {
		assert_int_equal(cg_group_root(tree, &root), -EPERM);
		assert_null(root);
		assert_ok(cg_tree_destroy(tree));
		return;
	}
	assert_ok(cg_group_root(tree, &root));
	assert_int_equal(cg_group_depth(root), 0);
	assert_string_equal(cg_group_path(root), info.mount);
	assert_int_equal(cg_group_usage(root, &usage), -ENOENT);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (cg_group_enter_self(root) || cg_detect(&inside))
			_exit(1);
		_exit(inside.self[0] ? 2 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_ok(cg_group_remove(root));
	assert_ok(cg_tree_destroy(tree));
}

static void test_live_destroy_kills(void **state)
{
	struct cg_group *deep = NULL, *flat = NULL;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);
	pid_t pids[2];
	int status;

	(void)state;
	assert_ok(cg_group_chain(tree, "deep", 7, UINT64_MAX, &deep));
	assert_ok(cg_group_chain(tree, "flat", 1, UINT64_MAX, &flat));
	pids[0] = start_holder(deep, MIB);
	pids[1] = start_holder(flat, MIB);
	assert_ok(cg_tree_destroy(tree));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	assert_int_equal(nr_left(&info, getpid()), 0);
	assert_ok(cg_tree_destroy(NULL));
}

static void test_live_forked_child_owns_nothing(void **state)
{
	struct cg_group *group = NULL;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);
	int status;
	pid_t pid;

	(void)state;
	assert_ok(cg_group_chain(tree, "kept", 2, UINT64_MAX, &group));
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(cg_tree_destroy(tree) ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(fs_exists("%s", cg_group_path(group)));
	assert_ok(cg_tree_destroy(tree));
}

static void test_live_vanished(void **state)
{
	struct cg_group *group = NULL;
	struct cg_info info;
	struct cg_tree *tree = live_tree(&info);
	uint64_t value = 77;

	(void)state;
	assert_ok(cg_group_chain(tree, "gone", 4, UINT64_MAX, &group));
	assert_int_equal(rmdir(cg_group_path(group)), 0);
	assert_int_equal(cg_group_enter_self(group), -ENODEV);
	assert_says(cg_group_path(group));
	assert_int_equal(cg_group_usage(group, &value), -ENODEV);
	assert_int_equal(cg_group_stat(group, "anon", &value), -ENODEV);
	assert_int_equal(cg_group_oom_kills(group, &value), -ENODEV);
	assert_says("gone");
	assert_int_equal(value, 77);
	assert_ok(cg_tree_destroy(tree));
	assert_int_equal(nr_left(&info, getpid()), 0);
}

/* A run of its own: makes a tree with a task in it, and waits to be killed. */
static pid_t start_run(const struct cg_info *info)
{
	int report[2];
	char byte = 1;
	pid_t pid;

	assert_int_equal(pipe(report), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct cg_tree *tree;
		struct cg_group *deep, *flat;

		close(report[0]);
		byte = (char)(cg_tree_create(info, &tree) ||
			      cg_group_chain(tree, "deep", 4, UINT64_MAX, &deep) ||
			      cg_group_chain(tree, "flat", 1, UINT64_MAX, &flat));
		if (!byte) {
			start_holder(deep, MIB);
			start_holder(flat, MIB);
		}
		if (write(report[1], &byte, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(report[1]);
	assert_int_equal(read(report[0], &byte, 1), 1);
	close(report[0]);
	assert_int_equal(byte, 0);
	return pid;
}

static void test_live_sweep(void **state)
{
	struct cg_info info;
	unsigned int removed = 77;
	pid_t pid;

	(void)state;
	live_info(&info);
	if (!info.can_enter_root) {
		print_message("skipped: needs a top that several runs can share\n");
		skip();
	}
	pid = start_run(&info);
	assert_int_equal(nr_left(&info, pid), 2);
	assert_ok(cg_sweep(&info, &removed));
	assert_int_equal(nr_left(&info, pid), 2);
	/* Dead, and not yet waited for: a zombie owns nothing. */
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_ok(cg_sweep(&info, &removed));
	assert_int_equal(removed, 2);
	assert_int_equal(nr_left(&info, pid), 0);
	stop(pid);
}

/* ---- a cgroup delegated to an ordinary user ---- */

struct delegated {
	struct cg_tree *tree; /* has the controller on in the top, for as long as the test runs */
	char path[1200];
	struct cg_info info; /* as seen from outside, with the delegated cgroup as the top */
};

static bool delegate(struct delegated *d)
{
	static const char *const files[] = {"", "/cgroup.procs", "/cgroup.threads",
					    "/cgroup.subtree_control", "/tasks"};
	char path[1300];

	d->tree = live_tree(&d->info);
	if (geteuid() || !d->info.can_enter_root) {
		assert_ok(cg_tree_destroy(d->tree));
		print_message("skipped: delegating a cgroup to another user takes root\n");
		return false;
	}
	snprintf(d->path, sizeof(d->path), "%s/memcgbench-test.%d", d->info.top, (int)getpid());
	assert_int_equal(mkdir(d->path, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s%s", d->path, files[i]);
		assert_true(!chown(path, NOBODY, NOBODY) || errno == ENOENT);
	}
	strcpy(d->info.top, d->path);
	return true;
}

static void undelegate(struct delegated *d)
{
	assert_ok(cg_dir_remove(d->path));
	assert_ok(cg_tree_destroy(d->tree));
}

/* In children, where cmocka's asserts cannot be used: the failing line goes to stderr. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "line %d: %s (%s)\n", __LINE__, #cond, err_msg());         \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

/* Run @body in the delegated cgroup; its status. */
static int in_cgroup(const struct delegated *d, uid_t uid, int (*body)(const struct delegated *d))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (fs_write("0", "%s/cgroup.procs", d->path) ||
		    (uid && (setgroups(0, NULL) || setgid(uid) || setuid(uid)))) {
			perror(err_msg());
			_exit(1);
		}
		_exit(body(d));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int as_user(const struct delegated *d, int (*body)(const struct delegated *d))
{
	return in_cgroup(d, NOBODY, body);
}

static bool is_in(const char *dir, pid_t pid)
{
	__free_mem char *text = NULL;
	char word[16];

	snprintf(word, sizeof(word), "%d", (int)pid);
	return !fs_read(&text, "%s/cgroup.procs", dir) && cg_list_has(text, "\n", word);
}

/* What the runner does: groups, a worker in one, all removed. */
static int run_once(const struct cg_info *info)
{
	struct cg_group *group, *root = NULL;
	struct cg_tree *tree;
	uint64_t usage;
	int status;
	pid_t pid;

	CHECK(!cg_tree_create(info, &tree));
	CHECK(cg_group_root(tree, &root) == -EPERM && !root);
	for (unsigned int depth = 1; depth <= 3; depth++) {
		CHECK(!cg_group_chain(tree, "chain", depth, UINT64_MAX, &group));
		CHECK(cg_group_depth(group) == info->top_depth + depth);
		pid = fork();
		if (!pid) {
			if (cg_group_enter_self(group)) {
				fprintf(stderr, "%s\n", err_msg());
				_exit(1);
			}
			touch(4 * MIB);
			if (cg_group_usage(group, &usage))
				_exit(2);
			_exit(usage >= 4 * MIB ? 0 : 3);
		}
		CHECK(waitpid(pid, &status, 0) == pid && !status);
		CHECK(!cg_group_remove(group));
	}
	CHECK(!cg_tree_destroy(tree));
	return 0;
}

static int body_one_process(const struct delegated *d)
{
	struct cg_info info;

	CHECK(!cg_detect(&info));
	CHECK(!info.why[0]);
	CHECK(!info.can_enter_root);
	CHECK(!strcmp(info.top, d->path));
	CHECK(info.top_depth == 1);
	CHECK(!run_once(&info));
	CHECK(is_in(d->path, getpid()));
	/* And again: what the first left on or behind would show. */
	CHECK(!run_once(&info));
	CHECK(is_in(d->path, getpid()));
	return 0;
}

static int body_aside(const struct delegated *d)
{
	struct cg_info info, inside;
	int status;
	pid_t pid;

	CHECK(!cg_detect(&info));
	CHECK(!cg_step_aside(&info));
	CHECK(!cg_step_aside(&info));
	pid = fork();
	if (!pid)
		_exit(cg_detect(&inside) || inside.why[0] || strcmp(inside.top, d->path) ||
		      inside.top_depth != info.top_depth || run_once(&inside));
	CHECK(waitpid(pid, &status, 0) == pid && !status);
	/* A tree of the process that stepped aside itself works as well. */
	CHECK(!run_once(&info));
	CHECK(!cg_step_back(&info));
	CHECK(is_in(d->path, getpid()));
	CHECK(!cg_step_back(&info));
	return 0;
}

/* The runner is killed: stepping back finds its tree and the controller that it switched on. */
static int body_killed_runner(const struct delegated *d)
{
	struct cg_info info;
	int status;
	pid_t pid;

	CHECK(!cg_detect(&info));
	CHECK(!cg_step_aside(&info));
	pid = fork();
	if (!pid) {
		struct cg_info inside;
		struct cg_group *group;
		struct cg_tree *tree;

		if (!cg_detect(&inside) && !cg_tree_create(&inside, &tree) &&
		    !cg_group_chain(tree, "chain", 3, UINT64_MAX, &group))
			raise(SIGKILL);
		_exit(1);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(!cg_step_back(&info));
	CHECK(is_in(d->path, getpid()));
	return 0;
}

/* Everything is killed at once; the next run finds it. */
static int body_all_killed(const struct delegated *d)
{
	struct cg_info info;

	(void)d;
	CHECK(!cg_detect(&info));
	CHECK(!cg_step_aside(&info));
	start_run(&info);
	raise(SIGKILL);
	return 1;
}

static int body_busy(const struct delegated *d)
{
	struct cg_tree *tree = NULL;
	struct cg_info info;
	pid_t pid = fork();
	int status, ret;

	(void)d;
	if (!pid)
		for (;;)
			pause();
	CHECK(!cg_detect(&info));
	CHECK(cg_step_aside(&info) == -EBUSY);
	CHECK(strstr(err_msg(), "systemd-run --user --scope"));
	ret = cg_tree_create(&info, &tree);
	CHECK(ret == -EBUSY && !tree);
	CHECK(strstr(err_msg(), "systemd-run --user --scope"));
	kill(pid, SIGKILL);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(is_in(info.top, getpid()));
	return 0;
}

static void test_delegated_one_process(void **state)
{
	struct delegated d;

	(void)state;
	if (!delegate(&d))
		skip();
	assert_int_equal(as_user(&d, body_one_process), 0);
	undelegate(&d);
}

static void test_delegated_aside(void **state)
{
	struct delegated d;

	(void)state;
	if (!delegate(&d))
		skip();
	assert_int_equal(as_user(&d, body_aside), 0);
	undelegate(&d);
}

static void test_delegated_killed_runner(void **state)
{
	struct delegated d;

	(void)state;
	if (!delegate(&d))
		skip();
	assert_int_equal(as_user(&d, body_killed_runner), 0);
	undelegate(&d);
}

static void test_delegated_all_killed(void **state)
{
	__free_mem char *controllers = NULL;
	struct delegated d;
	unsigned int removed;
	int status;

	(void)state;
	if (!delegate(&d))
		skip();
	status = as_user(&d, body_all_killed);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* The run that it started is an orphan, and alive. */
	assert_ok(cg_dir_kill(d.path));
	assert_ok(cg_sweep(&d.info, &removed));
	assert_true(removed >= 2);
	if (!fs_read(&controllers, "%s/cgroup.subtree_control", d.path))
		assert_false(cg_list_has(controllers, " ", "memory"));
	undelegate(&d);
}

static void test_delegated_busy(void **state)
{
	struct delegated d;

	(void)state;
	if (!delegate(&d))
		skip();
	if (d.info.version != CG_V2) {
		undelegate(&d);
		print_message("skipped: only cgroup v2 keeps tasks out of inner cgroups\n");
		skip();
	}
	assert_int_equal(as_user(&d, body_busy), 0);
	undelegate(&d);
}

static int body_no_permission(const struct delegated *d)
{
	struct cg_tree *tree = NULL;
	struct cg_info info;

	CHECK(!chmod(d->path, 0555));
	CHECK(!cg_detect(&info));
	CHECK(strstr(info.why, "Delegate=yes"));
	CHECK(cg_tree_create(&info, &tree) == -EACCES && !tree);
	CHECK(strstr(err_msg(), "Delegate=yes") && strstr(err_msg(), d->path));
	return 0;
}

static void test_delegated_no_permission(void **state)
{
	struct delegated d;

	(void)state;
	if (!delegate(&d))
		skip();
	assert_int_equal(as_user(&d, body_no_permission), 0);
	undelegate(&d);
}

/* What a container sees: a cgroup namespace with a mount of its own, the host's mount beside it. */
static int body_namespace(const struct delegated *d)
{
	char dir[] = "/tmp/memcgbench-test.XXXXXX";
	bool on_v2 = d->info.version == CG_V2;
	struct cg_tree *tree = NULL;
	struct cg_info info;

	CHECK(!unshare(CLONE_NEWCGROUP | CLONE_NEWNS));
	CHECK(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	CHECK(!cg_detect(&info));
	CHECK(!info.top[0] && strstr(info.why, "no mount shows"));

	CHECK(mkdtemp(dir));
	CHECK(!mount("none", dir, on_v2 ? "cgroup2" : "cgroup", 0, on_v2 ? NULL : "memory"));
	CHECK(!cg_detect(&info));
	CHECK(!info.why[0]);
	CHECK(!info.can_enter_root);
	CHECK(!strcmp(info.mount, dir) && !strcmp(info.self, "") && !strcmp(info.top, dir));
	CHECK(info.top_depth == 1);
	CHECK(!run_once(&info));

	CHECK(!mount(NULL, dir, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CHECK(!cg_detect(&info));
	CHECK(strstr(info.why, "read-only"));
	CHECK(cg_tree_create(&info, &tree) == -EROFS && !tree);
	CHECK(strstr(err_msg(), "read-only"));
	CHECK(!umount(dir) && !rmdir(dir));
	return 0;
}

/* Not in a plain chroot, whose "/" is no mount point. */
static bool mounts_can_be_private(void)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static void test_container(void **state)
{
	struct delegated d;

	(void)state;
	if (!mounts_can_be_private()) {
		print_message("skipped: mounts cannot be made private here (a chroot?)\n");
		skip();
	}
	if (!delegate(&d))
		skip();
	assert_int_equal(in_cgroup(&d, 0, body_namespace), 0);
	undelegate(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live_chains),
		cmocka_unit_test(test_live_bad_chains),
		cmocka_unit_test(test_live_max_depth),
		cmocka_unit_test(test_live_beside_and_above),
		cmocka_unit_test(test_live_oom_kill),
		cmocka_unit_test(test_live_root),
		cmocka_unit_test(test_live_destroy_kills),
		cmocka_unit_test(test_live_forked_child_owns_nothing),
		cmocka_unit_test(test_live_vanished),
		cmocka_unit_test(test_live_sweep),
		cmocka_unit_test(test_delegated_one_process),
		cmocka_unit_test(test_delegated_aside),
		cmocka_unit_test(test_delegated_killed_runner),
		cmocka_unit_test(test_delegated_all_killed),
		cmocka_unit_test(test_delegated_busy),
		cmocka_unit_test(test_delegated_no_permission),
		cmocka_unit_test(test_container),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
