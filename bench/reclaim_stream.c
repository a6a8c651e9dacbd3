// SPDX-License-Identifier: GPL-2.0-or-later
/* reclaim_stream - bringing in pages while the limit is full: each has to make room for itself. */
#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { STREAM, TAKEN, RECLAIM_BATCH };
enum { WAY_MAX, WAY_HIGH, WAY_NONE };
enum { KIND_FILE, KIND_ANON };

/* Usage that falls by less is no reclaim, but a page of the kernel's. Reclaim takes SWAP_CLUSTER_MAX, 32, at least. */
#define BATCH_LEAST 8

/* Of the pages: what fills the limit, what is streamed, and until_reclaim(); each as many. */
enum { PART_FILL, PART_STREAM, PART_BATCH, PARTS };

struct reclaim_stream {
	uint64_t way, level, kind, bytes; /* parameters */
	struct bench_pages pages;
	size_t nr;		     /* of each part */
	struct bench_memcg *limited; /* whose limit is full; NULL outside of child arms, and with way=none */
};

static int set_limit(const struct reclaim_stream *st, struct bench_run *run, uint64_t bytes)
{
	return bench_memcg_limit(run, st->limited, st->way == WAY_HIGH ? BENCH_LIMIT_HIGH : BENCH_LIMIT_MAX, bytes);
}

/* A limit below what is there: half of it goes, and it is full. */
static int fill_limit(const struct reclaim_stream *st, struct bench_run *run)
{
	uint64_t limit;
	int ret = bench_memcg_usage_less(run, st->limited, (st->nr / 2 + 1) * st->pages.page_bytes, &limit);

	return ret ? ret : set_limit(st, run, limit);
}

/*
 * Bring pages in until one finds the limit full and makes room, and half as many as it made room for. Reclaim takes several at a time:
 * from here on, a number of pages that is a multiple of that pays for as many as it brings, and a page of the kernel's more or less is
 * no matter. From anywhere else it would be luck whether a stream pays for one reclaim more.
 */
static int until_reclaim(const struct reclaim_stream *st, struct bench_run *run)
{
	const size_t first = PART_BATCH * st->nr;
	uint64_t before, usage;
	size_t i, batch = 0;
	int ret = bench_memcg_usage(run, st->limited, &usage);

	for (i = 0; !ret && batch < BATCH_LEAST && i < st->nr / 2; i++) {
		before = usage;
		ret = bench_bring_in(run, &st->pages, first + i, 1) ?: bench_memcg_usage(run, st->limited, &usage);
		batch = usage < before ? (before - usage) / st->pages.page_bytes : 0;
	}
	if (ret || batch < BATCH_LEAST)
		return ret;
	bench_count(run, RECLAIM_BATCH, batch, 1);
	return bench_bring_in(run, &st->pages, first + i, batch < st->nr ? batch / 2 : 0);
}

/* Where there is a limit, it is full. */
static int stream(const struct reclaim_stream *st, struct bench_run *run)
{
	const size_t nr = st->nr / 2;
	struct bench_reclaimed before, after;
	int ret = bench_reclaimed(run, &before);

	if (ret)
		return ret;
	bench_phase_begin(run, STREAM);
	ret = bench_pages_bring_in(&st->pages, PART_STREAM * st->nr, nr);
	bench_phase_end(run, STREAM, nr);
	ret = bench_brought(run, &st->pages, nr, ret) ?: bench_reclaimed(run, &after);
	if (!ret)
		bench_count(run, TAKEN, after.stolen - before.stolen, nr);
	return ret;
}

static int pass(void *state, struct bench_run *run)
{
	const struct reclaim_stream *st = state;
	int ret = bench_bring_in(run, &st->pages, PART_FILL, st->nr);

	if (ret)
		return ret;
	bench_expect(run, bench_memcg_mine(run), st->kind == KIND_FILE ? BENCH_FILE : BENCH_ANON, (int64_t)st->nr);
	bench_hold(run);
	if (st->limited)
		ret = fill_limit(st, run) ?: until_reclaim(st, run);
	if (!ret)
		ret = stream(st, run);
	if (!ret && st->limited)
		ret = set_limit(st, run, UINT64_MAX);
	return ret ? ret : bench_pages_drop(run, &st->pages);
}

/* One op of the latency pass. With a limit it is wanted if the page had to make room: usage, *@usage before, fell. */
static int time_page(const struct reclaim_stream *st, struct bench_run *run, size_t page, uint64_t *usage, int *ret_more)
{
	uint64_t before = *usage;
	int ret;

	bench_op_begin(run);
	ret = bench_pages_bring_in(&st->pages, page, 1);
	bench_op_stop(run);
	ret = bench_brought(run, &st->pages, 1, ret);
	if (!ret && before)
		ret = bench_memcg_usage(run, st->limited, usage);
	*ret_more = bench_op_take(run, !before || *usage < before);
	return ret;
}

