// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/opt.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

/* getopt_long()'s value of row i; below are letters. */
#define ROW_VALUE(i) (256 + (int)(i))
#define HELP_VALUE   ROW_VALUE(OPT_MAX)

const struct opt opt_help_row = {
	.name = "help", .letter = 'h', .type = OPT_FLAG, .help = "print this help and leave"};

bool opt_takes_value(const struct opt *opt)
{
	return opt->type != OPT_FLAG && opt->type != OPT_CONST;
}

static void append(char *buf, size_t buf_size, const char *text)
{
	strncat(buf, text, buf_size - strlen(buf) - 1);
}

static char *join_choices(const struct opt *opt, const char *separator, char *buf, size_t buf_size)
{
	const char *const *choice;

	buf[0] = '\0';
	for (choice = opt->choices; *choice; choice++) {
		if (choice != opt->choices)
			append(buf, buf_size, separator);
		append(buf, buf_size, *choice);
	}
	return buf;
}

char *opt_placeholder(const struct opt *opt, char *buf, size_t buf_size)
{
	if (!opt_takes_value(opt))
		buf[0] = '\0';
	else if (!opt->arg && opt->type == OPT_ENUM)
		join_choices(opt, "|", buf, buf_size);
	else
		snprintf(buf, buf_size, "%s", opt->arg ? opt->arg : "VALUE");
	return buf;
}

static char *format_bound(const struct opt *opt, uint64_t value, char *buf, size_t buf_size)
{
	if (opt->type == OPT_SIZE)
		return format_size(value, buf, buf_size);
	if (opt->type == OPT_DURATION)
		return format_duration(value, buf, buf_size);
	snprintf(buf, buf_size, "%llu", (unsigned long long)value);
	return buf;
}

static int set_number(const struct opt *opt, const char *text, uint64_t *ret_value)
{
	char low[32], high[32];
	uint64_t value;
	int ret;

	if (opt->type == OPT_SIZE)
		ret = parse_size(text, &value);
	else if (opt->type == OPT_DURATION)
		ret = parse_duration_ns(text, &value);
	else
		ret = parse_u64(text, &value);
	if (ret)
		return err_prefix(ret, "option --%s", opt->name);
	if (value < opt->min || value > opt->max)
		return err_set(ERANGE, "option --%s: \"%s\" is outside %s to %s", opt->name, text,
			       format_bound(opt, opt->min, low, sizeof(low)),
			       format_bound(opt, opt->max, high, sizeof(high)));
	*ret_value = value;
	return 0;
}

static int set_choice(const struct opt *opt, const char *text, unsigned int *ret_value)
{
	char choices[256];
	unsigned int i;

	for (i = 0; opt->choices[i]; i++) {
		if (!strcmp(opt->choices[i], text)) {
			*ret_value = i;
			return 0;
		}
	}
	return err_set(EINVAL, "option --%s: \"%s\" is none of %s", opt->name, text,
		       join_choices(opt, ", ", choices, sizeof(choices)));
}

static int list_add(struct opt_list *list, const char *text)
{
	const char **items = reallocarray(list->items, list->nr + 1, sizeof(*items));

	if (!items)
		return err_sys(ENOMEM, "read the command line");
	list->items = items;
	list->items[list->nr++] = text;
	return 0;
}

int opt_set(const struct opt *opt, const char *text, void *values)
{
	void *target = (char *)values + opt->offset;

	if (opt_takes_value(opt) && !*text)
		return err_set(EINVAL, "option --%s: \"\" is not a value", opt->name);
	switch (opt->type) {
	case OPT_FLAG:
		*(bool *)target = true;
		return 0;
	case OPT_CONST:
		*(unsigned int *)target = (unsigned int)opt->min;
		return 0;
	case OPT_STRING:
		*(const char **)target = text;
		return 0;
	case OPT_LIST:
		return list_add(target, text);
	case OPT_U64:
	case OPT_SIZE:
	case OPT_DURATION:
		return set_number(opt, text, target);
	case OPT_ENUM:
		return set_choice(opt, text, target);
	}
	return err_set(EINVAL, "option --%s has no type", opt->name);
}

