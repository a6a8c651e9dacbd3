// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/needs.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/util.h"
#include "machine/swap.h"

#define THP_DIR "/sys/kernel/mm/transparent_hugepage"

const struct need needs_table[] = {
	{BENCH_NEEDS_MEMCG, "memcg",
	 "a memory cgroup controller: a kernel with CONFIG_MEMCG, booted without cgroup_disable=memory, "
	 "and a mounted hierarchy that has it"},
	{BENCH_NEEDS_SWAP, "swap", "swap on zram, which memcgbench sets up and takes down: root, and a kernel with CONFIG_ZRAM"},
	{BENCH_NEEDS_NUMA, "numa", "at least two memory nodes: another machine, or numa=fake=2"},
	{BENCH_NEEDS_THP, "thp",
	 "transparent huge pages: CONFIG_TRANSPARENT_HUGEPAGE, and not \"never\" in " THP_DIR
	 "/enabled"},
	{BENCH_NEEDS_DIR, "dir", "a folder on a file system with a disk behind it: --dir=PATH"},
	{BENCH_NEEDS_PROCESSES, "processes", "workers that are processes, for they enter memcgs: not --threads"},
	{BENCH_NEEDS_GUEST, "guest", "a guest (--kernel): it takes pages of the whole machine"},
	{0, NULL, NULL},
};

static bool has_memcg(const struct cg_info *cg, char *why, size_t why_size)
{
	if (cg->version != CG_NONE)
		return true;
	snprintf(why, why_size, "%s", cg->why[0] ? cg->why : "no memory controller was found");
	return false;
}

/* Members of a list such as "0,2-3"; 0 for an empty one. */
static unsigned long count_list(const char *list)
{
	unsigned long count = 0;

	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			break;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		count += last >= first ? last - first + 1 : 0;
		list = *end == ',' ? end + 1 : end;
	}
	return count;
}

/* has_memory lists the nodes of state N_MEMORY (drivers/base/node.c); a node may have CPUs only. */
static bool has_numa(char *why, size_t why_size)
{
	__free_mem char *list = NULL;
	unsigned long nr_nodes;

	if (fs_read(&list, "/sys/devices/system/node/has_memory")) {
		snprintf(why, why_size, "this kernel shows no memory nodes in /sys/devices/system/node");
		return false;
	}
	nr_nodes = count_list(list);
	if (nr_nodes >= 2)
		return true;
	snprintf(why, why_size, "this machine has %lu memory node%s", nr_nodes,
		 nr_nodes == 1 ? "" : "s");
	return false;
}

static bool has_thp(char *why, size_t why_size)
{
	__free_mem char *enabled = NULL;

	if (!fs_exists(THP_DIR "/hpage_pmd_size")) {
		snprintf(why, why_size, "this kernel has no transparent huge pages");
		return false;
	}
	if (fs_read(&enabled, THP_DIR "/enabled")) {
		snprintf(why, why_size, "%s/enabled cannot be read", THP_DIR);
		return false;
	}
	if (!strstr(enabled, "[never]"))
		return true;
	snprintf(why, why_size, "%s/enabled says never", THP_DIR);
	return false;
}

static bool has(enum bench_needs flag, const struct cg_info *cg, char *why, size_t why_size)
{
	switch (flag) {
	case BENCH_NEEDS_MEMCG:
		return has_memcg(cg, why, why_size);
	case BENCH_NEEDS_SWAP:
		return swap_possible(why, why_size);
	case BENCH_NEEDS_NUMA:
		return has_numa(why, why_size);
	case BENCH_NEEDS_THP:
		return has_thp(why, why_size);
	case BENCH_NEEDS_DIR:
	case BENCH_NEEDS_PROCESSES:
	case BENCH_NEEDS_GUEST:
		return true; /* for the options of a run to meet, on any machine */
	}
	snprintf(why, why_size, "this memcgbench does not know what that is");
	return false;
}

bool needs_met(enum bench_needs flag, const struct cg_info *cg, char *why, size_t why_size)
{
	const struct need *need = needs_table;
	char reason[256];

	if (has(flag, cg, reason, sizeof(reason)))
		return true;
	while (need->flag && need->flag != flag)
		need++;
	snprintf(why, why_size, "needs %s: %s", need->flag ? need->name : "something unknown", reason);
	return false;
}

bool needs_brought(unsigned int needs, bool threads, const char *dir, bool in_guest, char *why, size_t why_size)
{
	const char *unmet = NULL;

	if ((needs & BENCH_NEEDS_GUEST) && !in_guest)
		unmet = "guest: it takes pages of the whole machine: in guests only (--kernel)";
	else if ((needs & BENCH_NEEDS_PROCESSES) && threads)
		unmet = "processes: its workers enter memcgs one by one, which threads cannot";
	else if ((needs & BENCH_NEEDS_DIR) && !dir && !in_guest)
		unmet = "dir: name a folder on a file system with a disk behind it: --dir=PATH";
	if (unmet)
		snprintf(why, why_size, "needs %s", unmet);
	return !unmet;
}

bool needs_all_met(const struct bench *bench, const struct cg_info *cg, char *why, size_t why_size)
{
	return needs_met_all_of(bench->needs, cg, why, why_size);
}

bool needs_met_all_of(unsigned int needs, const struct cg_info *cg, char *why, size_t why_size)
{
	unsigned int left = needs;

	/* Bit by bit, so that a flag that the table lacks is unmet, not unseen. */
	while (left) {
		unsigned int flag = left & -left;

		if (!needs_met((enum bench_needs)flag, cg, why, why_size))
			return false;
		left &= ~flag;
	}
	return true;
}
