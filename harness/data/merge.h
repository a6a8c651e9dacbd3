/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * merge.h - the parts of a run that was split over machines (run --shard) become one run again.
 *
 * What is joined are boots: each part holds some of the boots of one plan, under the numbers that they have in the
 * whole. The result is the run that one machine would have stored, sample for sample, with the profiles of its boots and the symbols
 * that they need. Interprets nothing.
 */
#ifndef DATA_MERGE_H
#define DATA_MERGE_H

#include <stddef.h>

#include "base/util.h"

struct merge_result {
	char *dir;	     /* of the new run */
	size_t nr_boots;     /* that it has */
	size_t nr_boots_all; /* that the plan has */
};
void merge_result_free(struct merge_result *result);

/*
 * Join the runs in folders @dirs into @parent/@name. -EINVAL: one is no part of a split run; -EXDEV: they are parts of
 * different runs (the sentence names the field that differs); -EEXIST: two of them hold the same boot; errors of reading and of store.h. What
 * the disk would not take whole stays and says "running". Boots that no part has are no error: the new run is then not "complete".
 */
int merge_runs(const char *const *dirs, size_t nr, const char *parent, const char *name,
	       struct merge_result *ret_result) __must_check;

#endif
