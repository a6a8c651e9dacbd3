// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/ladder.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "data/stats.h"
#include "data/variant.h"

/* Which kernel and seed each boot number is. */
struct boot_key {
	size_t kernel, seed;
};

struct build {
	const struct rundata *data;
	struct ladder *ladder;
	struct boot_key *boots; /* by boot number */
	size_t nr_boots;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for the table");
}

static int find_kernel(struct ladder *ladder, const char *name, size_t *ret_index)
{
	size_t *variant_of, *off_of, i;
	char **kernels;
	bool *no_memcg;

	for (i = 0; i < ladder->nr_kernels; i++)
		if (!strcmp(ladder->kernels[i], name))
			break;
	if (i == ladder->nr_kernels) {
		kernels = reallocarray(ladder->kernels, i + 1, sizeof(*kernels));
		if (!kernels)
			return no_memory();
		ladder->kernels = kernels;
		variant_of = reallocarray(ladder->variant_of, i + 1, sizeof(*variant_of));
		ladder->variant_of = variant_of ? variant_of : ladder->variant_of;
		off_of = reallocarray(ladder->off_of, i + 1, sizeof(*off_of));
		ladder->off_of = off_of ? off_of : ladder->off_of;
		no_memcg = reallocarray(ladder->no_memcg, i + 1, sizeof(*no_memcg));
		ladder->no_memcg = no_memcg ? no_memcg : ladder->no_memcg;
		if (!variant_of || !off_of || !no_memcg)
			return no_memory();
		variant_of[i] = SIZE_MAX;
		off_of[i] = i;
		no_memcg[i] = false;
		kernels[i] = strdup(name);
		if (!kernels[i])
			return no_memory();
		ladder->nr_kernels++;
	}
	*ret_index = i;
	return 0;
}

static int find_seed(struct ladder *ladder, uint64_t seed, size_t *ret_index)
{
	uint64_t *seeds;
	size_t i;

	for (i = 0; i < ladder->nr_seeds; i++)
		if (ladder->seeds[i] == seed)
			break;
	if (i == ladder->nr_seeds) {
		seeds = reallocarray(ladder->seeds, i + 1, sizeof(*seeds));
		if (!seeds)
			return no_memory();
		ladder->seeds = seeds;
		seeds[ladder->nr_seeds++] = seed;
	}
	*ret_index = i;
	return 0;
}

/* What else a boot record says of its kernel. */
static int read_kernel(const struct build *build, size_t kernel, const json_t *boot)
{
	struct ladder *ladder = build->ladder;
	const char *plain = variant_plain(build->data, ladder->kernels[kernel]);
	size_t of;
	int ret;

	ladder->no_memcg[kernel] |= json_is_true(json_object_get(boot, "no_memcg"));
	if (!plain)
		return 0;
	ret = find_kernel(ladder, plain, &of);
	if (ret)
		return ret;
	ladder->variant_of[kernel] = of;
	if (variant_borrows_off(build->data, ladder->kernels[kernel]))
		ladder->off_of[kernel] = of;
	return 0;
}

static int read_boots(struct build *build)
{
	const json_t *boots = json_object_get(build->data->run, "boots");
	size_t i, nr = json_array_size(boots);

	for (i = 0; i < nr; i++) {
		const json_t *boot = json_array_get(boots, i);
		const json_t *number = json_object_get(boot, "boot"), *seed = json_object_get(boot, "seed");
		const char *kernel = json_string_value(json_object_get(boot, "kernel"));
		struct boot_key *keys;
		size_t at = (size_t)json_integer_value(number);
		int ret;

		if (!json_is_integer(number) || json_integer_value(number) < 0 || at > 1000000 || !json_is_integer(seed) ||
		    !kernel)
			return err_set(EBADMSG, "%s/run.json: a boot lacks its number, kernel or seed", build->data->dir);
		keys = reallocarray(build->boots, at + 1 > build->nr_boots ? at + 1 : build->nr_boots, sizeof(*keys));
		if (!keys)
			return no_memory();
		build->boots = keys;
		for (; build->nr_boots <= at; build->nr_boots++)
			keys[build->nr_boots] = (struct boot_key){SIZE_MAX, SIZE_MAX};
		ret = find_kernel(build->ladder, kernel, &keys[at].kernel);
		if (!ret)
			ret = read_kernel(build, keys[at].kernel, boot);
		if (!ret)
			ret = find_seed(build->ladder, (uint64_t)json_integer_value(seed), &keys[at].seed);
		if (ret)
			return ret;
	}
	return 0;
}

