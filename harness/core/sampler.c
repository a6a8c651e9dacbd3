// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/sampler.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "core/needs.h"
#include "core/team.h"
#include "machine/clock.h"
#include "machine/mempol.h"
#include "machine/perfrec.h"

/* Reps of the baseline that have to agree, how well, and when to give up. */
#define SETTLE_WINDOW	 5
#define SETTLE_SPREAD	 0.05
#define SETTLE_MAX_REPS	 40
#define SETTLE_MAX_NS	 1500000000ull

#define COUNTED_ROUNDS 2
#define LATENCY_ROUNDS 2
#define PERF_ROUNDS    20

/*
 * A charge may run ahead of the pages by what the stock of each worker's CPU holds: MEMCG_CHARGE_BATCH pages (64
 * since Linux 6.1, include/linux/memcontrol.h); twice that, to be safe with other builds.
 */
#define STOCK_SLACK_PAGES (2 * 64)

/* One item while it runs. */
struct item_run {
	const struct sampler *sampler;
	const struct plan_item *item;
	size_t index;
	struct topo_place *places;
	size_t arms[PLAN_ARMS_MAX]; /* those that this boot can run, by their index in the item */
	size_t nr_arms;
	struct arm_groups groups[PLAN_ARMS_MAX]; /* by index in the item, as is team */
	struct team *team[PLAN_ARMS_MAX];
	int failed_arm; /* for the error record; -1: none in particular */
	uint64_t passes;
	unsigned int nr_reps;
	unsigned short random[3];
};

/* @ret: of what the teams did, whose sentence stays. */
static int stop_teams(struct item_run *run, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	size_t i;

	for (i = 0; i < run->item->nr_arms; i++) {
		int ret_stop = team_stop(run->team[i]);

		run->team[i] = NULL;
		if (!ret)
			ret = ret_stop;
	}
	if (sentence)
		err_set(0, "%s", sentence);
	return ret;
}

static int start_teams(struct item_run *run, unsigned int block)
{
	struct team_setup setup = {
		.item = run->item,
		.item_index = run->index,
		.places = run->places,
		.seed = run->sampler->plan->seed * 1000003 + run->index * 8191 + block,
	};
	size_t k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		setup.arm_index = run->arms[k];
		setup.groups = &run->groups[setup.arm_index];
		run->failed_arm = (int)setup.arm_index;
		ret = team_start(&setup, &run->team[setup.arm_index]);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}

static int make_groups(struct item_run *run)
{
	char name[32];
	size_t i, k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		i = run->arms[k];
		run->failed_arm = (int)i;
		snprintf(name, sizeof(name), "item%zu-arm%zu", run->index, i);
		ret = arm_groups_make(run->sampler->tree, &run->item->arms[i], name, run->item->nr_memcgs, &run->groups[i]);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}

/* How many passes fill the time of a rep, by the baseline arm. */
static int calibrate(struct item_run *run)
{
	uint64_t goal_ns = run->sampler->plan->rep_ns;
	struct team_rep rep;
	int ret;

	run->failed_arm = (int)run->arms[0];
	for (run->passes = 1;;) {
		uint64_t factor;

		ret = team_rep(run->team[run->arms[0]], run->passes, false, BENCH_REP_UNNUMBERED, &rep);
		if (ret)
			return ret;
		if (rep.elapsed_ns >= goal_ns / 2)
			break;
		/* Carefully: the first passes of a process are slower than the rest. */
		factor = goal_ns / (rep.elapsed_ns + 1);
		run->passes *= factor < 2 ? 2 : factor > 16 ? 16 : factor;
	}
	run->passes = run->passes * goal_ns / (rep.elapsed_ns + 1);
	if (!run->passes)
		run->passes = 1;
	run->failed_arm = -1;
	return 0;
}

/*
 * On a clock of instructions reps of one length keep step with the timer: a boot may have a tick in every one of them. Sleeping
 * for a random part of the longest tick (HZ=100) takes each rep out of step; the guest's clock jumps, so it costs nothing.
 */
