/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trend_dat.h - the numbers behind the pictures of a history. Private to trend_*.c. See dat.h for what all such files keep to. */
#ifndef OUT_TREND_DAT_H
#define OUT_TREND_DAT_H

#include <stddef.h>

#include "out/trend_formats.h"

/* Do both series belong into one picture: one metric, measured alike? */
bool trend_same_picture(const struct history_series *a, const struct history_series *b);

/* Rows @first … @next - 1 of the trend: two data sets each, its kernels and its levels. *ret_nr_kernels: places on the axis. */
int trend_dat_series(const struct trend_view *view, size_t first, size_t next, const char *path, size_t *ret_nr_kernels) __must_check;

/* What the op of row @first costs in each state: a data set each. *ret_labels: quoted words, the caller frees. */
int trend_dat_ladder(const struct trend_view *view, size_t first, const char *path, size_t *ret_nr_kernels,
		     size_t *ret_nr_states, char **ret_labels) __must_check;

/* Rows of one environment that @first is of, by kernel. */
struct trend_heatmap {
	size_t nr_rows, nr_kernels;
	double most; /* the largest percentage, without its sign */
};
int trend_dat_heatmap(const struct trend_view *view, size_t first, const char *path,
		      struct trend_heatmap *ret_heatmap) __must_check;

#endif
