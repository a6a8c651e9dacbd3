// SPDX-License-Identifier: GPL-2.0-or-later
/* Policies on captured machines with more nodes than this one, and really set on this one. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <numaif.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/mempol.h"

#define MAX_NODES 1024
#define NODES	  "/sys/devices/system/node/"

static char tree[] = "/tmp/test_mempol.XXXXXX";

/* A file of the described machine, with the folders above it. */
static void put(const char *path, const char *text)
{
	char name[256];
	char *slash;
	FILE *file;

	snprintf(name, sizeof(name), "%s%s", tree, path);
	for (slash = strchr(name + strlen(tree) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		assert_true(!mkdir(name, 0700) || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(name, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	assert_int_equal(fclose(file), 0);
}

static void put_status(const char *mems_allowed)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "Name:\tx\nMems_allowed:\t0000000f\nMems_allowed_list:\t%s\nThreads:\t1",
		 mems_allowed);
	put("/proc/self/status", text);
}

static int make_tree(void **state)
{
	(void)state;
	return mkdtemp(tree) ? 0 : -1;
}

static void remove_tree_now(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s/*", tree);
	assert_int_equal(system(command), 0);
}

static int remove_tree(void **state)
{
	(void)state;
	remove_tree_now();
	return rmdir(tree);
}

static int use_tree(void **state)
{
	(void)state;
	fs_set_root(tree);
	return 0;
}

static int leave_tree(void **state)
{
	(void)state;
	fs_set_root("");
	remove_tree_now();
	return 0;
}

/* Node 1 is not there: column 1 of the distance files is that of node 2. */
static void put_sparse_machine(void)
{
	put(NODES "online", "0,2-3");
	put(NODES "has_memory", "0,2-3");
	put(NODES "node0/distance", "10 21 31 ");
	put(NODES "node2/distance", "21 10 16 ");
	put(NODES "node3/distance", "31 16 10 ");
	put_status("0,2-3");
}

static void assert_remote(unsigned int node, unsigned int expected)
{
	unsigned int remote = 99;

	if (mempol_remote_node(node, &remote))
		fail_msg("remote of node %u: %s", node, err_msg());
	assert_int_equal(remote, expected);
}

static void test_remote_on_sparse_nodes(void **state)
{
	(void)state;
	put_sparse_machine();
	assert_remote(0, 3);
	assert_remote(2, 0);
	assert_remote(3, 0);
	assert_int_equal(mempol_check("remote"), 0);
	assert_int_equal(mempol_check("interleave"), 0);
	assert_int_equal(mempol_check("node:3"), 0);
	assert_int_equal(mempol_check("node:1"), -EINVAL);
}

static void test_equal_distances_are_shared_out(void **state)
{
	(void)state;
	put(NODES "online", "0-3");
	put(NODES "has_memory", "0-3");
	put_status("0-3");
	put(NODES "node0/distance", "10 20 20 20");
	put(NODES "node1/distance", "20 10 20 20");
	put(NODES "node2/distance", "20 20 10 20");
	put(NODES "node3/distance", "20 20 20 10");
	assert_remote(0, 1);
	assert_remote(1, 2);
	assert_remote(2, 3);
	assert_remote(3, 0);
}

/* The cpuset, or a node that has only CPUs, takes the farthest away. */
static void test_only_usable_nodes(void **state)
{
	unsigned int remote = 99;

	(void)state;
	put_sparse_machine();
	put_status("0,2");
	assert_remote(0, 2);
	/* A worker on a CPU whose own node it may not use. */
	assert_remote(3, 0);
	put_status("0,2-3");
	put(NODES "has_memory", "2-3");
	assert_remote(2, 3);
	assert_int_equal(mempol_check("node:0"), -EINVAL);
	put_status("0,2");
	assert_int_equal(mempol_remote_node(0, &remote), -ENODEV);
	assert_int_equal(mempol_check("interleave"), -ENODEV);
	assert_int_equal(remote, 99);
}

static void test_broken_machines(void **state)
{
	unsigned int remote = 99;

	(void)state;
	put_sparse_machine();
	put(NODES "node0/distance", "10 21");
	assert_int_equal(mempol_remote_node(0, &remote), -EINVAL);
	assert_non_null(strstr(err_msg(), "node0/distance"));
	assert_int_equal(mempol_check("remote"), -EINVAL);
	/* A node that is not there has no distance file. */
	assert_int_equal(mempol_remote_node(1, &remote), -ENOENT);
	assert_non_null(strstr(err_msg(), "node1/distance"));
	assert_int_equal(mempol_remote_node(70000, &remote), -EINVAL);
	put(NODES "has_memory", "0-99999999");
	assert_int_equal(mempol_check("local"), -EINVAL);
	assert_non_null(strstr(err_msg(), "has_memory"));
	assert_int_equal(remote, 99);
}

static void test_almost_empty_sys(void **state)
{
	(void)state;
	/* Nothing: one node, 0. */
	put("/proc/self/status", "Name:\tx");
	assert_int_equal(mempol_check("node:0"), 0);
	assert_int_equal(mempol_check("node:1"), -EINVAL);
	assert_int_equal(mempol_check("remote"), -ENODEV);
	/* A kernel without cpusets, with /sys. */
	put(NODES "has_memory", "0-1");
	assert_int_equal(mempol_check("interleave"), 0);
	assert_int_equal(mempol_check("node:1"), 0);
	assert_int_equal(mempol_check("node:2"), -EINVAL);
	/* With cpusets, without /sys: the distances are not invented. */
	remove_tree_now();
	put_status("0-1");
	assert_int_equal(mempol_check("interleave"), 0);
	assert_int_equal(mempol_check("remote"), -ENOENT);
	assert_non_null(strstr(err_msg(), "remote"));
}

static void test_bad_policies(void **state)
{
	static const char *const bad[] = {"",
					  "a",
					  "Local",
					  "local ",
					  " local",
					  "nod:0",
					  "node",
					  "node:",
					  "node:a",
					  "node:-1",
					  "node:+1",
					  "node:0x0",
					  "node:0,1",
					  "node:0 ",
					  "0",
					  "preferred",
					  "node:1024",
					  "node:4294967296",
					  "node:18446744073709551616"};
	char quoted[64];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(quoted, sizeof(quoted), "\"%s\"", bad[i]);
		if (mempol_check(bad[i]) != -EINVAL || !strstr(err_msg(), quoted))
			fail_msg("check %s: %s", quoted, err_msg());
		if (mempol_apply_self(bad[i], 0) != -EINVAL || !strstr(err_msg(), quoted))
			fail_msg("apply %s: %s", quoted, err_msg());
	}
}

/* The tests below set policies: each runs in a child, with both streams of text caught. */
static void in_child(int (*body)(void))
{
	char text[512] = "";
	int status, fds[2];
	ssize_t len;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		_exit(body());
	}
	close(fds[1]);
	len = read(fds[0], text, sizeof(text) - 1);
	close(fds[0]);
	assert_true(len >= 0);
	text[len] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_string_equal(text, "");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHILD_ASSERT(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(STDERR_FILENO, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition,  \
				err_msg());                                                        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static bool kernel_has_policies(void)
{
	return !get_mempolicy(NULL, NULL, 0, NULL, 0);
}

static int child_apply(void)
{
	unsigned long nodes[MAX_NODES / (8 * sizeof(long))] = {0};
	int mode = -1, node = -1;
	char *page;

	if (!kernel_has_policies())
		return 77;
	CHILD_ASSERT(mempol_check("node:0") == 0);
	CHILD_ASSERT(mempol_apply_self("node:0", 0) == 0);
	CHILD_ASSERT(!get_mempolicy(&mode, nodes, MAX_NODES, NULL, 0));
	CHILD_ASSERT(mode == MPOL_BIND);
	CHILD_ASSERT(nodes[0] == 1);
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHILD_ASSERT(page != MAP_FAILED);
	*page = 1;
	CHILD_ASSERT(!get_mempolicy(&node, NULL, 0, page, MPOL_F_NODE | MPOL_F_ADDR));
	CHILD_ASSERT(node == 0);

	CHILD_ASSERT(mempol_apply_self("local", 0) == 0);
	CHILD_ASSERT(!get_mempolicy(&mode, nodes, MAX_NODES, NULL, 0));
	CHILD_ASSERT(mode == MPOL_LOCAL);

	CHILD_ASSERT(mempol_apply_self("node:0", 0) == 0);
	CHILD_ASSERT(mempol_apply_self("default", 0) == 0);
	CHILD_ASSERT(!get_mempolicy(&mode, nodes, MAX_NODES, NULL, 0));
	CHILD_ASSERT(mode == MPOL_DEFAULT);
	return 0;
}

/* A refused policy leaves the one that was set. */
static int child_one_node(void)
{
	int mode = -1;

	if (!kernel_has_policies() || fs_exists(NODES "node1"))
		return 77;
	CHILD_ASSERT(mempol_apply_self("node:0", 0) == 0);
	CHILD_ASSERT(mempol_check("remote") == -ENODEV);
	CHILD_ASSERT(strstr(err_msg(), "remote"));
	CHILD_ASSERT(mempol_apply_self("remote", 0) == -ENODEV);
	CHILD_ASSERT(mempol_check("interleave") == -ENODEV);
	CHILD_ASSERT(mempol_apply_self("interleave", 0) == -ENODEV);
	CHILD_ASSERT(mempol_apply_self("node:1", 0) == -EINVAL);
	CHILD_ASSERT(!get_mempolicy(&mode, NULL, 0, NULL, 0));
	CHILD_ASSERT(mode == MPOL_BIND);
	return 0;
}

/* From here on the two system calls fail with @err, as in a kernel without them or in a container.
 */
static int forbid_policies(unsigned int err)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_set_mempolicy, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_get_mempolicy, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = ARRAY_SIZE(filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int refuse_all(unsigned int err)
{
	static const char *const policies[] = {"local", "remote", "interleave", "node:0"};
	size_t i;

	if (forbid_policies(err))
		return 77;
	CHILD_ASSERT(mempol_check("default") == 0);
	CHILD_ASSERT(mempol_apply_self("default", 0) == 0);
	CHILD_ASSERT(mempol_check("bad") == -EINVAL);
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		CHILD_ASSERT(mempol_check(policies[i]) == -(int)err);
		CHILD_ASSERT(strstr(err_msg(), policies[i]));
		CHILD_ASSERT(mempol_apply_self(policies[i], 0) == -(int)err);
	}
	return 0;
}

static int child_no_numa_kernel(void)
{
	return refuse_all(ENOSYS);
}

static int child_sandbox(void)
{
	return refuse_all(EPERM);
}

static void test_apply(void **state)
{
	(void)state;
	in_child(child_apply);
}

static void test_one_node(void **state)
{
	(void)state;
	in_child(child_one_node);
}

static void test_no_numa_kernel(void **state)
{
	(void)state;
	in_child(child_no_numa_kernel);
}

static void test_sandbox(void **state)
{
	(void)state;
	in_child(child_sandbox);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_remote_on_sparse_nodes, use_tree, leave_tree),
		cmocka_unit_test_setup_teardown(test_equal_distances_are_shared_out, use_tree,
						leave_tree),
		cmocka_unit_test_setup_teardown(test_only_usable_nodes, use_tree, leave_tree),
		cmocka_unit_test_setup_teardown(test_broken_machines, use_tree, leave_tree),
		cmocka_unit_test_setup_teardown(test_almost_empty_sys, use_tree, leave_tree),
		cmocka_unit_test(test_bad_policies),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_one_node),
		cmocka_unit_test(test_no_numa_kernel),
		cmocka_unit_test(test_sandbox),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
