// SPDX-License-Identifier: GPL-2.0-or-later
/* fault_storm - first touch of pages, and the three ways of giving them back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

enum { METRIC_FAULT, METRIC_MUNMAP, METRIC_DONTNEED, METRIC_EXIT_FULL, METRIC_EXIT_BARE };
enum { ACCESS_WRITE, ACCESS_READ };
enum { ORDER_SEQ, ORDER_RANDOM };
enum { MAP_KIND_ANON, MAP_KIND_SHMEM, MAP_KIND_FILE_COW };
enum { THP_NEVER, THP_ALWAYS };
enum { FREE_ALL, FREE_MUNMAP, FREE_DONTNEED, FREE_EXIT };

struct fault_storm {
	uint64_t access, order, map_kind, thp, free_way, map_bytes, free_batch; /* parameters */
	size_t op_bytes; /* a base page, or a huge one with thp=always */
	size_t nr_ops;	 /* pages touched per mapping */
	uint32_t *sequence; /* order=random: which page comes when */
	int fd;		    /* map=file-cow: what is copied from */
	char *map;
	uint64_t touched, nr_passes; /* since the last verify() */
};

/* One write or read per page; nothing else in the loop but the order. */
static void touch(const struct fault_storm *st)
{
	volatile char *map = st->map;
	const size_t step = st->op_bytes, bytes = st->nr_ops * step;
	size_t i;

	if (st->order == ORDER_RANDOM && st->access == ACCESS_WRITE)
		for (i = 0; i < st->nr_ops; i++)
			map[st->sequence[i] * step] = 1;
	else if (st->order == ORDER_RANDOM)
		for (i = 0; i < st->nr_ops; i++)
			(void)map[st->sequence[i] * step];
	else if (st->access == ACCESS_WRITE)
		for (i = 0; i < bytes; i += step)
			map[i] = 1;
	else
		for (i = 0; i < bytes; i += step)
			(void)map[i];
}

