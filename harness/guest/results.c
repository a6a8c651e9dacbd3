// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/results.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/err.h"

/* The reader of stored records takes no longer ones (data/rundata_loader.h, LINE_BYTES_MAX); the longest are a histogram and a topology. */
#define LINE_MAX_BYTES (16u << 20)

static void fail(struct results *results, enum boot_fault fault, const char *detail)
{
	results->fault = fault;
	snprintf(results->detail, sizeof(results->detail), "%s", detail);
}

static void not_a_record(struct results *results)
{
	results->fault = BOOT_GARBLED;
	snprintf(results->detail, sizeof(results->detail), "line %llu is not a record: %.100s",
		 (unsigned long long)results->nr_records + 1, results->line);
}

static void take_line(struct results *results)
{
	/* Behind a '\0' there might be anything. */
	json_t *record = strlen(results->line) == results->line_len ? json_loads(results->line, 0, NULL) : NULL;
	const char *type = json_string_value(json_object_get(record, "type"));

	if (!type) {
		not_a_record(results);
	} else {
		results->nr_records++;
		if (results->on_line && results->on_line(results->ctx, results->line))
			fail(results, BOOT_REFUSED, err_msg());
		if (!strcmp(type, "end")) {
			results->has_end = true;
			results->tainted = (uint64_t)json_integer_value(json_object_get(record, "tainted"));
		}
	}
	json_decref(record);
	results->line_len = 0;
}

/* False: that is the end of it. */
static bool add(struct results *results, const char *data, size_t size)
{
	char *more;

	if (results->line_len + size >= LINE_MAX_BYTES) {
		fail(results, BOOT_GARBLED, "a line of more than 16 MiB is not a record");
		return false;
	}
	if (results->line_len + size + 1 > results->line_size) {
		more = realloc(results->line, 2 * (results->line_len + size + 1));
		if (!more) {
			fail(results, BOOT_REFUSED, "out of memory");
			return false;
		}
		results->line = more;
		results->line_size = 2 * (results->line_len + size + 1);
	}
	memcpy(results->line + results->line_len, data, size);
	results->line_len += size;
	results->line[results->line_len] = '\0';
	return true;
}

void results_feed(struct results *results, const char *data, size_t size)
{
	while (size && results->fault == BOOT_OK && !results->has_end) {
		const char *newline = memchr(data, '\n', size);
		size_t len = newline ? (size_t)(newline - data) : size;

		if (!add(results, data, len) || !newline)
			return;
		take_line(results);
		data += len + 1;
		size -= len + 1;
	}
}

void results_clear(struct results *results)
{
	free(results->line);
	*results = (struct results){0};
}
