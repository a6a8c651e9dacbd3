// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/share.h"

#include <stdlib.h>
#include <string.h>

static struct share_line *find_line(struct share *share, uint64_t number)
{
	uint64_t key = table_mix(number);
	uint32_t index = table_find(&share->map, key);
	struct share_line *line;

	if (index != TABLE_NONE)
		return &share->lines[index];
	index = share->nr_lines;
	if (!table_grow(&share->lines, &share->lines_room, index, sizeof(*share->lines)))
		return NULL;
	line = &share->lines[index];
	line->line = number;
	line->rep = share->rep;
	line->open.reads = calloc(4 * share->nr_vcpus, sizeof(*line->open.reads));
	if (!line->open.reads || !table_add(&share->map, key, index)) {
		free(line->open.reads);
		line->open.reads = NULL;
		return NULL;
	}
	line->open.writes = line->open.reads + share->nr_vcpus;
	line->sum.reads = line->open.writes + share->nr_vcpus;
	line->sum.writes = line->sum.reads + share->nr_vcpus;
	share->nr_lines++;
	return line;
}

/*
 * Space-saving (Metwally, Agrawal & El Abbadi 2005): a new site takes over the place, and the count, of the least. Summaries are joined
 * the same way.
 */
static void note_site(struct share_use *use, uint64_t pc, uint64_t accesses, uint64_t writes)
{
	struct share_site *least = &use->sites[0];
	unsigned int i;

	for (i = 0; i < SHARE_SITES && use->sites[i].pc != pc; i++)
		if (use->sites[i].accesses < least->accesses)
			least = &use->sites[i];
	if (i < SHARE_SITES)
		least = &use->sites[i];
	else
		least->writes = 0;
	least->pc = pc;
	least->accesses += accesses;
	least->writes += writes;
}

static bool is_used_by_several(const struct share *share, const struct share_use *use)
{
	unsigned int nr = 0, i;
	bool written = false;

	for (i = 0; i < share->nr_vcpus; i++) {
		nr += use->reads[i] || use->writes[i];
		written |= use->writes[i] != 0;
	}
	return nr > 1 && written;
}

static void add_use(const struct share *share, const struct share_use *from, struct share_use *to)
{
	unsigned int i;

	to->transfers += from->transfers;
	for (i = 0; i < share->nr_vcpus; i++) {
		to->reads[i] += from->reads[i];
		to->writes[i] += from->writes[i];
	}
	for (i = 0; i < SHARE_WORDS; i++) {
		to->readers[i] |= from->readers[i];
		to->writers[i] |= from->writers[i];
	}
	for (i = 0; i < SHARE_SITES; i++)
		if (from->sites[i].pc)
			note_site(to, from->sites[i].pc, from->sites[i].accesses, from->sites[i].writes);
}

static void clear_open(const struct share *share, struct share_line *line)
{
	struct share_use clear = {.reads = line->open.reads, .writes = line->open.writes};

	memset(clear.reads, 0, 2 * share->nr_vcpus * sizeof(*clear.reads));
	line->open = clear;
	line->holders = 0;
}

static bool touch(struct share *share, unsigned int vcpu, uint64_t number, unsigned int from, unsigned int to, bool is_write,
		  uint64_t pc)
{
	struct share_line *line = find_line(share, number);
	uint64_t bit = 1ull << vcpu;
	struct share_use *use;
	unsigned int i;

	if (!line)
		return false;
	if (line->rep != share->rep) {
		clear_open(share, line);
		line->rep = share->rep;
	}
	use = &line->open;
	if (line->holders && (is_write ? line->holders != bit : !(line->holders & bit)))
		use->transfers++;
	line->holders = is_write ? bit : line->holders | bit;
	if (is_write)
		use->writes[vcpu]++;
	else
		use->reads[vcpu]++;
	for (i = from; i <= to; i++)
		*(is_write ? &use->writers[i] : &use->readers[i]) |= bit;
	note_site(use, pc, 1, is_write);
	return true;
}

bool share_access(struct share *share, unsigned int vcpu, uint64_t vaddr, unsigned int shift, bool is_write, uint64_t pc)
{
	uint64_t last = vaddr + (1ull << shift) - 1, line = vaddr / SHARE_LINE_BYTES;
	unsigned int from = vaddr % SHARE_LINE_BYTES / 8, to = last % SHARE_LINE_BYTES / 8;

	if (last / SHARE_LINE_BYTES == line)
		return touch(share, vcpu, line, from, to, is_write, pc);
	return touch(share, vcpu, line, from, SHARE_WORDS - 1, is_write, pc) &&
	       touch(share, vcpu, line + 1, 0, to, is_write, pc);
}

void share_end_rep(struct share *share, bool counts)
{
	uint32_t i;

	for (i = 0; counts && i < share->nr_lines; i++) {
		struct share_line *line = &share->lines[i];

		if (line->rep == share->rep && is_used_by_several(share, &line->open)) {
			add_use(share, &line->open, &line->sum);
			line->is_shared = true;
		}
	}
	share->rep++;
}

void share_free(struct share *share)
{
	uint32_t i;

	for (i = 0; i < share->nr_lines; i++)
		free(share->lines[i].open.reads);
	free(share->lines);
	table_clear(&share->map);
	*share = (struct share){0};
}
