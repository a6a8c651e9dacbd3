/* SPDX-License-Identifier: GPL-2.0-or-later */
/* baseline.h - runs that are kept under a name, for compare: results/baselines/NAME is a link to the run's folder. Private to cmd/. */
#ifndef CMD_BASELINE_H
#define CMD_BASELINE_H

#include "base/util.h"

/* -EINVAL with a sentence: @name is no name for a file in one folder. */
int baseline_check(const char *name) __must_check;

/* Where the baseline @name of @results_dir is, or would be. -EINVAL as above. *ret_path is malloc'd. */
int baseline_path(const char *results_dir, const char *name, char **ret_path) __must_check;

/*
 * Let @name stand for the run in @dir, which is in @results_dir; what it stood for before stays where it is, without the name. -errno with a
 * sentence.
 */
int baseline_save(const char *results_dir, const char *name, const char *dir) __must_check;

#endif
