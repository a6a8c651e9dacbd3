// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/lines.h"

#include <errno.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"

#define FIRST_SIZE (64UL << 10)

int lines_open(struct lines *lines, const char *dir, const char *name, const char *path)
{
	int ret;

	*lines = (struct lines){ .path = path, .fd = -1 };
	ret = beneath_open(dir, name, &lines->fd);
	if (ret)
		return ret;
	return fstat(lines->fd, &lines->opened) ? err_sys(errno, "look at %s", path) : 0;
}

/* Make room behind what has not been handed out. */
static int make_room(struct lines *lines)
{
	size_t used = lines->end - lines->start;
	size_t want = lines->size ? lines->size * 2 : FIRST_SIZE;
	char *more;

	if (lines->start) {
		memmove(lines->buffer, lines->buffer + lines->start, used);
		lines->start = 0;
		lines->end = used;
	}
	if (lines->end < lines->size)
		return 0;
	if (lines->size >= LINE_BYTES_MAX)
		return -EMSGSIZE;
	more = realloc(lines->buffer, want);
	if (!more)
		return err_sys(ENOMEM, "read %s", lines->path);
	lines->buffer = more;
	lines->size = want;
	return 0;
}

int lines_next(struct lines *lines, const char **ret_line, size_t *ret_len)
{
	size_t looked_at = 0;
	int ret = lines->buffer ? 0 : make_room(lines);

	if (ret)
		return ret;
	for (;;) {
		const char *line = lines->buffer + lines->start;
		size_t have = lines->end - lines->start;
		const char *newline = have > looked_at ? memchr(line + looked_at, '\n', have - looked_at) : NULL;
		ssize_t got;

		if (newline) {
			*ret_line = line;
			*ret_len = (size_t)(newline + 1 - line);
			lines->start += *ret_len;
			return 1;
		}
		looked_at = have;
		ret = make_room(lines);
		if (ret)
			return ret;
		do {
			got = read(lines->fd, lines->buffer + lines->end, lines->size - lines->end);
		} while (got < 0 && errno == EINTR);
		if (got < 0)
			return err_sys(errno, "read %s", lines->path);
		lines->end += (size_t)got;
		lines->bytes += (size_t)got;
		if (!got)
			break;
	}
	*ret_line = lines->buffer + lines->start;
	*ret_len = lines->end - lines->start;
	lines->start = lines->end;
	return *ret_len > 0;
}

int lines_check_unchanged(const struct lines *lines, bool may_grow)
{
	const struct stat *then = &lines->opened;
	struct stat now;
	bool same;

	if (fstat(lines->fd, &now) < 0)
		return err_sys(errno, "look at %s", lines->path);
	if (may_grow)
		same = (uint64_t)now.st_size >= lines->bytes;
	else
		same = (uint64_t)now.st_size == lines->bytes && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
		       now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
	return same ? 0 : err_set(ESTALE, "%s changed while it was read: try again", lines->path);
}

void lines_close(struct lines *lines)
{
	free(lines->buffer);
	if (lines->fd >= 0)
		close(lines->fd);
}
