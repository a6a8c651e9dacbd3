// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/util.h"

/* Digits only up to *ret_end: strtoull() alone would take "-1", "+1" and " 1". */
static int parse_digits(const char *text, uint64_t *ret_value, const char **ret_end)
{
	char *end;
	unsigned long long value;

	if (!isdigit((unsigned char)text[0]))
		return err_set(EINVAL, "\"%s\" is not a number", text);
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno)
		return err_set(ERANGE, "\"%s\" does not fit 64 bits", text);
	*ret_value = value;
	*ret_end = end;
	return 0;
}

int parse_u64(const char *text, uint64_t *ret_value)
{
	const char *end;
	uint64_t value;
	int ret = parse_digits(text, &value, &end);

	if (ret)
		return ret;
	if (*end)
		return err_set(EINVAL, "\"%s\" is not a whole number", text);
	*ret_value = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	static const char letters[] = "kmgt";
	const char *end, *letter;
	uint64_t value;
	unsigned int shift = 0;
	int ret = parse_digits(text, &value, &end);

	if (ret == -EINVAL)
		return err_set(EINVAL, "\"%s\" is not a size (such as 4096, 64k, 8M, 1G)", text);
	if (ret)
		return ret;
	if (*end) {
		letter = strchr(letters, tolower((unsigned char)*end));
		if (!letter || (end[1] && strcasecmp(end + 1, "ib") && strcasecmp(end + 1, "b")))
			return err_set(EINVAL, "\"%s\" is not a size (such as 4096, 64k, 8M, 1G)", text);
		shift = 10 * (unsigned int)(letter - letters + 1);
	}
	if (shift && value > UINT64_MAX >> shift)
		return err_set(ERANGE, "\"%s\" does not fit 64 bits", text);
	*ret_bytes = value << shift;
	return 0;
}

int parse_duration_ns(const char *text, uint64_t *ret_ns)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};
	char *end;
	double value;
	size_t i;

	/* strtod() alone would take "0x10s", "-1s", " 1s" and "infs". */
	if (!isdigit((unsigned char)text[0]) || strpbrk(text, "xX"))
		return err_set(EINVAL, "\"%s\" is not a time (such as 500us, 20ms, 1.5s, 2m)", text);
	value = strtod(text, &end);
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].unit))
			continue;
		value *= units[i].ns;
		if (!isfinite(value) || value >= 9.2e18)
			return err_set(ERANGE, "\"%s\" is too long a time", text);
		*ret_ns = (uint64_t)llround(value);
		return 0;
	}
	return err_set(EINVAL, "\"%s\" is not a time (such as 500us, 20ms, 1.5s, 2m)", text);
}

char *format_size(uint64_t bytes, char *buf, size_t buf_size)
{
	static const char letters[] = "\0KMGT";
	unsigned int unit = 0;
	uint64_t whole = bytes;
	double value = (double)bytes;

	while (unit < 4 && whole >= 1024 && whole % 1024 == 0) {
		whole /= 1024;
		unit++;
	}
	if (whole < 10000 || unit == 4) {
		snprintf(buf, buf_size, "%llu%.1s", (unsigned long long)whole, &letters[unit]);
		return buf;
	}
	for (unit = 0; unit < 4 && value >= 1024; unit++)
		value /= 1024;
	/* %.4g turns to exponents from five digits on, which only T can reach. */
	snprintf(buf, buf_size, value < 1000 ? "%.4g%.1s" : "%.0f%.1s", value, &letters[unit]);
	return buf;
}

char *format_duration(uint64_t ns, char *buf, size_t buf_size)
{
	uint64_t seconds = ns / 1000000000 + (ns % 1000000000 >= 500000000);

	/* Each limit lies where the smaller unit would round up to the next: %.3g would print "1e+03 us". */
	if (ns < 1000)
		snprintf(buf, buf_size, "%u ns", (unsigned int)ns);
	else if (ns < 999500)
		snprintf(buf, buf_size, "%.3g us", (double)ns / 1e3);
	else if (ns < 999500000)
		snprintf(buf, buf_size, "%.3g ms", (double)ns / 1e6);
	else if (ns < 59950000000)
		snprintf(buf, buf_size, "%.3g s", (double)ns / 1e9);
	else
		snprintf(buf, buf_size, "%llu m %02llu s", (unsigned long long)(seconds / 60),
			 (unsigned long long)(seconds % 60));
	return buf;
}
