// SPDX-License-Identifier: GPL-2.0-or-later
/* Tables and rows from profiles made up here: what counts as whose, and that everything adds up. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/explain.h"
#include "data/explain_run.h"
#include "out/explain.h"

static const char table[] = "ffffffff81000000 T entry_SYSCALL_64\n"
			    "ffffffff81001000 T charge\n"
			    "ffffffff81002000 t counter.isra.0\n"
			    "ffffffff81003000 t counter.cold\n"
			    "ffffffff81004000 T asm_sysvec_apic_timer_interrupt\n"
			    "ffffffff81005000 T tick\n"
			    "ffffffff81006000 T do_idle\n"
			    "ffffffff81007000 T tail\n"
			    "ffffffff81008000 T asm_exc_page_fault\n";

#define SYS    0xffffffff81000000u
#define CHARGE 0xffffffff81001000u
#define COUNTER 0xffffffff81002000u
#define COLD   0xffffffff81003000u
#define TIMER  0xffffffff81004000u
#define TICK   0xffffffff81005000u
#define IDLE   0xffffffff81006000u
#define TAIL   0xffffffff81007000u
#define FAULT  0xffffffff81008000u

static struct profile_node nodes[] = {
	{0, PROFILE_ROOT, 0, 0},
	{0, PROFILE_USER, 0, 0},
	{0, PROFILE_SYSCALL, SYS, 0},
	{2, PROFILE_CALL, CHARGE, SYS + 8},
	{3, PROFILE_CALL, COUNTER, CHARGE + 8},
	{4, PROFILE_EVENT, TIMER, 0},
	{5, PROFILE_CALL, TICK, TIMER + 8},
	{0, PROFILE_BASE, 0, 0},
	/* tail was jumped to from charge, and calls counter from its own code. */
	{3, PROFILE_CALL, COUNTER, TAIL + 8},
	{2, PROFILE_EVENT, FAULT, 0},
	/* charge calls itself. */
	{3, PROFILE_CALL, CHARGE, CHARGE + 16},
};

static struct profile profile = {.nodes = nodes, .nr_nodes = sizeof(nodes) / sizeof(nodes[0]), .nr_vcpus = 1};
static struct symbols symbols;

static int setup(void **state)
{
	(void)state;
	return symbols_parse(strdup(table), "the table", &symbols);
}

static int teardown(void **state)
{
	(void)state;
	symbols_free(&symbols);
	return 0;
}

static void make(struct profile_count *counts, size_t nr, uint64_t ops, const char *outside, double per_op, struct explain_rep *ret)
{
	struct profile_rep rep = {.counts = counts, .nr_counts = nr};
	size_t i;

	for (i = 0; i < nr; i++)
		rep.insns += counts[i].insns;
	assert_int_equal(explain_rep_make(&profile, &rep, &symbols, ops, outside, per_op, ret), 0);
}
#define MAKE(counts, ops, outside, per_op, ret) make(counts, sizeof(counts) / sizeof(counts[0]), ops, outside, per_op, ret)

static double self(const struct explain_rep *rep, const char *name)
{
	const struct explain_function *function = explain_rep_find(rep, name);

	return function ? function->self : -1;
}

static double inclusive(const struct explain_rep *rep, const char *name)
{
	const struct explain_function *function = explain_rep_find(rep, name);

	return function ? function->inclusive : -1;
}

static double calls(const struct explain_rep *rep, const char *name)
{
	const struct explain_function *function = explain_rep_find(rep, name);

	return function ? function->calls : -1;
}

static void assert_near(double a, double b)
{
	assert_true(a - b < 1e-9 && b - a < 1e-9);
}

static void test_shares(void **state)
{
	struct profile_count counts[] = {
		{1, 0x400000, 1, 30},	 /* user */
		{2, SYS, 10, 100},
		{3, CHARGE, 10, 200},	 /* entry: 10 calls */
		{3, CHARGE + 32, 10, 50}, /* not an entry */
		{4, COUNTER, 20, 400},
		{4, COLD, 5, 10},	 /* a jump into a part of counter, no call */
		{10, CHARGE, 1, 7},
	};
	struct explain_rep rep;

	(void)state;
	MAKE(counts, 10, EXPLAIN_CLOCK, 1.5, &rep);
	assert_near(self(&rep, EXPLAIN_USER), 3);
	assert_near(self(&rep, "charge"), 25.7);
	assert_near(self(&rep, "counter"), 41);
	assert_near(self(&rep, EXPLAIN_CLOCK), 1.5);
	assert_near(inclusive(&rep, "charge"), 66.7); /* itself below itself counts once */
	assert_near(inclusive(&rep, "entry_SYSCALL_64"), 76.7);
	assert_near(calls(&rep, "charge"), 1.1);
	assert_near(calls(&rep, "counter"), 2);
	assert_near(rep.cost, 81.2);
	assert_null(explain_rep_find(&rep, "counter.isra.0"));
	assert_null(explain_rep_find(&rep, "tick"));
	explain_rep_free(&rep);
}

