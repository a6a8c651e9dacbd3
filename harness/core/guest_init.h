/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_init.h - what the runner does when it is process 1 of a guest.
 *
 * Mounts, modules, CPUs, the job, the result channel, waiting until the guest is idle, power off. Knows nothing of
 * benches, and uses base/ only (and guest_disk.h, guest_args.h). Never called on a real machine: everything but guest_is_init() would change it.
 *
 * The kernel command line may say:
 *	memcgbench.cgroup=v1   the memory controller of cgroup v1, at /sys/fs/cgroup/memory, instead of cgroup2
 *	memcgbench.probe       do nothing but prove that a program runs: one record, and off
 *	memcgbench.symbols     do nothing but send the kernel's symbols (guest_symbols.h), and off
 *	memcgbench.pad=…       nothing (it makes the command line longer)
 */
#ifndef CORE_GUEST_INIT_H
#define CORE_GUEST_INIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

/* Process 1 with an initramfs of ours: there is a /job.json, or the probe was asked for. */
bool guest_is_init(void);

struct guest {
	int result_fd; /* /dev/ttyS1, raw: one record a line goes here */
	char *job;     /* text of /job.json; guest_start() gives it, free() takes it */
};

/*
 * Everything up to the job. A module that the kernel refuses is an error (the sentence has its name); a missing
 * memory controller is not: off is one of the states to measure. With memcgbench.probe or memcgbench.symbols it does
 * not return.
 */
int guest_start(struct guest *ret_guest) __must_check;

/*
 * The result channel by itself, so that what guest_start() failed of reaches those who wait for records; before /dev is mounted there is
 * none. The caller closes *ret_fd.
 */
int guest_open_results(int *ret_fd) __must_check;

/* What /proc/stat says of all CPUs together, in its ticks. */
struct guest_idle {
	uint64_t idle, total;
};
int guest_idle_read(struct guest_idle *ret_idle) __must_check;

/*
 * Wait until the CPUs were idle for at least 99 % of @window_ms (not below 100: /proc/stat counts in ticks of
 * 10 ms), looking again for @max_ms of guest time. *ret_waited_ms: how long that took. -ETIMEDOUT: never; what is measured then is
 * measured beside something else.
 */
int guest_wait_idle(unsigned int window_ms, unsigned int max_ms, unsigned int *ret_waited_ms) __must_check;

/*
 * A guest keeps its records until the end, which may be minutes away: a line on its console tells whoever watches a long plan from a
 * guest that hangs. Between reps, never within one. @nr_reps: done of the item; 0: it begins.
 */
void guest_show_sign_of_life(size_t item, size_t nr_items, unsigned int nr_reps);

/*
 * /proc/sys/kernel/tainted: what happened since the kernel started, also what its console did not show. Read once all is
 * measured; 0: nothing, or there is no such file.
 */
uint64_t guest_tainted(void);

/* Drain the result channel and switch off. QEMU ends with status 0. */
void guest_power_off(struct guest *guest) __attribute__((noreturn));

#endif
