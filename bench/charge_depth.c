// SPDX-License-Identifier: GPL-2.0-or-later
/* charge_depth - what each level of the hierarchy adds to a charge, an uncharge and an update of the statistics. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum { METRIC_CHARGE, METRIC_UNCHARGE, METRIC_MAP, METRIC_UNMAP };
enum { WAY_HIT, WAY_SINGLE, WAY_MISS, WAY_STAT };

/* A whole page table of pages would be freed with them (since Linux 6.14), and charged again. */
#define PAGES_MAX 511

struct charge_depth {
	uint64_t way, nr_pages, nr_siblings; /* parameters */
	size_t op_bytes; /* a base page; a huge one with way=miss */
	size_t nr_ops, map_bytes;
	char *map;
	int fd;		   /* way=stat: a file whose pages are charged already */
	uint64_t touched;  /* since the last verify() */
};

static void write_pages(const struct charge_depth *st)
{
	volatile char *map = st->map;
	size_t i;

	for (i = 0; i < st->map_bytes; i += st->op_bytes)
		map[i] = 1;
}

static void read_pages(const struct charge_depth *st)
{
	volatile char *map = st->map;
	size_t i;

	for (i = 0; i < st->map_bytes; i += st->op_bytes)
		(void)map[i];
}

static int discard(const struct charge_depth *st, size_t batch)
{
	size_t done;
	int failed = 0;

	for (done = 0; done < st->map_bytes; done += batch)
		failed |= madvise(st->map + done, batch, MADV_DONTNEED);
	return failed;
}

static int charge_depth_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct charge_depth *st = state;
	const int is_stat = st->way == WAY_STAT;
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run));
	size_t batch = st->way == WAY_SINGLE || st->way == WAY_MISS ? st->op_bytes : st->map_bytes;
	int failed = 0;

	for (; passes && !failed; passes--) {
		bench_phase_begin(run, is_stat ? METRIC_MAP : METRIC_CHARGE);
		if (is_stat)
			read_pages(st);
		else
			write_pages(st);
		bench_phase_end(run, is_stat ? METRIC_MAP : METRIC_CHARGE, st->nr_ops);
		st->touched += st->nr_ops;
		if (!is_stat)
			bench_expect(run, home, BENCH_ANON, (int64_t)(st->map_bytes / bench_page_bytes(run)));
		bench_hold(run);
		bench_phase_begin(run, is_stat ? METRIC_UNMAP : METRIC_UNCHARGE);
		failed = discard(st, batch);
		bench_phase_end(run, is_stat ? METRIC_UNMAP : METRIC_UNCHARGE, st->nr_ops);
	}
	return failed ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
}

static int charge_depth_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct charge_depth *st = state;
	/* Fault-around maps up to 16 pages of a file in one fault, by default (fault_around_bytes, mm/memory.c). */
	uint64_t touched = st->touched;

	st->touched = 0;
	return bench_check_faults(run, evidence, touched, st->way == WAY_STAT ? touched / 16 : touched);
}

