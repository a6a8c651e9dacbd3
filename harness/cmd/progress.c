// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "machine/clock.h"

/* The estimate from what is done is worth more the more is done. */
#define TRUST_OWN_PACE 0.1

void progress_begin(struct progress *progress, bool wanted, uint64_t expected_ns)
{
	*progress = (struct progress){
		.on = wanted && isatty(STDERR_FILENO),
		.begin_ns = clock_ns(),
		.expected_ns = expected_ns,
	};
}

void progress_show(struct progress *progress, double done, const char *what)
{
	uint64_t now_ns = clock_ns(), elapsed_ns = now_ns - progress->begin_ns, left_ns;
	char text[32];

	if (!progress->on || now_ns - progress->last_ns < 100000000)
		return;
	progress->last_ns = now_ns;
	if (done > TRUST_OWN_PACE)
		left_ns = (uint64_t)((double)elapsed_ns * (1 - done) / done);
	else
		left_ns = progress->expected_ns > elapsed_ns ? progress->expected_ns - elapsed_ns : 0;
	/* Whole seconds: a figure that jumps reads as wrong. */
	left_ns = (left_ns + 999999999) / 1000000000 * 1000000000;
	fprintf(stderr, "\r\033[K%3.0f %%  %s  about %s left", done * 100, what,
		left_ns ? format_duration(left_ns, text, sizeof(text)) : "0 s");
	fflush(stderr);
}

void progress_clear(struct progress *progress)
{
	if (progress->on)
		fputs("\r\033[K", stderr);
}
