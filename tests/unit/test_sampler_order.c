// SPDX-License-Identifier: GPL-2.0-or-later
/* Who comes first: places in the stock of a CPU go by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/sampler_run.h"

/* Arms 0 (off) and 1 (root) of @nr; all others are children. */
static void make_run(size_t nr, uint64_t seed, struct plan *plan, struct sampler *sampler, struct plan_item *item, struct item_run *run)
{
	size_t i;

	*plan = (struct plan){.seed = seed};
	*sampler = (struct sampler){.plan = plan};
	*item = (struct plan_item){.nr_arms = nr};
	*run = (struct item_run){.sampler = sampler, .item = item};
	for (i = 0; i < nr; i++)
		item->arms[i].state = i == 0 ? PLAN_OFF : i == 1 ? PLAN_ROOT : PLAN_CHILD;
	for (i = 1; i < nr; i++)
		run->arms[run->nr_arms++] = i;
}

/* Over as many seeds as there are children each comes first once, and last once; root stays where it is. */
static void each_child_comes_first(void **state)
{
	static struct item_run run;
	static struct plan_item item;
	struct sampler sampler;
	struct plan plan;
	size_t nr, k, order[PLAN_ARMS_MAX], first[PLAN_ARMS_MAX], last[PLAN_ARMS_MAX], seen[PLAN_ARMS_MAX];
	uint64_t seed;

	(void)state;
	for (nr = 3; nr <= PLAN_ARMS_MAX; nr++) {
		memset(first, 0, sizeof(first));
		memset(last, 0, sizeof(last));
		for (seed = 1; seed <= nr - 2; seed++) {
			make_run(nr, seed, &plan, &sampler, &item, &run);
			sampler_start_order(&run, order);
			assert_int_equal(order[0], 1);
			memset(seen, 0, sizeof(seen));
			for (k = 0; k < run.nr_arms; k++)
				seen[order[k]]++;
			for (k = 1; k < nr; k++)
				assert_int_equal(seen[k], 1);
			first[order[1]]++;
			last[order[run.nr_arms - 1]]++;
		}
		for (k = 2; k < nr; k++) {
			assert_int_equal(first[k], 1);
			assert_int_equal(last[k], 1);
		}
	}
}

static void without_children(void **state)
{
	static struct item_run run;
	static struct plan_item item;
	struct sampler sampler;
	struct plan plan;
	size_t order[PLAN_ARMS_MAX];

	(void)state;
	make_run(2, 5, &plan, &sampler, &item, &run);
	sampler_start_order(&run, order);
	assert_int_equal(order[0], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_child_comes_first),
		cmocka_unit_test(without_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
