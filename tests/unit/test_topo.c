// SPDX-License-Identifier: GPL-2.0-or-later
/* Placement on machines that nobody here owns, and pinning on the one that runs the test. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/topo.h"
#include "machine/topo_priv.h"

#define MAX_WORKERS 64

/*
 * Two packages of two nodes of two cores of two PUs, numbered as most firmware does it: the
 * second PU of each core behind all the first ones.
 *
 *	package      0               1
 *	node         0       1       2       3
 *	core         0   1   2   3   4   5   6   7
 *	first PU     0   1   2   3   4   5   6   7
 *	second PU    8   9   10  11  12  13  14  15
 */
#define BIG "pack:2 numa:2 core:2 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)"

static struct topo *load(const char *description)
{
	struct topo *topo = NULL;

	assert_int_equal(topo_load_synthetic(description, &topo), 0);
	assert_non_null(topo);
	return topo;
}

/* The same machine for a process that may use the PUs of @cpu_list only. */
static struct topo *load_allowed(const char *description, const char *cpu_list)
{
	hwloc_bitmap_t allowed = hwloc_bitmap_alloc();
	hwloc_topology_t hwloc;
	struct topo *topo = NULL;

	assert_int_equal(hwloc_topology_init(&hwloc), 0);
	assert_int_equal(hwloc_topology_set_flags(hwloc, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED),
			 0);
	assert_int_equal(hwloc_topology_set_synthetic(hwloc, description), 0);
	assert_int_equal(hwloc_topology_load(hwloc), 0);
	assert_true(hwloc_bitmap_list_sscanf(allowed, cpu_list) >= 0);
	assert_int_equal(hwloc_topology_allow(hwloc, allowed, NULL, HWLOC_ALLOW_FLAG_CUSTOM), 0);
	hwloc_bitmap_free(allowed);
	assert_int_equal(topo_from_hwloc(hwloc, &topo), 0);
	return topo;
}

/* The same machine without the PUs that are not in @cpu_list; nodes that lose their last PU stay.
 */
static struct topo *load_restricted(const char *description, const char *cpu_list)
{
	hwloc_bitmap_t left = hwloc_bitmap_alloc();
	hwloc_topology_t hwloc;
	struct topo *topo = NULL;

	assert_int_equal(hwloc_topology_init(&hwloc), 0);
	assert_int_equal(hwloc_topology_set_synthetic(hwloc, description), 0);
	assert_int_equal(hwloc_topology_load(hwloc), 0);
	assert_true(hwloc_bitmap_list_sscanf(left, cpu_list) >= 0);
	assert_int_equal(hwloc_topology_restrict(hwloc, left, 0), 0);
	hwloc_bitmap_free(left);
	assert_int_equal(topo_from_hwloc(hwloc, &topo), 0);
	return topo;
}

/* Place as many workers as @expected has numbers, such as "0 2 1 3". */
static void assert_pus(const struct topo *topo, const char *policy, const char *expected)
{
	struct topo_place places[MAX_WORKERS];
	bool oversubscribed = true;
	char got[256] = "";
	size_t nr_workers = 1, i;
	const char *p;

	for (p = expected; *p; p++)
		nr_workers += *p == ' ';
	if (topo_place(topo, policy, nr_workers, places, &oversubscribed))
		fail_msg("%s: %s", policy, err_msg());
	for (i = 0; i < nr_workers; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%u", i ? " " : "",
			 places[i].pu);
	assert_string_equal(got, expected);
	assert_false(oversubscribed);
}

/* It fails with @err, a sentence with @word in it, and writes nothing. */
static void assert_refused(const struct topo *topo, const char *policy, size_t nr_workers, int err,
			   const char *word)
{
	struct topo_place places[MAX_WORKERS], untouched[MAX_WORKERS];
	bool oversubscribed = true;
	int ret;

	memset(places, 0x5a, sizeof(places));
	memset(untouched, 0x5a, sizeof(untouched));
	err_set(1, "no sentence");
	ret = topo_place(topo, policy, nr_workers, places, &oversubscribed);
	if (ret != -err)
		fail_msg("\"%s\" gives %d, not %d: %s", policy, ret, -err, err_msg());
	if (!strstr(err_msg(), policy) || !strstr(err_msg(), word))
		fail_msg("\"%s\" and \"%s\" are not both in: %s", policy, word, err_msg());
	assert_memory_equal(places, untouched, sizeof(places));
	assert_true(oversubscribed);
	oversubscribed = false;
	assert_int_equal(topo_place(topo, policy, nr_workers, places, &oversubscribed), -err);
	assert_false(oversubscribed);
}

