// SPDX-License-Identifier: GPL-2.0-or-later
/* Which reps of a stored run an explanation is of. */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"
#include "data/explain_run.h"
#include "data/variant.h"

/* Beyond this a region waited: the guest's clock jumps over time that nobody uses. */
#define CLOCK_MAX_PER_REGION 500

static const json_t *boots_of(const struct rundata *data)
{
	return json_object_get(data->run, "boots");
}

static const char *boot_kernel(const json_t *boot)
{
	const char *kernel = json_string_value(json_object_get(boot, "kernel"));

	return kernel ? kernel : "";
}

static int resolve_kernel(const struct rundata *data, const char *wanted, const char **ret_kernel)
{
	const json_t *boots = boots_of(data);
	const char *found = NULL;
	size_t i;

	for (i = 0; i < json_array_size(boots); i++) {
		const char *kernel = boot_kernel(json_array_get(boots, i));

		if (wanted ? !strcmp(kernel, wanted) : !found || !strcmp(kernel, found))
			found = kernel;
		else if (!wanted)
			return err_set(EINVAL, "%s has several kernels (%s, %s, …): name one with --kernel", data->dir, found, kernel);
	}
	if (!found)
		return err_set(ENOENT, "%s has no kernel \"%s\"", data->dir, wanted ? wanted : "");
	*ret_kernel = found;
	return 0;
}

/* Does the text name this arm? "child" is any child, "depth N" or "child N" the one at that depth. */
static bool is_arm(const struct rundata_arm *arm, const char *text)
{
	unsigned int depth;

	if (sscanf(text, "depth %u", &depth) == 1 || sscanf(text, "child %u", &depth) == 1)
		return !strcmp(arm->state, "child") && arm->depth == depth;
	return !strcmp(arm->state, text);
}

static int resolve_arm(const struct explain_query *query, struct explain_resolved *resolved)
{
	const struct rundata_item *item = resolved->item;
	const char *text = query->arm ? query->arm : "child";
	size_t i;

	resolved->arm = resolved->off = SIZE_MAX;
	for (i = 0; i < item->nr_arms; i++) {
		if (is_arm(&item->arms[i], text))
			resolved->arm = i;
		if (!strcmp(item->arms[i].state, "off"))
			resolved->off = i;
	}
	if (resolved->arm == SIZE_MAX)
		return err_set(ENOENT, "%s has no arm \"%s\" (off, root, child, \"depth N\")", item->bench, text);
	if (resolved->off == resolved->arm)
		resolved->off = SIZE_MAX;
	return 0;
}

const char *explain_off_kernel(const struct rundata *data, const char *kernel, const struct rundata_item *item, size_t off)
{
	const char *lender = off == SIZE_MAX || strcmp(item->arms[off].state, "off") ? NULL : variant_borrows_off(data, kernel);

	return lender ? lender : kernel;
}

static bool has_param(const struct rundata_item *item, const char *text)
{
	const char *equals = strchr(text, '='), *name, *value;
	json_t *json;

	json_object_foreach(item->params, name, json) {
		value = json_string_value(json);
		if (equals && value && strlen(name) == (size_t)(equals - text) && !strncmp(name, text, strlen(name)))
			return !strcmp(value, equals + 1);
	}
	return false;
}

static bool is_asked_for(const struct rundata_item *item, const struct explain_query *query)
{
	size_t i;

	if ((query->bench && strcmp(item->bench, query->bench)) ||
	    (query->nr_workers && json_array_size(item->workers) != query->nr_workers))
		return false;
	for (i = 0; i < query->nr_params; i++)
		if (!has_param(item, query->params[i]))
			return false;
	return true;
}

int explain_resolve(const struct rundata *data, const struct explain_query *query, struct explain_resolved *ret_resolved)
{
	struct explain_resolved resolved = {0};
	int ret = resolve_kernel(data, query->kernel, &resolved.kernel);
	size_t i;

	if (ret)
		return ret;
	for (i = 0; i < data->nr_items && !resolved.item; i++)
		if (is_asked_for(&data->items[i], query))
			resolved.item = &data->items[i];
	if (!resolved.item && (query->nr_workers || query->nr_params))
		return err_set(ENOENT, "%s has no item with these parameters and as many workers", data->dir);
	if (!resolved.item)
		return err_set(ENOENT, "%s has no bench \"%s\"", data->dir, query->bench ? query->bench : "");
	for (i = 0; query->metric && i < resolved.item->nr_metrics; i++)
		if (!strcmp(resolved.item->metrics[i].name, query->metric))
			break;
	if (query->metric && i == resolved.item->nr_metrics)
		return err_set(ENOENT, "%s has no metric \"%s\"", resolved.item->bench, query->metric);
	resolved.metric = query->metric ? i : 0;
	ret = resolve_arm(query, &resolved);
	if (ret)
		return ret;
	resolved.off_kernel = explain_off_kernel(data, resolved.kernel, resolved.item, resolved.off);
	*ret_resolved = resolved;
	return 0;
}