static int map_memory(struct charge_depth *st, struct bench_run *run)
{
	int protection = st->fd >= 0 ? PROT_READ : PROT_READ | PROT_WRITE;
	int flags = st->fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	void *map = bench_map(run, st->map_bytes, protection, flags, st->fd);

	if (map == MAP_FAILED)
		return bench_error(run, errno, "map %zu bytes: %s", st->map_bytes, strerror(errno));
	st->map = map;
	/* EINVAL: a kernel without huge pages, where there is nothing to forbid. */
	if (madvise(st->map, st->map_bytes, st->way == WAY_MISS ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    !(st->way != WAY_MISS && errno == EINVAL))
		return bench_error(run, errno, "madvise for or against huge pages: %s", strerror(errno));
	return 0;
}

/* One fault for a huge page, or for one small page of many: no count of faults can tell. */
static int check_huge(const struct charge_depth *st, struct bench_run *run)
{
	unsigned char resident = 0;

	*(volatile char *)st->map = 1;
	if (mincore(st->map + st->op_bytes - bench_page_bytes(run), 1, &resident))
		return bench_error(run, errno, "mincore: %s", strerror(errno));
	/* hugepage_init(), mm/huge_memory.c: below 512 MiB of RAM they are off. */
	if (!(resident & 1))
		return bench_skip(run, bench_in_guest(run) ?
			"way=miss: this guest gave no huge page; with less than 512 MiB of RAM no kernel does: --memory=1G" :
			"way=miss: this kernel gave no huge page (/sys/kernel/mm/transparent_hugepage/enabled)");
	return discard(st, st->map_bytes) ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
}

/* Does mapping these pages update statistics of this very memcg, and of nothing less? */
static int check_mapped(const struct charge_depth *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_home(run, bench_worker(run));
	int64_t before, after, mapped = (int64_t)(st->map_bytes / bench_page_bytes(run));
	int ret = bench_memcg_pages(run, home, "file_mapped", &before);

	read_pages(st);
	if (!ret)
		ret = bench_memcg_pages(run, home, "file_mapped", &after);
	if (discard(st, st->map_bytes))
		return bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno));
	/*
	 * Who shares the memcg may map and unmap meanwhile, and before Linux 5.13 up to 32 pages wait on a CPU (MEMCG_CHARGE_BATCH,
	 * __mod_memcg_lruvec_state() in mm/memcontrol.c).
	 */
	if (!ret && after - before < mapped / 2)
		return bench_error(run, EPROTO, "way=stat: mapping %lld pages of a file raised file_mapped of the memcg by %lld", (long long)mapped,
				   (long long)(after - before));
	return ret == -ENODATA ? 0 : ret;
}

