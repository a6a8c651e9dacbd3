// SPDX-License-Identifier: GPL-2.0-or-later
/* stat_read - what it takes to read the statistics of a memcg that holds others, with updates pending and without, and what readers cost the updaters. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"
#include "bench_memcg.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { UPDATE, READ, AGAIN };
enum { OF_PARENT, OF_OWN };

#define PAGES_MAX 511
/* Fault-around maps up to 16 pages of a file in one fault, by default (fault_around_bytes, mm/memory.c). */
#define FAULT_AROUND 16
#define TEXT_MAX     32768

struct stat_read {
	uint64_t file, of, nr_pages, nr_busy, nr_reads, nr_dying; /* parameters */
	struct bench_pages pages, dying;
	struct bench_memcg *memcg; /* whose file it is; NULL: the root's */
	int fd;			   /* -1: nobody keeps such a file here */
	int64_t known_pages;	   /* of shmem in it, which stay; -1: others have some too */
	char text[TEXT_MAX];
};

static int read_once(struct stat_read *st, struct bench_run *run)
{
	const ssize_t n = pread(st->fd, st->text, sizeof(st->text), 0);

	if (n <= 0 || n == (ssize_t)sizeof(st->text))
		return n < 0 ? bench_errno(run, "read the statistics") : bench_error(run, EPROTO, "read %zd bytes of statistics", n);
	st->text[n] = '\0';
	return 0;
}

/* Lines of numbers, with a name before them, and in memory.stat what is known to be there. */
static int check_text(const struct stat_read *st, struct bench_run *run)
{
	const char *last = st->text + strlen(st->text) - 1;
	uint64_t bytes, known;
	int ret;

	if (last <= st->text || *last != '\n' || !isdigit((unsigned char)last[-1]))
		return bench_error(run, EPROTO, "what was read back of the statistics does not end in a number: \"%s\"", st->text);
	if (st->file != BENCH_FILE_STAT || st->known_pages < 0)
		return 0;
	known = (uint64_t)st->known_pages * st->pages.page_bytes;
	ret = bench_memcg_line(run, st->text, "shmem", &bytes);
	if (!ret && bytes != known)
		return bench_error(run, EPROTO, "%" PRIu64 " bytes of shmem are there, and what was read back has %" PRIu64, known, bytes);
	return ret == -ENODATA ? 0 : ret;
}

static int pass(void *state, struct bench_run *run)
{
	struct stat_read *st = state;
	const size_t bytes = st->pages.nr * st->pages.page_bytes;
	uint64_t i;
	int ret;

	bench_phase_begin(run, UPDATE);
	bench_read(st->pages.map, bytes, st->pages.page_bytes);
	ret = madvise(st->pages.map, bytes, MADV_DONTNEED);
	bench_phase_end(run, UPDATE, st->pages.nr);
	if (ret)
		return bench_errno(run, "MADV_DONTNEED");
	bench_expect_faults(run, st->pages.nr, FAULT_AROUND);
	bench_hold(run);
	if (st->fd < 0 || !st->nr_reads)
		return 0;
	bench_phase_begin(run, READ);
	ret = read_once(st, run);
	bench_phase_end(run, READ, 1);
	bench_phase_begin(run, AGAIN);
	for (i = 1; !ret && i < st->nr_reads; i++)
		ret = read_once(st, run);
	bench_phase_end(run, AGAIN, st->nr_reads - 1);
	bench_expect_reads(run, st->nr_reads);
	return ret ?: check_text(st, run);
}

/* Pages that @memcg is charged for, whoever maps them. */
static int bring_in_from(struct bench_run *run, struct bench_memcg *memcg, const struct bench_pages *pages, size_t first, size_t nr)
{
	const int entered = bench_memcg_enter(run, memcg), ret = entered ?: bench_pages_bring_in(pages, first, nr);

	return entered ? entered : ret ? bench_error(run, -ret, "bring in pages of a memfd") : bench_memcg_enter(run, bench_memcg_mine(run));
}

static int share(void *state, struct bench_run *run)
{
	struct stat_read *st = state;
	struct bench_memcg *memcg;
	uint64_t i;
	int ret;

	if (!st->nr_dying || !bench_in_memcg(run))
		return 0;
	ret = bench_pages_make(run, BENCH_BACKED_MEMFD, "dying", st->nr_dying, 0, &st->dying);
	for (i = 0; !ret && i < st->nr_dying; i++)
		ret = bench_memcg_make(run, &memcg) ?: bring_in_from(run, memcg, &st->dying, i, 1) ?: bench_memcg_remove(run, memcg);
	return ret;
}

static int open_it(struct stat_read *st, struct bench_run *run)
{
	int ret;

	st->memcg = bench_memcg_mine(run);
	if (bench_in_memcg(run) && st->of == OF_PARENT)
		st->memcg = bench_memcg_parent(run, st->memcg);
	st->fd = -1;
	ret = bench_memcg_open(run, st->memcg, (enum bench_memcg_file)st->file, &st->fd);
	if (ret == -EOPNOTSUPP)
		return bench_skip(run, "file: this kernel, with this version of cgroups, has no such file here");
	return ret == -ENODATA ? 0 : ret;
}

