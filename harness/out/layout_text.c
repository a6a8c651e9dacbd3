// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/layout_text.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "out/table.h"

/* Behind the verb of a line of detail. */
#define INDENT "            "

/* --- places --- */

static void put_offset(uint64_t bits, FILE *out)
{
	fprintf(out, "%llu", (unsigned long long)bits / 8);
	if (bits % 8)
		fprintf(out, ".%llu", (unsigned long long)bits % 8);
}

static void put_size(const struct layout_member *member, FILE *out)
{
	if (member->size_bits % 8 || member->bitfield)
		fprintf(out, "%llu bits", (unsigned long long)member->size_bits);
	else
		fprintf(out, "%llu byte%s", (unsigned long long)member->size_bits / 8, member->size_bits == 8 ? "" : "s");
}

static void put_line(const struct layout_member *member, unsigned int line_bytes, FILE *out)
{
	uint64_t first, last;

	if (!layout_lines(member, line_bytes, &first, &last))
		fputs("no line", out);
	else if (first == last)
		fprintf(out, "line %llu", (unsigned long long)first);
	else
		fprintf(out, "lines %llu-%llu", (unsigned long long)first, (unsigned long long)last);
}

/* "objcg (struct obj_cgroup *, 8 bytes) at 512, line 8" */
static void put_place(const struct layout_member *member, unsigned int line_bytes, FILE *out)
{
	fprintf(out, "%s (%s, ", member->path, member->type);
	put_size(member, out);
	fputs(") at ", out);
	put_offset(member->offset_bits, out);
	fputs(", ", out);
	put_line(member, line_bytes, out);
}

/* --- a difference --- */

/* Text that is gathered to be filled to the width. */
struct detail {
	char *text;
	size_t size;
	FILE *out;
};

static int detail_begin(struct detail *detail)
{
	*detail = (struct detail){0};
	detail->out = open_memstream(&detail->text, &detail->size);
	return detail->out ? 0 : err_sys(ENOMEM, "print layouts");
}

static int detail_end(struct detail *detail, const char *verb, const struct layout_text_options *options, FILE *out)
{
	__free_mem char *filled = NULL;
	char first[sizeof(INDENT)];
	int ret = 0;

	if (fclose(detail->out))
		ret = err_sys(ENOMEM, "print layouts");
	snprintf(first, sizeof(first), "  %-*s", (int)sizeof(INDENT) - 3, verb);
	if (!ret && detail->size) {
		filled = table_fill(detail->text, first, options->width);
		if (filled)
			fprintf(out, "%s\n", filled);
		else
			ret = err_sys(ENOMEM, "print layouts");
	}
	free(detail->text);
	return ret;
}

static int put_added(const struct layout_diff *diff, bool added, const struct layout_text_options *options, FILE *out)
{
	struct detail detail;
	size_t i;
	int ret;

	for (i = 0; i < diff->nr_changes; i++) {
		const struct layout_change *change = &diff->changes[i];

		if (added ? change->old != NULL : change->new != NULL)
			continue;
		ret = detail_begin(&detail);
		if (ret)
			return ret;
		put_place(added ? change->new : change->old, options->line_bytes, detail.out);
		ret = detail_end(&detail, added ? "added" : "removed", options, out);
		if (ret)
			return ret;
	}
	return 0;
}

static int put_resized(const struct layout_diff *diff, const struct layout_text_options *options, FILE *out)
{
	struct detail detail;
	size_t i;
	int ret;

	for (i = 0; i < diff->nr_changes; i++) {
		const struct layout_change *change = &diff->changes[i];

		if (!(change->flags & (LAYOUT_RESIZED | LAYOUT_RETYPED)))
			continue;
		ret = detail_begin(&detail);
		if (ret)
			return ret;
		fprintf(detail.out, "%s: ", change->new->path);
		if (change->flags & LAYOUT_RETYPED)
			fprintf(detail.out, "%s -> %s, ", change->old->type, change->new->type);
		put_size(change->old, detail.out);
		if (change->flags & LAYOUT_RESIZED) {
			fputs(" -> ", detail.out);
			put_size(change->new, detail.out);
		}
		ret = detail_end(&detail, change->flags & LAYOUT_RESIZED ? "resized" : "retyped", options, out);
		if (ret)
			return ret;
	}
	return 0;
}