static void test_counts(void **state)
{
	struct topo *topo = load(BIG);
	unsigned int node = 99;

	(void)state;
	assert_int_equal(topo_nr_pus(topo), 16);
	assert_int_equal(topo_nr_cores(topo), 8);
	assert_int_equal(topo_nr_nodes(topo), 4);
	assert_int_equal(topo_nr_packages(topo), 2);
	assert_true(topo_has_smt(topo));
	assert_int_equal(topo_node_of_pu(topo, 11, &node), 0);
	assert_int_equal(node, 1);
	node = 99;
	assert_int_equal(topo_node_of_pu(topo, 16, &node), -ENODEV);
	assert_int_equal(node, 99);
	topo_free(topo);
	topo_free(NULL);
}

static void test_places_are_complete(void **state)
{
	struct topo *topo = load(BIG);
	struct topo_place places[16];
	bool oversubscribed = true;
	size_t i;

	(void)state;
	assert_int_equal(topo_place(topo, "pus", 16, places, &oversubscribed), 0);
	assert_false(oversubscribed);
	for (i = 0; i < 16; i++) {
		assert_int_equal(places[i].pu, i / 2 + i % 2 * 8);
		assert_int_equal(places[i].core, i / 2);
		assert_int_equal(places[i].node, i / 4);
		assert_int_equal(places[i].package, i / 8);
	}
	topo_free(topo);
}

