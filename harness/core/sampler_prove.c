// SPDX-License-Identifier: GPL-2.0-or-later
/* The pass that proves the work. */
#include <errno.h>

#include "base/err.h"
#include "core/sampler_run.h"

/*
 * A charge may run ahead of the pages by what the stock of each worker's CPU holds: MEMCG_CHARGE_BATCH pages (64
 * since Linux 6.1, include/linux/memcontrol.h); twice that, to be safe with other builds.
 */
#define STOCK_SLACK_PAGES (2 * 64)

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
static int prove_child(struct item_run *run, size_t arm, bool *warned)
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
	if (!ret && !claimed_bytes && !*warned) {
		*warned = true;
		emit_warning(run->sampler->emit, (int)run->index, "uncharged",
			     "with these parameters no page is charged: a control, not a cost of charging");
	}
	return ret ? ret : check_charge(run, claimed_bytes, charged_bytes);
}

int sampler_prove(struct item_run *run)
{
	bool warned = false;
	size_t arm, k;
	int ret;

	for (k = 0; k < run->nr_arms; k++) {
		arm = run->arms[k];
		if (run->item->arms[arm].state != PLAN_CHILD)
			continue;
		run->failed_arm = (int)arm;
		ret = prove_child(run, arm, &warned);
		if (ret)
			return ret;
	}
	run->failed_arm = -1;
	return 0;
}
