// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/registry.h"

#include <string.h>

#include "base/util.h"

#define BENCH(name) extern const struct bench bench_##name;
#include "list.h"
#undef BENCH

static const struct bench *const benches[] = {
#define BENCH(name) &bench_##name,
#include "list.h"
#undef BENCH
};

size_t registry_nr(void)
{
	return ARRAY_SIZE(benches);
}

const struct bench *registry_at(size_t i)
{
	return benches[i];
}

const struct bench *registry_find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(benches); i++)
		if (!strcmp(benches[i]->name, name))
			return benches[i];
	return NULL;
}
