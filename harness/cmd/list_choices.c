// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/list_choices.h"

#include <string.h>

#include "core/needs.h"

bool list_choice_next(const struct bench *bench, struct list_choice *choice)
{
	size_t param_index = choice->param_index, index = choice->param ? choice->index + 1 : 0;

	for (; param_index < bench->nr_params; param_index++, index = 0) {
		const struct bench_param *param = &bench->params[param_index];

		if (!param->choice_needs)
			continue;
		for (; param->choices[index]; index++) {
			if (!param->choice_needs[index])
				continue;
			*choice = (struct list_choice){.param = param, .param_index = param_index, .index = index,
						       .name = param->choices[index], .needs = param->choice_needs[index]};
			return true;
		}
	}
	return false;
}

char *list_needs_names(unsigned int needs, char *buf, size_t buf_size)
{
	const struct need *need;

	buf[0] = '\0';
	for (need = needs_table; need->flag; need++) {
		if (!(needs & need->flag))
			continue;
		if (buf[0])
			strncat(buf, ", ", buf_size - strlen(buf) - 1);
		strncat(buf, need->name, buf_size - strlen(buf) - 1);
	}
	return buf;
}

json_t *list_needs_json(unsigned int needs)
{
	json_t *names = json_array();
	const struct need *need;

	for (need = needs_table; need->flag; need++)
		if (needs & need->flag)
			json_array_append_new(names, json_string(need->name));
	return names;
}

unsigned int list_default_needs(const struct bench *bench)
{
	struct list_choice choice = {0};
	unsigned int needs = bench->needs;

	while (list_choice_next(bench, &choice))
		if (!strcmp(choice.name, choice.param->def))
			needs |= choice.needs;
	return needs;
}
