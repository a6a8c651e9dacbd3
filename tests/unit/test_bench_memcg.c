// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker learns of memcgs and of reclaim: from captured trees, and from memcgs of this machine where that is permitted. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/worker.h"
#include "machine/swap.h"
#include "scratch.h"

#define CROWD	  3
#define PAGES	  10
#define PAGES_ROW 300

/* Shared: what a worker does is done in a process of its own, which cannot assert. */
static struct scene {
	struct team team;
	struct bench_memcg memcg;
	struct bench_run run;
	int ret, ret_after;
	int64_t first, before, after, elsewhere;
	uint64_t faults;
	char made[CROWD][256], home[256], back[256];
	unsigned int nr_filled;
	char error[256];
	struct team_shared shared; /* ends with a flexible array */
} *scene;

static int prepare(void **state)
{
	scene = mmap(NULL, sizeof(*scene), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return scene == MAP_FAILED ? -1 : setup(state);
}

/* A worker of a team without a memory controller. */
static void set_scene(const struct arm_groups *groups)
{
	memset(scene, 0, sizeof(*scene));
	scene->team.groups = groups;
	scene->team.memcgs = &scene->memcg;
	scene->team.shared = &scene->shared;
	scene->team.dir = scratch;
	scene->memcg.group = groups->nr_leaves ? groups->leaf[0] : NULL;
	scene->run.team = &scene->team;
	scene->run.nr_workers = 1;
	scene->run.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
}

static const struct arm_groups nothing = {.state = PLAN_OFF};

/* --- bench_reclaimed() --- */

static struct bench_reclaimed reclaimed;

/* /proc/vmstat stays open for the life of a thread. */
static void *ask_reclaimed(void *data)
{
	(void)data;
	scene->ret = bench_reclaimed(&scene->run, &reclaimed);
	return NULL;
}

static void reclaimed_of(const char *vmstat)
{
	char path[128];
	pthread_t thread;
	FILE *file;

	snprintf(path, sizeof(path), "%s/proc", scratch);
	assert_true(!mkdir(path, 0700) || errno == EEXIST);
	strcat(path, "/vmstat");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(vmstat, file);
	fclose(file);
	set_scene(&nothing);
	reclaimed = (struct bench_reclaimed){.scanned = 42, .stolen = 43};
	fs_set_root(scratch);
	assert_int_equal(pthread_create(&thread, NULL, ask_reclaimed, NULL), 0);
	pthread_join(thread, NULL);
	fs_set_root("");
}

static void reclaim_in_all_ways_counts_once(void **state)
{
	(void)state;
	/* Those by who reclaimed are the same pages again. */
	reclaimed_of("nr_free_pages 5\npgsteal_kswapd 100\npgsteal_direct 23\npgsteal_khugepaged 0\npgscan_kswapd 1000\n"
		     "pgscan_direct 234\npgscan_direct_throttle 9\npgscan_anon 1200\npgscan_file 34\npgsteal_anon 120\npgsteal_file 3\n");
	assert_int_equal(scene->ret, 0);
	assert_int_equal(reclaimed.scanned, 1234);
	assert_int_equal(reclaimed.stolen, 123);
}

static void a_kernel_that_does_not_count_is_skipped(void **state)
{
	(void)state;
	reclaimed_of("pgfault 7\npgsteal_kswapd 100\npgscan_anon 1200\npgscan_file 34\npgsteal_file 3\n");
	assert_int_not_equal(scene->ret, 0);
	assert_true(scene->run.skipped);
	assert_non_null(strstr(scene->run.error_text, "there is no pgsteal_anon in /proc/vmstat, though other events of memory are there"));
	assert_int_equal(reclaimed.scanned, 42);
	assert_int_equal(reclaimed.stolen, 43);
	/* Without any event it is no question of the version. */
	reclaimed_of("nr_free_pages 5\nnr_zone_inactive_anon 12\n");
	assert_true(scene->run.skipped);
	assert_non_null(strstr(scene->run.error_text, "CONFIG_VM_EVENT_COUNTERS is off"));
	assert_null(strstr(scene->run.error_text, "older than"));
}

/* --- bench_sparse_file() --- */

static void a_sparse_file_has_its_size_and_no_blocks(void **state)
{
	struct stat about;
	char byte = 1;
	int fd = -1;

	(void)state;
	set_scene(&nothing);
	assert_int_equal(bench_sparse_file(&scene->run, "sparse", 3 << 20, &fd), 0);
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_size, 3 << 20);
	assert_int_equal(about.st_blocks, 0);
	assert_int_equal(pread(fd, &byte, 1, (3 << 20) - 1), 1);
	assert_int_equal(byte, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	/* A new one holds nothing of the last. */
	assert_int_equal(bench_sparse_file(&scene->run, "sparse", 1 << 20, &fd), 0);
	assert_int_equal(fstat(fd, &about), 0);
	assert_int_equal(about.st_size, 1 << 20);
	assert_int_equal(about.st_blocks, 0);
	close(fd);
}

static void a_sparse_file_that_cannot_be(void **state)
{
	int fd = -7;

	(void)state;
	set_scene(&nothing);
	assert_int_equal(bench_sparse_file(&scene->run, "sparse", UINT64_MAX / 2, &fd), -EFBIG);
	assert_non_null(strstr(scene->run.error_text, "/sparse a sparse file of 9223372036854775807 bytes"));
	assert_int_equal(fd, -7);
	set_scene(&nothing);
	scene->team.dir = "/nowhere";
	assert_int_equal(bench_sparse_file(&scene->run, "sparse", 4096, &fd), -ENOENT);
	assert_non_null(strstr(scene->run.error_text, "open /nowhere/sparse"));
	assert_int_equal(fd, -7);
}

/* --- bench_memcg_pages(), bench_memcg_crowd() --- */

static int never(void *state, struct bench_run *run, uint64_t index)
{
	(void)state;
	(void)run;
	(void)index;
	scene->nr_filled++;
	return 0;
}

static void without_a_controller_there_is_nothing(void **state)
{
	int64_t pages = 77;

	(void)state;
	set_scene(&nothing);
	assert_int_equal(bench_memcg_pages(&scene->run, bench_memcg_home(&scene->run, 0), "anon", &pages), -ENODATA);
	assert_int_equal(pages, 77);
	/* Workers without a memcg of their own share one home. */
	assert_true(bench_memcg_is_first(&scene->run, 0));
	assert_false(bench_memcg_is_first(&scene->run, 1));
	/* Nobody's failure. */
	assert_int_equal(scene->run.error, 0);
	assert_int_equal(bench_memcg_crowd(&scene->run, CROWD, never, NULL), 0);
	assert_int_equal(scene->nr_filled, 0);
	assert_false(scene->shared.made_memcgs);
}

/* Run @worker in a process of its own, in a memcg at depth 2 of this machine. */
static void in_memcg(void (*worker)(void))
{
	const struct plan_arm arm = {.state = PLAN_CHILD, .depth = 2, .limit_bytes = UINT64_MAX};
	struct arm_groups groups = {0};
	struct cg_tree *tree = NULL;
	struct cg_info info;
	int ret, status;
	pid_t pid;

	fs_set_root("");
	ret = cg_detect(&info);
	if (!ret && !info.why[0])
		ret = cg_tree_create(&info, &tree);
	if (ret || info.why[0]) {
		print_message("skipped: %s\n", ret ? err_msg() : info.why);
		skip();
	}
	assert_int_equal(arm_groups_make(tree, &arm, "test", 1, &groups), 0);
	set_scene(&groups);
	pid = fork();
	if (!pid) {
		scene->run.pid = getpid();
		scene->ret = cg_group_enter_self(groups.leaf[0]);
		if (!scene->ret)
			worker();
		snprintf(scene->error, sizeof(scene->error), "%s", scene->ret ? scene->run.error_text : "");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	/* Before anything is asserted: what was made has to go. */
	ret = arm_groups_remove_made(&groups);
	if (!ret)
		ret = arm_groups_remove(&groups);
	if (!ret)
		ret = cg_tree_destroy(tree);
	if (ret)
		fail_msg("%s", err_msg());
}

static char *touched(size_t nr)
{
	char *map = mmap(NULL, nr * scene->run.page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t i;

	for (i = 0; map != MAP_FAILED && i < nr; i++)
		((volatile char *)map)[i * scene->run.page_bytes] = 1;
	return map;
}

static void count_pages(void)
{
	struct bench_run *run = &scene->run;
	struct bench_memcg *home = bench_memcg_home(run, 0), *other = NULL;
	char *map = mmap(NULL, (PAGES + 1) * run->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rusage first, last;
	size_t i;

	/* The first touch, and the first readings, bring pages of the reader's own; under a sanitizer, every reading does. */
	*(volatile char *)map = 1;
	for (i = 0; !scene->ret && i < 2; i++)
		scene->ret = bench_memcg_pages(run, home, "anon", &scene->first);
	getrusage(RUSAGE_SELF, &first);
	if (!scene->ret)
		scene->ret = bench_memcg_pages(run, home, "anon", &scene->before);
	getrusage(RUSAGE_SELF, &last);
	scene->faults = (uint64_t)(last.ru_minflt - first.ru_minflt);
	/* Fewer than wait on a CPU until somebody gathers them. */
	for (i = 1; i <= PAGES; i++)
		((volatile char *)map)[i * run->page_bytes] = 1;
	if (!scene->ret)
		scene->ret = bench_memcg_pages(run, home, "anon", &scene->after);
	if (!scene->ret)
		scene->ret = bench_memcg_make(run, &other);
	if (!scene->ret)
		scene->ret = bench_memcg_pages(run, other, "anon", &scene->elsewhere);
	if (!scene->ret)
		scene->ret_after = bench_memcg_pages(run, home, "no_such_line", &scene->elsewhere);
}

static void a_few_pages_are_counted_exactly(void **state)
{
	(void)state;
	in_memcg(count_pages);
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->ret, 0);
#ifdef __SANITIZE_ADDRESS__
	/* Its allocator takes pages as it likes. */
	assert_in_range(scene->after - scene->before, PAGES, 3 * PAGES);
#else
	assert_int_equal(scene->after - scene->before, PAGES + scene->before - scene->first);
#endif
	assert_int_equal(scene->elsewhere, 0);
	assert_int_equal(scene->ret_after, -ENODATA);
	/* As many updates as make the kernel gather them: MEMCG_CHARGE_BATCH (64) for each CPU, and more. */
	assert_true(scene->faults > 64 * (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
}

/* --- bench_memcg_charge(), bench_memcg_check_charge() --- */

enum { HELD = 300 };

/* What is held has an owner, and is not loose: neither private pages, nor shared ones, nor the memory of the kernel. */
static void charge(void)
{
	struct bench_run *run = &scene->run;
	struct bench_memcg *home = bench_memcg_home(run, 0);
	struct bench_charge before = {0}, held = {0};
	const size_t bytes = HELD * run->page_bytes;
	char *map;
	size_t i;

	scene->ret = bench_memcg_charge(run, home, &before);
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < HELD; i++)
		((volatile char *)map)[i * run->page_bytes] = 1;
	touched(HELD);
	if (!scene->ret)
		scene->ret = bench_memcg_charge(run, home, &held);
	if (!scene->ret)
		scene->ret = bench_memcg_check_charge(run, home, &before);
	munmap(map, bytes);
	if (!scene->ret)
		scene->ret = bench_memcg_check_charge(run, home, &before);
	scene->first = before.loose;
	scene->before = before.swap;
	scene->after = held.loose;
}

static void what_is_held_is_not_loose(void **state)
{
	(void)state;
	in_memcg(charge);
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->ret, 0);
	assert_true(scene->before == 0 || scene->before == INT64_MIN);
	if (scene->first == INT64_MIN) {
		print_message("skipped: this kernel does not say what its own memory is\n");
		skip();
	}
	/* Stock: MEMCG_CHARGE_BATCH pages of two CPUs, and no less than none. */
	assert_in_range(scene->first, 0, 2 * 64);
	assert_in_range(scene->after, 0, 2 * 64);
}

/* As if 200 pages of memory more, or 200 of swap, had been charged when they came as when they went. */
static int64_t off_memory, off_swap;

static void charge_off(void)
{
	struct bench_memcg *home = bench_memcg_home(&scene->run, 0);
	struct bench_charge before = {0};

	scene->ret = bench_memcg_charge(&scene->run, home, &before);
	if (before.loose == INT64_MIN || before.swap == INT64_MIN)
		return;
	scene->nr_filled = 1;
	before.loose += off_memory;
	before.swap += off_swap;
	if (!scene->ret)
		scene->ret = bench_memcg_check_charge(&scene->run, home, &before);
}

static void assert_off(int64_t memory, int64_t swap, const char *what)
{
	off_memory = memory;
	off_swap = swap;
	in_memcg(charge_off);
	if (!scene->nr_filled) {
		print_message("skipped: this kernel keeps no account of swap, or of its own memory\n");
		skip();
	}
	assert_int_equal(scene->ret, -EPROTO);
	if (!strstr(scene->error, "memcgbench.") || !strstr(scene->error, what))
		fail_msg("\"%s\" is not in: %s", what, scene->error);
}

static void what_is_lost_is_named(void **state)
{
	(void)state;
	/* With one worker, the stock of two CPUs. */
	assert_off(-200, 0, "less anon, file and kernel memory was -");
	assert_off(200, 0, "less anon, file and kernel memory was 2");
	assert_off(0, 200, "was 200 pages, and is 0 with everything freed");
	assert_off(0, -200, "was -200 pages, and is 0");
	if (!swap_has_slot_cache())
		assert_off(0, 1, "was 1 pages, and is 0 with everything freed; from 0 less to 0 more");
}

static void without_a_controller_nothing_is_lost(void **state)
{
	struct bench_charge before = {.loose = 3, .swap = 4};

	(void)state;
	set_scene(&nothing);
	assert_int_equal(bench_memcg_check_charge(&scene->run, bench_memcg_home(&scene->run, 0), &before), 0);
	assert_int_equal(bench_memcg_charge(&scene->run, bench_memcg_home(&scene->run, 0), &before), 0);
	assert_true(before.loose == INT64_MIN && before.swap == INT64_MIN);
	assert_int_equal(scene->run.error, 0);
}

/* Where the memory controller has this process: a line of /proc/self/cgroup. */
static void where(char *buf, size_t size)
{
	__free_mem char *text = NULL;
	char *save = NULL;

	*buf = '\0';
	if (fs_read(&text, "/proc/self/cgroup"))
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strstr(line, ":memory:") || (!*buf && !strncmp(line, "0::", 3)))
			snprintf(buf, size, "%s", line);
}

static int fill(void *state, struct bench_run *run, uint64_t index)
{
	(void)state;
	if (index >= CROWD || touched(PAGES_ROW) == MAP_FAILED)
		return bench_error(run, ENOMEM, "the fake is full");
	where(scene->made[index], sizeof(scene->made[index]));
	scene->nr_filled++;
	return 0;
}

static void crowd(void)
{
	struct bench_memcg *home = bench_memcg_home(&scene->run, 0);
	uint64_t usage = 0;

	where(scene->home, sizeof(scene->home));
	scene->ret = bench_memcg_usage(&scene->run, home, &usage);
	scene->before = (int64_t)usage;
	if (!scene->ret)
		scene->ret = bench_memcg_crowd(&scene->run, CROWD, fill, NULL);
	where(scene->back, sizeof(scene->back));
	if (!scene->ret)
		scene->ret = bench_memcg_usage(&scene->run, home, &usage);
	scene->after = (int64_t)usage;
}

static void a_crowd_is_filled_one_by_one(void **state)
{
	unsigned int i;

	(void)state;
	in_memcg(crowd);
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->ret, 0);
	assert_int_equal(scene->nr_filled, CROWD);
	assert_true(scene->shared.made_memcgs);
	assert_string_equal(scene->back, scene->home);
	for (i = 0; i < CROWD; i++) {
		assert_true(scene->made[i][0]);
		assert_string_not_equal(scene->made[i], scene->home);
		assert_string_not_equal(scene->made[i], scene->made[(i + 1) % CROWD]);
	}
	/* What they hold is not charged to who filled them: but a stock of charges may have come. */
	assert_true(scene->after - scene->before < PAGES_ROW * (int64_t)scene->run.page_bytes);
}

static void crowd_too_many(void)
{
	scene->ret = bench_memcg_crowd(&scene->run, CROWD + 2, fill, NULL);
}

static void a_crowd_ends_with_the_first_that_fails(void **state)
{
	(void)state;
	in_memcg(crowd_too_many);
	assert_int_equal(scene->ret, -ENOMEM);
	assert_string_equal(scene->error, "the fake is full");
	assert_int_equal(scene->nr_filled, CROWD);
}

static void idle_crowd(void)
{
	where(scene->home, sizeof(scene->home));
	scene->ret = bench_memcg_crowd(&scene->run, CROWD, NULL, NULL);
	where(scene->back, sizeof(scene->back));
	scene->nr_filled = scene->run.nr_memcgs_made;
}

static void an_idle_crowd_is_entered_by_nobody(void **state)
{
	(void)state;
	in_memcg(idle_crowd);
	assert_int_equal(scene->ret, 0);
	assert_int_equal(scene->nr_filled, CROWD);
	assert_string_equal(scene->back, scene->home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reclaim_in_all_ways_counts_once),
		cmocka_unit_test(a_kernel_that_does_not_count_is_skipped),
		cmocka_unit_test(a_sparse_file_has_its_size_and_no_blocks),
		cmocka_unit_test(a_sparse_file_that_cannot_be),
		cmocka_unit_test(without_a_controller_there_is_nothing),
		cmocka_unit_test(a_few_pages_are_counted_exactly),
		cmocka_unit_test(what_is_held_is_not_loose),
		cmocka_unit_test(what_is_lost_is_named),
		cmocka_unit_test(without_a_controller_nothing_is_lost),
		cmocka_unit_test(a_crowd_is_filled_one_by_one),
		cmocka_unit_test(a_crowd_ends_with_the_first_that_fails),
		cmocka_unit_test(an_idle_crowd_is_entered_by_nobody),
	};

	return cmocka_run_group_tests(tests, prepare, teardown);
}
