// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMALS_MAX 6

int number_decimals(double value, int digits)
{
	double magnitude = fabs(value);
	int decimals;

	if (!isfinite(value) || magnitude == 0)
		return 0;
	decimals = digits - 1 - (int)floor(log10(magnitude));
	/* 9.96 with two digits is "10", which needs one decimal less than 9.9 does. */
	if (decimals > 0 && decimals < 15 &&
	    round(magnitude * pow(10, decimals)) >= pow(10, digits))
		decimals--;
	if (decimals < 0)
		return 0;
	return decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
}

int number_interval_decimals(const struct stats_interval *interval, double value)
{
	double half = (interval->high - interval->low) / 2;

	if (!isfinite(half) || half <= 0)
		return number_decimals(value, 3);
	return number_decimals(half, 2);
}

int number_median_decimals(const struct overhead_row *row)
{
	int base = number_interval_decimals(&row->base_interval, row->base_ns);
	int arm = number_interval_decimals(&row->arm_interval, row->arm_ns);

	return base > arm ? base : arm;
}

double number_arm(const struct overhead_row *row)
{
	char base[NUMBER_MAX], diff[NUMBER_MAX];

	if (row->is_alone || isnan(row->diff_ns))
		return row->arm_ns;
	number_format(row->base_ns, number_median_decimals(row), false, base);
	number_estimate(row->diff_ns, number_diff_decimals(row), diff);
	return strtod(base, NULL) + strtod(diff, NULL);
}

int number_diff_decimals(const struct overhead_row *row)
{
	if (isnan(row->diff_interval.low) || isnan(row->diff_interval.high))
		return number_median_decimals(row);
	return number_interval_decimals(&row->diff_interval, row->diff_ns);
}

char *number_format(double value, int decimals, bool sign, char *buf)
{
	if (!isfinite(value))
		snprintf(buf, NUMBER_MAX, "-");
	else if (fabs(value) >= 1e18)
		snprintf(buf, NUMBER_MAX, sign ? "%+.3g" : "%.3g", value);
	else if (sign && value != 0)
		snprintf(buf, NUMBER_MAX, "%+.*f", decimals, value);
	else
		snprintf(buf, NUMBER_MAX, "%.*f", decimals, fabs(value) > 0 ? value : 0.0);
	return buf;
}

char *number_estimate(double value, int decimals, char *buf)
{
	/* The printed digits decide: no arithmetic here rounds as printf() does. */
	number_format(value, decimals, true, buf);
	if (!strpbrk(buf, "123456789") && strchr(buf, '0'))
		number_format(0, decimals, false, buf);
	return buf;
}

char *number_significant(double value, int digits, char *buf)
{
	if (isfinite(value) && value != 0 && fabs(value) < 1e18) {
		int above = (int)floor(log10(fabs(value))) + 1 - digits;

		if (above > 0)
			value = round(value / pow(10, above)) * pow(10, above);
	}
	return number_format(value, number_decimals(value, digits), false, buf);
}

char *number_plain(double value, char *buf)
{
	snprintf(buf, NUMBER_MAX, "%.4g", value);
	return buf;
}

char *number_interval(const struct stats_interval *interval, int decimals, bool sign, char *buf)
{
	char low[NUMBER_MAX], high[NUMBER_MAX];

	if (isnan(interval->low) || isnan(interval->high))
		snprintf(buf, 2 * NUMBER_MAX, "-");
	else
		snprintf(buf, 2 * NUMBER_MAX, "[%s, %s]",
			 number_format(interval->low, decimals, sign, low),
			 number_format(interval->high, decimals, sign, high));
	return buf;
}
