// SPDX-License-Identifier: GPL-2.0-or-later
/* The directories of a cgroup file system: made, emptied, removed, and whose they are. */
#include "machine/cgroup_ops.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/owner.h"
#include "machine/priority.h"

/* Exiting tasks hold a cgroup for some milliseconds after they are gone from cgroup.procs. */
#define REMOVE_WAIT_MS 2000
/* One that still shows there after this long is not just exiting. */
#define LEAVE_WAIT_MS 100
#define KILL_WAIT_MS  5000

static int real_path(char *buf, size_t size, const char *path)
{
	return snprintf(buf, size, "%s%s", fs_root(), path) < (int)size ? 0 : -ENAMETOOLONG;
}

static void sleep_ms(unsigned int ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

bool cg_list_has(const char *list, const char *separators, const char *word)
{
	size_t word_len = strlen(word);

	for (;;) {
		size_t len;

		list += strspn(list, separators);
		if (!*list)
			return false;
		len = strcspn(list, separators);
		if (len == word_len && !memcmp(list, word, len))
			return true;
		list += len;
	}
}

int cg_access(const char *path, int mode)
{
	char real[PATH_MAX];
	int ret = real_path(real, sizeof(real), path);

	if (ret)
		return ret;
	return faccessat(AT_FDCWD, real, mode, AT_EACCESS) ? -errno : 0;
}

int cg_dir_error(int err, const char *verb, const char *dir)
{
	static const struct {
		int err;
		const char *advice;
	} advices[] = {
		{EROFS,
		 "the cgroup file system is mounted read-only, as containers often have it; run on "
		 "the host, or mount it writable"},
		{EACCES, "run as root, or in a cgroup delegated to you: systemd-run --user --scope "
			 "-p Delegate=yes memcgbench run ..."},
		{EPERM, "run as root, or in a cgroup delegated to you: systemd-run --user --scope "
			"-p Delegate=yes memcgbench run ..."},
		{EAGAIN,
		 "cgroup.max.descendants or cgroup.max.depth there, or in a cgroup above, is "
		 "reached"},
		{ENOSPC,
		 "the kernel has no memcg ids left (MEM_CGROUP_ID_MAX); cgroups that were removed "
		 "keep theirs while memory is charged to them"},
		{ENOENT, "something else removed it"},
		{ENODEV, "something else removed it"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].err == err)
			return err_set(err, "%s in %s: %s (%s)", verb, dir, strerror(err),
				       advices[i].advice);
	return err_sys(err, "%s in %s", verb, dir);
}

int cg_dir_make(const char *dir, bool may_exist)
{
	char real[PATH_MAX], parent[PATH_MAX], verb[300];
	const char *slash = strrchr(dir, '/');

	if (real_path(real, sizeof(real), dir))
		return err_sys(ENAMETOOLONG, "create the cgroup %s", dir);
	if (!mkdir(real, 0755)) {
		int ret = priority_of_cgroup(dir);

		if (ret)
			rmdir(real);
		return ret;
	}
	if (may_exist && errno == EEXIST)
		return 0;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - dir), dir);
	snprintf(verb, sizeof(verb), "create the cgroup \"%s\"", slash + 1);
	return cg_dir_error(errno, verb, parent);
}

static bool has_tasks(const char *dir)
{
	__free_mem char *text = NULL;

	return !fs_read(&text, "%s/cgroup.procs", dir) && *text;
}

int cg_dir_remove(const char *dir)
{
	char real[PATH_MAX];
	unsigned int waited_ms = 0;

	if (real_path(real, sizeof(real), dir))
		return err_sys(ENAMETOOLONG, "remove the cgroup %s", dir);
	while (rmdir(real)) {
		int err = errno;

		if (err == ENOENT || err == ENODEV)
			return 0;
		if (err != EBUSY || waited_ms >= REMOVE_WAIT_MS)
			return err_sys(err, "remove the cgroup %s", dir);
		if (waited_ms >= LEAVE_WAIT_MS && has_tasks(dir))
			return err_set(EBUSY, "remove the cgroup %s: tasks still run in it", dir);
		sleep_ms(5);
		waited_ms += 5;
	}
	return 0;
}

