// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/compare_formats.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/export.h"

const struct compare_format compare_formats[] = {
	{"text", "a table for a terminal", compare_text},
	{"lkml", "plain text of 75 columns, for a mail or a commit message", compare_lkml},
	{"md", "a table in Markdown", compare_md},
	{"csv", "one line per row, with a heading", compare_csv},
	{"json", "everything, with a versioned schema", compare_json},
	{"lkp", "the table of the 0-day robot's reports", export_lkp},
	{"benchfmt", "Go's benchmark format: benchstat -col kernel FILE", export_benchfmt},
	{"gbench", "Google Benchmark's JSON: compare.py filters FILE base/ candidate/", export_gbench},
	{"gha", "github-action-benchmark, customSmallerIsBetter: the candidate", export_gha},
	{"bmf", "Bencher Metric Format: the candidate", export_bmf},
	{"kcidb", "KCIDB, schema 5.0: a test per row", export_kcidb},
	{"ktap", "KTAP version 1: a regression is \"not ok\"", export_ktap},
	{"lava", "test signals of LAVA: a test case per row", export_lava},
	{NULL, NULL, NULL},
};

const struct compare_format *compare_format_find(const char *name)
{
	const struct compare_format *format;

	for (format = compare_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}

static const struct rundata_item *item_of(const struct compare_row *row)
{
	return row->base_item ? row->base_item : row->cand_item;
}

char *compare_item_label(const struct compare *compare, const struct compare_row *row, const struct compare_look *look)
{
	const struct rundata *data = row->base_item ? compare->base.data : compare->cand.data;

	return label_item_unique(data, item_of(row), look->defaults);
}

char *compare_arm_label(const struct compare_row *row, char *buf)
{
	if (row->arm)
		return label_arm(item_of(row), row->arm, buf);
	snprintf(buf, LABEL_MAX, "-");
	return buf;
}

char *compare_unit(const struct compare *compare, const struct compare_row *row, char *buf)
{
	if (row->metric && row->metric->unit && *row->metric->unit && row->metric->is_count)
		snprintf(buf, LABEL_MAX, "%s", row->metric->unit);
	else
		snprintf(buf, LABEL_MAX, "%s/%s", compare->clock, row->metric && row->metric->op ? row->metric->op : "op");
	return buf;
}

int compare_decimals(const struct compare *compare, const struct compare_row *row)
{
	if (row->metric && row->metric->is_count)
		return 3;
	return !strcmp(compare->clock, "insn") || !(row->base.median >= 1000) ? 1 : 0;
}

char *compare_summary(const struct compare *compare, char *buf, size_t size)
{
	static const struct {
		enum compare_verdict verdict;
		const char *one, *many;
	} order[] = {
		{COMPARE_REGRESSION, "regression", "regressions"},
		{COMPARE_ERROR, "error", "errors"},
		{COMPARE_INCOMPARABLE, "incomparable", "incomparable"},
		{COMPARE_IMPROVEMENT, "improvement", "improvements"},
		{COMPARE_SMALL, "small", "small"},
		{COMPARE_INCONCLUSIVE, "inconclusive", "inconclusive"},
		{COMPARE_EQUIVALENT, "equivalent", "equivalent"},
		{COMPARE_SAME, "same", "same"},
	};
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(order) && len < size; i++) {
		size_t nr = compare->count[order[i].verdict];

		if (nr)
			len += (size_t)snprintf(buf + len, size - len, "%s%zu %s", len ? ", " : "", nr,
						nr == 1 ? order[i].one : order[i].many);
	}
	return buf;
}

bool compare_same_item(const struct compare_row *a, const struct compare_row *b)
{
	return a->base_item == b->base_item && a->cand_item == b->cand_item;
}
