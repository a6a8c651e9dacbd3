// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/trend_formats.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"

char *trend_metric_label(const struct history_series *s, char *buf)
{
	int len = snprintf(buf, TREND_LABEL_MAX, "%s%s%s", s->bench, s->params[0] ? " " : "", s->params);

	if (s->workers > 1 && len >= 0 && len < TREND_LABEL_MAX)
		len += snprintf(buf + len, TREND_LABEL_MAX - (size_t)len, " ×%u", s->workers);
	if (s->nr_memcgs > 1 && len >= 0 && len < TREND_LABEL_MAX)
		len += snprintf(buf + len, TREND_LABEL_MAX - (size_t)len, " in %u memcgs", s->nr_memcgs);
	if (len >= 0 && len < TREND_LABEL_MAX)
		snprintf(buf + len, TREND_LABEL_MAX - (size_t)len, " %s", s->metric);
	return buf;
}

char *trend_state_label(const struct history_series *s, char *buf)
{
	char limit[32] = "", size[24];

	if (s->limit_bytes != UINT64_MAX)
		snprintf(limit, sizeof(limit), " max %s", format_size(s->limit_bytes, size, sizeof(size)));
	if (!strcmp(s->state, "child") && s->depth > 1)
		snprintf(buf, TREND_LABEL_MAX, "depth %u%s", s->depth, limit);
	else
		snprintf(buf, TREND_LABEL_MAX, "%s%s", s->state, limit);
	return buf;
}

char *trend_arm_label(const struct history_series *s, char *buf)
{
	size_t len;

	trend_state_label(s, buf);
	len = strlen(buf);
	if (s->below)
		snprintf(buf + len, TREND_LABEL_MAX - len, " - %s", s->below);
	return buf;
}
