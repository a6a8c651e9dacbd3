// SPDX-License-Identifier: GPL-2.0-or-later
/* pagecache_share - one memcg brings a file in, others use the same pages: who pays, and how long. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum {
	METRIC_FIRST, METRIC_FOLLOW_READ, METRIC_FOLLOW_MAP, METRIC_REMOVE,
	METRIC_OWNER, METRIC_FOLLOWER, METRIC_REFAULT, METRIC_PARENT, METRIC_HEIR,
};
enum { BACKING_SHMEM, BACKING_DIR };

struct pagecache_share {
	uint64_t backing, bytes; /* parameters */
	size_t page_bytes, nr_pages;
	int fd;		/* twice @bytes: the second half is of a memcg that is removed */
	char *map;	/* the first half */
	uint64_t wanted, found; /* followers: pages that had to be there, and were, since the last verify() */
	uint64_t read, reads;	/* pages read since then, and calls of the last rep that read; 0: nobody counts them */
	uint64_t evicted;	/* by the last limit, as this worker found it */
};

static int is_owner(const struct bench_run *run)
{
	return bench_worker(run) == 0;
}

/* The first to touch a page. A read of a hole in shared memory would give the zero page: it is written. */
static int bring_in(const struct pagecache_share *st, struct bench_run *run, off_t first)
{
	off_t at = first * (off_t)st->page_bytes, end = at + (off_t)st->bytes;
	char byte = 1;
	ssize_t n = 1;

	for (; n == 1 && at < end; at += (off_t)st->page_bytes)
		n = st->backing == BACKING_SHMEM ? pwrite(st->fd, &byte, 1, at) : pread(st->fd, &byte, 1, at);
	return n == 1 ? 0 : bench_error(run, n < 0 ? errno : EIO, "touch the file: %s", n < 0 ? strerror(errno) : "it ends");
}

static int read_all(struct pagecache_share *st, struct bench_run *run, off_t first)
{
	off_t at = first * (off_t)st->page_bytes, end = at + (off_t)st->bytes;
	char byte;
	ssize_t n = 1;

	for (; n == 1 && at < end; at += (off_t)st->page_bytes)
		n = pread(st->fd, &byte, 1, at);
	st->read += st->nr_pages;
	return n == 1 ? 0 : bench_error(run, n < 0 ? errno : EIO, "read the file: %s", n < 0 ? strerror(errno) : "it ends");
}

static void fault_all(const struct pagecache_share *st)
{
	volatile const char *map = st->map;
	size_t i;

	for (i = 0; i < st->bytes; i += st->page_bytes)
		(void)map[i];
}

static int unmap_all(const struct pagecache_share *st, struct bench_run *run)
{
	/* Of a shared mapping, this takes the page table's entries and leaves the pages. */
	return madvise(st->map, st->bytes, MADV_DONTNEED) ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
}

/* Both halves are gone, for whoever they were charged to. */
static int drop(const struct pagecache_share *st, struct bench_run *run)
{
	int err;

	if (st->backing == BACKING_SHMEM)
		err = fallocate(st->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)(2 * st->bytes)) ? errno : 0;
	else
		err = posix_fadvise(st->fd, 0, 0, POSIX_FADV_DONTNEED);
	return err ? bench_error(run, err, "drop the file's pages: %s", strerror(err)) : 0;
}

/* What @memcg was charged beyond @before, for @ops pages. A page that was uncharged is none that was charged. */
static int count_charged(struct bench_run *run, struct bench_memcg *memcg, size_t metric, int64_t before, uint64_t ops)
{
	int64_t now = before;
	int ret = bench_memcg_pages(run, memcg, "file", &now);

	if (!ret)
		bench_count(run, metric, now > before ? (uint64_t)(now - before) : 0, ops);
	return ret;
}

/* First touch, then the others; @look: and who was charged. */
static int share_round(struct pagecache_share *st, struct bench_run *run, int look)
{
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run));
	int64_t before;
	int ret = look ? bench_memcg_pages(run, home, "file", &before) : 0;

	if (!ret && is_owner(run)) {
		bench_phase_begin(run, METRIC_FIRST);
		ret = bring_in(st, run, 0);
		bench_phase_end(run, METRIC_FIRST, st->nr_pages);
	} else if (!ret) {
		st->wanted += st->nr_pages;
		st->found += bench_nr_resident(run, st->map, st->bytes);
		bench_phase_begin(run, METRIC_FOLLOW_READ);
		ret = read_all(st, run, 0);
		bench_phase_end(run, METRIC_FOLLOW_READ, st->nr_pages);
		bench_phase_begin(run, METRIC_FOLLOW_MAP);
		fault_all(st);
		bench_phase_end(run, METRIC_FOLLOW_MAP, st->nr_pages);
		if (!ret)
			ret = unmap_all(st, run);
	}
	if (!ret && look)
		ret = count_charged(run, home, is_owner(run) ? METRIC_OWNER : METRIC_FOLLOWER, before, st->nr_pages);
	return ret;
}

