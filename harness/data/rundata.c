// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/rundata.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"
#include "data/record.h"
#include "data/rundata_loader.h"

static void cleanup_json(json_t **json)
{
	json_decref(*json);
}

/* Far more than a run has; searched one by one. */
#define BOOTS_MAX 10000

#define __free_json   __attribute__((__cleanup__(cleanup_json)))
#define __close_lines __attribute__((__cleanup__(lines_close)))

static struct boot_state *find_boot(const struct loader *loader, unsigned int boot)
{
	for (size_t i = loader->nr_boots; i--;)
		if (loader->boots[i].boot == boot)
			return &loader->boots[i];
	return NULL;
}

static int read_boot(struct loader *loader, const json_t *record, unsigned int boot)
{
	const char *clock = json_string_value(json_object_get(record, "clock"));
	const char *run_clock = json_string_value(json_object_get(loader->data->run, "clock"));
	struct boot_state *more;
	int ret = loader_check_schema(loader->path, loader->line, record, RECORD_SCHEMA_SAMPLES);

	if (ret)
		return ret;
	if (find_boot(loader, boot))
		return loader_bad(loader, "a second boot record of boot %u", boot);
	if (clock && run_clock && strcmp(clock, run_clock))
		return loader_bad(loader, "clock \"%.20s\" in a run with clock \"%.20s\"", clock, run_clock);
	if (loader->nr_boots == BOOTS_MAX)
		return loader_bad(loader, "more than %d boots", BOOTS_MAX);
	more = reallocarray(loader->boots, loader->nr_boots + 1, sizeof(*more));
	if (!more)
		return loader_no_memory(loader);
	loader->boots = more;
	more[loader->nr_boots++] = (struct boot_state){ .boot = boot };
	return 0;
}

