/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.h - what one boot runs: items (a bench with parameters, workers and arms), how many blocks, how long.
 *
 * A plan is made from the command line and handed as JSON to the runner, on this machine or in a guest. It
 * says what is wanted; where workers go exactly is decided on the kernel under test.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "core/params.h"

#define PLAN_ARMS_MAX	   16
#define PLAN_WORKERS_MAX   1024
#define PLAN_BLOCKS_MAX	   100000
#define PLAN_DEPTH_MAX	   64

enum plan_state {
	PLAN_OFF,   /* no memory controller in this boot */
	PLAN_ROOT,  /* in the root memcg */
	PLAN_CHILD, /* in a memcg @depth levels below it */
};

struct plan_arm {
	enum plan_state state;
	unsigned int depth;   /* PLAN_CHILD: ≥ 1 */
	uint64_t limit_bytes; /* memory.max of the leaf; UINT64_MAX: none */
};

struct plan_item {
	const struct bench *bench;
	struct params params;
	unsigned int nr_workers;
	bool threads; /* workers are threads of one process, else processes */
	unsigned int nr_memcgs; /* leaf memcgs of a child arm; worker i is in number i modulo this. 1: all share one */
	unsigned int given; /* by 1 << parameter: chosen by somebody, and not to be changed */
	unsigned int spare; /* where time is short: the item with the greatest is left out first, of equals the last */
	char place[128];
	char memory[32];
	struct plan_arm arms[PLAN_ARMS_MAX]; /* the first is the baseline */
	size_t nr_arms;
};

/* What a nanosecond of the guest's clock is: decided by whoever boots it (docs/METHOD.md, "The clock"). */
enum plan_clock {
	PLAN_NS,
	PLAN_INSN, /* an instruction: QEMU TCG under -icount shift=0 */
};

struct plan {
	enum plan_clock clock;
	uint64_t seed;
	unsigned int blocks;	/* per item; each holds every arm twice */
	uint64_t budget_ns;	/* for all of it: as many blocks, at most @blocks, as there is time for; 0: none */
	uint64_t rep_ns;	/* how long one rep should take; sets the passes in it */
	uint64_t latency_ops;	/* single ops timed per arm and worker; 0: no latency pass */
	bool counters;		/* take counted reps (perf_event_open) */
	char perf_dir[512];	/* perf record: folder of the perf.data files; "" = none */
	char dir[512];		/* where benches may have folders, on the machine that runs the plan; "" = nowhere */
	struct plan_item *items;
	size_t nr_items;
};

const char *plan_state_name(enum plan_state state);
const char *plan_clock_name(enum plan_clock clock); /* "ns", "insn": also the unit of a cost */

/* Append a zeroed item; NULL when memory is short. Valid until the next call. */
struct plan_item *plan_add(struct plan *plan);
void plan_free(struct plan *plan); /* frees the items, not @plan */

/* Does one of its benches need what @flag says? */
bool plan_needs(const struct plan *plan, enum bench_needs flag);

/* "root", "child, depth 5": for sentences. Writes to and returns @buf. */
char *plan_arm_text(const struct plan_arm *arm, char *buf, size_t buf_size);

/* "charge_scaling --way=turns, 8 processes, 8 memcgs": what of it is not the bench's default. Writes to and returns @buf. */
char *plan_item_text(const struct plan_item *item, char *buf, size_t buf_size);

/* File name of the profile of arm @arm of item @index. Writes to and returns @buf. */
char *plan_perf_name(const struct plan_item *item, size_t index, size_t arm, char *buf, size_t buf_size);

/* New references. */
json_t *plan_item_to_json(const struct plan_item *item);
json_t *plan_to_json(const struct plan *plan);
/* -EINVAL with a sentence: not a plan, or a bench or value that this build does not know. */
int plan_from_json(const json_t *json, struct plan *ret_plan) __must_check;

#endif
