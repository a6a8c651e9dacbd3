// SPDX-License-Identifier: GPL-2.0-or-later
/* process_exit - the end of a process: what it has charged is uncharged. */
#include <sys/mman.h>

#include "bench.h"
#include "bench_pages.h"
#include "bench_team.h"

enum { FULL, BARE };

struct process_exit {
	uint64_t bytes; /* parameter */
};

static char *map_memory(const struct process_exit *st, struct bench_run *run)
{
	char *map = bench_map(run, st->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (map == MAP_FAILED)
		return NULL;
	return bench_huge(run, map, st->bytes, 0) ? NULL : map;
}

/* A process as the next one is, but for its pages. */
static int prepare_bare(void *state, struct bench_run *run)
{
	return map_memory(state, run) ? 0 : -ENOMEM;
}

static int prepare_full(void *state, struct bench_run *run)
{
	const struct process_exit *st = state;
	char *map = map_memory(st, run);

	if (map)
		bench_touch(map, st->bytes, bench_page_bytes(run));
	return map ? 0 : -ENOMEM;
}

static int pass(void *state, struct bench_run *run)
{
	const struct process_exit *st = state;
	int ret = bench_child_exit(run, BARE, 0, prepare_bare, state);

	return ret ? ret : bench_child_exit(run, FULL, st->bytes / bench_page_bytes(run), prepare_full, state);
}

static int setup(void *state, struct bench_run *run)
{
	(void)state;
	/* Forking while other threads fault would time their lock and break their pages' sharing. */
	if (bench_is_threaded(run) && bench_nr_workers(run) > 1)
		return bench_skip(run, "workers that are threads stop each other when they fork: use processes");
	return 0;
}

const struct bench bench_process_exit = {
	.name = "process_exit",
	.summary = "the exit of a process, with its pages and without",
	.about =
		"Forks a process that maps memory, touches all of it or nothing, and exits; waits for it.\n\n"
		"Memcg is on this path twice: exit_mmap() frees the pages in batches, each of which uncharge_batch() returns to the page_counter of "
		"every level (mm/memcontrol.c, Linux 6.12); and the rest of a process is charged as kernel memory (task, stack, page tables, files), and "
		"uncharged at its end. On 6.12 that is all that memcg adds to exit-bare (docs/BENCHES.md; cgroup.memory=nokmem leaves it out).\n\n"
		"The clock runs from the last instruction of the process before exit() to the return of waitpid(): whole processes, the waking of "
		"their parent included. What the pages add is the difference of exit-full and exit-bare.",
	.version = 1,
	BENCH_METRICS(BENCH_TIMED(FULL, "exit-full", "process", "the exit of a process that touched all of its pages"),
		      BENCH_TIMED(BARE, "exit-bare", "process", "the exit of the same process with none of them touched")),
	BENCH_PARAMS(BENCH_SIZE(struct process_exit, bytes, "size", "8M", "1M", 4096, 1ull << 40, "what it maps")),
	.state_size = sizeof(struct process_exit),
	.setup = setup,
	.pass = pass,
	BENCH_SUITE({.suites = BENCH_BOTH}),
};