static int make_file(struct charge_depth *st, struct bench_run *run)
{
	static const char page[4096] = {1};
	size_t done;

	st->fd = memfd_create("charge_depth", MFD_CLOEXEC);
	if (st->fd < 0)
		return bench_error(run, errno, "memfd_create: %s", strerror(errno));
	for (done = 0; done < st->map_bytes; done += sizeof(page))
		if (write(st->fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			return bench_error(run, errno, "fill a file of %zu bytes: %s", st->map_bytes, strerror(errno));
	return 0;
}

static int charge_depth_share(void *state, struct bench_run *run)
{
	const struct charge_depth *st = state;

	return bench_memcg_crowd(run, st->nr_siblings, NULL, NULL);
}

static int charge_depth_setup(void *state, struct bench_run *run)
{
	struct charge_depth *st = state;
	int ret;

	st->fd = -1;
	st->op_bytes = st->way == WAY_MISS ? bench_huge_page_bytes(run) : bench_page_bytes(run);
	if (!st->op_bytes)
		return bench_skip(run, "way=miss: this kernel has no huge pages");
	/* As much memory as the small pages take, and one huge page at least. */
	st->map_bytes = st->nr_pages * bench_page_bytes(run);
	if (st->way == WAY_MISS)
		st->map_bytes = (st->map_bytes + st->op_bytes - 1) / st->op_bytes * st->op_bytes;
	st->nr_ops = st->map_bytes / st->op_bytes;
	ret = st->way == WAY_STAT ? make_file(st, run) : 0;
	if (!ret)
		ret = map_memory(st, run);
	if (ret)
		return ret;
	if (st->way == WAY_MISS)
		return check_huge(st, run);
	if (st->way == WAY_STAT)
		return check_mapped(st, run);
	/* The page tables, which are charged too, and stay. */
	write_pages(st);
	return discard(st, st->map_bytes) ? bench_error(run, errno, "MADV_DONTNEED: %s", strerror(errno)) : 0;
}

static void charge_depth_teardown(void *state, struct bench_run *run)
{
	struct charge_depth *st = state;

	(void)run;
	if (st->map)
		munmap(st->map, st->map_bytes);
	if (st->fd > 0)
		close(st->fd);
}

static const struct bench_metric metrics[] = {
	{.name = "charge", .op = "page", .help = "first touch of a page; of a huge page with way=miss"},
	{.name = "uncharge", .op = "page", .help = "freeing it by MADV_DONTNEED; each by a call of its own with way=single and way=miss"},
	{.name = "map", .op = "page", .help = "mapping a page that is charged already, with its neighbours (way=stat)"},
	{.name = "unmap", .op = "page", .help = "unmapping it by MADV_DONTNEED, all in one call (way=stat)"},
};

#define FIELD(name) BENCH_FIELD(struct charge_depth, name)

static const struct bench_param params[] = {
	{.name = "way", .type = BENCH_PARAM_ENUM, .def = "hit", .offset = FIELD(way),
	 .choices = (const char *const[]){"hit", "single", "miss", "stat", NULL},
	 .help = "hit: charges from the stock, uncharges in batches; single: the same, uncharged one by one; miss: huge pages, "
		 "which no stock holds; stat: statistics alone"},
	{.name = "pages", .type = BENCH_PARAM_UINT, .def = "256", .insn_def = "128",
	 .offset = FIELD(nr_pages), .unit = "pages", .min = 8, .max = PAGES_MAX,
	 .help = "pages per pass of each worker; way=miss takes as many huge pages as hold them"},
	{.name = "siblings", .type = BENCH_PARAM_UINT, .def = "0", .offset = FIELD(nr_siblings), .unit = "memcgs", .min = 0, .max = 10000,
	 .help = "empty memcgs beside that of worker 0"},
};

const struct bench bench_charge_depth = {
	.name = "charge_depth",
	.summary = "what each level of the hierarchy adds to charging, uncharging and counting",
	.about =
		"Touches the pages of a mapping and gives them back, in a memcg as many levels below the root as --depth says; a list of "
		"depths gives the cost of a level, as a slope.\n\n"
		"Two loops walk the levels. page_counter_try_charge() and page_counter_uncharge() change the counter of every ancestor "
		"(mm/page_counter.c); memcg_rstat_updated() adds to a count of pending updates of every ancestor, for each event and each change of a "
		"statistic (mm/memcontrol.c, Linux 6.12; up to 6.7 there was one count for all memcgs, and no loop). Since Linux 6.16 it stops at a memcg "
		"with more than 64 of them for each CPU, which a reader of memory.stat would have to flush: a guest of one CPU is there after 128 updates, a "
		"machine of 128 CPUs after thousands. So which walk is measured is a choice: --stats=fresh or flushable; fresh takes passes of few pages "
		"(--pages=8). The ways mix the loops differently:\n\n"
		"hit: the CPU's stock serves the charge, consume_stock(), but for one in MEMCG_CHARGE_BATCH (64), which walks the counters. A fault "
		"updates three statistics: the count of faults, NR_ANON_MAPPED, and the size of the LRU list. Uncharging, "
		"uncharge_batch() walks the counters once for a folio_batch of pages.\n\n"
		"single: the same faults, but each page is freed by a madvise() of its own: each walks the counters.\n\n"
		"miss: a huge page is more than the stock holds, so try_charge_memcg() walks the counters for each; so does freeing it. "
		"Clearing the page is most of the time: on the ns clock the slope drowns in it.\n\n"
		"stat: reads a mapping of a memfd whose pages the memcg was charged for before; nothing is charged or freed. "
		"Each page mapped or unmapped changes NR_FILE_MAPPED once; faults, one per 16 pages, are counted too.\n\n"
		"siblings makes empty memcgs beside the one that works. No loop on these paths visits them.\n\n"
		"The numbers include the whole fault and the whole madvise().",
	.version = 2,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.state_size = sizeof(struct charge_depth),
	.share = charge_depth_share,
	.setup = charge_depth_setup,
	.run = charge_depth_run,
	.verify = charge_depth_verify,
	.teardown = charge_depth_teardown,
};
