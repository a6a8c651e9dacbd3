/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table.h - arrays that grow, and numbers found by a key: all the memory that the probe has.
 *
 * The probe runs inside QEMU and must not end it: when memory is short, what asked for it returns false or TABLE_NONE, and the
 * probe then writes no profile.
 */
#ifndef PROBE_TABLE_H
#define PROBE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TABLE_NONE UINT32_MAX

/* Room for element @index of @size bytes in *@array, which has room for *@room; new room is zeroed. */
bool table_grow(void *array, uint32_t *room, uint32_t index, size_t size);

/* Key → index. Keys are mixed well by the caller's table_mix(). */
struct table_map {
	uint64_t *keys;
	uint32_t *values;
	uint32_t room, nr; /* room: a power of 2, or 0 */
};

/* TABLE_NONE: not there. */
uint32_t table_find(const struct table_map *map, uint64_t key);
/* @key must not be there yet. */
bool table_add(struct table_map *map, uint64_t key, uint32_t value);
void table_clear(struct table_map *map);

/* Splitmix64's last steps (Steele, Lea & Flood, OOPSLA 2014): a bijection, so that different words stay different. */
static inline uint64_t table_mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

#endif
