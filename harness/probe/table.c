// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/table.h"

#include <stdlib.h>
#include <string.h>

bool table_grow(void *array, uint32_t *room, uint32_t index, size_t size)
{
	void **at = array, *more;
	uint32_t want;

	if (index < *room)
		return true;
	want = index < 32 ? 64 : index * 2;
	more = realloc(*at, want * size);
	if (!more)
		return false;
	memset((char *)more + *room * size, 0, (want - *room) * size);
	*at = more;
	*room = want;
	return true;
}

uint32_t table_find(const struct table_map *map, uint64_t key)
{
	uint32_t at;

	if (!map->room)
		return TABLE_NONE;
	for (at = (uint32_t)key & (map->room - 1); map->values[at] != TABLE_NONE; at = (at + 1) & (map->room - 1))
		if (map->keys[at] == key)
			return map->values[at];
	return TABLE_NONE;
}

static void insert(struct table_map *map, uint64_t key, uint32_t value)
{
	uint32_t at = (uint32_t)key & (map->room - 1);

	while (map->values[at] != TABLE_NONE)
		at = (at + 1) & (map->room - 1);
	map->keys[at] = key;
	map->values[at] = value;
}

static bool rehash(struct table_map *map)
{
	struct table_map more = {.room = map->room ? map->room * 2 : 256};
	uint32_t i;

	more.keys = malloc(more.room * sizeof(*more.keys));
	more.values = malloc(more.room * sizeof(*more.values));
	if (!more.keys || !more.values) {
		free(more.keys);
		free(more.values);
		return false;
	}
	memset(more.values, 0xff, more.room * sizeof(*more.values));
	for (i = 0; i < map->room; i++)
		if (map->values[i] != TABLE_NONE)
			insert(&more, map->keys[i], map->values[i]);
	more.nr = map->nr;
	free(map->keys);
	free(map->values);
	*map = more;
	return true;
}

bool table_add(struct table_map *map, uint64_t key, uint32_t value)
{
	if (map->nr * 2 >= map->room && !rehash(map))
		return false;
	insert(map, key, value);
	map->nr++;
	return true;
}

void table_clear(struct table_map *map)
{
	free(map->keys);
	free(map->values);
	*map = (struct table_map){0};
}