const struct rundata_sample *explain_least(const struct rundata *data, const struct explain_resolved *resolved, size_t arm,
					   uint64_t seed, const json_t **ret_boot)
{
	const json_t *boots = boots_of(data);
	const char *kernel = arm == resolved->off ? resolved->off_kernel : resolved->kernel;
	const struct rundata_sample *least = NULL;
	size_t i, b;

	for (b = 0; b < json_array_size(boots); b++) {
		const json_t *boot = json_array_get(boots, b);

		if (strcmp(boot_kernel(boot), kernel) ||
		    (uint64_t)json_integer_value(json_object_get(boot, "seed")) != seed)
			continue;
		for (i = 0; i < resolved->item->nr_samples; i++) {
			const struct rundata_sample *sample = &resolved->item->samples[i];

			if (sample->boot != (unsigned int)json_integer_value(json_object_get(boot, "boot")) || sample->arm != arm ||
			    sample->warmup || sample->cut || isnan(sample->value[resolved->metric]))
				continue;
			if (!least || sample->value[resolved->metric] < least->value[resolved->metric]) {
				least = sample;
				*ret_boot = boot;
			}
		}
	}
	return least;
}

int explain_resolved_values(const struct rundata *data, const struct explain_resolved *resolved, struct explain_value **ret_values,
			    size_t *ret_nr)
{
	const json_t *boots = boots_of(data), *boot;
	struct explain_value *values;
	size_t nr = 0, i, k;

	values = calloc(json_array_size(boots) + 1, sizeof(*values));
	if (!values)
		return err_sys(ENOMEM, "memory for values");
	for (i = 0; i < json_array_size(boots); i++) {
		uint64_t seed = (uint64_t)json_integer_value(json_object_get(json_array_get(boots, i), "seed"));
		const struct rundata_sample *with, *off;

		for (k = 0; k < nr && values[k].seed != seed; k++)
			;
		with = explain_least(data, resolved, resolved->arm, seed, &boot);
		off = resolved->off == SIZE_MAX ? NULL : explain_least(data, resolved, resolved->off, seed, &boot);
		if (k < nr || !with)
			continue;
		values[nr++] = (struct explain_value){
			.seed = seed,
			.with = with->value[resolved->metric],
			.off = off ? off->value[resolved->metric] : NAN,
		};
	}
	if (!nr) {
		free(values);
		return err_set(ENODATA, "%s holds no sample of %s %s on kernel %s", data->dir, resolved->item->bench,
			       resolved->item->metrics[resolved->metric].name, resolved->kernel);
	}
	*ret_values = values;
	*ret_nr = nr;
	return 0;
}

int explain_values(const struct rundata *data, const struct explain_query *query, struct explain_value **ret_values, size_t *ret_nr)
{
	struct explain_resolved resolved;
	int ret = explain_resolve(data, query, &resolved);

	return ret ? ret : explain_resolved_values(data, &resolved, ret_values, ret_nr);
}

static const struct rundata_sample *find_sample(const struct rundata_item *item, unsigned int boot, size_t arm, unsigned int rep)
{
	size_t i;

	for (i = 0; i < item->nr_samples; i++)
		if (item->samples[i].boot == boot && item->samples[i].arm == arm && item->samples[i].rep == rep)
			return &item->samples[i];
	return NULL;
}

static uint64_t regions_of(const struct profile_key *key, unsigned int rep)
{
	size_t i;

	for (i = 0; i < key->nr_totals; i++)
		if (key->totals[i].rep == rep)
			return key->totals[i].nr_regions;
	return 1;
}

/*
 * Of the reps that the profile kept the one with the least value. It is the one that gave the number, or differs from it by how the
 * clock was read.
 */
static int choose_rep(const struct profile_key *key, const struct explain_resolved *resolved, const struct rundata_sample *least,
		      const struct profile_rep **ret_rep, const struct rundata_sample **ret_sample)
{
	const struct rundata_sample *chosen = NULL;
	size_t i;

	for (i = 0; i < key->nr_reps; i++) {
		const struct rundata_sample *sample = find_sample(resolved->item, least->boot, least->arm, key->reps[i].rep);

		if (!sample || sample->warmup || isnan(sample->value[resolved->metric]))
			continue;
		if (!chosen || sample->value[resolved->metric] < chosen->value[resolved->metric]) {
			chosen = sample;
			*ret_rep = &key->reps[i];
		}
	}
	if (!chosen)
		return err_set(ENODATA, "the profile of boot %u keeps no rep of %s", least->boot, resolved->item->bench);
	*ret_sample = chosen;
	return 0;
}

