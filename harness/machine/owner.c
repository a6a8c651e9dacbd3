// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/owner.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"

#define PREFIX "memcgbench."

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

int owner_self(struct owner *ret_owner)
{
	__free_mem char *text = NULL;
	char state;
	int ret = fs_read(&text, "/proc/self/stat");

	if (!ret)
		ret = owner_parse_stat(text, ret_owner, &state);
	return ret ? err_prefix(ret, "/proc/self/stat") : 0;
}

bool owner_lives(const struct owner *owner)
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

void owner_name(const struct owner *owner, char *buf, size_t size)
{
	snprintf(buf, size, PREFIX "%d.%llu", (int)owner->pid, (unsigned long long)owner->start);
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
	uint64_t pid, start;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return false;
	name = parse_digits(name + strlen(PREFIX), &pid);
	if (!name || *name != '.' || !pid || pid > INT_MAX)
		return false;
	name = parse_digits(name + 1, &start);
	if (!name || (*name && *name != '.'))
		return false;
	*ret_owner = (struct owner){.pid = (pid_t)pid, .start = start};
	return true;
}
