// SPDX-License-Identifier: GPL-2.0-or-later
/* Instructions as assemblers write them; bytes checked with objdump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "probe/x86.h"

#define PC 0xffffffff81000000u

static struct x86_insn decode(const char *bytes, size_t size)
{
	struct x86_insn insn;

	x86_decode((const uint8_t *)bytes, size, PC, &insn);
	return insn;
}
#define DECODE(bytes) decode(bytes, sizeof(bytes) - 1)

static void test_control(void **state)
{
	(void)state;
	assert_int_equal(DECODE("\xe8\x10\x00\x00\x00").kind, X86_CALL);
	assert_int_equal(DECODE("\xe8\x10\x00\x00\x00").target, PC + 5 + 0x10);
	assert_int_equal(DECODE("\xe8\xfb\xff\xff\xff").target, PC); /* backwards */
	assert_int_equal(DECODE("\xeb\xfe").kind, X86_BRANCH);
	assert_int_equal(DECODE("\xeb\xfe").target, PC);
	assert_int_equal(DECODE("\x0f\x84\x00\x01\x00\x00").kind, X86_BRANCH);
	assert_int_equal(DECODE("\x0f\x84\x00\x01\x00\x00").target, PC + 6 + 0x100);
	assert_int_equal(DECODE("\xc3").kind, X86_RET);
	assert_int_equal(DECODE("\xf3\xc3").kind, X86_RET);
	assert_int_equal(DECODE("\x48\xcf").kind, X86_INTERRUPT_RET);
	assert_int_equal(DECODE("\x0f\x05").kind, X86_SYSCALL);
	assert_int_equal(DECODE("\x48\x0f\x07").kind, X86_SYSCALL_RET);
	assert_int_equal(DECODE("\xff\xd0").kind, X86_CALL_INDIRECT);	 /* call *%rax */
	assert_int_equal(DECODE("\x41\xff\xe3").kind, X86_JUMP_INDIRECT); /* jmp *%r11 */
	assert_int_equal(DECODE("\xff\x75\x08").kind, X86_PLAIN);	 /* push 8(%rbp) */
}

static void test_faults(void **state)
{
	(void)state;
	assert_false(DECODE("\x48\x89\xc3").may_fault);			/* mov %rax,%rbx */
	assert_true(DECODE("\x48\x89\x03").may_fault);			/* mov %rax,(%rbx) */
	assert_false(DECODE("\x48\x8d\x03").may_fault);			/* lea (%rbx),%rax */
	assert_false(DECODE("\x48\x83\xc0\x01").may_fault);		/* add $1,%rax */
	assert_true(DECODE("\x48\x83\x00\x01").may_fault);		/* addq $1,(%rax) */
	assert_true(DECODE("\x48\xf7\xf1").may_fault);			/* div %rcx */
	assert_false(DECODE("\x48\xf7\xd9").may_fault);			/* neg %rcx */
	assert_true(DECODE("\x50").may_fault);				/* push %rax */
	assert_false(DECODE("\x0f\xb6\xc0").may_fault);			/* movzbl %al,%eax */
	assert_true(DECODE("\x0f\xb6\x00").may_fault);			/* movzbl (%rax),%eax */
	assert_false(DECODE("\x0f\x1f\x84\x00\x01\x00\x63\x6d").may_fault); /* a mark */
	assert_false(DECODE("\x74\x05").may_fault);
	assert_true(DECODE("\xe8\x10\x00\x00\x00").may_fault);		/* call pushes */
	assert_true(DECODE("\xc5\xfe\x6f\x00").may_fault);		/* not known: vmovdqu */
	assert_true(DECODE("\x66").may_fault);				/* a prefix alone */
}

static void test_stack(void **state)
{
	(void)state;
	/* __switch_to_asm: mov %rsp,0x18c0(%rdi); mov 0x18c0(%rsi),%rsp */
	assert_true(DECODE("\x48\x89\xa7\xc0\x18\x00\x00").stores_stack);
	assert_true(DECODE("\x48\x8b\xa6\xc0\x18\x00\x00").loads_stack);
	assert_false(DECODE("\x48\x8b\xa6\xc0\x18\x00\x00").stores_stack);
	/* mov %gs:0x6004,%rsp of the system call's entry; mov %rsp,%rbp; mov 8(%rsp),%rax; mov 8(%rsi),%r12 */
	assert_false(DECODE("\x65\x48\x8b\x24\x25\x04\x60\x00\x00").loads_stack);
	assert_false(DECODE("\x48\x89\xe5").stores_stack);
	assert_false(DECODE("\x48\x8b\x44\x24\x08").loads_stack);
	assert_false(DECODE("\x4c\x8b\x66\x08").loads_stack);
}

static void test_repeats_and_entries(void **state)
{
	(void)state;
	assert_true(DECODE("\xf3\x48\xab").is_repeated); /* rep stosq */
	assert_false(DECODE("\x48\xab").is_repeated);
	assert_false(DECODE("\xf3\x0f\x1e\xfa").is_repeated); /* endbr64 */
	assert_true(DECODE("\x0f\x01\xca").is_entry_like);    /* clac */
	assert_true(DECODE("\x6a\xff").is_entry_like);	      /* push $-1 */
	assert_false(DECODE("\x0f\x01\xcb").is_entry_like);   /* stac */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_stack),
		cmocka_unit_test(test_repeats_and_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
