// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/label.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

const char *label_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

const json_t *label_boot(const struct rundata *data, const char *part)
{
	const json_t *boot = json_array_get(json_object_get(data->run, "boots"), 0);

	return part ? json_object_get(boot, part) : boot;
}

const char *label_clock(const struct rundata *data)
{
	const char *clock = label_string(data->run, "clock");

	return *clock ? clock : "ns";
}

char *label_quantity(const struct rundata_metric *metric)
{
	return strndup(metric->unit, strcspn(metric->unit, "/"));
}

char *label_per(const struct rundata_metric *metric)
{
	const char *slash = strchr(metric->unit, '/');
	char *text;

	if (!slash)
		return strdup(metric->unit);
	return asprintf(&text, "%.*s per %s", (int)(slash - metric->unit), metric->unit, slash + 1) < 0 ? NULL : text;
}

/* How many arms of @item look like @arm by state, and by depth too. */
static void count_alike(const struct rundata_item *item, const struct rundata_arm *arm,
			size_t *ret_state, size_t *ret_depth)
{
	size_t i;

	*ret_state = *ret_depth = 0;
	for (i = 0; i < item->nr_arms; i++) {
		if (strcmp(item->arms[i].state, arm->state))
			continue;
		++*ret_state;
		*ret_depth += item->arms[i].depth == arm->depth;
	}
}

char *label_arm(const struct rundata_item *item, const struct rundata_arm *arm, char *buf)
{
	size_t same_state, same_depth;
	char limit[32] = "no limit";

	count_alike(item, arm, &same_state, &same_depth);
	if (arm->limit_bytes != UINT64_MAX) {
		memcpy(limit, "max ", 5);
		format_size(arm->limit_bytes, limit + 4, sizeof(limit) - 4);
	}
	if (same_state <= 1)
		snprintf(buf, LABEL_MAX, "%s", arm->state);
	else if (same_depth <= 1)
		snprintf(buf, LABEL_MAX, "depth %u", arm->depth);
	else if (same_state == same_depth)
		snprintf(buf, LABEL_MAX, "%s", limit);
	else
		snprintf(buf, LABEL_MAX, "depth %u, %s", arm->depth, limit);
	return buf;
}

static void put_arm_words(const struct rundata_arm *arm, FILE *out)
{
	char size[24];

	if (!strcmp(arm->state, "root"))
		fputs("root memcg", out);
	else if (!strcmp(arm->state, "off"))
		fputs("memcg off", out);
	else if (arm->limit_bytes == UINT64_MAX)
		fprintf(out, "%s at depth %u (no limit)", arm->state, arm->depth);
	else
		fprintf(out, "%s at depth %u (limit %s)", arm->state, arm->depth,
			format_size(arm->limit_bytes, size, sizeof(size)));
}

void label_arms(const struct rundata_item *item, FILE *out)
{
	size_t i;

	for (i = 1; i < item->nr_arms; i++) {
		fputs(i > 1 ? ", " : "", out);
		put_arm_words(&item->arms[i], out);
	}
	if (item->nr_arms > 1)
		fputs(item->nr_arms > 2 ? ", each against " : " against ", out);
	if (item->nr_arms)
		put_arm_words(&item->arms[0], out);
}

char *label_item(const struct rundata_item *item, const struct label_defaults *defaults)
{
	char *label = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&label, &size);
	const char *name;
	json_t *value;

	if (!out)
		return NULL;
	fputs(item->bench, out);
	json_object_foreach(item->params, name, value) {
		const char *text = json_string_value(value);

		if (!text || (defaults && defaults->is_default(item->bench, name, text)))
			continue;
		fprintf(out, " --%s=%s", name, text);
	}
	if (fclose(out)) {
		free(label);
		return NULL;
	}
	return label;
}

static bool arms_are_equal(const struct rundata_item *a, const struct rundata_item *b)
{
	size_t i;

	if (a->nr_arms != b->nr_arms)
		return false;
	for (i = 0; i < a->nr_arms; i++)
		if (strcmp(a->arms[i].state, b->arms[i].state) ||
		    a->arms[i].depth != b->arms[i].depth ||
		    a->arms[i].limit_bytes != b->arms[i].limit_bytes)
			return false;
	return true;
}

