/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86.h - what the probe must know of one x86-64 instruction: where it may send control, and whether it can fault.
 *
 * No disassembler: lengths come from QEMU. What is not known for certain "may fault", which costs a counter and no exactness.
 * Encodings: Intel SDM volume 2, appendix A (opcode maps).
 */
#ifndef PROBE_X86_H
#define PROBE_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum x86_kind {
	X86_PLAIN, /* goes on behind itself; a repeated string instruction may also come back to itself */
	X86_BRANCH, /* to .target, or on behind itself */
	X86_CALL, /* to .target */
	X86_CALL_INDIRECT,
	X86_JUMP_INDIRECT,
	X86_RET,
	X86_INTERRUPT_RET, /* iret */
	X86_SYSCALL,
	X86_SYSCALL_RET,
};

struct x86_insn {
	enum x86_kind kind;
	bool may_fault;
	uint64_t target;     /* BRANCH and CALL */
	bool loads_stack;    /* mov disp(%reg),%rsp: how a task's stack is taken up (__switch_to_asm) */
	bool stores_stack;   /* mov %rsp,disp(%reg) */
	bool is_repeated;    /* rep prefix on a string instruction */
	bool is_entry_like;  /* clac, or push of a constant: how entries of the IDT begin */
};

/* Decode the instruction of @size bytes at @vaddr. Never fails: what it does not know is PLAIN and may fault. */
void x86_decode(const uint8_t *bytes, size_t size, uint64_t vaddr, struct x86_insn *ret_insn);

#endif
