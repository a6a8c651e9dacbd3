// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/growth.h"

#include <stdlib.h>
#include <string.h>

#define STOCK_PAGES 64
#define KERNEL_PAGES 32
#define READINGS_MIN 8

long growth_slack(unsigned int nr_workers, unsigned int nr_cpus)
{
	return STOCK_PAGES * (long)(nr_cpus < nr_workers + 1 ? nr_cpus : nr_workers + 1) + KERNEL_PAGES;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t median(const uint32_t *pages, size_t nr)
{
	uint32_t *sorted = malloc(nr * sizeof(*sorted)), middle;

	if (!sorted)
		return pages[nr / 2];
	memcpy(sorted, pages, nr * sizeof(*sorted));
	qsort(sorted, nr, sizeof(*sorted), compare_u32);
	middle = sorted[nr / 2];
	free(sorted);
	return middle;
}

bool growth_find(const uint32_t *pages, size_t nr, long slack, struct growth *ret_growth)
{
	size_t quarter = nr / 4;
	long first, middle, last;

	if (nr < READINGS_MIN)
		return false;
	first = median(pages, quarter);
	middle = median(pages + quarter, nr - 2 * quarter);
	last = median(pages + nr - quarter, quarter);
	if (last - first <= slack || (last - middle) * 4 < last - first || (middle - first) * 4 < last - first)
		return false;
	*ret_growth = (struct growth){.first = (uint32_t)first, .last = (uint32_t)last};
	return true;
}
