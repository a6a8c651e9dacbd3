// SPDX-License-Identifier: GPL-2.0-or-later
/* series - measure every commit of a patch series against its parent. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "cmd/present.h"
#include "cmd/revision.h"
#include "data/compare.h"
#include "data/limits.h"
#include "guest/files.h"
#include "out/compare_formats.h"

#define COMMIT_SHORT 12

extern const struct verb verb_series;

struct series_args {
	struct revision_args revision;
	const char *range;
	unsigned int format;
	bool strict, json;
};

enum { FORMAT_TEXT, FORMAT_JSON };
static const char *const format_choices[] = {"text", "json", NULL};

static const struct opt options[] = {
	REVISION_OPTIONS(struct series_args, revision),
	{"strict", 0, OPT_TO_FLAG(struct series_args, strict), .help = "exit status 3 when a commit is inconclusive and none is worse"},
	{"format", 'f', OPT_TO_ENUM(struct series_args, format, format_choices), .def = "text",
	 .help = "a line for each commit as soon as it is judged, or JSON at the end (docs/series.schema.json)"},
	{"json", 0, OPT_TO_FLAG(struct series_args, json), .help = "the same as --format=json"},
	OPT_END,
};

struct point {
	char *commit, *parent; /* full names; the parent is the first one */
	char *subject;
	char *run; /* NULL: it was not measured, and @why says why not */
	char why[ERR_MSG_MAX + 256];
	bool is_tried;
};

struct series {
	const struct series_args *args;
	struct limits limits;
	struct point *points; /* the base first, then the commits behind their parents */
	size_t nr_points;
	size_t nr_worse, nr_undecided, nr_skipped;
	json_t *json; /* list of the commits judged; NULL: they are printed as they come */
};

static void series_clear(struct series *series)
{
	while (series->nr_points) {
		struct point *point = &series->points[--series->nr_points];

		free(point->commit);
		free(point->parent);
		free(point->subject);
		free(point->run);
	}
	free(series->points);
	json_decref(series->json);
}

static struct point *find_point(struct series *series, const char *commit)
{
	size_t i;

	for (i = 0; i < series->nr_points; i++)
		if (!strcmp(series->points[i].commit, commit))
			return &series->points[i];
	return NULL;
}

static int add_point(struct series *series, const char *commit)
{
	struct point *more = reallocarray(series->points, series->nr_points + 1, sizeof(*more)), *point;
	__free_mem char *text = NULL;
	const char *line, *space;

	if (!more)
		return err_sys(ENOMEM, "memory for a commit");
	series->points = more;
	point = &more[series->nr_points];
	memset(point, 0, sizeof(*point));
	if (revision_git(series->args->revision.tree, &text, (const char *const[]){"log", "-1", "--format=%P%n%s", commit, NULL}) || !text)
		return err_set(EIO, "git log %.*s: %s", COMMIT_SHORT, commit, text ? text : err_msg());
	line = strchr(text, '\n');
	space = text + strcspn(text, " \n");
	point->commit = strdup(commit);
	point->parent = strndup(text, (size_t)(space - text));
	point->subject = line ? strndup(line + 1, strcspn(line + 1, "\n")) : strdup("");
	series->nr_points++;
	return point->commit && point->parent && point->subject ? 0 : err_sys(ENOMEM, "memory for a commit");
}

/* BASE and the commits of BASE..TIP, each behind its parents. */
static int list_commits(struct series *series)
{
	const char *dots = strstr(series->args->range, "..");
	__free_mem char *base_name = NULL, *base = NULL, *tip = NULL, *range = NULL, *text = NULL;
	char *line, *rest;
	int ret;

	if (!dots || dots == series->args->range || dots[2] == '.')
		return err_set(EINVAL, "\"%s\" is no series: BASE..TIP is wanted, such as v6.12..HEAD", series->args->range);
	base_name = strndup(series->args->range, (size_t)(dots - series->args->range));
	ret = base_name ? revision_commit(series->args->revision.tree, base_name, &base) : -ENOMEM;
	if (!ret)
		ret = revision_commit(series->args->revision.tree, dots[2] ? dots + 2 : "HEAD", &tip);
	if (ret)
		return ret;
	range = text_format("%s..%s", base, tip);
	if (!range)
		return -ENOMEM;
	if (revision_git(series->args->revision.tree, &text, (const char *const[]){"rev-list", "--reverse", "--topo-order", range, NULL}))
		return err_set(EIO, "git rev-list %s: %s", range, text ? text : err_msg());
	ret = add_point(series, base);
	for (line = strtok_r(text, "\n", &rest); !ret && line; line = strtok_r(NULL, "\n", &rest))
		ret = add_point(series, line);
	if (!ret && series->nr_points == 1)
		ret = err_set(EINVAL, "there is no commit in %s", series->args->range);
	return ret;
}