static size_t distance_of(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b), i, j;
	size_t cost[3][32] = {{0}}; /* rows i-2, i-1, i of the edit matrix, in turn */

	if (len_b >= 32)
		return len_a + len_b;
	for (j = 0; j <= len_b; j++)
		cost[0][j] = j;
	for (i = 1; i <= len_a; i++) {
		size_t *before = cost[(i + 1) % 3], *last = cost[(i + 2) % 3], *now = cost[i % 3];

		now[0] = i;
		for (j = 1; j <= len_b; j++) {
			now[j] = last[j - 1] + (a[i - 1] != b[j - 1]);
			if (last[j] + 1 < now[j])
				now[j] = last[j] + 1;
			if (now[j - 1] + 1 < now[j])
				now[j] = now[j - 1] + 1;
			/* Two neighbours swapped are one slip, not two. */
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return cost[len_a % 3][len_b];
}

const char *opt_nearest(const char *word, const char *const *words)
{
	size_t length = strlen(word), best = length / 3 + 2;
	const char *nearest = NULL;

	for (; *words; words++) {
		size_t distance = distance_of(word, *words);

		/* A short word is not near to everything as short. */
		if (distance < best && distance < strlen(*words)) {
			best = distance;
			nearest = *words;
		}
	}
	return nearest;
}

static size_t nr_rows(const struct opt *opts)
{
	size_t nr = 0;

	while (opts[nr].name)
		nr++;
	return nr;
}

static const struct opt *find_row(const struct opt *opts, const char *name, size_t length)
{
	for (; opts->name; opts++)
		if (strlen(opts->name) == length && !strncmp(opts->name, name, length))
			return opts;
	return NULL;
}

bool opt_is_given(const struct opt *opts, const struct opt_parsed *parsed, const char *name)
{
	const struct opt *row = find_row(opts, name, strlen(name));

	return row && parsed->given >> (row - opts) & 1;
}

static int fail_unknown(const struct opt *opts, const char *name)
{
	const char *words[OPT_MAX + 2], *nearest;
	size_t i, nr = nr_rows(opts);

	for (i = 0; i < nr; i++)
		words[i] = opts[i].name;
	words[nr] = opt_help_row.name;
	words[nr + 1] = NULL;
	nearest = opt_nearest(name, words);
	if (nearest)
		return err_set(EINVAL, "unknown option --%s (did you mean --%s?)", name, nearest);
	return err_set(EINVAL, "unknown option --%s", name);
}

/* What one parse works on. */
struct parser {
	const struct opt *opts;
	size_t nr;
	int argc;
	char **argv;
	void *values;
	struct opt_parsed *parsed;
	struct option longs[OPT_MAX + 2];
	char letters[2 * OPT_MAX + 8];
	struct opt_list unknown_names, unknown_values; /* as in argv, "name=value" not yet split */
};

static void init_getopt(struct parser *parser)
{
	/* "-": operands come in their place, also with POSIXLY_CORRECT; ":": a missing value is ':'. */
	char *letter = stpcpy(parser->letters, "-:h");
	size_t i;

	for (i = 0; i < parser->nr; i++) {
		const struct opt *opt = &parser->opts[i];

		parser->longs[i] = (struct option){
			.name = opt->name,
			.has_arg = !opt_takes_value(opt) ? no_argument : opt->bare ? optional_argument : required_argument,
			.val = ROW_VALUE(i),
		};
		if (!opt->letter)
			continue;
		*letter++ = opt->letter;
		if (opt_takes_value(opt))
			*letter++ = ':';
	}
	*letter = '\0';
	parser->longs[i] = (struct option){.name = opt_help_row.name, .val = HELP_VALUE};
	/* An earlier parse may have stopped in the midst of joined letters; this makes getopt forget. */
	optind = 0;
	opterr = 0;
	getopt_long(1, parser->argv, parser->letters, parser->longs, NULL);
	optind = 1;
}

/*
 * A long option that the table has is left to getopt_long(), which would take an abbreviation too; so
 * every other one is kept from it. *ret_taken: @token was dealt with and getopt's index moved on.
 */
static int take_long(struct parser *parser, char *token, bool has_unknown, bool *ret_taken)
{
	const char *name = token + 2, *value = strchr(name, '=');
	size_t length = value ? (size_t)(value - name) : strlen(name);
	const struct opt *opt = find_row(parser->opts, name, length);
	char *next = optind + 1 < parser->argc ? parser->argv[optind + 1] : NULL;
	int ret;

	*ret_taken = false;
	if (!opt && length == strlen(opt_help_row.name) && !strncmp(name, opt_help_row.name, length))
		opt = &opt_help_row;
	if (opt && value && !opt_takes_value(opt))
		return err_set(EINVAL, "option --%s takes no value, but \"%s\" was given", opt->name,
			       value + 1);
	if (opt)
		return 0;
	*ret_taken = true;
	optind++;
	ret = list_add(&parser->unknown_names, name);
	if (ret)
		return ret;
	/* "--size -1" is a bad value, "--size --json" a missing one. */
	if (value || !has_unknown || !next || !strncmp(next, "--", 2))
		return list_add(&parser->unknown_values, NULL);
	optind++;
	return list_add(&parser->unknown_values, next);
}

static int fail_missing(const struct opt *opt)
{
	char placeholder[128];

	return err_set(EINVAL, "option --%s needs a value: --%s=%s", opt->name, opt->name,
		       opt_placeholder(opt, placeholder, sizeof(placeholder)));
}

/* The row that getopt_long() means by @value: a letter, or ROW_VALUE(i). NULL: none. */
static const struct opt *row_of(const struct parser *parser, int value)
{
	size_t i;

	if (value >= ROW_VALUE(0) && value < ROW_VALUE(parser->nr))
		return &parser->opts[value - ROW_VALUE(0)];
	for (i = 0; i < parser->nr; i++)
		if (value && parser->opts[i].letter == value)
			return &parser->opts[i];
	return NULL;
}

/* Whatever getopt_long() returned. */
static int take(struct parser *parser, int value)
{
	const struct opt *opt;

	if (value == 1)
		return list_add(&parser->parsed->operands, optarg);
	if (value == 'h' || value == HELP_VALUE) {
		parser->parsed->help = true;
		return 0;
	}
	if (value == '?')
		return err_set(EINVAL, "unknown option -%c", optopt);
	opt = row_of(parser, value == ':' ? optopt : value);
	if (!opt)
		return err_set(EINVAL, "unknown option");
	if (value == ':')
		return fail_missing(opt);
	parser->parsed->given |= 1ULL << (opt - parser->opts);
	return opt_set(opt, optarg ? optarg : opt->bare ? opt->bare : "", parser->values);
}

static int parse_all(struct parser *parser, bool has_unknown)
{
	int ret = 0;

	while (!ret && !parser->parsed->help && optind < parser->argc) {
		char *token = parser->argv[optind];
		bool taken = false;

		if (!strcmp(token, "--")) {
			while (!ret && ++optind < parser->argc)
				ret = list_add(&parser->parsed->operands, parser->argv[optind]);
			break;
		}
		if (!strncmp(token, "--", 2))
			ret = take_long(parser, token, has_unknown, &taken);
		if (!ret && !taken)
			ret = take(parser, getopt_long(parser->argc, parser->argv, parser->letters,
						       parser->longs, NULL));
	}
	return ret;
}

static int parse_unknown(const struct parser *parser, opt_unknown_fn *unknown, void *ctx)
{
	size_t i;

	for (i = 0; i < parser->unknown_names.nr; i++) {
		const char *value = parser->unknown_values.items[i];
		__free_mem char *name = strdup(parser->unknown_names.items[i]);
		char *equals = name ? strchr(name, '=') : NULL;
		int ret;

		if (!name)
			return err_sys(ENOMEM, "read the command line");
		if (equals) {
			*equals = '\0';
			value = strchr(parser->unknown_names.items[i], '=') + 1;
		}
		ret = unknown ? unknown(name, value, ctx) : -ENOENT;
		if (ret == -ENOENT)
			return fail_unknown(parser->opts, name);
		if (ret)
			return ret;
	}
	return 0;
}

static int set_defaults(const struct opt *opts, void *values)
{
	int ret = 0;

	for (; !ret && opts->name; opts++)
		if (opts->def)
			ret = opt_set(opts, opts->def, values);
	return ret;
}

int opt_parse(const struct opt *opts, int argc, char **argv, void *values, opt_unknown_fn *unknown,
	      void *ctx, struct opt_parsed *ret_parsed)
{
	struct parser parser = {
		.opts = opts,
		.nr = nr_rows(opts),
		.argc = argc,
		.argv = argv,
		.values = values,
		.parsed = ret_parsed,
	};
	int ret;

	memset(ret_parsed, 0, sizeof(*ret_parsed));
	if (parser.nr > OPT_MAX)
		return err_set(EINVAL, "more than %d options", OPT_MAX);
	ret = set_defaults(opts, values);
	if (!ret) {
		init_getopt(&parser);
		ret = parse_all(&parser, unknown != NULL);
	}
	if (!ret && !ret_parsed->help)
		ret = parse_unknown(&parser, unknown, ctx);
	free(parser.unknown_names.items);
	free(parser.unknown_values.items);
	return ret;
}

void opt_free(const struct opt *opts, void *values, struct opt_parsed *parsed)
{
	free(parsed->operands.items);
	memset(parsed, 0, sizeof(*parsed));
	for (; opts->name; opts++) {
		struct opt_list *list = (void *)((char *)values + opts->offset);

		if (opts->type != OPT_LIST)
			continue;
		free(list->items);
		memset(list, 0, sizeof(*list));
	}
}

static int check_row(const struct opt *opts, const struct opt *opt, void *values)
{
	const struct opt *other;

	if (!opt->help || !*opt->help)
		return err_set(EINVAL, "option --%s has no help", opt->name);
	if (opt->type == OPT_ENUM && (!opt->choices || !opt->choices[0]))
		return err_set(EINVAL, "option --%s has no choices", opt->name);
	if (opt_takes_value(opt) && opt->type != OPT_ENUM && !opt->arg)
		return err_set(EINVAL, "option --%s has no placeholder", opt->name);
	/* A repeated list could only add to its default, never replace it. */
	if (opt->def && (!opt_takes_value(opt) || opt->type == OPT_LIST))
		return err_set(EINVAL, "option --%s cannot have a default", opt->name);
	if (!strcmp(opt->name, opt_help_row.name) || opt->letter == opt_help_row.letter)
		return err_set(EINVAL, "option --%s stands in for --help", opt->name);
	for (other = opts; other != opt; other++)
		if (!strcmp(other->name, opt->name) || (opt->letter && other->letter == opt->letter))
			return err_set(EINVAL, "options --%s and --%s are the same", other->name,
				       opt->name);
	return opt->def ? opt_set(opt, opt->def, values) : 0;
}

int opt_check(const struct opt *opts, void *values)
{
	const struct opt *opt;
	int ret = 0;

	if (nr_rows(opts) > OPT_MAX)
		return err_set(EINVAL, "more than %d options", OPT_MAX);
	for (opt = opts; !ret && opt->name; opt++)
		ret = check_row(opts, opt, values);
	return ret;
}
