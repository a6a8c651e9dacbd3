// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/process.h"

#define ARGS_MAX 48

/* Arguments that keep apt to the private folder. Strings are freed by args_free(). */
struct args {
	char *argv[ARGS_MAX];
	size_t nr;
};

static void args_free(struct args *args)
{
	for (size_t i = 0; i < args->nr; i++)
		free(args->argv[i]);
}
#define __free_args __attribute__((__cleanup__(args_free)))

static int args_add(struct args *args, char *text)
{
	if (!text)
		return -ENOMEM;
	if (args->nr + 1 >= ARGS_MAX) {
		free(text);
		return err_set(E2BIG, "too many arguments for apt");
	}
	args->argv[args->nr++] = text;
	return 0;
}

/*
 * On the command line and not in a file: apt reads the machine's apt.conf.d behind a file named by APT_CONFIG, so
 * that a machine which redirects its cache would redirect ours. Everything else of the machine's
 * configuration (proxies, time-outs) stays in force.
 */
static int args_start(struct args *args, const struct apt *apt, const char *program)
{
	static const char *const fixed[] = {
		"Dir::Etc::sourceparts=/dev/null", "Dir::Etc::preferences=/dev/null",
		"Dir::Etc::preferencesparts=/dev/null", "Dir::State::status=/dev/null",
		"APT::Architecture=amd64", "APT::Architectures=amd64", "Acquire::Languages=none",
		/* As root apt would download as another user, who may not enter the cache folder. */
		"APT::Sandbox::User=root", "Acquire::Retries=2",
	};
	static const char *const folders[] = {"Dir::Etc::sourcelist=%s/sources.list", "Dir::State::lists=%s/lists",
					      "Dir::Cache=%s/cache", "Dir::Cache::archives=%s/cache/archives"};
	int ret = args_add(args, text_format("%s", program));

	for (size_t i = 0; !ret && i < ARRAY_SIZE(fixed); i++)
		ret = args_add(args, text_format("-o%s", fixed[i]));
	for (size_t i = 0; !ret && i < ARRAY_SIZE(folders); i++) {
		const char *value = strstr(folders[i], "%s");

		ret = args_add(args, text_format("-o%.*s%s%s", (int)(value - folders[i]), folders[i], apt->folder,
						 value + 2));
	}
	return ret;
}

int apt_open(struct apt *ret_apt)
{
	static const char *const below[] = {"lists/partial", "cache/archives/partial", "debs"};
	struct apt_source main, security;
	__free_mem char *folder = NULL, *text = NULL, *path = NULL;
	int ret = apt_sources_find(&main, &security);

	if (!ret)
		ret = cache_folder("apt", &folder);
	if (ret)
		return ret;
	text = apt_sources_text(&main, &security);
	path = text_format("%s/sources.list", folder);
	if (!text || !path)
		return -ENOMEM;
	for (size_t i = 0; !ret && i < ARRAY_SIZE(below); i++) {
		__free_mem char *sub = text_format("%s/%s", folder, below[i]);

		ret = sub ? folder_make(sub) : -ENOMEM;
	}
	/* A cache that cannot be written to is good for reading as long as nothing changes. */
	if (!ret && !file_holds(path, text, strlen(text)))
		ret = file_replace(path, text, strlen(text));
	if (ret)
		return ret;
	ret_apt->folder = take_ptr(folder);
	return 0;
}

void apt_close(struct apt *apt)
{
	free(apt->folder);
	apt->folder = NULL;
}

/* The last line of @path that begins with "E:" or "W:", else "see @path". */
static void last_complaint(const char *path, char *ret, size_t size)
{
	__free_mem char *line = NULL;
	__close_file FILE *in = fopen(path, "re");
	size_t room = 0;

	snprintf(ret, size, "see %s", path);
	while (in && getline(&line, &room, in) > 0) {
		if (strncmp(line, "E:", 2) && strncmp(line, "W:", 2))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(ret, size, "%.300s", line);
	}
}

int apt_lock(const struct apt *apt)
{
	__free_mem char *path = text_format("%s/lock", apt->folder);
	int fd;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EROFS || errno == EACCES))
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(errno, "open %s", path);
	if (flock(fd, LOCK_EX)) {
		int err = errno;

		close(fd);
		return err_sys(err, "lock %s", path);
	}
	return fd;
}

