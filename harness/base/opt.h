/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * opt.h - the options of a verb as one table, from which parsing, help, man page and completion follow.
 *
 * Knows nothing of verbs or benches, and prints nothing: a wrong command line leaves one sentence in
 * err.h that names the option and the value.
 *
 *	struct args { bool json; uint64_t blocks; const char *place; struct opt_list params; };
 *
 *	static const struct opt options[] = {
 *		{"json", 0, OPT_TO_FLAG(struct args, json), .help = "print JSON"},
 *		{"blocks", 'b', OPT_TO_U64(struct args, blocks, 1, 10000), .arg = "N", .def = "10",
 *		 .help = "take N blocks"},
 *		{"place", 0, OPT_TO_STRING(struct args, place), .arg = "WHERE", .help = "…"},
 *		{"param", 'p', OPT_TO_LIST(struct args, params), .arg = "NAME=VALUE", .help = "…"},
 *		OPT_END,
 *	};
 *
 * Command line: "--name=value", "--name value", "-b 10", "-b10"; letters of flags may be joined. Options
 * may stand before or after operands; what follows "--" is operands. Names are not abbreviated, because a
 * verb may have further options that its table does not know (see @unknown). Of an option given twice
 * the last counts, except that a list keeps all. "--help" and "-h" belong to every table.
 */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

enum opt_type {
	OPT_FLAG,     /* bool, becomes true */
	OPT_CONST,    /* unsigned int (or an enum), becomes min; takes no value */
	OPT_STRING,   /* const char *, points into argv */
	OPT_LIST,     /* struct opt_list, repeatable */
	OPT_U64,      /* uint64_t, decimal */
	OPT_SIZE,     /* uint64_t, bytes: parse_size() */
	OPT_DURATION, /* uint64_t, ns: parse_duration_ns() */
	OPT_ENUM,     /* unsigned int (or an enum), index of choices */
};

/* Strings in the order given. They point into argv; the array is opt_free()'s. */
struct opt_list {
	const char **items;
	size_t nr;
};

struct opt {
	const char *name; /* long name, without dashes */
	char letter;	  /* 0: none */
	enum opt_type type;
	size_t offset;	  /* of the value in the caller's struct */
	uint64_t min, max; /* U64, SIZE, DURATION: inclusive */
	const char *const *choices; /* ENUM: NULL-terminated */
	/*
	 * Placeholder of the value in help; may be NULL for ENUM, which then shows its choices. Completion
	 * offers files for "FILE", directories for "DIR" and "RUN", benches for "BENCH".
	 */
	const char *arg;
	const char *help;  /* what it does; wrapped where it is printed, no full stop */
	const char *group; /* heading in help and man page; NULL: "Options" */
	const char *bare;  /* the value of "--name" without one, which then takes a value only as "--name=value"; NULL: it needs one */
	const char *def;   /* default, as a user would type it; NULL: the value is left as the caller set it */
};

/*
 * .type, .offset (and range, choices) of a struct opt in one, so that they cannot disagree: a member of
 * another type is a compiler warning.
 */
#define OPT_OFFSET_(type_, member, ctype)                                                          \
	(offsetof(type_, member) + 0 * sizeof((ctype *)0 == &((type_ *)0)->member))
#define OPT_TO_FLAG(type_, member) OPT_FLAG, OPT_OFFSET_(type_, member, bool)
#define OPT_TO_CONST(type_, member, value)                                                         \
	OPT_CONST, OPT_OFFSET_(type_, member, unsigned int), .min = (value)
#define OPT_TO_STRING(type_, member) OPT_STRING, OPT_OFFSET_(type_, member, const char *)
#define OPT_TO_LIST(type_, member)   OPT_LIST, OPT_OFFSET_(type_, member, struct opt_list)
#define OPT_TO_U64(type_, member, min_, max_)                                                      \
	OPT_U64, OPT_OFFSET_(type_, member, uint64_t), .min = (min_), .max = (max_)
#define OPT_TO_SIZE(type_, member, min_, max_)                                                     \
	OPT_SIZE, OPT_OFFSET_(type_, member, uint64_t), .min = (min_), .max = (max_)
#define OPT_TO_DURATION(type_, member, min_ns, max_ns)                                             \
	OPT_DURATION, OPT_OFFSET_(type_, member, uint64_t), .min = (min_ns), .max = (max_ns)
#define OPT_TO_ENUM(type_, member, choices_)                                                       \
	OPT_ENUM, OPT_OFFSET_(type_, member, unsigned int), .choices = (choices_)
#define OPT_END {.name = NULL}

/* A table has at most this many rows, OPT_END not counted. */
#define OPT_MAX 64

/* The row that every table has without naming it: --help, -h. */
extern const struct opt opt_help_row;

/*
 * An option that is not in the table, "--name=value" or "--name value" (@value NULL: none was there).
 * Called after everything else was parsed, so values and operands are complete. 0: taken; -ENOENT: there
 * is no such option (opt_parse() words the sentence); another -errno with its sentence: a bad value.
 */
typedef int opt_unknown_fn(const char *name, const char *value, void *ctx);

struct opt_parsed {
	struct opt_list operands;
	uint64_t given; /* bit i: row i was on the command line */
	bool help;	/* --help was there; the rest of the command line was not read */
};

/*
 * Parse argv[1…argc-1] by the table @opts into the struct at @values. First every row with a default
 * is set to it; the other members stay as they are. @unknown may be NULL. argv is left in order.
 * -EINVAL: unknown option, or a missing, unwanted or bad value; -ERANGE: a value out of range; the
 * sentence names option and value. -ENOMEM. Free with opt_free() in any case.
 */
int opt_parse(const struct opt *opts, int argc, char **argv, void *values, opt_unknown_fn *unknown,
	      void *ctx, struct opt_parsed *ret_parsed) __must_check;

/* Free the operands and every list in @values. */
void opt_free(const struct opt *opts, void *values, struct opt_parsed *parsed);

/* Was --@name on the command line? @name has to be in the table. */
bool opt_is_given(const struct opt *opts, const struct opt_parsed *parsed, const char *name);

bool opt_takes_value(const struct opt *opt);

/* "N", "write|read": what help shows for the value; "" for a flag. Writes to and returns @buf. */
char *opt_placeholder(const struct opt *opt, char *buf, size_t buf_size);

/* Set @opt's value from @text. Errors as opt_parse(). */
int opt_set(const struct opt *opt, const char *text, void *values) __must_check;

/*
 * Is the table sound: names and letters unique, help there, every default valid? @values: scratch of the
 * size of the caller's struct, zeroed. -EINVAL with a sentence. For tests.
 */
int opt_check(const struct opt *opts, void *values) __must_check;

/* The string of @words (NULL-terminated) nearest to @word, or NULL when none is near. */
const char *opt_nearest(const char *word, const char *const *words);

#endif
