// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_rows.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_change.h"
#include "data/compare_units.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

static const struct compare_change no_change = {
	.value = NAN,
	.interval = {NAN, NAN, NAN},
	.low_90 = NAN,
	.high_90 = NAN,
	.method = COMPARE_NONE,
	.p = NAN,
	.sigma = NAN,
};

static char no_why[] = "", no_memory_for_why[] = "no memory for the reason";

void rows_forget_why(struct compare_row *row)
{
	if (row->why != no_why && row->why != no_memory_for_why)
		free(row->why);
	row->why = no_why;
}

void rows_say_why(struct compare_row *row, enum compare_verdict verdict, const char *fmt, ...)
{
	char *why;
	va_list ap;

	row->verdict = verdict;
	va_start(ap, fmt);
	if (vasprintf(&why, fmt, ap) < 0)
		why = no_memory_for_why;
	va_end(ap);
	/* Only now: the old sentence may be part of the new one. */
	rows_forget_why(row);
	row->why = why;
}

bool rows_is_worse(const struct compare_row *row)
{
	return (row->change.value > 0) == row->metric->lower_is_better;
}

const char *rows_unit_name(const struct compare *compare)
{
	return units_are_boots(&compare->base) ? "boot" : "block";
}

static struct compare_row *add_row(struct compare *compare)
{
	struct compare_row *more = reallocarray(compare->rows, compare->nr_rows + 1, sizeof(*more)), *row;

	if (!more) {
		no_memory();
		return NULL;
	}
	compare->rows = more;
	row = &more[compare->nr_rows++];
	*row = (struct compare_row){
		.why = no_why,
		.base_overhead = NAN,
		.cand_overhead = NAN,
		.base = NAN,
		.cand = NAN,
		.base_below = NAN,
		.cand_below = NAN,
		.change = no_change,
		.control = no_change,
		.total = no_change,
		.bootstrap = {NAN, NAN, NAN},
		.nested = {.within = NAN, .between = NAN, .reps = NAN},
		.ratio = NAN,
		.delta = NAN,
		.beyond = {FAMILY_NONE, NAN},
		.differs = {FAMILY_NONE, NAN},
		.p_holm = NAN,
		.detectable = NAN,
	};
	return row;
}

/* What both sides measured in one arm and in the one below it; the last of each is their difference. */
struct arm_units {
	struct units base, cand, base_below, cand_below, base_diff, cand_diff;
	size_t nr_most; /* units of the arm on the side that has more, before those without a partner were left out */
};

static void arm_units_free(struct arm_units *units)
{
	units_free(&units->base);
	units_free(&units->cand);
	units_free(&units->base_below);
	units_free(&units->cand_below);
	units_free(&units->base_diff);
	units_free(&units->cand_diff);
}
#define __free_arm_units __attribute__((__cleanup__(arm_units_free)))

/* One metric in one arm, by index on either side. */
struct place {
	size_t base_arm, cand_arm, base_metric, cand_metric;
	bool has_below; /* arm 0 of both sides is what it is set against */
};

static int subtract(struct arm_units *units)
{
	int ret = units_sub(&units->base, &units->base_below, &units->base_diff);

	return ret ? ret : units_sub(&units->cand, &units->cand_below, &units->cand_diff);
}

static bool is_contrast(const struct arm_units *units)
{
	return units->base_diff.nr && units->cand_diff.nr;
}

/* Only the seeds that all numbers of the row have: they are of the same boots then, and subtract. */
static int keep_pairs(struct arm_units *units)
{
	struct units *const all[] = {&units->base, &units->cand, &units->base_below, &units->cand_below};
	bool contrast = is_contrast(units);

	if (!units_keep_common(all, contrast ? 4 : 2) || !contrast)
		return 0;
	units_free(&units->base_diff);
	units_free(&units->cand_diff);
	return subtract(units);
}

static int read_units(const struct compare *compare, const struct match_item *match, const struct place *at,
		      struct arm_units *units)
{
	int ret = units_read(&compare->base, match->base, at->base_arm, at->base_metric, &units->base);

	if (!ret)
		ret = units_read(&compare->cand, match->cand, at->cand_arm, at->cand_metric, &units->cand);
	if (!ret && at->has_below)
		ret = units_read(&compare->base, match->base, 0, at->base_metric, &units->base_below);
	if (!ret && at->has_below)
		ret = units_read(&compare->cand, match->cand, 0, at->cand_metric, &units->cand_below);
	if (!ret && at->has_below)
		ret = subtract(units);
	units->nr_most = units->base.nr > units->cand.nr ? units->base.nr : units->cand.nr;
	return !ret && compare->paired ? keep_pairs(units) : ret;
}

