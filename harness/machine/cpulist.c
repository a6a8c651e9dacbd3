// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cpulist.h"

#include <ctype.h>
#include <stdlib.h>

/* Far above any NR_CPUS; keeps a broken list from being walked for minutes. */
#define CPU_LIMIT 65536

static bool take_number(const char **text, unsigned int *ret_number)
{
	char *end;
	unsigned long number;

	if (!isdigit((unsigned char)**text))
		return false;
	number = strtoul(*text, &end, 10);
	if (number >= CPU_LIMIT)
		return false;
	*text = end;
	*ret_number = (unsigned int)number;
	return true;
}

bool cpulist_next(struct cpulist_walk *walk, unsigned int *ret_cpu)
{
	if (!walk->in_range) {
		const char *p = walk->rest;
		unsigned int first, last;

		if (!take_number(&p, &first))
			return false;
		last = first;
		if (*p == '-') {
			p++;
			if (!take_number(&p, &last) || last < first)
				return false;
		}
		walk->rest = *p == ',' ? p + 1 : "";
		walk->next = first;
		walk->last = last;
	}
	*ret_cpu = walk->next;
	walk->in_range = walk->next++ < walk->last;
	return true;
}

size_t cpulist_count(const char *list)
{
	struct cpulist_walk walk = {.rest = list};
	unsigned int cpu;
	size_t nr = 0;

	while (cpulist_next(&walk, &cpu))
		nr++;
	return nr;
}
