/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export.h - a comparison in the formats of other programs: lkp, benchstat, Google Benchmark, trackers, CI systems.
 *
 * Computes no verdict and no statistic that decides: see data/compare.h. docs/FORMATS.md says what each consumer makes of it.
 */
#ifndef OUT_EXPORT_H
#define OUT_EXPORT_H

#include "out/compare_formats.h"

compare_format_fn export_benchfmt, export_bmf, export_gbench, export_gha, export_kcidb, export_ktap, export_lava, export_lkp;

#endif
