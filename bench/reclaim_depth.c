// SPDX-License-Identifier: GPL-2.0-or-later
/* reclaim_depth - taking pages back: at a limit, and on demand. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum { METRIC_STREAM, METRIC_RECLAIM, METRIC_SCANNED, METRIC_OVER, METRIC_TAKEN, METRIC_ROOM, METRIC_HELD };
enum { WAY_MAX, WAY_HIGH, WAY_PROACTIVE, WAY_GLOBAL };
enum { PAGES_FILE, PAGES_ANON };
enum { LRU_GEN_KEEP, LRU_GEN_OFF, LRU_GEN_ON };

/* Usage that falls by less is no reclaim, but a page of the kernel's. Reclaim takes SWAP_CLUSTER_MAX, 32, at least. */
#define ROOM_LEAST 8

/* Of the file, or the mapping, each of @bytes: brought in and taken back, streamed, and until_room(). */
enum { PART_TAKEN, PART_STREAMED, PART_ROOM, PARTS };

struct pages {
	int fd;	   /* kind=file: a sparse file, a page of whose holes is clean and costs no I/O; -1: none */
	char *map; /* kind=anon: the memory; kind=file: the file, where it is mapped to look at it */
};

struct reclaim_depth {
	uint64_t way, level, pages, bytes, nr_siblings, sibling_pages, lru_gen; /* parameters */
	size_t page_bytes, nr_pages;
	struct pages own, siblings;
	struct bench_memcg *limited; /* whose limit is hit; NULL outside of child arms */
	int can_reclaim;	     /* way=proactive: this arm can */
	uint64_t asked, stolen;	     /* pages, since the last verify() */
	uint64_t reads;		     /* kind=file: of the last rep; 0: nobody counts them */
};

/* Bring in @nr of @pages from number @first: one byte of each is read from the file, or written to memory. */
static int bring_in(const struct reclaim_depth *st, const struct pages *pages, off_t first, size_t nr)
{
	volatile char *map = pages->map;
	const size_t step = st->page_bytes;
	off_t at = first * (off_t)step, end = at + (off_t)(nr * step);
	char byte;

	if (st->pages == PAGES_ANON)
		for (; at < end; at += (off_t)step)
			map[at] = 1;
	else
		for (; at < end; at += (off_t)step)
			if (pread(pages->fd, &byte, 1, at) != 1)
				return errno ? -errno : -EIO;
	return 0;
}

static int bring_in_failed(struct bench_run *run, int ret)
{
	return bench_error(run, -ret, "read the file: %s", strerror(-ret));
}

/* Of what a pass brought in, all that reclaim left. */
static int drop(const struct reclaim_depth *st, struct bench_run *run)
{
	int err;

	if (st->pages == PAGES_ANON)
		err = madvise(st->own.map, PARTS * st->bytes, MADV_DONTNEED) ? errno : 0;
	else
		err = posix_fadvise(st->own.fd, 0, (off_t)(PARTS * st->bytes), POSIX_FADV_DONTNEED);
	return err ? bench_error(run, err, "drop pages: %s", strerror(err)) : 0;
}

static enum bench_limit which(const struct reclaim_depth *st)
{
	return st->way == WAY_HIGH ? BENCH_LIMIT_HIGH : BENCH_LIMIT_MAX;
}

static int is_on_demand(const struct reclaim_depth *st)
{
	return st->way == WAY_PROACTIVE || st->way == WAY_GLOBAL;
}

/*
 * What the CPUs hold in stock is charged, and a lower limit gives it up first: one that is just missed leaves usage to be pages. Pages
 * go only if there was no stock.
 */
static int give_up_stock(const struct reclaim_depth *st, struct bench_run *run)
{
	uint64_t limit;
	int ret = bench_memcg_usage_less(run, st->limited, st->page_bytes, &limit);

	if (!ret)
		ret = bench_memcg_limit(run, st->limited, which(st), limit);
	return ret ? ret : bench_memcg_limit(run, st->limited, which(st), UINT64_MAX);
}

