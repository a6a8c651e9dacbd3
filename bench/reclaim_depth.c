// SPDX-License-Identifier: GPL-2.0-or-later
/* reclaim_depth - taking pages back: by a limit, on demand, and from the whole machine on demand. */
#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { RECLAIM, SCANNED, OVERRECLAIM, SIBLING_LEFT };
enum { WAY_MAX, WAY_HIGH, WAY_PROACTIVE, WAY_GLOBAL };
enum { KIND_FILE, KIND_ANON };

struct reclaim_depth {
	uint64_t way, level, kind, bytes; /* parameters */
	struct bench_pages pages;
	struct bench_memcg *limited; /* whose limit is hit, or who is asked; NULL outside of child arms */
	int can_reclaim;	     /* this arm can */
};

static enum bench_limit which(const struct reclaim_depth *st)
{
	return st->way == WAY_HIGH ? BENCH_LIMIT_HIGH : BENCH_LIMIT_MAX;
}

static int has_limit(const struct reclaim_depth *st)
{
	return st->way == WAY_MAX || st->way == WAY_HIGH;
}

/*
 * What the CPUs hold in stock is charged, and a lower limit gives it up first: one that is just missed leaves usage to be pages. Pages
 * go only if there was no stock.
 */
static int give_up_stock(const struct reclaim_depth *st, struct bench_run *run)
{
	uint64_t limit;
	int ret = bench_memcg_usage_less(run, st->limited, st->pages.page_bytes, &limit);

	if (!ret)
		ret = bench_memcg_limit(run, st->limited, which(st), limit);
	return ret ? ret : bench_memcg_limit(run, st->limited, which(st), UINT64_MAX);
}

/* Ask for @bytes, timed. *ret_over, of a limit: bytes that usage is below it. */
static int ask(const struct reclaim_depth *st, struct bench_run *run, uint64_t bytes, uint64_t *ret_over)
{
	struct bench_memcg *memcg = st->limited ? st->limited : bench_memcg_mine(run);
	uint64_t limit = 0, usage;
	int ret = has_limit(st) ? bench_memcg_usage_less(run, memcg, bytes, &limit) : 0;

	if (ret)
		return ret;
	bench_phase_begin(run, RECLAIM);
	if (st->way == WAY_GLOBAL)
		ret = bench_machine_reclaim(run, bytes);
	else if (has_limit(st))
		ret = bench_memcg_limit(run, memcg, which(st), limit);
	else
		ret = bench_memcg_reclaim(run, memcg, bytes);
	bench_phase_end(run, RECLAIM, 0);
	/* Less than was asked for: take_back() tells whether it was much less. */
	if (ret == -EAGAIN)
		ret = 0;
	if (ret || !has_limit(st))
		return ret;
	ret = bench_memcg_usage(run, memcg, &usage);
	*ret_over = !ret && usage < limit ? limit - usage : 0;
	return ret ? ret : bench_memcg_limit(run, memcg, which(st), UINT64_MAX);
}

/* Take back half of the pages and one, so that who takes several at a time takes too many. */
static int take_back(const struct reclaim_depth *st, struct bench_run *run)
{
	const size_t page_bytes = st->pages.page_bytes, asked = st->pages.nr / 2 + 1;
	struct bench_reclaimed before, after;
	uint64_t stolen, over_bytes = 0;
	int ret = has_limit(st) ? give_up_stock(st, run) : 0;

	if (!ret)
		ret = bench_reclaimed(run, &before);
	if (!ret)
		ret = ask(st, run, asked * page_bytes, &over_bytes);
	if (!ret)
		ret = bench_reclaimed(run, &after);
	if (ret)
		return ret;
	stolen = after.stolen - before.stolen;
	if (stolen < asked / 2)
		return bench_error(run, EPROTO, "of %zu pages to be reclaimed only %zu were: there were not as many, with a --limit or a limit "
						"above, or they are in use", asked, (size_t)stolen);
	if (!has_limit(st))
		over_bytes = stolen > asked ? (stolen - asked) * page_bytes : 0;
	bench_phase_ops(run, RECLAIM, stolen);
	bench_count(run, SCANNED, after.scanned - before.scanned, stolen);
	bench_count(run, OVERRECLAIM, over_bytes / page_bytes, 1);
	return 0;
}

static int pass(void *state, struct bench_run *run)
{
	const struct reclaim_depth *st = state;
	int ret = bench_bring_in(run, &st->pages, 0, st->pages.nr);

	if (ret)
		return ret;
	bench_expect(run, bench_memcg_mine(run), st->kind == KIND_FILE ? BENCH_FILE : BENCH_ANON, (int64_t)st->pages.nr);
	bench_hold(run);
	if (st->can_reclaim)
		ret = take_back(st, run);
	if (!ret)
		bench_count_siblings(run, SIBLING_LEFT);
	return ret ? ret : bench_pages_drop(run, &st->pages);
}

