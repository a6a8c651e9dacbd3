// SPDX-License-Identifier: GPL-2.0-or-later
/* charge_scaling - what the CPU's stock of charges saves, and what it costs when memcgs or workers meet on it. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

enum { METRIC_CHARGE, METRIC_UNCHARGE, METRIC_PINGPONG, METRIC_HELD, METRIC_SLOW };
enum { WAY_BULK, WAY_PINGPONG, WAY_TURNS, WAY_CPU_TURNS };

/* A page is charged for by the huge page if there may be one; whole page tables would be freed with their pages (since 6.14). */
#define PAGES_MAX 511
/* Charged by each worker to count how many found no stock, where that takes passes of its own: many batches. */
#define COUNTED_PAGES 2048

struct charge_scaling {
	uint64_t way, nr_pages, turn_pages; /* parameters */
	size_t page_bytes;
	char *map;
	uint64_t touched;	 /* since the last verify() */
	uint64_t owned_bytes; /* of the memcg of worker 0 while nothing is mapped; 0: nobody knows */
	uint64_t batch_bytes; /* by which usage rises when the stock has nothing; 0: nobody knows */
	uint64_t usage;	      /* of the worker's memcg after its last turn, or of all memcgs before the rep */
	int counts_turns;     /* this worker can: it is the only one of its memcg */
	int is_untimed;	      /* a pass that counts alone */
};

static int takes_turns(const struct charge_scaling *st)
{
	return st->way == WAY_TURNS || st->way == WAY_CPU_TURNS;
}

static void touch(const struct charge_scaling *st, size_t first, size_t nr)
{
	volatile char *page = st->map + first * st->page_bytes;

	for (; nr; nr--, page += st->page_bytes)
		*page = 1;
}

static int pass_pingpong(struct charge_scaling *st, struct bench_run *run)
{
	/* A page alone would prove nothing. */
	const size_t held = bench_is_proving(run) ? st->nr_pages : 1;
	volatile char *page = st->map;
	uint64_t i;
	int failed = 0;

	touch(st, 0, held);
	bench_expect(run, bench_memcg_home(run, bench_worker(run)), BENCH_ANON, (int64_t)held);
	bench_hold(run);
	failed |= madvise(st->map, held * st->page_bytes, MADV_DONTNEED);
	bench_phase_begin(run, METRIC_PINGPONG);
	for (i = 0; i < st->nr_pages; i++) {
		*page = 1;
		failed |= madvise(st->map, st->page_bytes, MADV_DONTNEED);
	}
	bench_phase_end(run, METRIC_PINGPONG, st->nr_pages);
	st->touched += st->nr_pages + held;
	return failed ? bench_error(run, EIO, "MADV_DONTNEED of one page failed") : 0;
}

/* Each began with a batch; what another memcg's charges threw out of the stock meanwhile is missing, less than a batch. */
static uint64_t nr_batches(const struct charge_scaling *st, uint64_t bytes)
{
	return (bytes + st->batch_bytes - 1) / st->batch_bytes;
}

/*
 * Charges of this turn that went to the counters. Until the next turn usage falls, when another memcg's charges throw this one's out of the
 * stock, and never rises: a turn that finds its charges there leaves it as the last one did.
 */
static int count_slow(struct charge_scaling *st, struct bench_run *run, size_t nr)
{
	uint64_t before = st->usage;
	int ret = bench_memcg_usage(run, bench_memcg_home(run, bench_worker(run)), &st->usage);

	if (!ret)
		bench_count(run, METRIC_SLOW, st->usage > before ? nr_batches(st, st->usage - before) : 0, nr);
	return ret;
}

static void phase_begin(const struct charge_scaling *st, struct bench_run *run, size_t phase)
{
	if (!st->is_untimed)
		bench_phase_begin(run, phase);
}

static void phase_end(const struct charge_scaling *st, struct bench_run *run, size_t phase, uint64_t ops)
{
	if (!st->is_untimed)
		bench_phase_end(run, phase, ops);
}

