// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/topo.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/topo_priv.h"

/* Room for any NR_CPUS of a kernel, which ignores the bits above its own. */
#define MAX_CPUS (64 * CPU_SETSIZE)

struct cpu_mask {
	cpu_set_t sets[MAX_CPUS / CPU_SETSIZE];
};

#define __free_hwloc  __attribute__((__cleanup__(cleanup_hwloc)))
#define __free_bitmap __attribute__((__cleanup__(cleanup_bitmap)))

static void cleanup_hwloc(hwloc_topology_t *hwloc)
{
	if (*hwloc)
		hwloc_topology_destroy(*hwloc);
}

static void cleanup_bitmap(hwloc_bitmap_t *bitmap)
{
	hwloc_bitmap_free(*bitmap);
}

/* A topology that is still to be filled, without what memcgbench never asks about. */
static int init_hwloc(hwloc_topology_t *ret_hwloc)
{
	__free_hwloc hwloc_topology_t hwloc = NULL;

	/*
	 * Read at the first init and never again: no text on stderr about odd firmware tables, and
	 * none of the plugins, whose libraries (X11, OpenCL) take longer to load than the topology.
	 */
	setenv("HWLOC_HIDE_ERRORS", "2", 0);
	setenv("HWLOC_PLUGINS_PATH", "/nonexistent", 0);

	if (hwloc_topology_init(&hwloc))
		return err_sys(errno, "start hwloc");
	if (hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) ||
	    hwloc_topology_set_io_types_filter(hwloc, HWLOC_TYPE_FILTER_KEEP_NONE) ||
	    hwloc_topology_set_type_filter(hwloc, HWLOC_OBJ_MISC, HWLOC_TYPE_FILTER_KEEP_NONE))
		return err_sys(errno, "set up hwloc");
	*ret_hwloc = take_ptr(hwloc);
	return 0;
}

/*
 * hwloc's "x86" component moves the calling thread to every CPU in turn to ask CPUID there. /sys
 * says the same without that, so it is a last resort for guests that have no /sys.
 */
static int load_hwloc(bool with_x86, hwloc_topology_t *ret_hwloc)
{
	__free_hwloc hwloc_topology_t hwloc = NULL;
	int ret = init_hwloc(&hwloc);

	if (ret)
		return ret;
	/* Fails where hwloc has no such component, which is as good. */
	if (!with_x86)
		hwloc_topology_set_components(hwloc, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST,
					      "x86");
	if (hwloc_topology_load(hwloc))
		return err_sys(errno, "read the topology of this machine with hwloc");
	*ret_hwloc = take_ptr(hwloc);
	return 0;
}

/* hwloc knows the cpuset; what taskset(1) and the like left of it only the affinity mask says. */
static int allow_own_cpus(hwloc_topology_t hwloc)
{
	__free_bitmap hwloc_bitmap_t allowed = hwloc_bitmap_alloc();

	if (!allowed)
		return err_sys(ENOMEM, "read the topology of this machine");
	if (hwloc_get_cpubind(hwloc, allowed, HWLOC_CPUBIND_THREAD))
		return err_sys(errno, "read the CPU affinity of this process");
	hwloc_bitmap_and(allowed, allowed, hwloc_topology_get_allowed_cpuset(hwloc));
	if (hwloc_bitmap_iszero(allowed))
		return err_set(
			ENODEV,
			"the CPU affinity of this process and its cpuset have no CPU in common");
	if (hwloc_topology_allow(hwloc, allowed, NULL, HWLOC_ALLOW_FLAG_CUSTOM))
		return err_sys(errno, "limit the topology to the CPU affinity of this process");
	return 0;
}

int topo_load(struct topo **ret_topo)
{
	__free_hwloc hwloc_topology_t hwloc = NULL;
	int ret = load_hwloc(false, &hwloc);

	if (ret)
		return ret;
	if (hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_CORE) <= 0) {
		hwloc_topology_destroy(take_ptr(hwloc));
		ret = load_hwloc(true, &hwloc);
		if (ret)
			return ret;
	}
	if (!hwloc_topology_is_thissystem(hwloc))
		return err_set(
			EINVAL,
			"hwloc describes another machine than this one: unset HWLOC_XMLFILE, "
			"HWLOC_SYNTHETIC and HWLOC_FSROOT");
	ret = allow_own_cpus(hwloc);
	if (ret)
		return ret;
	return topo_from_hwloc(take_ptr(hwloc), ret_topo);
}

