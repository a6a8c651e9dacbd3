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
#include "out/explain_compare.h"
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

static size_t count(const json_t *object, const char *key)
{
	return (size_t)json_integer_value(json_object_get(object, key));
}

static const char *plural(size_t nr)
{
	return nr == 1 ? "" : "s";
}

static const char *or_else(const char *text, const char *otherwise)
{
	return *text ? text : otherwise;
}

/* A fact of each kernel: once where both say the same. */
static void put_both(FILE *out, const char *first, const char *base, const char *cand)
{
	if (base && cand && strcmp(base, cand))
		put(out, first, "base %s; candidate %s", base, cand);
	else
		put(out, first, "%s", base ? base : "?");
}

/* malloc'd; NULL without memory. */
static char *memory_words(const struct compare *compare, const struct compare_side *side)
{
	const json_t *facts = json_object_get(boot_with(side, true), "facts");
	const char *lru_gen = compare_lru_gen_is_set(compare) ? "as --lru-gen sets it" : or_else(label_string(facts, "lru_gen"), "not built in");
	char size[32], *text;

	format_size(count(facts, "memory_bytes"), size, sizeof(size));
	return asprintf(&text, "%s, THP %s, MGLRU %s, swap %s", size, or_else(label_string(facts, "thp_enabled"), "not built in"), lru_gen,
			count(facts, "swap_bytes") ? "on" : "off") < 0
		       ? NULL
		       : text;
}

static void put_machine(const struct compare *compare, FILE *out)
{
	const json_t *guest = json_object_get(compare->base.data->run, "guest"), *boot = boot_with(&compare->base, true);
	const json_t *facts = json_object_get(boot, "facts"), *topology = json_object_get(boot, "topology");
	size_t nr_cpus = count(topology, "pus"), nr_nodes = count(topology, "nodes");
	const char *version = label_string(guest, "qemu_version");
	__free_mem char *base = memory_words(compare, &compare->base), *cand = memory_words(compare, &compare->cand);

	if (guest)
		put(out, "machine:   ", "QEMU %.*s (%s), -cpu %s, %zu CPU%s, %zu node%s", (int)strcspn(version, " "), version,
		    label_string(guest, "accel"), label_string(guest, "cpu_model"), nr_cpus, plural(nr_cpus), nr_nodes, plural(nr_nodes));
	else
		put(out, "machine:   ", "%s, %zu CPU%s, %zu node%s%s%s", label_string(facts, "cpu_model"), nr_cpus, plural(nr_cpus),
		    nr_nodes, plural(nr_nodes), *label_string(facts, "hypervisor") ? ", in " : "", label_string(facts, "hypervisor"));
	put_both(out, "memory:    ", base, cand);
}

/* Of all items: states, depths and limits, each once. */
static void put_memcg(const struct compare *compare, FILE *out)
{
	const json_t *cgroup = json_object_get(boot_with(&compare->base, true), "cgroup");
	__free_mem char *text = NULL;
	const struct rundata_item *item, *last = NULL;
	size_t size, i;
	FILE *line = open_memstream(&text, &size);

	if (!line)
		return;
	for (i = 0; i < compare->nr_rows; i++) {
		item = compare->rows[i].base_item;
		/* Items of one plan mostly have the same arms: those of the first stand for them. */
		if (item && item->nr_arms && !last)
			label_arms(item, line);
		last = item && item->nr_arms ? item : last;
	}
	fclose(line);
	put(out, "memcg:     ", "cgroup %s; %s", or_else(label_string(cgroup, "version"), "unknown"), text);
}

/* Where benches had folders; the rest of the machine's file systems is in no number. */
static void put_folder(const struct compare *compare, FILE *out)
{
	const char *dir = label_string(json_object_get(compare->base.data->run, "plan"), "dir");

	if (*dir)
		put(out, "files in:  ", "%s", dir);
}

static size_t nr_units(const struct compare *compare)
{
	size_t i, nr = 0;

	for (i = 0; i < compare->nr_rows; i++)
		nr = compare->rows[i].change.nr > nr ? compare->rows[i].change.nr : nr;
	return nr;
}

static void put_side(const char *first, const struct compare_side *side, FILE *out)
{
	if (*side->release && strcmp(side->name, side->release) != 0)
		put(out, first, "%s (%s)", side->name, side->release);
	else
		put(out, first, "%s", side->name);
}

