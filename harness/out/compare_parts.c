// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/compare_formats.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/number.h"

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
	if (!row->metric)
		snprintf(buf, LABEL_MAX, "-");
	else if (row->metric->unit && *row->metric->unit && row->metric->is_count)
		snprintf(buf, LABEL_MAX, "%s", row->metric->unit);
	else
		snprintf(buf, LABEL_MAX, "%s/%s", compare->clock, row->metric && row->metric->op ? row->metric->op : "op");
	return buf;
}

const char *compare_unit_changes(const struct compare *compare, const struct compare_row *row, char *buf)
{
	char last[LABEL_MAX];

	if (row == compare->rows || !compare_same_item(row, row - 1) ||
	    !strcmp(compare_unit(compare, row - 1, last), compare_unit(compare, row, buf)))
		return NULL;
	return buf;
}

const char *compare_head(const struct compare *compare, bool cand)
{
	if (!strcmp(compare->base.name, compare->cand.name))
		return cand ? "candidate" : "base";
	return cand ? compare->cand.name : compare->base.name;
}

const char *compare_method_name(enum compare_method method)
{
	static const char *const names[] = {
		[COMPARE_EXACT] = "exact", [COMPARE_PAIRED_T] = "paired-t",
		[COMPARE_SHIFT] = "shift", [COMPARE_NONE] = "none",
	};

	return names[method];
}

int compare_decimals(const struct compare *compare, const struct compare_row *row)
{
	if (row->metric && row->metric->is_count)
		return 3;
	return !strcmp(compare->clock, "insn") || !(row->base >= 1000) ? 1 : 0;
}

/* As it is printed. */
static double rounded(double value, int decimals)
{
	char text[NUMBER_MAX];

	return isnan(value) ? NAN : strtod(number_format(value, decimals, false, text), NULL);
}

struct compare_cells compare_cells(const struct compare_row *row, int decimals)
{
	struct compare_cells cells = {
		.old = rounded(row->below ? row->base_overhead : row->base, decimals),
		.new = rounded(row->below ? row->cand_overhead : row->cand, decimals),
		.change = rounded(row->change.value, decimals),
	};

