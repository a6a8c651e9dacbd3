/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * function_table.h - what each kernel function cost in one number of two kernels, under every seed that both were profiled with. Private to
 * compare_functions.c and trend.
 */
#ifndef DATA_FUNCTION_TABLE_H
#define DATA_FUNCTION_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "data/explain_change.h"
#include "data/explain_reader.h"

/* The four reps of a seed. OFF stands for the arm below, whatever it is; zeros where there is none. */
enum function_rep { FUNCTION_OLD, FUNCTION_NEW, FUNCTION_OLD_OFF, FUNCTION_NEW_OFF, FUNCTION_REPS };

/* Of one function in one rep, per op. */
struct function_cost {
	double self, calls;
};

struct function_entry {
	char *name; /* without suffixes of the compiler, or EXPLAIN_USER and so on */
	char *was;  /* its old name where note is EXPLAIN_RENAMED; else NULL */
	enum explain_note note;
	struct function_cost (*cost)[FUNCTION_REPS]; /* by seed */
};

/* Calls from one function to another in the arm, summed over seeds. */
struct function_edge {
	size_t caller, callee; /* entries */
	double old_calls, new_calls;
};

struct function_table {
	uint64_t *seeds;
	double (*ops)[FUNCTION_REPS]; /* of each seed's reps */
	size_t nr_seeds, room; /* room: of seeds, and of each entry's cost */
	struct function_entry *entries; /* by name, once function_table_finish() was called */
	size_t nr_entries;
	struct function_edge *edges;
	size_t nr_edges;
	const struct symbols *old_symbols, *new_symbols; /* the readers' */
};

/* One number on both sides, and where its profiles are read. */
struct function_place {
	struct explain_reader *readers[2]; /* old, new; may be one */
	struct explain_resolved resolved[2]; /* .off: the arm below, SIZE_MAX on both where there is none */
};

/* Room for @nr seeds. -ENOMEM. Free with function_table_free(), also when this failed. */
int function_table_init(struct function_table *table, size_t nr) __must_check;

/*
 * Read what @place names under @seed. -ENODATA: a side was not measured or not profiled under it, and nothing is added; -EBADMSG: a profile is
 * damaged, or of another kernel; -EOPNOTSUPP: workers at once on several CPUs. All with a sentence.
 */
int function_table_add(struct function_table *table, const struct function_place *place, uint64_t seed) __must_check;

/* After the last seed: order entries, note what is new or gone, and make one of a function that only lost or gained leading underscores. -ENOMEM. */
int function_table_finish(struct function_table *table) __must_check;

void function_table_free(struct function_table *table);

#endif
