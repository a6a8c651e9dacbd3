// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state in which a pass finds memcg's statistics. Each update of one is counted at every level up to the root memcg, on each CPU, until so many
 * have come together at a level that a reader of memory.stat has to gather them (memcg_vmstats_needs_flush(), mm/memcontrol.c: more than
 * MEMCG_CHARGE_BATCH for each CPU that is online). Since Linux 6.16 the walk ends at a level that is in that state already
 * (memcg_rstat_updated()), so what an update costs depends on how long ago somebody read, or the kernel flushed, which it does every 2 s.
 */
#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "core/worker_priv.h"
#include "machine/release.h"

/* MEMCG_CHARGE_BATCH, include/linux/memcontrol.h, Linux 6.1 and later; 32 before. */
#define BATCH 64

static int flush(struct worker *worker)
{
	/* Of this process, or thread, and gone with it. */
	static _Thread_local int fd = -1;
	const struct cg_group *group = arm_groups_leaf(worker->team->groups, worker->index);
	int ret = group ? cg_root_flush(group, &fd) : 0;

	return ret ? worker_error(worker, ret) : 0;
}

int worker_stats_set(struct worker *worker)
{
	const uint64_t stats = worker->team->item->params.common[PARAMS_STATS];
	int ret = 0;

	/* A reader flushes nothing that is not flushable: also on the way to fresh. */
	if (stats != STATS_AS_FOUND)
		bench_run_stir(worker->run);
	bench_lru_drain(worker->run);
	if (stats == STATS_AS_FOUND)
		return 0;
	bench_barrier(worker->run);
	if (stats == STATS_FRESH && !worker->index)
		ret = flush(worker);
	if (!ret)
		bench_barrier(worker->run);
	return ret;
}

/*
 * Faults as a reader of one of worker 0's memcgs gets to see them. Whatever is pending in a memcg is pending above it as well: if the topmost is not
 * flushable, none below is; if the lowest is, so are all above. So one tells for all of them. @fd: as cg_group_faults() has it; to open the file, or to read
 * it first, is kernel memory of the reader's, which up to Linux 6.7 counted as an update for each byte.
 */
static int see(struct bench_run *run, bool topmost, int *fd, uint64_t *ret_faults)
{
	struct bench_memcg *memcg = bench_memcg_home(run, 0), *above;
	int ret;

	while (topmost && (above = bench_memcg_parent(run, memcg)))
		memcg = above;
	ret = cg_group_faults(memcg->group, fd, ret_faults);
	return ret ? bench_error(run, -ret, "%s", err_msg()) : 0;
}

/*
 * A reader who comes behind a pass sees none of its faults: it gathered nothing, so nothing was flushable, from the beginning of the pass to its end. What
 * there was to see, the next one shows, with many more behind it. Between set and pass nobody reads, for that would flush.
 */
static int try_fresh(struct worker *worker, bool is_judge, bool *is_fresh)
{
	struct bench_run *run = worker->run;
	__close_fd int fd = -1;
	uint64_t seen, all, faults;
	int ret = is_judge ? see(run, true, &fd, &seen) : 0;

	if (!ret)
		ret = worker_stats_set(worker);
	if (!ret)
		ret = worker_pass(worker);
	faults = (uint64_t)run->usage.ru_minflt;
	bench_barrier(run);
	if (ret || !is_judge)
		return ret;
	ret = see(run, true, &fd, &seen);
	run->stir_faults = 0;
	bench_run_stir(run);
	if (!ret)
		ret = see(run, true, &fd, &all);
	if (!ret)
		*is_fresh |= run->stir_faults && all - seen >= run->stir_faults + faults;
	return ret;
}

static int prove_fresh(struct worker *worker, bool is_judge)
{
	bool is_fresh = !is_judge;
	unsigned int i;
	int ret = 0;

	/* The kernel's own flush, every 2 s, may come in between. */
	for (i = 0; !ret && i < 3; i++)
		ret = try_fresh(worker, is_judge, &is_fresh);
	if (ret || is_fresh)
		return ret;
	return bench_skip(worker->run, "--stats=fresh: a pass makes more updates than a memcg keeps before it is flushable, %u for each CPU: do less in a "
			  "pass (charge_depth --pages=8), or give a guest more CPUs (--cpus)", BATCH);
}

/* Does a reader see all of @faults since it saw @before? */
static int check_flushable(struct bench_run *run, int *fd, uint64_t before, uint64_t faults, uint64_t *ret_now)
{
	int ret = see(run, false, fd, ret_now);

	if (!ret && (!faults || *ret_now < before + faults))
		ret = bench_error(run, EPROTO, "--stats=flushable: of %llu faults a reader of memory.stat saw %llu", (unsigned long long)faults,
				  (unsigned long long)(*ret_now - before));
	return ret;
}

static int prove_flushable(struct worker *worker, bool is_judge)
{
	struct bench_run *run = worker->run;
	__close_fd int fd = -1;
	uint64_t before, begin, end, faults;
	int ret = is_judge ? see(run, false, &fd, &before) : 0;

	run->stir_faults = 0;
	if (!ret)
		ret = worker_stats_set(worker);
	faults = run->stir_faults;
	if (!ret && is_judge)
		ret = check_flushable(run, &fd, before, faults, &begin);
	bench_barrier(run);
	if (!ret)
		ret = worker_stats_set(worker);
	if (!ret)
		ret = worker_pass(worker);
	bench_barrier(run);
	return !ret && is_judge ? check_flushable(run, &fd, begin, faults, &end) : ret;
}

int worker_stats_prove(struct worker *worker)
{
	struct bench_run *run = worker->run;
	/* The root memcg of a machine that does other things is what they make of it; what an update does to it is the last step of its walk. */
	const bool is_judge = !worker->index && bench_memcg_home(run, 0)->group && (bench_in_memcg(run) || bench_run_in_guest(run));

	if (!release_is_since(5, 15))
		return bench_skip(run, "--stats=%s: before Linux 5.15 no reader of memory.stat flushes anything, so statistics have no such states",
				  params_common[PARAMS_STATS].choices[worker->team->item->params.common[PARAMS_STATS]]);
	return worker->team->item->params.common[PARAMS_STATS] == STATS_FRESH ? prove_fresh(worker, is_judge) : prove_flushable(worker, is_judge);
}
