// SPDX-License-Identifier: GPL-2.0-or-later
/* report - stored runs as one HTML page. Needs no root, no cgroup, no QEMU. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/paths.h"
#include "cmd/cmd.h"
#include "cmd/present.h"
#include "data/store.h"
#include "guest/files.h"
#include "guest/process.h"
#include "out/plot.h"
#include "out/report.h"

#define REMARKS_MAX 16

extern const struct verb verb_report;

struct report_args {
	const char *results_dir, *out_dir;
	bool all, no_plots;
};

static const struct opt options[] = {
	{"all", 0, OPT_TO_FLAG(struct report_args, all), .help = "every run in the folder of results"},
	{"results", 0, OPT_TO_STRING(struct report_args, results_dir), .arg = "DIR", .def = "results",
	 .help = "folder of the runs, for --all and when no run is named"},
	{"output", 'o', OPT_TO_STRING(struct report_args, out_dir), .arg = "DIR",
	 .help = "folder that gets index.html; the folder report of the results if not given"},
	{"no-plots", 0, OPT_TO_FLAG(struct report_args, no_plots), .help = "draw no picture that is missing; those that are there are shown"},
	OPT_END,
};

/* A run with everything that was made of it. */
struct opened {
	struct rundata *data;
	struct ladder *ladder;
	struct overhead *overhead;
	struct sweep *sweep;
	char *link, *why, *no_pictures;
};

struct making {
	struct opened *runs;
	struct compare **comparisons;
	size_t nr_runs, nr_comparisons;
	const char *remarks[REMARKS_MAX + 1];
	size_t nr_remarks;
	bool is_damaged; /* a run was left out */
};

static void close_run(struct opened *run)
{
	sweep_free(run->sweep);
	overhead_free(run->overhead);
	ladder_free(run->ladder);
	rundata_free(run->data);
	free(run->link);
	free(run->why);
	free(run->no_pictures);
}

static void making_clear(struct making *making)
{
	while (making->nr_comparisons)
		compare_free(making->comparisons[--making->nr_comparisons]);
	while (making->nr_runs)
		close_run(&making->runs[--making->nr_runs]);
	while (making->nr_remarks)
		free((char *)making->remarks[--making->nr_remarks]);
	free(making->comparisons);
	free(making->runs);
}

/* The last sentence, for the page. */
static void remark(struct making *making)
{
	char *text = strdup(err_msg());

	if (text && making->nr_remarks < REMARKS_MAX)
		making->remarks[making->nr_remarks++] = text;
	else
		free(text);
}

/* The last sentence: what is not in the page is said by it, and here. */
static void leave_out(struct making *making)
{
	(void)cmd_fail(&verb_report, "left out: %s", err_msg());
	making->is_damaged = true;
	remark(making);
}

/* --- finding runs --- */

/* What no run.json comes near; rundata_load() says so of what is larger. */
#define RUN_MAX (16u << 20)

/*
 * When the run in @path was started, as run.json says it; "" for what is no run. One that does not say it, damaged, is taken for the oldest, and
 * rundata_load() says what is wrong with it. The caller frees; NULL without memory.
 */
static char *started_of(const char *path)
{
	__free_mem char *text = NULL;
	int ret = beneath_read_all(path, "run.json", RUN_MAX, &text, NULL);
	json_t *run = ret ? NULL : json_loads(text, 0, NULL);
	bool is_other = run && strcmp(label_string(run, "schema"), "memcgbench-run");
	char *started = strdup(ret == -ENOENT || ret == -ENOTDIR || is_other ? "" : *label_string(run, "started") ? label_string(run, "started") : "0");

	json_decref(run);
	return started;
}

/* Runs in @folder by the time they started, for the caller to free; with @latest that one alone. */
static int find_runs(const char *folder, bool latest, char ***ret_paths, size_t *ret_nr)
{
	DIR *dir = opendir(folder);
	char **paths = NULL, **times = NULL;
	struct dirent *entry;
	size_t nr = 0, i;

	if (!dir)
		return err_sys(errno, "open the folder of results %s", folder);
	while ((entry = readdir(dir))) {
		char *path = entry->d_name[0] == '.' ? NULL : text_format("%s/%s", folder, entry->d_name);
		char *started = path ? started_of(path) : NULL;

		if (!started || !*started || !(paths = reallocarray(paths, nr + 1, sizeof(*paths))) ||
		    !(times = reallocarray(times, nr + 1, sizeof(*times)))) {
			free(path);
			free(started);
			continue;
		}
		for (i = nr++; i && strcmp(times[i - 1], started) > 0; i--) {
			times[i] = times[i - 1];
			paths[i] = paths[i - 1];
		}
		times[i] = started;
		paths[i] = path;
	}
	closedir(dir);
	for (i = 0; i < nr; i++)
		free(times[i]);
	free(times);
	for (; latest && nr > 1; nr--) {
		free(paths[0]);
		memmove(paths, paths + 1, (nr - 1) * sizeof(*paths));
	}
	if (!nr)
		return err_set(ENOENT, "there is no run in %s", folder);
	*ret_paths = paths;
	*ret_nr = nr;
	return 0;
}

