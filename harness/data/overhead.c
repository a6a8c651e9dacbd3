// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/overhead.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "data/limits.h"
#include "data/overhead_doubts.h"

#define CONFIDENCE 0.95
#define ALPHA	   0.05
#define POWER	   0.8

/* What one block holds of each arm and metric. Warm-up reps are not in it. */
struct overhead_block {
	unsigned int boot, block;
	bool cut; /* the boot ended inside it */
	struct overhead_mean {
		double sum;
		unsigned int nr; /* reps that have the metric */
	} *mean;		 /* arm * nr_metrics + metric */
};

/* The blocks of one item in the order in which they were measured. */
struct overhead_blocks {
	struct overhead_block *block;
	size_t nr;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "compare the arms");
}

static void blocks_clear(struct overhead_blocks *blocks)
{
	for (size_t i = 0; i < blocks->nr; i++)
		free(blocks->block[i].mean);
	free(blocks->block);
}

static void pairs_clear(struct overhead_pairs *pairs)
{
	free(pairs->base);
	free(pairs->arm);
	free(pairs->diff);
	free(pairs->alone);
}

#define __free_blocks __attribute__((__cleanup__(blocks_clear)))
#define __free_pairs  __attribute__((__cleanup__(pairs_clear)))

/* The block that @sample is of. From the end: samples of a block stand together. */
static struct overhead_block *find_block(const struct overhead_blocks *blocks, const struct rundata_sample *sample)
{
	for (size_t i = blocks->nr; i--;)
		if (blocks->block[i].block == sample->block && blocks->block[i].boot == sample->boot)
			return &blocks->block[i];
	return NULL;
}

static struct overhead_block *add_block(struct overhead_blocks *blocks, size_t *size, const struct rundata_item *item,
					const struct rundata_sample *sample)
{
	struct overhead_block *block;

	if (blocks->nr == *size) {
		size_t want = *size ? *size * 2 : 64;
		struct overhead_block *more = reallocarray(blocks->block, want, sizeof(*more));

		if (!more)
			return NULL;
		blocks->block = more;
		*size = want;
	}
	block = &blocks->block[blocks->nr];
	*block = (struct overhead_block){ .boot = sample->boot, .block = sample->block };
	block->mean = calloc(item->nr_arms * item->nr_metrics, sizeof(*block->mean));
	if (!block->mean)
		return NULL;
	blocks->nr++;
	return block;
}

static int collect_blocks(const struct rundata_item *item, struct overhead_blocks *blocks)
{
	const struct rundata_sample *last = NULL;
	struct overhead_block *block = NULL;
	size_t size = 0;

	for (size_t i = 0; i < item->nr_samples; i++) {
		const struct rundata_sample *sample = &item->samples[i];

		if (sample->warmup)
			continue;
		if (!last || last->block != sample->block || last->boot != sample->boot)
			block = find_block(blocks, sample);
		if (!block)
			block = add_block(blocks, &size, item, sample);
		if (!block)
			return no_memory();
		last = sample;
		block->cut |= sample->cut;
		for (size_t m = 0; m < item->nr_metrics; m++) {
			struct overhead_mean *mean = &block->mean[sample->arm * item->nr_metrics + m];

			if (isnan(sample->value[m]))
				continue;
			mean->sum += sample->value[m];
			mean->nr++;
		}
	}
	return 0;
}

static void add_pair(struct overhead_pairs *pairs, const struct overhead_mean *base, const struct overhead_mean *arm)
{
	double base_value = base->sum / base->nr, arm_value = arm->sum / arm->nr;

	pairs->base[pairs->nr] = base_value;
	pairs->arm[pairs->nr] = arm_value;
	pairs->diff[pairs->nr] = arm_value - base_value;
	pairs->nr_zero += !(base_value > 0 && arm_value > 0);
	pairs->nr_one_rep += base->nr == 1 || arm->nr == 1;
	pairs->nr++;
}

