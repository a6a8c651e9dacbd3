// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "base/fs.h"
#include "machine/clock.h"
#include "machine/doctor_priv.h"

struct process_list {
	struct doctor_process *processes;
	size_t nr, room;
	uint64_t time_ns;
};

/* The name is in parentheses and may hold any character, ')' and blanks included: search from
 * behind. */
bool doctor_parse_stat(const char *stat, struct doctor_process *ret_process)
{
	const char *open = strchr(stat, '('), *close = strrchr(stat, ')');
	uint64_t user, system;
	struct doctor_process p = {0};

	/* proc_pid_stat(5): utime and stime are fields 14 and 15, the state behind the name is
	 * field 3. */
	if (!open || !close || close < open ||
	    sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
		   &user, &system) != 2)
		return false;
	p.pid = atoi(stat);
	p.ticks = user + system;
	snprintf(p.comm, sizeof(p.comm), "%.*s", (int)(close - open - 1), open + 1);
	*ret_process = p;
	return true;
}

static void add_process(struct process_list *list, const struct doctor_process *process)
{
	if (list->nr == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct doctor_process *more = realloc(list->processes, room * sizeof(*more));

		/* A hog that is missed for lack of memory is not worth an error. */
		if (!more)
			return;
		list->processes = more;
		list->room = room;
	}
	list->processes[list->nr++] = *process;
}

static int by_pid(const void *a, const void *b)
{
	const struct doctor_process *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

static void list_processes(struct process_list *list)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	list->time_ns = clock_ns();
	snprintf(path, sizeof(path), "%s/proc", fs_root());
	dir = opendir(path);
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		__free_mem char *stat = NULL;
		struct doctor_process process;

		if (isdigit((unsigned char)entry->d_name[0]) &&
		    fs_read(&stat, "/proc/%s/stat", entry->d_name) == 0 &&
		    doctor_parse_stat(stat, &process))
			add_process(list, &process);
	}
	closedir(dir);
	if (list->nr)
		qsort(list->processes, list->nr, sizeof(*list->processes), by_pid);
}

static void compare_lists(const struct process_list *begin, const struct process_list *end,
			  struct doctor_hog *hog)
{
	double seconds = (double)(end->time_ns - begin->time_ns) / 1e9;
	long per_second = sysconf(_SC_CLK_TCK);
	uint64_t most = 0;

	for (size_t i = 0; begin->nr && i < end->nr; i++) {
		const struct doctor_process *now = &end->processes[i];
		const struct doctor_process *then =
			bsearch(now, begin->processes, begin->nr, sizeof(*now), by_pid);

		if (!then || now->pid == getpid() || now->ticks <= then->ticks + most)
			continue;
		most = now->ticks - then->ticks;
		hog->pid = now->pid;
		snprintf(hog->comm, sizeof(hog->comm), "%s", now->comm);
		hog->cpus = (double)most / (double)per_second / seconds;
	}
}

void doctor_find_hog(unsigned int wait_ms, struct doctor_hog *ret_hog)
{
	struct process_list begin = {0}, end = {0};

	*ret_hog = (struct doctor_hog){0};
	list_processes(&begin);
	if (wait_ms) {
		usleep(wait_ms * 1000);
		list_processes(&end);
	}
	compare_lists(&begin, &end, ret_hog);
	free(begin.processes);
	free(end.processes);
}
