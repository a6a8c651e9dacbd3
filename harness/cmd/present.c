// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/present.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/baseline.h"
#include "core/params.h"
#include "core/registry.h"
#include "data/compare.h"
#include "data/ladder.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "data/store.h"
#include "out/compare_formats.h"
#include "data/sweep.h"
#include "out/ladder_json.h"
#include "out/ladder_text.h"
#include "out/number.h"
#include "out/overhead_json.h"
#include "out/overhead_text.h"
#include "out/plot.h"
#include "out/sweep_json.h"
#include "out/sweep_text.h"

#define TABLE_WIDTH 100

static bool is_default(const char *bench_name, const char *param, const char *value)
{
	const struct bench *bench = registry_find(bench_name);
	struct params params;
	size_t i;

	if (!bench)
		return false;
	params_init(&params, bench);
	if (params_set(&params, param, value))
		return false;
	for (i = 0; i < params_nr(&params); i++)
		if (!params_is_default(&params, i))
			return false;
	return true;
}

const struct label_defaults present_label_defaults = {is_default};

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 60)
		return TABLE_WIDTH;
	return size.ws_col < TABLE_WIDTH ? size.ws_col : TABLE_WIDTH;
}

/* What of a run is shown; @overhead or @ladder with @sweep. */
struct table_source {
	const struct rundata *data;
	const struct sweep *sweep;
	const struct overhead *overhead;
	const struct overhead_text_options *text;
	const struct ladder *ladder;
};

static int ladder_with_sweep(const struct table_source *source, bool colour, FILE *out)
{
	const struct table_look look = {.colour = colour, .ascii = true};
	int ret = ladder_text(source->data, source->ladder, &present_label_defaults, colour, out);

	return ret ? ret : sweep_text(source->data, source->sweep, &present_label_defaults, &look, out);
}

/* The table as it goes into a file or a mail: no colour, a fixed width. */
static int render_plain(const struct table_source *source, FILE *out)
{
	struct overhead_text_options plain;

	if (source->ladder)
		return ladder_with_sweep(source, false, out);
	plain = *source->text;
	plain.colour = false;
	plain.width = TABLE_WIDTH;
	return overhead_text(source->data, source->overhead, &plain, out);
}

static int write_table(const char *dir, const struct table_source *source)
{
	__free_mem char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!out)
		return err_sys(ENOMEM, "memory for the table");
	ret = render_plain(source, out);
	if (fclose(out) && !ret)
		ret = err_sys(ENOMEM, "memory for the table");
	if (!ret)
		ret = store_file(dir, "table.txt", text);
	return ret ? err_prefix(ret, "what was measured is stored, but not its table") : 0;
}

static int print_table(const struct rundata *data, const struct overhead *overhead,
		       const struct overhead_text_options *options)
{
	struct overhead_text_options here = *options;

	here.colour = cmd_wants_colour();
	here.width = terminal_width();
	here.ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	return overhead_text(data, overhead, &here, stdout);
}

/* @json: stolen; NULL: there was no memory for it. */
static int print_json(json_t *json)
{
	int ret;

	if (!json)
		return err_sys(ENOMEM, "memory for JSON");
	ret = json_dumpf(json, stdout, JSON_INDENT(2)) ? err_sys(errno ? errno : EIO, "print JSON") : 0;
	json_decref(json);
	putchar('\n');
	return ret;
}

