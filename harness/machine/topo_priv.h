/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * topo_priv.h - what topo.c hands to place.c and to the tests: the PUs as a flat list.
 *
 * Only topo.c, place.c and their tests include it. Placement reads the list and never asks hwloc or
 * the kernel.
 */
#ifndef MACHINE_TOPO_PRIV_H
#define MACHINE_TOPO_PRIV_H

#include <hwloc.h>

#include "machine/topo.h"

/* A PU that this process may use. */
struct topo_pu {
	struct topo_place place;
	unsigned int smt_rank; /* 0: the first allowed PU of its core */
};

struct topo {
	hwloc_topology_t
		hwloc; /* disallowed objects included, so that logical indexes are the machine's */
	struct topo_pu
		*pus; /* the allowed ones in hwloc's logical order: siblings are neighbours */
	size_t nr_pus;
	size_t nr_cores;
	size_t nr_nodes;
	size_t nr_packages;
};

/*
 * Wrap a loaded @hwloc. It is taken over, on failure too. -ENODEV: no PU is allowed in it.
 */
int topo_from_hwloc(hwloc_topology_t hwloc, struct topo **ret_topo) __must_check;

#endif
