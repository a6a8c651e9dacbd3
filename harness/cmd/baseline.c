// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/baseline.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"

int baseline_check(const char *name)
{
	if (!*name || *name == '.' || strchr(name, '/') || strlen(name) > NAME_MAX - 8)
		return err_set(EINVAL, "\"%s\" is no name for a baseline: no path, and no point in front", name);
	return 0;
}

int baseline_path(const char *results_dir, const char *name, char **ret_path)
{
	int ret = baseline_check(name);

	if (!ret && asprintf(ret_path, "%s/baselines/%s", results_dir, name) < 0)
		ret = err_sys(ENOMEM, "memory for a name");
	return ret;
}

static int make_folder(const char *results_dir)
{
	__free_mem char *path = NULL;

	if (asprintf(&path, "%s/baselines", results_dir) < 0)
		return err_sys(ENOMEM, "memory for a name");
	if (mkdir(path, 0777) && errno != EEXIST)
		return err_sys(errno, "make %s", path);
	return 0;
}

int baseline_save(const char *results_dir, const char *name, const char *dir)
{
	const char *slash = strrchr(dir, '/');
	__free_mem char *path = NULL, *fresh = NULL, *target = NULL;
	int ret = baseline_path(results_dir, name, &path);

	if (!ret)
		ret = make_folder(results_dir);
	if (ret)
		return ret;
	/* Relative, so that the folder of all results can be moved; a reader sees the old link or the new one. */
	if (asprintf(&fresh, "%s.new", path) < 0 || asprintf(&target, "../%s", slash ? slash + 1 : dir) < 0)
		return err_sys(ENOMEM, "memory for a name");
	if (unlink(fresh) && errno != ENOENT)
		return err_sys(errno, "remove %s", fresh);
	if (symlink(target, fresh))
		return err_sys(errno, "link %s", fresh);
	if (rename(fresh, path)) {
		ret = err_sys(errno, "link %s", path);
		unlink(fresh);
	}
	return ret;
}
