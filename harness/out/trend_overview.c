// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/trend_overview.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "out/dat.h"
#include "out/number.h"
#include "out/trend_dat.h"

/* What plots/overview.gp has room for. */
#define LINES_MAX      6
#define PANEL_PIXELS   150.0
#define LABEL_PIXELS   13.0
#define NAME_BYTES_MAX 48

struct line {
	const struct trend_row *row;
	double label_at; /* where its name stands, on the panel's axis */
};

struct panel {
	struct line line[LINES_MAX];
	size_t nr;
	double low, high; /* of the axis */
};

struct overview {
	const struct trend_view *view;
	const char *environment;
	struct panel *panels;
	size_t nr;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a picture of a history");
}

/* --- which --- */

static bool is_drawable(const struct trend_row *row)
{
	const struct history_series *s = row->series;

	return !s->is_count && strcmp(s->bench, "null") && strcmp(s->state, "off");
}

static const char *largest_environment(const struct trend *trend)
{
	const char *best = NULL;
	size_t i, k, most = 0;

	for (i = 0; i < trend->nr_rows; i++) {
		size_t nr = 0;

		for (k = 0; k < trend->nr_rows; k++)
			if (is_drawable(&trend->rows[k]) &&
			    !strcmp(trend->rows[k].series->environment, trend->rows[i].series->environment))
				nr += trend->rows[k].series->nr_points;
		if (nr > most) {
			most = nr;
			best = trend->rows[i].series->environment;
		}
	}
	return best;
}

/* One work, by however many and however deep. */
static bool same_work(const struct history_series *a, const struct history_series *b)
{
	return !strcmp(a->bench, b->bench) && a->bench_version == b->bench_version && json_equal(a->all_params, b->all_params) &&
	       !strcmp(a->mode, b->mode) && !strcmp(a->place, b->place) && !strcmp(a->memory, b->memory);
}

static bool is_main_metric(const struct overview *overview, const struct history_series *s)
{
	const struct trend *trend = overview->view->trend;
	size_t i;

	for (i = 0; i < trend->nr_rows; i++) {
		const struct history_series *other = trend->rows[i].series;

		if (is_drawable(&trend->rows[i]) && !strcmp(other->environment, s->environment) && same_work(other, s) &&
		    other->metric_rank < s->metric_rank)
			return false;
	}
	return true;
}

static void add_row(struct overview *overview, const struct trend_row *row)
{
	struct panel *panel = NULL;
	size_t i;

	for (i = 0; i < overview->nr && !panel; i++)
		if (same_work(overview->panels[i].line[0].row->series, row->series))
			panel = &overview->panels[i];
	if (!panel)
		panel = &overview->panels[overview->nr++];
	/* Workers that take turns in the root memcg are one line more for each number of them, and say the same. */
	if (panel->nr && !strcmp(row->series->state, "root") && row->series->workers != panel->line[0].row->series->workers)
		return;
	if (panel->nr < LINES_MAX)
		panel->line[panel->nr++].row = row;
}

/* --- where --- */

/* Names at the ends of lines: by height, and none on top of another. */
static void place_labels(struct panel *panel)
{
	double gap = (panel->high - panel->low) * LABEL_PIXELS / PANEL_PIXELS, over;
	struct line *order[LINES_MAX];
	size_t i, k;

	for (i = 0; i < panel->nr; i++) {
		const struct history_series *s = panel->line[i].row->series;

		panel->line[i].label_at = s->points[s->nr_points - 1].value;
		for (k = i; k && order[k - 1]->label_at > panel->line[i].label_at; k--)
			order[k] = order[k - 1];
		order[k] = &panel->line[i];
	}
	for (i = 1; i < panel->nr; i++)
		order[i]->label_at = fmax(order[i]->label_at, order[i - 1]->label_at + gap);
	over = order[panel->nr - 1]->label_at - panel->high;
	for (i = panel->nr; over > 0 && i--;) {
		order[i]->label_at = i + 1 == panel->nr ? panel->high : fmin(order[i]->label_at, order[i + 1]->label_at - gap);
	}
}

/* From zero, so that heights can be compared; a cost below zero is no reason to hide it. */
static void measure(struct panel *panel)
{
	double low = 0, high = 0;
	size_t i, k;

	for (i = 0; i < panel->nr; i++) {
		const struct history_series *s = panel->line[i].row->series;

		for (k = 0; k < s->nr_points; k++) {
			low = fmin(low, isnan(s->points[k].low) ? s->points[k].value : s->points[k].low);
			high = fmax(high, isnan(s->points[k].high) ? s->points[k].value : s->points[k].high);
		}
	}
	if (high <= low)
		high = low + 1;
	panel->low = low < 0 ? low - 0.06 * (high - low) : 0;
	panel->high = high + 0.12 * (high - panel->low);
	place_labels(panel);
}

