// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/console.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/console_level.h"
#include "base/err.h"

/*
 * Searched in this order, anywhere in a line, since a line of the runner's that the kernel cut into may stand before it: a line
 * of lockdep may begin with WARNING, one of the watchdog with BUG. Texts of Linux 6.12 and 7.0: kernel/panic.c,
 * arch/x86/kernel/dumpstack.c, lib/bug.c, kernel/locking/lockdep.c, kernel/rcu/tree_stall.h and tasks.h, kernel/watchdog.c,
 * kernel/hung_task.c, mm/oom_kill.c. A memcg's own "Memory cgroup out of memory: " is no fault of the boot: the limit is the
 * bench's, and the item that it killed says so (core/team_wait.c).
 */
static const struct {
	const char *text;
	enum boot_fault fault;
} patterns[] = {
	{"Kernel panic - not syncing", BOOT_PANIC},
	{"possible circular locking dependency", BOOT_LOCKDEP},
	{"possible recursive locking", BOOT_LOCKDEP},
	{"possible irq lock inversion", BOOT_LOCKDEP},
	{"unsafe lock order detected", BOOT_LOCKDEP},
	{"inconsistent lock state", BOOT_LOCKDEP},
	{"bad unlock balance detected", BOOT_LOCKDEP},
	{"suspicious RCU usage", BOOT_LOCKDEP},
	{"Invalid wait context", BOOT_LOCKDEP},
	{"sleeping function called from invalid context", BOOT_LOCKDEP},
	{"scheduling while atomic", BOOT_BUG},
	{"self-detected stall", BOOT_RCU_STALL},
	{"detected stalls on CPUs", BOOT_RCU_STALL},
	{"detected stalls on tasks", BOOT_RCU_STALL},
	{"detected expedited stalls", BOOT_RCU_STALL},
	{"BUG: soft lockup", BOOT_SOFT_LOCKUP},
	{"hard LOCKUP", BOOT_SOFT_LOCKUP},
	{"blocked for more than", BOOT_HUNG_TASK},
	{"Out of memory: ", BOOT_OOM},
	{"Out of memory (", BOOT_OOM},
	{"BUG: unable to handle", BOOT_OOPS},
	{"BUG: kernel NULL pointer dereference", BOOT_OOPS},
	{"Oops: ", BOOT_OOPS},
	{" [#1]", BOOT_OOPS}, /* die() of whatever exception */
	{"kernel BUG at ", BOOT_BUG},
};