static int64_t shift_of(const struct layout_change *change)
{
	return (int64_t)change->new->offset_bits - (int64_t)change->old->offset_bits;
}

static void put_moved_member(const struct layout_change *change, unsigned int line_bytes, bool first, FILE *out)
{
	uint64_t old_first, old_last, new_first, new_last;

	fprintf(out, "%s%s", first ? " " : ", ", change->new->path);
	if (layout_lines(change->old, line_bytes, &old_first, &old_last) &&
	    layout_lines(change->new, line_bytes, &new_first, &new_last) && old_first != new_first)
		fprintf(out, " (line %llu -> %llu)", (unsigned long long)old_first, (unsigned long long)new_first);
}

/* Neighbours that moved by the same are one line of detail. */
static int put_moved(const struct layout_diff *diff, const struct layout_text_options *options, FILE *out)
{
	struct detail detail;
	size_t i = 0;
	int ret;

	while (i < diff->nr_changes) {
		const struct layout_change *head = &diff->changes[i];
		size_t from = i;

		if (!(head->flags & LAYOUT_MOVED)) {
			i++;
			continue;
		}
		ret = detail_begin(&detail);
		if (ret)
			return ret;
		fputs(shift_of(head) > 0 ? "+" : "-", detail.out);
		put_offset((uint64_t)llabs(shift_of(head)), detail.out);
		fputs(":", detail.out);
		for (; i < diff->nr_changes && diff->changes[i].flags & LAYOUT_MOVED &&
		       shift_of(&diff->changes[i]) == shift_of(head);
		     i++)
			put_moved_member(&diff->changes[i], options->line_bytes, i == from, detail.out);
		ret = detail_end(&detail, "moved", options, out);
		if (ret)
			return ret;
	}
	return 0;
}

static int put_meeting(const struct layout_line *line, bool joined, const struct layout_text_options *options, FILE *out)
{
	struct detail detail;
	size_t group, i;
	int ret = detail_begin(&detail);

	if (ret)
		return ret;
	fprintf(detail.out, "%s line %llu:", joined ? "new" : "old", (unsigned long long)line->line);
	for (group = 0; group < line->nr_groups; group++) {
		const char *between = group ? " | " : " ";

		for (i = 0; i < line->nr_members; i++) {
			if (line->group[i] != group)
				continue;
			fprintf(detail.out, "%s%s", between, line->members[i]->path);
			between = ", ";
		}
	}
	return detail_end(&detail, joined ? "joined" : "parted", options, out);
}

static int put_waste(const struct layout_diff *diff, const struct layout_text_options *options, FILE *out)
{
	uint64_t old_holes, new_holes;
	size_t old_paddings, new_paddings;
	struct detail detail;
	int ret;

	layout_waste(diff->old, &old_paddings, &old_holes);
	layout_waste(diff->new, &new_paddings, &new_holes);
	if (old_holes == new_holes && old_paddings == new_paddings)
		return 0;
	ret = detail_begin(&detail);
	if (ret)
		return ret;
	fprintf(detail.out, "%llu -> %llu bytes in no member", (unsigned long long)old_holes,
		(unsigned long long)new_holes);
	if (old_paddings != new_paddings)
		fprintf(detail.out, "; %zu -> %zu paddings to a cache line", old_paddings, new_paddings);
	return detail_end(&detail, "unused", options, out);
}

static void put_count(size_t nr, const char *what, bool *first, FILE *out)
{
	if (!nr)
		return;
	fprintf(out, "%s%zu %s", *first ? "; " : ", ", nr, what);
	*first = false;
}

