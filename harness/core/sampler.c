// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/sampler.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "core/guest_init.h"
#include "core/needs.h"
#include "core/sampler_run.h"
#include "machine/clock.h"
#include "machine/mempol.h"
#include "machine/release.h"

/* Reps of the baseline that have to agree, how well, and when to give up. */
#define SETTLE_WINDOW	 5
#define SETTLE_SPREAD	 0.05
#define SETTLE_MAX_REPS	 40
#define SETTLE_MAX_NS	 1500000000ull

/* Of a guest's time: seldom enough that few plans get to see one, and often enough that nobody takes the guest for dead. */
#define SIGN_OF_LIFE_NS	 4000000000ull

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
	/* Where the stock of a CPU has one place, the first charge of an arm puts out who is there. */
	return run->sampler->in_guest && run->sampler->tree && release_is_since(6, 16) ? cg_tree_drain(run->sampler->tree) : 0;
}

/*
 * On a clock of instructions reps of one length keep step with the timer: a boot may have a tick in every one of them. A random part
 * of a tick (HZ=250) between them takes each rep out of step. It is spent in a loop, not asleep: a QEMU whose own threads have to wait for
 * a core of the host can skip too much of the guest's time when the guest idles (docs/METHOD.md).
 */
static void lose_step(struct item_run *run)
{
	unsigned int instructions = nrand48(run->random) % 4000000;

	if (run->sampler->plan->clock == PLAN_INSN)
		for (unsigned int i = instructions / 2; i; i--)
			__asm__ volatile("");
}

/* Items of a few seconds never give one: the runner did when they began. */
static void stay_in_touch(struct item_run *run)
{
	uint64_t now_ns = clock_ns();

	if (!run->sampler->in_guest || now_ns - run->alive_ns < SIGN_OF_LIFE_NS)
		return;
	guest_show_sign_of_life(run->index, run->sampler->plan->nr_items, run->nr_reps);
	run->alive_ns = now_ns;
}

