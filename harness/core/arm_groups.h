/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arm_groups.h - the memcgs of one arm: the leaves that its workers go into, and what is above them.
 *
 * Lives as long as the item; teams come and go in it. Knows nothing of workers.
 */
#ifndef CORE_ARM_GROUPS_H
#define CORE_ARM_GROUPS_H

#include "base/util.h"
#include "core/plan.h"
#include "machine/cgroup.h"

struct arm_groups {
	enum plan_state state;
	uint64_t limit_bytes;	 /* of each leaf */
	struct cg_group **leaf;	 /* worker i is in leaf i modulo nr_leaves; one for the root memcg, none for "off" */
	unsigned int nr_leaves;
	struct cg_group *above[PLAN_DEPTH_MAX]; /* upwards from the leaves, those that are ours to change */
	unsigned int nr_above;
};

/*
 * Make the memcgs of @arm, @nr_leaves of them beside each other in a child arm. @tree: NULL for "off". @name as in
 * cg_group_chain(). Free with arm_groups_remove(), after a failure too.
 */
int arm_groups_make(struct cg_tree *tree, const struct plan_arm *arm, const char *name, unsigned int nr_leaves,
		    struct arm_groups *groups) __must_check;
/* Remove the memcgs. All zero is fine. */
int arm_groups_remove(struct arm_groups *groups);

/* NULL: "off". */
struct cg_group *arm_groups_leaf(const struct arm_groups *groups, unsigned int worker);

/* Sums over the leaves; errors as cg_group_usage() and the like. */
int arm_groups_usage(const struct arm_groups *groups, uint64_t *ret_bytes) __must_check;
int arm_groups_oom_kills(const struct arm_groups *groups, uint64_t *ret_count) __must_check;

/* Names of the memcgs that workers make begin so (cg_group_beside() the first leaf). */
#define ARM_GROUPS_MADE "w"

/* After the workers are gone: take back limits that they changed, and remove memcgs that they made. */
int arm_groups_reset_limits(const struct arm_groups *groups) __must_check;
int arm_groups_remove_made(const struct arm_groups *groups) __must_check;

#endif
