// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/initramfs.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "guest/files.h"

/* What goes into the archive. A folder has neither source nor data. */
struct item {
	char *path; /* without the leading slash */
	char *source_path;
	char *data;
	bool executable;
};

struct items {
	struct item *item;
	size_t nr;
};

static void items_free(struct items *items)
{
	for (size_t i = 0; i < items->nr; i++) {
		free(items->item[i].path);
		free(items->item[i].source_path);
		free(items->item[i].data);
	}
	free(items->item);
}
#define __free_items __attribute__((__cleanup__(items_free)))

static bool has_item(const struct items *items, const char *path)
{
	for (size_t i = 0; i < items->nr; i++)
		if (!strcmp(items->item[i].path, path))
			return true;
	return false;
}

static int add_item(struct items *items, const char *path, const char *source_path, const char *data, bool executable)
{
	struct item *more, item = {.executable = executable};

	while (*path == '/')
		path++;
	if (has_item(items, path))
		return 0;
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		__free_mem char *folder = strndup(path, (size_t)(slash - path));
		int ret = folder ? add_item(items, folder, NULL, NULL, true) : err_sys(ENOMEM, "pack %s", path);

		if (ret)
			return ret;
	}
	more = realloc(items->item, (items->nr + 1) * sizeof(*more));
	if (!more)
		return err_sys(ENOMEM, "pack %s", path);
	items->item = more;
	item.path = strdup(path);
	item.source_path = source_path ? strdup(source_path) : NULL;
	item.data = data ? strdup(data) : NULL;
	items->item[items->nr++] = item;
	if (!item.path || (source_path && !item.source_path) || (data && !item.data))
		return err_sys(ENOMEM, "pack %s", path);
	return 0;
}

/*
 * All libraries go to the folder where libc lies: it is one that ld.so searches without a cache file, which a
 * library's own folder need not be.
 */
static int add_libs(struct items *items, const char *program)
{
	struct elf_libs libs = {0};
	char folder[PATH_MAX] = "/lib";
	int ret = elf_libs_find(program, &libs);

	if (!ret && libs.interpreter)
		ret = add_item(items, libs.interpreter, libs.interpreter, NULL, true);
	for (size_t i = 0; i < libs.nr; i++)
		if (!strcmp(libs.names[i], "libc.so.6"))
			snprintf(folder, sizeof(folder), "%.*s",
				 (int)(strrchr(libs.paths[i], '/') - libs.paths[i]), libs.paths[i]);
	for (size_t i = 0; !ret && i < libs.nr; i++) {
		char path[PATH_MAX + NAME_MAX];

		snprintf(path, sizeof(path), "%s/%s", folder, libs.names[i]);
		ret = add_item(items, path, libs.paths[i], NULL, true);
	}
	elf_libs_free(&libs);
	return ret;
}

static int add_modules(struct items *items, const struct initramfs_spec *spec)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < spec->nr_modules; i++) {
		const char *slash = strrchr(spec->module_paths[i], '/');
		char path[NAME_MAX + 32];

		/* The number makes the sorted order the order of loading. */
		snprintf(path, sizeof(path), "modules/%03zu-%s", i, slash ? slash + 1 : spec->module_paths[i]);
		ret = add_item(items, path, spec->module_paths[i], NULL, false);
	}
	return ret;
}

static int add_programs(struct items *items, const struct initramfs_spec *spec)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < spec->nr_programs; i++) {
		const char *slash = strrchr(spec->program_paths[i], '/');
		char path[NAME_MAX + 8];

		snprintf(path, sizeof(path), "sbin/%s", slash ? slash + 1 : spec->program_paths[i]);
		ret = add_item(items, path, spec->program_paths[i], NULL, true);
		if (!ret)
			ret = add_libs(items, spec->program_paths[i]);
	}
	return ret;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

static int collect(const struct initramfs_spec *spec, struct items *items)
{
	static const char *const folders[] = {"dev", "proc", "sys", "tmp"};
	int ret = 0;

	for (size_t i = 0; !ret && i < ARRAY_SIZE(folders); i++)
		ret = add_item(items, folders[i], NULL, NULL, true);
	if (!ret)
		ret = add_item(items, "init", spec->runner_path, NULL, true);
	if (!ret)
		ret = add_libs(items, spec->runner_path);
	if (!ret && spec->job)
		ret = add_item(items, "job.json", NULL, spec->job, false);
	if (!ret)
		ret = add_modules(items, spec);
	if (!ret)
		ret = add_programs(items, spec);
	for (size_t i = 0; !ret && i < spec->nr_files; i++)
		ret = add_item(items, spec->files[i].path, spec->files[i].source_path, NULL, false);
	/* A folder sorts before what is in it, being its prefix. */
	if (!ret)
		qsort(items->item, items->nr, sizeof(*items->item), by_path);
	return ret;
}

static int write_item(struct archive *a, struct archive_entry *entry, const struct item *item, size_t number)
{
	__unmap_file struct file_map map = {0};
	bool is_folder = !item->source_path && !item->data;
	const void *data = item->data;
	size_t size = item->data ? strlen(item->data) : 0;

	if (item->source_path) {
		int ret = file_map_open(item->source_path, &map);

		if (ret)
			return ret;
		data = map.data;
		size = map.size;
	}
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, item->path);
	archive_entry_set_filetype(entry, is_folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, item->executable ? 0755 : 0644);
	archive_entry_set_ino64(entry, (la_int64_t)number + 1);
	archive_entry_set_nlink(entry, is_folder ? 2 : 1);
	archive_entry_set_mtime(entry, 0, 0);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (archive_write_header(a, entry) != ARCHIVE_OK ||
	    (size && archive_write_data(a, data, size) != (la_ssize_t)size))
		return err_set(EIO, "pack %s: %s", item->path, archive_error_string(a));
	return 0;
}

static int write_archive(const struct items *items, const char *path)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	int ret = 0;

	if (!a || !entry) {
		ret = err_sys(ENOMEM, "write %s", path);
		goto out_free;
	}
	archive_write_set_format_cpio_newc(a);
	archive_write_add_filter_none(a);
	if (archive_write_open_filename(a, path) != ARCHIVE_OK)
		ret = err_set(archive_errno(a) ? archive_errno(a) : EIO, "write %s: %s", path, archive_error_string(a));
	for (size_t i = 0; !ret && i < items->nr; i++)
		ret = write_item(a, entry, &items->item[i], i);
	if (!ret && archive_write_close(a) != ARCHIVE_OK)
		ret = err_set(archive_errno(a) ? archive_errno(a) : EIO, "write %s: %s", path, archive_error_string(a));
out_free:
	archive_entry_free(entry);
	archive_write_free(a);
	return ret;
}

int initramfs_write(const struct initramfs_spec *spec, const char *out_path)
{
	__free_mem char *tmp = text_format("%s.%d.tmp", out_path, (int)getpid());
	__free_items struct items items = {0};
	int ret = tmp ? collect(spec, &items) : -ENOMEM;

	if (!ret)
		ret = write_archive(&items, tmp);
	if (!ret && rename(tmp, out_path))
		ret = err_sys(errno, "rename %s to %s", tmp, out_path);
	if (ret && tmp)
		unlink(tmp);
	return ret;
}
