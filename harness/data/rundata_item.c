// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/rundata_loader.h"

#include <string.h>

#include "data/old_names.h"

static int read_metric(const struct loader *loader, const json_t *json, const char *bench, struct rundata_metric *metric)
{
	int ret = loader_text(loader, json, "name", &metric->stored_name);

	if (!ret) {
		metric->name = strdup(old_names_metric(bench, metric->stored_name));
		ret = metric->name ? 0 : loader_no_memory(loader);
	}
	if (!ret)
		ret = loader_text(loader, json, "help", &metric->help);
	if (!ret)
		ret = loader_text(loader, json, "op", &metric->op);
	if (!ret)
		ret = loader_text(loader, json, "unit", &metric->unit);
	if (ret)
		return ret;
	/* Runs of before there were counts say nothing. */
	metric->is_count = loader_text_is(json, "kind", "count");
	if (!metric->is_count && json_object_get(json, "kind") && !loader_text_is(json, "kind", "time"))
		return loader_bad(loader, "\"kind\" of metric \"%.100s\" is neither time nor count", metric->name);
	metric->lower_is_better = loader_text_is(json, "better", "lower");
	if (!metric->lower_is_better && !loader_text_is(json, "better", "higher"))
		return loader_bad(loader, "\"better\" of metric \"%.100s\" is neither lower nor higher", metric->name);
	return 0;
}

static int read_metrics(const struct loader *loader, const json_t *record, struct rundata_item *item)
{
	const json_t *metrics = json_object_get(record, "metrics");
	size_t nr = json_array_size(metrics);

	if (!nr)
		return loader_bad(loader, "an item without metrics");
	item->metrics = calloc(nr, sizeof(*item->metrics));
	if (!item->metrics)
		return loader_no_memory(loader);
	for (size_t i = 0; i < nr; i++) {
		int ret;

		item->nr_metrics = i + 1;
		ret = read_metric(loader, json_array_get(metrics, i), item->bench, &item->metrics[i]);
		if (ret)
			return ret;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(item->metrics[k].name, item->metrics[i].name))
				return loader_bad(loader, "metric \"%.100s\" is there twice", item->metrics[i].name);
	}
	return 0;
}

static int read_arm(const struct loader *loader, const json_t *json, struct rundata_arm *arm)
{
	const json_t *limit = json_object_get(json, "limit_bytes");
	int ret;

	if (!loader_text_is(json, "state", "off") && !loader_text_is(json, "state", "root") && !loader_text_is(json, "state", "child"))
		return loader_bad(loader, "\"state\" of an arm is none of off, root and child");
	if (json_object_get(json, "depth")) {
		ret = loader_uint(loader, json, "depth", &arm->depth);
		if (ret)
			return ret;
	}
	arm->limit_bytes = UINT64_MAX;
	if (limit && !json_is_null(limit)) {
		ret = loader_u64(loader, json, "limit_bytes", &arm->limit_bytes);
		if (ret)
			return ret;
	}
	return loader_text(loader, json, "state", &arm->state);
}

static bool arm_equal(const struct rundata_arm *a, const struct rundata_arm *b)
{
	return !strcmp(a->state, b->state) && a->depth == b->depth && a->limit_bytes == b->limit_bytes;
}

/* Boots may each bring some of the arms (memcg is off in a boot of its own); what they share must be the same. */
static int add_arm(const struct loader *loader, const json_t *json, unsigned int number, struct rundata_item *item)
{
	struct rundata_arm arm = { 0 }, *more;
	int ret = read_arm(loader, json, &arm);

	/* Without a number it is the one of its place in the list. */
	if (!ret && json_object_get(json, "arm"))
		ret = loader_uint(loader, json, "arm", &number);
	if (ret) {
		free(arm.state);
		return ret;
	}
	if (number < item->nr_arms) {
		bool equal = arm_equal(&arm, &item->arms[number]);

		free(arm.state);
		return equal ? 0 : loader_bad(loader, "arm %u of item %u is not what it was before", number, item->item);
	}
	more = number == item->nr_arms ? reallocarray(item->arms, number + 1, sizeof(*more)) : NULL;
	if (!more) {
		free(arm.state);
		return number == item->nr_arms ? loader_no_memory(loader)
					       : loader_bad(loader, "arm %u is not the next one", number);
	}
	more[number] = arm;
	item->arms = more;
	item->nr_arms++;
	return 0;
}

