/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate_text.h - a calibration for people: sentences with their numbers, and the p-values as a picture.
 *
 * Computes nothing but the bars of the picture: see data/calibrate.h.
 */
#ifndef OUT_CALIBRATE_TEXT_H
#define OUT_CALIBRATE_TEXT_H

#include <stdio.h>

#include "base/util.h"
#include "data/calibrate.h"

/* -EIO: @out would not take it. */
int calibrate_text(const struct calibration *calibration, const struct limit *effect, FILE *out) __must_check;

/*
 * pvalues.dat, pvalues.svg and pvalues.png in folder @out_dir, which must exist. -ENODATA: no row has a p. Errors as of plot_run(), and those of
 * writing a file.
 */
int calibrate_plot(const struct calibration *calibration, const char *plots_dir, const char *out_dir) __must_check;

#endif
