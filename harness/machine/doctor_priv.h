/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor_priv.h - between doctor.c, the files with its checks (doctor_*.c) and their tests.
 *
 * A check is a function in the table of doctor.c. It looks at what was gathered before, reads what
 * only it needs, and adds findings: one at least.
 */
#ifndef MACHINE_DOCTOR_PRIV_H
#define MACHINE_DOCTOR_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/cgroup.h"
#include "machine/doctor.h"
#include "machine/facts.h"
#include "machine/kconfig.h"
#include "machine/noise.h"

/* The busiest process that is not ours. */
struct doctor_hog {
	int pid; /* 0: none was seen to run */
	char comm[64];
	double cpus; /* 1.0 = one CPU all the time */
};

struct doctor_context {
	struct facts facts;
	struct kconfig config; /* text NULL: config_why says it */
	char config_why[256];
	struct cg_info cgroup;
	bool privileged; /* root: the limits on perf events do not apply */
	bool has_noise;
	struct noise before, after;
	struct doctor_hog hog;
};

struct doctor_report {
	const char *check; /* the one that runs */
	struct doctor_finding *findings;
	size_t nr, room;
	bool out_of_memory;
};

/* Add a finding of the running check; the sentence is @fmt, @fix a command or "". */
void doctor_add(struct doctor_report *report, enum doctor_level level, const char *fix,
		const char *fmt, ...) __printf(4, 5);

/* Whether a program of that name is in PATH, in the tree that fs.h reads. */
bool doctor_has_tool(const char *name);

typedef void doctor_check_fn(const struct doctor_context *ctx, struct doctor_report *report);

/* doctor_memory.c */
doctor_check_fn doctor_memcg, doctor_root_memcg, doctor_thp, doctor_ksm, doctor_swap, doctor_memory,
	doctor_numa_balancing;
/* doctor_cpu.c */
doctor_check_fn doctor_governor, doctor_turbo, doctor_smt, doctor_offline, doctor_cpuset,
	doctor_steal, doctor_load, doctor_virtual;
/* doctor_kernel.c */
doctor_check_fn doctor_kernel_debug, doctor_mitigations;
/* doctor_tools.c */
doctor_check_fn doctor_perf, doctor_pmu, doctor_tools, doctor_kvm, doctor_disk;

struct doctor_process {
	int pid;
	uint64_t ticks; /* of CPU time, USER_HZ */
	char comm[64];
};

/* The contents of /proc/PID/stat. False: it is not that. doctor_processes.c. */
bool doctor_parse_stat(const char *stat, struct doctor_process *ret_process);

/* Fill @ret_hog from two looks at all processes, @wait_ms apart. doctor_processes.c. */
void doctor_find_hog(unsigned int wait_ms, struct doctor_hog *ret_hog);

#endif
