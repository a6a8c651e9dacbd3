// SPDX-License-Identifier: GPL-2.0-or-later
/* What a bench asks of the harness, as one worker sees it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/worker.h"

/* Shared, as in a team: the child whose exit is timed writes to it. */
static int setup(void **state)
{
	*state = mmap(NULL, sizeof(struct bench_run), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return *state == MAP_FAILED;
}

static int teardown(void **state)
{
	return munmap(*state, sizeof(struct bench_run));
}

static void sleep_1ms(void)
{
	struct timespec left = {.tv_nsec = 1000000};

	while (nanosleep(&left, &left))
		;
}

static void phases_add_up(void **state)
{
	struct bench_run *run = *state;

	bench_phase_begin(run, 1);
	sleep_1ms();
	bench_phase_end(run, 1, 10);
	assert_true(run->phase[1].ns >= 1000000);
	bench_phase_begin(run, 1);
	sleep_1ms();
	bench_phase_end(run, 1, 5);
	assert_true(run->phase[1].ns >= 2000000);
	assert_int_equal(run->phase[1].ops, 15);
	assert_int_equal(run->phase[0].ops, 0);
	assert_int_equal(run->phase[0].ns, 0);
	bench_run_reset(run);
	assert_int_equal(run->phase[1].ops, 0);
	assert_int_equal(run->phase[1].ns, 0);
}

/* The first of all reps; an error may follow it. */
static void a_warning_outlives_its_rep(void **state)
{
	struct bench_run *run = *state;

	assert_string_equal(run->warning, "");
	bench_warn(run, "%d of 128 stayed", 62);
	bench_run_reset(run);
	bench_warn(run, "another");
	assert_string_equal(run->warning, "62 of 128 stayed");
	assert_int_equal(run->error, 0);
}

static void ops_may_come_after_the_phase(void **state)
{
	struct bench_run *run = *state;
	uint64_t ns;

	bench_phase_begin(run, 1);
	bench_phase_end(run, 1, 3);
	ns = run->phase[1].ns;
	bench_phase_ops(run, 1, 4);
	assert_int_equal(run->phase[1].ops, 7);
	assert_int_equal(run->phase[1].ns, ns);
	assert_int_equal(run->phase[0].ops, 0);
}

static void the_machine_is_not_ours_outside_of_a_guest(void **state)
{
	struct bench_run *run = *state;

	assert_false(bench_run_in_guest(run));
}

static void counters_are_counted_in_phases_only(void **state)
{
	struct bench_run *run = *state;
	struct counters *counters;
	volatile char *page;
	size_t i, faults;

	if (counters_open_self(&counters))
		skip();
	for (faults = 0; faults < counters_nr(counters); faults++)
		if (!strcmp(counters_name(counters, faults), "page-faults"))
			break;
	if (faults == counters_nr(counters)) {
		counters_close(counters);
		skip();
	}
	run->counters = counters;
	page = mmap(NULL, 200 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise((void *)page, 200 * 4096, MADV_NOHUGEPAGE);
	bench_phase_begin(run, 0);
	for (i = 0; i < 50; i++)
		page[i * 4096] = 1;
	bench_phase_end(run, 0, 50);
	for (; i < 200; i++)
		page[i * 4096] = 1;
	run->counters = NULL;
	counters_close(counters);
	munmap((void *)page, 200 * 4096);
	assert_true(run->phase[0].count_valid[faults]);
	assert_in_range(run->phase[0].count[faults], 50, 100);
}

static unsigned int nr_holds;

static void count_hold(struct bench_run *run)
{
	(void)run;
	nr_holds++;
}

static void hold_and_expect_act_only_when_proving(void **state)
{
	struct bench_run *run = *state;
	struct bench_memcg memcgs[2] = {0}, made = {.made = "w0-3"};
	struct team team = {.memcgs = memcgs};
	size_t i;

	run->team = &team;
	nr_holds = 0;
	bench_expect(run, &memcgs[1], BENCH_ANON, 7);
	bench_hold(run);
	assert_int_equal(nr_holds, 0);
	assert_int_equal(run->nr_expected, 0);
	assert_false(bench_is_proving(run));
	run->hold = count_hold;
	assert_true(bench_is_proving(run));
	bench_expect(run, &memcgs[1], BENCH_SHMEM, 7);
	bench_expect(run, &made, BENCH_SWAP, -3);
	bench_hold(run);
	bench_hold(run);
	assert_int_equal(nr_holds, 2);
	assert_int_equal(run->nr_expected, 2);
	assert_string_equal(run->expected[0].made, "");
	assert_int_equal(run->expected[0].memcg, 1);
	assert_int_equal(run->expected[0].charged, BENCH_SHMEM);
	assert_int_equal(run->expected[0].pages, 7);
	assert_string_equal(run->expected[1].made, "w0-3");
	assert_int_equal(run->expected[1].pages, -3);
	/* More than there is room for is no quiet loss. */
	for (i = 0; i < BENCH_EXPECTED_MAX; i++)
		bench_expect(run, &memcgs[0], BENCH_ANON, 1);
	assert_int_equal(run->nr_expected, BENCH_EXPECTED_MAX);
	assert_int_equal(run->error, E2BIG);
	bench_run_reset(run);
	assert_int_equal(run->nr_expected, 0);
	run->team = NULL;
}

/* In the child: */
static int touch_pages(void *state, struct bench_run *run)
{
	size_t nr = *(size_t *)state, i;
	volatile char *map = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)run;
	madvise((void *)map, nr * 4096, MADV_NOHUGEPAGE);
	for (i = 0; i < nr; i++)
		map[i * 4096] = 1;
	return 0;
}

static int sleep_and_touch(void *state, struct bench_run *run)
{
	struct timespec left = {.tv_nsec = 300000000};

	while (nanosleep(&left, &left))
		;
	return touch_pages(state, run);
}

static int touch_nothing(void *state, struct bench_run *run)
{
	(void)state;
	(void)run;
	return 0;
}

static int cannot(void *state, struct bench_run *run)
{
	(void)state;
	(void)run;
	return -ENOSPC;
}

static int dies(void *state, struct bench_run *run)
{
	(void)state;
	(void)run;
	raise(SIGKILL);
	return 0;
}

static int leaves(void *state, struct bench_run *run)
{
	(void)state;
	(void)run;
	_exit(3);
}

static void the_exit_of_a_child_is_timed(void **state)
{
	struct bench_run *run = *state;
	size_t nr = 1000;

#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: under a sanitizer shadow pages are faulted in as well\n");
	skip();
#endif
	assert_int_equal(bench_child_exit(run, 2, nr, touch_pages, &nr), 0);
	assert_int_equal(run->phase[2].ops, 1);
	assert_true(run->phase[2].ns > 0);
	assert_int_equal(bench_child_exit(run, 2, nr, touch_pages, &nr), 0);
	assert_int_equal(run->phase[2].ops, 2);
	assert_int_equal(run->error, 0);
}

/* Best of some: a busy machine delays an end, but not each of them by as much as the preparation takes. */
static void its_preparation_is_not_timed(void **state)
{
	struct bench_run *run = *state;
	size_t nr = 10;
	int tries;

	for (tries = 0; tries < 5; tries++) {
		bench_run_reset(run);
		assert_int_equal(bench_child_exit(run, 0, nr, sleep_and_touch, &nr), 0);
		if (run->phase[0].ns < 300000000)
			return;
	}
	fail_msg("%llu ns", (unsigned long long)run->phase[0].ns);
}

static void assert_child_error(struct bench_run *run, int (*prepare)(void *state, struct bench_run *run), int err, const char *sentence)
{
	bench_run_reset(run);
	assert_int_equal(bench_child_exit(run, 0, 1000000, prepare, NULL), -err);
	assert_int_equal(run->error, err);
	if (!strstr(run->error_text, sentence))
		fail_msg("%s", run->error_text);
	assert_int_equal(run->phase[0].ops, 0);
	assert_int_equal(run->phase[0].ns, 0);
}

static void a_child_that_fails_is_no_number(void **state)
{
	assert_child_error(*state, cannot, ENOSPC, "could not prepare: No space left on device");
	assert_child_error(*state, dies, ECHILD, "killed by signal 9");
	assert_child_error(*state, leaves, ECHILD, "could not prepare");
	assert_child_error(*state, touch_nothing, EPROTO, "faults to prepare, not 1000000: what it frees is not what it should be");
}

/* More than it should is as wrong as less. */
static void a_child_that_touches_too_much(void **state)
{
	struct bench_run *run = *state;
	size_t nr = 100;

	assert_int_equal(bench_child_exit(run, 0, 0, touch_pages, &nr), -EPROTO);
	assert_non_null(strstr(run->error_text, "faults to prepare, not 0"));
}

static void the_first_error_is_kept(void **state)
{
	struct bench_run *run = *state;

	assert_int_equal(bench_error(run, ENOMEM, "first %d", 1), -ENOMEM);
	assert_int_equal(bench_error(run, EIO, "second"), -EIO);
	assert_int_equal(run->error, ENOMEM);
	assert_string_equal(run->error_text, "first 1");
	bench_run_reset(run);
	assert_int_equal(run->error, 0);
	assert_string_equal(run->error_text, "");
}

static void latency_ends_with_the_number_wanted(void **state)
{
	struct bench_run *run = *state;
	unsigned int nr = 0;

	run->latency_ops = 5;
	do {
		bench_op_begin(run);
		nr++;
	} while (bench_op_end(run));
	assert_int_equal(nr, 5);
	assert_int_equal(run->latency.count, 5);
}

static void ops_that_are_not_wanted_are_made_and_left_out(void **state)
{
	struct bench_run *run = *state;
	unsigned int nr = 0;

	run->latency_ops = 6;
	run->latency_made = 0;
	memset(&run->latency, 0, sizeof(run->latency));
	do {
		bench_op_begin(run);
		bench_op_stop(run);
		/* What comes behind the stop is not the op's. */
		if (nr == 2)
			sleep_1ms();
		nr++;
	} while (bench_op_take(run, nr % 3 == 0));
	assert_int_equal(nr, 6);
	assert_int_equal(run->latency.count, 2);
	assert_true(run->latency.max < 1000000);
}

/* Less than the clock's own cost is 0, not 2^64. */
static void the_clock_is_subtracted_and_never_too_much(void **state)
{
	struct bench_run *run = *state;

	run->latency_ops = 1;
	run->clock_cost_ns = UINT64_MAX / 2;
	bench_op_begin(run);
	assert_int_equal(bench_op_end(run), 0);
	assert_int_equal(run->latency.max, 0);
	run->clock_cost_ns = 0;
	bench_op_begin(run);
	sleep_1ms();
	bench_op_end(run);
	assert_true(run->latency.max >= 1000000);
}

static void the_clock_costs_something_small(void **state)
{
	(void)state;
	assert_in_range(bench_run_clock_cost(), 1, 100000);
}

static void counts_add_up(void **state)
{
	struct bench_run *run = *state;

	bench_count(run, 2, 5, 10);
	bench_count(run, 2, 0, 10);
	assert_int_equal(run->phase[2].amount, 5);
	assert_int_equal(run->phase[2].ops, 20);
	assert_int_equal(run->phase[2].ns, 0);
	bench_run_reset(run);
	assert_int_equal(run->phase[2].amount, 0);
}

/* A skip is what it says, whatever went wrong before. */
static void a_skip_has_its_sentence(void **state)
{
	struct bench_run *run = *state;

	bench_run_reset(run);
	assert_int_equal(bench_error(run, EIO, "tried something"), -EIO);
	assert_true(bench_skip(run, "no %s", "such file") < 0);
	assert_true(run->skipped);
	assert_string_equal(run->error_text, "no such file");
	bench_run_reset(run);
	assert_false(run->skipped);
}

static void one_worker_waits_for_nobody(void **state)
{
	struct bench_run *run = *state;

	run->nr_workers = 1;
	bench_barrier(run);
	bench_turn_begin(run);
	bench_turn_end(run);
	bench_turn_begin(run);
}

static void a_mapping_lies_where_it_is_told(void **state)
{
	struct bench_run *run = *state;
	char *first, *again;

	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run->huge_page_bytes = 2 << 20;
	assert_int_equal(bench_run_take_place(run), 0);
	assert_int_equal(bench_run_take_place(run), 0); /* inherited, as far as it can tell */
	first = bench_map(run, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	assert_ptr_not_equal(first, MAP_FAILED);
	assert_int_equal((uintptr_t)first % run->huge_page_bytes, 0);
	first[8191] = 1;
	/* Not in place of the one that is there, nor elsewhere. */
	assert_ptr_equal(bench_map(run, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1), MAP_FAILED);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(first[8191], 1);
	munmap(first, 8192);
	again = bench_map(run, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	assert_ptr_equal(again, first);
	munmap(again, 4096);
}

static void threads_have_a_place_each(void **state)
{
	struct bench_run *run = *state;
	char *map[2];

	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run->threaded = true;
	for (run->worker = 0; run->worker < 2; run->worker++) {
		assert_int_equal(bench_run_take_place(run), 0);
		map[run->worker] = bench_map(run, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		assert_ptr_not_equal(map[run->worker], MAP_FAILED);
	}
	assert_true(map[1] - map[0] >= 1 << 30);
	munmap(map[0], 4096);
	munmap(map[1], 4096);
}

/* madvise() refuses what is locked, before it empties any batch. */
static void batches_are_drained_for_who_is_locked(void **state)
{
	struct bench_run *run = *state;
	char *anchor;

	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run->huge_page_bytes = 2 << 20;
	assert_int_equal(bench_run_take_place(run), 0);
	anchor = bench_map(run, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	munmap(anchor, 4096);
	anchor -= run->huge_page_bytes;
	if (mlock(anchor, run->page_bytes)) {
		print_message("skipped: nothing may be locked: %s\n", strerror(errno));
		skip();
	}
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: a sanitizer's mlock() does nothing\n");
	skip();
#endif
	assert_int_equal(madvise(anchor, run->page_bytes, MADV_COLD), -1);
	bench_lru_drain(run);
	assert_int_equal(madvise(anchor, run->page_bytes, MADV_COLD), 0);
}

/* What makes the memory ready, or looks at it, is no number; what it counts and says is. */
static void phases_of_other_passes_are_no_numbers(void **state)
{
	static const enum bench_pass untimed[] = {BENCH_PASS_WARM, BENCH_PASS_AUDIT};
	const struct bench_phase nothing = {0};
	struct bench_run *run = *state;
	size_t i;

	assert_int_equal(bench_pass_kind(run), BENCH_PASS_TIMED);
	for (i = 0; i < ARRAY_SIZE(untimed); i++) {
		bench_run_reset(run);
		run->pass_kind = untimed[i];
		assert_int_equal(bench_pass_kind(run), untimed[i]);
		bench_phase_begin(run, 1);
		bench_phase_end(run, 1, 10);
		bench_phase_ops(run, 1, 4);
		assert_int_equal(bench_child_exit(run, 1, 0, touch_nothing, NULL), 0);
		assert_memory_equal(&run->phase[1], &nothing, sizeof(nothing));
		bench_count(run, 0, 5, 2);
		bench_expect_faults(run, 7, 1);
		assert_int_equal(run->phase[0].amount, 5);
		assert_int_equal(run->phase[0].ops, 2);
		assert_int_equal(run->done.touched, 7);
		/* The one after it is. */
		run->pass_kind = BENCH_PASS_TIMED;
		bench_phase_begin(run, 1);
		sleep_1ms();
		bench_phase_end(run, 1, 10);
		bench_phase_ops(run, 1, 4);
		assert_int_equal(bench_child_exit(run, 1, 0, touch_nothing, NULL), 0);
		assert_int_equal(run->phase[1].ops, 10 + 4 + 1);
		assert_true(run->phase[1].ns >= 1000000);
	}
	/* Each rep begins with timed ones. */
	run->pass_kind = BENCH_PASS_AUDIT;
	bench_run_reset(run);
	assert_int_equal(bench_pass_kind(run), BENCH_PASS_TIMED);
}

/* --- evidence --- */

/* What passes say, in that order, and what came of it. */
struct evidence {
	uint64_t touched;
	unsigned int per_fault;
	uint64_t touched_more; /* of a second call, one a fault */
	bool from_swap;
	uint64_t least_majors;
	uint64_t told_reads;
	uint64_t minors, majors, reads;
	const char *sentence; /* NULL: it agrees */
};

static void assert_judged(struct bench_run *run, const struct evidence *e)
{
	int ret;

	bench_run_reset(run);
	if (e->per_fault)
		bench_expect_faults(run, e->touched, e->per_fault);
	if (e->touched_more)
		bench_expect_faults(run, e->touched_more, 1);
	if (e->from_swap)
		bench_expect_majors(run, e->least_majors);
	if (e->told_reads)
		bench_expect_reads(run, e->told_reads);
	ret = bench_run_check(run, e->minors, e->majors, e->reads);
	if (!e->sentence && !ret && !run->error)
		return;
	if (!e->sentence || ret != -EPROTO || run->error != EPROTO || !strstr(run->error_text, e->sentence))
		fail_msg("%llu minor and %llu major faults, %llu reads: %d, \"%s\", not \"%s\"", (unsigned long long)e->minors,
			 (unsigned long long)e->majors, (unsigned long long)e->reads, ret, run->error_text, e->sentence ? e->sentence : "");
}

#define NOBODY_COUNTS UINT64_MAX

static void what_was_said_is_compared_with_what_was_done(void **state)
{
	static const struct evidence table[] = {
		/* A bench that says nothing. */
		{.minors = 0, .reads = NOBODY_COUNTS},
		{.minors = 5000, .reads = NOBODY_COUNTS},
		/* 16, and a fiftieth. */
		{1000, 1, .minors = 1000, .reads = NOBODY_COUNTS},
		{1000, 1, .minors = 1036, .reads = NOBODY_COUNTS},
		{1000, 1, .minors = 999, .reads = NOBODY_COUNTS, .sentence = "touched 1000 pages, but took only 999 faults: they were there"},
		{1000, 1, .minors = 1037, .reads = NOBODY_COUNTS, .sentence = "touched 1000 pages, but took 1037 faults: something else"},
		/* 16 pages around a fault at most, and no more than one for each. */
		{1000, 16, .minors = 62, .reads = NOBODY_COUNTS},
		{1000, 16, .minors = 1036, .reads = NOBODY_COUNTS},
		{1000, 16, .minors = 61, .reads = NOBODY_COUNTS, .sentence = "took only 61 faults"},
		{1000, 16, .minors = 1037, .reads = NOBODY_COUNTS, .sentence = "took 1037 faults"},
		/* Passes add up. */
		{1000, 16, 500, .minors = 562, .reads = NOBODY_COUNTS},
		{1000, 16, 500, .minors = 1546, .reads = NOBODY_COUNTS},
		{1000, 16, 500, .minors = 561, .reads = NOBODY_COUNTS, .sentence = "touched 1500 pages, but took only 561 faults"},
		{1000, 16, 500, .minors = 1547, .reads = NOBODY_COUNTS, .sentence = "touched 1500 pages, but took 1547 faults"},
		/* 16 for each process that was forked. */
		/* The disk. */
		{1000, 1, .minors = 1000, .majors = 1, .reads = NOBODY_COUNTS, .sentence = "1 faults went to disk: memory is short"},
		{.majors = 1, .reads = NOBODY_COUNTS, .sentence = "1 faults went to disk"},
		{.from_swap = true, .least_majors = 5, .majors = 5, .reads = NOBODY_COUNTS},
		{.from_swap = true, .least_majors = 5, .majors = 500, .minors = 5000, .reads = NOBODY_COUNTS},
		{.from_swap = true, .least_majors = 5, .majors = 4, .reads = NOBODY_COUNTS, .sentence = "5 pages were out, but only 4 faults read one back"},
		{.from_swap = true, .least_majors = 0, .majors = 3, .reads = NOBODY_COUNTS},
		{100, 1, .from_swap = true, .least_majors = 5, .majors = 5, .minors = 5000, .reads = NOBODY_COUNTS},
		/* What is touched besides has to fault all the same. */
		{100, 1, .from_swap = true, .least_majors = 5, .majors = 5, .minors = 99, .reads = NOBODY_COUNTS, .sentence = "took only 99 faults"},
		/* Calls of read(). */
		{.told_reads = 100, .reads = 100},
		{.told_reads = 100, .reads = 5000},
		{.told_reads = 100, .reads = 99, .sentence = "read 100 pages by 99 calls of "},
		{.told_reads = 100, .reads = 0, .sentence = "by 0 calls"},
		{.told_reads = 100, .reads = NOBODY_COUNTS},
		/* The first that is wrong is told. */
		{1000, 1, .told_reads = 100, .minors = 1, .reads = 1, .sentence = "took only 1 faults"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(table); i++)
		assert_judged(*state, &table[i]);
}

/* What was said of one rep is not asked of the next; but what is counted once, is counted from then on. */
static void a_rep_begins_with_nothing_said(void **state)
{
	struct bench_run *run = *state;

	bench_expect_faults(run, 1000, 1);
	bench_expect_majors(run, 5);
	bench_expect_reads(run, 5);
	bench_run_reset(run);
	assert_int_equal(bench_run_check(run, 0, 0, 0), 0);
	assert_int_equal(bench_run_check(run, 0, 1, 0), -EPROTO);
	bench_run_reset(run);
	bench_expect_faults(run, 1000, 1);
	assert_int_equal(bench_run_check(run, 1037, 0, 0), -EPROTO);
	assert_true(run->counts_reads);
}

static uint64_t reads_of(struct bench_run *run, int fd, unsigned int nr)
{
	uint64_t before;
	char byte;

	run->reads = 0;
	assert_int_equal(bench_run_reads_begin(run, &before), 0);
	while (nr--)
		assert_int_equal(pread(fd, &byte, 1, 0), 1);
	assert_int_equal(bench_run_reads_end(run, before), 0);
	return run->reads;
}

static void reads_are_counted_exactly_where_a_bench_says_how_many(void **state)
{
	struct bench_run *run = *state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t own;

	/* Nobody asked: nothing is read for it. */
	assert_true(reads_of(run, fd, 3) == NOBODY_COUNTS);
	bench_expect_reads(run, 0);
	reads_of(run, fd, 0);
	own = reads_of(run, fd, 0);
	if (own == NOBODY_COUNTS) {
		print_message("skipped: this kernel counts no calls of read()\n");
		close(fd);
		skip();
	}
	assert_in_range(own, 0, 4);
	assert_int_equal(reads_of(run, fd, 7), own + 7);
	assert_int_equal(reads_of(run, fd, 500), own + 500);
	close(fd);
}

static void an_error_of_a_call_says_what_errno_means(void **state)
{
	struct bench_run *run = *state;

	errno = ENOSPC;
	assert_int_equal(bench_errno(run, "write page %d", 7), -ENOSPC);
	assert_int_equal(run->error, ENOSPC);
	assert_string_equal(run->error_text, "write page 7: No space left on device");
	errno = EIO;
	assert_int_equal(bench_errno(run, "read"), -EIO);
	assert_string_equal(run->error_text, "write page 7: No space left on device");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(counts_add_up),
		TEST(a_skip_has_its_sentence),
		TEST(one_worker_waits_for_nobody),
		TEST(phases_add_up),
		TEST(a_warning_outlives_its_rep),
		TEST(ops_may_come_after_the_phase),
		TEST(the_machine_is_not_ours_outside_of_a_guest),
		TEST(counters_are_counted_in_phases_only),
		TEST(hold_and_expect_act_only_when_proving),
		TEST(the_exit_of_a_child_is_timed),
		TEST(its_preparation_is_not_timed),
		TEST(a_child_that_fails_is_no_number),
		TEST(a_child_that_touches_too_much),
		TEST(the_first_error_is_kept),
		TEST(latency_ends_with_the_number_wanted),
		TEST(ops_that_are_not_wanted_are_made_and_left_out),
		TEST(the_clock_is_subtracted_and_never_too_much),
		TEST(the_clock_costs_something_small),
		TEST(a_mapping_lies_where_it_is_told),
		TEST(threads_have_a_place_each),
		TEST(batches_are_drained_for_who_is_locked),
		TEST(phases_of_other_passes_are_no_numbers),
		TEST(what_was_said_is_compared_with_what_was_done),
		TEST(a_rep_begins_with_nothing_said),
		TEST(reads_are_counted_exactly_where_a_bench_says_how_many),
		TEST(an_error_of_a_call_says_what_errno_means),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
