/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * limits.h - δ: from which size on a difference matters, by clock, and for single benches and metrics.
 *
 * A limit is a share of the cost or a number of clock units per op, whichever is the larger of the two that are given.
 * Text: "0.5%", "2", "0.5%|2" (insn or ns per op, by the clock of what is compared).
 */
#ifndef DATA_LIMITS_H
#define DATA_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct limit {
	double ratio;	 /* of the cost: 0.005 is 0.5 % */
	double absolute; /* per op, in the unit of the metric */
};

/* A rule for some rows: "BENCH[/METRIC][:CLOCK]=LIMIT", with "*" for any. */
struct limits_rule {
	char bench[64], metric[64]; /* "" = any */
	char clock[8];		    /* "ns", "insn", "" = both */
	struct limit limit;
};

#define LIMITS_RULES_MAX 64

struct limits {
	struct limits_rule rule[LIMITS_RULES_MAX]; /* the last that fits counts */
	size_t nr_rules;
};

/*
 * The defaults (docs/METHOD.md, "The verdict"): 0.5 % or 2 instructions per op, 2 % or 0.5 ns per op; of a count, 0.5 % or
 * 0.01 per op on the clock of instructions and 2 % or 0.01 elsewhere.
 */
void limits_init(struct limits *limits);

/* "0.2%|5". -EINVAL with a sentence; negative and not finite numbers are none. */
int limit_parse(const char *text, struct limit *ret_limit) __must_check;

/*
 * Add rules: "fault_storm/fault:insn=0.2%|5,charge_depth=1%". A text without "=" is a limit for every row. -EINVAL with a sentence that names the
 * rule; -E2BIG: more than LIMITS_RULES_MAX.
 */
int limits_add(struct limits *limits, const char *text) __must_check;

/*
 * δ of a cost by @limit: of what costs a few units per op, the number counts for no more than a tenth of the cost, or nothing that happens to
 * it would matter. @cost NAN or 0: the number as it is.
 */
double limits_of(const struct limit *limit, double cost);

/* δ of one row in its unit per op. A limit that was asked for is what it says; the defaults are by limits_of(). @cost: what the op costs on the base side, in the same unit; may be NAN. */
double limits_delta(const struct limits *limits, const char *bench, const char *metric, const char *clock, bool is_count,
		    double cost);

#endif
