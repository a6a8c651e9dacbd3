// SPDX-License-Identifier: GPL-2.0-or-later
/* Usage before each rep: does a memcg get back what it is charged, rep after rep? */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "core/growth.h"
#include "core/sampler_run.h"

/* The leaves of a child arm, and the topmost memcg above them that is ours: whoever forgets an ancestor forgets that one. */
static size_t nr_lines(const struct arm_groups *groups)
{
	return groups->nr_leaves + (groups->nr_above > 0);
}

static const struct cg_group *line_group(const struct arm_groups *groups, size_t line)
{
	return line < groups->nr_leaves ? groups->leaf[line] : groups->above[groups->nr_above - 1];
}

/* All of it at once, and touched: between reps there shall be no fault for it. */
int sampler_usage_open(struct item_run *run, size_t nr_reps)
{
	size_t i, bytes;

	for (i = 0; i < run->item->nr_arms; i++) {
		struct item_usage *usage = &run->usage[i];

		if (run->groups[i].state != PLAN_CHILD)
			continue;
		bytes = nr_lines(&run->groups[i]) * nr_reps * sizeof(*usage->pages);
		usage->pages = malloc(bytes);
		if (!usage->pages)
			return err_sys(ENOMEM, "memory for %zu readings of usage", nr_reps);
		memset(usage->pages, 1, bytes);
		usage->nr_reps_max = nr_reps;
	}
	return 0;
}

void sampler_usage_close(struct item_run *run)
{
	size_t i;

	for (i = 0; i < run->item->nr_arms; i++)
		free(run->usage[i].pages);
	memset(run->usage, 0, sizeof(run->usage));
}

int sampler_usage_before(struct item_run *run, size_t arm, uint64_t *ret_bytes)
{
	const struct arm_groups *groups = &run->groups[arm];
	struct item_usage *usage = &run->usage[arm];
	uint64_t bytes, sum = 0;
	size_t line;

	for (line = 0; line < nr_lines(groups); line++) {
		int ret = cg_group_usage(line_group(groups, line), &bytes);

		if (ret)
			return ret;
		if (line < groups->nr_leaves)
			sum += bytes;
		if (usage->nr_reps < usage->nr_reps_max)
			usage->pages[line * usage->nr_reps_max + usage->nr_reps] = (uint32_t)(bytes / (uint64_t)sysconf(_SC_PAGESIZE));
	}
	usage->nr_reps++;
	*ret_bytes = sum;
	return 0;
}

/*
 * What is freed behind an RCU grace period (page tables: tlb_remove_table_free(), mm/mmu_gather.c, Linux 6.12) is charged until that
 * ends, which takes long on a busy machine: it is late, and not lost.
 */
static bool comes_back(const struct cg_group *group, long pages)
{
	uint64_t bytes;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		if (!cg_group_usage(group, &bytes) && (long)(bytes / (uint64_t)sysconf(_SC_PAGESIZE)) <= pages)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
	}
	return false;
}

static int judge_line(const struct item_run *run, size_t arm, size_t line)
{
	const struct arm_groups *groups = &run->groups[arm];
	const struct item_usage *usage = &run->usage[arm];
	size_t nr_reps = usage->nr_reps < usage->nr_reps_max ? usage->nr_reps : usage->nr_reps_max;
	long slack = growth_slack(run->item->nr_workers, (unsigned int)sysconf(_SC_NPROCESSORS_ONLN));
	struct growth growth;

	if (!growth_find(&usage->pages[line * usage->nr_reps_max], nr_reps, slack, &growth) ||
	    comes_back(line_group(groups, line), growth.first + slack))
		return 0;
	return err_set(EPROTO, "%s: the usage of %s grows from rep to rep, from %u to %u pages over %zu of them, where stocks and the memory "
			       "of processes explain %ld: what is charged is not given back", run->item->bench->name,
		       cg_group_path(line_group(groups, line)), growth.first, growth.last, nr_reps, slack);
}

int sampler_usage_judge(struct item_run *run)
{
	size_t k, line;
	int ret = 0;

	for (k = 0; !ret && k < run->nr_arms; k++) {
		size_t arm = run->arms[k];

		if (!run->usage[arm].pages)
			continue;
		run->failed_arm = (int)arm;
		for (line = 0; !ret && line < nr_lines(&run->groups[arm]); line++)
			ret = judge_line(run, arm, line);
	}
	if (!ret)
		run->failed_arm = -1;
	return ret;
}
