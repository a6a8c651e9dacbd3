/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sampler_run.h - one item while it runs. Private to sampler*.c.
 */
#ifndef CORE_SAMPLER_RUN_H
#define CORE_SAMPLER_RUN_H

#include "core/arm_groups.h"
#include "core/sampler.h"
#include "core/team.h"
#include "machine/swap.h"

/* Of the reps of one arm that count. */
struct item_ticks {
	unsigned int nr_reps;
	uint64_t least_ns[BENCH_METRICS_MAX];
};

/* Of one child arm: its memcgs' usage in pages before each rep, one memcg after the other. */
struct item_usage {
	uint32_t *pages;
	size_t nr_reps, nr_reps_max;
};

/* One item while it runs. */
struct item_run {
	const struct sampler *sampler;
	const struct plan_item *item;
	size_t index;
	struct plan_item smaller; /* @item, where a look made it smaller */
	struct topo_place *places;
	bool oversubscribed;
	size_t arms[PLAN_ARMS_MAX]; /* those that this boot can run, by their index in the item */
	size_t nr_arms;
	struct arm_groups groups[PLAN_ARMS_MAX]; /* by index in the item, as is team */
	struct team *team[PLAN_ARMS_MAX];
	struct swap swap;		 /* all zero where the bench needs none */
	char *lru_gen;			 /* what LRU_GEN_ENABLED said; NULL: not ours to change, or not there */
	char *dir;			 /* where the teams get their folders; NULL where the bench needs none */
	char *team_dir[PLAN_ARMS_MAX];
	int failed_arm; /* for the error record; -1: none in particular */
	uint64_t passes; /* of a rep; 0: not known yet */
	uint64_t rep_ns; /* what they take, at the least */
	unsigned int nr_blocks;
	uint64_t blocks_end_ns; /* no block but the least number begins that would end later */
	uint64_t after_ns;	/* expected to follow the blocks */
	uint64_t settle_max_ns, latency_ops;
	unsigned int nr_reps;
	bool has_warned; /* told a bench_warn() */
	uint64_t alive_ns; /* when this guest last gave a sign of life */
	unsigned short random[3];
	struct item_ticks ticks[PLAN_ARMS_MAX]; /* by index in the item */
	struct item_usage usage[PLAN_ARMS_MAX]; /* by index in the item */
};

/* How many passes fill the time of a rep, by the baseline arm. */
int sampler_calibrate(struct item_run *run) __must_check;

/* A look at one item: what it takes goes to the schedule. */
int sampler_look_at(struct item_run *run) __must_check;
/* Before the item is measured: its part of the time that is left. False: it is left out. */
bool sampler_plan_time(struct item_run *run);
/* For whoever waits: how much time is left for all, with @item_ns for the item at hand. */
void sampler_tell_time(const struct item_run *run, uint64_t item_ns);

/*
 * What the bench needs beyond its workers: swap, a folder. 1: this machine, or this run, has it not, err_msg() says what and why.
 * Given back with sampler_put_means(), after a failure too.
 */
int sampler_get_means(struct item_run *run) __must_check;
int sampler_put_means(struct item_run *run);

/*
 * The arms in the order in which their teams start. A memcg takes the first free place in the stock of a CPU when it is first charged, keeps it, and what a
 * charge costs depends on it (consume_stock(), mm/memcontrol.c, since Linux 6.16). So the child arms come first by turns, from seed to seed: what is only
 * their place is in the spread over seeds.
 */
void sampler_start_order(const struct item_run *run, size_t *order);

/* A team for each arm. @block: no two blocks have the same seeds. */
int sampler_start_teams(struct item_run *run, unsigned int block) __must_check;
/* @ret: of what the teams did, whose sentence stays. */
int sampler_stop_teams(struct item_run *run, int ret) __must_check;

/* A random order of the arms, then its mirror image. */
void sampler_draw_order(struct item_run *run, size_t *order);

/* Stop child arms while everything is mapped, and compare their claim with what their memcgs were charged. */
int sampler_prove(struct item_run *run) __must_check;

/* Of every arm, that its passes find the statistics in the state that the item asks for. Errors as team_prove_stats(). */
int sampler_prove_stats(struct item_run *run) __must_check;

/*
 * Usage that grows from rep to rep, in any memcg of the item, is charged and not given back: -EPROTO, with a sentence. @nr_reps: of one arm, at
 * most. Closed after a failure too.
 */
int sampler_usage_open(struct item_run *run, size_t nr_reps) __must_check;
void sampler_usage_close(struct item_run *run);
/* Before a rep: what it is, summed over the leaves, in bytes. */
int sampler_usage_before(struct item_run *run, size_t arm, uint64_t *ret_bytes) __must_check;
int sampler_usage_judge(struct item_run *run) __must_check;

/*
 * On a clock of instructions a rep is worth its number if no tick of the timer fell into it, and the least of several is taken for one. Warn where
 * phases are so long, for so few reps, that this is not to be counted on.
 */
void sampler_ticks_note(struct item_run *run, size_t arm, const struct team_rep *rep);
void sampler_ticks_judge(struct item_run *run);

/* What is measured besides the blocks. */
int sampler_latency(struct item_run *run) __must_check;
int sampler_counted(struct item_run *run) __must_check;
int sampler_perf(struct item_run *run) __must_check;

#endif
