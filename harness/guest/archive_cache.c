// SPDX-License-Identifier: GPL-2.0-or-later
/* CACHE/apt/kernels: one line with the key and the digest of the rest, then stanzas as apt prints them. */
#include "guest/archive.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "guest/files.h"

/* Raised when the stanzas that are kept, or their form, change. */
#define FORMAT "memcgbench-kernels-1"

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_list(FILE *out, const char *folder, const char *name)
{
	__free_mem char *path = text_format("%s/%s", folder, name);
	struct stat st;

	/* The time of change, too: apt gives a list the date that the mirror says, old as it may be. */
	if (path && stat(path, &st) == 0 && S_ISREG(st.st_mode))
		fprintf(out, "%s %lld %lld.%09ld %lld.%09ld\n", name, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
			st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
}

static int add_lists(FILE *out, const struct apt *apt)
{
	__free_mem char *folder = text_format("%s/lists", apt->folder);
	struct dirent **entries;
	int nr = folder ? scandir(folder, &entries, NULL, compare_names) : -1;

	if (nr < 0)
		return folder ? err_sys(errno, "read the folder %s", folder) : -ENOMEM;
	for (int i = 0; i < nr; i++) {
		add_list(out, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int copy_text(FILE *in, void *out)
{
	char block[4096];
	size_t n;

	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, out);
	return ferror(in) ? err_sys(EIO, "read apt's configuration") : 0;
}

/* Everything that apt's answer follows from: its configuration (with the architecture), the sources, and the lists. */
static int make_key(const struct apt *apt, char ret_key[SHA256_DIGEST_STRING_LENGTH])
{
	__free_mem char *text = NULL, *sources = text_format("%s/sources.list", apt->folder);
	__unmap_file struct file_map map = {0};
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret = out && sources ? apt_configuration(apt, copy_text, out) : err_sys(ENOMEM, "read the archive's index");

	if (!ret)
		ret = file_map_open(sources, &map);
	if (!ret)
		fwrite(map.data, 1, map.size, out);
	if (!ret)
		ret = add_lists(out, apt);
	if (out && fclose(out) && !ret)
		ret = err_sys(ENOMEM, "read the archive's index");
	if (!ret)
		SHA256Data((const uint8_t *)text, size, ret_key);
	return ret;
}

static char *first_line(const char *key, const char *text, size_t size)
{
	char digest[SHA256_DIGEST_STRING_LENGTH];

	SHA256Data((const uint8_t *)text, size, digest);
	return text_format(FORMAT " %s %s\n", key, digest);
}

/* NULL: there is none, it is of other lists, or it is damaged. */
static char *read_kept(const char *path, const char *key)
{
	const size_t len = strlen(FORMAT) + 2 * SHA256_DIGEST_STRING_LENGTH + 1;
	__unmap_file struct file_map map = {0};
	__free_mem char *line = NULL;
	const char *text;

	if (file_map_open(path, &map) || map.size < len)
		return NULL;
	text = (const char *)map.data;
	line = first_line(key, text + len, map.size - len);
	return line && strlen(line) == len && !memcmp(text, line, len) ? strndup(text + len, map.size - len) : NULL;
}

/* A cache that cannot be written to only costs time. */
static void keep(const char *path, const char *key, const char *text)
{
	__free_mem char *line = first_line(key, text, strlen(text));
	__free_mem char *whole = line ? text_format("%s%s", line, text) : NULL;

	if (whole && file_replace(path, whole, strlen(whole)))
		return;
}

static int take_index(FILE *in, void *ret_text)
{
	return deb_index_filter(in, ret_text);
}

/* *ret_text: what was kept, or NULL. -errno: nothing can be kept. */
static int look_up(const struct apt *apt, const char *path, char ret_key[SHA256_DIGEST_STRING_LENGTH], char **ret_text)
{
	int ret = make_key(apt, ret_key);

	if (!ret)
		*ret_text = read_kept(path, ret_key);
	return ret;
}

/* The caller holds the lock: nobody else of us changes the lists. */
static int read_lists(const struct apt *apt, const char *path, char **ret_text)
{
	char key[SHA256_DIGEST_STRING_LENGTH], again[SHA256_DIGEST_STRING_LENGTH];
	__free_mem char *text = NULL;
	bool has_key = look_up(apt, path, key, &text) == 0;

	if (!text) {
		int ret = apt_dump(apt, take_index, &text);

		if (ret)
			return ret;
		/* Only what was read from the lists that the key is of. */
		if (has_key && make_key(apt, again) == 0 && !strcmp(key, again))
			keep(path, key, text);
	}
	*ret_text = take_ptr(text);
	return 0;
}

int apt_index(const struct apt *apt, char **ret_text)
{
	__free_mem char *path = text_format("%s/kernels", apt->folder), *text = NULL;
	char key[SHA256_DIGEST_STRING_LENGTH];
	__close_fd int lock = -1;

	if (!path)
		return -ENOMEM;
	/* Without waiting for whoever reads the lists: lists in the middle of a change have no key that anything was kept under. */
	if (look_up(apt, path, key, &text) == 0 && text) {
		*ret_text = take_ptr(text);
		return 0;
	}
	lock = apt_lock(apt);
	return lock < 0 ? lock : read_lists(apt, path, ret_text);
}