/* Bits of /proc/sys/kernel/tainted (include/linux/panic.h). Those of modules and firmware say nothing of what was measured. */
static const struct {
	unsigned int bit;
	char letter;
	enum boot_fault fault;
} taints[] = {
	{7, 'D', BOOT_OOPS},
	{14, 'L', BOOT_SOFT_LOCKUP},
	{5, 'B', BOOT_BUG},
	{9, 'W', BOOT_WARN},
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

/* Behind "[    1.234567] " and "[    T1] ", where the kernel prints them (CONFIG_PRINTK_TIME, CONFIG_PRINTK_CALLER). */
static const char *kernel_text(const char *line)
{
	for (;;) {
		const char *at = line;

		if (*at++ != '[')
			return line;
		at += strspn(at, " ");
		at += *at == 'T' || *at == 'C';
		if (!isdigit((unsigned char)*at))
			return line;
		at += strspn(at, "0123456789.");
		if (*at++ != ']')
			return line;
		line = at + strspn(at, " ");
	}
}

/* Said of the command line, not of the kernel. */
static bool is_command_line(const char *text)
{
	static const char *const begins[] = {"Command line: ", "Kernel command line: ", "Unknown kernel command line parameters"};

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
		if (!strncmp(text, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/*
 * __warn() begins its line with the word, lockdep too. "Spectre V2 : WARNING: …" is advice on a host's processor. Elsewhere in a
 * line the rest has to be of __warn(): "CPU: 0 PID: 1 at …" up to 6.17, then "FILE:LINE at FUNCTION, CPU#0: …".
 */
static bool is_warning(const char *text)
{
	static const char word[] = "WARNING: ";
	const char *at = strstr(text, word);

	if (at == text)
		return true;
	for (; at; at = strstr(at + 1, word))
		if (!strncmp(at + strlen(word), "CPU: ", 5) || strstr(at, ", CPU#"))
			return true;
	return false;
}

/* Not the end of "DEBUG: ". */
static bool is_bug(const char *text)
{
	for (const char *at = strstr(text, "BUG: "); at; at = strstr(at + 1, "BUG: "))
		if (at == text || !isalnum((unsigned char)at[-1]))
			return true;
	return false;
}

enum boot_fault console_line_fault(const char *line)
{
	const char *text = kernel_text(line);

	if (is_command_line(text))
		return BOOT_OK;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (strstr(text, patterns[i].text))
			return patterns[i].fault;
	return is_bug(text) ? BOOT_BUG : is_warning(text) ? BOOT_WARN : BOOT_OK;
}

enum boot_fault console_taint_fault(uint64_t tainted, char *ret_letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(taints); i++)
		if (tainted >> taints[i].bit & 1) {
			*ret_letter = taints[i].letter;
			return taints[i].fault;
		}
	return BOOT_OK;
}

int console_check_args(const char *args)
{
	static const char level[] = "loglevel=";
	__free_mem char *words = strdup(args);
	char *save = NULL;

	if (!words)
		return err_sys(ENOMEM, "memory for arguments");
	for (char *word = strtok_r(words, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save))
		if (!strcmp(word, "quiet") ||
		    (!strncmp(word, level, strlen(level)) && strtol(word + strlen(level), NULL, 0) < CONSOLE_LEVEL))
			return err_set(EINVAL, "\"%s\" would keep a WARN of the kernel off its console, where faults are seen; leave it "
				       "out, or say loglevel=%d or more", word, CONSOLE_LEVEL);
	return 0;
}

static void look_at(struct console *console, const char *line)
{
	enum boot_fault fault;

	console->is_command_line |= is_command_line(kernel_text(line));
	fault = console->is_command_line ? BOOT_OK : console_line_fault(line);
	if (console->fault == BOOT_OK && fault != BOOT_OK) {
		console->fault = fault;
		memcpy(console->fault_line, line, sizeof(console->fault_line));
	}
}

static void end_line(struct console *console)
{
	char *line = console->tail[console->nr_lines % ARRAY_SIZE(console->tail)];

	line[console->len] = '\0';
	sscanf(line, "memcgbench: item %zu of", &console->item);
	look_at(console, line);
	console->is_command_line = false;
	console->nr_lines++;
	console->len = 0;
	console->tail[console->nr_lines % ARRAY_SIZE(console->tail)][0] = '\0';
}

/* What the kernel says may stand behind any length of what a program wrote without an end: of a long line the second half is kept, and looked on with. */
static void cut_line(struct console *console, char *line)
{
	size_t half = console->len / 2;

	look_at(console, line);
	memmove(line, line + half, console->len - half + 1);
	console->len -= half;
}

void console_feed(struct console *console, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char *line = console->tail[console->nr_lines % ARRAY_SIZE(console->tail)];

		if (data[i] == '\n') {
			end_line(console);
		} else if (data[i] != '\r') {
			if (console->len == CONSOLE_LINE_MAX - 1)
				cut_line(console, line);
			/* Whatever a guest writes is going to a terminal and into a record later: ASCII, and none that commands. */
			line[console->len++] = data[i] == '\t' || (data[i] >= ' ' && data[i] <= '~') ? data[i] : '?';
			line[console->len] = '\0';
		}
	}
}

char *console_tail(const struct console *console)
{
	size_t first = console->nr_lines > CONSOLE_TAIL_LINES ? console->nr_lines - CONSOLE_TAIL_LINES : 0;
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = first; i <= console->nr_lines; i++) {
		const char *line = console->tail[i % ARRAY_SIZE(console->tail)];

		if (i < console->nr_lines || line[0])
			fprintf(out, "%s\n", line);
	}
	fclose(out);
	return text;
}
