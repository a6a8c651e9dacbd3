// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cgroup_ops.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"

static bool v2_is_mount(const char *fstype, const char *super_options)
{
	(void)super_options;
	return !strcmp(fstype, "cgroup2");
}

static bool file_lists_memory(const char *dir, const char *file)
{
	__free_mem char *text = NULL;

	return !fs_read(&text, "%s/%s", dir, file) && cg_list_has(text, " ", "memory");
}

/*
 * Not /proc/cgroups: a newer kernel without CONFIG_MEMCG_V1 does not list memory there though v2
 * has it (cgroup1_subsys_absent() in kernel/cgroup/cgroup-v1.c, 6.18).
 */
static bool v2_has_memory(const char *dir)
{
	return file_lists_memory(dir, "cgroup.controllers");
}

static bool v2_is_own_line(const char *id, const char *controllers)
{
	return !strcmp(id, "0") && !*controllers;
}

/* CFTYPE_NOT_ON_ROOT: cgroup_base_files in kernel/cgroup/cgroup.c. */
static bool v2_dir_is_root(const char *dir)
{
	return !fs_exists("%s/cgroup.events", dir);
}

/*
 * Moving a task needs write access to cgroup.procs of the common ancestor of both cgroups, which is
 * the top (cgroup_procs_write_permission() in kernel/cgroup/cgroup.c).
 */
static int v2_check_top(const struct cg_info *info)
{
	char path[1100];
	int ret;

	if (!v2_has_memory(info->top))
		return err_set(
			EOPNOTSUPP,
			"memory is not in %s/cgroup.controllers: it was not handed down to this "
			"cgroup; run as root, or: systemd-run --user --scope -p Delegate=yes "
			"memcgbench run ...",
			info->top);
	ret = cg_access(info->top, W_OK | X_OK);
	snprintf(path, sizeof(path), "%s/cgroup.procs", info->top);
	ret = ret ? ret : cg_access(path, W_OK);
	if (!ret && !file_lists_memory(info->top, "cgroup.subtree_control")) {
		snprintf(path, sizeof(path), "%s/cgroup.subtree_control", info->top);
		ret = cg_access(path, W_OK);
	}
	return ret ? cg_dir_error(-ret, "create a cgroup", info->top) : 0;
}

static int v2_open_inner(const char *dir)
{
	return fs_write("+memory", "%s/cgroup.subtree_control", dir);
}

static int v2_close_inner(const char *dir)
{
	return fs_write("-memory", "%s/cgroup.subtree_control", dir);
}

/*
 * The no-internal-process rule binds every cgroup but the root of the whole hierarchy, once it
 * hands the controller on. A top that does so already holds no task of ours.
 */
static bool needs_empty_top(const char *top)
{
	return !v2_dir_is_root(top) && !file_lists_memory(top, "cgroup.subtree_control");
}

static int busy_top(const char *top, const char *pid)
{
	return err_set(EBUSY,
		       "%s holds other tasks (pid %s), so it cannot hand memory on to cgroups in "
		       "it: start "
		       "memcgbench as the own command of its scope: systemd-run --user --scope "
		       "-p Delegate=yes memcgbench run ...",
		       top, strcmp(pid, "0") ? pid : "of another pid namespace");
}

/* Who sits in the top: is it this process, and nobody else? -EBUSY: somebody else. */
static int look_into_top(const char *top, bool *ret_self)
{
	__free_mem char *text = NULL;
	char own[16], *save = NULL;
	bool self = false;
	int ret = fs_read(&text, "%s/cgroup.procs", top);

	if (ret)
		return ret;
	snprintf(own, sizeof(own), "%d", (int)getpid());
	for (char *pid = strtok_r(text, "\n", &save); pid; pid = strtok_r(NULL, "\n", &save)) {
		if (strcmp(pid, own))
			return busy_top(top, pid);
		self = true;
	}
	*ret_self = self;
	return 0;
}

