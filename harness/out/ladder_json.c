// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/ladder_json.h"

#include <math.h>
#include <stdint.h>

#include "out/label.h"

static json_t *number(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *cost_json(const struct ladder_cost *cost, size_t nr_seeds)
{
	json_t *by_seed;
	size_t i;

	if (!cost->nr)
		return json_null();
	by_seed = json_array();
	for (i = 0; i < nr_seeds; i++)
		json_array_append_new(by_seed, number(cost->by_seed[i]));
	return json_pack("{s:o, s:o, s:o, s:o}", "mean", number(cost->mean), "low", number(cost->low), "high",
			 number(cost->high), "by_seed", by_seed);
}

static json_t *costs_json(const struct ladder_cost *costs, size_t nr, size_t nr_seeds)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(json, cost_json(&costs[i], nr_seeds));
	return json;
}

/* Why not to take a row for exact, by arm. */
static json_t *doubts_json(const struct ladder *ladder, const struct ladder_row *row)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < row->item->nr_arms; i++) {
		if (row->floor[i].nr_alone)
			json_array_append_new(json, json_pack("{s:s, s:i, s:i, s:o}", "code", "no-floor", "arm", (int)i, "seeds",
							      (int)row->floor[i].nr_alone, "gap", number(row->floor[i].gap)));
		if (ladder_seeds_differ(ladder, row, i))
			json_array_append_new(json, json_pack("{s:s, s:i}", "code", "seeds-differ", "arm", (int)i));
	}
	return json;
}

static json_t *row_json(const struct ladder *ladder, const struct ladder_row *row)
{
	size_t nr = row->item->nr_arms, seeds = ladder->nr_seeds;

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "metric", row->metric->name, "unit", row->metric->unit,
			 "better", row->metric->lower_is_better ? "lower" : "higher", "kernel",
			 ladder->kernels[row->kernel], "cost", costs_json(row->arm, nr, seeds), "overhead",
			 costs_json(row->overhead, nr, seeds), "change", costs_json(row->change, nr, seeds), "doubts",
			 doubts_json(ladder, row));
}

static json_t *arms_json(const struct rundata_item *item)
{
	json_t *json = json_array();
	size_t i;

	for (i = 0; i < item->nr_arms; i++)
		json_array_append_new(json, json_pack("{s:s, s:i, s:o}", "state", item->arms[i].state, "depth",
						      (int)item->arms[i].depth, "limit_bytes",
						      item->arms[i].limit_bytes == UINT64_MAX
							      ? json_null()
							      : json_integer((json_int_t)item->arms[i].limit_bytes)));
	return json;
}

static json_t *item_json(const struct ladder *ladder, const struct rundata_item *item)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < ladder->nr_rows; i++)
		if (ladder->rows[i].item == item)
			json_array_append_new(rows, row_json(ladder, &ladder->rows[i]));
	return json_pack("{s:i, s:s, s:i, s:s, s:O, s:s, s:O, s:o, s:O, s:O, s:o}", "item", (int)item->item, "bench",
			 item->bench, "bench_version", (int)item->bench_version, "op", item->op, "params", item->params,
			 "mode", item->mode, "workers", item->workers, "arms", arms_json(item), "warnings",
			 item->warnings, "errors", item->errors, "rows", rows);
}

json_t *ladder_json(const struct rundata *data, const struct ladder *ladder)
{
	json_t *kernels = json_array(), *seeds = json_array(), *items = json_array(), *variants = json_object(), *no_memcg = json_array(),
	       *off_of = json_object();
	size_t i;

	for (i = 0; i < ladder->nr_kernels; i++) {
		json_array_append_new(kernels, json_string(ladder->kernels[i]));
		if (ladder->variant_of[i] != SIZE_MAX)
			json_object_set_new(variants, ladder->kernels[i], json_string(ladder->kernels[ladder->variant_of[i]]));
		if (ladder->off_of[i] != i)
			json_object_set_new(off_of, ladder->kernels[i], json_string(ladder->kernels[ladder->off_of[i]]));
		if (ladder->no_memcg[i])
			json_array_append_new(no_memcg, json_string(ladder->kernels[i]));
	}
	for (i = 0; i < ladder->nr_seeds; i++)
		json_array_append_new(seeds, json_integer((json_int_t)ladder->seeds[i]));
	for (i = 0; i < data->nr_items; i++)
		json_array_append_new(items, item_json(ladder, &data->items[i]));
	return json_pack("{s:s, s:i, s:s, s:s, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:O, s:o}", "schema", "memcgbench-ladder",
			 "schema_version", 1, "run", label_string(data->run, "run"), "status",
			 label_string(data->run, "status"), "complete", data->complete, "clock", label_clock(data),
			 "kernels", kernels, "variants", variants, "off_of", off_of, "no_memcg", no_memcg,
			 "seeds", seeds, "notes", data->notes, "items", items);
}
