// SPDX-License-Identifier: GPL-2.0-or-later
/* swapin_race - pages to swap and back, by one worker and by several that share them; and whose they are afterwards. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

enum {
	METRIC_SWAPOUT, METRIC_SWAPIN, METRIC_SHARED, METRIC_HIT, METRIC_RACE,
	METRIC_READ, METRIC_FOUND, METRIC_WRONG,
};
enum { WAY_PAGEOUT, WAY_RECLAIM, WAY_LIMIT };
enum { FAULTS_TURNS, FAULTS_RACE };
enum { MOVE_NEVER, MOVE_SWAPPED };

#define PATTERN_BYTES 4096

struct swapin_race {
	uint64_t way, faults, move, bytes; /* parameters */
	size_t page_bytes, nr_pages;
	char *shared;		  /* of all workers; charged to worker 0 */
	char *own;		  /* of worker 0 alone */
	unsigned char *pattern;
	struct bench_memcg *home, *away;
	struct bench_charge before; /* of the home */
	int can_swap_own, can_swap_shared;
	int is_locked;	  /* all but those two: lock_others() */
	int timed, looks; /* of the pass at hand */
	uint64_t filled, swapped, reads, bad_reads; /* since the last verify() */
};

static int is_owner(const struct bench_run *run)
{
	return bench_worker(run) == 0;
}

static unsigned char first_byte(size_t page)
{
	return (unsigned char)(page % 251 + 1);
}

/* Not a page of one value, which zram would keep as that value alone. */
static void fill(const struct swapin_race *st, char *map)
{
	size_t i;

	for (i = 0; i < st->nr_pages; i++) {
		memcpy(map + i * st->page_bytes, st->pattern, PATTERN_BYTES);
		map[i * st->page_bytes] = (char)first_byte(i);
	}
}

static uint64_t read_all(const struct swapin_race *st, const char *map)
{
	volatile const unsigned char *page = (const unsigned char *)map;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < st->nr_pages; i++, page += st->page_bytes)
		sum += *page;
	return sum;
}

/* A page that came back empty, or was never read, is seen in the sum. */
static void check_sum(struct swapin_race *st, uint64_t sum)
{
	size_t i;

	for (i = 0; i < st->nr_pages; i++)
		sum -= first_byte(i);
	st->reads++;
	st->bad_reads += sum != 0;
}

static int swap_out(const struct swapin_race *st, struct bench_run *run, char *map, uint64_t way)
{
	uint64_t limit;
	int ret;

	if (way == WAY_PAGEOUT)
		return madvise(map, st->bytes, MADV_PAGEOUT) ?
			bench_error(run, errno, "MADV_PAGEOUT: %s (EINVAL: locked pages, or a kernel older than 5.4)", strerror(errno)) : 0;
	if (way == WAY_RECLAIM) {
		ret = bench_memcg_reclaim(run, st->home, st->bytes);
		return ret == -EAGAIN ? 0 : ret;
	}
	/* An eighth less than there is, so that there is always something to take: no OOM killer. */
	ret = bench_memcg_usage_less(run, st->home, st->bytes / 8 * 7, &limit);
	return ret ? ret : bench_memcg_limit(run, st->home, BENCH_LIMIT_MAX, limit);
}

/* --- what is charged to whom, in a round that is not timed --- */

/* Pages that are missing, or too many. */
static void count_wrong(const struct swapin_race *st, struct bench_run *run, int64_t now, int64_t least, int64_t most)
{
	bench_count(run, METRIC_WRONG, (uint64_t)(now < least ? least - now : now > most ? now - most : 0), st->nr_pages);
}

/*
 * Exactly, but for ways that may take a page of the process itself as well; which goes and comes with every way where it could not be locked.
 */
static int look_at_anon(const struct swapin_race *st, struct bench_run *run, struct bench_memcg *memcg, int64_t want)
{
	int64_t now, own = st->is_locked ? 0 : 64;
	int ret = bench_memcg_pages(run, memcg, "anon", &now);

	if (!ret)
		count_wrong(st, run, now, st->way == WAY_PAGEOUT ? want - own : 0, want + own);
	return ret;
}

