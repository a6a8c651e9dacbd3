// SPDX-License-Identifier: GPL-2.0-or-later
/* The life of a tree and its groups, over the operations of either version. */
#include "machine/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup_ops.h"

const struct cg_ops *cg_ops_of(enum cg_version version)
{
	switch (version) {
	case CG_V1:
		return &cg_v1_ops;
	case CG_V2:
		return &cg_v2_ops;
	case CG_NONE:
		break;
	}
	return NULL;
}

static int keep_first(int first, int ret)
{
	return first ? first : ret;
}

/* Run clean-up after a failure without losing the sentence of the failure. */
#define with_sentence_kept(ret, cleanup)                                                           \
	do {                                                                                       \
		__free_mem char *sentence_ = strdup(err_msg());                                    \
		(void)!(cleanup);                                                                  \
		if (sentence_)                                                                     \
			err_set(-(ret), "%s", sentence_);                                          \
	} while (0)

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

/* "memcgbench.PID.START.NAME", the chains of depth 1 */
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

		free(tree->groups);
		tree->groups = next;
	}
	free(tree);
	return ret;
}

static struct cg_group *new_group(struct cg_tree *tree)
{
	struct cg_group *group = calloc(1, sizeof(*group));

	if (group)
		group->tree = tree;
	return group;
}

static void add_group(struct cg_group *group)
{
	group->next = group->tree->groups;
	group->tree->groups = group;
}

int cg_group_root(struct cg_tree *tree, struct cg_group **ret_group)
{
	struct cg_group *group;

	if (!tree->info.can_enter_root)
		return err_set(
			EPERM,
			"the root memcg is out of reach: it takes root, outside a container, and "
			"write access to cgroup.procs of the whole hierarchy");
	group = new_group(tree);
	if (!group)
		return err_sys(ENOMEM, "enter the root memcg");
	snprintf(group->path, sizeof(group->path), "%s", tree->info.mount);
	add_group(group);
	*ret_group = group;
	return 0;
}

static int check_chain(const char *name, unsigned int depth)
{
	if (!depth)
		return err_set(EINVAL, "a memcg of our own lies at least 1 level deep");
	if (!*name || *name == '.' || strchr(name, '/') || strchr(name, '\n') ||
	    !strcmp(name, CG_ASIDE) || !strcmp(name, CG_MARKER))
		return err_set(EINVAL, "\"%s\" cannot be the name of a memcg", name);
	return 0;
}

/* Room for the longest name of a file in it: a path that is cut short names something else. */
#define LEAF_PATH_MAX (PATH_MAX - 64)

/* The path of the leaf. */
static int name_leaf(const struct cg_tree *tree, const char *name, unsigned int depth, char *buf,
		     size_t size)
{
	size_t len =
		(size_t)snprintf(buf, size, "%s%c%s", tree->path, depth == 1 ? '.' : '/', name);

	for (unsigned int level = 3; level <= depth && len < size; level++)
		len += (size_t)snprintf(buf + len, size - len, "/%u", level);
	if (len >= size)
		return err_sys(ENAMETOOLONG, "create the memcg \"%s\", %u levels deep", name,
			       depth);
	return 0;
}

/* From NAME down to @leaf; at a failure group->path and group->nr_levels tell what is there. */
static int make_chain(struct cg_group *group, const char *leaf)
{
	size_t len = strlen(group->tree->path) + 1;

	for (;;) {
		int ret;

		len += strcspn(leaf + len, "/");
		memcpy(group->path, leaf, len);
		group->path[len] = '\0';
		ret = cg_dir_make(group->path, false);
		if (ret) {
			*strrchr(group->path, '/') = '\0';
			return ret;
		}
		group->nr_levels++;
		if (!leaf[len])
			return 0;
		ret = group->tree->ops->open_inner(group->path);
		if (ret)
			return ret;
		len++;
	}
}

static int remove_chain(struct cg_group *group)
{
	while (group->nr_levels) {
		int ret = cg_dir_remove(group->path);

		if (ret)
			return ret;
		*strrchr(group->path, '/') = '\0';
		group->nr_levels--;
	}
	return 0;
}

static int set_limit(const struct cg_group *group, uint64_t limit_bytes)
{
	char text[24];

	if (limit_bytes == UINT64_MAX)
		return 0;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)limit_bytes);
	return fs_write(text, "%s/%s", group->path, group->tree->ops->limit_file);
}

int cg_group_chain(struct cg_tree *tree, const char *name, unsigned int depth, uint64_t limit_bytes,
		   struct cg_group **ret_group)
{
	struct cg_group *group;
	char leaf[LEAF_PATH_MAX];
	int ret = check_chain(name, depth);

	if (!ret)
		ret = name_leaf(tree, name, depth, leaf, sizeof(leaf));
	if (ret)
		return ret;
	group = new_group(tree);
	if (!group)
		return err_sys(ENOMEM, "create the memcg \"%s\"", name);
	group->depth = tree->info.top_depth + depth;
	ret = make_chain(group, leaf);
	if (!ret)
		ret = set_limit(group, limit_bytes);
	if (ret) {
		with_sentence_kept(ret, remove_chain(group));
		free(group);
		return ret;
	}
	add_group(group);
	*ret_group = group;
	return 0;
}

int cg_group_remove(struct cg_group *group)
{
	struct cg_group **link = &group->tree->groups;
	int ret = remove_chain(group);

	if (ret)
		return ret;
	while (*link != group)
		link = &(*link)->next;
	*link = group->next;
	free(group);
	return 0;
}

/* Name the cgroup where it is the cgroup, not the file or the line in it, that is not there. */
static int check_gone(const struct cg_group *group, int ret)
{
	if ((ret == -ENOENT || ret == -ENODEV) && !fs_exists("%s/cgroup.procs", group->path))
		return err_set(ENODEV,
			       "the cgroup %s is gone: something else removed it during the run",
			       group->path);
	return ret;
}

int cg_group_enter_self(const struct cg_group *group)
{
	int ret = fs_write("0", "%s/cgroup.procs", group->path);

	if (ret == -EACCES || ret == -EPERM)
		return cg_dir_error(-ret, "move this process", group->path);
	return check_gone(group, ret);
}

const char *cg_group_path(const struct cg_group *group)
{
	return group->path;
}

unsigned int cg_group_depth(const struct cg_group *group)
{
	return group->depth;
}

int cg_group_usage(const struct cg_group *group, uint64_t *ret_bytes)
{
	if (!group->nr_levels)
		return err_set(ENOENT, "the root memcg is charged nothing: it has no usage");
	return check_gone(
		group, fs_read_u64(ret_bytes, "%s/%s", group->path, group->tree->ops->usage_file));
}

int cg_group_stat(const struct cg_group *group, const char *key, uint64_t *ret_value)
{
	const char *own_key = group->tree->ops->stat_key(key);

	if (!own_key)
		return err_set(ENOENT, "memory.stat of cgroup v1 has nothing for \"%s\"", key);
	return check_gone(group, fs_read_key(ret_value, own_key, "%s/memory.stat", group->path));
}

int cg_group_oom_kills(const struct cg_group *group, uint64_t *ret_count)
{
	return check_gone(group, fs_read_key(ret_count, "oom_kill", "%s/%s", group->path,
					     group->tree->ops->oom_file));
}
