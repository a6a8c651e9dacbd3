// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_match.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

const json_t *match_first_boot(const struct compare_side *side)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot)
		if (match_is_of_side(side, boot))
			return boot;
	return NULL;
}

/* --- sides --- */

static int add_name(char ***names, size_t *nr, const char *name)
{
	char **more;
	size_t i;

	for (i = 0; i < *nr; i++)
		if (!strcmp((*names)[i], name))
			return 0;
	more = reallocarray(*names, *nr + 1, sizeof(*more));
	if (!more)
		return no_memory();
	*names = more;
	more[*nr] = strdup(name);
	if (!more[*nr])
		return no_memory();
	++*nr;
	return 0;
}

static void free_names(char **names, size_t nr)
{
	while (nr--)
		free(names[nr]);
	free(names);
}

static int add_kernels(const struct rundata *data, bool variants, char ***names, size_t *nr)
{
	const json_t *boot, *kernel;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot) {
		const char *name = json_string_value(json_object_get(boot, "kernel"));

		if (!variants && json_object_get(boot, "variant_of"))
			continue;
		if (!name)
			name = json_string_value(json_object_get(json_object_get(boot, "facts"), "release"));
		ret = add_name(names, nr, name ? name : "?");
		if (ret)
			return ret;
	}
	/* A kernel no boot of which came to its first record. */
	json_array_foreach(json_object_get(data->run, "kernels"), i, kernel) {
		if (*match_text(kernel, "name"))
			ret = add_name(names, nr, match_text(kernel, "name"));
		if (ret)
			return ret;
	}
	return 0;
}

static int list_kernels(const struct rundata *data, bool variants, char ***ret_names, size_t *ret_nr)
{
	char **names = NULL;
	size_t nr = 0;
	int ret = add_kernels(data, variants, &names, &nr);

	if (ret) {
		free_names(names, nr);
		return ret;
	}
	*ret_names = names;
	*ret_nr = nr;
	return 0;
}

int compare_kernels(const struct rundata *data, char ***ret_names, size_t *ret_nr)
{
	return list_kernels(data, false, ret_names, ret_nr);
}

/* The name as the run holds it, which lives as long; NULL: its boots have none, and are called by the release of the first. */
static const char *stored_name(const struct rundata *data, const char *name)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(data->run, "boots"), i, entry)
		if (!strcmp(match_text(entry, "kernel"), name))
			return match_text(entry, "kernel");
	json_array_foreach(json_object_get(data->run, "kernels"), i, entry)
		if (!strcmp(match_text(entry, "name"), name))
			return match_text(entry, "name");
	return NULL;
}

static void join_names(char **names, size_t nr, char *buf, size_t size)
{
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < nr && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "", names[i]);
}

int compare_side(const struct rundata *data, const char *kernel, struct compare_side *ret_side)
{
	struct compare_side side = {.data = data};
	char **names, all[512];
	size_t nr, i;
	int ret = list_kernels(data, kernel != NULL, &names, &nr);

	if (ret)
		return ret;
	join_names(names, nr, all, sizeof(all));
	for (i = 0; kernel && i < nr && strcmp(names[i], kernel); i++)
		;
	if (!nr)
		ret = err_set(ENODATA, "%s holds no boot", data->dir);
	else if (kernel && i == nr)
		ret = err_set(ENOENT, "%s has no kernel \"%s\"; it has %s", data->dir, kernel, all);
	else if (!kernel && nr > 1)
		ret = err_set(EINVAL, "%s has several kernels (%s): say which", data->dir, all);
	if (!ret)
		side.kernel = stored_name(data, kernel ? kernel : names[0]);
	free_names(names, nr);
	if (ret)
		return ret;
	side.release = match_text(json_object_get(match_first_boot(&side), "facts"), "release");
	side.name = side.kernel ? side.kernel : *side.release ? side.release : "?";
	*ret_side = side;
	return 0;
}

/* --- items --- */

void match_items_free(struct match_items *items)
{
	size_t i;

	for (i = 0; i < items->nr; i++)
		free(items->item[i].why);
	free(items->item);
}

/* What makes two items the same question, apart from the bench's version. */
static bool same_item(const struct rundata_item *a, const struct rundata_item *b)
{
	return !strcmp(a->bench, b->bench) && json_equal(a->params, b->params) &&
	       json_array_size(a->workers) == json_array_size(b->workers) && !strcmp(a->mode, b->mode) &&
	       !strcmp(a->place, b->place) && !strcmp(a->memory, b->memory) && a->nr_memcgs == b->nr_memcgs;
}

static const char *or_none(const char *text)
{
	return *text ? text : "none";
}

