// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/memcg_functions.h"

#include <stddef.h>
#include <string.h>

#include "base/util.h"

/* What only names of these files hold. */
static const char *const parts[] = {
	"memcg", "mem_cgroup", "page_counter", "obj_cgroup", "objcg", "swap_cgroup", "rstat", "drain_all_stock", "drain_local_stock",
	"drain_stock", "refill_stock", "consume_stock", "lock_stock", "lruvec_stat", "lruvec_page_state", "lruvec_kmem_state", "lruvec_slab_state",
	"folio_lruvec", "lruvec_lock", "lruvec_unlock", "obj_stock", "vmpressure", "workingset_", "lru_gen_eviction", "lru_gen_refault", "protected_usage",
};

/* The others, whole. */
static const char *const names[] = {
	"account_slab_nmi_safe", "calculate_high_delay", "cancel_charge", "cgroup_base_stat_add", "cgroup_base_stat_flush",
	"cgroup_base_stat_sub", "commit_charge", "count_shadow_nodes", "do_flush_stats", "effective_protection", "flush_nmi_stats",
	"high_work_func", "mem_find_max_overage", "memory_current_read", "memory_events_show", "memory_numa_stat_show", "memory_reclaim",
	"memory_stat_format", "memory_stat_show", "page_cgroup_ino", "reclaim_high", "scan_shadow_nodes", "schedule_drain_work",
	"shadow_lru_isolate", "swap_find_max_overage", "track_protection", "try_charge", "uncharge_batch", "uncharge_folio",
	"uncharge_list", "uncharge_page",
};

bool memcg_function_is(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		if (strstr(name, parts[i]))
			return true;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}
