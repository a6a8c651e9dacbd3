/* SPDX-License-Identifier: GPL-2.0-or-later */
/* help_text.h - help made of the tables of verbs and options; man page and completion use its words. */
#ifndef CMD_HELP_TEXT_H
#define CMD_HELP_TEXT_H

#include <stdio.h>

#include "cmd/cmd.h"

/* Heading of the options whose group is NULL. */
#define HELP_GROUP_DEFAULT "Options"

/* Short usage: the verbs, one line each. */
void help_usage(FILE *out);

/* The same with exit statuses: `memcgbench --help`. */
void help_main(FILE *out);

/* `memcgbench VERB --help`. */
void help_verb(FILE *out, const struct verb *verb);

/* Help of @opt with its choices and its default. Writes to and returns @buf. */
char *help_option_text(const struct opt *opt, char *buf, size_t buf_size);

/*
 * Call @on_group for every group of a table in the order of their first options, and after it @on_option
 * for its options. --help comes last of all, in the last group.
 */
typedef void help_group_fn(const char *group, void *ctx);
typedef void help_option_fn(const struct opt *opt, void *ctx);
void help_each_option(const struct opt *opts, help_group_fn *on_group, help_option_fn *on_option,
		      void *ctx);

#endif
