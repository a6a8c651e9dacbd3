// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What keeps other tasks of the CPU out of a rep, where instructions are counted and the guest runs nothing but ours. Elsewhere it would do the
 * opposite: a yield leaves the CPU to whoever else wants it, for a slice, and gives up what is left of one's own.
 */
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/worker_priv.h"

/* Of EEVDF's slices the longest that may be asked for (__setparam_fair(), kernel/sched/syscalls.c, v6.12). */
#define SLICE_NS 100000000ull

/* Each gives the CPU to the task that has waited longest, if any; nobody has as many that are about to sleep. */
#define NR_YIELDS 16

void worker_ask_for_slice(const struct worker *worker)
{
	struct sched_attr attr = {0};

	if (!worker->team->counts_insn)
		return;
	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) || attr.sched_policy != SCHED_NORMAL)
		return;
	attr.size = sizeof(attr);
	attr.sched_runtime = SLICE_NS;
	(void)!syscall(SYS_sched_setattr, 0, &attr, 0);
}

void worker_let_others_sleep(const struct worker *worker)
{
	unsigned int i;

	for (i = 0; worker->team->counts_insn && i < NR_YIELDS; i++)
		syscall(SYS_sched_yield);
}
