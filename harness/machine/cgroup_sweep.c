// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups that dead runs left. */
#include "machine/cgroup.h"

#include <limits.h>
#include <string.h>

#include "machine/cgroup_ops.h"
#include "machine/owner.h"

struct sweep {
	const struct cg_info *info;
	const struct cg_ops *ops;
	char self[1024]; /* absolute path of our own cgroup */
	unsigned int nr_removed;
	int first_error;
};

static void sweep_one(struct sweep *sweep, const char *path, size_t path_len)
{
	bool top_changed = sweep->ops->left_top_changed(path);
	int ret;

	/* The runner of a killed memcgbench sits in its leaf; it is not to kill itself. */
	if (!strncmp(sweep->self, path, path_len) && strchr("/", sweep->self[path_len]))
		return;
	ret = cg_dir_kill(path);
	if (!ret)
		ret = cg_dir_remove_all(path);
	if (!ret)
		sweep->nr_removed++;
	if (!ret && top_changed)
		ret = sweep->ops->undo_top(sweep->info->top);
	if (ret && !sweep->first_error)
		sweep->first_error = ret;
}

static int sweep_visit(const char *dir, const char *name, void *arg)
{
	char path[PATH_MAX];
	struct owner owner;

	if (!owner_parse(name, &owner) || owner_lives(&owner))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	sweep_one(arg, path, strlen(path));
	return 0;
}

int cg_sweep(const struct cg_info *info, unsigned int *ret_removed)
{
	struct sweep sweep = {.info = info, .ops = cg_ops_of(info->version)};
	unsigned int before;
	int ret;

	if (!sweep.ops || !info->top[0]) {
		if (ret_removed)
			*ret_removed = 0;
		return 0;
	}
	snprintf(sweep.self, sizeof(sweep.self), "%.255s%.767s", info->mount, info->self);
	/* Again while it helps: a runner that was killed in one subtree leaves another. */
	do {
		before = sweep.nr_removed;
		sweep.first_error = 0;
		ret = cg_dir_each(info->top, sweep_visit, &sweep);
	} while (!ret && sweep.nr_removed > before);
	if (!ret)
		ret = sweep.first_error;
	if (!ret && ret_removed)
		*ret_removed = sweep.nr_removed;
	return ret;
}
