// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_match.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

static const json_t *first_boot(const struct compare_side *side)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot) {
		const char *kernel = json_string_value(json_object_get(boot, "kernel"));

		if (!side->kernel || (kernel && !strcmp(kernel, side->kernel)))
			return boot;
	}
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

int compare_kernels(const struct rundata *data, char ***ret_names, size_t *ret_nr)
{
	char **names = NULL;
	const json_t *boot;
	size_t nr = 0, i;
	int ret = 0;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot) {
		const char *name = json_string_value(json_object_get(boot, "kernel"));

		if (!name)
			name = json_string_value(json_object_get(json_object_get(boot, "facts"), "release"));
		ret = add_name(&names, &nr, name ? name : "?");
		if (ret) {
			free_names(names, nr);
			return ret;
		}
	}
	*ret_names = names;
	*ret_nr = nr;
	return 0;
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
	struct compare_side side = {.data = data, .kernel = kernel};
	const char *release;
	char **names, all[512];
	size_t nr, i;
	int ret = compare_kernels(data, &names, &nr);

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
	else
		snprintf(side.name, sizeof(side.name), "%s", kernel ? kernel : names[0]);
	free_names(names, nr);
	if (ret)
		return ret;
	release = json_string_value(json_object_get(json_object_get(first_boot(&side), "facts"), "release"));
	snprintf(side.release, sizeof(side.release), "%s", release ? release : "");
	*ret_side = side;
	return 0;
}

/* --- what must be alike --- */

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int check_text(const char *what, const char *base, const char *cand)
{
	if (!strcmp(base, cand))
		return 0;
	return err_set(EXDEV, "the two cannot be compared: %s differs (%s and %s)", what, *base ? base : "not recorded",
		       *cand ? cand : "not recorded");
}

int match_environment(const struct compare_side *base, const struct compare_side *cand)
{
	const json_t *a = base->data->run, *b = cand->data->run, *boot_a = first_boot(base), *boot_b = first_boot(cand);
	const json_t *facts_a = json_object_get(boot_a, "facts"), *facts_b = json_object_get(boot_b, "facts");
	const json_t *guest_a = json_object_get(a, "guest"), *guest_b = json_object_get(b, "guest");
	static const char *const keys[][2] = {{"accel", "the accelerator"}, {"cpu_model", "QEMU's CPU model"}, {"qemu_version", "QEMU's version"}};
	size_t i;
	int ret = check_text("the clock", text_at(a, "clock"), text_at(b, "clock"));

	if (!ret)
		ret = check_text("how the kernel was run", text_at(boot_a, "executor"), text_at(boot_b, "executor"));
	if (!ret)
		ret = check_text("the processor", text_at(facts_a, "cpu_model"), text_at(facts_b, "cpu_model"));
	for (i = 0; !ret && i < ARRAY_SIZE(keys); i++)
		ret = check_text(keys[i][1], text_at(guest_a, keys[i][0]), text_at(guest_b, keys[i][0]));
	if (!ret && json_integer_value(json_object_get(facts_a, "page_bytes")) != json_integer_value(json_object_get(facts_b, "page_bytes")))
		ret = err_set(EXDEV, "the two cannot be compared: the size of a page differs");
	return ret;
}

/* --- items --- */

void match_items_free(struct match_items *items)
{
	free(items->item);
}

/* What makes two items the same question, apart from the bench's version. */
static bool same_item(const struct rundata_item *a, const struct rundata_item *b)
{
	return !strcmp(a->bench, b->bench) && json_equal(a->params, b->params) &&
	       json_array_size(a->workers) == json_array_size(b->workers) && !strcmp(a->mode, b->mode) &&
	       !strcmp(a->place, b->place) && !strcmp(a->memory, b->memory) && a->nr_memcgs == b->nr_memcgs;
}