/* Interrupts and idle time are nobody's; exceptions are work. */
static void test_apart(void **state)
{
	struct profile_count counts[] = {
		{4, COUNTER, 1, 10}, {5, TIMER, 1, 100}, {6, TICK, 1, 1000}, {7, IDLE + 4, 1, 500}, {9, FAULT, 1, 60},
	};
	struct explain_rep rep;

	(void)state;
	MAKE(counts, 1, NULL, 0, &rep);
	assert_near(self(&rep, EXPLAIN_INTERRUPT), 1100);
	assert_near(self(&rep, EXPLAIN_IDLE), 500);
	assert_near(inclusive(&rep, "counter"), 10);
	assert_null(explain_rep_find(&rep, "tick"));
	assert_near(self(&rep, "asm_exc_page_fault"), 60);
	assert_near(inclusive(&rep, "entry_SYSCALL_64"), 70);
	explain_rep_free(&rep);
}

/* A function that was jumped to stands between the one that jumped and what it calls. */
static void test_tail_call(void **state)
{
	struct profile_count counts[] = {{3, TAIL, 1, 10}, {8, COUNTER, 1, 5}};
	struct explain_rep rep;

	(void)state;
	MAKE(counts, 1, NULL, 0, &rep);
	assert_near(self(&rep, "tail"), 10);
	assert_near(inclusive(&rep, "tail"), 15);
	assert_near(calls(&rep, "tail"), 1);
	assert_near(inclusive(&rep, "charge"), 15);
	assert_int_equal(rep.nr_stacks, 2);
	assert_string_equal(rep.stacks[1].path, "entry_SYSCALL_64;charge;tail;counter");
	explain_rep_free(&rep);
}

static struct explain_function functions_old[] = {
	{"__mod_state", 10, 10, 1}, {"charge", 50, 60, 1}, {"helper", 7, 7, 1}, {"inlined", 4, 4, 1}};
static struct explain_function functions_new[] = {
	{"charge", 58, 70, 1}, {"fresh", 3, 3, 1}, {"helper", 7, 7, 1}, {"mod_state", 9, 9, 1}};
static struct explain_function off_old[] = {{"charge", 1, 1, 1}};
static struct explain_function off_new[] = {{"charge", 3, 3, 1}};

static void change_sides(struct explain_side *old, struct explain_side *new)
{
	static struct rundata_metric metric = {.name = "fault", .op = "page"};
	static struct rundata_item item = {.bench = "fault_storm", .metrics = &metric, .nr_metrics = 1};

	*old = (struct explain_side){.kernel = "6.1", .arm_name = "child", .item = &item, .has_off = true};
	*new = (struct explain_side){.kernel = "6.2", .arm_name = "child", .item = &item, .has_off = true};
	old->with = (struct explain_rep){.functions = functions_old, .nr_functions = 4};
	new->with = (struct explain_rep){.functions = functions_new, .nr_functions = 4};
	old->off = (struct explain_rep){.functions = off_old, .nr_functions = 1};
	new->off = (struct explain_rep){.functions = off_new, .nr_functions = 1};
	assert_int_equal(symbols_parse(strdup("1000 T charge\n2000 T __mod_state\n3000 T inlined\n4000 T helper\n"), "o",
				       &old->symbols), 0);
	assert_int_equal(symbols_parse(strdup("1000 T charge\n2000 T mod_state\n3000 T fresh\n4000 T helper\n"), "n",
				       &new->symbols), 0);
}

