// SPDX-License-Identifier: GPL-2.0-or-later
/* The runner's side of a team: its life, and what it is told to do. Waiting is team_wait.c; the workers' side is worker*.c. */
#include "core/team.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/err.h"
#include "core/team_wait.h"

static void close_all(int (*pair)[2], unsigned int nr)
{
	while (nr--) {
		close(pair[nr][0]);
		close(pair[nr][1]);
	}
}

/* A process with workers @first … @first + @nr - 1, of whom it keeps the other ends of the sockets. */
static int fork_process(struct team *team, unsigned int first, unsigned int nr)
{
	int pair[PLAN_WORKERS_MAX][2];
	pid_t pid, runner = getpid();
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair[i])) {
			int ret = err_sys(errno, "make a socket for worker %u", first + i);

			close_all(pair, i);
			return ret;
		}
	}
	pid = fork();
	if (pid < 0) {
		int ret = err_sys(errno, "fork worker %u", first);

		close_all(pair, nr);
		return ret;
	}
	if (pid == 0) {
		for (i = 0; i < nr; i++)
			team->fd[first + i] = pair[i][1];
		worker_process(team, first, nr, runner);
	}
	team->pid[team_process_of(team, first)] = pid;
	for (i = 0; i < nr; i++) {
		close(pair[i][1]);
		team->fd[first + i] = pair[i][0];
	}
	return 0;
}

static int fork_workers(struct team *team)
{
	unsigned int i;
	int ret;

	if (team->item->threads || team_shares(team))
		return fork_process(team, 0, team->item->nr_workers);
	for (i = 0; i < team->item->nr_workers; i++) {
		ret = fork_process(team, i, 1);
		if (ret)
			return ret;
	}
	return 0;
}

/*
 * The memory that teams share with their workers is one mapping for all teams of an item. With one for each, the workers of
 * later arms inherit a larger tree of mappings, which every fault is looked up in: from some arm on a fault took 50
 * instructions more (Linux 6.12).
 */
#define POOL_SLOTS (2 * PLAN_ARMS_MAX)

static struct {
	char *memory; /* POOL_SLOTS of @slot_bytes; NULL: none yet */
	size_t slot_bytes;
	struct team *user[POOL_SLOTS]; /* NULL: free */
} pool;

static bool pool_is_free(void)
{
	unsigned int i;

	for (i = 0; i < POOL_SLOTS; i++)
		if (pool.user[i])
			return false;
	return true;
}

