// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison as JSON (docs/compare.schema.json). A number that was not measured is null. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"
#include "out/compare_formats.h"
#include "out/explain_compare.h"
#include "out/function_verdicts.h"

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *side_json(const struct compare_side *side)
{
	return json_pack("{s:s, s:s, s:s}", "name", side->name, "release", side->release, "run", side->data->dir);
}

static json_t *change_json(const struct compare_change *change)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:I}", "value", number(change->value), "low",
			 number(change->interval.low), "high", number(change->interval.high), "low_90", number(change->low_90), "high_90",
			 number(change->high_90), "confidence", number(change->interval.confidence), "method",
			 compare_method_name(change->method), "p", number(change->p), "sigma", number(change->sigma), "n",
			 (json_int_t)change->nr);
}

/* null where reps and boots cannot be told apart. */
static json_t *nested_json(const struct compare_nested *nested)
{
	if (isnan(nested->within))
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:I, s:I}", "within", number(nested->within), "between", number(nested->between), "reps",
			 number(nested->reps), "reps_wanted", (json_int_t)nested->reps_wanted, "units_wanted",
			 (json_int_t)nested->units_wanted);
}

static json_t *arm_json(const struct rundata_arm *arm)
{
	if (!arm)
		return json_null();
	return json_pack("{s:s, s:i, s:o}", "state", arm->state, "depth", (int)arm->depth, "limit_bytes",
			 arm->limit_bytes == UINT64_MAX ? json_null() : json_integer((json_int_t)arm->limit_bytes));
}

static json_t *doubts_json(const struct compare_row *row)
{
	json_t *doubts = json_array();
	size_t i;

	for (i = 0; i < row->nr_doubts; i++)
		json_array_append_new(doubts, json_string(row->doubts[i]));
	return doubts;
}

static json_t *row_json(const struct compare *compare, const struct compare_row *row, const struct compare_look *look)
{
	const struct rundata_item *item = row->base_item ? row->base_item : row->cand_item;
	__free_mem char *label = compare_item_label(compare, row, look);
	char unit[LABEL_MAX];
	json_t *json = json_pack("{s:s, s:s?, s:O, s:I, s:s?, s:s, s:s, s:o, s:o}", "bench", item->bench, "label", label, "params",
				 item->params, "workers", (json_int_t)json_array_size(item->workers), "metric",
				 row->metric ? row->metric->name : NULL, "unit", compare_unit(compare, row, unit), "better",
				 !row->metric || row->metric->lower_is_better ? "lower" : "higher", "arm", arm_json(row->arm),
				 "below", arm_json(row->below));

	if (!json)
		return NULL;
	json_object_set_new(json, "base", number(row->base));
	json_object_set_new(json, "candidate", number(row->cand));
	json_object_set_new(json, "base_below", number(row->base_below));
	json_object_set_new(json, "candidate_below", number(row->cand_below));
	json_object_set_new(json, "base_overhead", number(row->base_overhead));
	json_object_set_new(json, "candidate_overhead", number(row->cand_overhead));
	json_object_set_new(json, "change", change_json(&row->change));
	json_object_set_new(json, "control", change_json(&row->control));
	json_object_set_new(json, "total", change_json(&row->total));
	if (compare->nr_resamples)
		json_object_set_new(json, "bootstrap", json_pack("{s:o, s:o, s:I}", "low", number(row->bootstrap.low), "high",
								 number(row->bootstrap.high), "resamples", (json_int_t)compare->nr_resamples));
	json_object_set_new(json, "nested", nested_json(&row->nested));
	json_object_set_new(json, "ratio", number(row->ratio));
	json_object_set_new(json, "delta", number(row->delta));
	json_object_set_new(json, "p_holm", number(row->p_holm));
	json_object_set_new(json, "detectable", number(row->detectable));
	json_object_set_new(json, "units_wanted", json_integer((json_int_t)row->nr_wanted));
	json_object_set_new(json, "verdict", json_string(compare_verdict_name(row->verdict)));
	json_object_set_new(json, "why", json_string(row->why));
	json_object_set_new(json, "doubts", doubts_json(row));
	json_object_set_new(json, "functions", compare_functions_json(compare, row));
	json_object_set_new(json, "row_verdict", json_string(compare_verdict_name(row->row_verdict)));
	json_object_set_new(json, "function_verdicts", function_verdicts_json(row->functions));
	return json;
}

static void add_missing(void *ctx, const char *what, const char *why, bool failed)
{
	json_array_append_new(ctx, json_pack("{s:s, s:s, s:b}", "what", what, "why", why, "failed", failed));
}

static json_t *to_json(const struct compare *compare, const struct compare_look *look)
{
	json_t *rows = json_array(), *counts = json_object(), *warnings = json_array(), *missing = json_array();
	size_t i;

	if (compare_missing_each(compare, look, add_missing, missing))
		return NULL;

	for (i = 0; i < compare->nr_rows; i++)
		json_array_append_new(rows, row_json(compare, &compare->rows[i], look));
	for (i = 0; i < COMPARE_VERDICTS; i++)
		json_object_set_new(counts, compare_verdict_name((enum compare_verdict)i),
				    json_integer((json_int_t)compare->count[i]));
	for (i = 0; i < compare->nr_warnings; i++)
		json_array_append_new(warnings, json_string(compare->warnings[i]));
	return json_pack("{s:s, s:i, s:s, s:b, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "schema", "memcgbench-compare", "schema_version", 1,
			 "clock", compare->clock, "paired", compare->paired, "tests",
			 (json_int_t)compare->nr_tested, "base", side_json(&compare->base), "candidate",
			 side_json(&compare->cand), "counts", counts, "missing", missing, "warnings", warnings, "rows", rows);
}

int compare_json(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	json_t *json = to_json(compare, look);
	int ret;

	if (!json)
		return err_sys(ENOMEM, "memory for JSON");
	ret = json_dumpf(json, out, JSON_INDENT(2)) ? err_set(EIO, "the comparison could not be written") : 0;
	fputc('\n', out);
	json_decref(json);
	return ret;
}