/* All numbers of a noise or counters record are counts, times and sizes: none is negative. */
static int check_numbers(const struct loader *loader, json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		double ignored;
		int ret = 0;

		if (json_is_object(value))
			ret = check_numbers(loader, value);
		else if (json_is_number(value))
			ret = loader_number(loader, object, key, &ignored);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_noise(struct loader *loader, json_t *record)
{
	struct rundata_item *item = NULL;
	int ret = loader_item(loader, record, &item);

	if (!ret)
		ret = check_numbers(loader, record);
	if (ret)
		return ret;
	return json_array_append(item->noise, record) < 0 ? loader_no_memory(loader) : 0;
}

/* A record for the reader of the table: warning, skip, error. */
static int read_note(struct loader *loader, json_t *record)
{
	const json_t *item = json_object_get(record, "item");

	if (!json_is_string(json_object_get(record, "text")))
		return loader_bad(loader, "\"text\" is not a text");
	if (item && !json_is_null(item) && (!json_is_integer(item) || json_integer_value(item) < 0))
		return loader_bad(loader, "\"item\" is not a whole number from 0");
	return json_array_append(loader->pending, record) < 0 ? loader_no_memory(loader) : 0;
}

/* Kept as it is: counts explain a time, no statistic is made of them. */
static int read_counters(const struct loader *loader, json_t *record)
{
	json_t *metrics = json_object_get(record, "metrics");
	struct rundata_item *item = NULL;
	unsigned int arm = 0;
	const char *name;
	json_t *json;
	int ret = loader_item(loader, record, &item);

	if (!ret)
		ret = loader_arm(loader, record, item, &arm);
	if (ret)
		return ret;
	json_object_foreach(metrics, name, json) {
		uint64_t ops;
		size_t metric;

		ret = loader_metric(loader, item, name, &metric);
		if (!ret)
			ret = loader_u64(loader, json, "ops", &ops);
		if (!ret)
			ret = check_numbers(loader, json);
		if (ret)
			return ret;
	}
	return json_array_append(item->counters, record) < 0 ? loader_no_memory(loader) : 0;
}

static int read_proof(const struct loader *loader, const json_t *record)
{
	struct rundata_item *item = NULL;
	unsigned int arm = 0;
	int ret = loader_item(loader, record, &item);

	return ret ? ret : loader_arm(loader, record, item, &arm);
}

static int read_end(const struct loader *loader, const json_t *record, struct boot_state *boot)
{
	if (boot->end_status)
		return loader_bad(loader, "a second end record of boot %u", boot->boot);
	return loader_text(loader, record, "status", &boot->end_status);
}

static int read_record(struct loader *loader, json_t *record)
{
	enum record_type type = record_type(record);
	struct boot_state *boot;
	unsigned int number = 0;
	int ret;

	if (type == RECORD_NONE || type == RECORD_TOPOLOGY)
		return loader_bad(loader, "not a record of a memcgbench run");
	/* A boot that failed before it said what it is leaves its error and nothing else. */
	if (!loader->nr_boots && type != RECORD_BOOT && type != RECORD_ERROR)
		return loader_bad(loader, "the first record is not a boot record");
	ret = loader_uint(loader, record, "boot", &number);
	if (ret)
		return ret;
	if (type == RECORD_BOOT)
		return read_boot(loader, record, number);
	boot = find_boot(loader, number);
	if (!boot && type == RECORD_ERROR)
		return read_note(loader, record);
	if (!boot)
		return loader_bad(loader, "boot %u has no boot record", number);
	if (boot->end_status)
		return loader_bad(loader, "a record of boot %u behind its end record", number);
	switch (type) {
	case RECORD_ITEM:
		return loader_read_item(loader, record, number);
	case RECORD_SAMPLE:
		return loader_read_sample(loader, record, boot);
	case RECORD_LATENCY:
		return loader_read_latency(loader, record, number);
	case RECORD_COUNTERS:
		return read_counters(loader, record);
	case RECORD_NOISE:
		return read_noise(loader, record);
	case RECORD_PROOF:
		return read_proof(loader, record);
	case RECORD_END:
		return read_end(loader, record, boot);
	default:
		return read_note(loader, record);
	}
}

/* Most lines are samples, and most samples need no tree. 1: this one was, and is taken. */
static int stream_line(struct loader *loader, const char *line, size_t len)
{
	struct rundata_sample sample;
	struct rundata_item *item;
	struct boot_state *boot;
	const double *values;
	int ret;

	if (!loader->stream || !loader_stream_sample(loader, line, len, &sample, &item, &values))
		return 0;
	boot = find_boot(loader, sample.boot);
	if (!boot || boot->end_status)
		return 0;
	ret = loader_take_sample(loader, boot, item, &sample, values);
	return ret ? ret : 1;
}

static int read_line(struct loader *loader, const char *line, size_t len)
{
	__free_json json_t *record = NULL;
	json_error_t error;
	int ret = stream_line(loader, line, len);

	if (ret)
		return ret < 0 ? ret : 0;
	/* A parser that stops there would have read the whole line, and a sentence about it ends there. */
	if (memchr(line, '\0', len))
		return loader_bad(loader, "not JSON: there is a NUL byte");
	record = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	if (!record)
		return loader_bad(loader, "not JSON: %s", error.text);
	ret = record_make_printable(record);
	return ret ? ret : read_record(loader, record);
}

static int read_lines(struct loader *loader, struct lines *lines)
{
	const char *line;
	size_t len;
	int ret;

	while ((ret = lines_next(lines, &line, &len)) > 0) {
		loader->line++;
		/* Even if it parses: "12" may be the beginning of "123". */
		if (line[len - 1] != '\n') {
			loader->cut_line = true;
			return 0;
		}
		ret = read_line(loader, line, len);
		if (ret)
			return ret;
	}
	if (ret != -EMSGSIZE)
		return ret;
	loader->line++;
	return loader_bad(loader, "not a record of a memcgbench run: a line of more than %lu MiB", LINE_BYTES_MAX >> 20);
}

static int read_samples(struct loader *loader)
{
	const char *status = json_string_value(json_object_get(loader->data->run, "status"));
	__close_lines struct lines lines = { .fd = -1 };
	int ret = lines_open(&lines, loader->data->dir, "samples.jsonl", loader->path);

	if (!ret)
		ret = read_lines(loader, &lines);
	/* A run that is still going on is appended to. */
	return ret ? ret : lines_check_unchanged(&lines, !strcmp(status, "running"));
}

static int read_run(struct rundata *data)
{
	static const char *const statuses[] = { "running", "complete", "interrupted", "failed" };
	__free_mem char *path = NULL;
	__free_mem char *text = NULL;
	json_error_t error;
	const char *status;
	size_t size;
	int ret;

	if (asprintf(&path, "%s/run.json", data->dir) < 0)
		return err_sys(ENOMEM, "read the run in %s", data->dir);
	ret = beneath_read_all(data->dir, "run.json", LINE_BYTES_MAX, &text, &size);
	if (ret == -EFBIG)
		return err_set(EBADMSG, "%s: not of memcgbench: larger than %lu MiB", path, LINE_BYTES_MAX >> 20);
	if (ret)
		return err_prefix(ret, "no run in %s", data->dir);
	data->run = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
	if (!data->run)
		return loader_bad_at(path, (size_t)error.line, "not JSON: %s", error.text);
	ret = record_make_printable(data->run);
	if (!ret)
		ret = loader_check_schema(path, 1, data->run, RECORD_SCHEMA_RUN);
	if (ret)
		return ret;
	status = json_string_value(json_object_get(data->run, "status"));
	for (size_t i = 0; status && i < ARRAY_SIZE(statuses); i++)
		if (!strcmp(status, statuses[i]))
			return 0;
	return loader_bad_at(path, 1, "\"status\" is none that a run can have");
}

/* Each record to its item, or to the notes. */
static int distribute_notes(struct loader *loader)
{
	size_t i;
	json_t *record;

	json_array_foreach(loader->pending, i, record) {
		const json_t *number = json_object_get(record, "item");
		json_t *list = loader->data->notes;
		struct rundata_item *item = NULL;

		if (json_is_integer(number) && json_integer_value(number) <= UINT_MAX) {
			item = loader_find_item(loader, (unsigned int)json_integer_value(number));
			/* A warning alone is no word on what was not measured. */
			if (!item && record_type(record) != RECORD_WARNING) {
				int ret = loader_plan_item(loader, (unsigned int)json_integer_value(number), &item);

				if (ret)
					return ret;
			}
		}
		if (item)
			list = record_type(record) == RECORD_WARNING ? item->warnings : item->errors;
		if (json_array_append(list, record) < 0)
			return loader_no_memory(loader);
	}
	return 0;
}

static void hand_over_values(struct loader *loader)
{
	for (size_t i = 0; i < loader->data->nr_items; i++) {
		struct rundata_item *item = &loader->data->items[i];
		double *values = loader->items[i].values;

		for (size_t k = 0; k < item->nr_samples; k++) {
			item->samples[k].value = values + k * 2 * item->nr_metrics;
			item->samples[k].ops = item->samples[k].value + item->nr_metrics;
		}
		if (item->nr_samples)
			loader->items[i].values = NULL;
	}
}

/*
 * A boot that did not come to its end may have stopped inside a block (each arm twice). A block with reps missing
 * anywhere else lost them to an error that the stream tells of, and what is left of it can be paired.
 */
static void mark_cut_block(const struct loader *loader, const struct boot_state *boot)
{
	struct rundata_item *item;

	if (!boot->has_block || (boot->end_status && !strcmp(boot->end_status, "complete")))
		return;
	item = &loader->data->items[boot->item];
	if (boot->nr_samples >= 2 * loader->items[boot->item].nr_arms)
		return;
	for (size_t i = boot->first_sample; i < item->nr_samples; i++)
		if (item->samples[i].boot == boot->boot && item->samples[i].block == boot->block)
			item->samples[i].cut = true;
}

static int add_doubt(struct rundata *data, const char *fmt, ...) __printf(2, 3);

static int add_doubt(struct rundata *data, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	char *more;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0 || asprintf(&more, "%s%s%s", data->doubt ? data->doubt : "", data->doubt ? "; " : "", text) < 0)
		return err_sys(ENOMEM, "read the run in %s", data->dir);
	loader_make_printable(more);
	free(data->doubt);
	data->doubt = more;
	return 0;
}

