/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - did the candidate change what memcg costs? Two sides, row by row, each with a verdict.
 *
 * From stored samples only. A *side* is one kernel of a run, or a run of one kernel. A row is one metric in one memcg
 * state; where both sides were also measured in a state below (off, or root on a live machine), the row's number is the
 * contrast: (candidate.arm − candidate.base) − (base.arm − base.base), which takes out what the kernel did to everybody.
 * The rules are docs/METHOD.md, "The verdict".
 */
#ifndef DATA_COMPARE_H
#define DATA_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "data/limits.h"
#include "data/rundata.h"
#include "data/stats.h"

enum compare_verdict {
	COMPARE_SAME,	      /* exact, within δ */
	COMPARE_EQUIVALENT,   /* the 90 % interval lies inside ±δ */
	COMPARE_SMALL,	      /* the 95 % interval leaves out 0, but not all of ±δ */
	COMPARE_IMPROVEMENT,  /* wholly beyond δ, to the better */
	COMPARE_REGRESSION,   /* wholly beyond δ, to the worse */
	COMPARE_INCONCLUSIVE, /* none of these: see detectable */
	COMPARE_INCOMPARABLE, /* not measured alike, or on one side only: @why */
	COMPARE_ERROR,	      /* it should have been measured, and it went wrong: @why */
	COMPARE_VERDICTS,
};

/* "same", "regression": also in JSON. */
const char *compare_verdict_name(enum compare_verdict verdict);

/* How a row's difference was judged. */
enum compare_method {
	COMPARE_EXACT,	  /* every pair gave the same difference: no interval, no p */
	COMPARE_PAIRED_T, /* 2 to 5 pairs: Student's t */
	COMPARE_PAIRED,	  /* 6 pairs and more: Hodges-Lehmann, signed ranks */
	COMPARE_SHIFT,	  /* unpaired: Hodges-Lehmann shift, Mann-Whitney */
	COMPARE_NONE,
};

/* One number of a side: the median over its units (boots, or blocks of one boot). NAN: not measured. */
struct compare_value {
	double median;
	size_t nr; /* units */
};

/* A difference, candidate − base, per op. */
struct compare_change {
	double value; /* NAN: none */
	struct stats_interval interval; /* 95 %; of an exact one, the value twice */
	double low_90, high_90;
	enum compare_method method;
	double p;	     /* of no difference; NAN: exact, or none */
	size_t nr;	     /* pairs, or units of the smaller side */
	double sigma;	     /* of the pairs, or pooled; NAN */
};

struct compare_row {
	const struct rundata_item *base_item, *cand_item; /* one of them may be NULL */
	const struct rundata_metric *metric;
	const struct rundata_arm *arm;
	const struct rundata_arm *below; /* the state that the contrast subtracts; NULL: there is none, the change is that of the arm */
	struct compare_value base, cand;	     /* the arm itself */
	struct compare_value base_below, cand_below; /* the control: what the op costs without this memcg */
	double base_overhead, cand_overhead;	     /* arm − below, medians; NAN without below */
	struct compare_change change;		     /* the row's main number */
	struct compare_change control;		     /* of the state below; NAN without */
	double ratio;		  /* change as a fraction of the base side's arm */
	double delta;		  /* δ, per op */
	double p_holm;		  /* p of "beyond δ", corrected over all rows; NAN: exact or none */
	double detectable;	  /* at 80 % power; NAN: exact, or too few units */
	size_t nr_wanted;	  /* units with which δ could be seen; 0: unknown or enough already */
	enum compare_verdict verdict;
	char why[192]; /* for inconclusive, incomparable, error: a sentence */
};

/* One side as it was chosen. */
struct compare_side {
	const struct rundata *data;
	const char *kernel; /* name inside the run; NULL: the run's only one */
	char name[128];	    /* for tables */
	char release[128];
};

struct compare {
	struct compare_side base, cand;
	char clock[8];	 /* "insn", "ns" */
	bool paired;
	struct compare_row *rows;
	size_t nr_rows;
	size_t count[COMPARE_VERDICTS]; /* rows by verdict */
	char **warnings; /* sentences: one boot a side, an incomplete run, … */
	size_t nr_warnings;
};

struct compare_options {
	const struct limits *limits; /* NULL: the defaults */
	const char *bench, *metric;  /* NULL: all */
};

/*
 * The kernels of a run in the order of their first boot: names for compare_side(). *ret_names: array and strings are
 * the caller's to free. A live run has one, its release.
 */
int compare_kernels(const struct rundata *data, char ***ret_names, size_t *ret_nr) __must_check;

/*
 * Choose a side. @kernel NULL: the run must be of one kernel (-EINVAL names them otherwise). -ENOENT: it has no such
 * kernel.
 */
int compare_side(const struct rundata *data, const char *kernel, struct compare_side *ret_side) __must_check;

/*
 * Compare. Both sides' data must outlive *ret_compare. -EXDEV with a sentence: nothing of the two can be compared (clock, accelerator,
 * CPU model, QEMU or machine differ); -ENODATA: no row at all. Free with compare_free().
 */
int compare_compute(const struct compare_side *base, const struct compare_side *cand,
		    const struct compare_options *options, struct compare **ret_compare) __must_check;
void compare_free(struct compare *compare);

/* METHOD's exit status: 1 a regression, 5 an error, 6 nothing was compared, 3 inconclusive with @strict, else 0. */
int compare_status(const struct compare *compare, bool strict);

#endif
