/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_pool.h - jobs in threads, whose results are taken in order. Private to history*.c.
 *
 * Job i is work(context, i) for i = 0 … nr - 1, in any thread; it leaves its result where @context says, for itself alone.
 * Jobs run only a window ahead of the one that was asked for last, so that results do not heap up.
 */
#ifndef DATA_HISTORY_POOL_H
#define DATA_HISTORY_POOL_H

#include <stddef.h>

#include "base/util.h"

/* How far threads run ahead: so many results wait at most. */
#define HISTORY_POOL_WINDOW 64

struct history_pool;

/* A thread for each CPU that this process may use. Where none can be made, history_pool_wait() does the work. -ENOMEM. */
int history_pool_start(size_t nr, void (*work)(void *context, size_t i), void *context,
		       struct history_pool **ret_pool) __must_check;

/* Until job @i is done. Each once, in ascending order. */
void history_pool_wait(struct history_pool *pool, size_t i);

/* What has begun comes to its end, what has not does not begin. NULL is fine. */
void history_pool_stop(struct history_pool *pool);

#endif