/* The owner's limit takes 7 of 8 of its pages; who reads them again? */
static int refault_round(struct pagecache_share *st, struct bench_run *run, int look)
{
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run));
	uint64_t usage, evict_bytes = st->bytes / 8 * 7;
	int64_t before;
	int ret;

	if (is_owner(run)) {
		ret = bench_memcg_usage(run, home, &usage);
		if (!ret)
			ret = bench_memcg_limit(run, home, BENCH_LIMIT_MAX, usage > evict_bytes ? usage - evict_bytes : usage);
		/* v1 gives up where v2 tries on: what it took is enough. */
		if (!ret || ret == -EBUSY)
			ret = bench_memcg_limit(run, home, BENCH_LIMIT_MAX, UINT64_MAX);
		return ret;
	}
	st->evicted = st->nr_pages - bench_nr_resident(run, st->map, st->bytes);
	ret = look ? bench_memcg_pages(run, home, "file", &before) : 0;
	if (!ret)
		ret = read_all(st, run, 0);
	if (!ret && look && st->evicted)
		ret = count_charged(run, home, METRIC_REFAULT, before, st->evicted);
	return ret;
}

/* The owner brings the second half in from a memcg that it then removes. */
static int remove_round(struct pagecache_share *st, struct bench_run *run, int look)
{
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run)), *parent = bench_memcg_parent(run, home), *doomed;
	int64_t before;
	int ret;

	if (!is_owner(run)) {
		ret = look ? bench_memcg_pages(run, home, "file", &before) : 0;
		if (!ret)
			ret = read_all(st, run, (off_t)st->nr_pages);
		return !ret && look ? count_charged(run, home, METRIC_HEIR, before, st->nr_pages) : ret;
	}
	ret = look && parent ? bench_memcg_pages(run, parent, "file", &before) : 0;
	if (!ret)
		ret = bench_memcg_make(run, &doomed);
	if (!ret)
		ret = bench_memcg_enter(run, doomed);
	if (!ret)
		ret = bring_in(st, run, (off_t)st->nr_pages);
	if (!ret)
		ret = bench_memcg_enter(run, home);
	if (ret)
		return ret;
	bench_phase_begin(run, METRIC_REMOVE);
	ret = bench_memcg_remove(run, doomed);
	bench_phase_end(run, METRIC_REMOVE, 1);
	return !ret && look && parent ? count_charged(run, parent, METRIC_PARENT, before, st->nr_pages) : ret;
}

static int pass(struct pagecache_share *st, struct bench_run *run, int is_last)
{
	/* Looking costs more than the work: once a rep. */
	int in_memcg = bench_in_memcg(run), look = in_memcg && is_last, ret;

	bench_turn_begin(run);
	ret = share_round(st, run, look);
	bench_turn_end(run);
	if (ret)
		return ret;
	if (is_owner(run))
		bench_expect(run, bench_memcg_home(run, 0), st->backing == BACKING_SHMEM ? BENCH_SHMEM : BENCH_FILE, (int64_t)st->nr_pages);
	bench_hold(run);
	bench_turn_begin(run);
	/* Pages of shared memory would go to swap, and stay whose they were. */
	ret = in_memcg && st->backing == BACKING_DIR ? refault_round(st, run, look) : 0;
	bench_turn_end(run);
	if (ret)
		return ret;
	bench_turn_begin(run);
	ret = in_memcg ? remove_round(st, run, look) : 0;
	bench_turn_end(run);
	if (ret)
		return ret;
	bench_barrier(run);
	/* Whoever is ahead waits for its turn in the next pass, which is after this. */
	return is_owner(run) ? drop(st, run) : 0;
}

/* All but the first touch of shared memory, whose pages the others find. */
static int count_reads(struct bench_run *run, uint64_t *ret_nr)
{
	int ret = bench_nr_reads(run, ret_nr);

	return ret == -ENODATA ? 0 : ret;
}

static int pagecache_share_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct pagecache_share *st = state;
	uint64_t before = 0, after = 0;
	int ret = count_reads(run, &before);

	for (; !ret && passes; passes--)
		ret = pass(st, run, passes == 1);
	if (!ret)
		ret = count_reads(run, &after);
	st->reads = after - before;
	return ret;
}

