/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_args.h - words of a kernel command line, as the kernel cuts it (next_arg() and parameq() in lib/cmdline.c and
 * kernel/params.c, Linux 6.12).
 */
#ifndef BASE_KERNEL_ARGS_H
#define BASE_KERNEL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* Like strsep(): the next word of *@rest, cut in place, without its quotes; blanks between quotes are of the word. NULL: no more. */
char *kernel_arg_next(char **rest);

/* Letters of @word before its '='. */
size_t kernel_arg_name_len(const char *word);

/* Do both words set the same parameter? "-" and "_" are the same. */
bool kernel_arg_same_name(const char *a, const char *b);

/* "module.parameter=value", "module.parameter": what the kernel does not know among these it does not say. */
bool kernel_arg_is_of_module(const char *word);

#endif
