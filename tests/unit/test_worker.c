// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker makes of a rep: its kinds of passes, what it reads, and what stands beside it; in memcgs where that is permitted. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/team.h"
#include "core/worker.h"
#include "machine/cgroup.h"
#include "scratch.h"

#define TMPFS_MAGIC 0x01021994

enum { WORKERS = 3, PASSES = 4, OPS = 10 };
enum { TIMED, COUNTED, SIBLINGS };

/* By all processes. */
static struct script {
	unsigned int reads, told_reads, touched, told_touched;
	enum bench_pass fails; /* BENCH_PASS_TIMED: none */
	bool holds, counts_siblings;
	/* What was seen of it. */
	char kinds[WORKERS][64], memcg[WORKERS][512]; /* memcg: its line of /proc/self/cgroup */
	_Atomic unsigned int nr_done[3]; /* by enum bench_pass */
	_Atomic unsigned int early;	  /* passes that began while others were in those before them */
	_Atomic unsigned int proving;
} *script;

static void pause_ms(unsigned int ms)
{
	struct timespec left = {.tv_nsec = (long)ms * 1000000};

	while (nanosleep(&left, &left))
		;
}

static struct bench fake_bench;

/* Worker 0 takes its time: who does not wait for it is seen. */
static void watch(const struct bench_run *run, enum bench_pass kind)
{
	char *kinds = script->kinds[bench_worker(run)];

	kinds[strlen(kinds)] = "twa"[kind];
	if (kind == BENCH_PASS_TIMED && fake_bench.has_warm)
		script->early += script->nr_done[BENCH_PASS_WARM] < bench_nr_workers(run);
	if (kind == BENCH_PASS_AUDIT && !bench_is_proving(run))
		script->early += script->nr_done[BENCH_PASS_TIMED] < PASSES * bench_nr_workers(run);
	script->proving += bench_is_proving(run);
	if (bench_worker(run) == 0)
		pause_ms(20);
	script->nr_done[kind]++;
}

struct fake {
	struct bench_pages pages;
};

/* Where the memory controller has this process. */
static void see_memcg(char *buf, size_t size)
{
	__free_mem char *text = NULL;
	char *save = NULL, *line;

	if (fs_read(&text, "/proc/self/cgroup"))
		return;
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strstr(line, ":memory:") || (!*buf && !strncmp(line, "0::", 3)))
			snprintf(buf, size, "%s", strrchr(line, ':') + 1);
}

static int fake_setup(void *state, struct bench_run *run)
{
	struct fake *fake = state;

	see_memcg(script->memcg[bench_worker(run)], sizeof(script->memcg[0]));
	return bench_pages_make(run, BENCH_BACKED_ANON, NULL, 200, 0, &fake->pages);
}

static int fake_pass(void *state, struct bench_run *run)
{
	const struct fake *fake = state;
	const enum bench_pass kind = bench_pass_kind(run);
	unsigned int i;
	char byte;
	int fd;

	watch(run, kind);
	if (kind != BENCH_PASS_TIMED && script->fails == kind && bench_worker(run) == 1)
		return bench_error(run, EIO, "the fake broke");
	bench_phase_begin(run, TIMED);
	bench_phase_end(run, TIMED, OPS);
	bench_count(run, COUNTED, 1, 1);
	if (script->told_reads) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		for (i = 0; i < script->reads; i++)
			(void)!pread(fd, &byte, 1, 0);
		close(fd);
		bench_expect_reads(run, script->told_reads);
	}
	if (script->told_touched) {
		bench_pages_bring_in(&fake->pages, 0, script->touched);
		bench_pages_drop(run, &fake->pages);
		bench_expect_faults(run, script->told_touched, 1);
	}
	if (script->holds)
		bench_hold(run);
	if (script->counts_siblings && bench_worker(run) == 0)
		bench_count_siblings(run, SIBLINGS);
	return 0;
}

