// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/function_table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for functions");
}

int function_table_init(struct function_table *table, size_t nr)
{
	*table = (struct function_table){.room = nr, .seeds = calloc(nr + 1, sizeof(*table->seeds)),
					  .ops = calloc(nr + 1, sizeof(*table->ops))};
	return table->seeds && table->ops ? 0 : no_memory();
}

void function_table_free(struct function_table *table)
{
	size_t i;

	for (i = 0; i < table->nr_entries; i++) {
		free(table->entries[i].name);
		free(table->entries[i].was);
		free(table->entries[i].cost);
	}
	free(table->entries);
	free(table->edges);
	free(table->seeds);
	free(table->ops);
	*table = (struct function_table){0};
}

static size_t find_entry(const struct function_table *table, const char *name)
{
	size_t i = 0;

	while (i < table->nr_entries && strcmp(table->entries[i].name, name))
		i++;
	return i;
}

/* The entry of @name, made where there is none. */
static int entry_of(struct function_table *table, const char *name, size_t *ret_index)
{
	struct function_entry *more, *entry;
	size_t i = find_entry(table, name);

	*ret_index = i;
	if (i < table->nr_entries)
		return 0;
	more = reallocarray(table->entries, table->nr_entries + 1, sizeof(*more));
	if (!more)
		return no_memory();
	table->entries = more;
	entry = &more[table->nr_entries];
	*entry = (struct function_entry){.name = strdup(name), .cost = calloc(table->room + 1, sizeof(*entry->cost))};
	if (!entry->name || !entry->cost) {
		free(entry->name);
		free(entry->cost);
		return no_memory();
	}
	table->nr_entries++;
	return 0;
}

static int add_edge(struct function_table *table, size_t caller, size_t callee, double calls, bool is_new)
{
	struct function_edge *more;
	size_t i = 0;

	while (i < table->nr_edges && (table->edges[i].caller != caller || table->edges[i].callee != callee))
		i++;
	if (i == table->nr_edges) {
		more = reallocarray(table->edges, table->nr_edges + 1, sizeof(*more));
		if (!more)
			return no_memory();
		table->edges = more;
		more[table->nr_edges++] = (struct function_edge){caller, callee, 0, 0};
	}
	if (is_new)
		table->edges[i].new_calls += calls;
	else
		table->edges[i].old_calls += calls;
	return 0;
}

static int add_rep(struct function_table *table, const struct explain_rep *rep, enum function_rep which)
{
	__free_mem size_t *index = calloc(rep->nr_functions + 1, sizeof(*index));
	size_t i;
	int ret = index ? 0 : no_memory();

	table->ops[table->nr_seeds][which] = (double)rep->ops;
	for (i = 0; !ret && i < rep->nr_functions; i++) {
		ret = entry_of(table, rep->functions[i].name, &index[i]);
		if (!ret)
			table->entries[index[i]].cost[table->nr_seeds][which] =
				(struct function_cost){rep->functions[i].self, rep->functions[i].calls};
	}
	for (i = 0; !ret && i < rep->nr_edges && which <= FUNCTION_NEW; i++)
		ret = add_edge(table, index[rep->edges[i].caller], index[rep->edges[i].callee], rep->edges[i].calls, which == FUNCTION_NEW);
	return ret;
}

static int read_rep(const struct function_place *place, enum function_rep which, uint64_t seed, struct explain_rep *ret_rep,
		    const struct symbols **ret_symbols)
{
	const struct explain_resolved *resolved = &place->resolved[which % 2];
	size_t arm = which <= FUNCTION_NEW ? resolved->arm : resolved->off;
	int ret = explain_reader_rep(place->readers[which % 2], resolved, arm, seed, ret_rep, ret_symbols);

	if (ret || !ret_rep->is_shared_clock)
		return ret;
	explain_rep_free(ret_rep);
	return err_set(EOPNOTSUPP, "%zu workers at once on several CPUs: each one's clock counts what all CPUs run, its profile what its own does",
		       json_array_size(resolved->item->workers));
}

