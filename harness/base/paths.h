/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paths.h - where memcgbench finds its own parts: beside itself in a build tree, else where it was installed.
 */
#ifndef BASE_PATHS_H
#define BASE_PATHS_H

#include "base/util.h"

/* memcgbench-runner; the caller frees *ret_path. -ENOENT: the sentence says where it was looked for. */
int paths_runner(char **ret_path) __must_check;

/* memcgbench-probe.so, the plugin for QEMU; the caller frees *ret_path. -ENOENT likewise. */
int paths_probe(char **ret_path) __must_check;

/* The folder of the gnuplot scripts; the caller frees *ret_path. -ENOENT likewise. */
int paths_plots(char **ret_path) __must_check;

#endif
