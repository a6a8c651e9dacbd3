// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/profile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/profile_format.h"

/* What is left to read. Reading beyond the end gives 0 and sets is_cut. */
struct in {
	const uint8_t *at, *end;
	const char *what;
	bool is_cut;
};

/* Tables that are needed only while reading. */
struct tables {
	uint64_t *codes;
	uint32_t *pair_node, *pair_code;
	size_t nr_codes, nr_pairs;
};

static uint64_t get_u64(struct in *in)
{
	uint64_t value = 0;
	unsigned int shift = 0;

	while (in->at < in->end && shift < 64) {
		uint8_t byte = *in->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
		shift += 7;
	}
	in->is_cut = true;
	return 0;
}

static uint64_t get_diff(struct in *in, uint64_t *last)
{
	uint64_t word = get_u64(in);

	*last += (word >> 1) ^ -(word & 1);
	return *last;
}

/* A number of things that follow, each of at least @least bytes: what is allocated for them is in proportion to the file. */
static size_t get_nr(struct in *in, size_t least)
{
	uint64_t nr = get_u64(in);

	if (nr > (uint64_t)(in->end - in->at) / least) {
		in->is_cut = true;
		return 0;
	}
	return (size_t)nr;
}

static int bad(const struct in *in, const char *why)
{
	return err_set(EBADMSG, "%s: %s", in->what, why);
}

/* calloc() that never asks for nothing. */
static void *array(size_t nr, size_t size)
{
	return calloc(nr ? nr : 1, size);
}

static int no_memory(const struct in *in)
{
	return err_sys(ENOMEM, "memory for the profile %s", in->what);
}

static int read_nodes(struct in *in, struct profile *profile)
{
	uint64_t entry = 0, site = 0;
	size_t i, nr = get_nr(in, 4);

	profile->nodes = array(nr, sizeof(*profile->nodes));
	if (!profile->nodes)
		return no_memory(in);
	for (i = 0; i < nr; i++) {
		uint64_t kind = get_u64(in), parent = get_u64(in);

		if (!in->is_cut && (kind >= PROFILE_KINDS || (i ? parent >= i : parent != 0)))
			return bad(in, "a call path that does not begin at the root");
		profile->nodes[i].kind = (enum profile_kind)kind;
		profile->nodes[i].parent = (uint32_t)parent;
		profile->nodes[i].entry = get_diff(in, &entry);
		profile->nodes[i].site = get_diff(in, &site);
	}
	profile->nr_nodes = nr;
	return 0;
}

static int read_tables(struct in *in, const struct profile *profile, struct tables *tables)
{
	uint64_t code = 0, pair_node = 0, pair_code = 0;
	size_t i;

	tables->nr_codes = get_nr(in, 1);
	tables->codes = array(tables->nr_codes, sizeof(*tables->codes));
	if (!tables->codes)
		return no_memory(in);
	for (i = 0; i < tables->nr_codes; i++)
		tables->codes[i] = get_diff(in, &code);
	tables->nr_pairs = get_nr(in, 2);
	tables->pair_node = array(tables->nr_pairs, sizeof(*tables->pair_node));
	tables->pair_code = array(tables->nr_pairs, sizeof(*tables->pair_code));
	if (!tables->pair_node || !tables->pair_code)
		return no_memory(in);
	for (i = 0; i < tables->nr_pairs; i++) {
		uint64_t node = get_diff(in, &pair_node), at = get_diff(in, &pair_code);

		if (in->is_cut)
			break;
		if (node >= profile->nr_nodes || at >= tables->nr_codes)
			return bad(in, "a count of a place that there is not");
		tables->pair_node[i] = (uint32_t)node;
		tables->pair_code[i] = (uint32_t)at;
	}
	return 0;
}

static int read_counts(struct in *in, const struct tables *tables, struct profile_rep *rep)
{
	uint64_t last = 0, sum = 0;
	size_t i, nr = get_nr(in, 3);

	rep->counts = array(nr, sizeof(*rep->counts));
	if (!rep->counts)
		return no_memory(in);
	for (i = 0; i < nr && !in->is_cut; i++) {
		uint64_t pair = get_diff(in, &last);

		if (pair >= tables->nr_pairs)
			return bad(in, "a count of a place that there is not");
		rep->counts[i] = (struct profile_count){
			.node = tables->pair_node[pair],
			.address = tables->codes[tables->pair_code[pair]],
			.execs = get_u64(in),
			.insns = get_u64(in),
		};
		sum += rep->counts[i].insns;
	}
	rep->nr_counts = nr;
	if (!in->is_cut && sum != rep->insns)
		return bad(in, "the parts of a rep do not add up to its instructions");
	return 0;
}