static int cost_alloc(struct ladder_cost *cost, size_t nr_seeds)
{
	size_t i;

	cost->by_seed = calloc(nr_seeds ? nr_seeds : 1, sizeof(*cost->by_seed));
	if (!cost->by_seed)
		return no_memory();
	for (i = 0; i < nr_seeds; i++)
		cost->by_seed[i] = NAN;
	return 0;
}

static int row_alloc(struct ladder_row *row, size_t nr_seeds)
{
	size_t nr = row->item->nr_arms, i;
	int ret = 0;

	row->arm = calloc(nr, sizeof(*row->arm));
	row->floor = calloc(nr, sizeof(*row->floor));
	row->overhead = calloc(nr, sizeof(*row->overhead));
	row->change = calloc(nr, sizeof(*row->change));
	if (!row->arm || !row->floor || !row->overhead || !row->change)
		return no_memory();
	for (i = 0; !ret && i < nr; i++) {
		ret = cost_alloc(&row->arm[i], nr_seeds);
		if (!ret)
			ret = cost_alloc(&row->overhead[i], nr_seeds);
		if (!ret)
			ret = cost_alloc(&row->change[i], nr_seeds);
	}
	return ret;
}

/* Sum up over the seeds that count. */
static int cost_finish(struct ladder_cost *cost, const bool *counts, size_t nr_seeds)
{
	__free_mem double *there = calloc(nr_seeds ? nr_seeds : 1, sizeof(*there));
	size_t i;

	if (!there)
		return no_memory();
	cost->nr = 0;
	cost->low = cost->high = NAN;
	for (i = 0; i < nr_seeds; i++) {
		if (!counts[i] || isnan(cost->by_seed[i]))
			continue;
		there[cost->nr++] = cost->by_seed[i];
		cost->low = fmin(cost->low, cost->by_seed[i]);
		cost->high = fmax(cost->high, cost->by_seed[i]);
	}
	cost->mean = stats_mean(there, cost->nr);
	return 0;
}

static bool is_of_row(const struct build *build, const struct ladder_row *row, const struct rundata_sample *sample)
{
	const struct boot_key *key = sample->boot < build->nr_boots ? &build->boots[sample->boot] : NULL;

	if (sample->warmup || sample->cut || !key)
		return false;
	return key->kernel == (strcmp(row->item->arms[sample->arm].state, "off") ? row->kernel : build->ladder->off_of[row->kernel]);
}

/* @next: the second least reps by arm and seed; NAN: a boot of one rep. */
static void find_floors(struct ladder_row *row, const double *next, size_t nr_seeds)
{
	size_t arm, seed;

	for (arm = 0; arm < row->item->nr_arms; arm++)
		for (seed = 0; seed < nr_seeds; seed++) {
			double least = row->arm[arm].by_seed[seed], gap = next[arm * nr_seeds + seed] - least;

			if (!(gap > fmax(LADDER_FLOOR * least, LADDER_FLOOR_INSN)))
				continue;
			row->floor[arm].nr_alone++;
			row->floor[arm].gap = fmax(row->floor[arm].gap, gap);
		}
}

/* A rep lasts at least as long as its work, and a timer tick only adds: the least rep of every boot of the row's kernel. */
static int read_times(const struct build *build, struct ladder_row *row, size_t metric)
{
	size_t nr_seeds = build->ladder->nr_seeds, nr = row->item->nr_arms * nr_seeds, i;
	__free_mem double *next = calloc(nr ? nr : 1, sizeof(*next));

	if (!next)
		return no_memory();
	for (i = 0; i < nr; i++)
		next[i] = NAN;
	for (i = 0; i < row->item->nr_samples; i++) {
		const struct rundata_sample *sample = &row->item->samples[i];
		double value = sample->value[metric], *least, *second;

		if (!is_of_row(build, row, sample) || isnan(value))
			continue;
		least = &row->arm[sample->arm].by_seed[build->boots[sample->boot].seed];
		second = &next[sample->arm * nr_seeds + build->boots[sample->boot].seed];
		if (isnan(*least) || value < *least) {
			*second = *least;
			*least = value;
		} else if (isnan(*second) || value < *second) {
			*second = value;
		}
	}
	find_floors(row, next, nr_seeds);
	return 0;
}

/* Nothing only adds to a count, and nanoseconds are never exact: the median rep of every boot. */
static int read_medians(const struct build *build, struct ladder_row *row, size_t metric)
{
	__free_mem double *reps = calloc(row->item->nr_samples ? row->item->nr_samples : 1, sizeof(*reps));
	size_t arm, seed, i, nr;

	if (!reps)
		return no_memory();
	for (arm = 0; arm < row->item->nr_arms; arm++) {
		for (seed = 0; seed < build->ladder->nr_seeds; seed++) {
			nr = 0;
			for (i = 0; i < row->item->nr_samples; i++) {
				const struct rundata_sample *sample = &row->item->samples[i];

				if (sample->arm == arm && is_of_row(build, row, sample) &&
				    build->boots[sample->boot].seed == seed && !isnan(sample->value[metric]))
					reps[nr++] = sample->value[metric];
			}
			if (nr)
				row->arm[arm].by_seed[seed] = stats_median(reps, nr);
		}
	}
	return 0;
}

