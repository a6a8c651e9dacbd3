// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/counters.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/err.h"

/*
 * Events of one group are on the PMU together or not at all. Cycles and instructions share one, so
 * that their ratio holds; the cache events have their own, so that a PMU with few counters (a
 * watchdog or a hypervisor takes some) still runs the first.
 */
enum group {
	GROUP_CPU,
	GROUP_CACHE,
	GROUP_SOFTWARE,
	NR_GROUPS,
};

struct event {
	const char *name; /* as perf calls it */
	enum group group;
	uint32_t type;
	uint64_t config;
	/*
	 * Raised by the kernel on its own behalf: with exclude_kernel it stays 0 for ever
	 * (perf_exclude_event() in kernel/events/core.c), which would be an untrue number.
	 */
	bool kernel_only;
};

#define DTLB_LOAD_MISSES                                                                           \
	(PERF_COUNT_HW_CACHE_DTLB | PERF_COUNT_HW_CACHE_OP_READ << 8 |                             \
	 PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/* Sorted by group: a group's events are neighbours in a reading. */
static const struct event events[] = {
	{"cycles", GROUP_CPU, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES, false},
	{"instructions", GROUP_CPU, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS, false},
	{"cache-misses", GROUP_CACHE, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES, false},
	{"dTLB-load-misses", GROUP_CACHE, PERF_TYPE_HW_CACHE, DTLB_LOAD_MISSES, false},
	{"page-faults", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS, false},
	{"context-switches", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES,
	 true},
	{"cpu-migrations", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS, true},
};

_Static_assert(ARRAY_SIZE(events) <= COUNTERS_MAX, "COUNTERS_MAX is too small");

struct counters {
	size_t nr;
	const struct event *event[COUNTERS_MAX];
	int fd[COUNTERS_MAX];
	int leader[NR_GROUPS];	   /* fd, or -1 */
	size_t first[NR_GROUPS];   /* index of the group's first event */
	size_t members[NR_GROUPS]; /* how many it has */
	bool user_only;
	char why[256];
};

static int open_event(const struct counters *c, const struct event *event)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = event->type,
		.config = event->config,
		.exclude_kernel = c->user_only,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, c->leader[event->group],
			  PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static void add_event(struct counters *c, const struct event *event, int fd)
{
	enum group group = event->group;

	if (c->leader[group] < 0) {
		c->leader[group] = fd;
		c->first[group] = c->nr;
	}
	c->members[group]++;
	c->event[c->nr] = event;
	c->fd[c->nr++] = fd;
}

static bool is_forbidden(int err)
{
	return err == EACCES || err == EPERM;
}

static const char *reason(int err)
{
	switch (err) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		return "this machine shows no PMU with such an event";
	case ENOSYS:
		return "this kernel has no perf events";
	case EACCES:
	case EPERM:
		return "forbidden (see /proc/sys/kernel/perf_event_paranoid)";
	case EINVAL:
		return "the PMU has no counter left for it";
	case EMFILE:
	case ENFILE:
		return "too many open files";
	default:
		return strerror(err);
	}
}

/* One sentence for all: "no cycles, instructions: this machine …; no …". */
static void note_missing(struct counters *c, const char *name, const char *why)
{
	static const char *const none = "no ";
	size_t len = strlen(c->why), why_len = strlen(why);

	if (len > why_len && !strcmp(c->why + len - why_len, why) &&
	    c->why[len - why_len - 1] == ' ') {
		char *end = c->why + len - why_len - 2; /* the ": " in front of the reason */

		snprintf(end, sizeof(c->why) - (size_t)(end - c->why), ", %s: %s", name, why);
		return;
	}
	snprintf(c->why + len, sizeof(c->why) - len, "%s%s%s: %s", len ? "; " : "", none, name,
		 why);
}

/*
 * Page faults are asked first: whether a software event may count in kernel mode decides what all
 * events do, so that no reading mixes both.
 */
