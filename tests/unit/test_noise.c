// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/cpulist.h"
#include "machine/noise.h"

#define DATA "tests/data/machine/"
/* The trees were written for USER_HZ = 100, which is what every Linux ABI but Alpha's has. */
#define TICK_NS 10000000ull

static int real_root(void **state)
{
	(void)state;
	fs_set_root("");
	return 0;
}

static void metal_noise(void **state)
{
	struct noise n;

	(void)state;
	fs_set_root(DATA "metal-v2");
	assert_int_equal(noise_read(&n), 0);
	assert_int_equal(n.user_ns, 1050 * TICK_NS);
	assert_int_equal(n.system_ns, 2000 * TICK_NS);
	assert_int_equal(n.idle_ns, 90000 * TICK_NS);
	assert_int_equal(n.iowait_ns, 300 * TICK_NS);
	assert_int_equal(n.irq_ns, 50 * TICK_NS);
	assert_int_equal(n.steal_ns, 0);
	assert_int_equal(n.procs_running, 3);
	assert_int_equal(n.context_switches, 403699);
	assert_int_equal(n.load_milli, 1520);
	assert_int_equal(n.swap_in_pages, 12);
	assert_int_equal(n.swap_out_pages, 34);
	assert_true(n.has_freq && n.has_throttle);
	assert_int_equal(n.freq_min_khz, 800000);
	assert_int_equal(n.freq_max_khz, 3500000);
	assert_int_equal(n.throttle_count, 0 + 1 + 2 + 3 + 4 * 10);
}

static void vm_shows_less(void **state)
{
	struct noise n;

	(void)state;
	fs_set_root(DATA "vm-hybrid");
	assert_int_equal(noise_read(&n), 0);
	assert_int_equal(n.steal_ns, 6440 * TICK_NS);
	assert_int_equal(n.load_milli, 50);
	assert_false(n.has_freq || n.has_throttle);
	assert_int_equal(n.freq_min_khz + n.freq_max_khz + n.throttle_count, 0);
	assert_int_equal(n.swap_in_pages + n.swap_out_pages, 0);
}

/* The first line has four times only, as very old kernels had it, and the load is above ten. */
static void old_and_loaded(void **state)
{
	struct noise n;

	(void)state;
	fs_set_root(DATA "offline");
	assert_int_equal(noise_read(&n), 0);
	assert_int_equal(n.idle_ns, 900 * TICK_NS);
	assert_int_equal(n.steal_ns, 0);
	assert_int_equal(n.load_milli, 12070);
}

static void missing_stat_is_an_error(void **state)
{
	struct noise n = {.time_ns = 7};

	(void)state;
	fs_set_root(DATA "empty");
	assert_int_equal(noise_read(&n), -ENOENT);
	assert_non_null(strstr(err_msg(), "/proc/stat"));
	assert_int_equal(n.time_ns, 7);
}

static void time_goes_on(void **state)
{
	struct noise a, b;

	(void)state;
	assert_int_equal(noise_read(&a), 0);
	usleep(20000);
	assert_int_equal(noise_read(&b), 0);
	assert_true(b.time_ns - a.time_ns >= 20000000);
	assert_true(b.context_switches > a.context_switches);
	assert_true(b.procs_running >= 1);
}

static void cpu_lists(void **state)
{
	struct cpulist_walk walk = {.rest = "0-1,7,9-10"};
	static const unsigned int expected[] = {0, 1, 7, 9, 10};
	unsigned int cpu;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_true(cpulist_next(&walk, &cpu));
		assert_int_equal(cpu, expected[i]);
	}
	assert_false(cpulist_next(&walk, &cpu));
	assert_false(cpulist_next(&walk, &cpu));
	assert_int_equal(cpulist_count("0-127"), 128);
	assert_int_equal(cpulist_count(""), 0);
	assert_int_equal(cpulist_count("(null)"), 0);
	/* No list: the walk stops there, and never runs for minutes. */
	assert_int_equal(cpulist_count("3-1"), 0);
	assert_int_equal(cpulist_count("0,-1"), 1);
	assert_int_equal(cpulist_count("0-4294967295"), 0);
	assert_int_equal(cpulist_count("1,99999999999999999999"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(metal_noise, real_root),
		cmocka_unit_test_teardown(vm_shows_less, real_root),
		cmocka_unit_test_teardown(old_and_loaded, real_root),
		cmocka_unit_test_teardown(missing_stat_is_an_error, real_root),
		cmocka_unit_test(time_goes_on),
		cmocka_unit_test(cpu_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
