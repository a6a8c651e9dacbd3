// SPDX-License-Identifier: GPL-2.0-or-later
/* The teams of an item, and what they need beyond workers: swap, folders. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/needs.h"
#include "core/sampler_run.h"
#include "core/worker.h"
#include "machine/workdir.h"

static int get_swap(struct item_run *run)
{
	uint64_t bytes;
	int ret = swap_default_bytes(&bytes);

	if (!ret)
		ret = swap_setup(bytes, &run->swap);
	if (ret) {
		err_prefix(ret, "needs swap");
		return 1;
	}
	if (swap_has_zswap())
		emit_warning(run->sampler->emit, (int)run->index, "zswap",
			     "zswap is on: pages are kept there before they come to the swap of this bench");
	return 0;
}

static int get_dir(struct item_run *run)
{
	const struct sampler *sampler = run->sampler;
	int ret;

	if (!sampler->dir) {
		err_set(0, "needs dir: %s", sampler->dir_why);
		return 1;
	}
	if (sampler->dir_is_ours) {
		run->dir = strdup(sampler->dir);
		return run->dir ? 0 : err_sys(ENOMEM, "memory for a path");
	}
	ret = workdir_make(sampler->dir, &run->dir);
	if (ret) {
		err_prefix(ret, "needs dir");
		return 1;
	}
	return 0;
}

/* What the item asks for, and what to put back after it. */
static int get_lru_gen(struct item_run *run)
{
	const uint64_t wanted = run->item->params.common[PARAMS_LRU_GEN];
	int ret;

	if (wanted == LRU_GEN_KEEP)
		return 0;
	if (!run->sampler->in_guest) {
		err_set(0, "the multi-generational LRU is a switch of the whole machine: in guests only (--kernel)");
		return 1;
	}
	if (!fs_exists(LRU_GEN_ENABLED)) {
		err_set(0, "there is no " LRU_GEN_ENABLED ": CONFIG_LRU_GEN is off, or the kernel is older than 6.1");
		return 1;
	}
	ret = fs_read(&run->lru_gen, LRU_GEN_ENABLED);
	return ret ? ret : fs_write(wanted == LRU_GEN_ON ? "y" : "n", LRU_GEN_ENABLED);
}

int sampler_get_means(struct item_run *run)
{
	unsigned int needs = params_needs(&run->item->params);
	const struct sampler *sampler = run->sampler;
	char why[256];
	int ret = 0;

	if (!needs_brought(needs, run->item->threads, sampler->dir, sampler->in_guest, why, sizeof(why))) {
		err_set(0, "%s", why);
		return 1;
	}
	ret = get_lru_gen(run);
	if (ret)
		return ret;
	if (needs & BENCH_NEEDS_DIR)
		ret = get_dir(run);
	if (!ret && (needs & BENCH_NEEDS_SWAP))
		ret = get_swap(run);
	return ret;
}

/* Switching moves every page to the other lists: only where an item did. */
static int put_lru_gen(struct item_run *run)
{
	__free_mem char *now = NULL, *before = run->lru_gen;
	int ret = before ? fs_read(&now, LRU_GEN_ENABLED) : 0;

	run->lru_gen = NULL;
	return before && !ret && strcmp(now, before) ? fs_write(before, LRU_GEN_ENABLED) : ret;
}

int sampler_put_means(struct item_run *run)
{
	int ret = swap_teardown(&run->swap), ret_lru_gen = put_lru_gen(run), ret_dir;

	ret = ret ? ret : ret_lru_gen;
	ret_dir = run->dir && !run->sampler->dir_is_ours ? workdir_remove(run->dir) : 0;
	free(run->dir);
	run->dir = NULL;
	return ret ? ret : ret_dir;
}

/* An empty folder for one team. */
static int make_team_dir(struct item_run *run, size_t arm)
{
	if (!run->dir)
		return 0;
	if (asprintf(&run->team_dir[arm], "%s/item%zu-arm%zu", run->dir, run->index, arm) < 0) {
		run->team_dir[arm] = NULL;
		return err_sys(ENOMEM, "memory for a path");
	}
	return mkdir(run->team_dir[arm], 0700) ? err_sys(errno, "make the folder %s", run->team_dir[arm]) : 0;
}

static int remove_team_dir(struct item_run *run, size_t arm)
{
	int ret = run->team_dir[arm] ? workdir_remove(run->team_dir[arm]) : 0;

	free(run->team_dir[arm]);
	run->team_dir[arm] = NULL;
	return ret;
}

int sampler_stop_teams(struct item_run *run, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	size_t i;

	for (i = 0; i < run->item->nr_arms; i++) {
		int ret_stop = team_stop(run->team[i]), ret_dir = remove_team_dir(run, i);

		run->team[i] = NULL;
		if (!ret)
			ret = ret_stop ? ret_stop : ret_dir;
	}
	if (sentence)
		err_set(0, "%s", sentence);
	return ret;
}

void sampler_start_order(const struct item_run *run, size_t *order)
{
	size_t children[PLAN_ARMS_MAX], nr = 0, next, k;

	for (k = 0; k < run->nr_arms; k++)
		if (run->item->arms[run->arms[k]].state == PLAN_CHILD)
			children[nr++] = run->arms[k];
	next = nr ? run->sampler->plan->seed % nr : 0;
	for (k = 0; k < run->nr_arms; k++)
		order[k] = run->item->arms[run->arms[k]].state == PLAN_CHILD ? children[next++ % nr] : run->arms[k];
}

int sampler_start_teams(struct item_run *run, unsigned int block)
{
	struct team_setup setup = {
		.item = run->item,
		.item_index = run->index,
		.places = run->places,
		.in_guest = run->sampler->in_guest,
		.counts_insn = run->sampler->plan->clock == PLAN_INSN,
		.seed = run->sampler->plan->seed * 1000003 + run->index * 8191 + block,
	};
	size_t order[PLAN_ARMS_MAX], k;
	int ret;

	sampler_start_order(run, order);
	for (k = 0; k < run->nr_arms; k++) {
		setup.arm_index = order[k];
		setup.groups = &run->groups[setup.arm_index];
		run->failed_arm = (int)setup.arm_index;
		ret = make_team_dir(run, setup.arm_index);
		if (ret)
			return ret;
		setup.dir = run->team_dir[setup.arm_index];
		ret = team_start(&setup, &run->team[setup.arm_index]);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}
