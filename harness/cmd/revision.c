// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/revision.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/process.h"

#define WORDS_MAX 64
/* Letters of a commit in names of kernels and folders. */
#define COMMIT_SHORT 12

int revision_check_args(const struct revision_args *args)
{
	if (!args->build_command != !args->image)
		return err_set(EINVAL, "--build-command and --image go together: one builds, the other says what it leaves");
	if (args->build && args->build_command)
		return err_set(EINVAL, "--build and --build-command are two ways to build: one of them is wanted");
	return 0;
}

static int read_whole(const char *path, char **ret_text)
{
	struct file_map map __unmap_file = {0};
	int ret = file_map_open(path, &map);

	if (ret)
		return ret;
	*ret_text = strndup((const char *)map.data, map.size);
	return *ret_text ? 0 : err_sys(ENOMEM, "read %s", path);
}

static void cut_line(char *text)
{
	text[strcspn(text, "\n")] = '\0';
}

int revision_git(const char *dir, char **ret_text, const char *const *words)
{
	const char *argv[WORDS_MAX] = {"git", "-C", dir};
	char out_path[] = "/tmp/memcgbench-git.XXXXXX";
	int fd = mkstemp(out_path), status, ret = 0;
	size_t nr = 3;

	if (fd < 0)
		return err_sys(errno, "make a file in /tmp");
	close(fd);
	while (*words && nr < WORDS_MAX - 1)
		argv[nr++] = *words++;
	status = process_run(argv, NULL, out_path, out_path);
	if (status >= 0 && ret_text)
		ret = read_whole(out_path, ret_text);
	unlink(out_path);
	return ret ? ret : status;
}

int revision_commit(const char *dir, const char *revision, char **ret_commit)
{
	__free_mem char *text = NULL, *name = text_format("%s^{commit}", revision);
	int status;

	if (!name)
		return -ENOMEM;
	status = revision_git(dir, &text, (const char *const[]){"rev-parse", "--verify", "--end-of-options", name, NULL});
	if (status < 0)
		return status;
	cut_line(text);
	if (status)
		return err_set(ENOENT, "%s is no revision of the git tree %s: %s", revision, dir, text);
	*ret_commit = take_ptr(text);
	return 0;
}

int revision_checkout(const struct revision_args *args, const char *commit, char **ret_path)
{
	__free_mem char *path = NULL, *text = NULL, *results = NULL;
	int status = folder_make(args->results_dir);

	if (status)
		return status;
	/* git takes a relative path as one below the tree. */
	results = realpath(args->results_dir, NULL);
	path = results ? text_format("%s/checkout", results) : NULL;
	if (!path)
		return err_sys(errno, "find %s", args->results_dir);
	if (file_is_folder(path)) {
		status = revision_git(path, &text, (const char *const[]){"checkout", "-q", "--detach", "--force", commit, NULL});
	} else {
		/* One that was deleted by hand is still known to git. */
		(void)revision_git(args->tree, NULL, (const char *const[]){"worktree", "prune", NULL});
		status = revision_git(args->tree, &text,
				      (const char *const[]){"worktree", "add", "--detach", path, commit, NULL});
	}
	if (status < 0)
		return status;
	if (status)
		return err_set(EIO, "check out %.*s in %s: %s", COMMIT_SHORT, commit, path, text);
	*ret_path = take_ptr(path);
	return 0;
}

void revision_remove_checkout(const struct revision_args *args, const char *path)
{
	(void)revision_git(args->tree, NULL, (const char *const[]){"worktree", "remove", "--force", path, NULL});
}