const struct rundata_item *label_common_arms(const struct rundata *data)
{
	const struct rundata_item *first = NULL;
	size_t i;

	/* An item that was skipped has no arms. */
	for (i = 0; i < data->nr_items; i++) {
		if (!data->items[i].nr_arms)
			continue;
		if (first && !arms_are_equal(first, &data->items[i]))
			return NULL;
		if (!first)
			first = &data->items[i];
	}
	return first;
}

char *label_workers(const struct rundata_item *item, char *buf)
{
	size_t nr = json_array_size(item->workers);
	bool threads = item->mode && !strcmp(item->mode, "threads");
	const char *many = threads ? "s" : "es";

	snprintf(buf, LABEL_MAX, "%zu %s%s", nr, threads ? "thread" : "process",
		 nr == 1 ? "" : many);
	return buf;
}

char *label_memcgs(const struct rundata_item *item, char *buf)
{
	buf[0] = '\0';
	if (item->nr_memcgs > 1 && item->nr_memcgs == json_array_size(item->workers))
		snprintf(buf, LABEL_MAX, ", each in its own memcg");
	else if (item->nr_memcgs > 1)
		snprintf(buf, LABEL_MAX, ", in %u memcgs", item->nr_memcgs);
	return buf;
}

/* Do they measure the same, as far as bench and parameters say? */
static bool same_question(const struct rundata_item *a, const struct rundata_item *b)
{
	return a != b && !strcmp(a->bench, b->bench) && json_equal(a->params, b->params);
}

static bool texts_differ(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

static void put_depths(const struct rundata_item *item, FILE *out)
{
	char size[24];
	size_t i, nr = 0;

	for (i = 0; i < item->nr_arms; i++) {
		const struct rundata_arm *arm = &item->arms[i];

		if (strcmp(arm->state, "child"))
			continue;
		fprintf(out, nr++ ? ", %u" : ", depth %u", arm->depth);
		if (arm->limit_bytes != UINT64_MAX)
			fprintf(out, " (max %s)", format_size(arm->limit_bytes, size, sizeof(size)));
	}
}

char *label_distinction(const struct rundata *data, const struct rundata_item *item)
{
	bool memcgs = false, place = false, memory = false, arms = false;
	char *text = NULL, label[LABEL_MAX];
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < data->nr_items; i++) {
		const struct rundata_item *other = &data->items[i];

		if (!same_question(item, other) || json_array_size(item->workers) != json_array_size(other->workers))
			continue;
		memcgs |= item->nr_memcgs != other->nr_memcgs;
		place |= texts_differ(item->place, other->place);
		memory |= texts_differ(item->memory, other->memory);
		arms |= item->nr_arms && other->nr_arms && !arms_are_equal(item, other);
	}
	if (memcgs)
		fputs(item->nr_memcgs > 1 ? label_memcgs(item, label) : ", in one memcg", out);
	if (place)
		fprintf(out, ", placed %s", item->place ? item->place : "unknown");
	if (memory)
		fprintf(out, ", memory %s", item->memory ? item->memory : "unknown");
	if (arms)
		put_depths(item, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

char *label_item_unique(const struct rundata *data, const struct rundata_item *item,
			const struct label_defaults *defaults)
{
	__free_mem char *label = label_item(item, defaults), *distinction = NULL;
	char workers[LABEL_MAX], *unique;
	bool taken = false;
	size_t i;

	for (i = 0; i < data->nr_items && !taken; i++)
		taken = same_question(item, &data->items[i]);
	if (!label || !taken || !json_array_size(item->workers))
		return take_ptr(label);
	distinction = label_distinction(data, item);
	if (!distinction || asprintf(&unique, "%s, %s%s", label, label_workers(item, workers), distinction) < 0)
		return NULL;
	return unique;
}

char *label_row(const struct rundata *data, const struct overhead_row *row,
		const struct label_defaults *defaults)
{
	const struct rundata_item *item = row->item;
	__free_mem char *label = NULL;
	char arm[LABEL_MAX], *text;
	bool many_arms = item->nr_arms > 2;
	size_t same = 0, i;

	for (i = 0; i < data->nr_items; i++)
		same += !strcmp(data->items[i].bench, item->bench);
	if (same > 1)
		label = label_item_unique(data, item, defaults);
	if (asprintf(&text, "%s%s %s%s%s%s", label ? label : item->bench, label ? ":" : "",
		     row->metric->name, many_arms ? " (" : "",
		     many_arms ? label_arm(item, row->arm, arm) : "", many_arms ? ")" : "") < 0)
		return NULL;
	return text;
}
