// SPDX-License-Identifier: GPL-2.0-or-later
/* fault_storm - first touch of pages, and giving them back. */
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"

enum { FAULT, MUNMAP, DONTNEED };
enum { ACCESS_WRITE, ACCESS_READ };
enum { MAP_KIND_ANON, MAP_KIND_SHMEM, MAP_KIND_FILE_COW };
enum { FREE_ALL, FREE_MUNMAP, FREE_DONTNEED };

struct fault_storm {
	uint64_t access, order, map_kind, thp, free_way, map_bytes, free_batch; /* parameters */
	size_t op_bytes, nr_ops; /* a base page, or a huge one with thp=always; those touched per mapping */
	uint32_t *sequence;	 /* order=random: which page comes when */
	struct bench_pages file; /* map=file-cow: what is copied from */
	char *map;
};

static void touch(const struct fault_storm *st)
{
	if (st->sequence && st->access == ACCESS_WRITE)
		bench_touch_in(st->map, st->sequence, st->nr_ops, st->op_bytes);
	else if (st->sequence)
		bench_read_in(st->map, st->sequence, st->nr_ops, st->op_bytes);
	else if (st->access == ACCESS_WRITE)
		bench_touch(st->map, st->map_bytes, st->op_bytes);
	else
		bench_read(st->map, st->map_bytes, st->op_bytes);
}

static int map_memory(struct fault_storm *st, struct bench_run *run)
{
	const int fd = st->map_kind == MAP_KIND_FILE_COW ? st->file.fd : -1;
	int flags = (st->map_kind == MAP_KIND_SHMEM ? MAP_SHARED : MAP_PRIVATE) | (fd < 0 ? MAP_ANONYMOUS : 0);

	st->map = bench_map(run, st->map_bytes, PROT_READ | PROT_WRITE, flags, fd);
	if (st->map == MAP_FAILED)
		return bench_errno(run, "map %zu bytes", (size_t)st->map_bytes);
	return bench_huge(run, st->map, st->map_bytes, st->thp != 0);
}

/* Everything at once, or --free-batch a call. Advice -1: munmap(). */
static int give_back(const struct fault_storm *st, struct bench_run *run, int advice, size_t batch)
{
	size_t done;
	int failed = 0;

	for (done = 0; !failed && done < st->map_bytes; done += batch) {
		size_t bytes = st->map_bytes - done < batch ? st->map_bytes - done : batch;

		failed = advice < 0 ? munmap(st->map + done, bytes) : madvise(st->map + done, bytes, advice);
	}
	return failed ? bench_errno(run, advice < 0 ? "munmap" : "madvise to free pages") : 0;
}

/* Map and fault everything in; the part that munmap and MADV_DONTNEED share. */
static int fault_in(struct fault_storm *st, struct bench_run *run)
{
	int ret = map_memory(st, run);

	if (ret)
		return ret;
	bench_phase_begin(run, FAULT);
	touch(st);
	bench_phase_end(run, FAULT, st->nr_ops);
	bench_expect_faults(run, st->nr_ops, 1);
	/* A read of untouched anonymous memory maps the shared zero page, which is charged to nobody. */
	if (st->access == ACCESS_WRITE || st->map_kind != MAP_KIND_ANON)
		bench_expect(run, bench_memcg_mine(run), st->map_kind == MAP_KIND_SHMEM ? BENCH_SHMEM : BENCH_ANON,
			     (int64_t)(st->map_bytes / bench_page_bytes(run)));
	bench_hold(run);
	return 0;
}

/* Fault in, and free by @advice, timed as @phase. */
static int pass_free(struct fault_storm *st, struct bench_run *run, size_t phase, int advice)
{
	const size_t batch = st->free_batch ? st->free_batch * st->op_bytes : st->map_bytes;
	int ret = fault_in(st, run);

	if (ret)
		return ret;
	bench_phase_begin(run, phase);
	ret = give_back(st, run, advice, batch);
	bench_phase_end(run, phase, st->nr_ops);
	/* Nothing is left of them, and the mapping is still there. */
	if (!ret && advice >= 0) {
		bench_hold(run);
		ret = give_back(st, run, -1, st->map_bytes);
	}
	return ret;
}

static int pass(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int ret = 0;

	if (st->free_way == FREE_ALL || st->free_way == FREE_MUNMAP)
		ret = pass_free(st, run, MUNMAP, -1);
	/* Shared memory belongs to its file: MADV_DONTNEED would only unmap it. */
	if (!ret && (st->free_way == FREE_ALL || st->free_way == FREE_DONTNEED))
		ret = pass_free(st, run, DONTNEED, st->map_kind == MAP_KIND_SHMEM ? MADV_REMOVE : MADV_DONTNEED);
	return ret;
}

