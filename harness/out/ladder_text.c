// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/ladder_text.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "data/variant.h"
#include "out/table.h"

/* Instructions are whole; their mean over the ops of a rep is not. Below this a difference is not worth a digit. */
#define EPSILON 0.005

/* With more arms than these, only the least and the greatest depth have columns. */
#define ARMS_SHOWN 5

struct ladder_print {
	const struct rundata *data;
	const struct ladder *ladder;
	const struct label_defaults *defaults;
	struct table_look look;
	FILE *out;
};

/* "3272.1", or of what a bench counted "0.016". */
static int decimals_of(const struct ladder_row *row)
{
	return row->metric->is_count ? 3 : 1;
}

static void cost_cell(struct table *table, const struct ladder_row *row, double value, bool is_difference, enum table_style style)
{
	if (isnan(value))
		table_cell(table, TABLE_PLAIN, "-");
	else
		table_cell(table, style, is_difference ? "%+.*f" : "%.*f", decimals_of(row), value);
}

/* How far apart the seeds are: half the range, of the widest cost of the row. */
static void spread_cell(struct table *table, const struct ladder_cost *costs, size_t nr)
{
	bool several = false;
	double spread = 0;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (costs[i].nr < 2)
			continue;
		several = true;
		spread = fmax(spread, (costs[i].high - costs[i].low) / 2);
	}
	if (!several)
		table_cell(table, TABLE_DIM, "-");
	else if (spread < EPSILON)
		table_cell(table, TABLE_DIM, "0");
	else
		table_cell(table, TABLE_PLAIN, spread < 0.1 ? "%.2f" : "%.1f", spread);
}

static void percent_cell(struct table *table, const struct ladder_row *row, size_t arm)
{
	if (row->overhead[arm].nr && row->arm[0].mean > 0)
		table_cell(table, TABLE_PLAIN, "%+.1f", 100 * row->overhead[arm].mean / row->arm[0].mean);
	else
		table_cell(table, TABLE_PLAIN, "-");
}

/* Of many depths the least and the greatest: how a cost grows between them is the sweep's to say. */
static bool is_shown(const struct rundata_item *item, size_t arm)
{
	size_t i, least = SIZE_MAX, most = SIZE_MAX;

	if (item->nr_arms <= ARMS_SHOWN || strcmp(item->arms[arm].state, "child"))
		return true;
	for (i = 0; i < item->nr_arms; i++) {
		if (strcmp(item->arms[i].state, "child"))
			continue;
		if (least == SIZE_MAX || item->arms[i].depth < item->arms[least].depth)
			least = i;
		if (most == SIZE_MAX || item->arms[i].depth > item->arms[most].depth)
			most = i;
	}
	return arm == least || arm == most;
}

static void head_row(struct table *table, const struct rundata_item *item)
{
	char label[LABEL_MAX];
	size_t i;

	table_row(table);
	table_head(table, "metric");
	table_head(table, "kernel");
	for (i = 0; i < item->nr_arms; i++)
		if (is_shown(item, i))
			table_head(table, "%s", label_arm(item, &item->arms[i], label));
	for (i = 1; i < item->nr_arms; i++) {
		if (!is_shown(item, i))
			continue;
		table_head(table, "%s-off", label_arm(item, &item->arms[i], label));
		table_head(table, "%%");
	}
	table_head(table, "+/-");
}

static void metric_row(struct table *table, const struct ladder_print *print, const struct ladder_row *row)
{
	size_t i;

	table_row(table);
	table_cell(table, TABLE_BOLD, "%s", row->kernel ? "" : row->metric->name);
	table_cell(table, TABLE_PLAIN, "%s", print->ladder->kernels[row->kernel]);
	for (i = 0; i < row->item->nr_arms; i++)
		if (is_shown(row->item, i))
			cost_cell(table, row, ladder_arm(print->ladder, row, i, decimals_of(row)), false, TABLE_PLAIN);
	for (i = 1; i < row->item->nr_arms; i++) {
		if (!is_shown(row->item, i))
			continue;
		if (print->ladder->no_memcg[row->kernel])
			table_cell(table, TABLE_PLAIN, "no memcg");
		else
			cost_cell(table, row, ladder_overhead(print->ladder, row, i, decimals_of(row)), true, TABLE_PLAIN);
		percent_cell(table, row, i);
	}
	spread_cell(table, row->overhead + 1, row->item->nr_arms - 1);
}

/* Below a kernel's row: what changed against the first kernel, in the columns that changed. */
static void change_row(struct table *table, const struct ladder_row *row)
{
	size_t i;

	table_row(table);
	table_cell(table, TABLE_PLAIN, " ");
	table_cell(table, TABLE_BOLD, "change");
	cost_cell(table, row, ladder_change(row, 0, decimals_of(row)), true, TABLE_PLAIN);
	for (i = 1; i < row->item->nr_arms; i++)
		if (is_shown(row->item, i))
			table_cell(table, TABLE_PLAIN, " ");
	for (i = 1; i < row->item->nr_arms; i++) {
		if (!is_shown(row->item, i))
			continue;
		cost_cell(table, row, ladder_change(row, i, decimals_of(row)), true, TABLE_BOLD);
		table_cell(table, TABLE_PLAIN, " ");
	}
	spread_cell(table, row->change + 1, row->item->nr_arms - 1);
}

