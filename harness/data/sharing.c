// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/sharing.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/err.h"
#include "data/explain_run.h"

/* What one or two lines of a profile come to. */
struct sum {
	const struct profile *profile;
	const struct symbols *symbols;
	double per_op;
	uint64_t by_vcpu[64]; /* accesses */
	bool reads[64], writes[64];
};

static void add_site(struct sharing_line *line, const struct symbols *symbols, uint64_t address, double accesses, double writes)
{
	size_t symbol = symbols_function(symbols, address), i;
	char name[SYMBOLS_NAME_MAX];

	symbols_plain_name(symbol == SIZE_MAX ? "[unknown]" : symbols->functions[symbol].name, name, sizeof(name));
	for (i = 0; i < line->nr_sites && strcmp(line->sites[i].function, name); i++)
		;
	if (i == PROFILE_LINE_SITES)
		return;
	if (i == line->nr_sites) {
		line->sites[line->nr_sites++] = (struct sharing_site){0};
		snprintf(line->sites[i].function, sizeof(line->sites[i].function), "%s", name);
	}
	line->sites[i].accesses += accesses;
	line->sites[i].writes += writes;
	for (; i && line->sites[i].accesses > line->sites[i - 1].accesses; i--) {
		struct sharing_site swap = line->sites[i];

		line->sites[i] = line->sites[i - 1];
		line->sites[i - 1] = swap;
	}
}

static char word_letter(const struct profile_line *line, size_t word)
{
	uint64_t all = line->readers[word] | line->writers[word];

	if (!all)
		return '.';
	if (!line->writers[word])
		return 'r';
	return all & (all - 1) ? 'W' : 'w';
}

static void add_line(struct sum *sum, const struct profile_line *from, struct sharing_line *line)
{
	const struct symbol *variable = symbols_variable(sum->symbols, from->address);
	unsigned int i;

	if (!line->variable[0] && variable)
		snprintf(line->variable, sizeof(line->variable), "%s+0x%llx", variable->name,
			 (unsigned long long)(from->address - variable->address));
	for (i = 0; i < sum->profile->nr_vcpus && i < 64; i++) {
		sum->by_vcpu[i] += from->reads[i] + from->writes[i];
		sum->reads[i] |= from->reads[i] != 0;
		sum->writes[i] |= from->writes[i] != 0;
		line->writes += (double)from->writes[i] * sum->per_op;
	}
	/* A pair moves when either half does; how often both did at once is not known. */
	line->transfers = fmax(line->transfers, (double)from->transfers * sum->per_op);
	for (i = 0; i < PROFILE_LINE_WORDS; i++)
		line->words[(from->address - line->address) / 8 + i] = word_letter(from, i);
	for (i = 0; i < PROFILE_LINE_SITES; i++)
		if (from->sites[i].address)
			add_site(line, sum->symbols, from->sites[i].address, (double)from->sites[i].accesses * sum->per_op,
				 (double)from->sites[i].writes * sum->per_op);
}

static void finish_line(const struct sum *sum, struct sharing_line *line)
{
	uint64_t all = 0, most = 0;
	unsigned int i;

	for (i = 0; i < 64; i++) {
		line->nr_readers += sum->reads[i];
		line->nr_writers += sum->writes[i];
		all += sum->by_vcpu[i];
		most = sum->by_vcpu[i] > most ? sum->by_vcpu[i] : most;
	}
	line->accesses = (double)all * sum->per_op;
	line->foreign = (double)(all - most) * sum->per_op;
	line->transfers_most = fmin(2 * line->foreign, line->writes + fmin(line->accesses - line->writes,
									   (sum->profile->nr_vcpus - 1) * line->writes));
	line->is_false = !strchr(line->words, 'W');
}

static int compare_lines(const void *a, const void *b)
{
	const struct sharing_line *x = a, *y = b;

	if (x->transfers_most != y->transfers_most)
		return x->transfers_most > y->transfers_most ? -1 : 1;
	if (x->foreign != y->foreign)
		return x->foreign > y->foreign ? -1 : 1;
	return (x->address > y->address) - (x->address < y->address);
}

