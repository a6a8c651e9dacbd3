// SPDX-License-Identifier: GPL-2.0-or-later
/* Whose page is it: the ledger on an invented hierarchy of memcgs, of cgroup v2 and v1. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/ledger.h"
#include "machine/cgroup_ops.h"
#include "scratch.h"

/*
 *	/cg (the root memcg)
 *	|-- t            above the leaves of arm 0
 *	|   |-- home     leaf 0, and t/home.w0-1 beside it
 *	|   `-- other    leaf 1
 *	`-- alone        the leaf of arm 1
 */
enum { ROOT, ABOVE, HOME, OTHER, MADE, ALONE, MEMCGS };

static const char *const paths[MEMCGS] = {"/cg", "/cg/t", "/cg/t/home", "/cg/t/other", "/cg/t/home.w0-1", "/cg/alone"};

/* In pages. */
struct memory {
	int64_t anon, file, shmem, swap, kernel, stock;
};

static struct cg_tree tree;
static struct cg_group group[MEMCGS];
static struct cg_group *leaves[] = {&group[HOME], &group[OTHER]}, *alone[] = {&group[ALONE]};
static struct arm_groups arms[2];
static struct memory own[MEMCGS];
static bool has_shmem = true;

static void put(const char *dir, const char *file, const char *fmt, ...) __printf(3, 4);

static void put(const char *dir, const char *file, const char *fmt, ...)
{
	char path[256];
	FILE *out;
	va_list ap;

	snprintf(path, sizeof(path), "%s%s/%s", scratch, dir, file);
	out = fopen(path, "w");
	assert_non_null(out);
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
	fclose(out);
}

static bool is_below(size_t i, size_t above)
{
	return i == above || above == ROOT || (above == ABOVE && i != ROOT && i != ALONE);
}

/* Every number of a memcg has those below it in it. */
static void write_memcg(size_t i)
{
	struct memory sum = {0};
	size_t k;

	for (k = 0; k < MEMCGS; k++) {
		if (!is_below(k, i))
			continue;
		sum.anon += own[k].anon;
		sum.file += own[k].file;
		sum.shmem += own[k].shmem;
		sum.swap += own[k].swap;
		sum.kernel += own[k].kernel;
		sum.stock += own[k].stock;
	}
	if (tree.ops == &cg_v2_ops)
		put(paths[i], "memory.stat", "anon %lld\nfile %lld\nkernel %lld\n%s%lld\n", (long long)sum.anon * 4096,
		    (long long)(sum.file + sum.shmem) * 4096, (long long)sum.kernel * 4096, has_shmem ? "shmem " : "shadows ",
		    (long long)sum.shmem * 4096);
	else
		put(paths[i], "memory.stat", "cache 1\nrss 2\ntotal_cache %lld\ntotal_rss %lld\ntotal_shmem %lld\n",
		    (long long)(sum.file + sum.shmem) * 4096, (long long)sum.anon * 4096, (long long)sum.shmem * 4096);
	if (i == ROOT)
		return;
	sum.stock += sum.anon + sum.file + sum.shmem + sum.kernel;
	if (tree.ops == &cg_v2_ops) {
		put(paths[i], "memory.current", "%lld\n", (long long)sum.stock * 4096);
		put(paths[i], "memory.swap.current", "%lld\n", (long long)sum.swap * 4096);
	} else {
		put(paths[i], "memory.usage_in_bytes", "%lld\n", (long long)sum.stock * 4096);
		put(paths[i], "memory.memsw.usage_in_bytes", "%lld\n", (long long)(sum.stock + sum.swap) * 4096);
		put(paths[i], "memory.kmem.usage_in_bytes", "%lld\n", (long long)sum.kernel * 4096);
	}
}

static void write_all(void)
{
	size_t i;

	for (i = 0; i < MEMCGS; i++)
		write_memcg(i);
}

static int invent(void **state)
{
	char path[256];
	size_t i;

	if (setup(state))
		return -1;
	for (i = 0; i < MEMCGS; i++) {
		snprintf(path, sizeof(path), "%s%s", scratch, paths[i]);
		if (mkdir(path, 0700))
			return -1;
		group[i] = (struct cg_group){.tree = &tree, .nr_levels = 1, .depth = 2, .path = (char *)(uintptr_t)paths[i]};
		put(paths[i], "cgroup.procs", "%s", "");
	}
	snprintf(path, sizeof(path), "mkdir -p '%s/proc/sys/kernel'", scratch);
	return system(path);
}

