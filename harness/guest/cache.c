// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/err.h"
#include "guest/files.h"

/* Raised when what an entry holds, or its form, changes. */
#define FORMAT "memcgbench-cache-2"
#define SUMS   "sums"
#define TMP    ".tmp"

static int check_is_ours(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		return err_sys(errno, "stat %s", path);
	if (!S_ISDIR(st.st_mode))
		return err_set(EPERM, "%s is no folder of its own: what is kept there is not used", path);
	if (st.st_uid != geteuid())
		return err_set(EPERM, "%s belongs to another user (%u): set XDG_CACHE_HOME to a folder of your own", path, st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(EPERM, "others may write to %s: what is kept there is not used (chmod go-w)", path);
	return 0;
}

static int find_top(char **ret_path)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	/* The XDG base directory specification: a relative path is to be ignored. */
	if (xdg && xdg[0] == '/')
		*ret_path = text_format("%s/memcgbench", xdg);
	else if (home && home[0] == '/')
		*ret_path = text_format("%s/.cache/memcgbench", home);
	else
		return err_set(ENOENT, "no cache folder: neither XDG_CACHE_HOME nor HOME is set");
	return *ret_path ? 0 : -ENOMEM;
}

int cache_folder(const char *part, char **ret_path)
{
	__free_mem char *path = NULL, *top = NULL;
	size_t len;
	int ret = find_top(&top);

	if (ret)
		return ret;
	len = strlen(top);
	path = text_format("%s/%s", top, part);
	ret = path ? folder_make(path) : -ENOMEM;
	/* Each level from the top of the cache on. */
	for (; !ret && len <= strlen(path); len += 1 + strcspn(path + len + 1, "/")) {
		char after = path[len];

		path[len] = '\0';
		ret = check_is_ours(path);
		path[len] = after;
		if (!after || !path[len + 1])
			break;
	}
	if (ret)
		return ret;
	*ret_path = part[0] ? take_ptr(path) : take_ptr(top);
	return 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* The line of one file; folders have none. */
static int add_sum(FILE *out, const FTSENT *entry, const char *name)
{
	char digest[SHA256_DIGEST_STRING_LENGTH];
	int ret;

	if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
		return 0;
	if (entry->fts_info != FTS_F)
		return err_set(EBADMSG, "%s is not a regular file", entry->fts_path);
	if (!strcmp(name, SUMS))
		return 0;
	ret = file_sha256(entry->fts_path, digest);
	if (!ret)
		fprintf(out, "%s  %s\n", digest, name);
	return ret;
}

/* What "sums" of the entry @folder has to be. */
static int sum_up(const char *folder, const char *key, char **ret_text, size_t *ret_size)
{
	char *roots[] = {(char *)folder, NULL};
	__free_mem char *text = NULL;
	size_t size, skip = strlen(folder);
	FILE *out = open_memstream(&text, &size);
	FTS *walk = out ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name) : NULL;
	FTSENT *entry;
	int ret = walk ? 0 : err_sys(ENOMEM, "look through %s", folder);

	if (!ret)
		fprintf(out, FORMAT " %s\n", key);
	while (!ret && (entry = fts_read(walk)))
		ret = add_sum(out, entry, entry->fts_path[skip] ? entry->fts_path + skip + 1 : "");
	if (walk)
		fts_close(walk);
	if (out && fclose(out) && !ret)
		ret = err_sys(ENOMEM, "look through %s", folder);
	if (ret)
		return ret;
	*ret_text = take_ptr(text);
	*ret_size = size;
	return 0;
}

static bool is_whole(const char *folder, const char *key)
{
	__free_mem char *text = NULL, *path = text_format("%s/" SUMS, folder);
	size_t size;

	return path && !check_is_ours(folder) && !sum_up(folder, key, &text, &size) && file_holds(path, text, size);
}

static int seal(const char *folder, const char *key)
{
	__free_mem char *text = NULL, *path = text_format("%s/" SUMS, folder);
	size_t size;
	int ret = path ? sum_up(folder, key, &text, &size) : -ENOMEM;

	return ret ? ret : file_replace(path, text, size);
}

/* Waits for whoever makes an entry of this part; what then still has a temporary name was left by one that was killed. */
static int lock(const char *part, int *ret_fd)
{
	__free_mem char *path = text_format("%s/lock", part);
	__close_fd int fd = path ? open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600) : -1;
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		return path ? err_sys(errno, "open %s", path) : -ENOMEM;
	while (flock(fd, LOCK_EX))
		if (errno != EINTR)
			return err_sys(errno, "lock %s", path);
	dir = opendir(part);
	while (dir && (entry = readdir(dir))) {
		size_t len = strlen(entry->d_name);
		__free_mem char *left = NULL;

		if (len <= strlen(TMP) || strcmp(entry->d_name + len - strlen(TMP), TMP))
			continue;
		left = text_format("%s/%s", part, entry->d_name);
		if (left)
			folder_remove(left);
	}
	if (dir)
		closedir(dir);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

/* The caller holds the lock. */
static int make_entry(const char *folder, const char *key, int (*make)(void *ctx, const char *folder), void *ctx)
{
	__free_mem char *tmp = text_format("%s" TMP, folder);
	int ret = tmp ? folder_make(tmp) : -ENOMEM;

	if (!ret)
		ret = make(ctx, tmp);
	if (!ret)
		ret = seal(tmp, key);
	/* What is there was not whole. */
	if (!ret)
		folder_remove(folder);
	if (!ret && rename(tmp, folder))
		ret = err_sys(errno, "rename %s to %s", tmp, folder);
	if (ret && tmp)
		folder_remove(tmp);
	return ret;
}

int cache_entry(const char *part, const char *key, int (*make)(void *ctx, const char *folder), void *ctx, char **ret_folder)
{
	__free_mem char *parent = NULL, *folder = NULL;
	__close_fd int fd = -1;
	int ret = cache_folder(part, &parent);

	if (ret)
		return ret;
	folder = text_format("%s/%s", parent, key);
	if (!folder)
		return -ENOMEM;
	if (!is_whole(folder, key)) {
		ret = lock(parent, &fd);
		/* Another process may have been first. */
		if (!ret && !is_whole(folder, key))
			ret = make_entry(folder, key, make, ctx);
	}
	if (ret)
		return ret;
	*ret_folder = take_ptr(folder);
	return 0;
}