static void put_header(const struct compare *compare, FILE *out)
{
	bool insn = !strcmp(compare->clock, "insn");
	const json_t *plan = json_object_get(compare->cand.data->run, "plan");
	size_t nr = nr_units(compare);

	put_side("base:      ", &compare->base, out);
	put_side("candidate: ", &compare->cand, out);
	put_machine(compare, out);
	put_memcg(compare, out);
	put_folder(compare, out);
	put(out, "method:    ", "%s; %zu %s%s; %zu reps of each state in a boot; memcgbench %s",
	    insn ? "instructions, counted by QEMU TCG -icount, least of a boot's reps" : "nanoseconds", nr,
	    compare->paired ? "seed" : "block", plural(nr), 2 * count(plan, "blocks"),
	    label_string(json_object_get(compare->cand.data->run, "memcgbench"), "version"));
	put_command(&compare->base, out);
	if (compare->base.data != compare->cand.data)
		put_command(&compare->cand, out);
}

/*
 * A table that is too wide gives up, in this order: the kernels' names above their columns, which the header says; a digit behind the
 * points, a second one, the column of what would have been seen; and metrics get lines of their own. No name is ever cut: half of one is
 * that of another kernel.
 */
enum narrow {
	NARROW_NOT,
	NARROW_HEADS,
	NARROW_DIGIT,
	NARROW_DIGITS,
	NARROW_SEEN,
	NARROW_METRICS,
	NARROW_MOST = NARROW_METRICS,
};

struct page {
	const struct compare *compare;
	const struct compare_look *look;
	enum narrow narrow;
	struct table *table;
};

static int decimals_of(const struct page *page, const struct compare_row *row)
{
	int decimals = compare_decimals(page->compare, row) - (page->narrow >= NARROW_DIGIT) - (page->narrow >= NARROW_DIGITS);

	return decimals < 0 ? 0 : decimals;
}

static void print_head(const struct page *page)
{
	const struct compare *compare = page->compare;
	char below[LABEL_MAX];

	table_row(page->table);
	if (page->narrow < NARROW_METRICS)
		table_head(page->table, "metric");
	table_head(page->table, "memcg");
	table_head(page->table, "%s", page->narrow < NARROW_HEADS ? compare_head(compare, false) : "base");
	table_head(page->table, "%s", page->narrow < NARROW_HEADS ? compare_head(compare, true) : "cand.");
	table_head(page->table, "change");
	table_head(page->table, "+/-");
	table_head(page->table, "%%");
	table_head(page->table, "%s", or_else(compare_below(compare, below), "control"));
	if (page->narrow < NARROW_SEEN)
		table_head(page->table, "sees");
	table_head(page->table, "%s", "");
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

static void seen_cell(const struct page *page, const struct compare_row *row)
{
	char seen[LABEL_MAX];

	if (compare_finds_none(row->verdict) && row->change.method != COMPARE_EXACT)
		number_cell(page->table, row->detectable, decimals_of(page, row), false);
	else
		table_cell(page->table, TABLE_PLAIN, "%s", compare_seen(page->compare, row, seen));
}

static void print_row(const struct page *page, const struct compare_row *row)
{
	double half = (row->change.interval.high - row->change.interval.low) / 2;
	int decimals = decimals_of(page, row);
	struct compare_cells cells = compare_cells(row, decimals);
	const char *metric = row->metric ? row->metric->name : "-";
	struct table *table = page->table;
	char arm[LABEL_MAX];

	if (page->narrow >= NARROW_METRICS)
		table_text(table, TABLE_PLAIN, " %s", metric);
	table_row(table);
	if (page->narrow < NARROW_METRICS)
		table_cell(table, TABLE_PLAIN, "%s", metric);
	table_cell(table, TABLE_PLAIN, "%s", compare_arm_label(row, arm));
	number_cell(table, cells.old, decimals, false);
	number_cell(table, cells.new, decimals, false);
	number_cell(table, cells.change, decimals, true);
	if (row->change.method == COMPARE_EXACT)
		table_cell(table, TABLE_PLAIN, "0");
	else
		number_cell(table, half, decimals, false);
	number_cell(table, 100 * row->ratio, 1, true);
	number_cell(table, row->control.value, decimals, true);
	if (page->narrow < NARROW_SEEN)
		seen_cell(page, row);
	table_cell(table, TABLE_PLAIN, "%s", mark(row->verdict));
}

static void print_rows(const struct page *page)
{
	const struct compare *compare = page->compare;
	char unit[LABEL_MAX];
	size_t i;

	print_head(page);
	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		__free_mem char *label = NULL, *heading = NULL, *filled = NULL;

		/* An item without a metric was skipped, or failed as a whole: the header says so. */
		if (!row->metric)
			continue;
		if (!i || !compare_same_item(row, row - 1)) {
			label = compare_item_label(compare, row, page->look);
			if (label && asprintf(&heading, "%s (%s)", label, compare_unit(compare, row, unit)) >= 0)
				filled = table_fill(heading, "", WIDTH);
			table_text(page->table, TABLE_PLAIN, "%s", filled ? filled : "?");
		} else if (compare_unit_changes(compare, row, unit)) {
			table_text(page->table, TABLE_PLAIN, "  in %s:", unit);
		}
		print_row(page, row);
	}
}

