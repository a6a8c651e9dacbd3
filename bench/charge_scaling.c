// SPDX-License-Identifier: GPL-2.0-or-later
/* charge_scaling - charging from the CPU's stock, and what it costs when memcgs or workers meet on it. */
#include <sys/mman.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { CHARGE, UNCHARGE, PINGPONG };
enum { WAY_BULK, WAY_PINGPONG, WAY_TURNS, WAY_CPU_TURNS };

/* Whole page tables would be freed with their pages (since Linux 6.14), and charged again. */
#define PAGES_MAX 511

struct charge_scaling {
	uint64_t way, nr_pages, turn_pages; /* parameters */
	struct bench_pages pages;
};

static int pass_pingpong(const struct charge_scaling *st, struct bench_run *run)
{
	/* A page alone would prove nothing. */
	const size_t held = bench_is_proving(run) ? st->nr_pages : 1, bytes = st->pages.page_bytes;
	volatile char *page = st->pages.map;
	uint64_t i;
	int failed = 0;

	bench_touch(page, held * bytes, bytes);
	bench_expect(run, bench_memcg_mine(run), BENCH_ANON, (int64_t)held);
	bench_hold(run);
	failed |= madvise(st->pages.map, held * bytes, MADV_DONTNEED);
	bench_phase_begin(run, PINGPONG);
	for (i = 0; i < st->nr_pages; i++) {
		*page = 1;
		failed |= madvise(st->pages.map, bytes, MADV_DONTNEED);
	}
	bench_phase_end(run, PINGPONG, st->nr_pages);
	bench_expect_faults(run, st->nr_pages + held, 1);
	return failed ? bench_errno(run, "MADV_DONTNEED of one page") : 0;
}

/* Some in each turn; all at once where there are no turns. */
static void charge(const struct charge_scaling *st, struct bench_run *run)
{
	const size_t bytes = st->pages.page_bytes, turn = st->way == WAY_BULK ? st->nr_pages : st->turn_pages;
	size_t first, nr;

	for (first = 0; first < st->nr_pages; first += nr) {
		nr = turn < st->nr_pages - first ? turn : st->nr_pages - first;
		if (st->way != WAY_BULK)
			bench_turn_begin(run);
		bench_phase_begin(run, CHARGE);
		bench_touch(st->pages.map + first * bytes, nr * bytes, bytes);
		bench_phase_end(run, CHARGE, nr);
		if (st->way != WAY_BULK)
			bench_turn_end(run);
	}
}

static int pass(void *state, struct bench_run *run)
{
	const struct charge_scaling *st = state;
	int ret;

	if (st->way == WAY_PINGPONG)
		return pass_pingpong(st, run);
	charge(st, run);
	bench_expect_faults(run, st->nr_pages, 1);
	bench_expect(run, bench_memcg_mine(run), BENCH_ANON, (int64_t)st->nr_pages);
	bench_hold(run);
	bench_phase_begin(run, UNCHARGE);
	ret = bench_pages_unmap(run, &st->pages);
	bench_phase_end(run, UNCHARGE, st->nr_pages);
	return ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct charge_scaling *st = state;
	int ret;

	if (st->way >= WAY_TURNS && bench_is_threaded(run))
		return bench_error(run, EINVAL, "way=turns with --threads: threads are in one memcg, and taking turns is about several");
	if (st->way == WAY_CPU_TURNS)
		bench_turn_by_cpu(run);
	ret = bench_pages_make(run, BENCH_BACKED_ANON, NULL, st->nr_pages, 1, &st->pages);
	if (ret)
		return ret;
	/* The page tables, which are charged too, and stay. */
	bench_touch(st->pages.map, st->nr_pages * st->pages.page_bytes, st->pages.page_bytes);
	return bench_pages_unmap(run, &st->pages);
}

