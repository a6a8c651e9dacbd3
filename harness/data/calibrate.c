// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/calibrate.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>

#include "base/err.h"
#include "data/compare_units.h"

/* With three blocks a side Mann-Whitney has no p below 0.10, and compare no interval. */
#define BLOCKS_MIN 4

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a calibration");
}

/*
 * The x at which the beta distribution reaches @p, halved into: gsl_cdf_beta_Pinv() gives up for some shapes of large n (GSL 2.7), and
 * then ends the program.
 */
static double beta_quantile(double p, double a, double b)
{
	double low = 0, high = 1;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (gsl_cdf_beta_P(middle, a, b) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

struct stats_interval calibrate_share(size_t k, size_t n, double confidence)
{
	double tail = (1 - confidence) / 2;

	if (!n)
		return (struct stats_interval){ NAN, NAN, NAN };
	/* Quantiles of beta distributions: the paper's sums of binomials, inverted. */
	return (struct stats_interval){
		.low = k ? beta_quantile(tail, (double)k, (double)(n - k + 1)) : 0,
		.high = k < n ? beta_quantile(1 - tail, (double)(k + 1), (double)(n - k)) : 1,
		.confidence = confidence,
	};
}

/* --- the units that are dealt out --- */

struct keys {
	uint64_t *key;
	size_t nr, size;
};

static int add_key(struct keys *keys, uint64_t key)
{
	if (keys->nr == keys->size) {
		size_t size = keys->size ? 2 * keys->size : 64;
		uint64_t *more = reallocarray(keys->key, size, sizeof(*more));

		if (!more)
			return no_memory();
		keys->key = more;
		keys->size = size;
	}
	keys->key[keys->nr++] = key;
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void make_unique(struct keys *keys)
{
	size_t nr = 0;

	if (!keys->nr)
		return;
	qsort(keys->key, keys->nr, sizeof(*keys->key), by_key);
	for (size_t i = 0; i < keys->nr; i++)
		if (!i || keys->key[i] != keys->key[i - 1])
			keys->key[nr++] = keys->key[i];
	keys->nr = nr;
}

static bool is_of_side(const struct compare_side *side, const json_t *boot)
{
	const char *kernel = json_string_value(json_object_get(boot, "kernel"));

	return !side->kernel || (kernel && !strcmp(kernel, side->kernel));
}

static int find_seeds(const struct compare_side *side, struct keys *keys)
{
	const json_t *boot;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot)
		if (!ret && is_of_side(side, boot))
			ret = add_key(keys, (uint64_t)json_integer_value(json_object_get(boot, "seed")));
	return ret;
}

static int find_blocks(const struct compare_side *side, struct keys *keys)
{
	uint64_t last = 0;
	int ret = 0;

	for (size_t i = 0; i < side->data->nr_items; i++) {
		const struct rundata_item *item = &side->data->items[i];

		for (size_t k = 0; !ret && k < item->nr_samples; k++) {
			const struct rundata_sample *sample = &item->samples[k];

			/* Samples of a block stand together. */
			if (sample->warmup || sample->cut || (keys->nr && sample->block == last))
				continue;
			last = sample->block;
			ret = add_key(keys, last);
		}
	}
	return ret;
}

/* --- an effect that was measured --- */

static const char *extra_of(const struct rundata_item *item)
{
	return json_string_value(json_object_get(item->params, "extra"));
}

static bool is_injected(const struct rundata_item *item)
{
	const char *extra = extra_of(item);

	return extra && strcmp(extra, "0") != 0;
}

/* Does @injected differ from @plain in "extra" alone? */
static bool is_partner(const struct rundata_item *plain, const struct rundata_item *injected)
{
	const char *name;
	json_t *value;

	if (strcmp(plain->bench, injected->bench) != 0 || plain->nr_metrics != injected->nr_metrics || plain->nr_arms != injected->nr_arms ||
	    is_injected(plain) || !is_injected(injected) || json_object_size(plain->params) != json_object_size(injected->params))
		return false;
	json_object_foreach(plain->params, name, value)
		if (strcmp(name, "extra") != 0 && !json_equal(value, json_object_get(injected->params, name)))
			return false;
	return json_array_size(plain->workers) == json_array_size(injected->workers);
}

static const struct rundata_item *find_partner(const struct rundata *data, const struct rundata_item *plain)
{
	for (size_t i = 0; i < data->nr_items; i++)
		if (is_partner(plain, &data->items[i]))
			return &data->items[i];
	return NULL;
}

static bool has_partners(const struct rundata *data)
{
	bool any = false;

	for (size_t i = 0; i < data->nr_items; i++)
		any |= find_partner(data, &data->items[i]) != NULL;
	return any;
}

/* --- one half of a run, as a run of its own --- */

struct half {
	struct rundata data; /* its own: run, items and their samples; the rest is the whole run's */
	double **values;     /* for each item; NULL: the whole run's */
	bool of_partners;    /* of items that have a partner, and none else */
	bool takes_injected; /* the partners' samples */
};

/* What becomes of unit keys[i] that was dealt to a half: number i - first; NR_NONE: it is of the other. */
struct deal {
	const uint64_t *key;
	size_t nr;
};
#define NR_NONE SIZE_MAX

static size_t rank_of(const struct deal *deal, uint64_t key)
{
	const uint64_t *found = bsearch(&key, deal->key, deal->nr, sizeof(key), by_key);

	return found ? (size_t)(found - deal->key) : NR_NONE;
}

static void half_free(struct half *half)
{
	for (size_t i = 0; i < half->data.nr_items; i++) {
		free(half->data.items[i].samples);
		free(half->values ? half->values[i] : NULL);
	}
	free(half->values);
	free(half->data.items);
	json_decref(half->data.run);
}
#define __free_half __attribute__((__cleanup__(half_free)))

/* The boots of this half, under seeds that the other half has too: halves are paired in the order of their seeds. */
static int take_boots(const struct compare_side *side, const struct deal *deal, struct half *half)
{
	json_t *boots = json_array();
	const json_t *boot;
	size_t i;

	half->data.run = json_copy(side->data->run);
	if (!half->data.run || json_object_set_new(half->data.run, "boots", boots))
		return no_memory();
	json_array_foreach(json_object_get(side->data->run, "boots"), i, boot) {
		size_t rank = rank_of(deal, (uint64_t)json_integer_value(json_object_get(boot, "seed")));
		json_t *copy;

		if (rank == NR_NONE || !is_of_side(side, boot))
			continue;
		copy = json_copy((json_t *)boot);
		if (!copy || json_object_set_new(copy, "seed", json_integer((json_int_t)rank + 1)) ||
		    json_array_append_new(boots, copy))
			return no_memory();
	}
	return 0;
}

static int take_samples(const struct rundata_item *from, const struct deal *blocks, struct rundata_item *item)
{
	item->samples = calloc(from->nr_samples + 1, sizeof(*item->samples));
	item->nr_samples = 0;
	if (!item->samples)
		return no_memory();
	for (size_t i = 0; i < from->nr_samples; i++) {
		struct rundata_sample sample = from->samples[i];
		size_t rank = blocks ? rank_of(blocks, sample.block) : sample.block;

		if (rank == NR_NONE)
			continue;
		sample.block = (unsigned int)rank;
		item->samples[item->nr_samples++] = sample;
	}
	return 0;
}

/*
 * @blocks NULL: every sample; those of boots that are not of this half are passed over by compare. @half->injected: those of an item's
 * partner, under the item's own name.
 */
static int take_items(const struct compare_side *side, const struct deal *blocks, struct half *half)
{
	const struct rundata *whole = side->data;

	half->data.items = calloc(whole->nr_items + 1, sizeof(*half->data.items));
	half->values = calloc(whole->nr_items + 1, sizeof(*half->values));
	if (!half->data.items || !half->values)
		return no_memory();
	for (size_t i = 0; i < whole->nr_items; i++) {
		const struct rundata_item *partner = half->of_partners ? find_partner(whole, &whole->items[i]) : NULL;
		struct rundata_item *item = &half->data.items[half->data.nr_items];
		int ret;

		if (half->of_partners && !partner)
			continue;
		*item = whole->items[i];
		half->data.nr_items++;
		ret = take_samples(half->takes_injected ? partner : &whole->items[i], blocks, item);
		if (ret)
			return ret;
	}
	return 0;
}

static int make_half(const struct compare_side *side, const struct deal *deal, bool boots, struct half *half)
{
	int ret;

	half->data = *side->data;
	half->data.items = NULL;
	half->data.nr_items = 0;
	half->data.run = boots ? NULL : json_incref(side->data->run);
	ret = boots ? take_boots(side, deal, half) : 0;
	return ret ? ret : take_items(side, boots ? NULL : deal, half);
}

static bool is_child(const struct rundata_arm *arm)
{
	return !strcmp(arm->state, "child");
}

static int add_effect(const struct limit *effect, struct rundata_item *item, double **ret_values)
{
	double *values = calloc(item->nr_samples * item->nr_metrics + 1, sizeof(*values));

	if (!values)
		return no_memory();
	for (size_t i = 0; i < item->nr_samples; i++) {
		struct rundata_sample *sample = &item->samples[i];
		bool changed = is_child(&item->arms[sample->arm]);

		for (size_t m = 0; m < item->nr_metrics; m++) {
			double value = sample->value[m];

			values[i * item->nr_metrics + m] = changed && !item->metrics[m].is_count
								   ? value * (1 + effect->ratio) + effect->absolute
								   : value;
		}
		sample->value = &values[i * item->nr_metrics];
	}
	*ret_values = values;
	return 0;
}

/* --- counting --- */

/* Room for one more; doubles. */
static int add_p(struct calibration *calibration, double p)
{
	if (!(calibration->nr_p & (calibration->nr_p - 1))) {
		size_t size = calibration->nr_p ? 2 * calibration->nr_p : 1;
		double *more = reallocarray(calibration->p, size, sizeof(*more));

		if (!more)
			return no_memory();
		calibration->p = more;
	}
	calibration->p[calibration->nr_p++] = p;
	return 0;
}

static bool is_usable(const struct compare_row *row)
{
	return row->verdict != COMPARE_ERROR && row->verdict != COMPARE_INCOMPARABLE && row->change.method != COMPARE_NONE &&
	       !isnan(row->change.interval.low);
}

static void count_changed(struct calibration *calibration, const struct compare_row *row)
{
	calibration->nr_changed++;
	calibration->nr_found += row->verdict == COMPARE_REGRESSION;
	/* What was added makes a time longer, and so a rate lower. */
	calibration->nr_seen += row->metric->lower_is_better ? row->change.interval.low > 0 : row->change.interval.high < 0;
}

static int count_rows(struct calibration *calibration, const struct compare *compare, bool with_effect)
{
	size_t nr_rows = calibration->nr_rows;
	bool alarm = false;
	int ret = 0;

	for (size_t i = 0; !ret && i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		bool row_alarm = row->verdict == COMPARE_REGRESSION || row->verdict == COMPARE_IMPROVEMENT;

		if (!is_usable(row)) {
			if (!calibration->nr_unusable++ && !(calibration->why = strdup(row->why)))
				ret = err_sys(ENOMEM, "memory for a reason");
		} else if (with_effect && is_child(row->arm) && !row->metric->is_count) {
			count_changed(calibration, row);
		} else {
			calibration->nr_rows++;
			calibration->nr_row_alarms += row_alarm;
			alarm |= row_alarm;
			if (!isnan(row->change.p))
				ret = add_p(calibration, row->change.p);
		}
	}
	calibration->nr_unchanged += calibration->nr_rows > nr_rows;
	calibration->nr_alarms += alarm;
	return ret;
}

/* --- the loop --- */

struct trial {
	const struct calibrate_options *options;
	struct compare_side side;
	struct calibration *calibration;
	bool with_effect;
};

static int compare_halves(const struct trial *trial, struct half *a, struct half *b)
{
	const struct compare_options how = { .limits = trial->options->limits, .ignore_doubts = true };
	struct compare_side base = trial->side, cand = trial->side;
	struct compare *compare;
	int ret = 0;

	for (size_t i = 0; !ret && trial->with_effect && i < b->data.nr_items; i++)
		ret = add_effect(&trial->options->effect, &b->data.items[i], &b->values[i]);
	if (ret)
		return ret;
	base.data = &a->data;
	cand.data = &b->data;
	ret = compare_compute(&base, &cand, &how, &compare);
	if (ret)
		return ret;
	ret = count_rows(trial->calibration, compare, trial->with_effect);
	compare_free(compare);
	return ret;
}

static int one_comparison(const struct trial *trial, gsl_rng *random, struct keys *keys)
{
	size_t nr = trial->calibration->nr_units;
	struct deal first = { keys->key, nr }, second = { keys->key + nr, nr };
	bool boots = trial->calibration->units_are_boots;
	struct half a __free_half = { .of_partners = trial->options->injected };
	struct half b __free_half = { .of_partners = trial->options->injected, .takes_injected = trial->options->injected };
	int ret;

	gsl_ran_shuffle(random, keys->key, keys->nr, sizeof(*keys->key));
	qsort(keys->key, nr, sizeof(*keys->key), by_key);
	qsort(keys->key + nr, nr, sizeof(*keys->key), by_key);
	ret = make_half(&trial->side, &first, boots, &a);
	if (!ret)
		ret = make_half(&trial->side, &second, boots, &b);
	return ret ? ret : compare_halves(trial, &a, &b);
}

static int all_comparisons(const struct trial *trial, struct keys *keys)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);
	int ret = random ? 0 : no_memory();

	if (random)
		gsl_rng_set(random, (unsigned long)trial->options->seed);
	for (size_t i = 0; !ret && i < trial->options->nr_comparisons; i++)
		ret = one_comparison(trial, random, keys);
	gsl_rng_free(random);
	return ret;
}

