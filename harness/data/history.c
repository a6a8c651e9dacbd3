// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/history.h"

#include <errno.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/history_raw.h"

/* Keys from here on are nobody's seed: their unit is alike to no other. */
#define KEY_UNIQUE (1ull << 62)

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a history");
}

int history_new(struct history **ret_history)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return no_memory();
	history->next_key = KEY_UNIQUE;
	*ret_history = history;
	return 0;
}

static void free_nothing(void *p)
{
	(void)p;
}

static void points_free(struct history_series *series)
{
	size_t i;

	for (i = 0; i < series->nr_points; i++) {
		free((double *)series->points[i].units.unit);
		free((uint64_t *)series->points[i].units.key);
	}
	free(series->points);
}

static void series_free(struct history_series *series)
{
	char *const texts[] = {series->key,  series->bench, series->params, series->metric, series->unit,
			       series->op,   series->help,  series->mode,  series->place,  series->memory, series->state,
			       series->below, series->clock, series->executor, series->environment};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		free(texts[i]);
	json_decref(series->all_params);
	points_free(series);
	free(series->raw);
	free(series);
}

void history_free(struct history *history)
{
	size_t i;

	if (!history)
		return;
	tdestroy(history->series_tree, free_nothing);
	tdestroy(history->kernel_tree, free);
	for (i = 0; i < history->nr_series; i++)
		series_free(history->series[i]);
	for (i = 0; i < history->nr_kernels; i++) {
		free(history->kernels[i].label);
		free(history->kernels[i].release);
		free(history->kernels[i].version);
		free(history->kernels[i].upstream);
		free(history->kernels[i].started);
	}
	for (i = 0; i < history->nr_sources; i++) {
		free(history->sources[i].dir);
		free(history->sources[i].name);
	}
	for (i = 0; i < history->nr_left_out; i++) {
		free(history->left_out[i].run);
		free(history->left_out[i].why);
	}
	free(history->left_out);
	free(history->sources);
	free(history->series);
	free(history->kernels);
	free(history);
}

static int grow(void **array, size_t *size, size_t nr, size_t element)
{
	size_t wanted = *size ? 2 * *size : 16;
	void *more;

	if (nr < *size)
		return 0;
	more = reallocarray(*array, wanted, element);
	if (!more)
		return no_memory();
	*array = more;
	*size = wanted;
	return 0;
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static unsigned int uint_at(const json_t *object, const char *key)
{
	return (unsigned int)json_integer_value(json_object_get(object, key));
}

/* --- kernels --- */

struct kernel_node {
	const char *release, *version;
	size_t index;
};

static int by_build(const void *a, const void *b)
{
	const struct kernel_node *x = a, *y = b;
	int order = strcmp(x->release, y->release);

	return order ? order : strcmp(x->version, y->version);
}

/* "6.1.192" of "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)": Debian's release names an ABI, not the source. */
static char *upstream_of(const char *release, const char *version)
{
	const char *debian = strstr(version, " Debian ");
	size_t len;

	if (!debian)
		return strdup(release);
	debian += strlen(" Debian ");
	len = strcspn(debian, "-+ ");
	return len && debian[0] >= '0' && debian[0] <= '9' ? strndup(debian, len) : strdup(release);
}

static int new_kernel(struct history *history, const char *release, const char *version, size_t *ret_index)
{
	struct history_kernel *kernel;
	struct kernel_node *node;
	int ret = grow((void **)&history->kernels, &history->kernels_size, history->nr_kernels, sizeof(*kernel));

	if (ret)
		return ret;
	kernel = &history->kernels[history->nr_kernels];
	*kernel = (struct history_kernel){.release = strdup(release),
					  .version = strdup(version),
					  .upstream = upstream_of(release, version),
					  .started = strdup("")};
	history->nr_kernels++;
	node = malloc(sizeof(*node));
	if (!node || !kernel->release || !kernel->version || !kernel->upstream || !kernel->started) {
		free(node);
		return no_memory();
	}
	*node = (struct kernel_node){kernel->release, kernel->version, history->nr_kernels - 1};
	*ret_index = node->index;
	if (!tsearch(node, &history->kernel_tree, by_build)) {
		free(node);
		return no_memory();
	}
	return 0;
}

static int find_kernel(struct history *history, const json_t *json, const char *started, size_t *ret_index)
{
	struct kernel_node key = {text_at(json, "release"), text_at(json, "version"), 0}, **found;
	struct history_kernel *kernel;
	int ret = 0;

	found = tfind(&key, &history->kernel_tree, by_build);
	if (found)
		*ret_index = (*found)->index;
	else
		ret = new_kernel(history, key.release, key.version, ret_index);
	if (ret)
		return ret;
	kernel = &history->kernels[*ret_index];
	kernel->nr_runs++;
	if (*started && (!kernel->started[0] || strcmp(started, kernel->started) < 0)) {
		char *copy = strdup(started);

		if (!copy)
			return no_memory();
		free(kernel->started);
		kernel->started = copy;
	}
	return 0;
}

/* --- series --- */

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct history_series *)a)->key, ((const struct history_series *)b)->key);
}

