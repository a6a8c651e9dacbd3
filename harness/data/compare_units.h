/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_units.h - what one side of a comparison measured: one value per unit of replication. Private to compare*.c
 * and history*.c.
 *
 * A unit is a boot where the kernel was booted several times, and a block where it ran once. The value of a boot is the
 * least of its reps on the clock of instructions (the median for counts, and on ns); that of a block the mean of its two reps.
 */
#ifndef DATA_COMPARE_UNITS_H
#define DATA_COMPARE_UNITS_H

#include <stdint.h>

#include "data/compare.h"

/* Values of one metric in one arm; entry i belongs to key i, ascending. */
struct units {
	double *value;
	uint64_t *key; /* the boot's seed, or the block's number with its boot's above it */
	size_t nr;
	double within; /* variance of the reps of one unit; NAN: one rep each */
	double reps;   /* of a unit, on average; NAN with it */
};

/* Is the unit a boot? (Else a block.) */
bool units_are_boots(const struct compare_side *side);

/* @arm and @metric: indices in @item. Whose the arm "off" of a variant is: data/variant.h. No value at all is no error. Free with units_free(). */
int units_read(const struct compare_side *side, const struct rundata_item *item, size_t arm, size_t metric,
	       struct units *ret_units) __must_check;
/* arm − below for every key that both have. */
int units_sub(const struct units *arm, const struct units *below, struct units *ret_units) __must_check;
/* Leave out of all @nr sets what one of them has not. False, and nothing is changed: they have nothing in common. */
bool units_keep_common(struct units *const sets[], size_t nr);
/*
 * What boots took in the side's run, in seconds: one more rep of every arm of every item, and a kernel's boots under one seed besides
 * their reps, as if they had been started one after the other (side by side they cost more than this says). False: not recorded.
 */
bool units_cost(const struct compare_side *side, double *ret_unit_seconds, double *ret_rep_seconds);
void units_free(struct units *units);
#define __free_units __attribute__((__cleanup__(units_free)))

#endif
