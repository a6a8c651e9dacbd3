/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * histogram.h - latencies of single ops, counted in buckets at most 1/64 of their value wide.
 *
 * Fixed size, no allocation, so that it can live in memory shared between worker and runner. The buckets are those
 * of docs/RESULTS-FORMAT.md, "latency".
 */
#ifndef CORE_HISTOGRAM_H
#define CORE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_MAX_BITS 42 /* values from 2^42 ns (73 minutes) on share the last bucket */
#define HISTOGRAM_BUCKETS  ((HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count, min, max; /* min and max are exact */
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline size_t histogram_index(uint64_t value)
{
	unsigned int bits;

	if (value < 1u << HISTOGRAM_SUB_BITS)
		return (size_t)value;
	if (value >> HISTOGRAM_MAX_BITS)
		return HISTOGRAM_BUCKETS - 1;
	bits = 63u - (unsigned int)__builtin_clzll(value);
	return ((size_t)(bits - HISTOGRAM_SUB_BITS) << HISTOGRAM_SUB_BITS) +
	       (size_t)(value >> (bits - HISTOGRAM_SUB_BITS));
}

/* Lower bound of bucket i: the smallest value with that index. */
static inline uint64_t histogram_lower(size_t i)
{
	size_t group = i >> HISTOGRAM_SUB_BITS;

	if (group <= 1)
		return i;
	return (uint64_t)(i - ((group - 1) << HISTOGRAM_SUB_BITS)) << (group - 1);
}

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	if (!histogram->count || value < histogram->min)
		histogram->min = value;
	if (value > histogram->max)
		histogram->max = value;
	histogram->count++;
	histogram->bucket[histogram_index(value)]++;
}

#endif
