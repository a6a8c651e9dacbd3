// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/plan.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "core/registry.h"

static const char *const state_names[] = {
	[PLAN_OFF] = "off",
	[PLAN_ROOT] = "root",
	[PLAN_CHILD] = "child",
};

const char *plan_state_name(enum plan_state state)
{
	return state_names[state];
}

const char *plan_clock_name(enum plan_clock clock)
{
	return clock == PLAN_INSN ? "insn" : "ns";
}

struct plan_item *plan_add(struct plan *plan)
{
	struct plan_item *items = realloc(plan->items, (plan->nr_items + 1) * sizeof(*items));

	if (!items)
		return NULL;
	plan->items = items;
	memset(&items[plan->nr_items], 0, sizeof(*items));
	return &items[plan->nr_items++];
}

void plan_free(struct plan *plan)
{
	free(plan->items);
	plan->items = NULL;
	plan->nr_items = 0;
}

bool plan_needs(const struct plan *plan, enum bench_needs flag)
{
	size_t i;

	for (i = 0; i < plan->nr_items; i++)
		if (params_needs(&plan->items[i].params) & flag)
			return true;
	return false;
}

char *plan_arm_text(const struct plan_arm *arm, char *buf, size_t buf_size)
{
	if (arm->state == PLAN_CHILD)
		snprintf(buf, buf_size, "child, depth %u", arm->depth);
	else
		snprintf(buf, buf_size, "%s", plan_state_name(arm->state));
	return buf;
}

char *plan_item_text(const struct plan_item *item, char *buf, size_t size)
{
	size_t len = (size_t)snprintf(buf, size, "%s", item->bench->name), i;
	char text[64];

	for (i = 0; i < params_nr(&item->params) && len < size; i++)
		if (!params_is_default(&item->params, i))
			len += (size_t)snprintf(buf + len, size - len, " --%s=%s", params_at(&item->params, i)->name,
						params_text(&item->params, i, text, sizeof(text)));
	if (item->nr_workers > 1 && len < size)
		len += (size_t)snprintf(buf + len, size - len, ", %u %s", item->nr_workers, item->threads ? "threads" : "processes");
	if (item->nr_workers > 1 && len < size)
		snprintf(buf + len, size - len, ", %u memcg%s", item->nr_memcgs, item->nr_memcgs == 1 ? "" : "s");
	return buf;
}

char *plan_perf_name(const struct plan_item *item, size_t index, size_t arm, char *buf, size_t buf_size)
{
	const struct plan_arm *a = &item->arms[arm];

	if (a->state == PLAN_CHILD)
		snprintf(buf, buf_size, "item%zu-%s-child%u.perf.data", index, item->bench->name, a->depth);
	else
		snprintf(buf, buf_size, "item%zu-%s-%s.perf.data", index, item->bench->name, plan_state_name(a->state));
	return buf;
}

static json_t *arm_to_json(const struct plan_arm *arm, size_t index)
{
	return json_pack("{s:i, s:s, s:i, s:o}", "arm", (int)index, "state", plan_state_name(arm->state), "depth",
			 (int)arm->depth, "limit_bytes",
			 arm->limit_bytes == UINT64_MAX ? json_null()
							: json_integer((json_int_t)arm->limit_bytes));
}

json_t *plan_item_to_json(const struct plan_item *item)
{
	json_t *arms = json_array(), *params = json_object();
	char text[64];
	size_t i;

	for (i = 0; i < item->nr_arms; i++)
		json_array_append_new(arms, arm_to_json(&item->arms[i], i));
	for (i = 0; i < params_nr(&item->params); i++)
		if (params_is_told(&item->params, i))
			json_object_set_new(params, params_at(&item->params, i)->name,
					    json_string(params_text(&item->params, i, text, sizeof(text))));
	return json_pack("{s:s, s:i, s:o, s:i, s:i, s:s, s:s, s:s, s:o}", "bench", item->bench->name,
			 "version", (int)item->bench->version, "params", params, "nr_workers",
			 (int)item->nr_workers, "nr_memcgs", (int)item->nr_memcgs, "mode", item->threads ? "threads" : "processes",
			 "place", item->place, "memory", item->memory, "arms", arms);
}