static int make_pairs(const struct overhead_blocks *blocks, const struct rundata_item *item, size_t arm, size_t metric,
		      struct overhead_pairs *pairs)
{
	size_t nr = blocks->nr ? blocks->nr : 1;

	pairs->base = calloc(nr, sizeof(double));
	pairs->arm = calloc(nr, sizeof(double));
	pairs->diff = calloc(nr, sizeof(double));
	pairs->alone = calloc(nr, sizeof(double));
	if (!pairs->base || !pairs->arm || !pairs->diff || !pairs->alone)
		return no_memory();
	for (size_t i = 0; i < blocks->nr; i++) {
		const struct overhead_mean *base = &blocks->block[i].mean[metric];
		const struct overhead_mean *other = &blocks->block[i].mean[arm * item->nr_metrics + metric];

		if (blocks->block[i].cut)
			pairs->nr_cut += base->nr || other->nr;
		else if (base->nr && other->nr)
			add_pair(pairs, base, other);
		else
			pairs->nr_unpaired += base->nr || other->nr;
		if (!blocks->block[i].cut && !base->nr && other->nr)
			pairs->alone[pairs->nr_alone++] = other->sum / other->nr;
	}
	return 0;
}

/* δ of a row, per op; a count of 0 is as good as any. */
static double row_delta(const struct overhead *overhead, const struct overhead_row *row)
{
	const struct limit limit = { overhead->delta_ratio, row->metric->is_count ? 0 : overhead->delta_ns };

	return limits_of(&limit, row->base_ns);
}

static enum overhead_verdict judge(const struct stats_interval *interval, double delta)
{
	if (interval->low > delta)
		return OVERHEAD_MORE;
	if (interval->high < -delta)
		return OVERHEAD_LESS;
	if (interval->low >= -delta && interval->high <= delta)
		return OVERHEAD_EQUIVALENT;
	if (interval->low > 0 || interval->high < 0)
		return OVERHEAD_SMALL;
	return OVERHEAD_INCONCLUSIVE;
}

static void set_verdict(struct overhead_row *row)
{
	if (row->is_alone)
		snprintf(row->why, sizeof(row->why), "the baseline has no such number");
	else if (!row->nr_blocks)
		snprintf(row->why, sizeof(row->why), "no block holds both arms");
	else if (isnan(row->diff_interval.low))
		snprintf(row->why, sizeof(row->why), "%zu block%s: a 95 %% interval needs 6", row->nr_blocks,
			 row->nr_blocks == 1 ? "" : "s");
	else
		row->verdict = judge(&row->diff_interval, row->delta);
}

static struct stats_interval scaled(const struct stats_interval *interval, double factor, double offset)
{
	return (struct stats_interval){ interval->low * factor + offset, interval->high * factor + offset, interval->confidence };
}

static int estimate(struct overhead_row *row, const struct overhead_pairs *pairs)
{
	__free_mem uint8_t *marks = calloc(pairs->nr ? pairs->nr : 1, 1);
	double per_base;

	if (!marks)
		return no_memory();
	row->nr_blocks = pairs->nr;
	row->base_ns = stats_median(pairs->base, pairs->nr);
	row->base_interval = stats_median_interval(pairs->base, pairs->nr, CONFIDENCE);
	row->diff_ns = stats_hodges_lehmann(pairs->diff, pairs->nr);
	row->diff_interval = stats_hodges_lehmann_interval(pairs->diff, pairs->nr, CONFIDENCE);
	row->arm_ns = row->base_ns + row->diff_ns;
	row->arm_interval = scaled(&row->diff_interval, 1, row->base_ns);
	row->is_alone = overhead_is_alone(pairs);
	if (row->is_alone) {
		row->arm_ns = stats_median(pairs->alone, pairs->nr_alone);
		row->arm_interval = stats_median_interval(pairs->alone, pairs->nr_alone, CONFIDENCE);
	}
	row->detectable_ns = stats_detectable_by((row->diff_interval.high - row->diff_interval.low) / 2, ALPHA, POWER);
	row->nr_outliers = stats_tukey(pairs->diff, pairs->nr, marks);
	per_base = row->base_ns > 0 ? 1 / row->base_ns : NAN;
	row->ratio = row->diff_ns * per_base;
	row->ratio_interval = scaled(&row->diff_interval, per_base, 0);
	row->detectable_ratio = row->detectable_ns * per_base;
	return 0;
}

