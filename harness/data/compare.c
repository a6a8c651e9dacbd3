// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_change.h"
#include "data/compare_match.h"
#include "data/compare_units.h"

#define ALPHA 0.05

static const char *const verdict_names[COMPARE_VERDICTS] = {
	[COMPARE_SAME] = "same",
	[COMPARE_EQUIVALENT] = "equivalent",
	[COMPARE_SMALL] = "small",
	[COMPARE_IMPROVEMENT] = "improvement",
	[COMPARE_REGRESSION] = "regression",
	[COMPARE_INCONCLUSIVE] = "inconclusive",
	[COMPARE_INCOMPARABLE] = "incomparable",
	[COMPARE_ERROR] = "error",
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
	return verdict_names[verdict];
}

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

/* A comparison on its way. */
struct build {
	struct compare *compare;
	const struct compare_options *options;
	struct limits limits;
};

static void say_why(struct compare_row *row, enum compare_verdict verdict, const char *fmt, ...) __printf(3, 4);

static void say_why(struct compare_row *row, enum compare_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	row->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(row->why, sizeof(row->why), fmt, ap);
	va_end(ap);
}

static int add_warning(struct compare *compare, const char *fmt, ...) __printf(2, 3);

static int add_warning(struct compare *compare, const char *fmt, ...)
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
		.base_overhead = NAN,
		.cand_overhead = NAN,
		.base.median = NAN,
		.cand.median = NAN,
		.base_below.median = NAN,
		.cand_below.median = NAN,
		.change = {.value = NAN, .interval = {NAN, NAN, NAN}, .method = COMPARE_NONE, .p = NAN, .sigma = NAN},
		.control = {.value = NAN, .interval = {NAN, NAN, NAN}, .method = COMPARE_NONE, .p = NAN, .sigma = NAN},
		.ratio = NAN,
		.delta = NAN,
		.p_holm = NAN,
		.detectable = NAN,
	};
	return row;
}

/* What both sides measured in one arm and in the one below it; the last of each is their difference. */
struct arm_units {
	struct units base, cand, base_below, cand_below, base_diff, cand_diff;
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

static int read_units(const struct compare *compare, const struct match_item *match, const struct match_row *at,
		      struct arm_units *units)
{
	int ret = units_read(&compare->base, match->base, at->base_arm, at->base_metric, &units->base);

