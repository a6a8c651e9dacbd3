// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/help_text.h"
#include "core/registry.h"

static const struct opt completion_options[] = {OPT_END};

extern const struct verb verb_completion;

static void no_group(const char *group, void *ctx)
{
	(void)group;
	(void)ctx;
}

static void print_option_words(const struct opt *opt, void *ctx)
{
	(void)ctx;
	if (opt->letter && !opt_takes_value(opt))
		printf(" -%c", opt->letter);
	printf(" --%s%s", opt->name, opt_takes_value(opt) ? "=" : "");
}

static void print_choices(const char *const *choices)
{
	for (; *choices; choices++)
		printf("%s%s", *choices, choices[1] ? " " : "");
}

static bool bench_has_name(const struct bench *bench, const char *name)
{
	size_t i;

	for (i = 0; i < bench->nr_params; i++)
		if (!strcmp(bench->params[i].name, name))
			return true;
	return false;
}

/* Did an earlier bench have a parameter of this name? */
static bool is_known(size_t bench, const char *name)
{
	size_t i;

	for (i = 0; i < bench; i++)
		if (bench_has_name(registry_at(i), name))
			return true;
	return false;
}

static void print_param_words(void)
{
	size_t i, j;

	for (i = 0; i < registry_nr(); i++)
		for (j = 0; j < registry_at(i)->nr_params; j++)
			if (!is_known(i, registry_at(i)->params[j].name))
				printf(" --%s=", registry_at(i)->params[j].name);
}

static void print_benches(void)
{
	size_t i;

	for (i = 0; i < registry_nr(); i++)
		printf("%s%s", i ? " " : "", registry_at(i)->name);
}

/* The assignment that completes the word that @placeholder stands for. */
static void print_source(const char *placeholder)
{
	if (strstr(placeholder, "BENCH")) {
		printf("words=\"");
		print_benches();
		printf("\"");
	} else if (strstr(placeholder, "VERB")) {
		printf("words=$verbs");
	} else if (strstr(placeholder, "SHELL")) {
		printf("words=bash");
	} else if (strstr(placeholder, "DIR") || strstr(placeholder, "RUN")) {
		printf("action=\"directory\"");
	} else if (strstr(placeholder, "FILE")) {
		printf("action=\"file\"");
	} else {
		printf("action=none");
	}
}

static void print_option_case(const struct opt *opt, void *ctx)
{
	const struct verb *verb = ctx;
	char placeholder[128];

	if (!opt_takes_value(opt))
		return;
	printf("\t%s:--%s", verb->name, opt->name);
	if (opt->letter)
		printf(" | %s:-%c", verb->name, opt->letter);
	printf(") ");
	if (opt->type == OPT_ENUM) {
		printf("words=\"");
		print_choices(opt->choices);
		printf("\"");
	} else {
		print_source(opt_placeholder(opt, placeholder, sizeof(placeholder)));
	}
	printf(" ;;\n");
}

/* Of every bench that has the parameter: they need not agree. Some words may come twice, which completion bears. */
static void print_param_choices(size_t bench, const char *name)
{
	size_t i;

	for (; bench < registry_nr(); bench++)
		for (i = 0; i < registry_at(bench)->nr_params; i++) {
			const struct bench_param *param = &registry_at(bench)->params[i];

			if (!param->choices || strcmp(param->name, name))
				continue;
			print_choices(param->choices);
			printf(" ");
		}
}

static void print_param_cases(const struct verb *verb)
{
	size_t i, j;

	for (i = 0; i < registry_nr(); i++) {
		const struct bench *bench = registry_at(i);

		for (j = 0; j < bench->nr_params; j++) {
			const struct bench_param *param = &bench->params[j];

			if (is_known(i, param->name))
				continue;
			printf("\t%s:--%s) ", verb->name, param->name);
			if (param->choices) {
				printf("words=\"");
				print_param_choices(i, param->name);
				printf("\" ;;\n");
			} else {
				printf("action=none ;;\n");
			}
		}
	}
}

static void print_verbs(void)
{
	const struct verb *const *verb;

	printf("\tlocal verbs=\"");
	for (verb = cmd_verbs(); *verb; verb++)
		printf("%s%s", verb == cmd_verbs() ? "" : " ", (*verb)->name);
	printf("\"\n");
}

