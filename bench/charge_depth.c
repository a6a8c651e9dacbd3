// SPDX-License-Identifier: GPL-2.0-or-later
/* charge_depth - what each level of the hierarchy adds to a charge, an uncharge and an update of the statistics. */
#include <sys/mman.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"

enum { CHARGE, UNCHARGE, MAP, UNMAP };
enum { WAY_HIT, WAY_SINGLE, WAY_MISS, WAY_STAT };

/* A whole page table of pages would be freed with them (since Linux 6.14), and charged again. */
#define PAGES_MAX 511
/* Fault-around maps up to 16 pages of a file in one fault, by default (fault_around_bytes, mm/memory.c). */
#define FAULT_AROUND 16

struct charge_depth {
	uint64_t way, nr_pages; /* parameters */
	size_t op_bytes;	/* a base page; a huge one with way=miss */
	struct bench_pages pages;
	size_t bytes;
};

static int discard(const struct charge_depth *st, size_t batch)
{
	size_t done;
	int failed = 0;

	for (done = 0; done < st->bytes; done += batch)
		failed |= madvise(st->pages.map + done, batch, MADV_DONTNEED);
	return failed;
}

/* Statistics alone: pages that are charged already are mapped and unmapped. */
static int pass_stat(const struct charge_depth *st, struct bench_run *run)
{
	int failed;

	bench_phase_begin(run, MAP);
	bench_read(st->pages.map, st->bytes, st->op_bytes);
	bench_phase_end(run, MAP, st->pages.nr);
	bench_expect_faults(run, st->pages.nr, FAULT_AROUND);
	bench_hold(run);
	bench_phase_begin(run, UNMAP);
	failed = discard(st, st->bytes);
	bench_phase_end(run, UNMAP, st->pages.nr);
	return failed ? bench_errno(run, "MADV_DONTNEED") : 0;
}

static int pass(void *state, struct bench_run *run)
{
	const struct charge_depth *st = state;
	const size_t batch = st->way == WAY_HIT ? st->bytes : st->op_bytes, nr_ops = st->bytes / st->op_bytes;
	int failed;

	if (st->way == WAY_STAT)
		return pass_stat(st, run);
	bench_phase_begin(run, CHARGE);
	bench_touch(st->pages.map, st->bytes, st->op_bytes);
	bench_phase_end(run, CHARGE, nr_ops);
	bench_expect_faults(run, nr_ops, 1);
	bench_expect(run, bench_memcg_mine(run), BENCH_ANON, (int64_t)st->pages.nr);
	bench_hold(run);
	bench_phase_begin(run, UNCHARGE);
	failed = discard(st, batch);
	bench_phase_end(run, UNCHARGE, nr_ops);
	return failed ? bench_errno(run, "MADV_DONTNEED") : 0;
}

/* Does mapping these pages update statistics of this very memcg, and of nothing less? */
static int check_mapped(const struct charge_depth *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	int64_t before, after, mapped = (int64_t)st->pages.nr;
	int ret = bench_memcg_pages(run, home, "file_mapped", &before);

	bench_read(st->pages.map, st->bytes, st->op_bytes);
	if (!ret)
		ret = bench_memcg_pages(run, home, "file_mapped", &after);
	/*
	 * Who shares the memcg may map and unmap meanwhile, and before Linux 5.13 up to 32 pages wait on a CPU (MEMCG_CHARGE_BATCH,
	 * __mod_memcg_lruvec_state() in mm/memcontrol.c).
	 */
	if (!ret && after - before < mapped / 2)
		return bench_error(run, EPROTO, "way=stat: mapping %ld pages of a file raised file_mapped of the memcg by %ld", (long)mapped,
				   (long)(after - before));
	return ret == -ENODATA ? 0 : ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct charge_depth *st = state;
	const size_t page_bytes = bench_page_bytes(run);
	int ret;

	st->op_bytes = st->way == WAY_MISS ? bench_huge_page_bytes(run) : page_bytes;
	if (!st->op_bytes)
		return bench_skip(run, "way=miss: this kernel has no huge pages");
	/* As much memory as the small pages take, and one huge page at least. */
	st->bytes = (st->nr_pages * page_bytes + st->op_bytes - 1) / st->op_bytes * st->op_bytes;
	ret = bench_pages_make(run, st->way == WAY_STAT ? BENCH_BACKED_MEMFD : BENCH_BACKED_ANON, "charge_depth", st->bytes / page_bytes, 1,
			       &st->pages);
	if (!ret && st->way == WAY_STAT)
		ret = bench_pages_write(run, &st->pages) ?: check_mapped(st, run);
	if (!ret && st->way == WAY_MISS)
		ret = bench_huge(run, st->pages.map, st->bytes, 1);
	/* The page tables, which are charged too, and stay. */
	if (!ret && st->way != WAY_STAT)
		bench_touch(st->pages.map, st->bytes, st->op_bytes);
	if (!ret && st->way == WAY_MISS)
		ret = bench_check_huge(run, st->pages.map, "way=miss");
	return ret ? ret : bench_pages_unmap(run, &st->pages);
}

