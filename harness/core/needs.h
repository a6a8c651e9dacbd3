/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs.h - what a bench cannot run without, and whether this machine has it. */
#ifndef CORE_NEEDS_H
#define CORE_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench.h"
#include "machine/cgroup.h"

struct need {
	enum bench_needs flag;
	const char *name; /* "memcg", "swap", … */
	const char *help; /* one sentence: what is needed, and how to get it */
};

/* The table of all needs, ended by flag 0. */
extern const struct need needs_table[];

/*
 * Does this machine have what @flag asks for? If not, the sentence ("needs swap: no swap device is on") is
 * written to @why. @cg: from cg_detect().
 */
bool needs_met(enum bench_needs flag, const struct cg_info *cg, char *why, size_t why_size);

/* The first unmet one of @needs, a set of enum bench_needs; true when there is none. */
bool needs_met_all_of(unsigned int needs, const struct cg_info *cg, char *why, size_t why_size);

/*
 * Those that the run itself meets, or does not: BENCH_NEEDS_PROCESSES, _GUEST, and _DIR by @dir (NULL: none was named; in a guest there is a disk
 * of its own).
 */
bool needs_brought(unsigned int needs, bool threads, const char *dir, bool in_guest, char *why, size_t why_size);

/* The same of @bench, whatever its parameters; true when there is none. */
bool needs_all_met(const struct bench *bench, const struct cg_info *cg, char *why, size_t why_size);

#endif