static bool has_values(const struct ladder_row *row)
{
	size_t i;

	for (i = 0; i < row->item->nr_arms; i++)
		if (row->arm[i].nr)
			return true;
	return false;
}

/* "root (1 seed), child (3 seeds)": the arms that @is_doubted. */
static char *doubted_arms(const struct ladder_print *print, const struct ladder_row *row, bool floor, double *ret_gap)
{
	char *text = NULL, label[LABEL_MAX];
	size_t size, i, nr = 0;
	FILE *out = open_memstream(&text, &size);

	for (i = 0; out && i < row->item->nr_arms; i++) {
		size_t alone = row->floor[i].nr_alone;

		if (floor ? !alone : !ladder_seeds_differ(print->ladder, row, i))
			continue;
		fprintf(out, "%s%s", nr++ ? ", " : "", label_arm(row->item, &row->item->arms[i], label));
		if (floor && print->ladder->nr_seeds > 1)
			fprintf(out, " (%zu of %zu seeds)", alone, print->ladder->nr_seeds);
		*ret_gap = fmax(*ret_gap, row->floor[i].gap);
	}
	if (out)
		fclose(out);
	if (nr)
		return text;
	free(text);
	return NULL;
}

/* A number of one rep, or of one seed, is no cost: below the table of the item. */
static void print_doubts(const struct ladder_print *print, const struct ladder_row *row)
{
	double gap = 0;
	__free_mem char *alone = doubted_arms(print, row, true, &gap), *differ = doubted_arms(print, row, false, &gap);

	if (alone)
		fprintf(print->out, "doubt, %s of %s: the least rep of a boot stands alone, up to %.1f below the next, in %s\n",
			row->metric->name, print->ladder->kernels[row->kernel], gap, alone);
	if (differ)
		fprintf(print->out, "doubt, %s of %s: seeds differ by more than %g %% in %s\n", row->metric->name,
			print->ladder->kernels[row->kernel], 200 * LADDER_AGREE, differ);
}

/* Rows in another unit than the heading's, or the last one's, say theirs first. */
static void unit_row(struct table *table, const struct rundata_metric *metric, const char **unit)
{
	__free_mem char *words = label_per(metric);

	if (strcmp(metric->unit, *unit))
		table_text(table, TABLE_PLAIN, "  in %s:", words ? words : metric->unit);
	*unit = metric->unit;
}

static void print_heading(const struct ladder_print *print, const struct rundata_item *item, const char *name)
{
	__free_mem char *distinction = label_distinction(print->data, item);
	__free_mem char *words = item->nr_metrics ? label_per(&item->metrics[0]) : NULL;
	size_t nr = json_array_size(item->workers);
	bool threads = item->mode && !strcmp(item->mode, "threads");

	fprintf(print->out, "\n%s: %zu %s%s%s%s%s\n", name, nr, threads ? "thread" : "worker", nr == 1 ? "" : "s",
		distinction ? distinction : "", words ? ", " : "", words ? words : "");
}

static int print_item(const struct ladder_print *print, const struct rundata_item *item)
{
	enum { COLUMNS_MAX = 64 };
	struct table_column columns[COLUMNS_MAX] = {{TABLE_LEFT, 2}, {TABLE_LEFT, 1}};
	size_t nr_columns = 2 + item->nr_arms + 2 * (item->nr_arms - 1) + 1, i; /* at most */
	__free_mem char *name = label_item(item, print->defaults);
	const char *unit = item->nr_metrics ? item->metrics[0].unit : "";
	struct table *table;
	int ret;

	/* Skipped: what is said of it stands below. */
	if (!item->nr_arms && name) {
		print_heading(print, item, name);
		return 0;
	}
	if (nr_columns > COLUMNS_MAX)
		return err_set(ERANGE, "too many arms for a table");
	for (i = 2; i < nr_columns; i++)
		columns[i] = (struct table_column){TABLE_DECIMAL, 2};
	table = table_new(columns, nr_columns);
	if (!table || !name) {
		table_free(table);
		return err_sys(ENOMEM, "memory for the table");
	}
	print_heading(print, item, name);
	head_row(table, item);
	for (i = 0; i < print->ladder->nr_rows; i++)
		if (print->ladder->rows[i].item == item && has_values(&print->ladder->rows[i])) {
			unit_row(table, print->ladder->rows[i].metric, &unit);
			metric_row(table, print, &print->ladder->rows[i]);
			if (print->ladder->rows[i].kernel)
				change_row(table, &print->ladder->rows[i]);
		}
	ret = table_print(table, &print->look, print->out);
	table_free(table);
	for (i = 0; i < print->ladder->nr_rows; i++)
		if (print->ladder->rows[i].item == item)
			print_doubts(print, &print->ladder->rows[i]);
	return ret;
}