/* What matters only where time may be short. */
static void add_time(const struct plan_item *item, json_t *json)
{
	json_t *given = json_array();
	size_t i;

	for (i = 0; i < item->bench->nr_params; i++)
		if (item->given & 1u << i)
			json_array_append_new(given, json_string(item->bench->params[i].name));
	json_object_set_new(json, "given", given);
	json_object_set_new(json, "spare", json_integer(item->spare));
}

json_t *plan_to_json(const struct plan *plan)
{
	json_t *items = json_array(), *json;
	size_t i;

	for (i = 0; i < plan->nr_items; i++) {
		json_t *item = plan_item_to_json(&plan->items[i]);

		if (plan->budget_ns)
			add_time(&plan->items[i], item);
		json_array_append_new(items, item);
	}
	json = json_pack("{s:s, s:I, s:i, s:I, s:I, s:b, s:s, s:s, s:o}", "clock", plan_clock_name(plan->clock), "seed", (json_int_t)plan->seed,
			 "blocks", (int)plan->blocks, "rep_ns", (json_int_t)plan->rep_ns,
			 "latency_ops", (json_int_t)plan->latency_ops, "counters", plan->counters,
			 "perf_dir", plan->perf_dir, "dir", plan->dir, "items", items);
	if (plan->budget_ns)
		json_object_set_new(json, "budget_ns", json_integer((json_int_t)plan->budget_ns));
	return json;
}

static int arm_from_json(json_t *json, struct plan_arm *arm)
{
	const char *state;
	json_t *limit;
	int depth;
	size_t i;

	if (json_unpack(json, "{s:s, s:i, s:o}", "state", &state, "depth", &depth, "limit_bytes",
			&limit))
		return err_set(EINVAL, "plan: an arm lacks state, depth or limit_bytes");
	for (i = 0; i < ARRAY_SIZE(state_names); i++)
		if (!strcmp(state, state_names[i]))
			break;
	if (i == ARRAY_SIZE(state_names))
		return err_set(EINVAL, "plan: no memcg state is called \"%s\"", state);
	if (depth < 0 || depth > PLAN_DEPTH_MAX || (i == PLAN_CHILD) != (depth > 0))
		return err_set(EINVAL, "plan: depth %d of a %s arm", depth, state);
	if (!json_is_null(limit) && json_integer_value(limit) < 1)
		return err_set(EINVAL, "plan: limit_bytes is neither null nor a number of bytes");
	arm->state = (enum plan_state)i;
	arm->depth = (unsigned int)depth;
	arm->limit_bytes = json_is_integer(limit) ? (uint64_t)json_integer_value(limit) : UINT64_MAX;
	return 0;
}

static int item_params_from_json(json_t *params, struct plan_item *item)
{
	const char *name;
	json_t *value;
	int ret;

	if (!json_is_object(params))
		return err_set(EINVAL, "plan: params is no object");
	json_object_foreach(params, name, value) {
		if (!json_is_string(value))
			return err_set(EINVAL, "plan: parameter %s is not a string", name);
		ret = params_set(&item->params, name, json_string_value(value));
		if (ret)
			return err_prefix(-EINVAL, "plan");
	}
	return 0;
}

static int item_time_from_json(const json_t *json, struct plan_item *item)
{
	json_t *given = json_object_get(json, "given"), *name;
	size_t i, k;

	item->spare = (unsigned int)json_integer_value(json_object_get(json, "spare"));
	json_array_foreach(given, i, name) {
		for (k = 0; k < item->bench->nr_params; k++)
			if (json_is_string(name) && !strcmp(json_string_value(name), item->bench->params[k].name))
				break;
		if (k == item->bench->nr_params)
			return err_set(EINVAL, "plan: %s has no parameter of a name that is given", item->bench->name);
		item->given |= 1u << k;
	}
	return 0;
}

/* Cut short, it would say something else. */
static int copy_text(const char *what, const char *text, char *buf, size_t size)
{
	if (strlen(text) >= size)
		return err_set(EINVAL, "plan: %s has more than %zu letters", what, size - 1);
	strcpy(buf, text);
	return 0;
}

