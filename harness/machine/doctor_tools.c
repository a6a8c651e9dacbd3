// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/fs.h"
#include "base/units.h"
#include "machine/doctor_priv.h"

#define PMU_DIR	       "/sys/bus/event_source/devices"
#define DISK_LOW_BYTES (256ull << 20)

void doctor_perf(const struct doctor_context *ctx, struct doctor_report *report)
{
	__free_mem char *text = NULL;
	int level;

	if (fs_read(&text, "/proc/sys/kernel/perf_event_paranoid") < 0) {
		doctor_add(report, DOCTOR_NOTE, "build the kernel with CONFIG_PERF_EVENTS=y",
			   "this kernel has no perf events: no counters beside the times, and no "
			   "profiles");
		return;
	}
	/* -1 is a value here, so that it is no fs_read_u64(). */
	level = atoi(text);
	if (ctx->privileged || level <= 0)
		doctor_add(report, DOCTOR_OK, "",
			   "perf events are allowed (perf_event_paranoid is %d%s)", level,
			   ctx->privileged ? ", we are root" : "");
	else if (level == 1)
		doctor_add(report, DOCTOR_NOTE, "sysctl kernel.perf_event_paranoid=0",
			   "perf_event_paranoid is 1: our own tasks may be counted and profiled, "
			   "whole CPUs may not");
	else
		doctor_add(report, DOCTOR_WARN, "sysctl kernel.perf_event_paranoid=1",
			   "perf_event_paranoid is %d: the kernel's part of the work, where memcg "
			   "is, may not be counted or profiled",
			   level);
}

/* Names of core PMUs in drivers and arch code: "cpu", hybrid "cpu_core", "armv8_cortex_a72",
 * "riscv-pmu". */
static bool has_pmu(void)
{
	static const char *const names[] = {"cpu", "cpu_", "armv", "riscv"};
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%s%s", fs_root(), PMU_DIR);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		found = !strcmp(entry->d_name, names[0]);
		for (size_t i = 1; i < ARRAY_SIZE(names); i++)
			found = found || !strncmp(entry->d_name, names[i], strlen(names[i]));
	}
	closedir(dir);
	return found;
}

void doctor_pmu(const struct doctor_context *ctx, struct doctor_report *report)
{
	if (has_pmu())
		doctor_add(report, DOCTOR_OK, "", "the CPU's hardware counters are there");
	else
		doctor_add(report, DOCTOR_NOTE, "",
			   "no hardware counters%s: cycles, instructions and cache misses cannot "
			   "be told, and profiles are taken by a timer",
			   ctx->facts.hypervisor[0] ? " in this virtual machine" : "");
}

static bool is_ubuntu(void)
{
	__free_mem char *text = NULL;

	return fs_read(&text, "/etc/os-release") == 0 && strstr(text, "ID=ubuntu");
}

void doctor_tools(const struct doctor_context *ctx, struct doctor_report *report)
{
	const struct {
		const char *name, *fix, *what;
		enum doctor_level level;
	} tools[] = {
		{"gnuplot", "apt-get install gnuplot-nox", "pictures are not drawn", DOCTOR_WARN},
		{"perf",
		 is_ubuntu() ? "apt-get install linux-tools-generic" : "apt-get install linux-perf",
		 "--perf-record does not work", DOCTOR_NOTE},
		{"qemu-system-x86_64", "apt-get install qemu-system-x86",
		 "other kernels cannot be booted", DOCTOR_NOTE},
	};
	size_t missing = 0;

	(void)ctx;
	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		if (doctor_has_tool(tools[i].name))
			continue;
		doctor_add(report, tools[i].level, tools[i].fix, "%s is not in PATH: %s",
			   tools[i].name, tools[i].what);
		missing++;
	}
	if (!missing)
		doctor_add(report, DOCTOR_OK, "", "gnuplot, perf and QEMU are there");
}

void doctor_kvm(const struct doctor_context *ctx, struct doctor_report *report)
{
	(void)ctx;
	if (fs_exists("/dev/kvm"))
		doctor_add(report, DOCTOR_NOTE, "",
			   "/dev/kvm exists; whether guests can use it shows when one boots (a "
			   "nested one may not)");
	else
		doctor_add(report, DOCTOR_NOTE, "modprobe kvm_intel || modprobe kvm_amd",
			   "no /dev/kvm: guests run emulated, which the insn clock does not mind, "
			   "and the ns clock does");
}

/* The one check that speaks of this machine even when fs.h reads a captured tree. */
void doctor_disk(const struct doctor_context *ctx, struct doctor_report *report)
{
	const char *dir = access("results", F_OK) == 0 ? "results" : ".";
	struct statvfs fs;
	uint64_t bytes;
	char size[32];

	(void)ctx;
	if (statvfs(dir, &fs) < 0) {
		doctor_add(report, DOCTOR_WARN, "",
			   "free space for results cannot be told: statvfs %s: %s", dir,
			   strerror(errno));
		return;
	}
	bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	format_size(bytes >> 20 << 20, size, sizeof(size));
	if (fs.f_flag & ST_RDONLY)
		doctor_add(report, DOCTOR_WARN, "memcgbench run -o /tmp/memcgbench-results",
			   "%s is on a read-only file system: results cannot be kept there", dir);
	else if (bytes < DISK_LOW_BYTES)
		doctor_add(report, DOCTOR_WARN, "df -h .",
			   "only %s free for results in %s: a run may end early", size, dir);
	else
		doctor_add(report, DOCTOR_OK, "", "%s free for results in %s", size, dir);
}
