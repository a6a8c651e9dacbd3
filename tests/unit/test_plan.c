// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans: there and back as JSON, and everything that is not one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/plan.h"
#include "core/registry.h"

static void make_plan(struct plan *plan)
{
	struct plan_item *item;

	memset(plan, 0, sizeof(*plan));
	plan->seed = INT64_MAX;
	plan->blocks = 3;
	plan->rep_ns = 2000000;
	plan->latency_ops = 7;
	plan->counters = true;
	strcpy(plan->perf_dir, "/a/perf");
	item = plan_add(plan);
	item->bench = registry_find("null");
	params_init(&item->params, item->bench);
	item->nr_workers = 5;
	item->nr_memcgs = 3;
	strcpy(item->place, "compact");
	strcpy(item->memory, "default");
	item->arms[0] = (struct plan_arm){.state = PLAN_OFF, .limit_bytes = UINT64_MAX};
	item->nr_arms = 1;
	item = plan_add(plan);
	item->bench = registry_find("fault_storm");
	params_init(&item->params, item->bench);
	assert_int_equal(params_set(&item->params, "size", "4G"), 0);
	assert_int_equal(params_set(&item->params, "map", "file-cow"), 0);
	assert_int_equal(params_set(&item->params, "stats", "fresh"), 0);
	item->nr_workers = PLAN_WORKERS_MAX;
	item->nr_memcgs = 1;
	item->threads = true;
	strcpy(item->place, "0,1");
	strcpy(item->memory, "node:0");
	item->arms[0] = (struct plan_arm){.state = PLAN_ROOT, .limit_bytes = UINT64_MAX};
	item->arms[1] = (struct plan_arm){.state = PLAN_CHILD, .depth = PLAN_DEPTH_MAX, .limit_bytes = INT64_MAX};
	item->nr_arms = 2;
}

static void there_and_back(void **state)
{
	struct plan plan, back;
	json_t *json, *again;

	(void)state;
	make_plan(&plan);
	json = plan_to_json(&plan);
	assert_non_null(json);
	assert_int_equal(plan_from_json(json, &back), 0);
	again = plan_to_json(&back);
	assert_true(json_equal(json, again));
	/* As it is found, nothing is said of it: as in plans of before there was a choice. */
	assert_null(json_object_get(json_object_get(json_array_get(json_object_get(json, "items"), 0), "params"), "stats"));
	assert_int_equal(back.items[0].params.common[PARAMS_STATS], STATS_AS_FOUND);
	assert_int_equal(back.items[1].params.common[PARAMS_STATS], STATS_FRESH);
	assert_true(back.seed == INT64_MAX);
	assert_true(back.counters);
	assert_int_equal(back.nr_items, 2);
	assert_ptr_equal(back.items[1].bench, registry_find("fault_storm"));
	assert_true(back.items[1].threads);
	assert_false(back.items[0].threads);
	assert_int_equal(back.items[0].nr_memcgs, 3);
	assert_int_equal(back.items[0].arms[0].state, PLAN_OFF);
	assert_true(back.items[1].arms[0].limit_bytes == UINT64_MAX);
	assert_true(back.items[1].arms[1].limit_bytes == INT64_MAX);
	assert_int_equal(back.items[1].arms[1].depth, PLAN_DEPTH_MAX);
	json_decref(json);
	json_decref(again);
	plan_free(&plan);
	plan_free(&back);
}

/* Written before there were several: one. */
static void memcgs_may_be_missing(void **state)
{
	struct plan plan, back;
	json_t *json;

	(void)state;
	make_plan(&plan);
	json = plan_to_json(&plan);
	json_object_del(json_array_get(json_object_get(json, "items"), 0), "nr_memcgs");
	assert_int_equal(plan_from_json(json, &back), 0);
	assert_int_equal(back.items[0].nr_memcgs, 1);
	json_decref(json);
	plan_free(&plan);
	plan_free(&back);
}