/* So many boots are named in a sentence; of the others, how many there are. */
#define BOOTS_NAMED 3

static int boot_doubt(const struct loader *loader, const struct boot_state *boot)
{
	if (!boot->end_status)
		return add_doubt(loader->data, "boot %u was cut short", boot->boot);
	return add_doubt(loader->data, "boot %u ended as %.40s", boot->boot, boot->end_status);
}

static int broken_boots(const struct loader *loader)
{
	size_t nr = 0;

	for (size_t i = 0; i < loader->nr_boots; i++) {
		const struct boot_state *boot = &loader->boots[i];
		bool ended = boot->end_status && !strcmp(boot->end_status, "complete");
		int ret = ended || ++nr > BOOTS_NAMED ? 0 : boot_doubt(loader, boot);

		mark_cut_block(loader, boot);
		if (ret)
			return ret;
	}
	return nr > BOOTS_NAMED ? add_doubt(loader->data, "%zu more boots did not come to their end", nr - BOOTS_NAMED) : 0;
}

/* Boots that run.json knows of and the stream does not. */
static int lost_boots(const struct loader *loader)
{
	const json_t *boots = json_object_get(loader->data->run, "boots");
	size_t i, nr = 0;
	json_t *entry;

	json_array_foreach(boots, i, entry) {
		json_int_t number = json_integer_value(json_object_get(entry, "boot"));
		int ret = 0;

		if (number >= 0 && number <= UINT_MAX && find_boot(loader, (unsigned int)number))
			continue;
		if (++nr <= BOOTS_NAMED)
			ret = add_doubt(loader->data, "boot %lld has no records", (long long)number);
		if (ret)
			return ret;
	}
	return nr > BOOTS_NAMED ? add_doubt(loader->data, "%zu more boots have none", nr - BOOTS_NAMED) : 0;
}

