// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_change.h"
#include "data/compare_doubts.h"
#include "data/compare_functions.h"
#include "data/compare_match.h"
#include "data/compare_rows.h"
#include "data/compare_units.h"
#include "data/variant.h"

#define ALPHA 0.05

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

/* What is asked for to have more of them. */
static const char *replicate_name(const struct compare *compare)
{
	return compare->paired ? "seed" : rows_unit_name(compare);
}

/* With how many units the luck of modes, or of the order of blocks, is ruled out among @nr_tests; 0: unknown. */
static size_t units_needed(const struct compare_row *row, size_t nr_tests)
{
	for (size_t nr = row->change.nr; nr < 100; nr++)
		if (family_sidak(change_smallest_p(row->change.method, nr), nr_tests) <= ALPHA)
			return nr;
	return 0;
}

/* Too few units for any change among so many rows. */
struct hopeless {
	size_t nr, nr_tests, needed; /* units, rows, and units that would do; of the row where it is worst */
	double p;
};

/* No verdict of a change any more; and whether there ever could have been one. */
static void take_back(const struct compare *compare, struct compare_row *row, const char *what, const struct family_test *test,
		      size_t nr_varying, double p, struct hopeless *hopeless)
{
	/* What it is tested against, and itself. */
	size_t nr_tests = nr_varying + (test->kind == FAMILY_STEADY), needed = units_needed(row, nr_tests);

	if (needed > row->change.nr) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but %zu %ss can show none where %zu row%s vary: it takes %zu", what,
			     row->change.nr, replicate_name(compare), nr_tests, nr_tests == 1 ? "" : "s", needed);
		row->why_is_common = true;
		row->nr_wanted = row->nr_wanted > needed ? row->nr_wanted : needed;
		if (needed > hopeless->needed)
			*hopeless = (struct hopeless){row->change.nr, nr_tests, needed,
						      family_sidak(change_smallest_p(row->change.method, row->change.nr), nr_tests)};
	} else if (nr_tests < 2) {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but it may be the luck of modes (p %.2g)", what, p);
	} else {
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but not among %zu rows that vary (p %.2g after Holm's correction)", what,
			     nr_tests, p);
	}
}

static bool is_change(const struct compare_row *row)
{
	return row->verdict == COMPARE_REGRESSION || row->verdict == COMPARE_IMPROVEMENT;
}

/* Many rows are many chances of a false alarm: what does not hold among them is no verdict of a change. */
static int correct_rows(struct compare *compare)
{
	size_t n = compare->nr_rows ? compare->nr_rows : 1, nr_varying, i;
	struct hopeless hopeless = {0};
	__free_mem struct family_test *tests = calloc(n, sizeof(*tests));
	__free_mem double *adjusted = calloc(n, sizeof(*adjusted));
	int ret;

	if (!tests || !adjusted)
		return no_memory();
	for (i = 0; i < compare->nr_rows; i++)
		tests[i] = compare->rows[i].beyond;
	compare->nr_tested = family_nr_varying(tests, compare->nr_rows);
	ret = family_adjust(tests, compare->nr_rows, adjusted);
	for (i = 0; !ret && i < compare->nr_rows; i++) {
		struct compare_row *row = &compare->rows[i];

		row->p_holm = adjusted[i];
		if (is_change(row) && !(adjusted[i] <= ALPHA))
			take_back(compare, row, rows_is_worse(row) ? "a regression" : "an improvement", &tests[i], compare->nr_tested,
				  adjusted[i], &hopeless);
	}
	for (i = 0; i < compare->nr_rows; i++)
		tests[i] = compare->rows[i].differs;
	nr_varying = family_nr_varying(tests, compare->nr_rows);
	if (!ret)
		ret = family_adjust(tests, compare->nr_rows, adjusted);
	for (i = 0; !ret && i < compare->nr_rows; i++)
		if (compare->rows[i].verdict == COMPARE_SMALL && !(adjusted[i] <= ALPHA))
			take_back(compare, &compare->rows[i], "small", &tests[i], nr_varying, adjusted[i], &hopeless);
	if (!ret && hopeless.needed)
		ret = compare_warn(compare, "%zu %ss can show no change where %zu row%s vary (p %.2g at best): it takes %zu", hopeless.nr,
				  replicate_name(compare), hopeless.nr_tests, hopeless.nr_tests == 1 ? "" : "s", hopeless.p, hopeless.needed);
	return ret;
}

