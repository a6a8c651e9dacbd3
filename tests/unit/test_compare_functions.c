// SPDX-License-Identifier: GPL-2.0-or-later
/* Verdicts on functions: tables of costs by hand, seed by seed, and what must be said of them, and what must not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/compare_functions.h"
#include "data/compare_rows.h"
#include "data/function_table.h"
#include "data/memcg_functions.h"
#include "out/function_verdicts.h"

#define SEEDS 3
#define OPS   256
#define DELTA 2

/* Per op, of one seed. */
struct cost {
	struct function_cost old, new, old_off, new_off;
};

static struct function_table *make_table(void)
{
	struct function_table *table = calloc(1, sizeof(*table));
	size_t i, which;

	assert_non_null(table);
	assert_int_equal(function_table_init(table, SEEDS), 0);
	table->nr_seeds = SEEDS;
	for (i = 0; i < SEEDS; i++) {
		table->seeds[i] = i + 1;
		for (which = 0; which < FUNCTION_REPS; which++)
			table->ops[i][which] = OPS;
	}
	return table;
}

static void free_table(struct function_table *table)
{
	function_table_free(table);
	free(table);
}

/* @costs: SEEDS of them. */
static size_t add(struct function_table *table, const char *name, enum explain_note note, const struct cost *costs)
{
	struct function_entry *entry;
	size_t i;

	table->entries = reallocarray(table->entries, table->nr_entries + 1, sizeof(*entry));
	assert_non_null(table->entries);
	entry = &table->entries[table->nr_entries];
	*entry = (struct function_entry){.name = strdup(name), .note = note, .cost = calloc(SEEDS, sizeof(*entry->cost))};
	assert_non_null(entry->cost);
	for (i = 0; i < SEEDS; i++) {
		entry->cost[i][FUNCTION_OLD] = costs[i].old;
		entry->cost[i][FUNCTION_NEW] = costs[i].new;
		entry->cost[i][FUNCTION_OLD_OFF] = costs[i].old_off;
		entry->cost[i][FUNCTION_NEW_OFF] = costs[i].new_off;
	}
	return table->nr_entries++;
}

/* The same under every seed. */
static size_t add_same(struct function_table *table, const char *name, enum explain_note note, struct cost cost)
{
	struct cost costs[SEEDS] = {cost, cost, cost};

	return add(table, name, note, costs);
}

static void add_edge(struct function_table *table, size_t caller, size_t callee, double old_calls, double new_calls)
{
	table->edges = reallocarray(table->edges, table->nr_edges + 1, sizeof(*table->edges));
	assert_non_null(table->edges);
	table->edges[table->nr_edges++] = (struct function_edge){caller, callee, SEEDS * old_calls, SEEDS * new_calls};
}

/* Judged, and the table freed. */
static struct compare_functions *judge(struct function_table *table)
{
	struct compare_functions *functions;

	assert_int_equal(compare_functions_of(table, true, DELTA, &functions), 0);
	assert_int_equal(compare_functions_settle(&functions, 1), 0);
	free_table(table);
	return functions;
}

static void check_sentence(struct compare_functions *functions, const char *expected)
{
	char *sentence = function_verdicts_sentence(functions);

	assert_string_equal(sentence, expected);
	free(sentence);
	compare_functions_free(functions);
}

/* --- tests --- */

static void one_instruction_is_found(void **state)
{
	struct function_table *table = make_table();
	struct compare_functions *functions;

	(void)state;
	add_same(table, "try_charge_memcg", EXPLAIN_PLAIN, (struct cost){{66, 1}, {67, 1}, {0, 0}, {0, 0}});
	add_same(table, "charge_memcg", EXPLAIN_PLAIN, (struct cost){{30, 1}, {30, 1}, {0, 0}, {0, 0}});
	functions = judge(table);
	assert_int_equal(functions->nr, 1);
	assert_int_equal(functions->nr_worse, 1);
	assert_int_equal(functions->nr_compared, 2);
	assert_int_equal(functions->list[0].way, FUNCTION_EXACT);
	assert_true(functions->list[0].per_call == 1 && functions->list[0].change == 1 && functions->list[0].share == 1);
	check_sentence(functions, "regression of try_charge_memcg +1.0 (1 more a call)");
}