/* --- reading them --- */

static bool has_picture(const char *dir, const char *begin)
{
	__free_mem char *folder = text_format("%s/plots", dir);
	DIR *plots = folder ? opendir(folder) : NULL;
	struct dirent *entry;
	bool found = false;

	while (plots && (entry = readdir(plots)))
		found |= !strncmp(entry->d_name, begin, strlen(begin)) && strstr(entry->d_name, ".svg");
	if (plots)
		closedir(plots);
	return found;
}

static bool is_profiled(const struct rundata *data)
{
	size_t i, nr = json_array_size(json_object_get(data->run, "boots"));
	bool found = false;

	for (i = 0; i < nr && !found; i++) {
		char name[48];

		snprintf(name, sizeof(name), "boots/%zu/profile", i);
		found = beneath_has(data->dir, name);
	}
	return found;
}

static int copy(FILE *in, void *out)
{
	char block[4096];
	size_t n;

	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, out);
	return ferror(in) ? -EIO : 0;
}

/*
 * The flame graph of a run with profiles, explain.svg: of its last kernel against the first, or of what memcg costs on its only one. By
 * `memcgbench explain`, since a profile that cannot be read is its matter, and no reason for a page without one.
 */
static void draw_explanation(const struct opened *run)
{
	struct beneath_file file;
	const char *argv[10] = {"/proc/self/exe", "explain", "--format=svg"};
	size_t nr = 3;

	if (!run->ladder || !is_profiled(run->data) || beneath_has(run->data->dir, "explain.svg"))
		return;
	if (run->ladder->nr_kernels > 1) {
		argv[nr++] = "-k";
		argv[nr++] = run->ladder->kernels[0];
	}
	argv[nr++] = "-k";
	argv[nr++] = run->ladder->kernels[run->ladder->nr_kernels - 1];
	argv[nr++] = run->data->dir;
	if (!beneath_begin(run->data->dir, "explain.svg", &file))
		(void)!beneath_end(&file, process_read(argv, NULL, copy, file.out) ? -EIO : 0);
}

/* Draw into the run's plots/ what is not there. */
static int draw_missing(const struct opened *run)
{
	__free_mem char *plots_dir = NULL, *out_dir = text_format("%s/plots", run->data->dir);
	bool overhead = run->overhead && run->overhead->nr_rows && !has_picture(run->data->dir, "overhead");
	bool sweeps = run->sweep && run->sweep->nr_curves && !has_picture(run->data->dir, "sweep");
	struct plot_files files = {0};
	int ret = 0;

	if (!overhead && !sweeps)
		return 0;
	if (!out_dir)
		return -ENOMEM;
	/* No link to a folder elsewhere. */
	ret = beneath_mkdir(run->data->dir, "plots");
	if (!ret)
		ret = paths_plots(&plots_dir);
	if (!ret && overhead)
		ret = plot_overhead(run->data, run->overhead, &present_label_defaults, plots_dir, out_dir, &files);
	if (!ret && sweeps)
		ret = plot_sweeps(run->data, run->sweep, &present_label_defaults, plots_dir, out_dir, &files);
	plot_files_free(&files);
	return ret;
}

