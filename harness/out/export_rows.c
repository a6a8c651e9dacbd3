// SPDX-License-Identifier: GPL-2.0-or-later
/* What all formats need: names that are the same in every run, and the values behind each number. */
#include "out/export_private.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "data/compare_units.h"

/* The ways to write the same parts of a name. */
enum style {
	STYLE_ID,   /* .map-shmem */
	STYLE_PATH, /* /map=shmem */
	STYLE_RAW,  /* the same, and nothing replaced: what tells two rows apart */
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for the export of a comparison");
}

/* Everything that some consumer cuts at or splits at becomes "-". */
static void put_word(FILE *out, enum style style, const char *word)
{
	for (; *word; word++) {
		bool keep = isascii(*word) && (isalnum(*word) || strchr("_-", *word));

		if (style == STYLE_PATH)
			keep |= strchr(".:,+%", *word) != NULL;
		keep |= style == STYLE_RAW;
		putc(keep ? *word : '-', out);
	}
}

static void put_part(FILE *out, enum style style, const char *key, const char *value)
{
	putc(style == STYLE_ID ? '.' : '/', out);
	put_word(out, style, key);
	if (*key)
		putc(style == STYLE_ID ? '-' : '=', out);
	put_word(out, style, value);
}

static void put_count(FILE *out, enum style style, const char *key, size_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%zu", value);
	put_part(out, style, key, text);
}

static void put_params(FILE *out, enum style style, const struct rundata_item *item, const struct label_defaults *defaults)
{
	const char *name;
	json_t *value;

	/* In the order that the bench declares them, which is that of the record. */
	json_object_foreach(item->params, name, value) {
		const char *text = json_string_value(value);

		if (text && !(defaults && defaults->is_default(item->bench, name, text)))
			put_part(out, style, name, text);
	}
}

/* Only what is out of the ordinary, and only by what the item is itself, never by what else there is in a run. */
static void put_item(FILE *out, enum style style, const struct rundata_item *item, const struct label_defaults *defaults)
{
	size_t nr_workers = json_array_size(item->workers);

	put_word(out, style, item->bench);
	put_params(out, style, item, defaults);
	if (nr_workers > 1 || !strcmp(item->mode, "threads"))
		put_count(out, style, item->mode, nr_workers);
	if (item->nr_memcgs > 1)
		put_count(out, style, "memcgs", item->nr_memcgs);
	if (strcmp(item->place, "compact"))
		put_part(out, style, "place", item->place);
	if (strcmp(item->memory, "default"))
		put_part(out, style, "memory", item->memory);
}

/* "child-depth1", "child-depth2-max64M". */
static void arm_name(const struct rundata_arm *arm, char *buf, size_t size)
{
	char limit[24] = "";

	if (arm->limit_bytes != UINT64_MAX)
		format_size(arm->limit_bytes, limit, sizeof(limit));
	if (!strcmp(arm->state, "child"))
		snprintf(buf, size, "child-depth%u%s%s", arm->depth, *limit ? "-max" : "", limit);
	else
		snprintf(buf, size, "%s%s%s", arm->state, *limit ? "-max" : "", limit);
}

static const struct rundata_item *item_of(const struct compare_row *row)
{
	return row->base_item ? row->base_item : row->cand_item;
}

/* malloc'd; NULL without memory. A row of a bench that failed as a whole has neither metric nor arm. */
static char *make_name(enum style style, const struct compare_row *row, const struct label_defaults *defaults)
{
	char arm[96], *name = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&name, &size);

	if (!out)
		return NULL;
	put_item(out, style, item_of(row), defaults);
	if (row->metric && style == STYLE_ID)
		put_part(out, style, "", row->metric->name);
	if (row->arm) {
		arm_name(row->arm, arm, sizeof(arm));
		put_part(out, style, style == STYLE_ID ? "" : "arm", arm);
	}
	/* The metric last: benchstat takes a number at the end for GOMAXPROCS. */
	if (row->metric && style != STYLE_ID)
		put_part(out, style, "metric", row->metric->name);
	if (fclose(out)) {
		free(name);
		return NULL;
	}
	return name;
}

static char *make_unit(const struct compare_row *row)
{
	char *copy = strdup(row->metric && *row->metric->unit ? row->metric->unit : "1");

	for (char *c = copy; c && *c; c++)
		if (!isascii(*c) || !isgraph(*c) || strchr("=<>", *c))
			*c = '_';
	return copy;
}

static enum export_outcome outcome_of(enum compare_verdict verdict)
{
	switch (verdict) {
	case COMPARE_REGRESSION:
		return EXPORT_FAIL;
	case COMPARE_INCONCLUSIVE:
		return EXPORT_UNKNOWN;
	case COMPARE_INCOMPARABLE:
		return EXPORT_SKIP;
	case COMPARE_ERROR:
		return EXPORT_ERROR;
	case COMPARE_SAME:
	case COMPARE_EQUIVALENT:
	case COMPARE_SMALL:
	case COMPARE_IMPROVEMENT:
		return EXPORT_PASS;
	default:
		/* A verdict that this does not know is none to be glad of. */
		return EXPORT_ERROR;
	}
}

