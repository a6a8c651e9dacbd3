// SPDX-License-Identifier: GPL-2.0-or-later
/* reclaim_pressure - bringing in pages of a file while the whole machine is short of memory. */
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { STREAM, SCANNED, RECLAIM_BATCH, SIBLING_LEFT };

/* Pages between two looks at what is free. */
#define STEP 64
/* Of the sparse file; nothing streams as far. ext4 with blocks of 1 KiB ends at 16 GiB. */
#define FILE_BYTES (15ull << 30)

struct reclaim_pressure {
	uint64_t bytes, spare_bytes; /* parameters */
	struct bench_pages pages;
	size_t nr;   /* of a pass, at least */
	size_t next; /* page that was not read yet */
};

/* What lies that far back was reclaimed long ago. */
static size_t take_next(struct reclaim_pressure *st, size_t nr)
{
	size_t first = st->next + nr <= st->pages.nr ? st->next : 0;

	st->next = first + nr;
	return first;
}

static uint64_t free_bytes(void)
{
	struct sysinfo info;

	return sysinfo(&info) ? 0 : info.freeram * (uint64_t)info.mem_unit;
}

/* Do the numbers of pages that came and went agree, to a sixteenth? */
static int is_balanced(uint64_t came, uint64_t went)
{
	return (came > went ? came - went : went - came) * 16 <= came;
}

static int stream_step(struct reclaim_pressure *st, struct bench_run *run)
{
	const size_t first = take_next(st, STEP);
	int ret;

	bench_phase_begin(run, STREAM);
	ret = bench_pages_pread(&st->pages, first, STEP);
	bench_phase_end(run, STREAM, STEP);
	/* Of a machine that is short, programs lose pages, too. */
	bench_expect_majors(run, 0);
	return bench_brought(run, &st->pages, STEP, ret);
}

/*
 * kswapd sleeps until free memory is below one mark, and then takes until it is above another. A pass goes on, from one time that
 * it was seen to have taken pages to another, until about as many were taken as were brought in.
 */
static int pass(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	uint64_t free_before, free_now = free_bytes(), free_least = free_now, free_most = free_now, stolen;
	struct bench_reclaimed before, after;
	int ret = bench_reclaimed(run, &before), is_over = 0;
	size_t done = 0;

	while (!ret && !is_over) {
		free_before = free_now;
		ret = stream_step(st, run);
		done += STEP;
		free_now = free_bytes();
		free_least = free_now < free_least ? free_now : free_least;
		free_most = free_now > free_most ? free_now : free_most;
		is_over = done >= 16 * st->nr;
		if (ret || (!is_over && (done < st->nr || free_now <= free_before)))
			continue;
		ret = bench_reclaimed(run, &after);
		is_over |= !ret && is_balanced(done, after.stolen - before.stolen);
	}
	/* No bench_hold(): nobody can tell how much of what came is still there. */
	if (ret)
		return ret;
	stolen = after.stolen - before.stolen;
	/* A pass ends at about as many, but for one that finds no end. */
	if (stolen < done / 2)
		return bench_error(run, EPROTO, "%zu pages were streamed, and %zu reclaimed: there is room; use a larger --size", done, (size_t)stolen);
	bench_count(run, SCANNED, after.scanned - before.scanned, stolen);
	bench_count(run, RECLAIM_BATCH, (free_most - free_least) / st->pages.page_bytes, 1);
	bench_count_siblings(run, SIBLING_LEFT);
	return 0;
}

static int latency(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	size_t first;
	int more = 1, ret = 0;

	while (more && !ret) {
		first = take_next(st, 1);
		bench_op_begin(run);
		ret = bench_pages_pread(&st->pages, first, 1);
		more = bench_op_end(run);
		bench_expect_majors(run, 0);
		ret = bench_brought(run, &st->pages, 1, ret);
	}
	return ret;
}

