// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "core/params.h"
#include "core/registry.h"

struct fake_state {
	char other[8];
	uint64_t access, size, batch;
};

static const char *const accesses[] = {"write", "read", "read-write", NULL};

static const struct bench_param fake_params[] = {
	{"access", "how a page is touched", BENCH_PARAM_ENUM, NULL, "read", accesses, 0, 0,
	 BENCH_FIELD(struct fake_state, access), .choice_needs = (const unsigned int[]){0, BENCH_NEEDS_DIR, BENCH_NEEDS_SWAP}},
	{"size", "bytes mapped", BENCH_PARAM_SIZE, "bytes", "8M", NULL, 4096, 1ULL << 40,
	 BENCH_FIELD(struct fake_state, size)},
	{"batch", "pages of one free", BENCH_PARAM_UINT, "pages", "64", NULL, 1, 512,
	 BENCH_FIELD(struct fake_state, batch)},
};

static const struct bench fake = {
	.name = "fake",
	.params = fake_params,
	.nr_params = ARRAY_SIZE(fake_params),
	.needs = BENCH_NEEDS_MEMCG,
	.state_size = sizeof(struct fake_state),
};

static const struct bench bare = {.name = "bare"};

static void assert_refused(const char *name, const char *text, int expected, const char *sentence)
{
	struct params params, before;

	params_init(&params, &fake);
	before = params;
	assert_int_equal(params_set(&params, name, text), expected);
	assert_string_equal(err_msg(), sentence);
	assert_memory_equal(&params, &before, sizeof(params));
}

static void defaults(void **state)
{
	struct params params;

	(void)state;
	params_init(&params, &fake);
	assert_int_equal(params.value[0], 1);
	assert_int_equal(params.value[1], 8 << 20);
	assert_int_equal(params.value[2], 64);
}

static void values_are_set(void **state)
{
	struct params params;

	(void)state;
	params_init(&params, &fake);
	assert_int_equal(params_set(&params, "access", "read-write"), 0);
	assert_int_equal(params_set(&params, "size", "4g"), 0);
	assert_int_equal(params_set(&params, "batch", "512"), 0);
	assert_int_equal(params.value[0], 2);
	assert_int_equal(params.value[1], 4ULL << 30);
	assert_int_equal(params.value[2], 512);
	assert_int_equal(params_set(&params, "batch", "1"), 0);
	assert_int_equal(params.value[2], 1);
}

static void bad_values_are_refused(void **state)
{
	(void)state;
	assert_refused("access", "writ", -EINVAL,
		       "fake: parameter access: \"writ\" is none of write, read, read-write");
	assert_refused("access", "", -EINVAL,
		       "fake: parameter access: \"\" is none of write, read, read-write");
	assert_refused("batch", "4g", -EINVAL,
		       "fake: parameter batch: \"4g\" is not a whole number (1 to 512)");
	assert_refused("batch", "max", -EINVAL,
		       "fake: parameter batch: \"max\" is not a number (1 to 512)");
	assert_refused("batch", "-1", -EINVAL,
		       "fake: parameter batch: \"-1\" is not a number (1 to 512)");
	assert_refused("batch", "", -EINVAL,
		       "fake: parameter batch: \"\" is not a number (1 to 512)");
	assert_refused(
		"size", "max", -EINVAL,
		"fake: parameter size: \"max\" is not a size (such as 4096, 64k, 8M, 1G) (4K to 1T)");
	assert_refused(
		"size", "8Mx", -EINVAL,
		"fake: parameter size: \"8Mx\" is not a size (such as 4096, 64k, 8M, 1G) (4K to 1T)");
}

static void ranges(void **state)
{
	(void)state;
	assert_refused("batch", "0", -ERANGE, "fake: parameter batch: \"0\" is outside 1 to 512");
	assert_refused("batch", "513", -ERANGE, "fake: parameter batch: \"513\" is outside 1 to 512");
	assert_refused("size", "4095", -ERANGE,
		       "fake: parameter size: \"4095\" is outside 4K to 1T");
	/* Does not fit 64 bits; 2^64 + 4096 must not pass as 4096. */
	assert_refused("size", "18446744073709555712", -ERANGE,
		       "fake: parameter size: \"18446744073709555712\" is outside 4K to 1T");
	assert_refused("size", "16777217T", -ERANGE,
		       "fake: parameter size: \"16777217T\" is outside 4K to 1T");
}

/* Every bench has it, also one without parameters of its own. */
static void state_of_statistics(void **state)
{
	struct params params;

	(void)state;
	params_init(&params, &bare);
	assert_int_equal(params.stats, STATS_AS_FOUND);
	assert_int_equal(params_set(&params, PARAMS_STATS, "flushable"), 0);
	assert_int_equal(params.stats, STATS_FLUSHABLE);
	assert_int_equal(params_set(&params, PARAMS_STATS, "fresh"), 0);
	assert_int_equal(params.stats, STATS_FRESH);
	assert_refused(PARAMS_STATS, "stale", -EINVAL, "fake: parameter stats: \"stale\" is none of as-found, fresh, flushable");
}

