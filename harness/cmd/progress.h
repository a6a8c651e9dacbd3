/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - one line on a terminal's standard error: what runs, how far, how long still.
 *
 * Silent when standard error is no terminal. Private to cmd/.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	uint64_t begin_ns, expected_ns, last_ns;
};

void progress_begin(struct progress *progress, bool wanted, uint64_t expected_ns);
/* @done: fraction of the work. Draws at most ten times a second. */
void progress_show(struct progress *progress, double done, const char *what);
/* Remove the line, so that other text can be printed. */
void progress_clear(struct progress *progress);

#endif
