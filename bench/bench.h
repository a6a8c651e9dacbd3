/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - the contract between a bench and the harness.
 *
 * A bench is one file in bench/ that defines one `const struct bench bench_NAME`, and one line in
 * list.h. The struct says everything: help, man page, completion and the result files follow from it.
 * The harness forks and pins the workers, puts them into their memcg, binds their memory, chooses how
 * many passes make a rep, and does all timing, storing and printing. A bench file therefore holds no
 * clock, printf, fork, pthread, cgroup path, perf counter, option parsing or exit, and includes this
 * file, libc and libnuma only.
 *
 * Words: an *op* is what a cost is per ("one page faulted in"). A *pass* is the smallest whole piece of
 * work of a bench (map, touch every page, unmap); a *rep* is the number of passes that fills the time
 * of one sample. A *phase* is a timed part of a pass; each metric is the time of one phase per op.
 *
 * Every worker has its own state and its own struct bench_run. Functions that can fail return 0 or a
 * negative errno through bench_error(), which keeps the sentence for the reader.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* The harness as one worker sees it while it measures. Opaque. */
struct bench_run;
struct bench_memcg;

enum bench_better {
	BENCH_LOWER_IS_BETTER,
	BENCH_HIGHER_IS_BETTER,
};

enum bench_kind {
	BENCH_TIME,  /* the time of the phase of the same number, per op, in "clock unit per @op" */
	BENCH_COUNT, /* what bench_count() added up, per op, in "@unit per @op" */
};

struct bench_metric {
	const char *name;
	const char *help;	  /* one line: what is timed or counted */
	const char *op;		  /* the op, singular: "page" */
	enum bench_better better;
	enum bench_kind kind;
	const char *unit;	  /* BENCH_COUNT: what is counted, plural: "pages", "faults" */
};

enum bench_param_type {
	BENCH_PARAM_ENUM, /* one of @choices; the field holds its index */
	BENCH_PARAM_SIZE, /* bytes: "8M" */
	BENCH_PARAM_UINT,
};

/*
 * .offset of a parameter: the place of @member in @type, the bench's state. 64 bits are written there, so a member of another
 * type does not compile.
 */
#define BENCH_FIELD(type, member) _Generic(((type *)0)->member, uint64_t : offsetof(type, member))

/*
 * A parameter of a bench: `--param name=value`, or `--name=value`. The harness parses and checks it,
 * and stores it as uint64_t at @offset of the bench's state before setup().
 */
struct bench_param {
	const char *name;
	const char *help;
	enum bench_param_type type;
	const char *unit;	    /* NULL where there is none */
	const char *def;	    /* default, as a user would type it */
	const char *const *choices; /* BENCH_PARAM_ENUM: NULL-terminated */
	uint64_t min, max;	    /* SIZE and UINT, inclusive */
	size_t offset; /* BENCH_FIELD() */
	/*
	 * Default on the instruction clock of a guest, where a pass has to fit between two ticks of the timer; NULL: the
	 * same.
	 */
	const char *insn_def;
	/* BENCH_PARAM_ENUM: what each choice, by its index, needs beyond the bench's needs: a set of enum bench_needs. NULL: nothing. */
	const unsigned int *choice_needs;
};

/* What a bench cannot run without: a set of flags; harness/core/needs.c has a sentence and a test for each. */
enum bench_needs {
	BENCH_NEEDS_MEMCG = 1 << 0, /* a memory controller; without it there is no child state */
	BENCH_NEEDS_SWAP = 1 << 1,  /* swap on zram, set up and taken down by the harness */
	BENCH_NEEDS_NUMA = 1 << 2,  /* two memory nodes */
	BENCH_NEEDS_THP = 1 << 3,
	BENCH_NEEDS_DIR = 1 << 4,   /* bench_dir(): a folder on a file system with a disk behind it */
	BENCH_NEEDS_PROCESSES = 1 << 5, /* workers must be processes: they enter memcgs */
	BENCH_NEEDS_GUEST = 1 << 6, /* a guest (--kernel): it takes pages of the whole machine */
};

