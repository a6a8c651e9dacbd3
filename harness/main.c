// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - the table of verbs. */
#include "cmd/cmd.h"

extern const struct verb verb_list, verb_show, verb_run, verb_overhead, verb_compare, verb_selftest, verb_merge, verb_kernel, verb_layout,
	verb_doctor, verb_help, verb_completion, verb_man;

/* In the order in which help and man page show them. */
static const struct verb *const verbs[] = {
	&verb_list,
	&verb_show,
	&verb_run,
	&verb_overhead,
	&verb_compare,
	&verb_selftest,
	&verb_merge,
	&verb_kernel,
	&verb_layout,
	&verb_doctor,
	&verb_help,
	&verb_completion,
	&verb_man,
	NULL,
};

int main(int argc, char **argv)
{
	return cmd_main(verbs, argc, argv);
}
