// SPDX-License-Identifier: GPL-2.0-or-later
/* selftest - do the verdicts keep their promise? A recorded run compared with itself, over and over. */
#include <errno.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "data/calibrate.h"
#include "data/limits.h"
#include "out/calibrate_text.h"

extern const struct verb verb_selftest;

/* Of comparisons with a false alarm: Holm's correction promises no more over all rows of one. */
#define STATED_RATE 0.05

struct selftest_args {
	uint64_t aa, units, seed;
	const char *kernel, *effect, *delta, *plots_dir;
};

static const struct opt options[] = {
	{"aa", 0, OPT_TO_U64(struct selftest_args, aa, 1, 100000), .arg = "N", .def = "200", .help = "make N comparisons"},
	{"units", 0, OPT_TO_U64(struct selftest_args, units, 0, 100000), .arg = "N", .def = "0",
	 .help = "seeds (or blocks) of each half, to see what comparisons of so few are worth; 0: all that there are"},
	{"effect", 0, OPT_TO_STRING(struct selftest_args, effect), .arg = "SIZE",
	 .help = "add this to the times of the child memcg in one half and count how often it is found: a share (1%), a number per op "
		 "(1), or both (1%|1)"},
	{"kernel", 0, OPT_TO_STRING(struct selftest_args, kernel), .arg = "NAME", .help = "this kernel of a run that has several"},
	{"delta", 0, OPT_TO_STRING(struct selftest_args, delta), .arg = "LIMIT",
	 .help = "from which size on a change matters, as for compare"},
	{"seed", 0, OPT_TO_U64(struct selftest_args, seed, 0, UINT32_MAX), .arg = "N", .def = "1",
	 .help = "draw the halves by this seed"},
	{"plots", 0, OPT_TO_STRING(struct selftest_args, plots_dir), .arg = "DIR",
	 .help = "write pvalues.dat, .svg and .png to DIR"},
	OPT_END,
};

/* A missing picture is a remark. */
static int draw(const struct calibration *calibration, const char *out_dir)
{
	__free_mem char *plots_dir = NULL;
	int ret = paths_plots(&plots_dir);

	if (!ret && mkdir(out_dir, 0777) && errno != EEXIST)
		ret = err_sys(errno, "make the folder %s", out_dir);
	return ret ? ret : calibrate_plot(calibration, plots_dir, out_dir);
}

static int show(const struct selftest_args *args, const struct calibration *calibration, const struct limit *effect)
{
	int status = EXIT_OK;

	if (calibrate_text(calibration, effect, stdout))
		return cmd_fail(&verb_selftest, NULL);
	if (args->plots_dir && draw(calibration, args->plots_dir))
		fprintf(stderr, "memcgbench selftest: %s\n", err_msg());
	/* By chance alone a little more than the rate is seen half of the time: the whole interval has to lie above it. */
	if (calibration->rate.low > STATED_RATE)
		status = cmd_fail(&verb_selftest, "more false alarms than the %g %% that the verdicts promise", STATED_RATE * 100);
	return cmd_finish(&verb_selftest, status);
}

static int fail(int ret)
{
	if (ret == -EINVAL || ret == -ENOENT)
		return cmd_usage(&verb_selftest, NULL);
	cmd_fail(&verb_selftest, NULL);
	return ret == -EXDEV || ret == -ENODATA ? EXIT_NOTHING_COMPARED : EXIT_BROKEN;
}

static int calibrate_run(const struct selftest_args *args, const char *dir)
{
	struct calibrate_options how = { .kernel = args->kernel, .nr_comparisons = args->aa, .nr_units = args->units, .seed = args->seed };
	struct calibration *calibration = NULL;
	struct rundata *data = NULL;
	struct limits limits;
	int ret = 0, status;

	limits_init(&limits);
	how.limits = &limits;
	if (args->delta)
		ret = err_prefix(limits_add(&limits, args->delta), "--delta=%s", args->delta);
	if (!ret && args->effect)
		ret = err_prefix(limit_parse(args->effect, &how.effect), "--effect=%s", args->effect);
	if (!ret)
		ret = rundata_load(dir, &data);
	if (!ret)
		ret = calibrate(data, &how, &calibration);
	status = ret ? fail(ret) : show(args, calibration, &how.effect);
	calibration_free(calibration);
	rundata_free(data);
	return status;
}

static int selftest_main(int argc, char **argv)
{
	struct selftest_args args = { 0 };
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_selftest, argc, argv, &args, &parsed, &status))
		status = parsed.operands.nr == 1 ? calibrate_run(&args, parsed.operands.items[0])
						 : cmd_usage(&verb_selftest, "one run is wanted");
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_selftest = {
	.name = "selftest",
	.summary = "compare a run with itself: how often does a verdict err",
	.about = "Splits the boots of one kernel of a recorded run (or the blocks, where it was one boot) at random into two halves and "
		 "compares them as two kernels, over and over. Nothing changed, so every regression or improvement is a false alarm. "
		 "With --effect a change of known size is added to one half, and what counts is how often it is found.\n\n"
		 "Exit status: 0 no more false alarms than the verdicts promise (5 % of comparisons), 5 more, or something failed, 6 the "
		 "run has too few boots or blocks.",
	.operands = "RUN",
	.options = options,
	.main = selftest_main,
};
