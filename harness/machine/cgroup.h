/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - memory cgroups: finding the controller, a subtree of our own, workers in it, its removal.
 *
 * v1 and v2 are two implementations of one table of operations (cgroup_v1.c, cgroup_v2.c); nothing
 * outside them asks which it is except to say so in results. In the hybrid case (cgroup2 mounted,
 * memory controller on v1) the v1 hierarchy is used. All reads go through fs.h, so a captured tree is a
 * test.
 *
 * What is ours: one subtree "memcgbench.PID.STARTTIME" below the *top*:
 *   - as root outside a container: the hierarchy's root, so that depth 1 is a child of the root memcg;
 *   - otherwise: the cgroup that this process is in, which has to be delegated to us.
 * No task of the machine is moved, ever: only processes that the harness forked itself (on v2 in a
 * delegated cgroup also the harness's own process, out of the way of the no-internal-process rule).
 */
#ifndef MACHINE_CGROUP_H
#define MACHINE_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

enum cg_version {
	CG_NONE, /* no memory controller: off by command line, not built in, or not mounted */
	CG_V1,
	CG_V2,
};

/* Where the memory controller is. Filled by cg_detect(); plain data. */
struct cg_info {
	enum cg_version version;
	bool hybrid;	     /* cgroup2 is mounted as well, without the memory controller */
	bool can_enter_root; /* we may move our own processes into the root memcg */
	char mount[256];     /* where the hierarchy is mounted */
	char self[768];	     /* this process's own memcg, as a path below @mount ("" = root) */
	char top[1024];	     /* absolute path of the cgroup that our subtree goes into */
	unsigned int top_depth; /* how many levels @top lies below the root memcg (0 = it is the root) */
	char why[256];	     /* version CG_NONE, or no permission: a sentence that says why */
};

/*
 * Find the memory controller: /proc/cgroups, /proc/self/cgroup, /proc/self/mountinfo, and whether this
 * process may create cgroups there. Never fails for lack of a controller (version CG_NONE, @why says it);
 * -errno only when /proc cannot be read.
 */
int cg_detect(struct cg_info *ret_info) __must_check;

/* A subtree of ours; owns every cgroup below it, and the controller settings that it changed. */
struct cg_tree;

/*
 * Create the subtree. Removes first what runs that are dead left behind (cg_sweep()).
 * @info is copied. -EACCES/-EPERM/-EROFS with a sentence that says what to delegate; -EBUSY: on v2, other
 * tasks sit in the delegated cgroup. Free with cg_tree_destroy().
 */
int cg_tree_create(const struct cg_info *info, struct cg_tree **ret_tree) __must_check;

/*
 * Kill what runs in the subtree, remove every cgroup of it, undo changed controller settings. Safe to call
 * on NULL. 0, or the first error with its sentence (the rest is still tried).
 */
int cg_tree_destroy(struct cg_tree *tree);

/* One memcg to put workers into: the root memcg, or a leaf of a chain in our subtree. */
struct cg_group;

/* The root memcg. -EPERM where info.can_enter_root is false. Owned by the tree. */
int cg_group_root(struct cg_tree *tree, struct cg_group **ret_group) __must_check;

/*
 * A new chain of memcgs in the subtree, so that the leaf lies @depth levels below the root memcg (below
 * info.top where the root is out of reach), the subtree's own cgroup counting as one level. @depth ≥ 1. On v2 inner
 * levels have the memory controller enabled for their children. @limit_bytes: memory.max of the leaf,
 * UINT64_MAX for none. @name: a file name, unique among the living groups of the tree. Owned by the tree; can be removed earlier with cg_group_remove().
 */
int cg_group_chain(struct cg_tree *tree, const char *name, unsigned int depth, uint64_t limit_bytes,
		   struct cg_group **ret_group) __must_check;

/* Remove the chain's cgroups (they must be empty of tasks). Frees @group. */
int cg_group_remove(struct cg_group *group);

/* Move the calling process (all its threads) into the group. */
int cg_group_enter_self(const struct cg_group *group) __must_check;

const char *cg_group_path(const struct cg_group *group);
unsigned int cg_group_depth(const struct cg_group *group); /* below the root memcg; 0 = root */

/*
 * Bytes charged now: memory.current, or memory.usage_in_bytes. Cheap: flushes nothing. -ENOENT for the
 * root memcg, which keeps no such number on v2 and computes it (with a flush) on v1.
 */
int cg_group_usage(const struct cg_group *group, uint64_t *ret_bytes) __must_check;

/*
 * One line of memory.stat under its v2 name ("anon", "file", "shmem", "anon_thp", "pgfault", "pgmajfault"); v1 names are
 * translated. Flushes the statistics: never call it during a rep. -ENOENT: this kernel has no such line.
 */
int cg_group_stat(const struct cg_group *group, const char *key, uint64_t *ret_value) __must_check;

/* How often the OOM killer killed a task of this group (memory.events oom_kill, memory.oom_control). */
int cg_group_oom_kills(const struct cg_group *group, uint64_t *ret_count) __must_check;

/*
 * Remove the subtrees under info->top whose owner (PID and start time in the name) lives no more; kill
 * what still runs in them. *ret_removed: how many subtrees (may be NULL). A living run's subtree is never touched.
 */
int cg_sweep(const struct cg_info *info, unsigned int *ret_removed);

#endif
