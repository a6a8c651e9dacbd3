// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/merge_profile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "data/store.h"
#include "data/symbols.h"

static int make_folder(const char *path)
{
	return mkdir(path, 0777) && errno != EEXIST ? err_sys(errno, "make %s", path) : 0;
}

static int copy_bytes(FILE *in, const char *from, const char *to)
{
	char buf[65536];
	FILE *out = fopen(to, "we");
	size_t nr;
	int ret = 0;

	if (!out)
		return err_sys(errno, "write %s", to);
	while ((nr = fread(buf, 1, sizeof(buf), in)))
		fwrite(buf, 1, nr, out);
	if (ferror(in))
		ret = err_sys(EIO, "read %s", from);
	else if (ferror(out))
		ret = err_sys(EIO, "write %s", to);
	if (fclose(out) && !ret)
		ret = err_sys(errno, "write %s", to);
	return ret;
}

int merge_profile(const char *part, const char *whole, unsigned int boot)
{
	char from[PATH_MAX], to[PATH_MAX];
	__close_file FILE *in = NULL;
	int ret;

	snprintf(from, sizeof(from), "%s/boots/%u/profile", part, boot);
	in = fopen(from, "re");
	if (!in)
		return errno == ENOENT ? 0 : err_sys(errno, "read %s", from);
	snprintf(to, sizeof(to), "%s/boots", whole);
	ret = make_folder(to);
	snprintf(to, sizeof(to), "%s/boots/%u", whole, boot);
	if (!ret)
		ret = make_folder(to);
	snprintf(to, sizeof(to), "%s/boots/%u/profile", whole, boot);
	return ret ? ret : copy_bytes(in, from, to);
}

/* What there is already, and what the part has. */
static int join(const char *from, const char *to, char **ret_text)
{
	struct symbols a = {0}, b = {0};
	size_t size;
	FILE *out;
	int ret = symbols_load(to, &a);

	if (ret == -ENOENT)
		ret = symbols_load(from, &a);
	if (!ret)
		ret = symbols_load(from, &b);
	out = ret ? NULL : open_memstream(ret_text, &size);
	if (!ret && !out)
		ret = err_sys(ENOMEM, "memory for symbols");
	if (!ret)
		ret = symbols_join(&a, &b, out);
	if (out && fclose(out) && !ret)
		ret = err_sys(ENOMEM, "memory for symbols");
	symbols_free(&a);
	symbols_free(&b);
	return ret;
}

static int join_file(const char *part, const char *whole, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];
	__free_mem char *text = NULL;
	int ret;

	snprintf(from, sizeof(from), "%s/symbols/%s", part, name);
	snprintf(to, sizeof(to), "%s/symbols/%s", whole, name);
	ret = join(from, to, &text);
	snprintf(to, sizeof(to), "%s/symbols", whole);
	if (!ret)
		ret = make_folder(to);
	return ret ? ret : store_file(to, name, text);
}

int merge_symbols(const char *part, const char *whole)
{
	char path[PATH_MAX];
	struct dirent *entry;
	DIR *folder;
	int ret = 0;

	snprintf(path, sizeof(path), "%s/symbols", part);
	folder = opendir(path);
	if (!folder)
		return errno == ENOENT ? 0 : err_sys(errno, "read %s", path);
	while (!ret && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			ret = join_file(part, whole, entry->d_name);
	closedir(folder);
	return ret;
}
