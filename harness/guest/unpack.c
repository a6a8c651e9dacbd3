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

/* dpkg-deb(1) makes no files with holes: a few bytes would fill the disk with zeros. */
static int sparse(const char *name, const char *path)
{
	return err_set(EBADMSG, "%s: %s is a sparse file", name, path);
}

static int write_data(struct archive *a, struct archive_entry *entry, const char *name, int fd, const char *path, uint64_t *room)
{
	la_int64_t at, end = 0;
	const void *data;
	size_t size;
	int status;

	while ((status = archive_read_data_block(a, &data, &size, &at)) == ARCHIVE_OK) {
		if (at != end)
			return sparse(name, archive_entry_pathname(entry));
		if (size > *room)
			return too_large(name);
		*room -= size;
		end += (la_int64_t)size;
		errno = 0;
		if (write(fd, data, size) != (ssize_t)size)
			return err_sys(errno ? errno : ENOSPC, "write %s", path);
	}
	if (status != ARCHIVE_EOF)
		return archive_error(a, name);
	return end == archive_entry_size(entry) ? 0 : sparse(name, archive_entry_pathname(entry));
}

static int write_entry(struct archive *a, struct archive_entry *entry, const char *name, const char *path, uint64_t *room)
{
	char parent[PATH_MAX];
	__close_fd int fd = -1;
	int ret;

	snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
	ret = folder_make(parent);
	if (ret)
		return ret;
	/* Two packages may have the same file. */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? err_sys(errno, "create %s", path) : write_data(a, entry, name, fd, path, room);
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
		ret = write_entry(a, entry, name, path, room);
		if (ret)
			return ret;
	}
	return status == ARCHIVE_EOF ? 0 : archive_error(a, name);
}

static void free_archive(struct archive **a)
{
	if (*a)
		archive_read_free(*a);
}
#define __free_archive __attribute__((__cleanup__(free_archive)))

/* Its dictionary, whose size follows a byte of properties: up to 4 GiB, of which libarchive 3.6.2 refuses none. From 512 MiB on it is no kernel's. */
static bool is_lzma_of_a_kernel(const unsigned char *head, size_t size)
{
	return size > 4 && head[4] < 0x20;
}

struct archive *unpack_reader(const void *head, size_t size)
{
	/* scripts/Makefile.lib of Linux 6.12 has all of these, and lzo; libarchive has no lzo of its own. */
	static const struct {
		const char *magic;
		size_t size;
		int filter;
	} known[] = {
		{"\x1f\x8b", 2, ARCHIVE_FILTER_GZIP},
		{"BZh", 3, ARCHIVE_FILTER_BZIP2},
		{"\xfd" "7zXZ", 6, ARCHIVE_FILTER_XZ},
		{"\x5d\0\0", 3, ARCHIVE_FILTER_LZMA},
		{"\x28\xb5\x2f\xfd", 4, ARCHIVE_FILTER_ZSTD},
		{"\x04\x22\x4d\x18", 4, ARCHIVE_FILTER_LZ4},
		{"\x02\x21\x4c\x18", 4, ARCHIVE_FILTER_LZ4}, /* the older one, which the kernel's build makes */
	};
	struct archive *a = archive_read_new();
	int status = a ? ARCHIVE_OK : ARCHIVE_FATAL;

	for (size_t i = 0; a && i < ARRAY_SIZE(known); i++)
		if (size >= known[i].size && !memcmp(head, known[i].magic, known[i].size) &&
		    (known[i].filter != ARCHIVE_FILTER_LZMA || is_lzma_of_a_kernel(head, size))) {
			status = archive_read_append_filter(a, known[i].filter);
			break;
		}
	if (status == ARCHIVE_OK)
		return a;
	err_set(ENOMEM, "open an archive: %s", a && archive_error_string(a) ? archive_error_string(a) : strerror(ENOMEM));
	free_archive(&a);
	return NULL;
}

/* What an archive with one entry of no format has. */
static int read_stream(struct archive *a, size_t max_bytes, const char *what, unsigned char **ret_data, size_t *ret_size)
{
	__free_mem unsigned char *data = NULL;
	size_t size = 0, room = 0;
	struct archive_entry *entry;
	la_ssize_t n;

	if (archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return archive_error(a, what);
	do {
		if (size == room) {
			size_t wanted = room ? 2 * room : READ_BYTES;
			unsigned char *more = realloc(data, wanted);

			if (!more)
				return err_sys(ENOMEM, "unpack %s", what);
			data = more;
			room = wanted;
		}
		n = archive_read_data(a, data + size, room - size);
		if (n < 0)
			return archive_error(a, what);
		size += (size_t)n;
		if (size > max_bytes)
			return err_set(EFBIG, "%s unpacks to more than %zu MiB", what, max_bytes >> 20);
	} while (n);
	*ret_data = take_ptr(data);
	*ret_size = size;
	return 0;
}

int unpack_stream(const void *data, size_t size, size_t max_bytes, const char *what, unsigned char **ret_data, size_t *ret_size)
{
	__free_archive struct archive *a = unpack_reader(data, size);

	if (!a)
		return -ENOMEM;
	archive_read_support_format_raw(a);
	if (archive_read_open_memory(a, data, size) != ARCHIVE_OK)
		return archive_error(a, what);
	return read_stream(a, max_bytes, what, ret_data, ret_size);
}

struct nested {
	struct archive *outer;
	la_ssize_t ahead; /* bytes in buf that were read to look at, and have not been handed on */
	char buf[READ_BYTES];
};

static la_ssize_t read_nested(struct archive *a, void *data, const void **ret_buf)
{
	struct nested *nested = data;
	la_ssize_t n = nested->ahead ? nested->ahead : archive_read_data(nested->outer, nested->buf, sizeof(nested->buf));

	nested->ahead = 0;
	if (n < 0)
		archive_set_error(a, EIO, "%s", archive_error_string(nested->outer));
	*ret_buf = nested->buf;
	return n;
}

/* @outer stands at data.tar.* of a .deb. */
static int unpack_data_member(struct archive *outer, const char *name, const char *folder, uint64_t *room)
{
	__free_mem struct nested *nested = malloc(sizeof(*nested));
	__free_archive struct archive *inner = NULL;

	if (!nested)
		return err_sys(ENOMEM, "read %s", name);
	nested->outer = outer;
	nested->ahead = archive_read_data(outer, nested->buf, sizeof(nested->buf));
	if (nested->ahead < 0)
		return archive_error(outer, name);
	inner = unpack_reader(nested->buf, (size_t)nested->ahead);
	if (!inner)
		return -ENOMEM;
	archive_read_support_format_tar(inner);
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
	__unmap_file struct file_map map = {0};
	__free_archive struct archive *a = NULL;
	size_t len = strlen(path);
	bool is_deb = len > 4 && !strcmp(path + len - 4, ".deb");
	int ret = file_map_open(path, &map);

	if (ret)
		return ret;
	/* A package is not packed itself; what is in it is. */
	a = unpack_reader(map.data, is_deb ? 0 : map.size);
	if (!a)
		return -ENOMEM;
	if (is_deb)
		archive_read_support_format_ar(a);
	else
		archive_read_support_format_tar(a);
	if (archive_read_open_memory(a, map.data, map.size) != ARCHIVE_OK)
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
