// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare_functions.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "data/compare_explain.h"
#include "data/compare_rows.h"
#include "data/explain_reader.h"
#include "data/function_table.h"
#include "data/memcg_functions.h"

/* Quotients of whole numbers: what is equal to this many parts is equal. */
#define EQUAL 1e-9
#define ALPHA 0.05
/* In how many calls of each rep a change has to show: of one or two, chance may decide which way they take. */
#define CALLS_MIN 8
/* A call that goes, or comes: at most this share of the calls between two functions is left on the side that has them not. */
#define CALLS_GONE 0.01

/* Functions that are judged together, on their way. */
struct group {
	const struct function_table *table;
	const size_t *members; /* entries; the one with the largest gain of instructions first */
	size_t nr;
	bool has_below;
};

static int no_memory(void)
{
	return err_sys(ENOMEM, "memory for functions");
}

const char *compare_function_way_name(enum function_way way)
{
	static const char *const names[] = {[FUNCTION_EXACT] = "exact", [FUNCTION_CODE] = "code", [FUNCTION_SPREADS] = "spreads"};

	return names[way];
}

void compare_functions_free(struct compare_functions *functions)
{
	if (!functions)
		return;
	free(functions->list);
	free(functions);
}

static bool is_equal(double a, double b, double scale)
{
	return fabs(a - b) <= EQUAL * fmax(fabs(scale), 1);
}

/* --- one function or group --- */

static struct function_cost sum(const struct group *group, size_t seed, enum function_rep which)
{
	struct function_cost cost = {0, 0};
	size_t i;

	for (i = 0; i < group->nr; i++) {
		const struct function_cost *one = &group->table->entries[group->members[i]].cost[seed][which];

		cost.self += one->self;
		cost.calls += one->calls;
	}
	return cost;
}

static double change_of(const struct group *group, size_t seed)
{
	return sum(group, seed, FUNCTION_NEW).self - sum(group, seed, FUNCTION_OLD).self;
}

static double below_of(const struct group *group, size_t seed)
{
	return sum(group, seed, FUNCTION_NEW_OFF).self - sum(group, seed, FUNCTION_OLD_OFF).self;
}

static bool is_often(const struct group *group)
{
	size_t i;

	for (i = 0; i < group->table->nr_seeds; i++)
		if (fmax(sum(group, i, FUNCTION_OLD).calls * group->table->ops[i][FUNCTION_OLD],
			 sum(group, i, FUNCTION_NEW).calls * group->table->ops[i][FUNCTION_NEW]) < CALLS_MIN - EQUAL)
			return false;
	return true;
}

/* The one member that both sides ran: its calls are those of the group, of which the others are parts. NULL: there is not one. */
static const struct function_entry *find_lasting(const struct group *group)
{
	const struct function_entry *lasting = NULL;
	size_t i;

	for (i = 0; i < group->nr; i++) {
		const struct function_entry *entry = &group->table->entries[group->members[i]];

		if (entry->note != EXPLAIN_PLAIN && entry->note != EXPLAIN_RENAMED)
			continue;
		if (lasting)
			return NULL;
		lasting = entry;
	}
	return lasting;
}

/* Instructions more in each call: a whole number, and the same under every seed; NAN: they are not. */
static double find_per_call(const struct group *group)
{
	const struct function_entry *lasting = find_lasting(group);
	double per_call = NAN;
	size_t i;

	for (i = 0; lasting && i < group->table->nr_seeds; i++) {
		double old_calls = lasting->cost[i][FUNCTION_OLD].calls, new_calls = lasting->cost[i][FUNCTION_NEW].calls;
		double more = sum(group, i, FUNCTION_NEW).self / new_calls - sum(group, i, FUNCTION_OLD).self / old_calls;

		/* Quotients of quotients. */
		if (!(old_calls > 0) || !(new_calls > 0) || fabs(more - round(more)) > 1e-6 || (i && round(more) != per_call))
			return NAN;
		per_call = round(more);
	}
	return per_call;
}

/* Does memcg off never run it, where there is such an arm? */
static bool runs_with_memcg_alone(const struct group *group, size_t member)
{
	const struct function_entry *entry = &group->table->entries[group->members[member]];
	size_t i;

	for (i = 0; i < group->table->nr_seeds; i++)
		if (entry->cost[i][FUNCTION_OLD_OFF].self > 0 || entry->cost[i][FUNCTION_NEW_OFF].self > 0)
			return false;
	return group->has_below;
}

