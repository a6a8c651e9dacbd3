// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker learns of memcgs and of reclaim: from captured trees, and from memcgs of this machine where that is permitted. */
#include <errno.h>
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
#include "scratch.h"

#define PAGES 10

/* Shared: what a worker does is done in a process of its own, which cannot assert. */
static struct scene {
	struct team team;
	struct bench_memcg memcg;
	struct bench_run run;
	int ret, ret_busy, ret_after;
	int64_t first, before, after, elsewhere;
	uint64_t faults;
	char made[256], home[256], back[256];
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

/* --- bench_memcg_pages() --- */

static void without_a_controller_there_is_nothing(void **state)
{
	struct bench_memcg *made = NULL;
	uint64_t bytes = 78;
	int64_t pages = 77;

	(void)state;
	set_scene(&nothing);
	assert_false(bench_in_memcg(&scene->run));
	assert_int_equal(bench_memcg_pages(&scene->run, bench_memcg_home(&scene->run, 0), "anon", &pages), -ENODATA);
	assert_int_equal(pages, 77);
	assert_int_equal(bench_memcg_usage(&scene->run, bench_memcg_mine(&scene->run), &bytes), -ENODATA);
	assert_int_equal(bench_memcg_usage_less(&scene->run, bench_memcg_mine(&scene->run), 4096, &bytes), -ENODATA);
	assert_int_equal(bytes, 78);
	assert_int_equal(bench_stock_batch(&scene->run, &bytes), 0);
	assert_int_equal(bytes, 0);
	/* All arms run the same code. */
	assert_int_equal(bench_memcg_make(&scene->run, &made), 0);
	assert_ptr_equal(made, bench_memcg_mine(&scene->run));
	assert_int_equal(bench_memcg_enter(&scene->run, made), 0);
	assert_int_equal(bench_memcg_limit(&scene->run, made, BENCH_LIMIT_MAX, 4096), 0);
	assert_int_equal(bench_memcg_remove(&scene->run, made), 0);
	/* Workers without a memcg of their own share one home. */
	assert_true(bench_memcg_is_first(&scene->run, 0));
	assert_false(bench_memcg_is_first(&scene->run, 1));
	/* Nobody's failure. */
	assert_int_equal(scene->run.error, 0);
	assert_false(scene->shared.made_memcgs);
	assert_false(scene->shared.changed_limits);
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

/* Made, entered, left and removed; and what another has made is not this one's to remove. */
static void move(void)
{
	struct bench_run *run = &scene->run;
	struct bench_memcg *made = NULL;

	where(scene->home, sizeof(scene->home));
	scene->ret = bench_memcg_make(run, &made);
	if (!scene->ret)
		scene->ret = bench_memcg_enter(run, made);
	where(scene->made, sizeof(scene->made));
	if (!scene->ret)
		scene->ret_busy = bench_memcg_remove(run, made);
	run->error = 0;
	if (!scene->ret)
		scene->ret = bench_memcg_enter(run, bench_memcg_mine(run));
	where(scene->back, sizeof(scene->back));
	if (!scene->ret)
		scene->ret = bench_memcg_remove(run, made);
	if (!scene->ret)
		scene->ret_after = bench_memcg_remove(run, bench_memcg_mine(run));
}

static void a_memcg_is_made_entered_and_removed(void **state)
{
	(void)state;
	in_memcg(move);
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->ret, 0);
	assert_true(scene->shared.made_memcgs);
	assert_true(scene->made[0]);
	assert_string_not_equal(scene->made, scene->home);
	assert_string_equal(scene->back, scene->home);
	assert_int_equal(scene->ret_busy, -EBUSY);
	assert_int_equal(scene->ret_after, -EPERM);
}

/* --- bench_memcg_usage_less() --- */

static void less(void)
{
	struct bench_run *run = &scene->run;
	struct bench_memcg *home = bench_memcg_mine(run);
	uint64_t usage = 0, limit = 0;

	scene->ret = bench_memcg_usage_less(run, home, 0, &limit);
	if (!scene->ret)
		scene->ret = bench_memcg_usage(run, home, &usage);
	if (!scene->ret)
		scene->ret = bench_memcg_usage_less(run, home, 4096, &limit);
	scene->before = (int64_t)usage;
	scene->after = (int64_t)limit;
	/* Nothing, or less, is no limit. */
	if (!scene->ret)
		scene->ret_after = bench_memcg_usage_less(run, home, usage, &limit);
	snprintf(scene->made, sizeof(scene->made), "%s", run->error_text);
}

static void a_limit_below_usage(void **state)
{
	(void)state;
	in_memcg(less);
	assert_int_equal(scene->ret, 0);
#ifdef __SANITIZE_ADDRESS__
	/* Its allocator takes pages as it likes. */
	assert_in_range(scene->before - scene->after, 0, 16 * 4096);
#else
	assert_int_equal(scene->after, scene->before - 4096);
#endif
	assert_int_equal(scene->ret_after, -EINVAL);
	assert_non_null(strstr(scene->made, "KiB are charged to it"));
}

/* --- bench_stock_batch() --- */

static void find_batch(void)
{
	uint64_t bytes = 0, again = 0;

	scene->ret = bench_stock_batch(&scene->run, &bytes);
	if (!scene->ret)
		scene->ret = bench_stock_batch(&scene->run, &again);
	scene->before = (int64_t)bytes;
	scene->after = (int64_t)again;
}

/* MEMCG_CHARGE_BATCH: 64 pages, 32 before Linux 6.1 (include/linux/memcontrol.h). */
static void a_batch_is_found(void **state)
{
	const int64_t pages[] = {64, 32};

	(void)state;
	in_memcg(find_batch);
	assert_string_equal(scene->error, "");
	assert_int_equal(scene->ret, 0);
	assert_int_equal(scene->after, scene->before);
	assert_true(scene->before == pages[0] * (int64_t)scene->run.page_bytes || scene->before == pages[1] * (int64_t)scene->run.page_bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reclaim_in_all_ways_counts_once),
		cmocka_unit_test(a_kernel_that_does_not_count_is_skipped),
		cmocka_unit_test(without_a_controller_there_is_nothing),
		cmocka_unit_test(a_few_pages_are_counted_exactly),
		cmocka_unit_test(a_memcg_is_made_entered_and_removed),
		cmocka_unit_test(a_limit_below_usage),
		cmocka_unit_test(a_batch_is_found),
	};

	return cmocka_run_group_tests(tests, prepare, teardown);
}
