/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd.h - what a verb is, and what all verbs share: exit statuses, option parsing, sentences for errors.
 *
 * cmd/ is the only place that prints or exits. A verb is one file with one `const struct verb`; its line
 * in the table of main.c is all that it takes to be in help, man page and completion.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/opt.h"
#include "base/util.h"
#include "bench.h"

/* Documented in help and man page by exit_statuses[]. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_REGRESSION = 1,
	EXIT_USAGE = 2,
	EXIT_INCONCLUSIVE = 3, /* with --strict */
	EXIT_BROKEN = 5,
	EXIT_NOTHING_COMPARED = 6,
	EXIT_NOT_DETERMINISTIC = 7,
};

struct exit_status_text {
	enum exit_status status;
	const char *text;
};

/* Ended by a row whose text is NULL. */
extern const struct exit_status_text exit_statuses[];

struct verb {
	const char *name;
	const char *summary;  /* one line, no full stop */
	const char *about;    /* paragraphs, separated by an empty line; wrapped where printed */
	const char *operands; /* "[BENCH…]", or "" */
	const struct opt *options;
	/*
	 * For options that are not in the table, with the verb's values as ctx; NULL: there are none. Every
	 * operand is already known when it is called.
	 */
	opt_unknown_fn *unknown;
	const char *unknown_help; /* one sentence on them for help and man page */
	int (*main)(int argc, char **argv); /* argv[0] is the verb's name; returns the exit status */
};

/*
 * The whole program: finds the verb of argv[1] in @table (main.c's, ended by NULL) and runs it. Returns the
 * exit status.
 */
int cmd_main(const struct verb *const *table, int argc, char **argv);

/* The table that cmd_main() was given, and a verb of it by name (NULL: no such verb). */
void cmd_set_verbs(const struct verb *const *table);
const struct verb *const *cmd_verbs(void);
const struct verb *cmd_find(const char *name);

struct cmd_args {
	bool version;
};

/* What stands between "memcgbench" and the verb: --version. */
extern const struct opt cmd_options[];

/* A sentence naming the verb nearest to @name. Returns EXIT_USAGE. */
int cmd_unknown_verb(const char *name);

/*
 * Parse a verb's command line into @values. True: go on. False: leave with *ret_status, everything is
 * said (help was asked for, or the command line is wrong). Free with opt_free(verb->options, …) in any case.
 */
bool cmd_parse(const struct verb *verb, int argc, char **argv, void *values,
	       struct opt_parsed *ret_parsed, int *ret_status) __must_check;

/*
 * A command line that is wrong in another way: prints "memcgbench VERB: SENTENCE; try: memcgbench VERB
 * --help". @fmt NULL: the sentence is err_msg(). Returns EXIT_USAGE.
 */
int cmd_usage(const struct verb *verb, const char *fmt, ...) __printf(2, 3);

/* Anything else: prints "memcgbench VERB: SENTENCE". @fmt NULL: err_msg(). Returns EXIT_BROKEN. */
int cmd_fail(const struct verb *verb, const char *fmt, ...) __printf(2, 3);

/* A bench by name; NULL: there is none, and err_msg() says which is near. */
const struct bench *cmd_find_bench(const char *name);

/* Print @object to stdout, and give it back to jansson. NULL (no memory) is a failure. Returns an exit status. */
struct json_t;
int cmd_print_json(const struct verb *verb, struct json_t *object);

/* Standard output is a terminal that shows colour, and nobody asked for none (https://no-color.org). */
bool cmd_wants_colour(void);

/*
 * The last thing of a verb that printed: flushes stdout. Returns @status, or EXIT_BROKEN with a sentence
 * when not all could be written (a full disk).
 */
int cmd_finish(const struct verb *verb, int status);

#endif
