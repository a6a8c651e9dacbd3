// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/simulate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/err.h"
#include "data/calibrate.h"
#include "data/compare.h"

#define LEVEL	   1000
#define MODES_APART 50
#define SIGMA	   5
#define CORRELATION 0.3
#define DELTA	   "0.1"
/* Each arm is measured twice in a block, or there would be a doubt. */
#define REPS 2

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a simulation");
}

const char *simulate_noise_name(enum simulate_noise noise)
{
	static const char *const names[SIMULATE_NOISES] = {
		[SIMULATE_NORMAL] = "normal", [SIMULATE_MODES] = "two modes", [SIMULATE_MODES_WIDE] = "two modes, spread",
		[SIMULATE_HEAVY] = "heavy tails", [SIMULATE_DEPENDENT] = "dependent, 0.3",
	};

	return names[noise];
}

/* --- made-up runs: a skeleton whose values are drawn anew for each family --- */

static struct rundata_arm guest_arms[] = {
	{.state = (char *)"off", .limit_bytes = UINT64_MAX}, {.state = (char *)"child", .depth = 1, .limit_bytes = UINT64_MAX}};
static struct rundata_arm live_arms[] = {
	{.state = (char *)"root", .limit_bytes = UINT64_MAX}, {.state = (char *)"child", .depth = 1, .limit_bytes = UINT64_MAX}};

struct made_up {
	struct rundata data;
	struct rundata_item item;
	double *values;
	char (*names)[16];
};

static void made_up_free(struct made_up *run)
{
	json_decref(run->data.run);
	json_decref(run->data.notes);
	json_decref(run->item.params);
	json_decref(run->item.workers);
	json_decref(run->item.counters);
	json_decref(run->item.noise);
	json_decref(run->item.warnings);
	json_decref(run->item.errors);
	free(run->item.metrics);
	free(run->item.samples);
	free(run->values);
	free(run->names);
}

static json_t *guest_boots(size_t nr_seeds)
{
	json_t *boots = json_array();

	/* Memcg off and on, of both kernels, under each seed. */
	for (size_t i = 0; i < 4 * nr_seeds; i++)
		json_array_append_new(boots, json_pack("{s:I, s:s, s:s, s:I}", "boot", (json_int_t)i, "executor", "qemu", "kernel",
						       i % 4 < 2 ? "old" : "new", "seed", (json_int_t)(i / 4 + 1)));
	return boots;
}

static int make_samples(struct made_up *run, bool live, size_t nr_units)
{
	struct rundata_item *item = &run->item;
	size_t nr = live ? 2 * REPS * nr_units : 4 * nr_units;

	item->samples = calloc(nr, sizeof(*item->samples));
	run->values = calloc(nr * item->nr_metrics, sizeof(*run->values));
	if (!item->samples || !run->values)
		return no_memory();
	for (item->nr_samples = 0; item->nr_samples < nr; item->nr_samples++) {
		size_t i = item->nr_samples;

		item->samples[i] = (struct rundata_sample){
			.boot = live ? 0 : (unsigned int)i,
			.arm = live ? (unsigned int)(i / REPS % 2) : (unsigned int)(i % 2),
			.block = live ? (unsigned int)(i / (2 * REPS)) + 1 : 1,
			.value = &run->values[i * item->nr_metrics],
		};
	}
	return 0;
}

static int make_run(struct made_up *run, bool live, size_t nr_units, size_t nr_rows)
{
	struct rundata_item *item = &run->item;

	run->names = calloc(nr_rows, sizeof(*run->names));
	*item = (struct rundata_item){
		.bench = (char *)"made-up", .op = (char *)"op", .mode = (char *)"processes", .place = (char *)"compact",
		.memory = (char *)"default", .bench_version = 1, .nr_memcgs = 1, .params = json_object(), .workers = json_pack("[{}]"),
		.counters = json_array(), .noise = json_array(), .warnings = json_array(), .errors = json_array(),
		.metrics = calloc(nr_rows, sizeof(*item->metrics)), .nr_metrics = nr_rows,
		.arms = live ? live_arms : guest_arms, .nr_arms = 2,
	};
	run->data = (struct rundata){.dir = (char *)"a made-up run", .items = item, .nr_items = 1, .complete = true, .notes = json_array()};
	run->data.run = json_pack("{s:s, s:s, s:o}", "status", "complete", "clock", live ? "ns" : "insn", "boots",
				  live ? json_pack("[{s:i, s:s}]", "boot", 0, "executor", "live") : guest_boots(nr_units));
	if (!run->names || !item->metrics || !run->data.run)
		return no_memory();
	for (size_t i = 0; i < nr_rows; i++) {
		snprintf(run->names[i], sizeof(run->names[i]), "row%zu", i);
		item->metrics[i] = (struct rundata_metric){
			.name = run->names[i], .help = (char *)"", .op = (char *)"op", .unit = (char *)"per op", .lower_is_better = true};
	}
	return make_samples(run, live, nr_units);
}

/* --- noise --- */

struct series {
	gsl_rng *random;
	enum simulate_noise noise;
	double before; /* NAN: there was none */
};

static double draw(struct series *series)
{
	gsl_rng *random = series->random;
	double fresh;

	switch (series->noise) {
	case SIMULATE_MODES:
		return gsl_rng_uniform(random) < 0.5 ? 0 : MODES_APART;
	case SIMULATE_MODES_WIDE:
		return (gsl_rng_uniform(random) < 0.5 ? 0 : MODES_APART) + gsl_ran_gaussian(random, 0.5);
	case SIMULATE_HEAVY:
		return SIGMA * gsl_ran_tdist(random, 2);
	case SIMULATE_DEPENDENT:
		fresh = gsl_ran_gaussian(random, SIGMA);
		series->before = isnan(series->before) ? fresh / sqrt(1 - CORRELATION * CORRELATION) : CORRELATION * series->before + fresh;
		return series->before;
	default:
		return gsl_ran_gaussian(random, SIGMA);
	}
}

