/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate.h - do the verdicts keep what they promise? Comparisons of a recorded run with itself.
 *
 * The units of one kernel of a run (boots, by their seed; or blocks of a boot) are split at random into two halves, and the halves compared
 * as if they were two kernels. Nothing changed, so every change that is found is a false alarm. With an effect of known
 * size added to one half, every change that is not found is one missed. Uses compare.h as `memcgbench compare` does; decides nothing itself.
 */
#ifndef DATA_CALIBRATE_H
#define DATA_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/compare.h"

struct calibrate_options {
	const char *kernel;	     /* NULL: the run's only one */
	size_t nr_comparisons;	     /* at least 1 */
	size_t nr_units;	     /* of each half, drawn anew for each comparison; 0: all that there are */
	uint64_t seed;		     /* of the splits */
	/*
	 * One half is of the items whose parameter "extra" is not 0, the other of those that are else the same: what was found is work that
	 * was done. Items without such a partner are left out.
	 */
	bool injected;
	struct limit effect;	     /* added to the times of the child memcg in one half: a share of them, and a number per op; 0: nothing */
	const struct limits *limits; /* NULL: the defaults */
};

struct calibration {
	char *name, clock[8];
	bool units_are_boots;  /* else blocks */
	size_t nr_units;       /* of each half */
	size_t nr_comparisons;
	/* Where nothing was added. */
	size_t nr_rows, nr_row_alarms; /* rows; of them called a regression or an improvement */
	size_t nr_unchanged;	       /* comparisons that have a row to which nothing was added */
	size_t nr_alarms;	       /* of them with a row that is an alarm */
	struct stats_interval rate;    /* of nr_alarms / nr_unchanged, 95 %; NAN: there is none */
	double *p;		       /* of the rows that have one; those of an exact clock whose pairs agree have none */
	size_t nr_p;
	/* Where the effect was added. */
	size_t nr_changed;	    /* rows */
	size_t nr_seen;		    /* of them: the interval leaves out 0, on the right side */
	size_t nr_found;	    /* of them: called a regression */
	struct stats_interval seen, found; /* their rates, 95 % */
	size_t nr_unusable; /* rows in error, incomparable, or with too few units for any verdict */
	char *why;	    /* of the first of them */
};

/*
 * -ENODATA: too few units for a verdict, or for @nr_units, or nothing was injected, or every row was unusable; -EINVAL: the run has several kernels, the sentence names them; errors of compare.h. @data may
 * not change meanwhile. Free with calibration_free().
 */
int calibrate(const struct rundata *data, const struct calibrate_options *options,
	      struct calibration **ret_calibration) __must_check;
void calibration_free(struct calibration *calibration);

/*
 * Interval of a share, @k of @n, of Clopper & Pearson (Biometrika 26, 1934, 404-413): exact, covers at least @confidence. NAN for n = 0.
 */
struct stats_interval calibrate_share(size_t k, size_t n, double confidence);

#endif
