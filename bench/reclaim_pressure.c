// SPDX-License-Identifier: GPL-2.0-or-later
/* reclaim_pressure - bringing in pages of a file while the whole machine is short of memory. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bench.h"

enum { METRIC_STREAM, METRIC_SCANNED, METRIC_ROOM, METRIC_HELD };
enum { LRU_GEN_KEEP, LRU_GEN_OFF, LRU_GEN_ON };

/* Pages between two looks at what is free. */
#define STEP 64
/* Of the sparse file; nothing streams as far. ext4 with blocks of 1 KiB ends at 16 GiB. */
#define FILE_BYTES (15ull << 30)

struct reclaim_pressure {
	uint64_t bytes, nr_siblings, sibling_pages, lru_gen, spare_bytes; /* parameters */
	size_t page_bytes, nr_pages;
	int fd, sibling_fd; /* sparse files: reading a hole gives a clean page without I/O */
	void *sibling_map;  /* to look at what they hold; NULL: nothing */
	size_t next;	 /* page that was not read yet */
	uint64_t streamed, stolen; /* since the last verify() */
};

/* From page @first on, one byte of each. */
static int read_pages(const struct reclaim_pressure *st, int fd, size_t first, size_t nr)
{
	const off_t step = (off_t)st->page_bytes;
	off_t at = (off_t)first * step, end = at + (off_t)nr * step;
	char byte;

	for (; at < end; at += step)
		if (pread(fd, &byte, 1, at) != 1)
			return errno ? -errno : -EIO;
	return 0;
}

/* What lies that far back was reclaimed long ago. */
static size_t take_next(struct reclaim_pressure *st, size_t nr)
{
	size_t first = st->next + nr <= FILE_BYTES / st->page_bytes ? st->next : 0;

	st->next = first + nr;
	return first;
}

static int read_failed(struct bench_run *run, int ret)
{
	return bench_error(run, -ret, "read the file: %s", strerror(-ret));
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

/* What of their pages the siblings still hold. */
static void count_held(const struct reclaim_pressure *st, struct bench_run *run)
{
	uint64_t bytes = st->nr_siblings * st->sibling_pages * st->page_bytes;

	bench_count(run, METRIC_HELD, bench_nr_resident(run, st->sibling_map, bytes), st->nr_siblings);
}

/*
 * kswapd sleeps until free memory is below one mark, and then takes until it is above another. A pass goes on, from one time that
 * it was seen to have taken pages to another, until about as many were taken as were brought in.
 */
static int pass(struct reclaim_pressure *st, struct bench_run *run)
{
	uint64_t free_before, free_now = free_bytes(), free_least = free_now, free_most = free_now;
	struct bench_reclaimed before, after;
	int ret = bench_reclaimed(run, &before), ret_read, is_over = 0;
	size_t done = 0, first;

	while (!ret && !is_over) {
		free_before = free_now;
		first = take_next(st, STEP);
		bench_phase_begin(run, METRIC_STREAM);
		ret_read = read_pages(st, st->fd, first, STEP);
		bench_phase_end(run, METRIC_STREAM, STEP);
		if (ret_read)
			return read_failed(run, ret_read);
		done += STEP;
		free_now = free_bytes();
		free_least = free_now < free_least ? free_now : free_least;
		free_most = free_now > free_most ? free_now : free_most;
		is_over = done >= 16 * st->nr_pages;
		if (!is_over && (done < st->nr_pages || free_now <= free_before))
			continue;
		ret = bench_reclaimed(run, &after);
		is_over |= !ret && is_balanced(done, after.stolen - before.stolen);
	}
	/* No bench_hold(): nobody can tell how much of what came is still there. */
	if (ret)
		return ret;
	st->streamed += done;
	st->stolen += after.stolen - before.stolen;
	bench_count(run, METRIC_SCANNED, after.scanned - before.scanned, after.stolen - before.stolen);
	bench_count(run, METRIC_ROOM, (free_most - free_least) / st->page_bytes, 1);
	if (st->sibling_map)
		count_held(st, run);
	return 0;
}

static int reclaim_pressure_run(void *state, struct bench_run *run, uint64_t passes)
{
	int ret = 0;

	for (; !ret && passes; passes--)
		ret = pass(state, run);
	return ret;
}

static int reclaim_pressure_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct reclaim_pressure *st = state;
	uint64_t streamed = st->streamed, stolen = st->stolen;

	(void)evidence;
	st->streamed = st->stolen = 0;
	/* A pass ends at about as many, but for one that finds no end. */
	if (stolen < streamed / 2)
		return bench_error(run, EPROTO, "%llu pages were streamed, and %llu reclaimed: there is room; use a larger --size",
				   (unsigned long long)streamed, (unsigned long long)stolen);
	return 0;
}

