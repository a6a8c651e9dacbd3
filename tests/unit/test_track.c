// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the probe makes of sequences of blocks, written to a profile and read back: the two sides of the file are tested
 * together. Addresses are made up; each test is one way in which control moves.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/region.h"
#include "data/profile.h"
#include "probe/track.h"

#define K(x) (0xffffffff81000000u + (x))
#define U(x) (0x400000u + (x))

static struct track track;
static struct track_block *blocks[64];
static size_t nr_blocks;
static char path[] = "/tmp/memcgbench-test-track-XXXXXX";

/* A block of @nr instructions of 4 bytes each, of which number @fault (from 0) and the last may fault. */
static struct track_block *block(uint64_t vaddr, uint32_t nr, uint32_t fault, enum x86_kind kind, uint64_t target)
{
	struct track_block *b = calloc(1, sizeof(*b) + nr * sizeof(b->offset[0]));
	uint32_t i;

	assert_non_null(b);
	*b = (struct track_block){
		.vaddr = vaddr,
		.end = vaddr + 4 * nr,
		.last_pc = vaddr + 4 * (nr - 1),
		.target = target,
		.nr = nr,
		.first = fault + 1 < nr ? fault + 1 : nr,
		.kind = (uint8_t)kind,
		.last_may_fault = kind != X86_BRANCH,
		.pair = TABLE_NONE,
		.code = track_code(&track, vaddr),
	};
	for (i = 0; i < nr; i++)
		b->offset[i] = (uint16_t)(4 * i);
	assert_true(nr_blocks < 64);
	blocks[nr_blocks++] = b;
	return b;
}

/* The block that ran on @vcpu began @done instructions, and its last one accessed memory; then @next runs. */
static void next_on(unsigned int vcpu, uint32_t done, struct track_block *next)
{
	struct track_vcpu *v = &track.vcpus[vcpu];

	v->started = done > v->block->first ? done - v->block->first : 0;
	v->accesses = done == v->block->nr;
	track_block(&track, vcpu, next);
}

static void next(uint32_t done, struct track_block *b)
{
	next_on(0, done, b);
}

static void mark(unsigned int vcpu, unsigned int what, struct track_block *b, uint32_t index)
{
	track_mark(&track, vcpu, what, b, index, 0);
}

static void select_id(unsigned int vcpu, uint64_t id)
{
	int bit;

	mark(vcpu, REGION_ID_START, NULL, 0);
	for (bit = REGION_ID_BITS; bit--;)
		mark(vcpu, id >> bit & 1 ? REGION_ID_1 : REGION_ID_0, NULL, 0);
}

static struct track_block *user_block;

/* A region of item 1, arm 2, phase 3 begins at the third instruction of a user's block of 6. */
static void begin(uint32_t rep)
{
	select_id(0, REGION_ID(1, 2, 3, rep));
	user_block = block(U(0), 6, 5, X86_SYSCALL, 0);
	mark(0, REGION_BEGIN, user_block, 2);
}

static void end(void)
{
	mark(0, REGION_END, track.vcpus[0].block, 1);
}

static int setup(void **state)
{
	(void)state;
	nr_blocks = 0;
	return track_init(&track) ? 0 : -1;
}

static int teardown(void **state)
{
	size_t i;

	(void)state;
	track_free(&track);
	for (i = 0; i < nr_blocks; i++)
		free(blocks[i]);
	return 0;
}

static struct profile *write_and_read(void)
{
	struct profile *profile;

	track_finish(&track);
	assert_int_equal(track_write(&track, path, "an id", 2), 0);
	if (profile_load("/", path, &profile))
		fail_msg("%s", err_msg());
	assert_string_equal(profile->name, "an id");
	return profile;
}

static const struct profile_rep *kept(const struct profile *profile, size_t i)
{
	const struct profile_key *key = profile_find(profile, 1, 2, 3);

	assert_non_null(key);
	assert_true(i < key->nr_reps);
	return &key->reps[i];
}