static void lose_step(struct item_run *run)
{
	struct timespec time = {.tv_nsec = nrand48(run->random) % 10000000};

	if (run->sampler->plan->clock == PLAN_INSN)
		nanosleep(&time, NULL);
}

/* One rep of one arm and its record. */
static int take_sample(struct item_run *run, size_t arm, unsigned int block, unsigned int pos, bool warmup,
		       uint64_t *ret_elapsed_ns)
{
	struct emit_sample sample = {
		.item = run->index,
		.arm = arm,
		.block = block,
		.pos = pos,
		.rep = run->nr_reps++,
		.warmup = warmup,
		.passes = run->passes,
		.has_usage = run->item->arms[arm].state == PLAN_CHILD,
	};
	struct team_rep rep;
	int ret = 0;

	run->failed_arm = (int)arm;
	lose_step(run);
	if (sample.has_usage)
		ret = arm_groups_usage(&run->groups[arm], &sample.usage_before_bytes);
	if (!ret)
		ret = team_rep(run->team[arm], run->passes, false, sample.rep, &rep);
	if (!ret && sample.has_usage)
		ret = arm_groups_usage(&run->groups[arm], &sample.usage_after_bytes);
	if (ret)
		return ret;
	emit_sample(run->sampler->emit, &sample, run->team[arm], run->item, &rep);
	if (ret_elapsed_ns)
		*ret_elapsed_ns = rep.elapsed_ns;
	run->failed_arm = -1;
	return emit_failed(run->sampler->emit);
}

static bool has_settled(const uint64_t *window_ns)
{
	uint64_t min = UINT64_MAX, max = 0;
	size_t i;

	for (i = 0; i < SETTLE_WINDOW; i++) {
		min = window_ns[i] < min ? window_ns[i] : min;
		max = window_ns[i] > max ? window_ns[i] : max;
	}
	return (double)(max - min) <= SETTLE_SPREAD * (double)min;
}

/* Run all arms until the baseline's reps agree; block 0 of the samples, all of it warm-up. */
static int settle(struct item_run *run)
{
	uint64_t window_ns[SETTLE_WINDOW], begin_ns = clock_ns();
	unsigned int rep;
	size_t k;
	int ret;

	for (rep = 0; rep < SETTLE_MAX_REPS && clock_ns() - begin_ns < SETTLE_MAX_NS; rep++) {
		for (k = run->nr_arms; k--;) {
			ret = take_sample(run, run->arms[k], 0, rep, true,
					  k ? NULL : &window_ns[rep % SETTLE_WINDOW]);
			if (ret)
				return ret;
		}
		if (rep + 1 >= SETTLE_WINDOW && has_settled(window_ns))
			return 0;
	}
	emit_warning(run->sampler->emit, (int)run->index, "not-settled",
		     "the warm-up never came to rest: %u reps in a row that differ by less than %.0f %% were not seen; other "
		     "work on this machine?", SETTLE_WINDOW, SETTLE_SPREAD * 100);
	return 0;
}

static int64_t stat_now(const struct arm_groups *groups, const char *key, bool *ret_known)
{
	uint64_t value;

	*ret_known = !arm_groups_stat(groups, key, &value);
	return *ret_known ? (int64_t)value : 0;
}

static int check_charge(const struct item_run *run, uint64_t claimed_bytes, int64_t charged_bytes)
{
	uint64_t stock_bytes = STOCK_SLACK_PAGES * (uint64_t)sysconf(_SC_PAGESIZE) * run->item->nr_workers;
	int64_t slack = (int64_t)(stock_bytes + claimed_bytes / 20);
	int64_t claimed = (int64_t)claimed_bytes;

	if (charged_bytes < claimed - slack)
		return err_set(EPROTO, "%s says %lld bytes are mapped, but its memcg was charged only %lld: zero pages, or "
				       "pages that were charged before", run->item->bench->name,
			       (long long)claimed, (long long)charged_bytes);
	if (charged_bytes > claimed + slack)
		return err_set(EPROTO, "%s says %lld bytes are mapped, but its memcg was charged %lld: something else is "
				       "charged to it, or a page is larger than thought", run->item->bench->name,
			       (long long)claimed, (long long)charged_bytes);
	return 0;
}

