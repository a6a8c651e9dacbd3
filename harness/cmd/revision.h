/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * revision.h - a revision of a kernel tree as something that can be measured and compared. Shared by bisect and bisect-step;
 * private to cmd/.
 *
 * A revision is built, booted and measured by `memcgbench run`, and compared by `memcgbench compare`: the same commands that
 * a user would type, each in a process of its own, so that a kernel that will not build or boot is a status and not the end of
 * the bisection.
 */
#ifndef CMD_REVISION_H
#define CMD_REVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/opt.h"
#include "cmd/cmd.h"

/* What is the same for every revision. Filled from the command line. */
struct revision_args {
	const char *tree;	   /* the user's git tree; never written to but for a worktree's entry and bisect's refs */
	const char *build_command; /* NULL: memcgbench builds (--kernel=build:…); else a shell command, run in the checkout */
	const char *image;	   /* with build_command: what it leaves, relative to the checkout */
	const char *results_dir;
	const char *bench, *metric, *delta;
	uint64_t nr_seeds, nr_jobs; /* jobs: 0 is one per core */
	bool build; /* --build: what is done anyway without build_command, said by whoever writes it */
	bool profile; /* functions are counted, and decide where a row does not */
	bool quiet;
	struct opt_list run_args; /* operands behind "--": further options of `run` */
};

/* The rows of revision_args for an option table of a struct that has it as member @args_. */
#define REVISION_OPTIONS(type_, args_)                                                                                     \
	{"tree", 0, OPT_TO_STRING(type_, args_.tree), .arg = "DIR", .def = ".", .help = "the git tree of the kernel"},     \
	{"bench", 0, OPT_TO_STRING(type_, args_.bench), .arg = "BENCH", .def = "fault_storm", .help = "the bench to run"}, \
	{"metric", 0, OPT_TO_STRING(type_, args_.metric), .arg = "METRIC",                                                 \
	 .help = "judge by this metric alone; all of the bench's if not given"},                                           \
	{"delta", 0, OPT_TO_STRING(type_, args_.delta), .arg = "LIMIT",                                                    \
	 .help = "what counts as a change, as in `compare --delta`"},                                                      \
	{"seeds", 0, OPT_TO_U64(type_, args_.nr_seeds, 1, 1000), .arg = "N", .def = "5",                                   \
	 .help = "boots per revision and memcg off or on"},                                                                \
	{"jobs", 'j', OPT_TO_U64(type_, args_.nr_jobs, 0, 1024), .arg = "N", .def = "0",                                   \
	 .help = "guests at once, as in `run`; 0: one per core of this machine"},                                         \
	{"profile", 0, OPT_TO_FLAG(type_, args_.profile),                                                                  \
	 .help = "judge by kernel functions: what is exact in them decides where a metric varies (compare --by-function)"}, \
	{"build", 0, OPT_TO_FLAG(type_, args_.build),                                                                      \
	 .help = "build each revision with memcgbench's own configuration (memcgbench kernel config); the default"},       \
	{"build-command", 0, OPT_TO_STRING(type_, args_.build_command), .arg = "COMMAND",                                  \
	 .help = "build by this shell command instead, run in a checkout of the revision; needs --image"},                 \
	{"image", 0, OPT_TO_STRING(type_, args_.image), .arg = "FILE",                                                     \
	 .help = "the kernel image that --build-command leaves, relative to the checkout"},                                \
	{"output", 'o', OPT_TO_STRING(type_, args_.results_dir), .arg = "DIR",                                             \
	 .help = "folder that keeps what was measured, by commit; what is there already is not measured again"},           \
	{"quiet", 0, OPT_TO_FLAG(type_, args_.quiet), .help = "say nothing on the way"}

enum revision_state {
	REVISION_MEASURED,
	REVISION_SKIPPED, /* does not build or boot, or a bench failed on it */
	REVISION_ABORTED, /* nothing to do with the revision: interrupted, no QEMU, a full disk */
};

/* One revision of the tree. */
struct revision {
	const char *commit; /* its full name */
	/*
	 * Where its files are. NULL: nowhere, memcgbench takes them out of git itself, and the image that it builds is kept by
	 * commit. With build_command it is wanted.
	 */
	const char *path;
	bool is_changed; /* @path is not what @commit says: what comes out is not remembered */
	bool again;	 /* measure under other seeds than the first time */
};

/*
 * Make this process fit for git, compare and run below it: variables that a git above us set, and that name another tree, are
 * dropped. -EINVAL with a sentence: --image without --build-command, or the other way round; both --build and --build-command.
 */
int revision_prepare(const struct revision_args *args) __must_check;

/* The full name of the commit that @name names in @dir. The caller frees. -ENOENT with git's own words. */
int revision_commit(const char *dir, const char *name, char **ret_commit) __must_check;

/*
 * A detached worktree of args->tree at @commit in args->results_dir/checkout; one that is there is used again. It has
 * files only with build_command; without, it is a place for the state of git bisect. The caller frees *ret_path.
 */
int revision_checkout(const struct revision_args *args, const char *commit, char **ret_path) __must_check;
/* Remove it, and with it all that git knows of it. Nothing there is fine. */
void revision_remove_checkout(const struct revision_args *args);

/*
 * Build and measure @revision, if that was not done before with the same bench and options. *ret_run: the folder of its run,
 * when measured; the caller frees. @why: what was wrong, when skipped or aborted.
 */
enum revision_state revision_measure(const struct revision_args *args, const struct revision *revision, char **ret_run, char *why,
				     size_t why_size);

/*
 * `memcgbench compare` of two runs, by args' bench, metric and delta. Returns its exit status (enum exit_status; 128 and
 * above: killed). @format NULL: print nothing; else standard output gets the comparison in that format.
 */
int revision_compare(const struct revision_args *args, const char *base_run, const char *run, const char *format);

/*
 * Run @work in a process of its own, so that whatever ends it (^C, kill, a bug of ours) the checkout is removed behind it; what it
 * had begun dies with it. Returns the exit status of @work, or 128 + signal with a sentence printed for @verb.
 */
int revision_run_apart(const struct revision_args *args, const struct verb *verb, int (*work)(const void *ctx), const void *ctx);

/* git in @dir with @words (NULL-terminated), its output in *ret_text (may be NULL). Returns its exit status or -errno. */
int revision_git(const char *dir, char **ret_text, const char *const *words);

#endif
