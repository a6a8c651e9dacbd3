// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/kernel_args.h"

#include <ctype.h>
#include <string.h>

char *kernel_arg_next(char **rest)
{
	char *word = *rest, *at, *to;
	bool quoted = false;

	while (isspace((unsigned char)*word))
		word++;
	for (at = to = word; *at && (quoted || !isspace((unsigned char)*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
		else
			*to++ = *at;
	}
	*rest = *at ? at + 1 : at;
	*to = '\0';
	return at > word ? word : NULL;
}

size_t kernel_arg_name_len(const char *word)
{
	return strcspn(word, "=");
}

static char dash(char letter)
{
	return letter == '-' ? '_' : letter;
}

bool kernel_arg_same_name(const char *a, const char *b)
{
	size_t len = kernel_arg_name_len(a), i;

	for (i = 0; i < len && dash(a[i]) == dash(b[i]); i++)
		;
	return i == len && len == kernel_arg_name_len(b);
}

bool kernel_arg_is_of_module(const char *word)
{
	return memchr(word, '.', kernel_arg_name_len(word)) != NULL;
}