static const struct bench_metric metrics[] = {
	BENCH_TIMED(TIMED, "op", "op", "nothing"),
	BENCH_COUNTED(COUNTED, "counted", "things", "pass", "passes of any kind"),
	BENCH_COUNTED(SIBLINGS, "siblings", "pages", "memcg", "what they hold"),
};
static struct bench fake_bench = {.name = "fake", .metrics = metrics, .nr_metrics = ARRAY_SIZE(metrics), .state_size = sizeof(struct fake),
				  .setup = fake_setup, .pass = fake_pass};

static struct topo_place places[WORKERS];

static int prepare(void **state)
{
	struct topo *topo;
	bool oversubscribed;
	int ret;

	script = mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (script == MAP_FAILED || setup(state) || topo_load(&topo))
		return -1;
	ret = topo_place(topo, "compact", ARRAY_SIZE(places), places, &oversubscribed);
	topo_free(topo);
	return ret;
}

/* --- arms: without a controller, and where there are memcgs --- */

static struct plan_item item;
static struct arm_groups groups;
static struct cg_tree *tree;
static const char *dir; /* of the team; NULL: none */

static void no_memcgs(void)
{
	groups = (struct arm_groups){.state = PLAN_OFF};
	dir = NULL;
}

/* Skips where nobody may make some. */
static void make_memcgs(unsigned int nr_leaves)
{
	const struct plan_arm arm = {.state = PLAN_CHILD, .depth = 2, .limit_bytes = UINT64_MAX};
	struct cg_info info;
	int ret = cg_detect(&info);

	dir = NULL;
	if (!ret && !info.why[0])
		ret = cg_tree_create(&info, &tree);
	if (ret || info.why[0]) {
		print_message("skipped: %s\n", ret ? err_msg() : info.why);
		skip();
	}
	assert_int_equal(arm_groups_make(tree, &arm, "test", nr_leaves, &groups), 0);
}

/* After each test, also one that failed half-way: what is still running in them is killed. */
static int clean_up(void **state)
{
	int ret = 0, ret_remove, ret_destroy;

	(void)state;
	fake_bench.has_warm = fake_bench.has_audit = 0;
	if (!tree)
		return 0;
	ret = arm_groups_remove_made(&groups);
	ret_remove = arm_groups_remove(&groups);
	ret_destroy = cg_tree_destroy(tree);
	tree = NULL;
	if (ret || ret_remove || ret_destroy)
		print_message("%s\n", err_msg());
	return ret ? ret : ret_remove ? ret_remove : ret_destroy;
}

static void set_item(unsigned int nr_workers, bool threads)
{
	memset(script, 0, sizeof(*script));
	item = (struct plan_item){.bench = &fake_bench, .nr_workers = nr_workers, .threads = threads, .nr_memcgs = 1, .place = "compact",
				  .memory = "default", .nr_arms = 1};
	item.arms[0] = (struct plan_arm){.state = groups.state, .depth = groups.state == PLAN_CHILD, .limit_bytes = UINT64_MAX};
	params_init(&item.params, &fake_bench);
}

static struct team *start(void)
{
	const struct team_setup setup = {.item = &item, .groups = &groups, .places = places, .dir = dir, .seed = 1};
	struct team *team = NULL;

	if (team_start(&setup, &team))
		fail_msg("%s", err_msg());
	return team;
}

static void stop(struct team *team)
{
	if (team_stop(team))
		fail_msg("%s", err_msg());
}

static void forget(void)
{
	memset(script->kinds, 0, sizeof(script->kinds));
	memset(script->nr_done, 0, sizeof(script->nr_done));
	script->early = script->proving = 0;
}

static void assert_kinds(unsigned int nr_workers, const char *want)
{
	unsigned int i;

	for (i = 0; i < nr_workers; i++)
		if (strcmp(script->kinds[i], want))
			fail_msg("worker %u made \"%s\", not \"%s\"", i, script->kinds[i], want);
	assert_int_equal(script->early, 0);
}

/* --- kinds of passes --- */

/* Of the timed passes alone is anything timed; what is counted, is counted in all. */
static void make_rep(struct team *team, unsigned int nr_workers, const char *want)
{
	struct team_rep rep;
	int reps;

	for (reps = 0; reps < 2; reps++) {
		forget();
		if (team_rep(team, PASSES, false, 7, &rep))
			fail_msg("%s", err_msg());
		assert_kinds(nr_workers, want);
		assert_int_equal(rep.phase[TIMED].ops, nr_workers * PASSES * OPS);
		assert_int_equal(rep.phase[COUNTED].amount, nr_workers * strlen(want));
		assert_int_equal(script->proving, 0);
	}
}