/* Of what all benches have, a plan says what is not as it was before there was a choice. */
static void common_parameters(void **state)
{
	struct plan plan, back;
	json_t *json, *params;
	size_t i;

	(void)state;
	make_plan(&plan);
	assert_int_equal(params_set(&plan.items[0].params, "siblings", "30"), 0);
	assert_int_equal(params_set(&plan.items[0].params, "lru-gen", "off"), 0);
	json = plan_to_json(&plan);
	for (i = 0; i < 2; i++) {
		params = json_object_get(json_array_get(json_object_get(json, "items"), i), "params");
		assert_int_equal(json_object_size(params), plan.items[i].bench->nr_params + (i ? 1 : 2));
	}
	assert_null(json_object_get(params, "siblings"));
	params = json_object_get(json_array_get(json_object_get(json, "items"), 0), "params");
	assert_string_equal(json_string_value(json_object_get(params, "siblings")), "30");
	assert_string_equal(json_string_value(json_object_get(params, "lru-gen")), "off");
	assert_int_equal(plan_from_json(json, &back), 0);
	assert_int_equal(back.items[0].params.common[PARAMS_SIBLINGS], 30);
	assert_int_equal(back.items[0].params.common[PARAMS_SIBLING_PAGES], 0);
	assert_int_equal(back.items[0].params.common[PARAMS_LRU_GEN], LRU_GEN_OFF);
	assert_int_equal(back.items[1].params.common[PARAMS_SIBLINGS], 0);
	json_decref(json);
	plan_free(&plan);
	plan_free(&back);
}

static json_t *at(json_t *json, const char *path)
{
	char copy[64], *rest = copy, *word;

	strcpy(copy, path);
	while ((word = strsep(&rest, "/")))
		json = *word >= '0' && *word <= '9' ? json_array_get(json, (size_t)atoi(word))
						    : json_object_get(json, word);
	return json;
}

/* The plan with @key of the object at @path replaced by @value (JSON text; NULL: removed) is refused with @sentence. */
static void assert_refused(const char *path, const char *key, const char *value, const char *sentence)
{
	struct plan plan, back;
	json_t *json, *object;

	make_plan(&plan);
	json = plan_to_json(&plan);
	object = *path ? at(json, path) : json;
	assert_non_null(json_object_get(object, key));
	if (value)
		json_object_set_new(object, key, json_loads(value, JSON_DECODE_ANY, NULL));
	else
		json_object_del(object, key);
	memset(&back, 0x5a, sizeof(back));
	err_set(0, "nothing was said");
	assert_int_equal(plan_from_json(json, &back), -EINVAL);
	if (!strstr(err_msg(), sentence))
		fail_msg("%s of %s as %s: %s", key, path, value ? value : "nothing", err_msg());
	assert_int_equal(back.blocks, 0x5a5a5a5a);
	json_decref(json);
	plan_free(&plan);
}