/* Instructions of the block at @vaddr that ran where the entries of the call path are @entries (the innermost first, 0 ends). */
static uint64_t insns_at(const struct profile *profile, uint64_t vaddr, const uint64_t *entries)
{
	const struct profile_rep *rep = kept(profile, 0);
	uint64_t sum = 0;
	size_t i, k;

	for (i = 0; i < rep->nr_counts; i++) {
		uint32_t node = rep->counts[i].node;

		if (rep->counts[i].address != vaddr)
			continue;
		for (k = 0; entries[k] && profile->nodes[node].entry == entries[k]; k++)
			node = profile->nodes[node].parent;
		/* Of a task that was met in the middle of something no entry is known. */
		if (profile->nodes[node].kind == PROFILE_BASE)
			node = profile->nodes[node].parent;
		if (!entries[k] && !node)
			sum += rep->counts[i].insns;
	}
	return sum;
}
#define PATH(...) ((const uint64_t[]){__VA_ARGS__, 0})

static void test_call_and_return(void **state)
{
	struct track_block *entry, *callee, *back, *user;
	struct profile *profile;

	(void)state;
	begin(7);
	entry = block(K(0), 3, 2, X86_CALL, K(0x100));
	callee = block(K(0x100), 5, 4, X86_RET, 0);
	back = block(entry->end, 2, 1, X86_SYSCALL_RET, 0);
	user = block(user_block->end, 4, 3, X86_PLAIN, 0);
	next(6, entry);
	next(3, callee);
	next(5, back);
	next(2, user);
	end();
	profile = write_and_read();
	assert_int_equal(kept(profile, 0)->rep, 7);
	assert_int_equal(kept(profile, 0)->insns, 4 + 3 + 5 + 2 + 1);
	assert_int_equal(insns_at(profile, K(0), PATH(K(0))), 3);
	assert_int_equal(insns_at(profile, K(0x100), PATH(K(0x100), K(0))), 5);
	assert_int_equal(insns_at(profile, entry->end, PATH(K(0))), 2);
	profile_free(profile);
}

/* A fault in the middle: what came behind it did not run, and the instruction itself runs again. */
static void test_fault(void **state)
{
	struct track_block *entry, *handler, *again;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 6, 2, X86_CALL, K(0x100));
	handler = block(K(0x900), 4, 3, X86_INTERRUPT_RET, 0);
	again = block(K(8), 4, 0, X86_CALL, K(0x100));
	next(6, entry);
	next(3, handler); /* the third instruction began, and faulted: two were done */
	next(4, again);
	next(4, block(K(0x100), 1, 0, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0), PATH(K(0))), 2);
	assert_int_equal(insns_at(profile, K(0x900), PATH(K(0x900), K(0))), 4);
	assert_int_equal(insns_at(profile, K(8), PATH(K(0))), 4);
	profile_free(profile);
}

/* The last instruction faults: known by the entry, and by its missing access. */
static void test_fault_of_the_last(void **state)
{
	struct track_block *entry, *handler, *last;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 6, 2, X86_PLAIN, 0);
	handler = block(K(0x900), 4, 3, X86_INTERRUPT_RET, 0);
	last = block(K(8), 2, 1, X86_PLAIN, 0);
	next(6, entry);
	next(3, handler); /* a fault in the middle: K(0x900) is an entry of exceptions */
	next(4, last);
	track.vcpus[0].started = 0; /* both began: first is 2 */
	track.vcpus[0].accesses = 0;
	track_block(&track, 0, handler);
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(8), PATH(K(0))), 1);
	profile_free(profile);
}

