// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/console.h"

#include <string.h>

/*
 * Searched in this order: a line of lockdep may begin with WARNING, one of the watchdog with BUG. Texts of Linux 6.12:
 * kernel/panic.c, arch/x86/kernel/dumpstack.c, lib/bug.c, kernel/locking/lockdep.c, kernel/rcu/tree_stall.h,
 * kernel/watchdog.c, kernel/hung_task.c, mm/oom_kill.c.
 */
static const struct {
	const char *text;
	enum boot_fault fault;
} patterns[] = {
	{"Kernel panic - not syncing", BOOT_PANIC},
	{"possible circular locking dependency", BOOT_LOCKDEP},
	{"possible recursive locking", BOOT_LOCKDEP},
	{"possible irq lock inversion", BOOT_LOCKDEP},
	{"inconsistent lock state", BOOT_LOCKDEP},
	{"bad unlock balance detected", BOOT_LOCKDEP},
	{"suspicious RCU usage", BOOT_LOCKDEP},
	{"Invalid wait context", BOOT_LOCKDEP},
	{"sleeping function called from invalid context", BOOT_LOCKDEP},
	{"scheduling while atomic", BOOT_BUG},
	{"self-detected stall", BOOT_RCU_STALL},
	{"detected stalls on CPUs", BOOT_RCU_STALL},
	{"detected expedited stalls", BOOT_RCU_STALL},
	{"BUG: soft lockup", BOOT_SOFT_LOCKUP},
	{"hard LOCKUP", BOOT_SOFT_LOCKUP},
	{"blocked for more than", BOOT_HUNG_TASK},
	{"invoked oom-killer", BOOT_OOM},
	{"Out of memory: ", BOOT_OOM},
	{"Memory cgroup out of memory", BOOT_OOM},
	{"BUG: unable to handle", BOOT_OOPS},
	{"BUG: kernel NULL pointer dereference", BOOT_OOPS},
	{"Oops: ", BOOT_OOPS},
	{"general protection fault", BOOT_OOPS},
	{"kernel BUG at ", BOOT_BUG},
	{"BUG: ", BOOT_BUG},
	{"WARNING: ", BOOT_WARN},
};

const char *boot_fault_name(enum boot_fault fault)
{
	static const char *const names[BOOT_NR_FAULTS] = {
		[BOOT_OK] = "ok",
		[BOOT_PANIC] = "panic",
		[BOOT_OOPS] = "oops",
		[BOOT_BUG] = "BUG",
		[BOOT_WARN] = "WARN",
		[BOOT_LOCKDEP] = "lockdep splat",
		[BOOT_RCU_STALL] = "RCU stall",
		[BOOT_SOFT_LOCKUP] = "lockup",
		[BOOT_HUNG_TASK] = "hung task",
		[BOOT_OOM] = "OOM kill",
		[BOOT_EARLY_EXIT] = "early exit",
		[BOOT_TRUNCATED] = "truncated result stream",
		[BOOT_GARBLED] = "garbled result stream",
		[BOOT_SILENCE] = "silence",
		[BOOT_TIMEOUT] = "timeout",
		[BOOT_FLOOD] = "endless output",
		[BOOT_QEMU] = "QEMU failed",
		[BOOT_INTERRUPTED] = "interrupted",
		[BOOT_REFUSED] = "record refused",
	};

	return names[fault];
}

enum boot_fault console_line_fault(const char *line)
{
	/* "[    1.234567] " or "[    1.234567][    T1] "; what is no kernel message (a program's own output) has none. */
	if (line[0] != '[' || !strchr(line, ']'))
		return BOOT_OK;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (strstr(line, patterns[i].text))
			return patterns[i].fault;
	return BOOT_OK;
}

static void end_line(struct console *console)
{
	char *line = console->tail[console->nr_lines % CONSOLE_TAIL_LINES];
	enum boot_fault fault;

	line[console->len] = '\0';
	fault = console_line_fault(line);
	if (console->fault == BOOT_OK && fault != BOOT_OK) {
		console->fault = fault;
		memcpy(console->fault_line, line, sizeof(console->fault_line));
	}
	console->nr_lines++;
	console->len = 0;
	console->tail[console->nr_lines % CONSOLE_TAIL_LINES][0] = '\0';
}

void console_feed(struct console *console, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char *line = console->tail[console->nr_lines % CONSOLE_TAIL_LINES];

		if (data[i] == '\n') {
			end_line(console);
		} else if (data[i] != '\r' && console->len < CONSOLE_LINE_MAX - 1) {
			/* Whatever a guest writes is going to a terminal later. */
			line[console->len++] = data[i] == '\t' || (unsigned char)data[i] >= ' ' ? data[i] : '?';
			line[console->len] = '\0';
		}
	}
}

char *console_tail(const struct console *console)
{
	size_t first = console->nr_lines >= CONSOLE_TAIL_LINES ? console->nr_lines - CONSOLE_TAIL_LINES + 1 : 0;
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = first; i <= console->nr_lines; i++) {
		const char *line = console->tail[i % CONSOLE_TAIL_LINES];

		if (i < console->nr_lines || line[0])
			fprintf(out, "%s\n", line);
	}
	fclose(out);
	return text;
}