/* What the sample counts beyond the marks of @rep; negative: it counts less than lies between them. */
static int64_t outside_of(const struct profile_rep *rep, uint64_t ns)
{
	return (int64_t)(ns - rep->insns);
}

/*
 * Several workers on CPUs of their own, which ran at the same time: each one's clock counts what all CPUs do, its marks only what its own
 * does. Where they took turns, or are on one CPU, the marks hold all that the clocks count.
 */
static bool is_shared_clock(const struct explain_resolved *resolved, const struct profile *profile, int64_t outside, uint64_t nr_regions)
{
	return profile->nr_vcpus > 1 && json_array_size(resolved->item->workers) > 1 &&
	       (outside < 0 || (uint64_t)outside > CLOCK_MAX_PER_REGION * nr_regions);
}

int explain_tables(const struct explain_resolved *resolved, const struct profile *profile, const struct symbols *symbols,
		   const struct rundata_sample *least, struct explain_rep *ret_rep)
{
	const struct profile_key *key = profile_find(profile, resolved->item->item, least->arm, (unsigned int)resolved->metric);
	const struct rundata_sample *sample = NULL;
	const struct profile_rep *rep = NULL;
	uint64_t ops, ns, nr_regions;
	int64_t outside;
	bool shared;
	int ret;

	if (!key || !key->nr_reps)
		return err_set(ENODATA, "the profile of boot %u has nothing of %s %s", least->boot, resolved->item->bench,
			       resolved->item->metrics[resolved->metric].name);
	ret = choose_rep(key, resolved, least, &rep, &sample);
	if (ret)
		return ret;
	ops = (uint64_t)sample->ops[resolved->metric];
	ns = (uint64_t)llround(sample->value[resolved->metric] * sample->ops[resolved->metric]);
	nr_regions = regions_of(key, rep->rep);
	outside = outside_of(rep, ns);
	shared = is_shared_clock(resolved, profile, outside, nr_regions);
	if (!shared && outside < 0)
		return err_set(EBADMSG, "the profile of boot %u counts %llu instructions in rep %u, the sample only %llu: not of this run",
			       least->boot, (unsigned long long)rep->insns, rep->rep, (unsigned long long)ns);
	ret = explain_rep_make(profile, rep, symbols, ops,
			       shared ? NULL
			       : (uint64_t)outside > CLOCK_MAX_PER_REGION * nr_regions ? EXPLAIN_IDLE : EXPLAIN_CLOCK,
			       ops ? (double)outside / (double)ops : 0, ret_rep);
	if (!ret) {
		ret_rep->boot = least->boot;
		ret_rep->elapsed = ns;
		ret_rep->is_shared_clock = shared;
		ret_rep->nr_vcpus = profile->nr_vcpus;
	}
	return ret;
}

/* run.json's hash of the image that @boot started; "": it has none. */
static const char *image_of(const struct rundata *data, const json_t *boot)
{
	const char *plain = json_string_value(json_object_get(boot, "variant_of")), *name, *hash;
	const json_t *kernels = json_object_get(data->run, "kernels");
	size_t i;

	for (i = 0; i < json_array_size(kernels); i++) {
		name = json_string_value(json_object_get(json_array_get(kernels, i), "name"));
		hash = json_string_value(json_object_get(json_array_get(kernels, i), "sha256"));
		if (name && hash && !strcmp(name, plain ? plain : boot_kernel(boot)))
			return hash;
	}
	return "";
}

/* The profile holds the first digits of its image's hash (guest/probe.h). */
static int check_image(const struct rundata *data, const json_t *boot, const struct profile *profile)
{
	const char *hash = image_of(data, boot);

	if (*hash && strncmp(hash, profile->name, strlen(profile->name)))
		return err_set(EBADMSG, "the profile of boot %lld is of the image %s, but the boot was of %.*s (%s)",
			       (long long)json_integer_value(json_object_get(boot, "boot")), profile->name, (int)strlen(profile->name), hash,
			       boot_kernel(boot));
	return 0;
}

