// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_units.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "data/variant.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

void units_free(struct units *units)
{
	free(units->value);
	free(units->key);
	*units = (struct units){0};
}

static const json_t *find_boot(const struct rundata *data, unsigned int number)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot)
		if (json_integer_value(json_object_get(boot, "boot")) == (json_int_t)number)
			return boot;
	return NULL;
}

static bool same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Whose boots the samples of @arm are of. NULL: the run's boots have no names. */
static const char *owner_of(const struct compare_side *side, const struct rundata_arm *arm)
{
	const char *lender = strcmp(arm->state, "off") ? NULL : variant_borrows_off(side->data, side->kernel);

	return lender ? lender : side->kernel;
}

/* Is boot @number of kernel @owner? Its seed then. */
static bool boot_of_owner(const struct rundata *data, const char *owner, unsigned int number, uint64_t *ret_seed)
{
	const json_t *boot = find_boot(data, number);
	const char *kernel = json_string_value(json_object_get(boot, "kernel"));

	if (!boot || (owner && !same(kernel, owner)))
		return false;
	*ret_seed = (uint64_t)json_integer_value(json_object_get(boot, "seed"));
	return true;
}

bool units_are_boots(const struct compare_side *side)
{
	const json_t *boot = json_array_get(json_object_get(side->data->run, "boots"), 0);
	const char *executor = json_string_value(json_object_get(boot, "executor"));

	return executor && !strcmp(executor, "qemu");
}

/* One rep on its way to its unit. */
struct rep {
	uint64_t key;
	double value;
};

static int by_key_and_value(const void *a, const void *b)
{
	const struct rep *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->value > y->value) - (x->value < y->value);
}

/* All reps of the arm, sorted by unit and value. Boots change rarely from sample to sample: the last one is remembered. */
static int read_reps(const struct compare_side *side, const struct rundata_item *item, size_t arm, size_t metric,
		     struct rep **ret_reps, size_t *ret_nr)
{
	struct rep *reps = calloc(item->nr_samples ? item->nr_samples : 1, sizeof(*reps));
	const char *owner = owner_of(side, &item->arms[arm]);
	bool boots = units_are_boots(side), known = false, ours = false;
	unsigned int last = 0;
	uint64_t seed = 0;
	size_t i, nr = 0;

	if (!reps)
		return no_memory();
	for (i = 0; i < item->nr_samples; i++) {
		const struct rundata_sample *sample = &item->samples[i];

		if (sample->arm != arm || sample->warmup || sample->cut || isnan(sample->value[metric]))
			continue;
		if (!known || sample->boot != last) {
			ours = boot_of_owner(side->data, owner, sample->boot, &seed);
			last = sample->boot;
			known = true;
		}
		if (ours)
			reps[nr++] = (struct rep){boots ? seed : (uint64_t)sample->boot << 32 | sample->block, sample->value[metric]};
	}
	qsort(reps, nr, sizeof(*reps), by_key_and_value);
	*ret_reps = reps;
	*ret_nr = nr;
	return 0;
}

/* The value of a unit of @nr reps, ascending. */
static double unit_value(const struct rep *reps, size_t nr, bool least, bool mean)
{
	double sum = 0;
	size_t i;

	if (least)
		return reps[0].value;
	if (!mean)
		return nr % 2 ? reps[nr / 2].value : (reps[nr / 2 - 1].value + reps[nr / 2].value) / 2;
	for (i = 0; i < nr; i++)
		sum += reps[i].value;
	return sum / (double)nr;
}

static bool is_insn(const struct compare_side *side)
{
	const char *clock = json_string_value(json_object_get(side->data->run, "clock"));

	return clock && !strcmp(clock, "insn");
}

static int alloc_units(struct units *units, size_t nr)
{
	*units = (struct units){
		.value = calloc(nr ? nr : 1, sizeof(double)),
		.key = calloc(nr ? nr : 1, sizeof(uint64_t)),
		.within = NAN,
		.reps = NAN,
	};
	if (units->value && units->key)
		return 0;
	units_free(units);
	return no_memory();
}

/* What reps of one unit differ by; @reps are sorted by unit. */
static int find_spread(const struct rep *reps, size_t nr, struct units *units)
{
	__free_mem double *value = calloc(nr ? nr : 1, sizeof(*value));
	__free_mem size_t *nr_of_unit = calloc(nr ? nr : 1, sizeof(*nr_of_unit));
	struct stats_nested nested;
	size_t i, unit = 0;

	if (!value || !nr_of_unit)
		return no_memory();
	for (i = 0; i < nr; i++) {
		value[i] = reps[i].value;
		unit += i && reps[i].key != reps[i - 1].key;
		nr_of_unit[unit]++;
	}
	nested = stats_nested(value, nr_of_unit, units->nr);
	units->within = nested.within;
	units->reps = nested.reps;
	return 0;
}