/*
 * In time, a system call between phases makes the next one dearer, and root has none: a charge in a child seemed to cost half as much again. So it
 * takes passes of its own there.
 */
static int counts_apart(const struct charge_scaling *st, const struct bench_run *run)
{
	return takes_turns(st) && !bench_counts_insn(run);
}

/* Some in each turn. */
static int charge_in_turns(struct charge_scaling *st, struct bench_run *run)
{
	const int counts = st->counts_turns && st->is_untimed == counts_apart(st, run);
	size_t first, nr;
	int ret = counts ? bench_memcg_usage(run, bench_memcg_home(run, bench_worker(run)), &st->usage) : 0;

	for (first = 0; !ret && first < st->nr_pages; first += nr) {
		nr = st->turn_pages < st->nr_pages - first ? st->turn_pages : st->nr_pages - first;
		bench_turn_begin(run);
		phase_begin(st, run, METRIC_CHARGE);
		touch(st, first, nr);
		phase_end(st, run, METRIC_CHARGE, nr);
		if (counts)
			ret = count_slow(st, run, nr);
		bench_turn_end(run);
	}
	return ret;
}

static int pass_bulk(struct charge_scaling *st, struct bench_run *run)
{
	size_t bytes = st->nr_pages * st->page_bytes;
	int failed;

	if (takes_turns(st)) {
		failed = charge_in_turns(st, run);
		if (failed)
			return failed;
	} else {
		bench_phase_begin(run, METRIC_CHARGE);
		touch(st, 0, st->nr_pages);
		bench_phase_end(run, METRIC_CHARGE, st->nr_pages);
	}
	st->touched += st->nr_pages;
	bench_expect(run, bench_memcg_home(run, bench_worker(run)), BENCH_ANON, (int64_t)st->nr_pages);
	bench_hold(run);
	phase_begin(st, run, METRIC_UNCHARGE);
	failed = madvise(st->map, bytes, MADV_DONTNEED);
	phase_end(st, run, METRIC_UNCHARGE, st->nr_pages);
	return failed ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
}

/* Is this worker the only one of its memcg? */
static int is_alone(struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run));
	unsigned int i;

	for (i = 0; i < bench_nr_workers(run); i++)
		if (i != bench_worker(run) && bench_memcg_home(run, i) == home)
			return 0;
	return 1;
}

/* Of the memcgs of all workers. */
static int read_all_usage(struct bench_run *run, uint64_t *ret_bytes)
{
	uint64_t sum = 0, usage = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < bench_nr_workers(run); i++) {
		if (!bench_memcg_is_first(run, i))
			continue;
		ret = bench_memcg_usage(run, bench_memcg_home(run, i), &usage);
		sum += usage;
	}
	if (!ret)
		*ret_bytes = sum;
	return ret;
}

/*
 * What all workers charged since st->usage was read, and freed again, the counters saw come in batches and go one by one. While all hold still.
 */
static int count_slow_of_all(const struct charge_scaling *st, struct bench_run *run)
{
	uint64_t charged = st->touched * bench_nr_workers(run), now;
	int ret = read_all_usage(run, &now);

	if (!ret && now + charged * st->page_bytes >= st->usage)
		bench_count(run, METRIC_SLOW, nr_batches(st, now + charged * st->page_bytes - st->usage), charged);
	return ret;
}

/*
 * All that the statistics of worker 0's memcg know of, exactly, while all workers hold still: what lies there between passes. Only v2
 * counts kernel memory. Not after each rep: to be exact it takes as many charges as would change the stock that is asked about.
 */
static int read_owned(struct charge_scaling *st, struct bench_run *run)
{
	static const char *const keys[] = {"file", "kernel", "sock"};
	struct bench_memcg *home = bench_memcg_home(run, 0);
	uint64_t bytes = 0, value, i;
	int64_t anon_pages;
	/* The file that is kept open for it is owned as well. */
	int ret = bench_memcg_usage(run, home, &value);

	if (!ret)
		ret = bench_memcg_pages(run, home, "anon", &anon_pages);
	for (i = 0; !ret && i < sizeof(keys) / sizeof(keys[0]); i++) {
		ret = bench_memcg_stat(run, home, keys[i], &value);
		bytes += ret ? 0 : value;
	}
	if (!ret)
		st->owned_bytes = bytes + (uint64_t)anon_pages * st->page_bytes;
	return ret == -ENODATA ? 0 : ret;
}

