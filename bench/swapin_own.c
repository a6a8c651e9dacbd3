// SPDX-License-Identifier: GPL-2.0-or-later
/* swapin_own - pages of one's own to swap and back; and whose they are afterwards. */
#include <sys/mman.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { SWAPOUT, SWAPIN };
enum { WAY_PAGEOUT, WAY_RECLAIM, WAY_LIMIT };
enum { MOVE_NEVER, MOVE_SWAPPED };

struct swapin_own {
	uint64_t way, move, bytes; /* parameters */
	struct bench_pages pages;
	struct bench_memcg *away; /* move=swapped: where the worker is while its pages come back */
	int is_locked;		  /* all but the pages */
	int can_swap;		  /* this arm can */
};

static int swap_out(const struct swapin_own *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	const uint64_t bytes = st->pages.nr * st->pages.page_bytes;
	uint64_t limit;
	int ret;

	if (st->way == WAY_PAGEOUT)
		return madvise(st->pages.map, bytes, MADV_PAGEOUT) ? bench_errno(run, "MADV_PAGEOUT (EINVAL: locked pages, or a kernel older than 5.4)") : 0;
	if (st->way == WAY_RECLAIM) {
		ret = bench_memcg_reclaim(run, home, bytes);
		return ret == -EAGAIN ? 0 : ret;
	}
	/* An eighth less than there is, so that there is always something to take: no OOM killer. */
	ret = bench_memcg_usage_less(run, home, bytes / 8 * 7, &limit);
	return ret ? ret : bench_memcg_limit(run, home, BENCH_LIMIT_MAX, limit);
}

/* *ret_out: pages that went. */
static int send_out(const struct swapin_own *st, struct bench_run *run, size_t *ret_out)
{
	int ret;

	bench_lru_drain(run);
	bench_phase_begin(run, SWAPOUT);
	ret = swap_out(st, run);
	bench_phase_end(run, SWAPOUT, 0);
	if (!ret && st->way == WAY_LIMIT)
		ret = bench_memcg_limit(run, bench_memcg_mine(run), BENCH_LIMIT_MAX, UINT64_MAX);
	*ret_out = st->pages.nr - bench_pages_resident(run, &st->pages);
	bench_phase_ops(run, SWAPOUT, *ret_out);
	if (!ret && *ret_out < st->pages.nr / 2)
		ret = bench_error(run, EPROTO, "of %zu pages to be swapped out only %zu went", st->pages.nr, *ret_out);
	return ret;
}

static int bring_back(const struct swapin_own *st, struct bench_run *run, size_t out)
{
	uint64_t sum;
	int ret = st->move == MOVE_SWAPPED ? bench_memcg_enter(run, st->away) : 0;

	if (ret)
		return ret;
	bench_phase_begin(run, SWAPIN);
	sum = bench_pages_sum(&st->pages);
	bench_phase_end(run, SWAPIN, out);
	bench_expect_majors(run, out);
	ret = bench_pages_check(run, &st->pages, sum);
	return !ret && st->move == MOVE_SWAPPED ? bench_memcg_enter(run, bench_memcg_mine(run)) : ret;
}

/* Wherever he is who faults, the pages are of the memcg that they went out of. */
static int pass(void *state, struct bench_run *run)
{
	const struct swapin_own *st = state;
	struct bench_memcg *home = bench_memcg_mine(run);
	size_t out;
	int ret;

	bench_pages_fill(&st->pages);
	bench_expect_faults(run, st->pages.nr, 1);
	bench_expect(run, home, BENCH_ANON, (int64_t)st->pages.nr);
	bench_hold(run);
	if (!st->can_swap)
		return bench_pages_unmap(run, &st->pages);
	ret = send_out(st, run, &out);
	if (ret)
		return ret;
	/* Others may have gone, too. */
	if (st->is_locked) {
		bench_expect(run, home, BENCH_ANON, (int64_t)(st->pages.nr - out));
		bench_expect(run, home, BENCH_SWAP, (int64_t)out);
		bench_hold(run);
	}
	ret = bring_back(st, run, out);
	if (ret)
		return ret;
	bench_expect(run, home, BENCH_ANON, (int64_t)st->pages.nr);
	bench_hold(run);
	return bench_pages_unmap(run, &st->pages);
}

