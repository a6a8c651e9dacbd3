// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "machine/doctor_priv.h"

#define DATA "tests/data/machine/"

struct examined {
	struct doctor_finding *findings;
	size_t nr;
};

static char *old_path;

static int keep_path(void **state)
{
	(void)state;
	old_path = strdup(getenv("PATH"));
	return 0;
}

static int restore(void **state)
{
	(void)state;
	fs_set_root("");
	setenv("PATH", old_path, 1);
	free(old_path);
	return 0;
}

static struct examined examine(const char *root)
{
	struct examined e;

	fs_set_root(root);
	setenv("PATH", "/usr/sbin:/usr/bin", 1);
	assert_int_equal(doctor_run(&e.findings, &e.nr), 0);
	return e;
}

/* The @nth finding of a check, from 0; NULL behind the last. */
static const struct doctor_finding *nth(const struct examined *e, const char *check, size_t n)
{
	for (size_t i = 0; i < e->nr; i++)
		if (!strcmp(e->findings[i].check, check) && n-- == 0)
			return &e->findings[i];
	return NULL;
}

/* Some finding of @check has that level, and @text in its sentence and @fix in its command. */
static void assert_found(const struct examined *e, const char *check, enum doctor_level level,
			 const char *text, const char *fix)
{
	const struct doctor_finding *f;

	for (size_t n = 0; (f = nth(e, check, n)); n++)
		if (f->level == level && strstr(f->text, text) && strstr(f->fix, fix) &&
		    (fix[0] || !f->fix[0]))
			return;
	for (size_t n = 0; (f = nth(e, check, n)); n++)
		print_error("%s has: %d \"%s\" (%s)\n", check, f->level, f->text, f->fix);
	fail_msg("no finding of %s, level %d: \"%s\" (%s)", check, level, text, fix);
}

/* Each check once at least, in the order of the table, every sentence whole. */
static void assert_well_formed(const struct examined *e)
{
	size_t check = 0;

	for (size_t i = 0; i < e->nr; i++) {
		const struct doctor_finding *f = &e->findings[i];

		if (strcmp(f->check, doctor_check_name(check)))
			check++;
		assert_non_null(doctor_check_name(check));
		assert_string_equal(f->check, doctor_check_name(check));
		assert_true(f->text[0]);
		/* One that fills its buffer was cut. */
		if (strlen(f->text) >= sizeof(f->text) - 1)
			fail_msg("cut: %s", f->text);
		if (f->level == DOCTOR_OK)
			assert_string_equal(f->fix, "");
	}
	assert_null(doctor_check_name(check + 1));
}

static void bad_metal(void **state)
{
	struct examined e = examine(DATA "metal-v2");

	(void)state;
	assert_well_formed(&e);
	assert_found(&e, "virtual", DOCTOR_OK, "no hypervisor", "");
	assert_found(&e, "governor", DOCTOR_WARN, "\"powersave\" on 4 of 4", "echo performance");
	assert_found(&e, "turbo", DOCTOR_WARN, "turbo is on",
		     "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo");
	assert_found(&e, "smt", DOCTOR_WARN, "SMT is on", "echo off >");
	assert_found(&e, "offline", DOCTOR_OK, "every CPU", "");
	assert_found(&e, "cpuset", DOCTOR_OK, "all 4", "");
	assert_found(&e, "thp", DOCTOR_WARN, "huge pages of 64 KiB", "inherit");
	assert_found(&e, "thp", DOCTOR_WARN, "for every mapping", "echo madvise >");
	assert_found(&e, "swap", DOCTOR_NOTE, "partly used", "swapoff -a");
	assert_found(&e, "ksm", DOCTOR_WARN, "samepage", "echo 0 > /sys/kernel/mm/ksm/run");
	assert_found(&e, "numa-balancing", DOCTOR_WARN, "NUMA balancing is on",
		     "sysctl kernel.numa_balancing=0");
	assert_found(&e, "memory", DOCTOR_OK, "available", "");
	assert_found(&e, "mitigations", DOCTOR_NOTE, "page table isolation is on", "");
	assert_found(&e, "pmu", DOCTOR_OK, "hardware counters", "");
	assert_found(&e, "kvm", DOCTOR_NOTE, "exists", "");
	assert_found(&e, "tools", DOCTOR_WARN, "gnuplot", "apt-get install gnuplot");
	assert_found(&e, "tools", DOCTOR_NOTE, "qemu-system-x86_64",
		     "apt-get install qemu-system-x86");
	assert_null(nth(&e, "tools", 2));
	assert_found(&e, "load", DOCTOR_NOTE, "1.52", "top");
	free(e.findings);
}