static char *make_text(const struct compare_row *row, const char *unit)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(compare_verdict_name(row->verdict), out);
	if (!isnan(row->base) && !isnan(row->cand))
		fprintf(out, ": %s%.6g -> %.6g %s", row->below ? "memcg cost " : "", row->below ? row->base_overhead : row->base,
			row->below ? row->cand_overhead : row->cand, unit);
	if (!isnan(row->change.value))
		fprintf(out, ", change %+.6g", row->change.value);
	if (!isnan(row->ratio))
		fprintf(out, " (%+.3g %%)", row->ratio * 100);
	if (!isnan(row->detectable) && row->verdict == COMPARE_INCONCLUSIVE)
		fprintf(out, ", could not have seen less than %.3g", row->detectable);
	if (*row->why)
		fprintf(out, ": %s", row->why);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	/* One line, in which no consumer finds the beginning of something else. */
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	return text;
}

static bool same_arm(const struct rundata_arm *a, const struct rundata_arm *b)
{
	return !strcmp(a->state, b->state) && a->depth == b->depth && a->limit_bytes == b->limit_bytes;
}

/* nr_arms: it has none such. */
static size_t find_arm(const struct rundata_item *item, const struct rundata_arm *arm)
{
	size_t i = 0;

	while (i < item->nr_arms && !same_arm(&item->arms[i], arm))
		i++;
	return i;
}

static size_t find_metric(const struct rundata_item *item, const char *name)
{
	size_t i = 0;

	while (i < item->nr_metrics && strcmp(item->metrics[i].name, name))
		i++;
	return i;
}

/* Values of @arm, or of @arm − @below; none where it was not measured. */
static int read_side(const struct compare_side *side, const struct rundata_item *item, const struct compare_row *row,
		     const struct rundata_arm *below, struct export_side *ret_side)
{
	__free_units struct units arm = { 0 }, under = { 0 }, diff = { 0 };
	struct units *units = &arm;
	size_t metric, at, below_at;
	int ret;

	*ret_side = (struct export_side){ .value = NAN };
	if (!item)
		return 0;
	metric = find_metric(item, row->metric->name);
	at = find_arm(item, row->arm);
	below_at = below ? find_arm(item, below) : 0;
	if (metric == item->nr_metrics || at == item->nr_arms || below_at == item->nr_arms)
		return 0;
	ret = units_read(side, item, at, metric, &arm);
	if (!ret && below)
		ret = units_read(side, item, below_at, metric, &under);
	if (!ret && below) {
		ret = units_sub(&arm, &under, &diff);
		units = &diff;
	}
	if (ret)
		return ret;
	ret_side->nr = units->nr;
	ret_side->values = take_ptr(units->value);
	return 0;
}

/* The names come when the rows have theirs. */
static int make_series(struct export_table *table, const struct export_row *row, const struct rundata_arm *below)
{
	struct export_series *series = &table->series[table->nr_series++];
	const struct compare *compare = table->compare;
	const struct compare_row *from = row->row;
	int ret;

	*series = (struct export_series){ .row = row, .below = below };
	ret = read_side(&compare->base, from->base_item, from, below, &series->base);
	if (!ret)
		ret = read_side(&compare->cand, from->cand_item, from, below, &series->cand);
	if (ret)
		return ret;
	/* What the verdict was made of, not others of our own. */
	series->base.value = below ? from->base_overhead : from->base;
	series->cand.value = below ? from->cand_overhead : from->cand;
	return 0;
}

static int make_row(struct export_table *table, const struct compare_row *from, const struct label_defaults *defaults)
{
	struct export_row *row = &table->rows[table->nr_rows++];
	int ret = 0;

	*row = (struct export_row){
		.row = from,
		.id = make_name(STYLE_ID, from, defaults),
		.path = make_name(STYLE_PATH, from, defaults),
		.raw = make_name(STYLE_RAW, from, defaults),
		.unit = make_unit(from),
		.outcome = outcome_of(from->verdict),
	};
	if (row->unit)
		row->text = make_text(from, row->unit);
	if (!row->id || !row->path || !row->raw || !row->unit || !row->text)
		return no_memory();
	/* The consumer would compare the values, which the row says must not be. */
	if (row->outcome == EXPORT_SKIP || row->outcome == EXPORT_ERROR)
		return 0;
	ret = make_series(table, row, NULL);
	if (!ret && from->below)
		ret = make_series(table, row, from->below);
	return ret;
}

static int name_series(struct export_series *series)
{
	char below[96];
	int id, path;

	if (!series->below) {
		series->id = strdup(series->row->id);
		series->path = strdup(series->row->path);
		return series->id && series->path ? 0 : no_memory();
	}
	arm_name(series->below, below, sizeof(below));
	id = asprintf(&series->id, "%s-over-%s", series->row->id, below);
	if (id < 0)
		series->id = NULL;
	path = asprintf(&series->path, "%s/over=%s", series->row->path, below);
	if (path < 0)
		series->path = NULL;
	return id < 0 || path < 0 ? no_memory() : 0;
}