/* *ret_moved: whether we were in the top. */
static int leave_top(const char *top, bool *ret_moved)
{
	char name[64], dir[1200], leaf[1300];
	bool self;
	int ret = look_into_top(top, &self);

	if (ret)
		return ret;
	if (!self) {
		*ret_moved = false;
		return 0;
	}
	ret = cg_own_name(name, sizeof(name));
	if (ret)
		return ret;
	snprintf(dir, sizeof(dir), "%s/%s", top, name);
	snprintf(leaf, sizeof(leaf), "%s/" CG_ASIDE, dir);
	ret = cg_dir_make(dir, true);
	if (!ret) {
		ret = cg_dir_make(leaf, true);
		if (!ret)
			ret = fs_write("0", "%s/cgroup.procs", leaf);
	}
	if (ret) {
		/* The sentence of the failure has to outlive those of the clean-up. */
		__free_mem char *sentence = strdup(err_msg());

		(void)!cg_dir_remove(leaf);
		(void)!cg_dir_remove(dir);
		return sentence ? err_set(-ret, "%s", sentence) : ret;
	}
	*ret_moved = true;
	return 0;
}

static int v2_step_aside(const struct cg_info *info)
{
	bool moved;

	return needs_empty_top(info->top) ? leave_top(info->top, &moved) : 0;
}

/* The top must not hand memory on any more. The leaf goes, its parent is the caller's. */
static int v2_step_back(const struct cg_info *info)
{
	char name[64], dir[1200], leaf[1300];
	int ret = cg_own_name(name, sizeof(name));

	if (ret)
		return ret;
	snprintf(dir, sizeof(dir), "%s/%s", info->top, name);
	snprintf(leaf, sizeof(leaf), "%s/" CG_ASIDE, dir);
	if (!fs_exists("%s", leaf))
		return 0;
	ret = fs_write("0", "%s/cgroup.procs", info->top);
	return ret ? ret : cg_dir_remove(leaf);
}

static int v2_open_top(struct cg_tree *tree)
{
	const char *top = tree->info.top;
	char marker[1300];
	int ret;

	if (file_lists_memory(top, "cgroup.subtree_control"))
		return 0;
	if (needs_empty_top(top)) {
		ret = leave_top(top, &tree->stepped_aside);
		if (ret)
			return ret;
	}
	/* Should this run be killed, the next finds it and switches the controller off. */
	snprintf(marker, sizeof(marker), "%s/" CG_MARKER, tree->path);
	ret = cg_dir_make(marker, true);
	if (ret)
		return ret;
	ret = fs_write("+memory", "%s/cgroup.subtree_control", top);
	if (ret)
		return ret;
	tree->top_changed = true;
	return 0;
}

/* EBUSY: the tree of another run hands memory on; it stays on for that one. */
static int v2_undo_top(const char *top)
{
	int ret = fs_write("-memory", "%s/cgroup.subtree_control", top);

	return ret == -EBUSY ? 0 : ret;
}

static int v2_close_top(struct cg_tree *tree)
{
	int ret = tree->top_changed ? v2_undo_top(tree->info.top) : 0;

	if (!ret && tree->stepped_aside)
		ret = v2_step_back(&tree->info);
	return ret;
}

static bool v2_left_top_changed(const char *dir)
{
	return fs_exists("%s/" CG_MARKER, dir);
}

static const char *v2_stat_key(const char *v2_key)
{
	return v2_key;
}

static int v2_swap(const char *dir, uint64_t *ret_bytes)
{
	return fs_read_u64(ret_bytes, "%s/memory.swap.current", dir);
}

/* "kernel" since Linux 5.18 (memory_stats[] in mm/memcontrol.c). */
static int v2_kernel(const char *dir, uint64_t *ret_bytes)
{
	return fs_read_key(ret_bytes, "kernel", "%s/memory.stat", dir);
}

const struct cg_ops cg_v2_ops = {
	.version = CG_V2,
	.usage_file = "memory.current",
	.limit_file = "memory.max",
	.oom_file = "memory.events",
	.high_file = "memory.high",
	.no_limit = "max",
	.reclaim_file = "memory.reclaim",
	.swap = v2_swap,
	.kernel = v2_kernel,
	.is_mount = v2_is_mount,
	.has_memory = v2_has_memory,
	.is_own_line = v2_is_own_line,
	.dir_is_root = v2_dir_is_root,
	.check_top = v2_check_top,
	.open_top = v2_open_top,
	.close_top = v2_close_top,
	.left_top_changed = v2_left_top_changed,
	.undo_top = v2_undo_top,
	.open_inner = v2_open_inner,
	.close_inner = v2_close_inner,
	.step_aside = v2_step_aside,
	.step_back = v2_step_back,
	.stat_key = v2_stat_key,
};