	if (!isnan(cells.change))
		cells.new = cells.old + cells.change;
	return cells;
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

char *compare_seen(const struct compare *compare, const struct compare_row *row, char *buf)
{
	char number[NUMBER_MAX] = "";

	if (!compare_finds_none(row->verdict))
		number[0] = '\0';
	else if (row->change.method == COMPARE_EXACT)
		snprintf(number, sizeof(number), "any");
	else if (isnan(row->detectable))
		snprintf(number, sizeof(number), "-");
	else
		number_format(row->detectable, compare_decimals(compare, row), false, number);
	snprintf(buf, LABEL_MAX, "%s", number);
	return buf;
}

char *compare_below(const struct compare *compare, char *buf)
{
	size_t i;

	buf[0] = '\0';
	for (i = 0; i < compare->nr_rows && !*buf; i++)
		if (compare->rows[i].below)
			label_arm(item_of(&compare->rows[i]), compare->rows[i].below, buf);
	return buf;
}

static bool uses(const struct compare *compare, enum compare_method method, size_t *ret_nr)
{
	bool any = false;
	size_t i;

	*ret_nr = 0;
	for (i = 0; i < compare->nr_rows; i++) {
		if (compare->rows[i].change.method != method)
			continue;
		*ret_nr = !any || compare->rows[i].change.nr < *ret_nr ? compare->rows[i].change.nr : *ret_nr;
		any = true;
	}
	return any;
}

char *compare_methods(const struct compare *compare)
{
	char *text = NULL;
	size_t size, nr;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (uses(compare, COMPARE_EXACT, &nr))
		fprintf(out, "Exact: every one of %zu seeds gave this difference. ", nr);
	if (uses(compare, COMPARE_PAIRED_T, &nr))
		fprintf(out, "Means over %zu seeds, 95 %% intervals by Student's t. ", nr);
	if (uses(compare, COMPARE_SHIFT, &nr))
		fprintf(out, "95 %% intervals are Hodges-Lehmann's shift of %zu blocks a side, not paired. ", nr);
	if (compare->nr_tested > 1)
		fprintf(out, "Corrected for %zu rows that vary (Holm). ", compare->nr_tested);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	if (*text)
		text[strlen(text) - 1] = '\0';
	return text;
}

char *compare_advice(const struct compare *compare, const struct compare_row *row)
{
	const struct compare_nested *nested = &row->nested;
	const char *units = compare->paired ? "seeds" : "blocks";
	char number[NUMBER_MAX], *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (row->verdict == COMPARE_INCONCLUSIVE && row->nr_wanted == COMPARE_WANTED_MAX)
		fprintf(out, "not even %d %s would show %s or its absence", COMPARE_WANTED_MAX, units,
			number_significant(row->delta, 2, number));
	else if (row->verdict == COMPARE_INCONCLUSIVE && row->nr_wanted)
		fprintf(out, "about %zu %s would show %s or its absence", row->nr_wanted, units, number_significant(row->delta, 2, number));
	if (row->verdict == COMPARE_INCONCLUSIVE && nested->reps_wanted)
		fprintf(out, "%s%.0f %% of the spread is between boots; best for the time are %zu reps a boot", ftell(out) > 0 ? "; " : "",
			100 * nested->between / (nested->between + nested->within / nested->reps),
			nested->reps_wanted);
	if (row->verdict == COMPARE_INCONCLUSIVE && nested->units_wanted)
		fprintf(out, " and %zu seeds", nested->units_wanted);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

const char *compare_common_why(const struct compare *compare)
{
	/* What is missing is said by compare_missing_each(). */
	const char *why = compare->nr_rows > 1 && !compare_is_missing(&compare->rows[0]) ? compare->rows[0].why : "";
	size_t i;

	for (i = 1; i < compare->nr_rows; i++)
		if (strcmp(compare->rows[i].why, why) != 0)
			return NULL;
	return *why && strcmp(why, COMPARE_WHY_SPREAD) != 0 ? why : NULL;
}

bool compare_same_item(const struct compare_row *a, const struct compare_row *b)
{
	return a->base_item == b->base_item && a->cand_item == b->cand_item;
}

bool compare_is_missing(const struct compare_row *row)
{
	return row->verdict == COMPARE_ERROR || row->verdict == COMPARE_INCOMPARABLE;
}

/* Is row @i missing for the reason @why? */
static bool is_missing_for(const struct compare *compare, size_t i, const char *why)
{
	return compare_is_missing(&compare->rows[i]) && !strcmp(compare->rows[i].why, why);
}

/* The rows of one item from @first on that are missing for its reason; an item that is missing as a whole is named alone. */
static size_t put_missing_item(const struct compare *compare, const struct compare_look *look, size_t first, const char *why, FILE *out)
{
	__free_mem char *label = compare_item_label(compare, &compare->rows[first], look);
	size_t end = first, nr = 0, nr_others = 0, i;
	const char *comma = " ";
	char arm[LABEL_MAX];

	for (; end < compare->nr_rows && compare_same_item(&compare->rows[first], &compare->rows[end]); end++) {
		nr += is_missing_for(compare, end, why);
		nr_others += !is_missing_for(compare, end, why);
	}
	/* Rows of an item lie beside each other, and @first is the first of its reason, not of its item. */
	for (i = first; i && compare_same_item(&compare->rows[first], &compare->rows[i - 1]); i--)
		nr_others++;
	fprintf(out, "%s", label ? label : "?");
	for (i = first; i < end && nr && nr_others; i++) {
		if (!is_missing_for(compare, i, why))
			continue;
		fprintf(out, "%s%s %s", comma, compare->rows[i].metric ? compare->rows[i].metric->name : "-",
			compare_arm_label(&compare->rows[i], arm));
		comma = ", ";
	}
	return end;
}

static char *missing_rows(const struct compare *compare, const struct compare_look *look, size_t first)
{
	const char *why = compare->rows[first].why;
	size_t size, nr = 0, i;
	char *text = NULL;
	FILE *out;

	for (i = 0; i < compare->nr_rows; i++)
		nr += is_missing_for(compare, i, why);
	if (nr > 1 && nr == compare->nr_rows)
		return strdup("everything");
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (i = first; i < compare->nr_rows;) {
		if (!is_missing_for(compare, i, why)) {
			i++;
			continue;
		}
		fputs(i > first ? "; " : "", out);
		i = put_missing_item(compare, look, i, why, out);
	}
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

int compare_missing_each(const struct compare *compare, const struct compare_look *look, compare_missing_fn *put, void *ctx)
{
	size_t i, k;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		__free_mem char *what = NULL;

		for (k = 0; k < i && !is_missing_for(compare, k, row->why); k++)
			;
		if (!compare_is_missing(row) || k < i)
			continue;
		what = missing_rows(compare, look, i);
		if (!what)
			return err_sys(ENOMEM, "memory for what is missing");
		put(ctx, what, row->why, row->verdict == COMPARE_ERROR);
	}
	return 0;
}
