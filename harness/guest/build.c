// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/build.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/process.h"

#define SAY_EVERY_S 30
#define TAIL_LINES  12

struct build {
	const struct kernel_progress *progress;
	char *tree, *revision;	/* revision: NULL = the tree as it lies there */
	char commit[80];	/* of the revision, else "" */
	char *part, *folder;	/* in the cache, as a part of it and as a path: everything below is in it */
	char *source;		/* what make reads: the tree, or a copy of the revision */
	char *object, *log;
	char compiler[128];
	int lock_fd;
};

static void say(const struct build *build, const char *text)
{
	if (build->progress && build->progress->say)
		build->progress->say(build->progress->ctx, text);
}

static void build_free(struct build *build)
{
	free(build->tree);
	free(build->revision);
	free(build->part);
	free(build->folder);
	free(build->source);
	free(build->object);
	free(build->log);
	if (build->lock_fd >= 0)
		close(build->lock_fd);
}

/* --- which tree --- */

int build_split(const char *text, char **ret_tree, char **ret_revision)
{
	const char *at;

	if (file_is_folder(text)) {
		*ret_tree = text_format("%s", text);
		*ret_revision = NULL;
		return *ret_tree ? 0 : -ENOMEM;
	}
	for (at = strchr(text, '@'); at; at = strchr(at + 1, '@')) {
		__free_mem char *tree = text_format("%.*s", (int)(at - text), text);

		if (!tree)
			return -ENOMEM;
		if (!file_is_folder(tree) || !at[1])
			continue;
		*ret_revision = text_format("%s", at + 1);
		if (!*ret_revision)
			return -ENOMEM;
		*ret_tree = take_ptr(tree);
		return 0;
	}
	return err_set(ENOENT, "%s: there is no such folder", text);
}

/* One word that git prints; -ENOENT with git's own words when it fails. */
static int git_word(const struct build *build, const char *const *argv, char *ret_word, size_t size)
{
	__free_mem char *out = text_format("%s/git.out", build->folder), *err = text_format("%s/git.err", build->folder);
	char words[256];
	int status;

	if (!out || !err)
		return -ENOMEM;
	status = process_run(argv, NULL, out, err);
	if (status == -ENOENT)
		return err_set(ENOENT, "%s@%s: a revision takes git, which is not on this machine", build->tree, build->revision);
	if (status < 0)
		return status;
	if (status)
		return err_set(ENOENT, "%s@%s: %s", build->tree, build->revision, build_log_end(err, words, sizeof(words)));
	build_log_end(out, ret_word, size);
	ret_word[strcspn(ret_word, "\n")] = '\0';
	return 0;
}

static int find_commit(struct build *build)
{
	__free_mem char *name = text_format("%s^{commit}", build->revision);
	const char *argv[] = {"git", "-C", build->tree, "rev-parse", "--verify", "--end-of-options", name, NULL};

	return name ? git_word(build, argv, build->commit, sizeof(build->commit)) : -ENOMEM;
}

/*
 * The sources of the revision in a folder of our own. The index is ours as well, so that the repository is only read, and
 * files that are the same as in the revision before keep their times: make compiles what differs.
 */
static int check_out(const struct build *build)
{
	__free_mem char *git_dir = malloc(PATH_MAX), *index = text_format("GIT_INDEX_FILE=%s/index", build->folder);
	__free_mem char *work_tree = text_format("GIT_WORK_TREE=%s", build->source), *dir = NULL;
	const char *ask[] = {"git", "-C", build->tree, "rev-parse", "--absolute-git-dir", NULL};
	char text[512], unused[8];
	int ret;

	if (!git_dir || !index || !work_tree)
		return -ENOMEM;
	ret = git_word(build, ask, git_dir, PATH_MAX);
	if (!ret)
		ret = folder_make(build->source);
	if (ret)
		return ret;
	dir = text_format("GIT_DIR=%s", git_dir);
	if (!dir)
		return -ENOMEM;
	snprintf(text, sizeof(text), "getting the sources of %s@%s (%.12s)", build->tree, build->revision, build->commit);
	say(build, text);
	return git_word(build, (const char *const[]){"env", dir, work_tree, index, "git", "read-tree", "--reset", "-u", build->commit, NULL},
			unused, sizeof(unused));
}