/* -1: nobody accounts for it. */
static int swap_pages(const struct swapin_race *st, struct bench_run *run, struct bench_memcg *memcg, int64_t *ret_pages)
{
	uint64_t bytes;
	int ret = bench_memcg_swap(run, memcg, &bytes);

	*ret_pages = ret ? -1 : (int64_t)(bytes / st->page_bytes);
	return ret == -ENODATA ? 0 : ret;
}

/* Of the owner's memcg. The ways other than MADV_PAGEOUT take what was left of the shared pages, too. */
static int look_at_swap(const struct swapin_race *st, struct bench_run *run, int64_t before, uint64_t out)
{
	int64_t now, slack = (int64_t)bench_swap_slack(run), shared = st->way == WAY_PAGEOUT ? 0 : (int64_t)st->nr_pages;
	int ret = swap_pages(st, run, st->home, &now);

	if (!ret && now >= 0)
		count_wrong(st, run, now, before + (int64_t)out - slack,
			    before + (out ? (int64_t)st->nr_pages : 0) + shared + slack);
	return ret;
}

static int look_for_no_swap(const struct swapin_race *st, struct bench_run *run, struct bench_memcg *memcg)
{
	int64_t now;
	int ret = swap_pages(st, run, memcg, &now);

	if (!ret && now > 0)
		count_wrong(st, run, now, 0, 0);
	return ret;
}

/* All that goes to swap is the owner's. */
static int look_at_others_swap(const struct swapin_race *st, struct bench_run *run)
{
	unsigned int i;
	int ret = st->move == MOVE_SWAPPED ? look_for_no_swap(st, run, st->away) : 0;

	for (i = 1; !ret && i < bench_nr_workers(run); i++)
		if (bench_memcg_home(run, i) != st->home)
			ret = look_for_no_swap(st, run, bench_memcg_home(run, i));
	return ret;
}

static int move_to(const struct swapin_race *st, struct bench_run *run, struct bench_memcg *memcg)
{
	return st->move == MOVE_SWAPPED ? bench_memcg_enter(run, memcg) : 0;
}

/* From where the owner was while pages came back: none is charged there. */
static int come_home(const struct swapin_race *st, struct bench_run *run)
{
	int ret = st->looks && st->move == MOVE_SWAPPED ? look_at_anon(st, run, st->away, 0) : 0;

	return ret ? ret : move_to(st, run, st->home);
}

/* --- the work --- */

static void phase_begin(const struct swapin_race *st, struct bench_run *run, size_t phase)
{
	if (st->timed)
		bench_phase_begin(run, phase);
}

static void phase_end(const struct swapin_race *st, struct bench_run *run, size_t phase, uint64_t ops)
{
	if (st->timed)
		bench_phase_end(run, phase, ops);
}

#define TRIES_AT_ONCE 16
#define TRIES_MAX     64

/* Those that stay though nobody else ran, and what keeps them. */
static void warn_of_late(const struct swapin_race *st, struct bench_run *run, size_t left)
{
	char text[256];

	bench_warn(run, "of %zu shared pages, %zu did not go to swap in %d tries, and others had to run first: %s", st->nr_pages, left,
		   TRIES_AT_ONCE, bench_resident_text(run, st->shared, st->bytes, text, sizeof(text)));
}

/*
 * Not timed: a page that several processes have is taken again and again, until none looks at it. Mostly once is enough. What a thread of the
 * kernel holds that lost its CPU in the middle is never let go in a loop that leaves it none, and so the later tries do, which are warned of.
 */
static int swap_out_shared(struct swapin_race *st, struct bench_run *run)
{
	uint64_t way = bench_is_threaded(run) && st->way == WAY_PAGEOUT ? WAY_PAGEOUT : WAY_RECLAIM;
	size_t left = bench_nr_resident(run, st->shared, st->bytes);
	char text[256];
	int ret = 0, tries;

	for (tries = 0; !ret && tries < TRIES_MAX && left; tries++) {
		if (tries == TRIES_AT_ONCE)
			warn_of_late(st, run, left);
		if (tries >= TRIES_AT_ONCE) {
			bench_let_others_run();
			bench_settle(run);
		}
		ret = swap_out(st, run, st->shared, way);
		left = bench_nr_resident(run, st->shared, st->bytes);
	}
	/* Of some, another CPU may hold a reference for a while. */
	if (!ret && left > st->nr_pages / 16)
		ret = bench_error(run, EPROTO, "of %zu shared pages, %zu do not go to swap: %s", st->nr_pages, left,
				  bench_resident_text(run, st->shared, st->bytes, text, sizeof(text)));
	return ret;
}

