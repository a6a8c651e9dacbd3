/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * params.h - the values of a bench's parameters, checked against its table.
 *
 * Plain data: no allocation, copies by assignment.
 */
#ifndef CORE_PARAMS_H
#define CORE_PARAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "bench.h"

#define PARAMS_MAX 16

/* In what state a pass finds memcg's statistics: of every bench, by the name PARAMS_STATS. */
enum params_stats {
	STATS_AS_FOUND,
	STATS_FRESH,	 /* nothing is pending: an update walks to the root memcg */
	STATS_FLUSHABLE, /* so much is pending that the next reader has to flush: since Linux 6.16 an update walks no further */
};

#define PARAMS_STATS "stats"
extern const char *const params_stats_names[]; /* by enum params_stats, NULL behind the last */

struct params {
	const struct bench *bench;
	enum params_stats stats;
	uint64_t value[PARAMS_MAX]; /* by index of bench->params */
};

/* All defaults. */
void params_init(struct params *params, const struct bench *bench);

/*
 * Set @name from @text. -ENOENT: the bench has no such parameter (the sentence lists those it has); -EINVAL:
 * not a value of its type (the sentence lists the choices); -ERANGE: outside min…max (the sentence says them).
 */
int params_set(struct params *params, const char *name, const char *text) __must_check;

/* Parameter i as text that params_set() takes back. Writes to and returns @buf. */
char *params_text(const struct params *params, size_t i, char *buf, size_t buf_size);

/* Write every value to its offset in @state, of bench->state_size bytes. */
void params_store(const struct params *params, void *state);

/* What the bench needs with these values: a set of enum bench_needs. */
unsigned int params_needs(const struct params *params);

#endif
