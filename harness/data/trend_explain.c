// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/trend_explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_functions.h"
#include "data/explain_run.h"
#include "data/limits.h"
#include "data/rundata.h"

/* A kernel that was measured ten times has no other functions in the ninth run. */
#define PAIRS_MAX 8
/* Runs whose samples are in memory at once. */
#define RUNS_MAX 4

/* A run that was looked at. */
struct known_run {
	const char *dir; /* of a source of the history */
	bool has_profiles;
	struct rundata *data; /* NULL: not in memory */
	unsigned long used;
};

struct reader {
	const struct history *history;
	size_t max;
	struct known_run *runs;
	size_t nr_runs;
	unsigned long clock;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for functions of a history");
}

/* --- runs --- */

static struct known_run *find_run(struct reader *reader, const char *dir)
{
	size_t i;

	for (i = 0; i < reader->nr_runs; i++)
		if (!strcmp(reader->runs[i].dir, dir))
			return &reader->runs[i];
	/* There is room for every source. */
	reader->runs[reader->nr_runs] = (struct known_run){.dir = dir, .has_profiles = explain_has_profiles(dir)};
	return &reader->runs[reader->nr_runs++];
}

static void forget_oldest(struct reader *reader)
{
	struct known_run *oldest = NULL;
	size_t i, nr = 0;

	for (i = 0; i < reader->nr_runs; i++) {
		struct known_run *run = &reader->runs[i];

		if (!run->data)
			continue;
		nr++;
		if (!oldest || run->used < oldest->used)
			oldest = run;
	}
	if (nr < RUNS_MAX)
		return;
	rundata_free(oldest->data);
	oldest->data = NULL;
}

/* NULL: it cannot be read, and will not be tried again. */
static const struct rundata *load_run(struct reader *reader, struct known_run *run)
{
	run->used = ++reader->clock;
	if (run->data)
		return run->data;
	forget_oldest(reader);
	if (rundata_load(run->dir, &run->data)) {
		run->data = NULL;
		run->has_profiles = false;
	}
	return run->data;
}

/* --- ends --- */

static bool is_item_of(const struct rundata_item *item, const struct history_series *s)
{
	return item->nr_samples && !strcmp(item->bench, s->bench) && item->bench_version == s->bench_version &&
	       json_equal(item->params, s->all_params) && json_array_size(item->workers) == s->workers &&
	       item->nr_memcgs == s->nr_memcgs && !strcmp(item->mode, s->mode) && !strcmp(item->place, s->place) &&
	       !strcmp(item->memory, s->memory);
}

static size_t find_metric(const struct rundata_item *item, const char *name)
{
	size_t i = 0;

	while (i < item->nr_metrics && strcmp(item->metrics[i].name, name))
		i++;
	return i;
}

static size_t find_arm(const struct rundata_item *item, const struct history_series *s)
{
	size_t i = 0;

	while (i < item->nr_arms && (strcmp(item->arms[i].state, s->state) || item->arms[i].depth != s->depth ||
				     item->arms[i].limit_bytes != s->limit_bytes))
		i++;
	return i;
}

/* False: the run does not have that. */
static bool find_end(struct reader *reader, const struct history_source *source, const struct history_series *s, struct explain_end *ret_end)
{
	const struct rundata *data = load_run(reader, find_run(reader, source->dir));
	struct explain_end end = {.data = data, .kernel = source->name, .below = s->below ? 0 : SIZE_MAX};
	size_t i;

	for (i = 0; data && i < data->nr_items && !end.item; i++)
		if (is_item_of(&data->items[i], s))
			end.item = &data->items[i];
	if (!end.item)
		return false;
	end.metric = find_metric(end.item, s->metric);
	end.arm = find_arm(end.item, s);
	if (end.metric == end.item->nr_metrics || end.arm == end.item->nr_arms ||
	    (s->below && strcmp(end.item->arms[0].state, s->below)))
		return false;
	*ret_end = end;
	return true;
}

/* --- changes --- */

static int try_pair(struct reader *reader, const struct history_source *old, const struct history_source *new,
		    const struct history_series *s, double wanted, struct explain_change *ret_change)
{
	struct explain_end ends[2];

	if (!find_end(reader, old, s, &ends[0]) || !find_end(reader, new, s, &ends[1]))
		return -ENODATA;
	return explain_change_make(&ends[0], &ends[1], wanted, reader->max, ret_change);
}

