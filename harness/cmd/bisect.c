// SPDX-License-Identifier: GPL-2.0-or-later
/* bisect - find the commit that made memcg dearer, and show by how much. */
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "cmd/revision.h"

extern const struct verb verb_bisect;

struct bisect_args {
	struct revision_args revision;
	const char *good, *bad;
};

static const struct opt options[] = {
	{"good", 0, OPT_TO_STRING(struct bisect_args, good), .arg = "REV", .help = "a revision that is as it should be"},
	{"bad", 0, OPT_TO_STRING(struct bisect_args, bad), .arg = "REV", .def = "HEAD", .help = "a revision that is worse"},
	REVISION_OPTIONS(struct bisect_args, revision),
	OPT_END,
};

struct bisect {
	const struct bisect_args *args;
	const struct revision_args *revision;
	char *good, *bad;     /* commits */
	char *path;	      /* the checkout */
	char *good_run;
	unsigned int nr_steps;
};

static void say(const struct bisect *bisect, const char *commit, const char *what)
{
	__free_mem char *subject = NULL;

	if (bisect->revision->quiet)
		return;
	(void)revision_git(bisect->revision->tree, &subject,
			   (const char *const[]){"log", "-1", "--format=%h %s", commit, NULL});
	if (subject)
		subject[strcspn(subject, "\n")] = '\0';
	fprintf(stderr, "memcgbench bisect: %s: %s\n", subject ? subject : commit, what);
}

/* Check @commit out and measure it. Returns the state; *ret_run for the caller to free. */
static enum revision_state measure(struct bisect *bisect, const char *commit, bool again, char **ret_run, char *why,
				   size_t why_size)
{
	free(bisect->path);
	bisect->path = NULL;
	if (revision_checkout(bisect->revision, commit, &bisect->path)) {
		snprintf(why, why_size, "%s", err_msg());
		return REVISION_ABORTED;
	}
	return revision_measure(bisect->revision, bisect->path, commit, again, ret_run, why, why_size);
}