/* Every state of every row has its own noise; @effect: of the child of the candidate. */
static void draw_run(struct made_up *run, bool live, bool cand, gsl_rng *random, enum simulate_noise noise, double effect)
{
	struct rundata_item *item = &run->item;
	size_t nr_states = live ? 2 : 4, reps = live ? REPS : 1;

	for (size_t m = 0; m < item->nr_metrics; m++)
		for (size_t state = 0; state < nr_states; state++) {
			struct series series = {random, noise, NAN};
			bool changed = live ? cand && state == 1 : state == 3;

			for (size_t i = state * reps; i < item->nr_samples; i += nr_states * reps) {
				double value = LEVEL + draw(&series) + (changed ? effect : 0);

				for (size_t rep = 0; rep < reps; rep++)
					run->values[(i + rep) * item->nr_metrics + m] = value;
			}
		}
}

/* --- counting --- */

struct trial {
	struct made_up base, cand; /* of guests @base alone, which has both kernels */
	struct simulate_cell *cell;
	struct limits limits;
	bool ignore_doubts;
	size_t nr_held, nr_intervals, nr_detectable;
	double sum_detectable;
};

static bool is_change(const struct compare_row *row)
{
	return row->verdict == COMPARE_REGRESSION || row->verdict == COMPARE_IMPROVEMENT;
}

static int count_family(struct trial *trial, const struct compare *compare)
{
	__free_mem double *p = calloc(compare->nr_rows, sizeof(*p)), *adjusted = calloc(compare->nr_rows, sizeof(*adjusted));
	bool alarm = false, t_alarm = false;

	if (!p || !adjusted)
		return no_memory();
	for (size_t i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		const struct stats_interval *interval = &row->change.interval;

		alarm |= is_change(row);
		p[i] = row->change.p;
		t_alarm |= row->change.method == COMPARE_EXACT && row->change.value != 0;
		if (isnan(interval->low))
			continue;
		trial->nr_intervals++;
		trial->nr_held += interval->low <= 0 && interval->high >= 0;
		if (isnan(row->detectable))
			continue;
		trial->nr_detectable++;
		trial->sum_detectable += row->detectable;
	}
	stats_holm(p, compare->nr_rows, adjusted);
	for (size_t i = 0; i < compare->nr_rows; i++)
		t_alarm |= adjusted[i] <= 0.05;
	trial->cell->nr_alarms += alarm;
	trial->cell->nr_t_alarms += t_alarm;
	return 0;
}

static int one_family(struct trial *trial, gsl_rng *random, double effect)
{
	const struct compare_options how = {.limits = &trial->limits, .ignore_doubts = trial->ignore_doubts};
	const struct simulate_cell *cell = trial->cell;
	struct compare_side base, cand;
	struct compare *compare;
	int ret;

	draw_run(&trial->base, cell->live, false, random, cell->noise, effect);
	if (cell->live)
		draw_run(&trial->cand, true, true, random, cell->noise, effect);
	ret = compare_side(&trial->base.data, cell->live ? NULL : "old", &base);
	if (!ret)
		ret = compare_side(cell->live ? &trial->cand.data : &trial->base.data, cell->live ? NULL : "new", &cand);
	if (!ret)
		ret = compare_compute(&base, &cand, &how, &compare);
	if (ret)
		return ret;
	ret = count_family(trial, compare);
	compare_free(compare);
	return ret;
}

static int simulate(struct simulate_cell *cell, double effect, uint64_t seed, bool ignore_doubts)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	struct trial trial = {.cell = cell, .ignore_doubts = ignore_doubts};
	int ret = random ? make_run(&trial.base, cell->live, cell->nr_units, cell->nr_rows) : no_memory();

	if (!ret && cell->live)
		ret = make_run(&trial.cand, true, cell->nr_units, cell->nr_rows);
	limits_init(&trial.limits);
	if (!ret)
		ret = limits_add(&trial.limits, DELTA);
	if (random)
		gsl_rng_set(random, (unsigned long)seed);
	for (size_t i = 0; !ret && i < cell->nr_families; i++)
		ret = one_family(&trial, random, effect);
	gsl_rng_free(random);
	made_up_free(&trial.base);
	made_up_free(&trial.cand);
	cell->rate = calibrate_share(cell->nr_alarms, cell->nr_families, 0.95);
	cell->coverage = trial.nr_intervals ? (double)trial.nr_held / (double)trial.nr_intervals : NAN;
	cell->detectable = trial.nr_detectable ? trial.sum_detectable / (double)trial.nr_detectable : NAN;
	return ret;
}

int simulate_families(enum simulate_noise noise, bool live, size_t nr_units, size_t nr_rows, size_t nr_families, uint64_t seed,
		      struct simulate_cell *ret_cell)
{
	*ret_cell = (struct simulate_cell){.noise = noise, .live = live, .nr_units = nr_units, .nr_rows = nr_rows, .nr_families = nr_families};
	return simulate(ret_cell, 0, seed, false);
}

int simulate_power(enum simulate_noise noise, bool live, size_t nr_units, double effect, size_t nr_families, uint64_t seed,
		   double *ret_power)
{
	struct simulate_cell cell = {.noise = noise, .live = live, .nr_units = nr_units, .nr_rows = 1, .nr_families = nr_families};
	int ret = simulate(&cell, effect, seed, true);

	*ret_power = (double)cell.nr_alarms / (double)nr_families;
	return ret;
}
