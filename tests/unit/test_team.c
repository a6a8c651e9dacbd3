// SPDX-License-Identifier: GPL-2.0-or-later
/* Teams of real processes and threads, without a memcg, whose bench fails in every way that it can. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/team.h"
#include "open_files.h"

enum trouble {
	NONE,
	FAIL_SETUP,
	FAIL_RUN,
	FAIL_EVIDENCE, /* it says that it touched what it did not */
	DIE_IN_SETUP,
	DIE_IN_RUN, /* by SIGSEGV */
	KILLED_IN_RUN,
	EXIT_IN_RUN,
	INTERRUPT_IN_RUN,
};

/* What the fake bench does, and what was seen of it: by all processes. */
static struct script {
	enum trouble trouble;
	unsigned int troubled; /* the worker that has it */
	bool holds, only_one_holds;
	bool lags; /* worker 0 takes longer for a pass than all others */
	pid_t runner;
	_Atomic unsigned int setups, passes;
	_Atomic unsigned int passes_of[64], ahead; /* passes begun, and times that somebody was two ahead of worker 0 */
	_Atomic int pid[64];
} *script;

static void pause_ms(unsigned int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left))
		;
}

static bool has(const struct bench_run *run, enum trouble trouble)
{
	return script->trouble == trouble && bench_worker(run) == script->troubled;
}