static void put_summary(const struct layout_diff *diff, unsigned int line_bytes, FILE *out)
{
	unsigned long long old = diff->old->size_bytes, new = diff->new->size_bytes;
	unsigned long long old_lines = (old + line_bytes - 1) / line_bytes, new_lines = (new + line_bytes - 1) / line_bytes;
	size_t added = 0, removed = 0, moved = 0, resized = 0, retyped = 0, i;
	bool first = true;

	for (i = 0; i < diff->nr_changes; i++) {
		const struct layout_change *change = &diff->changes[i];

		added += !change->old;
		removed += !change->new;
		moved += !!(change->flags & LAYOUT_MOVED);
		resized += !!(change->flags & LAYOUT_RESIZED);
		retyped += (change->flags & (LAYOUT_RESIZED | LAYOUT_RETYPED)) == LAYOUT_RETYPED;
	}
	if (old == new)
		fprintf(out, "%s: %llu bytes, %llu lines", diff->new->name, old, old_lines);
	else
		fprintf(out, "%s: %llu -> %llu bytes (%+lld), %llu -> %llu lines", diff->new->name, old, new,
			(long long)(new - old), old_lines, new_lines);
	put_count(added, "added", &first, out);
	put_count(removed, "removed", &first, out);
	put_count(moved, "moved", &first, out);
	put_count(resized, "resized", &first, out);
	put_count(retyped, "retyped", &first, out);
	fputc('\n', out);
}

static int put_diff(const struct layout_diff *diff, const struct layout_text_options *options, FILE *out)
{
	size_t i;
	int ret;

	put_summary(diff, options->line_bytes, out);
	if (options->brief)
		return 0;
	ret = put_added(diff, true, options, out);
	if (!ret)
		ret = put_added(diff, false, options, out);
	if (!ret)
		ret = put_resized(diff, options, out);
	if (!ret)
		ret = put_moved(diff, options, out);
	for (i = 0; !ret && i < diff->nr_joined; i++)
		ret = put_meeting(&diff->joined[i], true, options, out);
	for (i = 0; !ret && i < diff->nr_parted; i++)
		ret = put_meeting(&diff->parted[i], false, options, out);
	if (!ret)
		ret = put_waste(diff, options, out);
	fputc('\n', out);
	return ret;
}

enum kind { KIND_DIFFERENT, KIND_SAME, KIND_GONE, KIND_NEW, KIND_NEITHER };

static enum kind kind_of(const struct layout_diff *diff)
{
	if (diff->old->exists && diff->new->exists)
		return diff->same ? KIND_SAME : KIND_DIFFERENT;
	return diff->old->exists ? KIND_GONE : diff->new->exists ? KIND_NEW : KIND_NEITHER;
}

static int put_kind(const struct layout_diff *diffs, size_t nr_diffs, enum kind kind, const char *head,
		    const struct layout_text_options *options, FILE *out)
{
	__free_mem char *filled = NULL;
	struct detail detail;
	const char *between = "";
	size_t i;
	int ret = detail_begin(&detail);

	if (ret)
		return ret;
	for (i = 0; i < nr_diffs; i++) {
		const struct layout_diff *diff = &diffs[i];

		if (kind_of(diff) != kind)
			continue;
		fprintf(detail.out, "%s%s", between, diff->new->name);
		if (diff->old->exists || diff->new->exists)
			fprintf(detail.out, " (%llu bytes)",
				(unsigned long long)(diff->new->exists ? diff->new : diff->old)->size_bytes);
		between = ", ";
	}
	if (!fclose(detail.out) && detail.size) {
		filled = table_fill(detail.text, head, options->width);
		if (filled)
			fprintf(out, "%s\n", filled);
		else
			ret = err_sys(ENOMEM, "print layouts");
	}
	free(detail.text);
	return ret;
}

