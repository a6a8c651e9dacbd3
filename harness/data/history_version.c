// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "data/history.h"

/* Numbers by value, everything else by character: 9 < 10, a < b. */
static int natural_compare(const char *a, const char *b)
{
	while (*a && *b) {
		if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
			char *end_a, *end_b;
			unsigned long long x = strtoull(a, &end_a, 10), y = strtoull(b, &end_b, 10);

			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
			continue;
		}
		if (*a != *b)
			return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
		a++;
		b++;
	}
	return (*a != '\0') - (*b != '\0');
}

#define NUMBERS_MAX 4

struct version {
	unsigned long long number[NUMBERS_MAX]; /* those that are not there are 0 */
	unsigned long long candidate;		/* of -rcN; a release is after all of them */
	const char *rest;
};

static struct version parse(const char *text)
{
	struct version v = {.candidate = UINT64_MAX};
	size_t i;

	for (i = 0; i < NUMBERS_MAX && isdigit((unsigned char)*text); i++) {
		char *end;

		v.number[i] = strtoull(text, &end, 10);
		text = end;
		if (*text != '.' || !isdigit((unsigned char)text[1]))
			break;
		text++;
	}
	if (!strncmp(text, "-rc", 3) && isdigit((unsigned char)text[3])) {
		char *end;

		v.candidate = strtoull(text + 3, &end, 10);
		text = end;
	}
	v.rest = text;
	return v;
}

int history_version_compare(const char *a, const char *b)
{
	struct version x = parse(a), y = parse(b);
	size_t i;

	for (i = 0; i < NUMBERS_MAX; i++)
		if (x.number[i] != y.number[i])
			return x.number[i] < y.number[i] ? -1 : 1;
	if (x.candidate != y.candidate)
		return x.candidate < y.candidate ? -1 : 1;
	return natural_compare(x.rest, y.rest);
}