static int load_symbols(const struct rundata *data, const struct profile *profile, const json_t *boot, struct symbols *symbols)
{
	const char *release = json_string_value(json_object_get(json_object_get(boot, "facts"), "release"));
	char name[sizeof(profile->name) + 16];
	int ret;

	snprintf(name, sizeof(name), "symbols/%s", profile->name);
	if (!symbols->text) {
		ret = symbols_load(data->dir, name, symbols);
		if (ret)
			return ret;
	}
	if (release && symbols->release[0] && strcmp(release, symbols->release))
		return err_set(EBADMSG, "the profile of boot %lld is of kernel %s, but the boot was of %s",
			       (long long)json_integer_value(json_object_get(boot, "boot")), symbols->release, release);
	return 0;
}

int explain_profile(const struct rundata *data, const json_t *boot, struct symbols *symbols, struct profile **ret_profile)
{
	unsigned int number = (unsigned int)json_integer_value(json_object_get(boot, "boot"));
	struct profile *profile;
	char name[48];
	int ret;

	snprintf(name, sizeof(name), "boots/%u/profile", number);
	ret = profile_load(data->dir, name, &profile);
	if (ret == -ENOENT)
		return err_set(ENODATA, "boot %u of %s was not profiled; memcgbench run --profile does", number, data->dir);
	if (ret)
		return ret;
	ret = check_image(data, boot, profile);
	if (!ret)
		ret = load_symbols(data, profile, boot, symbols);
	if (ret) {
		profile_free(profile);
		return ret;
	}
	*ret_profile = profile;
	return 0;
}

bool explain_has_profiles(const char *dir)
{
	__free_mem char *pattern = NULL;
	glob_t found = {0};
	bool any;

	/* A name that is a pattern itself finds nothing, or too much, which is then refused. */
	if (asprintf(&pattern, "%s/boots/*/profile", dir) < 0)
		return false;
	any = !glob(pattern, GLOB_NOSORT, NULL, &found);
	globfree(&found);
	return any;
}

static int load_rep(const struct rundata *data, const struct explain_resolved *resolved, size_t arm, uint64_t seed,
		    struct symbols *symbols, struct explain_rep *ret_rep)
{
	const json_t *boot = NULL;
	const struct rundata_sample *least = explain_least(data, resolved, arm, seed, &boot);
	struct profile *profile;
	int ret;

	if (!least)
		return err_set(ENODATA, "%s holds no sample of it under seed %llu", data->dir, (unsigned long long)seed);
	ret = explain_profile(data, boot, symbols, &profile);
	if (ret)
		return ret;
	ret = explain_tables(resolved, profile, symbols, least, ret_rep);
	if (!ret)
		ret_rep->seed = seed;
	profile_free(profile);
	return ret;
}

static void name_arm(const struct rundata_item *item, size_t arm, char *buf, size_t size)
{
	size_t nr_children = 0, i;

	for (i = 0; i < item->nr_arms; i++)
		nr_children += !strcmp(item->arms[i].state, "child");
	if (!strcmp(item->arms[arm].state, "child") && nr_children > 1)
		snprintf(buf, size, "child at depth %u", item->arms[arm].depth);
	else
		snprintf(buf, size, "%s", item->arms[arm].state);
}

int explain_resolved_load(const struct rundata *data, const struct explain_resolved *resolved, uint64_t seed,
			  struct explain_side *ret_side)
{
	struct explain_side side = {.item = resolved->item, .metric = resolved->metric, .arm = resolved->arm};
	const json_t *boot;
	int ret;

	snprintf(side.kernel, sizeof(side.kernel), "%s", resolved->kernel);
	snprintf(side.off_kernel, sizeof(side.off_kernel), "%s", resolved->off_kernel);
	name_arm(resolved->item, resolved->arm, side.arm_name, sizeof(side.arm_name));
	ret = load_rep(data, resolved, resolved->arm, seed, &side.symbols, &side.with);
	side.has_off = resolved->off != SIZE_MAX && explain_least(data, resolved, resolved->off, seed, &boot);
	if (!ret && side.has_off)
		ret = load_rep(data, resolved, resolved->off, seed, &side.symbols, &side.off);
	if (ret) {
		explain_side_free(&side);
		return ret;
	}
	*ret_side = side;
	return 0;
}

int explain_side_load(const struct rundata *data, const struct explain_query *query, uint64_t seed, struct explain_side *ret_side)
{
	struct explain_resolved resolved;
	int ret = explain_resolve(data, query, &resolved);

	return ret ? ret : explain_resolved_load(data, &resolved, seed, ret_side);
}

void explain_side_free(struct explain_side *side)
{
	explain_rep_free(&side->with);
	explain_rep_free(&side->off);
	symbols_free(&side->symbols);
}
