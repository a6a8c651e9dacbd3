// SPDX-License-Identifier: GPL-2.0-or-later
/* The QEMU command line, nodes, the watcher of the console. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/console.h"
#include "guest/qemu.h"

static const struct qemu_options plain = {
	.kernel_path = "/k/bzImage", .initramfs_path = "/i.cpio", .seed = 42, .results_path = "/r", .console_path = "/c"};

static char *command(const struct qemu_options *options)
{
	char **argv, *text;

	assert_int_equal(qemu_command(options, &argv), 0);
	text = qemu_command_text(argv);
	qemu_argv_free(argv);
	return text;
}

static void exact_clock(void **state)
{
	char *text = command(&plain);

	(void)state;
	assert_string_equal(text,
			    "qemu-system-x86_64 -machine pc -accel tcg,thread=single -icount shift=0,sleep=off "
			    "-cpu max,-erms,-fsrm -rtc base=2024-01-01T00:00:00,clock=vm -seed 42 -m 512M -smp 1 "
			    "-nodefaults -no-user-config -display none -no-reboot "
			    "-chardev file,id=console,path=/c -serial chardev:console "
			    "-chardev file,id=results,path=/r -serial chardev:results "
			    "-kernel /k/bzImage -initrd /i.cpio "
			    "-append 'console=ttyS0 panic=-1 nokaslr nolapic_timer "
			    "initcall_blacklist=load_system_certificate_list,jent_mod_init'");
	free(text);
}

static void options_reach_the_line(void **state)
{
	static const char *const extra[] = {"-cpu", "it's"};
	struct qemu_options options = plain;
	char *text;

	(void)state;
	options.accel = QEMU_KVM;
	options.append = "cgroup_disable=memory";
	options.cpus = 2;
	options.memory_bytes = 1ull << 30;
	options.extra = extra;
	options.nr_extra = 2;
	text = command(&options);
	assert_null(strstr(text, "icount"));
	assert_non_null(strstr(text, "-accel kvm -cpu host "));
	assert_non_null(strstr(text, "-m 1024M -smp 2 "));
	assert_non_null(strstr(text, "-append 'console=ttyS0 panic=-1 nokaslr cgroup_disable=memory' -cpu 'it'\\''s'"));
	free(text);
	/* The other CPUs come up later. */
	options.accel = QEMU_ICOUNT;
	text = command(&options);
	assert_non_null(strstr(text, "jent_mod_init maxcpus=1 tsc=reliable cgroup_disable=memory"));
	free(text);
}

static void nodes(void **state)
{
	struct qemu_node two[2];
	struct qemu_options options = plain;
	char *text;

	(void)state;
	assert_int_equal(qemu_node_parse("256M,cpus=0-1,dist=10:21", &two[0]), 0);
	assert_int_equal(two[0].first_cpu, 0);
	assert_int_equal(two[0].last_cpu, 1);
	assert_int_equal(two[0].distance[1], 21);
	assert_int_equal(qemu_node_parse("1G,cpus=2-3", &two[1]), 0);
	options.nodes = two;
	options.nr_nodes = 2;
	text = command(&options);
	assert_non_null(strstr(text, "-m 1280M -smp 4,sockets=2 "));
	assert_non_null(strstr(text, "-object memory-backend-ram,id=m1,size=1024M -numa node,nodeid=1,cpus=2-3,memdev=m1 "));
	assert_non_null(strstr(text, "-numa dist,src=0,dst=1,val=21 "));
	assert_null(strstr(text, "src=1"));
	free(text);
	/* Nodes of different size: no package lies in two. */
	two[0].last_cpu = 0;
	two[1].first_cpu = 1;
	text = command(&options);
	assert_non_null(strstr(text, "-smp 4,sockets=4 "));
	free(text);
}

static void bad_nodes(void **state)
{
	static const char *const bad[] = {"",		   "256M",	       "cpus=0",	 "256M,cpus=1-0", "256M,cpus=0-64",
					  "0,cpus=0",	   "1000,cpus=0",      "256M,cpus=-1",	 "256M,cpus=",	  "256M,cpu=0",
					  "256M,cpus=0,dist=9", "256M,cpus=0,dist=255", "256M,cpus=0,dist=", "256M,cpus=0-"};
	struct qemu_node two[2];
	struct qemu_options options = plain;
	char **argv = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!qemu_node_parse(bad[i], &two[0]))
			fail_msg("\"%s\" was taken", bad[i]);
	assert_int_equal(qemu_node_parse("256M,cpus=0-1", &two[0]), 0);
	assert_int_equal(qemu_node_parse("256M,cpus=1-2", &two[1]), 0);
	options.nodes = two;
	options.nr_nodes = 2;
	assert_int_equal(qemu_command(&options, &argv), -EINVAL); /* CPU 1 twice */
	two[1].first_cpu = 2;
	options.memory_bytes = 256u << 20;
	assert_int_equal(qemu_command(&options, &argv), -EINVAL); /* not the sum */
	options.memory_bytes = 512u << 20;
	options.cpus = 4;
	assert_int_equal(qemu_command(&options, &argv), -EINVAL); /* CPU 3 nowhere */
	options.cpus = 2;
	assert_int_equal(qemu_command(&options, &argv), -EINVAL); /* CPU 2 is not there */
	options = plain;
	options.console_path = "/a,b";
	assert_int_equal(qemu_command(&options, &argv), -EINVAL);
	assert_null(argv);
}

