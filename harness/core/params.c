// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/params.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

const char *const params_stats_names[] = {"as-found", "fresh", "flushable", NULL};
const char *const params_lru_gen_names[] = {"keep", "off", "on", NULL};

const struct bench_param params_common[PARAMS_COMMON_NR] = {
	[PARAMS_STATS] = {.name = "stats", .type = BENCH_PARAM_ENUM, .def = "as-found",
			  .choices = params_stats_names,
			  .help = "in what state each pass finds memcg's statistics"},
	[PARAMS_SIBLINGS] = {.name = "siblings", .type = BENCH_PARAM_UINT, .unit = "memcgs", .def = "0", .max = 10000,
			     .help = "memcgs beside that of worker 0, in child arms"},
	[PARAMS_SIBLING_PAGES] = {.name = "sibling-pages", .type = BENCH_PARAM_UINT, .unit = "pages", .def = "0", .max = 1 << 20,
				  .help = "pages that each of them holds, until they are reclaimed"},
	[PARAMS_LRU_GEN] = {.name = "lru-gen", .type = BENCH_PARAM_ENUM, .def = "keep",
			    .choices = params_lru_gen_names,
			    .help = "the multi-generational LRU"},
};

/* Of the bench's own; the unit test over the registry sees to it that there are no more. */
static size_t own_nr(const struct params *params)
{
	return params->bench->nr_params < PARAMS_MAX ? params->bench->nr_params : PARAMS_MAX;
}

size_t params_nr(const struct params *params)
{
	return own_nr(params) + PARAMS_COMMON_NR;
}

const struct bench_param *params_at(const struct params *params, size_t i)
{
	const size_t nr = own_nr(params);

	return i < nr ? &params->bench->params[i] : &params_common[i - nr];
}

static uint64_t *value_at(struct params *params, size_t i)
{
	const size_t nr = own_nr(params);

	return i < nr ? &params->value[i] : &params->common[i - nr];
}

static uint64_t value_of(const struct params *params, size_t i)
{
	const size_t nr = own_nr(params);

	return i < nr ? params->value[i] : params->common[i - nr];
}

static void append(char *buf, size_t buf_size, const char *text)
{
	strncat(buf, text, buf_size - strlen(buf) - 1);
}

static int fail_unknown(const struct params *params, const char *name)
{
	char known[512] = "";
	size_t i;

	for (i = 0; i < params_nr(params); i++) {
		append(known, sizeof(known), i ? ", " : "");
		append(known, sizeof(known), params_at(params, i)->name);
	}
	return err_set(ENOENT, "%s has no parameter \"%s\"; it has %s", params->bench->name, name, known);
}

static int parse_choice(const struct bench *bench, const char *name, const char *const *choices, const char *text, uint64_t *ret_value)
{
	char known[512] = "";
	size_t i;

	for (i = 0; choices[i]; i++) {
		if (!strcmp(choices[i], text)) {
			*ret_value = i;
			return 0;
		}
		append(known, sizeof(known), i ? ", " : "");
		append(known, sizeof(known), choices[i]);
	}
	return err_set(EINVAL, "%s: parameter %s: \"%s\" is none of %s", bench->name, name, text, known);
}

static char *format_number(const struct bench_param *param, uint64_t value, char *buf,
			   size_t buf_size)
{
	char exact[32];
	uint64_t back;

	snprintf(buf, buf_size, "%llu", (unsigned long long)value);
	/* format_size() may round; what is stored has to be what was measured. */
	if (param->type == BENCH_PARAM_SIZE) {
		format_size(value, exact, sizeof(exact));
		if (!parse_size(exact, &back) && back == value)
			snprintf(buf, buf_size, "%s", exact);
	}
	return buf;
}

static int parse_number(const struct bench *bench, const struct bench_param *param,
			const char *text, uint64_t *ret_value)
{
	char low[32], high[32];
	uint64_t value;
	int ret = param->type == BENCH_PARAM_SIZE ? parse_size(text, &value)
						  : parse_u64(text, &value);

	format_number(param, param->min, low, sizeof(low));
	format_number(param, param->max, high, sizeof(high));
	/* Too big for 64 bits is as much out of range as too big for the bench. */
	if (ret && ret != -ERANGE)
		return err_set(-ret, "%s: parameter %s: %s (%s to %s)", bench->name, param->name,
			       err_msg(), low, high);
	if (ret || value < param->min || value > param->max)
		return err_set(ERANGE, "%s: parameter %s: \"%s\" is outside %s to %s", bench->name,
			       param->name, text, low, high);
	*ret_value = value;
	return 0;
}

static int set_at(struct params *params, size_t i, const char *text)
{
	const struct bench_param *param = params_at(params, i);

	if (param->type == BENCH_PARAM_ENUM)
		return parse_choice(params->bench, param->name, param->choices, text, value_at(params, i));
	return parse_number(params->bench, param, text, value_at(params, i));
}

int params_set(struct params *params, const char *name, const char *text)
{
	size_t i;

	for (i = 0; i < params_nr(params); i++)
		if (!strcmp(params_at(params, i)->name, name))
			return set_at(params, i, text);
	return fail_unknown(params, name);
}

/* One that is not valid is caught by the unit test over the registry. */
static void set_default(struct params *params, size_t i)
{
	if (set_at(params, i, params_at(params, i)->def))
		*value_at(params, i) = params_at(params, i)->min;
}

void params_init(struct params *params, const struct bench *bench)
{
	size_t i;

	memset(params, 0, sizeof(*params));
	params->bench = bench;
	for (i = 0; i < params_nr(params); i++)
		set_default(params, i);
}

bool params_is_default(const struct params *params, size_t i)
{
	struct params usual = {.bench = params->bench};

	set_default(&usual, i);
	return value_of(params, i) == value_of(&usual, i);
}

bool params_is_told(const struct params *params, size_t i)
{
	return i < own_nr(params) || !params_is_default(params, i);
}

char *params_text(const struct params *params, size_t i, char *buf, size_t buf_size)
{
	const struct bench_param *param = params_at(params, i);

	if (param->type != BENCH_PARAM_ENUM)
		return format_number(param, value_of(params, i), buf, buf_size);
	snprintf(buf, buf_size, "%s", param->choices[value_of(params, i)]);
	return buf;
}

unsigned int params_needs(const struct params *params)
{
	unsigned int needs = params->bench->needs;
	size_t i;

	for (i = 0; i < params_nr(params); i++)
		if (params_at(params, i)->choice_needs)
			needs |= params_at(params, i)->choice_needs[value_of(params, i)];
	return needs;
}

void params_store(const struct params *params, void *state)
{
	size_t i;

	for (i = 0; i < own_nr(params); i++)
		memcpy((char *)state + params->bench->params[i].offset, &params->value[i],
		       sizeof(params->value[i]));
}
