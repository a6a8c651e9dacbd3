// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/revision.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <sha2.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/kernel.h"
#include "guest/process.h"

#define WORDS_MAX 64
/* Letters of a commit in names of kernels and folders. */
#define COMMIT_SHORT 12

int revision_prepare(const struct revision_args *args)
{
	/* Of `git rev-parse --local-env-vars`, those that say which tree: `git -C` does not overrule them. */
	static const char *const variables[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX",
						"GIT_OBJECT_DIRECTORY"};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variables); i++)
		unsetenv(variables[i]);
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

/* Its last line that is not empty. */
static const char *end_of(char *text)
{
	char *line;

	while ((line = strrchr(text, '\n')) && !line[1])
		*line = '\0';
	return line ? line + 1 : text;
}

int revision_git(const char *dir, char **ret_text, const char *const *words)
{
	const char *argv[WORDS_MAX] = {"git", "-C", dir};
	__free_mem char *text = NULL;
	size_t nr = 3;
	int status;

	while (*words && nr < WORDS_MAX - 1)
		argv[nr++] = *words++;
	status = process_text(argv, PROCESS_OUT | PROCESS_ERR, &text);
	if (status >= 0 && ret_text)
		*ret_text = take_ptr(text);
	return status;
}

int revision_commit(const char *dir, const char *name, char **ret_commit)
{
	__free_mem char *text = NULL, *peeled = text_format("%s^{commit}", name);
	int status;

	if (!peeled)
		return -ENOMEM;
	status = revision_git(dir, &text, (const char *const[]){"rev-parse", "--verify", "--end-of-options", peeled, NULL});
	if (status < 0)
		return status;
	if (status) {
		cut_line(text);
		return err_set(ENOENT, "%s is no revision of the git tree %s: %s", name, dir, text);
	}
	/* Behind what git warns of, such as a branch and a tag of one name. */
	*ret_commit = strdup(end_of(text));
	return *ret_commit ? 0 : err_sys(ENOMEM, "memory for a name");
}

/* args->results_dir/checkout, absolute: git takes a relative path as one below the tree. NULL: there is no such folder yet. */
static char *checkout_path(const struct revision_args *args)
{
	__free_mem char *results = realpath(args->results_dir, NULL);

	return results ? text_format("%s/checkout", results) : NULL;
}

int revision_checkout(const struct revision_args *args, const char *commit, char **ret_path)
{
	__free_mem char *path = NULL, *text = NULL;
	int status = folder_make(args->results_dir);

	if (status)
		return status;
	path = checkout_path(args);
	if (!path)
		return err_sys(errno, "find %s", args->results_dir);
	if (!file_is_folder(path)) {
		/* One that was deleted by hand is still known to git. */
		(void)!revision_git(args->tree, NULL, (const char *const[]){"worktree", "prune", NULL});
		status = revision_git(args->tree, &text,
				      (const char *const[]){"worktree", "add", "--no-checkout", "--detach", path, commit, NULL});
	}
	if (!status && args->build_command) {
		free(take_ptr(text));
		status = revision_git(path, &text, (const char *const[]){"checkout", "-q", "--detach", "--force", commit, NULL});
	}
	if (status < 0)
		return status;
	if (status)
		return err_set(EIO, "check out %.*s in %s: %s", COMMIT_SHORT, commit, path, text ? text : "");
	*ret_path = take_ptr(path);
	return 0;
}

void revision_remove_checkout(const struct revision_args *args)
{
	__free_mem char *path = checkout_path(args);

	if (path && file_is_folder(path))
		(void)!revision_git(args->tree, NULL, (const char *const[]){"worktree", "remove", "--force", path, NULL});
}

static bool is_complete(const char *run)
{
	__free_mem char *path = text_format("%s/run.json", run);
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	const char *status = json_string_value(json_object_get(json, "status"));
	bool is = status && !strcmp(status, "complete");

	json_decref(json);
	return is;
}

