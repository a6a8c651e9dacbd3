/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doctor.h - what makes this machine a bad place to measure, each with the command that mends it.
 *
 * Pure findings: reads through fs.h, facts.h, noise.h and cgroup.h; prints nothing, changes
 * nothing. What is right for one question is wrong for another, so a finding is advice: the run goes
 * on unless it is DOCTOR_BAD.
 */
#ifndef MACHINE_DOCTOR_H
#define MACHINE_DOCTOR_H

#include <stddef.h>

#include "base/util.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE, /* good to know; measurements are fine */
	DOCTOR_WARN, /* numbers will be noisier or mean something else */
	DOCTOR_BAD,  /* cannot measure */
};

struct doctor_finding {
	const char *check; /* one of doctor_check_name() */
	enum doctor_level level;
	char text[256]; /* one sentence: what was found */
	char fix[256];	/* a command to paste; "" where there is none */
};

/*
 * Run every check. *ret_findings has one entry per check at least, good ones included, in a fixed
 * order; the caller frees it with free(). Takes about 0.2 s, in which it looks at what else runs.
 * What cannot be read is a finding, no error. -ENOMEM.
 */
int doctor_run(struct doctor_finding **ret_findings, size_t *ret_nr) __must_check;

/* The checks by name, in the order of their findings: "memcg", "governor", … NULL from the end on. */
const char *doctor_check_name(size_t i);

#endif
