// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups of a tree: chains, what lies beside and above their leaves, entering and removing them. */
#include "machine/cgroup.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cgroup_ops.h"

/* With room for @path, whose beginning may be what is there. */
static struct cg_group *new_group(struct cg_tree *tree, const char *path)
{
	struct cg_group *group = calloc(1, sizeof(*group));

	if (!group)
		return NULL;
	group->tree = tree;
	group->path = strdup(path);
	if (!group->path) {
		free(group);
		return NULL;
	}
	return group;
}

static void free_group(struct cg_group *group)
{
	free(group->path);
	free(group);
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
	group = new_group(tree, tree->info.mount);
	if (!group)
		return err_sys(ENOMEM, "enter the root memcg");
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
	if (group->is_borrowed)
		return 0;
	while (group->nr_levels) {
		int ret = cg_dir_remove(group->path);

		if (ret)
			return ret;
		*strrchr(group->path, '/') = '\0';
		group->nr_levels--;
	}
	return 0;
}

static int limit_leaf(const struct cg_group *group, uint64_t limit_bytes)
{
	return limit_bytes == UINT64_MAX ? 0 : cg_group_limit(group, CG_LIMIT_MAX, limit_bytes);
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
	group = new_group(tree, leaf);
	if (!group)
		return err_sys(ENOMEM, "create the memcg \"%s\"", name);
	group->depth = tree->info.top_depth + depth;
	ret = make_chain(group, leaf);
	if (!ret)
		ret = limit_leaf(group, limit_bytes);
	if (ret) {
		with_sentence_kept(ret, remove_chain(group));
		free_group(group);
		return ret;
	}
	add_group(group);
	*ret_group = group;
	return 0;
}

int cg_group_beside(struct cg_group *leaf, const char *name, uint64_t limit_bytes, struct cg_group **ret_group)
{
	struct cg_group *group;
	char path[LEAF_PATH_MAX];
	int ret;

	if (!*name || strchr(name, '/') || strchr(name, '\n'))
		return err_set(EINVAL, "\"%s\" cannot be the name of a memcg", name);
	if (!leaf->nr_levels)
		return err_set(EINVAL, "there is nothing beside the root memcg");
	if ((size_t)snprintf(path, sizeof(path), "%s" CG_BESIDE "%s", leaf->path, name) >= sizeof(path))
		return err_sys(ENAMETOOLONG, "create the memcg \"%s\"", name);
	group = new_group(leaf->tree, path);
	if (!group)
		return err_sys(ENOMEM, "create the memcg \"%s\"", name);
	group->depth = leaf->depth;
	ret = cg_dir_make(group->path, false);
	if (!ret) {
		group->nr_levels = 1;
		ret = limit_leaf(group, limit_bytes);
	}
	if (ret) {
		with_sentence_kept(ret, remove_chain(group));
		free_group(group);
		return ret;
	}
	add_group(group);
	*ret_group = group;
	return 0;
}

/* Of what lies beside a leaf, those whose name begins with @prefix. */
struct beside {
	const struct cg_group *leaf;
	const char *prefix;
	int (*visit)(const struct cg_group *group, void *arg);
	void *arg;
};

static int visit_one_beside(const char *dir, const char *name, void *arg)
{
	const struct beside *beside = arg;
	char path[PATH_MAX];
	const struct cg_group group = {.tree = beside->leaf->tree, .depth = beside->leaf->depth, .is_borrowed = true, .path = path};

	if (strncmp(name, beside->prefix, strlen(beside->prefix)))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return beside->visit(&group, beside->arg);
}

int cg_group_each_beside(const struct cg_group *leaf, const char *prefix,
			 int (*visit)(const struct cg_group *group, void *arg), void *arg)
{
	const char *slash = strrchr(leaf->path, '/');
	char dir[PATH_MAX], whole[PATH_MAX];
	struct beside beside = {.leaf = leaf, .prefix = whole, .visit = visit, .arg = arg};

	if (!leaf->nr_levels)
		return 0;
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - leaf->path), leaf->path);
	snprintf(whole, sizeof(whole), "%s" CG_BESIDE "%s", slash + 1, prefix);
	return cg_dir_each(dir, visit_one_beside, &beside);
}

static int remove_one(const struct cg_group *group, void *arg)
{
	int ret = cg_dir_kill(group->path), *first = arg;

	if (!ret)
		ret = cg_dir_remove_all(group->path);
	if (!*first)
		*first = ret;
	return 0;
}

int cg_group_remove_beside(const struct cg_group *leaf, const char *prefix)
{
	int first = 0, ret = cg_group_each_beside(leaf, prefix, remove_one, &first);

	return ret ? ret : first;
}

/* The harness itself may wait in the tree's own cgroup: not ours to squeeze then. */
static bool is_ours_to_change(const struct cg_tree *tree, const char *path)
{
	size_t len = strlen(tree->path);

	if (strncmp(path, tree->path, len) || (path[len] && path[len] != '/'))
		return false;
	return path[len] || !fs_exists("%s/" CG_ASIDE, path);
}

int cg_group_above(const struct cg_group *group, struct cg_group **ret_group)
{
	struct cg_tree *tree = group->tree;
	struct cg_group *above;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)(strrchr(group->path, '/') - group->path), group->path);
	if (!group->depth || !is_ours_to_change(tree, path)) {
		*ret_group = NULL;
		return 0;
	}
	above = new_group(tree, path);
	if (!above)
		return err_sys(ENOMEM, "look above the memcg %s", group->path);
	above->depth = group->depth - 1;
	above->is_borrowed = true;
	add_group(above);
	*ret_group = above;
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
	free_group(group);
	return 0;
}

int cg_group_enter_self(const struct cg_group *group)
{
	int ret = fs_write("0", "%s/cgroup.procs", group->path);

	if (ret == -EACCES || ret == -EPERM)
		return cg_dir_error(-ret, "move this process", group->path);
	return cg_check_gone(group, ret);
}

const char *cg_group_path(const struct cg_group *group)
{
	return group->path;
}

unsigned int cg_group_depth(const struct cg_group *group)
{
	return group->depth;
}
