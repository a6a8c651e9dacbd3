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
	const char *bench, *name, *usual; /* bench NULL: of all */
} params_gone[] = {
	{NULL, "lru-gen", "keep"},
	{NULL, "sibling-pages", "0"},
	{NULL, "siblings", "0"},
	{"swapin_race", "move", "never"},
	{"swapin_race", "way", "pageout"},
};

const char *old_names_metric(const char *bench, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(metrics); i++)
		if (!strcmp(metrics[i].bench, bench) && !strcmp(metrics[i].old, name))
			return metrics[i].now;
	return name;
}

json_t *old_names_params(const char *bench, json_t *params)
{
	json_t *copy = json_copy(params);
	const char *value;
	size_t i;

	for (i = 0; copy && i < ARRAY_SIZE(params_gone); i++) {
		if (params_gone[i].bench && strcmp(params_gone[i].bench, bench))
			continue;
		value = json_string_value(json_object_get(copy, params_gone[i].name));
		if (value && !strcmp(value, params_gone[i].usual))
			json_object_del(copy, params_gone[i].name);
	}
	return copy;
}
