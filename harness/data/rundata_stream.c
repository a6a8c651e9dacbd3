// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sample records without a tree. Nearly all lines of a stream are samples, and a tree of each, built and freed, is what reading
 * a run would take its time for. Here a line goes through a streaming parser (yajl) straight into numbers.
 *
 * Whatever is not a sample just as the store writes it is declined and read again through a tree, which alone decides what is
 * wrong and says so. So this must never take what that refuses, nor read it differently: tests/fuzz/fuzz_rundata.c compares.
 */
#include "data/rundata_loader.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#define DEPTH_MAX     8
#define KEYS_MAX      64
#define KEY_BYTES_MAX 1024
#define METRICS_MAX   16
#define PIECE_BYTES   32

enum field {
	FIELD_BOOT,
	FIELD_ITEM,
	FIELD_ARM,
	FIELD_BLOCK,
	FIELD_POS,
	FIELD_REP,
	NR_NUMBERS,
	FIELD_TYPE = NR_NUMBERS,
	FIELD_WARMUP,
	FIELD_METRICS,
	NR_FIELDS,
	FIELD_OTHER = NR_FIELDS,
};

static const char *const field_names[NR_FIELDS] = {
	"boot", "item", "arm", "block", "pos", "rep", "type", "warmup", "metrics",
};

struct key {
	size_t start, len; /* in key_text */
};

struct stream {
	const struct loader *loader;
	unsigned int depth; /* of open objects and lists */
	enum field field;   /* the field of the record that is being read */
	unsigned int seen;  /* bit by field */
	unsigned int numbers[NR_NUMBERS];
	bool warmup;
	struct rundata_item *item;
	double values[2 * METRICS_MAX]; /* of the item's metrics, then their ops */
	/* The metric that is being read. */
	size_t metric;
	bool key_is_ops, has_ops, has_sum;
	uint64_t ops;
	double sum; /* its time, or its count */
	/* The keys of the open objects: one that comes twice is refused, not overwritten. */
	struct key keys[KEYS_MAX];
	size_t nr_keys, first_key[DEPTH_MAX + 1];
	char key_text[KEY_BYTES_MAX];
};

/* The callbacks return true to go on, false to decline the line. */

static bool take_key(struct stream *stream, const unsigned char *text, size_t len)
{
	const struct key *last = stream->nr_keys ? &stream->keys[stream->nr_keys - 1] : NULL;
	struct key key = { .start = last ? last->start + last->len : 0, .len = len };

	for (size_t i = stream->first_key[stream->depth]; i < stream->nr_keys; i++)
		if (stream->keys[i].len == len && !memcmp(stream->key_text + stream->keys[i].start, text, len))
			return false;
	if (stream->nr_keys == KEYS_MAX || len > KEY_BYTES_MAX - key.start)
		return false;
	memcpy(stream->key_text + key.start, text, len);
	stream->keys[stream->nr_keys++] = key;
	return true;
}

/* @other has no NUL. Most names differ in their first letter, and an empty one is none of ours. */
static bool text_is(const char *text, const unsigned char *other, size_t len)
{
	return len && text[0] == (char)other[0] && !strncmp(text, (const char *)other, len) && !text[len];
}

static bool is_metric(const struct stream *stream, unsigned int depth)
{
	return stream->field == FIELD_METRICS && stream->depth == depth;
}

static bool find_metric(struct stream *stream, const unsigned char *name, size_t len)
{
	for (size_t i = 0; i < stream->item->nr_metrics; i++) {
		if (text_is(stream->item->metrics[i].stored_name, name, len)) {
			stream->metric = i;
			return true;
		}
	}
	return false;
}

static enum field find_field(const unsigned char *key, size_t len)
{
	unsigned int field = 0;

	while (field < NR_FIELDS && !text_is(field_names[field], key, len))
		field++;
	return (enum field)field;
}

static int on_key(void *context, const unsigned char *key, size_t len)
{
	struct stream *stream = context;

	if (!take_key(stream, key, len))
		return false;
	if (is_metric(stream, 2))
		return find_metric(stream, key, len);
	if (is_metric(stream, 3)) {
		const struct rundata_metric *metric = &stream->item->metrics[stream->metric];

		stream->key_is_ops = text_is("ops", key, len);
		return stream->key_is_ops || text_is(metric->is_count ? "count" : "ns", key, len);
	}
	if (stream->depth != 1)
		return true;
	stream->field = find_field(key, len);
	return true;
}

static bool start_metrics(struct stream *stream)
{
	/* The names mean something only once the item is known, which the store writes first. */
	if (!(stream->seen & 1U << FIELD_ITEM))
		return false;
	stream->item = loader_find_item(stream->loader, stream->numbers[FIELD_ITEM]);
	if (!stream->item || stream->item->nr_metrics > METRICS_MAX)
		return false;
	for (size_t i = 0; i < 2 * stream->item->nr_metrics; i++)
		stream->values[i] = NAN;
	stream->seen |= 1U << FIELD_METRICS;
	return true;
}

static bool may_open(const struct stream *stream)
{
	return stream->depth < DEPTH_MAX && (stream->depth != 1 || stream->field == FIELD_METRICS || stream->field == FIELD_OTHER);
}