static int latency(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int more = 1, ret = 0;
	size_t i;

	while (more && !ret) {
		ret = map_memory(st, run);
		for (i = 0; !ret && i < st->nr_ops && more; i++) {
			volatile char *page = st->map + (st->sequence ? st->sequence[i] : i) * st->op_bytes;

			bench_op_begin(run);
			(void)(st->access == ACCESS_WRITE ? (*page = 1) : *page);
			more = bench_op_end(run);
		}
		bench_expect_faults(run, i, 1);
		ret = ret ?: give_back(st, run, -1, st->map_bytes);
	}
	return ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int ret = 0;

	st->op_bytes = st->thp ? bench_huge_page_bytes(run) : bench_page_bytes(run);
	if (!st->op_bytes)
		return bench_skip(run, "thp=always: this kernel has no huge pages");
	if (st->map_kind == MAP_KIND_FILE_COW && (st->access == ACCESS_READ || st->thp))
		return bench_error(run, EINVAL, "map=file-cow with %s", st->thp ?
				   "thp=always: private copies of file pages are never huge" : "access=read copies no page: nothing would be charged");
	if (st->map_bytes < st->op_bytes || st->map_bytes % st->op_bytes)
		return bench_error(run, EINVAL, "size %zu is no multiple of the page size %zu", (size_t)st->map_bytes, st->op_bytes);
	st->nr_ops = st->map_bytes / st->op_bytes;
	if (st->map_kind == MAP_KIND_FILE_COW)
		ret = bench_pages_make(run, BENCH_BACKED_MEMFD, "fault_storm", st->map_bytes / bench_page_bytes(run), 0, &st->file) ?:
		      bench_pages_write(run, &st->file);
	if (!ret && st->order)
		ret = (st->sequence = bench_shuffled(run, st->nr_ops)) ? 0 : -ENOMEM;
	if (ret || !st->thp)
		return ret;
	ret = map_memory(st, run);
	if (!ret)
		touch(st);
	return ret ?: bench_check_huge(run, st->map, "thp=always") ?: give_back(st, run, -1, st->map_bytes);
}

const struct bench bench_fault_storm = {
	.name = "fault_storm",
	.summary = "page faults on fresh memory, and freeing it",
	.about =
		"Maps memory, touches each page of it once, and gives it back: by munmap(), and by madvise(). Every first touch is a page fault.\n\n"
		"Memcg is on this path twice. The fault charges the new page: mem_cgroup_charge() finds the memcg "
		"of the mm, try_charge_memcg() takes the charge from the CPU's stock (consume_stock()) or, when that is empty, a "
		"batch from the page_counter of every level up to the root; commit_charge() ties the folio to "
		"its memcg, and adding it to the LRU and counting the fault update the memcg's statistics. "
		"Freeing uncharges in batches: "
		"mem_cgroup_uncharge_folios() gathers the pages of one memcg and uncharge_batch() returns them "
		"at once (mm/memcontrol.c, Linux 6.12).\n\n"
		"The numbers include the whole fault (trap, VMA lookup, allocating and clearing the page, page "
		"table) and the whole system call of freeing, divided by the pages; calls to mmap() are not timed.",
	.version = 2,
	BENCH_METRICS(
		BENCH_TIMED(FAULT, "fault", "page", "first touch of a page"),
		BENCH_TIMED(MUNMAP, "munmap", "page", "freeing it by munmap()"),
		BENCH_TIMED(DONTNEED, "dontneed", "page", "freeing it by madvise() (MADV_DONTNEED; MADV_REMOVE for shmem)")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct fault_storm, access, "access", "write",
			     "how a page is first touched; reading anonymous memory maps the zero page and charges nothing",
			     BENCH_OF("write", "read")),
		BENCH_CHOICE(struct fault_storm, order, "order", "seq", "order in which the pages are touched", BENCH_OF("seq", "random")),
		BENCH_CHOICE(struct fault_storm, map_kind, "map", "anon",
			     "private anonymous memory, shared memory, or private copies of a file's pages (a memfd)",
			     BENCH_OF("anon", "shmem", "file-cow")),
		BENCH_CHOICE(struct fault_storm, thp, "thp", "never", "huge pages for the mapping; with always, an op is one huge page",
			     BENCH_OF("never", "always")),
		BENCH_CHOICE(struct fault_storm, free_way, "free", "all", "which way of freeing to run; all runs each in turn",
			     BENCH_OF("all", "munmap", "dontneed")),
		BENCH_SIZE(struct fault_storm, map_bytes, "size", "8M", "1M", 4096, 1ull << 40, "size of the mapping of each worker"),
		BENCH_NUMBER(struct fault_storm, free_batch, "free-batch", "pages", "0", NULL, 0, 1u << 28,
			     "pages per munmap() or madvise() call; 0: all in one call")),
	.state_size = sizeof(struct fault_storm),
	.setup = setup,
	.pass = pass,
	.latency = latency,
	.latency_metric = FAULT,
	BENCH_SUITE({.suites = BENCH_BOTH}, {.suites = BENCH_BOTH, .where = BENCH_LIVE, .workers = "cores"},
		    {.suites = BENCH_FULL, .params = "map=shmem,file-cow"}),
};
