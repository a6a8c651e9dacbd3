// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/old_names.h"

#include <string.h>

#include "base/util.h"

static const struct {
	const char *bench, *old, *now;
} metrics[] = {
	{"charge_scaling", "held", "stock-pages"},
	{"pagecache_share", "heir", "mischarged"},
	{"reclaim_depth", "held", "sibling-left"},
	{"reclaim_depth", "over", "overreclaim"},
	{"reclaim_depth", "room", "reclaim-batch"},
	{"reclaim_pressure", "held", "sibling-left"},
	{"reclaim_pressure", "room", "reclaim-batch"},
	{"swapin_race", "wrong", "mischarged"},
};

static const struct {
	const char *name, *usual;
} params_of_all[] = {{"lru-gen", "keep"}, {"sibling-pages", "0"}, {"siblings", "0"}};

const char *old_names_metric(const char *bench, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(metrics); i++)
		if (!strcmp(metrics[i].bench, bench) && !strcmp(metrics[i].old, name))
			return metrics[i].now;
	return name;
}

json_t *old_names_params(json_t *params)
{
	json_t *copy = json_copy(params);
	const char *value;
	size_t i;

	for (i = 0; copy && i < ARRAY_SIZE(params_of_all); i++) {
		value = json_string_value(json_object_get(copy, params_of_all[i].name));
		if (value && !strcmp(value, params_of_all[i].usual))
			json_object_del(copy, params_of_all[i].name);
	}
	return copy;
}
