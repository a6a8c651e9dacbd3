// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/params.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

const char *const params_stats_names[] = {"as-found", "fresh", "flushable", NULL};

static void append(char *buf, size_t buf_size, const char *text)
{
	strncat(buf, text, buf_size - strlen(buf) - 1);
}

static int fail_unknown(const struct bench *bench, const char *name)
{
	char known[512] = "";
	size_t i;

	if (!bench->nr_params)
		return err_set(ENOENT, "%s has no parameter \"%s\"; it has none at all", bench->name,
			       name);
	for (i = 0; i < bench->nr_params; i++) {
		append(known, sizeof(known), i ? ", " : "");
		append(known, sizeof(known), bench->params[i].name);
	}
	return err_set(ENOENT, "%s has no parameter \"%s\"; it has %s", bench->name, name, known);
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

static int set_stats(struct params *params, const char *text)
{
	uint64_t stats;
	int ret = parse_choice(params->bench, PARAMS_STATS, params_stats_names, text, &stats);

	if (!ret)
		params->stats = (enum params_stats)stats;
	return ret;
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

int params_set(struct params *params, const char *name, const char *text)
{
	const struct bench *bench = params->bench;
	size_t i;

	for (i = 0; i < bench->nr_params && i < PARAMS_MAX; i++) {
		const struct bench_param *param = &bench->params[i];

		if (strcmp(param->name, name))
			continue;
		if (param->type == BENCH_PARAM_ENUM)
			return parse_choice(bench, name, param->choices, text, &params->value[i]);
		return parse_number(bench, param, text, &params->value[i]);
	}
	return strcmp(name, PARAMS_STATS) ? fail_unknown(bench, name) : set_stats(params, text);
}

void params_init(struct params *params, const struct bench *bench)
{
	size_t i;

	memset(params, 0, sizeof(*params));
	params->bench = bench;
	for (i = 0; i < bench->nr_params && i < PARAMS_MAX; i++) {
		/* A default that is not valid is caught by the unit test over the registry. */
		if (params_set(params, bench->params[i].name, bench->params[i].def))
			params->value[i] = bench->params[i].min;
	}
}

char *params_text(const struct params *params, size_t i, char *buf, size_t buf_size)
{
	const struct bench_param *param = &params->bench->params[i];

	if (param->type != BENCH_PARAM_ENUM)
		return format_number(param, params->value[i], buf, buf_size);
	snprintf(buf, buf_size, "%s", param->choices[params->value[i]]);
	return buf;
}

unsigned int params_needs(const struct params *params)
{
	unsigned int needs = params->bench->needs;
	size_t i;

	for (i = 0; i < params->bench->nr_params && i < PARAMS_MAX; i++)
		if (params->bench->params[i].choice_needs)
			needs |= params->bench->params[i].choice_needs[params->value[i]];
	return needs;
}

void params_store(const struct params *params, void *state)
{
	size_t i;

	for (i = 0; i < params->bench->nr_params && i < PARAMS_MAX; i++)
		memcpy((char *)state + params->bench->params[i].offset, &params->value[i],
		       sizeof(params->value[i]));
}
