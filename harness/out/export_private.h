/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export_private.h - the writers of export.h among themselves: export*.c, nobody else.
 *
 * What all formats need of a row is prepared once: names that are the same in every run, and the values of each boot or block.
 */
#ifndef OUT_EXPORT_PRIVATE_H
#define OUT_EXPORT_PRIVATE_H

#include <jansson.h>

#include "base/util.h"
#include "out/export.h"

/* The eight verdicts, as programs know them that have fewer. */
enum export_outcome {
	EXPORT_PASS,	/* nothing worse: same, equivalent, small, improvement */
	EXPORT_FAIL,	/* regression */
	EXPORT_UNKNOWN, /* inconclusive: never a pass */
	EXPORT_SKIP,	/* incomparable */
	EXPORT_ERROR,
};

/* What one side measured, one value per boot or block. */
struct export_side {
	double *values; /* in the order of seeds or blocks */
	size_t nr;	/* 0: not measured there */
	double value;	/* as in the row (compare.h); NAN: not measured there */
};

struct export_row {
	const struct compare_row *row;
	char *id;   /* "fault_storm.map-shmem.fault.child-depth1": letters, digits, "_-."; the same in every run */
	char *path; /* "fault_storm/map=shmem/arm=child-depth1/metric=fault": no blanks */
	char *raw;  /* the same with all that was replaced there */
	char *unit; /* "insn/page": no blanks, "=", "<" or ">" */
	char *text; /* what was found, for people, in one line */
	enum export_outcome outcome;
};

/* A number of a row that can be followed over time: what the arm costs, or what it costs more than the state below. */
struct export_series {
	const struct export_row *row;
	const struct rundata_arm *below; /* NULL: the arm itself; else what it costs more than this */
	char *id, *path;		 /* the row's, and "-over-off", "/over=off" */
	struct export_side base, cand;
};

struct export_table {
	const struct compare *compare;
	struct export_row *rows; /* one for each of compare */
	size_t nr_rows;
	struct export_series *series;
	size_t nr_series;
	char *missing; /* "reclaim_depth: KERNEL skipped it: why; failed: …", of what was not compared, on one line; "": nothing */
};

/* @compare must outlive *ret_table. @defaults as in label.h. -ENOMEM. Free with export_table_free(). */
int export_table_make(const struct compare *compare, const struct label_defaults *defaults,
		      struct export_table **ret_table) __must_check;
void export_table_free(struct export_table *table);

/* Each format. */
int put_benchfmt(const struct export_table *table, FILE *out);
int put_bmf(const struct export_table *table, FILE *out);
int put_gbench(const struct export_table *table, FILE *out);
int put_gha(const struct export_table *table, FILE *out);
int put_kcidb(const struct export_table *table, FILE *out);
int put_ktap(const struct export_table *table, FILE *out);
int put_lava(const struct export_table *table, FILE *out);
int put_lkp(const struct export_table *table, FILE *out);

/* -EIO with a sentence if @out would not take something; else 0. */
int export_finish(FILE *out);
/* Write and free @json, indented; NULL is -ENOMEM. */
int export_json(json_t *json, FILE *out);
/* A fact of the boots of @side ("arch", "cpu_model"); "" when missing. */
const char *export_fact(const struct compare_side *side, const char *key);
/* Does the consumer, who knows times only and "less is better", understand the series? */
bool export_is_time(const struct export_series *series);
/* The lowest and the highest value of a side; NAN when it has none. */
void export_range(const struct export_side *side, double *ret_low, double *ret_high);

#endif