/* What a worker found unusual, once an item. */
static void tell_warning(struct item_run *run, const struct team *team)
{
	unsigned int i;

	for (i = 0; i < run->item->nr_workers && !run->has_warned; i++) {
		const char *text = team_run(team, i)->warning;

		run->has_warned = text[0] != '\0';
		if (run->has_warned)
			emit_warning(run->sampler->emit, (int)run->index, "bench", "%s", text);
	}
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
	stay_in_touch(run);
	lose_step(run);
	if (sample.has_usage)
		ret = sampler_usage_before(run, arm, &sample.usage_before_bytes);
	if (!ret)
		ret = team_rep(run->team[arm], run->passes, false, warmup ? BENCH_REP_UNNUMBERED : sample.rep, &rep);
	if (!ret && sample.has_usage)
		ret = arm_groups_usage(&run->groups[arm], &sample.usage_after_bytes);
	if (ret)
		return ret;
	if (!warmup)
		sampler_ticks_note(run, arm, &rep);
	emit_sample(run->sampler->emit, &sample, run->team[arm], run->item, &rep);
	tell_warning(run, run->team[arm]);
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

	for (rep = 0; rep < SETTLE_MAX_REPS && clock_ns() - begin_ns < run->settle_max_ns; rep++) {
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

static int run_block(struct item_run *run, unsigned int block)
{
	size_t order[2 * PLAN_ARMS_MAX], i;
	int ret = sampler_start_teams(run, block);

	sampler_draw_order(run, order);
	/* The first rep of a new process pays for what the others find ready. */
	for (i = 0; !ret && i < run->nr_arms; i++)
		ret = take_sample(run, order[i], block, (unsigned int)i, true, NULL);
	for (i = 0; !ret && i < 2 * run->nr_arms; i++)
		ret = take_sample(run, order[i], block, (unsigned int)i, false, NULL);
	return sampler_stop_teams(run, ret);
}

/* Is there time for one more? By what those before took, @begin_ns being when the first began. */
static bool is_time_left(const struct item_run *run, unsigned int done, uint64_t begin_ns)
{
	uint64_t now_ns, block_ns, left_ns;

	if (!run->sampler->schedule)
		return true;
	now_ns = clock_ns();
	block_ns = done ? (now_ns - begin_ns) / done : 0;
	left_ns = block_ns * (run->nr_blocks - done);
	if (now_ns + left_ns > run->blocks_end_ns)
		left_ns = run->blocks_end_ns > now_ns ? run->blocks_end_ns - now_ns : 0;
	if (done)
		sampler_tell_time(run, left_ns + run->after_ns);
	return done < SCHEDULE_LEAST_BLOCKS || now_ns + block_ns <= run->blocks_end_ns;
}

static int run_blocks(struct item_run *run)
{
	struct noise before, after;
	uint64_t begin_ns = clock_ns();
	unsigned int done;
	int ret = noise_read(&before);

	for (done = 0; !ret && done < run->nr_blocks && is_time_left(run, done, begin_ns); done++)
		ret = run_block(run, done + 1);
	if (!ret)
		ret = noise_read(&after);
	if (!ret)
		emit_noise(run->sampler->emit, run->index, &before, &after);
	if (!ret)
		sampler_ticks_judge(run);
	return ret ? ret : sampler_usage_judge(run);
}

static int measure(struct item_run *run)
{
	struct emit_item item = {
		.item = run->index,
		.plan = run->item,
		.places = run->places,
		.oversubscribed = run->oversubscribed,
		.swap = run->swap.is_initialised ? &run->swap : NULL,
		.dir = run->dir,
	};
	const struct plan *plan = run->sampler->plan;
	int ret = sampler_start_teams(run, 0);

	if (!ret)
		ret = sampler_prove_stats(run);
	if (!ret && !run->passes)
		ret = sampler_calibrate(run);
	if (ret)
		return ret;
	item.passes = run->passes;
	emit_item(run->sampler->emit, &item);
	ret = sampler_prove(run);
	if (!ret)
		ret = settle(run);
	ret = sampler_stop_teams(run, ret);
	if (!ret)
		ret = run_blocks(run);
	/* Ops by the thousand leave no statistics as they were. */
	if (!ret && plan->latency_ops && run->item->bench->latency && run->item->params.common[PARAMS_STATS] == STATS_AS_FOUND)
		ret = sampler_latency(run);
	if (!ret && plan->counters)
		ret = sampler_counted(run);
	if (!ret && plan->perf_dir[0])
		ret = sampler_perf(run);
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

static int run_item(struct item_run *run, int (*work)(struct item_run *run))
{
	int ret = mempol_check(run->item->memory);

	if (!ret)
		ret = topo_place(run->sampler->topo, run->item->place, run->item->nr_workers, run->places,
				 &run->oversubscribed);
	if (!ret)
		ret = make_groups(run);
	/* In block 0 as often as it may take to come to rest; in every other once to warm up, and twice. */
	if (!ret)
		ret = sampler_usage_open(run, SETTLE_MAX_REPS + 3 * (size_t)run->sampler->plan->blocks);
	if (!ret)
		ret = work(run);
	ret = sampler_stop_teams(run, ret);
	sampler_usage_close(run);
	return remove_groups(run, ret);
}

static int put_means(struct item_run *run, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	int ret_put = sampler_put_means(run);

	if (sentence)
		err_set(0, "%s", sentence);
	return ret ? ret : ret_put;
}

/* 1: skipped, and err_msg() says why. */
static int work_on(struct item_run *run, int (*work)(struct item_run *run))
{
	const struct sampler *sampler = run->sampler;
	__free_mem struct topo_place *places = calloc(run->item->nr_workers, sizeof(*places));
	char why[256];
	int ret;

	choose_arms(run);
	if (!run->nr_arms) {
		err_set(0, "%s", sampler->tree ? "the memory controller is on; \"off\" is measured in a boot with cgroup_disable=memory"
					       : sampler->cg->why);
		return 1;
	}
	if (!needs_met_all_of(params_needs(&run->item->params), sampler->cg, why, sizeof(why))) {
		err_set(0, "%s", why);
		return 1;
	}
	run->places = places;
	ret = places ? sampler_get_means(run) : err_sys(ENOMEM, "memory for %u workers", run->item->nr_workers);
	if (!ret)
		ret = run_item(run, work);
	return put_means(run, ret);
}

static void begin(const struct sampler *sampler, size_t index, struct item_run *run)
{
	const struct plan *plan = sampler->plan;

	*run = (struct item_run){
		.sampler = sampler,
		.item = &plan->items[index],
		.index = index,
		.failed_arm = -1,
		.alive_ns = clock_ns(),
		.nr_blocks = plan->blocks,
		.blocks_end_ns = UINT64_MAX,
		.settle_max_ns = SETTLE_MAX_NS,
		.latency_ops = plan->latency_ops,
		.random = {(unsigned short)plan->seed, (unsigned short)(plan->seed >> 16), (unsigned short)(index + 1)},
	};
}

int sampler_look(struct sampler *sampler)
{
	size_t i, nr = sampler->plan->nr_items;
	struct item_run run;
	int ret = 0;

	sampler->schedule = calloc(nr, sizeof(*sampler->schedule));
	sampler->found = calloc(nr, sizeof(*sampler->found));
	if (!sampler->schedule || !sampler->found)
		return err_sys(ENOMEM, "memory for %zu items", nr);
	for (i = 0; i < nr && ret != -EINTR; i++) {
		begin(sampler, i, &run);
		ret = work_on(&run, sampler_look_at);
		/* Skipped, or failed: most likely again, at once. */
		sampler->schedule[i].is_over = ret;
	}
	return ret == -EINTR ? ret : 0;
}

int sampler_item(struct sampler *sampler, size_t index)
{
	struct item_run run;
	int ret;

	begin(sampler, index, &run);
	if (sampler->schedule && !sampler_plan_time(&run))
		return 0;
	ret = work_on(&run, measure);
	if (sampler->schedule)
		sampler->schedule[index].is_over = true;
	sampler->has_measured |= !ret;
	if (ret > 0) {
		emit_skip(sampler->emit, index, run.item->bench->name, err_msg());
		return 0;
	}
	if (ret && ret != -EINTR)
		emit_error(sampler->emit, (int)index, run.item->bench->name, run.failed_arm, err_msg());
	return ret;
}
