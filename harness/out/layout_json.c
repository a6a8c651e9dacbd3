// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/layout_json.h"

static json_t *pair_json(const struct layout_diff *diff, uint64_t old, uint64_t new)
{
	return json_pack("{s:o, s:o}", "old", diff->old->exists ? json_integer((json_int_t)old) : json_null(), "new",
			 diff->new->exists ? json_integer((json_int_t)new) : json_null());
}

static json_t *place_json(const struct layout_member *member)
{
	if (!member)
		return json_null();
	return json_pack("{s:I, s:I, s:s}", "offset_bits", (json_int_t)member->offset_bits, "size_bits",
			 (json_int_t)member->size_bits, "type", member->type);
}

static json_t *change_json(const struct layout_change *change)
{
	const struct {
		bool is;
		const char *name;
	} words[] = {
		{!change->old, "added"},
		{!change->new, "removed"},
		{change->flags & LAYOUT_MOVED, "moved"},
		{change->flags & LAYOUT_RESIZED, "resized"},
		{change->flags & LAYOUT_RETYPED, "retyped"},
	};
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].is)
			json_array_append_new(list, json_string(words[i].name));
	return json_pack("{s:s, s:o, s:o, s:o}", "member", (change->new ? change->new : change->old)->path, "change", list,
			 "old", place_json(change->old), "new", place_json(change->new));
}

static json_t *lines_json(const struct layout_line *lines, size_t nr)
{
	json_t *list = json_array();
	size_t i, j, group;

	for (i = 0; i < nr; i++) {
		json_t *groups = json_array();

		for (group = 0; group < lines[i].nr_groups; group++) {
			json_t *members = json_array();

			for (j = 0; j < lines[i].nr_members; j++)
				if (lines[i].group[j] == group)
					json_array_append_new(members, json_string(lines[i].members[j]->path));
			json_array_append_new(groups, members);
		}
		json_array_append_new(list,
				      json_pack("{s:I, s:o}", "line", (json_int_t)lines[i].line, "groups", groups));
	}
	return list;
}

static json_t *diff_json(const struct layout_diff *diff)
{
	json_t *changes = json_array();
	uint64_t old_holes, new_holes;
	size_t old_paddings, new_paddings, i;

	layout_waste(diff->old, &old_paddings, &old_holes);
	layout_waste(diff->new, &new_paddings, &new_holes);
	for (i = 0; i < diff->nr_changes; i++)
		json_array_append_new(changes, change_json(&diff->changes[i]));
	return json_pack("{s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o}", "struct", diff->new->name, "in_old",
			 diff->old->exists, "in_new", diff->new->exists, "same", diff->same, "size_bytes",
			 pair_json(diff, diff->old->size_bytes, diff->new->size_bytes), "hole_bytes",
			 pair_json(diff, old_holes, new_holes), "paddings", pair_json(diff, old_paddings, new_paddings),
			 "changes", changes, "joined", lines_json(diff->joined, diff->nr_joined), "parted",
			 lines_json(diff->parted, diff->nr_parted));
}

json_t *layout_diff_json(const struct layout_diff *diffs, size_t nr_diffs, const char *old_name, const char *new_name,
			 unsigned int line_bytes)
{
	json_t *structs = json_array();
	size_t i;

	for (i = 0; i < nr_diffs; i++)
		if (diffs[i].old->exists || diffs[i].new->exists)
			json_array_append_new(structs, diff_json(&diffs[i]));
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:o}", "schema", "memcgbench-layout-diff", "schema_version", 1, "old",
			 old_name, "new", new_name, "line_bytes", (int)line_bytes, "structs", structs);
}

static json_t *struct_json(const struct layout_struct *s)
{
	json_t *members = json_array();
	size_t i;

	for (i = 0; i < s->nr_members; i++) {
		const struct layout_member *m = &s->members[i];

		json_array_append_new(members, json_pack("{s:s, s:I, s:I, s:s, s:b}", "member", m->path, "offset_bits",
							 (json_int_t)m->offset_bits, "size_bits",
							 (json_int_t)m->size_bits, "type", m->type, "padding",
							 m->padding));
	}
	return json_pack("{s:s, s:I, s:o}", "struct", s->name, "size_bytes", (json_int_t)s->size_bytes, "members", members);
}

json_t *layout_json(const struct layout *layout, const char *name, unsigned int line_bytes)
{
	json_t *structs = json_array();
	size_t i;

	for (i = 0; i < layout->nr_structs; i++)
		if (layout->structs[i].exists)
			json_array_append_new(structs, struct_json(&layout->structs[i]));
	return json_pack("{s:s, s:i, s:s, s:i, s:o}", "schema", "memcgbench-layout", "schema_version", 1, "kernel", name,
			 "line_bytes", (int)line_bytes, "structs", structs);
}
