/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead.h - what memcg costs on one kernel: arms of one run compared inside their blocks.
 *
 * From stored samples only. A block holds each arm twice (ABBA); the two reps of an arm in a block are
 * averaged, which cancels linear drift, and a block yields one paired difference. Estimate and interval:
 * Hodges-Lehmann over blocks (docs/METHOD.md).
 */
#ifndef DATA_OVERHEAD_H
#define DATA_OVERHEAD_H

#include "data/rundata.h"
#include "data/stats.h"

enum overhead_verdict {
	OVERHEAD_NONE,	       /* too few blocks to say anything: @why */
	OVERHEAD_EQUIVALENT,   /* interval inside ±δ */
	OVERHEAD_INCONCLUSIVE, /* interval holds 0 and reaches beyond δ: see detectable */
	OVERHEAD_SMALL,	       /* interval excludes 0 but overlaps ±δ */
	OVERHEAD_MORE,	       /* interval wholly above δ: costs more than the baseline arm */
	OVERHEAD_LESS,	       /* wholly below −δ */
};

/* A doubt about a row; the text is ready to print. */
struct overhead_warning {
	char code[32];
	char text[256];
};

#define OVERHEAD_WARNINGS_MAX 8

/* One metric of one item: arm @arm against the baseline arm @base. */
struct overhead_row {
	const struct rundata_item *item;
	const struct rundata_metric *metric;
	const struct rundata_arm *base, *arm;
	size_t nr_blocks;
	bool is_alone; /* a number that the baseline has not: no difference, but @arm_ns and its interval */
	/* One statistic, which subtracts: the baseline's median over blocks, the difference, and as the arm's cost their sum. */
	double base_ns, diff_ns, arm_ns;	  /* per op */
	struct stats_interval base_interval, diff_interval; /* 95 % */
	struct stats_interval arm_interval;	  /* that of the difference, on the baseline's number */
	double ratio;				  /* diff as a fraction of base */
	struct stats_interval ratio_interval;	  /* that of the difference, likewise */
	double detectable_ns, detectable_ratio;	  /* at 80 % power, α = 5 %: stats_detectable_by() */
	double delta;				  /* δ, per op */
	size_t nr_outliers;			  /* paired differences beyond Tukey's fences; kept */
	enum overhead_verdict verdict;
	char why[128];				  /* for OVERHEAD_NONE */
	struct overhead_warning warnings[OVERHEAD_WARNINGS_MAX];
	size_t nr_warnings;
};

struct overhead_latency_row {
	const struct rundata_item *item;
	const struct rundata_metric *metric;
	const struct rundata_arm *arm;
	uint64_t count;
	double clock_cost_ns, min_ns, p50_ns, p90_ns, p99_ns, p999_ns, max_ns;
	uint64_t (*histogram)[2]; /* all rounds merged */
	size_t nr_buckets;
};

struct overhead {
	struct overhead_row *rows;
	size_t nr_rows;
	struct overhead_latency_row *latencies;
	size_t nr_latencies;
	struct overhead_warning *warnings; /* of the run: steal, other load, frequency, throttling, swapping, drift */
	size_t nr_warnings;
	double delta_ratio, delta_ns; /* δ: the larger of the two counts, the second as limits_of() has it */
};

/* The default δ on the ns clock: 2 %, or 0.5 ns per op (docs/METHOD.md, section "verdict"). */
#define OVERHEAD_DELTA_RATIO 0.02
#define OVERHEAD_DELTA_NS    0.5

/*
 * Compare every arm with the first of its item. @data must outlive *ret_overhead. -ENODATA: no samples at all. Free with overhead_free().
 */
int overhead_compute(const struct rundata *data, double delta_ratio, struct overhead **ret_overhead) __must_check;
void overhead_free(struct overhead *overhead);

/* The run's doubts (steal, other load, …) of one item alone. *ret_warnings is the caller's to free. */
int overhead_item_doubts(const struct rundata_item *item, struct overhead_warning **ret_warnings, size_t *ret_nr) __must_check;

#endif