/* All that has shmem in a memcg of ours is ours, and there before the first pass. */
static int find_known(struct stat_read *st, struct bench_run *run)
{
	const int64_t least = (int64_t)(st->of == OF_PARENT ? st->pages.nr + st->dying.nr : st->pages.nr / st->nr_busy) / 2;
	int ret;

	st->known_pages = -1;
	bench_barrier(run);
	if (!bench_in_memcg(run) || !st->memcg)
		return 0;
	ret = bench_memcg_pages(run, st->memcg, "shmem", &st->known_pages);
	/* Before Linux 5.13 up to 32 pages of each memcg wait on a CPU (MEMCG_CHARGE_BATCH). */
	if (!ret && st->known_pages < least)
		ret = bench_error(run, EPROTO, "of %" PRId64 " pages of shmem and more the memcg has %" PRId64, least, st->known_pages);
	return ret == -ENODATA ? 0 : ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct stat_read *st = state;
	struct bench_memcg *memcg = bench_memcg_mine(run);
	const size_t each = (st->nr_pages + st->nr_busy - 1) / st->nr_busy;
	size_t i;
	int ret = bench_pages_make(run, BENCH_BACKED_MEMFD, "stat_read", each * st->nr_busy, 0, &st->pages);

	for (i = 0; !ret && i < st->nr_busy; i++) {
		ret = i ? bench_memcg_make(run, &memcg) : 0;
		ret = ret ?: bring_in_from(run, memcg, &st->pages, i * each, each);
	}
	ret = ret ?: bench_pages_map(run, &st->pages, 1) ?: open_it(st, run);
	return ret ?: (st->fd >= 0 ? read_once(st, run) : 0) ?: find_known(st, run);
}

const struct bench bench_stat_read = {
	.name = "stat_read",
	.summary = "reading the statistics of a memcg that holds others, and what readers cost",
	.about =
		"Maps and unmaps pages of a memfd that memcgs were charged for before, which makes updates of their statistics pending and charges nothing, and "
		"reads a file of the memcg that holds them all: once with those updates pending, and then again with nothing pending but what "
		"the rest of the machine did. read less again is what gathering the updates takes; again is formatting the file, and looking whether there is "
		"something to gather. With --profile, explain names the functions.\n\n"
		"From Linux 5.13 on a reader flushes what every CPU has pending for the memcg and all below it: cgroup_rstat_flush(), from 6.16 on "
		"css_rstat_flush(), called by mem_cgroup_flush_stats(); memory_stat_format() prints. Up to 6.7 one count of updates served all memcgs; since then "
		"memcg_vmstats_needs_flush() asks the memcg at hand, and flushes from MEMCG_CHARGE_BATCH (64) updates for each CPU on (mm/memcontrol.c). Before 5.13 "
		"an updater hands on 32 at a time to all ancestors, __mod_memcg_state(), and readers of v2 gather nothing.\n\n"
		"update is the other side: after a flush the first update of a memcg on a CPU puts it back onto the list of those to be flushed, "
		"css_rstat_updated(), and memcg_rstat_updated() walks all levels, where since 6.16 it otherwise ends at one that is to be flushed anyway. One reader comes for each --pages of updates; with --reads=0 "
		"there is none, so the difference is what he costs the updaters.\n\n"
		"--siblings are the memcgs that are there, idle; --busy those that have the updates; --dying those that were removed and live on for a page of "
		"theirs (none where pages are reparented, lru_reparent_memcg(), in Linux 7.2.13 and not yet in 7.1). At --depth=1 the parent is the root memcg, which is the machine's. Without memcg nothing is "
		"read, and in the root arm it is the root's own file.",
	.version = 1,
	BENCH_METRICS(BENCH_TIMED(UPDATE, "update", "page", "mapping a page that is charged already, and unmapping it: updates of statistics"),
		      BENCH_TIMED(READ, "read", "read", "reading the file with those updates pending"),
		      BENCH_TIMED(AGAIN, "again", "read", "reading it again, with nothing pending")),
	BENCH_PARAMS(BENCH_CHOICE(struct stat_read, file, "file", "stat", "which file, by the name that cgroup v2 has for it",
				  BENCH_OF("stat", "numa_stat", "current", "events", "cgroup.stat")),
		     BENCH_CHOICE(struct stat_read, of, "of", "parent", "whose file: of the memcg above that of worker 0, or of its own",
				  BENCH_OF("parent", "own")),
		     BENCH_NUMBER(struct stat_read, nr_pages, "pages", "pages", "256", NULL, 16, PAGES_MAX,
				  "pages mapped and unmapped before each first read, in all busy memcgs together"),
		     BENCH_NUMBER(struct stat_read, nr_busy, "busy", "memcgs", "1", NULL, 1, PAGES_MAX, "memcgs that they are charged to, the worker's own among them"),
		     BENCH_NUMBER(struct stat_read, nr_reads, "reads", "reads", "9", NULL, 0, 1000, "reads after them; 0: nobody reads; 1: none again"),
		     BENCH_NUMBER(struct stat_read, nr_dying, "dying", "memcgs", "0", NULL, 0, 10000, "removed memcgs beside them that a page of cache keeps")),
	.needs = BENCH_NEEDS_PROCESSES,
	.state_size = sizeof(struct stat_read),
	.share = share,
	.setup = setup,
	.pass = pass,
	BENCH_SUITE({.suites = BENCH_CARD, .params = "siblings=100", .depth = "2", .spare = 1},
		    {.suites = BENCH_FULL, .params = "siblings=0,10,100,1000", .depth = "2"},
		    {.suites = BENCH_FULL, .params = "busy=1,16,64 reads=0,9", .depth = "2"}),
};
