// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/printable.h"
#include "base/version.h"
#include "cmd/help.h"
#include "core/registry.h"

#define VERBS_MAX 64

static const struct verb *const *verb_table;

const struct exit_status_text exit_statuses[] = {
	{EXIT_OK, "done, and nothing is worse; that memcg costs something is a finding, not a failure"},
	{EXIT_REGRESSION, "something is worse: the last of several kernels (run), the candidate (compare), a commit (series), the newest version "
			  "(trend --check), or a layout differs (layout --check); doctor --strict: a warning"},
	{EXIT_USAGE, "the command line is wrong; nothing was done"},
	{EXIT_INCONCLUSIVE, "compare --strict and series --strict: nothing is worse, but something is inconclusive or was not compared"},
	{EXIT_BROKEN, "a boot or the harness failed, or this machine cannot measure"},
	{EXIT_NOTHING_COMPARED, "nothing was comparable, which is never taken for \"nothing is worse\""},
	{EXIT_NOT_DETERMINISTIC, "not deterministic: a run that must repeat exactly did not"},
	{0, NULL},
};

struct main_args {
	bool version;
};

const struct opt cmd_options[] = {
	{"version", 'V', OPT_TO_FLAG(struct main_args, version),
	 .help = "print version, revision and compiler, and leave"},
	OPT_END,
};

const struct verb *const *cmd_verbs(void)
{
	return verb_table;
}

const struct verb *cmd_find(const char *name)
{
	const struct verb *const *verb;

	for (verb = verb_table; *verb; verb++)
		if (!strcmp((*verb)->name, name))
			return *verb;
	return NULL;
}

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

	for (i = 0; i < VERBS_MAX && verb_table[i]; i++)
		names[i] = verb_table[i]->name;
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

static int print_version(void)
{
	printf("memcgbench %s\nrevision: %s\ncompiler: %s\nflags: %s\n", memcgbench_version,
	       memcgbench_revision, memcgbench_compiler, memcgbench_cflags);
	return cmd_finish(NULL, EXIT_OK);
}

/* No verb: --version, --help, or a wrong option. */
static int main_option(char **argv)
{
	struct main_args args = {0};
	struct opt_parsed parsed;
	int status = EXIT_OK;

	if (opt_parse(cmd_options, 2, argv, &args, NULL, NULL, &parsed)) {
		status = cmd_usage(NULL, NULL);
	} else if (args.version) {
		status = print_version();
	} else if (parsed.help) {
		help_main(stdout);
		status = cmd_finish(NULL, EXIT_OK);
	} else {
		status = cmd_usage(NULL, "there is no verb \"%s\"", argv[1]);
	}
	opt_free(cmd_options, &args, &parsed);
	return status;
}

/*
 * A caller that closed one of them (">&-") would have the next file we open there, such as the samples, and the
 * table printed into it. Opened for the wrong direction, so that using it is still an error.
 */
static void hold_standard_files(void)
{
	int fd, flags;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
			_exit(EXIT_BROKEN);
	}
}

int cmd_main(const struct verb *const *table, int argc, char **argv)
{
	const struct verb *verb;

	verb_table = table;
	hold_standard_files();
	if (argc < 2) {
		help_usage(stderr);
		return EXIT_USAGE;
	}
	if (argv[1][0] == '-')
		return main_option(argv);
	verb = cmd_find(argv[1]);
	if (!verb)
		return cmd_unknown_verb(argv[1]);
	return verb->main(argc - 1, argv + 1);
}

bool cmd_wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	/* NO_COLOR counts when it is set and not empty. */
	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}
