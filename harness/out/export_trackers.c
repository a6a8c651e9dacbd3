// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is followed over time: the candidate's numbers, for github-action-benchmark (its README, "customSmallerIsBetter") and for Bencher
 * (its reference, "Bencher Metric Format"). They compare with their own history, so the verdict is a remark here.
 */
#include "out/export_private.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static json_t *gha_entry(const struct export_series *series)
{
	double low, high;
	char range[96];

	export_range(&series->cand, &low, &high);
	snprintf(range, sizeof(range), "%.6g to %.6g of %zu", low, high, series->cand.nr);
	return json_pack("{s:s, s:s, s:f, s:s, s:s}", "name", series->path, "unit", series->row->unit, "value",
			 series->cand.value, "range", range, "extra", series->row->text);
}

/* One file is of one direction: what is better when it is more is left out. */
int put_gha(const struct export_table *table, FILE *out)
{
	json_t *list = json_array();

	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];

		if (!series->row->row->metric->lower_is_better || isnan(series->cand.value))
			continue;
		if (json_array_append_new(list, gha_entry(series))) {
			json_decref(list);
			return export_json(NULL, out);
		}
	}
	return export_json(list, out);
}

/* A measure's name there: at most 64 small letters, digits and "-": "insn/page" is "insn-per-page". Returns @buf. */
static char *measure_name(const char *unit, char *buf, size_t size)
{
	size_t at = 0;

	for (; *unit && at + sizeof("-per-") < size; unit++) {
		if (*unit == '/') {
			memcpy(buf + at, "-per-", 5);
			at += 5;
		} else {
			buf[at++] = isalnum((unsigned char)*unit) ? (char)tolower((unsigned char)*unit) : '-';
		}
	}
	buf[at] = '\0';
	return buf;
}

static json_t *bmf_entry(const struct export_series *series)
{
	char measure[64];
	double low, high;

	export_range(&series->cand, &low, &high);
	measure_name(series->row->unit, measure, sizeof(measure));
	if (isnan(low))
		return json_pack("{s:{s:f}}", measure, "value", series->cand.value);
	return json_pack("{s:{s:f, s:f, s:f}}", measure, "value", series->cand.value, "lower_value", low, "upper_value", high);
}

int put_bmf(const struct export_table *table, FILE *out)
{
	json_t *all = json_object();

	for (size_t i = 0; i < table->nr_series; i++) {
		const struct export_series *series = &table->series[i];

		if (isnan(series->cand.value))
			continue;
		if (json_object_set_new(all, series->path, bmf_entry(series))) {
			json_decref(all);
			return export_json(NULL, out);
		}
	}
	return export_json(all, out);
}
