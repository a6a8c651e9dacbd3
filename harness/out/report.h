/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - one or several runs as a single HTML page that needs nothing else: no network, no other file.
 *
 * Words first, then tables, pictures, the machine, doubts, and links to the raw data. Computes nothing that decides: verdicts and
 * numbers are those of data/compare.h, data/ladder.h, data/overhead.h and data/sweep.h. Every text of a run is somebody else's and
 * escaped; pictures are embedded as images, which run no scripts.
 */
#ifndef OUT_REPORT_H
#define OUT_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "base/util.h"
#include "data/compare.h"
#include "data/ladder.h"
#include "data/overhead.h"
#include "data/rundata.h"
#include "data/sweep.h"
#include "out/label.h"

struct report_run {
	const struct rundata *data;
	/* One of these two, by where the samples were taken; both NULL: nothing could be made of them, @why says it. */
	const struct ladder *ladder;
	const struct overhead *overhead;
	const struct sweep *sweep; /* NULL: none */
	const char *link;	   /* path of the run's folder, relative to the page's; NULL: none is shown */
	const char *why;	   /* a sentence, or NULL */
	const char *no_pictures;   /* why pictures are missing, or NULL */
};

struct report {
	const struct report_run *runs;
	size_t nr_runs;
	struct compare *const *comparisons; /* candidate against base, the most wanted first */
	size_t nr_comparisons;
	/* Folder of pictures of the history of all runs (memcgbench trend --plots), and its path from the page; NULL: none. */
	const char *history_dir, *history_link;
	const char *const *remarks; /* sentences of the caller's, NULL-terminated, or NULL */
	const struct label_defaults *defaults;
};

/* Write the page. -ENOMEM; -EIO: @out would not take it. */
int report_html(const struct report *report, FILE *out) __must_check;

#endif
