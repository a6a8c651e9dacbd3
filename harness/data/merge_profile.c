// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/merge_profile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"
#include "data/profile.h"
#include "data/symbols.h"

int merge_profile(const char *part, const char *whole, unsigned int boot)
{
	__free_mem char *data = NULL;
	char name[48];
	size_t size;
	int ret;

	snprintf(name, sizeof(name), "boots/%u/profile", boot);
	ret = beneath_read_all(part, name, PROFILE_MAX, &data, &size);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	snprintf(name, sizeof(name), "boots/%u", boot);
	ret = beneath_mkdir(whole, name);
	snprintf(name, sizeof(name), "boots/%u/profile", boot);
	return ret ? ret : beneath_write(whole, name, data, size, false);
}

/* What there is already, and what the part has. */
static int join(const char *part, const char *whole, const char *name, char **ret_text, size_t *ret_size)
{
	struct symbols a = {0}, b = {0};
	FILE *out;
	int ret = symbols_load(whole, name, &a);

	if (ret == -ENOENT)
		ret = symbols_load(part, name, &a);
	if (!ret)
		ret = symbols_load(part, name, &b);
	out = ret ? NULL : open_memstream(ret_text, ret_size);
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

static int join_file(const char *part, const char *whole, const char *file)
{
	__free_mem char *text = NULL, *name = NULL;
	size_t size;
	int ret;

	if (asprintf(&name, "symbols/%s", file) < 0)
		return err_sys(ENOMEM, "memory for symbols");
	ret = join(part, whole, name, &text, &size);
	if (!ret)
		ret = beneath_mkdir(whole, "symbols");
	return ret ? ret : beneath_write(whole, name, text, size, false);
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