static void kernel_debugging(void **state)
{
	struct examined e = examine(DATA "metal-v2");

	(void)state;
	assert_found(&e, "kernel-debug", DOCTOR_WARN, "CONFIG_PROVE_LOCKING",
		     "without CONFIG_PROVE_LOCKING");
	assert_found(&e, "kernel-debug", DOCTOR_WARN, "CONFIG_DEBUG_VM", "without CONFIG_DEBUG_VM");
	assert_found(&e, "kernel-debug", DOCTOR_WARN, "page_owner", "boot with page_owner=off");
	assert_found(&e, "kernel-debug", DOCTOR_NOTE, "init_on_alloc", "boot with init_on_alloc=0");
	/*
	 * Not: LOCKDEP beside PROVE_LOCKING, kmemleak that is off by default, init_on_free that the
	 * command line switches off.
	 */
	assert_null(nth(&e, "kernel-debug", 4));
	free(e.findings);
}

static void quiet_vm(void **state)
{
	struct examined e = examine(DATA "vm-hybrid");

	(void)state;
	assert_well_formed(&e);
	assert_found(&e, "virtual", DOCTOR_NOTE, "(KVM)", "");
	assert_found(&e, "steal", DOCTOR_NOTE, "since boot", "");
	assert_found(&e, "load", DOCTOR_OK, "nothing else", "");
	assert_found(&e, "governor", DOCTOR_OK, "no frequency governor", "");
	assert_found(&e, "turbo", DOCTOR_OK, "no turbo control", "");
	assert_found(&e, "smt", DOCTOR_OK, "notsupported", "");
	assert_found(&e, "thp", DOCTOR_OK, "madvise", "");
	assert_found(&e, "swap", DOCTOR_NOTE, "no swap", "swapon");
	assert_found(&e, "memory", DOCTOR_WARN, "only 500M", "ps aux");
	assert_found(&e, "mitigations", DOCTOR_NOTE, "are off", "mitigations=off");
	assert_found(&e, "pmu", DOCTOR_NOTE, "in this virtual machine", "");
	assert_found(&e, "tools", DOCTOR_OK, "are there", "");
	assert_found(&e, "kvm", DOCTOR_NOTE, "no /dev/kvm", "modprobe");
	assert_found(&e, "kernel-debug", DOCTOR_OK, "/proc/config.gz", "");
	free(e.findings);
}

static void offline_cpus(void **state)
{
	struct examined e = examine(DATA "offline");

	(void)state;
	assert_well_formed(&e);
	/* 4 to 63 of "possible" do not exist: they are not offline. */
	assert_found(&e, "offline", DOCTOR_NOTE, "4 CPUs are offline (3,5,6,7)",
		     "chcpu -e 3,5,6,7");
	/* CPU 3 has a governor that does not matter while it is offline. */
	assert_found(&e, "governor", DOCTOR_WARN, "\"schedutil\" on 1 of 4",
		     "cpupower frequency-set");
	assert_found(&e, "turbo", DOCTOR_WARN, "turbo is on",
		     "echo 0 > /sys/devices/system/cpu/cpufreq/boost");
	/* Allowed by control, but no two siblings are online. */
	assert_found(&e, "smt", DOCTOR_OK, "no SMT", "");
	assert_found(&e, "cpuset", DOCTOR_NOTE, "2 of 4 online CPUs (0,2)", "taskset");
	assert_found(&e, "thp", DOCTOR_NOTE, "off", "echo madvise");
	assert_found(&e, "swap", DOCTOR_OK, "unused", "");
	assert_found(&e, "pmu", DOCTOR_OK, "hardware counters", "");
	assert_found(&e, "perf", DOCTOR_OK, "-1", "");
	assert_found(&e, "tools", DOCTOR_NOTE, "perf is not in PATH", "linux-tools");
	assert_found(&e, "load", DOCTOR_NOTE, "12.07", "top");
	/* No configuration: the command line alone is believed; the last debug_pagealloc wins. */
	assert_found(&e, "kernel-debug", DOCTOR_WARN, "kmemleak", "kmemleak=off");
	assert_found(&e, "kernel-debug", DOCTOR_NOTE, "cannot be told", "");
	assert_null(nth(&e, "kernel-debug", 2));
	free(e.findings);
}

