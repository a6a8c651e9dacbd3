/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * priority.h - what the processes of a live run weigh on a CPU that other tasks want, too.
 *
 * The scheduler shares a CPU by weights, and each nice level is worth 1.25 (sched_prio_to_weight[], kernel/sched/core.c, v6.12). A weight
 * counts among the tasks of a group only. A session is such a group with CONFIG_SCHED_AUTOGROUP (kernel/sched/autogroup.c), and so is a
 * cgroup with the cpu controller, which a child of the root has on v2 where the root enables it. No class but the usual one is ever taken:
 * nobody is shut out.
 */
#ifndef MACHINE_PRIORITY_H
#define MACHINE_PRIORITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/*
 * Take the weight of nice -10 for this process, in a session of its own, and for all that it starts. Call it in a process that leads no process
 * group. False, and nothing was done: there is no right to that, or somebody chose a nice level or a scheduling policy already.
 */
bool priority_raise(void);
/* The nice level alone, in the session that it has: for what is left to be done when a run has measured. */
bool priority_raise_in_session(void);

/* Give a cgroup that was just made the weight of this process, if the cgroup has one and the process has another than the usual. */
int priority_of_cgroup(const char *dir) __must_check;

/* "nice -10, its session -10"; "": the usual 0, which is also what guests have. */
void priority_describe(char *text, size_t size);

#endif
