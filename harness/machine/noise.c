// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/noise.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/clock.h"
#include "machine/cpulist.h"

#define CPU_DIR "/sys/devices/system/cpu"

/* /proc/stat counts in USER_HZ, which is not the kernel's HZ. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
	long per_second = sysconf(_SC_CLK_TCK);

	return ticks * (1000000000u / (uint64_t)(per_second > 0 ? per_second : 100));
}

static int read_cpu_times(const char *stat, struct noise *n)
{
	uint64_t user, nice, system, idle, iowait = 0, irq = 0, softirq = 0, steal = 0;
	int found = sscanf(stat,
			   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			   " %" SCNu64 " %" SCNu64 " %" SCNu64,
			   &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal);

	if (found < 4)
		return err_set(EINVAL, "/proc/stat does not begin with the times of all CPUs");
	n->user_ns = ticks_to_ns(user + nice);
	n->system_ns = ticks_to_ns(system);
	n->idle_ns = ticks_to_ns(idle);
	n->iowait_ns = ticks_to_ns(iowait);
	n->irq_ns = ticks_to_ns(irq + softirq);
	n->steal_ns = ticks_to_ns(steal);
	return 0;
}

static int read_stat(struct noise *n)
{
	__free_mem char *stat = NULL;
	int ret = fs_read(&stat, "/proc/stat");

	if (ret)
		return ret;
	ret = read_cpu_times(stat, n);
	if (!ret)
		ret = fs_text_key(stat, "ctxt", &n->context_switches);
	if (!ret)
		ret = fs_text_key(stat, "procs_running", &n->procs_running);
	return ret ? err_prefix(ret, "/proc/stat") : 0;
}

/* Two decimals always (LOAD_FRAC in include/linux/sched/loadavg.h), so no floating point. */
static int read_load(struct noise *n)
{
	__free_mem char *text = NULL;
	uint64_t whole;
	unsigned int hundredths;
	int ret = fs_read(&text, "/proc/loadavg");

	if (ret)
		return ret;
	if (sscanf(text, "%" SCNu64 ".%2u", &whole, &hundredths) != 2)
		return err_set(EINVAL, "/proc/loadavg does not begin with a load average");
	n->load_milli = whole * 1000 + hundredths * 10;
	return 0;
}

static void read_cpu(struct noise *n, unsigned int cpu)
{
	static const char *const counts[] = {"core_throttle_count", "package_throttle_count"};
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (fs_read_u64(&value, CPU_DIR "/cpu%u/thermal_throttle/%s", cpu, counts[i]) ==
		    0) {
			n->throttle_count += value;
			n->has_throttle = true;
		}
	if (fs_read_u64(&value, CPU_DIR "/cpu%u/cpufreq/scaling_cur_freq", cpu) < 0 || !value)
		return;
	if (!n->has_freq || value < n->freq_min_khz)
		n->freq_min_khz = value;
	if (value > n->freq_max_khz)
		n->freq_max_khz = value;
	n->has_freq = true;
}

int noise_read(struct noise *ret_noise)
{
	struct noise n = {.time_ns = clock_ns()};
	__free_mem char *online = NULL, *vmstat = NULL;
	int ret = read_stat(&n);

	if (!ret)
		ret = read_load(&n);
	if (ret)
		return ret;
	/* A kernel without swap has neither line. */
	if (fs_read(&vmstat, "/proc/vmstat") < 0 ||
	    fs_text_key(vmstat, "pswpin", &n.swap_in_pages) < 0 ||
	    fs_text_key(vmstat, "pswpout", &n.swap_out_pages) < 0)
		n.swap_in_pages = n.swap_out_pages = 0;
	if (fs_read(&online, CPU_DIR "/online") == 0) {
		struct cpulist_walk walk = {.rest = online};
		unsigned int cpu;

		while (cpulist_next(&walk, &cpu))
			read_cpu(&n, cpu);
	}
	*ret_noise = n;
	return 0;
}