static int print_items(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	static const struct table_column full[] = {
		{TABLE_LEFT, 1}, {TABLE_LEFT, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1},
		{TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_DECIMAL, 1}, {TABLE_LEFT, 1},
	};
	struct table_column columns[ARRAY_SIZE(full)];
	struct table_look table_look = {.ascii = true};
	struct page page = {.compare = compare, .look = look};
	int ret;

	for (;; page.narrow++) {
		size_t nr = ARRAY_SIZE(full) - (page.narrow >= NARROW_SEEN) - (page.narrow >= NARROW_METRICS);

		memcpy(columns, full, sizeof(columns));
		if (page.narrow >= NARROW_METRICS) {
			memmove(columns, full + 1, sizeof(full) - sizeof(full[0]));
			columns[0].gap = 3;
		}
		columns[nr - 1] = full[ARRAY_SIZE(full) - 1];
		page.table = table_new(columns, nr);
		print_rows(&page);
		if (table_width(page.table) <= WIDTH || page.narrow == NARROW_MOST)
			break;
		table_free(page.table);
	}
	ret = table_print(page.table, &table_look, out);
	table_free(page.table);
	return ret;
}

static void put_missing(void *ctx, const char *what, const char *why, bool failed)
{
	put(ctx, failed ? "FAILED: " : "NOT COMPARED: ", "%s: %s", what, why);
}

static void put_functions(FILE *out, int nr, const char *label, const char *metric, const char *arm, const char *functions)
{
	(void)nr;
	put(out, "  ", "%s %s %s, %s", label, metric, arm, functions);
}

static void put_notes(const struct compare *compare, FILE *out)
{
	__free_mem char *methods = compare_methods(compare);
	char summary[256], below[LABEL_MAX], arm[LABEL_MAX], seen[LABEL_MAX];
	size_t i;

	compare_below(compare, below);
	put(out, "", "%s.", compare_summary(compare, summary, sizeof(summary)));
	fputc('\n', out);
	if (*below)
		put(out, "", "old, new, change: of what memcg itself costs (the op in the memcg less the op with \"%s\"); +/-: half the change's "
			     "95 %% interval; %%: of the whole op; %s: what changed without memcg; sees: the change that 80 %% of such comparisons would have found; ?: " COMPARE_WHY_SPREAD ".",
		    below, below);
	else
		put(out, "", "change: candidate against base; +/-: half its 95 %% interval; sees: the change that 80 %% of such comparisons would "
			     "have found; ?: " COMPARE_WHY_SPREAD ".");
	if (methods && *methods)
		put(out, "", "%s", methods);
	if (compare_common_why(compare))
		put(out, "", "every row: %s", compare_common_why(compare));
	for (i = 0; i < compare->nr_rows && !compare_common_why(compare); i++) {
		const struct compare_row *row = &compare->rows[i];

		/* The mark says as much of the others. */
		if (row->why[0] && !compare_is_missing(row) && !row->why_is_common && strcmp(row->why, COMPARE_WHY_SPREAD) != 0 &&
		    row->verdict == row->row_verdict)
			put(out, "  ", "%s %s (%s): %s%s%s", row->metric ? row->metric->name : "-", compare_arm_label(row, arm), mark(row->verdict),
			    row->why, compare_finds_none(row->verdict) ? "; sees " : "", compare_seen(compare, row, seen));
	}
	for (i = 0; i < compare->nr_warnings; i++)
		put(out, "warning: ", "%s", compare->warnings[i]);
}

int compare_lkml(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	int ret;

	put_header(compare, out);
	ret = compare_missing_each(compare, look, put_missing, out);
	if (ret)
		return ret;
	fputc('\n', out);
	ret = print_items(compare, look, out);
	if (ret)
		return ret;
	fputc('\n', out);
	ret = compare_functions_each(compare, look, put_functions, out);
	if (ret < 0)
		return ret;
	if (ret)
		fputc('\n', out);
	put_notes(compare, out);
	return ferror(out) ? err_set(EIO, "the comparison could not be written") : 0;
}