int units_read(const struct compare_side *side, const struct rundata_item *item, size_t arm, size_t metric,
	       struct units *ret_units)
{
	bool least = is_insn(side) && !item->metrics[metric].is_count, mean = !units_are_boots(side);
	__free_mem struct rep *reps = NULL;
	struct units units;
	size_t nr = 0, i, end;
	int ret = read_reps(side, item, arm, metric, &reps, &nr);

	if (!ret)
		ret = alloc_units(&units, nr);
	if (ret)
		return ret;
	for (i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && reps[end].key == reps[i].key; end++)
			;
		units.key[units.nr] = reps[i].key;
		units.value[units.nr++] = unit_value(&reps[i], end - i, least, mean);
	}
	ret = find_spread(reps, nr, &units);
	if (ret) {
		units_free(&units);
		return ret;
	}
	*ret_units = units;
	return 0;
}

int units_sub(const struct units *arm, const struct units *below, struct units *ret_units)
{
	struct units units;
	size_t i = 0, k = 0;
	int ret = alloc_units(&units, arm->nr);

	if (ret)
		return ret;
	while (i < arm->nr && k < below->nr) {
		if (arm->key[i] < below->key[k]) {
			i++;
		} else if (arm->key[i] > below->key[k]) {
			k++;
		} else {
			units.key[units.nr] = arm->key[i];
			units.value[units.nr++] = arm->value[i++] - below->value[k++];
		}
	}
	*ret_units = units;
	return 0;
}

static bool has_key(const struct units *units, uint64_t key)
{
	for (size_t i = 0; i < units->nr; i++)
		if (units->key[i] == key)
			return true;
	return false;
}

static bool all_have(struct units *const sets[], size_t nr, uint64_t key)
{
	for (size_t i = 0; i < nr; i++)
		if (!has_key(sets[i], key))
			return false;
	return true;
}

bool units_keep_common(struct units *const sets[], size_t nr)
{
	size_t nr_common = 0, i, k, kept;

	for (k = 0; k < sets[0]->nr; k++)
		nr_common += all_have(sets, nr, sets[0]->key[k]);
	for (i = 0; nr_common && i < nr; i++) {
		for (k = kept = 0; k < sets[i]->nr; k++) {
			if (!all_have(sets, nr, sets[i]->key[k]))
				continue;
			sets[i]->key[kept] = sets[i]->key[k];
			sets[i]->value[kept++] = sets[i]->value[k];
		}
		sets[i]->nr = kept;
	}
	return nr_common > 0;
}

/* "2026-11-24T10:56:48Z"; NAN: it is none. */
static double seconds_of(const json_t *value)
{
	const char *text = json_string_value(value), *end = NULL;
	struct tm tm = {0};

	if (text)
		end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return end ? (double)timegm(&tm) : NAN;
}

/* Kernels times seeds: boots of one kernel that begin a seed. Their number is small. */
static size_t count_units(const json_t *boots)
{
	const json_t *boot, *other;
	size_t i, k, nr = 0;

	json_array_foreach(boots, i, boot) {
		bool first = true;

		json_array_foreach(boots, k, other) {
			if (k == i)
				break;
			if (json_equal(json_object_get(boot, "seed"), json_object_get(other, "seed")) &&
			    json_equal(json_object_get(boot, "kernel"), json_object_get(other, "kernel"))) {
				first = false;
				break;
			}
		}
		nr += first;
	}
	return nr;
}

bool units_cost(const struct compare_side *side, double *ret_unit_seconds, double *ret_rep_seconds)
{
	const json_t *run = side->data->run, *plan = json_object_get(run, "plan");
	double seconds = seconds_of(json_object_get(run, "ended")) - seconds_of(json_object_get(run, "started"));
	double rep = (double)json_integer_value(json_object_get(plan, "rep_ns")) / 1e9, all_reps, arms = 0;
	double blocks = (double)json_integer_value(json_object_get(plan, "blocks"));
	size_t nr = count_units(json_object_get(run, "boots")), i;

	for (i = 0; i < side->data->nr_items; i++)
		arms += (double)side->data->items[i].nr_arms;
	if (!(seconds > 0) || !nr || !(rep > 0) || !(arms > 0))
		return false;
	/* A block is two reps of every arm. */
	all_reps = 2 * blocks * arms * rep;
	*ret_rep_seconds = arms * rep;
	*ret_unit_seconds = seconds / (double)nr - all_reps;
	/* Less than a rep is none that could be believed. */
	if (*ret_unit_seconds < *ret_rep_seconds)
		*ret_unit_seconds = *ret_rep_seconds;
	return true;
}
