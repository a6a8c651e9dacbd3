/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempol.h - which memory node a worker's pages come from (libnuma).
 *
 * Policies: "default" (the kernel's own choice), "local" (the node of the CPU the worker is on,
 * another one when that is full), "remote" (only the node farthest from it by the ACPI distances),
 * "interleave" (all nodes in turn), "node:N" (only that node). A node counts when it has memory and
 * the cpuset allows it. Knows nothing of placement.
 */
#ifndef MACHINE_MEMPOL_H
#define MACHINE_MEMPOL_H

#include "base/util.h"

/*
 * Is @policy well-formed, and can this machine do it? -EINVAL: not a policy or no such node;
 * -ENODEV: "remote" or "interleave" with one node only; -ENOSYS: no NUMA policy in this kernel
 * ("default" always works); -EPERM: a sandbox forbids it; -ENOENT or others: "remote" and no
 * distances in /sys.
 */
int mempol_check(const char *policy) __must_check;

/*
 * Bind the calling thread's future pages; pages that are there stay. @node: the node its CPU is
 * near to. "default" also takes back what the process inherited (numactl). Errors as above.
 */
int mempol_apply_self(const char *policy, unsigned int node) __must_check;

/*
 * The node that "remote" means for a CPU near to @node. Of several equally far ones it is the next
 * number after @node, around the end, so that the workers of different nodes do not all meet on
 * one.
 */
int mempol_remote_node(unsigned int node, unsigned int *ret_node) __must_check;

#endif