const struct bench bench_charge_scaling = {
	.name = "charge_scaling",
	.summary = "charging pages from the CPU's stock, by one worker or many, in one memcg or many",
	.about =
		"Each worker touches pages of a mapping of its own and gives them back. The page tables stay, so the page is all "
		"that is charged.\n\n"
		"A charge is taken from the CPU's stock, consume_stock(), while that holds charges of the same memcg; else "
		"try_charge_memcg() takes MEMCG_CHARGE_BATCH pages from the page_counter of every level up to the root, and "
		"refill_stock() keeps what is left, after drain_stock() has given back what another memcg had there. Freed "
		"pages do not go to the stock: uncharge_batch() returns them to the counters of all levels at once, for up to a "
		"folio_batch of pages of one memcg (mm/memcontrol.c, Linux 6.12). The stock has one slot up to Linux 6.15, and "
		"seven since (NR_MEMCG_STOCK).\n\n"
		"bulk is the stock's best case: one charge in 64 goes to the counters. pingpong frees every page alone: "
		"one walk of the counters for each. In turns, worker after worker charges turn-pages pages; with all of them on one CPU "
		"(--place=one) and each in a memcg of its own (--memcgs=each), a turn finds its charges in the stock only while the "
		"stock has a slot for each: the cost steps up where --workers exceeds the slots. cpu-turns does so on several CPUs at once: N CPUs with k memcgs each "
		"are --workers=N*k --memcgs=each, which places them in turn. How often a charge finds no stock is counted by charge_stock.\n\n"
		"The numbers include the whole fault and the whole madvise(). A phase of a turn holds few pages, so it includes "
		"much of the clock's own cost (bench null, phase); waiting for the turn is not timed, but cold caches after it are.",
	.version = 3,
	BENCH_METRICS(BENCH_TIMED(CHARGE, "charge", "page", "first touch of a page (bulk, turns)"),
		      BENCH_TIMED(UNCHARGE, "uncharge", "page", "freeing it with all others by one MADV_DONTNEED (bulk, turns)"),
		      BENCH_TIMED(PINGPONG, "pingpong", "page", "touching one page and freeing it at once (pingpong)")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct charge_scaling, way, "way", "bulk",
			     "bulk: touch all pages, free them in one call; pingpong: one page at a time; turns: the workers charge "
			     "in turn, a few pages each; cpu-turns: those of each CPU do, on all CPUs at once",
			     BENCH_OF("bulk", "pingpong", "turns", "cpu-turns")),
		BENCH_NUMBER(struct charge_scaling, nr_pages, "pages", "pages", "256", NULL, 1, PAGES_MAX, "pages per pass of each worker"),
		BENCH_NUMBER(struct charge_scaling, turn_pages, "turn-pages", "pages", "1", NULL, 1, PAGES_MAX,
			     "way=turns: pages charged in one turn")),
	.state_size = sizeof(struct charge_scaling),
	.setup = setup,
	.pass = pass,
/* Fewer pages a worker, since they add up: a pass of 8 workers is then about as long as a tick of the timer. */
#define TURNS .params = "way=turns pages=32", .memcgs = "each", .place = "one"
	BENCH_SUITE(
		{.suites = BENCH_BOTH, .params = "way=pingpong", .spare = 1},
		{.suites = BENCH_BOTH, .where = BENCH_LIVE, .workers = "1,cores"},
		{.suites = BENCH_BOTH, .where = BENCH_LIVE, .workers = "cores", .memcgs = "each"},
		{.suites = BENCH_CARD, TURNS, .workers = "1,2,8", .spare = 2},
		{.suites = BENCH_FULL, TURNS, .workers = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16"},
		{.suites = BENCH_FULL, .where = BENCH_LIVE, .params = "way=pingpong", .workers = "1,cores"},
		{.suites = BENCH_FULL, .where = BENCH_LIVE, .params = "way=pingpong", .workers = "cores", .memcgs = "each"},
		/* One memcg over the nodes, one for each node, and memory that is not where its worker is. */
		{.suites = BENCH_FULL, .where = BENCH_NODES, .workers = "1,2", .place = "scatter"},
		{.suites = BENCH_FULL, .where = BENCH_NODES, .workers = "2", .memcgs = "each", .place = "scatter"},
		{.suites = BENCH_FULL, .where = BENCH_NODES, .memory = "remote"}),
};