static int check_source(const struct build *build)
{
	static const char *const traces[] = {".config", "include/config", "arch/x86/include/generated"};
	size_t i;

	if (!fs_exists("%s/Kconfig", build->source) || !fs_exists("%s/arch/x86/Kconfig", build->source))
		return err_set(ENOENT, "%s: no sources of Linux in it (there is no Kconfig and arch/x86/Kconfig)", build->source);
	/* The same test as of "outputmakefile" in the kernel's Makefile. */
	for (i = 0; i < ARRAY_SIZE(traces); i++)
		if (fs_exists("%s/%s", build->source, traces[i]))
			return err_set(EEXIST, "%s was built or configured in place (%s), and make wants clean sources for a build elsewhere; "
				       "build a revision of it (%s@HEAD), run `make mrproper` there, or boot what was built (--kernel=%s)",
				       build->source, traces[i], build->source, build->source);
	return 0;
}

/* --- make --- */

char *build_log_end(const char *path, char *buf, size_t size)
{
	__free_mem char *text = NULL;
	char *at, *error, *end;
	size_t lines = 0, len;

	buf[0] = '\0';
	if (fs_read(&text, "%s", path))
		return buf;
	len = strlen(text);
	while (len && text[len - 1] == '\n')
		text[--len] = '\0';
	for (at = text + len; at > text && (size_t)(text + len - at) < size - 1; at--)
		if (at[-1] == '\n' && ++lines == TAIL_LINES)
			break;
	/* Cut inside a line: from the next one on, where there is one. */
	if (at > text && at[-1] != '\n' && strchr(at, '\n'))
		at = strchr(at, '\n') + 1;
	error = strstr(text, " error: ");
	if (error && error < at) {
		while (error > text && error[-1] != '\n')
			error--;
		end = strchr(error, '\n');
		len = (size_t)snprintf(buf, size / 2, "%.*s\n", (int)(end - error), error);
		len = len < size / 2 ? len : size / 2 - 1;
		while (strlen(at) >= size - len && strchr(at, '\n'))
			at = strchr(at, '\n') + 1;
		snprintf(buf + len, size - len, "%s", at);
	} else {
		snprintf(buf, size, "%s", at);
	}
	return buf;
}

/* Says now and then how far a build is. */
struct watcher {
	const struct build *build;
	pthread_mutex_t lock;
	pthread_cond_t done_cond;
	bool done;
};

static void *watch(void *ctx)
{
	struct watcher *watcher = ctx;
	struct timespec until;
	unsigned int seconds = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	pthread_mutex_lock(&watcher->lock);
	while (!watcher->done) {
		until.tv_sec += SAY_EVERY_S;
		if (pthread_cond_timedwait(&watcher->done_cond, &watcher->lock, &until) == ETIMEDOUT) {
			__free_mem char *log = NULL;
			char text[128];
			size_t lines = 0;

			seconds += SAY_EVERY_S;
			if (!fs_read(&log, "%s", watcher->build->log))
				for (const char *at = log; (at = strchr(at, '\n')); at++)
					lines++;
			snprintf(text, sizeof(text), "still building after %u s, %zu steps done", seconds, lines);
			say(watcher->build, text);
		}
	}
	pthread_mutex_unlock(&watcher->lock);
	return NULL;
}

static int run_watched(const struct build *build, const char *const *argv)
{
	struct watcher watcher = {.build = build};
	pthread_t thread;
	bool has_thread;
	int status;

	pthread_mutex_init(&watcher.lock, NULL);
	pthread_cond_init(&watcher.done_cond, NULL);
	has_thread = !pthread_create(&thread, NULL, watch, &watcher);
	status = process_run(argv, NULL, build->log, build->log);
	pthread_mutex_lock(&watcher.lock);
	watcher.done = true;
	pthread_cond_signal(&watcher.done_cond);
	pthread_mutex_unlock(&watcher.lock);
	if (has_thread)
		pthread_join(thread, NULL);
	pthread_cond_destroy(&watcher.done_cond);
	pthread_mutex_destroy(&watcher.lock);
	return status;
}

static bool has_program(const char *name)
{
	const char *argv[] = {name, "--version", NULL};

	return process_run(argv, NULL, NULL, NULL) == 0;
}

/* CC in the environment, as for any make; gcc otherwise. ccache is put before it where there is one. */
static const char *compiler(void)
{
	const char *cc = getenv("CC");

	if (cc && !strncmp(cc, "ccache ", 7))
		cc += 7;
	return cc && *cc ? cc : "gcc";
}

/*
 * make @goal. Nothing of a make above us gets in, and the image carries neither the time nor the name of a user or host: the
 * same sources give the same image.
 */