static int fill(struct overview *overview)
{
	const struct trend *trend = overview->view->trend;
	size_t i;

	overview->environment = largest_environment(trend);
	if (!overview->environment)
		return err_set(ENODATA, "there is no cost over two kernels or more to draw");
	overview->panels = calloc(trend->nr_rows, sizeof(*overview->panels));
	if (!overview->panels)
		return no_memory();
	for (i = 0; i < trend->nr_rows; i++) {
		const struct trend_row *row = &trend->rows[i];

		if (is_drawable(row) && !strcmp(row->series->environment, overview->environment) &&
		    is_main_metric(overview, row->series))
			add_row(overview, row);
	}
	for (i = 0; i < overview->nr; i++)
		measure(&overview->panels[i]);
	return 0;
}

/* --- words --- */

static bool workers_differ(const struct panel *panel)
{
	size_t i;

	for (i = 1; i < panel->nr; i++)
		if (panel->line[i].row->series->workers != panel->line[0].row->series->workers)
			return true;
	return false;
}

/* "child ×8: 646" */
static void line_label(const struct panel *panel, const struct line *line, char *buf)
{
	const struct history_series *s = line->row->series;
	double last = s->points[s->nr_points - 1].value;
	char state[TREND_LABEL_MAX], workers[32] = "", number[NUMBER_MAX];

	if (workers_differ(panel))
		snprintf(workers, sizeof(workers), " ×%u", s->workers);
	snprintf(buf, TREND_LABEL_MAX, "%s%s: %s", trend_state_label(s, state), workers,
		 number_format(last, number_decimals(last, 3), false, number));
}

/* The first words of what the bench says of the metric: what comes behind them is about other parameters. */
static void put_help(const struct history_series *s, FILE *out)
{
	size_t len = strcspn(s->help, ",;:(");

	while (len && s->help[len - 1] == ' ')
		len--;
	if (len > NAME_BYTES_MAX)
		fprintf(out, "%.*s…", NAME_BYTES_MAX - 1, s->help);
	else
		fprintf(out, "%.*s", (int)len, s->help);
}

/* "way=turns pages=32; insn/page": of all lines of a panel the same. */
static void put_conditions(const struct history_series *s, FILE *out)
{
	const char *param = s->params;

	while (*param) {
		size_t len;

		param += strspn(param, "- ");
		len = strcspn(param, " ");
		fprintf(out, "%.*s%s", (int)len, param, param[len] ? " " : "; ");
		param += len;
	}
	fprintf(out, "%s%s", s->unit, s->below ? "" : ", the whole cost");
}

enum { WORDS_METRIC, WORDS_HELP, WORDS_CONDITIONS, WORDS_NR };

static void put_panel(const struct panel *panel, size_t number, FILE *out)
{
	const struct history_series *s = panel->line[0].row->series;
	int part;

	fprintf(out, "%zu ", number);
	dat_number(out, panel->low);
	dat_number(out, panel->high);
	for (part = 0; part < WORDS_NR; part++) {
		char text[2 * TREND_LABEL_MAX] = "";
		FILE *words = fmemopen(text, sizeof(text), "w");

		if (words && part == WORDS_METRIC)
			fprintf(words, "%s %s", s->bench, s->metric);
		else if (words && part == WORDS_HELP)
			put_help(s, words);
		else if (words)
			put_conditions(s, words);
		if (words)
			fclose(words);
		text[sizeof(text) - 1] = '\0';
		dat_string(out, text);
	}
	fputc('\n', out);
}

/* --- the file --- */

static void put_line(const struct overview *overview, const struct line *line, const size_t *place, FILE *out)
{
	const struct history_series *s = line->row->series;
	char label[TREND_LABEL_MAX], arm[TREND_LABEL_MAX];
	size_t i;

	fprintf(out, "\n\n# %s (%s), %s\n", trend_metric_label(s, label), trend_arm_label(s, arm), s->unit);
	for (i = 0; i < s->nr_points; i++) {
		const struct history_point *p = &s->points[i];

		/* No line over kernels that were not measured. */
		if (i && place[p->kernel] != place[s->points[i - 1].kernel] + 1)
			fputc('\n', out);
		fprintf(out, "%zu ", place[p->kernel]);
		dat_string(out, overview->view->history->kernels[p->kernel].label);
		dat_number(out, p->value);
		dat_number(out, isnan(p->low) ? p->value : p->low);
		dat_number(out, isnan(p->high) ? p->value : p->high);
		fprintf(out, "%zu %d\n", p->units.nr, i && line->row->found.step[i] == CHANGEPOINT_CHANGED);
	}
}

static void put_labels(const struct overview *overview, FILE *out)
{
	char label[TREND_LABEL_MAX];
	size_t i, k;

	fputs("\n\n# names of the lines\n", out);
	for (i = 0; i < overview->nr; i++)
		for (k = 0; k < overview->panels[i].nr; k++) {
			fprintf(out, "%zu %zu ", i + 1, k + 1);
			dat_number(out, overview->panels[i].line[k].label_at);
			line_label(&overview->panels[i], &overview->panels[i].line[k], label);
			dat_string(out, label);
			fputc('\n', out);
		}
}