/*
 * What stands in a row: old, new and change are one statistic, and subtract. Of pairs all are means. Of blocks, whose change is a shift that
 * is no difference of any two numbers, the base side has the statistics of its own table (overhead.h), and the candidate what the
 * change makes of them.
 */
static void fill_values(const struct compare *compare, struct compare_row *row, const struct arm_units *units)
{
	bool contrast = is_contrast(units);
	const struct units *level = contrast ? &units->base_below : &units->base;

	row->nr_units = units->nr_most;
	if (compare->paired) {
		row->base = stats_mean(units->base.value, units->base.nr);
		row->cand = stats_mean(units->cand.value, units->cand.nr);
		row->base_below = contrast ? stats_mean(units->base_below.value, units->base_below.nr) : NAN;
		row->cand_below = contrast ? stats_mean(units->cand_below.value, units->cand_below.nr) : NAN;
		row->base_overhead = row->base - row->base_below;
		row->cand_overhead = row->cand - row->cand_below;
		return;
	}
	row->base = stats_median(level->value, level->nr);
	row->cand = row->base + row->change.value;
	if (!contrast)
		return;
	row->base_below = row->base;
	row->cand_below = row->base + row->control.value;
	row->base_overhead = stats_hodges_lehmann(units->base_diff.value, units->base_diff.nr);
	row->cand_overhead = row->base_overhead + row->change.value;
	row->base = row->base_below + row->base_overhead;
	row->cand = row->cand_below + row->cand_overhead;
	row->total.value = row->control.value + row->change.value;
}

/* METHOD's rules, in their order; Holm's correction comes later, over all rows. */
static void judge(const struct compare *compare, struct compare_row *row)
{
	const struct compare_change *change = &row->change;

	/* No op takes no time: a clock that stood still has not seen that nothing changed. */
	if (!row->metric->is_count && !(row->base > 0) && !(row->cand > 0)) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "both sides took 0 %s per op: the clock saw nothing of it", compare->clock);
	} else if (change->method == COMPARE_NONE && compare->paired) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%zu seed%s on both sides: a verdict needs %d seeds", change->nr,
			     change->nr == 1 ? "" : "s", COMPARE_PAIRS_MIN);
	} else if (change->method == COMPARE_NONE) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "1 %s on a side: a spread needs more", rows_unit_name(compare));
	} else if (isnan(change->interval.low)) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%zu %ss on each side: too few for a 95 %% interval", change->nr, rows_unit_name(compare));
	} else {
		row->verdict = change_verdict(change, row->delta, row->metric->lower_is_better);
		if (row->verdict == COMPARE_INCONCLUSIVE)
			rows_say_why(row, COMPARE_INCONCLUSIVE, COMPARE_WHY_SPREAD);
	}
}

/* Reps that differ by noise, on a clock where their spread is one; the least of them has another distribution. */
static void fill_nested(const struct compare_build *build, struct compare_row *row, const struct arm_units *units)
{
	const struct units *const arms[] = {&units->base, &units->cand, &units->base_below, &units->cand_below};

	if (!build->compare->paired || !strcmp(build->compare->clock, "insn"))
		return;
	row->nested = change_nested(&row->change, arms, row->below ? 4 : 2, build->unit_seconds, build->rep_seconds, row->delta);
}

static int fill_row(struct compare_build *build, struct compare_row *row, const struct arm_units *units)
{
	struct compare *compare = build->compare;
	bool exact = !strcmp(compare->clock, "insn"), contrast = row->below != NULL;
	const struct units *base = contrast ? &units->base_diff : &units->base;
	const struct units *cand = contrast ? &units->cand_diff : &units->cand;
	int ret = change_compute(base, cand, compare->paired, exact, &row->change);

	if (!ret && contrast)
		ret = change_compute(&units->base_below, &units->cand_below, compare->paired, exact, &row->control);
	if (!ret)
		ret = change_compute(&units->base, &units->cand, compare->paired, exact, &row->total);
	if (ret)
		return ret;
	fill_values(compare, row, units);
	row->ratio = row->base > 0 ? row->change.value / row->base : NAN;
	row->delta = limits_delta(&build->limits, row->base_item->bench, row->metric->name, compare->clock,
				  row->metric->is_count, row->base);
	row->detectable = change_detectable(&row->change);
	row->nr_wanted = change_wanted(&row->change, row->delta);
	fill_nested(build, row, units);
	ret = change_bootstrap(base, cand, compare->paired, &row->change, compare->nr_resamples, &row->bootstrap);
	if (!ret)
		ret = change_test(base, cand, compare->paired, &row->change, row->delta, &row->beyond);
	if (!ret)
		ret = change_test(base, cand, compare->paired, &row->change, 0, &row->differs);
	return ret;
}

