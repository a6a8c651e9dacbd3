// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/rundata_loader.h"

#include <math.h>
#include <string.h>

/* The value of one metric, its time or its count divided by its ops, and these. */
static int read_value(const struct loader *loader, const struct rundata_metric *metric, const json_t *json,
		      double *ret_value, double *ret_ops)
{
	uint64_t ops = 0;
	double sum = NAN;
	int ret = loader_u64(loader, json, "ops", &ops);

	if (!ret)
		ret = loader_number(loader, json, metric->is_count ? "count" : "ns", &sum);
	if (ret)
		return ret;
	if (!ops)
		return loader_bad(loader, "metric \"%.100s\" did 0 ops: it has no value per op", metric->name);
	*ret_value = sum / (double)ops;
	*ret_ops = (double)ops;
	return 0;
}

static int read_values(const struct loader *loader, const json_t *record, const struct rundata_item *item,
		       double *values)
{
	json_t *metrics = json_object_get(record, "metrics");
	const char *name;
	json_t *json;

	if (!json_is_object(metrics))
		return loader_bad(loader, "a sample without \"metrics\"");
	for (size_t i = 0; i < 2 * item->nr_metrics; i++)
		values[i] = NAN;
	json_object_foreach(metrics, name, json) {
		size_t metric = 0;
		int ret = loader_metric(loader, item, name, &metric);

		if (!ret)
			ret = read_value(loader, &item->metrics[metric], json, &values[metric],
					 &values[item->nr_metrics + metric]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Which block is the last of a boot, and how many reps it has. */
static void note_block(const struct loader *loader, struct boot_state *boot, const struct rundata_item *item,
		       const struct rundata_sample *sample)
{
	size_t index = loader_item_index(loader, item);

	if (sample->warmup)
		return;
	if (!boot->has_block || boot->item != index || boot->block != sample->block) {
		boot->nr_samples = 0;
		boot->first_sample = item->nr_samples - 1;
	}
	boot->has_block = true;
	boot->item = index;
	boot->block = sample->block;
	boot->nr_samples++;
}

/* Room for one more, with the values of its metrics. */
static int grow_samples(const struct loader *loader, struct rundata_item *item, struct item_state *state)
{
	size_t old_size = state->samples_size;
	double *more;

	if (loader_grow((void **)&item->samples, &state->samples_size, item->nr_samples, sizeof(*item->samples)))
		return loader_no_memory(loader);
	if (state->samples_size == old_size)
		return 0;
	more = reallocarray(state->values, state->samples_size, 2 * item->nr_metrics * sizeof(double));
	if (!more)
		return loader_no_memory(loader);
	state->values = more;
	return 0;
}

/* The values are in their place already. */
static void add_sample(const struct loader *loader, struct boot_state *boot, struct rundata_item *item,
		       const struct rundata_sample *sample)
{
	item->samples[item->nr_samples++] = *sample;
	note_block(loader, boot, item, sample);
}

static double *next_values(const struct rundata_item *item, const struct item_state *state)
{
	return state->values + item->nr_samples * 2 * item->nr_metrics;
}

int loader_read_sample(struct loader *loader, const json_t *record, struct boot_state *boot)
{
	struct rundata_sample sample = { .boot = boot->boot };
	struct rundata_item *item = NULL;
	struct item_state *state;
	int ret = loader_item(loader, record, &item);

	if (!ret)
		ret = loader_arm(loader, record, item, &sample.arm);
	if (!ret)
		ret = loader_uint(loader, record, "block", &sample.block);
	if (!ret && sample.block > BLOCK_MAX)
		ret = loader_bad(loader, "block %u is more than any run has", sample.block);
	if (!ret)
		ret = loader_uint(loader, record, "pos", &sample.pos);
	if (!ret)
		ret = loader_uint(loader, record, "rep", &sample.rep);
	if (!ret)
		ret = loader_flag(loader, record, "warmup", &sample.warmup);
	if (ret)
		return ret;
	state = &loader->items[loader_item_index(loader, item)];
	ret = grow_samples(loader, item, state);
	if (!ret)
		ret = read_values(loader, record, item, next_values(item, state));
	if (ret)
		return ret;
	if (!loader->stream)
		sample.workers = json_incref(json_object_get(record, "workers"));
	add_sample(loader, boot, item, &sample);
	return 0;
}

int loader_take_sample(struct loader *loader, struct boot_state *boot, struct rundata_item *item,
		       const struct rundata_sample *sample, const double *values)
{
	struct item_state *state = &loader->items[loader_item_index(loader, item)];
	int ret = grow_samples(loader, item, state);

	if (ret)
		return ret;
	memcpy(next_values(item, state), values, 2 * item->nr_metrics * sizeof(*values));
	add_sample(loader, boot, item, sample);
	return 0;
}

static int read_histogram(const struct loader *loader, const json_t *record, struct rundata_latency *latency)
{
	const json_t *histogram = json_object_get(record, "histogram");
	size_t nr = json_array_size(histogram);
	uint64_t sum = 0;

	if (!json_is_array(histogram))
		return loader_bad(loader, "a latency without \"histogram\"");
	latency->histogram = calloc(nr ? nr : 1, sizeof(*latency->histogram));
	if (!latency->histogram)
		return loader_no_memory(loader);
	latency->nr_buckets = nr;
	for (size_t i = 0; i < nr; i++) {
		const json_t *pair = json_array_get(histogram, i);
		const json_t *lower = json_array_get(pair, 0), *count = json_array_get(pair, 1);

		if (json_array_size(pair) != 2 || !json_is_integer(lower) || !json_is_integer(count) ||
		    json_integer_value(lower) < 0 || json_integer_value(count) < 0)
			return loader_bad(loader, "bucket %zu of the histogram is not a pair of numbers from 0", i);
		latency->histogram[i][0] = (uint64_t)json_integer_value(lower);
		latency->histogram[i][1] = (uint64_t)json_integer_value(count);
		if (i && latency->histogram[i][0] <= latency->histogram[i - 1][0])
			return loader_bad(loader, "bucket %zu of the histogram is not above the one before it", i);
		if (__builtin_add_overflow(sum, latency->histogram[i][1], &sum))
			return loader_bad(loader, "the counts of the histogram are out of range");
	}
	if (sum != latency->count)
		return loader_bad(loader, "the histogram holds %llu ops, \"count\" says %llu", (unsigned long long)sum,
			   (unsigned long long)latency->count);
	return 0;
}

int loader_read_latency(struct loader *loader, const json_t *record, unsigned int boot)
{
	struct rundata_latency latency = { .boot = boot, .min_ns = NAN, .max_ns = NAN };
	const char *name = json_string_value(json_object_get(record, "metric"));
	struct rundata_item *item = NULL;
	size_t metric = 0;
	int ret = loader_item(loader, record, &item);

	if (!ret)
		ret = loader_arm(loader, record, item, &latency.arm);
	if (!ret)
		ret = name ? loader_metric(loader, item, name, &metric) : loader_bad(loader, "a latency without \"metric\"");
	if (!ret)
		ret = loader_uint(loader, record, "round", &latency.round);
	if (!ret)
		ret = loader_u64(loader, record, "count", &latency.count);
	if (!ret)
		ret = loader_number(loader, record, "clock_cost_ns", &latency.clock_cost_ns);
	/* An empty distribution has neither. */
	if (!ret && latency.count)
		ret = loader_number(loader, record, "min_ns", &latency.min_ns);
	if (!ret && latency.count)
		ret = loader_number(loader, record, "max_ns", &latency.max_ns);
	if (ret)
		return ret;
	if (latency.min_ns > latency.max_ns)
		return loader_bad(loader, "\"min_ns\" is above \"max_ns\"");
	if (loader_grow((void **)&item->latencies, &loader->items[loader_item_index(loader, item)].latencies_size,
		 item->nr_latencies, sizeof(latency)))
		return loader_no_memory(loader);
	latency.metric = (unsigned int)metric;
	/* In the array first: a histogram that does not do is then freed with it. */
	item->latencies[item->nr_latencies++] = latency;
	return read_histogram(loader, record, &item->latencies[item->nr_latencies - 1]);
}