static const struct explain_row *find_row(const struct explain_view *view, const char *name)
{
	size_t i;

	for (i = 0; i < view->nr_rows; i++)
		if (!strcmp(view->rows[i].name, name))
			return &view->rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void test_change(void **state)
{
	struct explain_side old, new;
	struct explain_view view;

	(void)state;
	change_sides(&old, &new);
	assert_int_equal(explain_view_make(&old, &new, &view), 0);
	assert_int_equal(view.nr_rows, 5);
	assert_string_equal(view.rows[0].name, "charge");
	assert_near(view.rows[0].change, 8);
	assert_near(view.rows[0].off_change, 2);
	assert_int_equal(find_row(&view, "mod_state")->note, EXPLAIN_RENAMED);
	assert_string_equal(find_row(&view, "mod_state")->was, "__mod_state");
	assert_near(find_row(&view, "mod_state")->change, -1);
	assert_int_equal(find_row(&view, "inlined")->note, EXPLAIN_GONE);
	assert_int_equal(find_row(&view, "fresh")->note, EXPLAIN_NEW);
	assert_int_equal(find_row(&view, "helper")->note, EXPLAIN_PLAIN);
	assert_near(view.old_cost, 71);
	assert_near(view.new_cost, 77);
	assert_near(view.change, 6);
	explain_view_free(&view);
	symbols_free(&old.symbols);
	symbols_free(&new.symbols);
}

/* The rows shown, the one of the others and the sum: in every form the same. */
static void test_forms(void **state)
{
	struct explain_side old, new;
	struct explain_view view;
	struct explain_print print = {.view = &view, .top = 2, .nr_seeds = 1};
	struct explain_sheet sheet;
	char cells[EXPLAIN_COLUMNS_MAX][EXPLAIN_CELL_MAX], *text = NULL;
	size_t size;
	FILE *out;
	json_t *json;

	(void)state;
	change_sides(&old, &new);
	assert_int_equal(explain_view_make(&old, &new, &view), 0);
	explain_sheet_make(&print, &sheet);
	assert_int_equal(sheet.nr_columns, 7);
	explain_sheet_row(&print, &sheet, 3, cells);
	assert_string_equal(cells[0], "sum");
	assert_string_equal(cells[3], "+6.0");
	assert_string_equal(cells[5], "+4.0");
	explain_sheet_row(&print, &sheet, 2, cells);
	assert_string_equal(cells[0], "(3 more)");
	assert_string_equal(cells[3], "+2.0");
	out = open_memstream(&text, &size);
	assert_int_equal(explain_lkml(&print, out), 0);
	fclose(out);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 0, 72);
	free(text);
	json = explain_json(&print);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "rows")), 5);
	json_decref(json);
	out = open_memstream(&text, &size);
	assert_int_equal(explain_svg(&print, out), 0);
	fclose(out);
	assert_non_null(strstr(text, "</svg>"));
	free(text);
	explain_view_free(&view);
	symbols_free(&old.symbols);
	symbols_free(&new.symbols);
}

/* Of a sweep: by parameter and by workers. */
static void test_which_item(void **state)
{
	static const char *const single[] = {"way=single"}, *const part[] = {"wa=single"}, *const none[] = {"way"};
	struct rundata_metric metric = {.name = (char *)"charge"};
	struct rundata_arm arm = {.state = (char *)"child", .depth = 1};
	struct rundata_item items[3];
	struct rundata data = {.dir = (char *)"x", .items = items, .nr_items = 3};
	struct explain_resolved resolved;
	struct explain_query query = {0};
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++)
		items[i] = (struct rundata_item){.bench = (char *)"b", .metrics = &metric, .nr_metrics = 1, .arms = &arm, .nr_arms = 1,
						 .params = json_pack("{s:s}", "way", i ? "single" : "hit"),
						 .workers = i == 2 ? json_pack("[i, i]", 0, 1) : json_pack("[i]", 0)};
	data.run = json_pack("{s:[{s:s}]}", "boots", "kernel", "k");
	assert_int_equal(explain_resolve(&data, &query, &resolved), 0);
	assert_ptr_equal(resolved.item, &items[0]);
	query = (struct explain_query){.params = single, .nr_params = 1};
	assert_int_equal(explain_resolve(&data, &query, &resolved), 0);
	assert_ptr_equal(resolved.item, &items[1]);
	query.nr_workers = 2;
	assert_int_equal(explain_resolve(&data, &query, &resolved), 0);
	assert_ptr_equal(resolved.item, &items[2]);
	query.nr_workers = 3;
	assert_int_equal(explain_resolve(&data, &query, &resolved), -ENOENT);
	assert_non_null(strstr(err_msg(), "as many workers"));
	query = (struct explain_query){.params = part, .nr_params = 1};
	assert_int_equal(explain_resolve(&data, &query, &resolved), -ENOENT);
	query.params = none;
	assert_int_equal(explain_resolve(&data, &query, &resolved), -ENOENT);
	for (i = 0; i < 3; i++) {
		json_decref(items[i].params);
		json_decref(items[i].workers);
	}
	json_decref(data.run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares),	cmocka_unit_test(test_apart),  cmocka_unit_test(test_tail_call),
		cmocka_unit_test(test_change), cmocka_unit_test(test_forms),	cmocka_unit_test(test_which_item),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
