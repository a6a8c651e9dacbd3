/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_run.h - from a query to reps and profiles of a stored run: data/explain_run.c and data/sharing.c among themselves.
 */
#ifndef DATA_EXPLAIN_RUN_H
#define DATA_EXPLAIN_RUN_H

#include "data/explain.h"

/* What a query comes to in one run. */
struct explain_resolved {
	const char *kernel;
	const struct rundata_item *item;
	size_t metric, arm, off; /* off: SIZE_MAX: the item has none, or it is the arm itself */
	const char *off_kernel;	 /* whose boots have off: the kernel itself, or whom it borrows it of (data/variant.h) */
};

struct explain_end;
/* What an end of a change (data/explain_change.h) comes to. -ENODATA: a clock that counts no instructions, or a metric that is a count. */
int explain_end_resolve(const struct explain_end *end, bool has_below, struct explain_resolved *ret_resolved) __must_check;

int explain_resolve(const struct rundata *data, const struct explain_query *query, struct explain_resolved *ret_resolved) __must_check;

/* As explain_side_load(), of what is resolved already; @resolved->off may be any arm that is to be subtracted. */
int explain_resolved_load(const struct rundata *data, const struct explain_resolved *resolved, uint64_t seed,
			  struct explain_side *ret_side) __must_check;
/* The same for explain_values(). */
int explain_resolved_values(const struct rundata *data, const struct explain_resolved *resolved, struct explain_value **ret_values,
			    size_t *ret_nr) __must_check;
/* off_kernel for the arm @off of @item. */
const char *explain_off_kernel(const struct rundata *data, const char *kernel, const struct rundata_item *item, size_t off);

/* The least rep of an arm under a seed of a kernel; NULL: there is none. *ret_boot: its boot record in run.json. */
const struct rundata_sample *explain_least(const struct rundata *data, const struct explain_resolved *resolved, size_t arm,
					   uint64_t seed, const json_t **ret_boot);

/* Was any boot of the run in @dir profiled? */
bool explain_has_profiles(const char *dir);

/* The tables of @least, a sample of @resolved, or of the rep nearest to it that @profile, of its boot, has kept. Errors as of explain_side_load(). */
int explain_tables(const struct explain_resolved *resolved, const struct profile *profile, const struct symbols *symbols,
		   const struct rundata_sample *least, struct explain_rep *ret_rep) __must_check;

/*
 * The profile of boot @boot, and the symbols of its kernel (kept in @symbols when they are there already). -ENODATA: it was not profiled;
 * -EBADMSG: the profile is damaged, or of another image than run.json says of the boot.
 */
int explain_profile(const struct rundata *data, const json_t *boot, struct symbols *symbols, struct profile **ret_profile) __must_check;

#endif