/* A limit, or reclaim on demand, would begin with the shared pages: between passes they are out. */
static int stow_shared(struct swapin_race *st, struct bench_run *run)
{
	return st->can_swap_shared && st->way != WAY_PAGEOUT ? swap_out_shared(st, run) : 0;
}

/* *ret_out: pages that went. */
static int own_out(struct swapin_race *st, struct bench_run *run, size_t *ret_out)
{
	int ret;

	bench_settle(run);
	phase_begin(st, run, METRIC_SWAPOUT);
	ret = swap_out(st, run, st->own, st->way);
	phase_end(st, run, METRIC_SWAPOUT, 0);
	if (!ret && st->way == WAY_LIMIT)
		ret = bench_memcg_limit(run, st->home, BENCH_LIMIT_MAX, UINT64_MAX);
	*ret_out = st->nr_pages - bench_nr_resident(run, st->own, st->bytes);
	st->swapped += *ret_out;
	if (st->timed)
		bench_phase_ops(run, METRIC_SWAPOUT, *ret_out);
	return ret;
}

static void own_back(struct swapin_race *st, struct bench_run *run, size_t out)
{
	uint64_t sum;

	phase_begin(st, run, METRIC_SWAPIN);
	sum = read_all(st, st->own);
	phase_end(st, run, METRIC_SWAPIN, out);
	check_sum(st, sum);
}

/* The owner's own pages, which are there: to swap and back, into memory of the memcg that they are of. */
static int own_there_and_back(struct swapin_race *st, struct bench_run *run, int64_t anon, int64_t swap)
{
	size_t out;
	int ret = own_out(st, run, &out);

	if (!ret && st->looks && swap >= 0)
		ret = look_at_swap(st, run, swap, out);
	if (!ret && st->looks)
		ret = look_at_others_swap(st, run);
	if (!ret)
		ret = move_to(st, run, st->away);
	if (ret)
		return ret;
	own_back(st, run, out);
	ret = come_home(st, run);
	return !ret && st->looks ? look_at_anon(st, run, st->home, anon + (int64_t)st->nr_pages) : ret;
}

/* Filled, swapped out and in, freed. */
static int own_part(struct swapin_race *st, struct bench_run *run)
{
	int64_t anon = 0, swap = -1;
	int ret = st->looks ? bench_memcg_pages(run, st->home, "anon", &anon) : 0;

	if (!ret && st->looks)
		ret = swap_pages(st, run, st->home, &swap);
	fill(st, st->own);
	st->filled += st->nr_pages;
	bench_expect(run, st->home, BENCH_ANON, (int64_t)st->nr_pages);
	bench_hold(run);
	if (!ret && st->can_swap_own)
		ret = own_there_and_back(st, run, anon, swap);
	if (madvise(st->own, st->bytes, MADV_DONTNEED) && !ret)
		ret = bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno));
	if (!ret && st->looks)
		ret = look_at_anon(st, run, st->home, anon);
	return !ret && swap >= 0 ? look_at_swap(st, run, swap, 0) : ret;
}

/* Every worker reads the shared pages: by turns, so that the first brings them and the others find them, or all at once. */
static void read_shared(struct swapin_race *st, struct bench_run *run)
{
	size_t metric = st->faults == FAULTS_RACE ? METRIC_RACE : is_owner(run) ? METRIC_SHARED : METRIC_HIT;
	struct rusage before, after;
	uint64_t sum;

	if (st->faults == FAULTS_TURNS)
		bench_turn_begin(run);
	getrusage(RUSAGE_THREAD, &before);
	phase_begin(st, run, metric);
	sum = read_all(st, st->shared);
	phase_end(st, run, metric, st->nr_pages);
	getrusage(RUSAGE_THREAD, &after);
	if (st->faults == FAULTS_TURNS)
		bench_turn_end(run);
	check_sum(st, sum);
	if (!st->timed)
		return;
	bench_count(run, METRIC_READ, (uint64_t)(after.ru_majflt - before.ru_majflt), st->nr_pages);
	bench_count(run, METRIC_FOUND, (uint64_t)(after.ru_minflt - before.ru_minflt), st->nr_pages);
}

