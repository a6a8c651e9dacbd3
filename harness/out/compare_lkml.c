// SPDX-License-Identifier: GPL-2.0-or-later
/* The comparison as plain text of at most 75 columns: what a commit message or a cover letter can hold. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "out/compare_formats.h"
#include "out/number.h"
#include "out/table.h"

#define WIDTH 75

static const json_t *boot_with(const struct compare_side *side, bool memcg)
{
	const json_t *boot, *found = NULL;
	size_t i;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot) {
		bool has = strcmp(label_string(json_object_get(boot, "cgroup"), "version"), "none") != 0;

		if (side->kernel && strcmp(label_string(boot, "kernel"), side->kernel))
			continue;
		if (!found || has == memcg)
			found = boot;
		if (has == memcg)
			break;
	}
	return found;
}

static void put(FILE *out, const char *first, const char *fmt, ...) __printf(3, 4);

/* One paragraph of the header, filled. */
static void put(FILE *out, const char *first, const char *fmt, ...)
{
	__free_mem char *text = NULL, *filled = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	filled = table_fill(text, first, WIDTH);
	if (filled)
		fprintf(out, "%s\n", filled);
}

static void put_command(const struct compare_side *side, FILE *out)
{
	const json_t *command = json_object_get(side->data->run, "command"), *word;
	__free_mem char *text = NULL;
	size_t i, size;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	json_array_foreach(command, i, word)
		fprintf(line, "%s%s", i ? " " : "", json_string_value(word) ? json_string_value(word) : "?");
	fclose(line);
	put(out, "command:   ", "%s", text);
}

static void put_machine(const struct compare *compare, FILE *out)
{
	const json_t *run = compare->base.data->run, *guest = json_object_get(run, "guest");
	const json_t *boot = boot_with(&compare->base, true), *facts = json_object_get(boot, "facts");
	const json_t *topology = json_object_get(boot, "topology"), *cgroup = json_object_get(boot, "cgroup");
	char memory[32];

	format_size((uint64_t)json_integer_value(json_object_get(facts, "memory_bytes")), memory, sizeof(memory));
	if (guest)
		put(out, "machine:   ", "QEMU %s guest, %s, -cpu %s, %" JSON_INTEGER_FORMAT " CPUs, %" JSON_INTEGER_FORMAT " nodes, %s",
		    label_string(guest, "qemu_version"), label_string(guest, "accel"), label_string(guest, "cpu_model"),
		    json_integer_value(json_object_get(topology, "pus")), json_integer_value(json_object_get(topology, "nodes")), memory);
	else
		put(out, "machine:   ", "%s, %" JSON_INTEGER_FORMAT " CPUs, %" JSON_INTEGER_FORMAT " nodes, %s", label_string(facts, "cpu_model"),
		    json_integer_value(json_object_get(topology, "pus")), json_integer_value(json_object_get(topology, "nodes")), memory);
	put(out, "memory:    ", "cgroup %s, THP %s, MGLRU %s, swap %s", label_string(cgroup, "version"),
	    *label_string(facts, "thp_enabled") ? label_string(facts, "thp_enabled") : "not built in",
	    *label_string(facts, "lru_gen") ? label_string(facts, "lru_gen") : "not built in",
	    json_integer_value(json_object_get(facts, "swap_bytes")) ? "on" : "off");
}

static size_t nr_units(const struct compare *compare)
{
	size_t i, nr = 0;

	for (i = 0; i < compare->nr_rows; i++)
		nr = compare->rows[i].change.nr > nr ? compare->rows[i].change.nr : nr;
	return nr;
}

static void put_header(const struct compare *compare, FILE *out)
{
	bool insn = !strcmp(compare->clock, "insn");

	put(out, "base:      ", "%s (%s)", compare->base.name, compare->base.release);
	put(out, "candidate: ", "%s (%s)", compare->cand.name, compare->cand.release);
	put_machine(compare, out);
	put(out, "method:    ", "%s; %zu %s; memcgbench %s", insn ? "instructions, counted by QEMU TCG under -icount" : "nanoseconds",
	    nr_units(compare), compare->paired ? "boots a side and memcg state, paired by seed" : "blocks a side, one boot each",
	    label_string(json_object_get(compare->cand.data->run, "memcgbench"), "version"));
	put_command(&compare->base, out);
	if (compare->base.data != compare->cand.data)
		put_command(&compare->cand, out);
}

/* Ten letters of a name are enough to tell two columns apart. */
static void head(struct table *table, const char *name)
{
	table_head(table, "%.10s", name);
}

