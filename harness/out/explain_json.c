// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "data/explain_change.h"
#include "data/slowpaths.h"
#include "out/explain.h"

static json_t *number(double value)
{
	return isnan(value) ? json_null() : json_real(value);
}

static json_t *rep_json(const struct explain_rep *rep)
{
	json_t *functions = json_array(), *calls = json_array();
	size_t i;

	for (i = 0; i < rep->nr_functions; i++) {
		const struct explain_function *f = &rep->functions[i];

		json_array_append_new(functions, json_pack("{s:s, s:f, s:f, s:f}", "name", f->name, "self", f->self, "inclusive",
							   f->inclusive, "calls", f->calls));
	}
	for (i = 0; i < rep->nr_edges; i++) {
		const struct explain_edge *e = &rep->edges[i];

		json_array_append_new(calls, json_pack("{s:s, s:s, s:f, s:f}", "caller", rep->functions[e->caller].name, "callee",
						       rep->functions[e->callee].name, "inclusive", e->inclusive, "calls", e->calls));
	}
	return json_pack("{s:i, s:i, s:I, s:I, s:I, s:I, s:f, s:b, s:o, s:o}", "boot", (int)rep->boot, "rep", (int)rep->rep, "seed",
			 (json_int_t)rep->seed, "ops", (json_int_t)rep->ops, "elapsed", (json_int_t)rep->elapsed, "insns",
			 (json_int_t)rep->insns, "cost", rep->cost, "shared_clock", rep->is_shared_clock, "functions", functions,
			 "edges", calls);
}

/* Calls per op of the named functions; null: the kernel has no such function. */
static json_t *slowpaths_json(const struct explain_side *side)
{
	json_t *paths = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(slowpaths); i++) {
		const struct explain_function *function = explain_rep_find(&side->with, slowpaths[i].name);

		json_object_set_new(paths, slowpaths[i].name,
				    symbols_has(&side->symbols, slowpaths[i].name) ? json_real(function ? function->calls : 0)
										   : json_null());
	}
	return paths;
}

static json_t *side_json(const struct explain_side *side)
{
	json_t *json = json_pack("{s:s, s:s, s:o, s:o}", "kernel", side->kernel, "arm", side->arm_name, "with", rep_json(&side->with),
				 "slowpaths", slowpaths_json(side));

	if (side->has_off)
		json_object_set_new(json, "off", rep_json(&side->off));
	return json;
}

static json_t *rows_json(const struct explain_view *view)
{
	json_t *rows = json_array();
	size_t i;

	for (i = 0; i < view->nr_rows; i++) {
		const struct explain_row *row = &view->rows[i];
		json_t *json = json_pack("{s:s, s:f, s:f, s:f}", "name", row->name, "old", row->old_self, "new", row->new_self, "change",
					 row->change);

		if (view->old && view->has_off)
			json_object_set_new(json, "off_change", json_real(row->off_change));
		if (row->note != EXPLAIN_PLAIN)
			json_object_set_new(json, "note", json_string(explain_note_name(row->note)));
		if (row->was)
			json_object_set_new(json, "was", json_string(row->was));
		json_array_append_new(rows, json);
	}
	return rows;
}

json_t *explain_json(const struct explain_print *print)
{
	const struct explain_view *view = print->view;
	const struct rundata_metric *metric = &view->new->item->metrics[view->new->metric];
	json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:f, s:f, s:f, s:o}", "schema", "memcgbench-explain", "schema_version",
				 1, "bench", view->new->item->bench, "metric", metric->name, "op", metric->op, "median",
				 number(print->median), "old_cost", view->old_cost, "new_cost", view->new_cost, "change",
				 view->change, "rows", rows_json(view));

	if (!json)
		return NULL;
	if (view->old && view->has_off)
		json_object_set_new(json, "off_change", json_real(view->off_change));
	if (view->old)
		json_object_set_new(json, "old", side_json(view->old));
	json_object_set_new(json, "new", side_json(view->new));
	return json;
}