static bool is_own(const struct group *group, size_t member)
{
	const struct function_entry *entry = &group->table->entries[group->members[member]];

	return memcg_function_is(entry->name);
}

/* Are all of the functions, or any of them, memcg's? */
static void find_owner(const struct group *group, bool *ret_all, bool *ret_any)
{
	size_t i, nr = 0;

	for (i = 0; i < group->nr; i++)
		nr += is_own(group, i) || runs_with_memcg_alone(group, i);
	*ret_all = nr == group->nr;
	*ret_any = nr > 0;
}

static void name_group(const struct group *group, struct compare_function *function)
{
	const struct function_entry *first = &group->table->entries[group->members[0]];
	size_t i, len = 0;

	snprintf(function->name, sizeof(function->name), "%s", first->name);
	snprintf(function->was, sizeof(function->was), "%s", first->was ? first->was : "");
	function->note = first->note;
	for (i = 1; i < group->nr && len < sizeof(function->moved_from); i++)
		len += (size_t)snprintf(function->moved_from + len, sizeof(function->moved_from) - len, "%s%s", i > 1 ? " and " : "",
					group->table->entries[group->members[i]].name);
}

static void fill(const struct group *group, struct compare_function *function)
{
	double nr = (double)group->table->nr_seeds;
	size_t i;

	function->p = NAN;
	function->lowest = INFINITY;
	function->highest = -INFINITY;
	for (i = 0; i < group->table->nr_seeds; i++) {
		struct function_cost old = sum(group, i, FUNCTION_OLD), new = sum(group, i, FUNCTION_NEW);
		double change = change_of(group, i), share = group->has_below ? change - below_of(group, i) : change;

		function->old_self += old.self / nr;
		function->new_self += new.self / nr;
		function->old_calls += old.calls / nr;
		function->new_calls += new.calls / nr;
		function->change += change / nr;
		function->share += share / nr;
	}
}

/* What a verdict goes by under one seed: the arm's own change, or memcg's share of it. */
static double decided_of(const struct group *group, bool of_arm, size_t seed)
{
	return change_of(group, seed) - (of_arm || !group->has_below ? 0 : below_of(group, seed));
}

static void find_range(const struct group *group, bool of_arm, struct compare_function *function)
{
	size_t i;

	for (i = 0; i < group->table->nr_seeds; i++) {
		function->lowest = fmin(function->lowest, decided_of(group, of_arm, i));
		function->highest = fmax(function->highest, decided_of(group, of_arm, i));
	}
}

static double mean_calls(const struct group *group, const struct function_entry *entry)
{
	double calls = 0;
	size_t i;

	for (i = 0; i < group->table->nr_seeds; i++)
		calls += entry->cost[i][FUNCTION_NEW].calls / (double)group->table->nr_seeds;
	return calls;
}

/*
 * Is it the code that changed, and not how often it runs? Each call takes a whole number of instructions more, in all reps; or only one kernel
 * runs the function at all. Neither is ever luck.
 */
static bool is_code(const struct group *group, const struct compare_function *function)
{
	const struct function_entry *first = &group->table->entries[group->members[0]];

	if (!isnan(function->per_call))
		return function->per_call != 0;
	return group->nr == 1 && first->note != EXPLAIN_PLAIN && first->note != EXPLAIN_RENAMED;
}

static int test(const struct group *group, bool of_arm, double delta, struct compare_function *function)
{
	__free_mem double *diff = calloc(group->table->nr_seeds, sizeof(*diff));
	size_t i;

	if (!diff)
		return no_memory();
	for (i = 0; i < group->table->nr_seeds; i++)
		diff[i] = decided_of(group, of_arm, i);
	function->test = family_test_pairs(diff, group->table->nr_seeds, delta, EQUAL * fmax(1, function->old_self + function->new_self));
	return 0;
}

