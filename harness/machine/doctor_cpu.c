// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "base/fs.h"
#include "machine/cpulist.h"
#include "machine/doctor_priv.h"

#define CPU_DIR "/sys/devices/system/cpu"

/* Fractions of all CPU time from which on something is said. */
#define STEAL_NOW_LIMIT	 0.02
#define STEAL_EVER_LIMIT 0.005
#define BUSY_LIMIT	 0.10
#define HOG_CPUS_LIMIT	 0.20

static uint64_t busy_ns(const struct noise *n)
{
	return n->user_ns + n->system_ns + n->irq_ns;
}

static uint64_t total_ns(const struct noise *n)
{
	return busy_ns(n) + n->idle_ns + n->iowait_ns + n->steal_ns;
}

/* @part of @whole as a fraction; 0 of nothing is 0. Idle times may run backwards by a tick. */
static double fraction(uint64_t part_end, uint64_t part_begin, uint64_t whole_end,
		       uint64_t whole_begin)
{
	if (whole_end <= whole_begin || part_end <= part_begin)
		return 0;
	return (double)(part_end - part_begin) / (double)(whole_end - whole_begin);
}

void doctor_virtual(const struct doctor_context *ctx, struct doctor_report *report)
{
	if (ctx->facts.hypervisor[0])
		doctor_add(report, DOCTOR_NOTE, "",
			   "a virtual machine (%s): the host may take CPUs away, second-level page "
			   "tables make faults dearer, and hardware counters may be missing",
			   ctx->facts.hypervisor);
	else
		doctor_add(report, DOCTOR_OK, "", "no hypervisor to be seen");
}

void doctor_steal(const struct doctor_context *ctx, struct doctor_report *report)
{
	const struct noise *begin = &ctx->before, *end = &ctx->after;
	double now, ever;

	if (!ctx->has_noise) {
		doctor_add(report, DOCTOR_NOTE, "",
			   "what the CPUs do cannot be read from /proc/stat");
		return;
	}
	now = fraction(end->steal_ns, begin->steal_ns, total_ns(end), total_ns(begin));
	ever = fraction(end->steal_ns, 0, total_ns(end), 0);
	if (now > STEAL_NOW_LIMIT)
		doctor_add(
			report, DOCTOR_WARN, "",
			"the host takes %.0f %% of the CPU time away (steal): reps are stretched "
			"by work that is not ours; use a dedicated host, or the insn clock",
			now * 100);
	else if (ever > STEAL_EVER_LIMIT)
		doctor_add(report, DOCTOR_NOTE, "",
			   "%.1f %% of the CPU time since boot went to other guests of the host "
			   "(steal), none to speak of now",
			   ever * 100);
	else
		doctor_add(report, DOCTOR_OK, "", "no CPU time is stolen by a host");
}

void doctor_load(const struct doctor_context *ctx, struct doctor_report *report)
{
	const struct noise *begin = &ctx->before, *end = &ctx->after;
	const struct doctor_hog *hog = &ctx->hog;
	char fix[64];
	double busy;

	if (hog->pid && hog->cpus > HOG_CPUS_LIMIT) {
		snprintf(fix, sizeof(fix), "kill -STOP %d   # later: kill -CONT %d", hog->pid,
			 hog->pid);
		doctor_add(report, DOCTOR_WARN, fix,
			   "process %d (%s) uses %.0f %% of a CPU: it takes time, caches and "
			   "memory bandwidth from the benches",
			   hog->pid, hog->comm, hog->cpus * 100);
		return;
	}
	busy = fraction(busy_ns(end), busy_ns(begin), total_ns(end), total_ns(begin));
	if (ctx->has_noise && busy > BUSY_LIMIT)
		doctor_add(report, DOCTOR_WARN, "top -o %CPU",
			   "the CPUs are %.0f %% busy with other work, though no single process "
			   "stands out",
			   busy * 100);
	else if (ctx->has_noise && end->load_milli >= 1000)
		doctor_add(report, DOCTOR_NOTE, "top -o %CPU",
			   "the load of the last minute was %.2f: something ran a moment ago and "
			   "may come back",
			   (double)end->load_milli / 1000);
	else if (ctx->has_noise)
		doctor_add(report, DOCTOR_OK, "", "nothing else runs");
	else
		doctor_add(report, DOCTOR_NOTE, "", "what else runs cannot be read from /proc");
}

/* How many online CPUs have a governor that is not "performance"; one of those in @name. */
static size_t slow_governors(char *name, size_t size, size_t *ret_visible)
{
	__free_mem char *online = NULL;
	struct cpulist_walk walk = {.rest = ""};
	size_t slow = 0;
	unsigned int cpu;

	*ret_visible = 0;
	if (fs_read(&online, CPU_DIR "/online") == 0)
		walk.rest = online;
	while (cpulist_next(&walk, &cpu)) {
		__free_mem char *governor = NULL;

		if (fs_read(&governor, CPU_DIR "/cpu%u/cpufreq/scaling_governor", cpu) < 0)
			continue;
		++*ret_visible;
		if (!strcmp(governor, "performance"))
			continue;
		slow++;
		snprintf(name, size, "%s", governor);
	}
	return slow;
}