/* An interrupt between a call and the callee's first instruction; the callee is one all the same. */
static void test_interrupt_after_call(void **state)
{
	struct track_block *entry, *interrupt, *callee, *back;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 3, 2, X86_CALL, K(0x100));
	interrupt = block(K(0x800), 2, 1, X86_INTERRUPT_RET, 0);
	callee = block(K(0x100), 5, 4, X86_RET, 0);
	back = block(entry->end, 1, 0, X86_PLAIN, 0);
	next(6, entry);
	next(3, interrupt);
	next(2, callee);
	next(5, back);
	next(1, block(back->end, 2, 1, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0x800), PATH(K(0x800), K(0x100), K(0))), 2);
	assert_int_equal(insns_at(profile, K(0x100), PATH(K(0x100), K(0))), 5);
	assert_int_equal(insns_at(profile, entry->end, PATH(K(0))), 1);
	profile_free(profile);
}

/* The same behind an indirect call, whose callee is not known until the interrupt is over. */
static void test_interrupt_after_indirect_call(void **state)
{
	struct track_block *entry, *interrupt, *callee, *back;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 3, 2, X86_CALL_INDIRECT, 0);
	interrupt = block(K(0x800), 2, 1, X86_INTERRUPT_RET, 0);
	interrupt->is_entry_like = true;
	callee = block(K(0x100), 5, 4, X86_RET, 0);
	back = block(entry->end, 1, 0, X86_PLAIN, 0);
	next(6, entry);
	next(3, interrupt);
	next(2, callee);
	next(5, back);
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0x100), PATH(K(0x100), K(0))), 5);
	profile_free(profile);
}

/* call thunk; thunk: call 1f; 1: mov %rax,(%rsp); ret to the function: it is the caller's callee. */
static void test_retpoline(void **state)
{
	struct track_block *entry, *thunk, *inner, *callee, *back;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 3, 2, X86_CALL, K(0x100));
	thunk = block(K(0x100), 1, 0, X86_CALL, K(0x110));
	inner = block(K(0x110), 2, 1, X86_RET, 0);
	callee = block(K(0x200), 5, 4, X86_RET, 0);
	back = block(entry->end, 4, 3, X86_PLAIN, 0);
	next(6, entry);
	next(3, thunk);
	next(1, inner);
	next(2, callee);
	next(5, back);
	next(4, block(back->end, 2, 1, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0x200), PATH(K(0x200), K(0))), 5);
	assert_int_equal(insns_at(profile, entry->end, PATH(K(0))), 4);
	profile_free(profile);
}

/* A task goes to sleep in the middle of a call, another runs, and the first goes on where it was. */
static void test_switch_of_tasks(void **state)
{
	struct track_block *entry, *out, *other, *in, *back;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 3, 2, X86_CALL, K(0x100));
	out = block(K(0x100), 4, 3, X86_RET, 0);
	other = block(K(0x500), 6, 5, X86_CALL, K(0x100));
	in = block(K(0x100), 4, 3, X86_RET, 0);
	back = block(entry->end, 5, 4, X86_PLAIN, 0);
	next(6, entry);
	next(3, out);
	track_stack_stored(&track, 0, K(0x10000));
	track_stack_loaded(&track, 0, K(0x20000));
	next(4, other); /* returns into the other task, of whose callers nothing is known */
	next(6, in);
	track_stack_stored(&track, 0, K(0x20000));
	track_stack_loaded(&track, 0, K(0x10000));
	next(4, back);
	next(5, block(back->end, 2, 1, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, entry->end, PATH(K(0))), 5);
	assert_int_equal(insns_at(profile, K(0x100), PATH(K(0x100), K(0))), 4);
	assert_int_equal(insns_at(profile, K(0x500), PATH(0)), 6);
	profile_free(profile);
}

/* An instruction that touches a device is done again by QEMU itself, which then goes on behind it; it is counted once. */
static void test_device(void **state)
{
	struct track_block *entry, *rest;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 6, 2, X86_PLAIN, 0);
	rest = block(K(12), 3, 2, X86_PLAIN, 0);
	next(6, entry);
	next(3, rest);
	next(3, block(rest->end, 2, 1, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0), PATH(K(0))), 3);
	assert_int_equal(insns_at(profile, K(12), PATH(K(0))), 3);
	profile_free(profile);
}