static int item_from_json(json_t *json, struct plan_item *item)
{
	const char *bench, *mode, *place, *memory;
	json_t *params, *arms;
	int version, nr_workers, nr_memcgs = 1, ret;
	size_t i;

	if (json_unpack(json, "{s:s, s:i, s:o, s:i, s?i, s:s, s:s, s:s, s:o}", "bench", &bench, "version",
			&version, "params", &params, "nr_workers", &nr_workers, "nr_memcgs", &nr_memcgs, "mode", &mode,
			"place", &place, "memory", &memory, "arms", &arms))
		return err_set(EINVAL, "plan: an item lacks a field");
	item->bench = registry_find(bench);
	if (!item->bench)
		return err_set(EINVAL, "plan: no bench is called \"%s\"", bench);
	if (item->bench->version != (unsigned int)version)
		return err_set(EINVAL, "plan: %s version %d is wanted, this is version %u", bench, version,
			       item->bench->version);
	if (nr_workers < 1 || nr_workers > PLAN_WORKERS_MAX)
		return err_set(EINVAL, "plan: %d workers", nr_workers);
	item->nr_workers = (unsigned int)nr_workers;
	item->threads = !strcmp(mode, "threads");
	if (!item->threads && strcmp(mode, "processes"))
		return err_set(EINVAL, "plan: no mode is called \"%s\"", mode);
	if (nr_memcgs < 1 || nr_memcgs > PLAN_WORKERS_MAX || (item->threads && nr_memcgs > 1))
		return err_set(EINVAL, "plan: %d memcgs for %s", nr_memcgs, mode);
	item->nr_memcgs = (unsigned int)nr_memcgs;
	ret = copy_text("place", place, item->place, sizeof(item->place));
	if (!ret)
		ret = copy_text("memory", memory, item->memory, sizeof(item->memory));
	if (ret)
		return ret;
	params_init(&item->params, item->bench);
	ret = item_params_from_json(params, item);
	if (!ret)
		ret = item_time_from_json(json, item);
	if (ret)
		return ret;
	item->nr_arms = json_array_size(arms);
	if (!item->nr_arms || item->nr_arms > PLAN_ARMS_MAX)
		return err_set(EINVAL, "plan: %zu arms", item->nr_arms);
	for (i = 0; i < item->nr_arms; i++) {
		ret = arm_from_json(json_array_get(arms, i), &item->arms[i]);
		if (ret)
			return ret;
	}
	return 0;
}

int plan_from_json(const json_t *json, struct plan *ret_plan)
{
	struct plan plan = {0};
	const char *clock, *perf_dir, *dir = "";
	json_int_t seed, rep_ns, latency_ops, budget_ns = 0;
	json_t *items;
	int blocks, counters, ret = 0;
	size_t i;

	if (json_unpack((json_t *)json, "{s:s, s:I, s:i, s:I, s:I, s:b, s:s, s?s, s?I, s:o}", "clock", &clock, "seed", &seed, "blocks", &blocks, "rep_ns", &rep_ns, "latency_ops", &latency_ops,
			"counters", &counters, "perf_dir", &perf_dir, "dir", &dir, "budget_ns", &budget_ns, "items", &items))
		return err_set(EINVAL, "not a plan: clock, seed, blocks, rep_ns, latency_ops, counters, "
				       "perf_dir and items are needed");
	if (strcmp(clock, "ns") && strcmp(clock, "insn"))
		return err_set(EINVAL, "plan: no clock is called \"%s\"", clock);
	plan.clock = strcmp(clock, "insn") ? PLAN_NS : PLAN_INSN;
	if (blocks < 1 || blocks > PLAN_BLOCKS_MAX || rep_ns < 1 || latency_ops < 0 || budget_ns < 0)
		return err_set(EINVAL, "plan: blocks, rep_ns, latency_ops or budget_ns is out of range");
	plan.seed = (uint64_t)seed;
	plan.blocks = (unsigned int)blocks;
	plan.rep_ns = (uint64_t)rep_ns;
	plan.budget_ns = (uint64_t)budget_ns;
	plan.latency_ops = (uint64_t)latency_ops;
	plan.counters = counters;
	if (!json_array_size(items))
		return err_set(EINVAL, "plan: items is no list, or empty");
	ret = copy_text("perf_dir", perf_dir, plan.perf_dir, sizeof(plan.perf_dir));
	if (!ret)
		ret = copy_text("dir", dir, plan.dir, sizeof(plan.dir));
	for (i = 0; i < json_array_size(items) && !ret; i++) {
		struct plan_item *item = plan_add(&plan);

		ret = item ? item_from_json(json_array_get(items, i), item)
			   : err_sys(ENOMEM, "read the plan");
	}
	if (ret) {
		plan_free(&plan);
		return ret;
	}
	*ret_plan = plan;
	return 0;
}
