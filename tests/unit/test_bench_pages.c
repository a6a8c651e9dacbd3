// SPDX-License-Identifier: GPL-2.0-or-later
/* Pages of private memory, of a memfd and of a file, that come and go as they are told. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/worker.h"
#include "open_files.h"
#include "scratch.h"

#define TMPFS_MAGIC 0x01021994

enum { NR = 64 };

static struct team team;
static struct bench_run the_run, *const run = &the_run;

static void fresh_run(void)
{
	team = (struct team){.dir = scratch};
	memset(run, 0, sizeof(*run));
	run->team = &team;
	run->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run->seed = 1;
}

static void assert_none_wrong(void)
{
	if (run->error)
		fail_msg("%s", run->error_text);
}

static void assert_error(int err, const char *sentence)
{
	assert_int_equal(run->error, err);
	if (!strstr(run->error_text, sentence))
		fail_msg("\"%s\" lacks \"%s\"", run->error_text, sentence);
}

/* Is the scratch folder on a file system that keeps no page of a hole? */
static bool is_on_tmpfs(void)
{
	struct statfs about;

	return statfs(scratch, &about) || about.f_type == TMPFS_MAGIC;
}

/* --- three backings --- */

static void make(enum bench_backing backing, struct bench_pages *pages)
{
	assert_int_equal(bench_pages_make(run, backing, "pages", NR, 0, pages), 0);
	assert_int_equal(pages->backing, backing);
	assert_int_equal(pages->nr, NR);
	assert_int_equal(pages->page_bytes, run->page_bytes);
	assert_int_equal(pages->fd >= 0, backing != BENCH_BACKED_ANON);
	assert_int_equal(pages->map != NULL, backing != BENCH_BACKED_FILE);
	if (backing == BENCH_BACKED_FILE) {
		assert_int_equal(bench_pages_resident(run, pages), 0);
		assert_int_equal(bench_pages_map(run, pages, 0), 0);
	}
	assert_non_null(pages->map);
	assert_int_equal(bench_pages_resident(run, pages), 0);
}

/* A part of them, all of them, those that somebody has mapped, and none. */
static void come_and_go(enum bench_backing backing)
{
	const bool is_file = backing == BENCH_BACKED_FILE, is_anon = backing == BENCH_BACKED_ANON;
	unsigned int nr_files = nr_open_files();
	struct bench_pages pages;

	fresh_run();
	make(backing, &pages);
	assert_int_equal(bench_pages_bring_in(&pages, 16, 8), 0);
	assert_int_equal(bench_pages_resident(run, &pages), 8);
	assert_int_equal(bench_pages_bring_in(&pages, 0, NR), 0);
	assert_int_equal(bench_pages_resident(run, &pages), NR);
	assert_int_equal(bench_pages_drop(run, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &pages), 0);
	/* Mapped, and looked at. */
	assert_int_equal(bench_pages_bring_in(&pages, 0, NR), 0);
	bench_read(pages.map, NR * pages.page_bytes, pages.page_bytes);
	assert_int_equal(bench_pages_drop(run, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &pages), is_file ? NR : 0);
	assert_int_equal(bench_pages_bring_in(&pages, 0, NR), 0);
	bench_read(pages.map, NR * pages.page_bytes, pages.page_bytes);
	assert_int_equal(bench_pages_unmap(run, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &pages), is_anon ? 0 : NR);
	assert_int_equal(bench_pages_drop(run, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &pages), 0);
	assert_none_wrong();
	bench_pages_free(&pages);
	assert_int_equal(nr_open_files(), nr_files);
}

static void memory_comes_and_goes(void **state)
{
	(void)state;
	come_and_go(BENCH_BACKED_ANON);
}

static void shared_memory_comes_and_goes(void **state)
{
	(void)state;
	come_and_go(BENCH_BACKED_MEMFD);
}

static void pages_of_a_file_come_and_go(void **state)
{
	(void)state;
	if (is_on_tmpfs()) {
		print_message("skipped: %s is on tmpfs\n", scratch);
		skip();
	}
	come_and_go(BENCH_BACKED_FILE);
}

