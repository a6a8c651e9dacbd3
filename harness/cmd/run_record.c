// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_record.h"

#include <time.h>

#include "base/version.h"

json_t *run_json(const struct plan *plan, json_t *command)
{
	return json_pack("{s:o, s:{s:s, s:s, s:s, s:s}, s:s, s:o}", "command", command, "memcgbench", "version",
			 memcgbench_version, "revision", memcgbench_revision, "compiler", memcgbench_compiler, "cflags",
			 memcgbench_cflags, "clock", plan_clock_name(plan->clock), "plan", plan_to_json(plan));
}

/* "2026-11-24-063812-6.12.43": sorts by time, and says what it is. */
void run_name(const char *what, char *buf, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	size_t len;

	gmtime_r(&now, &tm);
	len = strftime(buf, size, "%Y-%m-%d-%H%M%S-", &tm);
	snprintf(buf + len, size - len, "%s", what);
}