static int map_memory(struct fault_storm *st, struct bench_run *run)
{
	int flags = st->map_kind == MAP_KIND_SHMEM ? MAP_SHARED : MAP_PRIVATE;

	if (st->fd < 0)
		flags |= MAP_ANONYMOUS;
	st->map = bench_map(run, st->map_bytes, PROT_READ | PROT_WRITE, flags, st->fd);
	if (st->map == MAP_FAILED)
		return -errno;
	/* EINVAL: a kernel without huge pages, where there is nothing to forbid. */
	if (madvise(st->map, st->map_bytes, st->thp == THP_ALWAYS ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    !(st->thp == THP_NEVER && errno == EINVAL)) {
		int err = errno;

		munmap(st->map, st->map_bytes);
		return -err;
	}
	return 0;
}

/* Undo map_memory(), @batch bytes a call. */
static int unmap_memory(struct fault_storm *st, size_t batch)
{
	size_t bytes = st->map_bytes, done;

	for (done = 0; done < bytes; done += batch)
		if (munmap(st->map + done, bytes - done < batch ? bytes - done : batch))
			return -errno;
	return 0;
}

static int discard_memory(struct fault_storm *st, size_t batch)
{
	/* Shared memory belongs to its file: MADV_DONTNEED would only unmap it. */
	int advice = st->map_kind == MAP_KIND_SHMEM ? MADV_REMOVE : MADV_DONTNEED;
	size_t done;

	for (done = 0; done < st->map_bytes; done += batch)
		if (madvise(st->map + done,
			    st->map_bytes - done < batch ? st->map_bytes - done : batch, advice))
			return -errno;
	return 0;
}

/* A process as the next one is, but for its pages. */
static int prepare_bare_exit(void *state, struct bench_run *run)
{
	return map_memory(state, run);
}

static int prepare_full_exit(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int ret = map_memory(st, run);

	if (!ret)
		touch(st);
	return ret;
}

/* A read of untouched anonymous memory maps the shared zero page, which is charged to nobody. */
static void expect_pages(const struct fault_storm *st, struct bench_run *run)
{
	if (st->access == ACCESS_WRITE || st->map_kind != MAP_KIND_ANON)
		bench_expect(run, bench_memcg_home(run, bench_worker(run)), st->map_kind == MAP_KIND_SHMEM ? BENCH_SHMEM : BENCH_ANON,
			     (int64_t)(st->map_bytes / bench_page_bytes(run)));
}

/* Map and fault everything in; the part that munmap and MADV_DONTNEED share. */
static int fault_in(struct fault_storm *st, struct bench_run *run)
{
	int ret = map_memory(st, run);

	if (ret)
		return bench_error(run, -ret, "map %llu bytes: %s", (unsigned long long)st->map_bytes,
				   strerror(-ret));
	bench_phase_begin(run, METRIC_FAULT);
	touch(st);
	bench_phase_end(run, METRIC_FAULT, st->nr_ops);
	st->touched += st->nr_ops;
	expect_pages(st, run);
	bench_hold(run);
	return 0;
}

static int pass_munmap(struct fault_storm *st, struct bench_run *run, size_t batch)
{
	int ret = fault_in(st, run);

	if (ret)
		return ret;
	bench_phase_begin(run, METRIC_MUNMAP);
	ret = unmap_memory(st, batch);
	bench_phase_end(run, METRIC_MUNMAP, st->nr_ops);
	return ret ? bench_error(run, -ret, "munmap: %s", strerror(-ret)) : 0;
}

static int pass_dontneed(struct fault_storm *st, struct bench_run *run, size_t batch)
{
	int ret = fault_in(st, run);

	if (ret)
		return ret;
	bench_phase_begin(run, METRIC_DONTNEED);
	ret = discard_memory(st, batch);
	bench_phase_end(run, METRIC_DONTNEED, st->nr_ops);
	if (ret)
		return bench_error(run, -ret, "madvise to free pages: %s", strerror(-ret));
	/* Nothing is left of them, and the mapping is still there. */
	bench_hold(run);
	ret = unmap_memory(st, st->map_bytes);
	return ret ? bench_error(run, -ret, "munmap: %s", strerror(-ret)) : 0;
}

static int pass_exit(struct fault_storm *st, struct bench_run *run)
{
	int ret = bench_child_exit(run, METRIC_EXIT_BARE, 0, prepare_bare_exit, st);

	return ret ? ret : bench_child_exit(run, METRIC_EXIT_FULL, st->nr_ops, prepare_full_exit, st);
}

static int fault_storm_run(void *state, struct bench_run *run, uint64_t passes)
{
	struct fault_storm *st = state;
	size_t batch = st->free_batch ? st->free_batch * st->op_bytes : st->map_bytes;
	/* Forking while other threads fault would time their lock and break their pages' sharing. */
	int with_exit = !(bench_is_threaded(run) && bench_nr_workers(run) > 1);
	int ret = 0;

	for (; passes && !ret; passes--) {
		st->nr_passes++;
		if (st->free_way == FREE_ALL || st->free_way == FREE_MUNMAP)
			ret = pass_munmap(st, run, batch);
		if (!ret && (st->free_way == FREE_ALL || st->free_way == FREE_DONTNEED))
			ret = pass_dontneed(st, run, batch);
		if (!ret && with_exit && (st->free_way == FREE_ALL || st->free_way == FREE_EXIT))
			ret = pass_exit(st, run);
	}
	return ret;
}

static int fault_storm_latency(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int more = 1, ret = 0;
	size_t i;

	while (more && !ret) {
		ret = map_memory(st, run);
		if (ret)
			break;
		for (i = 0; i < st->nr_ops && more; i++) {
			volatile char *page = st->map + (st->sequence ? st->sequence[i] : i) * st->op_bytes;

			bench_op_begin(run);
			if (st->access == ACCESS_WRITE)
				*page = 1;
			else
				(void)*page;
			more = bench_op_end(run);
		}
		st->touched += i;
		ret = unmap_memory(st, st->map_bytes);
	}
	return ret ? bench_error(run, -ret, "map or unmap: %s", strerror(-ret)) : 0;
}

static int fault_storm_verify(void *state, struct bench_run *run, const struct bench_evidence *evidence)
{
	struct fault_storm *st = state;
	/* A process that forks, twice a pass, copies some pages of its own afterwards (up to 7 a fork); the rest is libc and stack. */
	uint64_t touched = st->touched, spare = 16 + 32 * st->nr_passes + touched / 50;

	st->touched = st->nr_passes = 0;
	if (evidence->majflt)
		return bench_error(run, EPROTO, "%llu faults went to disk: memory is short, this is not a "
						"fault storm", (unsigned long long)evidence->majflt);
	if (evidence->minflt < touched)
		return bench_error(run, EPROTO, "touched %llu pages but took only %llu faults: %s",
				   (unsigned long long)touched, (unsigned long long)evidence->minflt,
				   st->map_kind == MAP_KIND_ANON ? "a larger page (THP, mTHP) served several of them"
							: "a huge page or fault-around served several of them");
	if (evidence->minflt > touched + spare)
		return bench_error(run, EPROTO, "touched %llu pages but took %llu faults: %s",
				   (unsigned long long)touched, (unsigned long long)evidence->minflt,
				   st->thp == THP_ALWAYS ? "the huge pages asked for were not there "
							   "(/sys/kernel/mm/transparent_hugepage/enabled, "
							   "shmem_enabled)"
							 : "something else faults in the same process");
	return 0;
}

static int make_file(struct fault_storm *st, struct bench_run *run)
{
	char page[4096];
	size_t done;

	st->fd = memfd_create("fault_storm", MFD_CLOEXEC);
	if (st->fd < 0)
		return bench_error(run, errno, "memfd_create: %s", strerror(errno));
	memset(page, 1, sizeof(page));
	for (done = 0; done < st->map_bytes; done += sizeof(page))
		if (write(st->fd, page, sizeof(page)) != (ssize_t)sizeof(page))
			return bench_error(run, errno, "fill the file to copy from: %s", strerror(errno));
	return 0;
}

static int make_sequence(struct fault_storm *st, struct bench_run *run)
{
	uint64_t seed = bench_seed(run);
	unsigned short random[3] = {(unsigned short)seed, (unsigned short)(seed >> 16),
				    (unsigned short)(seed >> 32)};
	size_t i, j;

	st->sequence = malloc(st->nr_ops * sizeof(*st->sequence));
	if (!st->sequence)
		return bench_error(run, ENOMEM, "memory for the order of %zu pages", st->nr_ops);
	for (i = 0; i < st->nr_ops; i++) {
		j = (size_t)nrand48(random) % (i + 1);
		st->sequence[i] = st->sequence[j];
		st->sequence[j] = (uint32_t)i;
	}
	return 0;
}

/* One small page for each huge one wanted would be as many faults: no count of faults can tell. */
static int check_huge(struct fault_storm *st, struct bench_run *run)
{
	unsigned char resident = 0;
	int ret = map_memory(st, run);

	if (!ret) {
		if (st->access == ACCESS_WRITE)
			*(volatile char *)st->map = 1;
		else
			(void)*(volatile char *)st->map;
		ret = mincore(st->map + st->op_bytes - bench_page_bytes(run), 1, &resident) ? -errno : 0;
		munmap(st->map, st->map_bytes);
	}
	if (ret)
		return bench_error(run, -ret, "map a huge page: %s", strerror(-ret));
	if (resident & 1)
		return 0;
	return bench_error(run, ENODEV, "thp=always: this kernel gave no huge page "
					"(/sys/kernel/mm/transparent_hugepage/%s)",
			   st->map_kind == MAP_KIND_SHMEM ? "shmem_enabled" : "enabled");
}

static int fault_storm_setup(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;
	int ret;

	st->fd = -1;
	st->op_bytes = bench_page_bytes(run);
	if (st->access == ACCESS_READ && st->map_kind == MAP_KIND_FILE_COW)
		return bench_error(run, EINVAL, "access=read with map=file-cow copies no page: nothing "
						"would be charged; use access=write");
	if (st->thp == THP_ALWAYS) {
		st->op_bytes = bench_huge_page_bytes(run);
		if (!st->op_bytes)
			return bench_error(run, ENODEV, "thp=always: this kernel has no huge pages");
		if (st->map_kind == MAP_KIND_FILE_COW)
			return bench_error(run, EINVAL, "thp=always with map=file-cow: private copies of "
							"file pages are never huge");
	}
	if (st->map_bytes < st->op_bytes || st->map_bytes % st->op_bytes)
		return bench_error(run, EINVAL, "size %llu is no multiple of the page size %zu",
				   (unsigned long long)st->map_bytes, st->op_bytes);
	st->nr_ops = st->map_bytes / st->op_bytes;
	ret = st->map_kind == MAP_KIND_FILE_COW ? make_file(st, run) : 0;
	if (!ret && st->thp == THP_ALWAYS)
		ret = check_huge(st, run);
	if (!ret && st->order == ORDER_RANDOM)
		ret = make_sequence(st, run);
	return ret;
}

static void fault_storm_teardown(void *state, struct bench_run *run)
{
	struct fault_storm *st = state;

	(void)run;
	free(st->sequence);
	if (st->fd >= 0)
		close(st->fd);
}

static const struct bench_metric metrics[] = {
	{.name = "fault", .op = "page", .help = "first touch of a page"},
	{.name = "munmap", .op = "page", .help = "freeing it by munmap()"},
	{.name = "dontneed", .op = "page", .help = "freeing it by madvise() (MADV_DONTNEED; MADV_REMOVE for shmem)"},
	{.name = "exit-full", .op = "process", .help = "the exit of a process that touched all of its pages"},
	{.name = "exit-bare", .op = "process", .help = "the exit of the same process with none of them touched"},
};

#define FIELD(name) BENCH_FIELD(struct fault_storm, name)

static const struct bench_param params[] = {
	{.name = "access", .type = BENCH_PARAM_ENUM, .def = "write", .offset = FIELD(access),
	 .choices = (const char *const[]){"write", "read", NULL},
	 .help = "how a page is first touched; reading anonymous memory maps the zero page and charges nothing"},
	{.name = "order", .type = BENCH_PARAM_ENUM, .def = "seq", .offset = FIELD(order),
	 .choices = (const char *const[]){"seq", "random", NULL},
	 .help = "order in which the pages are touched"},
	{.name = "map", .type = BENCH_PARAM_ENUM, .def = "anon", .offset = FIELD(map_kind),
	 .choices = (const char *const[]){"anon", "shmem", "file-cow", NULL},
	 .help = "private anonymous memory, shared memory, or private copies of a file's pages (a memfd)"},
	{.name = "thp", .type = BENCH_PARAM_ENUM, .def = "never", .offset = FIELD(thp),
	 .choices = (const char *const[]){"never", "always", NULL},
	 .help = "huge pages for the mapping; with always, an op is one huge page"},
	{.name = "free", .type = BENCH_PARAM_ENUM, .def = "all", .offset = FIELD(free_way),
	 .choices = (const char *const[]){"all", "munmap", "dontneed", "exit", NULL},
	 .help = "which way of freeing to run; all runs each in turn"},
	{.name = "size", .type = BENCH_PARAM_SIZE, .def = "8M", .insn_def = "1M", .offset = FIELD(map_bytes), .unit = "bytes",
	 .min = 4096, .max = 1ull << 40, .help = "size of the mapping of each worker"},
	{.name = "free-batch", .type = BENCH_PARAM_UINT, .def = "0", .offset = FIELD(free_batch), .unit = "pages",
	 .min = 0, .max = 1u << 28, .help = "pages per munmap() or madvise() call; 0: all in one call"},
};

const struct bench bench_fault_storm = {
	.name = "fault_storm",
	.summary = "page faults on fresh memory, and freeing it",
	.about =
		"Maps memory, touches each page of it once, and gives it back: by munmap(), by madvise(), and "
		"by the exit of a process. Every first touch is a page fault.\n\n"
		"Memcg is on this path twice. The fault charges the new page: mem_cgroup_charge() finds the memcg "
		"of the mm, try_charge_memcg() takes the charge from the CPU's stock (consume_stock()) or, when that is empty, a "
		"batch from the page_counter of every level up to the root; commit_charge() ties the folio to "
		"its memcg, and adding it to the LRU and counting the fault update the memcg's statistics. "
		"Freeing uncharges in batches: "
		"mem_cgroup_uncharge_folios() gathers the pages of one memcg and uncharge_batch() returns them "
		"at once (mm/memcontrol.c, Linux 6.12).\n\n"
		"The numbers include the whole fault (trap, VMA lookup, allocating and clearing the page, page "
		"table) and the whole system call of freeing, divided by the pages; calls to mmap() are not timed.\n\n"
		"exit-full and exit-bare are of whole processes, the waking of their parent included: what the pages add is the difference. The rest "
		"of a process is charged as kernel memory (task, stack, page tables, files), and uncharged at its end: on 6.12 that is all "
		"that memcg adds to exit-bare (docs/BENCHES.md; cgroup.memory=nokmem leaves it out). Both are skipped when "
		"workers are threads, because fork() would stop the others.",
	.version = 2,
	.metrics = metrics,
	.nr_metrics = sizeof(metrics) / sizeof(metrics[0]),
	.params = params,
	.nr_params = sizeof(params) / sizeof(params[0]),
	.state_size = sizeof(struct fault_storm),
	.setup = fault_storm_setup,
	.run = fault_storm_run,
	.verify = fault_storm_verify,
	.latency = fault_storm_latency,
	.latency_metric = METRIC_FAULT,
	.teardown = fault_storm_teardown,
};
