/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - memory cgroups: finding the controller, a subtree of our own, workers in it, its removal.
 *
 * v1 and v2 are two implementations of one table of operations (cgroup_v1.c, cgroup_v2.c); nothing
 * outside them asks which it is except to say so in results. In the hybrid case (cgroup2 mounted,
 * memory controller on v1) the v1 hierarchy is used. All reads go through fs.h, so a captured tree is a
 * test.
 *
 * What is ours: one subtree "memcgbench.PID.START.NS" below the *top*:
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
	char self[768];	     /* this process's own memcg, "/a/b" below @mount ("" = @mount itself) */
	char top[1024];	     /* absolute path of the cgroup that our subtree goes into */
	unsigned int top_depth; /* levels from the root memcg (0) to @top; in a container the least */
	char why[512];	     /* version CG_NONE, or no permission: a sentence that says why; else "" */
};

/*
 * Find the memory controller: /proc/cgroups, /proc/self/cgroup, /proc/self/mountinfo, and whether this
 * process may create cgroups there. Never fails for lack of a controller (version CG_NONE, @why says it);
 * -errno only when /proc cannot be read.
 */
int cg_detect(struct cg_info *ret_info) __must_check;

/*
 * On v2 a cgroup that hands a controller on to its children may hold no tasks itself (but for the root),
 * so in a delegated cgroup the process that was started there has to get out of the way, and whoever it
 * starts as well. The top process (memcgbench) calls this before it starts the runner: it moves itself,
 * and nothing else, into "memcgbench.PID.START.NS/self" under info->top, and children inherit the place.
 * cg_detect() in the child sees through it: its top is the same.
 * Nothing happens and 0 is returned where there is no need (v1, root, nobody in the top).
 * -EBUSY: other tasks sit in the top, the sentence says how to start memcgbench instead.
 */
int cg_step_aside(const struct cg_info *info) __must_check;

/*
 * The matching way back, on every way out, after the children were reaped: sweeps first (a runner that
 * was killed left its tree), moves the calling process back into info->top and removes its leaf. Only
 * sweeps in a process that did not step aside. Whoever is killed before: cg_sweep() of the next run finds
 * the leaf by its name.
 */
int cg_step_back(const struct cg_info *info);

/* A subtree of ours; owns every cgroup below it, and the controller settings that it changed. */
struct cg_tree;

/*
 * Create the subtree. Removes first what runs that are dead left behind (cg_sweep()).
 * @info is copied. -EACCES/-EPERM/-EROFS with a sentence that says what to delegate; -EBUSY: on v2, other
 * tasks sit in the delegated cgroup; -EEXIST: this process has a tree already; -ENODEV: info.why says it.
 * On v2 the calling process steps aside by itself where it has to, until cg_tree_destroy(), which also
 * frees the tree.
 */
int cg_tree_create(const struct cg_info *info, struct cg_tree **ret_tree) __must_check;

/*
 * Kill what runs in the subtree, remove every cgroup of it, undo changed controller settings. Safe to call
 * on NULL. 0, or the first error with its sentence (the rest is still tried). A forked child that inherited
 * the tree only frees its memory. -EBUSY: the calling process is itself in one of the groups.
 */
int cg_tree_destroy(struct cg_tree *tree);

/* One memcg to put workers into: the root memcg, or a leaf of a chain in our subtree. */
struct cg_group;

/* The root memcg. -EPERM where info.can_enter_root is false. Owned by the tree. */
int cg_group_root(struct cg_tree *tree, struct cg_group **ret_group) __must_check;

/*
 * A new chain of memcgs in the subtree, so that the leaf lies @depth levels below the root memcg (below
 * info.top where the root is out of reach), the subtree's own cgroup counting as one level. @depth ≥ 1. On v2 inner
 * levels have the memory controller enabled for their children. A chain of depth 1 lies beside the subtree's
 * own cgroup ("memcgbench.PID.START.NS.NAME"), which on v2 can hold no tasks. @limit_bytes: memory.max of
 * the leaf, UINT64_MAX for none. @name: a file name, unique among the living groups of the tree and not
 * "self". Owned by the tree; can be removed earlier with cg_group_remove().
 * -EINVAL: bad name or depth; -ENAMETOOLONG: deeper than a path can say; -EAGAIN: cgroup.max.depth or
 * .descendants is reached; else the errno of mkdir(2) or of the write of the limit.
 */
int cg_group_chain(struct cg_tree *tree, const char *name, unsigned int depth, uint64_t limit_bytes,
		   struct cg_group **ret_group) __must_check;

/*
 * A new memcg beside the leaf of a chain: same parent, named after @leaf and @name. Owned by the tree. It has to be removed before
 * the chain. A forked child may make and remove such groups too; whoever outlives it calls cg_group_remove_beside().
 */
int cg_group_beside(struct cg_group *leaf, const char *name, uint64_t limit_bytes, struct cg_group **ret_group) __must_check;

/*
 * Remove every memcg beside @leaf whose name begins with @prefix, whoever made it, and kill what runs in them. Handles of
 * them are not freed.
 */
int cg_group_remove_beside(const struct cg_group *leaf, const char *prefix) __must_check;

/*
 * Those memcgs, to read: calls @visit with a handle of each that is good until it returns, and stops when it does not return 0. Returns that.
 */
int cg_group_each_beside(const struct cg_group *leaf, const char *prefix,
			 int (*visit)(const struct cg_group *group, void *arg), void *arg) __must_check;

/*
 * Have no CPU hold charges in stock for memcgs of the subtree: making a memcg charges the one above it, which takes a batch, and a place in the stock from
 * those that are to be measured. To be called before anything is charged to the leaves: it asks for what no memcg can do without.
 */
int cg_tree_drain(const struct cg_tree *tree) __must_check;

