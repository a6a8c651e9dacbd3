// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/trend_git.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "guest/process.h"

#define SHA_MAX 72

/* Standard output of git. */
static int run_git(const char *dir, const char *const *args, size_t nr_args, char **ret_text, int *ret_status)
{
	__free_mem const char **argv = calloc(nr_args + 4, sizeof(*argv));
	int ret;

	if (!argv)
		return err_sys(ENOMEM, "memory for git");
	argv[0] = "git";
	argv[1] = "-C";
	argv[2] = dir;
	memcpy(&argv[3], args, nr_args * sizeof(*argv));
	ret = process_text(argv, PROCESS_OUT, ret_text);
	if (ret < 0)
		return ret;
	*ret_status = ret;
	return 0;
}

/* Its first line as a name. false: it has none. */
static bool take_sha(const char *text, char ret_sha[SHA_MAX])
{
	snprintf(ret_sha, SHA_MAX, "%.*s", (int)strcspn(text, "\n"), text);
	return ret_sha[0];
}

/* What git should look up: "abcdef123456" of "…-gabcdef123456+", else "v6.12.94". */
static char *revision_of(const struct history_kernel *kernel)
{
	const char *g = strstr(kernel->release, "-g");
	size_t len = 0;
	char *text = NULL;

	for (; g; g = strstr(g + 1, "-g")) {
		for (len = 0; isxdigit((unsigned char)g[2 + len]); len++)
			;
		if (len >= 7 && !isalnum((unsigned char)g[2 + len]))
			return strndup(g + 2, len);
	}
	/* A tag has no ".0" of a first release, and no local version. */
	len = strspn(kernel->upstream, "0123456789.");
	if (!strncmp(kernel->upstream + len, "-rc", 3))
		len += 3 + strspn(kernel->upstream + len + 3, "0123456789");
	return asprintf(&text, "v%.*s", (int)len, kernel->upstream) < 0 ? NULL : text;
}

/* "v6.13.0-rc1" is tagged v6.13-rc1. */
static void drop_zero(char *tag)
{
	char *first = strchr(tag, '.'), *second = first ? strchr(first + 1, '.') : NULL;

	if (second && second[1] == '0' && !isdigit((unsigned char)second[2]))
		memmove(second, second + 2, strlen(second + 2) + 1);
}

static int find_commit(const char *dir, const struct history_kernel *kernel, char ret_sha[SHA_MAX])
{
	__free_mem char *revision = revision_of(kernel), *peeled = NULL;
	__free_mem char *text = NULL;
	const char *args[] = {"rev-parse", "--verify", "--quiet", NULL};
	int status = 0, ret;

	if (!revision)
		return err_sys(ENOMEM, "memory for a commit");
	drop_zero(revision);
	if (asprintf(&peeled, "%s^{commit}", revision) < 0)
		return err_sys(ENOMEM, "memory for a commit");
	args[3] = peeled;
	ret = run_git(dir, args, 4, &text, &status);
	if (!ret && (status || !take_sha(text, ret_sha)))
		ret = err_set(ENOENT, "%s has no commit %s, which kernel %s should be", dir, revision, kernel->release);
	return ret;
}

/* Only what lies between the kernels is listed: the oldest common ancestor of all of them is the end. */
static int list_commits(const char *dir, char (*sha)[SHA_MAX], size_t nr, char **ret_text)
{
	__free_mem const char **args = calloc(nr + 5, sizeof(*args));
	__free_mem char *ancestor = NULL, *text = NULL;
	char base[SHA_MAX + 1] = "^";
	int status = 0, ret;
	size_t i;

	if (!args)
		return err_sys(ENOMEM, "memory for commits");
	args[0] = "merge-base";
	args[1] = "--octopus";
	for (i = 0; i < nr; i++)
		args[2 + i] = sha[i];
	ret = run_git(dir, args, nr + 2, &ancestor, &status);
	if (ret)
		return ret;
	if (status || !take_sha(ancestor, base + 1))
		return err_set(ENOENT, "%s: the kernels have no common ancestor", dir);
	args[0] = "rev-list";
	args[1] = "--topo-order";
	args[2] = "--reverse";
	for (i = 0; i < nr; i++)
		args[3 + i] = sha[i];
	args[3 + nr] = base;
	ret = run_git(dir, args, nr + 4, &text, &status);
	if (!ret && status)
		ret = err_set(EIO, "%s: git rev-list failed with status %d", dir, status);
	if (!ret)
		*ret_text = take_ptr(text);
	return ret;
}

static void read_ranks(char *text, struct history *history, char (*sha)[SHA_MAX])
{
	size_t place = 0, i;
	char *line;

	/* The common ancestor itself is not listed, and keeps 0. */
	for (i = 0; i < history->nr_kernels; i++)
		history->kernels[i].rank = 0;
	while ((line = strsep(&text, "\n"))) {
		place++;
		for (i = 0; i < history->nr_kernels; i++)
			if (!strcmp(line, sha[i]))
				history->kernels[i].rank = place;
	}
}

int trend_git_rank(struct history *history, const char *dir)
{
	__free_mem char (*sha)[SHA_MAX] = calloc(history->nr_kernels + 1, sizeof(*sha));
	__free_mem char *text = NULL;
	size_t i;
	int ret = sha ? 0 : err_sys(ENOMEM, "memory for commits");

	for (i = 0; !ret && i < history->nr_kernels; i++)
		ret = find_commit(dir, &history->kernels[i], sha[i]);
	if (ret || !history->nr_kernels)
		return ret;
	ret = list_commits(dir, sha, history->nr_kernels, &text);
	if (!ret)
		read_ranks(text, history, sha);
	return ret;
}
