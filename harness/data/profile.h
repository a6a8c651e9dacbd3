/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - a profile written by the probe (harness/probe), read back and checked. Addresses only; data/symbols.h has the names.
 *
 * The format is docs/EXPLAIN.md, "The profile file". Pure: no QEMU, no guest, no machine.
 */
#ifndef DATA_PROFILE_H
#define DATA_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

/* As enum track_kind of harness/probe/track.h writes them. */
enum profile_kind {
	PROFILE_ROOT,
	PROFILE_USER,
	PROFILE_SYSCALL,
	PROFILE_EVENT,
	PROFILE_CALL,
	PROFILE_BASE,
	PROFILE_KINDS,
};

/* One place in the tree of call paths; parents come before their children, the root is 0. */
struct profile_node {
	uint32_t parent;
	enum profile_kind kind;
	uint64_t entry; /* address that was called or entered; 0: not known */
	uint64_t site;	/* CALL: address of the instruction that called; 0: not known */
};

/* What ran of one block of instructions at one place of the tree. */
struct profile_count {
	uint32_t node;
	uint64_t address; /* of the block's first instruction */
	uint64_t execs, insns;
};

struct profile_rep {
	uint32_t rep;
	uint64_t insns;	  /* all of it */
	uint64_t *by_vcpu; /* nr_vcpus of them */
	struct profile_count *counts;
	size_t nr_counts;
};

/* Instructions of one rep that may not have been kept. */
struct profile_total {
	uint32_t rep;
	uint64_t nr_regions, insns;
};

#define PROFILE_LINE_BYTES 64
#define PROFILE_LINE_WORDS 8
#define PROFILE_LINE_SITES 6

/*
 * A line of kernel memory that several vCPUs touched and one at least wrote, in all numbered reps together. Transfers are
 * those between one cache per vCPU as the emulator ran them, one vCPU after the other.
 */
struct profile_line {
	uint64_t address, transfers;
	uint64_t *reads, *writes; /* by vCPU */
	uint64_t readers[PROFILE_LINE_WORDS], writers[PROFILE_LINE_WORDS]; /* vCPUs as bits, by word of 8 bytes */
	struct {
		uint64_t address, accesses, writes; /* the instruction; 0: none */
	} sites[PROFILE_LINE_SITES];
};

/* A phase of an arm of an item. */
struct profile_key {
	unsigned int item, arm, phase;
	struct profile_total *totals;
	size_t nr_totals;
	struct profile_rep *reps; /* kept: the cheapest first */
	size_t nr_reps;
	struct profile_line *lines; /* with --profile=sharing: by accesses of all vCPUs but the busiest, the most first */
	size_t nr_lines;
};

struct profile {
	char name[64]; /* of the kernel: its image's id */
	unsigned int nr_vcpus; /* PROFILE_VCPUS_MAX at most */
	struct profile_node *nodes;
	size_t nr_nodes;
	struct profile_key *keys;
	size_t nr_keys;
};

/* Bytes. Far beyond any: a whole card's has 1.4 MB (`memcgbench run --profile`). */
#define PROFILE_MAX (64u << 20)

/*
 * The file @name beneath the folder @dir (base/beneath.h). -ENOENT: there is none; -EBADMSG: not a profile, cut short or damaged, or a rep whose parts do not add up to its instructions;
 * -EPROTONOSUPPORT: of another version. The sentence names the file. Free with profile_free().
 */
int profile_load(const char *dir, const char *name, struct profile **ret_profile) __must_check;
int profile_parse(const void *data, size_t size, const char *what, struct profile **ret_profile) __must_check;
void profile_free(struct profile *profile);

/* NULL: that phase of that arm did not run. */
const struct profile_key *profile_find(const struct profile *profile, unsigned int item, unsigned int arm, unsigned int phase);

/* Every address in it, sorted, each once. The caller frees. -ENOMEM. */
int profile_addresses(const struct profile *profile, uint64_t **ret_addresses, size_t *ret_nr) __must_check;

#endif