static int shared_out(struct swapin_race *st, struct bench_run *run)
{
	int ret = swap_out_shared(st, run);

	if (!ret && st->looks)
		ret = look_at_others_swap(st, run);
	return ret ? ret : move_to(st, run, st->away);
}

static int shared_part(struct swapin_race *st, struct bench_run *run)
{
	int64_t anon = 0;
	int ret = st->looks ? bench_memcg_pages(run, st->home, "anon", &anon) : 0;

	/* What is out now will be in again, and charged to the owner. With a few, only their mappings are gone: that many more may be. */
	if (is_owner(run))
		anon += st->way == WAY_PAGEOUT ? (int64_t)(st->nr_pages - bench_nr_resident(run, st->shared, st->bytes)) : (int64_t)st->nr_pages;
	bench_barrier(run);
	if (!ret && is_owner(run))
		ret = shared_out(st, run);
	if (ret)
		return ret;
	bench_barrier(run);
	read_shared(st, run);
	bench_barrier(run);
	if (is_owner(run))
		ret = come_home(st, run);
	if (!ret && st->looks)
		ret = look_at_anon(st, run, st->home, anon);
	return !ret && is_owner(run) ? stow_shared(st, run) : ret;
}

static int pass(struct swapin_race *st, struct bench_run *run)
{
	int ret = 0;

	if (is_owner(run))
		ret = own_part(st, run);
	else
		bench_hold(run);
	bench_barrier(run);
	return !ret && st->can_swap_shared ? shared_part(st, run) : ret;
}

/* Is this the worker to look at its memcg, or does another do it? */
static int looks(struct bench_run *run)
{
	return bench_in_memcg(run) && (is_owner(run) || !bench_is_threaded(run)) && bench_memcg_is_first(run, bench_worker(run));
}

/*
 * A pass before those that are timed: slots of swap that were freed in the last rep, of another arm, wait in batches, and would be given back at
 * the expense of this one. And one after them, to look: looking costs more than the work.
 */
static int swapin_race_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct swapin_race *st = state;
	int ret = pass(st, run);

	for (st->timed = 1; !ret && passes; passes--)
		ret = pass(st, run);
	st->timed = 0;
	st->looks = looks(run);
	if (!ret && bench_in_memcg(run))
		ret = pass(st, run);
	st->looks = 0;
	return ret;
}

/* With all of it freed, by one after the other: the last to unmap a page of the swap cache drops it. */
static int swapin_race_finish(void *state, struct bench_run *run)
{
	static const struct bench_charge nothing;
	struct swapin_race *st = state;
	int ret = 0;

	bench_turn_begin(run);
	if (st->own)
		munmap(st->own, st->bytes);
	if (st->shared)
		ret = madvise(st->shared, st->bytes, MADV_DONTNEED) ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
	bench_settle(run);
	bench_turn_end(run);
	bench_barrier(run);
	bench_turn_begin(run);
	if (!ret && looks(run))
		ret = bench_memcg_check_charge(run, st->home, &st->before);
	if (!ret && is_owner(run) && st->move == MOVE_SWAPPED)
		ret = move_to(st, run, st->away) ?: bench_memcg_check_charge(run, st->away, &nothing) ?: move_to(st, run, st->home);
	bench_turn_end(run);
	return ret;
}

static int swapin_race_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct swapin_race *st = state;
	uint64_t filled = st->filled, swapped = st->swapped, bad = st->bad_reads, least = st->can_swap_own ? evidence->passes * st->nr_pages / 2 : 0;

	st->filled = st->swapped = st->reads = st->bad_reads = 0;
	if (bad)
		return bench_error(run, EPROTO, "what was read back is not what was written");
	if (!is_owner(run))
		return 0;
	/* What was not freed before comes back from swap, or is there. */
	if (evidence->minflt < filled)
		return bench_error(run, EPROTO, "touched %llu pages of fresh memory, but took %llu faults", (unsigned long long)filled,
				   (unsigned long long)evidence->minflt);
	if (swapped < least)
		return bench_error(run, EPROTO, "of %llu pages to be swapped out only %llu went", (unsigned long long)(2 * least),
				   (unsigned long long)swapped);
	/* The last pass for latencies ends where enough were timed. */
	if (evidence->passes && evidence->majflt < swapped)
		return bench_error(run, EPROTO, "%llu pages were out, but only %llu faults read one back",
				   (unsigned long long)swapped, (unsigned long long)evidence->majflt);
	return 0;
}