/* Each page by itself: a fault, or a call. */
static void pages_come_one_by_one(void **state)
{
	struct rusage before, after;
	struct bench_pages pages;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: under a sanitizer shadow pages are faulted in as well\n");
	skip();
#endif
	fresh_run();
	make(BENCH_BACKED_ANON, &pages);
	getrusage(RUSAGE_SELF, &before);
	assert_int_equal(bench_pages_bring_in(&pages, 0, NR), 0);
	getrusage(RUSAGE_SELF, &after);
	assert_in_range(after.ru_minflt - before.ru_minflt, NR, NR + BENCH_OWN_FAULTS);
	bench_pages_free(&pages);
}

static void a_file_is_written_whole(void **state)
{
	static const enum bench_backing backings[] = {BENCH_BACKED_MEMFD, BENCH_BACKED_FILE};
	struct bench_pages pages;
	struct stat about;
	size_t i, k;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(backings); k++) {
		fresh_run();
		make(backings[k], &pages);
		assert_int_equal(bench_pages_write(run, &pages), 0);
		assert_int_equal(bench_pages_resident(run, &pages), NR);
		for (i = 0; i < NR; i++)
			assert_int_equal(pages.map[i * pages.page_bytes], 1);
		assert_int_equal(fstat(pages.fd, &about), 0);
		assert_int_equal(about.st_size, NR * pages.page_bytes);
		bench_pages_free(&pages);
	}
}

/* Nothing is in it, and nothing of one of the same name that was there before. */
static void a_file_is_sparse_and_new(void **state)
{
	struct bench_pages pages;
	struct stat about;
	char path[128], byte;
	size_t nr;

	(void)state;
	snprintf(path, sizeof(path), "%s/sparse", scratch);
	for (nr = NR; nr; nr /= 2) {
		fresh_run();
		assert_int_equal(bench_pages_make(run, BENCH_BACKED_FILE, "sparse", nr, 0, &pages), 0);
		assert_int_equal(stat(path, &about), 0);
		assert_int_equal(about.st_size, nr * run->page_bytes);
		assert_int_equal(about.st_blocks, 0);
		assert_int_equal(pread(pages.fd, &byte, 1, (off_t)((nr - 1) * run->page_bytes)), 1);
		assert_int_equal(byte, 0);
		assert_true(fcntl(pages.fd, F_GETFD) & FD_CLOEXEC);
		assert_int_equal(bench_pages_write(run, &pages), 0);
		bench_pages_free(&pages);
	}
}

/* At the end of a file nothing is read: an error, also where no call failed. */
static void a_page_that_is_not_there(void **state)
{
	struct bench_pages pages;

	(void)state;
	fresh_run();
	assert_int_equal(bench_pages_make(run, BENCH_BACKED_FILE, "short", 4, 0, &pages), 0);
	errno = 0;
	assert_int_equal(bench_pages_bring_in(&pages, 2, 2), 0);
	assert_int_equal(bench_pages_bring_in(&pages, 3, 2), -EIO);
	assert_int_equal(close(pages.fd), 0);
	assert_int_equal(bench_pages_bring_in(&pages, 0, 1), -EBADF);
	pages.fd = -1;
	bench_pages_free(&pages);
}

/* --- what cannot be made --- */

