/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trend_plot.h - pictures of a history, and the .dat files that they are made of. */
#ifndef OUT_TREND_PLOT_H
#define OUT_TREND_PLOT_H

#include "out/plot.h"
#include "out/trend_formats.h"

/*
 * Draw into @out_dir (made when missing), as SVG, PNG and text:
 *	trend-BENCH-METRIC.dat    every series of a metric: boots' interval, level, changes
 *	ladder-BENCH-METRIC.dat   what the op costs in each memcg state, by kernel
 *	heatmap.dat               all series by kernel, in percent of the first kernel's cost
 * *files: what was written, also when a later one failed. Start with an empty struct. Errors as plot_run().
 */
int trend_plot(const struct trend_view *view, const char *plots_dir, const char *out_dir,
	       struct plot_files *files) __must_check;

#endif
