/* SPDX-License-Identifier: GPL-2.0-or-later */
/* present.h - a stored run as table, JSON and pictures. Shared by run and overhead; private to cmd/. */
#ifndef CMD_PRESENT_H
#define CMD_PRESENT_H

#include <stdbool.h>

#include "cmd/cmd.h"
#include "out/label.h"

/* Tables name only the parameters that differ from the default of this build. */
extern const struct label_defaults present_label_defaults;

struct present_options {
	bool json;	  /* JSON on standard output in place of the table */
	bool plots;	  /* draw into the run's plots/ */
	bool write_files; /* also table.txt */
	bool verbose;
	const char *results_dir, *save_baseline; /* keep a complete run under this name; NULL: do not */
};

/*
 * Print the run in @dir. Returns the exit status: EXIT_OK; EXIT_NOTHING_COMPARED when no row came of it; EXIT_BROKEN
 * with its sentence printed. Missing pictures are a remark, no failure.
 */
int present_run(const struct verb *verb, const char *dir, const struct present_options *options);

#endif
