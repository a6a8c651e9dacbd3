// SPDX-License-Identifier: GPL-2.0-or-later
/* charge_stock - how often a charge finds no stock, and how much lies there; counted, not timed. */
#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { SLOW, STOCK_PAGES };
enum { WAY_BULK, WAY_TURNS, WAY_CPU_TURNS };

#define PAGES_MAX 511

struct charge_stock {
	uint64_t way, nr_pages, turn_pages; /* parameters */
	struct bench_pages pages;
	uint64_t batch_bytes; /* by which usage rises when the stock has nothing; 0: nobody knows */
	int64_t owned_bytes;  /* of the memcg of worker 0 while nothing is mapped; -1: nobody knows */
};

/* A charge began with a batch; what another memcg's charges threw out of the stock meanwhile is missing, less than a batch. */
static uint64_t nr_batches(const struct charge_stock *st, uint64_t bytes)
{
	return (bytes + st->batch_bytes - 1) / st->batch_bytes;
}

/* Of the memcgs of all workers, while they hold still. */
static int read_all_usage(struct bench_run *run, uint64_t *ret_bytes)
{
	uint64_t usage = 0;
	unsigned int i;
	int ret = 0;

	*ret_bytes = 0;
	for (i = 0; !ret && i < bench_nr_workers(run); i++) {
		if (!bench_memcg_is_first(run, i))
			continue;
		ret = bench_memcg_usage(run, bench_memcg_home(run, i), &usage);
		*ret_bytes += usage;
	}
	return ret;
}

/* What all workers charge, the counters see come in batches and, when it is freed, go one by one. */
static int charge_at_once(const struct charge_stock *st, struct bench_run *run)
{
	const uint64_t charged = st->nr_pages * bench_nr_workers(run);
	uint64_t before, after;
	int counts = st->batch_bytes && bench_worker(run) == 0, ret;

	bench_barrier(run);
	ret = counts ? read_all_usage(run, &before) : 0;
	bench_barrier(run);
	if (!ret)
		ret = bench_pages_bring_in(&st->pages, 0, st->nr_pages);
	bench_barrier(run);
	if (!ret && counts)
		ret = read_all_usage(run, &after);
	if (!ret && counts && after > before)
		bench_count(run, SLOW, nr_batches(st, after - before), charged);
	return ret;
}

/*
 * Of each turn. Until the next one usage falls, when another memcg's charges throw this one's out of the stock, and never rises: a turn that finds
 * its charges there leaves it as the last one did.
 */
static int charge_in_turns(const struct charge_stock *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	uint64_t before = 0, now = 0;
	size_t first, nr;
	int ret = st->batch_bytes ? bench_memcg_usage(run, home, &now) : 0;

	for (first = 0; !ret && first < st->nr_pages; first += nr) {
		nr = st->turn_pages < st->nr_pages - first ? st->turn_pages : st->nr_pages - first;
		before = now;
		bench_turn_begin(run);
		ret = bench_pages_bring_in(&st->pages, first, nr);
		if (!ret && st->batch_bytes)
			ret = bench_memcg_usage(run, home, &now);
		bench_turn_end(run);
		if (!ret && st->batch_bytes)
			bench_count(run, SLOW, now > before ? nr_batches(st, now - before) : 0, nr);
	}
	return ret;
}

/* What is charged beyond what somebody has. */
static int count_stock(const struct charge_stock *st, struct bench_run *run)
{
	uint64_t usage;
	int ret = bench_memcg_usage(run, bench_memcg_home(run, 0), &usage);

	if (!ret)
		bench_count(run, STOCK_PAGES, (int64_t)usage > st->owned_bytes ? (usage - (uint64_t)st->owned_bytes) / st->pages.page_bytes : 0, 1);
	return ret;
}

static int pass(void *state, struct bench_run *run)
{
	const struct charge_stock *st = state;
	int ret = st->way == WAY_BULK ? charge_at_once(st, run) : charge_in_turns(st, run);

	if (ret)
		return ret;
	bench_expect_faults(run, st->nr_pages, 1);
	bench_expect(run, bench_memcg_mine(run), BENCH_ANON, (int64_t)st->nr_pages);
	bench_hold(run);
	ret = bench_pages_unmap(run, &st->pages);
	bench_barrier(run);
	if (!ret && bench_worker(run) == 0 && st->owned_bytes >= 0)
		ret = count_stock(st, run);
	bench_barrier(run);
	return ret;
}

/*
 * All that the statistics of worker 0's memcg know of, exactly: what lies there between passes. Only v2 counts kernel memory. Not in each pass: to be
 * exact it takes as many charges as would change the stock that is asked about.
 */
