// SPDX-License-Identifier: GPL-2.0-or-later
/* The second half of a history: kernels in order, units to points, short names. */
#include <errno.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/history.h"
#include "data/history_raw.h"
#include "data/stats.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a history");
}

/* --- order --- */

static int by_version(const struct history_kernel *a, const struct history_kernel *b)
{
	int order = history_version_compare(a->upstream, b->upstream);

	if (!order)
		order = history_version_compare(a->release, b->release);
	return order ? order : history_version_compare(a->version, b->version);
}

static int compare_version(const void *a, const void *b)
{
	return by_version(a, b);
}

static int compare_date(const void *a, const void *b)
{
	const struct history_kernel *x = a, *y = b;
	int order = strcmp(x->started, y->started);

	return order ? order : by_version(x, y);
}

static int compare_rank(const void *a, const void *b)
{
	const struct history_kernel *x = a, *y = b;

	return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1) : by_version(x, y);
}

static int sort_kernels(struct history *history, enum history_order order)
{
	static int (*const compare[])(const void *, const void *) = {compare_version, compare_date, compare_rank};
	size_t nr = history->nr_kernels, i, k;
	__free_mem size_t *place = calloc(nr + 1, sizeof(*place));
	__free_mem char **releases = calloc(nr + 1, sizeof(*releases));

	if (!place || !releases)
		return no_memory();
	/* What each was called tells where it went: strings do not move with their structures. */
	for (i = 0; i < nr; i++)
		releases[i] = history->kernels[i].release;
	if (nr)
		qsort(history->kernels, nr, sizeof(*history->kernels), compare[order]);
	for (i = 0; i < nr; i++)
		for (k = 0; k < nr; k++)
			if (releases[i] == history->kernels[k].release)
				place[i] = k;
	for (i = 0; i < history->nr_series; i++)
		for (k = 0; k < history->series[i]->nr_raw; k++)
			history->series[i]->raw[k].kernel = place[history->series[i]->raw[k].kernel];
	for (i = 0; i < history->nr_sources; i++)
		history->sources[i].kernel = place[history->sources[i].kernel];
	return 0;
}

/* --- names --- */

enum { LABEL_UPSTREAM, LABEL_RELEASE, LABEL_BUILD };

static int make_label(struct history_kernel *kernel, int level)
{
	free(kernel->label);
	if (level == LABEL_UPSTREAM)
		kernel->label = strdup(kernel->upstream);
	else if (level == LABEL_RELEASE)
		kernel->label = strdup(kernel->release);
	else if (asprintf(&kernel->label, "%s %s", kernel->release, kernel->version) < 0)
		kernel->label = NULL;
	return kernel->label ? 0 : no_memory();
}

/* Neighbours in the order by version are the only ones that can be called alike, but the order may be another. */
static bool label_is_taken(const struct history *history, size_t i)
{
	size_t k;

	for (k = 0; k < history->nr_kernels; k++)
		if (k != i && history->kernels[k].label && !strcmp(history->kernels[k].label, history->kernels[i].label))
			return true;
	return false;
}

static int name_kernels(struct history *history)
{
	__free_mem bool *taken = calloc(history->nr_kernels + 1, sizeof(*taken));
	size_t i;
	int level, ret;

	if (!taken)
		return no_memory();
	for (i = 0; i < history->nr_kernels; i++)
		taken[i] = true;
	for (level = LABEL_UPSTREAM; level <= LABEL_BUILD; level++) {
		for (i = 0; i < history->nr_kernels; i++) {
			ret = taken[i] ? make_label(&history->kernels[i], level) : 0;
			if (ret)
				return ret;
		}
		for (i = 0; i < history->nr_kernels; i++)
			taken[i] = label_is_taken(history, i);
	}
	return 0;
}

/* Parameters that are not the same in every series of the bench. */
static bool param_varies(const struct history *history, const struct history_series *series, const char *name)
{
	const json_t *mine = json_object_get(series->all_params, name);
	size_t i;

	for (i = 0; i < history->nr_series; i++) {
		const struct history_series *other = history->series[i];

		if (!strcmp(other->bench, series->bench) && !json_equal(json_object_get(other->all_params, name), mine))
			return true;
	}
	return false;
}

