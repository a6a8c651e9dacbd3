/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_fixture.h - runs with profiles, made by the code that makes real ones: a function "charge" that jumps to another. */
#ifndef TESTS_UNIT_PROFILE_FIXTURE_H
#define TESTS_UNIT_PROFILE_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/region.h"
#include "data/store.h"
#include "probe/track.h"

#define FIXTURE_KERNEL(x) (0xffffffff81000000u + (x))
#define FIXTURE_OPS	  10
/* Instructions from the mark to the system call, and of reading the clock. */
#define FIXTURE_USER	4
#define FIXTURE_OUTSIDE 50

/* Images of the kernels "old" and "new". */
#define FIXTURE_OLD "00000000000000aa"
#define FIXTURE_NEW "00000000000000bb"

/* Instructions of one rep: of "charge", and of what it jumps to. */
struct fixture_cost {
	uint32_t charge, next;
};

static inline struct track_block *fixture_block(struct track *track, uint64_t vaddr, uint32_t nr, enum x86_kind kind, uint64_t target)
{
	struct track_block *b = calloc(1, sizeof(*b) + nr * sizeof(b->offset[0]));
	uint32_t i;

	assert_non_null(b);
	*b = (struct track_block){
		.vaddr = vaddr, .end = vaddr + 4 * nr, .last_pc = vaddr + 4 * (nr - 1), .target = target, .nr = nr, .first = nr,
		.kind = (uint8_t)kind, .last_may_fault = kind != X86_BRANCH, .pair = TABLE_NONE, .code = track_code(track, vaddr),
	};
	for (i = 0; i < nr; i++)
		b->offset[i] = (uint16_t)(4 * i);
	return b;
}

static inline void fixture_rep(struct track *track, unsigned int arm, uint32_t rep, const struct fixture_cost *cost)
{
	struct track_block *user = fixture_block(track, 0x400000, 2 + FIXTURE_USER, X86_SYSCALL, 0),
			   *charge = fixture_block(track, FIXTURE_KERNEL(0), cost->charge, X86_BRANCH, FIXTURE_KERNEL(0x10000)),
			   *next = fixture_block(track, FIXTURE_KERNEL(0x10000), cost->next + 1, X86_PLAIN, 0);
	uint64_t id = REGION_ID(0, arm, 0, rep);
	int bit;

	track_mark(track, 0, REGION_ID_START, NULL, 0, 0);
	for (bit = REGION_ID_BITS; bit--;)
		track_mark(track, 0, id >> bit & 1 ? REGION_ID_1 : REGION_ID_0, NULL, 0, 0);
	track_mark(track, 0, REGION_BEGIN, user, 2, 0);
	track->vcpus[0].accesses = 1;
	track_block(track, 0, charge);
	track->vcpus[0].accesses = 0;
	track_block(track, 0, next);
	track_mark(track, 0, REGION_END, next, cost->next, 0);
	free(user);
	free(charge);
	free(next);
}

static inline void fixture_folder(const char *run, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", run, name);
	mkdir(path, 0777);
}

static inline void fixture_profile(const char *run, unsigned int boot, const char *id, unsigned int arm, const struct fixture_cost *cost,
				   unsigned int nr_vcpus)
{
	char path[256], name[32];
	struct track track;

	assert_true(track_init(&track));
	fixture_rep(&track, arm, 1, cost);
	track_finish(&track);
	fixture_folder(run, "boots");
	snprintf(name, sizeof(name), "boots/%u", boot);
	fixture_folder(run, name);
	snprintf(path, sizeof(path), "%s/boots/%u/profile", run, boot);
	assert_int_equal(track_write(&track, path, id, nr_vcpus), 0);
	track_free(&track);
}

static inline void fixture_symbols(const char *run, const char *id, const char *next)
{
	char path[256], text[256];

	fixture_folder(run, "symbols");
	snprintf(path, sizeof(path), "%s/symbols", run);
	snprintf(text, sizeof(text), "%llx T charge\n%llx T %s\n", (unsigned long long)FIXTURE_KERNEL(0),
		 (unsigned long long)FIXTURE_KERNEL(0x10000), next);
	assert_int_equal(store_file(path, id, text), 0);
}

