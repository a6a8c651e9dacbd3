/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * params.h - the values of a bench's parameters, checked against its table.
 *
 * Plain data: no allocation, copies by assignment.
 */
#ifndef CORE_PARAMS_H
#define CORE_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "bench.h"

#define PARAMS_MAX 16

/* Parameters that every bench has, whatever its own: what a pass finds, and what stands beside it. */
enum params_common {
	PARAMS_STATS,	      /* enum params_stats */
	PARAMS_SIBLINGS,      /* memcgs */
	PARAMS_SIBLING_PAGES, /* of each */
	PARAMS_LRU_GEN,	      /* enum params_lru_gen */
	PARAMS_COMMON_NR
};
extern const struct bench_param params_common[PARAMS_COMMON_NR]; /* their .offset means nothing */

/* In what state a pass finds memcg's statistics. */
enum params_stats {
	STATS_AS_FOUND,
	STATS_FRESH,	 /* nothing is pending: an update walks to the root memcg */
	STATS_FLUSHABLE, /* so much is pending that the next reader has to flush: since Linux 6.16 an update walks no further */
};

enum params_lru_gen { LRU_GEN_KEEP, LRU_GEN_OFF, LRU_GEN_ON };

/* Names by those, NULL behind the last. */
extern const char *const params_stats_names[], *const params_lru_gen_names[];

struct params {
	const struct bench *bench;
	uint64_t value[PARAMS_MAX]; /* by index of bench->params */
	uint64_t common[PARAMS_COMMON_NR];
};

/*
 * All of them as one list: those of the bench, then the common ones. params_is_told(): is it one of the bench, or has it a value that is
 * not the default? Of a common one nobody is told otherwise: plans, records and labels are what they were before there was a choice.
 */
size_t params_nr(const struct params *params);
const struct bench_param *params_at(const struct params *params, size_t i);
bool params_is_told(const struct params *params, size_t i);
bool params_is_default(const struct params *params, size_t i);

/* All defaults. */
void params_init(struct params *params, const struct bench *bench);

/*
 * Set @name from @text. -ENOENT: the bench has no such parameter (the sentence lists those it has); -EINVAL:
 * not a value of its type (the sentence lists the choices); -ERANGE: outside min…max (the sentence says them).
 */
int params_set(struct params *params, const char *name, const char *text) __must_check;

/* Parameter i of all as text that params_set() takes back. Writes to and returns @buf. */
char *params_text(const struct params *params, size_t i, char *buf, size_t buf_size);

/* Write every value to its offset in @state, of bench->state_size bytes. */
void params_store(const struct params *params, void *state);

/* What the bench needs with these values: a set of enum bench_needs. */
unsigned int params_needs(const struct params *params);

#endif
