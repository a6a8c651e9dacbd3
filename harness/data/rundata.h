/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rundata.h - a stored run, read back into memory.
 *
 * The only reader of run.json and samples.jsonl. Accepts what docs/RESULTS-FORMAT.md says and refuses the rest with one sentence
 * that names file and line. Pure data: needs no cgroup, no root, no machine.
 */
#ifndef DATA_RUNDATA_H
#define DATA_RUNDATA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct rundata_metric {
	char *name, *help, *op, *unit;
	bool lower_is_better;
	bool is_count; /* a number of things per op; else a time */
	char *stored_name; /* in the run's files, which may be older (data/old_names.h) */
};

struct rundata_arm {
	char *state; /* "off", "root", "child" */
	unsigned int depth;
	uint64_t limit_bytes; /* UINT64_MAX: none */
};

/* One rep: its value for every metric of the item, NAN where missing. */
struct rundata_sample {
	unsigned int boot, arm, block, pos, rep;
	bool warmup;
	bool cut; /* its block was cut short by the end of its boot: not to be paired */
	const double *value; /* ns (or insn) per op, for a count @unit; nr_metrics of them */
	const double *ops;   /* that each was divided by: whole numbers; NAN as the value is */
	json_t *workers; /* of several workers, as stored: metric name → "ops" and "ns", lists by worker; else NULL, as it is after rundata_load() */
};

/* One latency record. */
struct rundata_latency {
	unsigned int boot, arm, metric, round;
	uint64_t count;
	double clock_cost_ns, min_ns, max_ns;
	uint64_t (*histogram)[2]; /* lower bound, count */
	size_t nr_buckets;
};

/* One that was skipped in every boot has neither arms nor metrics, and its workers are null. */
struct rundata_item {
	unsigned int item;
	char *bench, *op, *mode, *place, *memory;
	unsigned int bench_version;
	bool oversubscribed; /* more workers than CPUs to run them */
	bool swaps;	     /* the item had a swap area of its own: that pages go there is what it measures */
	unsigned int nr_memcgs; /* leaf memcgs of a child arm, that the workers are dealt out to */
	json_t *params;	 /* object of strings */
	json_t *workers; /* list, as stored */
	struct rundata_metric *metrics;
	size_t nr_metrics;
	struct rundata_arm *arms;
	size_t nr_arms;
	struct rundata_sample *samples;
	size_t nr_samples;
	struct rundata_latency *latencies;
	size_t nr_latencies;
	json_t *counters; /* list of the counters records of this item, as stored */
	json_t *noise;	  /* list of the noise records of this item */
	json_t *warnings; /* list of warning records of this item */
	json_t *errors;	  /* list of error and skip records of this item */
};

struct rundata {
	char *dir;
	json_t *run; /* run.json */
	struct rundata_item *items;
	size_t nr_items;
	json_t *notes; /* warning, skip and error records of no item */
	bool complete; /* run.json says complete and every boot has its end record */
	char *doubt;   /* one sentence about what is missing ("the last line is cut"), or NULL */
};

/*
 * Read the run in directory @dir. -ENOENT: no run there; -EISDIR: a directory where a file belongs; -EBADMSG: not a memcgbench
 * run, malformed, negative or NaN numbers, an arm or metric that its item lacks, more boots, items or bytes in a line than a run
 * has; -EPROTONOSUPPORT: another schema version; -ESTALE: a file changed while it was read (a run that is still running may be
 * appended to). A cut last line is no error: @doubt says so. Free with rundata_free().
 */
int rundata_load(const char *dir, struct rundata **ret_data) __must_check;

/* Records of one boot as its runner wrote them, a line each, without newlines. */
struct rundata_boot_lines {
	unsigned int boot;
	char *const *lines;
	size_t nr;
};

/* Before they are stored: would rundata_load() read a run of these boots? Errors as there, with "records of boot BOOT:N: " in place of file and line. */
int rundata_check_boots(const struct rundata_boot_lines *boots, size_t nr) __must_check;
/* The same with what each of several workers did (rundata_sample.workers); takes ten times as long. */
int rundata_load_workers(const char *dir, struct rundata **ret_data) __must_check;
void rundata_free(struct rundata *data);

#endif