/* Is the file younger than @age_s? */
static bool is_fresh(const char *path, unsigned int age_s)
{
	struct stat st;

	return stat(path, &st) == 0 && time(NULL) - st.st_mtime < (time_t)age_s;
}

int apt_refresh(const struct apt *apt, unsigned int max_age_s, const struct kernel_progress *progress)
{
	__free_mem char *stamp = text_format("%s/updated", apt->folder);
	__free_mem char *log = text_format("%s/update.log", apt->folder);
	__free_args struct args args = {0};
	__close_fd int lock = -1;
	char complaint[320];
	int ret;

	if (!stamp || !log)
		return -ENOMEM;
	if (is_fresh(stamp, max_age_s))
		return 0;
	lock = apt_lock(apt);
	if (lock < 0)
		return lock;
	/* Whoever was waited for may have done it. */
	if (is_fresh(stamp, max_age_s))
		return 0;
	ret = args_start(&args, apt, "apt-get");
	/* Without this a mirror that is away costs a warning and exit status 0. */
	if (!ret)
		ret = args_add(&args, text_format("-oAPT::Update::Error-Mode=any"));
	if (!ret)
		ret = args_add(&args, text_format("update"));
	if (ret)
		return ret;
	if (progress && progress->say)
		progress->say(progress->ctx, "reading the lists of Debian's archive");
	ret = process_run((const char *const *)args.argv, NULL, log, log);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return file_replace(stamp, "", 0);
	last_complaint(log, complaint, sizeof(complaint));
	if (!file_is_regular(stamp))
		return err_set(ENETUNREACH, "Debian's archive did not answer: %s", complaint);
	if (progress && progress->say) {
		__free_mem char *text = text_format("could not refresh Debian's lists, using older ones: %s", complaint);

		if (text)
			progress->say(progress->ctx, text);
	}
	return 0;
}

/* Where a program's complaints go: nowhere if the cache cannot be written to. */
static const char *writable_log(const char *path)
{
	__close_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? NULL : path;
}

/* Returns the exit status, or -errno. @log: NULL for none. */
static int read_program(const struct apt *apt, const char *program, const char *word, const char *log,
			int (*take)(FILE *in, void *context), void *context)
{
	__free_args struct args args = {0};
	int ret = args_start(&args, apt, program);

	if (!ret)
		ret = args_add(&args, text_format("%s", word));
	return ret ? ret : process_read((const char *const *)args.argv, log, take, context);
}

int apt_dump(const struct apt *apt, int (*take)(FILE *in, void *context), void *context)
{
	__free_mem char *log = text_format("%s/dump.log", apt->folder);
	int ret = log ? read_program(apt, "apt-cache", "dumpavail", writable_log(log), take, context) : -ENOMEM;

	return ret <= 0 ? ret : err_set(EIO, "apt-cache dumpavail ended with status %d, see %s", ret, log);
}

int apt_configuration(const struct apt *apt, int (*take)(FILE *in, void *context), void *context)
{
	int ret = read_program(apt, "apt-config", "dump", NULL, take, context);

	return ret <= 0 ? ret : err_set(EIO, "apt-config dump ended with status %d", ret);
}

int apt_download(const struct apt *apt, const char *const *packages, size_t nr)
{
	__free_mem char *folder = text_format("%s/debs", apt->folder);
	__free_mem char *log = text_format("%s/download.log", apt->folder);
	__free_args struct args args = {0};
	__close_fd int lock = -1;
	char complaint[320];
	int ret;

	if (!folder || !log)
		return -ENOMEM;
	lock = apt_lock(apt);
	if (lock < 0)
		return lock;
	ret = args_start(&args, apt, "apt-get");
	if (!ret)
		ret = args_add(&args, text_format("download"));
	for (size_t i = 0; !ret && i < nr; i++)
		ret = args_add(&args, text_format("%s", packages[i]));
	if (ret)
		return ret;
	ret = process_run((const char *const *)args.argv, folder, log, log);
	if (ret < 0)
		return ret;
	if (ret == 0)
		return 0;
	last_complaint(log, complaint, sizeof(complaint));
	return err_set(ENETUNREACH, "download %s: %s", packages[0], complaint);
}