/* The last instruction that was shown crosses into the next page and belongs to the next block. */
static void test_cut_block(void **state)
{
	struct track_block *entry, *rest;
	struct profile *profile;

	(void)state;
	begin(1);
	entry = block(K(0), 6, 2, X86_CALL, K(0x300));
	entry->may_be_cut = true;
	rest = block(entry->last_pc, 3, 2, X86_PLAIN, 0);
	next(6, entry);
	next(6, rest);
	next(3, block(rest->end, 2, 1, X86_PLAIN, 0));
	end();
	profile = write_and_read();
	assert_int_equal(insns_at(profile, K(0), PATH(K(0))), 5);
	assert_int_equal(insns_at(profile, entry->last_pc, PATH(K(0))), 3);
	profile_free(profile);
}

static void one_rep(uint32_t rep, uint32_t nr)
{
	struct track_block *entry;

	begin(rep);
	entry = block(K(0x1000 * rep), nr, nr - 1, X86_PLAIN, 0);
	next(6, entry);
	next(nr, block(entry->end, 2, 1, X86_PLAIN, 0));
	end();
}

/* The cheapest are kept, in order; all are totalled; unnumbered ones are neither. */
static void test_reps(void **state)
{
	static const uint32_t nr[] = {0, 9, 3, 8, 5, 7, 6};
	struct profile *profile;
	const struct profile_key *key;
	uint32_t rep;

	(void)state;
	for (rep = 1; rep < 7; rep++)
		one_rep(rep, nr[rep]);
	one_rep(TRACK_UNNUMBERED, 1);
	profile = write_and_read();
	key = profile_find(profile, 1, 2, 3);
	assert_int_equal(key->nr_totals, 6);
	assert_int_equal(key->nr_reps, TRACK_KEPT);
	assert_int_equal(key->reps[0].rep, 2);
	assert_int_equal(key->reps[1].rep, 4);
	assert_int_equal(key->reps[2].rep, 6);
	assert_int_equal(key->reps[3].rep, 5);
	assert_int_equal(key->reps[0].insns, 4 + 3 + 1);
	assert_null(profile_find(profile, 1, 2, 4));
	profile_free(profile);
}

/* Two regions of one rep are one; a region without an end makes its rep unusable. */
static void test_regions(void **state)
{
	struct profile *profile;

	(void)state;
	one_rep(1, 4);
	begin(1);
	next(6, block(K(0x4000), 3, 2, X86_PLAIN, 0));
	end();
	begin(2);
	next(6, block(K(0x5000), 1, 0, X86_PLAIN, 0));
	begin(3); /* nobody ended rep 2 */
	end();
	profile = write_and_read();
	assert_int_equal(profile_find(profile, 1, 2, 3)->nr_totals, 2);
	assert_int_equal(profile_find(profile, 1, 2, 3)->totals[0].nr_regions, 2);
	assert_int_equal(kept(profile, 1)->rep, 1);
	profile_free(profile);
}

/* One task runs a kernel block of @nr instructions, then is put aside for the task whose stack pointer lies at @to. */
static void run_and_switch(struct track_block *kernel, uint32_t nr, uint64_t from, uint64_t to, struct track_block *user)
{
	next(track.vcpus[0].block->nr, kernel);
	track_stack_stored(&track, 0, from);
	track_stack_loaded(&track, 0, to);
	next(nr, user);
}

/*
 * Two workers on one vCPU, the second of which begins while the first waits. The clock of either goes on until its own end, so what both wait
 * for counts twice, and calls once.
 */
