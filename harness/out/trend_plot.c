// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/trend_plot.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "out/trend_dat.h"
#include "out/trend_overview.h"

struct drawing {
	const struct trend_view *view;
	const char *plots_dir, *out_dir;
	struct plot_files *files;
	int gnuplot; /* what went wrong with the first picture that could not be drawn; the others are not tried */
};

static int add_file(struct plot_files *files, const char *name, const char *suffix)
{
	char **names = reallocarray(files->names, files->nr + 1, sizeof(*names));
	char *file = NULL;

	if (names)
		files->names = names;
	if (!names || asprintf(&file, "%s%s", name, suffix) < 0)
		return err_sys(ENOMEM, "list the pictures");
	names[files->nr++] = file;
	return 0;
}

/* The .dat file is there; without gnuplot it is what is left. */
static int run_job(struct drawing *drawing, struct plot_job *job)
{
	static const char *const suffixes[] = {".svg", ".png", ".txt"};
	int ret = add_file(drawing->files, job->name, ".dat");
	size_t i;

	if (ret || drawing->gnuplot)
		return ret;
	job->plots_dir = drawing->plots_dir;
	job->out_dir = drawing->out_dir;
	job->text = true;
	drawing->gnuplot = plot_run(job);
	for (i = 0; !drawing->gnuplot && !ret && i < ARRAY_SIZE(suffixes); i++)
		ret = add_file(drawing->files, job->name, suffixes[i]);
	return ret;
}

/* "trend-fault_storm-size-1M-fault-2": stored runs may say anything, and two series of one name are told apart by number. */
static char *file_name(const char *kind, const struct history_series *s, size_t number)
{
	char label[TREND_LABEL_MAX], *name = NULL, *from, *to;

	if (number)
		snprintf(label, sizeof(label), "-%zu", number + 1);
	else
		label[0] = '\0';
	if (asprintf(&name, "%s-%s-%s-w%u-%s%s", kind, s->bench, s->params, s->workers, s->metric, label) < 0)
		return NULL;
	for (from = to = name; *from; from++) {
		char c = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._", *from) ? *from : '-';

		if (c == '-' && to > name && to[-1] == '-')
			continue;
		*to++ = c;
	}
	*to = '\0';
	return name;
}

static char *dat_path(const struct drawing *drawing, const char *name)
{
	char *path = NULL;

	return name && asprintf(&path, "%s%s/%s.dat", drawing->out_dir[0] == '/' ? "" : "./", drawing->out_dir, name) >= 0 ? path
															     : NULL;
}

/* "child - off" "root - off" */
static char *arm_words(const struct trend_view *view, size_t first, size_t next)
{
	char label[TREND_LABEL_MAX], *text = NULL;
	size_t size, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = first; i < next; i++)
		fprintf(out, "\"%s\" ", trend_arm_label(view->trend->rows[i].series, label));
	return fclose(out) ? NULL : text;
}

static int draw_series(struct drawing *drawing, size_t first, size_t next, size_t number)
{
	const struct history_series *s = drawing->view->trend->rows[first].series;
	__free_mem char *name = file_name("trend", s, number), *dat = dat_path(drawing, name);
	__free_mem char *words = arm_words(drawing->view, first, next);
	struct plot_job job = {.script = "trend.gp", .name = name};
	char label[TREND_LABEL_MAX];
	size_t nr_kernels;
	int ret;

	if (!dat || !words)
		return err_sys(ENOMEM, "plot a history");
	ret = trend_dat_series(drawing->view, first, next, dat, &nr_kernels);
	if (ret)
		return ret;
	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"metric", trend_metric_label(s, label), 0},
		{"unit", s->unit, 0},
		{"environment", s->environment, 0},
		{"better", s->lower_is_better ? "lower is better" : "higher is better", 0},
		{"arm_labels", words, 0},
		{"nr_series", NULL, (double)(next - first)},
		{"nr_kernels", NULL, (double)nr_kernels},
	};
	job.nr_variables = 8;
	return run_job(drawing, &job);
}