/* What is called seldom counts all the same, but not where two or three calls are all there is. */
static void calls_must_be_several(void **state)
{
	struct function_table *table = make_table();

	(void)state;
	add_same(table, "page_counter_uncharge", EXPLAIN_PLAIN, (struct cost){{36.0 * 8 / OPS, 8.0 / OPS}, {37.0 * 8 / OPS, 8.0 / OPS}, {0, 0}, {0, 0}});
	add_same(table, "page_counter_cancel", EXPLAIN_PLAIN, (struct cost){{36.0 * 7 / OPS, 7.0 / OPS}, {37.0 * 7 / OPS, 7.0 / OPS}, {0, 0}, {0, 0}});
	add_same(table, "memcg_destroy", EXPLAIN_PLAIN, (struct cost){{500, 1.0 / OPS}, {600, 1.0 / OPS}, {0, 0}, {0, 0}});
	check_sentence(judge(table), "regression of page_counter_uncharge +0.03 (1 more a call)");
}

/* The calls spread, and with them the row; what each of them costs does not. */
static void code_is_seen_through_a_spread(void **state)
{
	static const struct cost costs[SEEDS] = {
		{{100 * 2.5, 2.5}, {120 * 2.25, 2.25}, {0, 0}, {0, 0}},
		{{100 * 2.25, 2.25}, {120 * 2.75, 2.75}, {0, 0}, {0, 0}},
		{{100 * 3.0, 3.0}, {120 * 2.5, 2.5}, {0, 0}, {0, 0}},
	};
	static const struct cost paths[SEEDS] = {
		{{100, 1}, {103.5, 1}, {0, 0}, {0, 0}}, {{101, 1}, {103, 1}, {0, 0}, {0, 0}}, {{100, 1}, {109, 1}, {0, 0}, {0, 0}},
	};
	struct function_table *table = make_table();
	struct compare_functions *functions;

	(void)state;
	add(table, "swap_cgroup_record", EXPLAIN_PLAIN, costs);
	/* Dearer under every seed, and by no number that could be told from luck. */
	add(table, "mem_cgroup_from_slab_obj", EXPLAIN_PLAIN, paths);
	functions = judge(table);
	assert_int_equal(functions->nr, 1);
	assert_int_equal(functions->list[0].way, FUNCTION_CODE);
	assert_true(functions->list[0].decided == 50);
	check_sentence(functions, "regression of swap_cgroup_record +50.0 (20 more a call)");
}

/* Three seeds may agree by chance in how often something is called: that has to reach the δ of the row. */
static void how_often_has_to_matter(void **state)
{
	struct function_table *table = make_table();

	(void)state;
	add_same(table, "drain_stock", EXPLAIN_PLAIN, (struct cost){{41.0 / 16, 1.0 / 16}, {41.0 * 3 / 32, 3.0 / 32}, {0, 0}, {0, 0}});
	assert_int_equal(table->nr_entries, 1);
	check_sentence(judge(table), "");
	table = make_table();
	add_same(table, "drain_stock", EXPLAIN_PLAIN, (struct cost){{41.0 / 16, 1.0 / 16}, {41.0 / 8, 1.0 / 8}, {0, 0}, {0, 0}});
	check_sentence(judge(table), "regression of drain_stock +2.6 (0.125 calls instead of 0.0625)");
}

/* memcg's own code counts whoever runs it, others' where memcg off does not; the rest is shown, and decides nothing. */
static void whose_it_is(void **state)
{
	struct function_table *table = make_table();
	struct compare_functions *functions;
	char *list;

	(void)state;
	add_same(table, "__mod_lruvec_state", EXPLAIN_PLAIN, (struct cost){{18, 1}, {17, 1}, {15, 1}, {14, 1}});
	add_same(table, "__filemap_remove_folio", EXPLAIN_PLAIN, (struct cost){{54, 1}, {55, 1}, {0, 0}, {0, 0}});
	add_same(table, "filemap_read", EXPLAIN_PLAIN, (struct cost){{194, 1}, {195, 1}, {194, 1}, {195, 1}});
	/* Surplus alone: memcg calls it oftener. */
	add_same(table, "__rcu_read_lock", EXPLAIN_PLAIN, (struct cost){{7 * 11, 11}, {7 * 12, 12}, {42, 6}, {42, 6}});
	functions = judge(table);
	assert_int_equal(functions->nr, 4);
	assert_int_equal(functions->nr_worse, 1);
	assert_int_equal(functions->nr_better, 1);
	assert_false(functions->list[2].is_memcg);
	list = function_verdicts_list(functions);
	assert_string_equal(list, "__filemap_remove_folio:regression:+1;__mod_lruvec_state:improvement:-1;__rcu_read_lock:others:+7;"
				  "filemap_read:everybody:+1");
	free(list);
	check_sentence(functions, "regression of __filemap_remove_folio +1.0 (1 more a call); improvement of __mod_lruvec_state -1.0 (1 less a call); "
				  "paid by everybody: filemap_read +1.0 (1 more a call); not memcg's code: __rcu_read_lock +7.0 (12 calls instead of 11)");
}

