/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep_text.h - how costs grow over depths, workers or a parameter: a table for people.
 *
 * Printed below the table of the run. Computes nothing: every number is data/sweep.h's.
 */
#ifndef OUT_SWEEP_TEXT_H
#define OUT_SWEEP_TEXT_H

#include <stdio.h>

#include "base/util.h"
#include "data/sweep.h"
#include "out/label.h"
#include "out/table.h"

/* What a step along the axis is called: "level", "worker", or the parameter's name without its plural ("sibling"). Returns @ret. */
#define SWEEP_STEP_MAX 64
const char *sweep_step(const struct sweep_curve *curve, char ret[SWEEP_STEP_MAX]);

/*
 * What is swept, in words: "charge_depth --way=single over depth". @defaults: NULL names every parameter. malloc'd; NULL without memory.
 */
char *sweep_title(const struct sweep_curve *curve, const struct label_defaults *defaults);

/* Room for the longest name of a kernel with its boot argument, and an arm. */
#define SWEEP_LABEL_MAX (256 + LABEL_MAX)
/* What tells a curve from the others of its metric: "new", "child", "new child". @buf: SWEEP_LABEL_MAX bytes. */
char *sweep_label(const struct sweep *sweep, const struct sweep_curve *curve, char *buf);

/* Digits behind the point of what guests counted: 1 of instructions, 3 of a bench's own counts, which may be of one in 64. */
int sweep_decimals(const struct rundata_metric *metric);

/* Write the tables of all sweeps, nothing where there is none. -ENOMEM; -EIO: @out would not take it. */
int sweep_text(const struct rundata *data, const struct sweep *sweep, const struct label_defaults *defaults,
	       const struct table_look *look, FILE *out) __must_check;

#endif
