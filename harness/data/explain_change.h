/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_change.h - which functions a change of a measured number came from, in a few names.
 *
 * For whoever has found a change between two measurements (compare: two kernels; trend: both sides of a change point) and wants
 * to say next to it where it lies. Either both measurements were profiled and the parts add up to the change, or nothing is said: a
 * part that may be wrong is worse than none. Pure: no printing. The whole table is data/explain.h.
 */
#ifndef DATA_EXPLAIN_CHANGE_H
#define DATA_EXPLAIN_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/explain.h"

/* A measurement: one number of one kernel in one run. */
struct explain_end {
	const struct rundata *data;
	const char *kernel; /* as the run's boots have it ("kernel"); NULL: of a run of one kernel */
	const struct rundata_item *item; /* one of data->items */
	size_t metric, arm; /* indices in item */
	size_t below;	    /* the arm whose cost is subtracted, such as off; SIZE_MAX: none */
};

/* What one function contributed, in instructions per op of its own; with an arm below on both ends, what it changed there is subtracted. */
struct explain_part {
	char name[SYMBOLS_NAME_MAX]; /* a function, or EXPLAIN_USER and so on */
	char was[SYMBOLS_NAME_MAX];  /* its old name, where note is EXPLAIN_RENAMED; else "" */
	enum explain_note note;
	double change;
};

struct explain_change {
	struct explain_part *parts; /* by size, the largest first; none of them below 0.05 */
	size_t nr_parts;
	double rest;	 /* of all other functions together */
	size_t nr_rest;	 /* of them those that changed at all */
	double change;	 /* parts and rest together: what was measured under this seed, per op */
	uint64_t seed;
	size_t nr_seeds; /* that both ends have */
};

/*
 * Split the change from @old to @new into at most @max parts. @wanted: the change that was found, new - old per op, (arm - below) where both
 * have one below. The parts are of one seed, that whose change is nearest to @wanted and which was profiled on both ends.
 *
 * -ENODATA: nothing can be said: no profile of it on one end, a clock that counts no instructions, a metric that is a count,
 * no common seed whose change is within a tenth (or 0.5 instructions) of @wanted, or parts that do not add up. Of what was profiled:
 * -EOPNOTSUPP: several workers ran at once on CPUs of their own (their clocks count all CPUs, a profile each by itself); -EBADMSG: a profile is
 * damaged, or of another kernel. -ENOMEM. All with a sentence. *ret_change is to be freed with explain_change_free().
 */
int explain_change_make(const struct explain_end *old, const struct explain_end *new, double wanted, size_t max,
			struct explain_change *ret_change) __must_check;
void explain_change_free(struct explain_change *change);
#define __free_explain_change __attribute__((__cleanup__(explain_change_free)))

/* "new", "gone", "renamed", "called", "uncalled"; "" for EXPLAIN_PLAIN: also in JSON. */
const char *explain_note_name(enum explain_note note);

#endif