static int read_arms(const struct loader *loader, const json_t *record, struct rundata_item *item)
{
	const json_t *arms = json_object_get(record, "arms");
	size_t nr = json_array_size(arms);

	if (!nr)
		return loader_bad(loader, "an item without arms");
	for (size_t i = 0; i < nr; i++) {
		int ret = add_arm(loader, json_array_get(arms, i), (unsigned int)i, item);

		if (ret)
			return ret;
	}
	return 0;
}

/* Runs of before there were several have one. */
static int read_nr_memcgs(const struct loader *loader, const json_t *record, unsigned int *ret_nr)
{
	*ret_nr = 1;
	return json_object_get(record, "nr_memcgs") ? loader_uint(loader, record, "nr_memcgs", ret_nr) : 0;
}

static int read_new_item(const struct loader *loader, const json_t *record, struct rundata_item *item)
{
	int ret = loader_text(loader, record, "bench", &item->bench);

	if (!ret)
		ret = loader_uint(loader, record, "version", &item->bench_version);
	if (!ret)
		ret = loader_text(loader, record, "op", &item->op);
	if (!ret)
		ret = loader_text(loader, record, "mode", &item->mode);
	if (!ret)
		ret = loader_text(loader, record, "place", &item->place);
	if (!ret)
		ret = loader_text(loader, record, "memory", &item->memory);
	if (!ret)
		ret = loader_flag(loader, record, "oversubscribed", &item->oversubscribed);
	if (!ret)
		ret = read_nr_memcgs(loader, record, &item->nr_memcgs);
	if (ret)
		return ret;
	item->swaps = json_object_get(record, "swap") != NULL;
	item->params = old_names_params(item->bench, json_object_get(record, "params"));
	item->workers = json_incref(json_object_get(record, "workers"));
	if (!json_is_object(item->params) || !json_is_array(item->workers))
		return loader_bad(loader, "an item without \"params\" or \"workers\"");
	ret = read_metrics(loader, record, item);
	if (ret)
		return ret;
	item->counters = json_array();
	item->noise = json_array();
	item->warnings = json_array();
	item->errors = json_array();
	if (!item->counters || !item->noise || !item->warnings || !item->errors)
		return loader_no_memory(loader);
	return read_arms(loader, record, item);
}

/* An item of an earlier boot, again. */
static int read_known_item(const struct loader *loader, const json_t *record, struct rundata_item *item)
{
	const json_t *metrics = json_object_get(record, "metrics");
	json_t *params = old_names_params(item->bench, json_object_get(record, "params"));
	bool same = loader_text_is(record, "bench", item->bench) && loader_text_is(record, "op", item->op) &&
		    loader_text_is(record, "mode", item->mode) && loader_text_is(record, "place", item->place) &&
		    loader_text_is(record, "memory", item->memory) &&
		    json_equal(params, item->params) &&
		    json_array_size(metrics) == item->nr_metrics;
	unsigned int version = 0, nr_memcgs = 1;
	int ret = loader_uint(loader, record, "version", &version);

	json_decref(params);
	if (!ret)
		ret = read_nr_memcgs(loader, record, &nr_memcgs);
	if (ret)
		return ret;
	for (size_t i = 0; same && i < item->nr_metrics; i++) {
		const json_t *metric = json_array_get(metrics, i);

		same = loader_text_is(metric, "name", item->metrics[i].stored_name) &&
		       loader_text_is(metric, "unit", item->metrics[i].unit) &&
		       loader_text_is(metric, "kind", "count") == item->metrics[i].is_count;
	}
	if (!same || version != item->bench_version || nr_memcgs != item->nr_memcgs)
		return loader_bad(loader, "item %u is not what it was in an earlier boot", item->item);
	return read_arms(loader, record, item);
}

