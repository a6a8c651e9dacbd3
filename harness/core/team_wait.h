/* SPDX-License-Identifier: GPL-2.0-or-later */
/* team_wait.h - talking with the workers of a team. Private to team*.c. */
#ifndef CORE_TEAM_WAIT_H
#define CORE_TEAM_WAIT_H

#include "base/util.h"
#include "core/worker.h"

/* Which of the team's processes has @worker. */
unsigned int team_process_of(const struct team *team, unsigned int worker);

/* waitpid(2) of one. @ret_status may be NULL. */
int team_wait_process(pid_t pid, int *ret_status);

/* Begin a command, and a rep if it is one. -ECHILD: a worker is gone. */
int team_send_all(struct team *team, const struct worker_command *command) __must_check;

/*
 * Wait for the answers of all workers. *ret_held: how many of them hold. 1: one skips the item; errors as team_rep() has them. The team
 * is broken after either.
 */
int team_wait_all(struct team *team, unsigned int *ret_held) __must_check;

/* Both, for a command at whose end nobody holds. */
int team_command_all(struct team *team, const struct worker_command *command) __must_check;

#endif
