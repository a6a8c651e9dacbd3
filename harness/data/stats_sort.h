/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats_sort.h - shared by stats.c and stats_rank.c, and by nobody else.
 */
#ifndef DATA_STATS_SORT_H
#define DATA_STATS_SORT_H

#include <stddef.h>

/* A copy of @x in ascending order, to be freed by the caller; NULL when memory is short or a NAN is in @x. */
double *stats_sorted(const double *x, size_t n);

#endif
