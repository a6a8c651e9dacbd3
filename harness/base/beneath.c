// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"

static int refuse(const char *folder, const char *name, int err, const char *verb)
{
	/* ELOOP: of the file; ENOTDIR: of a folder on the way (openat(2), O_NOFOLLOW with O_DIRECTORY). */
	if (err == ELOOP)
		return err_set(EBADMSG, "%s/%s is a link: only files of this folder are used", folder, name);
	return err_sys(err, "%s %s/%s", verb, folder, name);
}

/* Descend to the folder of @name; *ret_last: the part that is left. */
static int open_parent(const char *folder, const char *name, bool make, int *ret_fd, const char **ret_last)
{
	__close_fd int at = open(*folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *slash, *whole = name;

	if (at < 0)
		return refuse(folder, whole, errno, "open");
	for (; (slash = strchr(name, '/')); name = slash + 1) {
		char part[NAME_MAX + 1];
		int next;

		if (slash - name > NAME_MAX)
			return refuse(folder, whole, ENAMETOOLONG, "open");
		memcpy(part, name, (size_t)(slash - name));
		part[slash - name] = '\0';
		if (!part[0])
			continue;
		if (!strcmp(part, ".."))
			return refuse(folder, whole, EINVAL, "open");
		if (make && mkdirat(at, part, 0777) && errno != EEXIST)
			return refuse(folder, whole, errno, "make a folder for");
		next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0)
			return refuse(folder, whole, errno, "open");
		close(at);
		at = next;
	}
	if (!*name || !strcmp(name, ".."))
		return refuse(folder, whole, EINVAL, "open");
	*ret_fd = at;
	at = -1;
	*ret_last = name;
	return 0;
}

int beneath_open(const char *folder, const char *name, int *ret_fd)
{
	__close_fd int parent = -1, fd = -1;
	const char *last;
	struct stat st;
	int ret = open_parent(folder, name, false, &parent, &last);

	if (ret)
		return ret;
	/* Without O_NONBLOCK a FIFO would wait here for a writer. It changes nothing for a file. */
	fd = openat(parent, last, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return refuse(folder, name, errno, "open");
	if (fstat(fd, &st))
		return refuse(folder, name, errno, "look at");
	if (S_ISDIR(st.st_mode))
		return refuse(folder, name, EISDIR, "read");
	if (!S_ISREG(st.st_mode))
		return err_set(EBADMSG, "%s/%s is not a file", folder, name);
	*ret_fd = fd;
	fd = -1;
	return 0;
}

FILE *beneath_read(const char *folder, const char *name, int *ret)
{
	FILE *in;
	int fd;

	*ret = beneath_open(folder, name, &fd);
	if (*ret)
		return NULL;
	in = fdopen(fd, "r");
	if (!in) {
		*ret = err_sys(errno, "open %s/%s", folder, name);
		close(fd);
	}
	return in;
}

int beneath_read_all(const char *folder, const char *name, size_t max_bytes, char **ret_text, size_t *ret_size)
{
	__free_mem char *text = NULL;
	__close_fd int fd = -1;
	size_t used = 0, room = 0;
	ssize_t n = 1;
	int ret = beneath_open(folder, name, &fd);

	while (!ret && n) {
		if (room - used < 2) {
			char *more = realloc(text, room ? 2 * room : 65536);

			if (!more)
				return err_sys(ENOMEM, "read %s/%s", folder, name);
			text = more;
			room = room ? 2 * room : 65536;
		}
		n = read(fd, text + used, room - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(errno, "read %s/%s", folder, name);
		used += (size_t)n;
		if (used > max_bytes)
			return err_set(EFBIG, "%s/%s has more than %zu bytes", folder, name, max_bytes);
	}
	if (ret)
		return ret;
	text[used] = '\0';
	*ret_text = take_ptr(text);
	if (ret_size)
		*ret_size = used;
	return 0;
}

bool beneath_has(const char *folder, const char *name)
{
	__close_fd int fd = -1;

	return beneath_open(folder, name, &fd) == 0;
}

int beneath_mkdir(const char *folder, const char *name)
{
	__free_mem char *path = NULL;
	__close_fd int fd = -1;
	const char *last;

	/* As if a file were to come into it. */
	if (asprintf(&path, "%s/.", name) < 0)
		return err_sys(ENOMEM, "make the folder %s/%s", folder, name);
	return open_parent(folder, path, true, &fd, &last);
}

static int remove_at(int at, const char *name, dev_t device);

/* What is in the folder @name; closes nothing but its own. */
static int empty(int at, const char *name, dev_t device)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), first = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		first = -errno;
		if (fd >= 0)
			close(fd);
		return first;
	}
	if (fstat(fd, &st) || st.st_dev != device) {
		closedir(dir);
		return -EXDEV;
	}
	while ((entry = readdir(dir))) {
		int ret = 0;

		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = remove_at(fd, entry->d_name, device);
		first = first ? first : ret;
	}
	closedir(dir);
	return first;
}