static int pool_grow(size_t bytes)
{
	size_t slot_bytes = (bytes + 4095) / 4096 * 4096;
	void *memory = mmap(NULL, POOL_SLOTS * slot_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	if (pool.memory)
		munmap(pool.memory, POOL_SLOTS * pool.slot_bytes);
	pool.memory = memory;
	pool.slot_bytes = slot_bytes;
	return 0;
}

/* Zeroed memory of @team->shared_bytes. */
static int pool_take(struct team *team)
{
	unsigned int i;

	if (team->shared_bytes > pool.slot_bytes && (!pool_is_free() || pool_grow(team->shared_bytes)))
		return -ENOMEM;
	for (i = 0; i < POOL_SLOTS; i++) {
		if (pool.user[i])
			continue;
		pool.user[i] = team;
		team->shared = (struct team_shared *)(pool.memory + i * pool.slot_bytes);
		return 0;
	}
	return -ENOMEM;
}

static void pool_give_back(struct team *team)
{
	unsigned int i;

	for (i = 0; i < POOL_SLOTS; i++) {
		if (pool.user[i] != team)
			continue;
		pool.user[i] = NULL;
		/* It is large with histograms, which few reps fill. */
		(void)!madvise(team->shared, pool.slot_bytes, MADV_REMOVE);
	}
}

static void team_free(struct team *team)
{
	pool_give_back(team);
	free(team->memcgs);
	free(team->fd);
	free(team);
}

/* What is shared with the workers, faulted in by the runner: a worker's first touch would be charged to its memcg. */
static int map_shared(struct team *team, unsigned int nr_workers)
{
	size_t runs_bytes = sizeof(*team->shared) + nr_workers * sizeof(team->shared->run[0]);

	team->shared_bytes = runs_bytes + nr_workers * sizeof(*team->pid);
	if (pool_take(team))
		return -ENOMEM;
	memset(team->shared, 0, team->shared_bytes);
	team->pid = (pid_t *)((char *)team->shared + runs_bytes);
	return 0;
}

static void fill_memcgs(struct team *team)
{
	const struct arm_groups *groups = team->groups;
	unsigned int i;

	for (i = 0; i < groups->nr_leaves; i++)
		team->memcgs[i].group = groups->leaf[i];
	for (i = 0; i < groups->nr_above; i++) {
		team->memcgs[groups->nr_leaves + i].group = groups->above[i];
		team->memcgs[groups->nr_leaves + i].level = i + 1;
	}
}

static int team_alloc(const struct team_setup *setup, struct team **ret_team)
{
	struct team *team = calloc(1, sizeof(*team));
	unsigned int i, nr_workers = setup->item->nr_workers;

	if (!team)
		return err_sys(ENOMEM, "memory for a team of workers");
	team->item = setup->item;
	team->arm = &setup->item->arms[setup->arm_index];
	team->item_index = setup->item_index;
	team->arm_index = setup->arm_index;
	team->groups = setup->groups;
	team->places = setup->places;
	team->dir = setup->dir;
	team->in_guest = setup->in_guest;
	team->counts_insn = setup->counts_insn;
	team->seed = setup->seed;
	team->fd = calloc(nr_workers, sizeof(*team->fd));
	team->memcgs = calloc(setup->groups->nr_leaves + setup->groups->nr_above + 1, sizeof(*team->memcgs));
	if (!team->fd || !team->memcgs || map_shared(team, nr_workers)) {
		team_free(team);
		return err_sys(ENOMEM, "memory for %u workers", nr_workers);
	}
	for (i = 0; i < nr_workers; i++)
		team->fd[i] = -1;
	fill_memcgs(team);
	for (i = 0; i < nr_workers; i++)
		team->shared->run[i].turn_next = (i + 1) % nr_workers;
	/* Turns may be taken in setup(), too. */
	team->shared->run[0].turn_first = true;
	atomic_store(&team->shared->run[0].turn, 1);
	*ret_team = team;
	return 0;
}

/* Stop what did not come to be. The sentence that is there says why. */
static void give_up(struct team *team)
{
	__free_mem char *sentence = strdup(err_msg());

	team->broken = true;
	(void)!team_stop(team);
	if (sentence)
		err_set(0, "%s", sentence);
}

int team_start(const struct team_setup *setup, struct team **ret_team)
{
	struct team *team = NULL;
	unsigned int held;
	int ret = team_alloc(setup, &team);

	if (ret)
		return ret;
	if (arm_groups_oom_kills(team->groups, &team->oom_kills))
		team->oom_kills = 0;
	ret = fork_workers(team);
	if (!ret)
		ret = team_wait_all(team, &held);
	if (ret) {
		give_up(team);
		return ret;
	}
	*ret_team = team;
	return 0;
}

static void sum_phase(struct bench_phase *sum, const struct bench_phase *phase)
{
	size_t i;

	sum->ns += phase->ns;
	sum->ops += phase->ops;
	sum->amount += phase->amount;
	sum->count_scaled |= phase->count_scaled;
	for (i = 0; i < COUNTERS_MAX; i++) {
		sum->count[i] += phase->count[i];
		sum->count_valid[i] |= phase->count_valid[i];
	}
}

int team_rep(struct team *team, uint64_t passes, bool counted, uint32_t number, struct team_rep *ret_rep)
{
	struct worker_command command = {
		.what = counted ? COMMAND_COUNTED_REP : COMMAND_REP,
		.rep = number,
		.number = passes,
	};
	uint64_t begin_ns = UINT64_MAX, end_ns = 0;
	struct team_rep rep = {0};
	unsigned int i;
	size_t m;
	int ret = team_command_all(team, &command);

	if (ret)
		return ret;
	for (i = 0; i < team->item->nr_workers; i++) {
		const struct bench_run *run = &team->shared->run[i];
		const struct rusage *usage = &team->shared->run[i].usage;

		for (m = 0; m < team->item->bench->nr_metrics; m++)
			sum_phase(&rep.phase[m], &run->phase[m]);
		rep.minflt += (uint64_t)usage->ru_minflt;
		rep.majflt += (uint64_t)usage->ru_majflt;
		rep.nvcsw += (uint64_t)usage->ru_nvcsw;
		rep.nivcsw += (uint64_t)usage->ru_nivcsw;
		if (run->begin_ns < begin_ns)
			begin_ns = run->begin_ns;
		if (run->end_ns > end_ns)
			end_ns = run->end_ns;
	}
	rep.elapsed_ns = end_ns - begin_ns;
	*ret_rep = rep;
	return 0;
}

/* How many workers stand still where bench_hold() is. */
static unsigned int nr_at_hold(const struct team *team)
{
	unsigned int i, nr = 0;

	for (i = 0; i < team->item->nr_workers; i++)
		nr += team->shared->run[i].stop == BENCH_STOP_HOLD;
	return nr;
}

/* All workers stand still in the same place, or all have done. */
static int go_on(struct team *team, enum worker_what what, bool *ret_stopped)
{
	struct worker_command command = {.what = what, .rep = BENCH_REP_UNNUMBERED};
	unsigned int held, at_hold;
	int ret;

	team->held = false;
	ret = team_send_all(team, &command);
	if (!ret)
		ret = team_wait_all(team, &held);
	if (ret)
		return ret;
	team->held = held > 0;
	at_hold = nr_at_hold(team);
	if (held && at_hold && at_hold < team->item->nr_workers) {
		team->broken = true;
		return err_set(EPROTO, "%s: only %u of %u workers hold their memory", team->item->bench->name, at_hold,
			       team->item->nr_workers);
	}
	*ret_stopped = team->held;
	return 0;
}

int team_prove(struct team *team)
{
	bool stopped;

	return go_on(team, COMMAND_PROVE, &stopped);
}

int team_release(struct team *team, bool *ret_stopped)
{
	return go_on(team, COMMAND_RELEASE, ret_stopped);
}

int team_prove_stats(struct team *team)
{
	struct worker_command command = {.what = COMMAND_PROVE_STATS, .rep = BENCH_REP_UNNUMBERED};

	return team_command_all(team, &command);
}

static void histogram_merge(struct histogram *sum, const struct histogram *part)
{
	size_t i;

	if (!part->count)
		return;
	if (!sum->count || part->min < sum->min)
		sum->min = part->min;
	if (part->max > sum->max)
		sum->max = part->max;
	sum->count += part->count;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->bucket[i] += part->bucket[i];
}

int team_latency(struct team *team, uint64_t ops, struct histogram *histogram)
{
	struct worker_command command = {.what = COMMAND_LATENCY, .rep = BENCH_REP_UNNUMBERED, .number = ops};
	unsigned int i;
	int ret = team_command_all(team, &command);

	if (ret)
		return ret;
	for (i = 0; i < team->item->nr_workers; i++)
		histogram_merge(histogram, &team->shared->run[i].latency);
	return 0;
}

const struct bench_run *team_run(const struct team *team, unsigned int worker)
{
	return &team->shared->run[worker];
}

size_t team_nr_counters(const struct team *team)
{
	return team->shared->nr_counters;
}

const char *team_counter_name(const struct team *team, size_t i)
{
	return team->shared->counter_name[i];
}

const char *team_counters_why(const struct team *team)
{
	return team->shared->counters_why;
}

static int take_back(const struct team *team)
{
	int ret = 0, ret_made = 0;

	if (atomic_load(&team->shared->changed_limits))
		ret = arm_groups_reset_limits(team->groups);
	if (atomic_load(&team->shared->made_memcgs))
		ret_made = arm_groups_remove_made(team->groups);
	return ret ? ret : ret_made;
}

/* What went wrong first is the sentence that is kept. */
static int take_back_after(const struct team *team, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	int ret_back = take_back(team);

	if (sentence)
		err_set(0, "%s", sentence);
	return ret ? ret : ret_back;
}

int team_stop(struct team *team)
{
	struct worker_command command = {.what = COMMAND_STOP};
	unsigned int i, nr_processes;
	int ret = 0;

	if (!team)
		return 0;
	nr_processes = team->item->threads ? 1 : team->item->nr_workers;
	/* A worker that is held waits for its release, and would take the command for that. */
	if (!team->held && !team->broken)
		ret = team_command_all(team, &command);
	if (team->held || ret)
		team->broken = true;
	/* All, before the first is waited for: worker 0 of a team that shares may be about to fork. */
	for (i = 0; team->broken && i < nr_processes; i++)
		if (team->pid[i])
			kill(team->pid[i], SIGKILL);
	for (i = 0; i < nr_processes; i++) {
		if (team->pid[i] && team->broken)
			kill(team->pid[i], SIGKILL);
		if (team->pid[i])
			(void)team_wait_process(team->pid[i], NULL);
	}
	for (i = 0; i < team->item->nr_workers; i++)
		if (team->fd[i] >= 0)
			close(team->fd[i]);
	ret = take_back_after(team, ret);
	team_free(team);
	return ret;
}