/* Far more than a run has; searched one by one. */
#define ITEMS_MAX 10000

static int new_item(struct loader *loader, unsigned int number, struct rundata_item **ret_item)
{
	struct rundata *data = loader->data;
	struct rundata_item *items;
	struct item_state *states;

	if (data->nr_items == ITEMS_MAX)
		return loader_bad(loader, "more than %d items", ITEMS_MAX);
	items = reallocarray(data->items, data->nr_items + 1, sizeof(*items));
	if (!items)
		return loader_no_memory(loader);
	data->items = items;
	states = reallocarray(loader->items, data->nr_items + 1, sizeof(*states));
	if (!states)
		return loader_no_memory(loader);
	loader->items = states;
	states[data->nr_items] = (struct item_state){ 0 };
	loader->nr_items = data->nr_items + 1;
	items[data->nr_items] = (struct rundata_item){ .item = number };
	*ret_item = &items[data->nr_items++];
	return 0;
}

int loader_read_item(struct loader *loader, const json_t *record, unsigned int boot)
{
	struct rundata_item *item;
	struct item_state *state;
	unsigned int number = 0;
	int ret = loader_uint(loader, record, "item", &number);

	if (ret)
		return ret;
	item = loader_find_item(loader, number);
	if (item) {
		if (loader->items[loader_item_index(loader, item)].boot == boot)
			return loader_bad(loader, "a second item record of item %u in boot %u", number, boot);
		ret = read_known_item(loader, record, item);
	} else {
		ret = new_item(loader, number, &item);
		if (!ret)
			ret = read_new_item(loader, record, item);
	}
	if (ret)
		return ret;
	state = &loader->items[loader_item_index(loader, item)];
	state->boot = boot;
	state->nr_arms = (unsigned int)json_array_size(json_object_get(record, "arms"));
	return 0;
}

/* More workers than a plan may have are none. */
#define WORKERS_MAX 1024

static char *plan_text(const json_t *plan, const char *key)
{
	const char *text = json_string_value(json_object_get(plan, key));
	char *copy = strdup(text ? text : "");

	if (copy)
		loader_make_printable(copy);
	return copy;
}

int loader_plan_item(struct loader *loader, unsigned int number, struct rundata_item **ret_item)
{
	const json_t *items = json_object_get(json_object_get(loader->data->run, "plan"), "items"), *plan = json_array_get(items, number);
	json_t *params = json_object_get(plan, "params");
	json_int_t nr_workers = json_integer_value(json_object_get(plan, "nr_workers"));
	json_int_t nr_memcgs = json_integer_value(json_object_get(plan, "nr_memcgs"));
	struct rundata_item *item;
	json_int_t i;
	int ret;

	*ret_item = NULL;
	if (!json_is_string(json_object_get(plan, "bench")) || nr_workers > WORKERS_MAX)
		return 0;
	ret = new_item(loader, number, &item);
	if (ret)
		return ret;
	item->bench = plan_text(plan, "bench");
	item->op = strdup("op");
	item->mode = plan_text(plan, "mode");
	item->place = plan_text(plan, "place");
	item->memory = plan_text(plan, "memory");
	item->bench_version = (unsigned int)json_integer_value(json_object_get(plan, "version"));
	item->nr_memcgs = nr_memcgs > 0 && nr_memcgs <= WORKERS_MAX ? (unsigned int)nr_memcgs : 1;
	item->params = json_is_object(params) && item->bench ? old_names_params(item->bench, params) : json_object();
	item->workers = json_array();
	item->counters = json_array();
	item->noise = json_array();
	item->warnings = json_array();
	item->errors = json_array();
	if (!item->bench || !item->op || !item->mode || !item->place || !item->memory || !item->params || !item->workers ||
	    !item->counters || !item->noise || !item->warnings || !item->errors)
		return loader_no_memory(loader);
	for (i = 0; i < nr_workers; i++)
		if (json_array_append_new(item->workers, json_null()))
			return loader_no_memory(loader);
	*ret_item = item;
	return 0;
}
