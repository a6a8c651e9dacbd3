// SPDX-License-Identifier: GPL-2.0-or-later
/* The profile file: docs/EXPLAIN.md, "The profile file"; its reader is harness/data/profile.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile_format.h"
#include "probe/track.h"

/* What is written, and its sum so far (FNV-1a, 64 bits). */
struct out {
	FILE *file;
	uint64_t sum;
};

static void put(struct out *out, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	size_t i;

	for (i = 0; i < size; i++)
		out->sum = (out->sum ^ bytes[i]) * PROFILE_SUM_PRIME;
	fwrite(data, 1, size, out->file);
}

static void put_u64(struct out *out, uint64_t value)
{
	uint8_t bytes[10];
	size_t nr = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[nr++] = (uint8_t)(value | 0x80);
	bytes[nr++] = (uint8_t)value;
	put(out, bytes, nr);
}

/* A difference from the value before: small ones of either sign are short. */
static void put_diff(struct out *out, uint64_t value, uint64_t *last)
{
	int64_t diff = (int64_t)(value - *last);

	put_u64(out, (uint64_t)diff << 1 ^ (uint64_t)(diff >> 63));
	*last = value;
}

/* New numbers of what the kept reps use; 0: not used, else number + 1. */
struct used {
	uint32_t *node, *code, *pair;
	uint32_t nr_nodes, nr_codes, nr_pairs;
};

static void use_node(const struct track *track, struct used *used, uint32_t node)
{
	for (; !used->node[node]; node = track->nodes[node].parent)
		used->node[node] = 1;
}

static void number(uint32_t *numbers, uint32_t nr, uint32_t *ret_nr)
{
	uint32_t i, next = 0;

	for (i = 0; i < nr; i++)
		if (numbers[i])
			numbers[i] = ++next;
	*ret_nr = next;
}

static void find_used(const struct track *track, struct used *used)
{
	uint32_t i, k, c;

	used->node[0] = 1;
	for (i = 0; i < track->nr_keys; i++)
		for (k = 0; k < track->keys[i]->nr_kept; k++)
			for (c = 0; c < track->keys[i]->kept[k].nr_counts; c++)
				used->pair[track->keys[i]->kept[k].counts[c].pair] = 1;
	for (i = 0; i < track->nr_pairs; i++) {
		if (!used->pair[i])
			continue;
		use_node(track, used, (uint32_t)(track->pairs[i] >> 32));
		used->code[(uint32_t)track->pairs[i]] = 1;
	}
	number(used->node, track->nr_nodes, &used->nr_nodes);
	number(used->code, track->nr_codes, &used->nr_codes);
	number(used->pair, track->nr_pairs, &used->nr_pairs);
}

static void put_tables(struct out *out, const struct track *track, const struct used *used)
{
	uint64_t entry = 0, site = 0, code = 0, pair_node = 0, pair_code = 0;
	uint32_t i;

	put_u64(out, used->nr_nodes);
	for (i = 0; i < track->nr_nodes; i++) {
		if (!used->node[i])
			continue;
		put_u64(out, track->nodes[i].kind);
		put_u64(out, used->node[track->nodes[i].parent] - 1);
		put_diff(out, track->nodes[i].entry, &entry);
		put_diff(out, track->nodes[i].site, &site);
	}
	put_u64(out, used->nr_codes);
	for (i = 0; i < track->nr_codes; i++)
		if (used->code[i])
			put_diff(out, track->codes[i], &code);
	put_u64(out, used->nr_pairs);
	for (i = 0; i < track->nr_pairs; i++) {
		if (!used->pair[i])
			continue;
		put_diff(out, used->node[track->pairs[i] >> 32] - 1, &pair_node);
		put_diff(out, used->code[(uint32_t)track->pairs[i]] - 1, &pair_code);
	}
}

static void put_kept(struct out *out, const struct track_rep *rep, const struct used *used, unsigned int nr_vcpus)
{
	uint64_t last = 0;
	uint32_t i;

	put_u64(out, rep->rep);
	put_u64(out, rep->total);
	for (i = 0; i < nr_vcpus; i++)
		put_u64(out, rep->by_vcpu[i]);
	put_u64(out, rep->nr_counts);
	for (i = 0; i < rep->nr_counts; i++) {
		put_diff(out, used->pair[rep->counts[i].pair] - 1, &last);
		put_u64(out, rep->counts[i].execs);
		put_u64(out, rep->counts[i].insns);
	}
}