/* The first parameter of @all that is not the same in @a and @b. As asprintf(); 0: there is none. */
static int describe_parameter(const json_t *a, const json_t *b, json_t *all, char **ret_text)
{
	const char *name;
	json_t *value;

	json_object_foreach(all, name, value) {
		if (json_equal(json_object_get(a, name), json_object_get(b, name)))
			continue;
		return asprintf(ret_text, "--%s differs (%s and %s)", name, or_none(match_text(a, name)), or_none(match_text(b, name)));
	}
	return 0;
}

/* The first thing in which two items of one bench are not the same question. As asprintf(). */
static int describe_difference(const struct rundata_item *a, const struct rundata_item *b, char **ret_text)
{
	const struct {
		const char *what, *base, *cand;
	} texts[] = {{"mode", a->mode, b->mode}, {"place", a->place, b->place}, {"memory", a->memory, b->memory}};
	size_t i;
	int ret;

	ret = describe_parameter(a->params, b->params, a->params, ret_text);
	if (!ret)
		ret = describe_parameter(a->params, b->params, b->params, ret_text);
	if (ret)
		return ret;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		if (strcmp(texts[i].base, texts[i].cand))
			return asprintf(ret_text, "--%s differs (%s and %s)", texts[i].what, texts[i].base, texts[i].cand);
	}
	if (json_array_size(a->workers) != json_array_size(b->workers))
		return asprintf(ret_text, "the number of workers differs (%zu and %zu)", json_array_size(a->workers), json_array_size(b->workers));
	if (a->nr_memcgs != b->nr_memcgs)
		return asprintf(ret_text, "the number of memcgs differs (%u and %u)", a->nr_memcgs, b->nr_memcgs);
	return asprintf(ret_text, "the parameters differ");
}

static bool same_arm(const struct rundata_arm *a, const struct rundata_arm *b)
{
	return !strcmp(a->state, b->state) && a->depth == b->depth && a->limit_bytes == b->limit_bytes;
}

static int add_item(struct match_items *items, const struct rundata_item *base, const struct rundata_item *cand)
{
	struct match_item *more = reallocarray(items->item, items->nr + 1, sizeof(*more)), *item;
	int n = 0;

	if (!more)
		return no_memory();
	items->item = more;
	item = &more[items->nr++];
	*item = (struct match_item){.base = base, .cand = cand};
	if (!base || !cand)
		return 0;
	if (base->bench_version != cand->bench_version)
		n = asprintf(&item->why, "%s is of version %u on one side and of version %u on the other", base->bench, base->bench_version,
			     cand->bench_version);
	else if (!same_item(base, cand))
		n = describe_difference(base, cand, &item->why);
	else if (base->nr_arms && cand->nr_arms && !same_arm(&base->arms[0], &cand->arms[0]))
		n = asprintf(&item->why, "what the others are set against differs (%s, depth %u, and %s, depth %u)", base->arms[0].state,
			     base->arms[0].depth, cand->arms[0].state, cand->arms[0].depth);
	if (n < 0)
		item->why = NULL;
	return n < 0 ? no_memory() : 0;
}

static const struct rundata_item *find_item(const struct rundata *data, const struct rundata_item *like)
{
	size_t i;

	for (i = 0; i < data->nr_items; i++)
		if (same_item(&data->items[i], like))
			return &data->items[i];
	return NULL;
}

static bool is_taken(const struct match_items *items, const struct rundata_item *cand)
{
	size_t i;

	for (i = 0; i < items->nr; i++)
		if (items->item[i].cand == cand)
			return true;
	return false;
}

/* The same bench, asked something else, that no item of the base side has a claim to. */
static const struct rundata_item *find_relative(const struct rundata *base, const struct rundata *cand, const char *bench,
						const struct match_items *items)
{
	size_t i;

	for (i = 0; i < cand->nr_items; i++) {
		const struct rundata_item *item = &cand->items[i];

		if (!strcmp(item->bench, bench) && !find_item(base, item) && !is_taken(items, item))
			return item;
	}
	return NULL;
}

int match_find(const struct compare_side *base, const struct compare_side *cand, const char *bench,
	       struct match_items *ret_items)
{
	struct match_items items = {0};
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < base->data->nr_items; i++) {
		const struct rundata_item *item = &base->data->items[i], *other = find_item(cand->data, item);

		if (bench && strcmp(bench, item->bench))
			continue;
		if (!other)
			other = find_relative(base->data, cand->data, item->bench, &items);
		ret = add_item(&items, item, other);
	}
	for (i = 0; !ret && i < cand->data->nr_items; i++) {
		const struct rundata_item *item = &cand->data->items[i];

		if ((!bench || !strcmp(bench, item->bench)) && !find_item(base->data, item) && !is_taken(&items, item))
			ret = add_item(&items, NULL, item);
	}
	if (ret) {
		match_items_free(&items);
		return ret;
	}
	*ret_items = items;
	return 0;
}