static int remove_at(int at, const char *name, dev_t device)
{
	int ret = 0;

	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return 0;
	/* EISDIR; POSIX has EPERM for it. */
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	ret = empty(at, name, device);
	if (unlinkat(at, name, AT_REMOVEDIR) && errno != ENOENT && !ret)
		ret = -errno;
	return ret;
}

int beneath_remove(const char *folder, const char *name)
{
	__close_fd int parent = -1;
	const char *last;
	struct stat st;
	int ret = open_parent(folder, name, false, &parent, &last);

	if (ret)
		return ret == -ENOENT ? 0 : ret;
	if (fstat(parent, &st))
		return refuse(folder, name, errno, "look at");
	ret = remove_at(parent, last, st.st_dev);
	return ret ? refuse(folder, name, -ret, "remove") : 0;
}

int beneath_remove_path(const char *path)
{
	const char *slash = strrchr(path, '/');
	__free_mem char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	return folder ? beneath_remove(folder, slash ? slash + 1 : path) : err_sys(ENOMEM, "remove %s", path);
}

static void forget(struct beneath_file *file)
{
	if (file->folder_fd >= 0)
		close(file->folder_fd);
	free(file->name);
	free(file->tmp);
	free(file->path);
	*file = (struct beneath_file){.folder_fd = -1};
}

/*
 * Without a name, so that a killed writer leaves nothing; where the file system has no such files, under the temporary one. What lies there
 * was left by a writer that had our pid, or put there: it is unlinked, never opened.
 */
static int create(struct beneath_file *file)
{
	int fd = openat(file->folder_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666), tries;

	file->has_name = fd < 0;
	for (tries = 0; fd < 0 && tries < 3; tries++) {
		fd = openat(file->folder_fd, file->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd < 0 && (errno != EEXIST || unlinkat(file->folder_fd, file->tmp, 0)))
			break;
	}
	return fd;
}

static int give_name(struct beneath_file *file)
{
	char open_file[32];
	int tries;

	snprintf(open_file, sizeof(open_file), "/proc/self/fd/%d", fileno(file->out));
	for (tries = 0; !file->has_name && tries < 3; tries++) {
		file->has_name = !linkat(AT_FDCWD, open_file, file->folder_fd, file->tmp, AT_SYMLINK_FOLLOW);
		if (!file->has_name && (errno != EEXIST || unlinkat(file->folder_fd, file->tmp, 0)))
			break;
	}
	return file->has_name ? 0 : err_sys(errno, "write %s", file->path);
}

int beneath_begin(const char *folder, const char *name, struct beneath_file *ret_file)
{
	struct beneath_file file = {.folder_fd = -1};
	const char *last;
	int fd = -1, ret = open_parent(folder, name, false, &file.folder_fd, &last);

	if (ret)
		return ret;
	file.name = strdup(last);
	if (!file.name || asprintf(&file.tmp, ".%s.%d.tmp", last, (int)getpid()) < 0 || asprintf(&file.path, "%s/%s", folder, name) < 0) {
		forget(&file);
		return err_sys(ENOMEM, "write %s/%s", folder, name);
	}
	fd = create(&file);
	file.out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file.out) {
		ret = err_sys(errno, "create %s", file.path);
		if (fd >= 0)
			close(fd);
		forget(&file);
		return ret;
	}
	*ret_file = file;
	return 0;
}

int beneath_end(struct beneath_file *file, int error)
{
	int ret = error;

	/* Some file systems report a full disk only at the end. */
	errno = 0;
	if ((fflush(file->out) || ferror(file->out)) && !ret)
		ret = err_sys(errno ? errno : EIO, "write %s", file->path);
	if (!ret)
		ret = give_name(file);
	if (fclose(file->out) && !ret)
		ret = err_sys(errno, "write %s", file->path);
	if (!ret && renameat(file->folder_fd, file->tmp, file->folder_fd, file->name))
		ret = err_sys(errno, "rename to %s", file->path);
	if (ret && file->has_name)
		unlinkat(file->folder_fd, file->tmp, 0);
	forget(file);
	return ret;
}

int beneath_write(const char *folder, const char *name, const void *data, size_t size, bool sync)
{
	struct beneath_file file;
	int ret = beneath_begin(folder, name, &file);

	if (ret)
		return ret;
	if (fwrite(data, 1, size, file.out) != size || fflush(file.out) || (sync && fsync(fileno(file.out))))
		ret = err_sys(errno, "write %s", file.path);
	return beneath_end(&file, ret);
}
