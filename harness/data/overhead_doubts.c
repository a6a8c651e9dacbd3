// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When to doubt a row or a run. Each doubt has a code that stays, and a sentence that says what to do.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "data/overhead_doubts.h"

/* Fewer blocks cannot give a signed-rank or median interval of 95 %: 1 − 2/2⁵ is 93.75 %. */
#define BLOCKS_NEEDED 6

#define OUTLIERS_TOLERATED 0.1
/* Two of sixteen are beyond the fences in one row of ten whose noise is normal. */
#define OUTLIERS_MIN	   3
#define DRIFT_P		   0.01
#define SERIAL_P	   0.01
#define STEAL_TOLERATED	   0.01
#define FREQUENCY_SPREAD   0.05

/* CPUs that others kept busy all the time. */
#define OTHER_CPUS_TOLERATED 0.1

static void row_warn(struct overhead_row *row, const char *code, const char *fmt, ...) __printf(3, 4);

static void row_warn(struct overhead_row *row, const char *code, const char *fmt, ...)
{
	struct overhead_warning *warning;
	va_list ap;

	if (row->nr_warnings == OVERHEAD_WARNINGS_MAX)
		return;
	warning = &row->warnings[row->nr_warnings++];
	snprintf(warning->code, sizeof(warning->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(warning->text, sizeof(warning->text), fmt, ap);
	va_end(ap);
}

static const char *plural(size_t nr)
{
	return nr == 1 ? "" : "s";
}

/* First half of the blocks against the second, of the baseline: what changed there is not the other arm's doing. */
static double drift_p(const struct overhead_pairs *pairs)
{
	size_t half = pairs->nr / 2;

	return stats_mann_whitney_p(pairs->base, half, pairs->base + pairs->nr - half, half);
}

static double drift_ratio(const struct overhead_pairs *pairs)
{
	size_t half = pairs->nr / 2;

	return stats_median(pairs->base + pairs->nr - half, half) / stats_median(pairs->base, half) - 1;
}

static bool counters_scaled(const struct overhead_row *row)
{
	size_t i;
	json_t *record;

	json_array_foreach(row->item->counters, i, record) {
		json_int_t arm = json_integer_value(json_object_get(record, "arm"));
		const json_t *metric = json_object_get(json_object_get(record, "metrics"), row->metric->name);

		if ((&row->item->arms[arm] == row->base || &row->item->arms[arm] == row->arm) &&
		    json_is_true(json_object_get(metric, "scaled")))
			return true;
	}
	return false;
}

void overhead_row_doubts(struct overhead_row *row, const struct overhead_pairs *pairs)
{
	if (overhead_is_alone(pairs))
		return;
	if (pairs->nr < BLOCKS_NEEDED)
		row_warn(row, "few-blocks", "only %zu block%s: a 95 %% interval needs %d, ask for more with --blocks", pairs->nr,
			 plural(pairs->nr), BLOCKS_NEEDED);
	if (pairs->nr_cut)
		row_warn(row, "cut-block", "the run ended inside a block, which is left out: let a run come to its end");
	if (pairs->nr_unpaired)
		row_warn(row, "unpaired", "%zu block%s lost one of the arms and %s left out: see the errors of this bench",
			 pairs->nr_unpaired, plural(pairs->nr_unpaired), pairs->nr_unpaired == 1 ? "is" : "are");
	if (pairs->nr_one_rep)
		row_warn(row, "one-rep", "%zu block%s hold%s a single rep of an arm, so that drift does not cancel there: see the "
			 "errors of this bench", pairs->nr_one_rep, plural(pairs->nr_one_rep), pairs->nr_one_rep == 1 ? "s" : "");
	if (row->nr_outliers >= OUTLIERS_MIN && (double)row->nr_outliers > OUTLIERS_TOLERATED * (double)pairs->nr)
		row_warn(row, "outliers", "%zu of %zu blocks lie far from the others: look for what else runs now and then",
			 row->nr_outliers, pairs->nr);
	if (drift_p(pairs) < DRIFT_P && isfinite(drift_ratio(pairs)))
		row_warn(row, "drift", "the baseline moved by %+.1f %% from the first half of the blocks to the second: let the machine "
			 "come to rest, or fix its frequency", drift_ratio(pairs) * 100);
	if (stats_serial_p(pairs->diff, pairs->nr) < SERIAL_P)
		row_warn(row, "dependent", "a block's difference follows that of the block before it, so that the interval is too narrow: let what "
			 "comes and goes on this machine come to rest, or use more --blocks of shorter --time");
	/* A count may well be 0. */
	if (pairs->nr_zero && !row->metric->is_count)
		row_warn(row, "no-ratio", "a cost of 0 ns was measured, which has no ratio to another: make a rep longer with --time");
	/* Who puts all on one CPU knows it, and means benches whose workers take turns. */
	if (row->item->oversubscribed && strcmp(row->item->place, "one"))
		row_warn(row, "oversubscribed", "more workers than CPUs: the time includes waiting for a CPU, use fewer --workers");
	if (counters_scaled(row))
		row_warn(row, "multiplexed", "event counts are scaled up from a part of the time: count fewer events at once");
}

static int run_warn(struct overhead *overhead, const char *code, const char *fmt, ...) __printf(3, 4);

static int run_warn(struct overhead *overhead, const char *code, const char *fmt, ...)
{
	struct overhead_warning *more = reallocarray(overhead->warnings, overhead->nr_warnings + 1, sizeof(*more));
	va_list ap;

	if (!more)
		return err_sys(ENOMEM, "compare the arms");
	overhead->warnings = more;
	more += overhead->nr_warnings++;
	snprintf(more->code, sizeof(more->code), "%s", code);
	va_start(ap, fmt);
	vsnprintf(more->text, sizeof(more->text), fmt, ap);
	va_end(ap);
	return 0;
}

/* NAN where the machine did not show it. */
static double number(const json_t *record, const char *key)
{
	const json_t *value = json_object_get(record, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static double cpu_seconds(const json_t *record, const char *key)
{
	return number(json_object_get(record, "cpu_seconds"), key);
}

/* The worst of a fact over all noise records, and where that was. */
struct worst {
	double value;
	const char *bench;
};

static void worst_of(struct worst *worst, double value, const struct rundata_item *item)
{
	/* Not true of a fact that is missing. */
	if (value > worst->value)
		*worst = (struct worst){ value, item->bench };
}

static double steal_ratio(const json_t *record)
{
	double steal = cpu_seconds(record, "steal");

	/* Without iowait, which may decrease (Documentation/filesystems/proc.rst, 1.7, in Linux). */
	return steal / (steal + cpu_seconds(record, "user") + cpu_seconds(record, "system") + cpu_seconds(record, "idle") +
			cpu_seconds(record, "irq"));
}

/* CPUs busy beyond what the workers can have used: others ran at least as much. */
static double other_cpus(const json_t *record, const struct rundata_item *item)
{
	double seconds = number(record, "seconds");
	double busy = cpu_seconds(record, "user") + cpu_seconds(record, "system");

	return seconds > 0 ? busy / seconds - (double)json_array_size(item->workers) : NAN;
}

static double frequency_spread(const json_t *record)
{
	double max = number(record, "freq_max_khz");

	return max > 0 ? (max - number(record, "freq_min_khz")) / max : NAN;
}

struct noise_sum {
	struct worst steal, tasks, cpus, frequency, throttle, swap;
};

static void gather_noise(const struct rundata_item *items, size_t nr_items, struct noise_sum *sum)
{
	for (size_t i = 0; i < nr_items; i++) {
		const struct rundata_item *item = &items[i];
		size_t k;
		json_t *record;

		json_array_foreach(item->noise, k, record) {
			worst_of(&sum->steal, steal_ratio(record), item);
			/* The reader of the number is runnable itself. */
			worst_of(&sum->tasks, number(record, "procs_running") - 1, item);
			worst_of(&sum->cpus, other_cpus(record, item), item);
			worst_of(&sum->frequency, frequency_spread(record), item);
			worst_of(&sum->throttle, number(record, "throttle_count"), item);
			if (!item->swaps)
				worst_of(&sum->swap, number(record, "swap_in_pages") + number(record, "swap_out_pages"), item);
		}
	}
}

int overhead_run_doubts(struct overhead *overhead, const struct rundata_item *items, size_t nr_items)
{
	struct noise_sum sum = { 0 };
	int ret = 0;

	gather_noise(items, nr_items, &sum);
	if (sum.steal.value > STEAL_TOLERATED)
		ret = run_warn(overhead, "steal", "the hypervisor took %.1f %% of the CPU time away while %s ran: use a host of your own, "
			       "or a quieter hour", sum.steal.value * 100, sum.steal.bench);
	if (!ret && sum.cpus.value > OTHER_CPUS_TOLERATED)
		ret = run_warn(overhead, "other-load", "other tasks kept at least %.1f CPUs busy while %s ran: stop them", sum.cpus.value,
			       sum.cpus.bench);
	else if (!ret && sum.tasks.value > 0)
		ret = run_warn(overhead, "other-load", "%.0f other task%s could run when %s began: stop what else runs here", sum.tasks.value,
			       plural((size_t)sum.tasks.value), sum.tasks.bench);
	if (!ret && sum.frequency.value > FREQUENCY_SPREAD)
		ret = run_warn(overhead, "frequency", "CPU frequencies were up to %.0f %% apart while %s ran: set the performance governor",
			       sum.frequency.value * 100, sum.frequency.bench);
	if (!ret && sum.throttle.value > 0)
		ret = run_warn(overhead, "throttled", "the CPU slowed down for heat %.0f time%s while %s ran: cool it, or pause longer",
			       sum.throttle.value, plural((size_t)sum.throttle.value), sum.throttle.bench);
	if (!ret && sum.swap.value > 0)
		ret = run_warn(overhead, "swapping", "%.0f pages went to or came from swap while %s ran: free memory, or run swapoff -a",
			       sum.swap.value, sum.swap.bench);
	return ret;
}

int overhead_item_doubts(const struct rundata_item *item, struct overhead_warning **ret_warnings, size_t *ret_nr)
{
	struct overhead overhead = { 0 };
	int ret = overhead_run_doubts(&overhead, item, 1);

	if (ret) {
		free(overhead.warnings);
		return ret;
	}
	*ret_warnings = overhead.warnings;
	*ret_nr = overhead.nr_warnings;
	return 0;
}