/* --- arms --- */

size_t match_arm(const struct rundata_item *item, const struct rundata_arm *like)
{
	size_t i;

	for (i = 0; i < item->nr_arms; i++)
		if (same_arm(&item->arms[i], like))
			return i;
	return MATCH_NONE;
}

size_t match_metric(const struct rundata_item *item, const char *name)
{
	size_t i;

	for (i = 0; i < item->nr_metrics; i++)
		if (!strcmp(item->metrics[i].name, name))
			return i;
	return MATCH_NONE;
}

/* --- what went wrong --- */

/* What follows "kernel NAME, "; NULL: @text does not begin so. */
static const char *behind_name(const char *text, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(text, "kernel ", 7) || strncmp(text + 7, name, len) || strncmp(text + 7 + len, ", ", 2))
		return NULL;
	return text + 7 + len + 2;
}

bool match_record_is_of(const struct compare_side *side, const json_t *record)
{
	const json_t *number = json_object_get(record, "boot"), *boot;
	size_t i;

	if (!side->kernel)
		return true;
	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot)
		if (json_equal(json_object_get(boot, "boot"), number))
			return match_is_of_side(side, boot);
	return behind_name(match_text(record, "text"), side->kernel) != NULL;
}

/* The sentence, below which there may be the end of a console; NULL: there is none. @arm MATCH_NONE: any. */
static const char *find_error(const struct compare_side *side, const json_t *records, size_t arm)
{
	const json_t *record, *number;
	size_t i;

	json_array_foreach(records, i, record) {
		const char *text = match_text(record, "text");

		if (strcmp(match_text(record, "type"), "error") || !match_record_is_of(side, record))
			continue;
		number = json_object_get(record, "arm");
		if (arm != MATCH_NONE && json_is_integer(number) && json_integer_value(number) != 0 &&
		    json_integer_value(number) != (json_int_t)arm)
			continue;
		/* Whose it is stands before it already. */
		return behind_name(text, side->name) ? behind_name(text, side->name) : text;
	}
	return NULL;
}

static bool was_measured(const struct compare_side *side, const struct rundata_item *item)
{
	const json_t *boots = json_object_get(side->data->run, "boots"), *boot;
	size_t i, k;

	for (i = 0; i < item->nr_samples; i++)
		json_array_foreach(boots, k, boot)
			if (json_integer_value(json_object_get(boot, "boot")) == (json_int_t)item->samples[i].boot && match_is_of_side(side, boot))
				return true;
	return false;
}

const char *match_skip(const struct compare_side *side, const struct rundata_item *item)
{
	const json_t *record;
	size_t i;

	json_array_foreach(item->errors, i, record)
		if (!strcmp(match_text(record, "type"), "skip") && match_record_is_of(side, record))
			return was_measured(side, item) ? NULL : match_text(record, "text");
	return NULL;
}

static bool has_error(const json_t *records)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
		if (!strcmp(match_text(record, "type"), "error"))
			return true;
	return false;
}

/* Failed, and no record tells of what, such as two boots with one seed that differed: nothing in the run is to be trusted. */
static bool failed_as_a_whole(const struct rundata *data)
{
	size_t i;

	if (strcmp(match_text(data->run, "status"), "failed") != 0 || has_error(data->notes))
		return false;
	for (i = 0; i < data->nr_items; i++)
		if (has_error(data->items[i].errors))
			return false;
	return true;
}

int match_error(const struct compare_side *side, const struct rundata_item *item, size_t arm, char **ret_text)
{
	const char *found = item ? find_error(side, item->errors, arm) : NULL;
	char *text;
	int n;

	if (!found)
		found = find_error(side, side->data->notes, MATCH_NONE);
	if (found)
		n = asprintf(&text, "%.*s", (int)strcspn(found, "\n"), found);
	/* Something was cut off after the run had ended well: what is left is not what was measured. */
	else if (!strcmp(match_text(side->data->run, "status"), "complete") && !side->data->complete)
		n = asprintf(&text, "%s is damaged: %s", side->data->dir, side->data->doubt ? side->data->doubt : "records are missing");
	else if (failed_as_a_whole(side->data))
		n = asprintf(&text, "the run failed (%s)", side->data->dir);
	else
		return 0;
	if (n < 0)
		return no_memory();
	if (ret_text)
		*ret_text = text;
	else
		free(text);
	return 1;
}
