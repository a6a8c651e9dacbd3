// SPDX-License-Identifier: GPL-2.0-or-later
/* What a group's files say, and what is written to them: usage, statistics, limits, reclaim. */
#include "machine/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/units.h"
#include "machine/cgroup_ops.h"

int cg_check_gone(const struct cg_group *group, int ret)
{
	if ((ret == -ENOENT || ret == -ENODEV) && !fs_exists("%s/cgroup.procs", group->path))
		return err_set(ENODEV,
			       "the cgroup %s is gone: something else removed it during the run",
			       group->path);
	return ret;
}

static int check_has_usage(const struct cg_group *group)
{
	return group->nr_levels || group->is_borrowed ? 0
						      : err_set(ENOENT, "the root memcg is charged nothing: it has no usage");
}

int cg_group_usage(const struct cg_group *group, uint64_t *ret_bytes)
{
	int ret = check_has_usage(group);

	return ret ? ret
		   : cg_check_gone(group,
				   fs_read_u64(ret_bytes, "%s/%s", group->path, group->tree->ops->usage_file));
}

int cg_group_stat(const struct cg_group *group, const char *key, uint64_t *ret_value)
{
	const char *own_key = group->tree->ops->stat_key(key);

	if (!own_key)
		return err_set(ENOENT, "memory.stat of cgroup v1 has nothing for \"%s\"", key);
	return cg_check_gone(group, fs_read_key(ret_value, own_key, "%s/memory.stat", group->path));
}

int cg_text_stat(const struct cg_group *group, const char *text, const char *key, uint64_t *ret_value)
{
	const char *own_key = group->tree->ops->stat_key(key);

	return own_key ? fs_text_key(text, own_key, ret_value) : err_set(ENOENT, "memory.stat of cgroup v1 has nothing for \"%s\"", key);
}

int cg_group_stats(const struct cg_group *group, const struct cg_group *beside, const char *const *keys, size_t nr, int64_t *values)
{
	const struct cg_tree *tree = beside->tree;
	const char *path = group ? group->path : tree->info.mount;
	__free_mem char *text = NULL;
	int ret = fs_read(&text, "%s/memory.stat", path);

	if (ret)
		return group ? cg_check_gone(group, ret) : ret;
	for (size_t i = 0; i < nr; i++) {
		const char *own_key = tree->ops->stat_key(keys[i]);
		uint64_t value;

		values[i] = own_key && !fs_text_key(text, own_key, &value) ? (int64_t)value : CG_STAT_UNKNOWN;
	}
	return 0;
}

/* memory.stat in @dir, through *@fd. */
static int read_stat(char **ret_text, const char *dir, int *fd)
{
	char path[PATH_MAX];
	int ret;

	snprintf(path, sizeof(path), "%s/memory.stat", dir);
	ret = *fd < 0 ? fs_open(fd, "%s", path) : 0;
	return ret ? ret : fs_read_open(ret_text, *fd, path);
}

int cg_root_flush(const struct cg_group *group, int *fd)
{
	__free_mem char *text = NULL;

	return read_stat(&text, group->tree->info.mount, fd);
}

