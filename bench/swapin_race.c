// SPDX-License-Identifier: GPL-2.0-or-later
/* swapin_race - pages that several share, back from swap: by turns, or in a race. */
#include <sys/mman.h>
#include <sys/resource.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { SHARED, HIT, RACE, READ, FOUND, MISCHARGED };
enum { FAULTS_TURNS, FAULTS_RACE };

#define TRIES_AT_ONCE 16
#define TRIES_MAX     64

struct swapin_race {
	uint64_t faults, bytes; /* parameters */
	struct bench_pages pages; /* of all workers; charged to worker 0, the owner */
	int can_swap;		  /* this arm can */
};

static int is_owner(const struct bench_run *run)
{
	return bench_worker(run) == 0;
}

/* MADV_PAGEOUT leaves pages alone that are mapped more than once (mm/madvise.c): processes need a memcg to be reclaimed from. */
static int swap_out_once(const struct swapin_race *st, struct bench_run *run)
{
	int ret;

	if (bench_is_threaded(run))
		return madvise(st->pages.map, st->pages.nr * st->pages.page_bytes, MADV_PAGEOUT) ?
			bench_errno(run, "MADV_PAGEOUT (EINVAL: locked pages, or a kernel older than 5.4)") : 0;
	ret = bench_memcg_reclaim(run, bench_memcg_mine(run), st->pages.nr * st->pages.page_bytes);
	return ret == -EAGAIN ? 0 : ret;
}

/*
 * Not timed: a page that several processes have is taken again and again, until none looks at it. Mostly once is enough. What a thread of the
 * kernel holds that lost its CPU in the middle is never let go in a loop that leaves it none, and so the later tries do, which are warned of. *ret_out: pages that went.
 */
static int swap_out(const struct swapin_race *st, struct bench_run *run, size_t *ret_out)
{
	size_t left = bench_pages_resident(run, &st->pages);
	char text[256];
	int ret = 0, tries;

	for (tries = 0; !ret && tries < TRIES_MAX && left; tries++) {
		if (tries == TRIES_AT_ONCE)
			bench_warn(run, "of %zu shared pages, %zu did not go to swap in %d tries, and others had to run first: %s", st->pages.nr, left,
				   TRIES_AT_ONCE, bench_pages_resident_text(run, &st->pages, text, sizeof(text)));
		if (tries >= TRIES_AT_ONCE) {
			bench_let_others_run();
			bench_lru_drain(run);
		}
		ret = swap_out_once(st, run);
		left = bench_pages_resident(run, &st->pages);
	}
	*ret_out = st->pages.nr - left;
	/* Of some, another CPU may hold a reference for a while. */
	if (!ret && left > st->pages.nr / 16)
		ret = bench_error(run, EPROTO, "of %zu shared pages, %zu do not go to swap: %s", st->pages.nr, left,
				  bench_pages_resident_text(run, &st->pages, text, sizeof(text)));
	return ret;
}

/*
 * By turns, so that the first brings them and the others find them, or all at once. Each process takes a fault for each. Threads have one page table:
 * by turns the first is all that there is, and in a race the one takes what the others do not.
 */
static int read_pages(const struct swapin_race *st, struct bench_run *run)
{
	const size_t phase = st->faults == FAULTS_RACE ? RACE : is_owner(run) ? SHARED : HIT, nr = st->pages.nr;
	const int by_turns = st->faults == FAULTS_TURNS && !bench_is_threaded(run);
	struct rusage before, after;
	uint64_t sum, read, found;

	if (phase == HIT && bench_is_threaded(run))
		return 0;
	if (by_turns)
		bench_turn_begin(run);
	getrusage(RUSAGE_THREAD, &before);
	bench_phase_begin(run, phase);
	sum = bench_pages_sum(&st->pages);
	bench_phase_end(run, phase, nr);
	getrusage(RUSAGE_THREAD, &after);
	if (by_turns)
		bench_turn_end(run);
	read = (uint64_t)(after.ru_majflt - before.ru_majflt);
	found = (uint64_t)(after.ru_minflt - before.ru_minflt);
	bench_expect_majors(run, 0);
	if (read + found < nr - nr / 16 && (phase == SHARED || !bench_is_threaded(run)))
		return bench_error(run, EPROTO, "%zu shared pages were out, but only %zu faults were taken on them", nr, (size_t)(read + found));
	if (bench_pass_kind(run) == BENCH_PASS_TIMED) {
		bench_count(run, READ, read, nr);
		bench_count(run, FOUND, found, nr);
	}
	return bench_pages_check(run, &st->pages, sum);
}

