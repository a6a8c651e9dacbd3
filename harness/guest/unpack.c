// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "guest/files.h"

#define READ_BYTES 65536

/* Of all packages of a kernel: what is kept, and what is read. linux-image-6.1.0-56-amd64, modules not packed, has 391 MiB (Installed-Size). */
#define UNPACKED_MAX (1ull << 30)
#define PASSED_MAX   (4ull << 30)

/* Below lib/modules/RELEASE/kernel/. Drivers of hardware that no guest has stay in the package. */
static const char *const wanted_modules[] = {
	"arch/", "crypto/", "drivers/block/", "drivers/dax/", "drivers/md/", "drivers/virtio/", "fs/", "lib/", "mm/",
};

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Behind "lib/modules/RELEASE/", or NULL. */
static const char *below_release(const char *path)
{
	const char *rest;

	if (starts_with(path, "usr/"))
		path += 4;
	if (!starts_with(path, "lib/modules/"))
		return NULL;
	rest = strchr(path + 12, '/');
	return rest ? rest + 1 : NULL;
}

/* Where @path of an archive goes, relative to the folder; false: it is not wanted. */
static bool destination(const char *path, char *ret_path, size_t size)
{
	const char *rest;

	while (starts_with(path, "./") || starts_with(path, "/"))
		path += *path == '.' ? 2 : 1;
	if (strstr(path, ".."))
		return false;
	if (starts_with(path, "boot/vmlinuz-"))
		return snprintf(ret_path, size, "vmlinuz") > 0;
	if (starts_with(path, "boot/config-"))
		return snprintf(ret_path, size, "config") > 0;
	rest = below_release(path);
	if (!rest)
		return false;
	if (!strcmp(rest, "vmlinuz") || !strcmp(rest, "config"))
		return snprintf(ret_path, size, "%s", rest) > 0;
	if (!strcmp(rest, "modules.builtin") || starts_with(rest, "extra/") || starts_with(rest, "updates/"))
		return snprintf(ret_path, size, "modules/%s", rest) < (int)size;
	if (!starts_with(rest, "kernel/"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(wanted_modules); i++)
		if (starts_with(rest + 7, wanted_modules[i]))
			return snprintf(ret_path, size, "modules/%s", rest) < (int)size;
	return false;
}

static int archive_error(struct archive *a, const char *name)
{
	return err_set(archive_errno(a) == ENOENT ? ENOENT : EBADMSG, "read %s: %s", name, archive_error_string(a));
}

static int too_large(const char *name)
{
	return err_set(EFBIG, "%s unpacks to more than any kernel has (%llu MiB wanted, %llu in all)", name, UNPACKED_MAX >> 20,
		       PASSED_MAX >> 20);
}

static int write_entry(struct archive *a, const char *name, const char *path, uint64_t *room)
{
	__free_mem char *buf = malloc(READ_BYTES);
	char parent[PATH_MAX];
	__close_fd int fd = -1;
	la_ssize_t n;
	int ret;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
	ret = buf ? folder_make(parent) : err_sys(ENOMEM, "read %s", name);
	if (ret)
		return ret;
	/* Two packages may have the same file. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(errno, "create %s", path);
	while ((n = archive_read_data(a, buf, READ_BYTES)) > 0) {
		if ((uint64_t)n > *room)
			return too_large(name);
		*room -= (uint64_t)n;
		if (write(fd, buf, (size_t)n) != n)
			return err_sys(errno ? errno : ENOSPC, "write %s", path);
	}
	return n ? archive_error(a, name) : 0;
}

static int unpack_tar(struct archive *a, const char *name, const char *folder, uint64_t *room)
{
	struct archive_entry *entry;
	int status;

	while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK || status == ARCHIVE_WARN) {
		const char *entry_path = archive_entry_pathname(entry);
		char part[PATH_MAX / 2], path[PATH_MAX];
		int ret;

		/* What is not wanted is unpacked, to be passed over. */
		if (archive_filter_bytes(a, 0) > (la_int64_t)PASSED_MAX || archive_entry_size(entry) > (la_int64_t)UNPACKED_MAX)
			return too_large(name);
		if (!entry_path || archive_entry_filetype(entry) != AE_IFREG)
			continue;
		if (!destination(entry_path, part, sizeof(part)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, part);
		ret = write_entry(a, name, path, room);
		if (ret)
			return ret;
	}
	return status == ARCHIVE_EOF ? 0 : archive_error(a, name);
}

struct nested {
	struct archive *outer;
	char buf[READ_BYTES];
};

static la_ssize_t read_nested(struct archive *a, void *data, const void **ret_buf)
{
	struct nested *nested = data;
	la_ssize_t n = archive_read_data(nested->outer, nested->buf, sizeof(nested->buf));

	if (n < 0)
		archive_set_error(a, EIO, "%s", archive_error_string(nested->outer));
	*ret_buf = nested->buf;
	return n;
}

static void free_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}
#define __free_archive __attribute__((__cleanup__(free_archive)))

static struct archive *new_reader(void)
{
	struct archive *a = archive_read_new();

	if (!a) {
		err_sys(ENOMEM, "open an archive");
		return NULL;
	}
	archive_read_support_filter_all(a);
	archive_read_support_format_tar(a);
	return a;
}

/* @outer stands at data.tar.* of a .deb. */
static int unpack_data_member(struct archive *outer, const char *name, const char *folder, uint64_t *room)
{
	__free_archive struct archive *inner = new_reader();
	__free_mem struct nested *nested = malloc(sizeof(*nested));

	if (!inner || !nested)
		return -ENOMEM;
	nested->outer = outer;
	if (archive_read_open(inner, nested, NULL, read_nested, NULL) != ARCHIVE_OK)
		return archive_error(inner, name);
	return unpack_tar(inner, name, folder, room);
}

static int unpack_deb(struct archive *a, const char *name, const char *folder, uint64_t *room)
{
	struct archive_entry *entry;
	int status;

	while ((status = archive_read_next_header(a, &entry)) == ARCHIVE_OK)
		if (starts_with(archive_entry_pathname(entry), "data.tar"))
			return unpack_data_member(a, name, folder, room);
	if (status != ARCHIVE_EOF)
		return archive_error(a, name);
	return err_set(EBADMSG, "%s: not a Debian package (no data.tar in it)", name);
}

static int unpack_one(const char *path, const char *folder, uint64_t *room)
{
	__free_archive struct archive *a = new_reader();
	size_t len = strlen(path);
	bool is_deb = len > 4 && !strcmp(path + len - 4, ".deb");

	if (!a)
		return -ENOMEM;
	if (is_deb)
		archive_read_support_format_ar(a);
	if (archive_read_open_filename(a, path, READ_BYTES) != ARCHIVE_OK)
		return archive_error(a, path);
	return is_deb ? unpack_deb(a, path, folder, room) : unpack_tar(a, path, folder, room);
}

int unpack_kernel(const char *const *archives, size_t nr_archives, const char *folder)
{
	uint64_t room = UNPACKED_MAX;
	int ret = 0;

	for (size_t i = 0; !ret && i < nr_archives; i++)
		ret = unpack_one(archives[i], folder, &room);
	return ret;
}
