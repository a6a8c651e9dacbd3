/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list.h - every bench, one line each, in the order in which they are listed and suites run them. Included with BENCH(name) defined. */
BENCH(null)
BENCH(fault_storm)
BENCH(process_exit)
BENCH(charge_scaling)
BENCH(charge_stock)
BENCH(charge_depth)
BENCH(reclaim_depth)
BENCH(reclaim_stream)
BENCH(reclaim_pressure)
BENCH(swapin_own)
BENCH(swapin_race)
BENCH(pagecache_share)
