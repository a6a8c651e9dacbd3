// SPDX-License-Identifier: GPL-2.0-or-later
/* pagecache_share - one memcg brings a file in, others use the same pages: who pays, and how long. */
#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { FIRST, FOLLOW_READ, FOLLOW_MAP, REMOVE, OWNER, FOLLOWER, REFAULT, PARENT, MISCHARGED };
enum { BACKING_SHMEM, BACKING_DIR };

/* Fault-around maps up to 16 pages of a file in one fault, by default (fault_around_bytes, mm/memory.c). */
#define FAULT_AROUND 16

struct pagecache_share {
	uint64_t backing, bytes; /* parameters */
	struct bench_pages pages;  /* of the file; mapped by followers */
	struct bench_pages doomed; /* of another one, brought in by a memcg that is removed */
	size_t nr;
};

static int is_owner(const struct bench_run *run)
{
	return bench_worker(run) == 0;
}

static int read_all(const struct bench_pages *pages, struct bench_run *run)
{
	bench_expect_reads(run, pages->nr);
	return bench_brought(run, pages, 0, bench_pages_pread(pages, 0, pages->nr));
}

static int follow(const struct pagecache_share *st, struct bench_run *run)
{
	size_t found = bench_pages_resident(run, &st->pages);
	int ret;

	if (found != st->nr)
		return bench_error(run, EPROTO, "of %zu pages that the owner touched, %zu were there for another", st->nr, found);
	bench_phase_begin(run, FOLLOW_READ);
	ret = read_all(&st->pages, run);
	bench_phase_end(run, FOLLOW_READ, st->nr);
	bench_phase_begin(run, FOLLOW_MAP);
	bench_read(st->pages.map, st->nr * st->pages.page_bytes, st->pages.page_bytes);
	bench_phase_end(run, FOLLOW_MAP, st->nr);
	bench_expect_faults(run, st->nr, FAULT_AROUND);
	return ret ? ret : bench_pages_unmap(run, &st->pages);
}

/* First touch, then the others; and who was charged. */
static int share_round(const struct pagecache_share *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	int64_t before;
	int ret = bench_look(run, home, "file", &before);

	if (!ret && is_owner(run)) {
		bench_phase_begin(run, FIRST);
		ret = bench_brought(run, &st->pages, st->nr, bench_pages_bring_in(&st->pages, 0, st->nr));
		bench_phase_end(run, FIRST, st->nr);
	} else if (!ret) {
		ret = follow(st, run);
	}
	return ret ? ret : bench_count_growth(run, is_owner(run) ? OWNER : FOLLOWER, home, "file", before, st->nr);
}

/* The owner's limit takes 7 of 8 of its pages; who reads them again? */
static int refault_round(const struct pagecache_share *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	uint64_t usage, evict_bytes = st->bytes / 8 * 7;
	size_t evicted;
	int64_t before;
	int ret;

	if (is_owner(run)) {
		ret = bench_memcg_usage(run, home, &usage);
		if (!ret)
			ret = bench_memcg_limit(run, home, BENCH_LIMIT_MAX, usage > evict_bytes ? usage - evict_bytes : usage);
		/* v1 gives up where v2 tries on: what it took is enough. */
		return !ret || ret == -EBUSY ? bench_memcg_limit(run, home, BENCH_LIMIT_MAX, UINT64_MAX) : ret;
	}
	/* The owner's limit takes pages of programs, too, which all have. */
	bench_expect_majors(run, 0);
	evicted = st->nr - bench_pages_resident(run, &st->pages);
	if (bench_worker(run) == 1 && !evicted)
		return bench_error(run, EPROTO, "the owner's limit evicted nothing");
	return bench_look(run, home, "file", &before) ?: read_all(&st->pages, run) ?: bench_count_growth(run, REFAULT, home, "file", before, evicted);
}

/* The owner brings as much in from a memcg that it then removes. What another is charged for reading it is charged twice. */
static int remove_round(const struct pagecache_share *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run), *parent = bench_memcg_parent(run, home), *doomed;
	int64_t before;
	int ret = bench_look(run, is_owner(run) ? parent : home, "file", &before);

	if (!is_owner(run))
		return ret ?: read_all(&st->doomed, run) ?: bench_count_growth(run, MISCHARGED, home, "file", before, st->nr);
	ret = ret ?: bench_memcg_make(run, &doomed) ?: bench_memcg_enter(run, doomed) ?: bench_bring_in(run, &st->doomed, 0, st->nr) ?:
	      bench_memcg_enter(run, home);
	if (ret)
		return ret;
	bench_phase_begin(run, REMOVE);
	ret = bench_memcg_remove(run, doomed);
	bench_phase_end(run, REMOVE, 1);
	return ret ? ret : bench_count_growth(run, PARENT, parent, "file", before, st->nr);
}

static int in_turn(const struct pagecache_share *st, struct bench_run *run, int (*round)(const struct pagecache_share *st, struct bench_run *run))
{
	int ret;

	bench_turn_begin(run);
	ret = round(st, run);
	bench_turn_end(run);
	return ret;
}

