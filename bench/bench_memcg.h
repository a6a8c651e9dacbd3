/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_memcg.h - memcgs: whose pages are whose, limits, reclaim.
 *
 * In a child arm each worker is in a memcg, its *home*, alone or with others (--memcgs); a bench may make more beside it. In the
 * off and root arms there is nothing to make or to enter: those calls do nothing there and return 0, so that all arms
 * run the same code; whoever asks for a number that nobody keeps gets -ENODATA, without a sentence.
 * The other errors have theirs, through bench_error().
 */
#ifndef BENCH_BENCH_MEMCG_H
#define BENCH_BENCH_MEMCG_H

#include "bench.h"

/* A handle; of the worker that got it, which need not free it. */
struct bench_memcg;

/* Is this a child arm: do pages have a memcg of ours to be charged to? */
int bench_in_memcg(const struct bench_run *run);

/* Where worker @worker began, and where this one did. Never NULL. */
struct bench_memcg *bench_memcg_home(struct bench_run *run, unsigned int worker);
struct bench_memcg *bench_memcg_mine(struct bench_run *run);
/* Of the workers with the home of @worker, is it the one with the lowest number? For what is done once a memcg. */
int bench_memcg_is_first(struct bench_run *run, unsigned int worker);
/* One level up; NULL above the topmost that is ours to change. */
struct bench_memcg *bench_memcg_parent(struct bench_run *run, struct bench_memcg *memcg);
/*
 * @level levels above this worker's home: *ret_memcg is NULL outside of child arms. bench_error(EINVAL), naming --level, where there are not as
 * many.
 */
int bench_memcg_above(struct bench_run *run, uint64_t level, struct bench_memcg **ret_memcg);
/* A new empty one beside the home of worker 0. The harness removes it with the team, if bench_memcg_remove() did not. */
int bench_memcg_make(struct bench_run *run, struct bench_memcg **ret_memcg);
/* rmdir(2). -EBUSY: a task is in it. The handle is gone afterwards. */
int bench_memcg_remove(struct bench_run *run, struct bench_memcg *memcg);
/* Move this worker's process. Its memory stays charged where it is. BENCH_NEEDS_PROCESSES. */
int bench_memcg_enter(struct bench_run *run, struct bench_memcg *memcg);

/* --- the ledger --- */

/* What memory is charged as: lines of memory.stat, and swap. Those of the kernel's own memory are judged only where a bench expects some. */
enum bench_charged {
	BENCH_ANON,  /* private memory, and private copies of a file's pages */
	BENCH_FILE,  /* page cache, without shmem */
	BENCH_SHMEM, /* shared memory, a memfd, tmpfs */
	BENCH_SWAP,
	BENCH_KERNEL, /* all of the kernel's own, of which are: */
	BENCH_SLAB,
	BENCH_PERCPU,
	BENCH_PAGETABLES,
	BENCH_STACK,
	BENCH_VMALLOC,
	BENCH_SOCK, /* of sockets */
	BENCH_ZSWAP,
	BENCH_CHARGED_NR
};

/*
 * In the pass that proves the work: say that at the next bench_hold() @pages more of @charged are charged to @memcg than
 * before the pass; what several calls and workers say of one memcg adds up, and of which nobody says anything, nothing is expected. In every
 * other pass, and in arms without a memcg of ours, it returns at once.
 */
void bench_expect(struct bench_run *run, struct bench_memcg *memcg, enum bench_charged charged, int64_t pages);

/*
 * To be called between phases, while what a pass brought in is there: in the pass that proves the work all workers stop here, and the harness
 * compares what was expected with what every memcg of the item was charged, exactly. All workers call it equally often. When the pass
 * is over, what was expected since the last hold has to be charged: nothing, as a rule.
 */
void bench_hold(struct bench_run *run);
/* Is this that pass? It may hold more than the others, where they hold too little to be told from nothing. */
int bench_is_proving(const struct bench_run *run);

/* --- usage and statistics --- */

/* memory.current, memory.usage_in_bytes. Flushes nothing. Of a worker that is a process, all but the first reading of a memcg charge nobody. */
int bench_memcg_usage(struct bench_run *run, struct bench_memcg *memcg, uint64_t *ret_bytes);
/*
 * Pages of swap that are charged to @memcg: memory.swap.current of v2, in which a page that came back and keeps its place is, too (it does not since Linux 7.3);
 * memory.memsw less memory of v1, in which it is not. -ENODATA: nobody counts them.
 */
int bench_memcg_swapped(struct bench_run *run, struct bench_memcg *memcg, int64_t *ret_pages);
/* A line of memory.stat under its v2 name, in whatever unit it has; -ENODATA also where this kernel has none. Flushes the statistics. */
int bench_memcg_stat(struct bench_run *run, struct bench_memcg *memcg, const char *key, uint64_t *ret_value);
/*
 * Pages of a line of memory.stat that counts bytes, exactly. A reader gets what was gathered last, unless more than MEMCG_CHARGE_BATCH updates for
 * each CPU are waiting (memcg_vmstats_needs_flush(), mm/memcontrol.c, Linux 6.12): so many are made here, of pages that come and go in the
 * memcg of the caller.
 */