/* A compiler's other mind: nothing where it costs nothing, and what it costs where it does. */
static void what_moved_is_summed(void **state)
{
	struct function_table *table = make_table();
	size_t caller, callee;

	(void)state;
	caller = add_same(table, "__mem_cgroup_charge", EXPLAIN_PLAIN, (struct cost){{27, 1}, {81, 1}, {0, 0}, {0, 0}});
	callee = add_same(table, "charge_memcg", EXPLAIN_GONE, (struct cost){{54, 1}, {0, 0}, {0, 0}, {0, 0}});
	add_edge(table, caller, callee, 1, 0);
	check_sentence(judge(table), "");
	table = make_table();
	caller = add_same(table, "__mem_cgroup_charge", EXPLAIN_PLAIN, (struct cost){{27, 1}, {75, 1}, {0, 0}, {0, 0}});
	callee = add_same(table, "charge_memcg", EXPLAIN_GONE, (struct cost){{54, 1}, {0, 0}, {0, 0}, {0, 0}});
	add_edge(table, caller, callee, 1, 0);
	check_sentence(judge(table), "improvement of __mem_cgroup_charge -6.0 (with what moved between it and charge_memcg)");
	/* Called no more, and the caller does no more for it: a change of its own. */
	table = make_table();
	caller = add_same(table, "__mem_cgroup_charge", EXPLAIN_PLAIN, (struct cost){{27, 1}, {27, 1}, {0, 0}, {0, 0}});
	callee = add_same(table, "charge_memcg", EXPLAIN_UNCALLED, (struct cost){{54, 1}, {0, 0}, {0, 0}, {0, 0}});
	add_edge(table, caller, callee, 1, 0);
	check_sentence(judge(table), "improvement of charge_memcg -54.0 (no longer called)");
}

/* Functions of memcg that an op costs 100 instructions in, and @change more, and one of others' that is 50 dearer. */
static struct compare_functions *make_functions(const int *change, size_t nr)
{
	static const char *const names[] = {"try_charge_memcg", "charge_memcg", "page_counter_try_charge"};
	struct function_table *table = make_table();
	size_t i;

	for (i = 0; i < nr; i++)
		add_same(table, names[i], EXPLAIN_PLAIN, (struct cost){{100, 1}, {100 + change[i], 1}, {0, 0}, {0, 0}});
	add_same(table, "filemap_read", EXPLAIN_PLAIN, (struct cost){{194, 1}, {244, 1}, {194, 1}, {244, 1}});
	return judge(table);
}

static void check_row(enum compare_verdict verdict, double low, double high, const int *change, size_t nr, enum compare_verdict expected,
		      const char *expected_why)
{
	struct compare_row row = {.verdict = verdict, .row_verdict = verdict, .functions = make_functions(change, nr),
				  .change.interval = {.low = low, .high = high}};

	rows_forget_why(&row);
	compare_functions_decide(&row);
	assert_int_equal(row.verdict, expected);
	assert_int_equal(row.row_verdict, verdict);
	assert_string_equal(row.why, expected_why);
	rows_forget_why(&row);
	compare_functions_free(row.functions);
}

