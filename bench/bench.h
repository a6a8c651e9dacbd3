/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - the contract between a bench and the harness: what every bench needs.
 *
 * A bench is one file in bench/ that defines one `const struct bench bench_NAME`, and one line in list.h. The struct says everything:
 * help, man page, completion, suites and the result files follow from it. The harness forks and pins the workers, puts them into their
 * memcg, binds their memory, calls pass(), and does all timing, proving, storing and printing. A bench file therefore holds no clock,
 * printf, fork, pthread, cgroup path, perf counter, option parsing or exit, and includes these headers, libc and libnuma only:
 * bench_pages.h (memory and files), bench_memcg.h (memcgs, the ledger, limits, reclaim), bench_team.h (several workers).
 *
 * Words: an *op* is what a cost is per ("one page faulted in"). A *pass* is the smallest whole piece of work of a bench (map, touch every
 * page, unmap); a *rep* is the number of passes that fills the time of one sample. A *phase* is a timed part of a pass; each metric is the
 * time of one phase per op.
 *
 * Every worker has its own state and its own struct bench_run. Functions that can fail return 0 or a negative errno through
 * bench_error(), which keeps the sentence for the reader.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

/* The harness as one worker sees it while it measures. Opaque. */
struct bench_run;
struct bench_memcg;

/* --- what a bench says of itself --- */

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
	const char *help; /* one line: what is timed or counted */
	const char *op;	  /* the op, singular: "page" */
	enum bench_better better;
	enum bench_kind kind;
	const char *unit; /* BENCH_COUNT: what is counted, plural: "pages", "faults" */
};

/* Inside BENCH_METRICS(): metric number @id, of a phase, or of bench_count(). */
#define BENCH_TIMED(id, name_, op_, help_) [id] = {.name = name_, .op = op_, .help = help_}
#define BENCH_COUNTED(id, name_, unit_, op_, help_) [id] = {.name = name_, .op = op_, .help = help_, .kind = BENCH_COUNT, .unit = unit_}

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
 * and stores it as uint64_t at @offset of the bench's state before share() and setup().
 */
struct bench_param {
	const char *name;
	const char *help;
	enum bench_param_type type;
	const char *unit;	    /* NULL where there is none */
	const char *def;	    /* default, as a user would type it */
	const char *const *choices; /* BENCH_PARAM_ENUM: NULL-terminated */
	uint64_t min, max;	    /* SIZE and UINT, inclusive */
	size_t offset;		    /* BENCH_FIELD() */
	/* Default on the instruction clock of a guest, where a pass has to fit between two ticks of the timer; NULL: the same. */
	const char *insn_def;
	/* BENCH_PARAM_ENUM: what each choice, by its index, needs beyond the bench's needs: a set of enum bench_needs. NULL: nothing. */
	const unsigned int *choice_needs;
};

/* Inside BENCH_PARAMS(): a parameter kept in @member of @type. More fields may follow, as BENCH_OF() of a choice has to. */
#define BENCH_CHOICE(type_, member, name_, def_, help_, ...) \
	{.name = name_, .help = help_, .type = BENCH_PARAM_ENUM, .def = def_, .offset = BENCH_FIELD(type_, member), __VA_ARGS__}
#define BENCH_OF(...)	   .choices = (const char *const[]){__VA_ARGS__, NULL}
#define BENCH_NEEDING(...) .choice_needs = (const unsigned int[]){__VA_ARGS__}
#define BENCH_SIZE(type_, member, name_, def_, insn_def_, min_, max_, help_) \
	{.name = name_, .help = help_, .type = BENCH_PARAM_SIZE, .unit = "bytes", .def = def_, .insn_def = insn_def_, .min = min_, \
	 .max = max_, .offset = BENCH_FIELD(type_, member)}
#define BENCH_NUMBER(type_, member, name_, unit_, def_, insn_def_, min_, max_, help_) \
	{.name = name_, .help = help_, .type = BENCH_PARAM_UINT, .unit = unit_, .def = def_, .insn_def = insn_def_, .min = min_, \
	 .max = max_, .offset = BENCH_FIELD(type_, member)}

/* In struct bench. */
#define BENCH_METRICS(...) \
	.metrics = (const struct bench_metric[]){__VA_ARGS__}, .nr_metrics = BENCH_NR(struct bench_metric, __VA_ARGS__)
#define BENCH_PARAMS(...) \
	.params = (const struct bench_param[]){__VA_ARGS__}, .nr_params = BENCH_NR(struct bench_param, __VA_ARGS__)
#define BENCH_NR(type, ...) (sizeof((const type[]){__VA_ARGS__}) / sizeof(type))

/* What a bench cannot run without: a set of flags; harness/core/needs.c has a sentence and a test for each. */
enum bench_needs {
	BENCH_NEEDS_MEMCG = 1 << 0, /* a memory controller; without it there is no child state */
	BENCH_NEEDS_SWAP = 1 << 1,  /* swap on zram, set up and taken down by the harness */
	BENCH_NEEDS_NUMA = 1 << 2,  /* two memory nodes */
	BENCH_NEEDS_THP = 1 << 3,
	BENCH_NEEDS_DIR = 1 << 4,   /* a folder on a file system with a disk behind it, for BENCH_BACKED_FILE */
	BENCH_NEEDS_PROCESSES = 1 << 5, /* workers must be processes: they enter memcgs */
	BENCH_NEEDS_GUEST = 1 << 6, /* a guest (--kernel): it takes pages of the whole machine */
};

enum bench_suites {
	BENCH_CARD = 1 << 0, /* for everybody and every day: few numbers, each telling; in guests all of it has to fit 50 seconds of a boot */
	BENCH_FULL = 1 << 1, /* sweeps what there is to sweep, and takes what it takes */
	BENCH_BOTH = BENCH_CARD | BENCH_FULL,
};