/* With a limit, the pages that wait for reclaim, a stall each; without, every page. */
static int latency(void *state, struct bench_run *run)
{
	const struct reclaim_stream *st = state;
	uint64_t usage = 0;
	int more = 1, ret = 0;
	size_t i;

	while (more && !ret) {
		ret = bench_bring_in(run, &st->pages, PART_FILL, st->nr);
		if (!ret && st->limited)
			ret = bench_memcg_usage(run, st->limited, &usage) ?: set_limit(st, run, usage);
		for (i = 0; !ret && more && i < st->nr; i++)
			ret = time_page(st, run, PART_STREAM * st->nr + i, &usage, &more);
		if (!ret && st->limited)
			ret = set_limit(st, run, UINT64_MAX);
		if (!ret)
			ret = bench_pages_drop(run, &st->pages);
	}
	return ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct reclaim_stream *st = state;
	int ret = st->way == WAY_NONE ? 0 : bench_memcg_above(run, st->level, &st->limited);

	if (ret)
		return ret;
	if (st->way == WAY_NONE && st->level)
		return bench_error(run, EINVAL, "way=none: there is no limit, and no level that it has: without --level");
	if (bench_nr_workers(run) > 1)
		return bench_error(run, EINVAL, "reclaim_stream has one worker: what several take back cannot be told apart");
	if (st->limited && set_limit(st, run, UINT64_MAX) == -EOPNOTSUPP)
		return bench_skip(run, "way=high: cgroup v1 has no limit of that kind");
	st->nr = st->bytes / bench_page_bytes(run);
	ret = bench_pages_make(run, st->kind == KIND_FILE ? BENCH_BACKED_FILE : BENCH_BACKED_ANON, "own", PARTS * st->nr, 0, &st->pages);
	/* Page tables and the file's tree, which are charged too, and stay. */
	return ret ?: bench_bring_in(run, &st->pages, 0, PARTS * st->nr) ?: bench_pages_drop(run, &st->pages);
}

const struct bench bench_reclaim_stream = {
	.name = "reclaim_stream",
	.summary = "bringing in pages while the limit is full",
	.about =
		"Fills a limit, and brings in as many pages as fill half of it again: each has to make room for itself, or finds what the one "
		"before made.\n\n"
		"A charge that hits a limit reclaims from the memcg of that limit and all below it: try_charge_memcg() calls "
		"try_to_free_mem_cgroup_pages() for the page_counter that failed; for memory.high that is reclaim_high(), on the way back to "
		"user space (mm/memcontrol.c, Linux 6.12). Reclaim takes several pages at a time.\n\n"
		"stream is the whole op: a read or a fault, allocating, charging, and what of reclaim falls to it; root and off bring in the same "
		"pages without a limit, and so does a child with way=none: what max costs more is reclaim. Its latency, in a child, is that of the "
		"pages that had to make room: a direct-reclaim stall each. taken is from pgsteal in /proc/vmstat, reclaim-batch from the usage. No "
		"I/O: file pages are holes, swap is compressed memory.",
	.version = 1,
	BENCH_METRICS(
		BENCH_TIMED(STREAM, "stream", "page", "bringing in a page: where there is a limit, it is full, and the page has to make room"),
		BENCH_COUNTED(TAKEN, "taken", "pages", "page", "taken back for each page of stream"),
		BENCH_COUNTED(RECLAIM_BATCH, "reclaim-batch", "pages", "reclaim", "free below the limit when one page had to make room for itself")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct reclaim_stream, way, "way", "max", "memory.max, memory.high, or no limit: charging alone", BENCH_OF("max", "high", "none")),
		BENCH_NUMBER(struct reclaim_stream, level, "level", "levels", "0", NULL, 0, 63,
			     "how far above the worker's memcg the limit is; less than --depth"),
		BENCH_CHOICE(struct reclaim_stream, kind, "kind", "file", "clean pages of a file in --dir, or anonymous ones, that go to swap",
			     BENCH_OF("file", "anon"), BENCH_NEEDING(BENCH_NEEDS_DIR, BENCH_NEEDS_SWAP)),
		BENCH_SIZE(struct reclaim_stream, bytes, "size", "8M", "2M", 1 << 18, 1ull << 36,
			   "what is brought in before; half as much fits the limit, and is streamed")),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct reclaim_stream),
	.setup = setup,
	.pass = pass,
	.latency = latency,
	.latency_metric = STREAM,
	BENCH_SUITE({.suites = BENCH_BOTH},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "lru-gen=off"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "way=high,none"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "kind=anon lru-gen=keep,off"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "level=0,1,2,3", .depth = "4"},
		    {.suites = BENCH_FULL, .where = BENCH_GUESTS, .params = "siblings=100,1000"}),
};