/* @own_off: the row's off is not that of @base. */
static int finish_row(struct ladder_row *row, const struct ladder_row *base, bool own_off, const bool *counts, size_t nr_seeds)
{
	size_t i, seed;
	int ret = 0;

	for (i = 0; i < row->item->nr_arms; i++) {
		for (seed = 0; seed < nr_seeds; seed++) {
			row->overhead[i].by_seed[seed] =
				i ? row->arm[i].by_seed[seed] - row->arm[0].by_seed[seed] : NAN;
			if (base != row)
				row->change[i].by_seed[seed] =
					i ? row->overhead[i].by_seed[seed] - base->overhead[i].by_seed[seed]
					  : own_off ? row->arm[0].by_seed[seed] - base->arm[0].by_seed[seed]
						    : NAN;
		}
	}
	for (i = 0; !ret && i < row->item->nr_arms; i++) {
		ret = cost_finish(&row->arm[i], counts, nr_seeds);
		if (!ret)
			ret = cost_finish(&row->overhead[i], counts, nr_seeds);
		if (!ret)
			ret = cost_finish(&row->change[i], counts, nr_seeds);
	}
	return ret;
}

static bool has_arm(const struct ladder_row *row, size_t arm, size_t nr_seeds)
{
	size_t i;

	for (i = 0; i < nr_seeds; i++)
		if (!isnan(row->arm[arm].by_seed[i]))
			return true;
	return false;
}

/* Does @row lack under @seed what it has under another? */
static bool lacks(const struct ladder_row *row, size_t seed, size_t nr_seeds)
{
	size_t i;

	for (i = 0; i < row->item->nr_arms; i++)
		if (isnan(row->arm[i].by_seed[seed]) && has_arm(row, i, nr_seeds))
			return true;
	return false;
}

/* The seeds that all kernels have of a metric; where they have none in common, all. */
static void find_common(const struct ladder_row *rows, size_t nr_kernels, bool *counts, size_t nr_seeds)
{
	size_t seed, kernel;
	bool any = false;

	for (seed = 0; seed < nr_seeds; seed++) {
		counts[seed] = true;
		for (kernel = 0; kernel < nr_kernels; kernel++)
			counts[seed] &= !lacks(&rows[kernel], seed, nr_seeds);
		any |= counts[seed];
	}
	for (seed = 0; seed < nr_seeds && !any; seed++)
		counts[seed] = true;
}

/* Whose row a kernel's row is compared with. */
static size_t base_kernel(const struct ladder *ladder, size_t kernel)
{
	return ladder->variant_of[kernel] == SIZE_MAX ? 0 : ladder->variant_of[kernel];
}

static int read_row(struct build *build, struct ladder_row *row, size_t metric)
{
	int ret = row_alloc(row, build->ladder->nr_seeds);

	if (ret)
		return ret;
	if (row->metric->is_count || !build->ladder->is_exact)
		return read_medians(build, row, metric);
	return read_times(build, row, metric);
}

/* 1: there is something in them. */
static int add_rows(struct build *build, const struct rundata_item *item, size_t metric)
{
	struct ladder *ladder = build->ladder;
	__free_mem bool *counts = calloc(ladder->nr_seeds + 1, sizeof(*counts));
	struct ladder_row *rows = &ladder->rows[ladder->nr_rows];
	size_t kernel, arm;
	int ret = counts ? 0 : no_memory();
	bool any = false;

	for (kernel = 0; !ret && kernel < ladder->nr_kernels; kernel++) {
		rows[kernel].item = item;
		rows[kernel].metric = &item->metrics[metric];
		rows[kernel].kernel = kernel;
		ladder->nr_rows++;
		ret = read_row(build, &rows[kernel], metric);
	}
	if (ret)
		return ret;
	find_common(rows, ladder->nr_kernels, counts, ladder->nr_seeds);
	for (kernel = 0; !ret && kernel < ladder->nr_kernels; kernel++) {
		ret = finish_row(&rows[kernel], &rows[base_kernel(ladder, kernel)], ladder->off_of[kernel] == kernel, counts,
				 ladder->nr_seeds);
		for (arm = 0; arm < item->nr_arms; arm++)
			any |= has_arm(&rows[kernel], arm, ladder->nr_seeds);
	}
	return ret ? ret : any;
}