static int read_owned(struct charge_stock *st, struct bench_run *run)
{
	static const char *const keys[] = {"file", "kernel", "sock"};
	struct bench_memcg *home = bench_memcg_home(run, 0);
	uint64_t value, bytes = 0;
	int64_t anon_pages;
	size_t i;
	/* The file that is kept open for it is owned as well. */
	int ret = bench_memcg_usage(run, home, &value);

	if (!ret)
		ret = bench_memcg_pages(run, home, "anon", &anon_pages);
	for (i = 0; !ret && i < sizeof(keys) / sizeof(keys[0]); i++) {
		ret = bench_memcg_stat(run, home, keys[i], &value);
		bytes += ret ? 0 : value;
	}
	st->owned_bytes = ret ? -1 : (int64_t)bytes + anon_pages * (int64_t)st->pages.page_bytes;
	return ret == -ENODATA ? 0 : ret;
}

static int share(void *state, struct bench_run *run)
{
	struct charge_stock *st = state;

	return bench_stock_batch(run, &st->batch_bytes);
}

static int setup(void *state, struct bench_run *run)
{
	struct charge_stock *st = state;
	uint64_t usage;
	unsigned int i;
	int ret;

	for (i = 0; st->way != WAY_BULK && i < bench_nr_workers(run); i++)
		if (i != bench_worker(run) && bench_memcg_home(run, i) == bench_memcg_mine(run) && bench_in_memcg(run))
			return bench_error(run, EINVAL, "way=turns: workers of one memcg charge in turn, and none can be told from another: --memcgs=each");
	if (st->way == WAY_CPU_TURNS)
		bench_turn_by_cpu(run);
	ret = bench_pages_make(run, BENCH_BACKED_ANON, NULL, st->nr_pages, 1, &st->pages);
	/* The page tables, and the files of usage, which are charged too, and stay. */
	ret = ret ?: bench_pages_bring_in(&st->pages, 0, st->nr_pages) ?: bench_pages_unmap(run, &st->pages);
	if (!ret && st->batch_bytes)
		ret = bench_worker(run) == 0 ? read_all_usage(run, &usage) : bench_memcg_usage(run, bench_memcg_mine(run), &usage);
	bench_barrier(run);
	st->owned_bytes = -1;
	if (!ret && st->batch_bytes && bench_worker(run) == 0)
		ret = read_owned(st, run);
	bench_barrier(run);
	return ret;
}

const struct bench bench_charge_stock = {
	.name = "charge_stock",
	.summary = "how often a charge finds no stock, and how much lies there",
	.about =
		"Workers charge as in charge_scaling, and their usage is read: it rises by a batch, MEMCG_CHARGE_BATCH pages, when "
		"a charge finds no stock and goes to the page counters, and not at all when consume_stock() serves it (mm/memcontrol.c, Linux 6.12). "
		"Nothing is timed.\n\n"
		"slow counts those charges, for each page: of bulk over all workers together, of turns after each turn, where every worker has a memcg "
		"of its own. stock-pages is the usage of worker 0's memcg when everything is freed, less all that its statistics knew of before the "
		"first pass: what CPUs hold for it. The size of a batch is found out from usage itself.",
	.version = 1,
	BENCH_METRICS(BENCH_COUNTED(SLOW, "slow", "charges", "page", "charges that found no stock and went to the page counters, for each page charged"),
		      BENCH_COUNTED(STOCK_PAGES, "stock-pages", "pages", "reading",
				    "charged to the memcg of worker 0 and in nobody's hands: what CPUs hold in stock (cgroup v2)")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct charge_stock, way, "way", "bulk", "as in charge_scaling", BENCH_OF("bulk", "turns", "cpu-turns")),
		BENCH_NUMBER(struct charge_stock, nr_pages, "pages", "pages", "256", NULL, 8, PAGES_MAX, "pages per pass of each worker"),
		BENCH_NUMBER(struct charge_stock, turn_pages, "turn-pages", "pages", "1", NULL, 1, PAGES_MAX, "way=turns: pages charged in one turn")),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct charge_stock),
	.memcgs = "each",
	.share = share,
	.setup = setup,
	.pass = pass,
	BENCH_SUITE({.suites = BENCH_BOTH},
		    {.suites = BENCH_CARD, .params = "way=turns", .workers = "8", .place = "one", .spare = 2},
		    {.suites = BENCH_FULL, .params = "way=turns pages=32", .workers = "1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", .place = "one"}),
};
