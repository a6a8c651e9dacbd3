/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * track.h - what ran between the marks of base/region.h: instructions by call path and block, of the cheapest reps.
 *
 * Fed with what QEMU shows: which block of instructions begins on which vCPU, and how many instructions of the one before were
 * begun. Knows nothing of QEMU's interface, and nothing of symbols: addresses only. One thread runs all vCPUs in turn, as under
 * -icount.
 *
 * How control moves is known from the kind of a block's last instruction and the address of the next block:
 *   - a call pushes a frame with its return address, a return pops down to the frame that expects the address returned to. A return to
 *     where nobody called from is an indirect jump (a retpoline): the frame becomes one of the function jumped to;
 *   - control that comes to where the last block could not send it is an exception or interrupt: a frame of its own, which iret
 *     ends. Entry points seen so are known from then on, also where a block could have gone anywhere;
 *   - a load of the stack pointer from memory is a switch of tasks; each task, known by the address that its stack pointer was
 *     loaded from, has frames of its own. Of a task that is met in the middle of something the callers are not known: BASE;
 *   - in user mode there are no frames.
 *
 * A region is of the task that began it. While the scheduler has another run, on the same vCPU, it stays open, as the time that the task
 * takes from its clock goes on; so an instruction counts once for each region that is open, which is what the regions' times add up to.
 */
#ifndef PROBE_TRACK_H
#define PROBE_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/profile_format.h"
#include "probe/share.h"
#include "probe/table.h"
#include "probe/x86.h"

#define TRACK_VCPUS_MAX PROFILE_VCPUS_MAX
#define TRACK_OPEN_MAX	64 /* regions of tasks of one vCPU */
#define TRACK_KEPT	4 /* reps whose counts are kept: the cheapest */
/* Reps that the runner does not number (warm-up, proofs, latencies) are not kept. */
#define TRACK_UNNUMBERED UINT32_MAX

enum track_kind {
	TRACK_ROOT,
	TRACK_USER,
	TRACK_SYSCALL,
	TRACK_EVENT, /* exception or interrupt */
	TRACK_CALL,
	TRACK_BASE, /* a task that was in the middle of something */
};

/* One place in the tree of call paths. */
struct track_node {
	uint32_t parent;
	uint8_t kind; /* enum track_kind */
	uint64_t entry; /* where it was entered; 0: not known */
	uint64_t site;	/* CALL: the instruction that called */
};

/* A straight run of instructions, as QEMU translated it. */
struct track_block {
	uint64_t vaddr, end; /* first instruction; behind the last */
	uint64_t target;
	uint64_t last_pc;
	uint32_t code; /* number of vaddr */
	uint32_t nr, first; /* instructions; those up to the first that may fault, that one included */
	uint8_t kind; /* enum x86_kind of the last */
	bool last_may_fault, last_repeats, is_entry_like;
	bool may_be_cut; /* the last instruction may not be in it: see cut() */
	uint32_t node, pair; /* the pair found last */
	uint16_t offset[]; /* of each instruction from vaddr */
};

/* What one rep ran: by pairs of node and code. */
struct track_count {
	uint32_t pair;
	uint32_t execs;
	uint64_t insns;
};

struct track_rep {
	uint32_t rep;
	uint32_t nr_regions;
	bool broken; /* a region of it had no end */
	uint64_t total; /* what several regions hold counts for each */
	uint64_t by_vcpu[TRACK_VCPUS_MAX];
	struct track_count *counts; /* kept reps only; sorted by pair */
	uint32_t nr_counts;
};

/* All reps with one item, arm and phase. */
struct track_key {
	uint32_t key; /* id >> 32 */
	struct track_rep *reps; /* totals of each, in order */
	uint32_t nr_reps, reps_room;
	struct track_rep kept[TRACK_KEPT]; /* by total, the least first */
	uint32_t nr_kept;
	/* The rep at hand. */
	struct track_rep open;
	bool is_open;
	uint32_t *execs; /* by pair */
	uint64_t *insns;
	struct share share; /* empty where it is not watched */
	uint32_t *touched, nr_touched, touched_room, execs_room, insns_room;
};

struct track_frame {
	uint32_t node;
	bool is_event, is_pending; /* pending: called, but interrupted before its first instruction */
	uint64_t ret; /* where the caller goes on */
};

struct track_stack {
	uint64_t task; /* 0: not known */
	struct track_frame *frames;
	uint32_t nr, room;
};

/* A region that is open. */
struct track_region {
	struct track_key *key;
	struct track_stack *stack; /* of the task that began it */
};

struct track_vcpu {
	uint64_t next_id;
	unsigned int nr_bits;
	bool is_active; /* some region is open */
	struct track_region open[TRACK_OPEN_MAX];
	unsigned int nr_open;
	struct track_block *block; /* that runs */
	uint32_t begin_at; /* instructions of it that do not count */
	uint32_t started; /* instructions of it begun behind the first segment */
	uint32_t accesses; /* of memory by its last instruction */
	struct track_stack *stack;
	uint64_t switch_to; /* a task's key: the block loads its stack pointer; 0: none */
};

struct track {
	bool failed; /* out of memory */
	unsigned int nr_active;
	struct track_vcpu vcpus[TRACK_VCPUS_MAX];
	struct track_node *nodes;
	uint32_t nr_nodes, nodes_room, user, base; /* user, base: the nodes of those kinds */
	uint64_t *codes; /* addresses */
	uint32_t nr_codes, codes_room;
	uint64_t *pairs; /* node << 32 | code */
	uint32_t nr_pairs, pairs_room;
	struct table_map node_map, code_map, pair_map, key_map, faults, entries;
	struct track_key **keys;
	uint32_t nr_keys, keys_room;
	struct track_stack **stacks;
	uint32_t nr_stacks, stacks_room;
};

bool track_init(struct track *track);
void track_free(struct track *track);

/* Number of the address @vaddr. TABLE_NONE: out of memory. */
uint32_t track_code(struct track *track, uint64_t vaddr);

/*
 * A mark of base/region.h, at instruction number @index of @block, which is about to run; @started: instructions of that block begun
 * behind its first segment (BEGIN only).
 */
void track_mark(struct track *track, unsigned int vcpu, unsigned int mark, struct track_block *block, uint32_t index,
		uint32_t started);

/* @block is about to run on @vcpu, where a region is active; .started and .accesses are of the block before. */
void track_block(struct track *track, unsigned int vcpu, struct track_block *block);

/* The stack pointer is loaded from, or stored to, @task. */
void track_stack_loaded(struct track *track, unsigned int vcpu, uint64_t task);
void track_stack_stored(struct track *track, unsigned int vcpu, uint64_t task);

/* An access to kernel memory by the instruction at @pc on a vCPU of @nr_vcpus. */
void track_access(struct track *track, unsigned int vcpu, unsigned int nr_vcpus, uint64_t vaddr, unsigned int shift, bool is_write,
		  uint64_t pc);

/* Close the reps that are open. */
void track_finish(struct track *track);

/* Write the profile (docs/EXPLAIN.md) to @path. @name: what the caller calls this boot. 0 or -errno. */
int track_write(const struct track *track, const char *path, const char *name, unsigned int nr_vcpus);

#endif
