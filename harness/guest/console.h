/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console.h - what a kernel's console says went wrong. Pure: bytes in, a named fault out.
 */
#ifndef GUEST_CONSOLE_H
#define GUEST_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum boot_fault {
	BOOT_OK,
	/* seen on the console */
	BOOT_PANIC,
	BOOT_OOPS,
	BOOT_BUG,
	BOOT_WARN,
	BOOT_LOCKDEP,
	BOOT_RCU_STALL,
	BOOT_SOFT_LOCKUP,
	BOOT_HUNG_TASK,
	BOOT_OOM,
	/* seen by boot.c */
	BOOT_EARLY_EXIT,  /* ended before its first record */
	BOOT_TRUNCATED,   /* ended behind a record, without the end record */
	BOOT_GARBLED,	  /* a line that is not a record */
	BOOT_SILENCE,	  /* no sign of life for too long */
	BOOT_TIMEOUT,	  /* alive for too long */
	BOOT_FLOOD,	  /* more output than any run has */
	BOOT_QEMU,	  /* QEMU itself did not start or failed */
	BOOT_INTERRUPTED, /* by the user */
	BOOT_REFUSED,	  /* the callback did not want a line */
	BOOT_NR_FAULTS,
};

/* "panic", "RCU stall", … */
const char *boot_fault_name(enum boot_fault fault);

/*
 * What one line of a console says; BOOT_OK: nothing. With and without the time that a kernel may print before it; whoever wrote
 * it: what programs of the guest print there has none of these words. One that prints them costs its boot, and makes no number.
 */
enum boot_fault console_line_fault(const char *line);

/*
 * What /proc/sys/kernel/tainted says happened since the kernel started, whether or not its console showed it. BOOT_OK: nothing
 * (modules without a signature, or from outside the tree, are no fault), and *ret_letter is untouched. *ret_letter: as the kernel prints it.
 */
enum boot_fault console_taint_fault(uint64_t tainted, char *ret_letter);

/* Kernel arguments that leave a WARN on the console. -EINVAL: "quiet", or a loglevel= below CONSOLE_LEVEL (base/console_level.h). */
int console_check_args(const char *args) __must_check;

#define CONSOLE_TAIL_LINES 40
#define CONSOLE_LINE_MAX   256

struct console {
	char tail[CONSOLE_TAIL_LINES + 1][CONSOLE_LINE_MAX]; /* ring */
	size_t nr_lines;	/* complete lines so far */
	size_t len;		/* of the line that is not complete yet, or of the end of it; it stands in its place of the ring */
	bool is_command_line;	/* the line began as the kernel's own */
	size_t item;		/* that the guest says it is at (guest_show_sign_of_life()), from 1; 0: at none yet */
	enum boot_fault fault;	/* the first one; later lines follow from it */
	char fault_line[CONSOLE_LINE_MAX];
};

/* Bytes as they come, lines cut anywhere. */
void console_feed(struct console *console, const char *data, size_t size);

/* The last CONSOLE_TAIL_LINES lines, oldest first, and the one that is not complete. The caller frees; NULL: out of memory. */
char *console_tail(const struct console *console);

#endif
