/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * emit.h - the line protocol: records of docs/RESULTS-FORMAT.md, written by the runner.
 *
 * One JSON object per line and per write(2). In a guest, where writing would disturb what is measured, lines are kept until
 * emit_flush(). Interprets nothing.
 */
#ifndef CORE_EMIT_H
#define CORE_EMIT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/util.h"
#include "core/plan.h"
#include "core/team.h"
#include "machine/cgroup.h"
#include "machine/facts.h"
#include "machine/noise.h"
#include "machine/swap.h"
#include "machine/topo.h"

struct emit {
	int fd;
	enum plan_clock clock;
	bool deferred; /* keep lines until emit_flush() */
	int error;     /* errno of the first failed write; later lines are dropped */
	char *kept;    /* lines not written yet */
	size_t kept_len, kept_size;
};

void emit_flush(struct emit *emit);
/* The error of the first failed write, with a sentence: nobody reads what is measured any more. */
int emit_failed(const struct emit *emit) __must_check;

void emit_boot(struct emit *emit, const struct plan *plan, const struct facts *facts, const struct cg_info *cg,
	       const struct topo *topo, uint64_t clock_cost_ns);
void emit_topology(struct emit *emit, const struct topo *topo);

/* What an item came down to on this machine. */
struct emit_item {
	size_t item;
	const struct plan_item *plan;
	const struct topo_place *places;
	bool oversubscribed;
	uint64_t passes;
	const struct swap *swap; /* NULL: none of ours */
	const char *dir;	 /* NULL: none */
};
void emit_item(struct emit *emit, const struct emit_item *item);

/* Which rep of an item a sample is. */
struct emit_sample {
	size_t item, arm;
	unsigned int block, pos, rep;
	bool warmup;
	uint64_t passes;
	bool has_usage; /* the arm's memcg keeps a usage */
	uint64_t usage_before_bytes, usage_after_bytes;
};
void emit_sample(struct emit *emit, const struct emit_sample *sample, const struct team *team,
		 const struct plan_item *plan, const struct team_rep *rep);

/* A counted rep: counters per metric, no time. */
void emit_counters(struct emit *emit, size_t item, size_t arm, unsigned int round, const struct team *team,
		   const struct plan_item *plan, const struct team_rep *rep);

/* @expected, @stat: objects, stolen. */
void emit_proof(struct emit *emit, size_t item, size_t arm, int64_t claimed_bytes, int64_t charged_bytes, json_t *expected, json_t *stat);

void emit_latency(struct emit *emit, size_t item, size_t arm, unsigned int round, const char *metric,
		  uint64_t clock_cost_ns, const struct histogram *histogram);
void emit_noise(struct emit *emit, size_t item, const struct noise *before, const struct noise *after);

/* @item < 0: of no item. */
void emit_warning(struct emit *emit, int item, const char *code, const char *fmt, ...) __printf(4, 5);
void emit_skip(struct emit *emit, size_t item, const char *bench, const char *why);
/* Skipped for want of time. */
void emit_left_out(struct emit *emit, size_t item, const char *bench);
/* For whoever waits, and in no file: @item is at hand, all takes @left_ns still. */
void emit_progress(struct emit *emit, size_t item, uint64_t left_ns);
/* @arm < 0: of no arm. */
void emit_error(struct emit *emit, int item, const char *bench, int arm, const char *text);
/* @tainted: of a guest's kernel, 0 where it has nothing to say. */
/* @args: of guest_args(), stolen; NULL: this machine, or nothing is known. */
void emit_end(struct emit *emit, const char *status, uint64_t tainted, json_t *args);

#endif