static void missing_files(void **state)
{
	struct examined e = examine(DATA "empty");

	(void)state;
	assert_well_formed(&e);
	for (size_t i = 0; i < e.nr; i++)
		if (strcmp(e.findings[i].check, "memcg") &&
		    strcmp(e.findings[i].check, "root-memcg") &&
		    strcmp(e.findings[i].check, "disk"))
			assert_true(e.findings[i].level <= DOCTOR_NOTE ||
				    !strcmp(e.findings[i].check, "tools"));
	assert_found(&e, "steal", DOCTOR_NOTE, "/proc/stat", "");
	assert_found(&e, "memory", DOCTOR_NOTE, "/proc/meminfo", "");
	free(e.findings);
}

/* One check on a made-up machine. */
static struct examined ask(doctor_check_fn *check, const struct doctor_context *ctx)
{
	struct doctor_report report = {.check = "asked"};

	check(ctx, &report);
	assert_false(report.out_of_memory);
	return (struct examined){report.findings, report.nr};
}

static void assert_answer(doctor_check_fn *check, const struct doctor_context *ctx,
			  enum doctor_level level, const char *text, const char *fix)
{
	struct examined e = ask(check, ctx);

	assert_found(&e, "asked", level, text, fix);
	free(e.findings);
}

static void memcg_states(void **state)
{
	struct doctor_context ctx = {.cgroup = {.version = CG_NONE, .why = "cgroup.c says why"}};

	(void)state;
	/* The tree's memory controller is off by the command line; then as on a kernel that wants
	 * it asked for. */
	fs_set_root(DATA "offline");
	facts_read(&ctx.facts);
	assert_answer(doctor_memcg, &ctx, DOCTOR_BAD, "cgroup.c says why",
		      "remove cgroup_disable=memory");
	ctx.facts.cmdline[0] = '\0';
	assert_answer(doctor_memcg, &ctx, DOCTOR_BAD, "cgroup.c says why", "cgroup_enable=memory");
	assert_answer(doctor_root_memcg, &ctx, DOCTOR_NOTE, "every task is in the root", "");
	/* Enabled, not mounted. */
	fs_set_root(DATA "metal-v2");
	assert_answer(doctor_memcg, &ctx, DOCTOR_BAD, "cgroup.c says why", "mount -t cgroup2");

	ctx.cgroup.version = CG_V2;
	assert_answer(doctor_memcg, &ctx, DOCTOR_BAD, "cgroup.c says why",
		      "systemd-run --user --scope -p Delegate=yes");
	assert_answer(doctor_root_memcg, &ctx, DOCTOR_WARN, "may not enter", "sudo");
	ctx.cgroup = (struct cg_info){
		.version = CG_V2, .mount = "/sys/fs/cgroup", .can_enter_root = true};
	assert_answer(doctor_memcg, &ctx, DOCTOR_OK, "v2 at /sys/fs/cgroup", "");
	assert_answer(doctor_root_memcg, &ctx, DOCTOR_OK, "may enter", "");
	ctx.cgroup.version = CG_V1;
	assert_answer(doctor_memcg, &ctx, DOCTOR_NOTE, "v1", "cgroup_no_v1=all");
	strcpy(ctx.facts.cmdline, "quiet cgroup.memory=nokmem");
	assert_answer(doctor_memcg, &ctx, DOCTOR_NOTE, "nokmem", "remove cgroup.memory=");
}

