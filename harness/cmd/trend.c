// SPDX-License-Identifier: GPL-2.0-or-later
/* trend - which costs changed over a history of kernels, and since which. Needs no root, no cgroup, no QEMU. */
#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "cmd/text.h"
#include "cmd/trend_git.h"
#include "data/history.h"
#include "data/limits.h"
#include "data/trend.h"
#include "data/trend_explain.h"
#include "out/explain_compare.h"
#include "out/trend_formats.h"
#include "out/trend_overview.h"
#include "out/trend_plot.h"

extern const struct verb verb_trend;

struct trend_args {
	const char *results_dir, *bench, *metric, *format, *git, *plots, *overview, *alpha, *sigmas;
	struct opt_list delta, limits;
	unsigned int of, order, accept;
	uint64_t permutations, seed;
	bool check, verbose;
};

static const char *const of_choices[] = {"overhead", "cost", "all", NULL};
static const char *const order_choices[] = {"version", "date", NULL};
static const char *const accept_choices[] = {"t", "permutation", NULL};

static const struct opt options[] = {
	{"results", 0, OPT_TO_STRING(struct trend_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder of the runs, when none are named"},
	{"bench", 0, OPT_TO_STRING(struct trend_args, bench), .arg = "BENCH", .help = "this bench alone"},
	{"metric", 0, OPT_TO_STRING(struct trend_args, metric), .arg = "METRIC", .help = "this metric alone"},
	{"of", 0, OPT_TO_ENUM(struct trend_args, of, of_choices), .def = "overhead",
	 .help = "what memcg adds to the cost (child - off), the cost in each memcg state, or both"},
	{"order", 0, OPT_TO_ENUM(struct trend_args, order, order_choices), .def = "version",
	 .help = "order of the kernels: by version, or by the date of their first run"},
	{"git", 0, OPT_TO_STRING(struct trend_args, git), .arg = "DIR",
	 .help = "order the kernels as the history of this kernel tree does: releases need a tag (v6.12) or a commit in their name "
		 "(-gABCDEF)"},
	{"format", 'f', OPT_TO_STRING(struct trend_args, format), .arg = "FORMAT", .def = "text",
	 .help = "how to print it; --format=help lists the formats"},
	{"plots", 0, OPT_TO_STRING(struct trend_args, plots), .arg = "DIR",
	 .help = "draw the histories into this folder: pictures and the numbers behind them"},
	{"overview", 0, OPT_TO_STRING(struct trend_args, overview), .arg = "FILE",
	 .help = "draw one picture of the first metric of every bench; the name ends with .svg or .png, and the numbers go beside it"},
	{"check", 0, OPT_TO_FLAG(struct trend_args, check),
	 .help = "exit status 1 when the newest kernel begins a regression, 6 when there was nothing to look at"},
	{"verbose", 'v', OPT_TO_FLAG(struct trend_args, verbose), .help = "also the value of every kernel, noise and thresholds"},
	{"delta", 0, OPT_TO_LIST(struct trend_args, delta), .arg = "LIMIT", .group = "What counts as a change",
	 .help = "least size: a share of the cost (0.2%), a number per op (1), or the larger of both (0.2%|1); 0.5%|2 instructions "
		 "or 2%|0.5 ns if not given"},
	{"limits", 0, OPT_TO_LIST(struct trend_args, limits), .arg = "RULES", .group = "What counts as a change",
	 .help = "the same for single benches, metrics and clocks: null/loop:insn=5"},
	{"sigmas", 0, OPT_TO_STRING(struct trend_args, sigmas), .arg = "X", .group = "What counts as a change", .def = "1",
	 .help = "where levels are compared: least size in standard deviations of their noise; the larger of this and the limit counts"},
	{"alpha", 0, OPT_TO_STRING(struct trend_args, alpha), .arg = "P", .group = "What counts as a change",
	 .help = "how many histories without a change may show one; if not given 0.05 where kernels are compared by seed, as compare has it, and "
		 "0.01 where levels are"},
	{"accept", 0, OPT_TO_ENUM(struct trend_args, accept, accept_choices), .group = "What counts as a change", .def = "t",
	 .help = "the test of a change of level"},
	{"permutations", 0, OPT_TO_U64(struct trend_args, permutations, 19, 1000000), .arg = "N",
	 .group = "What counts as a change", .def = "999", .help = "with --accept=permutation: how many"},
	{"seed", 0, OPT_TO_U64(struct trend_args, seed, 0, UINT32_MAX), .arg = "N", .group = "What counts as a change", .def = "1",
	 .help = "of the permutations"},
	OPT_END,
};

/* A number above @low, and at most @high. */
static int parse_number(const char *name, const char *text, double low, double high, double *ret_value)
{
	char *end;
	double value = strtod(text, &end);

	if (!*text || *end || !(value >= low && value <= high))
		return err_set(EINVAL, "--%s=%s: a number from %g to %g is wanted", name, text, low, high);
	*ret_value = value;
	return 0;
}

static int read_limits(const struct trend_args *args, struct limits *limits)
{
	size_t i;
	int ret = 0;

	limits_init(limits);
	for (i = 0; !ret && i < args->delta.nr; i++)
		ret = err_prefix(limits_add(limits, args->delta.items[i]), "--delta=%s", args->delta.items[i]);
	for (i = 0; !ret && i < args->limits.nr; i++)
		ret = err_prefix(limits_add(limits, args->limits.items[i]), "--limits=%s", args->limits.items[i]);
	return ret;
}

static int read_options(const struct trend_args *args, struct limits *limits, struct trend_options *ret_options)
{
	struct trend_options wanted = {
		.bench = args->bench,
		.metric = args->metric,
		.of = args->of,
		.limits = limits,
		.changepoint = {.accept = args->accept, .alpha = CHANGEPOINT_ALPHA, .alpha_pairs = CHANGEPOINT_ALPHA_PAIRS,
				.nr_permutations = args->permutations, .seed = args->seed},
	};
	int ret = read_limits(args, limits);

	if (!ret && args->alpha) {
		ret = parse_number("alpha", args->alpha, 1e-9, 0.5, &wanted.changepoint.alpha);
		wanted.changepoint.alpha_pairs = wanted.changepoint.alpha;
	}
	if (!ret)
		ret = parse_number("sigmas", args->sigmas, 0, 1000, &wanted.changepoint.sigmas);
	if (!ret && args->accept == CHANGEPOINT_PERMUTATION &&
	    wanted.changepoint.alpha * (double)(args->permutations + 1) < 1)
		ret = err_set(EINVAL, "--alpha=%s is less than %llu permutations can show: more of them are wanted", args->alpha,
			      (unsigned long long)args->permutations);
	if (!ret)
		*ret_options = wanted;
	return ret;
}

static const struct trend_format *find_format(const char *name)
{
	const struct trend_format *format;

	for (format = trend_formats; format->name; format++)
		if (!strcmp(format->name, name))
			return format;
	return NULL;
}

static int list_formats(void)
{
	const struct trend_format *format;

	for (format = trend_formats; format->name; format++)
		printf("%-10s  %s\n", format->name, format->help);
	return cmd_finish(&verb_trend, EXIT_OK);
}

static bool is_run(const char *path)
{
	__free_mem char *file = NULL;
	struct stat st;

	return asprintf(&file, "%s/run.json", path) > 0 && !stat(file, &st);
}

/* A run, or a folder of runs. */
static int add_operand(struct history *history, const char *path)
{
	struct stat st;

	if (is_run(path))
		return history_add_run(history, path);
	if (stat(path, &st))
		return err_sys(errno, "%s", path);
	return history_add_folder(history, path);
}

static int read_history(const struct trend_args *args, const struct opt_list *operands, struct history **ret_history)
{
	struct history *history;
	size_t i;
	int ret = history_new(&history);

	if (ret)
		return ret;
	if (!operands->nr)
		ret = history_add_folder(history, args->results_dir);
	for (i = 0; !ret && i < operands->nr; i++)
		ret = add_operand(history, operands->items[i]);
	if (!ret && args->git)
		ret = trend_git_rank(history, args->git);
	if (!ret)
		ret = history_finish(history, args->git ? HISTORY_BY_RANK : args->order ? HISTORY_BY_DATE : HISTORY_BY_VERSION);
	if (ret) {
		history_free(history);
		return ret;
	}
	*ret_history = history;
	return 0;
}

/* "docs/overview.svg": folder, name, format. */
static bool split_picture(char *path, const char **ret_dir, const char **ret_name, const char **ret_format)
{
	char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

	if (!dot || dot == name || (strcmp(dot, ".svg") && strcmp(dot, ".png")))
		return false;
	*dot = '\0';
	if (slash)
		*slash = '\0';
	*ret_dir = slash == path ? "/" : slash ? path : ".";
	*ret_name = name;
	*ret_format = dot + 1;
	return true;
}

static bool is_picture(const char *path)
{
	__free_mem char *copy = strdup(path);
	const char *ignored[3];

	return !copy || split_picture(copy, &ignored[0], &ignored[1], &ignored[2]);
}

static int draw(const struct trend_args *args, const struct trend_view *view)
{
	__free_mem char *plots_dir = NULL;
	struct plot_files files = {0};
	int ret = paths_plots(&plots_dir);
	size_t i;

	if (!ret)
		ret = trend_plot(view, plots_dir, args->plots, &files);
	for (i = 0; i < files.nr; i++)
		fprintf(stderr, "%s/%s\n", args->plots, files.names[i]);
	plot_files_free(&files);
	return ret ? cmd_fail(&verb_trend, NULL) : EXIT_OK;
}

static int draw_overview(const struct trend_args *args, const struct trend_view *view)
{
	__free_mem char *plots_dir = NULL, *path = strdup(args->overview);
	const char *dir, *name, *format;
	struct plot_files files = {0};
	int ret;
	size_t i;

	if (!path)
		return cmd_fail(&verb_trend, "out of memory");
	ret = split_picture(path, &dir, &name, &format) ? paths_plots(&plots_dir) : err_set(EINVAL, "--overview=%s", args->overview);
	if (!ret)
		ret = trend_overview(view, plots_dir, dir, name, format, &files);
	for (i = 0; i < files.nr; i++)
		fprintf(stderr, "%s/%s\n", dir, files.names[i]);
	plot_files_free(&files);
	return ret ? cmd_fail(&verb_trend, NULL) : EXIT_OK;
}

/* A run that is damaged is no reason to show none of the others, and one to be told. */
static int say_damaged(const struct history *history)
{
	int status = EXIT_OK;
	size_t i;

	for (i = 0; i < history->nr_left_out; i++)
		if (history->left_out[i].damaged)
			status = cmd_fail(&verb_trend, "%s is damaged and left out: %s", history->left_out[i].run, history->left_out[i].why);
	return status;
}

static int show(const struct trend_args *args, const struct trend_format *format, const struct trend_view *view)
{
	int damaged = say_damaged(view->history), status = EXIT_OK;

	if (format->print(view, stdout))
		status = cmd_fail(&verb_trend, NULL);
	if (!status && args->plots)
		status = draw(args, view);
	if (!status && args->overview)
		status = draw_overview(args, view);
	if (!status && args->check && !view->trend->nr_rows)
		status = EXIT_NOTHING_COMPARED;
	else if (!status && args->check && trend_newest_regressions(view->trend))
		status = EXIT_REGRESSION;
	return status == EXIT_OK ? damaged : status;
}

static int trend_operands(const struct trend_args *args, const struct trend_format *format, const struct opt_list *operands)
{
	struct trend_view view = {
		.look = {.colour = cmd_wants_colour(), .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0},
		.width = text_width(),
		.verbose = args->verbose,
	};
	struct trend_options wanted;
	struct limits limits;
	struct history *history = NULL;
	struct trend *trend = NULL;
	int status;

	if (read_options(args, &limits, &wanted))
		return cmd_usage(&verb_trend, NULL);
	if (read_history(args, operands, &history))
		return cmd_fail(&verb_trend, NULL);
	if (trend_compute(history, &wanted, &trend) ||
	    trend_explain(history, trend, strcmp(format->name, "json") ? EXPLAIN_CHANGE_NAMED : EXPLAIN_CHANGE_JSON)) {
		status = cmd_fail(&verb_trend, NULL);
	} else {
		view.history = history;
		view.trend = trend;
		status = show(args, format, &view);
	}
	trend_free(trend);
	history_free(history);
	return cmd_finish(&verb_trend, status);
}

static int trend_main(int argc, char **argv)
{
	struct trend_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_trend, argc, argv, &args, &parsed, &status)) {
		const struct trend_format *format = find_format(args.format);

		if (!strcmp(args.format, "help"))
			status = list_formats();
		else if (!format)
			status = cmd_usage(&verb_trend, "--format=%s: there is no such format; --format=help lists them",
					   args.format);
		else if (args.overview && !is_picture(args.overview))
			status = cmd_usage(&verb_trend, "--overview=%s: a name that ends with .svg or .png is wanted", args.overview);
		else
			status = trend_operands(&args, format, &parsed.operands);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_trend = {
	.name = "trend",
	.summary = "which costs changed over a history of kernels, and since which",
	.about = "Reads many stored runs, or folders of them, and puts the kernels in order: one series for each metric and memcg state, "
		 "one point for each kernel, its boots pooled. Only what was measured alike is one series: bench and version, "
		 "parameters, workers, clock, accelerator, processor, QEMU.\n\n"
		 "Where kernels were booted with the same seeds and few enough of these differ, each is compared with the kernel before it, and with the "
		 "first of its level, as `memcgbench compare` compares two runs. Elsewhere a change is where the cost went to another level and stayed "
		 "there, found by E-divisive and tested between its neighbours; a series without any noise has an exact rule of its own. Each is shown "
		 "with the kernels between which it lies, its size and its 95 % interval. docs/TREND.md has the method, and what it promises.\n\n"
		 "A run that is damaged is named and left out; the exit status is then 5, if nothing else was found.\n\n"
		 "What runs say is kept in DIR/.index.jsonl, which may be removed at any time.",
	.operands = "[RUN...]",
	.options = options,
	.main = trend_main,
};
