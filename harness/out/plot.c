// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/plot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/err.h"
#include "out/dat.h"
#include "out/number.h"
#include "out/sweep_text.h"

/* In single quotes nothing but the quote itself has a meaning, and it is doubled. */
static void put_quoted(FILE *out, const char *text)
{
	fputc('\'', out);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', out);
		fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
	}
	fputc('\'', out);
}

/* A path that gnuplot and its options cannot take for anything else: "|cmd", "<cmd", "~", "-" are
 * special to it. */
static char *plain_path(const char *dir, const char *name, const char *suffix)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s/%s%s", *dir == '/' ? "" : "./", dir, name, suffix) < 0)
		return NULL;
	return path;
}

/* The -e argument: assignments of all variables. NULL without memory. */
static char *make_prologue(const struct plot_job *job, const char *format, int picture)
{
	__free_mem char *plots_dir = plain_path(job->plots_dir, "", "");
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; i < job->nr_variables; i++) {
		const struct plot_variable *variable = &job->variables[i];

		fprintf(out, "%s = ", variable->name);
		if (variable->text)
			put_quoted(out, variable->text);
		else if (isfinite(variable->number))
			fprintf(out, "%.10g", variable->number);
		else
			fputs("NaN", out);
		fputs("; ", out);
	}
	fprintf(out, "format = '%s'; picture = '/dev/fd/%d'; plots_dir = ", format, picture);
	put_quoted(out, plots_dir ? plots_dir : "");
	if (fclose(out) || !plots_dir) {
		free(text);
		return NULL;
	}
	return text;
}

/* In the child: gnuplot without the user's own settings, which would change the pictures, and
 * without the signals that the caller may have blocked. */
