// SPDX-License-Identifier: GPL-2.0-or-later
#include <jansson.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/text.h"
#include "machine/doctor.h"

struct doctor_args {
	bool json;
	bool strict;
};

static const struct opt doctor_options[] = {
	{"strict", 0, OPT_TO_FLAG(struct doctor_args, strict),
	 .help = "exit status 1 when there is a warning"},
	{"json", 0, OPT_TO_FLAG(struct doctor_args, json), .help = "print JSON"},
	OPT_END,
};

extern const struct verb verb_doctor;

static const struct {
	const char *word;
	const char *colour;
} levels[] = {
	[DOCTOR_OK] = {"ok", "\033[32m"},
	[DOCTOR_NOTE] = {"note", "\033[36m"},
	[DOCTOR_WARN] = {"warn", "\033[33m"},
	[DOCTOR_BAD] = {"bad", "\033[1;31m"},
};

#define LEVEL_COLUMNS 4

static size_t count(const struct doctor_finding *findings, size_t nr, enum doctor_level level)
{
	size_t found = 0, i;

	for (i = 0; i < nr; i++)
		found += findings[i].level == level;
	return found;
}

static int print_text(const struct doctor_finding *findings, size_t nr)
{
	size_t nr_bad = count(findings, nr, DOCTOR_BAD), nr_warn = count(findings, nr, DOCTOR_WARN);
	size_t widest = 0, width = text_width(), column, i;
	bool colour = cmd_wants_colour();

	for (i = 0; i < nr; i++)
		if (text_columns(findings[i].check) > widest)
			widest = text_columns(findings[i].check);
	column = widest + 2 + LEVEL_COLUMNS + 2;
	for (i = 0; i < nr; i++) {
		const struct doctor_finding *finding = &findings[i];

		printf("%-*s  %s%-*s%s  ", (int)widest, finding->check,
		       colour ? levels[finding->level].colour : "", LEVEL_COLUMNS,
		       levels[finding->level].word, colour ? "\033[0m" : "");
		text_wrap(stdout, finding->text, column, column, width);
		/* Not wrapped: it is there to be pasted. */
		if (finding->fix[0])
			printf("%*sfix: %s\n", (int)column, "", finding->fix);
	}
	printf("\n%zu warning%s; ", nr_warn, nr_warn == 1 ? "" : "s");
	if (nr_bad)
		printf("this machine cannot measure, for %zu reason%s\n", nr_bad,
		       nr_bad == 1 ? "" : "s");
	else
		printf("this machine can measure\n");
	return cmd_finish(&verb_doctor, EXIT_OK);
}

static int print_json(const struct doctor_finding *findings, size_t nr)
{
	json_t *list = json_array();
	enum doctor_level worst = DOCTOR_OK;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (findings[i].level > worst)
			worst = findings[i].level;
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s?}", "check",
						      findings[i].check, "level",
						      levels[findings[i].level].word, "text",
						      findings[i].text, "fix",
						      findings[i].fix[0] ? findings[i].fix : NULL));
	}
	return cmd_print_json(&verb_doctor, json_pack("{s:s, s:i, s:s, s:o}", "schema",
						      "memcgbench-doctor", "schema_version", 1, "worst",
						      levels[worst].word, "findings", list));
}

static int examine(const struct doctor_args *args)
{
	__free_mem struct doctor_finding *findings = NULL;
	size_t nr;
	int status;

	if (doctor_run(&findings, &nr))
		return cmd_fail(&verb_doctor, NULL);
	status = args->json ? print_json(findings, nr) : print_text(findings, nr);
	if (status == EXIT_OK && count(findings, nr, DOCTOR_BAD))
		return EXIT_BROKEN;
	if (status == EXIT_OK && args->strict && count(findings, nr, DOCTOR_WARN))
		return EXIT_REGRESSION;
	return status;
}

static int doctor_main(int argc, char **argv)
{
	struct doctor_args args = {0};
	struct opt_parsed parsed;
	int status = EXIT_OK;

	if (cmd_parse(&verb_doctor, argc, argv, &args, &parsed, &status))
		status = examine(&args);
	opt_free(doctor_options, &args, &parsed);
	return status;
}

const struct verb verb_doctor = {
	.name = "doctor",
	.summary = "find what makes this machine a bad place to measure",
	.about = "Look for what makes numbers of this machine noisy or makes them mean something else, "
		 "and print for each finding a command that mends it. Nothing is changed.\n\n"
		 "\"note\" is good to know, \"warn\" makes numbers worse, \"bad\" means that nothing can "
		 "be measured, and makes the exit status 5.",
	.operands = "",
	.options = doctor_options,
	.main = doctor_main,
};