/* The one run in @folder; NULL: there is none, or it is not whole. */
static char *find_run(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char *found = NULL;

	while (dir && (entry = readdir(dir))) {
		__free_mem char *path = NULL, *run = NULL, *text = NULL;

		if (entry->d_name[0] == '.')
			continue;
		run = text_format("%s/%s", folder, entry->d_name);
		path = run ? text_format("%s/run.json", run) : NULL;
		if (!path || read_whole(path, &text) || !strstr(text, "\"status\": \"complete\""))
			continue;
		free(found);
		found = take_ptr(run);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* The end of a log, for a sentence. */
static void last_line(const char *path, char *buf, size_t size)
{
	__free_mem char *text = NULL;
	char *line;

	buf[0] = '\0';
	if (read_whole(path, &text))
		return;
	while ((line = strrchr(text, '\n')) && !line[1])
		*line = '\0';
	snprintf(buf, size, "%s", line ? line + 1 : text);
}

/* By the user's own command. Returns its exit status. */
static int build_by_command(const struct revision_args *args, const char *path, const char *log, char *why, size_t why_size)
{
	const char *argv[] = {"sh", "-c", args->build_command, NULL};
	int status = process_run(argv, path, log, log);
	char line[256];

	if (status > 0) {
		last_line(log, line, sizeof(line));
		snprintf(why, why_size, "the build command ended with status %d: %s (the rest: %s)", status, line, log);
	} else if (status < 0) {
		snprintf(why, why_size, "%s", err_msg());
	}
	return status;
}

static int run_benches(const struct revision_args *args, const char *spec, const char *folder, bool again, const char *log)
{
	const char *argv[WORDS_MAX] = {"/proc/self/exe", "run", "--quiet", "--no-plots", "--json", "-o", folder, "--kernel", spec};
	char seeds[32], seed[32];
	size_t nr = 9, i;

	snprintf(seeds, sizeof(seeds), "--seeds=%llu", (unsigned long long)args->nr_seeds);
	argv[nr++] = seeds;
	if (again) {
		snprintf(seed, sizeof(seed), "--seed=%llu", (unsigned long long)args->nr_seeds + 1);
		argv[nr++] = seed;
	}
	for (i = 0; i < args->run_args.nr && nr < WORDS_MAX - 2; i++)
		argv[nr++] = args->run_args.items[i];
	argv[nr++] = args->bench;
	return process_run(argv, NULL, log, log);
}

static enum revision_state state_of(int status, const char *log, char *why, size_t why_size)
{
	char line[512];

	if (status == EXIT_OK || status == EXIT_REGRESSION || status == EXIT_INCONCLUSIVE)
		return REVISION_MEASURED;
	last_line(log, line, sizeof(line));
	snprintf(why, why_size, "%s (exit status %d; the rest: %s)", status < 0 ? err_msg() : line, status, log);
	return status == EXIT_BROKEN || status == EXIT_NOTHING_COMPARED ? REVISION_SKIPPED : REVISION_ABORTED;
}

enum revision_state revision_measure(const struct revision_args *args, const char *path, const char *commit, bool again,
				     char **ret_run, char *why, size_t why_size)
{
	__free_mem char *folder = text_format("%s/%.*s%s", args->results_dir, COMMIT_SHORT, commit, again ? "-again" : "");
	__free_mem char *log = folder ? text_format("%s/log", folder) : NULL;
	__free_mem char *spec = args->image ? text_format("%.*s=%s/%s", COMMIT_SHORT, commit, path, args->image)
					    : text_format("%.*s=build:%s", COMMIT_SHORT, commit, path);
	enum revision_state state;

	snprintf(why, why_size, "%s", err_msg());
	if (!folder || !log || !spec || folder_make(folder))
		return REVISION_ABORTED;
	*ret_run = find_run(folder);
	if (*ret_run)
		return REVISION_MEASURED;
	if (args->build_command && build_by_command(args, path, log, why, why_size))
		return REVISION_SKIPPED;
	state = state_of(run_benches(args, spec, folder, again, log), log, why, why_size);
	if (state != REVISION_MEASURED)
		return state;
	*ret_run = find_run(folder);
	if (*ret_run)
		return REVISION_MEASURED;
	snprintf(why, why_size, "no whole run came of it (%s)", log);
	return REVISION_SKIPPED;
}

int revision_compare(const struct revision_args *args, const char *base_run, const char *run, const char *format)
{
	__free_mem char *out_path = text_format("%s/comparison", args->results_dir), *text = NULL;
	__free_mem char *metric = args->metric ? text_format("--metric=%s", args->metric) : NULL;
	__free_mem char *delta = args->delta ? text_format("--delta=%s", args->delta) : NULL;
	__free_mem char *form = text_format("--format=%s", format ? format : "text");
	const char *argv[WORDS_MAX] = {"/proc/self/exe", "compare", "--strict", form, "--bench", args->bench};
	size_t nr = 6;
	int status;

	if (!out_path || !form)
		return -ENOMEM;
	if (metric)
		argv[nr++] = metric;
	if (delta)
		argv[nr++] = delta;
	argv[nr++] = base_run;
	argv[nr++] = run;
	status = process_run(argv, NULL, out_path, out_path);
	if (status >= 0 && !read_whole(out_path, &text) && (format || status >= EXIT_USAGE))
		fputs(text, format ? stdout : stderr);
	unlink(out_path);
	return status;
}
