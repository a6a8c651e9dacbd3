// SPDX-License-Identifier: GPL-2.0-or-later
/* compare - did the candidate change what memcg costs? Needs no root, no cgroup, no QEMU. */
#include <errno.h>
#include <langinfo.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cmd/baseline.h"
#include "cmd/cmd.h"
#include "cmd/present.h"
#include "data/compare.h"
#include "data/limits.h"
#include "data/pool.h"
#include "out/compare_formats.h"

extern const struct verb verb_compare;

struct compare_args {
	const char *format, *bench, *metric, *baseline, *results_dir;
	struct opt_list delta, limits;
	bool strict, by_function;
	uint64_t nr_resamples;
};

static const struct opt options[] = {
	{"format", 'f', OPT_TO_STRING(struct compare_args, format), .arg = "FORMAT", .def = "text",
	 .help = "how to print it; --format=help lists the formats"},
	{"bench", 0, OPT_TO_STRING(struct compare_args, bench), .arg = "BENCH", .help = "this bench alone"},
	{"metric", 0, OPT_TO_STRING(struct compare_args, metric), .arg = "METRIC", .help = "this metric alone"},
	{"delta", 0, OPT_TO_LIST(struct compare_args, delta), .arg = "LIMIT",
	 .help = "from which size on a change matters: a share of the cost (0.2%), a number per op (1), or the larger of both "
		 "(0.2%|1); 0.5%|2 instructions or 2%|0.5 ns if not given"},
	{"limits", 0, OPT_TO_LIST(struct compare_args, limits), .arg = "RULES",
	 .help = "the same for single benches, metrics (a slash) and clocks (a colon): fault_storm:insn=0.2%|5 or null/loop=1; commas between"},
	{"baseline", 0, OPT_TO_STRING(struct compare_args, baseline), .arg = "NAME",
	 .help = "compare with what `run --save-baseline=NAME` kept"},
	{"results", 0, OPT_TO_STRING(struct compare_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder of the runs, where baselines are"},
	{"bootstrap", 0, OPT_TO_U64(struct compare_args, nr_resamples, 0, 100000), .arg = "N", .def = "0",
	 .help = "also give bootstrap intervals of the mean change from N resamples (2000), which decide nothing: text and json"},
	{"by-function", 0, OPT_TO_FLAG(struct compare_args, by_function),
	 .help = "with --strict: a row that was profiled and spreads is settled where no function of memcg changed in it"},
	{"strict", 0, OPT_TO_FLAG(struct compare_args, strict), .help = "exit status 3 when a row is inconclusive and none is worse"},
	OPT_END,
};

/* Runs that were read, for the two sides to share. */
struct sides {
	struct rundata *data[2];
	struct compare_side base, cand;
};

/* "results/x/run.json" and "results/x/samples.jsonl" name the run that they are of. */
static char *run_folder(const char *path)
{
	static const char *const files[] = {"run.json", "samples.jsonl"};
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (!strcmp(base, files[i]))
			return slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	return strdup(path);
}

/* A run that a thread reads. */
struct run_read {
	char *folder;
	const char *kernel; /* NULL: the run has one */
	struct rundata *data;
	int error; /* if not 0, with its sentence */
	char *sentence;
};

static void run_read_free(struct run_read *read)
{
	free(read->folder);
	rundata_free(read->data);
	free(read->sentence);
}

/* "RUN" or "RUN@KERNEL"; a folder that has the @ in its own name is a folder. */
static int parse_side(const char *text, struct run_read *read)
{
	const char *at = strrchr(text, '@');
	struct stat st;
	bool has_kernel = at && at[1] && stat(text, &st);
	__free_mem char *path = has_kernel ? strndup(text, (size_t)(at - text)) : strdup(text);

	read->folder = path ? run_folder(path) : NULL;
	read->kernel = has_kernel ? at + 1 : NULL;
	return read->folder ? 0 : err_sys(ENOMEM, "memory for a name");
}

/* In a thread. */
static void read_run(void *context, size_t i)
{
	struct run_read *read = (struct run_read *)context + i;

	read->error = rundata_load(read->folder, &read->data);
	if (read->error)
		read->sentence = strdup(err_msg());
}

static int take_side(struct run_read *read, struct rundata **data, struct compare_side *side)
{
	if (read->error)
		return err_set(-read->error, "%s", read->sentence ? read->sentence : "out of memory");
	*data = take_ptr(read->data);
	return compare_side(*data, read->kernel, side);
}

/* One run, two of its kernels; @base NULL: its first and last. */
static int open_one_run(const char *run, const char *base, const char *cand, struct sides *sides)
{
	__free_mem char *folder = run_folder(run);
	char **names = NULL;
	size_t nr = 0, i;
	int ret = folder ? rundata_load(folder, &sides->data[0]) : err_sys(ENOMEM, "memory for a name");

	if (!ret)
		ret = compare_kernels(sides->data[0], &names, &nr);
	if (!ret && !base && nr != 2)
		ret = err_set(EINVAL, "%s has %zu kernel%s: name two (compare RUN OLD NEW), or a second run", run, nr,
			      nr == 1 ? "" : "s");
	for (i = 0; !ret && i < 2; i++) {
		const char *name = base ? (i ? cand : base) : names[i];

		ret = compare_side(sides->data[0], name, i ? &sides->cand : &sides->base);
	}
	while (nr--)
		free(names[nr]);
	free(names);
	return ret;
}

/* Both are read at once; what is wrong with the first is said first all the same. */
static int open_two_runs(const char *base, const char *cand, struct sides *sides)
{
	struct run_read reads[2] = {0};
	struct pool *pool = NULL;
	int ret = parse_side(base, &reads[0]);

	if (!ret)
		ret = parse_side(cand, &reads[1]);
	if (!ret)
		ret = pool_start(2, read_run, reads, &pool);
	if (!ret) {
		pool_wait(pool, 0);
		ret = take_side(&reads[0], &sides->data[0], &sides->base);
	}
	if (!ret) {
		pool_wait(pool, 1);
		ret = take_side(&reads[1], &sides->data[1], &sides->cand);
	}
	pool_stop(pool);
	run_read_free(&reads[0]);
	run_read_free(&reads[1]);
	return ret;
}

/* --baseline=NAME or NAME@KERNEL. */
static int open_baseline(const struct compare_args *args, const struct opt_list *operands, struct sides *sides)
{
	const char *at = strchr(args->baseline, '@');
	__free_mem char *name = at ? strndup(args->baseline, (size_t)(at - args->baseline)) : strdup(args->baseline);
	__free_mem char *path = NULL, *text = NULL;
	int ret = name ? 0 : err_sys(ENOMEM, "memory for a name");

	if (!ret && operands->nr != 1)
		ret = err_set(EINVAL, "with --baseline one run is wanted");
	if (!ret)
		ret = baseline_path(args->results_dir, name, &path);
	if (!ret && access(path, F_OK))
		ret = err_set(ENOENT, "--baseline=%s: there is no %s", args->baseline, path);
	if (!ret && asprintf(&text, "%s%s", path, at ? at : "") < 0)
		ret = err_sys(ENOMEM, "memory for a name");
	return ret ? ret : open_two_runs(text, operands->items[0], sides);
}

static int open_sides(const struct compare_args *args, const struct opt_list *operands, struct sides *sides)
{
	if (args->baseline)
		return open_baseline(args, operands, sides);
	if (operands->nr == 1)
		return open_one_run(operands->items[0], NULL, NULL, sides);
	if (operands->nr == 3)
		return open_one_run(operands->items[0], operands->items[1], operands->items[2], sides);
	if (operands->nr != 2)
		return err_set(EINVAL, "BASE and CANDIDATE are wanted: two runs, or a run and two of its kernels");
	return open_two_runs(operands->items[0], operands->items[1], sides);
}

static int read_limits(const struct compare_args *args, struct limits *limits)
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

static int list_formats(void)
{
	const struct compare_format *format;

	for (format = compare_formats; format->name; format++)
		printf("%-10s  %s\n", format->name, format->help);
	return cmd_finish(&verb_compare, EXIT_OK);
}

/* -EXDEV, -ENODATA: there is nothing to compare; what cannot be read is another matter. */
static int fail(int ret)
{
	if (ret == -EINVAL || ret == -ENOENT || ret == -ENOTDIR)
		return cmd_usage(&verb_compare, NULL);
	cmd_fail(&verb_compare, NULL);
	return ret == -EXDEV || ret == -ENODATA ? EXIT_NOTHING_COMPARED : EXIT_BROKEN;
}

static int compare_sides(const struct compare_args *args, const struct compare_format *format, const struct sides *sides,
			 const struct limits *limits)
{
	struct compare_options how = {
		.limits = limits, .bench = args->bench, .metric = args->metric, .nr_resamples = args->nr_resamples,
		.by_function = args->by_function,
	};
	struct compare_look look = {
		.defaults = &present_label_defaults,
		.colour = cmd_wants_colour(),
		.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0,
	};
	struct compare *compare;
	int ret = compare_compute(&sides->base, &sides->cand, &how, &compare), status;

	if (ret)
		return fail(ret);
	status = format->print(compare, &look, stdout) ? cmd_fail(&verb_compare, NULL) : compare_status(compare, args->strict);
	compare_free(compare);
	return cmd_finish(&verb_compare, status);
}

static int compare_parsed(const struct compare_args *args, const struct opt_list *operands)
{
	const struct compare_format *format = compare_format_find(args->format);
	struct sides sides = {0};
	struct limits limits;
	int ret, status;

	if (!strcmp(args->format, "help"))
		return list_formats();
	if (!format)
		return cmd_usage(&verb_compare, "--format=%s: there is no such format; --format=help lists them", args->format);
	ret = read_limits(args, &limits);
	if (!ret && args->bench && !cmd_find_bench(args->bench))
		ret = -EINVAL;
	if (!ret)
		ret = open_sides(args, operands, &sides);
	status = ret ? fail(ret) : compare_sides(args, format, &sides, &limits);
	rundata_free(sides.data[0]);
	rundata_free(sides.data[1]);
	return status;
}

static int compare_main(int argc, char **argv)
{
	struct compare_args args = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_compare, argc, argv, &args, &parsed, &status))
		status = compare_parsed(&args, &parsed.operands);
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_compare = {
	.name = "compare",
	.summary = "say whether a candidate changed what memcg costs",
	.about = "Compares two kernels from stored samples and gives each metric and memcg state a verdict: same, equivalent, small, "
		 "improvement, regression, inconclusive, incomparable or error (docs/METHOD.md). Where both were measured with memcg off "
		 "and on, the number is the change of memcg's own cost: what the kernel did to everybody is subtracted and shown "
		 "beside it. Where both were profiled (run --profile), a row without a change of its own that holds an exact change of a "
		 "memcg function is a regression, or improvement, of that function. How many seeds a verdict of a change takes depends on how many rows vary: 5 do for 26.\n\n"
		 "compare RUN OLD NEW: two kernels of one run\n\n"
		 "compare RUN: the same, where it has two\n\n"
		 "compare RUN RUN: two runs, each of one kernel\n\n"
		 "compare RUN@OLD RUN@NEW: kernels of two runs\n\n"
		 "compare --baseline=NAME RUN[@NEW]: a run that run --save-baseline=NAME kept (NAME@OLD: one kernel of it)\n\n"
		 "RUN is the folder of a run, or its run.json or samples.jsonl. "
		 "Needs no root, no cgroup and no QEMU. Exit status: 0 nothing is worse, 1 a regression, 3 inconclusive (with "
		 "--strict; also where a row could not be compared, or a run has not ended), 5 something failed or cannot be read, 6 nothing "
		 "could be compared.",
	.operands = "BASE CANDIDATE",
	.options = options,
	.main = compare_main,
};
