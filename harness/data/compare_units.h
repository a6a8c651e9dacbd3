/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare_units.h - what one side of a comparison measured: one value per unit of replication. Private to compare*.c.
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
	uint64_t *key; /* the boot's seed, or the block's number */
	size_t nr;
};

/* Is the unit a boot? (Else a block.) */
bool units_are_boots(const struct compare_side *side);

/* @arm and @metric: indices in @item. No value at all is no error. Free with units_free(). */
int units_read(const struct compare_side *side, const struct rundata_item *item, size_t arm, size_t metric,
	       struct units *ret_units) __must_check;
/* arm − below for every key that both have. */
int units_sub(const struct units *arm, const struct units *below, struct units *ret_units) __must_check;
void units_free(struct units *units);
#define __free_units __attribute__((__cleanup__(units_free)))

#endif