enum bench_where {
	BENCH_LIVE = 1 << 0,
	BENCH_GUESTS = 1 << 1,
	BENCH_ANYWHERE = BENCH_LIVE | BENCH_GUESTS, /* also 0 */
	BENCH_NODES = 1 << 2, /* with one of those: where there are two memory nodes */
};

/*
 * How a suite of `run` takes the bench, inside BENCH_SUITE(). Texts are what a user would give run's option of that name, NULL its default; what he gives
 * himself goes before them. A bench without any is in the full suite once, as it comes.
 */
struct bench_suite {
	unsigned int suites, where;
	const char *params; /* "way=single,miss pages=64": of lists every combination */
	const char *workers, *memcgs, *depth, *place, *memory;
	int threads;
	unsigned int spare; /* the greatest is left out first where time is short, of equals the last */
};

#define BENCH_SUITE(...) .suite = (const struct bench_suite[]){__VA_ARGS__}, .nr_suite = BENCH_NR(struct bench_suite, __VA_ARGS__)

/* What a pass is for. */
enum bench_pass {
	BENCH_PASS_TIMED,
	BENCH_PASS_WARM,  /* before the timed ones of a rep, where the bench asks for it (.has_warm): what the last rep left is gone */
	BENCH_PASS_AUDIT, /* to prove the work (bench_hold()); and after the timed ones of a rep, in a memcg, where it asks for that (.has_audit) */
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
	const struct bench_metric *metrics; /* BENCH_METRICS() */
	size_t nr_metrics;
	const struct bench_param *params; /* BENCH_PARAMS() */
	size_t nr_params;
	const struct bench_suite *suite; /* BENCH_SUITE() */
	size_t nr_suite;
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

	/* Once per worker, after it is pinned and in its memcg. Untimed. What it maps and opens goes with the process. */
	int (*setup)(void *state, struct bench_run *run);

	/*
	 * One pass, each phase of it between bench_phase_begin() and bench_phase_end(). It says what it did (bench_expect_faults(),
	 * bench_expect_reads(), bench_expect()), and leaves nothing behind. No call through a pointer, no clock and no allocation per op.
	 */
	int (*pass)(void *state, struct bench_run *run);
	int has_warm, has_audit; /* enum bench_pass */

	/*
	 * A separate run in which every op is timed alone, between bench_op_begin() and bench_op_end(),
	 * until that returns 0. NULL: this bench has no latency distribution. It is of metric
	 * number latency_metric.
	 */
	int (*latency)(void *state, struct bench_run *run);
	size_t latency_metric;
};

/* --- while it measures --- */

/* What the pass at hand is for. Phases are timed in a timed pass alone. */
enum bench_pass bench_pass_kind(const struct bench_run *run);

/* Begin and end the timed phase @phase (= the metric's index), which did @ops ops. */
void bench_phase_begin(struct bench_run *run, size_t phase);
void bench_phase_end(struct bench_run *run, size_t phase, uint64_t ops);
/* Ops of a phase that only a look afterwards could tell, beyond those that bench_phase_end() was given. */
void bench_phase_ops(struct bench_run *run, size_t phase, uint64_t ops);

/* Add @amount to metric @metric, a BENCH_COUNT, over @ops ops. Between phases, or after them; in whatever pass. */
void bench_count(struct bench_run *run, size_t metric, uint64_t amount, uint64_t ops);

/*
 * Around one op in latency(). bench_op_end() returns 0 when enough ops were made. Where it takes a look to tell whether an op is one of those whose
 * latency is wanted, bench_op_stop() stops the clock, and bench_op_take() is the rest of bench_op_end(): 0 for @is_wanted leaves the op out.
 */
void bench_op_begin(struct bench_run *run);
int bench_op_end(struct bench_run *run);
void bench_op_stop(struct bench_run *run);
int bench_op_take(struct bench_run *run, int is_wanted);

/* --- evidence: what a pass says that it did, and the harness compares after every rep. A rep that did something else is an error, not a number --- */

/*
 * It touched @touched pages that were not mapped, @per_fault of them at most with one fault: so many minor faults there have to be, and no
 * more than one for each, but for the process's own (16, and a fiftieth). None may read from disk, but for those of bench_expect_majors().
 */
void bench_expect_faults(struct bench_run *run, uint64_t touched, unsigned int per_fault);
/*
 * At least @least faults read from swap. How many did in all, of either kind, is then no longer bounded above; nor after a limit or reclaim on
 * demand of this worker's, which take pages of programs too.
 */
void bench_expect_majors(struct bench_run *run, uint64_t least);
/* It made @reads calls of read(2), pread(2) or the like, at least. Where the kernel counts them (CONFIG_TASK_IO_ACCOUNTING). */
void bench_expect_reads(struct bench_run *run, uint64_t reads);

/* --- facts --- */

/* Bytes of a base page and of a PMD-sized huge page (0: this kernel has none). */
uint64_t bench_page_bytes(const struct bench_run *run);
uint64_t bench_huge_page_bytes(const struct bench_run *run);

/* --- when it cannot --- */

/* Record a sentence about what went wrong and return -@err. @err: a positive errno. */
int bench_error(struct bench_run *run, int err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same of a call that failed: the sentence goes on ": " and what errno means. Returns -errno. */
int bench_errno(struct bench_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * In setup() and share(): these parameters cannot be measured on this kernel or machine. The item is skipped with the sentence,
 * which names what is missing; no failure. Returns what to return.
 */
int bench_skip(struct bench_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Record a sentence about what was unusual, and is no error: a warning in the results. Once an item; the first of a worker is kept. */
void bench_warn(struct bench_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