static int judge(struct loader *loader)
{
	struct rundata *data = loader->data;
	const char *status = json_string_value(json_object_get(data->run, "status"));
	int ret = 0;

	if (!strcmp(status, "running"))
		ret = add_doubt(data, "the run has not ended: it was killed, or is still running");
	else if (strcmp(status, "complete"))
		ret = add_doubt(data, "the run ended as %s", status);
	if (!ret && loader->cut_line)
		ret = add_doubt(data, "the last line is cut");
	if (!ret && !loader->nr_boots)
		ret = add_doubt(data, "there are no records");
	if (!ret)
		ret = broken_boots(loader);
	if (!ret)
		ret = lost_boots(loader);
	data->complete = !data->doubt;
	return ret;
}

static void loader_clear(struct loader *loader)
{
	for (size_t i = 0; i < loader->nr_boots; i++)
		free(loader->boots[i].end_status);
	for (size_t i = 0; i < loader->nr_items; i++)
		free(loader->items[i].values);
	free(loader->boots);
	free(loader->items);
	json_decref(loader->pending);
	free(loader->stream);
	free(loader->path);
	rundata_free(loader->data);
}

#define __free_loader __attribute__((__cleanup__(loader_clear)))

static int check_line(struct loader *loader, unsigned int boot, const char *line)
{
	__free_json json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	int ret;

	loader->line++;
	if (!record)
		return loader_bad(loader, "not JSON");
	/* That goes into a file of its own. */
	if (record_type(record) == RECORD_TOPOLOGY)
		return 0;
	ret = record_make_printable(record);
	if (!ret && json_object_set_new(record, "boot", json_integer(boot)))
		ret = loader_no_memory(loader);
	return ret ? ret : read_record(loader, record);
}

