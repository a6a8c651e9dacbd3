// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/paths.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/err.h"

#ifndef MEMCGBENCH_LIBEXECDIR
#define MEMCGBENCH_LIBEXECDIR "/usr/local/libexec/memcgbench"
#endif
#ifndef MEMCGBENCH_DATADIR
#define MEMCGBENCH_DATADIR "/usr/local/share/memcgbench"
#endif
/* The folder of the running binary, or "" when /proc does not say. */
static void own_dir(char *buf, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", buf, size - 1);
	char *slash;

	buf[len > 0 ? len : 0] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
}

/* The first of @nr candidates "folder/name" that is there. */
static int find(const char *what, const char *name, const char *const *folders, size_t nr, char **ret_path)
{
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < nr; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", folders[i], name) >= (int)sizeof(path))
			continue;
		if (access(path, R_OK))
			continue;
		*ret_path = strdup(path);
		return *ret_path ? 0 : err_sys(ENOMEM, "memory for a path");
	}
	return err_set(ENOENT, "%s is neither beside the program (%s) nor in %s", what, folders[0], folders[nr - 1]);
}

int paths_runner(char **ret_path)
{
	char dir[PATH_MAX];
	const char *folders[] = {dir, MEMCGBENCH_LIBEXECDIR};

	own_dir(dir, sizeof(dir));
	return find("memcgbench-runner", "memcgbench-runner", folders, ARRAY_SIZE(folders), ret_path);
}

int paths_probe(char **ret_path)
{
	char dir[PATH_MAX];
	const char *folders[] = {dir, MEMCGBENCH_LIBEXECDIR};

	own_dir(dir, sizeof(dir));
	return find("memcgbench-probe.so", "memcgbench-probe.so", folders, ARRAY_SIZE(folders), ret_path);
}

int paths_plots(char **ret_path)
{
	char dir[PATH_MAX];
	const char *folders[] = {dir, MEMCGBENCH_DATADIR};

	own_dir(dir, sizeof(dir));
	return find("the folder of gnuplot scripts", "plots", folders, ARRAY_SIZE(folders), ret_path);
}
