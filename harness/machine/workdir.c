// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/workdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/beneath.h"
#include "base/err.h"
#include "machine/owner.h"

int workdir_check(const char *place)
{
	static const struct {
		unsigned long type;
		const char *name;
	} diskless[] = {
		{TMPFS_MAGIC, "tmpfs"},	  {RAMFS_MAGIC, "ramfs"},     {HUGETLBFS_MAGIC, "hugetlbfs"},
		{PROC_SUPER_MAGIC, "proc"}, {SYSFS_MAGIC, "sysfs"},   {CGROUP_SUPER_MAGIC, "cgroup"},
		{CGROUP2_SUPER_MAGIC, "cgroup2"},
	};
	struct statfs fs;
	struct stat st;
	size_t i;

	if (stat(place, &st) || statfs(place, &fs))
		return err_sys(errno, "look at %s", place);
	if (!S_ISDIR(st.st_mode))
		return err_sys(ENOTDIR, "%s", place);
	for (i = 0; i < ARRAY_SIZE(diskless); i++)
		if ((unsigned long)fs.f_type == diskless[i].type)
			return err_set(EOPNOTSUPP, "%s is on %s, which has no disk behind it", place, diskless[i].name);
	if (access(place, W_OK | X_OK))
		return err_sys(errno, "make a folder in %s", place);
	return 0;
}

char *workdir_type(const char *path, char *buf, size_t size)
{
	static const struct {
		unsigned long type;
		const char *name;
	} types[] = {
		{EXT4_SUPER_MAGIC, "ext4"}, {XFS_SUPER_MAGIC, "xfs"}, {BTRFS_SUPER_MAGIC, "btrfs"},
		{F2FS_SUPER_MAGIC, "f2fs"}, {OVERLAYFS_SUPER_MAGIC, "overlay"},
	};
	struct statfs fs = {0};
	size_t i;

	(void)!statfs(path, &fs);
	snprintf(buf, size, "0x%lx", (unsigned long)fs.f_type);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		if ((unsigned long)fs.f_type == types[i].type)
			snprintf(buf, size, "%s", types[i].name);
	return buf;
}

int workdir_remove(const char *path)
{
	return beneath_remove_path(path);
}

/* Anybody may make a folder of that name in a place like /var/tmp. */
static bool is_ours(int place, const char *name)
{
	struct stat st;

	return !fstatat(place, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

int workdir_sweep(const char *place)
{
	DIR *dir = opendir(place);
	struct dirent *entry;
	struct owner owner;
	int first = 0;

	if (!dir)
		return err_sys(errno, "list %s", place);
	while ((entry = readdir(dir))) {
		int ret;

		if (!owner_parse(entry->d_name, &owner) || owner_lives(&owner) || !is_ours(dirfd(dir), entry->d_name))
			continue;
		ret = beneath_remove(place, entry->d_name);
		first = first ? first : ret;
	}
	closedir(dir);
	return first;
}

int workdir_make(const char *place, char **ret_path)
{
	__free_mem char *path = NULL;
	struct owner self;
	char name[64];
	int ret = workdir_check(place);

	if (!ret)
		ret = workdir_sweep(place);
	if (!ret)
		ret = owner_self(&self);
	if (ret)
		return ret;
	owner_name(&self, name, sizeof(name));
	if (asprintf(&path, "%s/%s", place, name) < 0)
		return err_sys(ENOMEM, "memory for a path");
	if (mkdir(path, 0700))
		return err_sys(errno, "make the folder %s", path);
	*ret_path = take_ptr(path);
	return 0;
}