static void probe_kernel_mode(struct counters *c)
{
	static const struct event probe = {"page-faults", GROUP_SOFTWARE, PERF_TYPE_SOFTWARE,
					   PERF_COUNT_SW_PAGE_FAULTS, false};
	int fd = open_event(c, &probe);

	if (fd >= 0)
		close(fd);
	else
		c->user_only = is_forbidden(-fd);
}

int counters_open_self(struct counters **ret_counters)
{
	struct counters *c = calloc(1, sizeof(*c));

	if (!c)
		return err_sys(ENOMEM, "open event counters");
	for (size_t i = 0; i < NR_GROUPS; i++)
		c->leader[i] = -1;
	probe_kernel_mode(c);
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		int fd;

		if (c->user_only && events[i].kernel_only) {
			note_missing(c, events[i].name, reason(EACCES));
			continue;
		}
		fd = open_event(c, &events[i]);
		if (fd < 0)
			note_missing(c, events[i].name, reason(-fd));
		else
			add_event(c, &events[i], fd);
	}
	/* Where not even user mode may be counted there is nothing that would be "user only". */
	c->user_only = c->user_only && c->nr;
	*ret_counters = c;
	return 0;
}

void counters_close(struct counters *counters)
{
	if (!counters)
		return;
	for (size_t i = 0; i < counters->nr; i++)
		close(counters->fd[i]);
	free(counters);
}

size_t counters_nr(const struct counters *counters)
{
	return counters->nr;
}

const char *counters_name(const struct counters *counters, size_t i)
{
	return counters->event[i]->name;
}

bool counters_user_only(const struct counters *counters)
{
	return counters->user_only;
}

const char *counters_why(const struct counters *counters)
{
	return counters->why;
}

void counters_read(const struct counters *counters, struct counters_reading *ret_reading)
{
	/* perf_event_open(2), "Reading results", with the read_format above. */
	struct {
		uint64_t nr, enabled_ns, running_ns, value[COUNTERS_MAX];
	} group;

	memset(ret_reading, 0, sizeof(*ret_reading));
	for (size_t g = 0; g < NR_GROUPS; g++) {
		size_t first = counters->first[g], nr = counters->members[g];
		ssize_t size = (ssize_t)((3 + nr) * sizeof(uint64_t));

		/* A short or failed read leaves zeros: counters_sub() calls that "never ran". */
		if (!nr || read(counters->leader[g], &group, sizeof(group)) != size)
			continue;
		for (size_t i = 0; i < nr; i++) {
			ret_reading->count[first + i] = group.value[i];
			ret_reading->enabled_ns[first + i] = group.enabled_ns;
			ret_reading->running_ns[first + i] = group.running_ns;
		}
	}
}

/* false: there is no number. */
static bool scale(uint64_t count, uint64_t enabled_ns, uint64_t running_ns, uint64_t *ret_count,
		  bool *ret_scaled)
{
	unsigned __int128 full;

	if (!running_ns)
		return false;
	*ret_scaled = running_ns < enabled_ns;
	full = count;
	if (*ret_scaled)
		full = ((unsigned __int128)count * enabled_ns + running_ns / 2) / running_ns;
	if (full > UINT64_MAX)
		return false;
	*ret_count = (uint64_t)full;
	return true;
}

void counters_sub(const struct counters *counters, const struct counters_reading *begin,
		  const struct counters_reading *end, struct counters_delta *ret_delta)
{
	memset(ret_delta, 0, sizeof(*ret_delta));
	for (size_t i = 0; i < counters->nr; i++) {
		/*
		 * A reading that failed is all zeros, which no good one is: an event is enabled
		 * from its opening on.
		 */
		if (!begin->enabled_ns[i] || end->count[i] < begin->count[i] ||
		    end->enabled_ns[i] < begin->enabled_ns[i] ||
		    end->running_ns[i] < begin->running_ns[i])
			continue;
		ret_delta->valid[i] = scale(end->count[i] - begin->count[i],
					    end->enabled_ns[i] - begin->enabled_ns[i],
					    end->running_ns[i] - begin->running_ns[i],
					    &ret_delta->count[i], &ret_delta->scaled[i]);
		if (!ret_delta->valid[i])
			ret_delta->scaled[i] = false;
	}
}