static int pass(void *state, struct bench_run *run)
{
	const struct swapin_race *st = state;
	/* What is in again is charged to the owner, as it was before, and nothing to the others. */
	struct bench_memcg *looked_at = bench_memcg_is_first(run, bench_worker(run)) ? bench_memcg_mine(run) : NULL;
	int64_t before, swapped = 0;
	size_t out = 0;
	int ret = bench_look(run, looked_at, "anon", &before);

	bench_barrier(run);
	/* Pages that are in again may keep their place, which is charged already. */
	if (!ret && is_owner(run) && bench_is_proving(run))
		ret = bench_memcg_swapped(run, bench_memcg_mine(run), &swapped);
	ret = ret == -ENODATA ? 0 : ret;
	if (!ret && st->can_swap && is_owner(run))
		ret = swap_out(st, run, &out);
	if (ret)
		return ret;
	if (is_owner(run)) {
		bench_expect(run, bench_memcg_mine(run), BENCH_ANON, -(int64_t)out);
		bench_expect(run, bench_memcg_mine(run), BENCH_SWAP, (int64_t)out - swapped);
	}
	bench_hold(run);
	bench_barrier(run);
	if (st->can_swap)
		ret = read_pages(st, run);
	bench_barrier(run);
	return ret ? ret : bench_count_growth(run, MISCHARGED, looked_at, "anon", before, st->pages.nr);
}

static int share(void *state, struct bench_run *run)
{
	struct swapin_race *st = state;
	int ret;

	if (bench_nr_workers(run) < 2)
		return bench_error(run, EINVAL, "there is nobody to share with: --workers=2 or more");
	ret = bench_pages_make(run, BENCH_BACKED_ANON, NULL, st->bytes / bench_page_bytes(run), 0, &st->pages);
	if (!ret)
		bench_pages_fill(&st->pages);
	return ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct swapin_race *st = state;

	/* From the root memcg, memory.reclaim would take pages of anybody. */
	st->can_swap = bench_is_threaded(run) || bench_in_memcg(run);
	if (st->can_swap && !bench_is_threaded(run) && !bench_memcg_can_reclaim(run, bench_memcg_mine(run)))
		return bench_skip(run, "a memcg has no memory.reclaim (a kernel older than 5.19), and MADV_PAGEOUT takes no page of several processes: --threads");
	/* What was there before the fork is charged to the owner, too, whoever has it. */
	if (is_owner(run) || !bench_is_threaded(run))
		bench_lock_all_but(&st->pages);
	bench_barrier(run);
	return 0;
}

const struct bench bench_swapin_race = {
	.name = "swapin_race",
	.summary = "shared pages back from swap, by turns and in a race",
	.about =
		"Pages that all workers have (threads of one process, or processes that share them since a fork, by default each in a memcg of its own) are "
		"swapped out, and every worker reads them: by turns, or at once. Swap is compressed memory (zram).\n\n"
		"A shared page comes through swapin_readahead(), which charges it to the memcg that it went out of, whoever faults: "
		"mem_cgroup_swapin_charge_folio() looks it up with lookup_swap_cgroup_id() (mm/memcontrol.c). Whoever faults after that finds it with "
		"swap_cache_get_folio() (mm/swap_state.c, Linux 6.12).\n\n"
		"Pages that come back keep their place in swap, so that the next time they go out without being written; and readahead brings some that are "
		"not read yet: read says how many faults did read. Processes are measured in child arms alone, since MADV_PAGEOUT takes no page that "
		"several have. A rep is one pass that is not timed, the timed ones, and in a memcg another, to look: mischarged is what that finds in \"anon\" "
		"of memory.stat of every memcg, exactly. It flushes the statistics.",
	.version = 3,
	BENCH_METRICS(
		BENCH_TIMED(SHARED, "shared", "page", "faulting in a shared page that is out, by the first (faults=turns)"),
		BENCH_TIMED(HIT, "hit", "page", "the same by the others, who find them in the swap cache (faults=turns, processes)"),
		BENCH_TIMED(RACE, "race", "page", "the same by all at once (faults=race)"),
		BENCH_COUNTED(READ, "read", "faults", "page", "that had to read from swap"),
		BENCH_COUNTED(FOUND, "found", "faults", "page", "that found it there"),
		BENCH_COUNTED(MISCHARGED, "mischarged", "pages", "page", "charged to a memcg that they are not of: 0")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct swapin_race, faults, "faults", "turns", "one worker after the other, or all at once", BENCH_OF("turns", "race")),
		BENCH_SIZE(struct swapin_race, bytes, "size", "4M", "512K", 1 << 17, 1ull << 36, "what they share")),
	.needs = BENCH_NEEDS_SWAP,
	.state_size = sizeof(struct swapin_race),
	.nr_workers = 2,
	.memcgs = "each",
	.share = share,
	.setup = setup,
	.pass = pass,
	.has_warm = 1,
	.has_audit = 1,
	/* Nobody asked for swap on his machine. */
	BENCH_SUITE({.suites = BENCH_BOTH, .where = BENCH_GUESTS},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "faults=race", .workers = "2,4"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "faults=turns,race", .threads = 1}),
};
