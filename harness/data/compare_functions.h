/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_functions.h - verdicts on functions: what each kernel function changed by in one row of a comparison, and whether that decides the row.
 *
 * With profiles on both sides a function's own instructions and its calls are known to the instruction, seed by seed. What spreads in a row
 * (the order of allocations, the working set, compression) spreads in few functions, and hides nothing in the others. The rules are
 * docs/METHOD.md, "Verdicts on functions". Pure: no printing.
 */
#ifndef DATA_COMPARE_FUNCTIONS_H
#define DATA_COMPARE_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "data/compare.h"
#include "data/explain.h"
#include "data/family.h"

/* How a function's change is known. */
enum function_way {
	FUNCTION_EXACT, /* under every seed the same per op */
	FUNCTION_CODE,	/* under every seed the same per call, on either side; how often it is called spreads */
	FUNCTION_SPREADS, /* neither: a verdict takes a test */
};

/* One function, or several between which code moved (inlined, or split off): their sum. */
struct compare_function {
	char name[SYMBOLS_NAME_MAX];
	char was[SYMBOLS_NAME_MAX]; /* its old name, where note is EXPLAIN_RENAMED; else "" */
	char moved_from[2 * SYMBOLS_NAME_MAX]; /* the others that code moved from, " and " between them; else "" */
	enum explain_note note;
	bool is_memcg; /* memcg's own (data/memcg_functions.h), or run with memcg on alone */
	bool is_everybodys; /* others', and the arm below pays the same for the change */
	enum function_way way;
	/* Per op in the arm, means over the seeds. */
	double old_self, new_self, old_calls, new_calls;
	double change; /* of self, in the arm */
	double share;  /* of that memcg's, arm - below; as change where there is nothing below */
	double decided; /* what the verdict goes by: change or share; of FUNCTION_CODE, the instructions more a call times the calls */
	double lowest, highest; /* of single seeds */
	double per_call;	/* instructions more a call; NAN where calls do not all cost the same */
	struct family_test test; /* where it is not the code that changed */
	double p;		 /* of it, among all functions; NAN: none was needed */
	enum compare_verdict verdict; /* improvement or regression; COMPARE_INCONCLUSIVE until compare_functions_settle() */
};

struct compare_functions {
	struct compare_function *list; /* that changed: memcg's first, of them regressions, then by size */
	size_t nr;
	size_t nr_compared, nr_seeds;
	size_t nr_worse, nr_better; /* functions of memcg */
	double sum;		    /* of what they were decided by */
};

/*
 * From here on a change of code counts, in instructions per op: one more in each call, however seldom it is called. How often something is
 * called may be the same under three seeds by chance, so such a change has to reach the δ of its row.
 */
#define FUNCTION_DELTA_CODE 0.005

/*
 * Judge the functions of all rows of @compare that were profiled on both sides, under COMPARE_PAIRS_MIN seeds at least, and with them rows that have
 * no verdict of a change of their own. Fills row.row_verdict, row.functions and row.functions_why. -ENOMEM.
 */
int compare_functions_judge(struct compare *compare) __must_check;

struct function_table;
/* The functions of @table, which is finished, that changed or are to be tested. @has_below: its OFF reps are there; @delta: of the row. -ENOMEM. Free with compare_functions_free(). */
int compare_functions_of(const struct function_table *table, bool has_below, double delta, struct compare_functions **ret_functions)
	__must_check;
/* Test what is to be tested in all @nr lists together, and leave only what has a verdict. -ENOMEM. */
int compare_functions_settle(struct compare_functions *const *all, size_t nr) __must_check;
/*
 * Give @row, whose functions are settled and whose own verdict is row_verdict, the verdict of its functions, if it has no change of its own: that of
 * the exact sum of memcg's, unless the sum is 0, or the interval of the row lies on the other side of 0.
 */
void compare_functions_decide(struct compare_row *row);
/*
 * compare_functions_of() and compare_functions_settle() of one number alone, from @old to @new, with a row's @delta. -ENODATA: not profiled on both sides under COMPARE_PAIRS_MIN common seeds; others
 * as of function_table_add(). -ENOMEM.
 */
struct explain_end;
int compare_functions_between(const struct explain_end *old, const struct explain_end *new, double delta,
			      struct compare_functions **ret_functions) __must_check;
void compare_functions_free(struct compare_functions *functions);

/* "exact", "code", "spreads": also in JSON. */
const char *compare_function_way_name(enum function_way way);

#endif