int topo_load_synthetic(const char *description, struct topo **ret_topo)
{
	__free_hwloc hwloc_topology_t hwloc = NULL;
	int ret = init_hwloc(&hwloc);

	if (ret)
		return ret;
	if (hwloc_topology_set_synthetic(hwloc, description))
		return err_set(EINVAL, "\"%s\" is not a synthetic topology of hwloc", description);
	if (hwloc_topology_load(hwloc))
		return err_sys(errno, "load the synthetic topology \"%s\"", description);
	return topo_from_hwloc(take_ptr(hwloc), ret_topo);
}

/*
 * The node whose pages the kernel takes first. Where several hang on one place (DRAM with HBM, or
 * with memory behind CXL) it is the lowest number: firmware gives the nodes that own CPUs the first
 * ones.
 */
static unsigned int nearest_node(hwloc_obj_t pu)
{
	unsigned int node = UINT_MAX;
	hwloc_obj_t obj, child, memory;

	/* hwloc gives every machine a node at its root, if nowhere below. */
	for (obj = pu; obj && node == UINT_MAX; obj = obj->parent) {
		for (child = obj->memory_first_child; child; child = child->next_sibling) {
			memory = child;
			while (memory && memory->type == HWLOC_OBJ_MEMCACHE)
				memory = memory->memory_first_child;
			if (memory && memory->os_index < node)
				node = memory->os_index;
		}
	}
	return node;
}

static void fill_pu(const struct topo *topo, hwloc_obj_t obj, struct topo_pu *pu)
{
	hwloc_obj_t core = hwloc_get_ancestor_obj_by_type(topo->hwloc, HWLOC_OBJ_CORE, obj);
	hwloc_obj_t package = hwloc_get_ancestor_obj_by_type(topo->hwloc, HWLOC_OBJ_PACKAGE, obj);
	int nr_cores = hwloc_get_nbobjs_by_type(topo->hwloc, HWLOC_OBJ_CORE);

	pu->place.pu = obj->os_index;
	pu->place.node = nearest_node(obj);
	pu->place.package = package ? package->logical_index : 0;
	/* A PU that hwloc shows without a core counts as one, numbered behind the known cores. */
	if (core)
		pu->place.core = core->logical_index;
	else
		pu->place.core = obj->logical_index + (nr_cores > 0 ? (unsigned int)nr_cores : 0);
}

static void count_objects(struct topo *topo)
{
	const struct topo_pu *pus = topo->pus;
	size_t i;

	topo->nr_nodes =
		(size_t)hwloc_bitmap_weight(hwloc_topology_get_allowed_nodeset(topo->hwloc));
	for (i = 0; i < topo->nr_pus; i++) {
		if (!i || pus[i].place.core != pus[i - 1].place.core)
			topo->nr_cores++;
		if (!i || pus[i].place.package != pus[i - 1].place.package)
			topo->nr_packages++;
	}
}

int topo_from_hwloc(hwloc_topology_t hwloc, struct topo **ret_topo)
{
	hwloc_const_cpuset_t allowed = hwloc_topology_get_allowed_cpuset(hwloc);
	struct topo *topo = calloc(1, sizeof(*topo));
	hwloc_obj_t obj = NULL;

	if (!topo) {
		hwloc_topology_destroy(hwloc);
		return err_sys(ENOMEM, "read the topology");
	}
	topo->hwloc = hwloc;
	topo->pus =
		calloc((size_t)hwloc_get_nbobjs_by_type(hwloc, HWLOC_OBJ_PU), sizeof(*topo->pus));
	if (!topo->pus) {
		topo_free(topo);
		return err_sys(ENOMEM, "read the topology");
	}
	while ((obj = hwloc_get_next_obj_by_type(hwloc, HWLOC_OBJ_PU, obj))) {
		struct topo_pu *pu = &topo->pus[topo->nr_pus];

		if (!hwloc_bitmap_isset(allowed, obj->os_index))
			continue;
		fill_pu(topo, obj, pu);
		if (topo->nr_pus && pu[-1].place.core == pu->place.core)
			pu->smt_rank = pu[-1].smt_rank + 1;
		topo->nr_pus++;
	}
	if (!topo->nr_pus) {
		topo_free(topo);
		return err_set(ENODEV, "the topology has no CPU that this process may use");
	}
	count_objects(topo);
	*ret_topo = topo;
	return 0;
}

