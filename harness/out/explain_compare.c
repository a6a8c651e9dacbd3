// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/explain_compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_explain.h"
#include "out/explain.h"
#include "out/function_verdicts.h"

const char *explain_part_note(const struct explain_part *part, char *buf, size_t size)
{
	buf[0] = '\0';
	switch (part->note) {
	case EXPLAIN_NEW:
		snprintf(buf, size, " (new)");
		break;
	case EXPLAIN_GONE:
		snprintf(buf, size, " (gone)");
		break;
	case EXPLAIN_RENAMED:
		snprintf(buf, size, " (was %s)", part->was);
		break;
	case EXPLAIN_CALLED:
		snprintf(buf, size, " (newly called)");
		break;
	case EXPLAIN_UNCALLED:
		snprintf(buf, size, " (no longer called)");
		break;
	case EXPLAIN_PLAIN:
		break;
	}
	return buf;
}

static void put_part(FILE *out, const char *separator, const struct explain_part *part)
{
	char number[32], note[EXPLAIN_NOTE_MAX];

	fprintf(out, "%s%s %s%s", separator, part->name, explain_number(part->change, true, number, sizeof(number)),
		explain_part_note(part, note, sizeof(note)));
}

char *explain_change_sentence(const struct explain_change *change, size_t max)
{
	size_t size, nr = change->nr_parts < max ? change->nr_parts : max, nr_rest = change->nr_rest + change->nr_parts - nr, i;
	char number[32], *text = NULL;
	double rest = change->rest;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(explain_number(change->change, true, number, sizeof(number)), out);
	for (i = 0; i < nr; i++)
		put_part(out, i ? ", " : " = ", &change->parts[i]);
	for (; i < change->nr_parts; i++)
		rest += change->parts[i].change;
	/* What prints as 0 is not worth words, unless it is all there is. */
	explain_number(rest, true, number, sizeof(number));
	if (nr_rest && (strcmp(number, "0") || !nr))
		fprintf(out, "%s%zu other%s %s", nr ? ", " : " = ", nr_rest, nr_rest == 1 ? "" : "s", number);
	if (change->nr_seeds > 1)
		fprintf(out, " (seed %llu)", (unsigned long long)change->seed);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

json_t *explain_change_json(const struct explain_change *change)
{
	json_t *parts = json_array();
	size_t i;

	for (i = 0; i < change->nr_parts; i++) {
		const struct explain_part *part = &change->parts[i];
		json_t *json = json_pack("{s:s, s:f}", "name", part->name, "change", part->change);

		if (part->note != EXPLAIN_PLAIN)
			json_object_set_new(json, "note", json_string(explain_note_name(part->note)));
		if (part->was[0])
			json_object_set_new(json, "was", json_string(part->was));
		json_array_append_new(parts, json);
	}
	return json_pack("{s:f, s:I, s:o, s:f, s:I}", "change", change->change, "seed", (json_int_t)change->seed, "parts", parts, "rest",
			 change->rest, "nr_rest", (json_int_t)change->nr_rest);
}

bool explain_change_is_told(int ret)
{
	return ret == -EBADMSG || ret == -EOPNOTSUPP || ret == -EPROTONOSUPPORT || ret == -ENOENT;
}

/* Of a row that has no change of its own to take apart. */
static char *verdicts_sentence(const struct compare_row *row)
{
	__free_mem char *sentence = NULL;
	char *text;

	if (row->functions_why)
		return asprintf(&text, "by function: not known: %s", row->functions_why) >= 0 ? text : NULL;
	if (!row->functions || !row->functions->nr)
		return strdup("");
	sentence = function_verdicts_sentence(row->functions);
	if (!sentence || asprintf(&text, "by function: %s%s%s", sentence, row->verdict != row->row_verdict ? "; the row by itself is " : "",
				  row->verdict != row->row_verdict ? compare_verdict_name(row->row_verdict) : "") < 0)
		return NULL;
	return text;
}

char *compare_functions(const struct compare *compare, const struct compare_row *row)
{
	struct explain_change change __free_explain_change = {0};
	__free_mem char *sentence = NULL;
	char *text;
	int ret = compare_explain(compare, row, EXPLAIN_CHANGE_NAMED, &change);

	if (explain_change_is_told(ret))
		return asprintf(&text, "by function: not known: %s", err_msg()) >= 0 ? text : NULL;
	if (ret)
		return ret == -ENOMEM ? NULL : verdicts_sentence(row);
	sentence = explain_change_sentence(&change, EXPLAIN_CHANGE_NAMED);
	return sentence && asprintf(&text, "by function: %s", sentence) >= 0 ? text : NULL;
}

char *explain_change_list(const struct explain_change *change)
{
	char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < change->nr_parts; i++)
		fprintf(out, "%s%s:%+.10g", i ? ";" : "", change->parts[i].name, change->parts[i].change);
	/* "[others]" is no function's name. */
	if (change->nr_rest)
		fprintf(out, "%s[others]:%+.10g", i ? ";" : "", change->rest);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int compare_functions_list(const struct compare *compare, const struct compare_row *row, char **ret_text)
{
	struct explain_change change __free_explain_change = {0};
	char *text;
	int ret = compare_explain(compare, row, EXPLAIN_CHANGE_JSON, &change);

	if (ret == -ENOMEM)
		return ret;
	text = ret ? strdup("") : explain_change_list(&change);
	if (!text)
		return err_sys(ENOMEM, "memory for a table");
	*ret_text = text;
	return 0;
}

int compare_functions_each(const struct compare *compare, const struct compare_look *look,
			   void (*put)(FILE *out, int nr, const char *label, const char *metric, const char *arm, const char *functions),
			   FILE *out)
{
	char arm[LABEL_MAX];
	int nr = 0;
	size_t i;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		__free_mem char *functions = compare_functions(compare, row), *label = NULL;

		if (!functions)
			return err_sys(ENOMEM, "memory for a table");
		if (!*functions)
			continue;
		label = compare_item_label(compare, row, look);
		if (!label)
			return err_sys(ENOMEM, "memory for a table");
		put(out, nr++, label, row->metric->name, compare_arm_label(row, arm), functions);
	}
	return nr;
}

json_t *compare_functions_json(const struct compare *compare, const struct compare_row *row)
{
	struct explain_change change __free_explain_change = {0};
	int ret = compare_explain(compare, row, EXPLAIN_CHANGE_JSON, &change);

	if (ret)
		return ret == -ENOMEM ? NULL : json_null();
	return explain_change_json(&change);
}
