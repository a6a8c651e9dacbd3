// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/x86.h"

#include <string.h>

/* One-byte opcodes, as ranges, that touch no memory and cannot fault. */
static bool is_quiet(uint8_t op)
{
	/* ALU with an immediate on the accumulator: 04/05, 0c/0d, … 3c/3d. */
	if (op < 0x40 && ((op & 7) == 4 || (op & 7) == 5))
		return true;
	return (op >= 0x90 && op <= 0x99) || op == 0xa8 || op == 0xa9 || (op >= 0xb0 && op <= 0xbf) || op == 0xf5 || op == 0xf8 ||
	       op == 0xf9 || op == 0xfc || op == 0xfd;
}

/* One-byte opcodes with a ModRM byte that are quiet when it names registers only. */
static bool is_quiet_register(uint8_t op, unsigned int reg)
{
	if (op < 0x40)
		return (op & 7) < 4;
	switch (op) {
	case 0x63: case 0x69: case 0x6b:
	case 0x80: case 0x81: case 0x83:
	case 0x84: case 0x85: case 0x86: case 0x87: case 0x88: case 0x89: case 0x8a: case 0x8b:
	case 0xc0: case 0xc1: case 0xc6: case 0xc7:
	case 0xd0: case 0xd1: case 0xd2: case 0xd3:
		return true;
	case 0xf6: case 0xf7:
		return reg < 6; /* 6 and 7 divide */
	case 0xfe: case 0xff:
		return reg < 2;
	}
	return false;
}

/* The same behind 0f. */
static bool is_quiet_0f_register(uint8_t op)
{
	if ((op >= 0x40 && op <= 0x4f) || (op >= 0x90 && op <= 0x9f))
		return true;
	switch (op) {
	case 0xa3: case 0xa4: case 0xa5: case 0xab: case 0xac: case 0xad: case 0xaf:
	case 0xb3: case 0xb6: case 0xb7: case 0xb8: case 0xba: case 0xbb: case 0xbc: case 0xbd: case 0xbe: case 0xbf:
		return true;
	}
	return false;
}

static uint64_t target(const uint8_t *bytes, size_t size, size_t at, size_t width, uint64_t vaddr)
{
	int32_t disp;

	if (at + width > size)
		return 0;
	if (width == 1)
		disp = (int8_t)bytes[at];
	else
		memcpy(&disp, bytes + at, sizeof(disp));
	return vaddr + size + (uint64_t)(int64_t)disp;
}

static void decode_0f(const uint8_t *bytes, size_t size, size_t at, uint64_t vaddr, struct x86_insn *insn)
{
	uint8_t op = at < size ? bytes[at] : 0, modrm = at + 1 < size ? bytes[at + 1] : 0;

	if (op >= 0x80 && op <= 0x8f) {
		insn->kind = X86_BRANCH;
		insn->target = target(bytes, size, at + 1, 4, vaddr);
		insn->may_fault = false;
	} else if (op == 0x05) {
		insn->kind = X86_SYSCALL;
	} else if (op == 0x07 || op == 0x35) {
		insn->kind = X86_SYSCALL_RET;
	} else if (op == 0x01 && modrm == 0xca) {
		insn->is_entry_like = true;
	} else if (op == 0x1f || op == 0x1e || (op >= 0xc8 && op <= 0xcf)) {
		insn->may_fault = false; /* long nop, endbr64, bswap */
	} else if (modrm >= 0xc0 && is_quiet_0f_register(op)) {
		insn->may_fault = false;
	}
}

/* Opcode ff: inc, dec, call, jmp, push. */
static void decode_ff(uint8_t modrm, struct x86_insn *insn)
{
	unsigned int reg = modrm >> 3 & 7;

	if (reg == 2 || reg == 3)
		insn->kind = X86_CALL_INDIRECT;
	else if (reg == 4 || reg == 5)
		insn->kind = X86_JUMP_INDIRECT;
	if (reg == 4 && modrm >= 0xc0)
		insn->may_fault = false;
}

static bool decode_control(const uint8_t *bytes, size_t size, size_t at, uint64_t vaddr, struct x86_insn *insn)
{
	uint8_t op = bytes[at];

	if ((op >= 0x70 && op <= 0x7f) || op == 0xeb || (op >= 0xe0 && op <= 0xe3)) {
		insn->kind = X86_BRANCH;
		insn->target = target(bytes, size, at + 1, 1, vaddr);
		insn->may_fault = false;
	} else if (op == 0xe9) {
		insn->kind = X86_BRANCH;
		insn->target = target(bytes, size, at + 1, 4, vaddr);
		insn->may_fault = false;
	} else if (op == 0xe8) {
		insn->kind = X86_CALL;
		insn->target = target(bytes, size, at + 1, 4, vaddr);
	} else if (op == 0xc3 || op == 0xc2) {
		insn->kind = X86_RET;
	} else if (op == 0xcf || op == 0xcb || op == 0xca) {
		insn->kind = X86_INTERRUPT_RET;
	} else {
		return false;
	}
	return true;
}

/* mov between %rsp and disp8 or disp32 of another register that is neither %rsp, %rbp nor, with a segment, per-CPU. */
static bool is_stack_move(uint8_t modrm, uint8_t rex, bool has_segment)
{
	unsigned int mod = modrm >> 6, reg = modrm >> 3 & 7, rm = modrm & 7;

	return !has_segment && (rex & 0x0c) == 0x08 && reg == 4 && (mod == 1 || mod == 2) && rm != 4 && rm != 5;
}

void x86_decode(const uint8_t *bytes, size_t size, uint64_t vaddr, struct x86_insn *ret_insn)
{
	struct x86_insn insn = {.kind = X86_PLAIN, .may_fault = true};
	bool has_segment = false, has_rep = false;
	uint8_t rex = 0, op, modrm;
	size_t at = 0;

	for (; at < size; at++) {
		if (bytes[at] == 0x64 || bytes[at] == 0x65)
			has_segment = true;
		else if (bytes[at] == 0xf2 || bytes[at] == 0xf3)
			has_rep = true;
		else if (bytes[at] != 0x66 && bytes[at] != 0x2e && bytes[at] != 0x3e && bytes[at] != 0x26 && bytes[at] != 0x36 &&
			 bytes[at] != 0x67 && bytes[at] != 0xf0)
			break;
	}
	if (at < size && (bytes[at] & 0xf0) == 0x40)
		rex = bytes[at++];
	op = at < size ? bytes[at] : 0;
	modrm = at + 1 < size ? bytes[at + 1] : 0;
	if (at >= size) {
		/* Nothing but prefixes: not known. */
	} else if (op == 0x0f) {
		decode_0f(bytes, size, at + 1, vaddr, &insn);
	} else if (!decode_control(bytes, size, at, vaddr, &insn)) {
		insn.is_repeated = has_rep && ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) || (op >= 0x6c && op <= 0x6f));
		insn.is_entry_like = op == 0x6a || op == 0x68;
		insn.loads_stack = op == 0x8b && is_stack_move(modrm, rex, has_segment);
		insn.stores_stack = op == 0x89 && is_stack_move(modrm, rex, has_segment);
		/* lea computes an address and goes nowhere. */
		if (is_quiet(op) || op == 0x8d || (modrm >= 0xc0 && is_quiet_register(op, modrm >> 3 & 7)))
			insn.may_fault = false;
		if (op == 0xff)
			decode_ff(modrm, &insn);
	}
	*ret_insn = insn;
}
