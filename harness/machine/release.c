// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/release.h"

#include <stdio.h>

#include "base/fs.h"
#include "base/util.h"

bool release_is_since(unsigned int major, unsigned int minor)
{
	__free_mem char *release = NULL;
	unsigned int its_major, its_minor;

	if (fs_read(&release, "/proc/sys/kernel/osrelease") || sscanf(release, "%u.%u", &its_major, &its_minor) != 2)
		return false;
	return its_major > major || (its_major == major && its_minor >= minor);
}
