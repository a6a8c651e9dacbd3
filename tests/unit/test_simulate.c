// SPDX-License-Identifier: GPL-2.0-or-later
/* What the verdicts promise, through the whole of compare: false alarms, coverage, and power at the printed size. Seeds are fixed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/simulate.h"

static struct simulate_cell run(enum simulate_noise noise, bool live, size_t nr_units, size_t nr_rows, size_t nr_families)
{
	struct simulate_cell cell;

	assert_int_equal(simulate_families(noise, live, nr_units, nr_rows, nr_families, 1, &cell), 0);
	return cell;
}

/* Of 600 families 5 % are 30, with a standard error of 5.3: three of them, since there are 16 designs. */
static void test_seeds(void **state)
{
	static const size_t seeds[] = { 3, 5 }, rows[] = { 8, 26 };

	(void)state;
	for (int noise = 0; noise < SIMULATE_DEPENDENT; noise++)
		for (size_t s = 0; s < ARRAY_SIZE(seeds); s++)
			for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
				struct simulate_cell cell = run((enum simulate_noise)noise, false, seeds[s], rows[r], 600);

				if (cell.nr_alarms > 30 + 3 * 5.3)
					fail_msg("%s, %zu seeds, %zu rows: %zu alarms", simulate_noise_name(cell.noise), seeds[s], rows[r],
						 cell.nr_alarms);
				assert_true(cell.coverage > 0.93);
			}
}

/* What it was without: one comparison of five, and more than half. */
static void test_three_seeds_by_t(void **state)
{
	struct simulate_cell few = run(SIMULATE_MODES, false, 3, 8, 600), many = run(SIMULATE_MODES, false, 3, 26, 200);

	(void)state;
	assert_true(few.nr_t_alarms > 100 && many.nr_t_alarms > 90);
	assert_int_equal(few.nr_alarms + many.nr_alarms, 0);
}

static void test_power(void **state)
{
	static const struct {
		bool live;
		size_t nr;
	} designs[] = { { false, 4 }, { false, 5 }, { true, 16 } };

	(void)state;
	for (size_t d = 0; d < ARRAY_SIZE(designs); d++) {
		struct simulate_cell cell = run(SIMULATE_NORMAL, designs[d].live, designs[d].nr, 1, 1000);
		double power;

		assert_int_equal(simulate_power(SIMULATE_NORMAL, designs[d].live, designs[d].nr, cell.detectable, 1000, 2, &power), 0);
		/* 3 points, and two standard errors. */
		if (fabs(power - 0.8) > 0.03 + 0.025)
			fail_msg("%zu %s: a power of %.3f", designs[d].nr, designs[d].live ? "blocks" : "seeds", power);
	}
}

static void test_blocks(void **state)
{
	struct simulate_cell cell = run(SIMULATE_NORMAL, true, 16, 8, 200);

	(void)state;
	assert_true(cell.nr_alarms <= 10 + 2 * 3.1);
	assert_true(cell.coverage > 0.93 && cell.coverage < 0.98);
	/* The same seed, the same comparisons. */
	assert_int_equal(run(SIMULATE_NORMAL, true, 16, 8, 200).nr_alarms, cell.nr_alarms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_three_seeds_by_t),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
