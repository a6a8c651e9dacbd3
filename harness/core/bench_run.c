// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/bench_run.h"

#include <errno.h>
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

void bench_phase_begin(struct bench_run *run, size_t phase)
{
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

	region_mark(REGION_END);
	end_ns = clock_ns();
	p->ns += end_ns - run->phase_begin_ns;
	p->ops += ops;
	if (run->counters)
		add_counters(run, p);
}

void bench_phase_ops(struct bench_run *run, size_t phase, uint64_t ops)
{
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
	region_select(REGION_ID(run->item, run->arm, phase, run->rep));
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
		return bench_error(run, errno, "fork a process to time its exit: %s", strerror(errno));
	if (pid == 0)
		child_main(run, phase, prepare, state);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return bench_error(run, errno, "wait for the exiting process: %s",
					   strerror(errno));
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
	run->phase[phase].ns += end_ns - run->child_begin_ns;
	run->phase[phase].ops++;
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

uint64_t bench_seed(const struct bench_run *run)
{
	return run->seed;
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
