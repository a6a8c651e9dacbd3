// SPDX-License-Identifier: GPL-2.0-or-later
/* explain - which kernel function the instructions went to, and which one changed. */
#include <errno.h>
#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "data/explain.h"
#include "data/rundata.h"
#include "data/stats.h"
#include "out/explain.h"

extern const struct verb verb_explain;

enum { FORMAT_TEXT, FORMAT_MD, FORMAT_LKML, FORMAT_JSON, FORMAT_FOLDED, FORMAT_SVG };
static const char *const formats[] = {"text", "md", "lkml", "json", "folded", "svg", NULL};

enum { SORT_CHANGE, SORT_MEMCG };
static const char *const sorts[] = {"change", "memcg", NULL};

struct explain_args {
	const char *bench, *metric, *arm, *function;
	struct opt_list kernels, params;
	uint64_t top, line_bytes, nr_workers;
	unsigned int format, sort;
	bool sharing;
};

static const struct opt options[] = {
	{"bench", 0, OPT_TO_STRING(struct explain_args, bench), .arg = "BENCH", .help = "which bench; the run's first if not given"},
	{"param", 'p', OPT_TO_LIST(struct explain_args, params), .arg = "NAME=VALUE",
	 .help = "the first of its items that has this parameter (a sweep has several)"},
	{"workers", 'w', OPT_TO_U64(struct explain_args, nr_workers, 1, 100000), .arg = "N",
	 .help = "the first of its items that has as many workers"},
	{"metric", 0, OPT_TO_STRING(struct explain_args, metric), .arg = "NAME",
	 .help = "which cost of it (memcgbench show BENCH); its first if not given"},
	{"arm", 0, OPT_TO_STRING(struct explain_args, arm), .arg = "STATE", .def = "child",
	 .help = "which memcg state: child (the deepest), root, off, or \"depth 5\""},
	{"kernel", 'k', OPT_TO_LIST(struct explain_args, kernels), .arg = "NAME",
	 .help = "which kernel of the run; given twice, the old one and the new one"},
	{"top", 0, OPT_TO_U64(struct explain_args, top, 1, 100000), .arg = "N", .def = "25",
	 .help = "so many functions; the others are one row"},
	{"sort", 0, OPT_TO_ENUM(struct explain_args, sort, sorts), .arg = "COLUMN", .def = "change",
	 .help = "of two kernels, the largest first: change, or memcg (of the change what memcg off has no part in)"},
	{"function", 0, OPT_TO_STRING(struct explain_args, function), .arg = "NAME",
	 .help = "also who calls this function, and whom it calls"},
	{"sharing", 0, OPT_TO_FLAG(struct explain_args, sharing),
	 .help = "lines of kernel memory that several CPUs touched, instead (run --profile=sharing); text or json"},
	{"line", 0, OPT_TO_U64(struct explain_args, line_bytes, 64, 128), .arg = "BYTES", .def = "64",
	 .help = "with --sharing: 64, or 128 for lines that are fetched in pairs"},
	{"format", 'f', OPT_TO_ENUM(struct explain_args, format, formats), .arg = "FORMAT", .def = "text",
	 .help = "text; md (Markdown); lkml (72 columns, for a mail); json; folded (stacks for flame graph tools); svg (a flame graph of "
		 "the difference)"},
	OPT_END,
};

/* What is explained: one run, or two, and of each a kernel. */
struct subject {
	struct rundata *data[2]; /* old, new; the same twice when one run holds both */
	struct explain_query query[2];
	bool is_change;
	struct explain_side side[2];
};

static int open_runs(struct subject *subject, const struct opt_list *runs)
{
	int ret = rundata_load(runs->items[0], &subject->data[0]);

	subject->data[1] = subject->data[0];
	if (!ret && runs->nr == 2) {
		subject->data[1] = NULL;
		ret = rundata_load(runs->items[1], &subject->data[1]);
	}
	return ret;
}

