/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * noise.h - what else the machine did while we measured.
 *
 * A snapshot before and one after; the difference is stored beside the result and judged in data/, not
 * here. Reads /proc/stat, /proc/loadavg, /proc/vmstat, cpufreq and thermal throttle counters,
 * through fs.h.
 */
#ifndef MACHINE_NOISE_H
#define MACHINE_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

struct noise {
	uint64_t time_ns;
	uint64_t user_ns, system_ns, idle_ns, iowait_ns, irq_ns, steal_ns; /* all CPUs together, /proc/stat */
	uint64_t procs_running; /* tasks runnable at that moment, the reader included */
	uint64_t load_milli;	/* 1-minute load average × 1000 */
	uint64_t context_switches;
	uint64_t throttle_count; /* thermal_throttle core+package counts, all CPUs */
	uint64_t swap_in_pages, swap_out_pages;
	uint64_t freq_min_khz, freq_max_khz; /* lowest and highest scaling_cur_freq; 0 = not visible */
	bool has_freq, has_throttle;
};

/*
 * Take a snapshot. Times are as fine as a tick of USER_HZ (10 ms). nice is in user, guest time as
 * well (the kernel counts it there), softirq in irq. Fails without /proc/stat or /proc/loadavg; what
 * else is not there reads as 0, with has_freq and has_throttle false. Source: proc(5), show_stat()
 * in fs/proc/stat.c.
 */
int noise_read(struct noise *ret_noise) __must_check;

#endif
