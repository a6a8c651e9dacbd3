/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overhead_text.h - the table "what memcg costs on this kernel", for people.
 *
 * Made of struct overhead and of the facts in run.json, to be read in a terminal or pasted into a
 * mail. ASCII only but for names and facts that are not. Decides and computes nothing: verdicts and
 * numbers are those of data/overhead.h. Programs read out/overhead_json.h instead.
 */
#ifndef OUT_OVERHEAD_TEXT_H
#define OUT_OVERHEAD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/util.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "data/sweep.h"
#include "out/label.h"

/* All zero is a good default. */
struct overhead_text_options {
	bool colour;
	bool ascii;   /* nothing but ASCII comes out, "?" in place of the rest */
	bool verbose; /* also intervals of the medians, outliers, configuration, command line,
			 workers' places */
	size_t width; /* columns; 0 = 100. A narrower table puts the percentages below the numbers
		       */
	const struct label_defaults *defaults; /* NULL: print every parameter */
	const struct sweep *sweep;  /* printed below the table; NULL: none */
	const char *const *files;   /* NULL-terminated names of what was written in the run's
				       directory, or NULL */
	const char *const *remarks; /* NULL-terminated sentences of the caller's ("gnuplot is not
				       installed"), or NULL */
};

/* Write the whole text to @out. -ENOMEM; -EIO: @out would not take it. */
int overhead_text(const struct rundata *data, const struct overhead *overhead,
		  const struct overhead_text_options *options, FILE *out) __must_check;

#endif