/* Which arms can be asked, and whom; without a sentence where one cannot: it has no reclaim to show, and that is all. */
static int find_limited(struct reclaim_depth *st, struct bench_run *run)
{
	int ret = bench_memcg_above(run, st->level, &st->limited);

	if (ret)
		return ret;
	if (st->way == WAY_GLOBAL)
		st->can_reclaim = bench_machine_can_reclaim(run);
	else
		st->can_reclaim = st->way == WAY_PROACTIVE ? bench_memcg_can_reclaim(run, bench_memcg_mine(run)) : st->limited != NULL;
	if (st->limited && !st->can_reclaim)
		return bench_skip(run, st->way == WAY_GLOBAL ?
			"way=global: the root memcg has no memory.reclaim (cgroup v1, or a kernel older than 5.19)" :
			"way=proactive: a memcg has no memory.reclaim (a kernel older than 5.19)");
	if (st->limited && st->way == WAY_HIGH && bench_memcg_limit(run, st->limited, BENCH_LIMIT_HIGH, UINT64_MAX) == -EOPNOTSUPP)
		return bench_skip(run, "way=high: cgroup v1 has no limit of that kind");
	return 0;
}

static int setup(void *state, struct bench_run *run)
{
	struct reclaim_depth *st = state;
	int ret;

	if (bench_nr_workers(run) > 1)
		return bench_error(run, EINVAL, "reclaim_depth has one worker: what several take back cannot be told apart");
	ret = bench_pages_make(run, st->kind == KIND_FILE ? BENCH_BACKED_FILE : BENCH_BACKED_ANON, "own", st->bytes / bench_page_bytes(run), 0,
			       &st->pages);
	if (!ret)
		ret = find_limited(st, run);
	/* Page tables and the file's tree, which are charged too, and stay. */
	return ret ?: bench_bring_in(run, &st->pages, 0, st->pages.nr) ?: bench_pages_drop(run, &st->pages);
}

const struct bench bench_reclaim_depth = {
	.name = "reclaim_depth",
	.summary = "reclaim by a limit, on demand, and of the whole machine on demand",
	.about =
		"Brings pages in and takes half of them back by setting a limit below the usage, or by asking for it. With way=global the root memcg is "
		"asked, and whoever has pages may lose them.\n\n"
		"A write to the files loops in memory_max_write(), memory_high_write() and memory_reclaim() (mm/memcontrol.c) and reclaims from the memcg of "
		"that limit and all below it by try_to_free_mem_cgroup_pages(). All of it ends in shrink_node(), as direct reclaim and kswapd do, which walks "
		"the memcgs with shrink_node_memcgs(), or with shrink_many() where the multi-generational LRU is on and the machine is short (mm/vmscan.c, "
		"Linux 6.12). What a charge at a full limit pays: reclaim_stream.\n\n"
		"reclaim is the system call by the pages it took. scanned and overreclaim are counts of events, "
		"from pgscan and pgsteal in /proc/vmstat (on a live machine with whatever else is reclaimed meanwhile) and from the usage. "
		"On v1 proactive takes all there is, so that overreclaim shows the rest. "
		"No I/O: file pages are holes, swap is compressed memory.",
	.version = 3,
	BENCH_METRICS(
		BENCH_TIMED(RECLAIM, "reclaim", "page", "a page taken back by a write to memory.max, memory.high or memory.reclaim"),
		BENCH_COUNTED(SCANNED, "scanned", "pages", "page", "looked at for each page taken back"),
		BENCH_COUNTED(OVERRECLAIM, "overreclaim", "pages", "write", "taken back beyond what was asked for"),
		BENCH_COUNTED(SIBLING_LEFT, "sibling-left", "pages", "memcg", "with --sibling-pages: that a sibling still holds")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct reclaim_depth, way, "way", "max",
			     "memory.max, memory.high, memory.reclaim (on v1 memory.force_empty), or that of the root memcg (in guests only)",
			     BENCH_OF("max", "high", "proactive", "global"), BENCH_NEEDING(0, 0, 0, BENCH_NEEDS_GUEST)),
		BENCH_NUMBER(struct reclaim_depth, level, "level", "levels", "0", NULL, 0, 63,
			     "how far above the worker's memcg the limit is; less than --depth"),
		BENCH_CHOICE(struct reclaim_depth, kind, "kind", "file", "clean pages of a file in --dir, or anonymous ones, that go to swap",
			     BENCH_OF("file", "anon"), BENCH_NEEDING(BENCH_NEEDS_DIR, BENCH_NEEDS_SWAP)),
		BENCH_SIZE(struct reclaim_depth, bytes, "size", "8M", "2M", 1 << 18, 1ull << 36,
			   "what is brought in; half of it is taken back")),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct reclaim_depth),
	.setup = setup,
	.pass = pass,
	BENCH_SUITE(
		{.suites = BENCH_BOTH},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "lru-gen=off"},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=high,proactive"},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "kind=anon lru-gen=keep,off"},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "level=0,1,2,3", .depth = "4"},
		/* At a limit nobody else should be visited; of the whole machine everybody is. */
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "siblings=100,1000"},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=global lru-gen=keep,off siblings=1,100,300,1000"},
		/* 256 pages: a thousand memcgs of them need --memory=3G; a guest as it comes has room for a hundred. */
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=global lru-gen=keep,off sibling-pages=256 siblings=30,100"}),
};
