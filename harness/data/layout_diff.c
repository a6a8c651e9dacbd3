// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/layout.h"

/* A member that both kernels have. */
struct pair {
	const struct layout_member *old, *new;
};

struct pairs {
	struct pair *all; /* by offset in the new kernel */
	size_t nr;
};

static const struct layout_member *find_member(const struct layout_struct *s, const char *path)
{
	size_t i;

	for (i = 0; i < s->nr_members; i++)
		if (!strcmp(s->members[i].path, path))
			return &s->members[i];
	return NULL;
}

static unsigned int member_flags(const struct layout_member *old, const struct layout_member *new)
{
	unsigned int flags = 0;

	if (old->offset_bits != new->offset_bits)
		flags |= LAYOUT_MOVED;
	if (old->size_bits != new->size_bits || old->bitfield != new->bitfield)
		flags |= LAYOUT_RESIZED;
	if (strcmp(old->type, new->type))
		flags |= LAYOUT_RETYPED;
	return flags;
}

/* Room for every change there can be, and every pair. */
static int match_members(struct layout_diff *diff, struct pairs *pairs)
{
	const struct layout_struct *old = diff->old, *new = diff->new;
	size_t i;

	diff->changes = calloc(old->nr_members + new->nr_members + 1, sizeof(*diff->changes));
	pairs->all = calloc(new->nr_members + 1, sizeof(*pairs->all));
	if (!diff->changes || !pairs->all)
		return -ENOMEM;
	for (i = 0; i < new->nr_members; i++) {
		const struct layout_member *member = &new->members[i], *before = find_member(old, member->path);
		unsigned int flags = before ? member_flags(before, member) : 0;

		if (before)
			pairs->all[pairs->nr++] = (struct pair){before, member};
		if (!before || flags)
			diff->changes[diff->nr_changes++] = (struct layout_change){before, member, flags};
	}
	for (i = 0; i < old->nr_members; i++)
		if (!find_member(new, old->members[i].path))
			diff->changes[diff->nr_changes++] = (struct layout_change){&old->members[i], NULL, 0};
	return 0;
}

static bool share(const struct layout_member *a, const struct layout_member *b, unsigned int line_bytes)
{
	uint64_t a_first, a_last, b_first, b_last;

	return layout_lines(a, line_bytes, &a_first, &a_last) && layout_lines(b, line_bytes, &b_first, &b_last) &&
	       a_first <= b_last && b_first <= a_last;
}

/* The member of @pair on this side, and on the other. */
static const struct layout_member *here(const struct pair *pair, bool joined)
{
	return joined ? pair->new : pair->old;
}

static const struct layout_member *there(const struct pair *pair, bool joined)
{
	return joined ? pair->old : pair->new;
}

/*
 * The first group all of whose members share a line with @pair on the other side, too; a new one where there is none.
 * @on_line: indices in pairs of the members so far.
 */
static size_t find_group(const struct pairs *pairs, const size_t *on_line, const struct layout_line *line,
			 const struct pair *pair, bool joined, unsigned int line_bytes)
{
	size_t group, i;

	for (group = 0; group < line->nr_groups; group++) {
		for (i = 0; i < line->nr_members; i++)
			if (line->group[i] == group &&
			    !share(there(&pairs->all[on_line[i]], joined), there(pair, joined), line_bytes))
				break;
		if (i == line->nr_members)
			return group;
	}
	return group;
}

/* Fill @line, whose arrays have room for every pair and whose number is set. */
static void fill_line(const struct pairs *pairs, bool joined, unsigned int line_bytes, size_t *on_line,
		      struct layout_line *line)
{
	size_t i, group;

	for (i = 0; i < pairs->nr; i++) {
		const struct pair *pair = &pairs->all[i];
		uint64_t first, last;

		if (!layout_lines(here(pair, joined), line_bytes, &first, &last) || line->line < first ||
		    line->line > last || !there(pair, joined)->size_bits)
			continue;
		group = find_group(pairs, on_line, line, pair, joined, line_bytes);
		if (group == line->nr_groups)
			line->nr_groups++;
		on_line[line->nr_members] = i;
		line->members[line->nr_members] = here(pair, joined);
		line->group[line->nr_members++] = group;
	}
}

static void line_free(struct layout_line *line)
{
	free(line->members);
	free(line->group);
}

/* Lines of @s whose members did not all share one on the other side. */
static int find_lines(const struct layout_struct *s, const struct pairs *pairs, bool joined, unsigned int line_bytes,
		      struct layout_line **ret_lines, size_t *ret_nr)
{
	size_t nr_all = (s->size_bytes + line_bytes - 1) / line_bytes, nr = 0, i;
	__free_mem size_t *on_line = calloc(pairs->nr + 1, sizeof(*on_line));
	struct layout_line *lines = calloc(nr_all + 1, sizeof(*lines));

	*ret_lines = lines;
	*ret_nr = 0;
	if (!on_line || !lines)
		return -ENOMEM;
	for (i = 0; i < nr_all; i++) {
		struct layout_line line = {
			.line = i,
			.members = calloc(pairs->nr + 1, sizeof(*line.members)),
			.group = calloc(pairs->nr + 1, sizeof(*line.group)),
		};

		if (!line.members || !line.group) {
			line_free(&line);
			return -ENOMEM;
		}
		fill_line(pairs, joined, line_bytes, on_line, &line);
		if (line.nr_groups > 1) {
			lines[nr++] = line;
			*ret_nr = nr;
		} else {
			line_free(&line);
		}
	}
	return 0;
}

int layout_compare(const struct layout_struct *old, const struct layout_struct *new, unsigned int line_bytes,
		   struct layout_diff *ret_diff)
{
	struct layout_diff diff = {.old = old, .new = new};
	struct pairs pairs = {0};
	int ret = 0;

	if (old->exists && new->exists) {
		ret = match_members(&diff, &pairs);
		if (!ret)
			ret = find_lines(new, &pairs, true, line_bytes, &diff.joined, &diff.nr_joined);
		if (!ret)
			ret = find_lines(old, &pairs, false, line_bytes, &diff.parted, &diff.nr_parted);
		free(pairs.all);
	}
	if (ret) {
		layout_diff_free(&diff);
		return err_sys(ENOMEM, "compare layouts of %s", old->name);
	}
	diff.same = old->exists == new->exists && old->size_bytes == new->size_bytes && !diff.nr_changes;
	*ret_diff = diff;
	return 0;
}

void layout_diff_free(struct layout_diff *diff)
{
	size_t i;

	for (i = 0; i < diff->nr_joined; i++)
		line_free(&diff->joined[i]);
	for (i = 0; i < diff->nr_parted; i++)
		line_free(&diff->parted[i]);
	free(diff->joined);
	free(diff->parted);
	free(diff->changes);
	*diff = (struct layout_diff){0};
}
