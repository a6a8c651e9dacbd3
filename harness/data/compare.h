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
#include "data/family.h"
#include "data/limits.h"
#include "data/rundata.h"
#include "data/stats.h"

enum compare_verdict {
	COMPARE_SAME,	      /* exact, within δ */
	COMPARE_EQUIVALENT,   /* the 90 % interval lies inside ±δ: two one-sided tests at 5 % */
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

#define COMPARE_WANTED_MAX 100000

/*
 * With fewer pairs there is no verdict, but that two pairs of an exact clock do not differ at all. How many rows so few can say something
 * of is family.h's: three pairs of one row, or of rows that agree; five of 26 rows that vary.
 */
#define COMPARE_PAIRS_MIN 3

/* Of fewer units a bootstrap interval covers less than it says. */
#define COMPARE_BOOTSTRAP_MIN 10

/* The @why of a row that is inconclusive for no other reason than its spread. */
#define COMPARE_WHY_SPREAD "neither a change nor its absence is shown"

/* How a row's difference was judged. */
enum compare_method {
	COMPARE_EXACT,	  /* 3 pairs or more gave the same difference each, or 2 none at all: an interval without width */
	COMPARE_PAIRED_T, /* 3 pairs and more: mean, Student's t */
	COMPARE_SHIFT,	  /* unpaired: Hodges-Lehmann shift, Mann-Whitney */
	COMPARE_NONE,
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

/*
 * Where the spread of a difference comes from, and how it would be measured best (Kalibera & Jones, "Rigorous benchmarking in
 * reasonable time", ISMM 2013). Where boots have reps whose spread is that of noise: on the clock of nanoseconds.
 */
struct compare_nested {
	double within, between; /* variance of reps in a boot, and what boots add; NAN: unknown */
	double reps;		/* of each arm in a boot */
	size_t reps_wanted;	/* for the least time; 0: unknown */
	size_t units_wanted;	/* boots with as many reps, to see δ; 0: unknown */
};

struct compare_row {
	const struct rundata_item *base_item, *cand_item; /* one of them may be NULL */
	const struct rundata_metric *metric;
	const struct rundata_arm *arm;
	const struct rundata_arm *below; /* the state that the contrast subtracts; NULL: there is none, the change is that of the arm */
	/*
	 * What the op costs on either side: the arm itself, and the control, which is what it costs without this memcg. They subtract:
	 * base_overhead = base − base_below, change.value = cand_overhead − base_overhead (cand − base without a state below),
	 * control.value = cand_below − base_below, total.value = cand − base. NAN: not measured.
	 */
	double base, cand, base_below, cand_below, base_overhead, cand_overhead;
	size_t nr_units; /* of the arm, on the side that has more; those without a partner are in no number */
	struct compare_change change;		     /* the row's main number */
	struct compare_change control;		     /* of the state below; NAN without */
	double ratio;		  /* change as a fraction of the base side's arm */
	double delta;		  /* δ, per op */
	struct family_test beyond, differs; /* by itself: beyond ±δ, and at all */
	double p_holm;		  /* p of "beyond δ", corrected over all rows (family.h); NAN: none */
	double detectable;	  /* at 80 % power; NAN: exact, or too few units */
	size_t nr_wanted;	  /* units with which δ could be seen; 0: unknown or enough already; COMPARE_WANTED_MAX: more than that */
	enum compare_verdict verdict;
	char *why; /* for inconclusive, incomparable, error: a sentence; else "". compare_free() */
	bool why_is_common; /* one that a warning of the comparison says for all */
	/* Of a live run: what stands against believing it, "candidate, other-load: …"; such a row is no regression. compare_free() */
	char **doubts;
	size_t nr_doubts;
	enum compare_verdict row_verdict; /* its own; @verdict may be that of a function */
	struct compare_functions *functions; /* data/compare_functions.h; NULL: not profiled on both sides */
	char *functions_why; /* profiled, and nothing can be said of it: a sentence; else NULL */
	struct compare_change total; /* of the arm itself: what the op costs more in it, whatever is to blame */
	struct compare_nested nested;
	struct stats_interval bootstrap; /* of the mean difference, 95 %; NAN: not asked for, exact, or fewer units than COMPARE_BOOTSTRAP_MIN */
};

/* One side as it was chosen. */
struct compare_side {
	const struct rundata *data;
	const char *kernel; /* its name, as the run holds it; NULL: the run's boots have none */
	const char *name;   /* for tables; of @data, as @release */
	const char *release; /* "": not recorded */
};

struct compare {
	struct compare_side base, cand;
	char clock[8];	 /* "insn", "ns" */
	bool paired;	 /* by seed: the units are boots. Else they are blocks, of one boot a side */
	size_t nr_resamples; /* as the options had it */
	size_t nr_tested; /* rows whose units vary beyond δ: what a change is tested against (family.h) */
	struct compare_row *rows;
	size_t nr_rows;
	size_t count[COMPARE_VERDICTS]; /* rows by verdict */
	bool by_function;	/* as the options had it */
	size_t nr_unchanged;	/* inconclusive rows that were profiled, and of which no function of memcg changed */
	char **warnings; /* sentences: one boot a side, an incomplete run, … */
	size_t nr_warnings;
};

struct compare_options {
	const struct limits *limits; /* NULL: the defaults */
	const char *bench, *metric;  /* NULL: all */
	size_t nr_resamples;	     /* of the bootstrap; 0: none. It decides nothing */
	bool ignore_doubts;	     /* what the tests alone say: to calibrate them */
	bool by_function; /* a row that spreads, and none of whose functions changed, does not make compare_status() 3 */
};

/*
 * The kernels of a run in the order of their first boot, then those that never booted, without variants (boot record, variant_of): names
 * for compare_side(). *ret_names: array and strings are the caller's to free. A live run has one, its release.
 */
int compare_kernels(const struct rundata *data, char ***ret_names, size_t *ret_nr) __must_check;

/*
 * Choose a side. @kernel NULL: the run must be of one kernel (-EINVAL names them otherwise), variants aside. -ENOENT: it has no such
 * kernel. @data must outlive *ret_side.
 */
int compare_side(const struct rundata *data, const char *kernel, struct compare_side *ret_side) __must_check;

/*
 * Compare. Both sides' data must outlive *ret_compare. -EXDEV with a sentence: nothing of the two can be compared (clock, accelerator,
 * CPU model, QEMU, cgroup version or machine differ); -ENODATA: no row at all; -EIO: nor could there be, since what was to be measured
 * failed. Free with compare_free().
 */
int compare_compute(const struct compare_side *base, const struct compare_side *cand,
		    const struct compare_options *options, struct compare **ret_compare) __must_check;
void compare_free(struct compare *compare);

/* The exit status: 1 a regression, 5 an error, 6 nothing was compared, 3 with @strict a row that is inconclusive or incomparable, or a run that is not complete, else 0. */
int compare_status(const struct compare *compare, bool strict);

/* Does every item that was compared set the multi-generational LRU itself (--lru-gen=on, off), so that the kernels' own state is in no number? */
bool compare_lru_gen_is_set(const struct compare *compare);

/* Is the verdict one that finds no difference, so that it must say what could have been seen? */
bool compare_finds_none(enum compare_verdict verdict);

#endif