int layout_diff_text(const struct layout_diff *diffs, size_t nr_diffs, const struct layout_text_options *options,
		     FILE *out)
{
	__free_mem char *gone = NULL, *new = NULL;
	size_t i;
	int ret = 0;

	if (asprintf(&gone, "only in %s: ", options->old_name) < 0 || asprintf(&new, "only in %s: ", options->new_name) < 0)
		return err_sys(ENOMEM, "print layouts");
	fprintf(out, "Structures: %s -> %s, lines of %u bytes\n\n", options->old_name, options->new_name,
		options->line_bytes);
	for (i = 0; !ret && i < nr_diffs; i++)
		if (kind_of(&diffs[i]) == KIND_DIFFERENT)
			ret = put_diff(&diffs[i], options, out);
	if (!ret)
		ret = put_kind(diffs, nr_diffs, KIND_SAME, "same: ", options, out);
	if (!ret)
		ret = put_kind(diffs, nr_diffs, KIND_GONE, gone, options, out);
	if (!ret)
		ret = put_kind(diffs, nr_diffs, KIND_NEW, new, options, out);
	if (!ret)
		ret = put_kind(diffs, nr_diffs, KIND_NEITHER, "in neither: ", options, out);
	return ret;
}

/* --- one kernel --- */

/* "long" and "[4]" of "long[4]": where the member's name goes. */
static size_t type_stem(const char *type)
{
	const char *bracket = strchr(type, '[');

	return bracket ? (size_t)(bracket - type) : strlen(type);
}

static void put_hole(uint64_t bits, FILE *out)
{
	if (bits >= 8)
		fprintf(out, "\t/* %llu bytes in no member */\n", (unsigned long long)bits / 8);
}

static void put_member(const struct layout_member *m, int width, FILE *out)
{
	__free_mem char *name = NULL;
	size_t stem = type_stem(m->type);

	if (asprintf(&name, "%.*s%s%s%s%s", (int)stem, m->type, stem && m->type[stem - 1] == '*' ? "" : " ", m->path, m->type + stem, m->bitfield ? " :" : "") < 0)
		return;
	fprintf(out, "\t%s;%*s /* ", name, width > (int)strlen(name) ? width - (int)strlen(name) : 0, "");
	fprintf(out, "%6llu", (unsigned long long)m->offset_bits / 8);
	if (m->bitfield)
		fprintf(out, ":%llu %llu bits */\n", (unsigned long long)m->offset_bits % 8,
			(unsigned long long)m->size_bits);
	else
		fprintf(out, " %6llu */%s\n", (unsigned long long)m->size_bits / 8, m->padding ? " /* padding to a line */" : "");
}

void layout_struct_text(const struct layout_struct *s, unsigned int line_bytes, FILE *out)
{
	uint64_t end_bits = 0, line = 0, line_bits = 8ull * line_bytes;
	int width = 0;
	size_t i;

	for (i = 0; i < s->nr_members; i++) {
		int len = (int)(strlen(s->members[i].type) + strlen(s->members[i].path)) + 1 +
			  (s->members[i].bitfield ? 6 : 0);

		width = len > width ? len : width;
	}
	width = width > 60 ? 60 : width;
	fprintf(out, "%s %s {%*s /* offset   size */\n", s->is_union ? "union" : "struct", s->name,
		width > (int)strlen(s->name) ? width - (int)strlen(s->name) - (s->is_union ? -1 : 0) : 0, "");
	for (i = 0; i < s->nr_members; i++) {
		const struct layout_member *m = &s->members[i];

		if (m->offset_bits > end_bits)
			put_hole(m->offset_bits - end_bits, out);
		if (m->offset_bits / line_bits > line) {
			line = m->offset_bits / line_bits;
			fprintf(out, "\t/* --- line %llu, from byte %llu --- */\n", (unsigned long long)line,
				(unsigned long long)line * line_bytes);
		}
		put_member(m, width, out);
		if (m->offset_bits + m->size_bits > end_bits)
			end_bits = m->offset_bits + m->size_bits;
	}
	if (s->size_bytes * 8 > end_bits)
		put_hole(s->size_bytes * 8 - end_bits, out);
	fprintf(out, "}; /* %llu bytes, %llu lines of %u */\n\n", (unsigned long long)s->size_bytes,
		(unsigned long long)((s->size_bytes + line_bytes - 1) / line_bytes), line_bytes);
}