static void __attribute__((noreturn))
exec_gnuplot(const char *prologue, const char *script, int picture, int complaints, int exec_failed)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, 0);
	dup2(null, 1);
	dup2(complaints, 2);
	fcntl(picture, F_SETFD, 0);
	execlp("gnuplot", "gnuplot", "-d", "-e", prologue, script, (char *)NULL);
	err = errno;
	if (write(exec_failed, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Read until the other end is closed. @text: the beginning of what came. false: the time is up. */
static bool read_until_closed(int fd, int64_t deadline_ms, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int64_t left = deadline_ms - now_ms();
		char more[512];
		ssize_t n;

		if (left <= 0)
			return false;
		if (poll(&ready, 1, (int)left) <= 0)
			continue;
		n = read(fd, more, sizeof(more));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return true;
		if ((size_t)n > size - 1 - len)
			n = (ssize_t)(size - 1 - len);
		memcpy(text + len, more, (size_t)n);
		len += (size_t)n;
		text[len] = '\0';
	}
}

static int wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* gnuplot shows the line and a caret before it says what is wrong: blank lines and carets are
 * passed over. */
static void first_complaint(char *text)
{
	char *from, *to = text;
	bool blank = true;

	for (from = text; *from; from++) {
		char c = (unsigned char)*from < ' ' || *from == '^' ? ' ' : *from;

		if (c == ' ' && blank)
			continue;
		blank = c == ' ';
		*to++ = c;
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

static int judge(const struct plot_job *job, int status, int exec_err, char *complaints)
{
	first_complaint(complaints);
	if (exec_err == ENOENT)
		return err_set(ENOENT, "gnuplot is not installed");
	if (exec_err)
		return err_sys(exec_err, "run gnuplot");
	if (WIFSIGNALED(status))
		return err_set(EIO, "gnuplot %s was killed by signal %d", job->script,
			       WTERMSIG(status));
	if (status != 0)
		return err_set(EIO, "gnuplot %s: %s", job->script,
			       *complaints ? complaints : "failed without a word");
	return 0;
}

/* Both pipes close on exec or at the end of gnuplot, so that no end of ours keeps them open. */
static int run_gnuplot(const struct plot_job *job, const char *prologue, const char *script, int picture)
{
	int complaints[2], failed[2], exec_err = 0, status;
	unsigned int limit_ms = job->limit_ms ? job->limit_ms : PLOT_LIMIT_MS;
	char text[512];
	bool in_time;
	pid_t pid;

	if (pipe2(complaints, O_CLOEXEC))
		return err_sys(errno, "make a pipe for gnuplot");
	if (pipe2(failed, O_CLOEXEC)) {
		int ret = err_sys(errno, "make a pipe for gnuplot");

		close(complaints[0]);
		close(complaints[1]);
		return ret;
	}
	pid = fork();
	if (pid == 0)
		exec_gnuplot(prologue, script, picture, complaints[1], failed[1]);
	status = errno;
	close(complaints[1]);
	close(failed[1]);
	if (pid > 0) {
		in_time = read_until_closed(complaints[0], now_ms() + limit_ms, text, sizeof(text));
		if (!in_time)
			kill(pid, SIGKILL);
		status = wait_for(pid);
		if (read(failed[0], &exec_err, sizeof(exec_err)) != sizeof(exec_err))
			exec_err = 0;
	}
	close(complaints[0]);
	close(failed[0]);
	if (pid < 0)
		return err_sys(status, "start gnuplot");
	if (!in_time)
		return err_set(ETIMEDOUT, "gnuplot %s took longer than %u ms", job->script,
			       limit_ms);
	return judge(job, status, exec_err, text);
}

static int copy_picture(const struct plot_job *job, int from, const struct beneath_file *to)
{
	char block[16384];
	off_t done = 0;
	ssize_t n;

	for (; (n = pread(from, block, sizeof(block), done)) > 0; done += n)
		if (fwrite(block, 1, (size_t)n, to->out) != (size_t)n)
			return err_sys(errno, "write %s", to->path);
	if (n < 0)
		return err_sys(errno, "read what gnuplot drew");
	return done ? 0 : err_set(EIO, "gnuplot %s drew nothing", job->script);
}

/* Into memory at first: gnuplot says nothing of a disk that is full, and leaves a part of a picture, or none. */
static int plot_format(const struct plot_job *job, const char *format)
{
	__free_mem char *script = plain_path(job->plots_dir, job->script, ""), *prologue = NULL, *suffix = NULL, *path = NULL;
	__close_fd int picture = memfd_create("picture", MFD_CLOEXEC);
	struct beneath_file file;
	int ret;

	if (picture < 0)
		return err_sys(errno, "plot %s", job->name);
	if (asprintf(&suffix, ".%s", format) < 0)
		suffix = NULL;
	if (suffix)
		path = plain_path(job->out_dir, job->name, suffix);
	prologue = make_prologue(job, format, picture);
	if (!script || !path || !prologue)
		return err_sys(ENOMEM, "plot %s", job->name);
	ret = run_gnuplot(job, prologue, script, picture);
	if (!ret)
		ret = dat_begin(path, &file);
	return ret ? ret : beneath_end(&file, copy_picture(job, picture, &file));
}

int plot_run(const struct plot_job *job)
{
	int ret = plot_format(job, job->format ? job->format : "svg");

	if (job->format)
		return ret;
	if (!ret)
		ret = plot_format(job, "png");
	return ret || !job->text ? ret : plot_format(job, "txt");
}

void plot_files_free(struct plot_files *files)
{
	size_t i;

	for (i = 0; i < files->nr; i++)
		free(files->names[i]);
	free(files->names);
	*files = (struct plot_files){0};
}

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

static int run_listed(const struct plot_job *job, struct plot_files *files)
{
	int ret = plot_run(job);

	if (!ret)
		ret = add_file(files, job->name, ".svg");
	if (!ret)
		ret = add_file(files, job->name, ".png");
	return ret;
}

/* What the script of the overhead cannot know before it has read the data. */
struct spread {
	double least, most; /* of the costs, above 0 */
	double low, high;   /* of the percentages' intervals, and 0 */
};

static void widen(struct spread *spread, const struct overhead_row *row)
{
	const double costs[] = {row->base_ns, row->arm_ns};
	const double percents[] = {100 * row->ratio, 100 * row->ratio_interval.low,
				   100 * row->ratio_interval.high};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(costs); i++) {
		if (!(costs[i] > 0) || !isfinite(costs[i]))
			continue;
		spread->least = fmin(spread->least, costs[i]);
		spread->most = fmax(spread->most, costs[i]);
	}
	for (i = 0; i < ARRAY_SIZE(percents); i++) {
		if (!isfinite(percents[i]))
			continue;
		spread->low = fmin(spread->low, percents[i]);
		spread->high = fmax(spread->high, percents[i]);
	}
}

static size_t nr_times(const struct overhead *overhead)
{
	size_t i, nr = 0;

	for (i = 0; i < overhead->nr_rows; i++)
		nr += !overhead->rows[i].metric->is_count;
	return nr;
}

static bool all_children(const struct overhead *overhead)
{
	size_t i;

	for (i = 0; i < overhead->nr_rows; i++)
		if (strcmp(overhead->rows[i].arm->state, "child"))
			return false;
	return true;
}

static int draw_overhead(const struct rundata *data, const struct overhead *overhead,
			 const char *dat, const struct plot_job *where, struct plot_files *files)
{
	const struct overhead_row *rows = overhead->rows;
	struct spread spread = {.least = INFINITY};
	char base[LABEL_MAX], arm[LABEL_MAX], label[LABEL_MAX];
	struct plot_job job = *where;
	size_t i;

	for (i = 0; i < overhead->nr_rows; i++)
		if (!rows[i].metric->is_count)
			widen(&spread, &rows[i]);
	label_arm(rows[0].item, rows[0].base, base);
	label_arm(rows[0].item, rows[0].arm, arm);
	/* The heads hold for every row, or they say nothing false. Of children at several depths the rows say which. */
	for (i = 1; i < overhead->nr_rows; i++) {
		if (strcmp(base, label_arm(rows[i].item, rows[i].base, label)))
			strcpy(base, "baseline");
		if (strcmp(arm, label_arm(rows[i].item, rows[i].arm, label)))
			strcpy(arm, all_children(overhead) ? "child" : "other arm");
	}
	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"kernel", label_string(label_boot(data, "facts"), "release"), 0},
		{"unit", label_clock(data), 0},
		{"base_label", base, 0},
		{"arm_label", arm, 0},
		{"nr_rows", NULL, (double)nr_times(overhead)},
		{"nr_counts", NULL, (double)(overhead->nr_rows - nr_times(overhead))},
		{"cost_log", NULL, spread.most > 20 * spread.least},
		{"percent_low", NULL, spread.low},
		{"percent_high", NULL, spread.high},
	};
	job.nr_variables = 10;
	return run_listed(&job, files);
}