/* A pair of one run first: it has the same seeds. */
static int explain_one(struct reader *reader, const struct trend_row *row, const struct changepoint *change, struct explain_change *ret_change)
{
	const struct history *history = reader->history;
	const struct history_point *before = &row->series->points[change->from], *at = &row->series->points[change->at];
	size_t i, k, tried = 0;
	int apart;

	for (apart = 0; apart <= 1; apart++)
		for (i = history->nr_sources; i--;) {
			const struct history_source *new = &history->sources[i];

			if (new->kernel != at->kernel || !find_run(reader, new->dir)->has_profiles)
				continue;
			for (k = history->nr_sources; k-- && tried < PAIRS_MAX;) {
				const struct history_source *old = &history->sources[k];
				int ret;

				if (old->kernel != before->kernel || (strcmp(old->dir, new->dir) != 0) != apart ||
				    !find_run(reader, old->dir)->has_profiles)
					continue;
				tried++;
				ret = try_pair(reader, old, new, row->series, at->value - before->value, ret_change);
				if (!ret || ret == -ENOMEM)
					return ret;
			}
		}
	return -ENODATA;
}

static int explain_row(struct reader *reader, struct trend_row *row)
{
	size_t i;

	row->functions = calloc(row->found.nr + 1, sizeof(*row->functions));
	if (!row->functions)
		return no_memory();
	if (strcmp(row->series->clock, "insn") || row->series->is_count || row->series->workers > 1)
		return 0;
	for (i = 0; i < row->found.nr; i++)
		if (explain_one(reader, row, &row->found.change[i], &row->functions[i]) == -ENOMEM)
			return no_memory();
	return 0;
}

/* --- steps that the level does not show --- */

/* In one run, whose kernels have the same seeds. -ENODATA: there is none that can say anything. */
static int find_functions(struct reader *reader, const struct trend_row *row, size_t at, double delta, struct compare_functions **ret_functions)
{
	const struct history *history = reader->history;
	const struct history_point *points = row->series->points;
	struct explain_end ends[2];
	size_t i, k;

	for (i = history->nr_sources; i--;) {
		const struct history_source *new = &history->sources[i];

		if (new->kernel != points[at].kernel || !find_run(reader, new->dir)->has_profiles)
			continue;
		for (k = history->nr_sources; k--;) {
			const struct history_source *old = &history->sources[k];
			int ret;

			if (old->kernel != points[at - 1].kernel || strcmp(old->dir, new->dir) != 0 || !find_end(reader, old, row->series, &ends[0]) ||
			    !find_end(reader, new, row->series, &ends[1]))
				continue;
			ret = compare_functions_between(&ends[0], &ends[1], delta, ret_functions);
			if (!ret || ret == -ENOMEM)
				return ret;
		}
	}
	return -ENODATA;
}

static int add_step(struct trend_row *row, size_t at, struct compare_functions *functions)
{
	struct trend_step *more = reallocarray(row->steps, row->nr_steps + 1, sizeof(*more));

	if (!more) {
		compare_functions_free(functions);
		return no_memory();
	}
	row->steps = more;
	more[row->nr_steps++] = (struct trend_step){at - 1, at, functions};
	return 0;
}

static int find_steps(struct reader *reader, struct trend_row *row)
{
	const struct history_series *s = row->series;
	struct limits limits;
	double delta;
	size_t at;
	int ret = 0;

	if (strcmp(s->clock, "insn") || s->is_count)
		return 0;
	limits_init(&limits);
	delta = limits_delta(&limits, s->bench, s->metric, s->clock, false, row->cost);
	for (at = 1; !ret && at < s->nr_points; at++) {
		struct compare_functions *functions = NULL;

		if (trend_change_at(row, at))
			continue;
		ret = find_functions(reader, row, at, delta, &functions);
		if (ret)
			ret = ret == -ENOMEM ? no_memory() : 0;
		else if (functions->nr_worse || functions->nr_better)
			ret = add_step(row, at, functions);
		else
			compare_functions_free(functions);
	}
	return ret;
}

int trend_explain(const struct history *history, struct trend *trend, size_t max)
{
	struct reader reader = {.history = history, .max = max};
	size_t i;
	int ret = 0;

	reader.runs = calloc(history->nr_sources + 1, sizeof(*reader.runs));
	if (!reader.runs)
		return no_memory();
	for (i = 0; !ret && i < trend->nr_rows; i++) {
		ret = explain_row(&reader, &trend->rows[i]);
		if (!ret)
			ret = find_steps(&reader, &trend->rows[i]);
	}
	for (i = 0; i < reader.nr_runs; i++)
		rundata_free(reader.runs[i].data);
	free(reader.runs);
	return ret;
}
