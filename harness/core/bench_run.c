// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/bench_run.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/region.h"
#include "machine/clock.h"

void bench_run_reset(struct bench_run *run)
{
	memset(run->phase, 0, sizeof(run->phase));
	run->nr_expected = 0;
	run->stir_faults = 0;
	run->done = (struct bench_done){0};
	run->reads = 0;
	run->pass_kind = BENCH_PASS_TIMED;
	run->skipped = false;
	run->error = 0;
	run->error_text[0] = '\0';
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t bench_run_clock_cost(void)
{
	enum { SAMPLES = 1001 };
	uint64_t cost[SAMPLES];
	int i;

	for (i = 0; i < SAMPLES; i++) {
		uint64_t begin = clock_ns();

		cost[i] = clock_ns() - begin;
	}
	qsort(cost, SAMPLES, sizeof(cost[0]), compare_u64);
	return cost[SAMPLES / 2];
}

enum bench_pass bench_pass_kind(const struct bench_run *run)
{
	return run->pass_kind;
}

void bench_phase_begin(struct bench_run *run, size_t phase)
{
	if (run->pass_kind != BENCH_PASS_TIMED)
		return;
	region_select(REGION_ID(run->item, run->arm, phase, run->rep));
	if (run->counters)
		counters_read(run->counters, &run->counters_begin);
	run->phase_begin_ns = clock_ns();
	region_mark(REGION_BEGIN);
}

static void add_counters(struct bench_run *run, struct bench_phase *phase)
{
	struct counters_reading end;
	struct counters_delta delta;
	size_t i;

	counters_read(run->counters, &end);
	counters_sub(run->counters, &run->counters_begin, &end, &delta);
	for (i = 0; i < counters_nr(run->counters); i++) {
		if (!delta.valid[i])
			continue;
		phase->count[i] += delta.count[i];
		phase->count_valid[i] = true;
		phase->count_scaled |= delta.scaled[i];
	}
}

void bench_phase_end(struct bench_run *run, size_t phase, uint64_t ops)
{
	struct bench_phase *p = &run->phase[phase];
	uint64_t end_ns;

	/* First of all, and in every pass: one instruction of it is timed. No worker is timed while another is in a pass that is not. */
	region_mark(REGION_END);
	end_ns = clock_ns();
	if (run->pass_kind != BENCH_PASS_TIMED)
		return;
	p->ns += end_ns - run->phase_begin_ns;
	p->ops += ops;
	if (run->counters)
		add_counters(run, p);
}

void bench_phase_ops(struct bench_run *run, size_t phase, uint64_t ops)
{
	if (run->pass_kind == BENCH_PASS_TIMED)
		run->phase[phase].ops += ops;
}

void bench_count(struct bench_run *run, size_t metric, uint64_t amount, uint64_t ops)
{
	run->phase[metric].amount += amount;
	run->phase[metric].ops += ops;
}

void bench_hold(struct bench_run *run)
{
	if (run->hold)
		run->hold(run);
}

void bench_expect_faults(struct bench_run *run, uint64_t touched, unsigned int per_fault)
{
	run->done.touched += touched;
	run->done.least_faults += touched / per_fault;
}

void bench_expect_majors(struct bench_run *run, uint64_t least)
{
	run->done.least_majors += least;
	run->done.reads_back = true;
}

void bench_expect_reads(struct bench_run *run, uint64_t reads)
{
	run->done.reads += reads;
	run->counts_reads = true;
}

static int check_faults(struct bench_run *run, uint64_t minors, uint64_t majors)
{
	const struct bench_done *done = &run->done;
	uint64_t most = done->touched + BENCH_OWN_FAULTS + done->touched / 50;

	if (majors && !done->reads_back)
		return bench_error(run, EPROTO, "%" PRIu64 " faults went to disk: memory is short", majors);
	if (majors < done->least_majors)
		return bench_error(run, EPROTO, "%" PRIu64 " pages were out, but only %" PRIu64 " faults read one back", done->least_majors, majors);
	if (minors < done->least_faults)
		return bench_error(run, EPROTO, "touched %" PRIu64 " pages, but took only %" PRIu64 " faults: they were there already, or a larger page "
						"(THP, mTHP) or fault-around served several of them", done->touched, minors);
	if (done->touched && minors > most && !done->reads_back)
		return bench_error(run, EPROTO, "touched %" PRIu64 " pages, but took %" PRIu64 " faults: something else faults in the same process, "
						"or huge pages that were asked for were not there", done->touched, minors);
	return 0;
}

int bench_run_check(struct bench_run *run, uint64_t minors, uint64_t majors, uint64_t reads)
{
	int ret = check_faults(run, minors, majors);

	/* What a rep reads nobody knows before the first. */
	if (!ret && reads < run->done.reads)
		return bench_error(run, EPROTO, "read %" PRIu64 " pages by %" PRIu64 " calls of pread()", run->done.reads, reads);
	return ret;
}

int bench_is_proving(const struct bench_run *run)
{
	return run->hold != NULL;
}

static void child_main(struct bench_run *run, size_t phase, int (*prepare)(void *state, struct bench_run *run), void *state)
	__attribute__((noreturn));

static void child_main(struct bench_run *run, size_t phase, int (*prepare)(void *state, struct bench_run *run), void *state)
{
	struct rusage before, after;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	getrusage(RUSAGE_SELF, &before);
	run->child_ret = prepare(state, run);
	getrusage(RUSAGE_SELF, &after);
	run->child_faults = (uint64_t)(after.ru_minflt - before.ru_minflt);
	region_select(REGION_ID(run->item, run->arm, phase, run->pass_kind == BENCH_PASS_TIMED ? run->rep : BENCH_REP_UNNUMBERED));
	run->child_begin_ns = clock_ns();
	region_mark(REGION_BEGIN);
	_exit(0);
}

int bench_child_exit(struct bench_run *run, size_t phase, uint64_t faults, int (*prepare)(void *state, struct bench_run *run),
		     void *state)
{
	uint64_t end_ns;
	int status;
	pid_t pid;

	run->child_ret = -ECHILD;
	pid = fork();
	if (pid < 0)
		return bench_errno(run, "fork a process to time its exit");
	if (pid == 0)
		child_main(run, phase, prepare, state);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return bench_errno(run, "wait for the exiting process");
	}
	region_mark(REGION_END);
	end_ns = clock_ns();
	if (WIFSIGNALED(status))
		return bench_error(run, ECHILD, "the process whose exit is timed was killed by signal %d (%s)",
				   WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (run->child_ret)
		return bench_error(run, -run->child_ret, "the process whose exit is timed could not prepare: %s",
				   strerror(-run->child_ret));
	if (run->child_faults < faults || run->child_faults > faults + BENCH_OWN_FAULTS + faults / 50)
		return bench_error(run, EPROTO, "the process whose exit is timed took %llu faults to prepare, not %llu: what it frees is not what "
						"it should be", (unsigned long long)run->child_faults, (unsigned long long)faults);
	if (run->pass_kind == BENCH_PASS_TIMED) {
		run->phase[phase].ns += end_ns - run->child_begin_ns;
		run->phase[phase].ops++;
	}
	return 0;
}

void bench_op_begin(struct bench_run *run)
{
	run->op_begin_ns = clock_ns();
}

void bench_op_stop(struct bench_run *run)
{
	run->op_ns = clock_ns() - run->op_begin_ns;
}

int bench_op_take(struct bench_run *run, int is_wanted)
{
	if (is_wanted)
		histogram_add(&run->latency, run->op_ns > run->clock_cost_ns ? run->op_ns - run->clock_cost_ns : 0);
	return ++run->latency_made < run->latency_ops;
}

int bench_op_end(struct bench_run *run)
{
	bench_op_stop(run);
	return bench_op_take(run, 1);
}

uint64_t bench_page_bytes(const struct bench_run *run)
{
	return run->page_bytes;
}

uint64_t bench_huge_page_bytes(const struct bench_run *run)
{
	return run->huge_page_bytes;
}

unsigned int bench_nr_workers(const struct bench_run *run)
{
	return run->nr_workers;
}

unsigned int bench_worker(const struct bench_run *run)
{
	return run->worker;
}

int bench_is_threaded(const struct bench_run *run)
{
	return run->threaded;
}

int bench_skip(struct bench_run *run, const char *fmt, ...)
{
	va_list ap;

	run->skipped = true;
	run->error = EOPNOTSUPP;
	va_start(ap, fmt);
	vsnprintf(run->error_text, sizeof(run->error_text), fmt, ap);
	va_end(ap);
	return -EOPNOTSUPP;
}

void bench_warn(struct bench_run *run, const char *fmt, ...)
{
	va_list ap;

	if (run->warning[0])
		return;
	va_start(ap, fmt);
	vsnprintf(run->warning, sizeof(run->warning), fmt, ap);
	va_end(ap);
}

int bench_error(struct bench_run *run, int err, const char *fmt, ...)
{
	va_list ap;

	/* The first error is the cause; what follows from it would hide it. */
	if (!run->error) {
		run->error = err;
		va_start(ap, fmt);
		vsnprintf(run->error_text, sizeof(run->error_text), fmt, ap);
		va_end(ap);
	}
	return -err;
}

int bench_errno(struct bench_run *run, const char *fmt, ...)
{
	int err = errno;
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return bench_error(run, err, "%s: %s", text, strerror(err));
}