/* Does another boot say the same before record @i? */
static bool is_said(const json_t *records, size_t i)
{
	const json_t *record = json_array_get(records, i);
	size_t k;

	for (k = 0; k < i; k++)
		if (!strcmp(label_string(json_array_get(records, k), "type"), label_string(record, "type")) &&
		    !strcmp(label_string(json_array_get(records, k), "text"), label_string(record, "text")))
			return true;
	return false;
}

static void print_records(const struct ladder_print *print, const json_t *records)
{
	const json_t *record;
	size_t i, k, same;

	json_array_foreach(records, i, record) {
		const char *text = label_string(record, "text");
		const json_t *boot = json_object_get(record, "boot");

		if (is_said(records, i))
			continue;
		for (same = 0, k = i + 1; k < json_array_size(records); k++)
			same += !strcmp(label_string(json_array_get(records, k), "text"), text);
		/* Below its first line an error of a boot has the end of a console. */
		fprintf(print->out, "%s, boot %d%s: %.*s\n", label_string(record, "type"), (int)json_integer_value(boot),
			same ? " and others" : "", (int)strcspn(text, "\n"), text);
	}
}

static void print_kernels(const struct ladder_print *print)
{
	const json_t *boots = json_object_get(print->data->run, "boots"), *boot;
	size_t kernel, i;

	for (kernel = 0; kernel < print->ladder->nr_kernels; kernel++)
		json_array_foreach(boots, i, boot) {
			const json_t *facts = json_object_get(boot, "facts"), *cgroup = json_object_get(boot, "cgroup");

			if (strcmp(label_string(boot, "kernel"), print->ladder->kernels[kernel]) ||
			    !strcmp(label_string(cgroup, "version"), "none"))
				continue;
			fprintf(print->out, "kernel %-12s %s, cgroup %s, THP %s, LRU_GEN %s\n", print->ladder->kernels[kernel],
				label_string(facts, "release"), label_string(cgroup, "version"),
				label_string(facts, "thp_enabled"),
				*label_string(facts, "lru_gen") ? label_string(facts, "lru_gen") : "not built in");
			break;
		}
}

/* What the names with a comma are. */
static void print_variants(const struct ladder_print *print)
{
	const json_t *boots = json_object_get(print->data->run, "boots"), *boot = NULL;
	const struct ladder *ladder = print->ladder;
	char borrows[512];
	size_t kernel, i;

	for (kernel = 0; kernel < ladder->nr_kernels; kernel++) {
		const char *name = ladder->kernels[kernel], *plain;

		if (ladder->variant_of[kernel] == SIZE_MAX)
			continue;
		plain = ladder->kernels[ladder->variant_of[kernel]];
		json_array_foreach(boots, i, boot)
			if (!strcmp(label_string(boot, "kernel"), name))
				break;
		fprintf(print->out, "%s: %s booted with %s; change is against %s.\n", name, plain, label_string(boot, "boot_arg"), plain);
		if (ladder->off_of[kernel] != kernel)
			fprintf(print->out, "%s\n", variant_borrows_text(name, plain, borrows, sizeof(borrows)));
	}
}

int ladder_text(const struct rundata *data, const struct ladder *ladder, const struct label_defaults *defaults,
		bool colour, FILE *out)
{
	struct ladder_print print = {
		.data = data,
		.ladder = ladder,
		.defaults = defaults,
		.look = {.colour = colour, .ascii = true},
		.out = out,
	};
	size_t i;
	int ret = 0;

	fprintf(out, "What memcg costs, kernel by kernel: off (cgroup_disable=memory), root and child memcg\n\n");
	print_kernels(&print);
	for (i = 0; !ret && i < data->nr_items; i++) {
		ret = print_item(&print, &data->items[i]);
		print_records(&print, data->items[i].warnings);
		print_records(&print, data->items[i].errors);
	}
	if (ret)
		return ret;
	print_records(&print, data->notes);
	fprintf(out, "\nMeans over %zu seed%s, of a row over those that all kernels have. +/-: half the range over seeds of the widest difference.\n",
		ladder->nr_seeds, ladder->nr_seeds == 1 ? "" : "s");
	if (!strcmp(label_clock(data), "insn"))
		fprintf(out, "Instructions of an emulated processor: exact counts of work, blind to caches and contention.\n");
	if (ladder->nr_kernels > 1)
		fprintf(out, "change: against %s, within a seed. Below child-off: what the kernel did to memcg alone;\n"
			     "below off: what it did to everybody.\n",
			ladder->kernels[0]);
	print_variants(&print);
	return ferror(out) ? err_set(EIO, "the table could not be written") : 0;
}
