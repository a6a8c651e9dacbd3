// SPDX-License-Identifier: GPL-2.0-or-later
/* bisect-step - judge the revision that is checked out, for `git bisect run`. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "cmd/revision.h"
#include "guest/files.h"

extern const struct verb verb_bisect_step;

/* What git bisect run takes an exit status for. */
enum bisect_status { BISECT_GOOD = 0, BISECT_BAD = 1, BISECT_SKIP = 125, BISECT_ABORT = 128 };

struct step_args {
	struct revision_args revision;
	const char *good;
};

static const struct opt options[] = {
	{"good", 0, OPT_TO_STRING(struct step_args, good), .arg = "REV|RUN",
	 .help = "what to compare with: a revision, measured once and then remembered, or the folder of a run"},
	REVISION_OPTIONS(struct step_args, revision),
	OPT_END,
};

static int abort_with(const char *text)
{
	cmd_fail(&verb_bisect_step, "%s", text);
	return BISECT_ABORT;
}

/* The run to compare with. */
static int find_good(const struct step_args *args, char **ret_run, char *why, size_t why_size)
{
	const struct revision_args *revision = &args->revision;
	__free_mem char *commit = NULL, *path = NULL;
	struct revision good = {0};
	enum revision_state state;

	if (file_is_folder(args->good)) {
		*ret_run = strdup(args->good);
		return *ret_run ? BISECT_GOOD : BISECT_ABORT;
	}
	if (revision_commit(revision->tree, args->good, &commit) ||
	    (revision->build_command && revision_checkout(revision, commit, &path))) {
		snprintf(why, why_size, "%s", err_msg());
		return BISECT_ABORT;
	}
	good.commit = commit;
	good.path = path;
	state = revision_measure(revision, &good, ret_run, why, why_size);
	if (path)
		revision_remove_checkout(revision);
	return state == REVISION_MEASURED ? BISECT_GOOD : BISECT_ABORT;
}

/*
 * What is checked out: the commit, or files that somebody changed since, such as by a fix that all revisions need. Untracked
 * files are what builds leave.
 */
static int look_at(const struct revision_args *args, const char *here, struct revision *revision)
{
	__free_mem char *text = NULL;
	int status = revision_git(here, &text, (const char *const[]){"status", "--porcelain", "--untracked-files=no", NULL});

	if (status)
		return status < 0 ? status : err_set(EIO, "git status: %s", text);
	revision->is_changed = text[0] != '\0';
	revision->path = revision->is_changed || args->build_command ? here : NULL;
	return 0;
}

static int judge(const struct step_args *args, const char *good_run, const char *run)
{
	switch (revision_compare(&args->revision, good_run, run, args->revision.quiet ? NULL : "text")) {
	case EXIT_OK:
		return BISECT_GOOD;
	case EXIT_REGRESSION:
		return BISECT_BAD;
	case EXIT_INCONCLUSIVE:
		return BISECT_SKIP;
	default:
		return abort_with("the comparison failed");
	}
}

static int step(const struct step_args *args)
{
	const struct revision_args *revision = &args->revision;
	__free_mem char *commit = NULL, *good_run = NULL, *run = NULL, *here = realpath(revision->tree, NULL);
	struct revision now = {0};
	char why[ERR_MSG_MAX + 256] = "";

	if (!here || revision_commit(here, "HEAD", &commit) || look_at(revision, here, &now))
		return abort_with(here ? err_msg() : "there is no such tree");
	now.commit = commit;
	if (find_good(args, &good_run, why, sizeof(why)))
		return abort_with(why);
	switch (revision_measure(revision, &now, &run, why, sizeof(why))) {
	case REVISION_MEASURED:
		return judge(args, good_run, run);
	case REVISION_SKIPPED:
		cmd_fail(&verb_bisect_step, "%.12s cannot be judged: %s", commit, why);
		return BISECT_SKIP;
	case REVISION_ABORTED:
		break;
	}
	return abort_with(why);
}

static int bisect_step_main(int argc, char **argv)
{
	struct step_args args = {.revision.results_dir = "results/bisect"};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_bisect_step, argc, argv, &args, &parsed, &status)) {
		args.revision.run_args = parsed.operands;
		if (!args.good)
			status = cmd_usage(&verb_bisect_step, "--good is wanted: a revision or the folder of a run");
		else if (revision_prepare(&args.revision) || !cmd_find_bench(args.revision.bench))
			status = cmd_usage(&verb_bisect_step, NULL);
		else
			status = step(&args);
		/* A command line that is wrong is wrong for every revision: git bisect has to stop. */
		if (status == EXIT_USAGE || status == EXIT_BROKEN)
			status = BISECT_ABORT;
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_bisect_step = {
	.name = "bisect-step",
	.summary = "judge the revision that is checked out, for git bisect run",
	.about = "Builds, boots and measures the kernel tree as it is checked out, compares it with the good one, and ends with the "
		 "status that `git bisect run` wants: 0 good, 1 bad, 125 skip (it does not build or boot, or the comparison is "
		 "inconclusive), 128 stop.\n\n"
		 "  git bisect start BAD GOOD\n  git bisect run memcgbench bisect-step --good GOOD\n\n"
		 "`memcgbench bisect` does all of it without touching the checkout.",
	.operands = "[RUN-OPTION...]",
	.options = options,
	.main = bisect_step_main,
};
