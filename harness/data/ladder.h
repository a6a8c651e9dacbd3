/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder.h - what memcg costs on one or several kernels, each booted with memcg off and on: off → root → child.
 *
 * From stored samples of guest boots only. On a clock that is exact within a boot the value of a boot is the *least* of its reps
 * (a rep is at least as long as its work; a timer tick only adds); of a count, and of nanoseconds, it is their median. So a boot
 * with its seed is one observation. Boots are paired by seed: differences are taken within a seed. What stands in the table is means over the
 * seeds that all kernels have of the metric, so that all differences of them are the differences of what is printed, and those of compare.h.
 */
#ifndef DATA_LADDER_H
#define DATA_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/rundata.h"

/* Values of one cost over the seeds; entry i belongs to seed i of the ladder, NAN: no such boot. */
struct ladder_cost {
	double *by_seed;
	size_t nr;		/* seeds that the three below are of */
	double mean, low, high; /* over seeds: all of it, no interval; NAN when nr is 0 */
};

/*
 * Whether the least rep of a boot is a floor, on a clock that is exact: work that is the same in each rep gives many that are as cheap. 0 and 0
 * on other clocks, and of a count.
 */
struct ladder_floor {
	size_t nr_alone; /* seeds whose boot has no second rep within LADDER_FLOOR of its least */
	double gap;	 /* the most that such a boot's next rep lay above the least, per op */
};
#define LADDER_FLOOR	    0.001 /* of the least, or LADDER_FLOOR_INSN where that is less */
#define LADDER_FLOOR_INSN 0.5

/* What memcg adds is not the same under all seeds if half its range is more than this part of the arm: docs/METHOD.md, "No floor". */
#define LADDER_AGREE 0.01

/* One metric of one item on one kernel. */
struct ladder_row {
	const struct rundata_item *item;
	const struct rundata_metric *metric;
	size_t kernel;
	struct ladder_cost *arm;      /* item->nr_arms: the cost in each arm */
	struct ladder_floor *floor;   /* item->nr_arms */
	struct ladder_cost *overhead; /* item->nr_arms: arm − off within a seed; of arm 0: nothing */
	/*
	 * The memcg cost change: this overhead − that of kernel 0, within a seed; nothing on kernel 0. And the change
	 * of the baseline arm itself (off), which is what the kernel changed for everybody. Of a variant: against its own kernel.
	 */
	struct ladder_cost *change;
};

struct ladder {
	char **kernels; /* names in the order of their first boot */
	size_t nr_kernels;
	size_t *variant_of; /* by kernel: which it is with a further argument ("6.12,nokmem"); SIZE_MAX: no variant */
	size_t *off_of;	    /* by kernel: whose boots with memcg off are its "off"; itself, but for variants of old runs (data/variant.h) */
	bool *no_memcg; /* by kernel: built without the memory controller, so that there is only "off" */
	uint64_t *seeds;
	size_t nr_seeds;
	struct ladder_row *rows; /* by item, metric, kernel */
	size_t nr_rows;
	bool is_exact; /* the clock counts instructions */
};

/* Does what @arm costs more than off depend on the seed, on a clock that is exact? False of a count, and of one seed. */
bool ladder_seeds_differ(const struct ladder *ladder, const struct ladder_row *row, size_t arm);

/*
 * A row's numbers as a table shows them with @decimals, so that they subtract as they are printed: the candidate's are those of the kernel
 * that it is compared with and the change, the arms' are off and what memcg adds. Up to two units of the last digit from the mean. NAN: none.
 */
double ladder_arm(const struct ladder *ladder, const struct ladder_row *row, size_t arm, int decimals);
double ladder_overhead(const struct ladder *ladder, const struct ladder_row *row, size_t arm, int decimals);
double ladder_change(const struct ladder_row *row, size_t arm, int decimals);

/* -ENODATA: no sample; -EBADMSG: boots without kernel or seed. @data must outlive *ret_ladder. Free with ladder_free(). */
int ladder_compute(const struct rundata *data, struct ladder **ret_ladder) __must_check;
void ladder_free(struct ladder *ladder);

#endif