/* What a series is of, in the JSON of a summary. */
struct identity {
	const json_t *env, *item, *metric, *arm, *below; /* below NULL: the cost itself */
	unsigned int metric_rank;
};

/* From the cheapest state to the dearest. */
static void put_arm(const json_t *arm, FILE *out)
{
	const char *state = text_at(arm, "state");
	const json_t *limit = json_object_get(arm, "limit");

	fprintf(out, "%d.%s.%05u.%lld\t", !strcmp(state, "off") ? 0 : !strcmp(state, "root") ? 1 : 2, state, uint_at(arm, "depth"),
		json_is_integer(limit) ? (long long)json_integer_value(limit) : -1ll);
}

/* Sorts as it should be shown; the environment comes last. */
static char *make_key(const struct identity *id, const char *params)
{
	char *key = NULL;
	size_t size;
	FILE *out = open_memstream(&key, &size);

	if (!out)
		return NULL;
	fprintf(out, "%s\t%s\t%05u\t%05u\t%s\t%s\t%s\t%u\t%s\t%s\t", text_at(id->item, "bench"), params,
		uint_at(id->item, "workers"), uint_at(id->item, "memcgs"), text_at(id->item, "mode"), text_at(id->item, "place"),
		text_at(id->item, "memory"), uint_at(id->item, "version"), text_at(id->metric, "name"),
		text_at(id->metric, "unit"));
	put_arm(id->arm, out);
	if (id->below)
		put_arm(id->below, out);
	else
		fputs("-\t", out);
	fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%lld", text_at(id->env, "clock"), text_at(id->env, "executor"),
		text_at(id->env, "accel"), text_at(id->env, "guest_cpu"), text_at(id->env, "qemu"), text_at(id->env, "processor"),
		(long long)json_integer_value(json_object_get(id->env, "page_bytes")));
	if (fclose(out)) {
		free(key);
		return NULL;
	}
	return key;
}

/* "live: AMD EPYC", "qemu tcg-icount 7.2.22, cpu max,-erms". */
static char *environment_text(const json_t *env)
{
	char *text = NULL;

	if (strcmp(text_at(env, "executor"), "qemu"))
		return asprintf(&text, "%s, %s", text_at(env, "executor"), text_at(env, "processor")) < 0 ? NULL : text;
	if (!*text_at(env, "qemu"))
		return asprintf(&text, "qemu (version not recorded), %s", text_at(env, "processor")) < 0 ? NULL : text;
	return asprintf(&text, "qemu %s %s, cpu %s", text_at(env, "qemu"), text_at(env, "accel"), text_at(env, "guest_cpu")) < 0
		       ? NULL
		       : text;
}

static struct history_series *make_series(const struct identity *id, char *key)
{
	struct history_series *s = calloc(1, sizeof(*s));
	const json_t *limit = json_object_get(id->arm, "limit");