/* The last whole run in @folder (their names begin with the time); NULL: there is none. */
static char *find_run(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char *found = NULL;

	while (dir && (entry = readdir(dir))) {
		__free_mem char *run = entry->d_name[0] == '.' ? NULL : text_format("%s/%s", folder, entry->d_name);

		if (!run || (found && strcmp(run, found) < 0) || !is_complete(run))
			continue;
		free(found);
		found = take_ptr(run);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* What a log of run tells first, in one line, without the name of who says it, and without the head of what follows. */
static void first_line(const char *path, char *buf, size_t size)
{
	static const char prefix[] = "memcgbench run: ", suffix[] = " (console: ";
	__free_mem char *text = NULL;
	const char *line;
	char *end;

	snprintf(buf, size, "no word of why");
	if (read_whole(path, &text))
		return;
	line = strstr(text, prefix);
	line = line ? line + sizeof(prefix) - 1 : text + strspn(text, "\n");
	if (line[0])
		snprintf(buf, size, "%.*s", (int)strcspn(line, "\n"), line);
	end = strstr(buf, suffix);
	if (end)
		*end = '\0';
}

/* A compiler says last what make failed of; what a command of the user's says last is the best guess. */
static void last_line(const char *path, char *buf, size_t size)
{
	__free_mem char *text = NULL;

	snprintf(buf, size, "%s", read_whole(path, &text) ? "" : end_of(text));
}

/* By the user's own command, and what it leaves has to be an image. */
static enum revision_state build_by_command(const struct revision_args *args, const char *path, const char *image, const char *log,
					    char *why, size_t why_size)
{
	const char *argv[] = {"sh", "-c", args->build_command, NULL};
	char line[256], release[128];
	int status;

	/* One of the revision before must not pass for what this one builds. */
	if (unlink(image) && errno != ENOENT) {
		snprintf(why, why_size, "remove %s: %s", image, strerror(errno));
		return REVISION_ABORTED;
	}
	status = process_run(argv, path, log, log);
	if (status < 0) {
		snprintf(why, why_size, "%s", err_msg());
		return REVISION_ABORTED;
	}
	if (status) {
		last_line(log, line, sizeof(line));
		snprintf(why, why_size, "the build command ended with status %d: %s (%s)", status, line, log);
		/* Killed, or as git bisect run understands it: 128 and above is no matter of the revision. */
		return status >= 128 ? REVISION_ABORTED : REVISION_SKIPPED;
	}
	if (kernel_image_check(image, release, sizeof(release))) {
		snprintf(why, why_size, "%s", err_msg());
		return REVISION_SKIPPED;
	}
	return REVISION_MEASURED;
}

static int run_benches(const struct revision_args *args, const char *spec, const char *folder, bool again, const char *log)
{
	const char *argv[WORDS_MAX] = {"/proc/self/exe", "run", "--quiet", "--no-plots", "-o", folder, "--kernel", spec};
	char seeds[32], seed[32], jobs[32];
	size_t nr = 8, i;

	snprintf(seeds, sizeof(seeds), "--seeds=%llu", (unsigned long long)args->nr_seeds);
	argv[nr++] = seeds;
	snprintf(jobs, sizeof(jobs), "--jobs=%llu", (unsigned long long)args->nr_jobs);
	argv[nr++] = jobs;
	if (args->profile)
		argv[nr++] = "--profile";
	for (i = 0; i < args->run_args.nr && nr < WORDS_MAX - 3; i++)
		argv[nr++] = args->run_args.items[i];
	if (again) {
		snprintf(seed, sizeof(seed), "--seed=%llu", (unsigned long long)args->nr_seeds + 1);
		argv[nr++] = seed;
	}
	argv[nr++] = args->bench;
	return process_run(argv, NULL, NULL, log);
}

static enum revision_state state_of(int status, const char *log, char *why, size_t why_size)
{
	char line[512];

	if (status == EXIT_OK || status == EXIT_REGRESSION || status == EXIT_INCONCLUSIVE)
		return REVISION_MEASURED;
	if (status < 0) {
		snprintf(why, why_size, "%s", err_msg());
		return REVISION_ABORTED;
	}
	first_line(log, line, sizeof(line));
	snprintf(why, why_size, "%s (exit status %d; the rest: %s)", line, status, log);
	return status == EXIT_BROKEN || status == EXIT_NOTHING_COMPARED || status == EXIT_NOT_DETERMINISTIC ? REVISION_SKIPPED
													   : REVISION_ABORTED;
}

/* What was run decides, beside the commit, whether a run that is there is the one that is wanted; how many guests at once does not. */
static char *measure_folder(const struct revision_args *args, const struct revision *revision)
{
	char key[SHA256_DIGEST_STRING_LENGTH];
	SHA2_CTX hash;
	size_t i;

	SHA256Init(&hash);
	for (i = 0; i < args->run_args.nr; i++)
		SHA256Update(&hash, (const uint8_t *)args->run_args.items[i], strlen(args->run_args.items[i]) + 1);
	SHA256Update(&hash, (const uint8_t *)args->bench, strlen(args->bench) + 1);
	SHA256Update(&hash, (const uint8_t *)&args->nr_seeds, sizeof(args->nr_seeds));
	if (args->build_command)
		SHA256Update(&hash, (const uint8_t *)args->build_command, strlen(args->build_command) + 1);
	if (args->profile)
		SHA256Update(&hash, (const uint8_t *)"profile", sizeof("profile"));
	SHA256End(&hash, key);
	return text_format("%s/%.*s-%.6s%s%s", args->results_dir, COMMIT_SHORT, revision->commit, key,
			   revision->is_changed ? "-changed" : "", revision->again ? "-again" : "");
}

static enum revision_state measure_anew(const struct revision_args *args, const struct revision *revision, const char *folder,
					char **ret_run, char *why, size_t why_size)
{
	__free_mem char *log = text_format("%s/log", folder), *tree = realpath(args->tree, NULL);
	__free_mem char *image = args->image ? text_format("%s/%s", revision->path, args->image) : NULL;
	__free_mem char *spec = image ? text_format("%.*s=%s", COMMIT_SHORT, revision->commit, image)
				: revision->path ? text_format("%.*s=build:%s", COMMIT_SHORT, revision->commit, revision->path)
				: tree ? text_format("%.*s=build:%s@%s", COMMIT_SHORT, revision->commit, tree, revision->commit)
				       : NULL;
	enum revision_state state = REVISION_MEASURED;

	if (!log || !spec || folder_make(folder)) {
		snprintf(why, why_size, "%s", tree ? err_msg() : "there is no such tree");
		return REVISION_ABORTED;
	}
	if (args->build_command)
		state = build_by_command(args, revision->path, image, log, why, why_size);
	if (state == REVISION_MEASURED)
		state = state_of(run_benches(args, spec, folder, revision->again, log), log, why, why_size);
	if (state != REVISION_MEASURED)
		return state;
	*ret_run = find_run(folder);
	if (*ret_run)
		return REVISION_MEASURED;
	snprintf(why, why_size, "no whole run came of it (%s)", log);
	return REVISION_SKIPPED;
}

enum revision_state revision_measure(const struct revision_args *args, const struct revision *revision, char **ret_run, char *why,
				     size_t why_size)
{
	__free_mem char *folder = measure_folder(args, revision);

	if (!folder) {
		snprintf(why, why_size, "%s", err_msg());
		return REVISION_ABORTED;
	}
	*ret_run = revision->is_changed ? NULL : find_run(folder);
	return *ret_run ? REVISION_MEASURED : measure_anew(args, revision, folder, ret_run, why, why_size);
}

int revision_compare(const struct revision_args *args, const char *base_run, const char *run, const char *format)
{
	__free_mem char *text = NULL;
	__free_mem char *metric = args->metric ? text_format("--metric=%s", args->metric) : NULL;
	__free_mem char *delta = args->delta ? text_format("--delta=%s", args->delta) : NULL;
	__free_mem char *form = text_format("--format=%s", format ? format : "text");
	const char *argv[WORDS_MAX] = {"/proc/self/exe", "compare", "--strict", form, "--bench", args->bench};
	size_t nr = 6;
	int status;

	if (!form)
		return -ENOMEM;
	if (metric)
		argv[nr++] = metric;
	if (delta)
		argv[nr++] = delta;
	if (args->profile)
		argv[nr++] = "--by-function";
	argv[nr++] = base_run;
	argv[nr++] = run;
	status = process_text(argv, PROCESS_OUT | PROCESS_ERR, &text);
	if (status >= 0 && (format || status >= EXIT_USAGE))
		fputs(text, format ? stdout : stderr);
	return status;
}