static int read_rep(struct in *in, const struct profile *profile, const struct tables *tables, struct profile_rep *rep)
{
	uint64_t sum = 0;
	unsigned int i;

	rep->rep = (uint32_t)get_u64(in);
	rep->insns = get_u64(in);
	rep->by_vcpu = array(profile->nr_vcpus, sizeof(*rep->by_vcpu));
	if (!rep->by_vcpu)
		return no_memory(in);
	for (i = 0; i < profile->nr_vcpus; i++)
		sum += rep->by_vcpu[i] = get_u64(in);
	if (!in->is_cut && sum != rep->insns)
		return bad(in, "the vCPUs of a rep do not add up to its instructions");
	return read_counts(in, tables, rep);
}

static int read_line(struct in *in, unsigned int nr_vcpus, struct profile_line *line)
{
	unsigned int i;

	line->address = get_u64(in) * PROFILE_LINE_BYTES;
	line->transfers = get_u64(in);
	line->reads = array(2 * nr_vcpus, sizeof(*line->reads));
	if (!line->reads)
		return no_memory(in);
	line->writes = line->reads + nr_vcpus;
	for (i = 0; i < nr_vcpus; i++) {
		line->reads[i] = get_u64(in);
		line->writes[i] = get_u64(in);
	}
	for (i = 0; i < PROFILE_LINE_WORDS; i++) {
		line->readers[i] = get_u64(in);
		line->writers[i] = get_u64(in);
	}
	for (i = 0; i < PROFILE_LINE_SITES; i++) {
		line->sites[i].address = get_u64(in);
		line->sites[i].accesses = get_u64(in);
		line->sites[i].writes = get_u64(in);
	}
	return 0;
}

static int read_lines(struct in *in, unsigned int nr_vcpus, struct profile_key *key)
{
	/* Address and transfers, accesses of each vCPU, of each word, and of sites. */
	size_t i, nr = get_nr(in, 2 + 2 * nr_vcpus + 2 * PROFILE_LINE_WORDS + 3 * PROFILE_LINE_SITES);
	int ret = 0;

	if (nr > PROFILE_LINES_MAX)
		return bad(in, "more lines of memory than a profile has");
	key->lines = array(nr, sizeof(*key->lines));
	if (!key->lines)
		return no_memory(in);
	key->nr_lines = nr;
	for (i = 0; !ret && !in->is_cut && i < nr; i++)
		ret = read_line(in, nr_vcpus, &key->lines[i]);
	return ret;
}

static int read_key(struct in *in, const struct profile *profile, const struct tables *tables, struct profile_key *key)
{
	uint64_t word = get_u64(in);
	size_t i, nr;
	int ret = 0;

	key->item = (unsigned int)(word >> 16 & 0xffff);
	key->arm = (unsigned int)(word >> 8 & 0xff);
	key->phase = (unsigned int)(word & 0xff);
	nr = get_nr(in, 3);
	key->totals = array(nr, sizeof(*key->totals));
	if (!key->totals)
		return no_memory(in);
	for (i = 0; i < nr; i++) {
		key->totals[i].rep = (uint32_t)get_u64(in);
		key->totals[i].nr_regions = get_u64(in);
		key->totals[i].insns = get_u64(in);
	}
	key->nr_totals = nr;
	nr = get_nr(in, 3 + profile->nr_vcpus);
	key->reps = array(nr, sizeof(*key->reps));
	if (!key->reps)
		return no_memory(in);
	key->nr_reps = nr;
	for (i = 0; !ret && !in->is_cut && i < nr; i++)
		ret = read_rep(in, profile, tables, &key->reps[i]);
	return ret ? ret : read_lines(in, profile->nr_vcpus, key);
}

static int read_keys(struct in *in, struct profile *profile, const struct tables *tables)
{
	size_t i, nr = get_nr(in, 4);
	int ret = 0;

	profile->keys = array(nr, sizeof(*profile->keys));
	if (!profile->keys)
		return no_memory(in);
	profile->nr_keys = nr;
	for (i = 0; !ret && !in->is_cut && i < nr; i++)
		ret = read_key(in, profile, tables, &profile->keys[i]);
	return ret;
}

static int read_head(struct in *in, struct profile *profile)
{
	uint64_t version = get_u64(in);
	size_t len;

	if (version != PROFILE_VERSION)
		return err_set(EPROTONOSUPPORT, "%s: version %llu of the profile file; this memcgbench reads version %d", in->what,
			       (unsigned long long)version, PROFILE_VERSION);
	len = get_nr(in, 1);
	if (len >= sizeof(profile->name))
		return bad(in, "not a profile");
	memcpy(profile->name, in->at, len);
	in->at += len;
	profile->nr_vcpus = (unsigned int)get_nr(in, 1);
	return profile->nr_vcpus > PROFILE_VCPUS_MAX ? bad(in, "more vCPUs than a profile has") : 0;
}

