/* SPDX-License-Identifier: GPL-2.0-or-later */
/* scratch.h - a folder of a test's own: setup and teardown for cmocka. */
#ifndef TESTS_UNIT_SCRATCH_H
#define TESTS_UNIT_SCRATCH_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static char scratch[64];

static int setup(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/%s-XXXXXX", program_invocation_short_name);
	return mkdtemp(scratch) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return system(command);
}

#endif
