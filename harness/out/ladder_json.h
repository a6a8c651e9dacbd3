/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder_json.h - what memcg costs kernel by kernel, for programs. Computes nothing: see data/ladder.h.
 *
 * {
 *   "schema": "memcgbench-ladder", "schema_version": 1, "run", "status", "complete", "clock",
 *   "kernels": [ name, … ], "seeds": [ … ], "notes": [ records of no item ],
 *   "items": [ {
 *     "item", "bench", "bench_version", "op", "params" {…}, "mode", "workers" […],
 *     "arms": [ { "state", "depth", "limit_bytes" (or null) } ], "warnings" […], "errors" […],
 *     "rows": [ { "metric", "unit", "better", "kernel",
 *       "cost", "overhead", "change": one entry per arm, { "mean", "low", "high", "by_seed": […] }, null where
 *       there is nothing; overhead: arm − off; change: against the first kernel, of the overhead (arm 0: of the cost) } ]
 *   } ]
 * }
 */
#ifndef OUT_LADDER_JSON_H
#define OUT_LADDER_JSON_H

#include <jansson.h>

#include "data/ladder.h"

/* A new reference; NULL: no memory. */
json_t *ladder_json(const struct rundata *data, const struct ladder *ladder);

#endif