static int pass(void *state, struct bench_run *run)
{
	const struct pagecache_share *st = state;
	int ret = in_turn(st, run, share_round);

	if (ret)
		return ret;
	if (is_owner(run))
		bench_expect(run, bench_memcg_mine(run), st->backing == BACKING_SHMEM ? BENCH_SHMEM : BENCH_FILE, (int64_t)st->nr);
	bench_hold(run);
	/* Pages of shared memory would go to swap, and stay whose they were. */
	if (bench_in_memcg(run) && st->backing == BACKING_DIR)
		ret = in_turn(st, run, refault_round);
	if (!ret && bench_in_memcg(run))
		ret = in_turn(st, run, remove_round);
	if (ret)
		return ret;
	bench_barrier(run);
	/* Whoever is ahead waits for its turn in the next pass, which is after this. */
	return is_owner(run) ? bench_pages_drop(run, &st->pages) ?: bench_pages_drop(run, &st->doomed) : 0;
}

static int share(void *state, struct bench_run *run)
{
	struct pagecache_share *st = state;
	const enum bench_backing backing = st->backing == BACKING_DIR ? BENCH_BACKED_FILE : BENCH_BACKED_MEMFD;
	int ret;

	if (bench_nr_workers(run) < 2)
		return bench_error(run, EINVAL, "there is nobody to share with: --workers=2 or more");
	st->nr = st->bytes / bench_page_bytes(run);
	ret = bench_pages_make(run, backing, "shared", st->nr, 1, &st->pages);
	if (!ret && !st->pages.map)
		ret = bench_pages_map(run, &st->pages, 1);
	return ret ? ret : bench_pages_make(run, backing, "doomed", st->nr, 0, &st->doomed);
}

const struct bench bench_pagecache_share = {
	.name = "pagecache_share",
	.summary = "pages of a file that several memcgs use: the first to touch pays",
	.about =
		"Worker 0, the owner, touches every page of a file; the other workers, by default each in a memcg of its own, read the same "
		"pages and fault them in. In child arms the owner's limit then evicts its pages, which the others read again; and the owner "
		"fills as much from a memcg that it leaves and removes, which the others read too. Workers take turns.\n\n"
		"A page of a file is charged once, when it enters the page cache: filemap_add_folio() (mm/filemap.c) and "
		"shmem_alloc_and_add_folio() (mm/shmem.c) call mem_cgroup_charge() with the memcg of whoever runs. Others find it there: they are "
		"charged nothing, but their mappings are counted in the statistics of the owner's memcg (__folio_add_file_rmap(), "
		"mm/rmap.c). An evicted page is charged to whoever reads it next. Removing a memcg leaves its pages where they "
		"are: mem_cgroup_css_offline() moves no charge of pages (mm/memcontrol.c, Linux 6.12), and the memcg lives on without a name, as a part of its "
		"parent's usage, until the last page is gone.\n\n"
		"first includes allocating the page, and clearing it; all include their system calls or faults. remove is the system call alone: "
		"most of the work comes later, in a kernel thread. The counts are differences of \"file\" in memory.stat, exact, taken once a "
		"rep and outside of what is timed; reading them flushes the statistics.",
	.version = 2,
	BENCH_METRICS(
		BENCH_TIMED(FIRST, "first", "page", "first touch of a page, by one pread() or (shmem) pwrite() each"),
		BENCH_TIMED(FOLLOW_READ, "follow-read", "page", "reading it from another memcg, by one pread() each"),
		BENCH_TIMED(FOLLOW_MAP, "follow-map", "page", "faulting it in from another memcg (up to 16 pages a fault)"),
		BENCH_TIMED(REMOVE, "remove", "memcg", "removing a memcg to which as many pages are charged"),
		BENCH_COUNTED(OWNER, "owner", "pages", "page", "charged to the first by its touch"),
		BENCH_COUNTED(FOLLOWER, "follower", "pages", "page", "charged to the others by theirs"),
		BENCH_COUNTED(REFAULT, "refault", "pages", "page", "charged to another that reads what the owner's limit evicted (backing=dir)"),
		BENCH_COUNTED(PARENT, "parent", "pages", "page",
			      "left with the parent (--depth=2 or more) of a memcg that touched them and was removed"),
		BENCH_COUNTED(MISCHARGED, "mischarged", "pages", "page", "charged to another that reads these: 0")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct pagecache_share, backing, "backing", "shmem", "a memfd, or a sparse file in --dir",
			     BENCH_OF("shmem", "dir"), BENCH_NEEDING(0, BENCH_NEEDS_DIR)),
		BENCH_SIZE(struct pagecache_share, bytes, "size", "8M", "2M", 1 << 16, 1ull << 36, "what is shared")),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct pagecache_share),
	.nr_workers = 2,
	.memcgs = "each",
	.share = share,
	.pass = pass,
	.has_audit = 1,
	BENCH_SUITE(
		{.suites = BENCH_BOTH, .spare = 1},
		/* What a removed memcg leaves to its parent is seen where that is not the root. */
		{.suites = BENCH_FULL, .depth = "2"},
		{.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "backing=dir", .depth = "1,2"}),
};