static void what_cannot_be_made(void **state)
{
	static const struct {
		enum bench_backing backing;
		size_t nr;
		const char *dir;
		int err;
		const char *sentence;
	} table[] = {
		{BENCH_BACKED_ANON, (size_t)1 << 48, NULL, ENOMEM, "map 1152921504606846976 bytes: Cannot allocate memory"},
		{BENCH_BACKED_MEMFD, (size_t)1 << 48, NULL, ENOMEM, "map 1152921504606846976 bytes: Cannot allocate memory"},
		{BENCH_BACKED_FILE, (size_t)1 << 50, NULL, EFBIG, "/none a sparse file of 4611686018427387904 bytes: File too large"},
		{BENCH_BACKED_FILE, 4, "/nowhere", ENOENT, "open /nowhere/none: No such file or directory"},
	};
	unsigned int nr_files = nr_open_files();
	struct bench_pages pages;
	size_t i;

	(void)state;
	if (sysconf(_SC_PAGESIZE) != 4096)
		skip();
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		fresh_run();
		if (table[i].dir)
			team.dir = table[i].dir;
		assert_int_equal(bench_pages_make(run, table[i].backing, "none", table[i].nr, 0, &pages), -table[i].err);
		assert_error(table[i].err, table[i].sentence);
		/* Half of them is as good to give back. */
		bench_pages_free(&pages);
		assert_int_equal(nr_open_files(), nr_files);
	}
}

/* None, and freed, are the same; file 0 is somebody else's. */
static void none_can_be_freed(void **state)
{
	struct bench_pages none = {0}, pages;
	int is_open = fcntl(0, F_GETFD);

	(void)state;
	fresh_run();
	bench_pages_free(&none);
	assert_int_equal(fcntl(0, F_GETFD), is_open);
	make(BENCH_BACKED_MEMFD, &pages);
	bench_pages_free(&pages);
	assert_null(pages.map);
	assert_int_equal(pages.nr, 0);
	bench_pages_free(&pages);
	assert_int_equal(bench_pages_resident(run, &pages), 0);
	assert_none_wrong();
}

/* --- where they lie --- */

static void a_mapping_at_the_workers_place(void **state)
{
	static const enum bench_backing backings[] = {BENCH_BACKED_ANON, BENCH_BACKED_MEMFD, BENCH_BACKED_FILE};
	struct bench_pages first, second;
	char *place;
	size_t i;

	(void)state;
	fresh_run();
	assert_int_equal(bench_run_take_place(run), 0);
	place = bench_map(run, run->page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	assert_ptr_not_equal(place, MAP_FAILED);
	munmap(place, run->page_bytes);
	for (i = 0; i < ARRAY_SIZE(backings); i++) {
		fresh_run();
		assert_int_equal(bench_pages_make(run, backings[i], "first", NR, 1, &first), 0);
		if (backings[i] == BENCH_BACKED_FILE)
			assert_int_equal(bench_pages_map(run, &first, 1), 0);
		assert_ptr_equal(first.map, place);
		/* One at a time. */
		assert_int_equal(bench_pages_make(run, BENCH_BACKED_ANON, NULL, 1, 1, &second), -EEXIST);
		assert_error(EEXIST, "bytes: File exists");
		assert_null(second.map);
		bench_pages_free(&second);
		bench_pages_free(&first);
	}
}

/* --- what is in them --- */

static void what_is_filled_is_recognised(void **state)
{
	struct bench_pages pages;
	uint64_t sum;
	size_t i, zeros = 0;

	(void)state;
	fresh_run();
	make(BENCH_BACKED_ANON, &pages);
	bench_pages_fill(&pages);
	sum = bench_pages_sum(&pages);
	assert_int_equal(bench_pages_check(run, &pages, sum), 0);
	assert_none_wrong();
	/* No two neighbours are the same, none is of one value, and three quarters of each compress to nothing. */
	for (i = 0; i < NR; i++) {
		assert_int_equal((unsigned char)pages.map[i * pages.page_bytes], bench_pages_first_byte(i));
		assert_memory_equal(pages.map + i * pages.page_bytes + 1, pages.map + 1, pages.page_bytes - 1);
		assert_int_not_equal(bench_pages_first_byte(i), 0);
		assert_int_not_equal(bench_pages_first_byte(i), bench_pages_first_byte(i + 1));
	}
	for (i = 1; i < 4096; i++)
		zeros += !pages.map[i];
	assert_in_range(zeros, 3072, 3072 + 40);
	/* One page that came back as nothing, and as its neighbour. */
	pages.map[7 * pages.page_bytes] = 0;
	assert_int_equal(bench_pages_check(run, &pages, bench_pages_sum(&pages)), -EPROTO);
	assert_error(EPROTO, "what was read back is not what was written");
	fresh_run();
	pages.map[7 * pages.page_bytes] = (char)bench_pages_first_byte(8);
	assert_int_equal(bench_pages_check(run, &pages, bench_pages_sum(&pages)), -EPROTO);
	bench_pages_free(&pages);
}

/* --- orders --- */

static void assert_is_permutation(const uint32_t *order, size_t nr)
{
	bool *seen = calloc(nr, sizeof(*seen));
	size_t i;

	for (i = 0; i < nr; i++) {
		assert_true(order[i] < nr);
		assert_false(seen[order[i]]);
		seen[order[i]] = true;
	}
	free(seen);
}

static void a_shuffled_order_is_whole_and_the_seeds(void **state)
{
	static const size_t sizes[] = {1, 2, 3, 1000};
	uint32_t *first, *again, *other;
	size_t i, k, moved;

	(void)state;
	fresh_run();
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		run->seed = 0x123456789abcdef;
		first = bench_shuffled(run, sizes[i]);
		assert_is_permutation(first, sizes[i]);
		again = bench_shuffled(run, sizes[i]);
		assert_memory_equal(first, again, sizes[i] * sizeof(*first));
		free(again);
		/* Whichever part of the seed is another. */
		for (k = 0; k < 48 && sizes[i] == 1000; k += 16) {
			run->seed = 0x123456789abcdefu ^ (uint64_t)1 << k;
			other = bench_shuffled(run, sizes[i]);
			assert_is_permutation(other, sizes[i]);
			assert_memory_not_equal(first, other, sizes[i] * sizeof(*first));
			free(other);
		}
		for (k = moved = 0; k < sizes[i]; k++)
			moved += first[k] != k;
		assert_true(sizes[i] < 1000 || moved > 900);
		free(first);
	}
#ifndef __SANITIZE_ADDRESS__ /* which ends the program where malloc() gives NULL */
	assert_null(bench_shuffled(run, SIZE_MAX / 8));
	assert_error(ENOMEM, "memory for the order of 2305843009213693951 pages");
#endif
}