static void console_lines(void **state)
{
	static const struct {
		const char *line;
		enum boot_fault fault;
	} lines[] = {
		{"[    1.4] Kernel panic - not syncing: Attempted to kill init!", BOOT_PANIC},
		{"[    1.4] BUG: kernel NULL pointer dereference, address: 0000000000000000", BOOT_OOPS},
		{"[    1.4] Oops: 0002 [#1] PREEMPT SMP", BOOT_OOPS},
		{"[    1.4] kernel BUG at mm/memcontrol.c:1!", BOOT_BUG},
		{"[    1.4] WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 x+0x1/0x2", BOOT_WARN},
		{"[    1.4] WARNING: mm/page_counter.c:60 at x+0x1/0x2, CPU#0: init/1", BOOT_WARN},
		{"[    1.4][   T12] WARNING: possible circular locking dependency detected", BOOT_LOCKDEP},
		{"[    1.4] WARNING: suspicious RCU usage", BOOT_LOCKDEP},
		{"[    1.4] rcu: INFO: rcu_preempt self-detected stall on CPU", BOOT_RCU_STALL},
		{"[    1.4] rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", BOOT_RCU_STALL},
		{"[    1.4] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:1]", BOOT_SOFT_LOCKUP},
		{"[    1.4] INFO: task init:1 blocked for more than 120 seconds.", BOOT_HUNG_TASK},
		{"[    1.4] Out of memory: Killed process 9 (x) total-vm:4kB", BOOT_OOM},
		{"[    1.4] divide error: 0000 [#1] PREEMPT SMP NOPTI", BOOT_OOPS},
		/* CONFIG_PRINTK_TIME=n, with and without CONFIG_PRINTK_CALLER. */
		{"Kernel panic - not syncing: VFS: Unable to mount root fs", BOOT_PANIC},
		{"WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 x+0x1/0x2", BOOT_WARN},
		{"WARNING: mm/page_counter.c:60 at x+0x1/0x2, CPU#0: init/1", BOOT_WARN},
		{"[    T1] WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 x+0x1/0x2", BOOT_WARN},
		{"WARNING: possible recursive locking detected", BOOT_LOCKDEP},
		{"WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", BOOT_LOCKDEP},
		{"[ BUG: Invalid wait context ]", BOOT_LOCKDEP},
		{"BUG: Bad page state in process init  pfn:1", BOOT_BUG},
		{"watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [init:1]", BOOT_SOFT_LOCKUP},
		{"INFO: task init:1 blocked for more than 120 seconds.", BOOT_HUNG_TASK},
		{"Out of memory: Killed process 9 (x) total-vm:4kB", BOOT_OOM},
		{"Oops: 0002 [#1] PREEMPT SMP", BOOT_OOPS},
		/* The kernel has cut into a sign of life. */
		{"memcgbench: item 1 of[    1.4] WARNING: CPU: 0 PID: 1 at mm/page_counter.c:60 x+0x1/0x2", BOOT_WARN},
		{"memcgbench: itWARNING: mm/page_counter.c:60 at x+0x1/0x2, CPU#0: init/1", BOOT_WARN},
		/* A limit of the bench's own: the error of an item. */
		{"[    1.4] init invoked oom-killer: gfp_mask=0x0", BOOT_OK},
		{"[    1.4] Memory cgroup out of memory: Killed process 9 (x)", BOOT_OK},
		/* Said by a boot without a fault, or by a program. */
		{"Command line: console=ttyS0 x=BUG: WARNING: CPU: ", BOOT_OK},
		{"[    0.0][    T0] Kernel command line: x=Oops: ", BOOT_OK},
		{"Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible", BOOT_OK},
		{"PCI: Using host bridge windows from ACPI; if necessary, use \"pci=nocrs\" and report a bug", BOOT_OK},
		{"[Firmware Bug]: TSC doesn't count with P0 frequency!", BOOT_OK},
		{"ACPI: DEBUG: x", BOOT_OK},
		{"brd: module verification failed: signature and/or required key missing - tainting kernel", BOOT_OK},
		{"traps: init[1] general protection fault ip:401000 sp:7ffe error:0", BOOT_OK},
		{"memcgbench: item 1 of 4, 21 reps", BOOT_OK},
		{"[", BOOT_OK},
		{"[    ", BOOT_OK},
		{"[    0.0] Command line: console=ttyS0 panic=-1", BOOT_OK},
		{"[    0.0] PID hash table entries: 4096", BOOT_OK},
		{"memcgbench: WARNING: not the kernel", BOOT_OK},
		{"", BOOT_OK},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (console_line_fault(lines[i].line) != lines[i].fault)
			fail_msg("\"%s\": %s", lines[i].line, boot_fault_name(console_line_fault(lines[i].line)));
	for (int fault = 0; fault < BOOT_NR_FAULTS; fault++)
		assert_non_null(boot_fault_name((enum boot_fault)fault));
}

static void taints(void **state)
{
	char letter = '-';

	(void)state;
	/* Proprietary, from outside the tree, without a signature, live-patched: a module's. */
	assert_int_equal(console_taint_fault(1 << 0 | 1 << 12 | 1 << 13 | 1 << 15, &letter), BOOT_OK);
	assert_int_equal(letter, '-');
	assert_int_equal(console_taint_fault(1 << 13 | 1 << 9, &letter), BOOT_WARN);
	assert_int_equal(letter, 'W');
	assert_int_equal(console_taint_fault(1 << 9 | 1 << 7, &letter), BOOT_OOPS);
	assert_int_equal(console_taint_fault(1 << 14, &letter), BOOT_SOFT_LOCKUP);
	assert_int_equal(console_taint_fault(1 << 5, &letter), BOOT_BUG);
}

static void arguments_that_hide(void **state)
{
	static const char *const bad[] = {"quiet", "a quiet b", "loglevel=4", "x loglevel=0"};
	static const char *const good[] = {"", "loglevel=5", "debug", "quieter x.quiet=1 loglevel=7", "cgroup.memory=nokmem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(console_check_args(bad[i]), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(console_check_args(good[i]), 0);
}

static void console_in_pieces(void **state)
{
	static const char text[] = "[ 1.0] one\r\n[ 1.1] Oops: 1\r\n[ 1.2] Kernel panic - not syncing: x\r\nlast\033";
	struct console *console = calloc(1, sizeof(*console));
	char *tail;

	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		console_feed(console, text + i, 1);
	/* The first counts; the panic follows from it. */
	assert_int_equal(console->fault, BOOT_OOPS);
	assert_string_equal(console->fault_line, "[ 1.1] Oops: 1");
	tail = console_tail(console);
	assert_string_equal(tail, "[ 1.0] one\n[ 1.1] Oops: 1\n[ 1.2] Kernel panic - not syncing: x\nlast?\n");
	free(tail);
	free(console);
}

static void console_long(void **state)
{
	struct console *console = calloc(1, sizeof(*console));
	char *tail, line[16];
	size_t lines = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		console_feed(console, "xxxxxxxx", 8);
	console_feed(console, "\n", 1);
	for (int i = 0; i < 100; i++) {
		snprintf(line, sizeof(line), "%d\n", i);
		console_feed(console, line, strlen(line));
	}
	tail = console_tail(console);
	for (const char *c = tail; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, CONSOLE_TAIL_LINES);
	assert_string_equal(tail + strlen(tail) - 6, "98\n99\n");
	assert_int_equal(console->fault, BOOT_OK);
	free(tail);
	free(console);
}

/* Behind 250 and more bytes of a program that ended no line there may be a fault; behind those of the command line there is none. */
static void console_line_without_end(void **state)
{
	static const char *const begins[] = {"text of a program ", "[    0.0] Kernel command line: "};
	static const char fault[] = "[    2.0] BUG: bad page state\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		for (size_t len = 0; len < 3 * CONSOLE_LINE_MAX; len++) {
			struct console *console = calloc(1, sizeof(*console));

			console_feed(console, begins[i], strlen(begins[i]));
			for (size_t k = 0; k < len; k++)
				console_feed(console, "x", 1);
			console_feed(console, fault, sizeof(fault) - 1);
			assert_int_equal(console->fault, i ? BOOT_OK : BOOT_BUG);
			assert_int_equal(console->nr_lines, 1);
			/* The next line is one by itself. */
			console_feed(console, fault, sizeof(fault) - 1);
			assert_int_equal(console->fault, BOOT_BUG);
			free(console);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(console_line_without_end),
		cmocka_unit_test(exact_clock),	 cmocka_unit_test(options_reach_the_line),
		cmocka_unit_test(nodes),	 cmocka_unit_test(bad_nodes),
		cmocka_unit_test(console_lines), cmocka_unit_test(console_in_pieces),
		cmocka_unit_test(console_long),	 cmocka_unit_test(taints),
		cmocka_unit_test(arguments_that_hide),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
