// SPDX-License-Identifier: GPL-2.0-or-later
/* What all checks share: findings, and which programs there are. */
#include "machine/doctor_priv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

#define ROOM_AT_FIRST 32

static bool make_room(struct doctor_report *report)
{
	size_t room = report->room ? report->room * 2 : ROOM_AT_FIRST;
	struct doctor_finding *more;

	if (report->nr < report->room)
		return true;
	more = realloc(report->findings, room * sizeof(*more));
	if (!more) {
		report->out_of_memory = true;
		return false;
	}
	report->findings = more;
	report->room = room;
	return true;
}

void doctor_add(struct doctor_report *report, enum doctor_level level, const char *fix,
		const char *fmt, ...)
{
	struct doctor_finding *finding;
	va_list ap;

	if (!make_room(report))
		return;
	finding = &report->findings[report->nr++];
	*finding = (struct doctor_finding){.check = report->check, .level = level};
	va_start(ap, fmt);
	vsnprintf(finding->text, sizeof(finding->text), fmt, ap);
	va_end(ap);
	/* Half a command is worse than none. */
	if (strlen(fix) < sizeof(finding->fix))
		strcpy(finding->fix, fix);
}

bool doctor_has_tool(const char *name)
{
	const char *dirs = getenv("PATH");

	while (dirs && *dirs) {
		int len = (int)strcspn(dirs, ":");

		if (len && fs_exists("%.*s/%s", len, dirs, name))
			return true;
		dirs += len;
		dirs += *dirs == ':';
	}
	return false;
}
