// SPDX-License-Identifier: GPL-2.0-or-later
/* What is measured besides the blocks: latencies, event counts, profiles. */
#include <errno.h>

#include "base/err.h"
#include "core/sampler_run.h"
#include "machine/perfrec.h"

#define COUNTED_ROUNDS 2
#define LATENCY_ROUNDS 2
#define PERF_ROUNDS    20

/*
 * A phase takes much longer with counters, which are read at both of its ends: in a live run as many passes as there is time for in a usual rep. It is
 * counts per op that come of them.
 */
static int count_passes(struct item_run *run, uint64_t *ret_passes)
{
	struct team_rep rep;
	int ret;

	*ret_passes = run->passes;
	if (!run->sampler->schedule)
		return 0;
	run->failed_arm = (int)run->arms[0];
	ret = team_rep(run->team[run->arms[0]], 1, true, BENCH_REP_UNNUMBERED, &rep);
	if (!ret && run->sampler->plan->rep_ns / (rep.elapsed_ns + 1) < run->passes)
		*ret_passes = run->sampler->plan->rep_ns / (rep.elapsed_ns + 1) + 1;
	return ret;
}

int sampler_counted(struct item_run *run)
{
	struct team_rep rep;
	unsigned int round;
	uint64_t passes;
	size_t arm, k;
	int ret = sampler_start_teams(run, 0);

	if (!ret)
		ret = count_passes(run, &passes);
	for (round = 0; !ret && round < COUNTED_ROUNDS; round++) {
		for (k = 0; !ret && k < run->nr_arms; k++) {
			arm = run->arms[k];
			run->failed_arm = (int)arm;
			ret = team_rep(run->team[arm], passes, true, BENCH_REP_UNNUMBERED, &rep);
			if (!ret)
				emit_counters(run->sampler->emit, run->index, arm, round, run->team[arm], run->item,
					      &rep);
		}
	}
	return sampler_stop_teams(run, ret);
}

static int run_latency_round(struct item_run *run, unsigned int round)
{
	const struct bench *bench = run->item->bench;
	uint64_t ops = run->latency_ops / LATENCY_ROUNDS;
	size_t order[2 * PLAN_ARMS_MAX], i;
	int ret = sampler_start_teams(run, round);

	sampler_draw_order(run, order);
	for (i = 0; !ret && i < run->nr_arms; i++) {
		struct histogram *histogram = calloc(1, sizeof(*histogram));

		if (!histogram) {
			ret = err_sys(ENOMEM, "memory for a histogram");
			break;
		}
		run->failed_arm = (int)order[i];
		ret = team_latency(run->team[order[i]], ops ? ops : 1, histogram);
		if (!ret)
			emit_latency(run->sampler->emit, run->index, order[i], round,
				     bench->metrics[bench->latency_metric].name,
				     team_run(run->team[order[i]], 0)->clock_cost_ns, histogram);
		free(histogram);
	}
	return sampler_stop_teams(run, ret);
}

int sampler_latency(struct item_run *run)
{
	unsigned int round;
	int ret = 0;

	for (round = 0; !ret && round < LATENCY_ROUNDS; round++)
		ret = run_latency_round(run, round);
	return ret;
}

/* The CPUs of the workers as perf's -C takes them. */
static void cpu_list(const struct item_run *run, char *list, size_t size)
{
	size_t len = 0;
	unsigned int i;

	list[0] = '\0';
	for (i = 0; i < run->item->nr_workers && len < size; i++)
		len += (size_t)snprintf(list + len, size - len, "%s%u", i ? "," : "", run->places[i].pu);
}

static int perf_arm(struct item_run *run, size_t arm)
{
	char cpus[PLAN_WORKERS_MAX * 5], name[128], path[1024];
	struct perfrec *rec;
	struct team_rep rep;
	int round, ret, ret_stop;

	snprintf(path, sizeof(path), "%s/%s", run->sampler->plan->perf_dir,
		 plan_perf_name(run->item, run->index, arm, name, sizeof(name)));
	cpu_list(run, cpus, sizeof(cpus));
	ret = perfrec_start(path, cpus, getpid(), &rec);
	if (ret)
		return ret;
	/* One rep first, outside of the profile: the process is new. */
	ret = team_rep(run->team[arm], run->passes, false, BENCH_REP_UNNUMBERED, &rep);
	for (round = 0; !ret && round < PERF_ROUNDS; round++) {
		ret = perfrec_enable(rec);
		if (!ret)
			ret = team_rep(run->team[arm], run->passes, false, BENCH_REP_UNNUMBERED, &rep);
		if (!ret)
			ret = perfrec_disable(rec);
	}
	ret_stop = perfrec_stop(rec);
	return ret ? ret : ret_stop;
}

int sampler_perf(struct item_run *run)
{
	size_t arm, k;
	int ret = sampler_start_teams(run, 0);

	for (k = 0; !ret && k < run->nr_arms; k++) {
		arm = run->arms[k];
		run->failed_arm = (int)arm;
		ret = perf_arm(run, arm);
		/* A profile is an extra: results still come without it. */
		if (ret == -ENOENT || ret == -EACCES || ret == -EPROTO) {
			emit_warning(run->sampler->emit, (int)run->index, "no-perf-record", "%s", err_msg());
			ret = 0;
			break;
		}
	}
	return sampler_stop_teams(run, ret);
}
