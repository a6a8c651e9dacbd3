/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_args.h - what a guest's kernel made of its command line, and arguments that are for a module which is loaded later.
 *
 * Of all words, whoever gave them: which were the user's is known where the guest was started.
 */
#ifndef CORE_GUEST_ARGS_H
#define CORE_GUEST_ARGS_H

#include <jansson.h>

#include "base/util.h"

/*
 * {"unknown": [WORD, …], "values": {NAME: TEXT, …}}. unknown: words that the kernel did not know. It hands them to process 1
 * (unknown_bootoption(), init/main.c), and says so on its console since Linux 5.14 only; @argv and @env are of that process. values: what
 * /sys/module and /proc/sys say now of "module.parameter" and "sysctl.name" words, those that can be read. NULL: no memory, or no
 * command line. The caller owns it.
 */
json_t *guest_args(char *const *argv, char *const *env);

/*
 * " parameter=value" for every word of the command line that is for the module in @file ("003-zram.ko.xz"): what modprobe does, and
 * finit_module() does not. Returns @buf.
 */
char *guest_args_of_module(const char *file, char *buf, size_t size);

#endif
