/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - what many stored runs say together: one series per metric and memcg state, one point per kernel.
 *
 * From stored runs only. A series holds what is comparable: bench and version, parameters, workers, metric, memcg state,
 * clock, how the kernel was run, accelerator, processor, QEMU. A kernel is a release with its build (uname -r and -v);
 * runs of one kernel are pooled. The unit is a boot: its value is that of data/compare_units.h, and of a run on a live
 * machine the median of its blocks. On the clock of instructions a boot that was repeated with its seed is no new
 * unit: the mean of both stands for the seed.
 *
 *	history_new(), history_add_run() or history_add_folder() for each source, history_finish(), then read it.
 */
#ifndef DATA_HISTORY_H
#define DATA_HISTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "data/changepoint.h"

/* Boots of one kernel. */
struct history_point {
	size_t kernel; /* index in history->kernels */
	struct changepoint_point units;
	double value;	  /* on the clock of instructions their mean, as `compare` has it; else their median */
	double low, high; /* of a mean the least and the most; 95 % interval of the median, of fewer than 6 boots as of a mean; of one, NAN */
};

struct history_series {
	char *key; /* all that makes it one, for comparing; not for people */
	char *bench, *params, *metric, *unit, *op; /* params: "--size=1M", those that differ in this history; or "" */
	char *help;		  /* what the metric is, in words; "" not recorded */
	unsigned int metric_rank; /* its place in the bench's own order, which begins with what the bench is about */
	json_t *all_params;
	unsigned int bench_version, workers, nr_memcgs;
	char *mode, *place, *memory;
	char *state, *below; /* below: the state whose cost is taken off, NULL: the cost itself */
	unsigned int depth;
	uint64_t limit_bytes; /* UINT64_MAX: none */
	bool lower_is_better, is_count;
	char *clock, *executor, *environment; /* environment: accelerator, processor, QEMU in words */
	struct history_point *points; /* by kernel */
	size_t nr_points;
	struct history_raw *raw; /* while it is gathered */
	size_t nr_raw, raw_size;
};

struct history_kernel {
	char *label;	/* short and unique: "6.12.94", or the release */
	char *release;	/* uname -r */
	char *version;	/* uname -v */
	char *upstream; /* "6.12.94" where @version tells (Debian), else @release */
	char *started;	/* of the first run with it, ISO 8601; "" unknown */
	size_t nr_runs;
	size_t rank;	/* for HISTORY_BY_RANK, set by the caller */
};

/* A kernel in a run: where samples and profiles of it are. */
struct history_source {
	size_t kernel; /* index in history->kernels */
	char *dir;     /* of the run */
	char *name;    /* what the run calls the kernel; NULL: the run has no names */
};

/* A run that is not in the history. */
struct history_left_out {
	char *run; /* its folder; "" not known */
	char *why;
	bool damaged; /* it says that it is whole, and cannot be read; else it is none that is complete */
};

enum history_order {
	HISTORY_BY_VERSION,
	HISTORY_BY_DATE, /* of the first run */
	HISTORY_BY_RANK, /* as history_kernel.rank says */
};

struct history {
	struct history_kernel *kernels; /* in order, once finished */
	size_t nr_kernels, kernels_size;
	struct history_source *sources; /* as they were added; runs whose folder is not known have none */
	size_t nr_sources, sources_size;
	struct history_series **series; /* by bench, parameters, metric, state, environment */
	size_t nr_series, series_size;
	size_t nr_runs;
	struct history_left_out *left_out; /* as they were added */
	size_t nr_left_out, left_out_size;
	void *series_tree, *kernel_tree; /* of tsearch(3) */
	uint64_t next_key;
};

int history_new(struct history **ret_history) __must_check;
void history_free(struct history *history);

/* A run that cannot be used is left out; only -ENOMEM is an error. */
int history_add_run(struct history *history, const char *dir) __must_check;

/*
 * Every run right below @dir. What each says is kept in DIR/.index.jsonl, so that a run is read once; an index that is missing,
 * damaged, or older than a run is made again, and one that cannot be written is done without. -ENOENT and other errors of
 * opening the folder.
 */
int history_add_folder(struct history *history, const char *dir) __must_check;

/* Order the kernels, pool the runs and make the points. Once, at the end. */
int history_finish(struct history *history, enum history_order order) __must_check;

/* --- parts, also for tests --- */

/* Like strcmp(), by version: 6.9 < 6.10 < 6.12-rc1 < 6.12 < 6.12.1. */
int history_version_compare(const char *a, const char *b);

/*
 * What a run says, as one line of the index has it; and taking that in. @dir: the run's folder; NULL: not known. -EBADMSG: it is no such thing
 * (history_summary_is_good()), and nothing of it was taken in.
 */
int history_summarize(const char *dir, json_t **ret_summary) __must_check;
int history_add_summary(struct history *history, const char *dir, const json_t *summary) __must_check;
bool history_summary_is_good(const json_t *summary);

size_t history_nr_damaged(const struct history *history);

#endif
