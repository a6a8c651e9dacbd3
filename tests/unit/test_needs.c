// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fs.h"
#include "core/needs.h"

#define DATA "tests/data/needs/"

static const struct cg_info with_memcg = {.version = CG_V2};
static const struct cg_info without_memcg = {.version = CG_NONE,
					     .why = "cgroup_disable=memory is on the command line"};

static void assert_met(enum bench_needs flag)
{
	char why[256] = "untouched";

	assert_true(needs_met(flag, &with_memcg, why, sizeof(why)));
	assert_string_equal(why, "untouched");
}

static void assert_unmet(enum bench_needs flag, const char *sentence)
{
	char why[256] = "";

	assert_false(needs_met(flag, &without_memcg, why, sizeof(why)));
	assert_string_equal(why, sentence);
}

static void a_machine_that_has_all(void **state)
{
	(void)state;
	fs_set_root(DATA "rich");
	assert_met(BENCH_NEEDS_MEMCG);
	/* Who is not root cannot have it anywhere. */
	if (!geteuid())
		assert_met(BENCH_NEEDS_SWAP);
	else
		assert_unmet(BENCH_NEEDS_SWAP, "needs swap: it takes root to have swap on zram");
	assert_met(BENCH_NEEDS_NUMA);
	assert_met(BENCH_NEEDS_THP);
}

static void a_machine_that_has_none_on(void **state)
{
	(void)state;
	fs_set_root(DATA "poor");
	assert_unmet(BENCH_NEEDS_MEMCG, "needs memcg: cgroup_disable=memory is on the command line");
	assert_unmet(BENCH_NEEDS_SWAP, "needs swap: zram is not in this kernel (CONFIG_ZRAM)");
	assert_unmet(BENCH_NEEDS_NUMA, "needs numa: this machine has 1 memory node");
	assert_unmet(BENCH_NEEDS_THP,
		     "needs thp: /sys/kernel/mm/transparent_hugepage/enabled says never");
}

static void a_kernel_without_any(void **state)
{
	(void)state;
	fs_set_root(DATA "no-such-tree");
	assert_unmet(BENCH_NEEDS_SWAP, "needs swap: this kernel has no swap (CONFIG_SWAP)");
	assert_unmet(BENCH_NEEDS_NUMA,
		     "needs numa: this kernel shows no memory nodes in /sys/devices/system/node");
	assert_unmet(BENCH_NEEDS_THP, "needs thp: this kernel has no transparent huge pages");
}

static void a_bench_needs_all_of_its_flags(void **state)
{
	struct bench bench = {.needs = BENCH_NEEDS_MEMCG | BENCH_NEEDS_THP};
	char why[256];

	(void)state;
	fs_set_root(DATA "poor");
	assert_false(needs_all_met(&bench, &with_memcg, why, sizeof(why)));
	assert_non_null(strstr(why, "needs thp"));
	fs_set_root(DATA "rich");
	assert_true(needs_all_met(&bench, &with_memcg, why, sizeof(why)));
	assert_false(needs_all_met(&bench, &without_memcg, why, sizeof(why)));
	bench.needs = 0;
	assert_true(needs_all_met(&bench, &without_memcg, why, sizeof(why)));
	/* A flag that the table lacks is unmet, not unseen. */
	bench.needs = 1U << 20;
	assert_false(needs_all_met(&bench, &with_memcg, why, sizeof(why)));
}

static void every_flag_has_a_sentence(void **state)
{
	const struct need *need;
	unsigned int flags = 0;

	(void)state;
	for (need = needs_table; need->flag; need++) {
		assert_non_null(need->name);
		assert_non_null(need->help);
		assert_false(flags & need->flag);
		flags |= need->flag;
	}
	assert_int_equal(flags, BENCH_NEEDS_MEMCG | BENCH_NEEDS_SWAP | BENCH_NEEDS_NUMA |
					BENCH_NEEDS_THP | BENCH_NEEDS_DIR | BENCH_NEEDS_PROCESSES | BENCH_NEEDS_GUEST);
}

static void a_run_meets_needs_by_its_options(void **state)
{
	char why[256];

	(void)state;
	assert_true(needs_brought(BENCH_NEEDS_DIR | BENCH_NEEDS_PROCESSES, false, "/var/tmp", false, why, sizeof(why)));
	assert_true(needs_brought(BENCH_NEEDS_DIR | BENCH_NEEDS_GUEST, false, NULL, true, why, sizeof(why)));
	assert_false(needs_brought(BENCH_NEEDS_DIR, false, NULL, false, why, sizeof(why)));
	assert_non_null(strstr(why, "--dir=PATH"));
	assert_false(needs_brought(BENCH_NEEDS_PROCESSES, true, NULL, true, why, sizeof(why)));
	assert_non_null(strstr(why, "threads"));
	assert_false(needs_brought(BENCH_NEEDS_GUEST, false, "/var/tmp", false, why, sizeof(why)));
	assert_non_null(strstr(why, "--kernel"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_has_all),
		cmocka_unit_test(a_machine_that_has_none_on),
		cmocka_unit_test(a_kernel_without_any),
		cmocka_unit_test(a_bench_needs_all_of_its_flags),
		cmocka_unit_test(every_flag_has_a_sentence),
		cmocka_unit_test(a_run_meets_needs_by_its_options),
	};

	return cmocka_run_group_tests_name("needs", tests, NULL, NULL);
}