/* Of functions that lost and gained the exact sum decides; not against the row as a whole, and never where the row has a change of its own. */
static void their_sum_decides_a_row(void **state)
{
	(void)state;
	check_row(COMPARE_EQUIVALENT, -1, 3, (int[]){1}, 1, COMPARE_REGRESSION,
		  "in try_charge_memcg, +1 instructions per op of 3 seeds; the row by itself is equivalent");
	check_row(COMPARE_INCONCLUSIVE, -50, 60, (int[]){2, -12, 13}, 3, COMPARE_REGRESSION,
		  "in page_counter_try_charge, +13 instructions per op of 3 seeds and 1 other function, +3 with what 1 other lost; the row by itself is "
		  "inconclusive");
	check_row(COMPARE_SMALL, -1.5, -0.5, (int[]){11, -12}, 2, COMPARE_IMPROVEMENT,
		  "in charge_memcg, -12 instructions per op of 3 seeds, -1 with what 1 other gained; the row by itself is small");
	/* What one function lost and another gained, moved. */
	check_row(COMPARE_EQUIVALENT, -1, 1, (int[]){12, -12}, 2, COMPARE_EQUIVALENT, "");
	/* Functions that spread outweigh what is exact. */
	check_row(COMPARE_SMALL, -1.5, -0.5, (int[]){1}, 1, COMPARE_SMALL, "");
	check_row(COMPARE_SMALL, 0.5, 1.5, (int[]){-1}, 1, COMPARE_SMALL, "");
	check_row(COMPARE_REGRESSION, 8, 9, (int[]){1}, 1, COMPARE_REGRESSION, "");
	check_row(COMPARE_ERROR, -1, 1, (int[]){1}, 1, COMPARE_ERROR, "");
	/* Others' alone. */
	check_row(COMPARE_EQUIVALENT, 49, 51, NULL, 0, COMPARE_EQUIVALENT, "");
}

/* A wrapper that keeps the old name does not make two functions of one. */
static void underscores_are_no_change(void **state)
{
	static char old_text[] = "ffffffff81000000 T cgroup_rstat_updated\n", new_text[] =
		"ffffffff81000000 T cgroup_rstat_updated\nffffffff81000100 T __cgroup_rstat_updated\n";
	struct function_table *table = make_table();
	struct symbols old, new;

	(void)state;
	assert_int_equal(symbols_parse(strdup(old_text), "old", &old), 0);
	assert_int_equal(symbols_parse(strdup(new_text), "new", &new), 0);
	table->old_symbols = &old;
	table->new_symbols = &new;
	add_same(table, "cgroup_rstat_updated", EXPLAIN_PLAIN, (struct cost){{62, 3}, {0, 0}, {0, 0}, {0, 0}});
	add_same(table, "__cgroup_rstat_updated", EXPLAIN_PLAIN, (struct cost){{0, 0}, {65, 3}, {0, 0}, {0, 0}});
	assert_int_equal(function_table_finish(table), 0);
	assert_int_equal(table->nr_entries, 1);
	check_sentence(judge(table), "regression of __cgroup_rstat_updated +3.0 (was cgroup_rstat_updated)");
	symbols_free(&old);
	symbols_free(&new);
}

static void memcg_is_known_by_name(void **state)
{
	static const char *const own[] = {"try_charge_memcg", "page_counter_try_charge", "propagate_protected_usage", "refill_stock",
					  "swap_cgroup_record", "lookup_swap_cgroup_id", "__mod_lruvec_state", "workingset_refault",
					  "uncharge_batch", "cgroup_rstat_updated", "css_rstat_flush", "drain_obj_stock"};
	static const char *const others[] = {"filemap_read", "__rcu_read_lock", "shrink_lruvec", "lru_gen_add_folio", "do_swap_page",
					     "tcp_cong_control", "restock", "folio_add_lru"};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(own); i++)
		if (!memcg_function_is(own[i]))
			fail_msg("%s is memcg's", own[i]);
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (memcg_function_is(others[i]))
			fail_msg("%s is not memcg's", others[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_instruction_is_found),
		cmocka_unit_test(calls_must_be_several),
		cmocka_unit_test(code_is_seen_through_a_spread),
		cmocka_unit_test(how_often_has_to_matter),
		cmocka_unit_test(whose_it_is),
		cmocka_unit_test(what_moved_is_summed),
		cmocka_unit_test(their_sum_decides_a_row),
		cmocka_unit_test(underscores_are_no_change),
		cmocka_unit_test(memcg_is_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