void topo_free(struct topo *topo)
{
	if (!topo)
		return;
	hwloc_topology_destroy(topo->hwloc);
	free(topo->pus);
	free(topo);
}

int topo_export_xml(const struct topo *topo, char **ret_xml)
{
	char *buffer, *xml;
	int len;

	if (hwloc_topology_export_xmlbuffer(topo->hwloc, &buffer, &len, 0))
		return err_sys(errno, "export the topology as XML");
	xml = strdup(buffer);
	hwloc_free_xmlbuffer(topo->hwloc, buffer);
	if (!xml)
		return err_sys(ENOMEM, "export the topology as XML");
	*ret_xml = xml;
	return 0;
}

size_t topo_nr_pus(const struct topo *topo)
{
	return topo->nr_pus;
}

size_t topo_nr_cores(const struct topo *topo)
{
	return topo->nr_cores;
}

size_t topo_nr_nodes(const struct topo *topo)
{
	return topo->nr_nodes;
}

size_t topo_nr_packages(const struct topo *topo)
{
	return topo->nr_packages;
}

bool topo_has_smt(const struct topo *topo)
{
	return topo->nr_pus > topo->nr_cores;
}

int topo_node_of_pu(const struct topo *topo, unsigned int pu, unsigned int *ret_node)
{
	size_t i;

	for (i = 0; i < topo->nr_pus; i++) {
		if (topo->pus[i].place.pu != pu)
			continue;
		*ret_node = topo->pus[i].place.node;
		return 0;
	}
	return err_set(ENODEV, "CPU %u is not on this machine, or not allowed to this process", pu);
}

/* Why sched_setaffinity(2) said EINVAL to one CPU. */
static int refuse_pu(unsigned int pu)
{
	char *online = NULL;
	int ret;

	/* No file is no answer: CPU 0 mostly has none, and a guest may have no /sys. */
	if (fs_exists("/sys/devices/system/cpu") && !fs_exists("/sys/devices/system/cpu/cpu%u", pu))
		return err_set(EINVAL, "pin to CPU %u: this machine has no such CPU", pu);
	if (fs_read(&online, "/sys/devices/system/cpu/cpu%u/online", pu))
		online = NULL;
	if (online && !strcmp(online, "0"))
		ret = err_set(EINVAL, "pin to CPU %u: it is offline", pu);
	else
		ret = err_set(EINVAL,
			      "pin to CPU %u: it is offline or outside the cpuset of this process",
			      pu);
	free(online);
	return ret;
}

int topo_pin_self(unsigned int pu)
{
	struct cpu_mask mask;
	int cpu;

	if (pu >= MAX_CPUS)
		return refuse_pu(pu);
	CPU_ZERO_S(sizeof(mask), mask.sets);
	CPU_SET_S(pu, sizeof(mask), mask.sets);
	if (sched_setaffinity(0, sizeof(mask), mask.sets))
		return errno == EINVAL ? refuse_pu(pu) : err_sys(errno, "pin to CPU %u", pu);
	/* The kernel moved the thread before it returned: elsewhere, the CPU has gone offline. */
	cpu = sched_getcpu();
	if (cpu < 0)
		return err_sys(errno, "ask on which CPU this thread is");
	if ((unsigned int)cpu != pu)
		return err_set(EINVAL, "pin to CPU %u: the thread is on CPU %d all the same", pu,
			       cpu);
	return 0;
}

bool topo_is_pinned(unsigned int pu)
{
	struct cpu_mask mask;

	if (pu >= MAX_CPUS || sched_getaffinity(0, sizeof(mask), mask.sets))
		return false;
	return CPU_COUNT_S(sizeof(mask), mask.sets) == 1 &&
	       CPU_ISSET_S(pu, sizeof(mask), mask.sets) && sched_getcpu() == (int)pu;
}
