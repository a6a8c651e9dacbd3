// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KCIDB, schema 5.0 (kernelci/kcidb-io, kcidb_io/schema/v05_00.py): the candidate as a checkout and a build, each row as a test of it. Which
 * commit it is of is not known from a kernel's image: the checkout says its name and release in words, and whoever submits it
 * may add git_commit_hash.
 */
#include "out/export_private.h"

#include <math.h>
#include <string.h>

#include "out/explain_compare.h"
#include "out/function_verdicts.h"

#define ORIGIN "memcgbench"

/* "memcgbench:RUN:KIND[:REST]". malloc'd; NULL without memory. */
static char *make_id(const struct compare *compare, const char *rest)
{
	char *id;

	if (asprintf(&id, ORIGIN ":%s:%s%s%s", label_string(compare->cand.data->run, "run"), compare->cand.name,
		     *rest ? ":" : "", rest) < 0)
		return NULL;
	return id;
}

/* Incomparable: not measured alike, so nothing was tested. Inconclusive: measured, and no more is known. */
static const char *status_of(enum export_outcome outcome)
{
	switch (outcome) {
	case EXPORT_PASS:
		return "PASS";
	case EXPORT_FAIL:
		return "FAIL";
	case EXPORT_UNKNOWN:
		return "DONE";
	case EXPORT_SKIP:
		return "SKIP";
	default:
		return "ERROR";
	}
}

static json_t *number_or_null(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *misc_json(const struct export_table *table, const struct export_row *export)
{
	const struct compare_row *row = export->row;
	/* Left out (by the "*" below) where nothing is known. */
	json_t *functions = compare_functions_json(table->compare, row);

	if (json_is_null(functions)) {
		json_decref(functions);
		functions = NULL;
	}
	return json_pack("{s:{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o*, s:o*, s:o*}}", "memcgbench", "verdict", compare_verdict_name(row->verdict),
			 "clock", table->compare->clock, "base_kernel", table->compare->base.name, "base",
			 number_or_null(row->base), "change", number_or_null(row->change.value), "delta",
			 number_or_null(row->delta), "memcg_cost", row->below ? number_or_null(row->cand_overhead) : json_null(),
			 "change_of_memcg_cost", row->below != NULL, "functions", functions, "row_verdict",
			 row->functions ? json_string(compare_verdict_name(row->row_verdict)) : NULL, "function_verdicts",
			 row->functions ? function_verdicts_json(row->functions) : NULL);
}

static json_t *test_json(const struct export_table *table, const struct export_row *row, const char *build_id)
{
	__free_mem char *id = make_id(table->compare, row->id), *path = NULL;
	const char *started = label_string(table->compare->cand.data->run, "started");
	json_t *test;

	if (!id || asprintf(&path, ORIGIN ".%s", row->id) < 0)
		return NULL;
	test = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", id, "build_id", build_id, "origin", ORIGIN, "path", path,
			 "status", status_of(row->outcome), "comment", row->text, "misc", misc_json(table, row));
	if (test && *started)
		json_object_set_new(test, "start_time", json_string(started));
	if (test && isfinite(row->row->cand))
		json_object_set_new(test, "number", json_pack("{s:f, s:s}", "value", row->row->cand, "unit", row->unit));
	return test;
}

static json_t *checkout_json(const struct compare *compare, const char *id)
{
	char comment[300];

	snprintf(comment, sizeof(comment), "%s: %s", compare->cand.name, compare->cand.release);
	return json_pack("[{s:s, s:s, s:s}]", "id", id, "origin", ORIGIN, "comment", comment);
}

static json_t *build_json(const struct compare *compare, const char *id)
{
	const char *arch = export_fact(&compare->cand, "arch");
	json_t *build = json_pack("{s:s, s:s, s:s, s:s}", "id", id, "checkout_id", id, "origin", ORIGIN, "comment",
				  compare->cand.release);

	if (build && *arch)
		json_object_set_new(build, "architecture", json_string(arch));
	return json_pack("[o]", build);
}

int put_kcidb(const struct export_table *table, FILE *out)
{
	__free_mem char *id = make_id(table->compare, "");
	json_t *tests = json_array();

	for (size_t i = 0; id && i < table->nr_rows; i++) {
		if (json_array_append_new(tests, test_json(table, &table->rows[i], id))) {
			json_decref(tests);
			return export_json(NULL, out);
		}
	}
	if (!id) {
		json_decref(tests);
		return export_json(NULL, out);
	}
	return export_json(json_pack("{s:{s:i, s:i}, s:o, s:o, s:o}", "version", "major", 5, "minor", 0, "checkouts",
				     checkout_json(table->compare, id), "builds", build_json(table->compare, id), "tests", tests),
			   out);
}
