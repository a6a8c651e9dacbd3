/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_record.h - what a run is called, and what its record begins with. Private to cmd/run*.c. */
#ifndef CMD_RUN_RECORD_H
#define CMD_RUN_RECORD_H

#include <jansson.h>

#include "core/plan.h"

/* What run.json begins with. @command: stolen. */
json_t *run_json(const struct plan *plan, json_t *command);
/* "2026-11-24-063812-WHAT": sorts by time, and says what it is. */
void run_name(const char *what, char *buf, size_t size);

#endif