static void test_two_tasks(void **state)
{
	const uint64_t a = K(0x10000), b = K(0x20000);
	struct track_block *kernel_a = block(K(0), 10, 9, X86_RET, 0), *kernel_b = block(K(0x100), 20, 19, X86_RET, 0);
	struct track_block *user_a, *user_b = block(U(0x100), 9, 8, X86_SYSCALL, 0), *back_a = block(U(0x200), 4, 3, X86_SYSCALL, 0);
	struct profile *profile;

	(void)state;
	begin(7);
	user_a = user_block;
	assert_int_equal(user_a->nr, 6); /* 4 of them in the region */
	run_and_switch(kernel_a, 10, a, b, user_b);
	select_id(0, REGION_ID(1, 2, 3, 7));
	mark(0, REGION_BEGIN, user_b, 3); /* 3 in the first region alone, 6 in both */
	run_and_switch(kernel_b, 20, b, a, back_a); /* in both */
	mark(0, REGION_END, back_a, 1); /* one in both; the other 3 in the second */
	run_and_switch(kernel_a, 10, a, b, user_b); /* in the second */
	mark(0, REGION_END, user_b, 2);
	assert_int_equal(track.nr_active, 0);
	profile = write_and_read();
	assert_int_equal(kept(profile, 0)->insns, 4 + 10 + 3 + 2 * 6 + 2 * 20 + 2 * 1 + 3 + 10 + 2);
	assert_int_equal(insns_at(profile, K(0x100), PATH(0)) + insns_at(profile, K(0x100), PATH(K(0x100))), 40);
	assert_int_equal(profile_find(profile, 1, 2, 3)->totals[0].nr_regions, 2);
	profile_free(profile);
}

/* The same in two phases: an end is that of the task that runs, and each phase has what ran between its own marks. */
static void test_two_tasks_two_phases(void **state)
{
	const uint64_t a = K(0x10000), b = K(0x20000);
	struct track_block *kernel_a = block(K(0), 10, 9, X86_RET, 0), *kernel_b = block(K(0x100), 20, 19, X86_RET, 0);
	struct track_block *user_b = block(U(0x100), 9, 8, X86_SYSCALL, 0), *back_a = block(U(0x200), 4, 3, X86_SYSCALL, 0);
	struct profile *profile;

	(void)state;
	begin(7);
	run_and_switch(kernel_a, 10, a, b, user_b);
	select_id(0, REGION_ID(1, 2, 4, 7));
	mark(0, REGION_BEGIN, user_b, 3);
	run_and_switch(kernel_b, 20, b, a, back_a);
	mark(0, REGION_END, back_a, 1); /* of the first task, though it began before the other */
	run_and_switch(kernel_a, 10, a, b, user_b);
	mark(0, REGION_END, user_b, 2);
	profile = write_and_read();
	assert_int_equal(kept(profile, 0)->insns, 4 + 10 + 9 + 20 + 1);
	assert_int_equal(profile_find(profile, 1, 2, 4)->reps[0].insns, 6 + 20 + 4 + 10 + 2);
	profile_free(profile);
}

/* A process exits whose exit is timed: the end is its parent's, also when another region is open. */
static void test_end_by_another(void **state)
{
	const uint64_t a = K(0x10000), b = K(0x20000);
	struct track_block *kernel = block(K(0), 10, 9, X86_RET, 0), *parent = block(U(0x200), 4, 3, X86_SYSCALL, 0);
	struct profile *profile;

	(void)state;
	begin(7);
	run_and_switch(kernel, 10, a, b, parent);
	mark(0, REGION_END, parent, 1);
	assert_int_equal(track.nr_active, 0);
	/* Whose end it is cannot be known of two phases: neither is believed. */
	begin(8);
	run_and_switch(kernel, 10, a, b, parent);
	select_id(0, REGION_ID(1, 2, 4, 8));
	mark(0, REGION_BEGIN, parent, 1);
	run_and_switch(kernel, 10, b, K(0x30000), user_block);
	mark(0, REGION_END, user_block, 1);
	assert_int_equal(track.nr_active, 0);
	profile = write_and_read();
	assert_int_equal(profile_find(profile, 1, 2, 3)->nr_totals, 1);
	assert_int_equal(kept(profile, 0)->insns, 4 + 10 + 1);
	assert_int_equal(profile_find(profile, 1, 2, 4)->nr_totals, 0);
	profile_free(profile);
}

