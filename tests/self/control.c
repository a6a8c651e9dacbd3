// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * control - does the harness cost the fault loop anything?
 *
 * Runs fault_storm's own run() under a real struct bench_run, and a bare loop (mmap, touch, munmap, two readings
 * of the clock) by turns in ABBA blocks of one pinned process, and prints nanoseconds per page of either and their
 * ratio with its 95 % interval. The bare loop does what will-it-scale's page_fault1 does, written anew; huge pages are
 * forbidden for both, or they would not do the same work.
 *
 * Prints one line of numbers: harness ns/page, control ns/page, ratio, low, high, blocks.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/err.h"
#include "core/bench_run.h"
#include "core/params.h"
#include "core/registry.h"
#include "data/stats.h"
#include "machine/clock.h"
#include "machine/topo.h"

#define MAP_BYTES   (8u << 20)
#define PASSES	    8
#define BLOCKS_MAX  1000

static uint64_t page_bytes;
static char *place; /* where the bench maps: a fault costs more or less by what lies near */

/*
 * The bench's own loop, to the instruction. With its end as a constant it took a fifth less time on one machine, for the same faults
 * (docs/METHOD.md): that would be the compiler's doing, not the harness's.
 */
static __attribute__((noinline)) void touch(volatile char *map, size_t step, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += step)
		map[i] = 1;
}

static double bare_loop(void)
{
	uint64_t begin_ns = clock_ns();
	int pass;

	for (pass = 0; pass < PASSES; pass++) {
		volatile char *map = mmap(place, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED) {
			perror("control: mmap");
			exit(1);
		}
		madvise((void *)map, MAP_BYTES, MADV_NOHUGEPAGE);
		touch(map, page_bytes, MAP_BYTES);
		munmap((void *)map, MAP_BYTES);
	}
	return (double)(clock_ns() - begin_ns) / (PASSES * (double)(MAP_BYTES / page_bytes));
}

static double harness_loop(const struct bench *bench, void *state, struct bench_run *run)
{
	uint64_t begin_ns = clock_ns();

	bench_run_reset(run);
	if (bench->run(state, run, PASSES)) {
		fprintf(stderr, "control: %s\n", run->error_text);
		exit(1);
	}
	return (double)(clock_ns() - begin_ns) / (PASSES * (double)(MAP_BYTES / page_bytes));
}

static void *make_state(const struct bench *bench, struct bench_run *run)
{
	void *state = calloc(1, bench->state_size);
	struct params params;

	params_init(&params, bench);
	if (!state || params_set(&params, "free", "munmap") || params_set(&params, "size", "8M")) {
		fprintf(stderr, "control: %s\n", err_msg());
		exit(1);
	}
	params_store(&params, state);
	if (bench->setup(state, run)) {
		fprintf(stderr, "control: %s\n", run->error_text);
		exit(1);
	}
	return state;
}

int main(int argc, char **argv)
{
	static double harness[BLOCKS_MAX], control[BLOCKS_MAX], ratio[BLOCKS_MAX];
	static struct bench_run run;
	const struct bench *bench = registry_find("fault_storm");
	int nr_blocks = argc > 1 ? atoi(argv[1]) : 100, block;
	struct stats_interval interval;
	void *state;

	if (nr_blocks < 6 || nr_blocks > BLOCKS_MAX || !bench || topo_pin_self(0)) {
		fprintf(stderr, "usage: control [BLOCKS], 6 to %d, on a machine whose CPU 0 may be used\n", BLOCKS_MAX);
		return 2;
	}
	page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	run = (struct bench_run){.nr_workers = 1, .page_bytes = page_bytes};
	state = make_state(bench, &run);
	if (bench_run_take_place(&run)) {
		fprintf(stderr, "control: %s\n", err_msg());
		return 1;
	}
	place = bench_map(&run, MAP_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	munmap(place, MAP_BYTES);
	bare_loop();
	harness_loop(bench, state, &run);
	for (block = 0; block < nr_blocks; block++) {
		double a = 0, b = 0;

		/* ABBA, then BAAB: drift weighs on both alike. */
		a += block % 2 ? 0 : harness_loop(bench, state, &run);
		b += bare_loop();
		a += block % 2 ? harness_loop(bench, state, &run) : 0;
		a += block % 2 ? harness_loop(bench, state, &run) : 0;
		b += bare_loop();
		a += block % 2 ? 0 : harness_loop(bench, state, &run);
		harness[block] = a / 2;
		control[block] = b / 2;
		ratio[block] = log(a / b);
	}
	interval = stats_hodges_lehmann_interval(ratio, (size_t)nr_blocks, 0.95);
	printf("%.1f %.1f %.4f %.4f %.4f %d\n", stats_median(harness, (size_t)nr_blocks),
	       stats_median(control, (size_t)nr_blocks), exp(stats_hodges_lehmann(ratio, (size_t)nr_blocks)),
	       exp(interval.low), exp(interval.high), nr_blocks);
	bench->teardown(state, &run);
	free(state);
	return 0;
}