static void proving_pass(struct team *team, unsigned int nr_workers)
{
	bool stopped = true;

	forget();
	assert_int_equal(team_prove(team), 0);
	while (stopped)
		if (team_release(team, &stopped))
			fail_msg("%s", err_msg());
	/* One, whatever a rep has before it; and nothing of it is a number. */
	assert_kinds(nr_workers, "a");
	assert_int_equal(script->proving, nr_workers);
	assert_int_equal(team_run(team, 0)->phase[TIMED].ops, 0);
	assert_int_equal(team_run(team, 0)->phase[TIMED].ns, 0);
}

static void kinds_of_passes(bool threads, bool warm, bool audit, const char *want)
{
	struct team *team;

	fake_bench.has_warm = warm;
	fake_bench.has_audit = audit;
	set_item(WORKERS, threads);
	script->holds = true;
	team = start();
	make_rep(team, WORKERS, want);
	proving_pass(team, WORKERS);
	make_rep(team, WORKERS, want);
	stop(team);
}

static void a_rep_without_memcgs(void **state)
{
	(void)state;
	no_memcgs();
	for (int threads = 0; threads < 2; threads++) {
		kinds_of_passes(threads, false, false, "tttt");
		kinds_of_passes(threads, true, false, "wtttt");
		/* In a memcg alone there is something to audit. */
		kinds_of_passes(threads, true, true, "wtttt");
	}
}

static void a_rep_in_memcgs(void **state)
{
	(void)state;
	make_memcgs(1);
	for (int threads = 0; threads < 2; threads++) {
		kinds_of_passes(threads, false, false, "tttt");
		kinds_of_passes(threads, false, true, "tttta");
		kinds_of_passes(threads, true, true, "wtttta");
	}
}

/* Before each of them, where each begins by itself. */
static void kinds_of_passes_where_statistics_are_set(void **state)
{
	struct team_rep rep;
	struct team *team;

	(void)state;
	no_memcgs();
	fake_bench.has_warm = 1;
	set_item(1, false);
	item.params.common[PARAMS_STATS] = STATS_FLUSHABLE;
	team = start();
	assert_int_equal(team_rep(team, 3, false, 7, &rep), 0);
	assert_string_equal(script->kinds[0], "wtwtwt");
	assert_int_equal(rep.phase[TIMED].ops, 3 * OPS);
	stop(team);
}

/* No rep has a number where a pass that is not timed failed. */
static void a_pass_that_is_not_timed_fails(void **state)
{
	struct team_rep rep = {.elapsed_ns = 42};
	struct team *team;

	(void)state;
	no_memcgs();
	for (int threads = 0; threads < 2; threads++) {
		fake_bench.has_warm = 1;
		set_item(WORKERS, threads);
		script->fails = BENCH_PASS_WARM;
		team = start();
		assert_int_equal(team_rep(team, PASSES, false, 7, &rep), -EIO);
		assert_non_null(strstr(err_msg(), "the fake broke"));
		assert_int_equal(rep.elapsed_ns, 42);
		/* Who failed goes no further. */
		assert_string_equal(script->kinds[1], "w");
		stop(team);
	}
}

/* --- calls of read() --- */

static void reads(unsigned int told, unsigned int done, int want)
{
	struct team_rep rep;
	struct team *team;
	int ret;

	set_item(1, false);
	script->told_reads = told;
	script->reads = done;
	team = start();
	/* Nobody knows before the first that there is something to count. */
	assert_int_equal(team_rep(team, PASSES, false, 7, &rep), 0);
	ret = team_rep(team, PASSES, false, 8, &rep);
	if (!ret && want && team_run(team, 0)->reads == UINT64_MAX) {
		stop(team);
		print_message("skipped: this kernel counts no calls of read()\n");
		skip();
	}
	assert_int_equal(ret, want);
	if (want)
		assert_non_null(strstr(err_msg(), "read 400 pages by 2"));
	stop(team);
}