static int add_item(struct match_items *items, const struct rundata_item *base, const struct rundata_item *cand)
{
	struct match_item *more = reallocarray(items->item, items->nr + 1, sizeof(*more)), *item;

	if (!more)
		return no_memory();
	items->item = more;
	item = &more[items->nr++];
	*item = (struct match_item){.base = base, .cand = cand};
	if (base && cand && base->bench_version != cand->bench_version)
		snprintf(item->why, sizeof(item->why), "%s is of version %u on one side and of version %u on the other",
			 base->bench, base->bench_version, cand->bench_version);
	return 0;
}

static const struct rundata_item *find_item(const struct rundata *data, const struct rundata_item *like)
{
	size_t i;

	for (i = 0; i < data->nr_items; i++)
		if (same_item(&data->items[i], like))
			return &data->items[i];
	return NULL;
}

int match_find(const struct compare_side *base, const struct compare_side *cand, const char *bench,
	       struct match_items *ret_items)
{
	struct match_items items = {0};
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < base->data->nr_items; i++) {
		const struct rundata_item *item = &base->data->items[i];

		if (!bench || !strcmp(bench, item->bench))
			ret = add_item(&items, item, find_item(cand->data, item));
	}
	for (i = 0; !ret && i < cand->data->nr_items; i++) {
		const struct rundata_item *item = &cand->data->items[i];

		if ((!bench || !strcmp(bench, item->bench)) && !find_item(base->data, item))
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

static size_t find_arm(const struct rundata_item *item, const struct rundata_arm *like)
{
	size_t i;

	for (i = 0; i < item->nr_arms; i++)
		if (!strcmp(item->arms[i].state, like->state) && item->arms[i].depth == like->depth &&
		    item->arms[i].limit_bytes == like->limit_bytes)
			return i;
	return MATCH_NONE;
}

static size_t find_metric(const struct rundata_item *item, const char *name)
{
	size_t i;

	for (i = 0; i < item->nr_metrics; i++)
		if (!strcmp(item->metrics[i].name, name))
			return i;
	return MATCH_NONE;
}

bool match_arm(const struct match_item *match, size_t base_metric, size_t base_arm, struct match_row *ret_row)
{
	struct match_row row = {.base_arm = base_arm, .base_metric = base_metric, .base_below = MATCH_NONE, .cand_below = MATCH_NONE};

	row.cand_metric = find_metric(match->cand, match->base->metrics[base_metric].name);
	row.cand_arm = find_arm(match->cand, &match->base->arms[base_arm]);
	if (row.cand_metric == MATCH_NONE || row.cand_arm == MATCH_NONE)
		return false;
	/* The first arm is the baseline of the others: their control, and a row by itself only where it stands alone. */
	if (base_arm == 0)
		return match->base->nr_arms == 1 ? (*ret_row = row, true) : false;
	row.base_below = 0;
	row.cand_below = find_arm(match->cand, &match->base->arms[0]);
	if (row.cand_below == MATCH_NONE)
		row.base_below = MATCH_NONE;
	*ret_row = row;
	return true;
}

/* --- what went wrong --- */

static bool boot_is_of(const struct compare_side *side, const json_t *record)
{
	const json_t *number = json_object_get(record, "boot"), *boot;
	size_t i;

	if (!side->kernel)
		return true;
	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot)
		if (json_equal(json_object_get(boot, "boot"), number))
			return !strcmp(text_at(boot, "kernel"), side->kernel);
	/* A boot that never came to its first record: its error names the kernel. */
	return strstr(text_at(record, "text"), side->kernel) != NULL;
}

static bool find_error(const struct compare_side *side, const json_t *records, char *buf, size_t size)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record) {
		if (strcmp(text_at(record, "type"), "error") || !boot_is_of(side, record))
			continue;
		snprintf(buf, size, "%s", text_at(record, "text"));
		buf[strcspn(buf, "\n")] = '\0';
		return true;
	}
	return false;
}

bool match_error(const struct compare_side *side, const struct rundata_item *item, char *buf, size_t size)
{
	return (item && find_error(side, item->errors, buf, size)) || find_error(side, side->data->notes, buf, size);
}

bool match_any_error(const struct compare *compare, const struct match_item *match)
{
	char error[8];

	return match_error(&compare->base, match->base, error, sizeof(error)) ||
	       match_error(&compare->cand, match->cand, error, sizeof(error));
}