static void finish(struct calibration *calibration)
{
	calibration->rate = calibrate_share(calibration->nr_alarms, calibration->nr_unchanged, 0.95);
	calibration->seen = calibrate_share(calibration->nr_seen, calibration->nr_changed, 0.95);
	calibration->found = calibrate_share(calibration->nr_found, calibration->nr_changed, 0.95);
}

static int run(struct trial *trial, struct keys *keys)
{
	struct calibration *calibration = trial->calibration;
	const struct limit *effect = &trial->options->effect;
	const char *clock = json_string_value(json_object_get(trial->side.data->run, "clock"));
	size_t least, wanted;
	int ret;

	calibration->units_are_boots = units_are_boots(&trial->side);
	ret = calibration->units_are_boots ? find_seeds(&trial->side, keys) : find_blocks(&trial->side, keys);
	if (ret)
		return ret;
	make_unique(keys);
	least = calibration->units_are_boots ? COMPARE_PAIRS_MIN : BLOCKS_MIN;
	wanted = trial->options->nr_units ? trial->options->nr_units : least;
	calibration->nr_units = trial->options->nr_units ? trial->options->nr_units : keys->nr / 2;
	if (wanted < least || keys->nr < 2 * wanted)
		return err_set(ENODATA, "%s has %zu %s%s of %s: two halves take %zu at least", trial->side.data->dir, keys->nr,
			       calibration->units_are_boots ? "seed" : "block", keys->nr == 1 ? "" : "s", trial->side.name,
			       2 * (wanted > least ? wanted : least));
	calibration->name = strdup(trial->side.name);
	if (!calibration->name)
		return err_sys(ENOMEM, "memory for a name");
	snprintf(calibration->clock, sizeof(calibration->clock), "%s", clock ? clock : "ns");
	calibration->nr_comparisons = trial->options->nr_comparisons;
	if (trial->options->injected && !has_partners(trial->side.data))
		return err_set(ENODATA, "%s has no two items that differ in the parameter extra alone", trial->side.data->dir);
	trial->with_effect = trial->options->injected || effect->ratio > 0 || effect->absolute > 0;
	ret = all_comparisons(trial, keys);
	if (!ret && !calibration->nr_rows && !calibration->nr_changed)
		ret = err_set(ENODATA, "no row of %s gave an interval: %s", trial->side.data->dir, calibration->why ? calibration->why : "it has no row");
	if (!ret)
		finish(calibration);
	return ret;
}

int calibrate(const struct rundata *data, const struct calibrate_options *options,
	      struct calibration **ret_calibration)
{
	struct trial trial = { .options = options, .calibration = calloc(1, sizeof(struct calibration)) };
	struct keys keys = { 0 };
	int ret = trial.calibration ? compare_side(data, options->kernel, &trial.side) : no_memory();

	if (!ret)
		ret = run(&trial, &keys);
	free(keys.key);
	if (ret) {
		calibration_free(trial.calibration);
		return ret;
	}
	*ret_calibration = trial.calibration;
	return 0;
}

void calibration_free(struct calibration *calibration)
{
	if (!calibration)
		return;
	free(calibration->p);
	free(calibration->name);
	free(calibration->why);
	free(calibration);
}
