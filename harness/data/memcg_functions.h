/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memcg_functions.h - is a kernel function memcg's own code? The one place that says so, by name: kallsyms knows no files.
 *
 * Own: mm/memcontrol.c, mm/memcontrol-v1.c, mm/page_counter.c, mm/swap_cgroup.c, mm/vmpressure.c, kernel/cgroup/rstat.c, the inline functions of
 * include/linux/memcontrol.h where a compiler made functions of them, and mm/workingset.c, whose shadow entries are of a memcg. Names of
 * Linux 5.10.262, 6.1.192, 6.12.117 and 7.3.4 (Debian's sources).
 */
#ifndef DATA_MEMCG_FUNCTIONS_H
#define DATA_MEMCG_FUNCTIONS_H

#include <stdbool.h>

/* @name without suffixes of the compiler. */
bool memcg_function_is(const char *name);

#endif