/* What the harness saw from outside of one rep of one worker, for verify(). */
struct bench_evidence {
	uint64_t passes;
	uint64_t minflt, majflt; /* getrusage(RUSAGE_THREAD) after − before */
};

struct bench {
	const char *name;
	const char *summary; /* one line */
	/*
	 * Plain English, in paragraphs: what is done; why memcg is on that path, naming the kernel
	 * functions (and the version they were read in); what the number includes and leaves out.
	 */
	const char *about;
	unsigned int version; /* raise it when the meaning of a number changes */
	const struct bench_metric *metrics;
	size_t nr_metrics;
	const struct bench_param *params;
	size_t nr_params;
	unsigned int needs; /* enum bench_needs */
	size_t state_size;  /* the harness gives each worker this much, zeroed, with params filled in */
	unsigned int nr_workers; /* default of --workers; 0: 1 */
	const char *memcgs;	 /* default of --memcgs: "shared" (also NULL), "each", or a number */

	/*
	 * Once per team, before there are workers, in the process that they come from (forked, or as threads) and in the
	 * memcg of worker 0, on its CPU: what it maps and opens, every worker finds at the same address and number, and
	 * @state, as it leaves it, is where each worker's own state starts from. Untimed. NULL: nothing is shared.
	 */
	int (*share)(void *state, struct bench_run *run);

	/* Once per worker, after it is pinned and in its memcg. Untimed. */
	int (*setup)(void *state, struct bench_run *run);

	/*
	 * @passes passes, each phase of them between bench_phase_begin() and bench_phase_end(). No call
	 * through a pointer, no clock and no allocation per op.
	 */
	int (*run)(void *state, struct bench_run *run, uint64_t passes);

	/*
	 * Called after every rep: did the work that was timed really happen? A rep that does not
	 * verify is an error, not a number. Obligatory, except for null.
	 */
	int (*verify)(void *state, struct bench_run *run, const struct bench_evidence *evidence);

	/*
	 * A separate run in which every op is timed alone, between bench_op_begin() and bench_op_end(),
	 * until that returns 0. NULL: this bench has no latency distribution. It is of metric
	 * number latency_metric.
	 */
	int (*latency)(void *state, struct bench_run *run);
	size_t latency_metric;

	/*
	 * Once per worker, when the team has done its work: free what outlives a pass, and see that all of it was given back. Barriers and turns
	 * are as in run(). A failure is the item's. NULL: nothing is left between passes. Not called where something failed before.
	 */
	int (*finish)(void *state, struct bench_run *run);

	/* Copes with half a setup. */
	void (*teardown)(void *state, struct bench_run *run);
};

/* --- what a bench may ask of the harness --- */

/* Begin and end the timed phase @phase (= the metric's index), which did @ops ops. */
void bench_phase_begin(struct bench_run *run, size_t phase);
void bench_phase_end(struct bench_run *run, size_t phase, uint64_t ops);
/* Ops of a phase that only a look afterwards could tell, beyond those that bench_phase_end() was given. */
void bench_phase_ops(struct bench_run *run, size_t phase, uint64_t ops);

/*
 * What memory is charged as: lines of memory.stat, and swap. Those of the kernel's own memory are judged only where a bench expects some.
 */
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
 * The ledger. In the pass that proves the work: say that at the next bench_hold() @pages more of @charged are charged to @memcg than
 * before the pass; what several calls and workers say of one memcg adds up, and of which nobody says anything, nothing is expected. In every
 * other rep, and in arms without a memcg of ours, it returns at once.
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

/*
 * Time the exit of a process as phase @phase, one op: fork a child that runs prepare(@state) and
 * exits. The clock runs from the child's last instruction before _exit() to the return of waitpid() in
 * the worker, so it includes the fixed cost of a process's end. prepare() runs untimed, in the child, and has to take @faults minor faults, give or
 * take those of its stack (16, and a fiftieth): what it touches is there to be freed.
 */
int bench_child_exit(struct bench_run *run, size_t phase, uint64_t faults, int (*prepare)(void *state, struct bench_run *run),
		     void *state);