static int run_make(const struct build *build, const char *goal, const char *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	__free_mem char *jobs = text_format("-j%ld", cores > 0 ? cores : 1), *object = text_format("O=%s", build->object);
	__free_mem char *fragment = text_format("KCONFIG_ALLCONFIG=%s", config);
	__free_mem char *cc = text_format("CC=%s%s", has_program("ccache") ? "ccache " : "", compiler());
	const char *argv[] = {"env", "-u", "MAKEFLAGS", "-u", "MFLAGS", "-u", "MAKELEVEL", "-u", "MAKEOVERRIDES", "make", "-C",
			      build->source, object, jobs, fragment, "ARCH=x86_64", "LOCALVERSION=", "KBUILD_BUILD_USER=memcgbench",
			      "KBUILD_BUILD_HOST=memcgbench", "KBUILD_BUILD_VERSION=1",
			      "KBUILD_BUILD_TIMESTAMP=Mon Jan  1 00:00:00 UTC 2024", goal,
			      cc, NULL};
	char end[700];
	int status;

	if (!jobs || !object || !fragment || !cc)
		return -ENOMEM;
	status = run_watched(build, argv);
	if (status < 0)
		return status;
	if (status == 127)
		return err_set(ENOENT, "there is no make on this machine, which building a kernel takes");
	if (status)
		return err_set(EIO, "make %s in %s ended with status %d:\n%s\n(the whole log: %s)", goal, build->source, status,
			       build_log_end(build->log, end, sizeof(end)), build->log);
	return 0;
}

static int configure(const struct build *build)
{
	__free_mem char *fragment = text_format("%s/kernel.config", build->folder);
	__free_mem char *config = text_format("%s/.config", build->object);
	char lack[512], text[640];
	int ret;

	if (!fragment || !config)
		return -ENOMEM;
	ret = file_replace(fragment, build_fragment(), strlen(build_fragment()));
	if (!ret)
		ret = run_make(build, "allnoconfig", fragment);
	if (!ret)
		ret = build_check_config(build_fragment(), config, lack, sizeof(lack));
	if (ret)
		return ret;
	if (lack[0]) {
		snprintf(text, sizeof(text), "not in this tree, or not with this machine's tools: %s", lack);
		say(build, text);
	}
	return 0;
}

/* --- finished images --- */

static int copy_file(const char *from_folder, const char *from, const char *to_folder, const char *to)
{
	__unmap_file struct file_map map = {0};
	__free_mem char *source = text_format("%s/%s", from_folder, from), *target = text_format("%s/%s", to_folder, to);
	int ret = source && target ? file_map_open(source, &map) : -ENOMEM;

	return ret ? ret : file_replace(target, map.data, map.size);
}