/* Once for each. */
static enum revision_state measure(struct series *series, struct point *point)
{
	const struct revision_args *args = &series->args->revision;
	struct revision revision = {.commit = point->commit};
	__free_mem char *path = NULL;

	if (point->is_tried)
		return point->run ? REVISION_MEASURED : REVISION_SKIPPED;
	point->is_tried = true;
	if (!args->quiet)
		fprintf(stderr, "memcgbench series: %.*s: building and measuring\n", COMMIT_SHORT, point->commit);
	if (args->build_command) {
		if (revision_checkout(args, point->commit, &path)) {
			snprintf(point->why, sizeof(point->why), "%s", err_msg());
			return REVISION_ABORTED;
		}
		revision.path = path;
	}
	return revision_measure(args, &revision, &point->run, point->why, sizeof(point->why));
}

/*
 * What @point is compared with: its parent, or the first one before that could be measured. A parent that is not in the series (a branch
 * that was merged) is measured too. *ret_base NULL: there is none.
 */
static enum revision_state find_base(struct series *series, size_t i, struct point **ret_base)
{
	char *parent = series->points[i].parent;

	*ret_base = NULL;
	while (*parent) {
		struct point *base = find_point(series, parent);
		enum revision_state state;

		if (!base) {
			if (add_point(series, parent))
				return REVISION_ABORTED;
			base = &series->points[series->nr_points - 1];
		}
		state = measure(series, base);
		if (state == REVISION_ABORTED)
			cmd_fail(&verb_series, "%.*s: %s", COMMIT_SHORT, base->commit, base->why);
		if (state == REVISION_MEASURED)
			*ret_base = base;
		if (state != REVISION_SKIPPED || base == series->points)
			return state;
		parent = base->parent;
	}
	return REVISION_SKIPPED;
}

/* The row that says most: the worst verdict, and of these the largest share. */
static const struct compare_row *telling_row(const struct compare *compare)
{
	static const int weights[COMPARE_VERDICTS] = {
		[COMPARE_REGRESSION] = 5, [COMPARE_ERROR] = 4, [COMPARE_INCONCLUSIVE] = 3, [COMPARE_IMPROVEMENT] = 2, [COMPARE_SMALL] = 1,
	};
	const struct compare_row *best = NULL;
	size_t i;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];

		if (!isnan(row->change.value) &&
		    (!best || weights[row->verdict] > weights[best->verdict] ||
		     (weights[row->verdict] == weights[best->verdict] && fabs(row->ratio) > fabs(best->ratio))))
			best = row;
	}
	return best;
}

/* What is said of a commit. */
struct judgement {
	const char *verdict; /* "same", "better", "worse", "inconclusive", "skipped", "error" */
	const char *text;    /* in a line for people: the change, or why there is none */
	const struct point *against; /* NULL: nothing */
	const struct compare *compare;	 /* with @row, the row that says most; both NULL: none */
	const struct compare_row *row;
};

static json_t *row_json(const struct judgement *judgement)
{
	const struct compare_row *row = judgement->row;
	char arm[LABEL_MAX], unit[LABEL_MAX];

	if (!row)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:f, s:o}", "bench", row->base_item->bench, "metric", row->metric->name, "arm",
			 compare_arm_label(row, arm), "unit", compare_unit(judgement->compare, row, unit), "change", row->change.value, "ratio",
			 isfinite(row->ratio) ? json_real(row->ratio) : json_null());
}