static int make_lines(const struct profile *profile, const struct profile_key *key, const struct symbols *symbols,
		      unsigned int line_bytes, struct sharing *sharing)
{
	size_t i, k;

	sharing->lines = calloc(key->nr_lines + 1, sizeof(*sharing->lines));
	if (!sharing->lines)
		return err_sys(ENOMEM, "memory for lines");
	for (i = 0; i < key->nr_lines; i++) {
		uint64_t address = key->lines[i].address & ~(uint64_t)(line_bytes - 1);
		struct sum sum = {.profile = profile, .symbols = symbols, .per_op = 1 / (double)sharing->ops};
		struct sharing_line *line = &sharing->lines[sharing->nr_lines];

		for (k = 0; k < sharing->nr_lines && sharing->lines[k].address != address; k++)
			;
		if (k < sharing->nr_lines)
			continue;
		*line = (struct sharing_line){.address = address, .bytes = line_bytes};
		memset(line->words, '.', line_bytes / 8);
		for (k = i; k < key->nr_lines; k++)
			if ((key->lines[k].address & ~(uint64_t)(line_bytes - 1)) == address)
				add_line(&sum, &key->lines[k], line);
		finish_line(&sum, line);
		sharing->nr_lines++;
	}
	qsort(sharing->lines, sharing->nr_lines, sizeof(*sharing->lines), compare_lines);
	return 0;
}

static bool has_rep(const struct profile_key *key, unsigned int rep)
{
	size_t i;

	for (i = 0; i < key->nr_totals; i++)
		if (key->totals[i].rep == rep)
			return true;
	return false;
}

/* Of the reps that the profile has. */
static uint64_t count_ops(const struct explain_resolved *resolved, const struct profile_key *key, unsigned int boot)
{
	double ops = 0;
	size_t i;

	for (i = 0; i < resolved->item->nr_samples; i++) {
		const struct rundata_sample *sample = &resolved->item->samples[i];

		if (sample->boot == boot && sample->arm == resolved->arm && !isnan(sample->ops[resolved->metric]) &&
		    has_rep(key, sample->rep))
			ops += sample->ops[resolved->metric];
	}
	return (uint64_t)ops;
}

static int load(const struct rundata *data, const struct explain_resolved *resolved, const struct profile *profile,
		const struct symbols *symbols, unsigned int boot, unsigned int line_bytes, struct sharing *sharing)
{
	const struct profile_key *key =
		profile_find(profile, resolved->item->item, (unsigned int)resolved->arm, (unsigned int)resolved->metric);

	if (!key || !key->nr_lines)
		return err_set(ENODATA, "no line of memory was seen to be shared in boot %u of %s; memcgbench run --profile=sharing "
			       "with several --cpus and --workers looks for them", boot, data->dir);
	sharing->ops = count_ops(resolved, key, boot);
	if (!sharing->ops)
		return err_set(EBADMSG, "%s holds no sample of what its profile is of", data->dir);
	sharing->nr_vcpus = profile->nr_vcpus;
	return make_lines(profile, key, symbols, line_bytes, sharing);
}

int sharing_load(const struct rundata *data, const struct explain_query *query, uint64_t seed, unsigned int line_bytes,
		 struct sharing *ret_sharing)
{
	struct sharing sharing = {0};
	struct symbols symbols = {0};
	struct explain_resolved resolved;
	const struct rundata_sample *least;
	struct profile *profile;
	const json_t *boot;
	int ret = explain_resolve(data, query, &resolved);

	if (ret)
		return ret;
	least = explain_least(data, &resolved, resolved.arm, seed, &boot);
	if (!least)
		return err_set(ENODATA, "%s holds no sample of it under seed %llu", data->dir, (unsigned long long)seed);
	ret = explain_profile(data, boot, &symbols, &profile);
	if (ret) {
		symbols_free(&symbols);
		return ret;
	}
	snprintf(sharing.kernel, sizeof(sharing.kernel), "%s", resolved.kernel);
	snprintf(sharing.arm_name, sizeof(sharing.arm_name), "%s", resolved.item->arms[resolved.arm].state);
	sharing.item = resolved.item;
	sharing.metric = resolved.metric;
	ret = load(data, &resolved, profile, &symbols, least->boot, line_bytes, &sharing);
	profile_free(profile);
	symbols_free(&symbols);
	if (ret) {
		sharing_free(&sharing);
		return ret;
	}
	*ret_sharing = sharing;
	return 0;
}

void sharing_free(struct sharing *sharing)
{
	free(sharing->lines);
	*sharing = (struct sharing){0};
}
