/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot.h - one boot of a guest, from start to end, watched.
 *
 * Whatever happens has a name, and QEMU is gone when the function returns; it also dies with the thread that
 * called. Knows nothing of plans, benches or statistics: it hands on lines of the protocol (docs/RESULTS-FORMAT.md) as
 * they come, and looks only at each record's "type", and at "tainted" of the end record.
 */
#ifndef GUEST_BOOT_H
#define GUEST_BOOT_H

#include <signal.h>
#include <stdint.h>

#include "base/err.h"
#include "base/util.h"
#include "guest/console.h"
#include "guest/qemu.h"

struct boot_options {
	const struct qemu_options *qemu; /* results_path and console_path are set by boot_run() */
	/*
	 * Made when missing; afterwards it holds console.log, results.jsonl, qemu.log (QEMU's own words) and
	 * command (the line that was run).
	 */
	const char *folder;
	/* Nothing on either port for so much of QEMU's processor time, or five times as long by the clock; 0: 120 s. */
	unsigned int silence_ms;
	/* The whole boot, by the clock; 0: as long as it lives, since a busy host may let any plan take any time. */
	unsigned int timeout_ms;
	uint64_t console_max_bytes; /* 0: 16 MiB */
	uint64_t results_max_bytes; /* 0: 1 GiB */
	/* Set by a signal handler: the boot is given up. May be NULL. */
	const volatile sig_atomic_t *interrupted;
	/*
	 * One record without its newline, valid during the call. Not 0: give up the boot, with the sentence that
	 * the callback left in err.h. May be NULL.
	 */
	int (*on_line)(void *ctx, const char *line);
	/* The guest has come to item @item of its plan, from 1. May be NULL. */
	void (*on_item)(void *ctx, size_t item);
	void *ctx;
};

struct boot_result {
	enum boot_fault fault;
	char sentence[ERR_MSG_MAX]; /* "panic: Kernel panic - not syncing: …"; "" when there is no fault */
	char *console_tail;	    /* last CONSOLE_TAIL_LINES lines */
	char *console_path;	    /* the full log */
	uint64_t nr_records;
	uint64_t elapsed_ns, first_record_ns; /* real time from the start; 0: there was none */
};
void boot_result_free(struct boot_result *result);

/*
 * Boot. 0: see @ret_result, which is filled in (a fault of the guest is no error of this function). -errno: nothing
 * was started (folder, command line, no QEMU on this machine: -ENOENT).
 */
int boot_run(const struct boot_options *options, struct boot_result *ret_result) __must_check;

/*
 * Does KVM run this kernel? Proven only by a program of ours that ran in it within 5 s: a /dev/kvm may exist and hang, or
 * abort QEMU, or end in an emulation failure. @folder as in boot_options. 1: yes. 0: no, and @why has the
 * reason as a sentence. @cpu_model: as in struct qemu_options. The initramfs is one with core/guest_init.h's runner.
 */
int boot_probe_kvm(const char *kernel_path, const char *initramfs_path, const char *cpu_model, const char *folder, char *why,
		   size_t why_size) __must_check;

#endif
