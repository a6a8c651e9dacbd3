// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What test_boot.c boots: a stand-in for the runner, process 1 of a guest, that says hello, times page faults, and goes
 * wrong in the way that its job names.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/guest_init.h"

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#define PAGES 256

/* Instructions (= ns under icount) of PAGES page faults. */
static uint64_t fault_pages(void)
{
	size_t size = PAGES * 4096;
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start_ns;

	madvise(p, size, MADV_NOHUGEPAGE);
	start_ns = now_ns();
	for (size_t i = 0; i < PAGES; i++)
		p[i * 4096] = 1;
	start_ns = now_ns() - start_ns;
	munmap(p, size);
	return start_ns;
}

static void hello(struct guest *guest)
{
	uint64_t rep_ns[20];
	unsigned int waited_ms = 0;
	struct utsname uts;
	int idle = guest_wait_idle(100, 20000, &waited_ms);

	uname(&uts);
	for (size_t i = 0; i < ARRAY_SIZE(rep_ns); i++)
		rep_ns[i] = fault_pages();
	dprintf(guest->result_fd,
		"{\"type\": \"boot\", \"release\": \"%s\", \"cpus\": %ld, \"node1\": %s, \"zram\": %s, \"idle\": %d, \"waited_ms\": %u}\n",
		uts.release, sysconf(_SC_NPROCESSORS_ONLN),
		fs_exists("/sys/devices/system/node/node1") ? "true" : "false",
		fs_exists("/sys/class/zram-control") ? "true" : "false", idle, waited_ms);
	for (size_t i = 0; i < ARRAY_SIZE(rep_ns); i++)
		dprintf(guest->result_fd, "{\"type\": \"sample\", \"ns\": %llu}\n", (unsigned long long)rep_ns[i]);
}

static void flood(void)
{
	static char line[4096];

	memset(line, 'x', sizeof(line));
	for (;;)
		if (write(STDOUT_FILENO, line, sizeof(line)) < 0)
			break;
}

/* Wherever a program can print but on the result channel. */
static void forge(void)
{
	static const char sample[] = "{\"type\": \"sample\", \"ns\": 1, \"forged\": true}\n", end[] = "{\"type\": \"end\", \"status\": \"complete\"}\n";

	if (fs_write(sample, "/dev/console") || fs_write(end, "/dev/console") || fs_write(sample, "/dev/kmsg") || fs_write(end, "/dev/kmsg"))
		fprintf(stderr, "guest: %s\n", err_msg());
	printf("%s%s", sample, end);
	fprintf(stderr, "%s%s", sample, end);
	fflush(stdout);
}

int main(void)
{
	struct guest guest;

	if (!guest_is_init()) {
		fprintf(stderr, "stub: only for a guest\n");
		return 2;
	}
	if (guest_start(&guest)) {
		fprintf(stderr, "guest: %s\n", err_msg());
		return 1;
	}
	if (!strcmp(guest.job, "early"))
		guest_power_off(&guest);
	hello(&guest);
	if (!strcmp(guest.job, "panic")) {
		if (fs_write("c", "/proc/sysrq-trigger"))
			return 1;
	} else if (!strcmp(guest.job, "warn")) {
		/* No reader of /dev/kmsg tells the kernel's own words from these. */
		if (fs_write("<4>WARNING: CPU: 0 PID: 1 at mm/made_for_the_test.c:1\n", "/dev/kmsg"))
			fprintf(stderr, "guest: %s\n", err_msg());
	} else if (!strcmp(guest.job, "tainted")) {
		/* The kernel adds what is written: a WARN that no console showed. */
		if (fs_write("512", "/proc/sys/kernel/tainted"))
			return 1;
	} else if (!strcmp(guest.job, "hang")) {
		sigset_t none;

		sigemptyset(&none);
		for (;;)
			sigsuspend(&none);
	} else if (!strcmp(guest.job, "flood")) {
		flood();
	} else if (!strcmp(guest.job, "truncated")) {
		guest_power_off(&guest);
	} else if (!strcmp(guest.job, "forge")) {
		forge();
		guest_power_off(&guest);
	} else if (!strcmp(guest.job, "garbled")) {
		dprintf(guest.result_fd, "{\"type\": \"sam\n");
	}
	dprintf(guest.result_fd, "{\"type\": \"end\", \"status\": \"complete\", \"tainted\": %llu}\n",
		(unsigned long long)guest_tainted());
	guest_power_off(&guest);
}
