/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_run.h - one worker's side of the contract in bench/bench.h: its clock, phases and proof.
 *
 * A struct bench_run lives in memory shared between the worker and the runner: the worker writes results
 * into it, the runner reads them when the worker has answered. It knows nothing of results files; memcgs and
 * other workers are behind its team (bench_memcg.c, bench_team.c).
 */
#ifndef CORE_BENCH_RUN_H
#define CORE_BENCH_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"
#include "core/histogram.h"
#include "machine/counters.h"

#define BENCH_METRICS_MAX 16

/* What a bench did in one phase during one rep. */
struct bench_phase {
	uint64_t ns, ops;
	uint64_t amount; /* BENCH_COUNT: what bench_count() added up over @ops ops; it has no @ns */
	uint64_t count[COUNTERS_MAX]; /* counted reps only */
	bool count_valid[COUNTERS_MAX], count_scaled;
};

struct team;

/* Where the pass that proves the work stands still. */
enum bench_stop {
	BENCH_STOP_BEGIN, /* before it */
	BENCH_STOP_HOLD,  /* bench_hold() */
	BENCH_STOP_END,	  /* after it */
};

/* bench_expect(). */
#define BENCH_EXPECTED_MAX 16
struct bench_expected {
	char made[24];	    /* of a memcg that a worker made, what its name ends with; "": one of the team's */
	unsigned int memcg; /* of the team's, by its index among the handles */
	enum bench_charged charged;
	int64_t pages;
};

/* What the passes of a rep said that they did. */
struct bench_done {
	uint64_t touched, least_faults, least_majors, reads;
	bool reads_back; /* faults may read from swap or disk */
};

struct bench_run {
	/* Set once, before setup(). */
	unsigned int worker, nr_workers;
	bool threaded;
	uint64_t seed, page_bytes, huge_page_bytes;
	uint64_t clock_cost_ns;
	uint16_t item; /* which item and arm of the plan this is, for the marks of base/region.h */
	uint8_t arm;
	pid_t pid;		    /* of this worker's process */
	struct team *team;	    /* NULL: of nobody's, in tests */
	unsigned int nr_memcgs_made; /* by this worker, ever: no name comes twice */
	atomic_uint turn;	    /* 1: it is this worker's turn */
	unsigned int turn_next;	    /* who has the next one; of the workers of all CPUs, or of this one */
	bool turn_first;	    /* a rep begins with this worker's turn */

	/* Of the rep at hand. */
	uint32_t rep; /* its number in the plan's item; BENCH_REP_UNNUMBERED: no record will have it */
	struct bench_phase phase[BENCH_METRICS_MAX];
	uint64_t phase_begin_ns;
	uint64_t begin_ns, end_ns; /* of the whole rep */
	struct rusage usage;	   /* of the whole rep, this worker alone */
	struct counters *counters; /* counted reps only; a pointer of the worker's own */
	struct counters_reading counters_begin;

	enum bench_pass pass_kind; /* of the pass at hand */
	struct bench_done done;
	bool counts_reads;	   /* bench_expect_reads() was called before */
	uint64_t reads;		   /* calls of read(2) and the like of the rep; UINT64_MAX: nobody counts them */

	/* The pass that proves the work: bench_hold() calls back, NULL in every other rep. */
	void (*hold)(struct bench_run *run);
	void *hold_data;
	enum bench_stop stop;
	struct bench_expected expected[BENCH_EXPECTED_MAX]; /* since the last stop */
	size_t nr_expected;
	uint64_t stir_faults; /* of bench_run_stir(), in this rep */

	/* Latency: how many ops are to be made, how many were, and what those took that are wanted. */
	uint64_t latency_ops, latency_made, op_begin_ns, op_ns;
	struct histogram latency;

	/* bench_child_exit(): written by the child just before it ends. */
	volatile uint64_t child_begin_ns;
	volatile uint64_t child_faults;
	volatile int child_ret;

	bool has_looked; /* bench_look() was called before */
	bool skipped; /* bench_skip(): @error_text says why, and it is no error */
	int error;    /* errno of the first error, 0: none */
	char error_text[512];
	char warning[384]; /* bench_warn(): "" is none. Not of a rep alone: bench_run_reset() leaves it */
};

#define BENCH_REP_UNNUMBERED UINT32_MAX

/* Minor faults that a worker may take in a rep of its own accord: stack and libc. 0 to 2 in all reps of the card on 18 kernels (`results/reference`). */
#define BENCH_OWN_FAULTS 16

/* Around passes, whose calls of read(2) and the like are added to @run->reads: syscr of /proc/thread-self/io, exact (CONFIG_TASK_IO_ACCOUNTING). */
int bench_run_reads_begin(struct bench_run *run, uint64_t *ret_nr) __must_check;
int bench_run_reads_end(struct bench_run *run, uint64_t before) __must_check;

/*
 * Does what its passes said that they did agree with the faults of the rep and with its calls of read()? @reads: UINT64_MAX if nobody counts
 * them. bench_error(EPROTO) if not.
 */
int bench_run_check(struct bench_run *run, uint64_t minors, uint64_t majors, uint64_t reads) __must_check;

/* Forget the last rep. */
void bench_run_reset(struct bench_run *run);

/*
 * Map and touch the page at the beginning of this worker's part of the address space, which keeps the upper page tables there; charged to the memcg that
 * the worker is in. Before bench_map(). A negative errno, with a sentence, if something lies there.
 */
int bench_run_take_place(struct bench_run *run) __must_check;

/*
 * As many updates of the statistics of this worker's memcg as make the kernel gather them at the next reading: memcg_vmstats_needs_flush(),
 * mm/memcontrol.c, Linux 6.12: more than MEMCG_CHARGE_BATCH for each CPU. Of pages that come and go, a few at a time.
 */
void bench_run_stir(struct bench_run *run);

/* Pages of [@map, @map + @bytes) that mincore() finds in memory; 0 if @map is NULL. */
size_t bench_run_resident(const struct bench_run *run, const void *map, uint64_t bytes);

/* Does nothing but memcgbench run on this kernel (a guest)? Only then may all of the machine be put under pressure. */
bool bench_run_in_guest(const struct bench_run *run);

/* Median cost of reading the clock once, measured now, in nanoseconds. */
uint64_t bench_run_clock_cost(void);

#endif