static void test_two_packages_smt(void **state)
{
	struct topo *topo = load(BIG);

	(void)state;
	assert_pus(topo, "compact", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
	assert_pus(topo, "scatter", "0 4 2 6 1 5 3 7 8 12 10 14 9 13 11 15");
	assert_pus(topo, "pus", "0 8 1 9 2 10 3 11 4 12 5 13 6 14 7 15");
	assert_pus(topo, "cores", "0 1 2 3 4 5 6 7");
	assert_pus(topo, "node:0", "0 1 8 9");
	assert_pus(topo, "node:3", "6 7 14 15");
	assert_pus(topo, "15,0,2-4", "15 0 2 3 4");
	assert_pus(topo, "3,2", "3");
	assert_refused(topo, "cores", 9, ERANGE, "8 workers");
	assert_refused(topo, "0,8", 3, ERANGE, "2 workers");
	topo_free(topo);

	/* Siblings numbered beside each other: the order follows the machine, not the numbers. */
	topo = load("pack:2 numa:2 core:2 pu:2");
	assert_pus(topo, "compact", "0 2 4 6 8 10 12 14 1 3 5 7 9 11 13 15");
	assert_pus(topo, "pus", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15");
	topo_free(topo);
}

static void test_four_nodes_without_packages(void **state)
{
	struct topo *topo = load("numa:4 core:2 pu:1");

	(void)state;
	assert_int_equal(topo_nr_packages(topo), 1);
	assert_int_equal(topo_nr_nodes(topo), 4);
	assert_false(topo_has_smt(topo));
	assert_pus(topo, "scatter", "0 2 4 6 1 3 5 7");
	assert_pus(topo, "compact", "0 1 2 3 4 5 6 7");
	topo_free(topo);
}

static void test_packages_on_one_node(void **state)
{
	struct topo *topo = load("numa:1 pack:2 core:3 pu:1");

	(void)state;
	assert_int_equal(topo_nr_packages(topo), 2);
	assert_pus(topo, "scatter", "0 3 1 4 2 5");
	assert_pus(topo, "node:0", "0 1 2 3 4 5");
	topo_free(topo);
}

static void test_without_cores(void **state)
{
	struct topo *topo = load("pu:4");
	struct topo_place places[4];
	bool oversubscribed;

	(void)state;
	assert_int_equal(topo_nr_cores(topo), 4);
	assert_int_equal(topo_nr_nodes(topo), 1);
	assert_int_equal(topo_nr_packages(topo), 1);
	assert_false(topo_has_smt(topo));
	assert_int_equal(topo_place(topo, "cores", 4, places, &oversubscribed), 0);
	assert_int_equal(places[3].pu, 3);
	assert_int_equal(places[3].core, 3);
	topo_free(topo);
}

static void test_single_pu(void **state)
{
	static const char *const policies[] = {"compact", "scatter", "node:0", "cores", "pus", "0"};
	struct topo *topo = load("pack:1 core:1 pu:1");
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		assert_pus(topo, policies[i], "0");
	assert_refused(topo, "cores", 2, ERANGE, "1 workers");
	topo_free(topo);
}

static void test_more_workers_than_pus(void **state)
{
	struct topo *topo = load(BIG);
	struct topo_place places[MAX_WORKERS];
	bool oversubscribed = false;
	size_t i;

	(void)state;
	assert_int_equal(topo_place(topo, "compact", 34, places, &oversubscribed), 0);
	assert_true(oversubscribed);
	for (i = 16; i < 34; i++)
		assert_memory_equal(&places[i], &places[i - 16], sizeof(places[i]));
	oversubscribed = false;
	assert_int_equal(topo_place(topo, "node:2", 5, places, &oversubscribed), 0);
	assert_true(oversubscribed);
	assert_int_equal(places[3].pu, 13);
	assert_int_equal(places[4].pu, 4);
	/* All on one, however many. */
	assert_int_equal(topo_place(topo, "one", 1, places, &oversubscribed), 0);
	assert_false(oversubscribed);
	assert_int_equal(topo_place(topo, "one", 3, places, &oversubscribed), 0);
	assert_true(oversubscribed);
	assert_int_equal(places[2].pu, places[0].pu);
	assert_int_equal(topo_place(topo, "scatter", 0, NULL, &oversubscribed), 0);
	assert_false(oversubscribed);
	topo_free(topo);
}

static void test_bad_policies(void **state)
{
	static const char *const bad[] = {"",	"a",  "compact ", "Compact", "compactly",
					  "-1", ",0", " 0",	  "+0"};
	static const char *const bad_lists[] = {"1-",
						"3-1",
						"0,,1",
						"0,",
						"0-1-2",
						"0;1",
						"0 1",
						"0x1",
						"0,a",
						"0-",
						"0-a",
						"4294967296",
						"99999999999999999999999",
						"0-99999999999",
						"0-4294967295,a",
						"0-15:1/2",
						"0\n"};
	static const char *const bad_nodes[] = {"node:",    "node:a",  "node:-1",
						"node:0,1", "node: 0", "node:4294967296"};
	struct topo *topo = load(BIG);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(topo, bad[i], 1, EINVAL, "none of compact, scatter");
	for (i = 0; i < ARRAY_SIZE(bad_lists); i++)
		assert_refused(topo, bad_lists[i], 1, EINVAL, "not a list");
	for (i = 0; i < ARRAY_SIZE(bad_nodes); i++)
		assert_refused(topo, bad_nodes[i], 1, EINVAL, "number of a memory node");
	assert_refused(topo, "node:4", 1, EINVAL, "no memory node 4");
	assert_refused(topo, "0,1,0", 3, EINVAL, "CPU 0 twice");
	assert_refused(topo, "0-4,2", 1, EINVAL, "CPU 2 twice");
	assert_refused(topo, "0-15,1", 1, EINVAL, "CPU 1 twice");
	assert_refused(topo, "16", 1, ENODEV, "no CPU 16");
	assert_refused(topo, "0,4294967295", 1, ENODEV, "no CPU 4294967295");
	assert_refused(topo, "0-4294967295", 1, ENODEV, "no CPU 16");
	topo_free(topo);
}

static void test_allowed_sets(void **state)
{
	/* Core 0 has lost its first PU, core 1 both; package 1 keeps core 4 and half of 7. */
	struct topo *topo = load_allowed(BIG, "8,2-3,10,4,12,15");
	unsigned int node;

	(void)state;
	assert_int_equal(topo_nr_pus(topo), 7);
	assert_int_equal(topo_nr_cores(topo), 5);
	assert_int_equal(topo_nr_packages(topo), 2);
	assert_int_equal(topo_nr_nodes(topo), 4);
	assert_true(topo_has_smt(topo));
	assert_pus(topo, "compact", "8 2 3 4 15 10 12");
	assert_pus(topo, "scatter", "8 4 2 15 3 10 12");
	assert_pus(topo, "cores", "8 2 3 4 15");
	assert_pus(topo, "node:0", "8");
	assert_int_equal(topo_node_of_pu(topo, 0, &node), -ENODEV);
	assert_refused(topo, "0", 1, ENODEV, "not allowed");
	assert_refused(topo, "8,9", 1, ENODEV, "CPU 9");
	assert_refused(topo, "cores", 6, ERANGE, "5 workers");
	topo_free(topo);

	topo = load_allowed(BIG, "0-3");
	assert_int_equal(topo_nr_packages(topo), 1);
	assert_false(topo_has_smt(topo));
	assert_refused(topo, "node:2", 1, ENODEV, "memory node 2");
	topo_free(topo);
}

/* One node in package 0, two in package 1: both packages get half of the workers all the same. */
static void test_scatter_is_fair_to_packages(void **state)
{
	struct topo *topo = load_allowed("pack:2 numa:2 core:4 pu:1", "0-3,8-9,12-13");

	(void)state;
	assert_pus(topo, "scatter", "0 8 1 12 2 9 3 13");
	topo_free(topo);
}

/* As after the last CPU of a node went offline, or on a machine with memory behind CXL. */
static void test_node_without_cpus(void **state)
{
	struct topo *topo = load_restricted("pack:2 numa:1 core:2 pu:1", "0-1");

	(void)state;
	assert_int_equal(topo_nr_pus(topo), 2);
	assert_int_equal(topo_nr_nodes(topo), 2);
	assert_int_equal(topo_nr_packages(topo), 1);
	assert_refused(topo, "node:1", 1, ENODEV, "memory node 1");
	assert_refused(topo, "2", 1, ENODEV, "CPU 2");
	assert_pus(topo, "scatter", "0 1");
	topo_free(topo);
}

/* A node at the machine beside one in each package: the nearer one counts, either can be asked for.
 */
static void test_node_above_nodes(void **state)
{
	struct topo *topo = load("[numa(indexes=2)] pack:2 [numa(indexes=0,1)] core:2 pu:1");
	unsigned int node = 99;

	(void)state;
	assert_int_equal(topo_nr_nodes(topo), 3);
	assert_int_equal(topo_node_of_pu(topo, 3, &node), 0);
	assert_int_equal(node, 1);
	assert_pus(topo, "node:1", "2 3");
	assert_pus(topo, "node:2", "0 1 2 3");
	topo_free(topo);
}

static void test_bad_synthetic(void **state)
{
	struct topo *topo = (struct topo *)-1;

	(void)state;
	assert_int_equal(topo_load_synthetic("not a topology", &topo), -EINVAL);
	assert_ptr_equal(topo, (struct topo *)-1);
	assert_non_null(strstr(err_msg(), "not a topology"));
	assert_int_equal(topo_load_synthetic("", &topo), -EINVAL);
}

static void test_xml(void **state)
{
	struct topo *topo = load_allowed(BIG, "0-3");
	char *xml = NULL;

	(void)state;
	assert_int_equal(topo_export_xml(topo, &xml), 0);
	assert_non_null(strstr(xml, "</topology>"));
	/* The whole machine is described, and which part of it was allowed. */
	assert_non_null(strstr(xml, "allowed_cpuset=\"0x0000000f\""));
	assert_non_null(strstr(xml, "os_index=\"15\""));
	free(xml);
	topo_free(topo);
}

/* The tests below change the affinity of the process: each runs in a child. */
static void in_child(int (*body)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHILD_ASSERT(condition)                                                                    \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			print_error("%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, err_msg()); \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

static int child_load_respects_affinity(void)
{
	struct topo *all = NULL, *one = NULL;
	unsigned int pu, node;
	cpu_set_t mask;

	CHILD_ASSERT(topo_load(&all) == 0);
	CHILD_ASSERT(!sched_getaffinity(0, sizeof(mask), &mask));
	CHILD_ASSERT(topo_nr_pus(all) == (size_t)CPU_COUNT(&mask));
	CHILD_ASSERT(topo_nr_nodes(all) >= 1);
	pu = all->pus[topo_nr_pus(all) - 1].place.pu;
	CHILD_ASSERT(topo_pin_self(pu) == 0);
	CHILD_ASSERT(topo_load(&one) == 0);
	CHILD_ASSERT(topo_nr_pus(one) == 1);
	CHILD_ASSERT(one->pus[0].place.pu == pu);
	CHILD_ASSERT(topo_node_of_pu(one, pu, &node) == 0);
	/* Logical numbers are the machine's, not those of what is left of it. */
	CHILD_ASSERT(!memcmp(&one->pus[0].place, &all->pus[topo_nr_pus(all) - 1].place,
			     sizeof(struct topo_place)));
	topo_free(all);
	topo_free(one);
	return 0;
}

static int child_pin(void)
{
	struct topo *topo = NULL;
	unsigned int first, last;
	cpu_set_t mask;

	CHILD_ASSERT(topo_load(&topo) == 0);
	first = topo->pus[0].place.pu;
	last = topo->pus[topo_nr_pus(topo) - 1].place.pu;
	topo_free(topo);
	if (first == last)
		return 77;
	CHILD_ASSERT(!topo_is_pinned(first));
	CHILD_ASSERT(topo_pin_self(last) == 0);
	CHILD_ASSERT(sched_getcpu() == (int)last);
	CHILD_ASSERT(topo_is_pinned(last) && !topo_is_pinned(first));
	CHILD_ASSERT(topo_pin_self(first) == 0);
	CHILD_ASSERT(topo_is_pinned(first) && !topo_is_pinned(last));
	/* As after the CPU went offline, when the thread may yet be on the right one. */
	CPU_ZERO(&mask);
	CPU_SET(first, &mask);
	CPU_SET(last, &mask);
	CHILD_ASSERT(!sched_setaffinity(0, sizeof(mask), &mask));
	CHILD_ASSERT(!topo_is_pinned(first) && !topo_is_pinned(last));
	return 0;
}

static int child_pin_refused(void)
{
	static const unsigned int absent[] = {65000, 65536, 4294967295U};
	cpu_set_t before, after;
	size_t i;

	CHILD_ASSERT(!sched_getaffinity(0, sizeof(before), &before));
	for (i = 0; i < ARRAY_SIZE(absent); i++) {
		char number[16];

		snprintf(number, sizeof(number), "CPU %u", absent[i]);
		CHILD_ASSERT(topo_pin_self(absent[i]) == -EINVAL);
		CHILD_ASSERT(strstr(err_msg(), number));
		CHILD_ASSERT(!topo_is_pinned(absent[i]));
	}
	CHILD_ASSERT(!sched_getaffinity(0, sizeof(after), &after));
	CHILD_ASSERT(CPU_EQUAL(&before, &after));
	return 0;
}

/* A captured CPU that is there and offline; the kernel that runs the test has no such number. */
static int child_pin_offline(void)
{
	char tree[] = "/tmp/test_topo.XXXXXX", command[256];

	CHILD_ASSERT(mkdtemp(tree));
	snprintf(command, sizeof(command),
		 "mkdir -p %s/sys/devices/system/cpu/cpu65000 && "
		 "echo 0 >%s/sys/devices/system/cpu/cpu65000/online",
		 tree, tree);
	CHILD_ASSERT(!system(command));
	fs_set_root(tree);
	if (topo_pin_self(65000) != -EINVAL)
		err_set(1, "not refused");
	snprintf(command, sizeof(command), "rm -rf %s", tree);
	CHILD_ASSERT(!system(command));
	CHILD_ASSERT(strstr(err_msg(), "CPU 65000: it is offline"));
	return 0;
}

static int child_other_machine(void)
{
	struct topo *topo = (struct topo *)-1;

	setenv("HWLOC_SYNTHETIC", "pack:8 core:8 pu:1", 1);
	CHILD_ASSERT(topo_load(&topo) == -EINVAL);
	CHILD_ASSERT(topo == (struct topo *)-1);
	CHILD_ASSERT(strstr(err_msg(), "HWLOC_SYNTHETIC"));
	return 0;
}

static void test_load_respects_affinity(void **state)
{
	(void)state;
	in_child(child_load_respects_affinity);
}

static void test_pin(void **state)
{
	(void)state;
	in_child(child_pin);
}

static void test_pin_refused(void **state)
{
	(void)state;
	in_child(child_pin_refused);
}

static void test_pin_offline(void **state)
{
	(void)state;
	in_child(child_pin_offline);
}

static void test_other_machine(void **state)
{
	(void)state;
	in_child(child_other_machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_places_are_complete),
		cmocka_unit_test(test_two_packages_smt),
		cmocka_unit_test(test_four_nodes_without_packages),
		cmocka_unit_test(test_packages_on_one_node),
		cmocka_unit_test(test_without_cores),
		cmocka_unit_test(test_single_pu),
		cmocka_unit_test(test_more_workers_than_pus),
		cmocka_unit_test(test_bad_policies),
		cmocka_unit_test(test_allowed_sets),
		cmocka_unit_test(test_scatter_is_fair_to_packages),
		cmocka_unit_test(test_node_without_cpus),
		cmocka_unit_test(test_node_above_nodes),
		cmocka_unit_test(test_bad_synthetic),
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_load_respects_affinity),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_pin_refused),
		cmocka_unit_test(test_pin_offline),
		cmocka_unit_test(test_other_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