static int judge(const struct group *group, double delta, struct compare_function *function)
{
	const struct function_entry *lasting = find_lasting(group);
	bool all, any, of_arm, code;

	find_owner(group, &all, &any);
	function->is_memcg = any;
	function->is_everybodys = !any && is_equal(function->share, 0, function->old_self + function->new_self);
	/* memcg's own code is dearer whoever runs it; code that others share is memcg's as far as memcg off does not pay it. */
	of_arm = all || !any;
	function->decided = of_arm ? function->change : function->share;
	find_range(group, of_arm, function);
	function->per_call = find_per_call(group);
	code = is_code(group, function);
	if (is_equal(function->lowest, function->highest, function->old_self + function->new_self)) {
		function->way = FUNCTION_EXACT;
	} else if (code && of_arm && lasting) {
		function->way = FUNCTION_CODE;
		function->decided = function->per_call * mean_calls(group, lasting);
	} else {
		function->way = FUNCTION_SPREADS;
		code = false;
	}
	function->verdict = COMPARE_SAME;
	if (!is_often(group))
		return 0;
	if (!code) {
		function->verdict = COMPARE_INCONCLUSIVE;
		return test(group, of_arm, delta, function);
	}
	if (fabs(function->decided) >= FUNCTION_DELTA_CODE)
		function->verdict = function->decided > 0 ? COMPARE_REGRESSION : COMPARE_IMPROVEMENT;
	return 0;
}

/* --- which functions are judged together --- */

static double mean_change(const struct function_table *table, size_t entry)
{
	const size_t members[] = {entry};
	const struct group group = {.table = table, .members = members, .nr = 1};
	double change = 0;
	size_t i;

	for (i = 0; i < table->nr_seeds; i++)
		change += change_of(&group, i) / (double)table->nr_seeds;
	return change;
}

/*
 * A function that is called no more, and whose caller does more itself, was inlined; one that is newly called, by a caller that does
 * less, was split off.
 */
static bool is_move(const struct function_table *table, const struct function_edge *edge, const double *change)
{
	double least = fmin(edge->old_calls, edge->new_calls), most = fmax(edge->old_calls, edge->new_calls);
	double callee = change[edge->callee], caller = change[edge->caller];

	return edge->caller != edge->callee && table->entries[edge->caller].name[0] != '[' && table->entries[edge->callee].name[0] != '[' &&
	       most * table->ops[0][FUNCTION_NEW] >= CALLS_MIN * (double)table->nr_seeds && least <= CALLS_GONE * most &&
	       fabs(callee) > EQUAL && fabs(caller) > EQUAL && (callee > 0) != (caller > 0) &&
	       (edge->new_calls > edge->old_calls) == (callee > 0);
}