/* Stop a child arm while everything is mapped, and compare its claim with what the memcg was charged. */
static int prove_child(struct item_run *run, size_t arm)
{
	static const char *const keys[] = {"anon", "file", "shmem"};
	const struct arm_groups *groups = &run->groups[arm];
	uint64_t before_bytes, held_bytes, claimed_bytes;
	int64_t stat_before[ARRAY_SIZE(keys)], charged_bytes;
	bool known[ARRAY_SIZE(keys)];
	json_t *stat;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		stat_before[i] = stat_now(groups, keys[i], &known[i]);
	ret = arm_groups_usage(groups, &before_bytes);
	if (!ret)
		ret = team_prove(run->team[arm], &claimed_bytes);
	if (ret)
		return ret == -ENODATA ? 0 : ret;
	ret = arm_groups_usage(groups, &held_bytes);
	if (ret)
		return ret;
	stat = json_object();
	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (known[i])
			json_object_set_new(stat, keys[i],
					    json_integer(stat_now(groups, keys[i], &known[i]) - stat_before[i]));
	charged_bytes = (int64_t)(held_bytes - before_bytes);
	emit_proof(run->sampler->emit, run->index, arm, claimed_bytes, &charged_bytes, stat);
	ret = team_release(run->team[arm]);
	if (!ret && !claimed_bytes)
		emit_warning(run->sampler->emit, (int)run->index, "uncharged",
			     "with these parameters no page is charged: a control, not a cost of charging");
	return ret ? ret : check_charge(run, claimed_bytes, charged_bytes);
}

static int prove(struct item_run *run)
{
	size_t arm, k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		arm = run->arms[k];
		if (run->item->arms[arm].state != PLAN_CHILD)
			continue;
		run->failed_arm = (int)arm;
		ret = prove_child(run, arm);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}

/* A random order of the arms, then its mirror image. */
static void draw_order(struct item_run *run, size_t *order)
{
	size_t n = run->nr_arms, i, j;

	for (i = 0; i < n; i++) {
		j = (size_t)nrand48(run->random) % (i + 1);
		order[i] = order[j];
		order[j] = run->arms[i];
	}
	for (i = 0; i < n; i++)
		order[n + i] = order[n - 1 - i];
}

static int run_block(struct item_run *run, unsigned int block)
{
	size_t order[2 * PLAN_ARMS_MAX], i;
	int ret = start_teams(run, block);

	draw_order(run, order);
	/* The first rep of a new process pays for what the others find ready. */
	for (i = 0; !ret && i < run->nr_arms; i++)
		ret = take_sample(run, order[i], block, (unsigned int)i, true, NULL);
	for (i = 0; !ret && i < 2 * run->nr_arms; i++)
		ret = take_sample(run, order[i], block, (unsigned int)i, false, NULL);
	return stop_teams(run, ret);
}

static int run_counted(struct item_run *run)
{
	struct team_rep rep;
	unsigned int round;
	size_t arm, k;
	int ret = start_teams(run, 0);

	for (round = 0; !ret && round < COUNTED_ROUNDS; round++) {
		for (k = 0; !ret && k < run->nr_arms; k++) {
			arm = run->arms[k];
			run->failed_arm = (int)arm;
			ret = team_rep(run->team[arm], run->passes, true, BENCH_REP_UNNUMBERED, &rep);
			if (!ret)
				emit_counters(run->sampler->emit, run->index, arm, round, run->team[arm], run->item,
					      &rep);
		}
	}
	return stop_teams(run, ret);
}

static int run_latency_round(struct item_run *run, unsigned int round)
{
	const struct bench *bench = run->item->bench;
	uint64_t ops = run->sampler->plan->latency_ops / LATENCY_ROUNDS;
	size_t order[2 * PLAN_ARMS_MAX], i;
	int ret = start_teams(run, round);

	draw_order(run, order);
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
	return stop_teams(run, ret);
}

static int run_latency(struct item_run *run)
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

static int run_perf(struct item_run *run)
{
	size_t arm, k;
	int ret = start_teams(run, 0);

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
	return stop_teams(run, ret);
}

