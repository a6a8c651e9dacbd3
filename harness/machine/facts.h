/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.h - what a reviewer wants to know of the machine and kernel that were measured.
 *
 * Read on the kernel under test, through fs.h. A fact that cannot be read is empty or 0, never a guess.
 */
#ifndef MACHINE_FACTS_H
#define MACHINE_FACTS_H

#include <stdint.h>

#include "base/util.h"

struct facts {
	char release[128];	/* uname -r */
	char version[256];	/* uname -v */
	char compiler[128];	/* that built the kernel, as it calls itself: "gcc (Debian 12.2.0-14) 12.2.0" */
	char arch[64];
	char cmdline[1024];
	char config_hash[72];	/* sha256 of the configuration, unpacked; "" = none (kconfig.h) */
	char config_source[128];/* which file that was */
	char cpu_model[128];
	char hypervisor[128];	/* "KVM, Amazon EC2 m5.large"; "" = bare metal as far as can be seen */
	uint64_t memory_bytes;	/* MemTotal */
	uint32_t page_bytes;	/* 0 under a captured tree, which cannot say it */
	uint32_t thp_bytes;	/* PMD size, 0 = no THP in this kernel */
	char thp_enabled[16];	/* the chosen word: always, madvise, never */
	char thp_shmem[24];	/* shmem_enabled, likewise */
	char lru_gen[16];	/* /sys/kernel/mm/lru_gen/enabled, "" = not built in */
	uint64_t swap_bytes;	/* SwapTotal */
	char governor[32];	/* cpufreq governor of CPU 0, "" = none visible */
	char smt[16];		/* /sys/devices/system/cpu/smt/control */
	char online_cpus[128];	/* "0-1" */
	char clocksource[32];
	char priority[48];	/* of the process that measures, "" = the usual (priority.h) */
};

/* Never fails: see above. */
void facts_read(struct facts *ret_facts);

#endif
