/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * trend_overview.h - what memcg costs over kernels, in one picture: small multiples. Private to trend_*.c, and cmd/trend.
 *
 * A panel for each bench and parameters, of the metric that comes first in the bench's own list; in it a line for each memcg state, depth
 * and number of workers. Only what was measured alike (one environment, that with the most lines), no counts, and not null.
 */
#ifndef OUT_TREND_OVERVIEW_H
#define OUT_TREND_OVERVIEW_H

#include "out/plot.h"
#include "out/trend_formats.h"

/*
 * Draw @out_dir/@name.svg (or what @format says, NULL: svg, png and txt) from @name.dat, which stays beside it. *files: what was written, as
 * trend_plot(). -ENODATA: there is nothing to draw. Errors else as plot_run().
 */
int trend_overview(const struct trend_view *view, const char *plots_dir, const char *out_dir, const char *name, const char *format,
		   struct plot_files *files) __must_check;

#endif
