// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/overhead_json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>

#include "base/err.h"
#include "out/label.h"

/* JSON knows no NaN and no infinity. */
static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *string_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* What run.json has there, shared; null when it has nothing. */
static json_t *stored(const json_t *value)
{
	return value ? json_incref((json_t *)value) : json_null();
}

static json_t *estimate(double value, const struct stats_interval *interval, const char *unit)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:s}", "estimate", number(value), "low",
			 number(interval->low), "high", number(interval->high), "confidence",
			 number(interval->confidence), "unit", unit);
}

static json_t *warnings(const struct overhead_warning *warning, size_t nr)
{
	json_t *list = json_array();
	size_t i;

	/* A failure anywhere makes json_array_append_new() fail on the NULL; the caller's pack then
	 * fails too. */
	for (i = 0; i < nr; i++) {
		if (json_array_append_new(list, json_pack("{s:s, s:s}", "code", warning[i].code,
							  "text", warning[i].text))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static const char *verdict_name(enum overhead_verdict verdict)
{
	static const char *const names[] = {
		[OVERHEAD_NONE] = "none",
		[OVERHEAD_EQUIVALENT] = "equivalent",
		[OVERHEAD_INCONCLUSIVE] = "inconclusive",
		[OVERHEAD_SMALL] = "small",
		[OVERHEAD_MORE] = "more",
		[OVERHEAD_LESS] = "less",
	};

	return names[verdict];
}

static json_int_t arm_index(const struct rundata_item *item, const struct rundata_arm *arm)
{
	return arm - item->arms;
}

static json_t *row_json(const struct overhead_row *row)
{
	const struct rundata_metric *metric = row->metric;
	json_t *detectable = json_pack("{s:o, s:s, s:o, s:f, s:f}", "difference",
				       number(row->detectable_ns), "unit", metric->unit, "ratio",
				       number(row->detectable_ratio), "power", 0.8, "alpha", 0.05);

	return json_pack(
		"{s:s, s:o, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s, s:o, "
		"s:o}",
		"metric", metric->name, "help", string_or_null(metric->help), "op", metric->op,
		"unit", metric->unit, "better", metric->lower_is_better ? "lower" : "higher",
		"base_arm", arm_index(row->item, row->base), "arm", arm_index(row->item, row->arm),
		"blocks", (json_int_t)row->nr_blocks, "outliers", (json_int_t)row->nr_outliers,
		"base", estimate(row->base_ns, &row->base_interval, metric->unit), "value",
		estimate(row->arm_ns, &row->arm_interval, metric->unit), "difference",
		estimate(row->diff_ns, &row->diff_interval, metric->unit), "ratio",
		estimate(row->ratio, &row->ratio_interval, "1"), "detectable", detectable,
		"verdict", verdict_name(row->verdict), "why",
		row->verdict == OVERHEAD_NONE ? string_or_null(row->why) : json_null(), "warnings",
		warnings(row->warnings, row->nr_warnings));
}

static json_t *histogram(const struct overhead_latency_row *row)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < row->nr_buckets; i++) {
		if (json_array_append_new(list,
					  json_pack("[I, I]", (json_int_t)row->histogram[i][0],
						    (json_int_t)row->histogram[i][1]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *latency_json(const struct overhead_latency_row *row, const char *clock)
{
	return json_pack("{s:s, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "metric",
			 row->metric->name, "arm", arm_index(row->item, row->arm), "count",
			 (json_int_t)row->count, "unit", clock, "clock_cost",
			 number(row->clock_cost_ns), "min", number(row->min_ns), "p50",
			 number(row->p50_ns), "p90", number(row->p90_ns), "p99",
			 number(row->p99_ns), "p99.9", number(row->p999_ns), "max",
			 number(row->max_ns), "histogram", histogram(row));
}

static json_t *arms_json(const struct rundata_item *item)
{
	json_t *list = json_array();
	char label[LABEL_MAX];
	size_t i;

	for (i = 0; i < item->nr_arms; i++) {
		const struct rundata_arm *arm = &item->arms[i];
		json_t *limit = arm->limit_bytes == UINT64_MAX
					? json_null()
					: json_integer((json_int_t)arm->limit_bytes);

		if (json_array_append_new(
			    list,
			    json_pack("{s:I, s:s, s:s, s:I, s:o}", "arm", (json_int_t)i, "label",
				      label_arm(item, arm, label), "state", arm->state, "depth",
				      (json_int_t)arm->depth, "limit_bytes", limit))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *rows_json(const struct overhead *overhead, const struct rundata_item *item)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < overhead->nr_rows; i++) {
		if (overhead->rows[i].item == item &&
		    json_array_append_new(list, row_json(&overhead->rows[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *latencies_json(const struct overhead *overhead, const struct rundata_item *item,
			      const char *clock)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < overhead->nr_latencies; i++) {
		if (overhead->latencies[i].item == item &&
		    json_array_append_new(list, latency_json(&overhead->latencies[i], clock))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *item_json(const struct rundata *data, const struct overhead *overhead,
			 const struct rundata_item *item)
{
	return json_pack(
		"{s:I, s:s, s:I, s:s?, s:o, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:o, s:o, s:o}",
		"item", (json_int_t)item->item, "bench", item->bench, "bench_version",
		(json_int_t)item->bench_version, "op", item->op, "params", stored(item->params),
		"mode", item->mode, "place", item->place, "memory", item->memory, "workers",
		stored(item->workers), "arms", arms_json(item), "warnings", stored(item->warnings),
		"errors", stored(item->errors), "rows", rows_json(overhead, item), "latencies",
		latencies_json(overhead, item, label_clock(data)));
}

static json_t *items_json(const struct rundata *data, const struct overhead *overhead)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < data->nr_items; i++) {
		if (json_array_append_new(list, item_json(data, overhead, &data->items[i]))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

int overhead_json(const struct rundata *data, const struct overhead *overhead, json_t **ret_json)
{
	const char *clock = label_clock(data);
	json_t *delta = json_pack("{s:o, s:o, s:s}", "ratio", number(overhead->delta_ratio),
				  "per_op", number(overhead->delta_ns), "unit", clock);
	json_t *json = json_pack(
		"{s:s, s:i, s:o, s:o, s:b, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
		"schema", OVERHEAD_JSON_SCHEMA, "schema_version", OVERHEAD_JSON_SCHEMA_VERSION,
		"run", string_or_null(label_string(data->run, "run")), "status",
		string_or_null(label_string(data->run, "status")), "complete", (int)data->complete,
		"doubt", string_or_null(data->doubt), "clock", clock, "memcgbench",
		stored(json_object_get(data->run, "memcgbench")), "command",
		stored(json_object_get(data->run, "command")), "facts",
		stored(label_boot(data, "facts")), "cgroup", stored(label_boot(data, "cgroup")),
		"topology", stored(label_boot(data, "topology")), "delta", delta, "warnings",
		warnings(overhead->warnings, overhead->nr_warnings), "notes", stored(data->notes),
		"items", items_json(data, overhead));

	if (!json)
		return err_set(ENOMEM,
			       "make JSON of run %s: no memory, or a name that is not UTF-8",
			       data->dir);
	*ret_json = json;
	return 0;
}
