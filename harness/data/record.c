// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/printable.h"
#include "base/util.h"

enum record_type record_type(const json_t *record)
{
	static const char *const names[] = {
		[RECORD_BOOT] = "boot",	    [RECORD_ITEM] = "item",	    [RECORD_SAMPLE] = "sample",
		[RECORD_PROOF] = "proof",   [RECORD_COUNTERS] = "counters", [RECORD_LATENCY] = "latency",
		[RECORD_NOISE] = "noise",   [RECORD_WARNING] = "warning",   [RECORD_SKIP] = "skip",
		[RECORD_ERROR] = "error",   [RECORD_END] = "end",	    [RECORD_TOPOLOGY] = "topology",
	};
	const char *name = json_string_value(json_object_get(record, "type"));

	for (size_t i = RECORD_BOOT; name && i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return (enum record_type)i;
	return RECORD_NONE;
}

static bool is_text(const char *key)
{
	return key && (!strcmp(key, "text") || !strcmp(key, "why") || !strcmp(key, "xml"));
}

static int clean_string(json_t *string, const char *key)
{
	__free_mem char *copy = strdup(json_string_value(string));

	if (!copy)
		return -ENOMEM;
	return printable(copy, is_text(key)) && json_string_set(string, copy) ? -ENOMEM : 0;
}

/* @object's member @key under a key that can be printed. */
static int clean_key(json_t *object, const char *key)
{
	__free_mem char *copy = strdup(key);
	json_t *value = json_incref(json_object_get(object, key));

	if (!copy) {
		json_decref(value);
		return -ENOMEM;
	}
	printable(copy, false);
	json_object_del(object, key);
	return json_object_set_new(object, copy, value) ? -ENOMEM : 0;
}

static bool has_clean_key(const char *key)
{
	__free_mem char *copy = strdup(key);

	return copy && !printable(copy, false);
}

static int clean(json_t *json, const char *key);

static int clean_object(json_t *object)
{
	const char *key;
	json_t *value;
	void *at;
	int ret = 0;

	json_object_foreach(object, key, value) {
		ret = clean(value, key);
		if (ret)
			return ret;
	}
	/* Which changes what is gone through: from the beginning each time, for one that hardly ever comes. */
	for (at = json_object_iter(object); !ret && at;) {
		key = json_object_iter_key(at);
		if (has_clean_key(key)) {
			at = json_object_iter_next(object, at);
			continue;
		}
		ret = clean_key(object, key);
		at = json_object_iter(object);
	}
	return ret;
}

static int clean(json_t *json, const char *key)
{
	json_t *value;
	size_t i;
	int ret = 0;

	if (json_is_string(json))
		return clean_string(json, key);
	if (json_is_object(json))
		return clean_object(json);
	for (i = 0; !ret && i < json_array_size(json); i++) {
		value = json_array_get(json, i);
		ret = clean(value, key);
	}
	return ret;
}

int record_make_printable(json_t *json)
{
	int ret = clean(json, NULL);

	return ret ? err_sys(-ret, "memory for a record") : 0;
}
