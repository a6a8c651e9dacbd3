/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mempol.h - which memory node a worker's pages come from (libnuma).
 *
 * Policies: "default" (the kernel's own choice), "local" (the node of the CPU the worker is on),
 * "remote" (the node farthest from it by the ACPI distances), "interleave" (all nodes), "node:N".
 */
#ifndef MACHINE_MEMPOL_H
#define MACHINE_MEMPOL_H

#include "base/util.h"

/*
 * Is @policy well-formed, and can this machine do it? -EINVAL: not a policy or no such node; -ENODEV:
 * "remote" or "interleave" with one node only; -ENOSYS: no NUMA policy in this kernel ("default" always
 * works).
 */
int mempol_check(const char *policy) __must_check;

/* Bind the calling thread's future pages. @node: the node its CPU is near to. Errors as above. */
int mempol_apply_self(const char *policy, unsigned int node) __must_check;

#endif
