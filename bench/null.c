// SPDX-License-Identifier: GPL-2.0-or-later
/* null - the harness measures itself. */
#include "bench.h"
#include "bench_memcg.h"

enum { LOOP, PHASE };

/* Long enough that the clock's own cost is a small share, short enough to be one pass of many. */
#define LOOP_OPS  100000
#define PHASE_OPS 1000

struct null {
	uint64_t extra; /* per mille of the work, in a child memcg alone */
};

static int pass(void *state, struct bench_run *run)
{
	const struct null *null = state;
	uint64_t extra = bench_in_memcg(run) ? null->extra : 0;
	uint64_t turns = LOOP_OPS + LOOP_OPS * extra / 1000, uncounted = PHASE_OPS * extra / 1000, i;

	bench_phase_begin(run, LOOP);
	/* The empty asm keeps the compiler from removing the loop. */
	for (i = 0; i < turns; i++)
		__asm__ volatile("" ::: "memory");
	bench_phase_end(run, LOOP, LOOP_OPS);

	for (i = 0; i < PHASE_OPS; i++) {
		bench_phase_begin(run, PHASE);
		bench_phase_end(run, PHASE, 1);
	}
	for (i = 0; i < uncounted; i++) {
		bench_phase_begin(run, PHASE);
		bench_phase_end(run, PHASE, 0);
	}
	return 0;
}

const struct bench bench_null = {
	.name = "null",
	.summary = "the harness's own cost; root and child must not differ",
	.about = "Runs an empty loop and an empty timed phase. No system call, no fault and no charge lies between "
		 "the two readings of the clock, so the memcg that the worker sits in cannot matter: a "
		 "difference between root and child here is an error of the harness or of the machine, "
		 "not a cost of memcg.\n\n"
		 "phase is what the clock adds to every timed phase of the other benches; their phases "
		 "hold hundreds of operations each, so its share of an operation is that much smaller.\n\n"
		 "With --extra=20 the child memcg does 2 % more of both than it says: a cost that was put there to be found "
		 "(memcgbench selftest --injected).",
	.version = 1,
	BENCH_METRICS(BENCH_TIMED(LOOP, "loop", "turn", "one turn of an empty loop"),
		      BENCH_TIMED(PHASE, "phase", "phase", "what every timed phase of a bench includes of the clock's own cost")),
	BENCH_PARAMS(BENCH_NUMBER(struct null, extra, "extra", "per mille", "0", NULL, 0, 1000,
				  "work added in the child memcg and not counted as ops, per mille: an effect of known size")),
	.state_size = sizeof(struct null),
	.pass = pass,
	BENCH_SUITE({.suites = BENCH_BOTH}),
};
