/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slowpaths.h - functions whose calls per op say which path was taken: the one list of them.
 *
 * Names of Linux 5.10 to 7.2. What a kernel does not have (renamed, or inlined by its compiler) is reported as missing, never as 0.
 */
#ifndef DATA_SLOWPATHS_H
#define DATA_SLOWPATHS_H

struct slowpath {
	const char *name;
	const char *what; /* heading that it belongs to */
};

static const struct slowpath slowpaths[] = {
	/* mm/memcontrol.c */
	{"try_charge_memcg", "charging"},
	{"charge_memcg", "charging"},
	{"__mem_cgroup_charge", "charging"},
	{"consume_stock", "charging"},
	{"refill_stock", "stock"},
	{"drain_stock", "stock"},
	{"drain_local_stock", "stock"},
	{"drain_local_memcg_stock", "stock"},
	{"drain_all_stock", "stock"},
	{"drain_obj_stock", "stock"},
	{"refill_obj_stock", "stock"},
	{"consume_obj_stock", "stock"},
	{"obj_cgroup_charge_pages", "charging"},
	{"obj_cgroup_uncharge_pages", "charging"},
	/* mm/page_counter.c */
	{"page_counter_try_charge", "page_counter"},
	{"page_counter_charge", "page_counter"},
	{"page_counter_uncharge", "page_counter"},
	{"page_counter_cancel", "page_counter"},
	{"propagate_protected_usage", "page_counter"},
	/* kernel/cgroup/rstat.c; css_rstat_* since 6.16 */
	{"cgroup_rstat_updated", "statistics"},
	{"__cgroup_rstat_updated", "statistics"},
	{"css_rstat_updated", "statistics"},
	{"__css_rstat_updated", "statistics"},
	{"cgroup_rstat_flush", "statistics"},
	{"cgroup_rstat_flush_locked", "statistics"},
	{"css_rstat_flush", "statistics"},
	{"mem_cgroup_css_rstat_flush", "statistics"},
	{"__mod_memcg_state", "statistics"},
	{"mod_memcg_state", "statistics"},
	{"__mod_memcg_lruvec_state", "statistics"},
	{"mod_memcg_lruvec_state", "statistics"},
	{"__count_memcg_events", "statistics"},
	{"count_memcg_events", "statistics"},
	/* mm/vmscan.c */
	{"try_to_free_mem_cgroup_pages", "reclaim"},
	{"shrink_node", "reclaim"},
	{"shrink_lruvec", "reclaim"},
	{"mem_cgroup_oom", "reclaim"},
	{"mem_cgroup_out_of_memory", "reclaim"},
	/* kernel/locking */
	{"native_queued_spin_lock_slowpath", "locks"},
	{"rwsem_down_read_slowpath", "locks"},
	{"rwsem_down_write_slowpath", "locks"},
	{"__mutex_lock", "locks"},
	{"osq_lock", "locks"},
};

#endif