/* @json with "sweeps"; steals it. */
static json_t *with_sweeps(json_t *json, const struct sweep *sweep)
{
	if (json && json_object_set_new(json, "sweeps", sweep_json(sweep))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static int print_overhead_json(const struct rundata *data, const struct overhead *overhead, const struct sweep *sweep)
{
	json_t *json;
	int ret = overhead_json(data, overhead, &json);

	return ret ? ret : print_json(with_sweeps(json, sweep));
}

/* Draw into the run's plots/, @overhead unless it is NULL; the sentence of what went wrong is the caller's to print. */
static int draw(const char *dir, const struct rundata *data, const struct overhead *overhead, const struct sweep *sweep)
{
	__free_mem char *plots_dir = NULL;
	struct plot_files files = {0};
	char out_dir[PATH_MAX];
	int ret = paths_plots(&plots_dir);

	if (ret)
		return ret;
	if (snprintf(out_dir, sizeof(out_dir), "%s/plots", dir) >= (int)sizeof(out_dir))
		return err_sys(ENAMETOOLONG, "%s/plots", dir);
	ret = overhead ? plot_overhead(data, overhead, &present_label_defaults, plots_dir, out_dir, &files) : 0;
	if (!ret)
		ret = plot_sweeps(data, sweep, &present_label_defaults, plots_dir, out_dir, &files);
	plot_files_free(&files);
	return ret;
}

static bool is_there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/%s", dir, name) < (int)sizeof(path) && !access(path, F_OK);
}

static int present_overhead(const struct verb *verb, const char *dir, const struct rundata *data,
			    const struct overhead *overhead, const struct sweep *sweep,
			    const struct present_options *options)
{
	static const char *const names[] = {"run.json", "samples.jsonl", "topology.xml", "table.txt", "plots/",
					    "perf/"};
	const char *files[ARRAY_SIZE(names) + 1] = {NULL}, *remarks[2] = {NULL};
	struct overhead_text_options text = {
		.verbose = options->verbose,
		.defaults = &present_label_defaults,
		.sweep = sweep,
		.files = files,
		.remarks = remarks,
	};
	char remark[ERR_MSG_MAX + 32];
	size_t i, nr = 0;
	int ret = 0;

	if (options->plots && draw(dir, data, overhead, sweep)) {
		snprintf(remark, sizeof(remark), "no pictures: %s", err_msg());
		remarks[0] = remark;
	}
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (is_there(dir, names[i]) || (options->write_files && !strcmp(names[i], "table.txt")))
			files[nr++] = names[i];
	if (options->write_files)
		ret = write_table(dir, &(struct table_source){.data = data, .overhead = overhead, .text = &text});
	/* A disk that is full is no reason not to show it. */
	if (ret)
		ret = cmd_fail(verb, NULL);
	if (options->json ? print_overhead_json(data, overhead, sweep) : print_table(data, overhead, &text))
		return cmd_fail(verb, NULL);
	if (ret)
		return ret;
	return cmd_finish(verb, overhead->nr_rows ? EXIT_OK : EXIT_NOTHING_COMPARED);
}

/* The table of kernels that were booted, printed and kept. */
static int print_ladder(const struct table_source *source, const char *dir, const struct present_options *options)
{
	__free_mem char *sentence = NULL;
	int ret = options->write_files ? write_table(dir, source) : 0, ret_print;

	if (ret)
		sentence = strdup(err_msg());
	if (options->json)
		ret_print = print_json(with_sweeps(ladder_json(source->data, source->ladder), source->sweep));
	else
		ret_print = ladder_with_sweep(source, cmd_wants_colour(), stdout);
	return ret_print || !ret ? ret_print : err_set(-ret, "%s", sentence ? sentence : "no memory");
}

static size_t last_kernel(const struct ladder *ladder)
{
	size_t i = ladder->nr_kernels - 1;

	while (i && ladder->variant_of[i] != SIZE_MAX)
		i--;
	return i;
}

/* Below the table of several kernels: is the last of them worse than the first? Returns the exit status; @quiet: nothing else. */
static int print_verdicts(const struct verb *verb, const struct rundata *data, const struct ladder *ladder, bool quiet)
{
	const char *first = ladder->kernels[0], *last = ladder->kernels[last_kernel(ladder)];
	struct compare_options how = {0};
	struct compare_side base, cand;
	struct compare *compare;
	char text[256];
	size_t i;
	int ret = compare_side(data, first, &base), status;

	if (!ret)
		ret = compare_side(data, last, &cand);
	if (!ret)
		ret = compare_compute(&base, &cand, &how, &compare);
	if (ret)
		return cmd_fail(verb, NULL);
	status = compare_status(compare, false);
	if (quiet) {
		compare_free(compare);
		return status;
	}
	printf("\n%s against %s, memcg's own cost: %s\n", last, first, compare_summary(compare, text, sizeof(text)));
	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		__free_mem char *label = compare_item_label(compare, row, &(struct compare_look){.defaults = &present_label_defaults});
		char arm[LABEL_MAX], unit[LABEL_MAX], number[NUMBER_MAX];

		if (row->verdict != COMPARE_REGRESSION && row->verdict != COMPARE_IMPROVEMENT)
			continue;
		printf("  %s: %s %s (%s) ", compare_verdict_name(row->verdict), label ? label : "?", row->metric->name,
		       compare_arm_label(row, arm));
		/* Decided by its functions: its own number says something else. */
		if (row->row_verdict != row->verdict)
			printf("%s\n", row->why);
		else
			printf("%s %s\n", number_estimate(row->change.value, compare_decimals(compare, row), number),
			       compare_unit(compare, row, unit));
	}
	printf("All of it, also for a mail: memcgbench compare --format=lkml %s %s %s\n", data->dir, first, last);
	compare_free(compare);
	return status;
}

