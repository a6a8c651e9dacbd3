// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"
#include "base/units.h"
#include "machine/doctor_priv.h"

#define THP_DIR		 "/sys/kernel/mm/transparent_hugepage"
#define MEMORY_LOW_BYTES (1ull << 30)

/* The column "enabled" of /proc/cgroups, -1 when the controller has no line. */
static int memory_enabled(void)
{
	__free_mem char *text = NULL;
	const char *line;
	int enabled;

	if (fs_read(&text, "/proc/cgroups") < 0)
		return -1;
	line = strstr(text, "\nmemory\t");
	return line && sscanf(line + 1, "memory %*d %*d %d", &enabled) == 1 ? enabled : -1;
}

static void no_memcg(const struct doctor_context *ctx, struct doctor_report *report)
{
	const char *why = ctx->cgroup.why[0] ? ctx->cgroup.why : "there is no memory controller";
	const char *fix = "mount -t cgroup2 none /sys/fs/cgroup";

	if (strstr(ctx->facts.cmdline, "cgroup_disable=") && !memory_enabled())
		fix = "remove cgroup_disable=memory from the kernel's command line and reboot";
	else if (!memory_enabled())
		fix = "add cgroup_enable=memory to the kernel's command line and reboot";
	else if (ctx->config.text && !kconfig_is_set(&ctx->config, "MEMCG"))
		fix = "build the kernel with CONFIG_MEMCG=y";
	/* The reason may be as long as a finding: what gives way is its end. */
	doctor_add(report, DOCTOR_BAD, fix, "what memcg costs cannot be measured: %.210s", why);
}

void doctor_memcg(const struct doctor_context *ctx, struct doctor_report *report)
{
	const struct cg_info *cg = &ctx->cgroup;

	if (cg->version == CG_NONE) {
		no_memcg(ctx, report);
		return;
	}
	if (cg->why[0])
		doctor_add(report, DOCTOR_BAD,
			   cg->version == CG_V2 && !ctx->privileged
				   ? "systemd-run --user --scope -p Delegate=yes make bench"
				   : "sudo make bench",
			   "no memcg of our own can be made: %.220s", cg->why);
	else if (cg->version == CG_V2)
		doctor_add(report, DOCTOR_OK, "", "memory controller: cgroup v2 at %s", cg->mount);
	else
		doctor_add(report, DOCTOR_NOTE,
			   "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all",
			   "memory controller: cgroup v1 at %s%s; v1 has code of its own on the "
			   "charge path, so do not compare with numbers from v2",
			   cg->mount, cg->hybrid ? ", cgroup2 without it beside it" : "");
	if (strstr(ctx->facts.cmdline, "cgroup.memory="))
		doctor_add(report, DOCTOR_NOTE,
			   "remove cgroup.memory= from the kernel's command line and reboot",
			   "the command line has cgroup.memory=: nokmem or nosocket leaves a part "
			   "of memcg's work out");
}

void doctor_root_memcg(const struct doctor_context *ctx, struct doctor_report *report)
{
	if (ctx->cgroup.version == CG_NONE)
		doctor_add(report, DOCTOR_NOTE, "",
			   "without a memory controller every task is in the root memcg");
	else if (ctx->cgroup.can_enter_root)
		doctor_add(report, DOCTOR_OK, "", "our own processes may enter the root memcg");
	else
		doctor_add(report, DOCTOR_WARN, "sudo make bench",
			   "our own processes may not enter the root memcg, so child - root cannot "
			   "be measured, only one depth against another");
}

/* Sizes below the PMD have files of their own since 6.8. */
static bool small_thp_always(char *names, size_t size)
{
	names[0] = '\0';
	for (unsigned int kib = 8; kib <= 1024; kib *= 2) {
		__free_mem char *text = NULL;
		size_t len = strlen(names);

		if (fs_read(&text, THP_DIR "/hugepages-%ukB/enabled", kib) == 0 &&
		    strstr(text, "[always]"))
			snprintf(names + len, size - len, "%s%u", len ? ", " : "", kib);
	}
	return names[0];
}