void doctor_governor(const struct doctor_context *ctx, struct doctor_report *report)
{
	char name[32] = "";
	size_t visible, slow = slow_governors(name, sizeof(name), &visible);

	(void)ctx;
	if (slow)
		doctor_add(report, DOCTOR_WARN,
			   doctor_has_tool("cpupower") ? "cpupower frequency-set -g performance"
						       : "echo performance | tee " CPU_DIR
							 "/cpu*/cpufreq/scaling_governor",
			   "frequency governor \"%s\" on %zu of %zu CPUs: the clock rate follows "
			   "the load, so the first reps of an arm are slower than the last",
			   name, slow, visible);
	else if (visible)
		doctor_add(report, DOCTOR_OK, "",
			   "frequency governor \"performance\" on every CPU");
	else
		doctor_add(report, DOCTOR_OK, "", "no frequency governor to be seen");
}

void doctor_turbo(const struct doctor_context *ctx, struct doctor_report *report)
{
	static const char why[] = "turbo is on: the clock rate depends on temperature and on what "
				  "the other CPUs do, so arms measured at different moments differ";
	uint64_t value;

	(void)ctx;
	if (fs_read_u64(&value, CPU_DIR "/intel_pstate/no_turbo") == 0) {
		if (!value)
			doctor_add(report, DOCTOR_WARN,
				   "echo 1 > " CPU_DIR "/intel_pstate/no_turbo", "%s", why);
		else
			doctor_add(report, DOCTOR_OK, "", "turbo is off");
	} else if (fs_read_u64(&value, CPU_DIR "/cpufreq/boost") == 0) {
		if (value)
			doctor_add(report, DOCTOR_WARN, "echo 0 > " CPU_DIR "/cpufreq/boost", "%s",
				   why);
		else
			doctor_add(report, DOCTOR_OK, "", "turbo is off");
	} else {
		doctor_add(report, DOCTOR_OK, "", "no turbo control to be seen");
	}
}

void doctor_smt(const struct doctor_context *ctx, struct doctor_report *report)
{
	uint64_t active;
	bool is_on = !strcmp(ctx->facts.smt, "on");

	/* Control says what is allowed; active, whether any core really has two threads online. */
	if (is_on && fs_read_u64(&active, CPU_DIR "/smt/active") == 0)
		is_on = active;
	if (is_on)
		doctor_add(report, DOCTOR_WARN, "echo off > " CPU_DIR "/smt/control",
			   "SMT is on: whatever runs on a worker's sibling takes half of its core; "
			   "placement avoids siblings for workers, but not for other tasks");
	else
		doctor_add(report, DOCTOR_OK, "", "no SMT siblings (%s)",
			   ctx->facts.smt[0] ? ctx->facts.smt : "not visible");
}

static bool list_has(const char *list, unsigned int cpu)
{
	struct cpulist_walk walk = {.rest = list};
	unsigned int other;

	while (cpulist_next(&walk, &other))
		if (other == cpu)
			return true;
	return false;
}

/* CPUs of "present" that are not in "online". The file "offline" also names CPUs that do not exist.
 */
static size_t offline_cpus(const char *present, const char *online, char *list, size_t size)
{
	struct cpulist_walk walk = {.rest = present};
	unsigned int cpu;
	size_t nr = 0;

	list[0] = '\0';
	while (cpulist_next(&walk, &cpu)) {
		size_t len = strlen(list);

		if (list_has(online, cpu))
			continue;
		/* A list that is cut would name a CPU that is not meant: stop in time. */
		if (size - len > 8)
			snprintf(list + len, size - len, "%s%u", nr ? "," : "", cpu);
		nr++;
	}
	return nr;
}

void doctor_offline(const struct doctor_context *ctx, struct doctor_report *report)
{
	__free_mem char *present = NULL;
	char list[128], fix[160];
	size_t nr = 0;

	if (ctx->facts.online_cpus[0] && fs_read(&present, CPU_DIR "/present") == 0)
		nr = offline_cpus(present, ctx->facts.online_cpus, list, sizeof(list));
	snprintf(fix, sizeof(fix), "chcpu -e %s", nr ? list : "");
	if (!nr)
		doctor_add(report, DOCTOR_OK, "", "every CPU is online");
	else if (!strcmp(ctx->facts.smt, "off") || !strcmp(ctx->facts.smt, "forceoff"))
		doctor_add(report, DOCTOR_OK, "", "%zu CPUs are offline, with SMT switched off",
			   nr);
	else
		doctor_add(report, DOCTOR_NOTE, fix,
			   "%zu CPUs are offline (%s): benches that scale over CPUs see a smaller "
			   "machine",
			   nr, list);
}

void doctor_cpuset(const struct doctor_context *ctx, struct doctor_report *report)
{
	__free_mem char *status = NULL;
	const char *line = NULL;
	char allowed[128], fix[224];
	size_t nr_allowed, nr_online = cpulist_count(ctx->facts.online_cpus);

	if (fs_read(&status, "/proc/self/status") == 0)
		line = strstr(status, "\nCpus_allowed_list:");
	if (!line || !nr_online) {
		doctor_add(report, DOCTOR_NOTE, "",
			   "which CPUs we may use cannot be read from /proc and /sys");
		return;
	}
	line += strcspn(line, ":") + 1;
	line += strspn(line, " \t");
	snprintf(allowed, sizeof(allowed), "%.*s", (int)strcspn(line, "\n"), line);
	nr_allowed = cpulist_count(allowed);
	snprintf(fix, sizeof(fix), "taskset -c %s make bench   # unless a cpuset forbids it",
		 ctx->facts.online_cpus);
	if (nr_allowed < nr_online)
		doctor_add(report, DOCTOR_NOTE, fix,
			   "we may use %zu of %zu online CPUs (%s): workers are placed on those "
			   "only, and scaling ends there",
			   nr_allowed, nr_online, allowed);
	else
		doctor_add(report, DOCTOR_OK, "", "we may use all %zu online CPUs", nr_online);
}
