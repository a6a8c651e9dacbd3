// SPDX-License-Identifier: GPL-2.0-or-later
/* What the items of a live run take, and what of each there is time for. */
#include <errno.h>

#include "base/err.h"
#include "core/sampler_run.h"
#include "machine/clock.h"

/* Reps of the baseline until it has settled, as a rule. */
#define WARMUP_ROUNDS 8

/* A pass is too long if it takes so much longer than a rep should; reps shorter than the usual are no reason to do less in a pass. */
#define LONG_PASS  2
#define USUAL_REP_NS 25000000

/* A few are better than none: the median of a thousand is a median. */
#define LATENCY_OPS_LEAST 1000

/*
 * What it takes to run every arm once, and to time one op of each alone for latencies: by the first arm and the last, which is the deepest. The others lie
 * between them.
 */
static int run_arms(struct item_run *run, uint64_t *ret_arms_ns, uint64_t *ret_op_ns)
{
	const struct bench *bench = run->item->bench;
	uint64_t arms_ns = 0, op_ns = 0, nr = 0;
	struct team_rep rep;
	size_t k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		if (k && k + 1 < run->nr_arms)
			continue;
		run->failed_arm = (int)run->arms[k];
		ret = team_rep(run->team[run->arms[k]], run->passes, false, BENCH_REP_UNNUMBERED, &rep);
		if (ret)
			return ret;
		/* Something else that ran makes a pass long; what a pass takes is what it takes without. */
		if (rep.elapsed_ns < run->rep_ns)
			run->rep_ns = rep.elapsed_ns;
		nr++;
		arms_ns += rep.elapsed_ns;
		/* With all that a pass does besides: latencies need that too. */
		if (bench->latency && rep.phase[bench->latency_metric].ops)
			op_ns += rep.elapsed_ns * run->item->nr_workers / rep.phase[bench->latency_metric].ops;
	}
	run->failed_arm = -1;
	*ret_arms_ns = arms_ns * run->nr_arms / nr;
	*ret_op_ns = op_ns * run->nr_arms / nr;
	return 0;
}

/* The size of a pass, of the parameters that have a smaller default for guests; SIZE_MAX: there is none to change. */
static size_t size_param(const struct item_run *run)
{
	const struct bench *bench = run->item->bench;
	size_t i;

	for (i = 0; i < bench->nr_params; i++)
		if (bench->params[i].insn_def && bench->params[i].type != BENCH_PARAM_ENUM && !(run->item->given & 1u << i))
			return i;
	return SIZE_MAX;
}

/* Half of the size, but not less than guests have. False: it is as it was. */
static bool make_smaller(struct item_run *run)
{
	size_t i = size_param(run);
	struct params least = run->item->params;

	if (i == SIZE_MAX || params_set(&least, run->item->bench->params[i].name, run->item->bench->params[i].insn_def) ||
	    run->item->params.value[i] / 2 < least.value[i])
		return false;
	run->smaller = *run->item;
	run->smaller.params.value[i] /= 2;
	run->item = &run->smaller;
	return true;
}

/* Calibrated beside something else that ran, a rep has too few passes: so many more as the reps since then show. Returns by how much. */
static double correct_passes(struct item_run *run, uint64_t arms_ns)
{
	double more = (double)(run->nr_arms * run->sampler->plan->rep_ns) / (double)(arms_ns + 1);

	if (more < 1.25)
		return 1;
	run->passes = (uint64_t)((double)run->passes * more);
	return more;
}

static bool is_too_long(const struct item_run *run)
{
	uint64_t rep_ns = run->sampler->plan->rep_ns;

	return run->sampler->plan->budget_ns && run->passes == 1 &&
	       run->rep_ns > LONG_PASS * (rep_ns > USUAL_REP_NS ? rep_ns : USUAL_REP_NS);
}