void doctor_thp(const struct doctor_context *ctx, struct doctor_report *report)
{
	const char *word = ctx->facts.thp_enabled;
	char names[64];

	if (small_thp_always(names, sizeof(names)))
		doctor_add(report, DOCTOR_WARN,
			   "for f in " THP_DIR "/hugepages-*/enabled; do echo inherit > $f; done",
			   "huge pages of %s KiB are used for every mapping: one fault then "
			   "charges several pages at once",
			   names);
	if (!word[0])
		doctor_add(report, DOCTOR_OK, "", "no transparent huge pages in this kernel");
	else if (!strcmp(word, "always"))
		doctor_add(report, DOCTOR_WARN, "echo madvise > " THP_DIR "/enabled",
			   "transparent huge pages are used for every mapping: one fault may "
			   "charge a whole huge page, and khugepaged works beside the benches");
	else if (!strcmp(word, "never"))
		doctor_add(report, DOCTOR_NOTE, "echo madvise > " THP_DIR "/enabled",
			   "transparent huge pages are off: benches that ask for them are skipped");
	else
		doctor_add(report, DOCTOR_OK, "",
			   "transparent huge pages only where asked for (%s)", word);
}

void doctor_ksm(const struct doctor_context *ctx, struct doctor_report *report)
{
	uint64_t run;

	(void)ctx;
	if (fs_read_u64(&run, "/sys/kernel/mm/ksm/run") == 0 && run == 1)
		doctor_add(report, DOCTOR_WARN, "echo 0 > /sys/kernel/mm/ksm/run",
			   "kernel samepage merging runs: it takes CPU time, and moves charges "
			   "when it merges pages");
	else
		doctor_add(report, DOCTOR_OK, "", "kernel samepage merging is off");
}

void doctor_swap(const struct doctor_context *ctx, struct doctor_report *report)
{
	uint64_t free_kib, pages = 0;
	char size[32];

	if (ctx->has_noise)
		pages = ctx->after.swap_in_pages - ctx->before.swap_in_pages +
			ctx->after.swap_out_pages - ctx->before.swap_out_pages;
	format_size(ctx->facts.swap_bytes, size, sizeof(size));
	if (!ctx->facts.swap_bytes)
		doctor_add(report, DOCTOR_NOTE,
			   "fallocate -l 1G /swapfile && chmod 600 /swapfile && mkswap /swapfile "
			   "&& swapon /swapfile",
			   "no swap: benches that swap are skipped, the others are the quieter for "
			   "it");
	else if (pages)
		doctor_add(report, DOCTOR_WARN, "swapoff -a",
			   "the machine is swapping (%" PRIu64
			   " pages while we looked): faults wait for the disk",
			   pages);
	else if (fs_read_key(&free_kib, "SwapFree", "/proc/meminfo") == 0 &&
		 free_kib * 1024 < ctx->facts.swap_bytes)
		doctor_add(report, DOCTOR_NOTE, "swapoff -a && swapon -a",
			   "%s of swap, partly used: what other tasks have there may be read back "
			   "while we measure",
			   size);
	else
		doctor_add(report, DOCTOR_OK, "", "%s of swap, unused", size);
}

void doctor_memory(const struct doctor_context *ctx, struct doctor_report *report)
{
	uint64_t kib;
	char size[32];

	(void)ctx;
	if (fs_read_key(&kib, "MemAvailable", "/proc/meminfo") < 0) {
		doctor_add(report, DOCTOR_NOTE, "",
			   "how much memory is available cannot be read from /proc/meminfo");
		return;
	}
	/* Whole MiB: the last digits change every second. */
	format_size(kib / 1024 << 20, size, sizeof(size));
	if (kib * 1024 < MEMORY_LOW_BYTES)
		doctor_add(report, DOCTOR_WARN,
			   "ps aux --sort=-rss | head   # stop what needs most",
			   "only %s of memory available: reclaim of the whole machine may run "
			   "during a bench",
			   size);
	else
		doctor_add(report, DOCTOR_OK, "", "%s of memory available", size);
}

void doctor_numa_balancing(const struct doctor_context *ctx, struct doctor_report *report)
{
	uint64_t mode;

	(void)ctx;
	if (fs_read_u64(&mode, "/proc/sys/kernel/numa_balancing") == 0 && mode)
		doctor_add(report, DOCTOR_WARN, "sysctl kernel.numa_balancing=0",
			   "automatic NUMA balancing is on: it unmaps pages to watch them, and "
			   "each costs a fault that no bench asked for");
	else
		doctor_add(report, DOCTOR_OK, "", "automatic NUMA balancing is off");
}