static bool same_params(const struct history_series *a, const struct history_series *b)
{
	return !strcmp(a->bench, b->bench) && json_equal(a->all_params, b->all_params);
}

static int name_params(struct history *history, struct history_series *series)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *name;
	json_t *value;

	if (!out)
		return no_memory();
	json_object_foreach(series->all_params, name, value)
		if (param_varies(history, series, name))
			fprintf(out, "%s--%s=%s", ftell(out) ? " " : "", name, json_string_value(value));
	if (fclose(out))
		return no_memory();
	free(series->params);
	series->params = text;
	return 0;
}

/* Series come sorted: those of the same parameters stand together, and one look at the others does for all of them. */
static int name_all_params(struct history *history)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < history->nr_series; i++) {
		struct history_series *series = history->series[i], *before = i ? history->series[i - 1] : NULL;

		if (!before || !same_params(before, series)) {
			ret = name_params(history, series);
			continue;
		}
		free(series->params);
		series->params = strdup(before->params);
		ret = series->params ? 0 : no_memory();
	}
	return ret;
}

/* --- points --- */

static int by_kernel_and_key(const void *a, const void *b)
{
	const struct history_raw *x = a, *y = b;

	if (x->kernel != y->kernel)
		return x->kernel < y->kernel ? -1 : 1;
	return x->key != y->key ? (x->key < y->key ? -1 : 1) : 0;
}

/* Units of one kernel, those of one key together: @raw[0…nr-1]. */
static int make_point(const struct history_raw *raw, size_t nr, bool counted, struct history_point *point)
{
	double *unit = calloc(nr, sizeof(*unit));
	uint64_t *key = calloc(nr, sizeof(*key));
	struct stats_interval interval;
	size_t i, end, n = 0, k;

	if (!unit || !key) {
		free(unit);
		free(key);
		return no_memory();
	}
	for (i = 0; i < nr; i = end) {
		double sum = 0;

		for (end = i; end < nr && raw[end].key == raw[i].key; end++)
			sum += raw[end].value;
		key[n] = raw[i].key;
		unit[n++] = sum / (double)(end - i);
	}
	*point = (struct history_point){.kernel = raw[0].kernel, .units = {unit, key, n, 0}};
	point->value = counted ? stats_mean(unit, n) : stats_median(unit, n);
	interval = stats_median_interval(unit, n, 0.95);
	point->low = interval.low;
	point->high = interval.high;
	if ((counted || isnan(point->low)) && n > 1) {
		point->low = point->high = unit[0];
		for (k = 1; k < n; k++) {
			point->low = fmin(point->low, unit[k]);
			point->high = fmax(point->high, unit[k]);
		}
	}
	return 0;
}

static int make_points(struct history_series *series)
{
	size_t i, end;

	qsort(series->raw, series->nr_raw, sizeof(*series->raw), by_kernel_and_key);
	series->points = calloc(series->nr_raw + 1, sizeof(*series->points));
	if (!series->points)
		return no_memory();
	for (i = 0; i < series->nr_raw; i = end) {
		int ret;

		for (end = i; end < series->nr_raw && series->raw[end].kernel == series->raw[i].kernel; end++)
			;
		ret = make_point(&series->raw[i], end - i, !strcmp(series->clock, "insn"), &series->points[series->nr_points]);
		if (ret)
			return ret;
		series->nr_points++;
	}
	free(series->raw);
	series->raw = NULL;
	series->nr_raw = series->raw_size = 0;
	return 0;
}

static int by_series_key(const void *a, const void *b)
{
	return strcmp((*(struct history_series *const *)a)->key, (*(struct history_series *const *)b)->key);
}

int history_finish(struct history *history, enum history_order order)
{
	size_t i;
	int ret = sort_kernels(history, order);

	if (!ret)
		ret = name_kernels(history);
	if (!ret && history->nr_series)
		qsort(history->series, history->nr_series, sizeof(*history->series), by_series_key);
	if (!ret)
		ret = name_all_params(history);
	for (i = 0; !ret && i < history->nr_series; i++)
		ret = make_points(history->series[i]);
	return ret;
}