static size_t root_of(size_t *parent, size_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* The entries of one group are put behind each other, the one that gained most first. Returns how many. */
static size_t gather(const struct function_table *table, size_t *parent, size_t root, const double *change, size_t *members)
{
	size_t nr = 0, i, k;

	for (i = 0; i < table->nr_entries; i++) {
		if (root_of(parent, i) != root)
			continue;
		for (k = nr++; k && change[members[k - 1]] < change[i]; k--)
			members[k] = members[k - 1];
		members[k] = i;
	}
	return nr;
}

static int add(struct compare_functions *functions, const struct compare_function *function)
{
	struct compare_function *more = reallocarray(functions->list, functions->nr + 1, sizeof(*more));

	if (!more)
		return no_memory();
	functions->list = more;
	more[functions->nr++] = *function;
	return 0;
}

static int judge_group(const struct group *group, double delta, struct compare_functions *functions)
{
	struct compare_function function = {0};
	int ret;

	functions->nr_compared += group->nr;
	fill(group, &function);
	ret = judge(group, delta, &function);
	/* What is no change and no chance of one is not kept. */
	if (ret || function.verdict == COMPARE_SAME || (function.verdict == COMPARE_INCONCLUSIVE && function.test.kind == FAMILY_QUIET))
		return ret;
	name_group(group, &function);
	return add(functions, &function);
}

static int judge_groups(const struct function_table *table, bool has_below, double delta, size_t *parent, const double *change, size_t *members,
			struct compare_functions *functions)
{
	struct group group = {.table = table, .members = members, .has_below = has_below};
	size_t i;
	int ret = 0;

	for (i = 0; i < table->nr_edges; i++)
		if (is_move(table, &table->edges[i], change))
			parent[root_of(parent, table->edges[i].caller)] = root_of(parent, table->edges[i].callee);
	for (i = 0; !ret && i < table->nr_entries; i++) {
		if (root_of(parent, i) != i || table->entries[i].name[0] == '[')
			continue;
		group.nr = gather(table, parent, i, change, members);
		ret = judge_group(&group, delta, functions);
	}
	return ret;
}

int compare_functions_of(const struct function_table *table, bool has_below, double delta, struct compare_functions **ret_functions)
{
	__free_mem size_t *parent = calloc(table->nr_entries + 1, sizeof(*parent));
	__free_mem size_t *members = calloc(table->nr_entries + 1, sizeof(*members));
	__free_mem double *change = calloc(table->nr_entries + 1, sizeof(*change));
	struct compare_functions *functions = calloc(1, sizeof(*functions));
	size_t i;
	int ret = parent && members && change && functions ? 0 : no_memory();

	for (i = 0; !ret && i < table->nr_entries; i++) {
		parent[i] = i;
		change[i] = mean_change(table, i);
	}
	if (!ret) {
		functions->nr_seeds = table->nr_seeds;
		ret = judge_groups(table, has_below, delta, parent, change, members, functions);
	}
	if (ret) {
		compare_functions_free(functions);
		return ret;
	}
	*ret_functions = functions;
	return 0;
}

/* --- many functions are many chances --- */

/* memcg's before others', regressions first, then by size. */
static int compare_list(const void *a, const void *b)
{
	const struct compare_function *x = a, *y = b;

	if (x->is_memcg != y->is_memcg)
		return x->is_memcg ? -1 : 1;
	if (x->verdict != y->verdict)
		return x->verdict == COMPARE_REGRESSION ? -1 : 1;
	if (fabs(x->decided) != fabs(y->decided))
		return fabs(x->decided) > fabs(y->decided) ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* How many functions of @all, memcg's or others', are to be tested; @ret_list, if not NULL, gets them. */
static size_t each_tested(struct compare_functions *const *all, size_t nr, bool is_memcg, struct compare_function **ret_list)
{
	size_t found = 0, i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; k < all[i]->nr; k++) {
			struct compare_function *function = &all[i]->list[k];

			if (function->verdict != COMPARE_INCONCLUSIVE || function->is_memcg != is_memcg)
				continue;
			if (ret_list)
				ret_list[found] = function;
			found++;
		}
	return found;
}

static int settle_tested(struct compare_functions *const *all, size_t nr, bool is_memcg)
{
	size_t nr_tested = each_tested(all, nr, is_memcg, NULL), i;
	__free_mem struct compare_function **list = calloc(nr_tested + 1, sizeof(*list));
	__free_mem struct family_test *tests = calloc(nr_tested + 1, sizeof(*tests));
	__free_mem double *adjusted = calloc(nr_tested + 1, sizeof(*adjusted));
	int ret;

	if (!list || !tests || !adjusted)
		return no_memory();
	each_tested(all, nr, is_memcg, list);
	for (i = 0; i < nr_tested; i++)
		tests[i] = list[i]->test;
	ret = family_adjust(tests, nr_tested, adjusted);
	for (i = 0; !ret && i < nr_tested; i++) {
		list[i]->p = adjusted[i];
		if (adjusted[i] <= ALPHA)
			list[i]->verdict = list[i]->decided > 0 ? COMPARE_REGRESSION : COMPARE_IMPROVEMENT;
	}
	return ret;
}

static void keep_changes(struct compare_functions *functions)
{
	size_t kept = 0, i;

	for (i = 0; i < functions->nr; i++) {
		const struct compare_function *function = &functions->list[i];

		if (function->verdict == COMPARE_INCONCLUSIVE)
			continue;
		functions->nr_worse += function->is_memcg && function->verdict == COMPARE_REGRESSION;
		functions->nr_better += function->is_memcg && function->verdict == COMPARE_IMPROVEMENT;
		functions->sum += function->is_memcg ? function->decided : 0;
		functions->list[kept++] = *function;
	}
	functions->nr = kept;
	if (kept)
		qsort(functions->list, kept, sizeof(*functions->list), compare_list);
}

int compare_functions_settle(struct compare_functions *const *all, size_t nr)
{
	size_t i;
	int ret = settle_tested(all, nr, true);

	if (!ret)
		ret = settle_tested(all, nr, false);
	for (i = 0; !ret && i < nr; i++)
		keep_changes(all[i]);
	return ret;
}

/* --- rows --- */

/* A row on its way: it is read seed by seed, so that each profile is read once for all rows. */
struct pending {
	struct compare_row *row;
	struct function_place place;
	struct function_table table;
	int error; /* that ended it, with its sentence in row->functions_why */
};

static bool may_have_functions(const struct compare_row *row)
{
	return row->arm && row->metric && row->base_item && row->cand_item && !row->metric->is_count && row->change.nr >= COMPARE_PAIRS_MIN &&
	       row->verdict != COMPARE_ERROR && row->verdict != COMPARE_INCOMPARABLE;
}

static int open_row(struct compare *compare, struct compare_row *row, struct explain_reader *const readers[2], size_t nr_seeds,
		    struct pending *pending)
{
	struct explain_end base = compare_end(&compare->base, row->base_item, row), cand = compare_end(&compare->cand, row->cand_item, row);
	int ret = explain_end_resolve(&base, row->below, &pending->place.resolved[0]);

	if (!ret)
		ret = explain_end_resolve(&cand, row->below, &pending->place.resolved[1]);
	if (ret)
		return ret;
	pending->row = row;
	pending->place.readers[0] = readers[0];
	pending->place.readers[1] = readers[1];
	return function_table_init(&pending->table, nr_seeds);
}

/* What a reader should be told is kept: there was a profile, and nothing can be said of it. */
static int note_error(struct pending *pending, int ret)
{
	if (ret == -ENODATA)
		return 0;
	if (ret == -ENOMEM)
		return ret;
	pending->error = ret;
	pending->row->functions_why = strdup(err_msg());
	return pending->row->functions_why ? 0 : no_memory();
}

/* A seed of the base side's boots that no boot before has. */
static bool is_first_of_seed(const json_t *boots, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (json_equal(json_object_get(json_array_get(boots, i), "seed"), json_object_get(json_array_get(boots, at), "seed")))
			return false;
	return true;
}

static int read_seeds(const struct compare *compare, struct pending *pending, size_t nr)
{
	const json_t *boots = json_object_get(compare->base.data->run, "boots");
	size_t b, i;
	int ret = 0;

	for (b = 0; b < json_array_size(boots); b++) {
		uint64_t seed = (uint64_t)json_integer_value(json_object_get(json_array_get(boots, b), "seed"));

		for (i = 0; !ret && i < nr && is_first_of_seed(boots, b); i++) {
			if (pending[i].error)
				continue;
			ret = function_table_add(&pending[i].table, &pending[i].place, seed);
			if (ret)
				ret = note_error(&pending[i], ret);
		}
	}
	return ret;
}

/* "in try_charge_memcg, +12 instructions per op of 3 seeds, +3 with what 1 other lost": what decides, in words for whoever reads the verdict alone. */
static void say_why(struct compare_row *row, enum compare_verdict verdict)
{
	const struct compare_functions *functions = row->functions;
	bool is_worse = verdict == COMPARE_REGRESSION;
	size_t nr = is_worse ? functions->nr_worse : functions->nr_better, against = is_worse ? functions->nr_better : functions->nr_worse, i;
	char others[48] = "", sum[64] = "";

	for (i = 0; i < functions->nr && functions->list[i].verdict != verdict; i++)
		;
	if (nr > 1)
		snprintf(others, sizeof(others), " and %zu other function%s", nr - 1, nr == 2 ? "" : "s");
	if (against)
		snprintf(sum, sizeof(sum), ", %+.4g with what %zu other%s %s", functions->sum, against, against == 1 ? "" : "s",
			 is_worse ? "lost" : "gained");
	row->why_is_common = false;
	rows_say_why(row, verdict, "in %s, %+.4g instructions per op of %zu seeds%s%s; the row by itself is %s", functions->list[i].name,
		     functions->list[i].decided, functions->nr_seeds, others, sum, compare_verdict_name(row->row_verdict));
}

static int finish_row(struct pending *pending)
{
	struct compare_row *row = pending->row;
	int ret;

	if (pending->error || pending->table.nr_seeds < COMPARE_PAIRS_MIN)
		return 0;
	ret = function_table_finish(&pending->table);
	return ret ? ret : compare_functions_of(&pending->table, row->below != NULL, row->delta, &row->functions);
}

void compare_functions_decide(struct compare_row *row)
{
	double sum;

	if (!row->functions || !compare_finds_none(row->verdict) || row->functions->nr_worse + row->functions->nr_better == 0)
		return;
	/* What one function lost and another gained, to the instruction, moved; of what is rewritten the sum is what an op pays. */
	sum = row->functions->sum;
	if (is_equal(sum, 0, 1))
		return;
	/* Functions that spread are not in the sum: where the row as a whole goes the other way, they outweigh it. */
	if (sum > 0 ? row->change.interval.high < 0 : row->change.interval.low > 0)
		return;
	say_why(row, sum > 0 ? COMPARE_REGRESSION : COMPARE_IMPROVEMENT);
}

/* Once all rows are read: the tests of all their functions are one family. */
static int settle_rows(struct compare *compare)
{
	__free_mem struct compare_functions **all = calloc(compare->nr_rows + 1, sizeof(*all));
	size_t nr = 0, i;
	int ret = all ? 0 : no_memory();

	for (i = 0; !ret && i < compare->nr_rows; i++)
		if (compare->rows[i].functions)
			all[nr++] = compare->rows[i].functions;
	if (!ret)
		ret = compare_functions_settle(all, nr);
	for (i = 0; !ret && i < compare->nr_rows; i++)
		compare_functions_decide(&compare->rows[i]);
	return ret;
}

static int judge_rows(struct compare *compare, struct explain_reader *const readers[2])
{
	size_t nr_boots = json_array_size(json_object_get(compare->base.data->run, "boots")), nr = 0, i;
	__free_mem struct pending *pending = calloc(compare->nr_rows + 1, sizeof(*pending));
	int ret = pending ? 0 : no_memory();

	for (i = 0; !ret && i < compare->nr_rows; i++) {
		if (!may_have_functions(&compare->rows[i]))
			continue;
		ret = open_row(compare, &compare->rows[i], readers, nr_boots, &pending[nr]);
		nr += !ret;
		if (ret == -ENODATA)
			ret = 0;
	}
	if (!ret)
		ret = read_seeds(compare, pending, nr);
	for (i = 0; i < nr; i++) {
		if (!ret)
			ret = finish_row(&pending[i]);
		function_table_free(&pending[i].table);
	}
	return ret ? ret : settle_rows(compare);
}

int compare_functions_judge(struct compare *compare)
{
	struct explain_reader *readers[2] = {NULL, NULL};
	size_t i;
	int ret = 0;

	for (i = 0; i < compare->nr_rows; i++)
		compare->rows[i].row_verdict = compare->rows[i].verdict;
	if (!compare->paired || strcmp(compare->clock, "insn") || !explain_has_profiles(compare->base.data->dir) ||
	    !explain_has_profiles(compare->cand.data->dir))
		return 0;
	ret = explain_reader_new(compare->base.data, &readers[0]);
	if (!ret)
		ret = explain_reader_new(compare->cand.data, &readers[1]);
	if (!ret)
		ret = judge_rows(compare, readers);
	explain_reader_free(readers[0]);
	explain_reader_free(readers[1]);
	return ret;
}

/* --- one number --- */

static int read_place(const struct function_place *place, const struct rundata *data, double delta, struct compare_functions **ret_functions)
{
	const json_t *boots = json_object_get(data->run, "boots");
	struct function_table table;
	size_t b;
	int ret = function_table_init(&table, json_array_size(boots));

	for (b = 0; !ret && b < json_array_size(boots); b++) {
		if (!is_first_of_seed(boots, b))
			continue;
		ret = function_table_add(&table, place, (uint64_t)json_integer_value(json_object_get(json_array_get(boots, b), "seed")));
		if (ret == -ENODATA)
			ret = 0;
	}
	if (!ret && table.nr_seeds < COMPARE_PAIRS_MIN)
		ret = err_set(ENODATA, "%zu seeds were profiled on both sides: a verdict needs %d", table.nr_seeds, COMPARE_PAIRS_MIN);
	if (!ret)
		ret = function_table_finish(&table);
	if (!ret)
		ret = compare_functions_of(&table, place->resolved[0].off != SIZE_MAX, delta, ret_functions);
	if (!ret)
		ret = compare_functions_settle(ret_functions, 1);
	function_table_free(&table);
	return ret;
}

int compare_functions_between(const struct explain_end *old, const struct explain_end *new, double delta,
			      struct compare_functions **ret_functions)
{
	bool has_below = old->below != SIZE_MAX && new->below != SIZE_MAX;
	struct compare_functions *functions = NULL;
	struct function_place place = {0};
	int ret = explain_end_resolve(old, has_below, &place.resolved[0]);

	if (!ret)
		ret = explain_end_resolve(new, has_below, &place.resolved[1]);
	if (!ret)
		ret = explain_reader_new(old->data, &place.readers[0]);
	if (!ret)
		ret = explain_reader_new(new->data, &place.readers[1]);
	if (!ret)
		ret = read_place(&place, old->data, delta, &functions);
	explain_reader_free(place.readers[0]);
	explain_reader_free(place.readers[1]);
	if (ret) {
		compare_functions_free(functions);
		return ret;
	}
	*ret_functions = functions;
	return 0;
}