static void what_is_read_is_counted(void **state)
{
	(void)state;
	no_memcgs();
	reads(100, 100, 0);
	reads(100, 101, 0);
	reads(100, 50, -EPROTO);
}

/* --- faults --- */

/* What the harness does itself between passes, and around them, is none of theirs. */
static void touches(unsigned int told, unsigned int done, enum params_stats stats, const char *sentence)
{
	struct team_rep rep;
	struct team *team;
	int ret;

	set_item(1, false);
	item.params.common[PARAMS_STATS] = stats;
	script->told_touched = told;
	script->touched = done;
	team = start();
	ret = team_rep(team, 1, false, 6, &rep);
	/* The first has what a process needs once. */
	if (!ret)
		ret = team_rep(team, PASSES, false, 7, &rep);
	if (ret != (sentence ? -EPROTO : 0) || (sentence && !strstr(err_msg(), sentence)))
		fail_msg("touched %u, said %u: %d, %s", done, told, ret, ret ? err_msg() : "");
	stop(team);
}

static void what_is_touched_is_counted(void **state)
{
	(void)state;
#ifdef __SANITIZE_ADDRESS__
	print_message("skipped: under a sanitizer shadow pages are faulted in as well\n");
	skip();
#endif
	no_memcgs();
	touches(100, 100, STATS_AS_FOUND, NULL);
	touches(100, 100, STATS_FLUSHABLE, NULL);
	touches(100, 80, STATS_AS_FOUND, "touched 100 pages, but took only");
	touches(100, 200, STATS_AS_FOUND, "touched 100 pages, but took 2");
}

/* --- what stands beside --- */

struct seen {
	unsigned int nr;
	uint64_t least_bytes, most_bytes;
};

static int see(const struct cg_group *group, void *arg)
{
	struct seen *seen = arg;
	uint64_t bytes = 0;

	if (cg_group_usage(group, &bytes))
		return -1;
	seen->nr++;
	seen->least_bytes = bytes < seen->least_bytes ? bytes : seen->least_bytes;
	seen->most_bytes = bytes > seen->most_bytes ? bytes : seen->most_bytes;
	return 0;
}

static struct seen beside(void)
{
	struct seen seen = {.least_bytes = UINT64_MAX};

	assert_int_equal(cg_group_each_beside(groups.leaf[0], ARM_GROUPS_MADE, see, &seen), 0);
	return seen;
}

static void siblings(bool threads, unsigned int nr_workers, uint64_t nr, uint64_t nr_pages)
{
	const uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	struct team_rep rep;
	struct team *team;
	struct seen seen;

	set_item(nr_workers, threads);
	item.params.common[PARAMS_SIBLINGS] = nr;
	item.params.common[PARAMS_SIBLING_PAGES] = nr_pages;
	script->counts_siblings = true;
	team = start();
	seen = beside();
	if (team_rep(team, PASSES, false, 7, &rep))
		fail_msg("%s", err_msg());
	stop(team);
	assert_int_equal(seen.nr, nr);
	/* All workers are at home, also the one that filled them. */
	for (unsigned int i = 0; i < nr_workers; i++) {
		const char *path = cg_group_path(groups.leaf[0]), *memcg = script->memcg[i];

		if (strlen(memcg) < 2 || strlen(memcg) > strlen(path) || strcmp(path + strlen(path) - strlen(memcg), memcg))
			fail_msg("worker %u is in %s, not in %s", i, memcg, path);
	}
	if (nr && nr_pages) {
		/* Each holds its own, whoever made it; a stock beside it, at most, of each CPU. */
		assert_true(seen.least_bytes >= nr_pages * page_bytes);
		assert_true(seen.most_bytes < 2 * nr_pages * page_bytes);
		assert_int_equal(rep.phase[SIBLINGS].amount, PASSES * nr * nr_pages);
		assert_int_equal(rep.phase[SIBLINGS].ops, PASSES * nr);
	} else {
		assert_true(!nr || seen.most_bytes < 64 * page_bytes);
		assert_int_equal(rep.phase[SIBLINGS].ops, 0);
	}
	/* Gone with the team. */
	assert_int_equal(beside().nr, 0);
}

