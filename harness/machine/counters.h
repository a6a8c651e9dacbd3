/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * counters.h - per-thread event counters (perf_event_open) around timed phases.
 *
 * Software events always (page-faults, context-switches, cpu-migrations); cycles, instructions,
 * cache-misses and dTLB-load-misses where a PMU exists. What cannot be opened is left out, with one sentence that says
 * why (no PMU, perf_event_paranoid, no perf in this kernel). Source: perf_event_open(2).
 */
#ifndef MACHINE_COUNTERS_H
#define MACHINE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define COUNTERS_MAX 8

struct counters; /* the open events of one thread; free with counters_close() */

/* A reading; counts only grow while the events are open. */
struct counters_reading {
	uint64_t count[COUNTERS_MAX];
	uint64_t enabled_ns[COUNTERS_MAX], running_ns[COUNTERS_MAX];
};

/* The difference of two readings, scaled where an event was multiplexed. */
struct counters_delta {
	uint64_t count[COUNTERS_MAX];
	bool valid[COUNTERS_MAX];  /* false: the event never ran in between */
	bool scaled[COUNTERS_MAX]; /* true: it ran part of the time and was scaled up */
};

/* Open the events for the calling thread, user and kernel mode (user only if that is all we may). */
int counters_open_self(struct counters **ret_counters) __must_check;
void counters_close(struct counters *counters);

size_t counters_nr(const struct counters *counters);
const char *counters_name(const struct counters *counters, size_t i); /* "page-faults", perf's names */
bool counters_user_only(const struct counters *counters);
/* Why some are missing; "" if none is. */
const char *counters_why(const struct counters *counters);

void counters_read(const struct counters *counters, struct counters_reading *ret_reading);
void counters_sub(const struct counters *counters, const struct counters_reading *begin,
		  const struct counters_reading *end, struct counters_delta *ret_delta);

#endif
