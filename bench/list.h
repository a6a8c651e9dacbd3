/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.h - every bench, sorted by name, one line each. Included with BENCH(name) defined. */
BENCH(charge_depth)
BENCH(charge_scaling)
BENCH(fault_storm)
BENCH(null)
BENCH(pagecache_share)
BENCH(reclaim_depth)
BENCH(reclaim_pressure)
BENCH(swapin_race)