static int add_row(struct overhead *overhead, const struct overhead_blocks *blocks, const struct rundata_item *item,
		   size_t arm, size_t metric)
{
	struct overhead_row *row = &overhead->rows[overhead->nr_rows];
	__free_pairs struct overhead_pairs pairs = { 0 };
	int ret = make_pairs(blocks, item, arm, metric, &pairs);

	if (ret)
		return ret;
	*row = (struct overhead_row){
		.item = item,
		.metric = &item->metrics[metric],
		.base = &item->arms[0],
		.arm = &item->arms[arm],
		.verdict = OVERHEAD_NONE,
	};
	ret = estimate(row, &pairs);
	if (ret)
		return ret;
	row->delta = row_delta(overhead, row);
	set_verdict(row);
	overhead_row_doubts(row, &pairs);
	overhead->nr_rows++;
	return 0;
}

/* With these parameters the bench does not do what the metric is about: no row, and nothing missing. */
static bool is_absent(const struct rundata_item *item, size_t metric)
{
	for (size_t i = 0; i < item->nr_samples; i++)
		if (!isnan(item->samples[i].value[metric]))
			return false;
	return item->nr_samples > 0;
}

static int add_item_rows(struct overhead *overhead, const struct rundata_item *item)
{
	__free_blocks struct overhead_blocks blocks = { 0 };
	int ret = collect_blocks(item, &blocks);

	for (size_t m = 0; !ret && m < item->nr_metrics; m++)
		for (size_t a = 1; !ret && a < item->nr_arms && !is_absent(item, m); a++)
			ret = add_row(overhead, &blocks, item, a, m);
	return ret;
}

/* Add the buckets of @latency, both ascending, into @row's. */
static int merge_buckets(struct overhead_latency_row *row, const struct rundata_latency *latency)
{
	size_t nr = row->nr_buckets + latency->nr_buckets, a = 0, b = 0, out = 0;
	uint64_t(*merged)[2] = calloc(nr ? nr : 1, sizeof(*merged));

	if (!merged)
		return no_memory();
	while (a < row->nr_buckets || b < latency->nr_buckets) {
		const uint64_t *x = a < row->nr_buckets ? row->histogram[a] : NULL;
		const uint64_t *y = b < latency->nr_buckets ? latency->histogram[b] : NULL;
		bool take_x = x && (!y || x[0] <= y[0]), take_y = y && (!x || y[0] <= x[0]);

		merged[out][0] = take_x ? x[0] : y[0];
		merged[out][1] = (take_x ? x[1] : 0) + (take_y ? y[1] : 0);
		out++;
		a += take_x;
		b += take_y;
	}
	free(row->histogram);
	row->histogram = merged;
	row->nr_buckets = out;
	return 0;
}

static int merge_latency(struct overhead_latency_row *row, const struct rundata_latency *latency)
{
	int ret = merge_buckets(row, latency);

	if (ret || !latency->count)
		return ret;
	/* Rounds may have measured the clock anew: a mean, by ops. fmin() and fmax() pass over the NAN of a first round. */
	row->clock_cost_ns += (latency->clock_cost_ns - row->clock_cost_ns) * (double)latency->count /
			      (double)(row->count + latency->count);
	row->count += latency->count;
	row->min_ns = fmin(row->min_ns, latency->min_ns);
	row->max_ns = fmax(row->max_ns, latency->max_ns);
	return 0;
}