/* Both ends: the good one is measured, and the bad one has to be worse than it. */
static int check_ends(struct bisect *bisect)
{
	__free_mem char *run = NULL;
	char why[ERR_MSG_MAX + 256];
	int status;

	say(bisect, bisect->good, "building and measuring the good end");
	if (measure(bisect, bisect->good, false, &bisect->good_run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "the good revision %s: %s", bisect->args->good, why);
	say(bisect, bisect->bad, "building and measuring the bad end");
	if (measure(bisect, bisect->bad, false, &run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "the bad revision %s: %s", bisect->args->bad, why);
	status = revision_compare(bisect->revision, bisect->good_run, run, NULL);
	if (status == EXIT_REGRESSION)
		return EXIT_OK;
	if (status == EXIT_OK || status == EXIT_INCONCLUSIVE)
		return cmd_fail(&verb_bisect, "%s is not worse than %s: there is nothing to find (the comparison ended with status %d)",
				bisect->args->bad, bisect->args->good, status);
	return cmd_fail(&verb_bisect, "the two ends cannot be compared (status %d)", status);
}

/* "good", "bad", "skip"; NULL: give up, and it has been said why. */
static const char *judge(struct bisect *bisect, const char *commit)
{
	__free_mem char *run = NULL;
	char why[ERR_MSG_MAX + 256], text[sizeof(why) + 32];
	int status;

	switch (measure(bisect, commit, false, &run, why, sizeof(why))) {
	case REVISION_MEASURED:
		break;
	case REVISION_SKIPPED:
		snprintf(text, sizeof(text), "skipped: %s", why);
		say(bisect, commit, text);
		return "skip";
	case REVISION_ABORTED:
		cmd_fail(&verb_bisect, "%.12s: %s", commit, why);
		return NULL;
	}
	status = revision_compare(bisect->revision, bisect->good_run, run, NULL);
	switch (status) {
	case EXIT_OK:
		say(bisect, commit, "good");
		return "good";
	case EXIT_REGRESSION:
		say(bisect, commit, "bad");
		return "bad";
	case EXIT_INCONCLUSIVE:
		say(bisect, commit, "skipped: inconclusive");
		return "skip";
	default:
		cmd_fail(&verb_bisect, "%.12s cannot be compared (status %d)", commit, status);
		return NULL;
	}
}

/* git's own bisection, in the checkout, whose state is apart from the user's tree. */
static int start(struct bisect *bisect)
{
	__free_mem char *text = NULL;
	int status;

	if (revision_checkout(bisect->revision, bisect->bad, &bisect->path))
		return cmd_fail(&verb_bisect, NULL);
	(void)revision_git(bisect->path, NULL, (const char *const[]){"bisect", "reset", NULL});
	status = revision_git(bisect->path, &text,
			      (const char *const[]){"bisect", "start", "--no-checkout", bisect->bad, bisect->good, NULL});
	return status ? cmd_fail(&verb_bisect, "git bisect: %s", text ? text : err_msg()) : EXIT_OK;
}

/* The next commit to judge; NULL: the bisection is over, *ret_text has git's words. */
static char *next_commit(const struct bisect *bisect, const char *text)
{
	char *commit = NULL;

	if (strstr(text, "is the first bad commit") || strstr(text, "only 'skip'ped commits left") ||
	    strstr(text, "only skipped commits left"))
		return NULL;
	return revision_commit(bisect->path, "BISECT_HEAD", &commit) ? NULL : commit;
}

/* Until git names a commit. Returns EXIT_OK with *ret_commit, which the caller frees. */
static int search(struct bisect *bisect, char **ret_commit)
{
	__free_mem char *text = strdup(""), *commit = NULL;

	while (text && (commit = next_commit(bisect, text))) {
		const char *word = judge(bisect, commit);

		if (!word)
			return EXIT_BROKEN;
		bisect->nr_steps++;
		free(text);
		text = NULL;
		if (revision_git(bisect->path, &text, (const char *const[]){"bisect", word, commit, NULL}) < 0)
			return cmd_fail(&verb_bisect, NULL);
		free(commit);
		commit = NULL;
	}
	if (!text || !strstr(text, "is the first bad commit"))
		return cmd_fail(&verb_bisect, "no commit can be named: %s", text ? text : "no memory");
	return revision_commit(bisect->path, "refs/bisect/bad", ret_commit) ? cmd_fail(&verb_bisect, NULL) : EXIT_OK;
}

/* Measure the commit and its parent again, under other seeds; the second reading is what is printed. */
static int verify(struct bisect *bisect, const char *commit)
{
	__free_mem char *parent = NULL, *name = NULL, *run = NULL, *parent_run = NULL, *text = NULL;
	char why[ERR_MSG_MAX + 256];
	int status;

	if (asprintf(&name, "%s^", commit) < 0 || revision_commit(bisect->revision->tree, name, &parent))
		return cmd_fail(&verb_bisect, NULL);
	say(bisect, parent, "measuring again, as the parent");
	if (measure(bisect, parent, true, &parent_run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "the parent of %.12s: %s", commit, why);
	say(bisect, commit, "measuring again, as the first bad commit");
	if (measure(bisect, commit, true, &run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "%.12s: %s", commit, why);
	(void)revision_git(bisect->revision->tree, &text,
			   (const char *const[]){"log", "-1", "--stat", "--format=commit %H%nAuthor: %an <%ae>%nDate:   %ad%n%n    %s%n",
						 commit, NULL});
	printf("The first bad commit, found in %u steps:\n\n%s\nThe commit against its parent, both measured once more:\n\n",
	       bisect->nr_steps, text ? text : commit);
	fflush(stdout);
	status = revision_compare(bisect->revision, parent_run, run, "lkml");
	if (status == EXIT_REGRESSION)
		return cmd_finish(&verb_bisect, EXIT_OK);
	return cmd_fail(&verb_bisect, "%.12s is not worse than its parent when both are measured again (status %d): the bisection went "
				      "wrong somewhere, perhaps at a skipped revision", commit, status);
}

static int bisect_revisions(const struct bisect_args *args)
{
	struct bisect bisect = {.args = args, .revision = &args->revision};
	__free_mem char *commit = NULL;
	int status;

	if (revision_commit(args->revision.tree, args->good, &bisect.good) ||
	    revision_commit(args->revision.tree, args->bad, &bisect.bad))
		status = cmd_usage(&verb_bisect, NULL);
	else
		status = check_ends(&bisect);
	if (!status)
		status = start(&bisect);
	if (!status)
		status = search(&bisect, &commit);
	if (!status)
		status = verify(&bisect, commit);
	if (bisect.path) {
		(void)revision_git(bisect.path, NULL, (const char *const[]){"bisect", "reset", NULL});
		revision_remove_checkout(&args->revision, bisect.path);
	}
	free(bisect.good);
	free(bisect.bad);
	free(bisect.path);
	free(bisect.good_run);
	return status;
}

static int bisect_main(int argc, char **argv)
{
	struct bisect_args args = {.revision.results_dir = "results/bisect"};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_bisect, argc, argv, &args, &parsed, &status)) {
		args.revision.run_args = parsed.operands;
		if (!args.good)
			status = cmd_usage(&verb_bisect, "--good is wanted: a revision that is as it should be");
		else if (revision_check_args(&args.revision))
			status = cmd_usage(&verb_bisect, NULL);
		else
			status = bisect_revisions(&args);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_bisect = {
	.name = "bisect",
	.summary = "find the commit that made memcg dearer",
	.about = "Measures both ends, then halves the commits between them by git bisect: each is built, booted with memcg off and on, "
		 "measured, and compared with the good one. The commit that is found is measured again together with its parent, "
		 "under other seeds, and printed with the size of the change, ready for a mail.\n\n"
		 "The tree is not touched: revisions are checked out in a worktree of their own. What was measured is kept by "
		 "commit, so that an interrupted bisection goes on where it stopped. A revision that does not build or boot is "
		 "skipped.",
	.operands = "[-- RUN-OPTION...]",
	.options = options,
	.main = bisect_main,
};