static void every_field_is_needed_and_has_its_type(void **state)
{
	static const struct {
		const char *path, *key;
	} fields[] = {
		{"", "seed"}, {"", "blocks"}, {"", "rep_ns"}, {"", "latency_ops"}, {"", "counters"}, {"", "perf_dir"},
		{"", "items"}, {"items/1", "bench"}, {"items/1", "version"}, {"items/1", "params"},
		{"items/1", "nr_workers"}, {"items/1", "mode"}, {"items/1", "place"}, {"items/1", "memory"},
		{"items/1", "arms"}, {"items/1/arms/1", "state"}, {"items/1/arms/1", "depth"},
		{"items/1/arms/1", "limit_bytes"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		assert_refused(fields[i].path, fields[i].key, NULL, "plan");
		assert_refused(fields[i].path, fields[i].key, "1.5", "plan");
	}
}

static void values_out_of_range(void **state)
{
	(void)state;
	assert_refused("", "blocks", "0", "out of range");
	assert_refused("", "blocks", "-1", "out of range");
	assert_refused("", "blocks", "100001", "out of range");
	assert_refused("", "rep_ns", "0", "out of range");
	assert_refused("", "rep_ns", "-5", "out of range");
	assert_refused("", "latency_ops", "-1", "out of range");
	assert_refused("", "items", "[]", "empty");
	assert_refused("", "items", "[1]", "lacks a field");
	assert_refused("items/1", "nr_workers", "0", "0 workers");
	assert_refused("items/1", "nr_workers", "-1", "-1 workers");
	assert_refused("items/1", "nr_workers", "1025", "1025 workers");
	assert_refused("items/0", "nr_memcgs", "0", "0 memcgs");
	assert_refused("items/0", "nr_memcgs", "1025", "1025 memcgs");
	assert_refused("items/1", "nr_memcgs", "2", "2 memcgs for threads");
	assert_refused("items/1", "arms", "[]", "0 arms");
	assert_refused("items/1", "arms", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]", "17 arms");
	assert_refused("items/1", "arms", "[1]", "an arm lacks");
	assert_refused("items/1/arms/1", "depth", "0", "depth 0 of a child arm");
	assert_refused("items/1/arms/1", "depth", "-1", "depth -1 of a child arm");
	assert_refused("items/1/arms/1", "depth", "65", "depth 65 of a child arm");
	assert_refused("items/1/arms/0", "depth", "1", "depth 1 of a root arm");
	assert_refused("items/1/arms/1", "limit_bytes", "-1", "limit_bytes");
	assert_refused("items/1/arms/1", "limit_bytes", "0", "limit_bytes");
	assert_refused("items/1/arms/1", "limit_bytes", "\"1G\"", "limit_bytes");
}

static void names_that_this_build_does_not_know(void **state)
{
	(void)state;
	assert_refused("items/1", "bench", "\"fault\"", "no bench is called \"fault\"");
	assert_refused("items/1", "version", "1000", "version 1000 is wanted");
	assert_refused("items/1", "mode", "\"fibres\"", "no mode is called \"fibres\"");
	assert_refused("items/1/arms/1", "state", "\"leaf\"", "no memcg state is called \"leaf\"");
	assert_refused("items/1/params", "size", "4096", "size is not a string");
	assert_refused("items/1/params", "size", "\"4g4\"", "plan: fault_storm");
	assert_refused("items/1", "params", "{\"colour\": \"red\"}", "colour");
	assert_refused("items/1", "params", "{\"siblings\": \"many\"}", "plan: fault_storm: parameter siblings");
	assert_refused("items/1", "params", "{\"lru-gen\": \"maybe\"}", "\"maybe\" is none of keep, off, on");
}

/* Cut to fit, a list of CPUs would be another list. */
static void texts_that_are_too_long(void **state)
{
	char text[700];

	(void)state;
	memset(text, '1', sizeof(text));
	text[0] = '"';
	text[129] = '"';
	text[130] = '\0';
	assert_refused("items/1", "place", text, "place has more than 127 letters");
	assert_refused("items/1", "memory", text, "memory has more than 31 letters");
	text[129] = '1';
	memset(text + 130, '1', sizeof(text) - 130);
	text[600] = '"';
	text[601] = '\0';
	assert_refused("", "perf_dir", text, "perf_dir has more than 511 letters");
}

static void what_is_no_object(void **state)
{
	struct plan plan;
	json_t *json = json_array();

	(void)state;
	assert_int_equal(plan_from_json(json, &plan), -EINVAL);
	json_decref(json);
}

static void names_of_arms_and_profiles(void **state)
{
	struct plan plan;
	char text[128];

	(void)state;
	make_plan(&plan);
	assert_string_equal(plan_arm_text(&plan.items[0].arms[0], text, sizeof(text)), "off");
	assert_string_equal(plan_arm_text(&plan.items[1].arms[0], text, sizeof(text)), "root");
	assert_string_equal(plan_arm_text(&plan.items[1].arms[1], text, sizeof(text)), "child, depth 64");
	assert_string_equal(plan_perf_name(&plan.items[1], 1, 1, text, sizeof(text)),
			    "item1-fault_storm-child64.perf.data");
	assert_string_equal(plan_perf_name(&plan.items[1], 1, 0, text, sizeof(text)),
			    "item1-fault_storm-root.perf.data");
	assert_string_equal(plan_item_text(&plan.items[0], text, sizeof(text)), "null, 5 processes, 3 memcgs");
	assert_int_equal(params_set(&plan.items[0].params, "siblings", "30"), 0);
	plan.items[0].nr_workers = 1;
	assert_string_equal(plan_item_text(&plan.items[0], text, sizeof(text)), "null --siblings=30");
	assert_string_equal(plan_item_text(&plan.items[1], text, sizeof(text)), "fault_storm --map=file-cow --size=4G --stats=fresh, 1024 threads, 1 memcg");
	plan_free(&plan);
	assert_int_equal(plan.nr_items, 0);
	plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(common_parameters),
		cmocka_unit_test(memcgs_may_be_missing),
		cmocka_unit_test(every_field_is_needed_and_has_its_type),
		cmocka_unit_test(values_out_of_range),
		cmocka_unit_test(names_that_this_build_does_not_know),
		cmocka_unit_test(texts_that_are_too_long),
		cmocka_unit_test(what_is_no_object),
		cmocka_unit_test(names_of_arms_and_profiles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