bool compare_lru_gen_is_set(const struct compare *compare)
{
	bool any = false;
	size_t i;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];
		const char *set = row->base_item ? match_text(row->base_item->params, "lru-gen") : "";

		if (row->verdict == COMPARE_INCOMPARABLE || row->verdict == COMPARE_ERROR)
			continue;
		if (strcmp(set, "on") && strcmp(set, "off"))
			return false;
		any = true;
	}
	return any;
}

static int add_doubt(void *ctx, const char *what, const char *base, const char *cand)
{
	if (!strcmp(what, MATCH_LRU_GEN) && compare_lru_gen_is_set(ctx))
		return 0;
	return compare_warn(ctx, "%s differs: %s and %s", what, base, cand);
}

/* Seeds of one side that the other has not are in no pair. */
static int warn_of_unpaired(struct compare *compare)
{
	size_t i, nr = 0;

	for (i = 0; i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];

		nr += row->change.nr && row->change.nr < row->nr_units;
	}
	return nr && compare->paired ? compare_warn(compare, "seeds that one side alone has were left out of %zu row%s", nr, nr == 1 ? "" : "s")
				     : 0;
}

static bool is_warned(const struct compare *compare, const char *text)
{
	size_t i;

	for (i = 0; i < compare->nr_warnings; i++)
		if (!strcmp(compare->warnings[i], text))
			return true;
	return false;
}

/* What a kernel was booted with and made nothing of (cmd/run_guests_args.c). Every boot of it says the same. */
static int warn_of_boot_args(struct compare *compare, const struct compare_side *side)
{
	const json_t *note;
	size_t i;
	int ret = 0;

	json_array_foreach(side->data->notes, i, note)
		if (!ret && !strcmp(match_text(note, "code"), "boot-arg") && match_record_is_of(side, note) &&
		    !is_warned(compare, match_text(note, "text")))
			ret = compare_warn(compare, "%s", match_text(note, "text"));
	return ret;
}

static int add_warnings(struct compare *compare)
{
	const struct compare_side *side[] = {&compare->base, &compare->cand};
	char borrows[512];
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < 2; i++) {
		const char *lender = variant_borrows_off(side[i]->data, side[i]->kernel);

		if (lender)
			ret = compare_warn(compare, "%s", variant_borrows_text(side[i]->name, lender, borrows, sizeof(borrows)));
		if (!ret)
			ret = warn_of_boot_args(compare, side[i]);
	}
	for (i = 0; !ret && i < 2; i++) {
		if (i && side[0]->data == side[1]->data)
			break;
		if (!side[i]->data->complete)
			ret = compare_warn(compare, "%s is not complete%s%s", side[i]->data->dir,
					  side[i]->data->doubt ? ": " : "", side[i]->data->doubt ? side[i]->data->doubt : "");
	}
	if (!ret)
		ret = match_doubts(side[0], side[1], add_doubt, compare);
	if (!ret)
		ret = warn_of_unpaired(compare);
	if (!ret && !compare->paired)
		ret = compare_warn(compare, "each side is one boot: what differs from boot to boot is in no interval here");
	return ret;
}

/* No row: because nothing fits, or because nothing came of it. */
static int explain_nothing(const struct compare *compare, const struct compare_options *options)
{
	const struct compare_side *side[] = {&compare->base, &compare->cand};
	size_t i;

	for (i = 0; i < 2; i++) {
		__free_mem char *error = NULL;
		int found = match_error(side[i], NULL, MATCH_NONE, &error);

		if (found)
			return found < 0 ? found : err_set(EIO, "%s: %s", side[i]->name, error);
	}
	return err_set(ENODATA, "%s and %s have no bench in common%s", compare->base.name, compare->cand.name,
		       options->bench || options->metric ? " that was asked for" : "");
}

