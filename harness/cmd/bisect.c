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
	(void)!revision_git(bisect->revision->tree, &subject,
			   (const char *const[]){"log", "-1", "--format=%h %s", commit, NULL});
	if (subject)
		subject[strcspn(subject, "\n")] = '\0';
	fprintf(stderr, "memcgbench bisect: %s: %s\n", subject ? subject : commit, what);
}

/* Measure @commit, checked out if that takes a checkout. *ret_run for the caller to free. */
static enum revision_state measure(struct bisect *bisect, const char *commit, bool again, char **ret_run, char *why,
				   size_t why_size)
{
	struct revision revision = {.commit = commit, .again = again};

	if (bisect->revision->build_command) {
		free(take_ptr(bisect->path));
		if (revision_checkout(bisect->revision, commit, &bisect->path)) {
			snprintf(why, why_size, "%s", err_msg());
			return REVISION_ABORTED;
		}
		revision.path = bisect->path;
	}
	return revision_measure(bisect->revision, &revision, ret_run, why, why_size);
}

/* Both ends: the good one is measured, and the bad one has to be worse than it. */
static int check_ends(struct bisect *bisect)
{
	__free_mem char *run = NULL;
	char why[ERR_MSG_MAX + 256];
	int status;

	say(bisect, bisect->good, "the good end: building and measuring");
	if (measure(bisect, bisect->good, false, &bisect->good_run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "the good revision %s: %s", bisect->args->good, why);
	say(bisect, bisect->bad, "the bad end: building and measuring");
	if (measure(bisect, bisect->bad, false, &run, why, sizeof(why)) != REVISION_MEASURED)
		return cmd_fail(&verb_bisect, "the bad revision %s: %s", bisect->args->bad, why);
	status = revision_compare(bisect->revision, bisect->good_run, run, NULL);
	if (status == EXIT_REGRESSION)
		return EXIT_OK;
	if (status == EXIT_OK || status == EXIT_INCONCLUSIVE)
		return cmd_fail(&verb_bisect, "%s is not %sworse than %s: there is nothing to find%s", bisect->args->bad,
				status ? "clearly " : "", bisect->args->good, status ? " (more --seeds may show more)" : "");
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

/* git's own bisection, in the checkout, whose state is apart from the user's tree. *ret_text: git's words, for the caller to free. */
static int start(struct bisect *bisect, char **ret_text)
{
	int status;

	free(take_ptr(bisect->path));
	if (revision_checkout(bisect->revision, bisect->bad, &bisect->path))
		return cmd_fail(&verb_bisect, NULL);
	/* One that was killed leaves its state; what it measured is remembered elsewhere. */
	(void)!revision_git(bisect->path, NULL, (const char *const[]){"bisect", "reset", "HEAD", NULL});
	status = revision_git(bisect->path, ret_text,
			      (const char *const[]){"bisect", "start", "--no-checkout", bisect->bad, bisect->good, NULL});
	return status ? cmd_fail(&verb_bisect, "git bisect: %s", status > 0 ? *ret_text : err_msg()) : EXIT_OK;
}

static bool is_over(const char *text)
{
	return strstr(text, "is the first bad commit") || strstr(text, "We cannot bisect more");
}

/* "Bisecting: 3 revisions left to test after this (roughly 2 steps)", of git's words. */
static void say_left(const struct bisect *bisect, const char *text, const char *commit)
{
	const char *at = strstr(text, "Bisecting: ");
	char what[160];

	at = at ? at + strlen("Bisecting: ") : "";
	snprintf(what, sizeof(what), "building and measuring%s%.*s", at[0] ? "; " : "", (int)strcspn(at, "\n"), at);
	say(bisect, commit, what);
}

/* One step: *text, git's words, becomes what git says to the next judgement. */
static int judge_next(struct bisect *bisect, char **text)
{
	__free_mem char *commit = NULL;
	const char *word;
	int status;

	if (revision_commit(bisect->path, "BISECT_HEAD", &commit))
		return cmd_fail(&verb_bisect, NULL);
	say_left(bisect, *text, commit);
	word = judge(bisect, commit);
	if (!word)
		return EXIT_BROKEN;
	bisect->nr_steps++;
	free(take_ptr(*text));
	status = revision_git(bisect->path, text, (const char *const[]){"bisect", word, commit, NULL});
	if (status < 0)
		return cmd_fail(&verb_bisect, NULL);
	/* 2: only skipped commits are left. Anything else, such as a merge base that is bad, would come again and again. */
	return status && !is_over(*text) ? cmd_fail(&verb_bisect, "git bisect %s: %s", word, *text) : EXIT_OK;
}

/* Until git names a commit. Returns EXIT_OK with *ret_commit, which the caller frees. */
static int search(struct bisect *bisect, char **ret_commit)
{
	__free_mem char *text = NULL;
	int status = start(bisect, &text);

	while (!status && !is_over(text))
		status = judge_next(bisect, &text);
	if (status)
		return status;
	if (!strstr(text, "is the first bad commit"))
		return cmd_fail(&verb_bisect, "no single commit can be named, because of those that were skipped:\n%s", text);
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
	(void)!revision_git(bisect->revision->tree, &text,
			   (const char *const[]){"log", "-1", "--stat", "--format=commit %H%nAuthor: %an <%ae>%nDate:   %ad%n%n    %s%n",
						 commit, NULL});
	printf("The first bad commit, found in %u step%s:\n\n%s\nThe commit against its parent, both measured again under other seeds:\n\n",
	       bisect->nr_steps, bisect->nr_steps == 1 ? "" : "s", text ? text : commit);
	fflush(stdout);
	status = revision_compare(bisect->revision, parent_run, run, "lkml");
	if (status == EXIT_REGRESSION)
		return cmd_finish(&verb_bisect, EXIT_OK);
	return cmd_fail(&verb_bisect, "%.12s is not worse than its parent when both are measured again (status %d): the bisection went "
				      "wrong somewhere, perhaps at a skipped revision", commit, status);
}

static int bisect_revisions(const void *ctx)
{
	const struct bisect_args *args = ctx;
	struct bisect bisect = {.args = args, .revision = &args->revision};
	__free_mem char *commit = NULL;
	int status;

	if (revision_commit(args->revision.tree, args->good, &bisect.good) ||
	    revision_commit(args->revision.tree, args->bad, &bisect.bad))
		status = cmd_usage(&verb_bisect, NULL);
	else
		status = check_ends(&bisect);
	if (!status)
		status = search(&bisect, &commit);
	if (!status)
		status = verify(&bisect, commit);
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
		else if (revision_prepare(&args.revision) || !cmd_find_bench(args.revision.bench))
			status = cmd_usage(&verb_bisect, NULL);
		else
			status = revision_run_apart(&args.revision, &verb_bisect, bisect_revisions, &args);
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
		 "The tree is not touched: neither its files nor its index, nor a bisection of your own in it. What was measured is "
		 "kept by commit, so that an interrupted bisection goes on where it stopped. A revision that does not build or boot, or "
		 "whose comparison is inconclusive, is skipped.\n\n"
		 "Exit status: 0 a commit was found and is still worse than its parent when both are measured again, 5 anything else.",
	.operands = "[RUN-OPTION...]",
	.options = options,
	.main = bisect_main,
};