static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261u; /* FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 16777619u;
	return value;
}

/* More behind id and path. */
static int extend_names(struct export_row *row, const char *id_more, const char *path_more)
{
	char *id = NULL, *path = NULL;

	if (asprintf(&id, "%s%s", row->id, id_more) < 0 || asprintf(&path, "%s%s", row->path, path_more) < 0) {
		free(id);
		return no_memory();
	}
	free(row->id);
	free(row->path);
	row->id = id;
	row->path = path;
	return 0;
}

/* The same item twice in one plan: only their order tells them apart. */
static int number_same(struct export_table *table)
{
	__free_mem size_t *number = calloc(table->nr_rows + 1, sizeof(*number));
	int ret = number ? 0 : no_memory();

	for (size_t i = 0; !ret && i < table->nr_rows; i++) {
		number[i] = 1;
		for (size_t k = 0; k < i; k++)
			number[i] += !strcmp(table->rows[k].raw, table->rows[i].raw);
	}
	for (size_t i = 0; !ret && i < table->nr_rows; i++) {
		char id_more[32], path_more[32];

		snprintf(id_more, sizeof(id_more), "-again%zu", number[i]);
		snprintf(path_more, sizeof(path_more), "/again=%zu", number[i]);
		if (number[i] > 1)
			ret = extend_names(&table->rows[i], id_more, path_more);
	}
	return ret;
}

static bool same_names(const struct export_row *a, const struct export_row *b)
{
	return !strcmp(a->id, b->id) || !strcmp(a->path, b->path);
}

/* "a/b" and "a=b" are both "a-b". What tells them apart is then put behind it, not a number that depends on the order. */
static int tell_apart(struct export_table *table)
{
	__free_mem bool *twice = calloc(table->nr_rows + 1, sizeof(*twice));
	int ret = twice ? 0 : no_memory();

	for (size_t i = 0; !ret && i < table->nr_rows; i++)
		for (size_t k = 0; k < i; k++)
			if (same_names(&table->rows[i], &table->rows[k]))
				twice[i] = twice[k] = true;
	for (size_t i = 0; !ret && i < table->nr_rows; i++) {
		uint32_t number = hash(table->rows[i].raw);
		char id_more[16], path_more[24];

		snprintf(id_more, sizeof(id_more), "-%08" PRIx32, number);
		snprintf(path_more, sizeof(path_more), "/id=%08" PRIx32, number);
		if (twice[i])
			ret = extend_names(&table->rows[i], id_more, path_more);
	}
	return ret;
}

static int fill(struct export_table *table, const struct label_defaults *defaults)
{
	const struct compare *compare = table->compare;
	int ret = 0;

	table->rows = calloc(compare->nr_rows + 1, sizeof(*table->rows));
	table->series = calloc(2 * compare->nr_rows + 1, sizeof(*table->series));
	if (!table->rows || !table->series)
		return no_memory();
	for (size_t i = 0; !ret && i < compare->nr_rows; i++)
		ret = make_row(table, &compare->rows[i], defaults);
	if (!ret)
		ret = number_same(table);
	if (!ret)
		ret = tell_apart(table);
	for (size_t i = 0; !ret && i < table->nr_series; i++)
		ret = name_series(&table->series[i]);
	return ret;
}

static void add_missing(void *ctx, const char *what, const char *why, bool failed)
{
	FILE *out = ctx;

	/* Either may come from a run's records. */
	fprintf(out, "%s%s%s: %s", ftell(out) ? "; " : "", failed ? "failed: " : "", what, why);
}

static int name_missing(struct export_table *table, const struct label_defaults *defaults)
{
	const struct compare_look look = {.defaults = defaults};
	size_t size;
	FILE *out = open_memstream(&table->missing, &size);
	int ret = out ? compare_missing_each(table->compare, &look, add_missing, out) : 0;

	if (!out || fclose(out))
		return no_memory();
	for (char *c = table->missing; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return ret;
}

int export_table_make(const struct compare *compare, const struct label_defaults *defaults,
		      struct export_table **ret_table)
{
	struct export_table *table = calloc(1, sizeof(*table));
	int ret;

	if (!table)
		return no_memory();
	table->compare = compare;
	ret = fill(table, defaults);
	if (!ret)
		ret = name_missing(table, defaults);
	if (ret) {
		export_table_free(table);
		return ret;
	}
	*ret_table = table;
	return 0;
}

void export_table_free(struct export_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->nr_rows; i++) {
		free(table->rows[i].id);
		free(table->rows[i].path);
		free(table->rows[i].raw);
		free(table->rows[i].unit);
		free(table->rows[i].text);
	}
	for (size_t i = 0; i < table->nr_series; i++) {
		free(table->series[i].id);
		free(table->series[i].path);
		free(table->series[i].base.values);
		free(table->series[i].cand.values);
	}
	free(table->rows);
	free(table->series);
	free(table->missing);
	free(table);
}
