/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_choices.h - the choices of a bench's parameters that need what the bench itself does not: for the verbs that list them.
 * Knows nothing of how they are printed.
 */
#ifndef CMD_LIST_CHOICES_H
#define CMD_LIST_CHOICES_H

#include <jansson.h>
#include <stdbool.h>

#include "bench.h"
#include "machine/cgroup.h"

/* One of them. All zero before the first. */
struct list_choice {
	const struct bench_param *param;
	size_t param_index, index;
	const char *name;   /* "anon" */
	unsigned int needs; /* a set of enum bench_needs, not empty */
};

/* The next one; false behind the last. */
bool list_choice_next(const struct bench *bench, struct list_choice *choice);

/* The names of a set of needs, with commas between: "swap", "dir, thp". Returns @buf. */
char *list_needs_names(unsigned int needs, char *buf, size_t buf_size);

/* The same as a JSON array. A new reference. */
json_t *list_needs_json(unsigned int needs);

/* What @bench needs if no parameter is given. */
unsigned int list_default_needs(const struct bench *bench);

#endif
