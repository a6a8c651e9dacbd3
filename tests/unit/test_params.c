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
#include "core/bench_run.h"
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

/* Every bench has them, also one without parameters of its own: behind those. */
static void common_parameters(void **state)
{
	static const struct {
		const char *name, *text;
		enum params_common which;
		uint64_t value;
	} given[] = {
		{"stats", "fresh", PARAMS_STATS, STATS_FRESH},
		{"siblings", "30", PARAMS_SIBLINGS, 30},
		{"sibling-pages", "256", PARAMS_SIBLING_PAGES, 256},
		{"lru-gen", "on", PARAMS_LRU_GEN, LRU_GEN_ON},
	};
	const struct bench *const benches[] = {&fake, &bare};
	struct params params;
	char text[32];
	size_t i, k, at;

	(void)state;
	assert_int_equal(ARRAY_SIZE(given), PARAMS_COMMON_NR);
	for (k = 0; k < ARRAY_SIZE(benches); k++) {
		params_init(&params, benches[k]);
		assert_int_equal(params_nr(&params), benches[k]->nr_params + PARAMS_COMMON_NR);
		for (i = 0; i < PARAMS_COMMON_NR; i++) {
			at = benches[k]->nr_params + given[i].which;
			assert_string_equal(params_at(&params, at)->name, given[i].name);
			assert_int_equal(params.common[given[i].which], 0);
			/* Nobody is told of what is as it was before there was a choice. */
			assert_true(params_is_default(&params, at));
			assert_false(params_is_told(&params, at));
			assert_int_equal(params_set(&params, given[i].name, given[i].text), 0);
			assert_int_equal(params.common[given[i].which], given[i].value);
			assert_string_equal(params_text(&params, at, text, sizeof(text)), given[i].text);
			assert_false(params_is_default(&params, at));
			assert_true(params_is_told(&params, at));
		}
		for (i = 0; i < PARAMS_COMMON_NR; i++)
			assert_int_equal(params.common[given[i].which], given[i].value);
	}
	assert_int_equal(params_set(&params, "stats", "flushable"), 0);
	assert_int_equal(params.common[PARAMS_STATS], STATS_FLUSHABLE);
	assert_refused("stats", "stale", -EINVAL, "fake: parameter stats: \"stale\" is none of as-found, fresh, flushable");
	assert_refused("lru-gen", "yes", -EINVAL, "fake: parameter lru-gen: \"yes\" is none of keep, off, on");
	assert_refused("siblings", "10001", -ERANGE, "fake: parameter siblings: \"10001\" is outside 0 to 10000");
	assert_refused("sibling-pages", "1048577", -ERANGE, "fake: parameter sibling-pages: \"1048577\" is outside 0 to 1048576");
}

/* Of one of the bench's own everybody is told. */
static void own_parameters_are_told(void **state)
{
	struct params params;
	size_t i;

	(void)state;
	params_init(&params, &fake);
	for (i = 0; i < fake.nr_params; i++) {
		assert_ptr_equal(params_at(&params, i), &fake_params[i]);
		assert_true(params_is_told(&params, i));
		assert_true(params_is_default(&params, i));
	}
	assert_int_equal(params_set(&params, "batch", "65"), 0);
	assert_false(params_is_default(&params, 2));
	assert_true(params_is_default(&params, 1));
	assert_int_equal(params_set(&params, "batch", "64"), 0);
	assert_true(params_is_default(&params, 2));
}

static void unknown_parameters(void **state)
{
	struct params params;

	(void)state;
	assert_refused("acces", "read", -ENOENT,
		       "fake has no parameter \"acces\"; it has access, size, batch, stats, siblings, sibling-pages, lru-gen");
	params_init(&params, &bare);
	assert_int_equal(params_set(&params, "size", "1"), -ENOENT);
	assert_string_equal(err_msg(), "bare has no parameter \"size\"; it has stats, siblings, sibling-pages, lru-gen");
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
	/* Of what is common to all, nothing is needed before there is a run. */
	assert_int_equal(params_set(&params, "siblings", "5"), 0);
	assert_int_equal(params_set(&params, "lru-gen", "off"), 0);
	assert_int_equal(params_needs(&params), 0);
}

static void values_are_stored(void **state)
{
	struct fake_state fake_state = {.other = "intact"};
	struct params params;

	(void)state;
	params_init(&params, &fake);
	/* Those of all benches are the harness's: no bench has a place for them. */
	assert_int_equal(params_set(&params, "siblings", "5"), 0);
	assert_int_equal(params_set(&params, "lru-gen", "on"), 0);
	params_store(&params, &fake_state);
	assert_int_equal(fake_state.access, 1);
	assert_int_equal(fake_state.size, 8 << 20);
	assert_int_equal(fake_state.batch, 64);
	assert_string_equal(fake_state.other, "intact");
}

/* --- every bench that there is --- */

/* In the order of list.h, each by a name of its own. */
static void benches_are_found(void **state)
{
#define BENCH(name) #name,
	static const char *const names[] = {
#include "list.h"
	};
#undef BENCH
	size_t i, k;

	(void)state;
	assert_int_equal(registry_nr(), ARRAY_SIZE(names));
	for (i = 0; i < registry_nr(); i++) {
		assert_string_equal(registry_at(i)->name, names[i]);
		assert_ptr_equal(registry_find(names[i]), registry_at(i));
		for (k = 0; k < i; k++)
			assert_string_not_equal(names[k], names[i]);
	}
	assert_null(registry_find("nul"));
	assert_null(registry_find(""));
}