/* Accesses by all but the busiest vCPU: how often a line may have to move when all run at once. */
static uint64_t weight(const struct share *share, const struct share_line *line)
{
	uint64_t sum = 0, most = 0;
	unsigned int i;

	for (i = 0; i < share->nr_vcpus; i++) {
		uint64_t accesses = line->sum.reads[i] + line->sum.writes[i];

		sum += accesses;
		most = accesses > most ? accesses : most;
	}
	return sum - most;
}

static const struct share *sorted_share;

static int compare_lines(const void *a, const void *b)
{
	const struct share_line *x = *(const struct share_line *const *)a, *y = *(const struct share_line *const *)b;
	uint64_t weight_x = weight(sorted_share, x), weight_y = weight(sorted_share, y);

	if (weight_x != weight_y)
		return weight_x > weight_y ? -1 : 1;
	return (x->line > y->line) - (x->line < y->line);
}

static void put_line(struct out *out, const struct share *share, const struct share_line *line)
{
	unsigned int i;

	put_u64(out, line->line);
	put_u64(out, line->sum.transfers);
	for (i = 0; i < share->nr_vcpus; i++) {
		put_u64(out, line->sum.reads[i]);
		put_u64(out, line->sum.writes[i]);
	}
	for (i = 0; i < SHARE_WORDS; i++) {
		put_u64(out, line->sum.readers[i]);
		put_u64(out, line->sum.writers[i]);
	}
	for (i = 0; i < SHARE_SITES; i++) {
		put_u64(out, line->sum.sites[i].pc);
		put_u64(out, line->sum.sites[i].accesses);
		put_u64(out, line->sum.sites[i].writes);
	}
}

static int put_lines(struct out *out, const struct share *share)
{
	const struct share_line **lines = calloc(share->nr_lines + 1, sizeof(*lines));
	uint32_t nr = 0, i;

	if (!lines)
		return -ENOMEM;
	for (i = 0; i < share->nr_lines; i++)
		if (share->lines[i].is_shared)
			lines[nr++] = &share->lines[i];
	sorted_share = share;
	qsort(lines, nr, sizeof(*lines), compare_lines);
	nr = nr < PROFILE_LINES_MAX ? nr : PROFILE_LINES_MAX;
	put_u64(out, nr);
	for (i = 0; i < nr; i++)
		put_line(out, share, lines[i]);
	free(lines);
	return 0;
}

static int put_key(struct out *out, const struct track_key *key, const struct used *used, unsigned int nr_vcpus)
{
	uint32_t i;

	put_u64(out, key->key);
	put_u64(out, key->nr_reps);
	for (i = 0; i < key->nr_reps; i++) {
		put_u64(out, key->reps[i].rep);
		put_u64(out, key->reps[i].nr_regions);
		put_u64(out, key->reps[i].total);
	}
	put_u64(out, key->nr_kept);
	for (i = 0; i < key->nr_kept; i++)
		put_kept(out, &key->kept[i], used, nr_vcpus);
	return put_lines(out, &key->share);
}

static int put_all(struct out *out, const struct track *track, const struct used *used, const char *name,
		    unsigned int nr_vcpus)
{
	uint64_t sum;
	uint32_t i;
	int ret = 0;

	put(out, PROFILE_MAGIC, PROFILE_MAGIC_SIZE);
	put_u64(out, PROFILE_VERSION);
	put_u64(out, strlen(name));
	put(out, name, strlen(name));
	put_u64(out, nr_vcpus);
	put_tables(out, track, used);
	put_u64(out, track->nr_keys);
	for (i = 0; !ret && i < track->nr_keys; i++)
		ret = put_key(out, track->keys[i], used, nr_vcpus);
	sum = out->sum;
	fwrite(&sum, 1, sizeof(sum), out->file);
	return ret;
}

int track_write(const struct track *track, const char *path, const char *name, unsigned int nr_vcpus)
{
	struct out out = {.file = fopen(path, "we"), .sum = PROFILE_SUM_BASIS};
	struct used used = {
		.node = calloc(track->nr_nodes + 1, sizeof(*used.node)),
		.code = calloc(track->nr_codes + 1, sizeof(*used.code)),
		.pair = calloc(track->nr_pairs + 1, sizeof(*used.pair)),
	};
	int ret = 0;

	if (!out.file)
		ret = -errno;
	else if (!used.node || !used.code || !used.pair || track->failed)
		ret = -ENOMEM;
	if (!ret) {
		find_used(track, &used);
		ret = put_all(&out, track, &used, name, nr_vcpus);
		if (!ret && ferror(out.file))
			ret = -EIO;
	}
	if (out.file && fclose(out.file) && !ret)
		ret = -errno;
	free(used.node);
	free(used.code);
	free(used.pair);
	return ret;
}