	if (!ret)
		ret = units_read(&compare->cand, match->cand, at->cand_arm, at->cand_metric, &units->cand);
	if (ret || at->base_below == MATCH_NONE)
		return ret;
	ret = units_read(&compare->base, match->base, at->base_below, at->base_metric, &units->base_below);
	if (!ret)
		ret = units_read(&compare->cand, match->cand, at->cand_below, at->cand_metric, &units->cand_below);
	if (!ret)
		ret = units_sub(&units->base, &units->base_below, &units->base_diff);
	if (!ret)
		ret = units_sub(&units->cand, &units->cand_below, &units->cand_diff);
	return ret;
}

static struct compare_value value_of(const struct units *units)
{
	return (struct compare_value){stats_median(units->value, units->nr), units->nr};
}

static bool is_worse(const struct compare_row *row)
{
	return (row->change.value > 0) == row->metric->lower_is_better;
}

/* METHOD's rules, in their order; Holm's correction comes later, over all rows. */
static void judge(struct compare_row *row, const char *unit)
{
	const struct compare_change *change = &row->change;

	if (change->method == COMPARE_NONE) {
		say_why(row, COMPARE_INCONCLUSIVE, "%zu %s%s on each side: a spread needs %s", change->nr, unit,
			change->nr == 1 ? "" : "s", change->nr == 1 ? "more" : "3 where 2 agree");
	} else if (change->method == COMPARE_EXACT) {
		row->verdict = fabs(change->value) <= row->delta ? COMPARE_SAME
			       : is_worse(row)			 ? COMPARE_REGRESSION
								 : COMPARE_IMPROVEMENT;
	} else if (isnan(change->interval.low)) {
		say_why(row, COMPARE_INCONCLUSIVE, "%zu %ss on each side: too few for a 95 %% interval", change->nr, unit);
	} else if (change->interval.low > row->delta || change->interval.high < -row->delta) {
		row->verdict = is_worse(row) ? COMPARE_REGRESSION : COMPARE_IMPROVEMENT;
	} else if (change->low_90 >= -row->delta && change->high_90 <= row->delta) {
		row->verdict = COMPARE_EQUIVALENT;
	} else if (change->interval.low > 0 || change->interval.high < 0) {
		row->verdict = COMPARE_SMALL;
	} else {
		say_why(row, COMPARE_INCONCLUSIVE, "neither a change nor its absence is shown");
	}
}

static int fill_row(struct build *build, struct compare_row *row, const struct arm_units *units)
{
	struct compare *compare = build->compare;
	bool exact = !strcmp(compare->clock, "insn"), contrast = row->below != NULL;
	const struct units *base = contrast ? &units->base_diff : &units->base;
	const struct units *cand = contrast ? &units->cand_diff : &units->cand;
	int ret = change_compute(base, cand, compare->paired, exact, &row->change);

	if (!ret && contrast)
		ret = change_compute(&units->base_below, &units->cand_below, compare->paired, exact, &row->control);
	if (ret)
		return ret;
	row->base = value_of(&units->base);
	row->cand = value_of(&units->cand);
	if (contrast) {
		row->base_below = value_of(&units->base_below);
		row->cand_below = value_of(&units->cand_below);
		row->base_overhead = stats_median(base->value, base->nr);
		row->cand_overhead = stats_median(cand->value, cand->nr);
	}
	row->ratio = row->base.median > 0 ? row->change.value / row->base.median : NAN;
	row->delta = limits_delta(&build->limits, row->base_item->bench, row->metric->name, compare->clock,
				  row->metric->is_count, row->base.median);
	row->detectable = change_detectable(&row->change);
	row->nr_wanted = change_wanted(&row->change, row->delta);
	return change_beyond_p(base, cand, compare->paired, &row->change, row->delta, &row->p_holm);
}

/* Nothing to subtract from: was it not there to be measured, or did it go wrong? */
static void explain_missing(const struct compare *compare, struct compare_row *row)
{
	bool base = row->base.nr > 0, cand = row->cand.nr > 0;
	const struct compare_side *side = base ? &compare->cand : &compare->base;
	char error[160];

	if (match_error(side, base ? row->cand_item : row->base_item, error, sizeof(error)))
		say_why(row, COMPARE_ERROR, "%s: %s", side->name, error);
	else if (base != cand)
		say_why(row, COMPARE_INCOMPARABLE, "%s has no sample of it", side->name);
	else if (base)
		say_why(row, COMPARE_INCOMPARABLE, "the two sides have no %s in common", compare->paired ? "seed" : "unit");
	else
		say_why(row, COMPARE_INCOMPARABLE, "neither side has a sample of it");
}

static int compare_arm(struct build *build, const struct match_item *match, const struct match_row *at)
{
	struct compare *compare = build->compare;
	struct arm_units units __free_arm_units = {0};
	struct compare_row *row;
	int ret = read_units(compare, match, at, &units);

	/* Not run by design on either side, such as a way of freeing that was not asked for: no row. */
	if (ret || (!units.base.nr && !units.cand.nr && !match_any_error(compare, match)))
		return ret;
	row = add_row(compare);
	if (!row)
		return -ENOMEM;
	row->base_item = match->base;
	row->cand_item = match->cand;
	row->metric = &match->base->metrics[at->base_metric];
	row->arm = &match->base->arms[at->base_arm];
	if (units.base_diff.nr && units.cand_diff.nr)
		row->below = &match->base->arms[at->base_below];
	ret = fill_row(build, row, &units);
	if (ret)
		return ret;
	if (!row->change.nr)
		explain_missing(compare, row);
	else
		judge(row, units_are_boots(&compare->base) ? "boot" : "block");
	return 0;
}

/* An item that only one side has, or that both measured differently. */
static int add_incomparable(struct build *build, const struct match_item *match)
{
	const struct rundata_item *item = match->base ? match->base : match->cand;
	const struct compare_side *side = match->base ? &build->compare->cand : &build->compare->base;
	struct compare_row *row = add_row(build->compare);
	char error[160];

	if (!row)
		return -ENOMEM;
	row->base_item = match->base;
	row->cand_item = match->cand;
	row->metric = item->nr_metrics ? &item->metrics[0] : NULL;
	row->arm = item->nr_arms ? &item->arms[item->nr_arms - 1] : NULL;
	if (match->why[0])
		say_why(row, COMPARE_INCOMPARABLE, "%s", match->why);
	else if (match_error(side, NULL, error, sizeof(error)))
		say_why(row, COMPARE_ERROR, "%s: %s", side->name, error);
	else
		say_why(row, COMPARE_INCOMPARABLE, "%s has not run it", side->name);
	return 0;
}

static int compare_item(struct build *build, const struct match_item *match)
{
	struct match_row at;
	size_t m, a;
	int ret = 0;

	if (!match->base || !match->cand || match->why[0])
		return add_incomparable(build, match);
	for (m = 0; !ret && m < match->base->nr_metrics; m++) {
		if (build->options->metric && strcmp(build->options->metric, match->base->metrics[m].name))
			continue;
		for (a = 0; !ret && a < match->base->nr_arms; a++)
			if (match_arm(match, m, a, &at))
				ret = compare_arm(build, match, &at);
	}
	return ret;
}

/* Holm 1979, over all rows that have a p: what does not hold after it is no verdict of a change any more. */
static int correct_rows(struct compare *compare)
{
	size_t n = compare->nr_rows ? compare->nr_rows : 1, i;
	__free_mem double *beyond = calloc(n, sizeof(double)), *zero = calloc(n, sizeof(double)), *out = calloc(n, sizeof(double));

	if (!beyond || !zero || !out)
		return no_memory();
	for (i = 0; i < compare->nr_rows; i++) {
		beyond[i] = compare->rows[i].p_holm;
		zero[i] = compare->rows[i].change.p;
	}
	stats_holm(beyond, compare->nr_rows, out);
	for (i = 0; i < compare->nr_rows; i++) {
		struct compare_row *row = &compare->rows[i];

		row->p_holm = out[i];
		if ((row->verdict == COMPARE_REGRESSION || row->verdict == COMPARE_IMPROVEMENT) && !isnan(out[i]) && out[i] > ALPHA)
			say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but not among %zu rows (p %.2g after Holm's correction)",
				is_worse(row) ? "a regression" : "an improvement", compare->nr_rows, out[i]);
	}
	stats_holm(zero, compare->nr_rows, out);
	for (i = 0; i < compare->nr_rows; i++)
		if (compare->rows[i].verdict == COMPARE_SMALL && !isnan(out[i]) && out[i] > ALPHA)
			say_why(&compare->rows[i], COMPARE_INCONCLUSIVE,
				"small by itself, but not among %zu rows (p %.2g after Holm's correction)", compare->nr_rows, out[i]);
	return 0;
}

static int add_warnings(struct compare *compare)
{
	const struct compare_side *side[] = {&compare->base, &compare->cand};
	char error[160];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < 2; i++) {
		if (i && side[0]->data == side[1]->data)
			break;
		if (!side[i]->data->complete)
			ret = add_warning(compare, "%s is not complete%s%s", side[i]->data->dir,
					  side[i]->data->doubt ? ": " : "", side[i]->data->doubt ? side[i]->data->doubt : "");
	}
	for (i = 0; !ret && i < 2; i++)
		if (match_error(side[i], NULL, error, sizeof(error)))
			ret = add_warning(compare, "%s: %s", side[i]->name, error);
	if (!ret && !compare->paired)
		ret = add_warning(compare, "each side is one boot: what differs from boot to boot is in no interval here");
	return ret;
}

