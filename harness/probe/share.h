/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * share.h - which vCPUs touched which line of 64 bytes of kernel memory, and which words of it.
 *
 * Transfers are those of a machine with one cache per vCPU, in the order in which the emulator ran them: a vCPU keeps its turn for
 * thousands of instructions, so that they are far fewer than on a machine where all run at once. Who touched what is exact.
 *
 * A line counts for the reps in which several vCPUs touched it and one wrote it. Without that, memory that is one CPU's alone in each
 * rep, and another's in the next (the stacks of workers that come and go), would be what is shared most.
 */
#ifndef PROBE_SHARE_H
#define PROBE_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/table.h"

#define SHARE_LINE_BYTES 64
#define SHARE_WORDS	 8
#define SHARE_SITES	 6 /* instructions that are kept of a line: the busiest */

struct share_site {
	uint64_t pc, accesses, writes;
};

struct share_use {
	uint64_t transfers;
	uint64_t *reads, *writes; /* by vCPU */
	uint64_t readers[SHARE_WORDS], writers[SHARE_WORDS]; /* vCPUs, by word of 8 bytes */
	struct share_site sites[SHARE_SITES];
};

struct share_line {
	uint64_t line; /* address / SHARE_LINE_BYTES */
	uint32_t rep;  /* number of the rep that .open is of */
	uint64_t holders; /* vCPUs whose cache has it */
	struct share_use open, sum; /* the rep at hand; those before in which it was shared */
	bool is_shared; /* in one of them: several vCPUs touched it, and one wrote */
};

struct share {
	unsigned int nr_vcpus;
	uint32_t rep; /* counts reps */
	struct share_line *lines;
	uint32_t nr_lines, lines_room;
	struct table_map map;
};

/* An access of 1 << @shift bytes by the instruction at @pc. False: out of memory. */
bool share_access(struct share *share, unsigned int vcpu, uint64_t vaddr, unsigned int shift, bool is_write, uint64_t pc);
/* The rep at hand is over: only then are its accesses in the sums. @counts: false: it is to be forgotten. */
void share_end_rep(struct share *share, bool counts);
void share_free(struct share *share);

#endif
