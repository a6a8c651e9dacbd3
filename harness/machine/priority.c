// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/priority.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fs.h"

#define RAISED     "-10"
#define AUTOGROUP  "/proc/self/autogroup"
#define GROUP_NICE "cpu.weight.nice"

static int own_nice(void)
{
	return getpriority(PRIO_PROCESS, 0);
}

bool priority_raise_in_session(void)
{
	return sched_getscheduler(0) == SCHED_OTHER && !own_nice() && !setpriority(PRIO_PROCESS, 0, atoi(RAISED));
}

bool priority_raise(void)
{
	if (!priority_raise_in_session())
		return false;
	/* Of its own: the weight of a session is that of all its processes. Not there without CONFIG_SCHED_AUTOGROUP. */
	if (setsid() >= 0)
		(void)!fs_write(RAISED, AUTOGROUP);
	return true;
}

int priority_of_cgroup(const char *dir)
{
	char text[16];
	int nice = own_nice();

	if (!nice || !fs_exists("%s/" GROUP_NICE, dir))
		return 0;
	snprintf(text, sizeof(text), "%d", nice);
	return fs_write(text, "%s/" GROUP_NICE, dir);
}

void priority_describe(char *text, size_t size)
{
	__free_mem char *group = NULL;
	const char *at = fs_read(&group, AUTOGROUP) < 0 ? NULL : strstr(group, "nice ");
	int of_group = at ? atoi(at + strlen("nice ")) : 0, nice = own_nice();

	snprintf(text, size, "%s", "");
	if (nice || of_group)
		snprintf(text, size, at ? "nice %d, its session %d" : "nice %d", nice, of_group);
}
