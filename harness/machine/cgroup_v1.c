// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cgroup_ops.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"

static bool v1_is_mount(const char *fstype, const char *super_options)
{
	return !strcmp(fstype, "cgroup") && cg_list_has(super_options, ",", "memory");
}

/* A v1 hierarchy cannot be mounted with a controller that is not there. */
static bool v1_has_memory(const char *dir)
{
	(void)dir;
	return true;
}

static bool v1_is_own_line(const char *id, const char *controllers)
{
	(void)id;
	return cg_list_has(controllers, ",", "memory");
}

/* CFTYPE_ONLY_ON_ROOT: cgroup1_base_files in kernel/cgroup/cgroup-v1.c. */
static bool v1_dir_is_root(const char *dir)
{
	return fs_exists("%s/release_agent", dir) || fs_exists("%s/cgroup.sane_behavior", dir);
}

static int v1_check_top(const struct cg_info *info)
{
	int ret = cg_access(info->top, W_OK | X_OK);

	return ret ? cg_dir_error(-ret, "create a cgroup", info->top) : 0;
}

static int v1_open_top(struct cg_tree *tree)
{
	(void)tree;
	return 0;
}

static int v1_close_top(struct cg_tree *tree)
{
	(void)tree;
	return 0;
}

static bool v1_left_top_changed(const char *dir)
{
	(void)dir;
	return false;
}

static int v1_undo_top(const char *top)
{
	(void)top;
	return 0;
}

/*
 * Before 5.11 a parent with use_hierarchy 0 is not charged for its children, and depth would cost
 * nothing (mem_cgroup_hierarchy_write() in mm/memcontrol.c). It can only be switched on while there
 * are no children, and children inherit it.
 */
static int v1_open_inner(const char *dir)
{
	uint64_t use_hierarchy;
	int ret;

	if (!fs_exists("%s/memory.use_hierarchy", dir))
		return 0;
	ret = fs_read_u64(&use_hierarchy, "%s/memory.use_hierarchy", dir);
	if (ret || use_hierarchy)
		return ret;
	return fs_write("1", "%s/memory.use_hierarchy", dir);
}

static int v1_close_inner(const char *dir)
{
	(void)dir;
	return 0;
}

/* v1 lets tasks sit in inner cgroups. */
static int v1_step(const struct cg_info *info)
{
	(void)info;
	return 0;
}

/*
 * memcg1_stats[] and memcg1_stat_format() in mm/memcontrol-v1.c, against memory_stats[] in
 * mm/memcontrol.c: "rss" is NR_ANON_MAPPED with huge pages in it, "cache" is NR_FILE_PAGES with
 * shmem in it, the same counters that v2 calls "anon" and "file". The "total_" lines include the
 * cgroups below, as every line of v2 does.
 */
static const char *v1_stat_key(const char *v2_key)
{
	static const struct {
		const char *v2, *v1;
	} names[] = {
		{"anon", "total_rss"},
		{"file", "total_cache"},
		{"shmem", "total_shmem"},
		{"anon_thp", "total_rss_huge"},
		{"file_mapped", "total_mapped_file"},
		{"file_dirty", "total_dirty"},
		{"file_writeback", "total_writeback"},
		{"swapcached", "total_swapcached"},
		{"pgfault", "total_pgfault"},
		{"pgmajfault", "total_pgmajfault"},
		{"inactive_anon", "total_inactive_anon"},
		{"active_anon", "total_active_anon"},
		{"inactive_file", "total_inactive_file"},
		{"active_file", "total_active_file"},
		{"unevictable", "total_unevictable"},
		{"workingset_refault_anon", "total_workingset_refault_anon"},
		{"workingset_refault_file", "total_workingset_refault_file"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].v2, v2_key))
			return names[i].v1;
	return NULL;
}

/*
 * memsw counts memory and swap together; without swap accounting the file is not there. Opening a file may itself be charged between the
 * two readings (a slab is 8 pages), so that memory is read on both sides until it stands still.
 */
static int v1_swap(const char *dir, uint64_t *ret_bytes)
{
	uint64_t before, memsw, memory;
	int ret = fs_read_u64(&memory, "%s/memory.usage_in_bytes", dir), tries = 0;

	do {
		before = memory;
		if (!ret)
			ret = fs_read_u64(&memsw, "%s/memory.memsw.usage_in_bytes", dir);
		if (!ret)
			ret = fs_read_u64(&memory, "%s/memory.usage_in_bytes", dir);
	} while (!ret && memory != before && ++tries < 10);
	if (ret)
		return ret;
	*ret_bytes = memsw > memory ? memsw - memory : 0;
	return 0;
}

static int v1_kernel(const char *dir, uint64_t *ret_bytes)
{
	return fs_read_u64(ret_bytes, "%s/memory.kmem.usage_in_bytes", dir);
}

const struct cg_ops cg_v1_ops = {
	.version = CG_V1,
	.usage_file = "memory.usage_in_bytes",
	.limit_file = "memory.limit_in_bytes",
	.oom_file = "memory.oom_control",
	.no_limit = "-1",
	.reclaim_file = "memory.force_empty",
	.swap = v1_swap,
	.kernel = v1_kernel,
	.is_mount = v1_is_mount,
	.has_memory = v1_has_memory,
	.is_own_line = v1_is_own_line,
	.dir_is_root = v1_dir_is_root,
	.check_top = v1_check_top,
	.open_top = v1_open_top,
	.close_top = v1_close_top,
	.left_top_changed = v1_left_top_changed,
	.undo_top = v1_undo_top,
	.open_inner = v1_open_inner,
	.close_inner = v1_close_inner,
	.step_aside = v1_step,
	.step_back = v1_step,
	.stat_key = v1_stat_key,
};