/* A kernel in @folder, which is as an output folder is (kernel.h). */
static int open_finished(const struct build *build, const char *folder, struct kernel *kernel)
{
	int ret;

	kernel->image_path = text_format("%s/bzImage", folder);
	kernel->config_path = text_format("%s/config", folder);
	kernel->source = build->revision ? text_format("%s@%s (%s)", build->tree, build->revision, build->commit)
					 : text_format("%s", build->tree);
	if (!kernel->image_path || !kernel->config_path || !kernel->source)
		return -ENOMEM;
	ret = kernel_image_check(kernel->image_path, kernel->release, sizeof(kernel->release));
	if (!ret)
		ret = file_sha256(kernel->image_path, kernel->sha256);
	/* A revision may be "origin/master~3": letters that no name has become minus signs. */
	if (!ret && build->revision) {
		snprintf(kernel->name, sizeof(kernel->name), "%s", build->revision);
		for (char *c = kernel->name; *c; c++)
			if (!strchr("._+-", *c) && !(*c >= '0' && *c <= '9') && !((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'))
				*c = '-';
	}
	return ret;
}

/* What a finished image is called: by what it was made from (a revision), or by what came out. */
static int name_finished(const struct build *build, char ret_key[SHA256_DIGEST_STRING_LENGTH])
{
	__free_mem char *text = NULL, *image = NULL;

	if (build->commit[0]) {
		text = text_format("%s\n%s\n%s", build->commit, build->compiler, build_fragment());
		if (!text)
			return -ENOMEM;
		SHA256Data((const uint8_t *)text, strlen(text), ret_key);
		return 0;
	}
	image = text_format("%s/arch/x86/boot/bzImage", build->object);
	return image ? file_sha256(image, ret_key) : -ENOMEM;
}

static int keep(void *ctx, const char *folder)
{
	const struct build *build = ctx;
	int ret = copy_file(build->object, ".config", folder, "config");

	if (!ret)
		ret = copy_file(build->folder, "build.log", folder, "build.log");
	return ret ? ret : copy_file(build->object, "arch/x86/boot/bzImage", folder, "bzImage");
}

static int hand_out(const char *folder, const char *out_folder)
{
	static const char *const names[] = {"bzImage", "config", "build.log"};
	int ret = folder_make(out_folder);

	for (size_t i = 0; !ret && i < ARRAY_SIZE(names); i++)
		ret = copy_file(folder, names[i], out_folder, names[i]);
	return ret;
}

/* --- the whole --- */

/* The folder of this tree in the cache, and whoever else builds in it waited for. */
static int open_folder(struct build *build)
{
	char key[SHA256_DIGEST_STRING_LENGTH];
	__free_mem char *what = NULL, *lock = NULL;
	int ret;

	what = text_format("%s%s", build->tree, build->revision ? "@" : "");
	if (!what)
		return -ENOMEM;
	SHA256Data((const uint8_t *)what, strlen(what), key);
	build->part = text_format("builds/%.16s", key);
	ret = build->part ? cache_folder(build->part, &build->folder) : -ENOMEM;
	if (ret)
		return ret;
	build->object = text_format("%s/object", build->folder);
	build->log = text_format("%s/build.log", build->folder);
	build->source = build->revision ? text_format("%s/source", build->folder) : text_format("%s", build->tree);
	lock = text_format("%s/lock", build->folder);
	if (!build->object || !build->log || !build->source || !lock)
		return -ENOMEM;
	ret = folder_make(build->object);
	if (ret)
		return ret;
	build->lock_fd = open(lock, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (build->lock_fd < 0)
		return err_sys(errno, "open %s", lock);
	if (flock(build->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	say(build, "waiting for another build of this tree");
	return flock(build->lock_fd, LOCK_EX) ? err_sys(errno, "lock %s", lock) : 0;
}

static int find_compiler(struct build *build)
{
	__free_mem char *out = text_format("%s/compiler", build->folder);
	int status = out ? process_run((const char *const[]){compiler(), "--version", NULL}, NULL, out, NULL) : -ENOMEM;

	if (status < 0)
		return status == -ENOENT ? err_set(ENOENT, "there is no %s on this machine, which building a kernel takes", compiler()) : status;
	build_log_end(out, build->compiler, sizeof(build->compiler));
	build->compiler[strcspn(build->compiler, "\n")] = '\0';
	return 0;
}

static int make_image(const struct build *build)
{
	struct timespec begin, end;
	char text[512];
	int ret = build->revision ? check_out(build) : 0;

	if (!ret)
		ret = check_source(build);
	if (ret)
		return ret;
	snprintf(text, sizeof(text), "building %s%s%s; the first time takes minutes", build->tree, build->revision ? "@" : "",
		 build->revision ? build->revision : "");
	say(build, text);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	ret = configure(build);
	if (!ret)
		ret = run_make(build, "bzImage", "");
	if (ret)
		return ret;
	clock_gettime(CLOCK_MONOTONIC, &end);
	snprintf(text, sizeof(text), "built in %lld s", (long long)(end.tv_sec - begin.tv_sec));
	say(build, text);
	return 0;
}

static int make_and_keep(void *ctx, const char *folder)
{
	int ret = make_image(ctx);

	return ret ? ret : keep(ctx, folder);
}

static int build_opened(struct build *build, const char *out_folder, struct kernel *kernel)
{
	__free_mem char *folder = NULL, *part = text_format("%s/kernels", build->part);
	char key[SHA256_DIGEST_STRING_LENGTH];
	int ret = !part ? -ENOMEM : build->revision ? find_commit(build) : 0;

	if (!ret)
		ret = find_compiler(build);
	/* Without a commit only make can tell whether anything changed. */
	if (!ret && !build->commit[0])
		ret = make_image(build);
	if (!ret)
		ret = name_finished(build, key);
	if (!ret)
		ret = cache_entry(part, key, build->commit[0] ? make_and_keep : keep, build, &folder);
	if (!ret && out_folder)
		ret = hand_out(folder, out_folder);
	return ret ? ret : open_finished(build, folder, kernel);
}

int build_kernel(const char *text, const char *out_folder, const struct kernel_progress *progress, struct kernel *ret_kernel)
{
	struct build build = {.progress = progress, .lock_fd = -1};
	struct kernel kernel = {0};
	__free_mem char *tree = NULL;
	int ret = build_split(text, &tree, &build.revision);

	if (!ret) {
		build.tree = realpath(tree, NULL);
		ret = build.tree ? open_folder(&build) : err_sys(errno, "%s", tree);
	}
	if (!ret)
		ret = build_opened(&build, out_folder, &kernel);
	build_free(&build);
	if (ret) {
		kernel_free(&kernel);
		return ret;
	}
	*ret_kernel = kernel;
	return 0;
}