static int compute(struct build *build)
{
	struct compare *compare = build->compare;
	struct match_items items __free_match_items = {0};
	size_t i;
	int ret = match_environment(&compare->base, &compare->cand);

	if (!ret)
		ret = match_find(&compare->base, &compare->cand, build->options->bench, &items);
	for (i = 0; !ret && i < items.nr; i++)
		ret = compare_item(build, &items.item[i]);
	if (!ret && !compare->nr_rows)
		ret = err_set(ENODATA, "%s and %s have no bench in common%s", compare->base.name, compare->cand.name,
			      build->options->bench || build->options->metric ? " that was asked for" : "");
	if (!ret)
		ret = correct_rows(compare);
	if (!ret)
		ret = add_warnings(compare);
	for (i = 0; !ret && i < compare->nr_rows; i++)
		compare->count[compare->rows[i].verdict]++;
	return ret;
}

int compare_compute(const struct compare_side *base, const struct compare_side *cand,
		    const struct compare_options *options, struct compare **ret_compare)
{
	struct compare *compare = calloc(1, sizeof(*compare));
	struct build build = {.compare = compare, .options = options};
	const char *clock = json_string_value(json_object_get(base->data->run, "clock"));
	int ret;

	if (!compare)
		return no_memory();
	limits_init(&build.limits);
	if (options->limits)
		build.limits = *options->limits;
	compare->base = *base;
	compare->cand = *cand;
	snprintf(compare->clock, sizeof(compare->clock), "%s", clock ? clock : "ns");
	compare->paired = units_are_boots(base) && units_are_boots(cand);
	ret = compute(&build);
	if (ret) {
		compare_free(compare);
		return ret;
	}
	*ret_compare = compare;
	return 0;
}

void compare_free(struct compare *compare)
{
	size_t i;

	if (!compare)
		return;
	for (i = 0; i < compare->nr_warnings; i++)
		free(compare->warnings[i]);
	free(compare->warnings);
	free(compare->rows);
	free(compare);
}

int compare_status(const struct compare *compare, bool strict)
{
	if (compare->count[COMPARE_REGRESSION])
		return 1;
	if (compare->count[COMPARE_ERROR])
		return 5;
	if (compare->count[COMPARE_INCOMPARABLE] == compare->nr_rows)
		return 6;
	return strict && compare->count[COMPARE_INCONCLUSIVE] ? 3 : 0;
}
