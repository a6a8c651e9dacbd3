/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * number.h - how many digits of a measured number are worth printing.
 *
 * The width of its interval decides, not a fixed format: a digit that the next run would change is
 * not printed.
 */
#ifndef OUT_NUMBER_H
#define OUT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "data/overhead.h"
#include "data/stats.h"

/* Room for every number that these functions write. */
#define NUMBER_MAX 48

/* Digits behind the point that show @value with @digits significant ones; 0…6. 0 for NAN and
 * infinities. */
int number_decimals(double value, int digits);

/*
 * Digits behind the point that show half the width of @interval with two significant digits. Where
 * the interval is missing (or without width, as on an exact clock): three significant digits of
 * @value.
 */
int number_interval_decimals(const struct stats_interval *interval, double value);

/* For both medians of a row, which are read side by side: the more precise of them decides. */
int number_median_decimals(const struct overhead_row *row);

/* The arm of a row as it stands beside the baseline: what is printed of that, and the difference. */
double number_arm(const struct overhead_row *row);

/* For the difference of a row and its interval; without an interval, those of the medians. */
int number_diff_decimals(const struct overhead_row *row);

/*
 * @value with @decimals digits behind the point; "-" for NAN and infinities. @sign puts + in front of positive
 * numbers. A number that rounds to zero keeps its sign, which is what tells [+0.0, +3.1] from an
 * interval that holds 0. Writes to and returns @buf, NUMBER_MAX bytes.
 */
char *number_format(double value, int decimals, bool sign, char *buf);

/* The same for an estimate, with its sign, but "0.0" where it rounds to zero: "-0.0" would only
 * puzzle. */
char *number_estimate(double value, int decimals, char *buf);

/* @value rounded to @digits significant digits, never in exponent form: "12300", "0.034". As above
 * otherwise. */
char *number_significant(double value, int digits, char *buf);

/* A number that somebody chose, such as a threshold: "2", "0.5"; no zeros at its end. @buf:
 * NUMBER_MAX bytes. */
char *number_plain(double value, char *buf);

/* "[+1.2, +3.4]" (or "[1.2, 3.4]" without @sign), or "-" where the interval is missing. @buf: 2 *
 * NUMBER_MAX bytes. */
char *number_interval(const struct stats_interval *interval, int decimals, bool sign, char *buf);

#endif
