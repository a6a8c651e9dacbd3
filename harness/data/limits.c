// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/limits.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"

static const struct limit insn_limit = {0.005, 2}, ns_limit = {0.02, 0.5};
/* A count has no unit of its own: a hundredth of a thing per op. */
#define COUNT_ABSOLUTE 0.01

void limits_init(struct limits *limits)
{
	*limits = (struct limits){0};
}

static int parse_part(const char *text, const char *part, struct limit *limit)
{
	char *end;
	double value = strtod(part, &end);

	if (end == part || !isfinite(value) || value < 0)
		return err_set(EINVAL, "\"%s\" is no limit: a share such as 0.5%%, a number per op such as 2, or both with | between",
			       text);
	if (!strcmp(end, "%"))
		limit->ratio = value / 100;
	else if (!*end)
		limit->absolute = value;
	else
		return err_set(EINVAL, "\"%s\" is no limit: \"%s\" is behind the number", text, end);
	return 0;
}

int limit_parse(const char *text, struct limit *ret_limit)
{
	__free_mem char *copy = strdup(text);
	struct limit limit = {0};
	char *rest = copy, *part;
	int ret = copy ? 0 : err_sys(ENOMEM, "memory for a limit");

	while (!ret && (part = strsep(&rest, "|")))
		ret = parse_part(text, part, &limit);
	if (!ret)
		*ret_limit = limit;
	return ret;
}

/* Copy up to @end, "*" becoming "". */
static int copy_name(const char *rule, const char *from, const char *end, char *name, size_t size)
{
	size_t len = (size_t)(end - from);

	if (!len || len >= size)
		return err_set(EINVAL, "\"%s\" is no rule for limits: BENCH[/METRIC][:CLOCK]=LIMIT is wanted", rule);
	snprintf(name, size, "%.*s", (int)len, from);
	if (!strcmp(name, "*"))
		name[0] = '\0';
	return 0;
}

static int parse_rule(const char *text, struct limits_rule *rule)
{
	const char *equals = strchr(text, '='), *colon, *slash;
	int ret;

	if (!equals)
		return limit_parse(text, &rule->limit);
	colon = memchr(text, ':', (size_t)(equals - text));
	slash = memchr(text, '/', (size_t)((colon ? colon : equals) - text));
	ret = copy_name(text, text, slash ? slash : colon ? colon : equals, rule->bench, sizeof(rule->bench));
	if (!ret && slash)
		ret = copy_name(text, slash + 1, colon ? colon : equals, rule->metric, sizeof(rule->metric));
	if (!ret && colon)
		ret = copy_name(text, colon + 1, equals, rule->clock, sizeof(rule->clock));
	if (!ret && *rule->clock && strcmp(rule->clock, "ns") && strcmp(rule->clock, "insn"))
		ret = err_set(EINVAL, "\"%s\": the clock is ns or insn", text);
	return ret ? ret : limit_parse(equals + 1, &rule->limit);
}

int limits_add(struct limits *limits, const char *text)
{
	__free_mem char *copy = strdup(text);
	char *rest = copy, *word;

	if (!copy)
		return err_sys(ENOMEM, "memory for limits");
	while ((word = strsep(&rest, ","))) {
		struct limits_rule rule = {0};
		int ret = parse_rule(word, &rule);

		if (ret)
			return ret;
		if (limits->nr_rules == LIMITS_RULES_MAX)
			return err_set(E2BIG, "more than %d rules for limits", LIMITS_RULES_MAX);
		limits->rule[limits->nr_rules++] = rule;
	}
	return 0;
}

static bool fits(const char *wanted, const char *found)
{
	return !*wanted || !strcmp(wanted, found);
}

#define COST_SHARE_MAX 0.1

double limits_of(const struct limit *limit, double cost)
{
	if (isnan(cost) || !cost)
		return limit->absolute;
	return fmax(limit->ratio * fabs(cost), fmin(limit->absolute, COST_SHARE_MAX * fabs(cost)));
}

double limits_delta(const struct limits *limits, const char *bench, const char *metric, const char *clock, bool is_count,
		    double cost)
{
	struct limit limit = strcmp(clock, "insn") ? ns_limit : insn_limit;
	bool asked = is_count;
	size_t i;

	if (is_count)
		limit.absolute = COUNT_ABSOLUTE;
	for (i = 0; i < limits->nr_rules; i++) {
		const struct limits_rule *rule = &limits->rule[i];

		if (fits(rule->bench, bench) && fits(rule->metric, metric) && fits(rule->clock, clock)) {
			limit = rule->limit;
			asked = true;
		}
	}
	if (!asked)
		return limits_of(&limit, cost);
	return fmax(isnan(cost) ? 0 : limit.ratio * fabs(cost), limit.absolute);
}