static void steal_and_load(void **state)
{
	struct doctor_context ctx = {.has_noise = true};

	(void)state;
	ctx.before = (struct noise){.user_ns = 1000, .idle_ns = 9000, .steal_ns = 10};
	/* Of 400 ns, 40 were stolen and 60 busy. */
	ctx.after = (struct noise){.user_ns = 1060, .idle_ns = 9300, .steal_ns = 50};
	assert_answer(doctor_steal, &ctx, DOCTOR_WARN, "10 %", "");
	assert_answer(doctor_load, &ctx, DOCTOR_WARN, "15 % busy", "top");
	/* idle may run backwards by a tick: no fraction of that is believed. */
	ctx.after = (struct noise){.user_ns = 1010, .idle_ns = 8900, .steal_ns = 20};
	assert_answer(doctor_steal, &ctx, DOCTOR_OK, "no CPU time is stolen", "");
	assert_answer(doctor_load, &ctx, DOCTOR_OK, "nothing else", "");
	ctx.after = (struct noise){.user_ns = 1010, .idle_ns = 8990, .steal_ns = 10};
	assert_answer(doctor_load, &ctx, DOCTOR_OK, "nothing else", "");
	ctx.hog = (struct doctor_hog){.pid = 42, .comm = "cc1", .cpus = 0.19};
	assert_answer(doctor_load, &ctx, DOCTOR_OK, "nothing else", "");
	ctx.hog.cpus = 0.98;
	assert_answer(doctor_load, &ctx, DOCTOR_WARN, "process 42 (cc1) uses 98 %",
		      "kill -STOP 42");
	ctx.before.swap_in_pages = 5;
	ctx.after.swap_in_pages = 8;
	ctx.facts.swap_bytes = 1 << 20;
	assert_answer(doctor_swap, &ctx, DOCTOR_WARN, "3 pages", "swapoff");
}

static void perf_limits(void **state)
{
	struct doctor_context ctx = {.privileged = true};

	(void)state;
	fs_set_root(DATA "metal-v2");
	assert_answer(doctor_perf, &ctx, DOCTOR_OK, "is 3, we are root", "");
	ctx.privileged = false;
	assert_answer(doctor_perf, &ctx, DOCTOR_WARN, "is 3",
		      "sysctl kernel.perf_event_paranoid=1");
	fs_set_root(DATA "empty");
	assert_answer(doctor_perf, &ctx, DOCTOR_NOTE, "no perf events", "CONFIG_PERF_EVENTS");
}

static void names_that_break_careless_parsers(void **state)
{
	__free_mem char *stat = NULL;
	struct doctor_process p;

	(void)state;
	fs_set_root(DATA "offline");
	assert_int_equal(fs_read(&stat, "/proc/77/stat"), 0);
	assert_true(doctor_parse_stat(stat, &p));
	assert_int_equal(p.pid, 77);
	assert_string_equal(p.comm, "a) b (c");
	assert_int_equal(p.ticks, 100 + 20);
	assert_false(doctor_parse_stat("", &p));
	assert_false(doctor_parse_stat("1 )(", &p));
	assert_false(doctor_parse_stat("1 (cut) S 1 2 3", &p));
}

/* A real busy process. */
static void finds_the_hog(void **state)
{
	static const char name[] = "a) 1 (b";
	struct doctor_hog hog;
	int status;
	pid_t pid;

	(void)state;
	fs_set_root("");
	pid = fork();
	if (pid == 0) {
		FILE *comm = fopen("/proc/self/comm", "w");

		if (comm) {
			fputs(name, comm);
			fclose(comm);
		}
		alarm(5);
		for (;;)
			getppid();
	}
	doctor_find_hog(300, &hog);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* Others may be busier on a shared machine; then it is somebody, with a name and a share.
	 */
	assert_true(hog.pid > 0 && hog.pid != getpid());
	assert_true(hog.comm[0] && hog.cpus > 0);
	if (hog.pid == pid)
		assert_string_equal(hog.comm, name);
}

static void this_machine(void **state)
{
	struct examined e = examine("");

	(void)state;
	assert_well_formed(&e);
	for (size_t i = 0; i < e.nr; i++)
		print_message("%d %-14s %s%s%s\n", e.findings[i].level, e.findings[i].check,
			      e.findings[i].text, e.findings[i].fix[0] ? "\n    fix: " : "",
			      e.findings[i].fix);
	free(e.findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(bad_metal, keep_path, restore),
		cmocka_unit_test_setup_teardown(kernel_debugging, keep_path, restore),
		cmocka_unit_test_setup_teardown(quiet_vm, keep_path, restore),
		cmocka_unit_test_setup_teardown(offline_cpus, keep_path, restore),
		cmocka_unit_test_setup_teardown(missing_files, keep_path, restore),
		cmocka_unit_test_setup_teardown(memcg_states, keep_path, restore),
		cmocka_unit_test_setup_teardown(steal_and_load, keep_path, restore),
		cmocka_unit_test_setup_teardown(perf_limits, keep_path, restore),
		cmocka_unit_test_setup_teardown(names_that_break_careless_parsers, keep_path,
						restore),
		cmocka_unit_test_setup_teardown(finds_the_hog, keep_path, restore),
		cmocka_unit_test_setup_teardown(this_machine, keep_path, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
