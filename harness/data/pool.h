/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - jobs in threads, whose results are taken in order: runs that are read side by side. Knows nothing of what a job does.
 *
 * Job i is work(context, i) for i = 0 … nr - 1, in any thread; it leaves its result where @context says, for itself alone:
 * also the sentence of an error, which belongs to its thread.
 * Jobs run only a window ahead of the one that was asked for last, so that results do not heap up.
 */
#ifndef DATA_POOL_H
#define DATA_POOL_H

#include <stddef.h>

#include "base/util.h"

/* How far threads run ahead: so many results wait at most. */
#define POOL_WINDOW 64

struct pool;

/* A thread for each CPU that this process may use. Where none can be made, pool_wait() does the work. -ENOMEM. */
int pool_start(size_t nr, void (*work)(void *context, size_t i), void *context,
		       struct pool **ret_pool) __must_check;

/* Until job @i is done. Each once, in ascending order. */
void pool_wait(struct pool *pool, size_t i);

/* What has begun comes to its end, what has not does not begin. NULL is fine. */
void pool_stop(struct pool *pool);

#endif
