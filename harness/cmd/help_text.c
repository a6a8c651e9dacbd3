// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/help_text.h"

#include <string.h>

#include "cmd/text.h"

/* A longer left side goes on a line of its own. */
#define LEFT_MIN 6
#define LEFT_MAX 28

static const char *group_of(const struct opt *opt)
{
	return opt->group ? opt->group : HELP_GROUP_DEFAULT;
}

static bool is_first_of_group(const struct opt *opts, const struct opt *opt)
{
	const struct opt *other;

	for (other = opts; other != opt; other++)
		if (!strcmp(group_of(other), group_of(opt)))
			return false;
	return true;
}

void help_each_option(const struct opt *opts, help_group_fn *on_group, help_option_fn *on_option,
		      void *ctx)
{
	const struct opt *opt, *member;

	if (!opts->name)
		on_group(HELP_GROUP_DEFAULT, ctx);
	for (opt = opts; opt->name; opt++) {
		if (!is_first_of_group(opts, opt))
			continue;
		on_group(group_of(opt), ctx);
		for (member = opt; member->name; member++)
			if (!strcmp(group_of(member), group_of(opt)))
				on_option(member, ctx);
	}
	on_option(&opt_help_row, ctx);
}

char *help_option_text(const struct opt *opt, char *buf, size_t buf_size)
{
	int used = snprintf(buf, buf_size, "%s", opt->help);

	if (opt->type == OPT_LIST && used < (int)buf_size)
		used += snprintf(buf + used, buf_size - (size_t)used, "; may be repeated");
	if (opt->def && used < (int)buf_size)
		snprintf(buf + used, buf_size - (size_t)used, " (default: %s)", opt->def);
	return buf;
}

struct printer {
	FILE *out;
	size_t left;  /* columns of the left sides */
	size_t width; /* of a line */
};

static int format_left(const struct opt *opt, char *buf, size_t buf_size)
{
	char placeholder[128], letter[8] = "    ";

	if (opt->letter)
		snprintf(letter, sizeof(letter), "-%c, ", opt->letter);
	opt_placeholder(opt, placeholder, sizeof(placeholder));
	return snprintf(buf, buf_size, "  %s--%s%s%s", letter, opt->name, *placeholder ? "=" : "",
			placeholder);
}

static void skip_group(const char *group, void *ctx)
{
	(void)group;
	(void)ctx;
}

static void measure_option(const struct opt *opt, void *ctx)
{
	struct printer *printer = ctx;
	char left[256];
	size_t columns = (size_t)format_left(opt, left, sizeof(left));

	if (columns > printer->left && columns <= LEFT_MAX && columns <= printer->width / 3)
		printer->left = columns;
}

static void print_group(const char *group, void *ctx)
{
	struct printer *printer = ctx;

	fprintf(printer->out, "\n%s:\n", group);
}

static void print_option(const struct opt *opt, void *ctx)
{
	struct printer *printer = ctx;
	char left[256], text[1024];
	size_t columns = (size_t)format_left(opt, left, sizeof(left));

	fputs(left, printer->out);
	if (columns > printer->left) {
		fputc('\n', printer->out);
		columns = 0;
	}
	text_wrap(printer->out, help_option_text(opt, text, sizeof(text)), columns,
		  printer->left + 2, printer->width);
}

static void print_options(FILE *out, const struct opt *opts)
{
	struct printer printer = {.out = out, .left = LEFT_MIN, .width = text_width()};

	help_each_option(opts, skip_group, measure_option, &printer);
	help_each_option(opts, print_group, print_option, &printer);
}

void help_verb(FILE *out, const struct verb *verb)
{
	size_t width = text_width();

	fprintf(out, "Usage: memcgbench %s [OPTION...]%s%s\n\n", verb->name, *verb->operands ? " " : "",
		verb->operands);
	text_wrap(out, verb->about, 0, 0, width);
	print_options(out, verb->options);
	if (verb->unknown_help) {
		fputc('\n', out);
		text_wrap(out, verb->unknown_help, 0, 0, width);
	}
}

void help_usage(FILE *out)
{
	const struct verb *const *verb;

	fputs("Usage: memcgbench VERB [OPTION...] [OPERAND...]\n\nVerbs:\n", out);
	for (verb = cmd_verbs(); *verb; verb++)
		fprintf(out, "  %-12s  %s\n", (*verb)->name, (*verb)->summary);
	fputs("\nmemcgbench VERB --help tells more; memcgbench --help shows exit statuses.\n", out);
}

void help_main(FILE *out)
{
	const struct exit_status_text *row;
	const struct verb *const *verb;
	size_t width = text_width();

	fputs("Usage: memcgbench VERB [OPTION...] [OPERAND...]\n\n", out);
	text_wrap(out,
		  "Measure what the memory cgroup controller of Linux costs per operation.\n\nVerbs:", 0,
		  0, width);
	for (verb = cmd_verbs(); *verb; verb++)
		fprintf(out, "  %-12s  %s\n", (*verb)->name, (*verb)->summary);
	print_options(out, cmd_options);
	fputs("\nExit status:\n", out);
	for (row = exit_statuses; row->text; row++) {
		fprintf(out, "  %d", row->status);
		text_wrap(out, row->text, 3, 5, width);
	}
	fputs("\nmemcgbench VERB --help tells more about a verb.\n", out);
}