static struct ledger *begin(const struct cg_ops *ops, const char *release)
{
	struct ledger *ledger = NULL;

	fs_set_root(scratch);
	tree = (struct cg_tree){.ops = ops};
	strcpy(tree.info.mount, paths[ROOT]);
	group[ABOVE].is_borrowed = true;
	arms[0] = (struct arm_groups){.state = PLAN_CHILD, .leaf = leaves, .nr_leaves = 2, .above = {&group[ABOVE]}, .nr_above = 1};
	arms[1] = (struct arm_groups){.state = PLAN_CHILD, .leaf = alone, .nr_leaves = 1};
	memset(own, 0, sizeof(own));
	/* What was there before is nobody's business. */
	own[ROOT].anon = own[ABOVE].file = own[HOME].anon = own[OTHER].shmem = 1000;
	own[MADE].file = 500;
	put("/proc/sys/kernel", "osrelease", "%s\n", release);
	write_all();
	assert_int_equal(ledger_open(arms, 2, 0, 2, 4096, &ledger), 0);
	return ledger;
}

static void expect(struct ledger *ledger, unsigned int leaf, enum bench_charged charged, int64_t pages)
{
	const struct bench_expected expected = {.memcg = leaf, .charged = charged, .pages = pages};

	assert_int_equal(ledger_expect(ledger, &expected), 0);
}

static const char *unproven;

static int judge(struct ledger *ledger, bool over)
{
	int ret;

	write_all();
	ret = ledger_judge(ledger, over, 1, &unproven);
	return ret;
}

static void end(struct ledger *ledger)
{
	ledger_free(ledger);
	fs_set_root("");
}

static void assert_said(const char *sentence)
{
	if (!strstr(err_msg(), sentence))
		fail_msg("\"%s\" lacks \"%s\"", err_msg(), sentence);
}

static void as_expected(const struct cg_ops *ops)
{
	struct ledger *ledger = begin(ops, "6.12.0");

	expect(ledger, 0, BENCH_ANON, 100);
	expect(ledger, 0, BENCH_ANON, 28);
	expect(ledger, 0, BENCH_SHMEM, 64);
	expect(ledger, 1, BENCH_FILE, 32);
	expect(ledger, 1, BENCH_SWAP, 16);
	own[HOME].anon += 128 + LEDGER_OWN_PAGES;
	own[HOME].shmem += 64;
	own[OTHER].file += 32;
	own[OTHER].swap += 200;
	own[OTHER].kernel += 77;
	own[HOME].stock += 100;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("16 pages of swap were to be charged to /cg/t/other, and 200 were");
	own[OTHER].swap = 16;
	assert_int_equal(judge(ledger, false), 0);
	assert_int_equal(ledger_expected(ledger, BENCH_ANON), 128);
	assert_int_equal(ledger_charged(ledger, BENCH_ANON), 132);
	assert_int_equal(ledger_charged(ledger, BENCH_SHMEM), 64);
	assert_int_equal(ledger_charged(ledger, BENCH_FILE), 32);
	assert_int_equal(ledger_charged(ledger, BENCH_KERNEL), 77);
	assert_int_equal(ledger_usage(ledger), (128 + 4 + 64 + 32 + 77 + 100) * 4096);
	/* Another checkpoint, at which all is gone again but what nobody gave back. */
	ledger_expect_nothing(ledger);
	own[HOME].anon -= 132;
	own[HOME].shmem -= 64;
	own[OTHER].swap = 0;
	assert_int_equal(judge(ledger, true), -EPROTO);
	assert_said("32 pages of file are still charged to /cg/t/other when the pass is over");
	own[OTHER].file -= 32;
	assert_int_equal(judge(ledger, true), 0);
	end(ledger);
}

static void what_is_expected_is_found(void **state)
{
	(void)state;
	as_expected(&cg_v2_ops);
	as_expected(&cg_v1_ops);
}

static void work_left_out(const struct cg_ops *ops)
{
	struct ledger *ledger = begin(ops, "6.12.0");

	expect(ledger, 0, BENCH_ANON, 16);
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("16 pages of anon were to be charged to /cg/t/home, and 0 were: nobody touched them");
	/* Half of it. */
	own[HOME].anon += 8;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("and 8 were");
	/* Pages of another kind are not those. */
	own[HOME].anon -= 8;
	own[HOME].file += 16;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("of anon were to be charged");
	/* More than was said. */
	own[HOME].file -= 16;
	own[HOME].anon += 32;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("and 32 were: something else is charged to it");
	end(ledger);
}

