// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/owner.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"

#define PREFIX "memcgbench."

/* PROC_PID_INIT_INO, include/linux/proc_ns.h, since Linux 3.8. */
#define INITIAL_PID_NS 0xEFFFFFFCu

int owner_parse_stat(const char *text, struct owner *ret_owner, char *ret_state)
{
	const char *after = strrchr(text, ')');
	unsigned long long start;
	char state;
	int pid;

	/* Fields 4 to 21 lie between the state and the start time: proc(5). */
	if (!after || sscanf(text, "%d (", &pid) != 1 ||
	    sscanf(after + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%llu",
		   &state, &start) != 2)
		return err_set(EINVAL, "not the text of a /proc/PID/stat");
	*ret_owner = (struct owner){.pid = pid, .start = start};
	*ret_state = state;
	return 0;
}

/* The inode of /proc/@process/ns/pid. -ENOENT also from kernels without (before 3.8). */
static int read_pid_ns(const char *process, uint32_t *ret_ns)
{
	char path[PATH_MAX], target[64];
	ssize_t len;

	snprintf(path, sizeof(path), "%s/proc/%s/ns/pid", fs_root(), process);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	return sscanf(target, "pid:[%u]", ret_ns) == 1 ? 0 : -EINVAL;
}

/* How many namespaces /proc numbers @process in, from its own to that of the process, and its pid in the last. 0: unknown. */
static unsigned int read_nspid(const char *process, pid_t *ret_pid)
{
	__free_mem char *text = NULL;
	const char *line;
	unsigned int nr = 0;
	char *end;

	if (fs_read(&text, "/proc/%s/status", process))
		return 0;
	line = strstr(text, "\nNSpid:");
	if (!line)
		return 0;
	for (line += strlen("\nNSpid:"); *line == '\t'; line = end) {
		*ret_pid = (pid_t)strtol(line, &end, 10);
		nr++;
	}
	return nr;
}

/* The namespace whose pids /proc shows: that of its process 1. 0: unknown. */
static uint32_t pid_ns_of_proc(void)
{
	uint32_t ns = 0;
	pid_t pid;

	/* What belongs to a namespace around ours numbers us in both. */
	(void)!read_pid_ns(read_nspid("self", &pid) > 1 ? "1" : "self", &ns);
	return ns;
}

int owner_self(struct owner *ret_owner)
{
	__free_mem char *text = NULL;
	char state;
	int ret = fs_read(&text, "/proc/self/stat");

	if (!ret)
		ret = owner_parse_stat(text, ret_owner, &state);
	if (ret)
		return err_prefix(ret, "/proc/self/stat");
	ret_owner->pid_ns = pid_ns_of_proc();
	return 0;
}

/* Its pid is one of ours. */
static bool neighbour_lives(const struct owner *owner)
{
	__free_mem char *text = NULL;
	struct owner found;
	char state;

	if (fs_read(&text, "/proc/%d/stat", (int)owner->pid))
		/* With hidepid= another user's process has no folder in /proc, yet it is there. */
		return !kill(owner->pid, 0) || errno != ESRCH;
	if (owner_parse_stat(text, &found, &state))
		return true;
	return found.start == owner->start && state != 'Z' && state != 'X';
}

/* Could the process with this folder of /proc be the owner, who has a pid of another namespace? Start times are not compared: a time namespace shifts them. */
static bool may_be(const char *process, const struct owner *owner)
{
	uint32_t ns;
	pid_t pid;
	int ret;

	if (!read_nspid(process, &pid) || pid != owner->pid)
		return false;
	ret = read_pid_ns(process, &ns);
	return ret ? ret != -ENOENT : ns == owner->pid_ns;
}

/* From the initial namespace all processes are seen, if they are not hidden (hidepid=), and hidden they are from others than root. */
static bool stranger_lives(const struct owner *owner)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool lives = false;
	pid_t pid;
	DIR *dir;

	/* NSpid: since Linux 4.1. */
	if (pid_ns_of_proc() != INITIAL_PID_NS || geteuid() || !read_nspid("self", &pid))
		return true;
	snprintf(path, sizeof(path), "%s/proc", fs_root());
	dir = opendir(path);
	if (!dir)
		return true;
	while (!lives && (entry = readdir(dir)))
		lives = isdigit((unsigned char)entry->d_name[0]) && may_be(entry->d_name, owner);
	closedir(dir);
	return lives;
}

bool owner_lives(const struct owner *owner)
{
	return owner->pid_ns == pid_ns_of_proc() ? neighbour_lives(owner) : stranger_lives(owner);
}

void owner_name(const struct owner *owner, char *buf, size_t size)
{
	snprintf(buf, size, PREFIX "%d.%llu.%u", (int)owner->pid, (unsigned long long)owner->start, owner->pid_ns);
}

/* Digits only: strtoul would take blanks and signs, which we never write. */
static const char *parse_digits(const char *text, uint64_t *ret_value)
{
	char *end;

	if (*text < '0' || *text > '9')
		return NULL;
	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	return errno ? NULL : end;
}

bool owner_parse(const char *name, struct owner *ret_owner)
{
	uint64_t pid, start, ns;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return false;
	name = parse_digits(name + strlen(PREFIX), &pid);
	if (!name || *name != '.' || !pid || pid > INT_MAX)
		return false;
	name = parse_digits(name + 1, &start);
	if (!name || *name != '.')
		return false;
	name = parse_digits(name + 1, &ns);
	if (!name || ns > UINT32_MAX || (*name && *name != '.'))
		return false;
	*ret_owner = (struct owner){.pid = (pid_t)pid, .start = start, .pid_ns = (uint32_t)ns};
	return true;
}