/* Why there is nothing to show: what the first item that was skipped, or failed, says. */
static int nothing_measured(const struct rundata *data)
{
	const char *why = NULL;

	for (size_t i = 0; i < data->nr_items && !why; i++)
		why = json_string_value(json_object_get(json_array_get(data->items[i].errors, 0), "text"));
	if (!why)
		why = json_string_value(json_object_get(json_array_get(data->notes, 0), "text"));
	return err_set(ENODATA, "%s holds no sample of any boot%s%s", data->dir, why ? ": " : "", why ? why : "");
}

static int build_rows(struct build *build)
{
	struct ladder *ladder = build->ladder;
	size_t nr = 0, i, m;
	bool any = false;
	int ret;

	for (i = 0; i < build->data->nr_items; i++)
		nr += build->data->items[i].nr_metrics * ladder->nr_kernels;
	ladder->rows = calloc(nr ? nr : 1, sizeof(*ladder->rows));
	if (!ladder->rows)
		return no_memory();
	for (i = 0; i < build->data->nr_items; i++)
		for (m = 0; m < build->data->items[i].nr_metrics; m++) {
			ret = add_rows(build, &build->data->items[i], m);
			if (ret < 0)
				return ret;
			any |= ret > 0;
		}
	return any ? 0 : nothing_measured(build->data);
}

bool ladder_seeds_differ(const struct ladder *ladder, const struct ladder_row *row, size_t arm)
{
	const struct ladder_cost *more = &row->overhead[arm];

	return ladder->is_exact && !row->metric->is_count && more->nr > 1 && more->high - more->low > 2 * LADDER_AGREE * row->arm[arm].mean;
}

int ladder_compute(const struct rundata *data, struct ladder **ret_ladder)
{
	struct build build = {.data = data, .ladder = calloc(1, sizeof(*build.ladder))};
	const char *clock = json_string_value(json_object_get(data->run, "clock"));
	int ret = build.ladder ? read_boots(&build) : no_memory();

	build.ladder->is_exact = clock && !strcmp(clock, "insn");
	if (!ret)
		ret = build_rows(&build);
	free(build.boots);
	if (ret) {
		ladder_free(build.ladder);
		return ret;
	}
	*ret_ladder = build.ladder;
	return 0;
}

static double rounded(const struct ladder_cost *cost, int decimals)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", decimals, cost->mean);
	return cost->nr ? strtod(text, NULL) : NAN;
}

double ladder_change(const struct ladder_row *row, size_t arm, int decimals)
{
	return rounded(&row->change[arm], decimals);
}

/* Rows of a metric stand together, by kernel. */
static const struct ladder_row *base_row(const struct ladder *ladder, const struct ladder_row *row)
{
	return row - row->kernel + base_kernel(ladder, row->kernel);
}

double ladder_overhead(const struct ladder *ladder, const struct ladder_row *row, size_t arm, int decimals)
{
	if (!row->change[arm].nr)
		return rounded(&row->overhead[arm], decimals);
	return ladder_overhead(ladder, base_row(ladder, row), arm, decimals) + ladder_change(row, arm, decimals);
}

double ladder_arm(const struct ladder *ladder, const struct ladder_row *row, size_t arm, int decimals)
{
	if (arm && row->overhead[arm].nr)
		return ladder_arm(ladder, row, 0, decimals) + ladder_overhead(ladder, row, arm, decimals);
	if (arm || !row->change[0].nr)
		return rounded(&row->arm[arm], decimals);
	return ladder_arm(ladder, base_row(ladder, row), 0, decimals) + ladder_change(row, 0, decimals);
}

static void costs_free(struct ladder_cost *costs, size_t nr)
{
	size_t i;

	for (i = 0; costs && i < nr; i++)
		free(costs[i].by_seed);
	free(costs);
}

void ladder_free(struct ladder *ladder)
{
	size_t i;

	if (!ladder)
		return;
	for (i = 0; i < ladder->nr_rows; i++) {
		struct ladder_row *row = &ladder->rows[i];

		costs_free(row->arm, row->item->nr_arms);
		free(row->floor);
		costs_free(row->overhead, row->item->nr_arms);
		costs_free(row->change, row->item->nr_arms);
	}
	for (i = 0; i < ladder->nr_kernels; i++)
		free(ladder->kernels[i]);
	free(ladder->kernels);
	free(ladder->variant_of);
	free(ladder->off_of);
	free(ladder->no_memcg);
	free(ladder->seeds);
	free(ladder->rows);
	free(ladder);
}