static void loops_touch_what_they_are_told(void **state)
{
	const uint32_t order[] = {60, 3, 17, 4};
	struct bench_pages pages;
	size_t i, step;

	(void)state;
	fresh_run();
	make(BENCH_BACKED_ANON, &pages);
	step = pages.page_bytes;
	bench_touch_in(pages.map, order, ARRAY_SIZE(order), step);
	assert_int_equal(bench_pages_resident(run, &pages), ARRAY_SIZE(order));
	for (i = 0; i < ARRAY_SIZE(order); i++)
		assert_int_equal(pages.map[order[i] * step], 1);
	assert_int_equal(bench_pages_drop(run, &pages), 0);
	/* Read: the zero page, which is there. */
	bench_read_in(pages.map, order, 2, step);
	assert_int_equal(bench_pages_resident(run, &pages), 2);
	bench_touch(pages.map, 5 * step, step);
	assert_int_equal(bench_pages_resident(run, &pages), 6);
	bench_read(pages.map + 8 * step, 2 * step, step);
	assert_int_equal(bench_pages_resident(run, &pages), 8);
	bench_pages_free(&pages);
}

/* --- what is there --- */

/* More than mincore() is asked about at once. */
#define MANY 2500

static void pages_in_memory_are_counted(void **state)
{
	struct bench_pages pages, none = {0};
	size_t i, nr = 0;

	(void)state;
	fresh_run();
	assert_int_equal(bench_pages_make(run, BENCH_BACKED_ANON, NULL, MANY, 0, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &pages), 0);
	for (i = 0; i < MANY; i += 3, nr++)
		pages.map[i * run->page_bytes] = 1;
	assert_int_equal(bench_pages_resident(run, &pages), nr);
	assert_int_equal(madvise(pages.map + 1023 * run->page_bytes, run->page_bytes, MADV_DONTNEED), 0);
	assert_int_equal(bench_pages_resident(run, &pages), nr - 1);
	pages.nr = 4;
	assert_int_equal(bench_pages_resident(run, &pages), 2);
	pages.nr = MANY;
	munmap(pages.map, MANY * run->page_bytes);
	assert_int_equal(bench_pages_resident(run, &pages), 0);
	assert_int_equal(bench_pages_resident(run, &none), 0);
}