static void left_out_and_too_much(void **state)
{
	(void)state;
	work_left_out(&cg_v2_ops);
	work_left_out(&cg_v1_ops);
}

static void charged_to(size_t whom, const char *sentence)
{
	const struct cg_ops *const ops[] = {&cg_v2_ops, &cg_v1_ops};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct ledger *ledger = begin(ops[i], "6.12.0");

		expect(ledger, 0, BENCH_FILE, 512);
		own[whom].file += 512;
		assert_int_equal(judge(ledger, false), -EPROTO);
		assert_said(sentence);
		end(ledger);
	}
}

static void another_memcg_pays(void **state)
{
	(void)state;
	charged_to(OTHER, "512 pages of file were charged to /cg/t/other, expected /cg/t/home");
	charged_to(ABOVE, "512 pages of file were charged to /cg/t, expected /cg/t/home");
	charged_to(MADE, "512 pages of file were charged to /cg/t/home.w0-1, expected /cg/t/home");
	charged_to(ALONE, "512 pages of file were charged to /cg/alone, expected /cg/t/home");
	charged_to(ROOT, "512 pages of file were charged to the root memcg, or one below it that is not of this item, expected /cg/t/home");
}

/* What else comes and goes below the root memcg is not taken for them. */
static void the_machine_is_at_work_too(void **state)
{
	struct ledger *ledger = begin(&cg_v2_ops, "6.12.0");

	(void)state;
	expect(ledger, 0, BENCH_FILE, 512);
	own[ROOT].file += 5000;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("512 pages of file were to be charged to /cg/t/home, and 0 were");
	end(ledger);
}

/* Nobody asked for it, and all that was asked for is there. */
static void another_memcg_pays_too(void **state)
{
	struct ledger *ledger = begin(&cg_v2_ops, "6.12.0");

	(void)state;
	expect(ledger, 0, BENCH_FILE, 512);
	own[HOME].file += 512;
	own[ALONE].file += 20;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("0 pages of file were to be charged to /cg/alone, and 20 were");
	end(ledger);
}

static void a_memcg_of_a_worker(void **state)
{
	const struct bench_expected made = {.made = "w0-1", .charged = BENCH_ANON, .pages = 40};
	const struct bench_expected nobody = {.made = "w0-2", .charged = BENCH_ANON, .pages = 40};
	struct ledger *ledger = begin(&cg_v2_ops, "6.12.0");

	(void)state;
	assert_int_equal(ledger_expect(ledger, &made), 0);
	own[MADE].anon += 40;
	assert_int_equal(judge(ledger, false), 0);
	own[MADE].anon -= 20;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("40 pages of anon were to be charged to /cg/t/home.w0-1, and 20 were");
	assert_int_equal(ledger_expect(ledger, &nobody), -ENOENT);
	assert_said("a memcg that is not there (w0-2)");
	end(ledger);
}

/* Siblings in a crowd lose pages to global reclaim; what is in the leaf is judged as ever. */
static void a_crowd_is_not_judged(void **state)
{
	struct ledger *ledger;
	char path[600];
	unsigned int i;

	(void)state;
	for (i = 2; i <= 20; i++) {
		snprintf(path, sizeof(path), "mkdir '%s/cg/t/home.w0-%u'", scratch, i);
		assert_int_equal(system(path), 0);
		snprintf(path, sizeof(path), "/cg/t/home.w0-%u", i);
		put(path, "memory.stat", "anon 0\nfile 0\nshmem 0\n");
		put(path, "memory.current", "0\n");
		put(path, "memory.swap.current", "0\n");
	}
	ledger = begin(&cg_v2_ops, "6.12.0");
	own[MADE].file -= 64;
	assert_int_equal(judge(ledger, false), 0);
	own[HOME].file += 64;
	assert_int_equal(judge(ledger, false), -EPROTO);
	end(ledger);
	snprintf(path, sizeof(path), "rm -r '%s'/cg/t/home.w0-[2-9] '%s'/cg/t/home.w0-??", scratch, scratch);
	assert_int_equal(system(path), 0);
}

/* An expectation that could not fail is none. */
static void too_little_to_prove_anything(void **state)
{
	struct ledger *ledger = begin(&cg_v2_ops, "6.12.0");

	(void)state;
	expect(ledger, 0, BENCH_ANON, LEDGER_OWN_PAGES);
	own[HOME].anon += LEDGER_OWN_PAGES;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("4 pages of anon in /cg/t/home are too few to prove that there is any work");
	ledger_expect_nothing(ledger);
	expect(ledger, 0, BENCH_ANON, LEDGER_OWN_PAGES + 1);
	assert_int_equal(judge(ledger, false), 0);
	assert_null(unproven);
	own[HOME].anon -= LEDGER_OWN_PAGES;
	assert_int_equal(judge(ledger, false), -EPROTO);
	end(ledger);
}