const struct bench bench_charge_depth = {
	.name = "charge_depth",
	.summary = "what each level of the hierarchy adds to charging, uncharging and counting",
	.about =
		"Touches the pages of a mapping and gives them back, in a memcg as many levels below the root as --depth says; a list of "
		"depths gives the cost of a level, as a slope.\n\n"
		"Two loops walk the levels. page_counter_try_charge() and page_counter_uncharge() change the counter of every ancestor "
		"(mm/page_counter.c); memcg_rstat_updated() adds to a count of pending updates of every ancestor, for each event and each change of a "
		"statistic (mm/memcontrol.c, Linux 6.12; up to 6.7 there was one count for all memcgs, and no loop). Since Linux 6.16 it stops at a memcg "
		"with more than 64 of them for each CPU, which a reader of memory.stat would have to flush: a guest of one CPU is there after 128 updates, a "
		"machine of 128 CPUs after thousands. So which walk is measured is a choice: --stats=fresh or flushable; fresh takes passes of few pages "
		"(--pages=8). The ways mix the loops differently:\n\n"
		"hit: the CPU's stock serves the charge, consume_stock(), but for one in MEMCG_CHARGE_BATCH (64), which walks the counters. A fault "
		"updates three statistics: the count of faults, NR_ANON_MAPPED, and the size of the LRU list. Uncharging, "
		"uncharge_batch() walks the counters once for a folio_batch of pages.\n\n"
		"single: the same faults, but each page is freed by a madvise() of its own: each walks the counters.\n\n"
		"miss: a huge page is more than the stock holds, so try_charge_memcg() walks the counters for each; so does freeing it. "
		"Clearing the page is most of the time: on the ns clock the slope drowns in it.\n\n"
		"stat: reads a mapping of a memfd whose pages the memcg was charged for before; nothing is charged or freed. "
		"Each page mapped or unmapped changes NR_FILE_MAPPED once; faults, one per 16 pages, are counted too.\n\n"
		"No loop on these paths visits --siblings. The numbers include the whole fault and the whole madvise().",
	.version = 2,
	BENCH_METRICS(
		BENCH_TIMED(CHARGE, "charge", "page", "first touch of a page; of a huge page with way=miss"),
		BENCH_TIMED(UNCHARGE, "uncharge", "page", "freeing it by MADV_DONTNEED; each by a call of its own with way=single and way=miss"),
		BENCH_TIMED(MAP, "map", "page", "mapping a page that is charged already, with its neighbours (way=stat)"),
		BENCH_TIMED(UNMAP, "unmap", "page", "unmapping it by MADV_DONTNEED, all in one call (way=stat)")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct charge_depth, way, "way", "hit",
			     "hit: charges from the stock, uncharges in batches; single: the same, uncharged one by one; miss: huge pages, "
			     "which no stock holds; stat: statistics alone", BENCH_OF("hit", "single", "miss", "stat")),
		BENCH_NUMBER(struct charge_depth, nr_pages, "pages", "pages", "256", "128", 8, PAGES_MAX,
			     "pages per pass of each worker; way=miss takes as many huge pages as hold them")),
	.state_size = sizeof(struct charge_depth),
	.setup = setup,
	.pass = pass,
#define DEPTHS "1,2,3,5,8,16,32"
	BENCH_SUITE(
		{.suites = BENCH_CARD, .where = BENCH_GUESTS, .params = "way=single,stat", .depth = "1,4,16"},
		{.suites = BENCH_CARD, .where = BENCH_LIVE, .params = "way=single", .depth = "1,8,32"},
		{.suites = BENCH_FULL, .params = "way=hit,single,stat", .depth = DEPTHS},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=miss", .depth = DEPTHS},
		{.suites = BENCH_FULL, .params = "way=single siblings=1,10,100,300,1000"}),
};