static void put_json(struct series *series, const struct point *point, const struct judgement *judgement)
{
	json_t *json = json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:s?, s:o}", "commit", point->commit, "subject", point->subject, "against",
				 judgement->against ? judgement->against->commit : NULL, "verdict", judgement->verdict, "why",
				 judgement->row ? NULL : judgement->text, "run", point->run, "row", row_json(judgement));

	/* Subjects need not be UTF-8, which JSON has to be. */
	if (!json)
		json = json_pack("{s:s, s:s, s:s?, s:s, s:s, s:s?, s:n}", "commit", point->commit, "subject", "", "against",
				 judgement->against ? judgement->against->commit : NULL, "verdict", judgement->verdict, "why",
				 "its subject is not UTF-8", "run", NULL, "row");
	json_array_append_new(series->json, json);
}

static void put_judgement(struct series *series, const struct point *point, const struct judgement *judgement)
{
	if (series->json) {
		put_json(series, point, judgement);
		return;
	}
	printf("%.*s  %-12s  %s  %s\n", COMMIT_SHORT, point->commit, strcmp(judgement->verdict, "worse") ? judgement->verdict : "WORSE",
	       judgement->text, point->subject);
	fflush(stdout);
}

static const char *judge(struct series *series, int status, bool improved)
{
	switch (status) {
	case EXIT_OK:
		return improved ? "better" : "same";
	case EXIT_REGRESSION:
		series->nr_worse++;
		return "worse";
	case EXIT_INCONCLUSIVE:
		series->nr_undecided++;
		return "inconclusive";
	default:
		series->nr_skipped++;
		return "error";
	}
}

static void print_comparison(struct series *series, const struct point *point, const struct point *base, const struct compare *compare)
{
	const struct compare_row *row = telling_row(compare);
	const char *verdict = judge(series, compare_status(compare, true), compare->count[COMPARE_IMPROVEMENT] > 0);
	struct judgement judgement = {.verdict = verdict, .against = base, .compare = compare, .row = row};
	char text[512] = "nothing was measured on both", arm[LABEL_MAX], unit[LABEL_MAX], against[64] = "";

	if (strcmp(base->commit, point->parent))
		snprintf(against, sizeof(against), " against %.*s", COMMIT_SHORT, base->commit);
	if (row)
		snprintf(text, sizeof(text), "%s %s %+.1f %s (%+.2f %%)%s", row->metric->name, compare_arm_label(row, arm),
			 row->change.value, compare_unit(compare, row, unit), 100 * row->ratio, against);
	judgement.text = text;
	put_judgement(series, point, &judgement);
}

static int compare_points(struct series *series, const struct point *point, const struct point *base)
{
	const struct compare_options how = {.limits = &series->limits, .bench = series->args->revision.bench,
					    .metric = series->args->revision.metric};
	struct rundata *base_data = NULL, *data = NULL;
	struct compare_side sides[2];
	struct compare *compare = NULL;
	int ret = rundata_load(base->run, &base_data);

	if (!ret)
		ret = rundata_load(point->run, &data);
	if (!ret)
		ret = compare_side(base_data, NULL, &sides[0]);
	if (!ret)
		ret = compare_side(data, NULL, &sides[1]);
	if (!ret)
		ret = compare_compute(&sides[0], &sides[1], &how, &compare);
	if (!ret) {
		print_comparison(series, point, base, compare);
	} else {
		series->nr_skipped++;
		put_judgement(series, point, &(struct judgement){.verdict = "error", .text = err_msg(), .against = base});
	}
	compare_free(compare);
	rundata_free(data);
	rundata_free(base_data);
	return ret == -ENOMEM ? ret : 0;
}

/* False: nothing that comes can be measured either, and it was said why. */
static bool do_point(struct series *series, size_t i)
{
	struct point *base;
	enum revision_state state = find_base(series, i, &base);
	size_t base_index = base ? (size_t)(base - series->points) : 0;

	if (state == REVISION_ABORTED)
		return false;
	state = measure(series, &series->points[i]);
	if (state == REVISION_ABORTED) {
		cmd_fail(&verb_series, "%.*s: %s", COMMIT_SHORT, series->points[i].commit, series->points[i].why);
		return false;
	}
	if (state == REVISION_SKIPPED || !base) {
		series->nr_skipped++;
		put_judgement(series, &series->points[i],
			      &(struct judgement){.verdict = "skipped", .text = state == REVISION_SKIPPED ? series->points[i].why
														 : "nothing before it could be measured;"});
		return true;
	}
	return !compare_points(series, &series->points[i], &series->points[base_index]);
}

