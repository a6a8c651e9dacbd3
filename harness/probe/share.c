// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/share.h"

#include <stdlib.h>

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
	line->reads = calloc(2 * share->nr_vcpus, sizeof(*line->reads));
	if (!line->reads || !table_add(&share->map, key, index)) {
		free(line->reads);
		line->reads = NULL;
		return NULL;
	}
	line->writes = line->reads + share->nr_vcpus;
	share->nr_lines++;
	return line;
}

/* Space-saving (Metwally, Agrawal & El Abbadi 2005): a new site takes over the place, and the count, of the least. */
static void note_site(struct share_line *line, uint64_t pc, bool is_write)
{
	struct share_site *least = &line->sites[0];
	unsigned int i;

	for (i = 0; i < SHARE_SITES && line->sites[i].pc != pc; i++)
		if (line->sites[i].accesses < least->accesses)
			least = &line->sites[i];
	if (i < SHARE_SITES)
		least = &line->sites[i];
	else
		least->writes = 0;
	least->pc = pc;
	least->accesses++;
	least->writes += is_write;
}

static bool touch(struct share *share, unsigned int vcpu, uint64_t number, unsigned int from, unsigned int to, bool is_write,
		  uint64_t pc)
{
	struct share_line *line = find_line(share, number);
	uint64_t bit = 1ull << vcpu;
	unsigned int i;

	if (!line)
		return false;
	if (line->holders && (is_write ? line->holders != bit : !(line->holders & bit)))
		line->transfers++;
	line->holders = is_write ? bit : line->holders | bit;
	if (is_write)
		line->writes[vcpu]++;
	else
		line->reads[vcpu]++;
	for (i = from; i <= to; i++)
		*(is_write ? &line->writers[i] : &line->readers[i]) |= bit;
	note_site(line, pc, is_write);
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

bool share_is_shared(const struct share *share, const struct share_line *line)
{
	unsigned int nr = 0, i;
	bool written = false;

	for (i = 0; i < share->nr_vcpus; i++) {
		nr += line->reads[i] || line->writes[i];
		written |= line->writes[i] != 0;
	}
	return nr > 1 && written;
}

void share_free(struct share *share)
{
	uint32_t i;

	for (i = 0; i < share->nr_lines; i++)
		free(share->lines[i].reads);
	free(share->lines);
	table_clear(&share->map);
	*share = (struct share){0};
}
