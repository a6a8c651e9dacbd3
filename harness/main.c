// SPDX-License-Identifier: GPL-2.0-or-later
/* main.c - the table of verbs: one line each, in the order in which help and man page show them. */
#include "cmd/cmd.h"

#define VERBS(VERB) \
	VERB(list) \
	VERB(show) \
	VERB(run) \
	VERB(overhead) \
	VERB(compare) \
	VERB(trend) \
	VERB(report) \
	VERB(explain) \
	VERB(selftest) \
	VERB(series) \
	VERB(bisect) \
	VERB(bisect_step) \
	VERB(plan) \
	VERB(merge) \
	VERB(kernel) \
	VERB(layout) \
	VERB(doctor) \
	VERB(help) \
	VERB(completion) \
	VERB(man)

#define DECLARE(name) extern const struct verb verb_##name;
VERBS(DECLARE)

#define ROW(name) &verb_##name,
static const struct verb *const verbs[] = {VERBS(ROW) NULL};

int main(int argc, char **argv)
{
	return cmd_main(verbs, argc, argv);
}