/* Also of a series that came to no end: "complete" says. */
static int print_json(const struct series *series, bool complete)
{
	const struct revision_args *args = &series->args->revision;
	json_t *json = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s?, s:b, s:O, s:I, s:I, s:I}", "schema", "memcgbench-series", "schema_version",
				 1, "range", series->args->range, "base", series->points[0].commit, "bench", args->bench, "metric",
				 args->metric, "complete", complete, "commits", series->json, "worse", (json_int_t)series->nr_worse,
				 "inconclusive", (json_int_t)series->nr_undecided, "not_measured", (json_int_t)series->nr_skipped);
	int ret = json ? json_dumpf(json, stdout, JSON_INDENT(2)) : -1;

	json_decref(json);
	putchar('\n');
	return ret ? cmd_fail(&verb_series, "no memory for JSON, or an argument that is not UTF-8") : EXIT_OK;
}

static int series_work(const void *ctx)
{
	struct series series = {.args = ctx};
	size_t i, nr;
	int status = EXIT_OK;

	limits_init(&series.limits);
	if (series.args->json || series.args->format == FORMAT_JSON)
		series.json = json_array();
	if (series.args->revision.delta && limits_add(&series.limits, series.args->revision.delta))
		status = cmd_usage(&verb_series, NULL);
	else if (list_commits(&series))
		status = cmd_usage(&verb_series, NULL);
	/* Parents beyond the series are added behind it. */
	nr = series.nr_points;
	for (i = 1; !status && i < nr; i++)
		if (!do_point(&series, i))
			status = EXIT_BROKEN;
	if (series.json && series.nr_points && (!status || status == EXIT_BROKEN) && print_json(&series, !status))
		status = EXIT_BROKEN;
	if (!status) {
		if (!series.json)
			printf("%zu commit%s: %zu worse, %zu inconclusive, %zu not measured\n", nr - 1, nr == 2 ? "" : "s", series.nr_worse,
			       series.nr_undecided, series.nr_skipped);
		status = series.nr_worse			       ? EXIT_REGRESSION
			 : series.nr_skipped			       ? EXIT_BROKEN
			 : series.nr_undecided && series.args->strict ? EXIT_INCONCLUSIVE
								       : EXIT_OK;
	}
	series_clear(&series);
	return cmd_finish(&verb_series, status);
}

static int series_main(int argc, char **argv)
{
	struct series_args args = {.revision.results_dir = "results/series"};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_series, argc, argv, &args, &parsed, &status)) {
		args.range = parsed.operands.nr ? parsed.operands.items[0] : NULL;
		if (!args.range) {
			status = cmd_usage(&verb_series, "BASE..TIP is wanted: the commits to measure");
		} else if (revision_prepare(&args.revision) || !cmd_find_bench(args.revision.bench)) {
			status = cmd_usage(&verb_series, NULL);
		} else {
			args.revision.run_args = (struct opt_list){parsed.operands.items + 1, parsed.operands.nr - 1};
			status = revision_run_apart(&args.revision, &verb_series, series_work, &args);
		}
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_series = {
	.name = "series",
	.summary = "measure every commit of a patch series against its parent",
	.about = "Builds, boots and measures BASE and each commit of BASE..TIP, and prints a line for each: whether it makes memcg dearer than "
		 "its parent, and the change that says most. Where a parent does not build or boot, the nearest one before it that does "
		 "stands in, and the line says so.\n\n"
		 "  memcgbench series v6.12..HEAD --build\n\n"
		 "The tree is not touched. What was measured is kept by commit: after an interruption, or when the last patch was "
		 "amended, the same command measures what is new.\n\n"
		 "Exit status: 1 a commit is worse than its parent, 5 one could not be measured and none is worse, 3 one is "
		 "inconclusive (with --strict), else 0.",
	.operands = "BASE..TIP [-- RUN-OPTION...]",
	.options = options,
	.main = series_main,
};