/* Two vCPUs in the same rep are told apart, and counted together. */
static void test_vcpus(void **state)
{
	struct track_block *a = block(U(0), 6, 5, X86_SYSCALL, 0), *b = block(U(0), 6, 5, X86_SYSCALL, 0);
	struct profile *profile;

	(void)state;
	select_id(0, REGION_ID(1, 2, 3, 5));
	select_id(1, REGION_ID(1, 2, 3, 5));
	mark(0, REGION_BEGIN, a, 0);
	mark(1, REGION_BEGIN, b, 0);
	next_on(0, 6, block(K(0), 3, 2, X86_PLAIN, 0));
	next_on(1, 6, block(K(0), 3, 2, X86_PLAIN, 0));
	next_on(1, 3, block(K(12), 2, 1, X86_PLAIN, 0));
	mark(0, REGION_END, track.vcpus[0].block, 1);
	mark(1, REGION_END, track.vcpus[1].block, 2);
	profile = write_and_read();
	assert_int_equal(kept(profile, 0)->by_vcpu[0], 6 + 1);
	assert_int_equal(kept(profile, 0)->by_vcpu[1], 6 + 3 + 2);
	assert_int_equal(kept(profile, 0)->insns, 18);
	profile_free(profile);
}

static void access_line(unsigned int vcpu, uint64_t vaddr, bool is_write)
{
	track_access(&track, vcpu, 2, vaddr, 3, is_write, K(0x40 + vcpu));
}

/* Lines that two vCPUs touch: one with a word in common, one without, and those that are nobody's business. */
static void test_sharing(void **state)
{
	struct track_block *a = block(U(0), 6, 5, X86_SYSCALL, 0), *b = block(U(0), 6, 5, X86_SYSCALL, 0);
	const struct profile_key *key;
	struct profile *profile;

	(void)state;
	access_line(0, K(0x10000), true); /* outside of any region */
	select_id(0, REGION_ID(1, 2, 3, 5));
	select_id(1, REGION_ID(1, 2, 3, 5));
	mark(0, REGION_BEGIN, a, 0);
	mark(1, REGION_BEGIN, b, 0);
	access_line(0, K(0x20000), true);  /* written here … */
	access_line(1, K(0x20000), false); /* … and read there: a transfer */
	access_line(0, K(0x20000), false); /* has it still */
	access_line(0, K(0x20000), true);  /* takes it away from the other: a transfer */
	access_line(0, K(0x30000), true);
	access_line(1, K(0x30008), true); /* another word of the same line: a transfer */
	access_line(0, K(0x40000), false);
	access_line(1, K(0x40000), false); /* read by both, written by none */
	access_line(0, K(0x50000), true);  /* by one only */
	access_line(0, 0x7000, true);
	access_line(1, 0x7000, true); /* of user mode */
	access_line(0, K(0x6003c), true); /* across the end of a line */
	access_line(1, K(0x60040), true);
	mark(0, REGION_END, a, 1);
	mark(1, REGION_END, b, 1);
	profile = write_and_read();
	key = profile_find(profile, 1, 2, 3);
	assert_int_equal(key->nr_lines, 3);
	assert_int_equal(key->lines[0].address, K(0x20000));
	assert_int_equal(key->lines[0].transfers, 2);
	assert_int_equal(key->lines[0].writes[0], 2);
	assert_int_equal(key->lines[0].reads[1], 1);
	assert_int_equal(key->lines[0].readers[0], 3);
	assert_int_equal(key->lines[0].writers[0], 1);
	assert_int_equal(key->lines[0].sites[0].address, K(0x40));
	assert_int_equal(key->lines[0].sites[0].accesses, 3);
	assert_int_equal(key->lines[1].address, K(0x30000));
	assert_int_equal(key->lines[1].writers[0], 1);
	assert_int_equal(key->lines[1].writers[1], 2);
	assert_int_equal(key->lines[2].address, K(0x60040));
	profile_free(profile);
}