/*
 * Around one op in latency(). bench_op_end() returns 0 when enough ops were made. Where it takes a look to tell whether an op is one of those whose
 * latency is wanted, bench_op_stop() stops the clock, and bench_op_take() is the rest of bench_op_end(): 0 for @is_wanted leaves the op out.
 */
void bench_op_begin(struct bench_run *run);
int bench_op_end(struct bench_run *run);
void bench_op_stop(struct bench_run *run);
int bench_op_take(struct bench_run *run, int is_wanted);

/* Bytes of a base page and of a PMD-sized huge page (0: this kernel has none). */
uint64_t bench_page_bytes(const struct bench_run *run);
uint64_t bench_huge_page_bytes(const struct bench_run *run);

/*
 * mmap() at an address of this worker's own, the same in every process: it begins where a huge page may begin, nothing adjoins it, and the page
 * tables above the last level are there already and stay. One mapping at a time; munmap() it. MAP_FAILED with errno as of mmap();
 * EEXIST: the last one is still there, or it reaches into another worker's. For the memory that is measured: where mmap() itself
 * puts a mapping is random, and so is what faults in it cost.
 */
void *bench_map(struct bench_run *run, size_t bytes, int protection, int flags, int fd);

/*
 * Empty this CPU's batches of pages on their way to and from the LRU: madvise_cold() begins with lru_add_drain() (mm/madvise.c). What is left there is
 * finished at the expense of whoever comes next. The harness does so before each rep; a bench may between phases. Before Linux 5.4 it does nothing.
 */
void bench_settle(struct bench_run *run);

/*
 * @bytes of private anonymous memory wherever mmap() puts it, without huge pages; for what is not faulted in while it is timed. NULL after
 * bench_error(). munmap() it, or leave it to the end of the process.
 */
void *bench_small_pages(struct bench_run *run, uint64_t bytes);

/*
 * Pages of [@map, @map + @bytes) that mincore() finds in memory; 0 if @map is NULL. Of anonymous memory those of the swap cache that are not mapped
 * count too (mm/mincore.c, Linux 6.12). Between phases.
 */
size_t bench_nr_resident(const struct bench_run *run, const void *map, uint64_t bytes);

/*
 * What keeps those pages, for an error: "62 mapped (62 lru, 62 unevictable, 62 mlocked), 0 in the swap cache alone". As an ordinary user, or
 * without CONFIG_PROC_PAGE_MONITOR, the flags are missing. Writes to and returns @buf.
 */
const char *bench_resident_text(const struct bench_run *run, const void *map, uint64_t bytes, char *buf, size_t size);

/* Sleep 10 ms, so that whatever else holds pages gets a CPU and lets them go. Between phases. */
void bench_let_others_run(void);

/*
 * For verify(): did touching @touched pages take @least faults, and no more than one for each, but for those of stack and libc (16, and a fiftieth),
 * and none that read from disk? If not, bench_error(EPROTO).
 */
int bench_check_faults(struct bench_run *run, const struct bench_evidence *evidence, uint64_t touched, uint64_t least);

/* A seed of this worker's own, the same in every run with the same --seed. */
uint64_t bench_seed(const struct bench_run *run);

/* Workers of this arm, which of them this is, and whether they share one address space. */
unsigned int bench_nr_workers(const struct bench_run *run);
unsigned int bench_worker(const struct bench_run *run);
int bench_is_threaded(const struct bench_run *run);

/* Add @amount to metric @metric, a BENCH_COUNT, over @ops ops. Between phases, or after them. */
void bench_count(struct bench_run *run, size_t metric, uint64_t amount, uint64_t ops);

/*
 * --- several workers ---
 * Neither may be called inside a phase. A worker that fails takes the others with it, wherever they wait.
 */

/* Returns when all workers of the team are here. */
void bench_barrier(struct bench_run *run);

/* Workers take turns, in the order of their numbers, beginning with 0 in every rep: wait for mine; hand on to the next. */
void bench_turn_begin(struct bench_run *run);
void bench_turn_end(struct bench_run *run);
/*
 * In setup(), by all workers, before anyone's first turn: turns are taken among the workers of the same CPU, on every CPU at once, each
 * beginning with its lowest number.
 */
