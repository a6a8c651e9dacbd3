/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_guests.h - the part of `run` that boots kernels: which boots there are, several at once, and what comes of them.
 * Private to cmd/run*.c.
 */
#ifndef CMD_RUN_GUESTS_H
#define CMD_RUN_GUESTS_H

#include <jansson.h>
#include <signal.h>

#include "cmd/cmd.h"
#include "cmd/run_plan.h"

/*
 * Boot every kernel of @args->kernels with memcg off and on under each seed, store what the boots say, print the table.
 * Returns the exit status. @command: stolen. @stop: set by a signal handler.
 */
int run_guests(const struct verb *verb, const struct run_args *args, const struct plan *plan, json_t *command,
	       const volatile sig_atomic_t *stop);

/*
 * Turn @args->accel from auto into kvm, if the first kernel of @args->kernels runs in it, or into icount; says which, and why. Not with
 * --dry-run, which boots nothing: icount. Errors: those of opening the kernel and packing an initramfs.
 */
int run_accel_choose(const struct verb *verb, struct run_args *args) __must_check;

#endif