/* What is charged beyond that, and nobody has. */
static int count_held(const struct charge_scaling *st, struct bench_run *run)
{
	uint64_t usage;
	int ret = st->owned_bytes ? bench_memcg_usage(run, bench_memcg_home(run, 0), &usage) : -ENODATA;

	if (!ret)
		bench_count(run, METRIC_HELD, usage > st->owned_bytes ? (usage - st->owned_bytes) / st->page_bytes : 0, 1);
	return ret == -ENODATA ? 0 : ret;
}

/* Passes that are not timed: one may hold a single turn, and one turn in several finds no stock. */
static int count_turns(struct charge_scaling *st, struct bench_run *run)
{
	size_t nr;
	int ret = 0;

	st->is_untimed = 1;
	for (nr = 0; !ret && nr < COUNTED_PAGES; nr += st->nr_pages)
		ret = pass_bulk(st, run);
	st->is_untimed = 0;
	return ret;
}

static int charge_scaling_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct charge_scaling *st = state;
	const int counts = st->batch_bytes && !takes_turns(st);
	int ret = 0;

	/* All others must hold still while worker 0 reads, here and at the end. */
	if (counts) {
		bench_barrier(run);
		ret = bench_worker(run) == 0 ? read_all_usage(run, &st->usage) : 0;
		bench_barrier(run);
	}
	for (; !ret && passes; passes--)
		ret = st->way == WAY_PINGPONG ? pass_pingpong(st, run) : pass_bulk(st, run);
	if (!ret && counts_apart(st, run))
		ret = count_turns(st, run);
	if (ret)
		return ret;
	bench_barrier(run);
	if (bench_worker(run) == 0)
		ret = count_held(st, run);
	if (!ret && counts && bench_worker(run) == 0)
		ret = count_slow_of_all(st, run);
	bench_barrier(run);
	return ret;
}

static int charge_scaling_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct charge_scaling *st = state;
	uint64_t touched = st->touched;

	st->touched = 0;
	return bench_check_faults(run, evidence, touched, touched);
}

/* By how much usage rises when the stock has nothing: MEMCG_CHARGE_BATCH pages; a page where there is no stock. Twice in a row, to be sure. */
static int find_batch(struct charge_scaling *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_home(run, 0);
	const size_t bytes = PAGES_MAX * st->page_bytes;
	char *map = bench_small_pages(run, bytes);
	uint64_t before, after, rise = 0;
	size_t at;
	int ret = map ? bench_memcg_usage(run, home, &after) : -ENOMEM;

	for (at = 0; !ret && !st->batch_bytes && at < bytes; at += st->page_bytes) {
		before = after;
		*(volatile char *)(map + at) = 1;
		ret = bench_memcg_usage(run, home, &after);
		if (ret || after <= before)
			continue;
		st->batch_bytes = after - before == rise ? rise : 0;
		rise = after - before;
	}
	if (map)
		munmap(map, bytes);
	return ret == -ENODATA ? 0 : ret;
}

static int charge_scaling_share(void *state, struct bench_run *run)
{
	struct charge_scaling *st = state;

	st->page_bytes = bench_page_bytes(run);
	return find_batch(st, run);
}

/* The first reading of a file opens it, which is charged. */
static int open_files(struct charge_scaling *st, struct bench_run *run)
{
	uint64_t bytes;

	if (!st->batch_bytes)
		return 0;
	st->counts_turns = is_alone(run);
	if (takes_turns(st))
		return bench_memcg_usage(run, bench_memcg_home(run, bench_worker(run)), &bytes);
	return bench_worker(run) == 0 ? read_all_usage(run, &bytes) : 0;
}