static void print_head(struct table *table, const struct compare *compare, const struct compare_row *row)
{
	char below[LABEL_MAX] = "control";

	if (row->below && row->base_item)
		label_arm(row->base_item, row->below, below);
	table_row(table);
	table_head(table, "metric");
	table_head(table, "memcg");
	head(table, compare->base.name);
	head(table, compare->cand.name);
	table_head(table, "change");
	table_head(table, "+/-");
	table_head(table, "%%");
	head(table, below);
	table_head(table, "%s", "");
}

static const char *mark(enum compare_verdict verdict)
{
	static const char *const marks[COMPARE_VERDICTS] = {
		[COMPARE_SAME] = "=",	     [COMPARE_EQUIVALENT] = "=",   [COMPARE_SMALL] = "~",	[COMPARE_IMPROVEMENT] = "better",
		[COMPARE_REGRESSION] = "WORSE", [COMPARE_INCONCLUSIVE] = "?", [COMPARE_INCOMPARABLE] = "n/a", [COMPARE_ERROR] = "ERROR",
	};

	return marks[verdict];
}

static void number_cell(struct table *table, double value, int decimals, bool sign)
{
	char text[NUMBER_MAX];

	if (isnan(value))
		table_cell(table, TABLE_PLAIN, "-");
	else
		table_cell(table, TABLE_PLAIN, "%s", sign ? number_estimate(value, decimals, text) : number_format(value, decimals, false, text));
}

static void print_row(struct table *table, const struct compare *compare, const struct compare_row *row)
{
	double half = (row->change.interval.high - row->change.interval.low) / 2;
	int decimals = compare_decimals(compare, row);
	char arm[LABEL_MAX];

	table_row(table);
	table_cell(table, TABLE_PLAIN, "%.14s", row->metric ? row->metric->name : "-");
	table_cell(table, TABLE_PLAIN, "%.9s", compare_arm_label(row, arm));
	number_cell(table, row->base.median, decimals, false);
	number_cell(table, row->cand.median, decimals, false);
	number_cell(table, row->change.value, decimals, true);
	if (row->change.method == COMPARE_EXACT)
		table_cell(table, TABLE_PLAIN, "0");
	else
		number_cell(table, half, decimals, false);
	number_cell(table, 100 * row->ratio, 1, true);
	number_cell(table, row->control.value, decimals, true);
	table_cell(table, TABLE_PLAIN, "%s", mark(row->verdict));
}

static int print_items(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	static const struct table_column columns[] = {
		{TABLE_LEFT, 1}, {TABLE_LEFT, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1},
		{TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_LEFT, 1},
	};
	struct table_look table_look = {.ascii = true};
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	char unit[LABEL_MAX];
	size_t i;
	int ret;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		__free_mem char *label = NULL, *heading = NULL, *filled = NULL;

		if (!i)
			print_head(table, compare, row);
		if (!i || !compare_same_item(row, row - 1)) {
			label = compare_item_label(compare, row, look);
			if (label && asprintf(&heading, "%s (%s)", label, compare_unit(compare, row, unit)) >= 0)
				filled = table_fill(heading, "", WIDTH);
			table_text(table, TABLE_PLAIN, "%s", filled ? filled : "?");
		}
		print_row(table, compare, row);
	}
	ret = table_print(table, &table_look, out);
	table_free(table);
	return ret;
}

int compare_lkml(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	char summary[256];
	size_t i;
	int ret;

	put_header(compare, out);
	fputc('\n', out);
	ret = print_items(compare, look, out);
	if (ret)
		return ret;
	fputc('\n', out);
	put(out, "", "%s. The change is that of memcg's own cost: what the op costs in the memcg less what it costs in the column before the last, "
		     "candidate against base. +/- is half of its 95 %% interval, 0 where every seed gave the same difference.",
	    compare_summary(compare, summary, sizeof(summary)));
	for (i = 0; i < compare->nr_rows; i++)
		if (compare->rows[i].why[0]) {
			char arm[LABEL_MAX];

			put(out, "  ", "%s (%s) %s: %s", compare->rows[i].metric ? compare->rows[i].metric->name : "-",
			    compare_arm_label(&compare->rows[i], arm), compare_verdict_name(compare->rows[i].verdict),
			    compare->rows[i].why);
		}
	for (i = 0; i < compare->nr_warnings; i++)
		put(out, "warning: ", "%s", compare->warnings[i]);
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}