/* Nothing to compare on one side or on both: which, and of what. */
static void explain_missing(const struct compare *compare, struct compare_row *row, const struct arm_units *units, bool has_below)
{
	const char *below = row->base_item->arms[0].state;

	if (!units->base.nr || !units->cand.nr)
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s has no sample of it",
			!units->base.nr && !units->cand.nr ? "neither side" : units->base.nr ? compare->cand.name : compare->base.name);
	else if (has_below && !units->base_diff.nr != !units->cand_diff.nr)
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s has nothing in state \"%s\" to set it against",
			units->base_diff.nr ? compare->cand.name : compare->base.name, below);
	else
		rows_say_why(row, COMPARE_INCOMPARABLE, "the two sides have no %s in common", compare->paired ? "seed" : "unit");
}

/* What went wrong on either side: 1 with the sentence (NULL: not wanted), 0, or -ENOMEM. */
static int failure_of(const struct compare *compare, const struct match_item *match, const struct place *at, char **ret_text)
{
	const struct compare_side *side = &compare->cand;
	__free_mem char *error = NULL;
	int found = match_error(side, match->cand, at->cand_arm, &error);

	if (!found) {
		side = &compare->base;
		found = match_error(side, match->base, at->base_arm, &error);
	}
	if (found > 0 && ret_text && asprintf(ret_text, "%s: %s", side->name, error) < 0)
		return no_memory();
	return found;
}

/* A side on which something went wrong has no number that could be trusted to be all of it. */
static int find_failure(const struct compare *compare, const struct match_item *match, const struct place *at,
			struct compare_row *row)
{
	__free_mem char *error = NULL;
	int found = failure_of(compare, match, at, &error);

	if (found <= 0)
		return found;
	rows_say_why(row, COMPARE_ERROR, "%s", error);
	row->change = row->control = row->total = no_change;
	row->ratio = row->detectable = NAN;
	row->beyond = row->differs = (struct family_test){FAMILY_NONE, NAN};
	row->nr_wanted = 0;
	row->bootstrap = (struct stats_interval){NAN, NAN, NAN};
	row->nested = (struct compare_nested){NAN, NAN, NAN, 0, 0};
	return 1;
}

static struct compare_row *add_item_row(struct compare *compare, const struct match_item *match)
{
	struct compare_row *row = add_row(compare);

	if (!row)
		return NULL;
	row->base_item = match->base;
	row->cand_item = match->cand;
	return row;
}

static int compare_arm(struct compare_build *build, const struct match_item *match, const struct place *at)
{
	struct compare *compare = build->compare;
	struct arm_units units __free_arm_units = {0};
	struct compare_row *row;
	int ret = read_units(compare, match, at, &units);
	bool one_below;

	if (ret)
		return ret;
	/* Not run by design on either side, such as a way of freeing that was not asked for: no row. */
	if (!units.base.nr && !units.cand.nr) {
		ret = failure_of(compare, match, at, NULL);
		if (ret <= 0)
			return ret;
	}
	row = add_item_row(compare, match);
	if (!row)
		return -ENOMEM;
	row->metric = &match->base->metrics[at->base_metric];
	row->arm = &match->base->arms[at->base_arm];
	if (is_contrast(&units))
		row->below = &match->base->arms[0];
	ret = fill_row(build, row, &units);
	if (!ret)
		ret = find_failure(compare, match, at, row);
	if (ret)
		return ret < 0 ? ret : 0;
	/* With the state below on one side alone, the arm by itself would be another question than that of the other rows. */
	one_below = !units.base_diff.nr != !units.cand_diff.nr;
	if (!row->change.nr || one_below) {
		explain_missing(compare, row, &units, at->has_below);
		row->change = row->total = no_change;
		row->ratio = row->detectable = NAN;
		row->beyond = row->differs = (struct family_test){FAMILY_NONE, NAN};
		row->nr_wanted = 0;
	} else {
		judge(compare, row);
	}
	return 0;
}

/* An item that a side has skipped, not run, or that failed on it before it came to any arm: the row's verdict. */
static int say_absent(const struct compare *compare, const struct match_item *match, struct compare_row *row)
{
	const char *skip_base = match->base ? match_skip(&compare->base, match->base) : NULL;
	const char *skip_cand = match->cand ? match_skip(&compare->cand, match->cand) : NULL;
	const struct compare_side *side = !match->cand || (match->base && skip_cand) ? &compare->cand : &compare->base;
	__free_mem char *error = NULL;
	int found = match_error(&compare->cand, match->cand, MATCH_NONE, &error);

	if (found > 0)
		side = &compare->cand;
	if (!found) {
		found = match_error(&compare->base, match->base, MATCH_NONE, &error);
		side = found ? &compare->base : side;
	}
	if (found > 0)
		rows_say_why(row, COMPARE_ERROR, "%s: %s", side->name, error);
	else if (skip_base && skip_cand && !strcmp(skip_base, skip_cand))
		rows_say_why(row, COMPARE_INCOMPARABLE, "both sides skipped it: %s", skip_base);
	else if (skip_base && skip_cand)
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s skipped it: %s; %s: %s", compare->base.name, skip_base, compare->cand.name, skip_cand);
	else if (skip_base || skip_cand)
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s skipped it: %s", skip_base ? compare->base.name : compare->cand.name,
			     skip_base ? skip_base : skip_cand);
	else
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s has not run it", side->name);
	return found < 0 ? found : 0;
}

