// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A run in short: environment, kernels, items, and the values of the units. The index is made of these:
 * {"started", "env": {…}, "kernels": [{"name", "release", "version"}], "items": [{…, "metrics": […], "arms": […],
 *  "units": [[kernel, arm, below or -1, metric, [key, …], [value, …]], …]}]}
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "data/compare.h"
#include "data/compare_units.h"
#include "data/history.h"
#include "data/rundata.h"
#include "data/stats.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a history");
}

static const char *text_at(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* The first boot of a kernel of the run; @name NULL: of the run. */
static const json_t *first_boot(const struct rundata *data, const char *name)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot)
		if (!name || !strcmp(name, text_at(boot, "kernel")))
			return boot;
	return NULL;
}

static json_t *environment_json(const struct rundata *data)
{
	const json_t *boot = first_boot(data, NULL), *facts = json_object_get(boot, "facts");
	const json_t *guest = json_object_get(data->run, "guest");

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "clock", text_at(data->run, "clock"), "executor",
			 text_at(boot, "executor"), "accel", text_at(guest, "accel"), "guest_cpu", text_at(guest, "cpu_model"),
			 "qemu", text_at(guest, "qemu_version"), "processor", text_at(facts, "cpu_model"), "page_bytes",
			 (json_int_t)json_integer_value(json_object_get(facts, "page_bytes")));
}

static json_t *metrics_json(const struct rundata_item *item)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < item->nr_metrics; i++) {
		const struct rundata_metric *m = &item->metrics[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "name", m->name, "help",
						      m->help ? m->help : "", "unit", m->unit, "op", m->op, "lower",
						      m->lower_is_better, "count", m->is_count));
	}
	return list;
}

static json_t *arms_json(const struct rundata_item *item)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < item->nr_arms; i++) {
		const struct rundata_arm *arm = &item->arms[i];

		json_array_append_new(list, json_pack("{s:s, s:i, s:o}", "state", arm->state, "depth", (int)arm->depth, "limit",
						      arm->limit_bytes == UINT64_MAX
							      ? json_null()
							      : json_integer((json_int_t)arm->limit_bytes)));
	}
	return list;
}

/* On a live machine the blocks of a run are no boots: their median stands for the run. */
static void blocks_to_one(struct units *units)
{
	if (!units->nr)
		return;
	units->value[0] = stats_median(units->value, units->nr);
	units->key[0] = 0;
	units->nr = 1;
}

static int add_units(json_t *list, size_t kernel, size_t arm, int below, size_t metric, const struct units *units)
{
	json_t *keys = json_array(), *values = json_array();
	size_t i;

	for (i = 0; i < units->nr; i++) {
		json_array_append_new(keys, json_integer((json_int_t)units->key[i]));
		json_array_append_new(values, json_real(units->value[i]));
	}
	/* Packing takes the references over, also when it fails. */
	return json_array_append_new(list, json_pack("[i, i, i, i, o, o]", (int)kernel, (int)arm, below, (int)metric, keys,
						     values))
		       ? no_memory()
		       : 0;
}

/* One metric of one kernel: the cost in each arm, and what each costs more than the first. */
static int summarize_metric(const struct compare_side *side, size_t kernel, const struct rundata_item *item, size_t metric,
			    json_t *list)
{
	bool boots = units_are_boots(side);
	__free_units struct units base = {0};
	size_t arm;
	int ret = 0;

	for (arm = 0; !ret && arm < item->nr_arms; arm++) {
		__free_units struct units cost = {0}, more = {0};

		ret = units_read(side, item, arm, metric, &cost);
		if (!ret && arm == 0)
			ret = units_read(side, item, arm, metric, &base);
		if (!ret && arm > 0)
			ret = units_sub(&cost, &base, &more);
		if (!ret && !boots) {
			blocks_to_one(&cost);
			blocks_to_one(&more);
		}
		if (!ret && cost.nr)
			ret = add_units(list, kernel, arm, -1, metric, &cost);
		if (!ret && more.nr)
			ret = add_units(list, kernel, arm, 0, metric, &more);
	}
	return ret;
}

