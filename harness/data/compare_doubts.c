// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_doubts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_match.h"
#include "data/compare_rows.h"
#include "data/compare_units.h"
#include "data/overhead.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for a comparison");
}

static int add_doubt(struct compare_row *row, const char *side, const char *code, const char *text)
{
	char **more = reallocarray(row->doubts, row->nr_doubts + 1, sizeof(*more)), *doubt;

	if (!more)
		return no_memory();
	row->doubts = more;
	if (asprintf(&doubt, "%s, %s: %s", side, code, text) < 0)
		return no_memory();
	more[row->nr_doubts++] = doubt;
	return 0;
}

/* Of what was counted beside the times, or of a block that is in no number: nothing against the difference. */
static bool is_harmless(const char *code)
{
	return !strcmp(code, "multiplexed") || !strcmp(code, "cut-block");
}

static const struct overhead_row *find_row(const struct overhead *overhead, const struct rundata_item *item, const char *metric,
					   const struct rundata_arm *arm)
{
	for (size_t i = 0; i < overhead->nr_rows; i++)
		if (overhead->rows[i].item == item && !strcmp(overhead->rows[i].metric->name, metric) && overhead->rows[i].arm == arm)
			return &overhead->rows[i];
	return NULL;
}

/* Those of the row in its own run's table. */
static int add_own(const struct overhead *overhead, const struct rundata_item *item, const char *side, struct compare_row *row)
{
	size_t arm = match_arm(item, row->arm);
	const struct overhead_row *own = arm == MATCH_NONE ? NULL : find_row(overhead, item, row->metric->name, &item->arms[arm]);
	int ret = 0;

	for (size_t i = 0; !ret && own && i < own->nr_warnings; i++)
		if (!is_harmless(own->warnings[i].code))
			ret = add_doubt(row, side, own->warnings[i].code, own->warnings[i].text);
	return ret;
}

/* Those of the machine while the item ran, and of its warm-up. */
static int add_of_item(const struct rundata_item *item, const char *side, struct compare_row *row)
{
	struct overhead_warning *warnings = NULL;
	const json_t *warning;
	size_t nr = 0, i;
	int ret = overhead_item_doubts(item, &warnings, &nr);

	for (i = 0; !ret && i < nr; i++)
		ret = add_doubt(row, side, warnings[i].code, warnings[i].text);
	free(warnings);
	json_array_foreach(item->warnings, i, warning) {
		const char *code = json_string_value(json_object_get(warning, "code"));
		const char *text = json_string_value(json_object_get(warning, "text"));

		if (!ret && code && text && !strcmp(code, "not-settled"))
			ret = add_doubt(row, side, code, text);
	}
	return ret;
}

static int add_of_side(struct compare *compare, const struct compare_side *side, const char *name, bool cand)
{
	struct overhead *overhead;
	int ret = overhead_compute(side->data, OVERHEAD_DELTA_RATIO, &overhead);

	if (ret)
		return ret == -ENODATA ? 0 : ret;
	for (size_t i = 0; !ret && i < overhead->nr_warnings; i++)
		ret = compare_warn(compare, "%s, %s: %s", name, overhead->warnings[i].code, overhead->warnings[i].text);
	for (size_t i = 0; !ret && i < compare->nr_rows; i++) {
		struct compare_row *row = &compare->rows[i];
		const struct rundata_item *item = cand ? row->cand_item : row->base_item;

		if (!item || !row->metric || !row->arm)
			continue;
		ret = add_own(overhead, item, name, row);
		if (!ret)
			ret = add_of_item(item, name, row);
	}
	overhead_free(overhead);
	return ret;
}

/* A change that there is a reason not to believe is none. */
static void judge(struct compare_row *row)
{
	const char *what;

	/* Of another verdict there may be no metric. */
	if (row->verdict != COMPARE_REGRESSION && row->verdict != COMPARE_IMPROVEMENT)
		return;
	what = rows_is_worse(row) ? "a regression" : "an improvement";
	if (row->nr_doubts)
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but in doubt: %s%s", what, row->doubts[0],
			     row->nr_doubts > 1 ? "; and more" : "");
	else if (!row->below)
		rows_say_why(row, COMPARE_INCONCLUSIVE, "%s by itself, but nothing was measured beside it that tells memcg from the machine", what);
}

int doubts_apply(struct compare *compare)
{
	int ret = 0;

	if (!units_are_boots(&compare->base))
		ret = add_of_side(compare, &compare->base, "base", false);
	if (!ret && !units_are_boots(&compare->cand))
		ret = add_of_side(compare, &compare->cand, "candidate", true);
	for (size_t i = 0; !ret && !compare->paired && i < compare->nr_rows; i++)
		judge(&compare->rows[i]);
	return ret;
}
