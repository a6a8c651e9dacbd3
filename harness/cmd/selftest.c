// SPDX-License-Identifier: GPL-2.0-or-later
/* selftest - do the verdicts keep their promise? A run, recorded or of now, compared with itself, over and over. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "data/calibrate.h"
#include "data/limits.h"
#include "data/simulate.h"
#include "guest/files.h"
#include "guest/process.h"
#include "out/calibrate_text.h"
#include "out/simulate_text.h"

extern const struct verb verb_selftest;

/* Of comparisons with a false alarm: Holm's correction promises no more over all rows of one. */
#define STATED_RATE 0.05

/* The name under which a live run is kept. */
#define LIVE_NAME "selftest"
#define LIVE_BENCHES_MAX 100

struct selftest_args {
	uint64_t aa, units, seed, blocks;
	bool live, injected, simulate;
	const char *kernel, *effect, *delta, *plots_dir, *results_dir;
};

static const struct opt options[] = {
	{"aa", 0, OPT_TO_U64(struct selftest_args, aa, 1, 100000), .arg = "N", .def = "200", .help = "make N comparisons"},
	{"units", 0, OPT_TO_U64(struct selftest_args, units, 0, 100000), .arg = "N", .def = "0",
	 .help = "seeds (or blocks) of each half, to see what comparisons of so few are worth; 0: all that there are"},
	{"simulate", 0, OPT_TO_FLAG(struct selftest_args, simulate),
	 .help = "no run: N made-up comparisons without a change for each number of seeds, of rows, and kind of noise"},
	{"live", 0, OPT_TO_FLAG(struct selftest_args, live),
	 .help = "measure the benches named (null and fault_storm) on this machine now, and compare the blocks of that run"},
	{"blocks", 'b', OPT_TO_U64(struct selftest_args, blocks, 8, 100000), .arg = "N", .def = "60", .help = "blocks per bench, with --live"},
	{"output", 'o', OPT_TO_STRING(struct selftest_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder that gets a folder for the run of --live"},
	{"injected", 0, OPT_TO_FLAG(struct selftest_args, injected),
	 .help = "set items without extra work against the same with it, as memcgbench run --sweep=extra=0,20 null measured them, and count "
		 "how often it is found; with --live, null is measured so"},
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
	struct calibrate_options how = { .kernel = args->kernel, .nr_comparisons = args->aa, .nr_units = args->units, .injected = args->injected, .seed = args->seed };
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

/* What a log of run says first, without the name of who says it. */
static const char *first_line(char *text)
{
	static const char prefix[] = "memcgbench run: ";

	text[strcspn(text, "\n")] = '\0';
	return strncmp(text, prefix, sizeof(prefix) - 1) ? text : text + sizeof(prefix) - 1;
}

/* Not 0: the exit status of this verb, said already. */
static int run_status(char *log, int status)
{
	if (status < 0)
		return cmd_fail(&verb_selftest, NULL);
	if (status == EXIT_OK)
		return 0;
	if (log[0])
		cmd_fail(&verb_selftest, "%s", first_line(log));
	else
		cmd_fail(&verb_selftest, "the run ended with status %d", status);
	return status;
}

/* Measure as a user would, in a process of its own; the run is then the baseline LIVE_NAME. */
static int measure(const struct selftest_args *args, const struct opt_list *benches)
{
	static const char *const usual[] = {"null", "fault_storm"};
	const char *argv[LIVE_BENCHES_MAX + 16] = {"/proc/self/exe", "run", "--quiet", "--no-plots", "--no-counters", "--latency-ops=0",
						   "--save-baseline=" LIVE_NAME, "-o", args->results_dir};
	__free_mem char *blocks = text_format("--blocks=%llu", (unsigned long long)args->blocks);
	__free_mem char *log = NULL;
	size_t nr = 9, i;
	int status;

	if (benches->nr > LIVE_BENCHES_MAX)
		return cmd_usage(&verb_selftest, "more than %d benches", LIVE_BENCHES_MAX);
	if (!blocks)
		return cmd_fail(&verb_selftest, "no memory for a run");
	argv[nr++] = blocks;
	if (args->injected)
		argv[nr++] = "--sweep=extra=0,20";
	for (i = 0; i < benches->nr; i++)
		argv[nr++] = benches->items[i];
	for (i = 0; !benches->nr && i < (args->injected ? 1 : ARRAY_SIZE(usual)); i++)
		argv[nr++] = usual[i];
	status = process_text(argv, PROCESS_ERR, &log);
	return run_status(log, status);
}

static int selftest_live(const struct selftest_args *args, const struct opt_list *benches)
{
	__free_mem char *run = text_format("%s/baselines/" LIVE_NAME, args->results_dir), *dir = NULL;
	int status = measure(args, benches);

	if (status)
		return status;
	dir = run ? realpath(run, NULL) : NULL;
	if (!dir)
		return cmd_fail(&verb_selftest, "%s is not there, though the run ended well", run ? run : "the run");
	printf("measured now: %s\n", dir);
	return calibrate_run(args, dir);
}

struct design {
	bool live;
	size_t nr_units;
};

/* One line of the table. Whether its false alarms are more than were promised. */
static int simulate_line(const struct selftest_args *args, const struct design *design, size_t nr_rows, enum simulate_noise noise,
			 bool *ret_broken)
{
	struct simulate_cell cell;
	double power = NAN;
	int ret = simulate_families(noise, design->live, design->nr_units, nr_rows, args->aa, args->seed, &cell);

	/* Of normal noise, which the size is worked out for. */
	if (!ret && noise == SIMULATE_NORMAL && nr_rows == 1)
		ret = simulate_power(noise, design->live, design->nr_units, cell.detectable, args->aa, args->seed, &power);
	if (ret)
		return ret;
	simulate_text_cell(&cell, power, stdout);
	/* Blocks that depend on each other break what an interval assumes: this shows what that costs, and how much the doubts take back. */
	*ret_broken |= noise != SIMULATE_DEPENDENT && cell.rate.low > STATED_RATE;
	return 0;
}

static int selftest_simulate(const struct selftest_args *args)
{
	static const struct design designs[] = {{false, 3}, {false, 4}, {false, 5}, {false, 6}, {false, 10}, {false, 20}, {true, 16}, {true, 60}};
	static const size_t rows[] = {1, 8, 26};
	bool broken = false;
	size_t d, r;
	int noise, ret = 0;

	simulate_text_head(args->aa, stdout);
	for (d = 0; d < ARRAY_SIZE(designs); d++)
		for (r = 0; r < ARRAY_SIZE(rows); r++)
			/* A boot is made of its seed alone: it does not depend on the one before, as a block may. */
			for (noise = 0; !ret && noise < (designs[d].live ? SIMULATE_NOISES : SIMULATE_DEPENDENT); noise++)
				ret = simulate_line(args, &designs[d], rows[r], (enum simulate_noise)noise, &broken);
	if (ret)
		return cmd_fail(&verb_selftest, NULL);
	return cmd_finish(&verb_selftest, broken ? cmd_fail(&verb_selftest, "more false alarms than the %g %% that the verdicts promise",
							    STATED_RATE * 100)
						 : EXIT_OK);
}

static int selftest_main(int argc, char **argv)
{
	struct selftest_args args = { 0 };
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_selftest, argc, argv, &args, &parsed, &status))
		status = args.simulate ? selftest_simulate(&args)
			 : args.live		   ? selftest_live(&args, &parsed.operands)
			 : parsed.operands.nr == 1 ? calibrate_run(&args, parsed.operands.items[0])
						   : cmd_usage(&verb_selftest, "one run is wanted");
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_selftest = {
	.name = "selftest",
	.summary = "compare a run with itself: how often does a verdict err",
	.about = "Splits the boots of one kernel of a recorded run (or the blocks, where it was one boot) at random into two halves and "
		 "compares them as two kernels, over and over. Nothing changed, so every regression or improvement is a false alarm. "
		 "With --effect a change of known size is added to one half, and what counts is how often it is found; with --injected it was "
		 "not added to numbers but done as work.\n\n"
		 "Exit status: 0 no more false alarms than the verdicts promise (5 % of comparisons), 5 more, or something failed, 6 the "
		 "run has too few boots or blocks; with --live also what memcgbench run ended with.",
	.operands = "RUN | --live [BENCH...] | --simulate",
	.options = options,
	.main = selftest_main,
};