/* Lock all memory but --spare and what the kernel keeps free, and stream until the kernel has to reclaim. */
static int fill_machine(struct reclaim_pressure *st, struct bench_run *run)
{
	uint64_t bytes = free_bytes(), kept;
	struct bench_reclaimed before, now;
	void *ballast;
	int ret = bench_reclaimed(run, &before) ?: bench_kept_free(run, &kept);

	/* Teams of one boot live side by side: the first of them locks for all. */
	if (!ret && bytes > st->spare_bytes + kept) {
		bytes -= st->spare_bytes + kept;
		ballast = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (ballast == MAP_FAILED)
			return bench_errno(run, "map %zu bytes", (size_t)bytes);
		(void)!madvise(ballast, bytes, MADV_HUGEPAGE); /* faster */
		if (mlock(ballast, bytes))
			return bench_errno(run, "lock %zu bytes", (size_t)bytes);
	}
	for (now = before; !ret && now.stolen == before.stolen;)
		ret = bench_bring_in(run, &st->pages, take_next(st, st->nr), st->nr) ?: bench_reclaimed(run, &now);
	return ret;
}

static int share(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	int ret;

	if (bench_nr_workers(run) > 1)
		return bench_error(run, EINVAL, "reclaim_pressure has one worker: what several take back cannot be told apart");
	st->nr = st->bytes / bench_page_bytes(run);
	ret = bench_pages_make(run, BENCH_BACKED_FILE, "stream", FILE_BYTES / bench_page_bytes(run), 0, &st->pages);
	return ret ? ret : fill_machine(st, run);
}

const struct bench bench_reclaim_pressure = {
	.name = "reclaim_pressure",
	.summary = "bringing in pages while the whole machine is short of memory (guests only)",
	.about =
		"Locks all memory but --spare and streams a file through the rest: kswapd and direct reclaim make room.\n\n"
		"Reclaim of the machine walks all memcgs: shrink_node_memcgs(), or shrink_many() where the multi-generational LRU is on "
		"(mm/vmscan.c, Linux 6.12). --siblings makes more of them.\n\n"
		"stream is a mixture: reading, allocating, charging, direct reclaim, and with one CPU also what kswapd does meanwhile. A pass ends "
		"when about as many pages were taken as were brought in, to a sixteenth, which takes longer than a tick of the timer. What "
		"kswapd does while nobody streams is not timed. scanned is from pgscan and pgsteal in /proc/vmstat; reclaim-batch from sysinfo(2), every 64 pages. No I/O: the file is a hole.",
	.version = 2,
	BENCH_METRICS(
		BENCH_TIMED(STREAM, "stream", "page", "bringing in a page, and what of making room falls to it"),
		BENCH_COUNTED(SCANNED, "scanned", "pages", "page", "looked at for each page taken back"),
		BENCH_COUNTED(RECLAIM_BATCH, "reclaim-batch", "pages", "pass",
			      "that reclaim makes before it rests: free at the most, less free at the least"),
		BENCH_COUNTED(SIBLING_LEFT, "sibling-left", "pages", "memcg", "with --sibling-pages: that a sibling still holds")),
	BENCH_PARAMS(
		BENCH_SIZE(struct reclaim_pressure, bytes, "size", "8M", "2M", 1 << 18, 1ull << 32, "what a pass brings in at least"),
		BENCH_SIZE(struct reclaim_pressure, spare_bytes, "spare", "32M", NULL, 1 << 24, 1ull << 40,
			   "memory that is not locked, for pages to come and go; beyond vm.min_free_kbytes")),
	.needs = BENCH_NEEDS_DIR | BENCH_NEEDS_PROCESSES | BENCH_NEEDS_GUEST,
	.state_size = sizeof(struct reclaim_pressure),
	.share = share,
	.pass = pass,
	.latency = latency,
	.latency_metric = STREAM,
	BENCH_SUITE({.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "lru-gen=keep,off"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "lru-gen=keep,off siblings=30,100"}),
};