int rundata_check_boots(const struct rundata_boot_lines *boots, size_t nr)
{
	__free_loader struct loader loader = { .data = calloc(1, sizeof(struct rundata)), .pending = json_array() };
	int ret = 0;

	if (!loader.data || !loader.pending)
		return err_sys(ENOMEM, "check records");
	for (size_t i = 0; !ret && i < nr; i++) {
		free(loader.path);
		loader.line = 0;
		if (asprintf(&loader.path, "records of boot %u", boots[i].boot) < 0)
			loader.path = NULL;
		ret = loader.path ? 0 : err_sys(ENOMEM, "check records");
		for (size_t k = 0; !ret && k < boots[i].nr; k++)
			ret = check_line(&loader, boots[i].boot, boots[i].lines[k]);
	}
	return ret;
}

int loader_load(const char *dir, bool stream, struct rundata **ret_data)
{
	__free_loader struct loader loader = { .data = calloc(1, sizeof(struct rundata)) };
	int ret;

	if (!loader.data)
		return err_sys(ENOMEM, "read the run in %s", dir);
	loader.data->dir = strdup(dir);
	loader.data->notes = json_array();
	loader.pending = json_array();
	loader.stream = stream ? loader_stream_new() : NULL;
	if ((stream && !loader.stream) || !loader.data->dir || !loader.data->notes || !loader.pending ||
	    asprintf(&loader.path, "%s/samples.jsonl", dir) < 0)
		return err_sys(ENOMEM, "read the run in %s", dir);
	ret = read_run(loader.data);
	if (!ret)
		ret = read_samples(&loader);
	if (!ret)
		ret = distribute_notes(&loader);
	if (!ret)
		ret = judge(&loader);
	if (ret)
		return ret;
	hand_over_values(&loader);
	*ret_data = take_ptr(loader.data);
	return 0;
}

int rundata_load(const char *dir, struct rundata **ret_data)
{
	return loader_load(dir, true, ret_data);
}

int rundata_load_workers(const char *dir, struct rundata **ret_data)
{
	return loader_load(dir, false, ret_data);
}

static void item_clear(struct rundata_item *item)
{
	for (size_t i = 0; i < item->nr_metrics; i++) {
		free(item->metrics[i].name);
		free(item->metrics[i].stored_name);
		free(item->metrics[i].help);
		free(item->metrics[i].op);
		free(item->metrics[i].unit);
	}
	for (size_t i = 0; i < item->nr_arms; i++)
		free(item->arms[i].state);
	for (size_t i = 0; i < item->nr_samples; i++)
		json_decref(item->samples[i].workers);
	for (size_t i = 0; i < item->nr_latencies; i++)
		free(item->latencies[i].histogram);
	/* The values of all samples are one piece. */
	if (item->nr_samples)
		free((double *)item->samples[0].value);
	free(item->metrics);
	free(item->arms);
	free(item->samples);
	free(item->latencies);
	free(item->bench);
	free(item->op);
	free(item->mode);
	free(item->place);
	free(item->memory);
	json_decref(item->params);
	json_decref(item->workers);
	json_decref(item->counters);
	json_decref(item->noise);
	json_decref(item->warnings);
	json_decref(item->errors);
}

void rundata_free(struct rundata *data)
{
	if (!data)
		return;
	for (size_t i = 0; i < data->nr_items; i++)
		item_clear(&data->items[i]);
	free(data->items);
	json_decref(data->run);
	json_decref(data->notes);
	free(data->doubt);
	free(data->dir);
	free(data);
}
