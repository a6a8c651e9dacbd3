/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_time.h - how long a run takes, before it begins: what --dry-run says, and what progress begins with. Private to cmd/run*.c.
 */
#ifndef CMD_RUN_TIME_H
#define CMD_RUN_TIME_H

#include <stdint.h>
#include <stdio.h>

#include "cmd/cmd.h"
#include "cmd/run_plan.h"
#include "machine/cgroup.h"
#include "machine/topo.h"

/* Of the plan's budget, when @gone_ns are over: what the runner may take, so that there is time for table and @pictures. 0: no limit. */
uint64_t run_time_for_runner(const struct plan *plan, bool pictures, uint64_t gone_ns);

/* On this machine, in ns: the budget, or less where all blocks fit. Passes longer than a rep are not foreseen. */
uint64_t run_time_live_ns(const struct plan *plan, bool pictures);

/* One boot in a guest and one item of it, in ns of a processor (run_time.c says which). @off: without memcg, with one arm of each item. */
uint64_t run_time_boot_ns(const struct plan *plan, bool off);
uint64_t run_time_guest_item_ns(const struct plan *plan, size_t index, bool off);

/* --dry-run. Returns the exit status. */
int run_time_print_live(const struct verb *verb, const struct plan *plan, const struct topo *topo, const struct cg_info *cg,
			const struct run_args *args);

#endif