static int draw_ladder(struct drawing *drawing, size_t first, size_t number)
{
	const struct history_series *s = drawing->view->trend->rows[first].series;
	__free_mem char *name = file_name("ladder", s, number), *dat = dat_path(drawing, name);
	__free_mem char *words = NULL;
	struct plot_job job = {.script = "ladder.gp", .name = name};
	char label[TREND_LABEL_MAX];
	size_t nr_kernels, nr_states;
	int ret = dat ? trend_dat_ladder(drawing->view, first, dat, &nr_kernels, &nr_states, &words) :
			err_sys(ENOMEM, "plot a history");

	if (ret)
		return ret;
	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"metric", trend_metric_label(s, label), 0},
		{"unit", s->unit, 0},
		{"environment", s->environment, 0},
		{"state_labels", words, 0},
		{"nr_states", NULL, (double)nr_states},
		{"nr_kernels", NULL, (double)nr_kernels},
	};
	job.nr_variables = 7;
	return run_job(drawing, &job);
}

static int draw_heatmap(struct drawing *drawing, size_t first, size_t number)
{
	const struct history_series *s = drawing->view->trend->rows[first].series;
	__free_mem char *name = NULL, *dat = NULL;
	struct plot_job job = {.script = "heatmap.gp"};
	struct trend_heatmap heatmap;
	int ret;

	if (asprintf(&name, number ? "heatmap-%zu" : "heatmap", number + 1) < 0)
		name = NULL;
	dat = dat_path(drawing, name);
	ret = dat ? trend_dat_heatmap(drawing->view, first, dat, &heatmap) : err_sys(ENOMEM, "plot a history");
	if (ret)
		return ret;
	job.name = name;
	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"environment", s->environment, 0},
		{"nr_rows", NULL, (double)heatmap.nr_rows},
		{"nr_kernels", NULL, (double)heatmap.nr_kernels},
		{"most", NULL, heatmap.most},
	};
	job.nr_variables = 5;
	return run_job(drawing, &job);
}

/* How many pictures before @first have the same bench, parameters and metric: of other environments. */
static size_t number_of(const struct trend *trend, size_t first)
{
	const struct history_series *s = trend->rows[first].series;
	size_t i, number = 0;

	for (i = 0; i < first; i++) {
		const struct history_series *other = trend->rows[i].series;

		number += (i == 0 || !trend_same_picture(trend->rows[i - 1].series, other)) && !strcmp(other->bench, s->bench) &&
			  !strcmp(other->params, s->params) && other->workers == s->workers && !strcmp(other->metric, s->metric);
	}
	return number;
}

static bool environment_was_before(const struct trend *trend, size_t first)
{
	size_t i;

	for (i = 0; i < first; i++)
		if (!strcmp(trend->rows[i].series->environment, trend->rows[first].series->environment))
			return true;
	return false;
}

static int draw_all(struct drawing *drawing)
{
	const struct trend *trend = drawing->view->trend;
	size_t first, next, environments = 0;
	int ret = 0;

	for (first = 0; !ret && first < trend->nr_rows; first = next) {
		size_t number = number_of(trend, first);

		for (next = first; next < trend->nr_rows && trend_same_picture(trend->rows[first].series, trend->rows[next].series);
		     next++)
			;
		ret = draw_series(drawing, first, next, number);
		if (!ret)
			ret = draw_ladder(drawing, first, number);
		if (!ret && !environment_was_before(trend, first))
			ret = draw_heatmap(drawing, first, environments++);
	}
	return ret ? ret : drawing->gnuplot;
}

int trend_plot(const struct trend_view *view, const char *plots_dir, const char *out_dir, struct plot_files *files)
{
	struct drawing drawing = {.view = view, .plots_dir = plots_dir, .out_dir = out_dir, .files = files};

	int ret;

	if (mkdir(out_dir, 0777) && errno != EEXIST)
		return err_sys(errno, "make the folder %s", out_dir);
	ret = draw_all(&drawing);
	if (!ret)
		ret = trend_overview(view, plots_dir, out_dir, "overview", NULL, files);
	return ret == -ENODATA ? 0 : ret;
}