int function_table_add(struct function_table *table, const struct function_place *place, uint64_t seed)
{
	size_t nr = place->resolved[0].off == SIZE_MAX ? FUNCTION_OLD_OFF : FUNCTION_REPS, i;
	const struct symbols *symbols[FUNCTION_REPS] = {0};
	struct explain_rep reps[FUNCTION_REPS] = {0};
	int ret = 0;

	/* Whole or not at all. */
	for (i = 0; !ret && i < nr; i++)
		ret = read_rep(place, (enum function_rep)i, seed, &reps[i], &symbols[i]);
	for (i = 0; !ret && i < nr; i++)
		ret = add_rep(table, &reps[i], (enum function_rep)i);
	if (!ret) {
		table->old_symbols = symbols[FUNCTION_OLD];
		table->new_symbols = symbols[FUNCTION_NEW];
		table->seeds[table->nr_seeds++] = seed;
	}
	for (i = 0; i < nr; i++)
		explain_rep_free(&reps[i]);
	return ret;
}

static double sum_calls(const struct function_table *table, const struct function_entry *entry, enum function_rep which)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < table->nr_seeds; i++)
		sum += entry->cost[i][which].calls + entry->cost[i][which].self;
	return sum;
}

static enum explain_note note_of(const struct function_table *table, const struct function_entry *entry)
{
	bool in_old = sum_calls(table, entry, FUNCTION_OLD) > 0, in_new = sum_calls(table, entry, FUNCTION_NEW) > 0;

	if (entry->name[0] == '[' || in_old == in_new)
		return EXPLAIN_PLAIN;
	if (in_new)
		return symbols_has(table->old_symbols, entry->name) ? EXPLAIN_CALLED : EXPLAIN_NEW;
	return symbols_has(table->new_symbols, entry->name) ? EXPLAIN_UNCALLED : EXPLAIN_GONE;
}

/* @gone under another name is @fresh. */
static void join(struct function_table *table, size_t gone, size_t fresh)
{
	struct function_entry *from = &table->entries[gone], *to = &table->entries[fresh];
	size_t i, which;

	to->note = EXPLAIN_RENAMED;
	to->was = take_ptr(from->name);
	for (i = 0; i < table->nr_seeds; i++)
		for (which = 0; which < FUNCTION_REPS; which++) {
			to->cost[i][which].self += from->cost[i][which].self;
			to->cost[i][which].calls += from->cost[i][which].calls;
		}
	for (i = 0; i < table->nr_edges; i++) {
		if (table->edges[i].caller == gone)
			table->edges[i].caller = fresh;
		if (table->edges[i].callee == gone)
			table->edges[i].callee = fresh;
	}
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct function_entry *)a)->name, ((const struct function_entry *)b)->name);
}

/* Drop entries without a name, order the others, and let the edges follow. */
static int order(struct function_table *table)
{
	__free_mem char **names = calloc(table->nr_entries + 1, sizeof(*names));
	size_t nr = table->nr_entries, kept = 0, i;

	if (!names)
		return no_memory();
	for (i = 0; i < nr; i++) {
		names[i] = table->entries[i].name;
		if (names[i])
			table->entries[kept++] = table->entries[i];
		else
			free(table->entries[i].cost);
	}
	table->nr_entries = kept;
	qsort(table->entries, kept, sizeof(*table->entries), compare_entries);
	for (i = 0; i < table->nr_edges; i++) {
		table->edges[i].caller = find_entry(table, names[table->edges[i].caller]);
		table->edges[i].callee = find_entry(table, names[table->edges[i].callee]);
	}
	return 0;
}

/* Where the old name is still there, as a wrapper that others call, it is the same function all the same. */
static bool begins(const struct function_entry *entry)
{
	return entry->name && (entry->note == EXPLAIN_NEW || entry->note == EXPLAIN_CALLED);
}

static bool ends(const struct function_entry *entry)
{
	return entry->name && (entry->note == EXPLAIN_GONE || entry->note == EXPLAIN_UNCALLED);
}

int function_table_finish(struct function_table *table)
{
	size_t i, k;

	if (!table->nr_seeds)
		return 0;
	for (i = 0; i < table->nr_entries; i++)
		table->entries[i].note = note_of(table, &table->entries[i]);
	for (i = 0; i < table->nr_entries; i++)
		for (k = 0; k < table->nr_entries && begins(&table->entries[i]); k++)
			if (ends(&table->entries[k]) && explain_is_renamed(table->entries[k].name, table->entries[i].name))
				join(table, k, i);
	return order(table);
}
