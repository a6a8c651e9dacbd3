/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topo.h - the machine's topology (hwloc) and where workers go on it.
 *
 * Placement is pure: topology and policy in, a map worker -> PU out, so that it can be tested on
 * synthetic machines. Pinning itself is topo_pin_self(). Knows nothing of benches or memcgs.
 */
#ifndef MACHINE_TOPO_H
#define MACHINE_TOPO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct topo; /* an hwloc topology; free with topo_free() */

/*
 * This machine, with the PUs that the calling thread may use (cpuset and affinity respected): load
 * before pinning. Works without /sys too. Sets HWLOC_HIDE_ERRORS and HWLOC_PLUGINS_PATH in the
 * environment where they are not set: call it before there are other threads. -EINVAL: the
 * environment tells hwloc to describe another machine; -ENODEV: no PU is left.
 */
int topo_load(struct topo **ret_topo) __must_check;
/* hwloc's synthetic notation, such as "pack:2 numa:2 core:4 pu:2", all allowed. -EINVAL: not that. */
int topo_load_synthetic(const char *description, struct topo **ret_topo) __must_check;
void topo_free(struct topo *topo);

/* The topology as hwloc XML; the caller frees *ret_xml with free(). */
int topo_export_xml(const struct topo *topo, char **ret_xml) __must_check;

size_t topo_nr_pus(const struct topo *topo);   /* allowed ones */
size_t topo_nr_cores(const struct topo *topo); /* with at least one allowed PU */
/* Memory nodes that the cpuset allows, with PUs or without. */
size_t topo_nr_nodes(const struct topo *topo);
size_t topo_nr_packages(const struct topo *topo); /* with an allowed PU; 1 where none is known */
bool topo_has_smt(const struct topo *topo);	  /* some core has more than one allowed PU */
/* The node nearest to @pu. -ENODEV: no such PU, or not allowed. */
int topo_node_of_pu(const struct topo *topo, unsigned int pu, unsigned int *ret_node);

/* One worker's place. @pu and @node are the kernel's numbers (hwloc's os_index). */
struct topo_place {
	unsigned int pu;
	unsigned int core;    /* hwloc's logical index of the core */
	unsigned int node;    /* nearest memory node */
	unsigned int package; /* hwloc's logical index */
};

/*
 * Place @nr_workers workers by @policy and write their places to @places. "In order" is hwloc's
 * logical order: package by package, in it node by node, in it core by core. Only allowed PUs count.
 *   compact   the first PU of every core in order, then the second PU of every core, and so on: SMT
 *             siblings only when every core has a worker
 *   scatter   packages take turns; in a package its nodes take turns, the lowest number first; in
 *             a node cores in order. SMT siblings as for compact
 *   node:N    compact on the PUs that memory node N is local to (those of the whole machine for a
 *             node that hangs on the machine)
 *   cores     one worker a core, in order; more workers than cores is an error
 *   pus       PUs in order, SMT siblings beside each other
 *   one       the first PU of compact, for all workers
 *   LIST      the kernel's CPU numbers, "0,2-3", none of them twice; worker i goes to the i-th
 * With more workers than PUs the places repeat from the first (not for cores and LIST), and
 * *ret_oversubscribed is set, else cleared.
 * -EINVAL: not a policy, no such node, or a CPU listed twice; -ENODEV: a listed CPU is not there,
 * offline or not allowed (also one that no worker would get), or no PU of node N is allowed; -ERANGE:
 * too many workers for cores or LIST.
 */
int topo_place(const struct topo *topo, const char *policy, size_t nr_workers,
	       struct topo_place *places, bool *ret_oversubscribed) __must_check;

/*
 * Pin the calling thread to @pu and see that it runs there. -EINVAL with a sentence when the CPU is
 * offline or outside the cpuset; then the affinity may have changed or not.
 * topo_is_pinned(): the calling thread runs on @pu and may run nowhere else. False after the CPU
 * went offline: the kernel then moves the thread and widens its mask (select_fallback_rq(),
 * kernel/sched/core.c).
 */
int topo_pin_self(unsigned int pu) __must_check;
bool topo_is_pinned(unsigned int pu);

#endif