static void two_cpus(uint32_t rep, struct track_block *a, struct track_block *b)
{
	select_id(0, REGION_ID(1, 2, 3, rep));
	select_id(1, REGION_ID(1, 2, 3, rep));
	mark(0, REGION_BEGIN, a, 0);
	mark(1, REGION_BEGIN, b, 0);
}

static void two_cpus_end(struct track_block *a, struct track_block *b)
{
	mark(0, REGION_END, a, 1);
	mark(1, REGION_END, b, 1);
}

/* What is one CPU's in each rep is not shared because it is another's in the next; and a rep without an end is forgotten. */
static void test_sharing_by_rep(void **state)
{
	struct track_block *a = block(U(0), 6, 5, X86_SYSCALL, 0), *b = block(U(0), 6, 5, X86_SYSCALL, 0);
	const struct profile_key *key;
	struct profile *profile;
	int i;

	(void)state;
	for (i = 0; i < 5; i++) {
		two_cpus((uint32_t)i + 1, a, b);
		access_line((unsigned int)i % 2, K(0x20000), true); /* a stack: of the one, then of the other */
		access_line(0, K(0x30000), true);
		if (i % 2)
			access_line(1, K(0x30008), false); /* reps 2 and 4 share it */
		two_cpus_end(a, b);
	}
	two_cpus(6, a, b);
	access_line(0, K(0x40000), true);
	access_line(1, K(0x40000), true);
	profile = write_and_read(); /* in the middle of rep 6 */
	key = profile_find(profile, 1, 2, 3);
	assert_int_equal(key->nr_totals, 5);
	assert_int_equal(key->nr_lines, 1);
	assert_int_equal(key->lines[0].address, K(0x30000));
	assert_int_equal(key->lines[0].writes[0], 2);
	assert_int_equal(key->lines[0].reads[1], 2);
	assert_int_equal(key->lines[0].transfers, 2);
	assert_int_equal(key->lines[0].sites[0].accesses, 2);
	assert_int_equal(key->lines[0].sites[1].accesses, 2);
	profile_free(profile);
}

/* Every cut, and every changed byte, is noticed. */
static void test_damaged_file(void **state)
{
	char data[4096];
	struct profile *profile = NULL;
	size_t size, i;
	FILE *in;

	(void)state;
	one_rep(1, 4);
	profile_free(write_and_read());
	in = fopen(path, "r");
	assert_non_null(in);
	size = fread(data, 1, sizeof(data), in);
	fclose(in);
	assert_in_range(size, 50, sizeof(data) - 1);
	for (i = 0; i < size; i++)
		assert_int_equal(profile_parse(data, i, "x", &profile), -EBADMSG);
	for (i = 0; i < size; i++) {
		data[i] ^= 1;
		assert_int_equal(profile_parse(data, size, "x", &profile), -EBADMSG);
		data[i] ^= 1;
	}
	assert_int_equal(profile_parse(data, size, "x", &profile), 0);
	profile_free(profile);
	assert_int_equal(profile_load("/nowhere", "profile", &profile), -ENOENT);
}

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_call_and_return),
		TEST(test_fault),
		TEST(test_fault_of_the_last),
		TEST(test_interrupt_after_call),
		TEST(test_interrupt_after_indirect_call),
		TEST(test_retpoline),
		TEST(test_switch_of_tasks),
		TEST(test_device),
		TEST(test_cut_block),
		TEST(test_reps),
		TEST(test_regions),
		TEST(test_two_tasks),
		TEST(test_two_tasks_two_phases),
		TEST(test_end_by_another),
		TEST(test_vcpus),
		TEST(test_sharing),
		TEST(test_sharing_by_rep),
		TEST(test_damaged_file),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