	if (!s)
		return NULL;
	*s = (struct history_series){
		.key = key,
		.bench = strdup(text_at(id->item, "bench")),
		.params = strdup(""),
		.metric = strdup(text_at(id->metric, "name")),
		.unit = strdup(text_at(id->metric, "unit")),
		.op = strdup(text_at(id->metric, "op")),
		.help = strdup(text_at(id->metric, "help")),
		.metric_rank = id->metric_rank,
		.all_params = json_incref(json_object_get(id->item, "params")),
		.bench_version = uint_at(id->item, "version"),
		.workers = uint_at(id->item, "workers"),
		.nr_memcgs = uint_at(id->item, "memcgs"),
		.mode = strdup(text_at(id->item, "mode")),
		.place = strdup(text_at(id->item, "place")),
		.memory = strdup(text_at(id->item, "memory")),
		.state = strdup(text_at(id->arm, "state")),
		.below = id->below ? strdup(text_at(id->below, "state")) : NULL,
		.depth = uint_at(id->arm, "depth"),
		.limit_bytes = json_is_integer(limit) ? (uint64_t)json_integer_value(limit) : UINT64_MAX,
		.lower_is_better = json_is_true(json_object_get(id->metric, "lower")),
		.is_count = json_is_true(json_object_get(id->metric, "count")),
		.clock = strdup(text_at(id->env, "clock")),
		.executor = strdup(text_at(id->env, "executor")),
		.environment = environment_text(id->env),
	};
	if (s->bench && s->params && s->metric && s->unit && s->op && s->help && s->mode && s->place && s->memory && s->state &&
	    (s->below || !id->below) && s->clock && s->executor && s->environment)
		return s;
	s->key = NULL;
	series_free(s);
	return NULL;
}

static int find_series(struct history *history, const struct identity *id, const char *params,
		       struct history_series **ret_series)
{
	__free_mem char *key = make_key(id, params);
	struct history_series like = {.key = key}, **found, *series;
	int ret;

	if (!key)
		return no_memory();
	found = tfind(&like, &history->series_tree, by_key);
	if (found) {
		*ret_series = *found;
		return 0;
	}
	ret = grow((void **)&history->series, &history->series_size, history->nr_series, sizeof(*history->series));
	series = ret ? NULL : make_series(id, key);
	if (!series)
		return no_memory();
	take_ptr(key);
	history->series[history->nr_series++] = series;
	if (!tsearch(series, &history->series_tree, by_key))
		return no_memory();
	*ret_series = series;
	return 0;
}

/* --- summaries --- */

/* No cost is larger (data/rundata_loader.h, AMOUNT_MAX), and sums of such are finite. */
#define VALUE_MAX 1e20

/* [kernel, arm, below or -1, metric, [key…], [value…]] of an item. */
struct unit_list {
	size_t kernel;
	const json_t *arm, *below, *metric; /* below NULL: the cost itself */
	unsigned int metric_rank;
	const json_t *keys, *values;
};

static bool values_are_good(const json_t *keys, const json_t *values)
{
	size_t i;

	if (!json_is_array(values) || json_array_size(keys) != json_array_size(values))
		return false;
	for (i = 0; i < json_array_size(values); i++)
		if (!json_is_integer(json_array_get(keys, i)) || !json_is_number(json_array_get(values, i)) ||
		    !(fabs(json_number_value(json_array_get(values, i))) <= VALUE_MAX))
			return false;
	return true;
}

static bool read_unit_list(const json_t *item, size_t nr_kernels, json_t *json, struct unit_list *ret_list)
{
	const json_t *arms = json_object_get(item, "arms"), *metrics = json_object_get(item, "metrics");
	int kernel, arm, below, metric;
	struct unit_list list;
	json_t *keys, *values;

	if (json_unpack(json, "[i, i, i, i, o, o]", &kernel, &arm, &below, &metric, &keys, &values) || kernel < 0 ||
	    (size_t)kernel >= nr_kernels || arm < 0 || metric < 0 || !values_are_good(keys, values))
		return false;
	list = (struct unit_list){
		.kernel = (size_t)kernel,
		.arm = json_array_get(arms, (size_t)arm),
		.below = below < 0 ? NULL : json_array_get(arms, (size_t)below),
		.metric = json_array_get(metrics, (size_t)metric),
		.metric_rank = (unsigned int)metric,
		.keys = keys,
		.values = values,
	};
	*ret_list = list;
	return list.arm && list.metric && (below < 0 || list.below);
}

bool history_summary_is_good(const json_t *summary)
{
	const json_t *kernels = json_object_get(summary, "kernels"), *items = json_object_get(summary, "items"), *item;
	size_t i, k;

	if (json_is_string(json_object_get(summary, "left_out")))
		return true;
	if (!json_is_object(json_object_get(summary, "env")) || !json_is_array(kernels) || !json_is_array(items))
		return false;
	json_array_foreach(items, i, item) {
		const json_t *lists = json_object_get(item, "units");
		struct unit_list unused;

		if (!json_is_object(json_object_get(item, "params")) || !json_is_array(lists))
			return false;
		for (k = 0; k < json_array_size(lists); k++)
			if (!read_unit_list(item, json_array_size(kernels), json_array_get(lists, k), &unused))
				return false;
	}
	return true;
}