/* The way from folder @from to folder @to. Both are real paths. NULL without memory. */
static char *relative_path(const char *from, const char *to)
{
	size_t same = 0, i;
	char *path = NULL;
	size_t size;
	FILE *out;

	/* Behind the last slash up to which both are alike. */
	for (i = 0; from[i] && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i + 1;
	if ((!from[i] || from[i] == '/') && (!to[i] || to[i] == '/'))
		same = i + (from[i] && to[i]);
	out = open_memstream(&path, &size);
	if (!out)
		return NULL;
	from += same < strlen(from) ? same : strlen(from);
	to += same < strlen(to) ? same : strlen(to);
	from += *from == '/';
	to += *to == '/';
	fputs(*from ? "" : ".", out);
	while (*from) {
		const char *slash = strchr(from, '/');

		fputs("..", out);
		from = slash ? slash + 1 : from + strlen(from);
		if (*from)
			fputc('/', out);
	}
	fprintf(out, "%s%s", *to ? "/" : "", to);
	fclose(out);
	return path;
}

static int compute(struct opened *run)
{
	bool guests = !strcmp(label_string(label_boot(run->data, NULL), "executor"), "qemu");
	int ret = guests ? ladder_compute(run->data, &run->ladder)
			 : overhead_compute(run->data, OVERHEAD_DELTA_RATIO, &run->overhead);

	return ret ? ret : sweep_compute(run->data, run->ladder, &run->sweep);
}

/* A run that cannot be read is an error; one of which nothing can be made is in the page, with the reason. */
static int open_run(const struct report_args *args, const char *dir, struct opened *run)
{
	int ret = rundata_load_workers(dir, &run->data);

	if (ret)
		return ret;
	ret = compute(run);
	if (ret == -ENOMEM)
		return ret;
	if (ret)
		run->why = strdup(err_msg());
	if (!ret && !args->no_plots) {
		draw_explanation(run);
		if (draw_missing(run))
			run->no_pictures = strdup(err_msg());
	}
	return 0;
}

/* --- comparing --- */

static int add_comparison(struct making *making, const struct rundata *base, const char *base_kernel, const struct rundata *cand,
			  const char *cand_kernel)
{
	struct compare_options how = {0};
	struct compare_side sides[2];
	struct compare **more = reallocarray(making->comparisons, making->nr_comparisons + 1, sizeof(*more));
	int ret;

	if (!more)
		return err_sys(ENOMEM, "memory for a comparison");
	making->comparisons = more;
	ret = compare_side(base, base_kernel, &sides[0]);
	if (!ret)
		ret = compare_side(cand, cand_kernel, &sides[1]);
	if (!ret)
		ret = compare_compute(&sides[0], &sides[1], &how, &making->comparisons[making->nr_comparisons]);
	if (!ret)
		making->nr_comparisons++;
	else if (ret != -ENOMEM)
		remark(making);
	return ret == -ENOMEM ? ret : 0;
}

/* The kernels of a run against its first. */
static int compare_kernels_of(struct making *making, const struct opened *run)
{
	size_t i;
	int ret = 0;

	for (i = 1; run->ladder && !ret && i < run->ladder->nr_kernels; i++)
		if (run->ladder->variant_of[i] == SIZE_MAX && !run->ladder->no_memcg[i])
			ret = add_comparison(making, run->data, run->ladder->kernels[0], run->data, run->ladder->kernels[i]);
	return ret;
}

static int compare_all(struct making *making, bool with_each_other)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < making->nr_runs; i++)
		ret = compare_kernels_of(making, &making->runs[i]);
	/* Runs that somebody names are to be compared; all that there are need not belong together. */
	for (i = 1; with_each_other && !making->nr_comparisons && !ret && i < making->nr_runs; i++)
		ret = add_comparison(making, making->runs[0].data, NULL, making->runs[i].data, NULL);
	return ret;
}

/* --- the page --- */

static int write_page(const struct report_args *args, const struct making *making, const char *dir)
{
	__free_mem char *history = args->all ? text_format("%s/plots", args->results_dir) : NULL;
	__free_mem char *from = realpath(dir, NULL), *to = history ? realpath(history, NULL) : NULL;
	__free_mem char *history_link = from && to ? relative_path(from, to) : NULL;
	__free_mem struct report_run *runs = calloc(making->nr_runs, sizeof(*runs));
	struct report report = {.runs = runs, .nr_runs = making->nr_runs, .comparisons = making->comparisons,
				.nr_comparisons = making->nr_comparisons, .history_dir = to, .history_link = history_link, .remarks = making->remarks, .defaults = &present_label_defaults};
	__free_mem char *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!runs || !out) {
		if (out)
			fclose(out);
		return err_sys(ENOMEM, "memory for the page");
	}
	for (i = 0; i < making->nr_runs; i++) {
		const struct opened *run = &making->runs[i];

		runs[i] = (struct report_run){run->data, run->ladder, run->overhead, run->sweep, run->link, run->why, run->no_pictures};
	}
	ret = report_html(&report, out);
	if (fclose(out) && !ret)
		ret = err_sys(ENOMEM, "memory for the page");
	return ret ? ret : store_file(dir, "index.html", text);
}

