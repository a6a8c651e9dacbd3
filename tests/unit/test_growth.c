// SPDX-License-Identifier: GPL-2.0-or-later
/* Does usage grow from rep to rep? Of series as stocks make them, as warm-ups make them, and as a leak makes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/growth.h"

#define REPS 29

static uint32_t pages[REPS];
static struct growth growth;
static long slack;

/* Usage before a rep: what processes have, and anything from nothing to a full stock. */
static void sound(unsigned short *random)
{
	size_t i;

	for (i = 0; i < REPS; i++)
		pages[i] = 66 + (uint32_t)(nrand48(random) % (64 + 10));
}

static void stocks_do_not_grow(void **state)
{
	unsigned short random[3] = {1, 2, 3};
	size_t i, k;

	(void)state;
	slack = growth_slack(1, 1);
	assert_int_equal(slack, 64 + 32);
	for (k = 0; k < 10000; k++) {
		sound(random);
		assert_false(growth_find(pages, REPS, slack, &growth));
	}
	/* Worst: empty at first, full later on. */
	for (i = 0; i < REPS; i++)
		pages[i] = i < REPS / 2 ? 66 : 66 + 64 + 10;
	assert_false(growth_find(pages, REPS, slack, &growth));
}

static void a_warm_up_is_no_growth(void **state)
{
	unsigned short random[3] = {1, 2, 3};
	size_t i;

	(void)state;
	slack = growth_slack(1, 2);
	sound(random);
	/* 1000 pages, three of four of them before the middle. */
	for (i = 0; i < REPS; i++)
		pages[i] += 1000 - (i < REPS / 4 ? 1000 - 40 * (uint32_t)i : 0);
	assert_false(growth_find(pages, REPS, slack, &growth));
	/* What goes down is none either. */
	for (i = 0; i < REPS; i++)
		pages[i] = 5000 - 100 * (uint32_t)i;
	assert_false(growth_find(pages, REPS, slack, &growth));
}

static void a_leak_is_found(void **state)
{
	unsigned short random[3] = {1, 2, 3};
	size_t i, k, nr_found = 0;

	(void)state;
	slack = growth_slack(1, 1);
	for (k = 0; k < 1000; k++) {
		sound(random);
		for (i = 0; i < REPS; i++)
			pages[i] += 24 * (uint32_t)i;
		nr_found += growth_find(pages, REPS, slack, &growth);
	}
	assert_int_equal(nr_found, 1000);
	assert_in_range(growth.first, 66, 66 + 74 + 24 * REPS / 4);
	assert_in_range(growth.last, 66 + 24 * REPS * 3 / 4 - 24, 66 + 74 + 24 * REPS);
	/* The least that can be: where the stock does not hide it, a little more than the slack in three quarters of the reps. */
	for (i = 0; i < REPS; i++)
		pages[i] = 66 + 5 * (uint32_t)i;
	assert_true(growth_find(pages, REPS, slack, &growth));
	assert_false(growth_find(pages, 7, 0, &growth));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stocks_do_not_grow),
		cmocka_unit_test(a_warm_up_is_no_growth),
		cmocka_unit_test(a_leak_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
