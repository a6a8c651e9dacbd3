// SPDX-License-Identifier: GPL-2.0-or-later
/* A budget of time: how many blocks each item gets on machines that nobody has here, with a clock that is added up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/schedule.h"

#define S  1000000000ull
#define MS 1000000ull

#define BLOCKS 60

/* The card: arms, workers, ops of a pass that cost as much as a fault, and who is spare. */
static const struct {
	unsigned int arms, workers, ops, spare;
} card[] = {
	{2, 1, 0, 0},	 /* null */
	{2, 1, 6144, 0}, /* fault_storm */
	{2, 0, 6144, 0}, /* one worker for each core */
	{2, 1, 256, 1},	 {2, 1, 256, 0}, {2, 0, 256, 0}, {2, 0, 256, 0},
	{2, 1, 32, 2},	 {2, 2, 64, 2},	 {2, 8, 256, 2},
	{4, 1, 256, 0},			 /* charge_depth */
	{2, 2, 4096, 1},		 /* pagecache_share */
};

/* On a machine whose op costs @op_ns, with @cores. */
static void make_items(double op_ns, unsigned int cores, struct schedule_item *items)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(card); i++) {
		unsigned int workers = card[i].workers ? card[i].workers : cores;
		double pass_ns = card[i].ops * op_ns, rep_ns;

		/* Sizes become smaller, as sampler_look_at() has it, down to an eighth. */
		while (pass_ns > 50e6 && pass_ns > card[i].ops * op_ns / 8)
			pass_ns /= 2;
		rep_ns = pass_ns > 25e6 ? pass_ns : 25e6;
		items[i] = (struct schedule_item){
			.spare = card[i].spare,
			.block_ns = (uint64_t)(card[i].arms * (3 * rep_ns + workers * 500e3)),
			.fixed_ns = (uint64_t)(card[i].arms * (3 * rep_ns + workers * 1000e3)),
			.warmup_ns = (uint64_t)(8 * card[i].arms * rep_ns),
			.latency_ns = (uint64_t)(card[i].arms * 200000 * op_ns),
		};
	}
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Run them by the schedule, each item taking @factor of what was thought. Returns what all take. */
static uint64_t run(struct schedule_item *items, uint64_t budget_ns, double factor, unsigned int *ret_least, size_t *ret_left_out)
{
	uint64_t now_ns = 0, end_ns, block_ns;
	unsigned int done;
	size_t i;

	*ret_least = BLOCKS;
	*ret_left_out = 0;
	for (i = 0; i < ARRAY_SIZE(card); i++) {
		struct schedule_item *item = &items[i];
		uint64_t left_ns = budget_ns > now_ns ? budget_ns - now_ns : 0, extra_ns, needed_ns;

		needed_ns = schedule_share(items, ARRAY_SIZE(card), BLOCKS, left_ns, !now_ns);
		item->is_over = true;
		if (!item->blocks) {
			(*ret_left_out)++;
			continue;
		}
		assert_true(item->blocks >= SCHEDULE_LEAST_BLOCKS && item->blocks <= BLOCKS);
		extra_ns = at_most(item->latency_ns, item->extra_ns);
		end_ns = now_ns + item->ns + (left_ns > needed_ns ? left_ns - needed_ns : 0) - item->fixed_ns - extra_ns;
		now_ns += at_most((uint64_t)(factor * (double)item->warmup_ns), item->extra_ns);
		block_ns = (uint64_t)(factor * (double)item->block_ns);
		for (done = 0; done < BLOCKS && (done < SCHEDULE_LEAST_BLOCKS || now_ns + block_ns <= end_ns); done++)
			now_ns += block_ns;
		*ret_least = done < *ret_least ? done : *ret_least;
		now_ns += (uint64_t)(factor * (double)(item->fixed_ns + extra_ns));
	}
	return now_ns;
}