void bench_turn_by_cpu(struct bench_run *run);

/*
 * --- memcgs ---
 * In a child arm each worker is in a memcg, its *home*, alone or with others (--memcgs); a bench may make more beside it. In the
 * off and root arms there is nothing to make or to enter: those calls do nothing there and return 0, so that all arms
 * run the same code; whoever asks for a number that nobody keeps gets -ENODATA, without a sentence.
 * The other errors have theirs, through bench_error().
 */
struct bench_memcg; /* a handle; of the worker that got it, which need not free it */

/* Is this a child arm: do pages have a memcg of ours to be charged to? */
int bench_in_memcg(const struct bench_run *run);

/* Where worker @worker began; its own with bench_worker(). Never NULL. */
struct bench_memcg *bench_memcg_home(struct bench_run *run, unsigned int worker);
/* Of the workers with the home of @worker, is it the one with the lowest number? For what is done once a memcg. */
int bench_memcg_is_first(struct bench_run *run, unsigned int worker);
/* One level up; NULL above the topmost that is ours to change. */
struct bench_memcg *bench_memcg_parent(struct bench_run *run, struct bench_memcg *memcg);
/* A new empty one beside the home of worker 0. The harness removes it with the team, if bench_memcg_remove() did not. */
int bench_memcg_make(struct bench_run *run, struct bench_memcg **ret_memcg);
/* rmdir(2). -EBUSY: a task is in it. The handle is gone afterwards. */
int bench_memcg_remove(struct bench_run *run, struct bench_memcg *memcg);
/* Move this worker's process. Its memory stays charged where it is. BENCH_NEEDS_PROCESSES. */
int bench_memcg_enter(struct bench_run *run, struct bench_memcg *memcg);

/* memory.current, memory.usage_in_bytes. Flushes nothing. Of a worker that is a process, all but the first reading of a memcg charge nobody. */
int bench_memcg_usage(struct bench_run *run, struct bench_memcg *memcg, uint64_t *ret_bytes);
/* memory.swap.current; on v1 memory.memsw.usage_in_bytes less memory.usage_in_bytes. -ENODATA also without swap accounting. */
int bench_memcg_swap(struct bench_run *run, struct bench_memcg *memcg, uint64_t *ret_bytes);
/*
 * To see whether a memcg gets back what it is charged: take this before and after memory came and went, from within the memcg (its statistics
 * are flushed, as by bench_memcg_pages()). In pages. INT64_MIN: nobody keeps that number.
 */
struct bench_charge {
	/*
	 * memory.current less anon, file and kernel of memory.stat (kernel: since Linux 5.18; on v1 memory.kmem.usage_in_bytes): what is charged and in
	 * nobody's hands. What a process keeps for itself is not in it. It is what CPUs hold in stock, and what was lost.
	 */
	int64_t loose;
	int64_t swap; /* bench_memcg_swap() */
};
int bench_memcg_charge(struct bench_run *run, struct bench_memcg *memcg, struct bench_charge *ret_charge);

/*
 * Take it again, and compare. bench_error(EPROTO), with memcg, file, before and after, if swap is not what it was, or loose is off by more
 * than the stock of each worker's CPU and of one more: MEMCG_CHARGE_BATCH pages (32, since Linux 6.1 64; include/linux/memcontrol.h). Of swap, so
 * much is bench_swap_slack(), and more what workers have there now (VmSwap): pages of a stack, with the bench's own freed.
 */
int bench_memcg_check_charge(struct bench_run *run, struct bench_memcg *memcg, const struct bench_charge *before);
/*
 * Slots of swap that may still be charged to a memcg though they were freed: 64 wait on each CPU for their batch (SWAP_SLOTS_CACHE_SIZE,
 * include/linux/swap_slots.h), until Linux 6.13; then 0. Between phases.
 */
uint64_t bench_swap_slack(const struct bench_run *run);

/*
 * A line of memory.stat under its v2 name ("anon", "file", "pgscan", "pgsteal"), -ENODATA also where this kernel has none.
 * Flushes the statistics: between reps or passes only, and say so in about.
 */