static int latency(void *state, struct bench_run *run)
{
	const struct swapin_own *st = state;
	int more = st->can_swap, ret = 0;
	size_t i, out;

	while (more && !ret) {
		bench_pages_fill(&st->pages);
		ret = send_out(st, run, &out);
		for (i = 0; !ret && more && i < st->pages.nr; i++) {
			bench_op_begin(run);
			(void)*(volatile char *)(st->pages.map + i * st->pages.page_bytes);
			more = bench_op_end(run);
		}
		bench_expect_majors(run, 0);
	}
	return ret ? ret : bench_pages_unmap(run, &st->pages);
}

static int setup(void *state, struct bench_run *run)
{
	struct swapin_own *st = state;
	int ret;

	if (st->move == MOVE_SWAPPED && bench_is_threaded(run))
		return bench_error(run, EINVAL, "move=swapped moves a worker alone: threads cannot be");
	/* From the root memcg, memory.reclaim would take pages of anybody. */
	st->can_swap = st->way == WAY_PAGEOUT || bench_in_memcg(run);
	if (st->can_swap && st->way == WAY_RECLAIM && !bench_memcg_can_reclaim(run, bench_memcg_mine(run)))
		return bench_skip(run, "way=reclaim: a memcg has no memory.reclaim (a kernel older than 5.19)");
	ret = bench_pages_make(run, BENCH_BACKED_ANON, NULL, st->bytes / bench_page_bytes(run), 0, &st->pages);
	if (ret)
		return ret;
	/* The page tables, which are charged too, and stay. */
	bench_pages_fill(&st->pages);
	st->is_locked = bench_lock_all_but(&st->pages);
	if (st->move == MOVE_SWAPPED)
		ret = bench_memcg_make(run, &st->away);
	return ret ? ret : bench_pages_unmap(run, &st->pages);
}

const struct bench bench_swapin_own = {
	.name = "swapin_own",
	.summary = "to swap and back",
	.about =
		"Fills memory with what compresses, swaps it out and reads it back. Swap is compressed memory (zram).\n\n"
		"Swapping out writes down whose the page was and moves its charge: mem_cgroup_swapout() on v1, "
		"__mem_cgroup_try_charge_swap() on v2 (mm/memcontrol.c). A fault in do_swap_page() (mm/memory.c) charges it to that "
		"memcg again, whoever faults and wherever he is now (--move=swapped): mem_cgroup_swapin_charge_folio() looks it up with "
		"lookup_swap_cgroup_id(). A page with one user is read past the swap cache, since zram is synchronous (Linux 6.12).\n\n"
		"swapout and swapin include compression. Outside of child arms way=pageout alone measures anything. A rep begins with a pass that is not "
		"timed: slots of swap that were freed in the last rep, of another arm, wait in batches, and would be given back at the expense of this one.",
	.version = 1,
	BENCH_METRICS(BENCH_TIMED(SWAPOUT, "swapout", "page", "to swap, by way"),
		      BENCH_TIMED(SWAPIN, "swapin", "page", "faulting in a page that is out")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct swapin_own, way, "way", "pageout",
			     "how pages go out: MADV_PAGEOUT, memory.reclaim (on v1 memory.force_empty), or memory.max",
			     BENCH_OF("pageout", "reclaim", "limit")),
		BENCH_CHOICE(struct swapin_own, move, "move", "never", "swapped: the worker is in another memcg when its pages come back from swap",
			     BENCH_OF("never", "swapped")),
		BENCH_SIZE(struct swapin_own, bytes, "size", "4M", "512K", 1 << 17, 1ull << 36, "what goes out")),
	.needs = BENCH_NEEDS_SWAP,
	.state_size = sizeof(struct swapin_own),
	.setup = setup,
	.pass = pass,
	.has_warm = 1,
	.latency = latency,
	.latency_metric = SWAPIN,
	/* Nobody asked for swap on his machine. */
	BENCH_SUITE({.suites = BENCH_BOTH, .where = BENCH_GUESTS},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=reclaim,limit"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=pageout,reclaim move=swapped"}),
};
