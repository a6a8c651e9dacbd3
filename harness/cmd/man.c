// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "cmd/cmd.h"
#include "cmd/help_text.h"

/* A line of the template that begins with this is replaced: ".\" @verbs@". */
#define MARK	   ".\\\" @"
#define TEMPLATE   "man/memcgbench.1.in"
#define LINE_WIDTH 72

static const struct opt man_options[] = {OPT_END};

extern const struct verb verb_man;

/* One word of running text: a backslash or a leading dot would be roff, "--" a dash. */
static void print_word(const char *word, size_t length, bool line_start)
{
	size_t i;

	if (line_start && (word[0] == '.' || word[0] == '\''))
		fputs("\\&", stdout);
	for (i = 0; i < length; i++) {
		if (word[i] == '\\')
			fputs("\\e", stdout);
		else if (word[i] == '-' && (i == 0 || word[i - 1] == '-' || word[i + 1] == '-'))
			fputs("\\-", stdout);
		else
			putchar(word[i]);
	}
}

static bool ends_sentence(const char *word, size_t length)
{
	return length > 1 && (word[length - 1] == '.' || word[length - 1] == '?') &&
	       strncmp(word + length - 3, "...", 3);
}

/* Text as mdoc: a line for each sentence at least, .Pp between paragraphs. */
static void print_prose(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t space = strspn(text, " \t\n"), newlines = 0, length, i;

		for (i = 0; i < space; i++)
			newlines += text[i] == '\n';
		text += space;
		length = strcspn(text, " \t\n");
		if (!length)
			break;
		if (newlines > 1) {
			fputs(column ? "\n.Pp\n" : ".Pp\n", stdout);
			column = 0;
		} else if (column + length >= LINE_WIDTH) {
			putchar('\n');
			column = 0;
		} else if (column) {
			putchar(' ');
			column++;
		}
		print_word(text, length, column == 0);
		column += length;
		if (ends_sentence(text, length)) {
			putchar('\n');
			column = 0;
		}
		text += length;
	}
	if (column)
		putchar('\n');
}

static void start_group(const char *group, void *ctx)
{
	bool *is_open = ctx;

	if (*is_open)
		printf(".El\n");
	*is_open = true;
	if (strcmp(group, HELP_GROUP_DEFAULT))
		printf(".Pp\n%s:\n", group);
	printf(".Bl -tag -width Ds\n");
}

static void print_option(const struct opt *opt, void *ctx)
{
	char placeholder[128], text[1024];

	(void)ctx;
	opt_placeholder(opt, placeholder, sizeof(placeholder));
	printf(".It ");
	if (opt->letter)
		printf("Fl %c , ", opt->letter);
	printf("Fl \\-%s", opt->name);
	/* "\\&": a placeholder such as "N" or "No" is not to be read as a macro. */
	if (*placeholder)
		printf(" Ns = Ns Ar \\&%s", placeholder);
	putchar('\n');
	print_prose(help_option_text(opt, text, sizeof(text)));
}

static void print_options(const struct opt *opts)
{
	bool is_open = false;

	help_each_option(opts, start_group, print_option, &is_open);
	printf(".El\n");
}

static void print_verb(const struct verb *verb)
{
	printf(".Ss %s\n.Nm\n.Cm %s\n.Op Ar option ...\n", verb->name, verb->name);
	if (*verb->operands) {
		fputs(".Ar ", stdout);
		print_word(verb->operands, strlen(verb->operands), false);
		/* Or a bracket at its end would pass for punctuation. */
		fputs("\\&\n", stdout);
	}
	printf(".Pp\n");
	print_prose(verb->about);
	print_options(verb->options);
	if (verb->unknown_help) {
		printf(".Pp\n");
		print_prose(verb->unknown_help);
	}
}

static void print_exit_statuses(void)
{
	const struct exit_status_text *row;

	printf(".Bl -tag -width Ds\n");
	for (row = exit_statuses; row->text; row++) {
		printf(".It %d\n", row->status);
		print_prose(row->text);
	}
	printf(".El\n");
}

static int fill_mark(const char *name)
{
	const struct verb *const *verb;

	if (!strcmp(name, "verbs")) {
		for (verb = cmd_verbs(); *verb; verb++)
			print_verb(*verb);
	} else if (!strcmp(name, "options")) {
		print_options(cmd_options);
	} else if (!strcmp(name, "exit-status")) {
		print_exit_statuses();
	} else {
		return err_set(EINVAL, "there is nothing to put in for @%s@", name);
	}
	return 0;
}

/* The name in a line `.\" @name@`, or NULL for any other line; cuts the line. */
static char *mark_of(char *line)
{
	char *name, *end;

	if (strncmp(line, MARK, strlen(MARK)))
		return NULL;
	name = line + strlen(MARK);
	end = strchr(name, '@');
	if (!end || (end[1] && end[1] != '\n'))
		return NULL;
	*end = '\0';
	return name;
}

static int fill_template(FILE *template, const char *path)
{
	__free_mem char *line = NULL;
	size_t size = 0;
	bool has_verbs = false;
	int ret = 0;

	while (!ret && getline(&line, &size, template) > 0) {
		char *name = mark_of(line);

		if (!name) {
			fputs(line, stdout);
			continue;
		}
		has_verbs |= !strcmp(name, "verbs");
		ret = fill_mark(name);
	}
	if (!ret && ferror(template))
		return err_sys(errno, "read %s", path);
	if (!ret && !has_verbs)
		return err_set(EINVAL, "%s has no line %sverbs@", path, MARK);
	return ret ? err_prefix(ret, "%s", path) : 0;
}

static int man_main(int argc, char **argv)
{
	struct opt_parsed parsed;
	char no_values;
	const char *path;
	__close_file FILE *file = NULL;
	int status = EXIT_OK;

	if (!cmd_parse(&verb_man, argc, argv, &no_values, &parsed, &status))
		goto out;
	if (parsed.operands.nr > 1) {
		status = cmd_usage(&verb_man, "takes one file, but \"%s\" was given as well",
				   parsed.operands.items[1]);
		goto out;
	}
	path = parsed.operands.nr ? parsed.operands.items[0] : TEMPLATE;
	file = fopen(path, "re");
	if (!file)
		status = cmd_fail(&verb_man, "open %s: %s", path, strerror(errno));
	else if (fill_template(file, path))
		status = cmd_fail(&verb_man, NULL);
	else
		status = cmd_finish(&verb_man, EXIT_OK);
out:
	opt_free(man_options, &no_values, &parsed);
	return status;
}

const struct verb verb_man = {
	.name = "man",
	.summary = "fill verbs, options and exit statuses into a man page",
	.about = "Print the man page FILE, with every line such as .\\\" @verbs@ in it replaced by what "
		 "this program knows of its verbs, options and exit statuses. The build makes "
		 "memcgbench.1 with it. Without FILE it is " TEMPLATE ".",
	.operands = "[FILE]",
	.options = man_options,
	.main = man_main,
};