/* The memcg one level above @group, to read and to limit; *ret_group is NULL where that is not ours. Owned by the tree. */
int cg_group_above(const struct cg_group *group, struct cg_group **ret_group) __must_check;

/* Remove the chain's cgroups (nothing, for one that cg_group_above() gave). Frees @group, but not on failure (-EBUSY: tasks are in it). */
int cg_group_remove(struct cg_group *group);

/*
 * Move the calling process (all its threads) into the group. Like the readers below: -ENODEV, with a
 * sentence that names it, where somebody else removed the cgroup.
 */
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
 * translated ("anon" is total_rss, "file" is total_cache, with shmem in it as on v2). Flushes the
 * statistics: never call it during a rep. -ENOENT: this kernel has no such line.
 */
int cg_group_stat(const struct cg_group *group, const char *key, uint64_t *ret_value) __must_check;

/*
 * Several such lines of one reading, as numbers: values[i] of keys[i], CG_STAT_UNKNOWN where this kernel has no such line. @group: NULL
 * for the root memcg of the hierarchy that @beside is in, wherever the top is.
 */
#define CG_STAT_UNKNOWN INT64_MIN
int cg_group_stats(const struct cg_group *group, const struct cg_group *beside, const char *const *keys, size_t nr, int64_t *values)
	__must_check;

/*
 * Have the statistics of all memcgs flushed, by reading memory.stat of the root memcg (of what this process sees as such, in a container), if so much is
 * pending that a reader does that. @fd: -1 the first time, then the file, open, so that reading charges nobody; to be closed.
 */
int cg_root_flush(const struct cg_group *group, int *fd) __must_check;
/* cg_group_stat() of "pgfault", through such a file. */
int cg_group_faults(const struct cg_group *group, int *fd, uint64_t *ret_faults) __must_check;

/*
 * How often the OOM killer killed a task of this group (memory.events oom_kill, memory.oom_control).
 * -ENOENT: the root memcg on v2; kernels before 4.13.
 */
int cg_group_oom_kills(const struct cg_group *group, uint64_t *ret_count) __must_check;

/* Bytes swapped out: memory.swap.current; on v1 memsw less memory. -ENOENT: no swap accounting, or the root memcg of v2. */
int cg_group_swap(const struct cg_group *group, uint64_t *ret_bytes) __must_check;

/*
 * Bytes of kernel memory in the usage: "kernel" of memory.stat (since Linux 5.18; flushes, as cg_group_stat()), or memory.kmem.usage_in_bytes.
 * -ENOENT: this kernel keeps no such number.
 */
int cg_group_kernel(const struct cg_group *group, uint64_t *ret_bytes) __must_check;

enum cg_limit {
	CG_LIMIT_MAX,  /* memory.max, memory.limit_in_bytes */
	CG_LIMIT_HIGH, /* memory.high */
};

/* @bytes: UINT64_MAX for none. -EOPNOTSUPP: v1 has no memory.high; -EBUSY: v1 could not reclaim below it. */
int cg_group_limit(const struct cg_group *group, enum cg_limit limit, uint64_t bytes) __must_check;

/*
 * memory.reclaim (since Linux 5.19); on v1 memory.force_empty, which takes what it can. -EAGAIN: less than @bytes was reclaimed;
 * -EOPNOTSUPP: this kernel cannot.
 */
int cg_group_reclaim(const struct cg_group *group, uint64_t bytes) __must_check;

/* The same of the whole machine: from the root memcg of the hierarchy that @group is in, wherever the top is. */
int cg_root_reclaim(const struct cg_group *group, uint64_t bytes) __must_check;

/* The files behind those, for who needs them so often, or times it, that looking up a path of many levels would count. */
enum cg_file {
	CG_FILE_MAX,
	CG_FILE_HIGH,
	CG_FILE_RECLAIM,
	CG_FILE_USAGE, /* this and those below: to be read */
	CG_FILE_STAT,
	CG_FILE_NUMA_STAT,
	CG_FILE_EVENTS,	  /* memory.events, memory.oom_control */
	CG_FILE_CGROUP,	  /* cgroup.stat */
	CG_FILES,
};

/*
 * *ret_fd is the caller's. Writers that share one wait for each other. Errors as cg_group_limit(), cg_group_reclaim() and cg_group_usage(). Of the others
 * that are to be read -EOPNOTSUPP: this version of cgroups, this kernel, or its root memcg has no such file.
 */
int cg_group_open(const struct cg_group *group, enum cg_file file, int *ret_fd) __must_check;
/* The same of the root memcg of the hierarchy that @group is in, wherever the top is. */
int cg_root_open(const struct cg_group *group, enum cg_file file, int *ret_fd) __must_check;
/* A line of what was read of memory.stat, under its v2 name, as cg_group_stat() has it; errors too. */
int cg_text_stat(const struct cg_group *group, const char *text, const char *key, uint64_t *ret_value) __must_check;
int cg_group_write(const struct cg_group *group, enum cg_file file, int fd, uint64_t bytes) __must_check;
/* cg_group_usage() of CG_FILE_USAGE. After the first time it charges nothing to whoever reads. */
int cg_group_read_usage(const struct cg_group *group, int fd, uint64_t *ret_bytes) __must_check;

/*
 * Remove the subtrees under info->top whose owner (PID and start time in the name) lives no more; kill
 * what still runs in them. *ret_removed: how many subtrees (may be NULL). A living run's subtree is never touched.
 * A pid means something only in its pid namespace: two runs that share a top must not be in different ones.
 * Where v2 shows that tasks in a subtree are of another one (pid 0), it is left alone with -EBUSY.
 */
int cg_sweep(const struct cg_info *info, unsigned int *ret_removed);

#endif
