/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - what a rep paid each kernel function, and how that differs between arms and kernels.
 *
 * From a profile (data/profile.h) and symbols (data/symbols.h). Pure: no printing. All costs are instructions per op, and
 * the parts of a rep add up to what was measured: self cost over all functions, user mode, interrupts, idle, and what reading the
 * clock takes (the sample's instructions − those between the marks).
 */
#ifndef DATA_EXPLAIN_H
#define DATA_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/profile.h"
#include "data/rundata.h"
#include "data/symbols.h"

/* Names of what is no function. */
#define EXPLAIN_USER	  "[user mode]"
#define EXPLAIN_INTERRUPT "[interrupts]"
#define EXPLAIN_IDLE	  "[idle]"
#define EXPLAIN_CLOCK	  "[clock reading]"

struct explain_function {
	char *name; /* without suffixes of the compiler; or one of the names above */
	double self, inclusive, calls;
};

/* Instructions spent in @callee and below while called from @caller; calls are those of the entry. */
struct explain_edge {
	size_t caller, callee; /* index in functions */
	double inclusive, calls;
};

/* "entry;…;function" and its own instructions, as flame graph tools take them. */
struct explain_stack {
	char *path;
	double insns;
};

/* One arm in one boot: the rep that gave its number. */
struct explain_rep {
	unsigned int boot, rep;
	uint64_t seed;
	uint64_t ops, elapsed, insns; /* elapsed: what the sample says; insns: between the marks, on all vCPUs */
	double cost;		      /* per op: the sum of self over functions */
	unsigned int nr_vcpus;
	/* Several workers at once on vCPUs of their own: the sample counts all of them, the profile each its own; there is no EXPLAIN_CLOCK. */
	bool is_shared_clock;
	struct explain_function *functions; /* sorted by name */
	size_t nr_functions;
	struct explain_edge *edges;
	size_t nr_edges;
	struct explain_stack *stacks; /* sorted by path */
	size_t nr_stacks;
};

/*
 * Make the tables of @rep of @profile, which did @ops. @outside: a name for what the sample counted beyond the marks,
 * @outside_per_op; NULL: nothing.
 */
int explain_rep_make(const struct profile *profile, const struct profile_rep *rep, const struct symbols *symbols, uint64_t ops,
		     const char *outside, double outside_per_op, struct explain_rep *ret_rep) __must_check;
void explain_rep_free(struct explain_rep *rep);
/* NULL: not in it. */
const struct explain_function *explain_rep_find(const struct explain_rep *rep, const char *name);

/* --- which reps --- */

struct explain_query {
	const char *bench;  /* NULL: the first that has a profile */
	unsigned int nr_workers; /* 0: as many as the first item has that fits */
	const char *const *params; /* "name=value", which the item has to have; its values as a record has them */
	size_t nr_params;
	const char *metric; /* NULL: the bench's first */
	const char *arm;    /* "child", "root", "off", "depth N"; NULL: the last child */
	const char *kernel; /* NULL: the only one */
};

/* What one kernel paid: the arm asked for and memcg off, under one seed. */
struct explain_side {
	char kernel[128], off_kernel[128]; /* off_kernel: as in struct explain_resolved */
	const struct rundata_item *item;
	size_t metric, arm;
	char arm_name[64];
	struct symbols symbols;
	struct explain_rep with; /* the arm */
	struct explain_rep off;  /* nr_functions 0: no such boot, or off was asked for */
	bool has_off;
};

/*
 * Read what @query names in @data under the seed @seed, one of explain_values(). Errors, all with a
 * sentence: -ENOENT: no such bench, metric, arm or kernel in the run; -ENODATA: the run has no profile of it; -EBADMSG: a damaged
 * profile, or one of another kernel.
 */
int explain_side_load(const struct rundata *data, const struct explain_query *query, uint64_t seed, struct explain_side *ret_side)
	__must_check;
void explain_side_free(struct explain_side *side);

/* What the samples say of one seed, with no profile: NAN where missing. */
struct explain_value {
	uint64_t seed;
	double with, off;
};
int explain_values(const struct rundata *data, const struct explain_query *query, struct explain_value **ret_values, size_t *ret_nr)
	__must_check;

/* --- what is shown --- */

enum explain_note {
	EXPLAIN_PLAIN,
	EXPLAIN_NEW,	 /* the old kernel has no such function */
	EXPLAIN_GONE,	 /* the new kernel has none: inlined, renamed or removed */
	EXPLAIN_RENAMED, /* .was: its old name */
	EXPLAIN_CALLED,	 /* both have it, only the new one ran it */
	EXPLAIN_UNCALLED,
};

/* Of one kernel: old_* is memcg off, new_* the arm. Of two: the arm on either; off_change: what memcg off changed by. */
struct explain_row {
	const char *name, *was;
	enum explain_note note;
	double old_self, new_self, change, off_change;
	double old_inclusive, new_inclusive, old_calls, new_calls;
};

struct explain_view {
	const struct explain_side *old, *new; /* old NULL: one kernel */
	struct explain_row *rows;	     /* by size of the change of self cost, the largest first */
	size_t nr_rows;
	double old_cost, new_cost, change, off_change; /* sums of the rows */
	bool has_off; /* off_change (two kernels) or old_* (one) is there */
};

/* Is @fresh, which is new, the function @gone under another name? Only what nobody can mistake: __f that is now f. */
bool explain_is_renamed(const char *gone, const char *fresh);

/* @old NULL: one kernel. The sides must outlive the view. */
int explain_view_make(const struct explain_side *old, const struct explain_side *new, struct explain_view *ret_view) __must_check;
/* The rows again, of two kernels by what is memcg's of the change (change - off_change), the largest first; else no matter. */
void explain_view_sort_memcg(struct explain_view *view);
void explain_view_free(struct explain_view *view);

#endif