static void fill_queries(struct subject *subject, const struct explain_args *args, size_t nr_runs)
{
	const struct opt_list *kernels = &args->kernels;
	size_t i;

	subject->is_change = nr_runs == 2 || kernels->nr == 2;
	for (i = 0; i < 2; i++)
		subject->query[i] = (struct explain_query){
			.bench = args->bench,
			.nr_workers = (unsigned int)args->nr_workers,
			.params = (const char *const *)args->params.items,
			.nr_params = args->params.nr,
			.metric = args->metric,
			.arm = args->arm,
			.kernel = kernels->nr == 2 ? kernels->items[i] : kernels->nr ? kernels->items[0] : NULL,
		};
}

/* What one seed says of what is explained: memcg's share, or its change; what there is of it. */
static double subject_value(const struct explain_value *old, const struct explain_value *new)
{
	double value = new->with - (isnan(new->off) ? 0 : new->off);

	if (!old)
		return value;
	if (isnan(new->off) || isnan(old->off))
		return new->with - old->with;
	return value - (old->with - old->off);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The seed whose value is the median (of an even number the lower of the two), so that its parts add up to a number that was measured. */
static int choose_seed(const struct explain_value *old, size_t nr_old, const struct explain_value *new, size_t nr_new,
		       struct explain_print *print, uint64_t *ret_seed)
{
	__free_mem double *values = calloc(nr_new + 1, sizeof(*values)), *sorted = calloc(nr_new + 1, sizeof(*sorted));
	__free_mem uint64_t *seeds = calloc(nr_new + 1, sizeof(*seeds));
	size_t nr = 0, i, k;

	if (!values || !sorted || !seeds)
		return err_sys(ENOMEM, "memory for values");
	for (i = 0; i < nr_new; i++) {
		for (k = 0; k < nr_old && old[k].seed != new[i].seed; k++)
			;
		if (old && k == nr_old)
			continue;
		seeds[nr] = new[i].seed;
		values[nr] = sorted[nr] = subject_value(old ? &old[k] : NULL, &new[i]);
		nr++;
	}
	if (!nr)
		return err_set(ENODATA, "the two runs have no seed in common");
	qsort(sorted, nr, sizeof(*sorted), compare_doubles);
	for (i = 0; i < nr && values[i] != sorted[(nr - 1) / 2]; i++)
		;
	print->nr_seeds = nr;
	print->seed_index = i;
	print->median = sorted[(nr - 1) / 2];
	*ret_seed = seeds[i];
	return 0;
}

static int find_seed(const struct subject *subject, struct explain_print *print, uint64_t *ret_seed)
{
	__free_mem struct explain_value *old = NULL, *new = NULL;
	size_t nr_old = 0, nr_new = 0;
	int ret = explain_values(subject->data[1], &subject->query[1], &new, &nr_new);

	if (!ret && subject->is_change)
		ret = explain_values(subject->data[0], &subject->query[0], &old, &nr_old);
	return ret ? ret : choose_seed(old, nr_old, new, nr_new, print, ret_seed);
}

static int load_sides(struct subject *subject, uint64_t seed)
{
	int ret = explain_side_load(subject->data[1], &subject->query[1], seed, &subject->side[1]);

	if (!ret && subject->is_change)
		ret = explain_side_load(subject->data[0], &subject->query[0], seed, &subject->side[0]);
	return ret;
}

static int show(const struct explain_args *args, const struct explain_print *print)
{
	const struct table_look look = {.colour = cmd_wants_colour(), .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0};

	switch (args->format) {
	case FORMAT_MD:
		return explain_markdown(print, stdout);
	case FORMAT_LKML:
		return explain_lkml(print, stdout);
	case FORMAT_FOLDED:
		return explain_folded(print->view, stdout);
	case FORMAT_SVG:
		return explain_svg(print, stdout);
	}
	return explain_text(print, &look, stdout);
}

/* What was measured, and why there is no more. Standard output is for explanations: nothing of this would do there, least of all in JSON. */
static int say_value(const struct subject *subject, const struct explain_print *print)
{
	char number[32];

	cmd_fail(&verb_explain, "no explanation: %s (%s, median over %zu seed%s: %s instructions per op)", err_msg(),
		 subject->is_change ? "change of memcg's cost" : "memcg's cost", print->nr_seeds, print->nr_seeds == 1 ? "" : "s",
		 explain_number(print->median, true, number, sizeof(number)));
	return EXIT_NOTHING_COMPARED;
}

static int explain_sharing(struct subject *subject, const struct explain_args *args, uint64_t seed)
{
	const struct table_look look = {.colour = cmd_wants_colour(), .ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0};
	struct sharing sharing;
	int ret;

	if (args->line_bytes != 64 && args->line_bytes != 128)
		return cmd_usage(&verb_explain, "--line is 64 or 128");
	if (subject->is_change || (args->format != FORMAT_TEXT && args->format != FORMAT_JSON))
		return cmd_usage(&verb_explain, "--sharing is of one kernel, as text or json");
	ret = sharing_load(subject->data[1], &subject->query[1], seed, (unsigned int)args->line_bytes, &sharing);
	if (ret)
		return cmd_fail(&verb_explain, NULL), EXIT_NOTHING_COMPARED;
	if (args->format == FORMAT_JSON) {
		ret = cmd_print_json(&verb_explain, sharing_json(&sharing));
	} else {
		ret = sharing_text(&sharing, args->top, &look, stdout);
		ret = ret ? cmd_fail(&verb_explain, NULL) : cmd_finish(&verb_explain, EXIT_OK);
	}
	sharing_free(&sharing);
	return ret;
}

static int explain(struct subject *subject, const struct explain_args *args)
{
	struct explain_print print = {.top = args->top, .function = args->function};
	struct explain_view view;
	uint64_t seed = 0;
	int ret = find_seed(subject, &print, &seed);

	if (ret)
		return ret == -ENOENT || ret == -EINVAL ? cmd_usage(&verb_explain, NULL)
							 : (cmd_fail(&verb_explain, NULL), EXIT_NOTHING_COMPARED);
	if (args->sharing)
		return explain_sharing(subject, args, seed);
	ret = load_sides(subject, seed);
	if (ret == -ENOMEM)
		return cmd_fail(&verb_explain, NULL);
	if (ret)
		return say_value(subject, &print);
	ret = explain_view_make(subject->is_change ? &subject->side[0] : NULL, &subject->side[1], &view);
	if (ret)
		return cmd_fail(&verb_explain, NULL);
	if (args->sort == SORT_MEMCG)
		explain_view_sort_memcg(&view);
	print.view = &view;
	if (args->format == FORMAT_JSON) {
		ret = cmd_print_json(&verb_explain, explain_json(&print));
	} else {
		ret = show(args, &print);
		ret = ret ? cmd_fail(&verb_explain, NULL) : cmd_finish(&verb_explain, EXIT_OK);
	}
	explain_view_free(&view);
	return ret;
}

static int explain_main(int argc, char **argv)
{
	struct explain_args args = {0};
	struct subject subject = {0};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_explain, argc, argv, &args, &parsed, &status)) {
		fill_queries(&subject, &args, parsed.operands.nr);
		if (parsed.operands.nr != 1 && parsed.operands.nr != 2)
			status = cmd_usage(&verb_explain, "the folder of a run is wanted, or of two: OLD NEW");
		else if (args.kernels.nr > 2)
			status = cmd_usage(&verb_explain, "--kernel is given at most twice");
		else if (open_runs(&subject, &parsed.operands))
			status = cmd_fail(&verb_explain, NULL);
		else
			status = explain(&subject, &args);
		explain_side_free(&subject.side[0]);
		explain_side_free(&subject.side[1]);
		if (subject.data[1] != subject.data[0])
			rundata_free(subject.data[1]);
		rundata_free(subject.data[0]);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_explain = {
	.name = "explain",
	.summary = "show which kernel function the instructions went to, and which one changed",
	.about = "Reads the profiles of a run that was made with `memcgbench run --kernel=... --profile`. Of one kernel it shows what every "
		 "function pays per operation in a memcg and with memcg off; the difference is memcg's own share. Of two kernels, in "
		 "one run (--kernel given twice) or two (OLD NEW), it shows the functions whose cost changed. The rows add up to "
		 "what was measured.\n\n"
		 "Counts are exact: instructions of an emulated processor, of the rep that gave the number. Calls per operation of the "
		 "slow paths follow the table. docs/EXPLAIN.md says how to read it.",
	.operands = "RUN [NEW]",
	.options = options,
	.main = explain_main,
};
