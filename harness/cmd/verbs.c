// SPDX-License-Identifier: GPL-2.0-or-later
/* What there is: verbs, options before a verb, exit statuses. */
#include "cmd/cmd.h"

#include <string.h>

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

const struct opt cmd_options[] = {
	{"version", 'V', OPT_TO_FLAG(struct cmd_args, version),
	 .help = "print version, revision and compiler, and leave"},
	OPT_END,
};

void cmd_set_verbs(const struct verb *const *table)
{
	verb_table = table;
}

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