/* A bucket is wider than what is in it: no quantile lies beyond the extremes, which are exact. */
static double latency_quantile(const struct overhead_latency_row *row, double p)
{
	double value = stats_histogram_quantile((const uint64_t(*)[2])row->histogram, row->nr_buckets, p);

	return isnan(value) ? NAN : fmin(fmax(value, row->min_ns), row->max_ns);
}

static int add_latency_row(struct overhead *overhead, const struct rundata_item *item, size_t metric, size_t arm)
{
	struct overhead_latency_row *row = &overhead->latencies[overhead->nr_latencies];
	bool any = false;

	*row = (struct overhead_latency_row){
		.item = item,
		.metric = &item->metrics[metric],
		.arm = &item->arms[arm],
		.min_ns = NAN,
		.max_ns = NAN,
	};
	for (size_t i = 0; i < item->nr_latencies; i++) {
		const struct rundata_latency *latency = &item->latencies[i];
		int ret;

		if (latency->arm != arm || latency->metric != metric)
			continue;
		/* In the count first, so that what is allocated is freed whatever happens. */
		if (!any)
			overhead->nr_latencies++;
		any = true;
		ret = merge_latency(row, latency);
		if (ret)
			return ret;
	}
	row->p50_ns = latency_quantile(row, 0.5);
	row->p90_ns = latency_quantile(row, 0.9);
	row->p99_ns = latency_quantile(row, 0.99);
	row->p999_ns = latency_quantile(row, 0.999);
	return 0;
}

static int add_item_latencies(struct overhead *overhead, const struct rundata_item *item)
{
	int ret = 0;

	for (size_t m = 0; !ret && m < item->nr_metrics; m++)
		for (size_t a = 0; !ret && a < item->nr_arms; a++)
			ret = add_latency_row(overhead, item, m, a);
	return ret;
}

/* Room for every row that there can be. */
static int allocate(const struct rundata *data, struct overhead *overhead)
{
	size_t nr_samples = 0, nr = 0;

	for (size_t i = 0; i < data->nr_items; i++) {
		nr_samples += data->items[i].nr_samples;
		nr += data->items[i].nr_metrics * data->items[i].nr_arms;
	}
	if (!nr_samples)
		return err_set(ENODATA, "the run in %s holds no samples", data->dir);
	overhead->rows = calloc(nr, sizeof(*overhead->rows));
	/* One more: a row is begun before it is known whether there is anything for it. */
	overhead->latencies = calloc(nr + 1, sizeof(*overhead->latencies));
	return overhead->rows && overhead->latencies ? 0 : no_memory();
}

static int compute(const struct rundata *data, struct overhead *overhead)
{
	int ret = allocate(data, overhead);

	for (size_t i = 0; !ret && i < data->nr_items; i++) {
		ret = add_item_rows(overhead, &data->items[i]);
		if (!ret)
			ret = add_item_latencies(overhead, &data->items[i]);
	}
	return ret ? ret : overhead_run_doubts(overhead, data->items, data->nr_items);
}

int overhead_compute(const struct rundata *data, double delta_ratio, struct overhead **ret_overhead)
{
	struct overhead *overhead = calloc(1, sizeof(*overhead));
	int ret;

	if (!overhead)
		return no_memory();
	overhead->delta_ratio = delta_ratio;
	overhead->delta_ns = OVERHEAD_DELTA_NS;
	ret = compute(data, overhead);
	if (ret) {
		overhead_free(overhead);
		return ret;
	}
	*ret_overhead = overhead;
	return 0;
}

void overhead_free(struct overhead *overhead)
{
	if (!overhead)
		return;
	for (size_t i = 0; i < overhead->nr_latencies; i++)
		free(overhead->latencies[i].histogram);
	free(overhead->latencies);
	free(overhead->rows);
	free(overhead->warnings);
	free(overhead);
}