static int reclaim_pressure_latency(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	size_t first;
	int more = 1, ret = 0;

	while (more && !ret) {
		first = take_next(st, 1);
		bench_op_begin(run);
		ret = read_pages(st, st->fd, first, 1);
		more = bench_op_end(run);
	}
	return ret ? read_failed(run, ret) : 0;
}

/* Lock all memory but --spare and what the kernel keeps free, and stream until the kernel has to reclaim. */
static int fill_machine(struct reclaim_pressure *st, struct bench_run *run)
{
	uint64_t bytes = free_bytes(), kept;
	struct bench_reclaimed before, now;
	void *ballast;
	int ret = bench_reclaimed(run, &before), ret_read;

	if (!ret)
		ret = bench_kept_free(run, &kept);
	/* Teams of one boot live side by side: the first of them locks for all. */
	if (!ret && bytes > st->spare_bytes + kept) {
		bytes -= st->spare_bytes + kept;
		ballast = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (ballast == MAP_FAILED)
			return bench_error(run, errno, "map %llu bytes: %s", (unsigned long long)bytes, strerror(errno));
		(void)!madvise(ballast, bytes, MADV_HUGEPAGE); /* faster */
		if (mlock(ballast, bytes))
			return bench_error(run, errno, "lock %llu bytes: %s", (unsigned long long)bytes, strerror(errno));
	}
	for (now = before; !ret && now.stolen == before.stolen;) {
		ret_read = read_pages(st, st->fd, take_next(st, st->nr_pages), st->nr_pages);
		if (ret_read)
			return read_failed(run, ret_read);
		ret = bench_reclaimed(run, &now);
	}
	return ret;
}

/* Pages of a sibling are what was brought in from inside it; they stay until they are reclaimed. */
static int fill_sibling(void *state, struct bench_run *run, uint64_t index)
{
	const struct reclaim_pressure *st = state;
	int ret = read_pages(st, st->sibling_fd, index * st->sibling_pages, st->sibling_pages);

	return ret ? read_failed(run, ret) : 0;
}

static int reclaim_pressure_share(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	uint64_t sibling_bytes;
	int ret = 0;

	st->fd = st->sibling_fd = -1;
	st->page_bytes = bench_page_bytes(run);
	st->nr_pages = st->bytes / st->page_bytes;
	sibling_bytes = st->nr_siblings * st->sibling_pages * st->page_bytes;
	if (st->lru_gen != LRU_GEN_KEEP)
		ret = bench_lru_gen(run, st->lru_gen == LRU_GEN_ON);
	if (!ret)
		ret = bench_sparse_file(run, "stream", FILE_BYTES, &st->fd);
	if (!ret && sibling_bytes && bench_in_memcg(run))
		ret = bench_sparse_file(run, "siblings", sibling_bytes, &st->sibling_fd);
	if (!ret)
		ret = bench_memcg_crowd(run, st->nr_siblings, st->sibling_pages ? fill_sibling : NULL, st);
	return ret ? ret : fill_machine(st, run);
}