static int charge_scaling_setup(void *state, struct bench_run *run)
{
	struct charge_scaling *st = state;
	size_t bytes;
	int ret;

	bytes = st->nr_pages * st->page_bytes;
	if (takes_turns(st) && bench_is_threaded(run))
		return bench_error(run, EINVAL, "way=turns with --threads: threads are in one memcg, and taking turns is "
						"about several");
	if (st->way == WAY_CPU_TURNS)
		bench_turn_by_cpu(run);
	ret = open_files(st, run);
	if (ret)
		return ret;
	st->map = bench_map(run, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	if (st->map == MAP_FAILED) {
		st->map = NULL;
		return bench_error(run, errno, "map %zu bytes: %s", bytes, strerror(errno));
	}
	/* A huge page would turn all of it into one charge. EINVAL: a kernel without them. */
	if (madvise(st->map, bytes, MADV_NOHUGEPAGE) && errno != EINVAL)
		return bench_error(run, errno, "MADV_NOHUGEPAGE: %s", strerror(errno));
	/* The page tables, which are charged too, and stay. */
	touch(st, 0, st->nr_pages);
	if (madvise(st->map, bytes, MADV_DONTNEED))
		return bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno));
	bench_barrier(run);
	ret = bench_worker(run) == 0 ? read_owned(st, run) : 0;
	bench_barrier(run);
	return ret;
}

static void charge_scaling_teardown(void *state, struct bench_run *run)
{
	struct charge_scaling *st = state;

	(void)run;
	if (st->map)
		munmap(st->map, st->nr_pages * st->page_bytes);
}

static const struct bench_metric metrics[] = {
	{.name = "charge", .op = "page", .help = "first touch of a page (bulk, turns)"},
	{.name = "uncharge", .op = "page", .help = "freeing it with all others by one MADV_DONTNEED (bulk, turns)"},
	{.name = "pingpong", .op = "page", .help = "touching one page and freeing it at once (pingpong)"},
	{.name = "held", .op = "reading", .kind = BENCH_COUNT, .unit = "pages",
	 .help = "pages charged to the memcg of worker 0 that nobody has: what the CPUs hold in stock (cgroup v2)"},
	{.name = "slow", .op = "page", .kind = BENCH_COUNT, .unit = "charges",
	 .help = "charges that found no stock and went to the page counters, for each page charged"},
};

#define FIELD(name) BENCH_FIELD(struct charge_scaling, name)

static const struct bench_param params[] = {
	{.name = "way", .type = BENCH_PARAM_ENUM, .def = "bulk", .offset = FIELD(way),
	 .choices = (const char *const[]){"bulk", "pingpong", "turns", "cpu-turns", NULL},
	 .help = "bulk: touch all pages, free them in one call; pingpong: one page at a time; turns: the workers charge "
		 "in turn, a few pages each; cpu-turns: those of each CPU do, on all CPUs at once"},
	{.name = "pages", .type = BENCH_PARAM_UINT, .def = "256", .offset = FIELD(nr_pages), .unit = "pages",
	 .min = 1, .max = PAGES_MAX, .help = "pages per pass of each worker"},
	{.name = "turn-pages", .type = BENCH_PARAM_UINT, .def = "1", .offset = FIELD(turn_pages), .unit = "pages",
	 .min = 1, .max = PAGES_MAX, .help = "way=turns: pages charged in one turn"},
};

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
		"are --workers=N*k --memcgs=each, which places them in turn.\n\n"
		"The numbers include the whole fault and the whole madvise(). A phase of a turn holds few pages, so it includes "
		"much of the clock's own cost (bench null, phase); waiting for the turn is not timed, but cold caches after it "
		"are. held is usage after a rep, less all that the statistics of the memcg knew of "
		"before the first. slow is seen from outside: usage rises by a batch when a charge finds no stock, and is read after each "
		"turn (in time: of passes of their own), or before and after a rep. Workers that share a memcg and take turns have none.",
	.version = 3,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.state_size = sizeof(struct charge_scaling),
	.share = charge_scaling_share,
	.setup = charge_scaling_setup,
	.run = charge_scaling_run,
	.verify = charge_scaling_verify,
	.teardown = charge_scaling_teardown,
};
