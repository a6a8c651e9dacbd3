// SPDX-License-Identifier: GPL-2.0-or-later
/* Does a memcg get back what it was charged? For bench.h. */
#include <errno.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/worker.h"
#include "machine/swap.h"

/* MEMCG_CHARGE_BATCH, include/linux/memcontrol.h, Linux 6.1 and later; 32 before. */
#define STOCK_PAGES 64
/* SWAP_SLOTS_CACHE_SIZE, include/linux/swap_slots.h. */
#define SLOTS 64

#define UNKNOWN INT64_MIN

/* The CPUs of workers, and one more, where something that they freed may have been freed late. */
static int64_t nr_cpus(const struct bench_run *run)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN), used = (long)run->nr_workers + 1;

	return online < used ? online : used;
}

/* A number that nobody keeps is no failure. */
static int optional(int ret, int64_t *pages)
{
	if (ret == -ENODATA || ret == -ENOENT)
		*pages = UNKNOWN;
	return ret == -ENODATA || ret == -ENOENT ? 0 : ret;
}

static int read_kernel(struct bench_run *run, const struct bench_memcg *memcg, int64_t *ret_pages)
{
	uint64_t bytes = 0;
	int ret = cg_group_kernel(memcg->group, &bytes);

	*ret_pages = (int64_t)(bytes / run->page_bytes);
	ret = optional(ret, ret_pages);
	return ret ? bench_error(run, -ret, "%s", err_msg()) : 0;
}

/* The first line is exact, so that those that follow at once are as well. */
static int read_loose(struct bench_run *run, struct bench_memcg *memcg, int64_t *ret_pages)
{
	int64_t anon, kernel;
	uint64_t file, usage;
	int ret = bench_memcg_pages(run, memcg, "anon", &anon);

	if (!ret)
		ret = bench_memcg_stat(run, memcg, "file", &file);
	if (!ret)
		ret = read_kernel(run, memcg, &kernel);
	/* Pages that are freed, and wait in this CPU's batches for it: since Linux 6.16 of those that made the first line exact, too. */
	bench_settle(run);
	if (!ret)
		ret = bench_memcg_usage(run, memcg, &usage);
	if (!ret)
		*ret_pages = kernel == UNKNOWN ? UNKNOWN : (int64_t)((usage - file) / run->page_bytes) - anon - kernel;
	return optional(ret, ret_pages);
}

int bench_memcg_charge(struct bench_run *run, struct bench_memcg *memcg, struct bench_charge *ret_charge)
{
	struct bench_charge charge = {.loose = UNKNOWN, .swap = UNKNOWN};
	uint64_t swap = 0;
	int ret;

	if (bench_in_memcg(run)) {
		ret = read_loose(run, memcg, &charge.loose);
		if (!ret) {
			ret = bench_memcg_swap(run, memcg, &swap);
			charge.swap = (int64_t)(swap / run->page_bytes);
			ret = optional(ret, &charge.swap);
		}
		if (ret)
			return ret;
	}
	*ret_charge = charge;
	return 0;
}

uint64_t bench_swap_slack(const struct bench_run *run)
{
	return swap_has_slot_cache() ? SLOTS * (uint64_t)nr_cpus(run) : 0;
}

/* Pages of the workers themselves that are in swap, which reclaim may have taken as well: with their own memory freed, what else they have. */
static int64_t own_swap_pages(const struct bench_run *run)
{
	const struct bench_run *workers = run->team->shared->run;
	unsigned int i, nr = run->threaded ? 1 : run->nr_workers;
	uint64_t kib, sum_kib = 0;

	for (i = 0; i < nr; i++)
		if (!fs_read_key(&kib, "VmSwap", "/proc/%d/status", (int)workers[i].pid))
			sum_kib += kib;
	return (int64_t)(sum_kib * 1024 / run->page_bytes);
}

static int compare(struct bench_run *run, const struct bench_memcg *memcg, const char *what, int64_t before, int64_t now, int64_t less, int64_t more)
{
	if (before == UNKNOWN || now == UNKNOWN || (now - before <= more && before - now <= less))
		return 0;
	return bench_error(run, EPROTO, "%s: %s was %lld pages, and is %lld with everything freed; from %lld less to %lld more may be held back",
			   cg_group_path(memcg->group), what, (long long)before, (long long)now, (long long)less, (long long)more);
}

int bench_memcg_check_charge(struct bench_run *run, struct bench_memcg *memcg, const struct bench_charge *before)
{
	struct bench_charge now;
	char what[128];
	int64_t slack;
	int ret = bench_memcg_charge(run, memcg, &now);

	if (ret || !bench_in_memcg(run))
		return ret;
	slack = (int64_t)bench_swap_slack(run);
	ret = compare(run, memcg, cg_group_swap_name(memcg->group), before->swap, now.swap, slack, slack + own_swap_pages(run));
	if (ret)
		return ret;
	slack = STOCK_PAGES * nr_cpus(run);
	snprintf(what, sizeof(what), "%s less anon, file and kernel memory", cg_group_usage_name(memcg->group));
	return compare(run, memcg, what, before->loose, now.loose, slack, slack);
}
