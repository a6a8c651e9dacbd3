/* SPDX-License-Identifier: GPL-2.0-or-later */
/* open_files.h - how many files this process has open: the same before and after, if none was lost. */
#ifndef TESTS_UNIT_OPEN_FILES_H
#define TESTS_UNIT_OPEN_FILES_H

#include <dirent.h>

static unsigned int nr_open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nr = 0;

	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

#endif