static int summarize_item(const struct rundata *data, char *const *names, size_t nr_names, const struct rundata_item *item,
			  json_t *items)
{
	bool named = first_boot(data, names[0]) != NULL;
	json_t *units = json_array();
	size_t kernel, metric;
	int ret = 0;

	for (kernel = 0; !ret && kernel < nr_names; kernel++) {
		struct compare_side side = {.data = data, .kernel = named ? names[kernel] : NULL};

		for (metric = 0; !ret && metric < item->nr_metrics; metric++)
			ret = summarize_metric(&side, kernel, item, metric, units);
	}
	if (ret) {
		json_decref(units);
		return ret;
	}
	ret = json_array_append_new(items, json_pack("{s:s, s:i, s:O, s:i, s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "bench",
						     item->bench, "version", (int)item->bench_version, "params", item->params,
						     "workers", (int)json_array_size(item->workers), "memcgs",
						     (int)item->nr_memcgs, "mode", item->mode, "place", item->place, "memory",
						     item->memory, "metrics", metrics_json(item), "arms", arms_json(item), "units",
						     units));
	return ret ? no_memory() : 0;
}

static json_t *kernels_json(const struct rundata *data, char *const *names, size_t nr_names)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < nr_names; i++) {
		const json_t *boot = first_boot(data, names[i]), *facts;

		/* A run on this machine names no kernel. */
		facts = json_object_get(boot ? boot : first_boot(data, NULL), "facts");
		json_array_append_new(list, json_pack("{s:s?, s:s, s:s}", "name", boot ? names[i] : NULL, "release",
						      text_at(facts, "release"), "version", text_at(facts, "version")));
	}
	return list;
}

static int summarize(const struct rundata *data, json_t **ret_summary)
{
	json_t *items = json_array(), *summary;
	char **names = NULL;
	size_t nr_names = 0, i;
	int ret = compare_kernels(data, &names, &nr_names);

	for (i = 0; !ret && nr_names && i < data->nr_items; i++)
		if (data->items[i].nr_samples)
			ret = summarize_item(data, names, nr_names, &data->items[i], items);
	if (!ret) {
		summary = json_pack("{s:s, s:o, s:o, s:O}", "started", text_at(data->run, "started"), "env",
				    environment_json(data), "kernels", kernels_json(data, names, nr_names), "items", items);
		if (summary)
			*ret_summary = summary;
		else
			ret = no_memory();
	}
	json_decref(items);
	while (nr_names--)
		free(names[nr_names]);
	free(names);
	return ret;
}

static int leave_out(const char *why, bool damaged, json_t **ret_summary)
{
	json_t *summary = json_pack("{s:s, s:b}", "left_out", why, "damaged", damaged);

	if (!summary)
		return no_memory();
	*ret_summary = summary;
	return 0;
}

int history_summarize(const char *dir, json_t **ret_summary)
{
	struct rundata *data = NULL;
	json_t *summary = NULL;
	int ret = rundata_load(dir, &data);
	bool complete = !ret && data->complete;

	if (complete)
		ret = summarize(data, &summary);
	if (complete && !ret && !history_summary_is_good(summary))
		ret = err_set(EBADMSG, "%s holds numbers that no run has", dir);
	if (ret && ret != -ENOMEM)
		ret = leave_out(err_msg(), true, ret_summary);
	else if (!ret && !complete)
		ret = leave_out("it is not complete", false, ret_summary);
	else if (!ret)
		*ret_summary = json_incref(summary);
	json_decref(summary);
	rundata_free(data);
	return ret;
}

int history_add_run(struct history *history, const char *dir)
{
	json_t *summary;
	int ret = history_summarize(dir, &summary);

	if (ret)
		return ret;
	ret = history_add_summary(history, dir, summary);
	json_decref(summary);
	return ret;
}
