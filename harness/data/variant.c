// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/variant.h"

#include <stdio.h>
#include <string.h>

static const json_t *first_boot(const struct rundata *data, const char *kernel)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot) {
		const char *name = json_string_value(json_object_get(boot, "kernel"));

		if (name && kernel && !strcmp(name, kernel))
			return boot;
	}
	return NULL;
}

const char *variant_plain(const struct rundata *data, const char *kernel)
{
	return json_string_value(json_object_get(first_boot(data, kernel), "variant_of"));
}

const char *variant_borrows_off(const struct rundata *data, const char *kernel)
{
	const json_t *boot = first_boot(data, kernel);

	return json_is_true(json_object_get(boot, "own_off")) ? NULL : json_string_value(json_object_get(boot, "variant_of"));
}

const char *variant_borrows_text(const char *kernel, const char *lender, char *buf, size_t size)
{
	snprintf(buf, size, "%s was never booted with memcg off: its off is that of %s, and what the argument does to everybody is counted "
		 "as memcg's.", kernel, lender);
	return buf;
}
