// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/help_text.h"

static const struct opt help_options[] = {OPT_END};

extern const struct verb verb_help;

static int help_run(int argc, char **argv)
{
	struct opt_parsed parsed;
	char no_values;
	int status = EXIT_OK;

	if (!cmd_parse(&verb_help, argc, argv, &no_values, &parsed, &status))
		goto out;
	if (parsed.operands.nr > 1) {
		status = cmd_usage(&verb_help, "takes one verb, but \"%s\" was given as well",
				   parsed.operands.items[1]);
	} else if (parsed.operands.nr == 0) {
		help_main(stdout);
		status = cmd_finish(&verb_help, EXIT_OK);
	} else {
		const struct verb *verb = cmd_find(parsed.operands.items[0]);

		if (!verb) {
			status = cmd_unknown_verb(parsed.operands.items[0]);
			goto out;
		}
		help_verb(stdout, verb);
		status = cmd_finish(&verb_help, EXIT_OK);
	}
out:
	opt_free(help_options, &no_values, &parsed);
	return status;
}

const struct verb verb_help = {
	.name = "help",
	.summary = "show help of a verb",
	.about = "Show the help of VERB, or without one the list of verbs and exit statuses.",
	.operands = "[VERB]",
	.options = help_options,
	.main = help_run,
};