/* Ask for @bytes, timed. *ret_over, of a limit: bytes that usage is below it. */
static int ask(const struct reclaim_depth *st, struct bench_run *run, uint64_t bytes, uint64_t *ret_over)
{
	struct bench_memcg *memcg = st->limited ? st->limited : bench_memcg_home(run, bench_worker(run));
	uint64_t limit = 0, usage;
	int has_limit = !is_on_demand(st), ret = has_limit ? bench_memcg_usage_less(run, memcg, bytes, &limit) : 0;

	if (ret)
		return ret;
	bench_phase_begin(run, METRIC_RECLAIM);
	if (st->way == WAY_GLOBAL)
		ret = bench_machine_reclaim(run, bytes);
	else if (has_limit)
		ret = bench_memcg_limit(run, memcg, which(st), limit);
	else
		ret = bench_memcg_reclaim(run, memcg, bytes);
	bench_phase_end(run, METRIC_RECLAIM, 0);
	/* Less than was asked for: verify() tells whether it was much less. */
	if (ret == -EAGAIN)
		ret = 0;
	if (!ret && has_limit)
		ret = bench_memcg_usage(run, memcg, &usage);
	if (!ret && has_limit)
		*ret_over = usage < limit ? limit - usage : 0;
	return ret;
}

/* Take back half of the pages and one, so that who takes several at a time takes too many. */
static int take_back(struct reclaim_depth *st, struct bench_run *run)
{
	uint64_t asked = st->nr_pages / 2 + 1, stolen, over_bytes = 0;
	struct bench_reclaimed before, after;
	int ret = is_on_demand(st) ? 0 : give_up_stock(st, run);

	if (!ret)
		ret = bench_reclaimed(run, &before);
	if (!ret)
		ret = ask(st, run, asked * st->page_bytes, &over_bytes);
	if (!ret)
		ret = bench_reclaimed(run, &after);
	if (ret)
		return ret;
	stolen = after.stolen - before.stolen;
	if (is_on_demand(st))
		over_bytes = stolen > asked ? (stolen - asked) * st->page_bytes : 0;
	st->asked += asked;
	st->stolen += stolen;
	bench_phase_ops(run, METRIC_RECLAIM, stolen);
	bench_count(run, METRIC_SCANNED, after.scanned - before.scanned, stolen);
	bench_count(run, METRIC_OVER, over_bytes / st->page_bytes, 1);
	return 0;
}

/*
 * Bring pages in until one finds the limit full and makes room, and half as many as it made room for. Reclaim takes several at a time:
 * from here on, a number of pages that is a multiple of that pays for as many as it brings, and a page of the kernel's more or less is
 * no matter. From anywhere else it would be luck whether a stream pays for one reclaim more.
 */
static int until_room(const struct reclaim_depth *st, struct bench_run *run)
{
	uint64_t before, usage;
	size_t i, room = 0;
	int ret = bench_memcg_usage(run, st->limited, &usage), ret_in = 0;

	for (i = 0; !ret && !ret_in && room < ROOM_LEAST && i < st->nr_pages / 2; i++) {
		before = usage;
		ret_in = bring_in(st, &st->own, (off_t)(PART_ROOM * st->nr_pages + i), 1);
		ret = bench_memcg_usage(run, st->limited, &usage);
		room = usage < before ? (before - usage) / st->page_bytes : 0;
	}
	if (!ret && !ret_in && room >= ROOM_LEAST) {
		bench_count(run, METRIC_ROOM, room, 1);
		ret_in = bring_in(st, &st->own, (off_t)(PART_ROOM * st->nr_pages + i), room < st->nr_pages ? room / 2 : 0);
	}
	return ret_in ? bring_in_failed(run, ret_in) : ret;
}

/* Where there is a limit, it is full. */
static int stream(const struct reclaim_depth *st, struct bench_run *run)
{
	const size_t nr = st->nr_pages / 2;
	struct bench_reclaimed before, after;
	int ret = bench_reclaimed(run, &before), ret_in;

	if (ret)
		return ret;
	bench_phase_begin(run, METRIC_STREAM);
	ret_in = bring_in(st, &st->own, (off_t)(PART_STREAMED * st->nr_pages), nr);
	bench_phase_end(run, METRIC_STREAM, nr);
	ret = ret_in ? bring_in_failed(run, ret_in) : bench_reclaimed(run, &after);
	/* Without a limit a stream makes no room for itself. */
	if (!ret && !is_on_demand(st))
		bench_count(run, METRIC_TAKEN, after.stolen - before.stolen, nr);
	return ret;
}

/* What of their pages the siblings still hold. */
static void count_held(const struct reclaim_depth *st, struct bench_run *run)
{
	uint64_t bytes = st->nr_siblings * st->sibling_pages * st->page_bytes;

	bench_count(run, METRIC_HELD, bench_nr_resident(run, st->siblings.map, bytes), st->nr_siblings);
}