static int add_values(struct history *history, struct history_series *series, size_t kernel, const json_t *keys,
		      const json_t *values)
{
	bool by_seed = !strcmp(series->clock, "insn");
	const json_t *value;
	size_t i;

	json_array_foreach(values, i, value) {
		int ret = grow((void **)&series->raw, &series->raw_size, series->nr_raw, sizeof(*series->raw));

		if (ret)
			return ret;
		series->raw[series->nr_raw++] = (struct history_raw){
			.kernel = kernel,
			.key = by_seed ? (uint64_t)json_integer_value(json_array_get(keys, i)) : history->next_key++,
			.value = json_number_value(value),
		};
	}
	return 0;
}

static int add_unit_list(struct history *history, const json_t *env, const json_t *item, const char *params, const size_t *kernels,
			 const struct unit_list *list)
{
	struct identity id = {.env = env, .item = item, .metric = list->metric, .arm = list->arm, .below = list->below,
			      .metric_rank = list->metric_rank};
	struct history_series *series = NULL;
	int ret = find_series(history, &id, params, &series);

	return ret ? ret : add_values(history, series, kernels[list->kernel], list->keys, list->values);
}

static int add_items(struct history *history, const json_t *summary, const size_t *kernels, size_t nr_kernels)
{
	const json_t *env = json_object_get(summary, "env"), *item;
	size_t i, k;

	json_array_foreach(json_object_get(summary, "items"), i, item) {
		__free_mem char *params = json_dumps(json_object_get(item, "params"), JSON_COMPACT | JSON_SORT_KEYS);
		json_t *json;

		if (!params)
			return no_memory();
		json_array_foreach(json_object_get(item, "units"), k, json) {
			struct unit_list list;
			int ret = 0;

			if (read_unit_list(item, nr_kernels, json, &list))
				ret = add_unit_list(history, env, item, params, kernels, &list);
			if (ret)
				return ret;
		}
	}
	return 0;
}

static int add_source(struct history *history, size_t kernel, const char *dir, const char *name)
{
	struct history_source *source;
	int ret = grow((void **)&history->sources, &history->sources_size, history->nr_sources, sizeof(*source));

	if (ret)
		return ret;
	source = &history->sources[history->nr_sources++];
	*source = (struct history_source){.kernel = kernel, .dir = strdup(dir), .name = name ? strdup(name) : NULL};
	return source->dir && (source->name || !name) ? 0 : no_memory();
}

static int add_left_out(struct history *history, const char *dir, const json_t *summary)
{
	struct history_left_out *one;
	int ret = grow((void **)&history->left_out, &history->left_out_size, history->nr_left_out, sizeof(*one));

	if (ret)
		return ret;
	one = &history->left_out[history->nr_left_out++];
	*one = (struct history_left_out){
		.run = strdup(dir ? dir : ""),
		.why = strdup(text_at(summary, "left_out")),
		.damaged = json_is_true(json_object_get(summary, "damaged")),
	};
	return one->run && one->why ? 0 : no_memory();
}

size_t history_nr_damaged(const struct history *history)
{
	size_t i, nr = 0;

	for (i = 0; i < history->nr_left_out; i++)
		nr += history->left_out[i].damaged;
	return nr;
}

int history_add_summary(struct history *history, const char *dir, const json_t *summary)
{
	const json_t *list = json_object_get(summary, "kernels"), *kernel;
	__free_mem size_t *kernels = calloc(json_array_size(list) + 1, sizeof(*kernels));
	size_t i;

	if (!kernels)
		return no_memory();
	if (!history_summary_is_good(summary))
		return err_set(EBADMSG, "what is said of the run %s is damaged", dir ? dir : "");
	if (json_is_string(json_object_get(summary, "left_out")))
		return add_left_out(history, dir, summary);
	json_array_foreach(list, i, kernel) {
		int ret = find_kernel(history, kernel, text_at(summary, "started"), &kernels[i]);

		if (!ret && dir)
			ret = add_source(history, kernels[i], dir, json_string_value(json_object_get(kernel, "name")));
		if (ret)
			return ret;
	}
	history->nr_runs++;
	return add_items(history, summary, kernels, json_array_size(list));
}
