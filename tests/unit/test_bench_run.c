// SPDX-License-Identifier: GPL-2.0-or-later
/* What a bench asks of the harness, as one worker sees it. */
#include <errno.h>
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

/* What an error says of pages that do not go: of 8, 6 are there, and 3 of these locked. */
static void resident_pages_are_told_with_what_keeps_them(void **state)
{
	struct bench_run *run = *state;
	char text[256], *map;
	size_t i;

	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	map = bench_small_pages(run, 8 * run->page_bytes);
	assert_non_null(map);
	for (i = 0; i < 6; i++)
		map[i * run->page_bytes] = 1;
	assert_int_equal(bench_nr_resident(run, map, 8 * run->page_bytes), 6);
	bench_resident_text(run, map, 8 * run->page_bytes, text, sizeof(text));
	assert_int_equal(strncmp(text, "6 mapped", 8), 0);
	assert_null(strstr(text, "mlocked"));
	assert_non_null(strstr(text, ", 0 in the swap cache alone"));
	if (!mlock(map, 3 * run->page_bytes)) {
		bench_resident_text(run, map, 8 * run->page_bytes, text, sizeof(text));
		if (!strchr(text, '('))
			print_message("the flags of pages cannot be seen here: %s\n", text);
		else
			assert_non_null(strstr(text, "3 mlocked)"));
	}
	munmap(map, 8 * run->page_bytes);
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

	assert_false(bench_in_guest(run));
	assert_int_equal(bench_lru_gen(run, 1), -EOPNOTSUPP);
	assert_true(run->skipped);
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
static void settling_works_for_who_is_locked(void **state)
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
	bench_settle(run);
	assert_int_equal(madvise(anchor, run->page_bytes, MADV_COLD), 0);
}

/* More than mincore() is asked about at once. */
#define MANY 2500

static void pages_in_memory_are_counted(void **state)
{
	struct bench_run *run = *state;
	size_t i, nr = 0;
	char *map;

	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	map = bench_small_pages(run, MANY * run->page_bytes);
	assert_non_null(map);
	assert_int_equal(bench_nr_resident(run, map, MANY * run->page_bytes), 0);
	for (i = 0; i < MANY; i += 3, nr++)
		map[i * run->page_bytes] = 1;
	assert_int_equal(bench_nr_resident(run, map, MANY * run->page_bytes), nr);
	assert_int_equal(bench_nr_resident(run, map, 4 * run->page_bytes), 2);
	assert_int_equal(madvise(map + 1023 * run->page_bytes, run->page_bytes, MADV_DONTNEED), 0);
	assert_int_equal(bench_nr_resident(run, map, MANY * run->page_bytes), nr - 1);
	munmap(map, MANY * run->page_bytes);
	assert_int_equal(bench_nr_resident(run, map, MANY * run->page_bytes), 0);
	assert_int_equal(bench_nr_resident(run, NULL, MANY * run->page_bytes), 0);
}

static void memory_that_is_not_there(void **state)
{
	struct bench_run *run = *state;

	assert_null(bench_small_pages(run, 1ull << 60));
	assert_int_equal(run->error, ENOMEM);
	assert_non_null(strstr(run->error_text, "map 1152921504606846976 bytes: "));
}

static void faults_that_match_the_pages(void **state)
{
	struct bench_run *run = *state;
	struct bench_evidence evidence = {.minflt = 1000};

	assert_int_equal(bench_check_faults(run, &evidence, 1000, 1000), 0);
	/* 16, and a fiftieth, for stack and libc. */
	evidence.minflt = 1036;
	assert_int_equal(bench_check_faults(run, &evidence, 1000, 1000), 0);
	evidence.minflt = 62;
	assert_int_equal(bench_check_faults(run, &evidence, 1000, 62), 0);
	assert_int_equal(run->error, 0);
}

static void faults_that_do_not(void **state)
{
	static const struct {
		struct bench_evidence evidence;
		const char *sentence;
	} wrong[] = {
		{{.minflt = 999}, "touched 1000 pages, but took 999 faults, not 1000 to 1036"},
		{{.minflt = 1037}, "touched 1000 pages, but took 1037 faults, not 1000 to 1036"},
		{{.minflt = 1000, .majflt = 1}, "1 faults went to disk: memory is short"},
	};
	struct bench_run *run = *state;
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run->error = 0;
		run->error_text[0] = '\0';
		assert_int_equal(bench_check_faults(run, &wrong[i].evidence, 1000, 1000), -EPROTO);
		assert_string_equal(run->error_text, wrong[i].sentence);
	}
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
		TEST(resident_pages_are_told_with_what_keeps_them),
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
		TEST(settling_works_for_who_is_locked),
		TEST(pages_in_memory_are_counted),
		TEST(memory_that_is_not_there),
		TEST(faults_that_match_the_pages),
		TEST(faults_that_do_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