static int swapin_race_latency(void *state, struct bench_run *run)
{
	struct swapin_race *st = state;
	int more = is_owner(run) && st->can_swap_own, ret = 0;
	volatile const char *map = st->own;
	size_t i, out;

	while (more && !ret) {
		fill(st, st->own);
		ret = own_out(st, run, &out);
		for (i = 0; !ret && more && i < st->nr_pages; i++) {
			bench_op_begin(run);
			(void)map[i * st->page_bytes];
			more = bench_op_end(run);
		}
	}
	return ret;
}

static char *map_memory(const struct swapin_race *st, struct bench_run *run)
{
	char *map = bench_small_pages(run, st->bytes);

	if (map)
		fill(st, map);
	return map;
}

/* Of each page, a quarter is random, the rest the same in all: it compresses, but not to nothing. */
static int make_pattern(struct swapin_race *st, struct bench_run *run)
{
	unsigned short random[3] = {1, 2, 3};
	size_t i;

	st->pattern = calloc(1, PATTERN_BYTES);
	if (!st->pattern)
		return bench_error(run, ENOMEM, "memory for a page");
	for (i = 0; i < PATTERN_BYTES / 4; i++)
		st->pattern[i] = (unsigned char)nrand48(random);
	return 0;
}

static int swapin_race_share(void *state, struct bench_run *run)
{
	struct swapin_race *st = state;
	int ret;

	st->page_bytes = bench_page_bytes(run);
	st->nr_pages = st->bytes / st->page_bytes;
	st->bytes = st->nr_pages * st->page_bytes;
	if (st->move == MOVE_SWAPPED && bench_is_threaded(run))
		return bench_error(run, EINVAL, "move=swapped moves a worker alone: threads cannot be");
	ret = make_pattern(st, run);
	if (!ret)
		ret = bench_memcg_charge(run, bench_memcg_home(run, 0), &st->before);
	if (!ret && bench_nr_workers(run) > 1)
		ret = (st->shared = map_memory(st, run)) ? 0 : -ENOMEM;
	return ret;
}

/*
 * What else of this process is in memory stays there: a limit, or reclaim on demand, shall take pages of these two maps alone. Of
 * pages from before the fork, the others' too are charged to the owner.
 */
static void lock_others(struct swapin_race *st)
{
	/* MCL_ONFAULT: to fault all in, for writing, would copy the shared pages. Without the right to lock it all, nothing is. */
	st->is_locked = !mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
	if (st->own)
		munlock(st->own, st->bytes);
	if (st->shared)
		munlock(st->shared, st->bytes);
}

static int swapin_race_setup(void *state, struct bench_run *run)
{
	struct swapin_race *st = state;
	int can_reclaim, ret = 0;

	st->home = bench_memcg_home(run, bench_worker(run));
	if (!is_owner(run))
		ret = bench_memcg_charge(run, st->home, &st->before);
	/* From the root memcg, memory.reclaim would take pages of anybody. Before Linux 5.19 there is none. */
	can_reclaim = bench_in_memcg(run) && bench_memcg_reclaim(run, st->home, 0) != -EOPNOTSUPP;
	st->can_swap_own = st->way == WAY_PAGEOUT || can_reclaim || (st->way == WAY_LIMIT && bench_in_memcg(run));
	/* MADV_PAGEOUT leaves pages alone that are mapped more than once (mm/madvise.c): processes need a memcg to be reclaimed from. */
	st->can_swap_shared = st->shared && (can_reclaim || (bench_is_threaded(run) && st->way == WAY_PAGEOUT));
	if (is_owner(run)) {
		st->own = map_memory(st, run);
		if (!st->own)
			return -ENOMEM;
		(void)!madvise(st->own, st->bytes, MADV_DONTNEED);
	}
	if (is_owner(run) || !bench_is_threaded(run))
		lock_others(st);
	bench_barrier(run);
	if (!ret && is_owner(run) && st->move == MOVE_SWAPPED)
		ret = bench_memcg_make(run, &st->away);
	return !ret && is_owner(run) ? stow_shared(st, run) : ret;
}

