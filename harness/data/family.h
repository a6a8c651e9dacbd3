/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * family.h - which of many paired differences are changes? Rows of a comparison, or functions of a profile. Numbers in, numbers out.
 *
 * What it promises: where nothing changed, at most 5 % of families have a member whose adjusted p is 0.05 or less, for every number of
 * pairs from 2 on and every size of family, with noise that is normal, heavy-tailed, or of a few discrete modes (`memcgbench selftest
 * --simulate` shows it; docs/METHOD.md, "Many rows"). It assumes that pairs are independent of each other, and that without a change
 * both sides of a pair are drawn alike and independently, whatever the distribution.
 */
#ifndef DATA_FAMILY_H
#define DATA_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

/* What one member's differences can be. */
enum family_kind {
	FAMILY_QUIET,  /* no pair differs by more than δ: neither a change nor a chance of a false one */
	FAMILY_STEADY, /* all pairs agree to a quarter of what they differ by: a change, or the luck of modes */
	FAMILY_VARIES, /* neither: noise, with a change or without */
	FAMILY_NONE,   /* not tested: too few pairs */
};

struct family_test {
	enum family_kind kind;
	double p; /* of "the change is not beyond ±δ", for this member alone; NAN: not tested */
};

/*
 * The chance that @n pairs without a change agree on one difference, at most: 2/4ⁿ. Both sides of a pair are drawn alike and independently, so
 * one difference v has a chance of 1/4 at most, which two modes reach (the pairs of values that are v apart are a graph without
 * triangles: Motzkin & Straus, Canadian Journal of Mathematics 17, 1965), and −v the same. No p is below it.
 */
double family_luck(size_t n);

/*
 * Test "the mean is not beyond ±@delta" of @n differences, candidate − base, of one member. The p is that of Student's t, doubled, since
 * modes are not normal, and never below family_luck(): so also where all differences are equal (to @rounding), which needs no spread to
 * be a change. @delta 0: "there is no difference".
 */
struct family_test family_test_pairs(const double *diff, size_t n, double delta, double rounding);

/*
 * Adjusted p of each of @nr members, in their order; NAN stays. Members that vary: Holm's step-down (Scandinavian Journal of
 * Statistics 6, 1979) with Šidák's bound (JASA 62, 1967) among each other. A steady member: against all that vary, and itself. What
 * is quiet or steady is no chance of a false alarm for others: without a change a member with modes is steady by luck alone, and
 * else seen to vary. -ENOMEM.
 */
int family_adjust(const struct family_test *tests, size_t nr, double *ret_adjusted) __must_check;

/* The members that vary; a steady one is tested against as many and one. */
size_t family_nr_varying(const struct family_test *tests, size_t nr);

/* A member alone is a change at 5 % where Student's t of its pairs is one at this level. */
#define FAMILY_T_ALPHA 0.025

/* Šidák's bound: p of one of @nr tests among all of them. */
double family_sidak(double p, size_t nr);

#endif
