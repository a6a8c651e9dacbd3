// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/overhead_time.h"

#include <string.h>

#include "base/units.h"
#include "out/label.h"

static const json_t *plan_of(const struct rundata *data)
{
	return json_object_get(data->run, "plan");
}

bool overhead_time_is_limited(const struct rundata *data)
{
	return json_integer_value(json_object_get(plan_of(data), "budget_ns")) > 0;
}

static unsigned int nr_blocks(const struct rundata_item *item)
{
	unsigned int last = 0;
	size_t i;

	for (i = 0; i < item->nr_samples; i++)
		if (item->samples[i].block > last)
			last = item->samples[i].block;
	return last;
}

static void write_blocks(const struct rundata *data, long long asked, FILE *out)
{
	unsigned int least = 0, most = 0, blocks;
	size_t i;

	for (i = 0; i < data->nr_items; i++) {
		blocks = nr_blocks(&data->items[i]);
		if (!blocks)
			continue;
		least = !least || blocks < least ? blocks : least;
		most = blocks > most ? blocks : most;
	}
	if (least >= asked)
		fprintf(out, "all %lld blocks", asked);
	else if (least == most)
		fprintf(out, "%u blocks instead of %lld", least, asked);
	else
		fprintf(out, "%u to %u blocks of an item instead of %lld", least, most, asked);
}

/* Parameters that are not what was planned: a pass would have taken too long. */
static void write_smaller(const struct rundata *data, FILE *out)
{
	const json_t *planned = json_object_get(plan_of(data), "items");
	size_t i;

	for (i = 0; i < data->nr_items; i++) {
		const struct rundata_item *item = &data->items[i];
		const json_t *params = json_object_get(json_array_get(planned, item->item), "params"), *value;
		const char *name;

		json_object_foreach(item->params, name, value) {
			const char *asked = json_string_value(json_object_get(params, name));

			if (asked && strcmp(asked, json_string_value(value)))
				fprintf(out, "; %s --%s=%s instead of %s, as a pass is slow here", item->bench, name, json_string_value(value), asked);
		}
	}
}

static void write_left_out(const struct rundata *data, FILE *out)
{
	const json_t *record;
	size_t i, k, nr = 0;

	for (i = 0; i < data->nr_items; i++)
		json_array_foreach(data->items[i].errors, k, record)
			nr += !strcmp(label_string(record, "code"), "budget");
	if (nr)
		fprintf(out, "; %zu item%s left out", nr, nr == 1 ? "" : "s");
}

void overhead_time_write(const struct rundata *data, FILE *out)
{
	const json_t *plan = plan_of(data);
	char text[32];

	fprintf(out, "%s (--budget): ", format_duration((uint64_t)json_integer_value(json_object_get(plan, "budget_ns")), text, sizeof(text)));
	write_blocks(data, json_integer_value(json_object_get(plan, "blocks")), out);
	write_smaller(data, out);
	write_left_out(data, out);
}