static const struct bench_metric metrics[] = {
	{.name = "swapout", .op = "page", .help = "to swap, by way"},
	{.name = "swapin", .op = "page", .help = "faulting in a page of one's own that is out"},
	{.name = "shared", .op = "page", .help = "the same of pages that all workers have, by the first to fault (faults=turns)"},
	{.name = "hit", .op = "page", .help = "the same by the others, who find them in the swap cache (faults=turns)"},
	{.name = "race", .op = "page", .help = "the same by all at once (faults=race)"},
	{.name = "read", .op = "page", .kind = BENCH_COUNT, .unit = "faults", .help = "on shared pages, that had to read from swap"},
	{.name = "found", .op = "page", .kind = BENCH_COUNT, .unit = "faults", .help = "on shared pages, that found them there"},
	{.name = "wrong", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "charged to a memcg that they are not of: 0"},
};

#define FIELD(name) BENCH_FIELD(struct swapin_race, name)

static const struct bench_param params[] = {
	{.name = "way", .type = BENCH_PARAM_ENUM, .def = "pageout", .offset = FIELD(way),
	 .choices = (const char *const[]){"pageout", "reclaim", "limit", NULL},
	 .help = "how pages go out: MADV_PAGEOUT, memory.reclaim (on v1 memory.force_empty), or memory.max"},
	{.name = "faults", .type = BENCH_PARAM_ENUM, .def = "turns", .offset = FIELD(faults),
	 .choices = (const char *const[]){"turns", "race", NULL}, .help = "on shared pages: one worker after the other, or all at once"},
	{.name = "move", .type = BENCH_PARAM_ENUM, .def = "never", .offset = FIELD(move),
	 .choices = (const char *const[]){"never", "swapped", NULL},
	 .help = "swapped: worker 0 is in another memcg when its pages come back from swap"},
	{.name = "size", .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = "4M", .insn_def = "512K", .min = 1 << 17, .max = 1ull << 36,
	 .offset = FIELD(bytes), .help = "of the owner's pages, and again of the shared ones"},
};

const struct bench bench_swapin_race = {
	.name = "swapin_race",
	.summary = "to swap and back, alone and in a race for shared pages",
	.about =
		"Worker 0 fills memory of its own, swaps it out and reads it back. Then pages that all workers have (threads of one process, "
		"or processes that share them since a fork, by default each in a memcg of its own) are swapped out, and every worker reads "
		"them: by turns, or at once. Swap is compressed memory.\n\n"
		"Swapping out writes down whose the page was and moves its charge: mem_cgroup_swapout() on v1, "
		"__mem_cgroup_try_charge_swap() on v2 (mm/memcontrol.c). A fault in do_swap_page() (mm/memory.c) charges it to that "
		"memcg again, whoever faults and wherever he is now: mem_cgroup_swapin_charge_folio() looks it up with "
		"lookup_swap_cgroup_id(). A page with one user is read past the swap cache, since zram is synchronous; a shared one comes through "
		"swapin_readahead(), and whoever faults after that finds it with swap_cache_get_folio() (mm/swap_state.c, Linux 6.12).\n\n"
		"swapout and swapin include compression. Shared pages that come back keep their place in swap, so that the next time they "
		"go out without being written; and readahead brings some that are not read yet: read says how many faults did read. Outside of child "
		"arms way=pageout alone measures anything, and of shared pages only between threads. "
		"A rep is one pass that is not timed, the timed ones, and in a memcg another, to look. wrong is what that finds: \"anon\" of "
		"memory.stat of every memcg, exactly, in and after freeing; swap of the owner's, and that there is none of another's, while pages "
		"are out. It flushes the statistics. When the workers have done, everything is freed, and every memcg has to have its swap and "
		"memory.current back (bench_memcg_check_charge()): that is an error, not a number.",
	.version = 2,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.needs = BENCH_NEEDS_SWAP,
	.state_size = sizeof(struct swapin_race),
	.nr_workers = 2,
	.memcgs = "each",
	.share = swapin_race_share,
	.setup = swapin_race_setup,
	.run = swapin_race_run,
	.finish = swapin_race_finish,
	.verify = swapin_race_verify,
	.latency = swapin_race_latency,
	.latency_metric = METRIC_SWAPIN,
};