static int on_start_map(void *context)
{
	struct stream *stream = context;

	if (!may_open(stream) || is_metric(stream, 3) || (is_metric(stream, 1) && !start_metrics(stream)))
		return false;
	if (is_metric(stream, 2))
		stream->has_ops = stream->has_sum = false;
	stream->first_key[++stream->depth] = stream->nr_keys;
	return true;
}

static int on_end_map(void *context)
{
	struct stream *stream = context;

	if (is_metric(stream, 3)) {
		/* The other reader finds the words for what cannot be. */
		if (!stream->has_ops || !stream->has_sum || stream->sum > AMOUNT_MAX)
			return false;
		stream->values[stream->metric] = stream->sum / (double)stream->ops;
		stream->values[stream->item->nr_metrics + stream->metric] = (double)stream->ops;
	}
	stream->nr_keys = stream->first_key[stream->depth--];
	return true;
}

static int on_start_array(void *context)
{
	struct stream *stream = context;

	if (!stream->depth || stream->field == FIELD_METRICS || !may_open(stream))
		return false;
	stream->first_key[++stream->depth] = stream->nr_keys;
	return true;
}

static int on_end_array(void *context)
{
	struct stream *stream = context;

	stream->depth--;
	return true;
}

/* A value that none of the known fields may have. */
static int on_other(const struct stream *stream)
{
	return stream->depth && stream->field == FIELD_OTHER;
}

static int on_double(void *context, double value)
{
	struct stream *stream = context;

	if (!is_metric(stream, 3))
		return on_other(stream);
	if (stream->key_is_ops || !(value >= 0) || !isfinite(value))
		return false;
	stream->sum = value;
	stream->has_sum = true;
	return true;
}

static int on_integer(void *context, long long value)
{
	struct stream *stream = context;

	if (is_metric(stream, 3) && stream->key_is_ops) {
		if (value <= 0)
			return false;
		stream->ops = (uint64_t)value;
		stream->has_ops = true;
		return true;
	}
	if (stream->depth != 1 || stream->field >= NR_NUMBERS)
		return on_double(stream, (double)value);
	if (value < 0 || value > UINT_MAX)
		return false;
	stream->numbers[stream->field] = (unsigned int)value;
	stream->seen |= 1U << stream->field;
	return true;
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	struct stream *stream = context;

	if (stream->depth != 1 || stream->field != FIELD_TYPE)
		return on_other(stream);
	stream->seen |= 1U << FIELD_TYPE;
	return text_is("sample", text, len);
}

static int on_boolean(void *context, int value)
{
	struct stream *stream = context;

	if (stream->depth != 1 || stream->field != FIELD_WARMUP)
		return on_other(stream);
	stream->warmup = value;
	return true;
}

static int on_null(void *context)
{
	return on_other(context);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_integer = on_integer,
	.yajl_double = on_double,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static inline unsigned char is_strange(unsigned char byte)
{
	return (byte < 0x20) | (byte >= 0x7f) | (byte == '\\');
}

/*
 * The two parsers agree on plain text. Beyond it they do not: yajl takes form feeds for spaces, and is lenient with UTF-8.
 */
static bool is_plain(const char *line, size_t len)
{
	const unsigned char *byte = (const unsigned char *)line;
	unsigned char strange = 0;

	/* In pieces of a fixed size, without a branch: compilers make vector instructions of that. */
	for (; len >= PIECE_BYTES; byte += PIECE_BYTES, len -= PIECE_BYTES)
		for (size_t i = 0; i < PIECE_BYTES; i++)
			strange |= is_strange(byte[i]);
	for (size_t i = 0; i < len; i++)
		strange |= is_strange(byte[i]);
	return !strange;
}

static bool parse(struct stream *stream, const char *line, size_t len)
{
	yajl_handle handle = yajl_alloc(&callbacks, NULL, stream);
	bool ok;

	if (!handle)
		return false;
	ok = yajl_parse(handle, (const unsigned char *)line, len) == yajl_status_ok &&
	     yajl_complete_parse(handle) == yajl_status_ok;
	yajl_free(handle);
	return ok;
}

bool loader_stream_sample(const struct loader *loader, const char *line, size_t len, struct rundata_sample *ret_sample,
			  struct rundata_item **ret_item, const double **ret_values)
{
	const unsigned int wanted = ((1U << NR_NUMBERS) - 1) | 1U << FIELD_TYPE | 1U << FIELD_METRICS;
	struct stream *stream = loader->stream;

	stream->loader = loader;
	stream->depth = stream->seen = 0;
	stream->nr_keys = 0;
	stream->field = FIELD_OTHER;
	stream->warmup = false;
	/* All but the newline behind it. */
	if (!is_plain(line, len - 1) || !parse(stream, line, len) || (stream->seen & wanted) != wanted ||
	    stream->numbers[FIELD_ARM] >= stream->item->nr_arms || stream->numbers[FIELD_BLOCK] > BLOCK_MAX)
		return false;
	*ret_sample = (struct rundata_sample){
		.boot = stream->numbers[FIELD_BOOT],
		.arm = stream->numbers[FIELD_ARM],
		.block = stream->numbers[FIELD_BLOCK],
		.pos = stream->numbers[FIELD_POS],
		.rep = stream->numbers[FIELD_REP],
		.warmup = stream->warmup,
	};
	*ret_item = stream->item;
	*ret_values = stream->values;
	return true;
}

struct stream *loader_stream_new(void)
{
	return calloc(1, sizeof(struct stream));
}