static void unknown_parameters(void **state)
{
	struct params params;

	(void)state;
	assert_refused("acces", "read", -ENOENT,
		       "fake has no parameter \"acces\"; it has access, size, batch");
	params_init(&params, &bare);
	assert_int_equal(params_set(&params, "size", "1"), -ENOENT);
	assert_string_equal(err_msg(), "bare has no parameter \"size\"; it has none at all");
}

static void text_is_taken_back(void **state)
{
	static const uint64_t sizes[] = {4096, 4097, 5000, 1536ULL << 20, (1ULL << 40) - 1, 1ULL << 40};
	struct params params, copy;
	char text[32];
	size_t i;

	(void)state;
	params_init(&params, &fake);
	copy = params;
	assert_string_equal(params_text(&params, 0, text, sizeof(text)), "read");
	assert_string_equal(params_text(&params, 1, text, sizeof(text)), "8M");
	assert_string_equal(params_text(&params, 2, text, sizeof(text)), "64");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		params.value[1] = sizes[i];
		params_text(&params, 1, text, sizeof(text));
		assert_int_equal(params_set(&copy, "size", text), 0);
		assert_int_equal(copy.value[1], sizes[i]);
	}
}

static void needs_follow_the_choice(void **state)
{
	struct params params;

	(void)state;
	params_init(&params, &fake);
	assert_int_equal(params_needs(&params), BENCH_NEEDS_MEMCG | BENCH_NEEDS_DIR);
	assert_int_equal(params_set(&params, "access", "write"), 0);
	assert_int_equal(params_needs(&params), BENCH_NEEDS_MEMCG);
	assert_int_equal(params_set(&params, "access", "read-write"), 0);
	assert_int_equal(params_needs(&params), BENCH_NEEDS_MEMCG | BENCH_NEEDS_SWAP);
	params_init(&params, &bare);
	assert_int_equal(params_needs(&params), 0);
}

static void values_are_stored(void **state)
{
	struct fake_state fake_state = {.other = "intact"};
	struct params params;

	(void)state;
	params_init(&params, &fake);
	params_store(&params, &fake_state);
	assert_int_equal(fake_state.access, 1);
	assert_int_equal(fake_state.size, 8 << 20);
	assert_int_equal(fake_state.batch, 64);
	assert_string_equal(fake_state.other, "intact");
}

/* --- every bench that there is --- */

static void benches_are_sorted_and_found(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < registry_nr(); i++) {
		assert_ptr_equal(registry_find(registry_at(i)->name), registry_at(i));
		if (i)
			assert_true(strcmp(registry_at(i - 1)->name, registry_at(i)->name) < 0);
	}
	assert_null(registry_find("nul"));
	assert_null(registry_find(""));
}

static void check_param(const struct bench *bench, const struct bench_param *param)
{
	struct params params = {.bench = bench};

	if (!param->help || !*param->help)
		fail_msg("%s: parameter %s has no help", bench->name, param->name);
	if (param->offset + sizeof(uint64_t) > bench->state_size)
		fail_msg("%s: parameter %s lies outside the state", bench->name, param->name);
	if (param->type == BENCH_PARAM_ENUM && (!param->choices || !param->choices[0]))
		fail_msg("%s: parameter %s has no choices", bench->name, param->name);
	/* JSON's integers are signed. */
	if (param->min > param->max || param->max > INT64_MAX)
		fail_msg("%s: parameter %s has a bad range", bench->name, param->name);
	if (params_set(&params, param->name, param->def))
		fail_msg("the default is not valid: %s", err_msg());
}

static void every_bench_is_sound(void **state)
{
	size_t i, j, k;

	(void)state;
	for (i = 0; i < registry_nr(); i++) {
		const struct bench *bench = registry_at(i);

		assert_true(bench->version > 0);
		assert_true(bench->nr_params <= PARAMS_MAX);
		assert_non_null(bench->summary);
		assert_null(strchr(bench->summary, '\n'));
		assert_non_null(bench->about);
		for (j = 0; j < bench->nr_params; j++) {
			check_param(bench, &bench->params[j]);
			for (k = 0; k < j; k++)
				assert_string_not_equal(bench->params[k].name, bench->params[j].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values_are_set),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(ranges),
		cmocka_unit_test(state_of_statistics),
		cmocka_unit_test(unknown_parameters),
		cmocka_unit_test(text_is_taken_back),
		cmocka_unit_test(needs_follow_the_choice),
		cmocka_unit_test(values_are_stored),
		cmocka_unit_test(benches_are_sorted_and_found),
		cmocka_unit_test(every_bench_is_sound),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
