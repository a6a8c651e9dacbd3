// SPDX-License-Identifier: GPL-2.0-or-later
/* Passes, and whether they did what they say. */
#include "core/worker_priv.h"

#include <string.h>

#include "base/err.h"
#include "core/team.h"

int worker_error(struct worker *worker, int ret)
{
	return bench_error(worker->run, -ret, "%s", err_msg());
}

static void add_usage_since(struct rusage *sum, const struct rusage *before)
{
	struct rusage now;

	getrusage(RUSAGE_THREAD, &now);
	sum->ru_minflt += now.ru_minflt - before->ru_minflt;
	sum->ru_majflt += now.ru_majflt - before->ru_majflt;
	sum->ru_nvcsw += now.ru_nvcsw - before->ru_nvcsw;
	sum->ru_nivcsw += now.ru_nivcsw - before->ru_nivcsw;
}

int worker_check(struct worker *worker)
{
	struct bench_run *run = worker->run;

	return bench_run_check(run, (uint64_t)run->usage.ru_minflt, (uint64_t)run->usage.ru_majflt, run->reads);
}

static int do_pass(struct worker *worker, enum bench_pass kind)
{
	worker->run->pass_kind = kind;
	return worker->bench->pass(worker->state, worker->run);
}

/*
 * The timed passes of a rep, with what the bench wants before and after them; while one worker is in those, no other is timed. To prove the work
 * it takes a single pass, to audit.
 */
static int do_rep(struct worker *worker, uint64_t passes)
{
	struct bench_run *run = worker->run;
	const struct bench *bench = worker->bench;
	int ret = 0;

	if (run->hold)
		return do_pass(worker, BENCH_PASS_AUDIT);
	if (bench->has_warm) {
		ret = do_pass(worker, BENCH_PASS_WARM);
		bench_barrier(run);
	}
	for (; !ret && passes; passes--)
		ret = do_pass(worker, BENCH_PASS_TIMED);
	if (!ret && bench->has_audit && bench_in_memcg(run)) {
		bench_barrier(run);
		ret = do_pass(worker, BENCH_PASS_AUDIT);
	}
	return ret;
}

int worker_do_passes(struct worker *worker, uint64_t passes)
{
	struct bench_run *run = worker->run;
	struct rusage before;
	uint64_t reads;
	int ret = bench_run_reads_begin(run, &reads);

	if (ret)
		return ret;
	run->stir_faults = 0;
	getrusage(RUSAGE_THREAD, &before);
	ret = passes ? do_rep(worker, passes) : worker->bench->latency(worker->state, run);
	add_usage_since(&run->usage, &before);
	run->usage.ru_minflt -= (long)run->stir_faults;
	return ret ? ret : bench_run_reads_end(run, reads);
}

int worker_pass(struct worker *worker)
{
	int ret;

	memset(&worker->run->usage, 0, sizeof(worker->run->usage));
	worker->run->done = (struct bench_done){0};
	worker->run->reads = 0;
	ret = worker_do_passes(worker, 1);
	return ret ? ret : worker_check(worker);
}