/* A run of both kernels, without boots so far. */
static inline struct store *fixture_run(const char *dir, const char *name, const char *clock)
{
	struct store *store;
	json_t *run = json_pack("{s:s, s:{s:i, s:i, s:i, s:[]}, s:{s:s, s:s, s:s}, s:[{s:s, s:s}, {s:s, s:s}], s:{s:s, s:s}}", "clock", clock,
				"plan", "seed", 1, "blocks", 1, "rep_ns", 1000, "items", "guest", "accel", "tcg-icount", "qemu_version",
				"7.2", "cpu_model", "max", "kernels", "name", "old", "sha256", FIXTURE_OLD "0000", "name", "new", "sha256",
				FIXTURE_NEW "0000", "memcgbench", "version", "1", "revision", "r");

	assert_non_null(run);
	assert_int_equal(store_create(dir, name, run, &store), 0);
	json_decref(run);
	return store;
}

static inline void fixture_line(struct store *store, unsigned int boot, const char *fmt, ...) __printf(3, 4);

static inline void fixture_line(struct store *store, unsigned int boot, const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	if (store_line(store, boot, "qemu", text, NULL))
		fail_msg("%s: %s", text, err_msg());
	free(text);
}

/* A boot of kernel @name, which calls itself @release, under @seed: off for @arm 0, child for 1. */
static inline void fixture_boot(struct store *store, unsigned int number, const char *name, const char *release, unsigned int seed,
				unsigned int arm, const char *id, const struct fixture_cost *cost)
{
	unsigned int rep;

	fixture_line(store, number,
		     "{\"type\": \"boot\", \"schema\": \"memcgbench-samples\", \"schema_version\": 1, \"clock\": \"insn\", \"seed\": %u, "
		     "\"clock_cost_ns\": 30, \"kernel\": \"%s\", \"facts\": {\"release\": \"%s\", \"version\": \"#1\", \"arch\": \"x86_64\", "
		     "\"cpu_model\": \"max\", \"page_bytes\": 4096}, \"cgroup\": {\"version\": \"v2\"}, \"topology\": {\"pus\": 1, \"nodes\": 1}}",
		     seed, name, release);
	fixture_line(store, number,
		     "{\"type\": \"item\", \"item\": 0, \"bench\": \"fault_storm\", \"version\": 1, \"op\": \"page\", \"params\": {}, "
		     "\"mode\": \"processes\", \"place\": \"compact\", \"memory\": \"default\", \"oversubscribed\": false, \"workers\": "
		     "[{\"pu\": 0, \"core\": 0, \"node\": 0, \"package\": 0}], \"metrics\": [{\"name\": \"fault\", \"help\": \"x\", \"op\": "
		     "\"page\", \"unit\": \"insn/page\", \"better\": \"lower\"}], \"arms\": [{\"arm\": 0, \"state\": \"off\", \"depth\": 0, "
		     "\"limit_bytes\": null}, {\"arm\": 1, \"state\": \"child\", \"depth\": 1, \"limit_bytes\": null}], \"passes\": 1}");
	/* The first is the one that is profiled, and the cheaper one. */
	for (rep = 1; rep <= 2; rep++)
		fixture_line(store, number,
			     "{\"type\": \"sample\", \"item\": 0, \"arm\": %u, \"block\": 0, \"pos\": 0, \"rep\": %u, \"warmup\": false, "
			     "\"passes\": 1, \"metrics\": {\"fault\": {\"ops\": %d, \"ns\": %u}}, \"elapsed_ns\": 1, \"evidence\": "
			     "{\"minflt\": 0, \"majflt\": 0, \"nvcsw\": 0, \"nivcsw\": 0}}",
			     arm, rep, FIXTURE_OPS, FIXTURE_USER + cost->charge + cost->next + FIXTURE_OUTSIDE + rep - 1);
	fixture_line(store, number, "{\"type\": \"end\", \"status\": \"complete\"}");
	fixture_profile(store_dir(store), number, id, arm, cost, 1);
}

#endif