static int pagecache_share_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct pagecache_share *st = state;
	/* Fault-around maps up to 16 pages of a file in one fault, by default (fault_around_bytes, mm/memory.c). */
	uint64_t wanted = st->wanted, found = st->found, least = wanted / 16, read = st->read;

	st->wanted = st->found = st->read = 0;
	if (found != wanted)
		return bench_error(run, EPROTO, "of %llu pages that the owner touched, %llu were there for another",
				   (unsigned long long)wanted, (unsigned long long)found);
	if (st->reads && st->reads < read)
		return bench_error(run, EPROTO, "read %llu pages by %llu calls of pread()", (unsigned long long)read,
				   (unsigned long long)st->reads);
	if (evidence->minflt < least || evidence->majflt)
		return bench_error(run, EPROTO, "mapped %llu pages with %llu minor faults, and %llu that read from disk",
				   (unsigned long long)wanted, (unsigned long long)evidence->minflt,
				   (unsigned long long)evidence->majflt);
	if (bench_in_memcg(run) && st->backing == BACKING_DIR && !is_owner(run) && bench_worker(run) == 1 && !st->evicted)
		return bench_error(run, EPROTO, "the owner's limit evicted nothing");
	return 0;
}

static int open_file(struct pagecache_share *st, struct bench_run *run)
{
	uint64_t bytes = 2 * st->bytes;

	if (st->backing == BACKING_DIR)
		return bench_sparse_file(run, "shared", bytes, &st->fd);
	st->fd = memfd_create("pagecache_share", MFD_CLOEXEC);
	if (st->fd < 0)
		return bench_error(run, errno, "memfd_create: %s", strerror(errno));
	if (ftruncate(st->fd, (off_t)bytes))
		return bench_error(run, errno, "make a memfd %llu bytes long: %s", (unsigned long long)bytes, strerror(errno));
	return 0;
}

static int pagecache_share_share(void *state, struct bench_run *run)
{
	struct pagecache_share *st = state;
	int ret;

	st->page_bytes = bench_page_bytes(run);
	st->nr_pages = st->bytes / st->page_bytes;
	st->bytes = st->nr_pages * st->page_bytes;
	if (bench_nr_workers(run) < 2)
		return bench_error(run, EINVAL, "there is nobody to share with: --workers=2 or more");
	ret = open_file(st, run);
	if (ret)
		return ret;
	st->map = bench_map(run, st->bytes, PROT_READ, MAP_SHARED, st->fd);
	return st->map == MAP_FAILED ? bench_error(run, errno, "map the file: %s", strerror(errno)) : 0;
}

static const struct bench_metric metrics[] = {
	{.name = "first", .op = "page", .help = "first touch of a page, by one pread() or (shmem) pwrite() each"},
	{.name = "follow-read", .op = "page", .help = "reading it from another memcg, by one pread() each"},
	{.name = "follow-map", .op = "page", .help = "faulting it in from another memcg (up to 16 pages a fault)"},
	{.name = "remove", .op = "memcg", .help = "removing a memcg to which as many pages are charged"},
	{.name = "owner", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "charged to the first by its touch"},
	{.name = "follower", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "charged to the others by theirs"},
	{.name = "refault", .op = "page", .kind = BENCH_COUNT, .unit = "pages",
	 .help = "charged to another that reads what the owner's limit evicted (backing=dir)"},
	{.name = "parent", .op = "page", .kind = BENCH_COUNT, .unit = "pages",
	 .help = "left with the parent (--depth=2 or more) of a memcg that touched them and was removed"},
	{.name = "heir", .op = "page", .kind = BENCH_COUNT, .unit = "pages", .help = "charged to another that reads these"},
};

#define FIELD(name) BENCH_FIELD(struct pagecache_share, name)

static const struct bench_param params[] = {
	{.name = "backing", .type = BENCH_PARAM_ENUM, .def = "shmem", .offset = FIELD(backing),
	 .choices = (const char *const[]){"shmem", "dir", NULL},
	 .choice_needs = (const unsigned int[]){0, BENCH_NEEDS_DIR}, .help = "a memfd, or a sparse file in --dir"},
	{.name = "size", .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = "8M", .insn_def = "2M", .min = 1 << 16, .max = 1ull << 36,
	 .offset = FIELD(bytes), .help = "what is shared"},
};

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
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct pagecache_share),
	.nr_workers = 2,
	.memcgs = "each",
	.share = pagecache_share_share,
	.run = pagecache_share_run,
	.verify = pagecache_share_verify,
};