static int compute(struct compare_build *build)
{
	struct compare *compare = build->compare;
	struct match_items items __free_match_items = {0};
	size_t i;
	int ret = match_environment(&compare->base, &compare->cand);

	if (!ret)
		ret = match_find(&compare->base, &compare->cand, build->options->bench, &items);
	for (i = 0; !ret && i < items.nr; i++)
		ret = rows_add_item(build, &items.item[i]);
	if (!ret && !compare->nr_rows)
		ret = explain_nothing(compare, build->options);
	if (!ret)
		ret = correct_rows(compare);
	if (!ret && !build->options->ignore_doubts)
		ret = doubts_apply(compare);
	/* Boots that were dealt out to calibrate the tests have other seeds than their profiles. */
	if (!ret && !build->options->ignore_doubts)
		ret = compare_functions_judge(compare);
	if (!ret)
		ret = add_warnings(compare);
	for (i = 0; !ret && i < compare->nr_rows; i++) {
		const struct compare_row *row = &compare->rows[i];

		compare->count[row->verdict]++;
		compare->nr_unchanged += row->verdict == COMPARE_INCONCLUSIVE && row->functions && !row->functions->nr_worse &&
					 !row->functions->nr_better;
	}
	return ret;
}

int compare_compute(const struct compare_side *base, const struct compare_side *cand,
		    const struct compare_options *options, struct compare **ret_compare)
{
	struct compare *compare = calloc(1, sizeof(*compare));
	struct compare_build build = {.compare = compare, .options = options};
	const char *clock = json_string_value(json_object_get(base->data->run, "clock"));
	int ret;

	if (!compare)
		return no_memory();
	limits_init(&build.limits);
	if (options->limits)
		build.limits = *options->limits;
	compare->nr_resamples = options->nr_resamples;
	compare->by_function = options->by_function;
	compare->base = *base;
	compare->cand = *cand;
	snprintf(compare->clock, sizeof(compare->clock), "%s", clock ? clock : "ns");
	compare->paired = units_are_boots(base) && units_are_boots(cand);
	if (!units_cost(cand, &build.unit_seconds, &build.rep_seconds))
		build.unit_seconds = build.rep_seconds = 0;
	ret = compute(&build);
	if (ret) {
		compare_free(compare);
		return ret;
	}
	*ret_compare = compare;
	return 0;
}

static void row_free(struct compare_row *row)
{
	size_t i;

	rows_forget_why(row);
	for (i = 0; i < row->nr_doubts; i++)
		free(row->doubts[i]);
	free(row->doubts);
	compare_functions_free(row->functions);
	free(row->functions_why);
}

void compare_free(struct compare *compare)
{
	size_t i;

	if (!compare)
		return;
	for (i = 0; i < compare->nr_warnings; i++)
		free(compare->warnings[i]);
	free(compare->warnings);
	for (i = 0; i < compare->nr_rows; i++)
		row_free(&compare->rows[i]);
	free(compare->rows);
	free(compare);
}

int compare_status(const struct compare *compare, bool strict)
{
	size_t nr_open;

	if (compare->count[COMPARE_REGRESSION])
		return 1;
	if (compare->count[COMPARE_ERROR])
		return 5;
	if (compare->count[COMPARE_INCOMPARABLE] == compare->nr_rows)
		return 6;
	nr_open = compare->count[COMPARE_INCONCLUSIVE] - (compare->by_function ? compare->nr_unchanged : 0);
	return strict && (nr_open || compare->count[COMPARE_INCOMPARABLE] || !compare->base.data->complete ||
			  !compare->cand.data->complete)
		       ? 3
		       : 0;
}