static int reclaim_pressure_setup(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;
	size_t bytes = st->nr_siblings * st->sibling_pages * st->page_bytes;

	if (bench_nr_workers(run) > 1)
		return bench_error(run, EINVAL, "reclaim_pressure has one worker: what several take back cannot be told apart");
	if (st->sibling_fd < 0)
		return 0;
	st->sibling_map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, st->sibling_fd, 0);
	if (st->sibling_map != MAP_FAILED)
		return 0;
	st->sibling_map = NULL;
	return bench_error(run, errno, "map %zu bytes of siblings: %s", bytes, strerror(errno));
}

static void reclaim_pressure_teardown(void *state, struct bench_run *run)
{
	struct reclaim_pressure *st = state;

	(void)run;
	if (st->fd >= 0)
		close(st->fd);
	if (st->sibling_fd >= 0)
		close(st->sibling_fd);
}

static const struct bench_metric metrics[] = {
	{.name = "stream", .op = "page", .help = "bringing in a page, and what of making room falls to it"},
	{.name = "scanned", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "looked at for each page taken back"},
	{.name = "room", .op = "pass", .kind = BENCH_COUNT, .unit = "pages",
	 .help = "that reclaim makes before it rests: free at the most, less free at the least"},
	{.name = "held", .op = "memcg", .kind = BENCH_COUNT, .unit = "pages", .help = "with --sibling-pages: that a sibling still holds"},
};

#define FIELD(name) BENCH_FIELD(struct reclaim_pressure, name)

static const struct bench_param params[] = {
	{.name = "size", .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = "8M", .insn_def = "2M", .min = 1 << 18, .max = 1ull << 32,
	 .offset = FIELD(bytes), .help = "what a pass brings in at least"},
	{.name = "siblings", .type = BENCH_PARAM_UINT, .unit = "memcgs", .def = "0", .min = 0, .max = 10000,
	 .offset = FIELD(nr_siblings), .help = "memcgs beside that of the worker"},
	{.name = "sibling-pages", .type = BENCH_PARAM_UINT, .unit = "pages", .def = "0", .min = 0, .max = 1 << 20,
	 .offset = FIELD(sibling_pages), .help = "pages that each of them holds, until they are reclaimed; 0: idle"},
	{.name = "lru-gen", .type = BENCH_PARAM_ENUM, .def = "keep", .offset = FIELD(lru_gen),
	 .choices = (const char *const[]){"keep", "off", "on", NULL}, .help = "the multi-generational LRU"},
	{.name = "spare", .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = "32M", .min = 1 << 24, .max = 1ull << 40,
	 .offset = FIELD(spare_bytes), .help = "memory that is not locked, for pages to come and go; beyond vm.min_free_kbytes"},
};

const struct bench bench_reclaim_pressure = {
	.name = "reclaim_pressure",
	.summary = "bringing in pages while the whole machine is short of memory (guests only)",
	.about =
		"Locks all memory but --spare and streams a file through the rest: kswapd and direct reclaim make room.\n\n"
		"Reclaim of the machine walks all memcgs: shrink_node_memcgs(), or shrink_many() where the multi-generational LRU is on "
		"(mm/vmscan.c, Linux 6.12). siblings makes more of them.\n\n"
		"stream is a mixture: reading, allocating, charging, direct reclaim, and with one CPU also what kswapd does meanwhile. A pass ends "
		"when about as many pages were taken as were brought in, to a sixteenth, which takes longer than a tick of the timer. What "
		"kswapd does while nobody streams is not timed. scanned is from pgscan and pgsteal in /proc/vmstat; room from sysinfo(2), every 64 pages. No I/O: the file is a hole.",
	.version = 2,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.needs = BENCH_NEEDS_DIR | BENCH_NEEDS_PROCESSES | BENCH_NEEDS_GUEST,
	.state_size = sizeof(struct reclaim_pressure),
	.share = reclaim_pressure_share,
	.setup = reclaim_pressure_setup,
	.run = reclaim_pressure_run,
	.verify = reclaim_pressure_verify,
	.latency = reclaim_pressure_latency,
	.latency_metric = METRIC_STREAM,
	.teardown = reclaim_pressure_teardown,
};
