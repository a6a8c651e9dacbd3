/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - what runs, how long it has, how long it takes still: on a terminal's standard error one line that is drawn twice a second,
 * elsewhere a line every 10 s. A thread of its own draws, so that it goes on when nothing is heard. Private to cmd/.
 */
#ifndef CMD_PROGRESS_H
#define CMD_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

struct progress {
	bool on, is_terminal;
	uint64_t begin_ns;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	void (*refresh)(void *ctx); /* called before each line, to progress_show() what is known by then; or NULL */
	void *ctx;
	bool ended;
	uint64_t end_ns; /* when all is expected to be done */
	char what[160];
};

/* @left_ns: until all is done, as far as is known. @refresh: may be NULL. Without a thread to spare nothing is shown. */
void progress_begin(struct progress *progress, bool wanted, uint64_t left_ns, const char *what, void (*refresh)(void *ctx), void *ctx);
/* From any thread. */
void progress_show(struct progress *progress, uint64_t left_ns, const char *what);
/* A line of its own on standard error, whether progress is wanted or not. */
void progress_say(struct progress *progress, const char *fmt, ...) __printf(2, 3);
void progress_end(struct progress *progress);

/* The line itself, of a terminal with @width columns, or of a log if that is 0. @over_ns: more than was expected. Writes to and returns @buf. */
char *progress_line(uint64_t gone_ns, uint64_t left_ns, uint64_t over_ns, const char *what, unsigned int width, char *buf, size_t size);

#endif
