/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup_ops.h - private to cgroup*.c: the table of operations that v1 and v2 implement, and the
 * directory work that both share.
 *
 * Everything outside cgroup_v1.c and cgroup_v2.c calls through the table and never asks for the
 * version. Paths are absolute on the machine described; fs_root() is put in front for system calls.
 *
 *	TOP                               the hierarchy's root, or the cgroup delegated to us
 *	|-- memcgbench.PID.START.NS       the tree's own cgroup, level 1: never holds tasks
 *	|   |-- NAME                      a chain of depth 2: the leaf
 *	|   |-- NAME/3/4                  a chain of depth 4: the leaf is "4"
	|   |-- NAME/3/4.OTHER            a group beside that leaf
 *	|   |-- self                      v2, delegated: where the owner waits (CG_ASIDE)
 *	|   `-- memory-was-off            v2: we enabled the controller in TOP (CG_MARKER)
 *	`-- memcgbench.PID.START.NS.NAME  a chain of depth 1: a leaf beside the tree
 *
 * A chain of depth 1 cannot be the tree's own cgroup: v2 allows no tasks in a cgroup that hands
 * the controller on to its children.
 */
#ifndef MACHINE_CGROUP_OPS_H
#define MACHINE_CGROUP_OPS_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "machine/cgroup.h"

/* Names below the tree's own cgroup that no group may have. */
#define CG_ASIDE  "self"
#define CG_MARKER "memory-was-off"

/* Between the name of a leaf and that of a group beside it. */
#define CG_BESIDE "."

struct cg_group {
	struct cg_tree *tree;
	struct cg_group *next;
	unsigned int depth;	/* below the root memcg */
	unsigned int nr_levels; /* directories of its own, 0 for the root memcg */
	bool is_borrowed;	/* somebody else's to remove */
	char *path;		/* its own */
};

struct cg_tree {
	struct cg_info info;
	const struct cg_ops *ops;
	struct cg_group *groups;
	pid_t owner; /* a forked child that inherits the tree owns nothing */
	char name[64];
	char path[1200];    /* info.top "/" name */
	bool top_changed;   /* we enabled the controller in info.top */
	bool stepped_aside; /* the caller was moved, so cg_tree_destroy() moves it back */
};

struct cg_ops {
	enum cg_version version;
	const char *usage_file;
	const char *limit_file;
	const char *oom_file; /* has an "oom_kill N" line */
	const char *high_file; /* NULL: there is none */
	const char *no_limit;  /* what lifts a limit */
	const char *reclaim_file;

	/* Would a mount of @fstype with these options have the memory controller? */
	bool (*is_mount)(const char *fstype, const char *super_options);
	/* Is it there in @dir, the mount point? */
	bool (*has_memory)(const char *dir);
	/* Is "ID:CONTROLLERS:PATH" of /proc/self/cgroup the line of this hierarchy? */
	bool (*is_own_line)(const char *id, const char *controllers);
	/* Is @dir the root of the whole hierarchy, not just of a mount or a namespace? */
	bool (*dir_is_root)(const char *dir);
	/* Can memcgs be made in info->top, as far as shows without trying? -errno. */
	int (*check_top)(const struct cg_info *info);

	/* Have children of info.top be memcgs; notes in @tree what close_top() has to undo. */
	int (*open_top)(struct cg_tree *tree);
	int (*close_top)(struct cg_tree *tree);
	/* What a dead run changed in @top: ask its own cgroup @dir before it is removed. */
	bool (*left_top_changed)(const char *dir);
	int (*undo_top)(const char *top);
	/* Have children of @dir, ours and new, be memcgs that are charged to @dir as well. */
	int (*open_inner)(const char *dir);
	int (*close_inner)(const char *dir);

	int (*step_aside)(const struct cg_info *info);
	int (*step_back)(const struct cg_info *info);

	/* Bytes of the group @dir that are swapped out. -ENOENT: nobody accounts for them. */
	int (*swap)(const char *dir, uint64_t *ret_bytes);
	/* Bytes of kernel memory that are charged to the group @dir. -ENOENT: this kernel keeps no such number. */
	int (*kernel)(const char *dir, uint64_t *ret_bytes);

	/* This version's name of a v2 line of memory.stat; NULL: it has none. */
	const char *(*stat_key)(const char *v2_key);
};

extern const struct cg_ops cg_v1_ops, cg_v2_ops;

/* Run clean-up after a failure without losing the sentence of the failure. */
#define with_sentence_kept(ret, cleanup)                                                           \
	do {                                                                                       \
		__free_mem char *sentence_ = strdup(err_msg());                                    \
		(void)!(cleanup);                                                                  \
		if (sentence_)                                                                     \
			err_set(-(ret), "%s", sentence_);                                          \
	} while (0)

/* Name the cgroup where it is the cgroup, not the file or the line in it, that is not there. Else returns @ret. */
int cg_check_gone(const struct cg_group *group, int ret);

/* NULL for CG_NONE. */
const struct cg_ops *cg_ops_of(enum cg_version version);

/* Is @word one of the words of @list, which are separated by any of @separators? */
bool cg_list_has(const char *list, const char *separators, const char *word);

/* access(2) with the effective ids. 0 or -errno, no sentence. */
int cg_access(const char *path, int mode);

/* The sentence for a failure to work in @dir: what is in the way, what mends it. Returns -err. */
int cg_dir_error(int err, const char *verb, const char *dir);

/* mkdir(2); with @may_exist a directory that is there already will do. */
int cg_dir_make(const char *dir, bool may_exist);

/* rmdir(2), again for a while where exiting tasks still hold it. One that is gone is no error. */
int cg_dir_remove(const char *dir);

/* Remove @dir and every cgroup below it. First error, the rest is still tried. */
int cg_dir_remove_all(const char *dir);

/*
 * SIGKILL every task in @dir and below and wait until they are gone. -EBUSY: this process is
 * itself in there, or tasks of another pid namespace are, and nothing was killed; -ETIMEDOUT.
 */
int cg_dir_kill(const char *dir);

/* Call @visit on each cgroup directly in @dir, until one returns non-zero. Returns that. */
int cg_dir_each(const char *dir, int (*visit)(const char *dir, const char *name, void *arg),
		void *arg);

/* "memcgbench.PID.START.NS" of this process. */
int cg_own_name(char *ret_name, size_t size);

#endif
