// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/record.h"

#include <string.h>

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
