/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plot.h - pictures, made by gnuplot from .dat files and the scripts in plots/.
 *
 * Results never wait for a picture: a missing or hanging gnuplot is one sentence for the caller to
 * print.
 */
#ifndef OUT_PLOT_H
#define OUT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "data/sweep.h"
#include "out/label.h"

#define PLOT_LIMIT_MS 30000

/* A variable that the script sees: a string, or a number where @text is NULL. */
struct plot_variable {
	const char *name;
	const char *text;
	double number;
};

struct plot_job {
	const char *plots_dir; /* where the scripts are */
	const char *script;    /* "overhead.gp" */
	const char *out_dir;   /* where the pictures go; must exist */
	const char *name;      /* pictures are @name.svg and @name.png */
	const struct plot_variable *variables;
	size_t nr_variables;
	unsigned int limit_ms; /* per picture; 0: PLOT_LIMIT_MS */
	bool text;	       /* also @name.txt, drawn with characters, for logs */
	const char *format;    /* "svg" or "png": that one alone; NULL: both */
};

/*
 * Run gnuplot once per picture format. The script is given @variables and, by the same way,
 * "plots_dir", "format" ("svg", "png" or "txt") and "picture" (the file to write). Paths may hold quotes,
 * blanks and whatever else. A picture gets its name when it is whole. -ENOENT: "gnuplot is not
 * installed"; -ETIMEDOUT; -EIO: gnuplot failed, the sentence has its first complaint.
 */
int plot_run(const struct plot_job *job) __must_check;

/* Names of files, relative to the folder that they were made in. */
struct plot_files {
	char **names;
	size_t nr;
};

void plot_files_free(struct plot_files *files);

/*
 * Everything that can be drawn of one run, into @out_dir (made when missing): overhead.dat with
 * overhead.{svg,png}, and latency-BENCH-METRIC.dat with pictures for every latency distribution.
 * *files: what was written, also when a later file failed. Start with an empty struct. Errors as
 * plot_run(), and those of writing files.
 */
int plot_overhead(const struct rundata *data, const struct overhead *overhead,
		  const struct label_defaults *defaults, const char *plots_dir, const char *out_dir,
		  struct plot_files *files) __must_check;

/*
 * A picture for each group of curves, into @out_dir (made when missing): sweep-ITEM-BENCH-AXIS.dat with its pictures.
 * *files, and errors: as plot_overhead().
 */
int plot_sweeps(const struct rundata *data, const struct sweep *sweep, const struct label_defaults *defaults,
		const char *plots_dir, const char *out_dir, struct plot_files *files) __must_check;

#endif