static int pass(struct reclaim_depth *st, struct bench_run *run)
{
	const int has_limit = st->limited && !is_on_demand(st);
	int ret = bring_in(st, &st->own, PART_TAKEN, st->nr_pages), ret_drop;

	if (ret)
		return bring_in_failed(run, ret);
	bench_expect(run, bench_memcg_home(run, bench_worker(run)), st->pages == PAGES_FILE ? BENCH_FILE : BENCH_ANON, (int64_t)st->nr_pages);
	bench_hold(run);
	if (has_limit || (is_on_demand(st) && st->can_reclaim))
		ret = take_back(st, run);
	if (!ret && st->siblings.map)
		count_held(st, run);
	if (!ret && has_limit)
		ret = until_room(st, run);
	if (!ret)
		ret = stream(st, run);
	if (!ret && has_limit)
		ret = bench_memcg_limit(run, st->limited, which(st), UINT64_MAX);
	ret_drop = drop(st, run);
	return ret ? ret : ret_drop;
}

/* Anonymous pages are proven by their faults. */
static int count_reads(const struct reclaim_depth *st, struct bench_run *run, uint64_t *ret_nr)
{
	int ret = st->pages == PAGES_FILE ? bench_nr_reads(run, ret_nr) : -ENODATA;

	return ret == -ENODATA ? 0 : ret;
}

static int reclaim_depth_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct reclaim_depth *st = state;
	uint64_t before = 0, after = 0;
	int ret = count_reads(st, run, &before);

	for (; !ret && passes; passes--)
		ret = pass(st, run);
	if (!ret)
		ret = count_reads(st, run, &after);
	st->reads = after - before;
	return ret;
}

static int reclaim_depth_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct reclaim_depth *st = state;
	uint64_t stolen = st->stolen, least = st->asked / 2, brought = evidence->passes * (st->nr_pages + st->nr_pages / 2);
	uint64_t seen = st->pages == PAGES_FILE ? st->reads : evidence->minflt + evidence->majflt;

	st->asked = st->stolen = 0;
	if (stolen < least)
		return bench_error(run, EPROTO, "of %llu pages to be reclaimed only %llu were: there were not as many, with a --limit or a limit "
						"above, or they are in use", (unsigned long long)(2 * least), (unsigned long long)stolen);
	if (seen && seen < brought)
		return bench_error(run, EPROTO, "brought in %llu pages by %llu %s", (unsigned long long)brought, (unsigned long long)seen,
				   st->pages == PAGES_FILE ? "calls of pread()" : "faults");
	return 0;
}

/* One op of the latency pass. With a limit it is wanted if the page had to make room: usage, *@usage before, fell. */
static int time_page(const struct reclaim_depth *st, struct bench_run *run, off_t page, uint64_t *usage, int *ret_more)
{
	uint64_t before = *usage;
	int ret;

	bench_op_begin(run);
	ret = bring_in(st, &st->own, page, 1);
	bench_op_stop(run);
	if (ret)
		return bring_in_failed(run, ret);
	if (before)
		ret = bench_memcg_usage(run, st->limited, usage);
	*ret_more = bench_op_take(run, !before || *usage < before);
	return ret;
}

/* With a limit, the pages that wait for reclaim, a stall each; without, every page. */
static int reclaim_depth_latency(void *state, struct bench_run *run)
{
	struct reclaim_depth *st = state;
	const int has_limit = st->limited && !is_on_demand(st);
	const off_t first = (off_t)(PART_STREAMED * st->nr_pages);
	uint64_t usage = 0;
	int more = 1, ret = 0;
	size_t i;

	while (more && !ret) {
		ret = bring_in(st, &st->own, 0, st->nr_pages);
		if (ret)
			return bring_in_failed(run, ret);
		if (has_limit)
			ret = bench_memcg_usage(run, st->limited, &usage);
		if (!ret && has_limit)
			ret = bench_memcg_limit(run, st->limited, which(st), usage);
		for (i = 0; !ret && more && i < st->nr_pages; i++)
			ret = time_page(st, run, first + (off_t)i, &usage, &more);
		if (!ret && has_limit)
			ret = bench_memcg_limit(run, st->limited, which(st), UINT64_MAX);
		if (!ret)
			ret = drop(st, run);
	}
	st->reads = 0;
	return ret;
}

static int make_pages(const struct reclaim_depth *st, struct bench_run *run, const char *name, size_t nr, struct pages *pages)
{
	if (!nr)
		return 0;
	if (st->pages == PAGES_FILE)
		return bench_sparse_file(run, name, nr * st->page_bytes, &pages->fd);
	pages->map = bench_small_pages(run, nr * st->page_bytes);
	return pages->map ? 0 : -ENOMEM;
}