/* What an error says of pages that do not go: of 8, 6 are there, and 3 of these locked. */
static void resident_pages_are_told_with_what_keeps_them(void **state)
{
	struct bench_pages pages;
	char text[256];

	(void)state;
	fresh_run();
	assert_int_equal(bench_pages_make(run, BENCH_BACKED_ANON, NULL, 8, 0, &pages), 0);
	assert_int_equal(bench_pages_bring_in(&pages, 0, 6), 0);
	assert_ptr_equal(bench_pages_resident_text(run, &pages, text, sizeof(text)), text);
	assert_int_equal(strncmp(text, "6 mapped", 8), 0);
	assert_null(strstr(text, "mlocked"));
	assert_non_null(strstr(text, ", 0 in the swap cache alone"));
#ifndef __SANITIZE_ADDRESS__ /* its mlock() does nothing */
	if (!mlock(pages.map, 3 * run->page_bytes)) {
		bench_pages_resident_text(run, &pages, text, sizeof(text));
		if (!strchr(text, '('))
			print_message("the flags of pages cannot be seen here: %s\n", text);
		else
			assert_non_null(strstr(text, "3 mlocked)"));
	}
#endif
	bench_pages_free(&pages);
}

/* As if a huge page had NR pages: as many have to be there, after one touch. */
static void a_huge_page_that_is_none(void **state)
{
	struct bench_pages pages;

	(void)state;
	fresh_run();
	run->huge_page_bytes = NR * run->page_bytes;
	make(BENCH_BACKED_ANON, &pages);
	assert_int_equal(bench_pages_bring_in(&pages, 0, NR), 0);
	assert_int_equal(bench_check_huge(run, pages.map, "thp=always"), 0);
	assert_none_wrong();
	assert_int_equal(bench_pages_drop(run, &pages), 0);
	assert_int_equal(bench_pages_bring_in(&pages, 0, 1), 0);
	assert_int_equal(bench_check_huge(run, pages.map, "thp=always"), -EOPNOTSUPP);
	assert_true(run->skipped);
	assert_non_null(strstr(run->error_text, "thp=always: this kernel gave no huge page"));
	assert_null(strstr(run->error_text, "--memory=1G"));
	fresh_run();
	run->huge_page_bytes = NR * run->page_bytes;
	team.in_guest = true;
	assert_int_equal(bench_check_huge(run, pages.map, "thp=always"), -EOPNOTSUPP);
	assert_non_null(strstr(run->error_text, "--memory=1G"));
	bench_pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_comes_and_goes),
		cmocka_unit_test(shared_memory_comes_and_goes),
		cmocka_unit_test(pages_of_a_file_come_and_go),
		cmocka_unit_test(pages_come_one_by_one),
		cmocka_unit_test(a_file_is_written_whole),
		cmocka_unit_test(a_file_is_sparse_and_new),
		cmocka_unit_test(a_page_that_is_not_there),
		cmocka_unit_test(what_cannot_be_made),
		cmocka_unit_test(none_can_be_freed),
		cmocka_unit_test(a_mapping_at_the_workers_place),
		cmocka_unit_test(what_is_filled_is_recognised),
		cmocka_unit_test(a_shuffled_order_is_whole_and_the_seeds),
		cmocka_unit_test(loops_touch_what_they_are_told),
		cmocka_unit_test(pages_in_memory_are_counted),
		cmocka_unit_test(resident_pages_are_told_with_what_keeps_them),
		cmocka_unit_test(a_huge_page_that_is_none),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