static int read_all(struct in *in, struct profile *profile)
{
	struct tables tables = {0};
	int ret = read_head(in, profile);

	if (!ret)
		ret = read_nodes(in, profile);
	if (!ret)
		ret = read_tables(in, profile, &tables);
	if (!ret)
		ret = read_keys(in, profile, &tables);
	free(tables.codes);
	free(tables.pair_node);
	free(tables.pair_code);
	if (!ret && (in->is_cut || in->at != in->end))
		ret = bad(in, "the profile is cut short or damaged");
	return ret;
}

int profile_parse(const void *data, size_t size, const char *what, struct profile **ret_profile)
{
	struct in in = {.at = data, .what = what};
	uint64_t sum = PROFILE_SUM_BASIS, stored;
	struct profile *profile;
	const uint8_t *c;
	int ret;

	if (size < PROFILE_MAGIC_SIZE || memcmp(data, PROFILE_MAGIC, PROFILE_MAGIC_SIZE))
		return bad(&in, "not a profile");
	if (size < PROFILE_MAGIC_SIZE + sizeof(sum))
		return bad(&in, "the profile is cut short or damaged");
	in.end = (const uint8_t *)data + size - sizeof(sum);
	memcpy(&stored, in.end, sizeof(stored));
	for (c = data; c < in.end; c++)
		sum = (sum ^ *c) * PROFILE_SUM_PRIME;
	if (sum != stored)
		return bad(&in, "the profile is cut short or damaged");
	in.at += PROFILE_MAGIC_SIZE;
	profile = calloc(1, sizeof(*profile));
	if (!profile)
		return no_memory(&in);
	ret = read_all(&in, profile);
	if (ret) {
		profile_free(profile);
		return ret;
	}
	*ret_profile = profile;
	return 0;
}

int profile_load(const char *dir, const char *name, struct profile **ret_profile)
{
	__free_mem char *data = NULL;
	char what[PATH_MAX];
	size_t size;
	int ret = beneath_read_all(dir, name, PROFILE_MAX, &data, &size);

	snprintf(what, sizeof(what), "%s/%s", dir, name);
	return ret ? ret : profile_parse(data, size, what, ret_profile);
}

void profile_free(struct profile *profile)
{
	size_t i, k;

	if (!profile)
		return;
	for (i = 0; i < profile->nr_keys; i++) {
		struct profile_key *key = &profile->keys[i];

		for (k = 0; key->reps && k < key->nr_reps; k++) {
			free(key->reps[k].by_vcpu);
			free(key->reps[k].counts);
		}
		for (k = 0; key->lines && k < key->nr_lines; k++)
			free(key->lines[k].reads);
		free(key->lines);
		free(key->reps);
		free(key->totals);
	}
	free(profile->keys);
	free(profile->nodes);
	free(profile);
}

const struct profile_key *profile_find(const struct profile *profile, unsigned int item, unsigned int arm, unsigned int phase)
{
	size_t i;

	for (i = 0; i < profile->nr_keys; i++)
		if (profile->keys[i].item == item && profile->keys[i].arm == arm && profile->keys[i].phase == phase)
			return &profile->keys[i];
	return NULL;
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t count_addresses(const struct profile *profile)
{
	size_t nr = 2 * profile->nr_nodes, i, k;

	for (i = 0; i < profile->nr_keys; i++) {
		for (k = 0; k < profile->keys[i].nr_reps; k++)
			nr += profile->keys[i].reps[k].nr_counts;
		nr += profile->keys[i].nr_lines * (PROFILE_LINE_SITES + 1);
	}
	return nr;
}

int profile_addresses(const struct profile *profile, uint64_t **ret_addresses, size_t *ret_nr)
{
	uint64_t *list = array(count_addresses(profile), sizeof(*list));
	size_t nr = 0, kept = 0, i, k, c;

	if (!list)
		return err_sys(ENOMEM, "memory for addresses");
	for (i = 0; i < profile->nr_nodes; i++) {
		list[nr++] = profile->nodes[i].entry;
		list[nr++] = profile->nodes[i].site;
	}
	for (i = 0; i < profile->nr_keys; i++)
		for (k = 0; k < profile->keys[i].nr_reps; k++)
			for (c = 0; c < profile->keys[i].reps[k].nr_counts; c++)
				list[nr++] = profile->keys[i].reps[k].counts[c].address;
	for (i = 0; i < profile->nr_keys; i++)
		for (k = 0; k < profile->keys[i].nr_lines; k++) {
			list[nr++] = profile->keys[i].lines[k].address;
			for (c = 0; c < PROFILE_LINE_SITES; c++)
				list[nr++] = profile->keys[i].lines[k].sites[c].address;
		}
	qsort(list, nr, sizeof(*list), compare_u64);
	for (i = 0; i < nr; i++)
		if (!kept || list[kept - 1] != list[i])
			list[kept++] = list[i];
	*ret_addresses = list;
	*ret_nr = kept;
	return 0;
}