static void assert_line(const struct bench *bench, const char *what, const char *name, const char *text)
{
	if (!text || !*text || strchr(text, '\n'))
		fail_msg("%s: %s%s: a line is wanted", bench->name, what, name);
}

/* What a value of @text is: -ENOENT, -EINVAL, -ERANGE as params_set(). */
static int is_valid(const struct bench *bench, const char *name, const char *text)
{
	struct params params;

	params_init(&params, bench);
	return params_set(&params, name, text);
}

static void check_param(const struct bench *bench, const struct bench_param *param)
{
	size_t i;

	assert_line(bench, "help of parameter ", param->name, param->help);
	if (param->offset + sizeof(uint64_t) > bench->state_size)
		fail_msg("%s: parameter %s lies outside the state", bench->name, param->name);
	if (param->type == BENCH_PARAM_ENUM && (!param->choices || !param->choices[0]))
		fail_msg("%s: parameter %s has no choices", bench->name, param->name);
	/* JSON's integers are signed. */
	if (param->min > param->max || param->max > INT64_MAX)
		fail_msg("%s: parameter %s has a bad range", bench->name, param->name);
	if (is_valid(bench, param->name, param->def))
		fail_msg("the default is not valid: %s", err_msg());
	if (param->insn_def && is_valid(bench, param->name, param->insn_def))
		fail_msg("the default of guests is not valid: %s", err_msg());
	for (i = 0; i < PARAMS_COMMON_NR; i++)
		if (!strcmp(params_common[i].name, param->name))
			fail_msg("%s: every bench has a parameter %s", bench->name, param->name);
}

static void check_metric(const struct bench *bench, const struct bench_metric *metric)
{
	assert_line(bench, "name of a metric", "", metric->name);
	assert_line(bench, "help of metric ", metric->name, metric->help);
	assert_line(bench, "op of metric ", metric->name, metric->op);
	if (metric->kind == BENCH_COUNT)
		assert_line(bench, "unit of metric ", metric->name, metric->unit);
	else if (metric->unit)
		fail_msg("%s: %s is a time, of which the clock is the unit, not %s", bench->name, metric->name, metric->unit);
}

/* Its parameters, in lists or not, are some of this bench, and of a value that it takes. */
static void check_suite(const struct bench *bench, const struct bench_suite *entry)
{
	char *copy = strdup(entry->params ? entry->params : ""), *rest = copy, *word, *values, *value;
	int ret;

	if (!(entry->suites & BENCH_BOTH) || entry->suites & ~(unsigned int)BENCH_BOTH)
		fail_msg("%s: an entry of no suite", bench->name);
	if (entry->where & ~(unsigned int)(BENCH_ANYWHERE | BENCH_NODES))
		fail_msg("%s: an entry for nowhere", bench->name);
	if (entry->threads && (entry->memcgs || bench->needs & BENCH_NEEDS_PROCESSES))
		fail_msg("%s: threads in several memcgs", bench->name);
	while (*copy && (word = strsep(&rest, " "))) {
		values = strchr(word, '=');
		if (!values)
			fail_msg("%s: \"%s\" of an entry is no NAME=VALUES", bench->name, entry->params);
		*values++ = '\0';
		while ((value = strsep(&values, ","))) {
			ret = is_valid(bench, word, value);
			if (ret)
				fail_msg("%s: \"%s\" of an entry: %s", bench->name, entry->params, err_msg());
		}
	}
	free(copy);
}

/* A bench is one file and a line of list.h: whatever it lacks is told here. */
static void every_bench_is_sound(void **state)
{
	size_t i, j, k;

	(void)state;
	for (i = 0; i < registry_nr(); i++) {
		const struct bench *bench = registry_at(i);

		assert_true(bench->version > 0);
		assert_true(bench->nr_params <= PARAMS_MAX);
		assert_in_range(bench->nr_metrics, 1, BENCH_METRICS_MAX);
		assert_line(bench, "summary", "", bench->summary);
		if (!bench->about || strlen(bench->about) < 100)
			fail_msg("%s: what it does is not said (.about)", bench->name);
		if (!bench->pass)
			fail_msg("%s: it has no pass", bench->name);
		if (bench->latency && (bench->latency_metric >= bench->nr_metrics || bench->metrics[bench->latency_metric].kind != BENCH_TIME))
			fail_msg("%s: its latency is of no metric that is a time", bench->name);
		for (j = 0; j < bench->nr_metrics; j++) {
			check_metric(bench, &bench->metrics[j]);
			for (k = 0; k < j; k++)
				assert_string_not_equal(bench->metrics[k].name, bench->metrics[j].name);
		}
		for (j = 0; j < bench->nr_params; j++) {
			check_param(bench, &bench->params[j]);
			for (k = 0; k < j; k++)
				assert_string_not_equal(bench->params[k].name, bench->params[j].name);
		}
		for (j = 0; j < bench->nr_suite; j++)
			check_suite(bench, &bench->suite[j]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values_are_set),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(ranges),
		cmocka_unit_test(common_parameters),
		cmocka_unit_test(own_parameters_are_told),
		cmocka_unit_test(unknown_parameters),
		cmocka_unit_test(text_is_taken_back),
		cmocka_unit_test(needs_follow_the_choice),
		cmocka_unit_test(values_are_stored),
		cmocka_unit_test(benches_are_found),
		cmocka_unit_test(every_bench_is_sound),
	};

	return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
