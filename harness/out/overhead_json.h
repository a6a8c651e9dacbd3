/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead_json.h - what memcg costs on one kernel, for programs.
 *
 * Every number of struct overhead, unrounded, each beside its unit; null where there is none.
 * Decides and computes nothing.
 *
 * {
 *   "schema": "memcgbench-overhead", "schema_version": 1,
 *   "run", "status", "complete", "doubt" (or null), "clock", "memcgbench" {…}, "command" […],
 *   "facts" {…}, "cgroup" {…}, "topology" {…}		as run.json has them (null when missing)
 *   "delta": { "ratio", "per_op", "unit" }		the larger of the two counts
 *   "warnings": [ { "code", "text" } ], "notes": [ … ]	of the run; notes: records of no item as
 * stored "items": [ { "item", "bench", "bench_version", "op", "params" {…}, "mode", "place",
 * "memory", "workers" […], "arms": [ { "arm", "label", "state", "depth", "limit_bytes" (or null) }
 * ], "warnings" […], "errors" […]			records as stored; errors: "error" and
 * "skip" "rows": [ { "metric", "help", "op", "unit", "better": "lower" or "higher", "base_arm",
 * "arm"				indices into "arms" "blocks", "outliers", "base", "value",
 * "difference": { "estimate", "low", "high", "confidence", "unit" } "ratio": the same, a fraction
 * of base with unit "1" "detectable": { "difference", "unit", "ratio", "power": 0.8, "alpha": 0.05
 * }, "verdict": "none", "equivalent", "inconclusive", "small", "more" or "less", "why" (or null),
 *       "warnings": [ { "code", "text" } ]
 *     } ],
 *     "latencies": [ {
 *       "metric", "arm", "count", "unit", "clock_cost" (subtracted already), "min", "p50", "p90",
 * "p99", "p99.9", "max", "histogram": [ [ lower bound, count ], … ] } ] } ]
 * }
 */
#ifndef OUT_OVERHEAD_JSON_H
#define OUT_OVERHEAD_JSON_H

#include <jansson.h>

#include "base/util.h"
#include "data/overhead.h"
#include "data/rundata.h"

#define OVERHEAD_JSON_SCHEMA	     "memcgbench-overhead"
#define OVERHEAD_JSON_SCHEMA_VERSION 1

/* *ret_json: a new reference. -ENOMEM: no memory, or a name that is not UTF-8. */
int overhead_json(const struct rundata *data, const struct overhead *overhead,
		  json_t **ret_json) __must_check;

#endif
