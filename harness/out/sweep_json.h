/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sweep_json.h - costs over depths, workers or a parameter, for programs. Computes nothing: see data/sweep.h.
 *
 * "sweeps" of the JSON of a run: [ {
 *   "axis", "kernel" (or null), "memcgs" ("each", or null), "bench", "metric", "unit", "state" (of the arm; of the axis "depth": "child"),
 *   "points": [ { "x", "item", "arm", "value", "low", "high", "nr" (observations), "efficiency", "efficiency_low",
 *     "efficiency_high", "fairness", "spread" } ],
 *   "fit": null or { "slope", "slope_low", "slope_high", "intercept", "intercept_low", "intercept_high", "nr", "misfit" }
 * } ]; null where there is no number.
 */
#ifndef OUT_SWEEP_JSON_H
#define OUT_SWEEP_JSON_H

#include <jansson.h>

#include "data/sweep.h"

/* A new reference; NULL: no memory. */
json_t *sweep_json(const struct sweep *sweep);

#endif
