/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owner.h - who owns what is left lying about: a process, told from a later one with the same pid by its start time, and from one of
 * another container by its pid namespace.
 *
 * What a run makes outside of its results (cgroups, swap, folders) is marked with its owner, so that the next run finds what a killed
 * one could not remove. Knows nothing of those things.
 */
#ifndef MACHINE_OWNER_H
#define MACHINE_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/util.h"

struct owner {
	pid_t pid;
	uint64_t start;	 /* field 22 of /proc/PID/stat: clock ticks after boot */
	uint32_t pid_ns; /* whose pid it is: the inode of that namespace, pid_namespaces(7); 0: unknown */
};

/* This process, with the pid as /proc has it, which is not getpid() where /proc belongs to another pid namespace. */
int owner_self(struct owner *ret_owner) __must_check;

/*
 * In doubt a process lives: a run that is wrongly taken for dead would lose what it works with. Of a process of another pid namespace only
 * root in the initial one can tell that it does not.
 */
bool owner_lives(const struct owner *owner);

/* "memcgbench.PID.START.NS" */
void owner_name(const struct owner *owner, char *buf, size_t size);

/* Is @name such a name (perhaps with ".MORE" behind it), and whose? */
bool owner_parse(const char *name, struct owner *ret_owner);

/* Field 1, 3 and 22 of the text of a /proc/PID/stat; the command in between may hold anything. */
int owner_parse_stat(const char *text, struct owner *ret_owner, char *ret_state) __must_check;

#endif