static int draw_latency(const struct rundata *data, const struct overhead *overhead, size_t first,
			size_t next, const char *dat, const struct label_defaults *defaults,
			const struct plot_job *where, struct plot_files *files)
{
	const struct overhead_latency_row *rows = overhead->latencies;
	__free_mem char *item = label_item_unique(data, rows[first].item, defaults);
	struct plot_job job = *where;
	char labels[1024] = "", label[LABEL_MAX];
	double low = INFINITY, high = 0, most = 0, share = 1;
	size_t i;

	for (i = first; i < next; i++) {
		size_t len = strlen(labels);

		snprintf(labels + len, sizeof(labels) - len, "\"%s\" ",
			 label_arm(rows[i].item, rows[i].arm, label));
		low = fmin(low, fmax(rows[i].min_ns, 3 * rows[i].p50_ns - 2 * rows[i].p90_ns));
		high = fmax(high, fmin(2 * rows[i].p90_ns - rows[i].p50_ns, 3 * rows[i].p50_ns));
		most = fmax(most, rows[i].max_ns);
		if (rows[i].count)
			share = fmin(share, 1 / (double)rows[i].count);
	}
	/* A clock that ticks coarsely puts every op into one bucket. */
	if (!(high > low + 2)) {
		low = fmax(0, low - 1);
		high = fmax(high, low) + 2;
	}
	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"kernel", label_string(label_boot(data, "facts"), "release"), 0},
		{"unit", label_clock(data), 0},
		{"item", item ? item : rows[first].item->bench, 0},
		{"metric", rows[first].metric->name, 0},
		{"op", rows[first].metric->op, 0},
		{"arm_labels", labels, 0},
		{"nr_arms", NULL, (double)(next - first)},
		{"bulk_low", NULL, low},
		{"bulk_high", NULL, high},
		{"tail_high", NULL, most},
		{"share_low", NULL, share},
	};
	job.nr_variables = 12;
	return run_listed(&job, files);
}

/* Names of benches, metrics and parameters are words, but a stored run may say anything. */
static void keep_to_words(char *name)
{
	for (; *name; name++)
		if (*name == '/' || (unsigned char)*name <= ' ')
			*name = '_';
}

/* "latency-2-fault_storm-fault" */
static char *latency_name(const struct overhead_latency_row *row)
{
	char *name = NULL;

	if (asprintf(&name, "latency-%u-%s-%s", row->item->item, row->item->bench,
		     row->metric->name) < 0)
		return NULL;
	keep_to_words(name);
	return name;
}

static int plot_latencies(const struct rundata *data, const struct overhead *overhead,
			  const struct label_defaults *defaults, const struct plot_job *where,
			  struct plot_files *files)
{
	int ret = 0, gnuplot = 0;
	size_t first, next = 0;