int bench_memcg_stat(struct bench_run *run, struct bench_memcg *memcg, const char *key, uint64_t *ret_value);

/*
 * Pages of a line of memory.stat that counts bytes, exactly. A reader gets what was gathered last, unless more than MEMCG_CHARGE_BATCH updates for
 * each CPU are waiting (memcg_vmstats_needs_flush(), mm/memcontrol.c, Linux 6.12): so many are made here, of pages that come and go in the
 * memcg of the caller.
 */
int bench_memcg_pages(struct bench_run *run, struct bench_memcg *memcg, const char *key, int64_t *ret_pages);

/*
 * In share(): @nr more memcgs beside that of worker 0. @fill (NULL: they stay idle) runs in each of them, with its number from 0. They go with the
 * team; what fill() leaves in memory stays charged to them. Outside of child arms there are none, and fill() does not run.
 */
int bench_memcg_crowd(struct bench_run *run, uint64_t nr, int (*fill)(void *state, struct bench_run *run, uint64_t index), void *state);

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

/*
 * memory.reclaim of the root memcg, whichever the arm: whose pages go is the kernel's choice. In guests only. Errors as
 * bench_memcg_reclaim(), which see; -EOPNOTSUPP also on v1, and outside of guests.
 */
int bench_machine_reclaim(struct bench_run *run, uint64_t bytes);

/* vm.min_free_kbytes, in bytes: free memory that is not for everybody. */
int bench_kept_free(struct bench_run *run, uint64_t *ret_bytes);

/* A line of /proc/vmstat; -ENODATA where this kernel has none. Between phases. */
int bench_vmstat(struct bench_run *run, const char *key, uint64_t *ret_value);

/*
 * Calls of read(2), pread(2) and the like that this worker has made: syscr of /proc/thread-self/io, exact; for verify(), where nothing but the reading
 * itself tells whether a file was read. -ENODATA where the kernel does not count them (CONFIG_TASK_IO_ACCOUNTING). Before the first
 * pass of a rep and after the last.
 */
int bench_nr_reads(struct bench_run *run, uint64_t *ret_nr);

/*
 * Pages that reclaim looked at and took, on the whole machine, in whatever way: pgscan and pgsteal of /proc/vmstat, exact, and kept in all arms. Between
 * phases; all but a worker's first reading charge nobody.
 */
struct bench_reclaimed {
	uint64_t scanned, stolen;
};
int bench_reclaimed(struct bench_run *run, struct bench_reclaimed *ret_reclaimed);

/*
 * Does nothing but memcgbench run on this kernel (a guest)? Only then may a bench put all of the machine under pressure.
 */
int bench_in_guest(const struct bench_run *run);
/*
 * Is the clock one of instructions, which what happens between phases does not disturb? In time, a system call there may make the next phase dearer.
 */
int bench_counts_insn(const struct bench_run *run);
/*
 * The multi-generational LRU of all memcgs, on or off, put back after the item: a switch of the whole machine, so that outside of a
 * guest, and in a kernel without it, this skips the item (bench_skip()). In setup() and share().
 */
int bench_lru_gen(struct bench_run *run, int enabled);

/* An empty folder of this team on a file system with a disk behind it (BENCH_NEEDS_DIR); the harness removes it with all that is in it. */
const char *bench_dir(const struct bench_run *run);

/* In share(): a new sparse file @name of @bytes there, which is read without readahead: a page of a hole is clean, and costs no I/O. */
int bench_sparse_file(struct bench_run *run, const char *name, uint64_t bytes, int *ret_fd);

/*
 * In setup() and share(): these parameters cannot be measured on this kernel or machine. The item is skipped with the sentence,
 * which names what is missing; no failure. Returns what to return.
 */
int bench_skip(struct bench_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Record a sentence about what was unusual, and is no error: it stands as a warning in the results. Once an item; the first of a worker is kept.
 */
void bench_warn(struct bench_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Record a sentence about what went wrong and return -@err. @err: a positive errno. */
int bench_error(struct bench_run *run, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