int sampler_look_at(struct item_run *run)
{
	const struct plan *plan = run->sampler->plan;
	struct schedule_item *item = &run->sampler->schedule[run->index];
	struct sampler_found *found = &run->sampler->found[run->index];
	uint64_t begin_ns, teams_ns, arms_ns = 0, op_ns = 0;
	int ret;

	do {
		begin_ns = clock_ns();
		ret = sampler_start_teams(run, 0);
		teams_ns = clock_ns() - begin_ns;
		if (!ret)
			ret = sampler_calibrate(run);
		if (!ret)
			ret = run_arms(run, &arms_ns, &op_ns);
		begin_ns = clock_ns();
		ret = sampler_stop_teams(run, ret);
		teams_ns += clock_ns() - begin_ns;
	} while (!ret && is_too_long(run) && make_smaller(run));
	if (ret)
		return ret;
	arms_ns = (uint64_t)((double)arms_ns * correct_passes(run, arms_ns));
	found->passes = run->passes;
	found->is_smaller = run->item == &run->smaller;
	found->params = run->item->params;
	*item = (struct schedule_item){
		.spare = run->item->spare,
		.block_ns = teams_ns + 3 * arms_ns,
		.fixed_ns = teams_ns + arms_ns,
		.warmup_ns = WARMUP_ROUNDS * arms_ns < run->settle_max_ns ? WARMUP_ROUNDS * arms_ns : run->settle_max_ns,
	};
	if (plan->latency_ops && run->item->bench->latency)
		item->latency_ns = plan->latency_ops * op_ns;
	if (plan->counters)
		item->fixed_ns += teams_ns + 2 * arms_ns;
	return 0;
}

static uint64_t time_left(const struct sampler *sampler)
{
	uint64_t now_ns = clock_ns();

	if (sampler->end_ns == UINT64_MAX)
		return UINT64_MAX;
	return sampler->end_ns > now_ns ? sampler->end_ns - now_ns : 0;
}

/* Of what the look found smaller, and of what must be shorter for time. */
static void limit(struct item_run *run, uint64_t spare_ns)
{
	const struct sampler *sampler = run->sampler;
	const struct schedule_item *item = &sampler->schedule[run->index];
	const struct sampler_found *found = &sampler->found[run->index];

	if (found->is_smaller) {
		run->smaller = *run->item;
		run->smaller.params = found->params;
		run->item = &run->smaller;
	}
	run->passes = found->passes;
	run->after_ns = item->fixed_ns + (item->latency_ns < item->extra_ns ? item->latency_ns : item->extra_ns);
	if (sampler->end_ns == UINT64_MAX)
		return;
	if (run->settle_max_ns > item->extra_ns)
		run->settle_max_ns = item->extra_ns;
	if (item->latency_ns > item->extra_ns) {
		run->latency_ops = (uint64_t)((double)run->latency_ops * (double)item->extra_ns / (double)item->latency_ns);
		if (run->latency_ops < LATENCY_OPS_LEAST)
			run->latency_ops = LATENCY_OPS_LEAST;
	}
	run->blocks_end_ns = clock_ns() + item->ns + spare_ns - run->after_ns;
}

bool sampler_plan_time(struct item_run *run)
{
	const struct sampler *sampler = run->sampler;
	struct schedule_item *item = &sampler->schedule[run->index];
	uint64_t left_ns = time_left(sampler), needed_ns;

	/* What a look could not run: it fails again, or it does not. */
	if (item->is_over)
		return true;
	needed_ns = schedule_share(sampler->schedule, sampler->plan->nr_items, sampler->plan->blocks, left_ns,
				   !sampler->has_measured);
	if (!item->blocks) {
		item->is_over = true;
		emit_left_out(sampler->emit, run->index, run->item->bench->name);
		return false;
	}
	limit(run, left_ns != UINT64_MAX && left_ns > needed_ns ? left_ns - needed_ns : 0);
	sampler_tell_time(run, item->ns);
	return true;
}

void sampler_tell_time(const struct item_run *run, uint64_t item_ns)
{
	const struct sampler *sampler = run->sampler;
	uint64_t ns = item_ns;
	size_t i;

	if (!sampler->schedule)
		return;
	for (i = run->index + 1; i < sampler->plan->nr_items; i++)
		if (!sampler->schedule[i].is_over)
			ns += sampler->schedule[i].ns;
	emit_progress(sampler->emit, run->index, ns);
}

void sampler_forget(struct sampler *sampler)
{
	free(sampler->schedule);
	free(sampler->found);
	sampler->schedule = NULL;
	sampler->found = NULL;
}
