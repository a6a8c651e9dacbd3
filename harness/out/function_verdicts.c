// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/function_verdicts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/explain_change.h"
#include "out/explain.h"

/* So many of a kind have a name in a sentence. */
#define NAMED 4

enum kind { KIND_WORSE, KIND_BETTER, KIND_EVERYBODY, KIND_OTHERS, KINDS };

static const char *const kind_words[KINDS] = {"regression of ", "improvement of ", "paid by everybody: ", "not memcg's code: "};

static enum kind kind_of(const struct compare_function *function)
{
	if (!function->is_memcg)
		return function->is_everybodys ? KIND_EVERYBODY : KIND_OTHERS;
	return function->verdict == COMPARE_REGRESSION ? KIND_WORSE : KIND_BETTER;
}

static void put_function(const struct compare_function *function, FILE *out)
{
	char number[32];

	fprintf(out, "%s %s", function->name, explain_number(function->decided, true, number, sizeof(number)));
	if (function->moved_from[0])
		fprintf(out, " (with what moved between it and %s)", function->moved_from);
	else if (function->was[0])
		fprintf(out, " (was %s)", function->was);
	else if (function->note == EXPLAIN_NEW)
		fputs(" (new)", out);
	else if (function->note == EXPLAIN_GONE)
		fputs(" (gone)", out);
	else if (function->note == EXPLAIN_CALLED)
		fputs(" (newly called)", out);
	else if (function->note == EXPLAIN_UNCALLED)
		fputs(" (no longer called)", out);
	else if (!isnan(function->per_call) && function->per_call != 0)
		fprintf(out, " (%.0f %s a call)", fabs(function->per_call), function->per_call > 0 ? "more" : "less");
	else if (fabs(function->new_calls - function->old_calls) > 1e-9)
		fprintf(out, " (%.4g calls instead of %.4g)", function->new_calls, function->old_calls);
}

static void put_kind(const struct compare_functions *functions, enum kind kind, bool *any, FILE *out)
{
	size_t nr = 0, i;

	for (i = 0; i < functions->nr; i++) {
		if (kind_of(&functions->list[i]) != kind)
			continue;
		if (nr < NAMED) {
			fputs(nr ? ", " : *any ? "; " : "", out);
			fputs(nr ? "" : kind_words[kind], out);
			put_function(&functions->list[i], out);
		}
		*any = true;
		nr++;
	}
	if (nr > NAMED)
		fprintf(out, ", %zu other%s", nr - NAMED, nr == NAMED + 1 ? "" : "s");
}

/* malloc'd text of what @put writes. */
static char *write_text(const struct compare_functions *functions, void (*put)(const struct compare_functions *functions, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	put(functions, out);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

static void put_sentence(const struct compare_functions *functions, FILE *out)
{
	bool any = false;
	int kind;

	for (kind = 0; kind < KINDS; kind++)
		put_kind(functions, (enum kind)kind, &any, out);
}

char *function_verdicts_sentence(const struct compare_functions *functions)
{
	return write_text(functions, put_sentence);
}

static const char *verdict_word(const struct compare_function *function)
{
	return function->is_memcg ? compare_verdict_name(function->verdict) : function->is_everybodys ? "everybody" : "others";
}

static void put_list(const struct compare_functions *functions, FILE *out)
{
	size_t i;

	for (i = 0; functions && i < functions->nr; i++)
		fprintf(out, "%s%s:%s:%+.10g", i ? ";" : "", functions->list[i].name, verdict_word(&functions->list[i]),
			functions->list[i].decided);
}

char *function_verdicts_list(const struct compare_functions *functions)
{
	return write_text(functions, put_list);
}

static json_t *function_json(const struct compare_function *function)
{
	json_t *json = json_pack("{s:s, s:b, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:o}", "name", function->name, "memcg",
				 function->is_memcg, "verdict", compare_verdict_name(function->verdict), "way",
				 compare_function_way_name(function->way), "decided", function->decided, "change", function->change,
				 "memcg_share", function->share, "old", function->old_self, "new", function->new_self, "old_calls",
				 function->old_calls, "new_calls", function->new_calls, "per_call",
				 isnan(function->per_call) ? json_null() : json_real(function->per_call));

	json_object_set_new(json, "p", isnan(function->p) ? json_null() : json_real(function->p));

	if (function->note != EXPLAIN_PLAIN)
		json_object_set_new(json, "note", json_string(explain_note_name(function->note)));
	if (function->was[0])
		json_object_set_new(json, "was", json_string(function->was));
	if (function->moved_from[0])
		json_object_set_new(json, "moved_between", json_string(function->moved_from));
	return json;
}

json_t *function_verdicts_json(const struct compare_functions *functions)
{
	json_t *list = functions ? json_array() : json_null();
	size_t i;

	for (i = 0; functions && list && i < functions->nr; i++)
		if (json_array_append_new(list, function_json(&functions->list[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}