/* Kernels that any line has, in order. */
static size_t make_axis(const struct overview *overview, size_t *place)
{
	const struct history *history = overview->view->history;
	size_t i, k, p, nr = 0;

	for (i = 0; i < overview->nr; i++)
		for (k = 0; k < overview->panels[i].nr; k++) {
			const struct history_series *s = overview->panels[i].line[k].row->series;

			for (p = 0; p < s->nr_points; p++)
				place[s->points[p].kernel] = 1;
		}
	for (i = 0; i < history->nr_kernels; i++)
		place[i] = place[i] ? nr++ : SIZE_MAX;
	return nr;
}

static int put_file(const struct overview *overview, const size_t *place, const char *path)
{
	const struct history *history = overview->view->history;
	struct beneath_file file;
	FILE *out;
	size_t i, k;
	int ret = dat_begin(path, &file);

	if (ret)
		return ret;
	out = file.out;
	fprintf(out, "# memcgbench trend: %zu runs of %zu kernels; %s\n", history->nr_runs, history->nr_kernels, overview->environment);
	fputs("# panels: 1 panel  2 3 its axis  4 metric  5 in words  6 parameters and unit\n", out);
	for (i = 0; i < overview->nr; i++)
		put_panel(&overview->panels[i], i + 1, out);
	fputs("\n\n# the axis: 1 place  2 kernel\n", out);
	for (i = 0; i < history->nr_kernels; i++) {
		if (place[i] == SIZE_MAX)
			continue;
		fprintf(out, "%zu ", place[i]);
		dat_string(out, history->kernels[i].label);
		fputc('\n', out);
	}
	put_labels(overview, out);
	fputs("# 1 panel  2 line  3 place  4 name, with its last value\n"
	      "# and a data set for each line: 1 place  2 kernel  3 mean of its boots (ns: median)  4 5 least and most\n"
	      "# (ns, from 6 boots on: interval)  6 boots  7 1: a change begins; an empty line where kernels between were not measured\n",
	      out);
	for (i = 0; i < overview->nr; i++)
		for (k = 0; k < overview->panels[i].nr; k++)
			put_line(overview, &overview->panels[i].line[k], place, out);
	return beneath_end(&file, 0);
}

/* --- the picture --- */

static int add_file(struct plot_files *files, const char *name, const char *suffix)
{
	char **names = reallocarray(files->names, files->nr + 1, sizeof(*names));
	char *file = NULL;

	if (names)
		files->names = names;
	if (!names || asprintf(&file, "%s.%s", name, suffix) < 0)
		return no_memory();
	names[files->nr++] = file;
	return 0;
}

static int draw(const struct overview *overview, const char *dat, size_t nr_kernels, struct plot_job *job, struct plot_files *files)
{
	static const char *const suffixes[] = {"svg", "png", "txt"};
	char *counts = NULL;
	size_t size, i;
	FILE *out = open_memstream(&counts, &size);
	int ret;

	if (!out)
		return no_memory();
	for (i = 0; i < overview->nr; i++)
		fprintf(out, "%zu ", overview->panels[i].nr);
	if (fclose(out))
		return no_memory();
	job->variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"environment", overview->environment, 0},
		{"line_counts", counts, 0},
		{"nr_panels", NULL, (double)overview->nr},
		{"nr_kernels", NULL, (double)nr_kernels},
	};
	job->nr_variables = 5;
	ret = plot_run(job);
	for (i = 0; !ret && i < ARRAY_SIZE(suffixes); i++)
		if (!job->format || !strcmp(job->format, suffixes[i]))
			ret = add_file(files, job->name, suffixes[i]);
	free(counts);
	return ret;
}

int trend_overview(const struct trend_view *view, const char *plots_dir, const char *out_dir, const char *name, const char *format,
		   struct plot_files *files)
{
	struct overview overview = {.view = view};
	struct plot_job job = {.plots_dir = plots_dir, .script = "overview.gp", .out_dir = out_dir, .name = name, .format = format,
			       .text = !format};
	__free_mem size_t *place = calloc(view->history->nr_kernels + 1, sizeof(*place));
	__free_mem char *dat = NULL;
	size_t nr_kernels;
	int ret = place ? fill(&overview) : no_memory();

	if (!ret && asprintf(&dat, "%s%s/%s.dat", out_dir[0] == '/' ? "" : "./", out_dir, name) < 0) {
		dat = NULL;
		ret = no_memory();
	}
	if (!ret) {
		nr_kernels = make_axis(&overview, place);
		ret = put_file(&overview, place, dat);
	}
	if (!ret)
		ret = add_file(files, name, "dat");
	if (!ret)
		ret = draw(&overview, dat, nr_kernels, &job, files);
	free(overview.panels);
	return ret;
}