/* The value of the option before the cursor. */
static void print_value_cases(void)
{
	const struct verb *const *verb;

	printf("\tcase $verb:$option in\n");
	for (verb = cmd_verbs(); *verb; verb++) {
		help_each_option((*verb)->options, no_group, print_option_case, (void *)*verb);
		if ((*verb)->unknown)
			print_param_cases(*verb);
	}
	printf("\t*) return 1 ;;\n\tesac\n");
}

/* An option of the verb, or an operand. */
static void print_word_cases(void)
{
	const struct verb *const *verb;

	printf("\tcase $verb in\n\t\"\") words=\"$verbs");
	help_each_option(cmd_options, no_group, print_option_words, NULL);
	printf("\" ;;\n");
	for (verb = cmd_verbs(); *verb; verb++) {
		printf("\t%s)\n\t\tif [[ $cur == -* ]]; then\n\t\t\twords=\"", (*verb)->name);
		help_each_option((*verb)->options, no_group, print_option_words, NULL);
		if ((*verb)->unknown)
			print_param_words();
		printf("\"\n\t\telse\n\t\t\t");
		print_source((*verb)->operands);
		printf("\n\t\tfi\n\t\t;;\n");
	}
	printf("\tesac\n");
}

static const char bash_values[] =
	"# These two set words, or action, for $cur.\n"
	"_memcgbench_value()\n"
	"{\n";

static const char bash_words[] =
	"}\n"
	"\n"
	"_memcgbench_word()\n"
	"{\n";

/*
 * Bash hands "--name=val" over as three words where '=' is in COMP_WORDBREAKS, and as one where it is
 * not.
 */
static const char bash_main[] =
	"}\n"
	"\n"
	"_memcgbench()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
	"\tlocal option=\"\" verb=\"\" words=\"\" action=\"\" prefix=\"\"\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tif ((COMP_CWORD > 1)); then\n"
	"\t\tverb=${COMP_WORDS[1]}\n"
	"\tfi\n"
	"\tif [[ $cur == \"=\" ]]; then\n"
	"\t\toption=$previous cur=\"\"\n"
	"\telif [[ $previous == \"=\" ]] && ((COMP_CWORD > 2)); then\n"
	"\t\toption=${COMP_WORDS[COMP_CWORD-2]}\n"
	"\telif [[ $cur == --*=* ]]; then\n"
	"\t\toption=${cur%%=*} prefix=${cur%%=*}= cur=${cur#*=}\n"
	"\telif [[ $previous == -* ]]; then\n"
	"\t\toption=$previous\n"
	"\tfi\n"
	"\t_memcgbench_value || _memcgbench_word\n"
	"\tcase $action in\n"
	"\tfile | directory)\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -A \"$action\" -P \"$prefix\" -- \"$cur\")\n"
	"\t\t;;\n"
	"\t\"\")\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -P \"$prefix\" -- \"$cur\")\n"
	"\t\tif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == --*= ]]; then\n"
	"\t\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tfi\n"
	"\t\t;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"complete -F _memcgbench memcgbench\n";

static void print_bash(void)
{
	printf("# bash completion of memcgbench; made by: memcgbench completion bash\n"
	       "# shellcheck shell=bash disable=SC2034 # cur and friends are locals of the caller\n");
	fputs(bash_values, stdout);
	print_value_cases();
	fputs(bash_words, stdout);
	print_verbs();
	print_word_cases();
	fputs(bash_main, stdout);
}

static int completion_main(int argc, char **argv)
{
	struct opt_parsed parsed;
	char no_values;
	int status = EXIT_OK;

	if (!cmd_parse(&verb_completion, argc, argv, &no_values, &parsed, &status))
		goto out;
	if (parsed.operands.nr > 1) {
		status = cmd_usage(&verb_completion, "takes one shell, but \"%s\" was given as well",
				   parsed.operands.items[1]);
	} else if (parsed.operands.nr && strcmp(parsed.operands.items[0], "bash")) {
		status = cmd_usage(&verb_completion, "shell \"%s\" is none of bash",
				   parsed.operands.items[0]);
	} else {
		print_bash();
		status = cmd_finish(&verb_completion, EXIT_OK);
	}
out:
	opt_free(completion_options, &no_values, &parsed);
	return status;
}

const struct verb verb_completion = {
	.name = "completion",
	.summary = "print a script that completes command lines in bash",
	.about = "Print a script with which bash completes verbs, options, their values and the names of "
		 "benches. To have it in the running shell: source <(memcgbench completion bash)",
	.operands = "[SHELL]",
	.options = completion_options,
	.main = completion_main,
};
