// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/err.h"

int file_map_open(const char *path, struct file_map *ret_map)
{
	__close_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *data;

	if (fd < 0)
		return err_sys(errno, "open %s", path);
	if (fstat(fd, &st))
		return err_sys(errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(EINVAL, "%s is not a regular file", path);
	if (st.st_size == 0) {
		*ret_map = (struct file_map){.data = (const unsigned char *)"", .size = 0};
		return 0;
	}
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return err_sys(errno, "map %s", path);
	*ret_map = (struct file_map){.data = data, .size = (size_t)st.st_size};
	return 0;
}

void file_unmap(struct file_map *map)
{
	if (map->size)
		munmap((void *)map->data, map->size);
	*map = (struct file_map){0};
}

int file_sha256(const char *path, char ret_hex[SHA256_DIGEST_STRING_LENGTH])
{
	__unmap_file struct file_map map = {0};
	int ret = file_map_open(path, &map);

	if (ret)
		return ret;
	SHA256Data(map.data, map.size, ret_hex);
	return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int file_replace(const char *path, const void *data, size_t size)
{
	__free_mem char *tmp = text_format("%s.%d.tmp", path, (int)getpid());
	__close_fd int fd = -1;
	int ret;

	if (!tmp)
		return -ENOMEM;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(errno, "create %s", tmp);
	ret = write_all(fd, data, size);
	if (!ret && rename(tmp, path))
		ret = -errno;
	if (ret) {
		unlink(tmp);
		return err_sys(-ret, "write %s", path);
	}
	return 0;
}

bool file_holds(const char *path, const void *data, size_t size)
{
	__unmap_file struct file_map map = {0};

	return file_map_open(path, &map) == 0 && map.size == size && !memcmp(map.data, data, size);
}

bool file_is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool file_is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int folder_make(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return err_sys(ENAMETOOLONG, "create folder %s", path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return err_sys(errno, "create folder %s", part);
	}
	if (!file_is_folder(path))
		return err_sys(ENOTDIR, "create folder %s", path);
	return 0;
}

void folder_remove(const char *path)
{
	(void)!beneath_remove_path(path);
}

char *text_format(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (ret < 0) {
		err_sys(ENOMEM, "make a string");
		return NULL;
	}
	return text;
}