/* Pages of a sibling are what was brought in from inside it; they stay until they are reclaimed. */
static int fill_sibling(void *state, struct bench_run *run, uint64_t index)
{
	const struct reclaim_depth *st = state;
	int ret = bring_in(st, &st->siblings, (off_t)(index * st->sibling_pages), st->sibling_pages);

	return ret ? bring_in_failed(run, ret) : 0;
}

static int watch_siblings(struct reclaim_depth *st, struct bench_run *run)
{
	const size_t nr = st->nr_siblings * st->sibling_pages;

	if (!nr || !bench_in_memcg(run) || st->pages == PAGES_ANON)
		return 0;
	st->siblings.map = mmap(NULL, nr * st->page_bytes, PROT_READ, MAP_SHARED, st->siblings.fd, 0);
	return st->siblings.map == MAP_FAILED ? bench_error(run, errno, "map %zu pages of siblings: %s", nr, strerror(errno)) : 0;
}

static int find_limited(struct reclaim_depth *st, struct bench_run *run)
{
	struct bench_memcg *memcg = bench_memcg_home(run, bench_worker(run));
	uint64_t i;

	if (!bench_in_memcg(run)) {
		/* Without its sentence: an arm that cannot has no reclaim to show, and that is all. */
		if (st->way == WAY_PROACTIVE)
			st->can_reclaim = bench_memcg_reclaim(run, memcg, 0) != -EOPNOTSUPP;
		else if (st->way == WAY_GLOBAL)
			st->can_reclaim = bench_machine_reclaim(run, 0) != -EOPNOTSUPP;
		return 0;
	}
	for (i = 0; memcg && i < st->level; i++)
		memcg = bench_memcg_parent(run, memcg);
	if (!memcg)
		return bench_error(run, EINVAL, "level=%llu is above what a child at this depth has: --depth=%llu or more",
				   (unsigned long long)st->level, (unsigned long long)st->level + 1);
	st->limited = memcg;
	st->can_reclaim = st->way != WAY_GLOBAL || bench_machine_reclaim(run, 0) != -EOPNOTSUPP;
	if (!st->can_reclaim)
		return bench_skip(run, "way=global: the root memcg has no memory.reclaim (cgroup v1, or a kernel older than 5.19)");
	if (st->way == WAY_HIGH && bench_memcg_limit(run, memcg, BENCH_LIMIT_HIGH, UINT64_MAX) == -EOPNOTSUPP)
		return bench_skip(run, "way=high: cgroup v1 has no limit of that kind");
	return 0;
}

static int reclaim_depth_share(void *state, struct bench_run *run)
{
	struct reclaim_depth *st = state;
	int ret = 0;

	st->own.fd = st->siblings.fd = -1;
	st->page_bytes = bench_page_bytes(run);
	st->nr_pages = st->bytes / st->page_bytes;
	st->bytes = st->nr_pages * st->page_bytes;
	if (st->lru_gen != LRU_GEN_KEEP)
		ret = bench_lru_gen(run, st->lru_gen == LRU_GEN_ON);
	if (!ret)
		ret = make_pages(st, run, "own", PARTS * st->nr_pages, &st->own);
	if (!ret && bench_in_memcg(run))
		ret = make_pages(st, run, "siblings", st->nr_siblings * st->sibling_pages, &st->siblings);
	return ret ? ret : bench_memcg_crowd(run, st->nr_siblings, st->sibling_pages ? fill_sibling : NULL, st);
}

static int reclaim_depth_setup(void *state, struct bench_run *run)
{
	struct reclaim_depth *st = state;
	int ret;

	if (bench_nr_workers(run) > 1)
		return bench_error(run, EINVAL, "reclaim_depth has one worker: what several take back cannot be told apart");
	ret = find_limited(st, run);
	if (!ret)
		ret = watch_siblings(st, run);
	/* Page tables and the file's tree, which are charged too, and stay. */
	if (!ret)
		ret = bring_in(st, &st->own, 0, PARTS * st->nr_pages);
	return ret ? ret : drop(st, run);
}

static void reclaim_depth_teardown(void *state, struct bench_run *run)
{
	struct reclaim_depth *st = state;

	(void)run;
	if (st->own.fd >= 0)
		close(st->own.fd);
	if (st->siblings.fd >= 0)
		close(st->siblings.fd);
}