int cg_group_faults(const struct cg_group *group, int *fd, uint64_t *ret_faults)
{
	__free_mem char *text = NULL;
	int ret = read_stat(&text, group->path, fd);

	return cg_check_gone(group, ret ? ret : fs_text_key(text, group->tree->ops->stat_key("pgfault"), ret_faults));
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

int cg_group_kernel(const struct cg_group *group, uint64_t *ret_bytes)
{
	return cg_check_gone(group, group->tree->ops->kernel(group->path, ret_bytes));
}

/* NULL: this version has none. */
static const char *file_name(const struct cg_group *group, enum cg_file file)
{
	const struct cg_ops *ops = group->tree->ops;

	switch (file) {
	case CG_FILE_MAX:
		return ops->limit_file;
	case CG_FILE_HIGH:
		return ops->high_file;
	case CG_FILE_USAGE:
		return ops->usage_file;
	case CG_FILE_STAT:
		return "memory.stat";
	case CG_FILE_NUMA_STAT:
		return "memory.numa_stat";
	case CG_FILE_EVENTS:
		return ops->version == CG_V1 ? ops->oom_file : "memory.events";
	case CG_FILE_CGROUP:
		return "cgroup.stat";
	case CG_FILE_RECLAIM:
	case CG_FILES:
		break;
	}
	return ops->reclaim_file;
}

static bool is_read(enum cg_file file)
{
	return file >= CG_FILE_USAGE;
}

/* Of a file that may not be there. */
static int fail_open(const struct cg_group *group, enum cg_file file, const char *name, int ret)
{
	ret = cg_check_gone(group, ret);
	if (ret != -ENOENT || file == CG_FILE_USAGE)
		return ret;
	if (file == CG_FILE_RECLAIM)
		return err_set(EOPNOTSUPP, "there is no %s in %s%s", name, group->path,
			       group->tree->ops->high_file ? " (a kernel older than 5.19?)" : "");
	return is_read(file) ? err_set(EOPNOTSUPP, "there is no %s in %s", name, group->path) : ret;
}

int cg_group_open(const struct cg_group *group, enum cg_file file, int *ret_fd)
{
	const char *name = file_name(group, file);
	char path[PATH_MAX];
	int fd, ret = file == CG_FILE_USAGE ? check_has_usage(group) : 0;

	if (ret)
		return ret;
	if (!name)
		return err_set(EOPNOTSUPP, "cgroup v1 has no memory.high");
	if (snprintf(path, sizeof(path), "%s%s/%s", fs_root(), group->path, name) >= (int)sizeof(path))
		return err_sys(ENAMETOOLONG, "open %s of %s", name, group->path);
	fd = open(path, (is_read(file) ? O_RDONLY : O_WRONLY | O_TRUNC) | O_CLOEXEC);
	if (fd < 0)
		return fail_open(group, file, name, err_sys(errno, "open %s/%s", group->path, name));
	*ret_fd = fd;
	return 0;
}

int cg_root_open(const struct cg_group *group, enum cg_file file, int *ret_fd)
{
	const struct cg_group root = {.tree = group->tree, .path = group->tree->info.mount};

	return cg_group_open(&root, file, ret_fd);
}

int cg_group_write(const struct cg_group *group, enum cg_file file, int fd, uint64_t bytes)
{
	const struct cg_ops *ops = group->tree->ops;
	char text[24];
	size_t len;
	ssize_t n;

	if (bytes == UINT64_MAX && file != CG_FILE_RECLAIM)
		len = (size_t)snprintf(text, sizeof(text), "%s", ops->no_limit);
	else
		len = (size_t)snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	do
		n = pwrite(fd, text, len, 0);
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	/* mem_cgroup_force_empty_write(), mm/memcontrol-v1.c: not for the root. */
	if (errno == EINVAL && file == CG_FILE_RECLAIM && ops->version == CG_V1 && !group->depth)
		return err_set(EOPNOTSUPP, "cgroup v1 cannot reclaim from the root memcg");
	return cg_check_gone(group,
			     err_sys(errno, "write \"%s\" to %s/%s", text, group->path, file_name(group, file)));
}

int cg_group_read_usage(const struct cg_group *group, int fd, uint64_t *ret_bytes)
{
	__free_mem char *text = NULL;
	int ret = fs_read_open(&text, fd, file_name(group, CG_FILE_USAGE));

	if (!ret)
		ret = parse_u64(text, ret_bytes);
	return cg_check_gone(group, ret);
}

static int write_once(const struct cg_group *group, enum cg_file file, uint64_t bytes)
{
	__close_fd int fd = -1;
	int ret = cg_group_open(group, file, &fd);

	return ret ? ret : cg_group_write(group, file, fd, bytes);
}

int cg_group_limit(const struct cg_group *group, enum cg_limit limit, uint64_t bytes)
{
	return write_once(group, limit == CG_LIMIT_HIGH ? CG_FILE_HIGH : CG_FILE_MAX, bytes);
}

/* memory_high_write(), mm/memcontrol.c; on v1 mem_cgroup_resize_max(), mm/memcontrol-v1.c, which then gives up: drain_all_stock() comes first in both. */
int cg_tree_drain(const struct cg_tree *tree)
{
	struct cg_group own = {.tree = (struct cg_tree *)tree, .path = (char *)tree->path, .is_borrowed = true};
	enum cg_file file = tree->ops->high_file ? CG_FILE_HIGH : CG_FILE_MAX;
	int ret = write_once(&own, file, 0);

	return ret && ret != -EBUSY ? ret : write_once(&own, file, UINT64_MAX);
}

int cg_group_reclaim(const struct cg_group *group, uint64_t bytes)
{
	return write_once(group, CG_FILE_RECLAIM, bytes);
}

int cg_root_reclaim(const struct cg_group *group, uint64_t bytes)
{
	struct cg_group root = {.tree = group->tree, .path = group->tree->info.mount};

	return write_once(&root, CG_FILE_RECLAIM, bytes);
}
