// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a tree, over the operations of either version; its groups are cgroup_group.c. */
#include "machine/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup_ops.h"

static int keep_first(int first, int ret)
{
	return first ? first : ret;
}

static int no_place(const struct cg_info *info)
{
	return err_set(ENODEV, "%s", info->why[0] ? info->why : "no memory cgroup to work in");
}

int cg_step_aside(const struct cg_info *info)
{
	const struct cg_ops *ops = cg_ops_of(info->version);

	return ops && info->top[0] ? ops->step_aside(info) : 0;
}

static int remove_own_dir(const struct cg_info *info)
{
	char name[64], dir[1200];
	int ret = cg_own_name(name, sizeof(name));

	snprintf(dir, sizeof(dir), "%s/%s", info->top, name);
	if (ret || !fs_exists("%s", dir))
		return ret;
	return cg_dir_remove_all(dir);
}

int cg_step_back(const struct cg_info *info)
{
	const struct cg_ops *ops = cg_ops_of(info->version);
	int swept, ret;

	if (!ops || !info->top[0])
		return 0;
	/* A runner that was killed left its tree, and the controller on in the top. */
	swept = cg_sweep(info, NULL);
	ret = ops->step_back(info);
	if (!ret)
		ret = remove_own_dir(info);
	return ret ? ret : swept;
}

static int open_tree(struct cg_tree *tree)
{
	int ret = cg_dir_make(tree->path, false);

	/* Not a tree, only the leaf that cg_step_aside() made? */
	if (ret == -EEXIST && fs_exists("%s/" CG_ASIDE, tree->path))
		ret = 0;
	if (ret)
		return ret;
	ret = tree->ops->open_top(tree);
	return ret ? ret : tree->ops->open_inner(tree->path);
}

static int remove_group_dir(const char *dir, const char *name, void *arg)
{
	char path[PATH_MAX];
	int ret, *first = arg;

	if (!strcmp(name, CG_ASIDE) || !strcmp(name, CG_MARKER))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ret = cg_dir_kill(path);
	*first = keep_first(*first, ret ? ret : cg_dir_remove_all(path));
	return 0;
}

struct beside {
	const char *own_name;
	int first;
};

/* "memcgbench.PID.START.NS.NAME", the chains of depth 1 */
static int remove_beside(const char *dir, const char *name, void *arg)
{
	struct beside *beside = arg;
	size_t len = strlen(beside->own_name);

	if (strncmp(name, beside->own_name, len) || name[len] != '.')
		return 0;
	return remove_group_dir(dir, name, &beside->first);
}

static int close_tree(struct cg_tree *tree)
{
	struct beside beside = {.own_name = tree->name};
	char path[1300];
	int first = 0, ret;

	ret = cg_dir_each(tree->info.top, remove_beside, &beside);
	first = keep_first(ret, beside.first);
	if (!fs_exists("%s", tree->path))
		return keep_first(first, tree->ops->close_top(tree));
	ret = cg_dir_each(tree->path, remove_group_dir, &first);
	first = keep_first(first, ret);
	first = keep_first(first, tree->ops->close_inner(tree->path));
	first = keep_first(first, tree->ops->close_top(tree));
	snprintf(path, sizeof(path), "%s/" CG_MARKER, tree->path);
	first = keep_first(first, cg_dir_remove(path));
	/* We wait in there for cg_step_back(). */
	if (fs_exists("%s/" CG_ASIDE, tree->path))
		return first;
	return keep_first(first, cg_dir_remove(tree->path));
}

int cg_tree_create(const struct cg_info *info, struct cg_tree **ret_tree)
{
	__free_mem struct cg_tree *tree = NULL;
	int ret;

	if (!cg_ops_of(info->version) || !info->top[0])
		return no_place(info);
	ret = cg_sweep(info, NULL);
	if (ret)
		return err_prefix(ret, "remove what an earlier run left behind");
	tree = calloc(1, sizeof(*tree));
	if (!tree)
		return err_sys(ENOMEM, "create a cgroup tree");
	tree->info = *info;
	tree->ops = cg_ops_of(info->version);
	tree->owner = getpid();
	ret = cg_own_name(tree->name, sizeof(tree->name));
	if (ret)
		return ret;
	snprintf(tree->path, sizeof(tree->path), "%s/%s", info->top, tree->name);
	ret = open_tree(tree);
	if (ret) {
		/* EEXIST: that is another tree of this process, not ours to close. */
		if (ret != -EEXIST)
			with_sentence_kept(ret, close_tree(tree));
		return ret;
	}
	*ret_tree = take_ptr(tree);
	return 0;
}

int cg_tree_destroy(struct cg_tree *tree)
{
	int ret = 0;

	if (!tree)
		return 0;
	if (tree->owner == getpid())
		ret = close_tree(tree);
	while (tree->groups) {
		struct cg_group *next = tree->groups->next;

		free(tree->groups->path);
		free(tree->groups);
		tree->groups = next;
	}
	free(tree);
	return ret;
}