int bench_memcg_pages(struct bench_run *run, struct bench_memcg *memcg, const char *key, int64_t *ret_pages);

/* 0: each CPU keeps up to 32 pages of a line to itself, either way, whoever reads it (up to Linux 5.12, __mod_memcg_state(), mm/memcontrol.c). */
int bench_memcg_stat_is_exact(void);

/* A file of a memcg, to be read, under the name of either version of cgroups. */
enum bench_memcg_file {
	BENCH_FILE_STAT,      /* memory.stat */
	BENCH_FILE_NUMA_STAT, /* memory.numa_stat */
	BENCH_FILE_USAGE,     /* memory.current, memory.usage_in_bytes */
	BENCH_FILE_EVENTS,    /* memory.events, memory.oom_control */
	BENCH_FILE_CGROUP,    /* cgroup.stat: of v2 alone */
};
/*
 * Open one, for a phase that reads it: pread() at 0 with room for all of it gives all of it. @memcg: NULL for the root memcg of the hierarchy. The file goes
 * with the process. -ENODATA without a memcg, and of the root's usage; -EOPNOTSUPP with a sentence: this kernel has no such file there.
 */
int bench_memcg_open(struct bench_run *run, struct bench_memcg *memcg, enum bench_memcg_file file, int *ret_fd);
/* A line of what was read of memory.stat, under its v2 name; -ENODATA: there is none. */
int bench_memcg_line(struct bench_run *run, const char *text, const char *key, uint64_t *ret_value);

/*
 * In an audit pass, in a child arm: how many such pages @memcg has, exactly, and later as metric @metric by how many more over @ops ops. In other passes,
 * and of no memcg (NULL), nothing is looked at: it costs more than the work.
 */
int bench_look(struct bench_run *run, struct bench_memcg *memcg, const char *key, int64_t *ret_pages);
int bench_count_growth(struct bench_run *run, size_t metric, struct bench_memcg *memcg, const char *key, int64_t before, uint64_t ops);

/* --- limits and reclaim --- */

enum bench_limit {
	BENCH_LIMIT_MAX,  /* memory.max, memory.limit_in_bytes */
	BENCH_LIMIT_HIGH, /* memory.high; -EOPNOTSUPP on v1 */
};
/* @bytes: UINT64_MAX for none. Taken back with the team. Reclaims when it is below what is charged: this is a timed op of some benches. */
int bench_memcg_limit(struct bench_run *run, struct bench_memcg *memcg, enum bench_limit limit, uint64_t bytes);
/*
 * A limit to come: *ret_limit is the usage of @memcg less @bytes. bench_error(EINVAL) if that would be nothing, or less: the sentence says what is
 * charged, and that a limit allows no more.
 */
int bench_memcg_usage_less(struct bench_run *run, struct bench_memcg *memcg, uint64_t bytes, uint64_t *ret_limit);
/*
 * memory.reclaim (v2, since Linux 5.19); on v1 memory.force_empty, which takes all that it can. In the root arm the whole machine is reclaimed from.
 * -EAGAIN, without a sentence: less than @bytes was reclaimed. -EOPNOTSUPP: this kernel has no such file.
 */
int bench_memcg_reclaim(struct bench_run *run, struct bench_memcg *memcg, uint64_t bytes);
int bench_memcg_can_reclaim(struct bench_run *run, struct bench_memcg *memcg);
/*
 * memory.reclaim of the root memcg, whichever the arm: whose pages go is the kernel's choice. In guests only. Errors as
 * bench_memcg_reclaim(), which see; -EOPNOTSUPP also on v1, and outside of guests.
 */
int bench_machine_reclaim(struct bench_run *run, uint64_t bytes);
int bench_machine_can_reclaim(struct bench_run *run);
/* vm.min_free_kbytes, in bytes: free memory that is not for everybody. */
int bench_kept_free(struct bench_run *run, uint64_t *ret_bytes);

/*
 * Pages that reclaim looked at and took, on the whole machine, in whatever way: pgscan and pgsteal of /proc/vmstat, exact, and kept in all arms. Between
 * phases; all but a worker's first reading charge nobody.
 */
struct bench_reclaimed {
	uint64_t scanned, stolen;
};
int bench_reclaimed(struct bench_run *run, struct bench_reclaimed *ret_reclaimed);

/*
 * Finish this CPU's batches of pages on their way to and from the LRU: madvise_cold() begins with lru_add_drain() (mm/madvise.c). What is left there is
 * finished at the expense of whoever comes next. The harness does so before each rep; a bench may between phases. Before Linux 5.4 it does nothing.
 */
void bench_lru_drain(struct bench_run *run);

/* --- what stands beside: the item's --siblings and --sibling-pages --- */

/* Count, as metric @metric, in "pages per memcg", what the siblings still hold of their pages. Where they hold none, nothing is counted. */
void bench_count_siblings(struct bench_run *run, size_t metric);

/* --- the stock --- */

/*
 * Bytes by which the usage of a memcg rises when a charge finds no stock: MEMCG_CHARGE_BATCH pages; a page where there is no stock. 0: nobody knows.
 * Found out once, in share().
 */
int bench_stock_batch(struct bench_run *run, uint64_t *ret_bytes);

#endif