	for (first = 0; first < overhead->nr_latencies && !ret; first = next) {
		__free_mem char *name = latency_name(&overhead->latencies[first]);
		__free_mem char *dat = name ? plain_path(where->out_dir, name, ".dat") : NULL;
		struct plot_job job = *where;

		if (!dat)
			return err_sys(ENOMEM, "plot latencies");
		job.name = name;
		job.script = "latency.gp";
		ret = dat_latency(data, overhead, first, dat, &next);
		if (!ret)
			ret = add_file(files, name, ".dat");
		if (!ret && !gnuplot)
			gnuplot = draw_latency(data, overhead, first, next, dat, defaults, &job,
					       files);
	}
	return ret ? ret : gnuplot;
}

int plot_overhead(const struct rundata *data, const struct overhead *overhead,
		  const struct label_defaults *defaults, const char *plots_dir, const char *out_dir,
		  struct plot_files *files)
{
	struct plot_job where = {.plots_dir = plots_dir,
				 .script = "overhead.gp",
				 .out_dir = out_dir,
				 .name = "overhead"};
	__free_mem char *dat = plain_path(out_dir, "overhead", ".dat"), *sentence = NULL;
	int ret = 0, later;

	if (!dat)
		return err_sys(ENOMEM, "plot into %s", out_dir);
	if (mkdir(out_dir, 0777) && errno != EEXIST)
		return err_sys(errno, "make the folder %s", out_dir);
	if (overhead->nr_rows) {
		ret = dat_overhead(data, overhead, defaults, dat);
		if (!ret)
			ret = add_file(files, "overhead", ".dat");
		if (!ret && nr_times(overhead))
			ret = draw_overhead(data, overhead, dat, &where, files);
	}
	/* The .dat files come in any case: without gnuplot they are what is left. */
	sentence = ret ? strdup(err_msg()) : NULL;
	later = plot_latencies(data, overhead, defaults, &where, files);
	return sentence ? err_set(-ret, "%s", sentence) : ret ? ret : later;
}

/* Words for gnuplot's word(): each in double quotes. */
static void put_word(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++)
		fputc(*text == '"' ? '\'' : *text, out);
	fputs("\" ", out);
}

/* What the script must know of each curve, as lists of words. */
struct sweep_words {
	char *metrics; /* "charge per page" of each panel */
	char *panels;  /* number of its panel, per curve */
	char *styles;  /* the type of its line, per curve */
	char *labels, *slopes;
	size_t nr_panels;
};

static void sweep_words_clear(struct sweep_words *words)
{
	free(words->metrics);
	free(words->panels);
	free(words->styles);
	free(words->labels);
	free(words->slopes);
}