static int present_ladder(const struct verb *verb, const char *dir, const struct rundata *data,
			  const struct present_options *options)
{
	char remark[ERR_MSG_MAX + 32] = "";
	struct sweep *sweep = NULL;
	struct ladder *ladder;
	int ret = ladder_compute(data, &ladder), status = EXIT_OK;

	if (ret)
		return ret == -ENODATA ? (cmd_fail(verb, NULL), EXIT_NOTHING_COMPARED) : cmd_fail(verb, NULL);
	ret = sweep_compute(data, ladder, &sweep);
	if (!ret && options->plots && draw(dir, data, NULL, sweep))
		snprintf(remark, sizeof(remark), "\nnote: no pictures: %s\n", err_msg());
	if (!ret)
		ret = print_ladder(&(struct table_source){.data = data, .ladder = ladder, .sweep = sweep}, dir, options);
	if (ret)
		status = cmd_fail(verb, NULL);
	else if (!options->json)
		fputs(remark, stdout);
	if (!ret && last_kernel(ladder) > 0)
		status = print_verdicts(verb, data, ladder, options->json);
	sweep_free(sweep);
	ladder_free(ladder);
	if (!ret && options->write_files && !options->json)
		printf("\nwritten to %s\n", dir);
	return cmd_finish(verb, status);
}

/* Were the samples taken in guests, each boot of a kernel its own? */
static bool is_of_guests(const struct rundata *data)
{
	return !strcmp(label_string(label_boot(data, NULL), "executor"), "qemu");
}

/* A run that lacks something is nothing to measure others by. */
static int keep(const char *dir, const struct rundata *data, const struct present_options *options)
{
	if (!options->save_baseline)
		return 0;
	if (!data->complete)
		return err_set(ENODATA, "--save-baseline=%s: the run is not complete, and was not kept under that name",
			       options->save_baseline);
	return err_prefix(baseline_save(options->results_dir, options->save_baseline, dir), "--save-baseline=%s", options->save_baseline);
}

int present_run(const struct verb *verb, const char *dir, const struct present_options *options)
{
	struct overhead *overhead = NULL;
	struct sweep *sweep = NULL;
	struct rundata *data;
	int status, ret = rundata_load_workers(dir, &data);

	if (ret)
		return cmd_fail(verb, NULL);
	if (keep(dir, data, options)) {
		rundata_free(data);
		return cmd_fail(verb, NULL);
	}
	if (is_of_guests(data)) {
		status = present_ladder(verb, dir, data, options);
		rundata_free(data);
		return status;
	}
	ret = overhead_compute(data, OVERHEAD_DELTA_RATIO, &overhead);
	if (!ret)
		ret = sweep_compute(data, NULL, &sweep);
	if (ret == -ENODATA)
		status = (cmd_fail(verb, NULL), EXIT_NOTHING_COMPARED);
	else if (ret)
		status = cmd_fail(verb, NULL);
	else
		status = present_overhead(verb, dir, data, overhead, sweep, options);
	sweep_free(sweep);
	overhead_free(overhead);
	rundata_free(data);
	return status;
}