/* cmocka, and a sanitizer, would catch some signals. */
static void die(int signal_number)
{
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static int fake_setup(void *state, struct bench_run *run)
{
	(void)state;
	script->setups++;
	script->pid[bench_worker(run)] = getpid();
	if (has(run, DIE_IN_SETUP))
		die(SIGSEGV);
	return has(run, FAIL_SETUP) ? bench_error(run, ENOSPC, "no room for the fake") : 0;
}

static void keep_step(const struct bench_run *run)
{
	unsigned int mine = ++script->passes_of[bench_worker(run)];

	if (script->lags && bench_worker(run) == 0)
		pause_ms(30);
	script->ahead += mine > script->passes_of[0] + 1;
}

static int fake_pass(void *state, struct bench_run *run)
{
	(void)state;
	script->passes++;
	keep_step(run);
	bench_phase_begin(run, 0);
	bench_phase_end(run, 0, 10);
	if (has(run, FAIL_RUN))
		return bench_error(run, EIO, "the fake broke");
	if (has(run, FAIL_EVIDENCE))
		bench_expect_faults(run, 1000, 1);
	if (has(run, DIE_IN_RUN))
		die(SIGSEGV);
	if (has(run, KILLED_IN_RUN))
		die(SIGKILL);
	if (has(run, EXIT_IN_RUN))
		_exit(7);
	if (has(run, INTERRUPT_IN_RUN))
		kill(script->runner, SIGUSR1);
	/* The others are still at work when one is lost: longer than the runner waits before it looks. */
	if (script->trouble != NONE && bench_worker(run) != script->troubled)
		pause_ms(script->trouble == INTERRUPT_IN_RUN ? 60000 : 700);
	if (script->holds && (!script->only_one_holds || bench_worker(run) == 0))
		bench_hold(run);
	return 0;
}

static int fake_latency(void *state, struct bench_run *run)
{
	(void)state;
	do
		bench_op_begin(run);
	while (bench_op_end(run));
	return 0;
}

static const struct bench_metric metrics[] = {{.name = "op", .op = "op", .help = "nothing"}};
static const struct bench fake_bench = {
	.name = "fake",
	.metrics = metrics,
	.nr_metrics = 1,
	.setup = fake_setup,
	.pass = fake_pass,
	.latency = fake_latency,
};

/* Without a memcg, as on a kernel that has no controller. */
static const struct arm_groups groups = {.state = PLAN_OFF};
static struct topo_place places[64];
static struct plan_item item;

static void on_signal(int signal)
{
	(void)signal;
	team_interrupted = 1;
}

static int prepare(void **state)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct topo *topo;
	bool oversubscribed;
	int ret;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	script = mmap(NULL, sizeof(*script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (script == MAP_FAILED || topo_load(&topo))
		return -1;
	ret = topo_place(topo, "compact", ARRAY_SIZE(places), places, &oversubscribed);
	topo_free(topo);
	return ret;
}

static enum params_stats wanted_stats;

static int start(unsigned int nr_workers, bool threads, enum trouble trouble, unsigned int troubled,
		 struct team **ret_team)
{
	const struct team_setup setup = {.item = &item, .groups = &groups, .places = places, .seed = 1};

	memset(script, 0, sizeof(*script));
	script->trouble = trouble;
	script->troubled = troubled;
	script->runner = getpid();
	team_interrupted = 0;
	item = (struct plan_item){.bench = &fake_bench, .nr_workers = nr_workers, .threads = threads,
				  .nr_memcgs = 1, .place = "compact", .memory = "default", .nr_arms = 1};
	item.arms[0] = (struct plan_arm){.state = PLAN_ROOT, .limit_bytes = UINT64_MAX};
	params_init(&item.params, &fake_bench);
	item.params.common[PARAMS_STATS] = wanted_stats;
	return team_start(&setup, ret_team);
}

static void assert_said(const char *sentence)
{
	if (!strstr(err_msg(), sentence))
		fail_msg("\"%s\" lacks \"%s\"", err_msg(), sentence);
}

static void assert_nothing_left(void)
{
	unsigned int i;

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (i = 0; i < ARRAY_SIZE(script->pid); i++)
		if (script->pid[i] && script->pid[i] != getpid())
			assert_int_equal(kill(script->pid[i], 0), -1);
}

static void reps(bool threads)
{
	unsigned int nr_files = nr_open_files();
	struct team_rep rep;
	struct team *team;

	assert_int_equal(start(3, threads, NONE, 0, &team), 0);
	assert_int_equal(team_rep(team, 4, false, 7, &rep), 0);
	assert_int_equal(rep.phase[0].ops, 3 * 4 * 10);
	assert_int_equal(team_run(team, 2)->phase[0].ops, 40);
	assert_true(rep.elapsed_ns > 0);
	/* Nothing of the last rep is in the next. */
	assert_int_equal(team_rep(team, 1, false, 7, &rep), 0);
	assert_int_equal(rep.phase[0].ops, 3 * 10);
	assert_int_equal(script->pid[0] == script->pid[1], threads);
	assert_int_equal(team_stop(team), 0);
	assert_int_equal(script->setups, 3);
	assert_int_equal(script->passes, 15);
	assert_nothing_left();
	assert_int_equal(nr_open_files(), nr_files);
}

/* All workers together before each pass, and the faults in between are nobody's: hundreds for each CPU. */
static void statistics_are_set_before_each_pass(void **state)
{
	struct team_rep rep;
	struct team *team;

	(void)state;
	for (wanted_stats = STATS_FRESH; wanted_stats <= STATS_FLUSHABLE; wanted_stats++) {
		assert_int_equal(start(2, wanted_stats == STATS_FRESH, NONE, 0, &team), 0);
		script->lags = true;
		assert_int_equal(team_rep(team, 4, false, 7, &rep), 0);
		assert_int_equal(script->passes, 2 * 4);
		assert_int_equal(script->ahead, 0);
		assert_int_equal(rep.phase[0].ops, 2 * 4 * 10);
		assert_in_range(team_run(team, 1)->usage.ru_minflt, 0, 100);
		assert_int_equal(team_stop(team), 0);
	}
	wanted_stats = STATS_AS_FOUND;
	assert_int_equal(start(2, false, NONE, 0, &team), 0);
	script->lags = true;
	assert_int_equal(team_rep(team, 4, false, 7, &rep), 0);
	assert_int_equal(script->passes, 2 * 4);
	assert_true(script->ahead > 0);
	assert_int_equal(team_stop(team), 0);
}

static void reps_of_processes(void **state)
{
	(void)state;
	reps(false);
}

static void reps_of_threads(void **state)
{
	(void)state;
	reps(true);
}

/* The team with this trouble: @want from the rep, a sentence that names it, nothing left behind. */
static void assert_trouble(bool threads, enum trouble trouble, unsigned int troubled, int want, const char *sentence)
{
	unsigned int nr_files = nr_open_files();
	struct team_rep rep = {.elapsed_ns = 42};
	struct team *team;

	assert_int_equal(start(2, threads, trouble, troubled, &team), 0);
	assert_int_equal(team_rep(team, 1, false, 7, &rep), want);
	assert_said(sentence);
	assert_int_equal(rep.elapsed_ns, 42);
	/* Broken for good. */
	assert_int_equal(team_rep(team, 1, false, 7, &rep), -ECHILD);
	assert_said("the workers of fake are gone");
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
	assert_int_equal(nr_open_files(), nr_files);
}

static void a_worker_dies_while_the_other_works(void **state)
{
	(void)state;
	assert_trouble(false, DIE_IN_RUN, 0, -ECHILD, "fake (root), worker 0 on CPU");
	assert_trouble(false, DIE_IN_RUN, 1, -ECHILD, "was killed by signal 11");
	assert_trouble(false, KILLED_IN_RUN, 1, -ECHILD, "worker 1 on CPU");
	assert_trouble(false, KILLED_IN_RUN, 1, -ECHILD, "out of memory (dmesg)");
	assert_trouble(true, DIE_IN_RUN, 1, -ECHILD, "was killed by signal 11");
}

static void a_worker_ends_by_itself(void **state)
{
	(void)state;
	assert_trouble(false, EXIT_IN_RUN, 0, -ECHILD, "worker 0");
	assert_trouble(false, EXIT_IN_RUN, 1, -ECHILD, "ended by itself with status 7");
	assert_trouble(true, EXIT_IN_RUN, 1, -ECHILD, "ended by itself with status 7");
}

/* It ends after its answer, and before the other has answered: the answer counts, not the end. */
static void a_worker_fails_while_the_other_works(void **state)
{
	(void)state;
	assert_trouble(false, FAIL_RUN, 0, -EIO, "worker 0 on CPU");
	assert_trouble(false, FAIL_RUN, 1, -EIO, "the fake broke");
	assert_trouble(true, FAIL_RUN, 1, -EIO, "the fake broke");
	assert_trouble(false, FAIL_EVIDENCE, 1, -EPROTO, "touched 1000 pages, but took only");
	assert_trouble(true, FAIL_EVIDENCE, 0, -EPROTO, "touched 1000 pages, but took only");
}

static void setup_fails(void **state)
{
	struct team *team = (void *)1;
	int threads;

	(void)state;
	for (threads = 0; threads < 2; threads++) {
		assert_int_equal(start(2, threads, FAIL_SETUP, 1, &team), -ENOSPC);
		assert_said("worker 1 on CPU");
		assert_said("no room for the fake");
		assert_ptr_equal(team, (void *)1);
		assert_nothing_left();
	}
	assert_int_equal(start(2, false, DIE_IN_SETUP, 1, &team), -ECHILD);
	assert_said("was killed by signal 11");
	assert_nothing_left();
}

static void a_place_that_is_not_there(void **state)
{
	struct topo_place kept = places[1];
	struct team *team;

	(void)state;
	places[1].pu = 100000;
	assert_int_equal(start(2, false, NONE, 0, &team), -EINVAL);
	assert_said("CPU 100000");
	places[1] = kept;
	assert_nothing_left();
}

static void interrupted(void **state)
{
	struct team_rep rep;
	struct team *team;

	(void)state;
	assert_int_equal(start(2, false, INTERRUPT_IN_RUN, 0, &team), 0);
	assert_int_equal(team_rep(team, 1, false, 7, &rep), -EINTR);
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
	team_interrupted = 0;
}

/* A worker that ends slowly is not one that died, and is not to be killed for it: this one sleeps until somebody wakes it. */
static void a_slow_end_is_waited_for(void **state)
{
	struct timespec begin, end;
	struct team *team;
	pid_t waker;

	(void)state;
	assert_int_equal(start(3, false, NONE, 0, &team), 0);
	assert_int_equal(kill(script->pid[2], SIGSTOP), 0);
	waker = fork();
	if (waker == 0) {
		pause_ms(700);
		kill(script->pid[2], SIGCONT);
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	assert_int_equal(team_stop(team), 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	assert_true((end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000 >= 600);
	assert_nothing_left();
}

/* Before the pass, at the hold if there is one, and after the pass. */
static void proving(bool threads, bool holds)
{
	struct team_rep rep;
	struct team *team;
	bool stopped = false;
	unsigned int i;

	assert_int_equal(start(2, threads, NONE, 0, &team), 0);
	script->holds = holds;
	assert_int_equal(team_prove(team), 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(team_run(team, i)->stop, BENCH_STOP_BEGIN);
	assert_int_equal(script->passes, 0);
	assert_int_equal(team_release(team, &stopped), 0);
	assert_true(stopped);
	assert_int_equal(script->passes, 2);
	assert_int_equal(team_run(team, 1)->stop, holds ? BENCH_STOP_HOLD : BENCH_STOP_END);
	if (holds) {
		assert_int_equal(team_release(team, &stopped), 0);
		assert_true(stopped);
		assert_int_equal(team_run(team, 1)->stop, BENCH_STOP_END);
	}
	assert_int_equal(team_release(team, &stopped), 0);
	assert_false(stopped);
	/* A rep that follows is whole, and holds nowhere. */
	assert_int_equal(team_rep(team, 3, false, 7, &rep), 0);
	assert_int_equal(rep.phase[0].ops, 60);
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
}

static void proving_stops_at_holds(void **state)
{
	(void)state;
	proving(false, true);
	proving(true, true);
}

static void proving_a_bench_that_never_holds(void **state)
{
	(void)state;
	proving(false, false);
	proving(true, false);
}

/* Faults that make the statistics exact are none of the bench's. */
static void standing_still_is_no_evidence(void **state)
{
	struct team_rep rep;
	struct team *team;
	bool stopped;

	(void)state;
	assert_int_equal(start(1, false, NONE, 0, &team), 0);
	script->holds = true;
	assert_int_equal(team_rep(team, 1, false, 7, &rep), 0);
	assert_int_equal(team_prove(team), 0);
	assert_int_equal(team_release(team, &stopped), 0);
	assert_int_equal(team_release(team, &stopped), 0);
	assert_true(team_run(team, 0)->stir_faults > 64);
	assert_in_range(team_run(team, 0)->usage.ru_minflt, 0, 32);
	assert_int_equal(team_stop(team), 0);
}

/* Whoever stops a team while it stands still must not wait for workers that wait for a release. */
static void stopping_while_held(void **state)
{
	struct team *team;
	bool stopped;

	(void)state;
	assert_int_equal(start(2, false, NONE, 0, &team), 0);
	script->holds = true;
	assert_int_equal(team_prove(team), 0);
	assert_int_equal(team_release(team, &stopped), 0);
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
}

static void only_some_workers_hold(void **state)
{
	struct team *team;
	bool stopped;

	(void)state;
	assert_int_equal(start(2, false, NONE, 0, &team), 0);
	script->holds = script->only_one_holds = true;
	assert_int_equal(team_prove(team), 0);
	/* The one is at its hold, the other behind its pass. */
	assert_int_equal(team_release(team, &stopped), -EPROTO);
	assert_said("only 1 of 2 workers");
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
}

static void latencies_of_all_workers_add_up(void **state)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct team *team;

	(void)state;
	assert_int_equal(start(3, false, NONE, 0, &team), 0);
	assert_int_equal(team_latency(team, 100, histogram), 0);
	assert_int_equal(histogram->count, 300);
	assert_int_equal(team_latency(team, 1, histogram), 0);
	assert_int_equal(histogram->count, 303);
	assert_true(histogram->min <= histogram->max);
	assert_int_equal(team_stop(team), 0);
	free(histogram);
}

static void more_workers_than_cpus(void **state)
{
	struct team_rep rep;
	struct team *team;
	int threads;

	(void)state;
	for (threads = 0; threads < 2; threads++) {
		assert_int_equal(start(24, threads, NONE, 0, &team), 0);
		assert_int_equal(team_rep(team, 1, false, 7, &rep), 0);
		assert_int_equal(rep.phase[0].ops, 240);
		assert_int_equal(team_stop(team), 0);
		assert_int_equal(script->setups, 24);
		assert_nothing_left();
	}
}

/* --- workers that share, meet and count --- */

enum { SHARED_WORKERS = 4, ROUNDS = 50 };

static struct shared_script {
	enum { SHARE_NOTHING_WRONG, SHARE_FAILS, SHARE_SKIPS, SETUP_SKIPS, RUN_FAILS, RUN_DIES, WAITER_DIES } trouble;
	_Atomic int sharer;	    /* the process that share() ran in */
	_Atomic unsigned int shares;
	_Atomic int pid[SHARED_WORKERS], parent[SHARED_WORKERS];
	_Atomic unsigned int at[SHARED_WORKERS]; /* rounds that each worker began */
	_Atomic unsigned int early;		    /* times that one was two rounds ahead of another */
	_Atomic unsigned int turns, out_of_turn;
	bool by_cpu; /* workers 0 and 2 are on one CPU, 1 and 3 on another */
	_Atomic unsigned int cpu_turns[2];
} *shared_script;

struct sharing {
	uint64_t *map; /* at the same address in all */
	uint64_t from_share;
	unsigned int worker;
};

static int sharing_share(void *state, struct bench_run *run)
{
	struct sharing *st = state;

	shared_script->shares++;
	shared_script->sharer = getpid();
	if (shared_script->trouble == SHARE_FAILS)
		return bench_error(run, ENOSPC, "no room to share");
	if (shared_script->trouble == SHARE_SKIPS)
		return bench_skip(run, "needs %s: there is none", "luck");
	st->map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	st->from_share = 0x5a;
	return st->map == MAP_FAILED ? bench_error(run, ENOMEM, "mmap") : 0;
}

static int sharing_setup(void *state, struct bench_run *run)
{
	struct sharing *st = state;

	st->worker = bench_worker(run);
	shared_script->pid[st->worker] = getpid();
	shared_script->parent[st->worker] = getppid();
	if (shared_script->trouble == SETUP_SKIPS && st->worker == 2)
		return bench_skip(run, "worker 2 has no luck");
	if (shared_script->by_cpu)
		bench_turn_by_cpu(run);
	bench_barrier(run);
	return st->from_share == 0x5a ? 0 : bench_error(run, EPROTO, "the state is not what share() left");
}

static void take_a_turn(const struct sharing *st, struct bench_run *run)
{
	bench_turn_begin(run);
	if (shared_script->turns++ % SHARED_WORKERS != st->worker)
		shared_script->out_of_turn++;
	st->map[0]++;
	bench_turn_end(run);
}

/* While worker 0 has the turn on its CPU, that of the other goes round. */
static void take_a_turn_of_cpu(const struct sharing *st, struct bench_run *run)
{
	unsigned int cpu = st->worker % 2, patience = 2000;

	bench_turn_begin(run);
	if (shared_script->cpu_turns[cpu]++ % 2 != st->worker / 2)
		shared_script->out_of_turn++;
	while (st->worker == 0 && shared_script->cpu_turns[1] < shared_script->cpu_turns[0] && --patience)
		usleep(1000);
	shared_script->out_of_turn += !patience;
	bench_turn_end(run);
}

static int sharing_pass(void *state, struct bench_run *run)
{
	struct sharing *st = state;
	unsigned int round = ++shared_script->at[st->worker];

	bench_phase_begin(run, 0);
	bench_phase_end(run, 0, 1);
	if (st->worker == 1 && shared_script->trouble == RUN_FAILS)
		return bench_error(run, EIO, "worker 1 broke");
	if (st->worker == 0 && shared_script->trouble == RUN_DIES)
		die(SIGSEGV);
	if (st->worker == 3 && shared_script->trouble == WAITER_DIES)
		die(SIGKILL);
	bench_barrier(run);
	for (unsigned int i = 0; i < SHARED_WORKERS; i++)
		shared_script->early += shared_script->at[i] < round || shared_script->at[i] > round + 1;
	bench_barrier(run);
	if (shared_script->by_cpu)
		take_a_turn_of_cpu(st, run);
	else
		take_a_turn(st, run);
	bench_count(run, 1, 2 + st->worker, 3);
	return 0;
}

static const struct bench_metric sharing_metrics[] = {
	{.name = "op", .op = "op", .help = "nothing"},
	{.name = "things", .op = "op", .kind = BENCH_COUNT, .unit = "things", .help = "things"},
};
static const struct bench sharing_bench = {
	.name = "sharing",
	.metrics = sharing_metrics,
	.nr_metrics = 2,
	.state_size = sizeof(struct sharing),
	.share = sharing_share,
	.setup = sharing_setup,
	.pass = sharing_pass,
};

static bool by_cpu;

static int start_sharing(bool threads, int trouble, struct team **ret_team)
{
	const struct team_setup setup = {.item = &item, .groups = &groups, .places = places, .seed = 1};

	if (!shared_script)
		shared_script = mmap(NULL, sizeof(*shared_script), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(shared_script, 0, sizeof(*shared_script));
	memset(script, 0, sizeof(*script));
	shared_script->trouble = trouble;
	shared_script->by_cpu = by_cpu;
	team_interrupted = 0;
	item = (struct plan_item){.bench = &sharing_bench, .nr_workers = SHARED_WORKERS, .threads = threads,
				  .nr_memcgs = 1, .place = "compact", .memory = "default", .nr_arms = 1};
	item.arms[0] = (struct plan_arm){.state = PLAN_ROOT, .limit_bytes = UINT64_MAX};
	params_init(&item.params, &sharing_bench);
	return team_start(&setup, ret_team);
}

static void share_meet_and_count(bool threads)
{
	unsigned int nr_files = nr_open_files(), i;
	struct team_rep rep;
	struct team *team;

	assert_int_equal(start_sharing(threads, SHARE_NOTHING_WRONG, &team), 0);
	assert_int_equal(team_rep(team, ROUNDS, false, 7, &rep), 0);
	assert_int_equal(team_rep(team, ROUNDS, false, 8, &rep), 0);
	assert_int_equal(shared_script->shares, 1);
	for (i = 0; i < SHARED_WORKERS; i++) {
		assert_int_equal(shared_script->parent[i], getpid());
		assert_int_equal(shared_script->at[i], 2 * ROUNDS);
		assert_int_equal(shared_script->pid[i] == shared_script->sharer, threads || i == 0);
		assert_int_equal(team_run(team, i)->phase[1].amount, (2 + i) * ROUNDS);
	}
	assert_int_equal(shared_script->early, 0);
	assert_int_equal(shared_script->turns, 2 * ROUNDS * SHARED_WORKERS);
	assert_int_equal(shared_script->out_of_turn, 0);
	assert_int_equal(rep.phase[1].amount, (2 + 3 + 4 + 5) * ROUNDS);
	assert_int_equal(rep.phase[1].ops, 3 * ROUNDS * SHARED_WORKERS);
	assert_int_equal(rep.phase[1].ns, 0);
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
	assert_int_equal(nr_open_files(), nr_files);
}

static void turns_of_each_cpu(void **state)
{
	const struct topo_place kept[2] = {places[2], places[3]};
	struct team_rep rep;
	struct team *team;

	(void)state;
	if (places[0].pu == places[1].pu) {
		print_message("needs two CPUs\n");
		skip();
	}
	places[2] = places[0];
	places[3] = places[1];
	by_cpu = true;
	assert_int_equal(start_sharing(false, SHARE_NOTHING_WRONG, &team), 0);
	assert_int_equal(team_rep(team, 5, false, 7, &rep), 0);
	assert_int_equal(team_rep(team, 5, false, 8, &rep), 0);
	by_cpu = false;
	places[2] = kept[0];
	places[3] = kept[1];
	assert_int_equal(shared_script->cpu_turns[0], 20);
	assert_int_equal(shared_script->cpu_turns[1], 20);
	assert_int_equal(shared_script->out_of_turn, 0);
	assert_int_equal(team_stop(team), 0);
	assert_nothing_left();
}

static void workers_share_meet_and_count(void **state)
{
	(void)state;
	share_meet_and_count(false);
	share_meet_and_count(true);
}

static void sharing_fails(void **state)
{
	struct team *team = (struct team *)&item;

	(void)state;
	for (int threads = 0; threads < 2; threads++) {
		assert_int_equal(start_sharing(threads, SHARE_FAILS, &team), -ENOSPC);
		assert_said("sharing (root), worker 0 on CPU");
		assert_said("no room to share");
		assert_nothing_left();
		assert_int_equal(start_sharing(threads, SHARE_SKIPS, &team), 1);
		assert_string_equal(err_msg(), "needs luck: there is none");
		assert_nothing_left();
		/* The others wait at a barrier meanwhile. */
		assert_int_equal(start_sharing(threads, SETUP_SKIPS, &team), 1);
		assert_string_equal(err_msg(), "worker 2 has no luck");
		assert_nothing_left();
		assert_ptr_equal(team, &item);
	}
}

/* Whoever waits at a barrier is taken along; the runner learns of what a worker died that it did not fork. */
static void a_sharing_worker_is_lost(void **state)
{
	static const struct {
		int trouble, want;
		const char *sentence;
	} losses[] = {
		{RUN_FAILS, -EIO, "worker 1 broke"},
		{RUN_DIES, -ECHILD, "was killed by signal 11"},
		{WAITER_DIES, -ECHILD, "was killed by signal 9"},
	};
	struct team_rep rep;
	struct team *team;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(losses); i++) {
		assert_int_equal(start_sharing(false, losses[i].trouble, &team), 0);
		assert_int_equal(team_rep(team, 1, false, 7, &rep), losses[i].want);
		assert_said(losses[i].sentence);
		assert_int_equal(team_stop(team), 0);
		assert_nothing_left();
	}
}

/* The runner is killed: its workers go with it. */
static void workers_die_with_the_runner(void **state)
{
	struct team *team;
	unsigned int i;
	pid_t runner;

	(void)state;
	memset(script, 0, sizeof(*script));
	runner = fork();
	if (runner == 0) {
		if (start(2, false, NONE, 0, &team))
			_exit(1);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(runner, NULL, 0), runner);
	assert_int_not_equal(script->pid[1], 0);
	for (i = 0; i < 5000; i++) {
		char path[64], text[8] = "";
		int fd;

		/* Nobody may be there to reap it. */
		snprintf(path, sizeof(path), "/proc/%d/cmdline", script->pid[1]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			return;
		i = read(fd, text, sizeof(text)) > 0 ? i : 10000;
		close(fd);
		pause_ms(1);
	}
	assert_true(i > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statistics_are_set_before_each_pass),
		cmocka_unit_test(reps_of_processes),
		cmocka_unit_test(reps_of_threads),
		cmocka_unit_test(a_worker_dies_while_the_other_works),
		cmocka_unit_test(a_worker_ends_by_itself),
		cmocka_unit_test(a_worker_fails_while_the_other_works),
		cmocka_unit_test(setup_fails),
		cmocka_unit_test(a_place_that_is_not_there),
		cmocka_unit_test(interrupted),
		cmocka_unit_test(a_slow_end_is_waited_for),
		cmocka_unit_test(proving_stops_at_holds),
		cmocka_unit_test(standing_still_is_no_evidence),
		cmocka_unit_test(proving_a_bench_that_never_holds),
		cmocka_unit_test(stopping_while_held),
		cmocka_unit_test(only_some_workers_hold),
		cmocka_unit_test(latencies_of_all_workers_add_up),
		cmocka_unit_test(more_workers_than_cpus),
		cmocka_unit_test(workers_share_meet_and_count),
		cmocka_unit_test(turns_of_each_cpu),
		cmocka_unit_test(sharing_fails),
		cmocka_unit_test(a_sharing_worker_is_lost),
		cmocka_unit_test(workers_die_with_the_runner),
	};

	/* A test that hangs is one that fails. */
	alarm(120);
	return cmocka_run_group_tests(tests, prepare, NULL);
}