/* An item that only one side has measured, or that both measured differently. */
static int add_incomparable(struct compare_build *build, const struct match_item *match)
{
	const struct rundata_item *item = match->base ? match->base : match->cand;
	struct compare_row *row = add_item_row(build->compare, match);

	if (!row)
		return -ENOMEM;
	row->metric = item->nr_metrics ? &item->metrics[0] : NULL;
	row->arm = item->nr_arms ? &item->arms[item->nr_arms - 1] : NULL;
	if (match->why) {
		rows_say_why(row, COMPARE_INCOMPARABLE, "%s", match->why);
		return 0;
	}
	return say_absent(build->compare, match, row);
}

/* An arm or a metric of @item that the side @lacks has not. */
static int add_lacking(struct compare_build *build, const struct match_item *match, const struct rundata_metric *metric,
		       const struct rundata_arm *arm, const struct compare_side *lacks)
{
	struct compare_row *row = add_item_row(build->compare, match);

	if (!row)
		return -ENOMEM;
	row->metric = metric;
	row->arm = arm;
	rows_say_why(row, COMPARE_INCOMPARABLE, "%s was not measured in it", lacks->name);
	return 0;
}

static int compare_metric(struct compare_build *build, const struct match_item *match, size_t metric)
{
	const struct rundata_item *base = match->base, *cand = match->cand;
	struct place at = {.base_metric = metric, .cand_metric = match_metric(cand, base->metrics[metric].name)};
	size_t nr_rows = build->compare->nr_rows, first = base->nr_arms > 1 || cand->nr_arms > 1, i;
	int ret = 0;

	if (at.cand_metric == MATCH_NONE)
		return add_lacking(build, match, &base->metrics[metric], NULL, &build->compare->cand);
	/* The first arm is what the others are set against, and a row only where it stands alone. */
	for (i = first; !ret && i < base->nr_arms; i++) {
		at.base_arm = i;
		at.cand_arm = match_arm(cand, &base->arms[i]);
		at.has_below = i > 0;
		ret = at.cand_arm == MATCH_NONE ? add_lacking(build, match, &base->metrics[metric], &base->arms[i], &build->compare->cand)
						: compare_arm(build, match, &at);
	}
	for (i = first; !ret && i < cand->nr_arms; i++)
		if (match_arm(base, &cand->arms[i]) == MATCH_NONE)
			ret = add_lacking(build, match, &base->metrics[metric], &cand->arms[i], &build->compare->base);
	/* Kernels without the controller have nothing above it. */
	if (!ret && first && build->compare->nr_rows == nr_rows) {
		at.base_arm = at.cand_arm = 0;
		at.has_below = false;
		ret = compare_arm(build, match, &at);
	}
	return ret;
}

int rows_add_item(struct compare_build *build, const struct match_item *match)
{
	size_t m;
	int ret = 0;

	/* Of an item that both sides skipped nobody knows whether it has the metric that was asked for. */
	if (match->base && match->cand && !match->base->nr_metrics && !match->cand->nr_metrics && build->options->metric)
		return 0;
	if (!match->base || !match->cand || match->why || match_skip(&build->compare->base, match->base) ||
	    match_skip(&build->compare->cand, match->cand) || !match->base->nr_arms || !match->cand->nr_arms)
		return add_incomparable(build, match);
	for (m = 0; !ret && m < match->base->nr_metrics; m++)
		if (!build->options->metric || !strcmp(build->options->metric, match->base->metrics[m].name))
			ret = compare_metric(build, match, m);
	for (m = 0; !ret && m < match->cand->nr_metrics; m++)
		if ((!build->options->metric || !strcmp(build->options->metric, match->cand->metrics[m].name)) &&
		    match_metric(match->base, match->cand->metrics[m].name) == MATCH_NONE)
			ret = add_lacking(build, match, &match->cand->metrics[m], NULL, &build->compare->base);
	return ret;
}

int compare_warn(struct compare *compare, const char *fmt, ...)
{
	char **more = reallocarray(compare->warnings, compare->nr_warnings + 1, sizeof(*more)), *text;
	va_list ap;
	int n;

	if (!more)
		return no_memory();
	compare->warnings = more;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return no_memory();
	more[compare->nr_warnings++] = text;
	return 0;
}
