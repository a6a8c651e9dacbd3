// SPDX-License-Identifier: GPL-2.0-or-later
/* A worker does as the runner says. */
#include "core/worker_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err.h"
#include "core/team.h"

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
	ret = worker_rep(worker, passes);
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
	ret = worker_rep(worker, 1);
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
	return worker_rep(worker, 0);
}

static int obey(struct worker *worker, const struct worker_command *command)
{
	bench_run_reset(worker->run);
	worker->run->rep = command->rep;
	switch (command->what) {
	case COMMAND_REP:
		return worker_rep(worker, command->number);
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

static int set_up(struct worker *worker)
{
	int ret = worker->state ? 0 : worker_make_state(worker);

	if (ret)
		return ret;
	return worker->bench->setup ? worker->bench->setup(worker->state, worker->run) : 0;
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