static void a_budget_is_kept_on_any_machine(void **state)
{
	static const double op_ns[] = {500, 2000, 14000};
	static const unsigned int cores[] = {1, 2, 8, 64};
	static const uint64_t budgets_ns[] = {120 * S, 30 * S, 10 * S};
	static const double factors[] = {0.8, 1, 1.2};
	struct schedule_item items[ARRAY_SIZE(card)];
	unsigned int least;
	size_t o, c, b, f, left_out;

	(void)state;
	for (o = 0; o < ARRAY_SIZE(op_ns); o++)
		for (c = 0; c < ARRAY_SIZE(cores); c++)
			for (b = 0; b < ARRAY_SIZE(budgets_ns); b++)
				for (f = 0; f < ARRAY_SIZE(factors); f++) {
					uint64_t ns;

					make_items(op_ns[o], cores[c], items);
					ns = run(items, budgets_ns[b], factors[f], &least, &left_out);
					assert_true(ns <= budgets_ns[b] / 20 * 21);
					/* All of it is used, unless there was no more to measure. */
					assert_true(least == BLOCKS || ns >= budgets_ns[b] / 10 * 9);
					assert_true(least >= SCHEDULE_LEAST_BLOCKS);
					/* In half a minute all is measured, or all but one where it is slower than thought. */
					assert_true(budgets_ns[b] == 10 * S ? left_out > 0 : left_out <= (budgets_ns[b] == 30 * S));
				}
}

static void without_a_budget_all_get_all(void **state)
{
	struct schedule_item items[ARRAY_SIZE(card)];
	size_t i;

	(void)state;
	make_items(14000, 64, items);
	items[3].is_over = true;
	schedule_share(items, ARRAY_SIZE(card), BLOCKS, UINT64_MAX, true);
	for (i = 0; i < ARRAY_SIZE(card); i++)
		if (i != 3)
			assert_int_equal(items[i].blocks, BLOCKS);
	assert_int_equal(items[3].ns, 0);
}

/* Room for three of four, with the least number of blocks. */
static void what_is_spare_is_left_out_first(void **state)
{
	struct schedule_item items[] = {
		{.block_ns = 100 * MS, .spare = 1}, {.block_ns = 100 * MS, .spare = 2}, {.block_ns = 100 * MS}, {.block_ns = 100 * MS, .spare = 2}};

	(void)state;
	schedule_share(items, ARRAY_SIZE(items), BLOCKS, 3 * 6 * 100 * MS, true);
	assert_int_equal(items[3].blocks, 0);
	assert_int_equal(items[0].blocks, 6);
	assert_int_equal(items[1].blocks, 6);
	schedule_share(items, ARRAY_SIZE(items), BLOCKS, 2 * 6 * 100 * MS, true);
	assert_int_equal(items[1].blocks, 0);
	assert_int_equal(items[3].blocks, 0);
	assert_int_equal(items[2].blocks, 6);
}

/* One that has no room if it were alone takes nobody with it. */
static void what_never_fits_goes_first(void **state)
{
	struct schedule_item items[] = {{.block_ns = 10 * S}, {.block_ns = 100 * MS, .spare = 1}, {.block_ns = 100 * MS, .spare = 1}};

	(void)state;
	schedule_share(items, ARRAY_SIZE(items), BLOCKS, 10 * S, true);
	assert_int_equal(items[0].blocks, 0);
	assert_int_equal(items[1].blocks, 50);
	assert_int_equal(items[2].blocks, 50);
}

/* Then the budget is not kept, and there is a row with an interval. */
static void the_last_one_is_measured(void **state)
{
	struct schedule_item item = {.block_ns = 10 * S, .fixed_ns = S};

	(void)state;
	assert_int_equal(schedule_share(&item, 1, BLOCKS, S, true), 61 * S);
	assert_int_equal(item.blocks, SCHEDULE_LEAST_BLOCKS);
	assert_int_equal(schedule_share(&item, 1, 2, S, true), 21 * S);
	assert_int_equal(item.blocks, 2);
	/* Not where there is another one. */
	assert_int_equal(schedule_share(&item, 1, BLOCKS, S, false), 0);
	assert_int_equal(item.blocks, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_budget_is_kept_on_any_machine),
		cmocka_unit_test(without_a_budget_all_get_all),
		cmocka_unit_test(what_is_spare_is_left_out_first),
		cmocka_unit_test(what_never_fits_goes_first),
		cmocka_unit_test(the_last_one_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