static const struct bench_metric metrics[] = {
	{.name = "stream", .op = "page", .help = "bringing in a page: where there is a limit, it is full, and the page has to make room"},
	{.name = "reclaim", .op = "page",
	 .help = "a page taken back by a write to memory.max, memory.high or memory.reclaim"},
	{.name = "scanned", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "looked at for each page taken back"},
	{.name = "over", .op = "write", .kind = BENCH_COUNT, .unit = "pages", .help = "taken back beyond what was asked for"},
	{.name = "taken", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "taken back for each page of stream"},
	{.name = "room", .op = "page", .kind = BENCH_COUNT, .unit = "pages",
	 .help = "free below the limit when one page had to make room for itself"},
	{.name = "held", .op = "memcg", .kind = BENCH_COUNT, .unit = "pages", .help = "with --sibling-pages: that a sibling still holds"},
};

#define FIELD(name) BENCH_FIELD(struct reclaim_depth, name)

static const struct bench_param params[] = {
	{.name = "way", .type = BENCH_PARAM_ENUM, .def = "max", .offset = FIELD(way),
	 .choices = (const char *const[]){"max", "high", "proactive", "global", NULL},
	 .choice_needs = (const unsigned int[]){0, 0, 0, BENCH_NEEDS_GUEST},
	 .help = "memory.max, memory.high, memory.reclaim (on v1 memory.force_empty), or that of the root memcg (in guests only)"},
	{.name = "level", .type = BENCH_PARAM_UINT, .def = "0", .unit = "levels", .min = 0, .max = 63, .offset = FIELD(level),
	 .help = "how far above the worker's memcg the limit is; less than --depth"},
	{.name = "kind", .type = BENCH_PARAM_ENUM, .def = "file", .offset = FIELD(pages),
	 .choices = (const char *const[]){"file", "anon", NULL},
	 .choice_needs = (const unsigned int[]){BENCH_NEEDS_DIR, BENCH_NEEDS_SWAP},
	 .help = "clean pages of a file in --dir, or anonymous ones, that go to swap"},
	{.name = "size", .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = "8M", .insn_def = "2M", .min = 1 << 18, .max = 1ull << 36,
	 .offset = FIELD(bytes), .help = "what is brought in; half of it is taken back, and as much streamed"},
	{.name = "siblings", .type = BENCH_PARAM_UINT, .unit = "memcgs", .def = "0", .min = 0, .max = 10000,
	 .offset = FIELD(nr_siblings), .help = "memcgs beside that of the worker"},
	{.name = "sibling-pages", .type = BENCH_PARAM_UINT, .unit = "pages", .def = "0", .min = 0, .max = 1 << 20,
	 .offset = FIELD(sibling_pages), .help = "pages that each of them holds, until they are reclaimed; 0: idle"},
	{.name = "lru-gen", .type = BENCH_PARAM_ENUM, .def = "keep", .offset = FIELD(lru_gen),
	 .choices = (const char *const[]){"keep", "off", "on", NULL}, .help = "the multi-generational LRU (guests only)"},
};

const struct bench bench_reclaim_depth = {
	.name = "reclaim_depth",
	.summary = "reclaim at a limit, on demand, and of the whole machine on demand",
	.about =
		"Brings pages in, takes half of them back by setting a limit below the usage (or by asking for it), and brings in as "
		"many again while the limit is full. With way=global the root memcg is asked, and whoever has pages may lose them.\n\n"
		"A charge that hits a limit reclaims from the memcg of that limit and all below it: try_charge_memcg() calls "
		"try_to_free_mem_cgroup_pages() for the page_counter that failed; for memory.high that is reclaim_high(), on the way back to "
		"user space; a write to the files loops in memory_max_write(), memory_high_write() and memory_reclaim() (mm/memcontrol.c). "
		"All end in shrink_node(), as direct reclaim and kswapd do, which walks the memcgs with shrink_node_memcgs(), or with "
		"shrink_many() where the multi-generational LRU is on and the machine is short (mm/vmscan.c, Linux 6.12).\n\n"
		"stream is the whole op: a read or a fault, allocating, charging, and what of reclaim falls to it; root and off bring in the same "
		"pages without a limit. Its latency, in a child at a limit, is that of the pages that had to make room: a direct-reclaim stall each. "
		"reclaim is the system call by the pages it took. scanned and over are counts of events, "
		"from pgscan and pgsteal in /proc/vmstat (on a live machine with whatever else is reclaimed meanwhile) and from the usage. "
		"On v1 proactive takes all there is, so that over shows the rest. "
		"No I/O: file pages are holes, swap is compressed memory.",
	.version = 2,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct reclaim_depth),
	.share = reclaim_depth_share,
	.setup = reclaim_depth_setup,
	.run = reclaim_depth_run,
	.verify = reclaim_depth_verify,
	.latency = reclaim_depth_latency,
	.latency_metric = METRIC_STREAM,
	.teardown = reclaim_depth_teardown,
};