/* mkdir -p, for others to read too. */
static int make_folder(const char *path)
{
	__free_mem char *part = strdup(path);
	char *slash;

	if (!part)
		return err_sys(ENOMEM, "make the folder %s", path);
	for (slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(part, 0777);
		*slash = '/';
	}
	if (mkdir(part, 0777) && errno != EEXIST)
		return err_sys(errno, "make the folder %s", path);
	return 0;
}

static int open_runs(const struct report_args *args, const char *const *paths, size_t nr, struct making *making)
{
	size_t i;
	int ret;

	making->runs = calloc(nr, sizeof(*making->runs));
	if (!making->runs)
		return err_sys(ENOMEM, "memory for the runs");
	for (i = 0; i < nr; i++) {
		struct opened *run = &making->runs[making->nr_runs];

		ret = open_run(args, paths[i], run);
		if (!ret) {
			making->nr_runs++;
			continue;
		}
		close_run(run);
		*run = (struct opened){0};
		/* Among all there may be one that is broken, which is no reason to show none. */
		if (!args->all || ret == -ENOMEM)
			return ret;
		leave_out(making);
	}
	return making->nr_runs ? 0 : err_set(ENODATA, "no run could be read: %s", making->nr_remarks ? making->remarks[0] : "?");
}

/* The links can be made when the page has a place. */
static int make_page(const struct report_args *args, const struct making *making)
{
	__free_mem char *page = NULL;
	int ret = make_folder(args->out_dir);
	size_t i;

	if (ret)
		return ret;
	page = realpath(args->out_dir, NULL);
	for (i = 0; i < making->nr_runs; i++) {
		__free_mem char *run = realpath(making->runs[i].data->dir, NULL);

		if (page && run)
			making->runs[i].link = relative_path(page, run);
	}
	return write_page(args, making, args->out_dir);
}

static int make(const struct report_args *args, const char *const *paths, size_t nr)
{
	struct making making = {0};
	int ret = open_runs(args, paths, nr, &making), status;

	if (!ret)
		ret = compare_all(&making, !args->all);
	if (!ret)
		ret = make_page(args, &making);
	status = ret ? cmd_fail(&verb_report, NULL) : making.is_damaged ? EXIT_BROKEN : EXIT_OK;
	if (!ret)
		printf("%s/index.html\n", args->out_dir);
	making_clear(&making);
	return cmd_finish(&verb_report, status);
}

static int report_parsed(const struct report_args *args, const struct opt_list *operands)
{
	char **paths = NULL;
	size_t nr = 0;
	int status;

	if (args->all && operands->nr)
		return cmd_usage(&verb_report, "either --all or runs are wanted");
	if (operands->nr)
		return make(args, operands->items, operands->nr);
	if (find_runs(args->results_dir, !args->all, &paths, &nr))
		return cmd_fail(&verb_report, NULL);
	status = make(args, (const char *const *)paths, nr);
	while (nr--)
		free(paths[nr]);
	free(paths);
	return status;
}

static int report_main(int argc, char **argv)
{
	struct report_args args = {0};
	struct opt_parsed parsed;
	__free_mem char *out_dir = NULL;
	int status;

	if (cmd_parse(&verb_report, argc, argv, &args, &parsed, &status)) {
		out_dir = args.out_dir ? NULL : text_format("%s/report", args.results_dir);
		if (out_dir)
			args.out_dir = out_dir;
		status = args.out_dir ? report_parsed(&args, &parsed.operands) : cmd_fail(&verb_report, NULL);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_report = {
	.name = "report",
	.summary = "write stored runs as one HTML page",
	.about = "Writes index.html: what was found in words, tables, pictures, machine and method, doubts, and links to the raw data. The page "
		 "needs nothing else, neither a network nor a script; with scripts its tables sort and filter. Pictures that are missing in a "
		 "run's plots/ are drawn there; of a run with profiles the flame graph (memcgbench explain) is shown too.\n\n"
		 "  report             the latest run in the folder of results\n\n"
		 "  report RUN         that run; its kernels are compared with its first\n\n"
		 "  report RUN RUN...  several, the others compared with the first\n\n"
		 "  report --all       every run there is, each by itself, and the pictures of their history in its folder plots; one that is "
		 "damaged is named and left out, and the exit status is then 5\n\n"
		 "Links to raw data lead from the page to the runs' folders: move them together.",
	.operands = "[RUN...]",
	.options = options,
	.main = report_main,
};
