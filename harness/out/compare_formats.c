// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/compare_formats.h"

#include <string.h>

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
