/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * region.h - marks in the instruction stream that say which rep and phase runs.
 *
 * A mark is the long NOP "nopl disp32(%rax,%rax,1)", whose displacement says what it means. A processor does nothing at it; the
 * probe (harness/probe) sees its bytes when QEMU translates them. Marks are there in every run, watched or not, so
 * that the instructions are the same. Only one instruction of them lies inside a phase, at either end.
 */
#ifndef BASE_REGION_H
#define BASE_REGION_H

#include <stdint.h>

#define REGION_MAGIC 0x6d630000 /* "mc"; the low 16 bits are an enum region_mark */

enum region_mark {
	REGION_BEGIN = 1, /* the phase selected last begins on this vCPU */
	REGION_END,
	REGION_ID_START, /* REGION_ID_BITS bits of the next id follow, the most significant first */
	REGION_ID_0,
	REGION_ID_1,
};

/* item (16 bits), arm (8), phase (8), rep (32): enough to name every timed phase of a boot. */
#define REGION_ID_BITS 64
#define REGION_ID(item, arm, phase, rep) \
	((uint64_t)(item) << 48 | (uint64_t)(arm) << 40 | (uint64_t)(phase) << 32 | (uint32_t)(rep))

#ifdef __x86_64__
#define region_mark(mark) \
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long %c0" : : "i"(REGION_MAGIC | (mark)) : "memory")
#else
#define region_mark(mark) ((void)0)
#endif

/* What the next REGION_BEGIN on this CPU is of. Outside of anything timed. */
static inline void region_select(uint64_t id)
{
	int bit;

	region_mark(REGION_ID_START);
	for (bit = REGION_ID_BITS; bit--;) {
		if (id >> bit & 1)
			region_mark(REGION_ID_1);
		else
			region_mark(REGION_ID_0);
	}
}

#endif