static char *curve_words(const struct sweep *sweep, size_t first, size_t end,
			 void (*put)(const struct sweep *sweep, size_t i, FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (; first < end; first++)
		put(sweep, first, out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static bool begins_panel(const struct sweep *sweep, size_t i)
{
	return !i || sweep->curves[i - 1].metric != sweep->curves[i].metric ||
	       sweep->curves[i - 1].group != sweep->curves[i].group;
}

static void put_metric(const struct sweep *sweep, size_t i, FILE *out)
{
	const struct rundata_metric *metric = sweep->curves[i].metric;
	char text[128];

	if (!begins_panel(sweep, i))
		return;
	snprintf(text, sizeof(text), "%s, %s", metric->name, metric->unit);
	put_word(out, text);
}

static void put_panel(const struct sweep *sweep, size_t i, FILE *out)
{
	size_t first = i, panel = 0;

	while (first && sweep->curves[first - 1].group == sweep->curves[i].group)
		first--;
	for (first++; first <= i; first++)
		panel += begins_panel(sweep, first);
	fprintf(out, "%zu ", panel + 1);
}

/* The how-manieth of its panel: the same arm and kernel look the same in each. */
static void put_style(const struct sweep *sweep, size_t i, FILE *out)
{
	size_t style = 1;

	for (; !begins_panel(sweep, i); i--)
		style++;
	fprintf(out, "%zu ", style);
}

static void put_label(const struct sweep *sweep, size_t i, FILE *out)
{
	char label[SWEEP_LABEL_MAX];

	put_word(out, sweep_label(sweep, &sweep->curves[i], label));
}

/* No line through what has steps. */
static void put_slope(const struct sweep *sweep, size_t i, FILE *out)
{
	const struct sweep_curve *curve = &sweep->curves[i];
	char slope[NUMBER_MAX], range[2 * NUMBER_MAX], step[SWEEP_STEP_MAX], text[4 * NUMBER_MAX + SWEEP_STEP_MAX];
	int decimals = curve->kernel_name ? 2 : number_interval_decimals(&curve->fit.slope_interval, curve->fit.slope);

	if (isnan(curve->fit.slope) || !strcmp(curve->axis, "workers")) {
		put_word(out, "-");
		return;
	}
	snprintf(text, sizeof(text), "%s per %s %s", number_format(curve->fit.slope, decimals, true, slope), sweep_step(curve, step),
		 isnan(curve->fit.slope_interval.low)
			 ? ""
			 : number_interval(&curve->fit.slope_interval, decimals, true, range));
	put_word(out, text);
}

static int fill_words(const struct sweep *sweep, size_t first, size_t end, struct sweep_words *words)
{
	size_t i;

	words->metrics = curve_words(sweep, first, end, put_metric);
	words->panels = curve_words(sweep, first, end, put_panel);
	words->styles = curve_words(sweep, first, end, put_style);
	words->labels = curve_words(sweep, first, end, put_label);
	words->slopes = curve_words(sweep, first, end, put_slope);
	for (i = first; i < end; i++)
		words->nr_panels += begins_panel(sweep, i);
	return words->metrics && words->panels && words->styles && words->labels && words->slopes
		       ? 0
		       : err_sys(ENOMEM, "plot a sweep");
}

static int draw_sweep(const struct rundata *data, const struct sweep *sweep, size_t first, size_t end, const char *dat,
		      const struct label_defaults *defaults, const struct plot_job *where, struct plot_files *files)
{
	const struct sweep_curve *curve = &sweep->curves[first];
	const struct sweep_point *last = &curve->points[curve->nr_points - 1];
	__free_mem char *title = sweep_title(curve, defaults);
	struct sweep_words words = {0};
	struct plot_job job = *where;
	int ret = title ? fill_words(sweep, first, end, &words) : err_sys(ENOMEM, "plot a sweep");

	job.variables = (const struct plot_variable[]){
		{"data", dat, 0},
		{"title", title, 0},
		{"kernel", curve->kernel_name ? "" : label_string(label_boot(data, "facts"), "release"), 0},
		{"unit", label_clock(data), 0},
		{"axis", curve->axis, 0},
		{"axis_log", NULL, curve->points[0].x > 0 && last->x >= 8 * curve->points[0].x && isnan(curve->fit.slope)},
		{"has_efficiency", NULL, !isnan(last->efficiency)},
		{"intervals", curve->kernel_name ? "least and greatest of all seeds" : "95 % interval", 0},
		{"first_metric", curve->metric->name, 0},
		{"metrics", words.metrics, 0},
		{"panels", words.panels, 0},
		{"styles", words.styles, 0},
		{"labels", words.labels, 0},
		{"slopes", words.slopes, 0},
		{"nr_panels", NULL, (double)words.nr_panels},
		{"nr_curves", NULL, (double)(end - first)},
	};
	job.nr_variables = 16;
	if (!ret)
		ret = run_listed(&job, files);
	sweep_words_clear(&words);
	return ret;
}

int plot_sweeps(const struct rundata *data, const struct sweep *sweep, const struct label_defaults *defaults,
		const char *plots_dir, const char *out_dir, struct plot_files *files)
{
	size_t first, end;
	int ret = 0, gnuplot = 0;

	if (sweep->nr_curves && mkdir(out_dir, 0777) && errno != EEXIST)
		return err_sys(errno, "make the folder %s", out_dir);
	for (first = 0; first < sweep->nr_curves && !ret; first = end) {
		const struct rundata_item *item = sweep->curves[first].points[0].item;
		struct plot_job job = {.plots_dir = plots_dir, .script = "sweep.gp", .out_dir = out_dir};
		__free_mem char *name = NULL, *dat = NULL;

		end = sweep_group_end(sweep, first);
		if (asprintf(&name, "sweep-%u-%s-%s%s", item->item, item->bench, sweep->curves[first].axis,
			     sweep->curves[first].each ? "-each" : "") < 0)
			name = NULL;
		if (name)
			keep_to_words(name);
		dat = name ? plain_path(out_dir, name, ".dat") : NULL;
		if (!dat)
			return err_sys(ENOMEM, "plot a sweep");
		job.name = name;
		ret = dat_sweep(data, sweep, first, end, dat);
		if (!ret)
			ret = add_file(files, name, ".dat");
		if (!ret && !gnuplot)
			gnuplot = draw_sweep(data, sweep, first, end, dat, defaults, &job, files);
	}
	return ret ? ret : gnuplot;
}