static FTS *open_walk(const char *dir, char *real, size_t size)
{
	char *roots[] = {real, NULL};

	if (real_path(real, size, dir)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	return fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
}

int cg_dir_remove_all(const char *dir)
{
	char real[PATH_MAX];
	FTS *walk = open_walk(dir, real, sizeof(real));
	FTSENT *entry;
	int first = 0;

	if (!walk)
		return err_sys(errno, "walk %s", dir);
	while ((entry = fts_read(walk))) {
		int ret;

		if (entry->fts_info != FTS_DP)
			continue;
		ret = cg_dir_remove(entry->fts_path + strlen(fs_root()));
		/* Parents of one that stays can only fail as well, after the whole wait. */
		if (ret) {
			first = ret;
			break;
		}
	}
	fts_close(walk);
	return first;
}

struct census {
	unsigned int nr_tasks;
	bool self;
	bool foreign; /* a task of another pid namespace shows as 0 */
};

static void count_procs(const char *dir, bool send_kill, struct census *census)
{
	__free_mem char *text = NULL;
	char *save = NULL;

	/* Gone, or another's: what is left of it shows when it is removed. */
	if (fs_read(&text, "%s/cgroup.procs", dir))
		return;
	for (char *word = strtok_r(text, "\n", &save); word; word = strtok_r(NULL, "\n", &save)) {
		pid_t pid = (pid_t)strtol(word, NULL, 10);

		census->nr_tasks++;
		/* kill(0) would hit our own process group. */
		if (pid <= 0)
			census->foreign = true;
		else if (pid == getpid())
			census->self = true;
		else if (send_kill)
			kill(pid, SIGKILL);
	}
}

static int take_census(const char *dir, bool send_kill, struct census *ret_census)
{
	char real[PATH_MAX];
	struct census census = {0};
	FTS *walk = open_walk(dir, real, sizeof(real));
	FTSENT *entry;

	if (!walk)
		return err_sys(errno, "walk %s", dir);
	while ((entry = fts_read(walk)))
		if (entry->fts_info == FTS_D)
			count_procs(entry->fts_path + strlen(fs_root()), send_kill, &census);
	fts_close(walk);
	*ret_census = census;
	return 0;
}

int cg_dir_kill(const char *dir)
{
	struct census census;
	unsigned int waited_ms = 0, pause_ms = 1;
	int ret = take_census(dir, false, &census);

	if (ret || !census.nr_tasks)
		return ret;
	if (census.self)
		return err_set(EBUSY,
			       "this process is itself in the cgroup %s, which is to be removed",
			       dir);
	if (census.foreign)
		return err_set(EBUSY, "tasks of another pid namespace run in the cgroup %s", dir);
	/* Since 5.14, and no fork can outrun it. Without it, the next round catches forks. */
	if (fs_exists("%s/cgroup.kill", dir))
		(void)!fs_write("1", "%s/cgroup.kill", dir);
	for (;;) {
		ret = take_census(dir, true, &census);
		if (ret || !census.nr_tasks)
			return ret;
		if (waited_ms >= KILL_WAIT_MS)
			return err_set(ETIMEDOUT,
				       "%u tasks in the cgroup %s outlive SIGKILL for %u ms",
				       census.nr_tasks, dir, waited_ms);
		sleep_ms(pause_ms);
		waited_ms += pause_ms;
		pause_ms = pause_ms < 50 ? pause_ms * 2 : 50;
	}
}

static bool is_directory(DIR *parent, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_DIR;
	return !fstatat(dirfd(parent), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISDIR(st.st_mode);
}

int cg_dir_each(const char *dir, int (*visit)(const char *dir, const char *name, void *arg),
		void *arg)
{
	char real[PATH_MAX];
	struct dirent *entry;
	DIR *stream;
	int ret = 0;

	if (real_path(real, sizeof(real), dir))
		return err_sys(ENAMETOOLONG, "list %s", dir);
	stream = opendir(real);
	if (!stream)
		return err_sys(errno, "list %s", dir);
	while (!ret && (entry = readdir(stream))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (is_directory(stream, entry))
			ret = visit(dir, entry->d_name, arg);
	}
	closedir(stream);
	return ret;
}

int cg_own_name(char *ret_name, size_t size)
{
	struct owner self;
	int ret = owner_self(&self);

	if (!ret)
		owner_name(&self, ret_name, size);
	return ret;
}
