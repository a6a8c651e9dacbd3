/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dat.h - the numbers behind the pictures, as files that gnuplot reads.
 *
 * Every file opens with comments that name its columns and units, so that anyone can plot it again.
 * Missing numbers are NaN. Text in quotes. Whole or not at all: a file is written beside its name
 * and renamed.
 */
#ifndef OUT_DAT_H
#define OUT_DAT_H

#include <stddef.h>
#include <stdio.h>

#include "base/util.h"
#include "base/beneath.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "data/sweep.h"
#include "out/label.h"

/*
 * One line per row of @overhead: both medians, difference and percentage, each with its interval. Two data sets: times, and what was
 * counted, each in its own unit.
 */
int dat_overhead(const struct rundata *data, const struct overhead *overhead,
		 const struct label_defaults *defaults, const char *path) __must_check;

/*
 * The latencies of one metric of one item: overhead->latencies[@first] and those right behind it
 * that are of the same. Two data sets per arm: the distribution, and its percentiles. *ret_next:
 * index of the first latency behind them.
 */
int dat_latency(const struct rundata *data, const struct overhead *overhead, size_t first,
		const char *path, size_t *ret_next) __must_check;

/* The curves @first to @end - 1 of one picture, a data set each. */
int dat_sweep(const struct rundata *data, const struct sweep *sweep, size_t first, size_t end,
	      const char *path) __must_check;

/* --- for other writers of .dat files --- */

/* For beneath_end(). Neither @path nor the folder that it lies in may be a link: they lie in a run, which may be somebody else's. */
int dat_begin(const char *path, struct beneath_file *ret_file) __must_check;
/* In double quotes, which gnuplot's data files cannot escape; and a blank. */
void dat_string(FILE *out, const char *text);
/* NaN for what is missing; and a blank. */
void dat_number(FILE *out, double value);

#endif
