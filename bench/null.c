// SPDX-License-Identifier: GPL-2.0-or-later
/* null - the harness measures itself. */
#include <stddef.h>

#include "bench.h"

enum { METRIC_LOOP, METRIC_PHASE };

/* Long enough that the clock's own cost is a small share, short enough to be one pass of many. */
#define LOOP_OPS  100000
#define PHASE_OPS 1000

struct null {
	uint64_t extra; /* per mille of the work, in a child memcg alone */
};

static int null_run(void *state, struct bench_run *run, uint64_t passes)
{
	const struct null *null = state;
	uint64_t extra = bench_in_memcg(run) ? null->extra : 0;
	uint64_t turns = LOOP_OPS + LOOP_OPS * extra / 1000, uncounted = PHASE_OPS * extra / 1000, pass, i;

	for (pass = 0; pass < passes; pass++) {
		bench_phase_begin(run, METRIC_LOOP);
		/* The empty asm keeps the compiler from removing the loop. */
		for (i = 0; i < turns; i++)
			__asm__ volatile("" ::: "memory");
		bench_phase_end(run, METRIC_LOOP, LOOP_OPS);

		for (i = 0; i < PHASE_OPS; i++) {
			bench_phase_begin(run, METRIC_PHASE);
			bench_phase_end(run, METRIC_PHASE, 1);
		}
		for (i = 0; i < uncounted; i++) {
			bench_phase_begin(run, METRIC_PHASE);
			bench_phase_end(run, METRIC_PHASE, 0);
		}
	}
	return 0;
}

static const struct bench_metric metrics[] = {
	{
		.name = "loop",
		.help = "one turn of an empty loop",
		.op = "turn",
	},
	{
		.name = "phase",
		.help = "what every timed phase of a bench includes of the clock's own cost",
		.op = "phase",
	},
};

static const struct bench_param params[] = {
	{
		.name = "extra",
		.help = "work added in the child memcg and not counted as ops, per mille: an effect of known size",
		.type = BENCH_PARAM_UINT,
		.unit = "per mille",
		.def = "0",
		.max = 1000,
		.offset = BENCH_FIELD(struct null, extra),
	},
};

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
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.state_size = sizeof(struct null),
	.run = null_run,
};