static void siblings_are_made_filled_and_removed(void **state)
{
	(void)state;
	make_memcgs(1);
	for (int threads = 0; threads < 2; threads++) {
		siblings(threads, 1, 3, 300);
		siblings(threads, 2, 2, 300);
		/* Idle ones. */
		siblings(threads, 2, 3, 0);
		siblings(threads, 1, 0, 300);
	}
}

static void needs_disk(void)
{
	struct statfs about;

	if (!statfs(scratch, &about) && about.f_type != TMPFS_MAGIC)
		return;
	print_message("skipped: %s is on tmpfs, which keeps no page of a hole\n", scratch);
	skip();
}

/* Where the bench has a folder, of a file in it. */
static void siblings_of_a_file(void **state)
{
	char path[128];

	(void)state;
	needs_disk();
	make_memcgs(1);
	dir = scratch;
	siblings(false, 2, 2, 300);
	siblings(true, 2, 2, 300);
	snprintf(path, sizeof(path), "%s/siblings", scratch);
	assert_int_equal(unlink(path), 0);
}

/* A third of their pages is taken from them: what they still hold is counted. */
static void siblings_lose_pages(void **state)
{
	const off_t bytes = 100 * (off_t)sysconf(_SC_PAGESIZE);
	char path[128];
	struct team_rep rep;
	struct team *team;
	int fd;

	(void)state;
	needs_disk();
	make_memcgs(1);
	dir = scratch;
	set_item(1, false);
	item.params.common[PARAMS_SIBLINGS] = 3;
	item.params.common[PARAMS_SIBLING_PAGES] = 100;
	script->counts_siblings = true;
	team = start();
	snprintf(path, sizeof(path), "%s/siblings", scratch);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(posix_fadvise(fd, bytes, bytes, POSIX_FADV_DONTNEED), 0);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(team_rep(team, 1, false, 7, &rep), 0);
	assert_int_equal(rep.phase[SIBLINGS].amount, 200);
	assert_int_equal(rep.phase[SIBLINGS].ops, 3);
	stop(team);
}

/* In other arms there is nothing to stand beside. */
static void siblings_without_memcgs(void **state)
{
	struct team_rep rep;
	struct team *team;

	(void)state;
	no_memcgs();
	set_item(2, false);
	item.params.common[PARAMS_SIBLINGS] = 3;
	item.params.common[PARAMS_SIBLING_PAGES] = 300;
	script->counts_siblings = true;
	team = start();
	assert_int_equal(team_rep(team, PASSES, false, 7, &rep), 0);
	assert_int_equal(rep.phase[SIBLINGS].ops, 0);
	stop(team);
}

/* The sentence says what could not be had, and nothing is left of what was made before. */
static void siblings_that_cannot_be_filled(void **state)
{
	struct team_setup setup = {.item = &item, .groups = &groups, .places = places, .dir = "/nowhere", .seed = 1};
	struct team *team = NULL;

	(void)state;
	make_memcgs(1);
	set_item(1, false);
	item.params.common[PARAMS_SIBLINGS] = 2;
	item.params.common[PARAMS_SIBLING_PAGES] = 8;
	assert_int_equal(team_start(&setup, &team), -ENOENT);
	assert_non_null(strstr(err_msg(), "open /nowhere/siblings: No such file or directory"));
	assert_int_equal(beside().nr, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rep_without_memcgs),
		TEST(a_rep_in_memcgs),
		TEST(kinds_of_passes_where_statistics_are_set),
		TEST(a_pass_that_is_not_timed_fails),
		TEST(what_is_read_is_counted),
		TEST(what_is_touched_is_counted),
		TEST(siblings_are_made_filled_and_removed),
		TEST(siblings_of_a_file),
		TEST(siblings_lose_pages),
		TEST(siblings_without_memcgs),
		TEST(siblings_that_cannot_be_filled),
	};

	/* A test that hangs is one that fails. */
	alarm(120);
	return cmocka_run_group_tests(tests, prepare, teardown);
}
