// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/arm_groups.h"

#include <errno.h>

#include "base/err.h"

static int make_chain(struct cg_tree *tree, const struct plan_arm *arm, const char *name, unsigned int nr_leaves,
		      struct arm_groups *groups)
{
	struct cg_group *above;
	char beside[16];
	int ret = cg_group_chain(tree, name, arm->depth, arm->limit_bytes, &groups->leaf[0]);

	if (ret)
		return ret;
	for (groups->nr_leaves = 1; groups->nr_leaves < nr_leaves; groups->nr_leaves++) {
		snprintf(beside, sizeof(beside), "%u", groups->nr_leaves);
		ret = cg_group_beside(groups->leaf[0], beside, arm->limit_bytes, &groups->leaf[groups->nr_leaves]);
		if (ret)
			return ret;
	}
	above = groups->leaf[0];
	while (groups->nr_above < PLAN_DEPTH_MAX) {
		ret = cg_group_above(above, &above);
		if (ret || !above)
			return ret;
		groups->above[groups->nr_above++] = above;
	}
	return 0;
}

int arm_groups_make(struct cg_tree *tree, const struct plan_arm *arm, const char *name, unsigned int nr_leaves,
		    struct arm_groups *groups)
{
	int ret;

	*groups = (struct arm_groups){.state = arm->state, .limit_bytes = arm->limit_bytes};
	if (arm->state == PLAN_OFF)
		return 0;
	groups->leaf = calloc(nr_leaves, sizeof(*groups->leaf));
	if (!groups->leaf)
		return err_sys(ENOMEM, "memory for %u memcgs", nr_leaves);
	if (arm->state == PLAN_CHILD)
		return make_chain(tree, arm, name, nr_leaves, groups);
	ret = cg_group_root(tree, &groups->leaf[0]);
	if (!ret)
		groups->nr_leaves = 1;
	return ret;
}

int arm_groups_remove(struct arm_groups *groups)
{
	int first = 0, ret;

	/* The first last: what is beside it, and above, is its chain's. */
	while (groups->nr_above) {
		ret = cg_group_remove(groups->above[--groups->nr_above]);
		first = first ? first : ret;
	}
	while (groups->nr_leaves) {
		ret = cg_group_remove(groups->leaf[--groups->nr_leaves]);
		first = first ? first : ret;
	}
	free(groups->leaf);
	groups->leaf = NULL;
	return first;
}

struct cg_group *arm_groups_leaf(const struct arm_groups *groups, unsigned int worker)
{
	return groups->nr_leaves ? groups->leaf[worker % groups->nr_leaves] : NULL;
}

int arm_groups_usage(const struct arm_groups *groups, uint64_t *ret_bytes)
{
	uint64_t sum = 0, bytes;
	unsigned int i;

	for (i = 0; i < groups->nr_leaves; i++) {
		int ret = cg_group_usage(groups->leaf[i], &bytes);

		if (ret)
			return ret;
		sum += bytes;
	}
	*ret_bytes = sum;
	return 0;
}

int arm_groups_oom_kills(const struct arm_groups *groups, uint64_t *ret_count)
{
	uint64_t sum = 0, count;
	unsigned int i;

	if (!groups->nr_leaves)
		return err_set(ENOENT, "without memcgs the OOM killer keeps no count");
	for (i = 0; i < groups->nr_leaves; i++) {
		int ret = cg_group_oom_kills(groups->leaf[i], &count);

		if (ret)
			return ret;
		sum += count;
	}
	*ret_count = sum;
	return 0;
}

static int reset(const struct cg_group *group, uint64_t limit_bytes)
{
	int ret = cg_group_limit(group, CG_LIMIT_HIGH, UINT64_MAX);

	if (ret == -EOPNOTSUPP)
		ret = 0;
	return ret ? ret : cg_group_limit(group, CG_LIMIT_MAX, limit_bytes);
}

int arm_groups_reset_limits(const struct arm_groups *groups)
{
	unsigned int i;
	int ret = 0;

	if (groups->state != PLAN_CHILD)
		return 0;
	for (i = 0; !ret && i < groups->nr_above; i++)
		ret = reset(groups->above[i], UINT64_MAX);
	for (i = 0; !ret && i < groups->nr_leaves; i++)
		ret = reset(groups->leaf[i], groups->limit_bytes);
	return ret;
}

int arm_groups_remove_made(const struct arm_groups *groups)
{
	return groups->state == PLAN_CHILD ? cg_group_remove_beside(groups->leaf[0], ARM_GROUPS_MADE) : 0;
}
