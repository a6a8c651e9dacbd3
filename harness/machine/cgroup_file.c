// SPDX-License-Identifier: GPL-2.0-or-later
/* What a group's files say, and what is written to them: usage, statistics, limits, reclaim. */
#include "machine/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup_ops.h"

int cg_check_gone(const struct cg_group *group, int ret)
{
	if ((ret == -ENOENT || ret == -ENODEV) && !fs_exists("%s/cgroup.procs", group->path))
		return err_set(ENODEV,
			       "the cgroup %s is gone: something else removed it during the run",
			       group->path);
	return ret;
}

int cg_group_usage(const struct cg_group *group, uint64_t *ret_bytes)
{
	if (!group->nr_levels && !group->is_borrowed)
		return err_set(ENOENT, "the root memcg is charged nothing: it has no usage");
	return cg_check_gone(
		group, fs_read_u64(ret_bytes, "%s/%s", group->path, group->tree->ops->usage_file));
}

int cg_group_stat(const struct cg_group *group, const char *key, uint64_t *ret_value)
{
	const char *own_key = group->tree->ops->stat_key(key);

	if (!own_key)
		return err_set(ENOENT, "memory.stat of cgroup v1 has nothing for \"%s\"", key);
	return cg_check_gone(group, fs_read_key(ret_value, own_key, "%s/memory.stat", group->path));
}

int cg_group_oom_kills(const struct cg_group *group, uint64_t *ret_count)
{
	return cg_check_gone(group, fs_read_key(ret_count, "oom_kill", "%s/%s", group->path,
					     group->tree->ops->oom_file));
}

int cg_group_swap(const struct cg_group *group, uint64_t *ret_bytes)
{
	return cg_check_gone(group, group->tree->ops->swap(group->path, ret_bytes));
}

int cg_group_limit(const struct cg_group *group, enum cg_limit limit, uint64_t bytes)
{
	const struct cg_ops *ops = group->tree->ops;
	const char *file = limit == CG_LIMIT_HIGH ? ops->high_file : ops->limit_file;
	char text[24];

	if (!file)
		return err_set(EOPNOTSUPP, "cgroup v1 has no memory.high");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	return cg_check_gone(group, fs_write(bytes == UINT64_MAX ? ops->no_limit : text, "%s/%s", group->path, file));
}

int cg_group_reclaim(const struct cg_group *group, uint64_t bytes)
{
	const struct cg_ops *ops = group->tree->ops;
	char text[24];
	int ret;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	ret = cg_check_gone(group, fs_write(text, "%s/%s", group->path, ops->reclaim_file));
	if (ret == -ENOENT)
		return err_set(EOPNOTSUPP, "this kernel has no %s (since Linux 5.19)", ops->reclaim_file);
	/* mem_cgroup_force_empty_write(), mm/memcontrol-v1.c: not for the root. */
	if (ret == -EINVAL && ops->version == CG_V1 && !group->depth)
		return err_set(EOPNOTSUPP, "cgroup v1 cannot reclaim from the root memcg");
	return ret;
}
