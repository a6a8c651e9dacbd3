// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/printable.h"
#include "cmd/help_text.h"
#include "core/registry.h"

#define VERBS_MAX 64

static void __printf(3, 0)
complain(const struct verb *verb, bool with_hint, const char *fmt, va_list ap)
{
	const char *blank = verb ? " " : "", *name = verb ? verb->name : "";
	char text[ERR_MSG_MAX];

	if (fmt)
		vsnprintf(text, sizeof(text), fmt, ap);
	else
		snprintf(text, sizeof(text), "%s", err_msg());
	printable(text, true);
	fflush(stdout);
	fprintf(stderr, "memcgbench%s%s: %s%s%s%s%s\n", blank, name, text,
		with_hint ? "; try: memcgbench" : "", with_hint ? blank : "", with_hint ? name : "",
		with_hint ? " --help" : "");
}

int cmd_usage(const struct verb *verb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(verb, true, fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}

int cmd_fail(const struct verb *verb, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(verb, false, fmt, ap);
	va_end(ap);
	return EXIT_BROKEN;
}

int cmd_finish(const struct verb *verb, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return cmd_fail(verb, "write standard output: %s", strerror(errno));
}

int cmd_print_json(const struct verb *verb, struct json_t *object)
{
	int ret;

	if (!object)
		return cmd_fail(verb, "print JSON: %s", strerror(ENOMEM));
	ret = json_dumpf(object, stdout, JSON_INDENT(2));
	json_decref(object);
	if (ret)
		return cmd_fail(verb, "print JSON: %s", strerror(errno));
	putchar('\n');
	return cmd_finish(verb, EXIT_OK);
}

bool cmd_parse(const struct verb *verb, int argc, char **argv, void *values,
	       struct opt_parsed *ret_parsed, int *ret_status)
{
	int ret = opt_parse(verb->options, argc, argv, values, verb->unknown, values, ret_parsed);

	if (ret) {
		*ret_status = ret == -ENOMEM ? cmd_fail(verb, NULL) : cmd_usage(verb, NULL);
		return false;
	}
	if (ret_parsed->help) {
		help_verb(stdout, verb);
		*ret_status = cmd_finish(verb, EXIT_OK);
		return false;
	}
	if (!*verb->operands && ret_parsed->operands.nr) {
		*ret_status = cmd_usage(verb, "takes no operand, but \"%s\" was given",
					ret_parsed->operands.items[0]);
		return false;
	}
	return true;
}

int cmd_unknown_verb(const char *name)
{
	const char *names[VERBS_MAX + 1] = {NULL}, *nearest;
	size_t i;

	for (i = 0; i < VERBS_MAX && cmd_verbs()[i]; i++)
		names[i] = cmd_verbs()[i]->name;
	nearest = opt_nearest(name, names);
	if (nearest)
		return cmd_usage(NULL, "there is no verb \"%s\" (did you mean \"%s\"?)", name, nearest);
	return cmd_usage(NULL, "there is no verb \"%s\"", name);
}

const struct bench *cmd_find_bench(const char *name)
{
	const struct bench *bench = registry_find(name);
	__free_mem const char **names = NULL;
	const char *nearest = NULL;
	size_t i;

	if (bench)
		return bench;
	names = calloc(registry_nr() + 1, sizeof(*names));
	for (i = 0; names && i < registry_nr(); i++)
		names[i] = registry_at(i)->name;
	if (names)
		nearest = opt_nearest(name, names);
	if (nearest)
		err_set(ENOENT, "there is no bench \"%s\" (did you mean \"%s\"?)", name, nearest);
	else
		err_set(ENOENT, "there is no bench \"%s\"; memcgbench list shows all", name);
	return NULL;
}

bool cmd_wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	/* NO_COLOR counts when it is set and not empty. */
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}
