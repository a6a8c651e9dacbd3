/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rundata_loader.h - the parts of the reader of a run among themselves: rundata.c and rundata_*.c, nobody else.
 *
 * Functions return 0 or -errno, with the sentence that names file and line in err.h.
 */
#ifndef DATA_RUNDATA_LOADER_H
#define DATA_RUNDATA_LOADER_H

#include "data/lines.h"
#include "data/rundata.h"

/* What is known of one boot while its records go by. */
struct boot_state {
	unsigned int boot;
	char *end_status; /* NULL: no end record */
	/* The block that the last sample belongs to. */
	bool has_block;
	size_t item; /* index in items */
	size_t first_sample;
	unsigned int block, nr_samples;
};

/* What is known of one item, beside the rundata_item that it becomes. */
struct item_state {
	double *values; /* nr_metrics for each sample, and as many ops; handed over at the end, when it moves no more */
	size_t samples_size, latencies_size;
	unsigned int boot;    /* of the last item record */
	unsigned int nr_arms; /* of that record: a boot need not have every arm */
};

struct stream;

struct loader {
	struct rundata *data;
	struct stream *stream; /* NULL: every line by way of a tree */
	char *path; /* of samples.jsonl */
	size_t line;
	json_t *pending; /* warning, skip and error records: an item record may follow them */
	struct boot_state *boots;
	size_t nr_boots;
	struct item_state *items;
	size_t nr_items; /* of items */
	bool cut_line;
};

/* rundata_fields.c: fields of a record. Each says what is wrong with the field that it was asked for. */

/* A foreign file's texts may hold anything; a sentence is one line, and nothing in it commands a terminal. */
void loader_make_printable(char *text);
/* -EBADMSG, "PATH:LINE: " and the sentence. */
int loader_bad(const struct loader *loader, const char *fmt, ...) __printf(2, 3);
int loader_bad_at(const char *path, size_t line, const char *fmt, ...) __printf(3, 4);
int loader_no_memory(const struct loader *loader);
/* Room for one element more than @nr, doubling; *size is the room there is. -ENOMEM without a sentence. */
int loader_grow(void **array, size_t *size, size_t nr, size_t element);
/* Does the field @key of @object hold the text @text? */
bool loader_text_is(const json_t *object, const char *key, const char *text);
/* -EBADMSG: not of memcgbench; -EPROTONOSUPPORT: another version of the schema. */
int loader_check_schema(const char *path, size_t line, const json_t *object, const char *schema);
int loader_u64(const struct loader *loader, const json_t *record, const char *key, uint64_t *ret_value);
int loader_uint(const struct loader *loader, const json_t *record, const char *key, unsigned int *ret_value);
/* A number from 0. Whole numbers above 2^53 lose their last digits here, which no result shows. */
int loader_number(const struct loader *loader, const json_t *record, const char *key, double *ret_value);
/* The caller frees *ret_text. */
int loader_text(const struct loader *loader, const json_t *record, const char *key, char **ret_text);
/* A flag that says false by not being there. */
int loader_flag(const struct loader *loader, const json_t *record, const char *key, bool *ret_flag);
/* The item that the record belongs to, which must have been announced; and one of its arms, one of its metrics. */
int loader_item(const struct loader *loader, const json_t *record, struct rundata_item **ret_item);
int loader_arm(const struct loader *loader, const json_t *record, const struct rundata_item *item, unsigned int *ret_arm);
int loader_metric(const struct loader *loader, const struct rundata_item *item, const char *name, size_t *ret_metric);
/* NULL: not known yet. */
struct rundata_item *loader_find_item(const struct loader *loader, unsigned int item);
size_t loader_item_index(const struct loader *loader, const struct rundata_item *item);

/* rundata_item.c */
int loader_read_item(struct loader *loader, const json_t *record, unsigned int boot);
/*
 * An item that was skipped, or failed, before it came to a record: as the plan of run.json has it, without arms and metrics. *ret_item
 * NULL: the plan has none of that number.
 */
int loader_plan_item(struct loader *loader, unsigned int number, struct rundata_item **ret_item);

/* rundata_sample.c */
int loader_read_sample(struct loader *loader, const json_t *record, struct boot_state *boot);
int loader_read_latency(struct loader *loader, const json_t *record, unsigned int boot);
/* A sample that rundata_stream.c read; @values: one for each metric of @item, and as many ops. */
int loader_take_sample(struct loader *loader, struct boot_state *boot, struct rundata_item *item,
		       const struct rundata_sample *sample, const double *values);

/*
 * rundata_stream.c. false: not a sample record as the store writes it; read it by way of a tree, which says what it is. What is given
 * back is whole and in range, but for its boot, and the values are good until the next call.
 */
bool loader_stream_sample(const struct loader *loader, const char *line, size_t len, struct rundata_sample *ret_sample,
			  struct rundata_item **ret_item, const double **ret_values);
/* The caller frees it. */
struct stream *loader_stream_new(void);

/*
 * An end to what is believed of a file: more than any run has. Memory and time are taken by the greatest block, not by how many there
 * are, and sums of larger numbers would not be finite.
 */
#define BLOCK_MAX  1000000
#define AMOUNT_MAX 1e19

/* rundata_load(), with or without rundata_stream.c: for the tests, which compare. */
int loader_load(const char *dir, bool stream, struct rundata **ret_data);

#endif