static void numbers_that_are_not_there_or_not_exact(void **state)
{
	struct ledger *ledger;

	(void)state;
	has_shmem = false;
	ledger = begin(&cg_v2_ops, "6.12.0");
	expect(ledger, 0, BENCH_SHMEM, 100);
	assert_int_equal(judge(ledger, false), 0);
	assert_non_null(unproven);
	assert_non_null(strstr(unproven, "shmem: this kernel does not say"));
	end(ledger);
	has_shmem = true;
	/* Up to 5.12 each CPU holds back a part; what is more than that is seen. */
	ledger = begin(&cg_v2_ops, "5.10.0-35-amd64");
	expect(ledger, 0, BENCH_ANON, 32);
	assert_int_equal(judge(ledger, false), 0);
	assert_non_null(strstr(unproven, "anon: numbers of this kernel may be off by 37 pages"));
	ledger_expect_nothing(ledger);
	expect(ledger, 0, BENCH_ANON, 128);
	own[HOME].anon += 128 - 32;
	assert_int_equal(judge(ledger, false), 0);
	assert_null(unproven);
	own[HOME].anon -= 96;
	assert_int_equal(judge(ledger, false), -EPROTO);
	end(ledger);
}

/* The kernel's own memory is whoever's, until somebody says something of it. */
static void kernel_memory(void **state)
{
	struct ledger *ledger = begin(&cg_v2_ops, "6.12.0");

	(void)state;
	own[HOME].kernel += 300;
	assert_int_equal(judge(ledger, false), 0);
	expect(ledger, 0, BENCH_KERNEL, 300);
	assert_int_equal(judge(ledger, false), 0);
	own[HOME].kernel -= 100;
	assert_int_equal(judge(ledger, false), -EPROTO);
	assert_said("300 pages of kernel were to be charged to /cg/t/home, and 200 were");
	end(ledger);
}

/* Slab, of which no line speaks here: it is a part of all of it. */
static void part_of_kernel_memory(void **state)
{
	const struct cg_ops *const ops[] = {&cg_v2_ops, &cg_v1_ops};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct ledger *ledger = begin(ops[i], "6.12.0");

		expect(ledger, 0, BENCH_SLAB, 300);
		own[HOME].kernel += 300;
		assert_int_equal(judge(ledger, false), 0);
		assert_null(unproven);
		own[HOME].kernel -= 100;
		assert_int_equal(judge(ledger, false), -EPROTO);
		assert_said("300 pages of kernel were to be charged to /cg/t/home, and 200 were");
		end(ledger);
	}
}

/* What is charged, and in nobody's hands: as much as CPUs may hold, or more. */
static void usage_that_nobody_has(void **state)
{
	const struct cg_ops *const ops[] = {&cg_v2_ops, &cg_v1_ops};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		struct ledger *ledger = begin(ops[i], "6.12.0");

		expect(ledger, 0, BENCH_ANON, 512);
		own[HOME].anon += 512;
		own[HOME].kernel += 1000;
		/* On the CPUs of the worker and of the runner: a stock, and pages on their way to the LRU. */
		own[HOME].stock += 2 * (64 + 31);
		assert_int_equal(judge(ledger, false), 0);
		own[HOME].stock++;
		assert_int_equal(judge(ledger, false), -EPROTO);
		assert_said("the usage of /cg/t/home grew by 1703 pages, its memory.stat says 1512, and CPUs hold 190 at most");
		end(ledger);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_expected_is_found),
		cmocka_unit_test(left_out_and_too_much),
		cmocka_unit_test(another_memcg_pays),
		cmocka_unit_test(the_machine_is_at_work_too),
		cmocka_unit_test(another_memcg_pays_too),
		cmocka_unit_test(a_memcg_of_a_worker),
		cmocka_unit_test(a_crowd_is_not_judged),
		cmocka_unit_test(too_little_to_prove_anything),
		cmocka_unit_test(numbers_that_are_not_there_or_not_exact),
		cmocka_unit_test(kernel_memory),
		cmocka_unit_test(part_of_kernel_memory),
		cmocka_unit_test(usage_that_nobody_has),
	};

	return cmocka_run_group_tests(tests, invent, teardown);
}
