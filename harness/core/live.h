/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - the executor for this machine: starts the runner as a child process and hands on its records.
 *
 * Says nothing about what a record means. The runner has a process group of its own, so that ^C reaches memcgbench
 * alone, which then asks the runner to stop and keeps what it still says.
 */
#ifndef CORE_LIVE_H
#define CORE_LIVE_H

#include <signal.h>

#include "base/util.h"
#include "core/plan.h"

/* One record, without its newline. A negative errno ends the run (the sentence is its own). */
typedef int live_line_fn(const char *line, void *ctx);

/*
 * Run @plan with the runner at @runner_path; call @on_line for every record. *@stop (may be set by a signal handler) ends the run: the runner is asked to
 * stop, cleans up, and its last records still come. *ret_status: the runner's exit status, or 128 + the signal that killed it. 0, or
 * the error of starting it or of @on_line.
 */
int live_run(const char *runner_path, const struct plan *plan, live_line_fn *on_line, void *ctx,
	     const volatile sig_atomic_t *stop, int *ret_status) __must_check;

#endif
