// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Google Benchmark's JSON (its docs/user_guide.md, "Output Formats"; read by tools/compare.py): one entry per value. The two sides lie in one
 * file, as base/NAME and candidate/NAME: `compare.py filters FILE base/ candidate/`. That format knows times only, and takes
 * less for better; counts and rates are left out. An instruction stands for a nanosecond, and the label says so.
 */
#include "out/export_private.h"

#include <string.h>

static json_t *context_json(const struct export_table *table)
{
	const struct compare *compare = table->compare;
	const json_t *topology = label_boot(compare->cand.data, "topology");

	/* Whoever runs Google Benchmark adds words of his own here: --benchmark_context=KEY=TEXT. */
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s*}", "date", label_string(compare->cand.data->run, "started"), "executable",
			 "memcgbench", "num_cpus", json_integer_value(json_object_get(topology, "pus")), "clock", compare->clock,
			 "base", compare->base.name, "candidate", compare->cand.name, "not_compared",
			 *table->missing ? table->missing : NULL);
}

static int add_side(const struct export_series *series, const char *side_name, const struct export_side *side, size_t family,
		    json_t *list)
{
	const struct compare_row *row = series->row->row;
	const struct rundata_item *item = row->base_item ? row->base_item : row->cand_item;
	size_t nr_workers = json_array_size(item->workers);
	char *name;
	int ret = 0;

	if (asprintf(&name, "%s/%s", side_name, series->path) < 0)
		return -1;
	for (size_t i = 0; !ret && i < side->nr; i++)
		ret = json_array_append_new(
			list, json_pack("{s:s, s:I, s:i, s:s, s:s, s:I, s:I, s:I, s:i, s:f, s:f, s:s, s:s}", "name", name,
					"family_index", (json_int_t)family, "per_family_instance_index", 0, "run_name", name,
					"run_type", "iteration", "repetitions", (json_int_t)side->nr, "repetition_index",
					(json_int_t)i, "threads", (json_int_t)(nr_workers ? nr_workers : 1), "iterations", 1,
					"real_time", side->values[i], "cpu_time", side->values[i], "time_unit", "ns", "label",
					series->row->unit));
	free(name);
	return ret;
}

int put_gbench(const struct export_table *table, FILE *out)
{
	json_t *list = json_array(), *context = context_json(table);
	int ret = 0;

	for (size_t i = 0; !ret && i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];

		if (!export_is_time(series))
			continue;
		ret = add_side(series, "base", &series->base, 2 * i, list);
		if (!ret)
			ret = add_side(series, "candidate", &series->cand, 2 * i + 1, list);
	}
	if (ret) {
		json_decref(list);
		json_decref(context);
		return export_json(NULL, out);
	}
	return export_json(json_pack("{s:o, s:o}", "context", context, "benchmarks", list), out);
}
