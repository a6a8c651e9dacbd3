// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker: takes its CPU and memory, then does as the runner says. */
#include "core/worker_priv.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "core/team.h"
#include "machine/clock.h"
#include "machine/mempol.h"

void worker_answer(struct worker *worker, char kind)
{
	if (send(worker->fd, &kind, 1, MSG_NOSIGNAL) != 1)
		_exit(1); /* the runner is gone */
}

int worker_error(struct worker *worker, int ret)
{
	return bench_error(worker->run, -ret, "%s", err_msg());
}

static void next_command(struct worker *worker, struct worker_command *ret_command)
{
	ssize_t n;

	do
		n = recv(worker->fd, ret_command, sizeof(*ret_command), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(*ret_command))
		_exit(1);
}

static void stop(struct worker *worker, enum bench_stop where)
{
	struct worker_command command;

	worker->run->stop = where;
	bench_lru_drain(worker->run);
	bench_run_stir(worker->run);
	worker_answer(worker, ANSWER_HELD);
	next_command(worker, &command);
	worker->run->nr_expected = 0;
}

static void hold(struct bench_run *run)
{
	stop(run->hold_data, BENCH_STOP_HOLD);
}

/*
 * All workers of the team reach this point before any goes on. The pause is more than a courtesy: QEMU before 8.1 runs the vCPUs of an -icount
 * guest in turn, and the next one gets its turn only when this one pauses, halts or does I/O.
 */
static void start_together(struct worker *worker)
{
	atomic_uint *arrived = &worker->team->shared->arrived;
	unsigned int spins = 0;

	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < worker->run->nr_workers) {
#ifdef __x86_64__
		__builtin_ia32_pause();
#endif
		if (++spins % 1000 == 0)
			sched_yield(); /* more workers than CPUs */
	}
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

static int check_place(struct worker *worker)
{
	unsigned int pu = worker->team->places[worker->index].pu;

	if (topo_is_pinned(pu))
		return 0;
	return bench_error(worker->run, ENODEV, "CPU %u was taken away during the rep (offline, or the cpuset changed)",
			   pu);
}

static int check_work(struct worker *worker)
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

/* @passes passes, or the latency pass when @passes is 0, between two readings of the evidence. */
static int do_passes(struct worker *worker, uint64_t passes)
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

/* All passes at once, or each behind what brings the statistics into the state that it is to find. */
static int rep(struct worker *worker, uint64_t passes)
{
	const bool is_as_found = worker->team->item->params.common[PARAMS_STATS] == STATS_AS_FOUND;
	uint64_t at_once = is_as_found ? passes : passes > 0, done;
	struct bench_run *run = worker->run;
	int ret;

	worker_let_others_sleep(worker);
	ret = worker_stats_set(worker);
	if (ret)
		return ret;
	start_together(worker);
	memset(&run->usage, 0, sizeof(run->usage));
	run->begin_ns = clock_ns();
	ret = do_passes(worker, at_once);
	for (done = at_once; !ret && done < passes; done += at_once) {
		ret = worker_stats_set(worker);
		if (!ret)
			ret = do_passes(worker, at_once);
	}
	run->end_ns = clock_ns();
	if (!ret)
		ret = check_place(worker);
	return ret ? ret : check_work(worker);
}

int worker_pass(struct worker *worker)
{
	int ret;

	memset(&worker->run->usage, 0, sizeof(worker->run->usage));
	worker->run->done = (struct bench_done){0};
	worker->run->reads = 0;
	ret = do_passes(worker, 1);
	return ret ? ret : check_work(worker);
}

static void publish_counters(struct worker *worker, const struct counters *counters)
{
	struct team_shared *shared = worker->team->shared;
	size_t i;

	if (worker->index)
		return;
	shared->nr_counters = counters_nr(counters);
	for (i = 0; i < shared->nr_counters; i++)
		snprintf(shared->counter_name[i], sizeof(shared->counter_name[i]), "%s",
			 counters_name(counters, i));
	snprintf(shared->counters_why, sizeof(shared->counters_why), "%s", counters_why(counters));
}

static int counted_rep(struct worker *worker, uint64_t passes)
{
	struct counters *counters;
	int ret = counters_open_self(&counters);

	if (ret)
		return worker_error(worker, ret);
	publish_counters(worker, counters);
	worker->run->counters = counters;
	ret = rep(worker, passes);
	worker->run->counters = NULL;
	counters_close(counters);
	return ret;
}

static int proving_pass(struct worker *worker)
{
	struct bench_run *run = worker->run;
	int ret;

	stop(worker, BENCH_STOP_BEGIN);
	run->hold = hold;
	run->hold_data = worker;
	ret = rep(worker, 1);
	run->hold = NULL;
	if (!ret)
		stop(worker, BENCH_STOP_END);
	return ret;
}

static int latency_pass(struct worker *worker, uint64_t ops)
{
	memset(&worker->run->latency, 0, sizeof(worker->run->latency));
	worker->run->latency_ops = ops;
	worker->run->latency_made = 0;
	worker->run->clock_cost_ns = bench_run_clock_cost();
	return rep(worker, 0);
}

static int obey(struct worker *worker, const struct worker_command *command)
{
	bench_run_reset(worker->run);
	worker->run->rep = command->rep;
	switch (command->what) {
	case COMMAND_REP:
		return rep(worker, command->number);
	case COMMAND_COUNTED_REP:
		return counted_rep(worker, command->number);
	case COMMAND_PROVE:
		return proving_pass(worker);
	case COMMAND_LATENCY:
		return latency_pass(worker, command->number);
	case COMMAND_PROVE_STATS:
		return worker_stats_prove(worker);
	case COMMAND_RELEASE:
	case COMMAND_STOP:
		break;
	}
	return 0;
}

int worker_take_place(struct worker *worker)
{
	const struct topo_place *place = &worker->team->places[worker->index];
	int ret = topo_pin_self(place->pu);

	worker_ask_for_slice(worker);
	if (!ret)
		ret = mempol_apply_self(worker->team->item->memory, place->node);
	if (!ret)
		ret = bench_run_take_place(worker->run);
	return ret ? worker_error(worker, ret) : 0;
}

int worker_make_state(struct worker *worker)
{
	if (!worker->bench->state_size)
		return 0;
	worker->state = calloc(1, worker->bench->state_size);
	if (!worker->state)
		return bench_error(worker->run, ENOMEM, "memory for the bench's state");
	params_store(&worker->team->item->params, worker->state);
	return 0;
}

static int set_up(struct worker *worker)
{
	int ret = worker->state ? 0 : worker_make_state(worker);

	if (ret)
		return ret;
	return worker->bench->setup ? worker->bench->setup(worker->state, worker->run) : 0;
}

void worker_answer_error(struct worker *worker, int ret)
{
	bench_error(worker->run, -ret, "%s", strerror(-ret));
	worker_answer(worker, ANSWER_ERROR);
}

void worker_serve(struct worker *worker)
{
	struct worker_command command;
	int ret = worker_take_place(worker);

	if (!ret)
		ret = set_up(worker);
	while (!ret) {
		worker_answer(worker, ANSWER_DONE);
		next_command(worker, &command);
		if (command.what == COMMAND_STOP) {
			bench_run_reset(worker->run);
			break;
		}
		ret = obey(worker, &command);
	}
	free(worker->state);
	if (ret)
		worker_answer_error(worker, ret);
	else
		worker_answer(worker, ANSWER_DONE);
}