static int run_blocks(struct item_run *run)
{
	struct noise before, after;
	unsigned int block;
	int ret = noise_read(&before);

	for (block = 1; !ret && block <= run->sampler->plan->blocks; block++)
		ret = run_block(run, block);
	if (!ret)
		ret = noise_read(&after);
	if (!ret)
		emit_noise(run->sampler->emit, run->index, &before, &after);
	return ret;
}

static int measure(struct item_run *run, bool oversubscribed)
{
	struct emit_item item = {
		.item = run->index,
		.plan = run->item,
		.places = run->places,
		.oversubscribed = oversubscribed,
	};
	const struct plan *plan = run->sampler->plan;
	int ret = start_teams(run, 0);

	if (!ret)
		ret = calibrate(run);
	if (ret)
		return ret;
	item.passes = run->passes;
	emit_item(run->sampler->emit, &item);
	ret = prove(run);
	if (!ret)
		ret = settle(run);
	ret = stop_teams(run, ret);
	if (!ret)
		ret = run_blocks(run);
	if (!ret && plan->latency_ops && run->item->bench->latency)
		ret = run_latency(run);
	if (!ret && plan->counters)
		ret = run_counted(run);
	if (!ret && plan->perf_dir[0])
		ret = run_perf(run);
	return ret;
}

/* The arms that this boot can run: "off" where there is no memory controller, the others where there is one. */
static void choose_arms(struct item_run *run)
{
	size_t i;

	for (i = 0; i < run->item->nr_arms; i++)
		if ((run->item->arms[i].state == PLAN_OFF) == !run->sampler->tree)
			run->arms[run->nr_arms++] = i;
}

/* What went wrong first is the sentence that is kept. */
static int remove_groups(struct item_run *run, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	size_t i;
	int ret_remove;

	for (i = 0; i < run->item->nr_arms; i++) {
		ret_remove = arm_groups_remove(&run->groups[i]);
		if (!ret)
			ret = ret_remove;
	}
	if (sentence)
		err_set(0, "%s", sentence);
	return ret;
}

static int run_item(struct item_run *run)
{
	bool oversubscribed;
	int ret = mempol_check(run->item->memory);

	if (!ret)
		ret = topo_place(run->sampler->topo, run->item->place, run->item->nr_workers, run->places,
				 &oversubscribed);
	if (!ret)
		ret = make_groups(run);
	if (!ret)
		ret = measure(run, oversubscribed);
	ret = stop_teams(run, ret);
	return remove_groups(run, ret);
}

int sampler_item(const struct sampler *sampler, size_t index)
{
	struct item_run run = {
		.sampler = sampler,
		.item = &sampler->plan->items[index],
		.index = index,
		.failed_arm = -1,
		.random = {(unsigned short)sampler->plan->seed, (unsigned short)(sampler->plan->seed >> 16),
			   (unsigned short)(index + 1)},
	};
	__free_mem struct topo_place *places = calloc(run.item->nr_workers, sizeof(*places));
	char why[256];
	int ret;

	choose_arms(&run);
	if (!run.nr_arms) {
		emit_skip(sampler->emit, index, run.item->bench->name,
			  sampler->tree ? "the memory controller is on; \"off\" is measured in a boot with cgroup_disable=memory"
					: sampler->cg->why);
		return 0;
	}
	if (!needs_all_met(run.item->bench, sampler->cg, why, sizeof(why))) {
		emit_skip(sampler->emit, index, run.item->bench->name, why);
		return 0;
	}
	if ((run.item->bench->needs & BENCH_NEEDS_PROCESSES) && run.item->threads) {
		emit_skip(sampler->emit, index, run.item->bench->name,
			  "needs processes: its workers enter memcgs one by one, which threads cannot");
		return 0;
	}
	run.places = places;
	ret = places ? run_item(&run) : err_sys(ENOMEM, "memory for %u workers", run.item->nr_workers);
	if (ret > 0) {
		emit_skip(sampler->emit, index, run.item->bench->name, err_msg());
		return 0;
	}
	if (ret && ret != -EINTR)
		emit_error(sampler->emit, (int)index, run.item->bench->name, run.failed_arm, err_msg());
	return ret;
}
