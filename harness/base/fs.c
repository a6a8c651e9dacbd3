// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

static const char *root = "";

void fs_set_root(const char *new_root)
{
	root = new_root;
}

const char *fs_root(void)
{
	return root;
}

/*
 * buf: root + path, of PATH_MAX bytes; *ret_path: where the path itself begins, which is what sentences
 * name. A path cut short would be another file's.
 */
static __printf(3, 0) int build_path(char *buf, const char **ret_path, const char *fmt, va_list ap)
{
	size_t len = (size_t)snprintf(buf, PATH_MAX, "%s", root);

	*ret_path = buf + (len < PATH_MAX ? len : 0);
	if (len < PATH_MAX)
		len += (size_t)vsnprintf(buf + len, PATH_MAX - len, fmt, ap);
	if (len >= PATH_MAX)
		return err_sys(ENAMETOOLONG, "%.200s…", *ret_path);
	return 0;
}

int fs_read_open(char **ret_text, int fd, const char *path)
{
	size_t size = 4096, len = 0;
	__free_mem char *text = malloc(size);

	if (!text)
		return err_sys(ENOMEM, "read %s", path);
	for (;;) {
		ssize_t n = pread(fd, text + len, size - len - 1, (off_t)len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(errno, "read %s", path);
		if (n == 0)
			break;
		len += (size_t)n;
		if (size - len < 2) {
			char *more = realloc(text, size * 2);

			if (!more)
				return err_sys(ENOMEM, "read %s", path);
			text = more;
			size *= 2;
		}
	}
	if (len && text[len - 1] == '\n')
		len--;
	text[len] = '\0';
	*ret_text = take_ptr(text);
	return 0;
}

static int read_file(const char *real_path, const char *path, char **ret_text)
{
	__close_fd int fd = open(real_path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? err_sys(errno, "open %s", path) : fs_read_open(ret_text, fd, path);
}

int fs_open(int *ret_fd, const char *fmt, ...)
{
	char buf[PATH_MAX];
	const char *path;
	va_list ap;
	int ret, fd;

	va_start(ap, fmt);
	ret = build_path(buf, &path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;
	fd = open(buf, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(errno, "open %s", path);
	*ret_fd = fd;
	return 0;
}

int fs_read(char **ret_text, const char *fmt, ...)
{
	char buf[PATH_MAX];
	const char *path;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = build_path(buf, &path, fmt, ap);
	va_end(ap);
	return ret ? ret : read_file(buf, path, ret_text);
}

int fs_write(const char *value, const char *fmt, ...)
{
	char buf[PATH_MAX];
	const char *path;
	va_list ap;
	__close_fd int fd = -1;
	ssize_t n;
	int ret;

	va_start(ap, fmt);
	ret = build_path(buf, &path, fmt, ap);
	va_end(ap);
	if (ret)
		return ret;
	fd = open(buf, O_WRONLY | O_CLOEXEC | O_TRUNC);
	if (fd < 0)
		return err_sys(errno, "open %s to write \"%s\"", path, value);
	do
		n = write(fd, value, strlen(value));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(errno, "write \"%s\" to %s", value, path);
	if ((size_t)n != strlen(value))
		return err_sys(EIO, "write \"%s\" to %s: only %zd bytes taken", value, path, n);
	return 0;
}

static __printf(3, 0) int read_number(uint64_t *ret_value, bool max_allowed, const char *fmt, va_list ap)
{
	char buf[PATH_MAX];
	const char *path;
	__free_mem char *text = NULL;
	uint64_t value;
	int ret = build_path(buf, &path, fmt, ap);

	if (!ret)
		ret = read_file(buf, path, &text);
	if (ret)
		return ret;
	if (!strcmp(text, "max")) {
		if (!max_allowed)
			return err_set(ERANGE, "%s says \"max\" where a number is needed", path);
		*ret_value = UINT64_MAX;
		return 0;
	}
	ret = parse_u64(text, &value);
	if (ret)
		return err_prefix(ret, "%s", path);
	*ret_value = value;
	return 0;
}

int fs_read_u64(uint64_t *ret_value, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = read_number(ret_value, false, fmt, ap);
	va_end(ap);
	return ret;
}

int fs_read_limit(uint64_t *ret_value, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = read_number(ret_value, true, fmt, ap);
	va_end(ap);
	return ret;
}

static int parse_word(const char *word, size_t len, const char *key, uint64_t *ret_value)
{
	__free_mem char *number = strndup(word, len);
	int ret;

	if (!number)
		return err_sys(ENOMEM, "%s", key);
	ret = parse_u64(number, ret_value);
	return ret ? err_prefix(ret, "%s", key) : 0;
}

int fs_text_key(const char *text, const char *key, uint64_t *ret_value)
{
	size_t key_len = strlen(key);
	const char *line = text;

	while (line) {
		const char *value = line + key_len;
		if (!strncmp(line, key, key_len) && strchr(": \t", *value) && *value) {
			value += strspn(value, ": \t");
			return parse_word(value, strcspn(value, " \t\n"), key, ret_value);
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return err_set(ENOENT, "no line \"%s\"", key);
}

int fs_read_key(uint64_t *ret_value, const char *key, const char *fmt, ...)
{
	char buf[PATH_MAX];
	const char *path;
	__free_mem char *text = NULL;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = build_path(buf, &path, fmt, ap);
	va_end(ap);
	if (!ret)
		ret = read_file(buf, path, &text);
	if (ret)
		return ret;
	ret = fs_text_key(text, key, ret_value);
	return ret ? err_prefix(ret, "%s", path) : 0;
}

bool fs_exists(const char *fmt, ...)
{
	char buf[PATH_MAX];
	const char *path;
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = build_path(buf, &path, fmt, ap);
	va_end(ap);
	return !ret && access(buf, F_OK) == 0;
}
