// SPDX-License-Identifier: GPL-2.0-or-later
/* From what benches say of suites to items: of benches of this test's own, in place of those that there are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/registry.h"
#include "run_plan_fixture.h"

struct fake {
	uint64_t way, pages;
};

#define FAKE_PARAMS \
	BENCH_PARAMS(BENCH_CHOICE(struct fake, way, "way", "a", "x", BENCH_OF("a", "b", "c")), \
		     BENCH_NUMBER(struct fake, pages, "pages", "pages", "8", NULL, 1, 100, "x"))

/* It says nothing of suites. */
static const struct bench plain = {.name = "plain", .version = 1, FAKE_PARAMS, .state_size = sizeof(struct fake)};
/* Nor does this one, and nobody asked for swap. */
static const struct bench swapper = {.name = "swapper", .version = 1, .needs = BENCH_NEEDS_SWAP};

static const struct bench lists = {
	.name = "lists", .version = 1, FAKE_PARAMS, .state_size = sizeof(struct fake), .nr_workers = 2,
	BENCH_SUITE({.suites = BENCH_CARD, .params = "way=a,b pages=1,2,3", .spare = 3},
		    {.suites = BENCH_FULL, .params = "siblings=0,10 lru-gen=keep sibling-pages=5", .workers = "1"}),
};

static const struct bench options_of = {
	.name = "options", .version = 1, FAKE_PARAMS, .state_size = sizeof(struct fake),
	BENCH_SUITE({.suites = BENCH_CARD, .where = BENCH_LIVE, .workers = "1,cores"},
		    {.suites = BENCH_CARD, .where = BENCH_GUESTS, .depth = "1,4,16"},
		    {.suites = BENCH_CARD, .workers = "3", .memcgs = "each", .place = "one"},
		    {.suites = BENCH_FULL, .where = BENCH_NODES, .workers = "2", .place = "scatter", .memory = "remote"},
		    {.suites = BENCH_FULL, .where = BENCH_LIVE | BENCH_NODES, .params = "way=c"},
		    {.suites = BENCH_FULL, .workers = "2", .threads = 1}),
};

/* What is wrong with it is told by whoever makes a plan of it. */
static const struct bench broken = {
	.name = "broken", .version = 1, FAKE_PARAMS, .state_size = sizeof(struct fake),
	BENCH_SUITE({.suites = BENCH_CARD, .params = "colour=red"}),
};

static const struct bench *benches[4];
static size_t nr_benches;

size_t registry_nr(void)
{
	return nr_benches;
}

const struct bench *registry_at(size_t i)
{
	return benches[i];
}

const struct bench *registry_find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_benches; i++)
		if (!strcmp(benches[i]->name, name))
			return benches[i];
	return NULL;
}

#define there_are(...)                                                                             \
	do {                                                                                       \
		const struct bench *const list_[] = {__VA_ARGS__};                                 \
		nr_benches = ARRAY_SIZE(list_);                                                    \
		memcpy(benches, list_, sizeof(list_));                                             \
	} while (0)

/* Items, as plan_item_text() tells them, and what else is asked for: depths of the child arms, the place, the memory. */
static void append(char *text, size_t size, const char *more)
{
	strncat(text, more, size - strlen(text) - 1);
}

static void tell(const struct plan_item *item, char *text, size_t size)
{
	char number[16];
	size_t i, nr = 0;

	plan_item_text(item, text, size);
	for (i = 0; i < item->nr_arms; i++) {
		if (item->arms[i].state != PLAN_CHILD)
			continue;
		snprintf(number, sizeof(number), "%s%u", nr++ ? "," : " @", item->arms[i].depth);
		append(text, size, number);
	}
	if (strcmp(item->place, "compact")) {
		append(text, size, " ");
		append(text, size, item->place);
	}
	if (strcmp(item->memory, "default")) {
		append(text, size, " ");
		append(text, size, item->memory);
	}
}

static void assert_items(char **argv, const char *const *want)
{
	struct plan plan;
	char text[256];
	size_t i;

	if (make_from(argv, &as_root, &plan))
		fail_msg("%s", err_msg());
	for (i = 0; i < plan.nr_items && want[i]; i++) {
		tell(&plan.items[i], text, sizeof(text));
		if (strcmp(text, want[i]))
			fail_msg("item %zu is \"%s\", not \"%s\"", i, text, want[i]);
	}
	if (i < plan.nr_items || want[i]) {
		tell(&plan.items[i < plan.nr_items ? i : 0], text, sizeof(text));
		fail_msg("%zu items; %s is %s", plan.nr_items, want[i] ? want[i] : text, want[i] ? "missing" : "too much");
	}
	plan_free(&plan);
}

#define ARGS(...)  ((char *[]){"run", __VA_ARGS__, NULL})
#define ITEMS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void of_lists_every_combination(void **state)
{
	(void)state;
	there_are(&lists);
	assert_items(ARGS("-q"), ITEMS("lists --pages=1, 2 processes, 1 memcg @1", "lists --pages=2, 2 processes, 1 memcg @1",
				       "lists --pages=3, 2 processes, 1 memcg @1", "lists --way=b --pages=1, 2 processes, 1 memcg @1",
				       "lists --way=b --pages=2, 2 processes, 1 memcg @1", "lists --way=b --pages=3, 2 processes, 1 memcg @1"));
	/* Those that all benches have, too. */
	assert_items(ARGS("--suite=full"), ITEMS("lists --sibling-pages=5 @1", "lists --siblings=10 --sibling-pages=5 @1"));
}

/* Benches in their order, and of each its entries in theirs. */
static void who_says_nothing_is_in_full_once(void **state)
{
	(void)state;
	there_are(&swapper, &plain);
	assert_items(ARGS("--suite=full"), ITEMS("plain @1"));
	assert_items(ARGS("-k", "x=y", "--suite=full"), ITEMS("swapper @1", "plain @1"));
	assert_items(ARGS("--suite=full", "-w", "1,2"), ITEMS("plain @1", "plain, 2 processes, 1 memcg @1"));
	/* Of neither is anything in the card. */
	there_are(&plain, &options_of, &swapper);
	assert_items(ARGS("-w", "3", "--memcgs=1", "--place=one"), ITEMS("options, 3 processes, 1 memcg @1 one"));
}

static void here_and_there(void **state)
{
	(void)state;
	there_are(&options_of);
	assert_items(ARGS("-q"), ITEMS("options @1", "options, 4 processes, 1 memcg @1", "options, 3 processes, 3 memcgs @1 one"));
	assert_items(ARGS("-k", "x=y"), ITEMS("options @1,4,16", "options, 3 processes, 3 memcgs @1 one"));
	/* Where there are two nodes alone. */
	assert_items(ARGS("--suite=full"), ITEMS("options, 2 threads, 1 memcg @1"));
	assert_items(ARGS("-k", "x=y", "--suite=full", "--numa", "512M,cpus=0-1"), ITEMS("options, 2 threads, 1 memcg @1"));
	assert_items(ARGS("-k", "x=y", "--suite=full", "--numa", "256M,cpus=0", "--numa", "256M,cpus=1"),
		     ITEMS("options, 2 processes, 1 memcg @1 scatter remote", "options, 2 threads, 1 memcg @1"));
}

/* What the user says goes before what the suite says, and makes no item twice. */
static void the_users_word_goes_first(void **state)
{
	(void)state;
	there_are(&options_of);
	assert_items(ARGS("-w", "2"), ITEMS("options, 2 processes, 1 memcg @1", "options, 2 processes, 2 memcgs @1 one"));
	assert_items(ARGS("-w", "2", "--place=scatter", "--memcgs=shared"), ITEMS("options, 2 processes, 1 memcg @1 scatter"));
	assert_items(ARGS("-k", "x=y", "-d", "2", "-w", "1"), ITEMS("options @2", "options @2 one"));
	assert_items(ARGS("--suite=full", "--processes"), ITEMS("options, 2 processes, 1 memcg @1"));
	assert_items(ARGS("-k", "x=y", "--suite=full", "--numa", "256M,cpus=0", "--numa", "256M,cpus=1", "--memory-bind=node:1", "--place=0"),
		     ITEMS("options, 2 processes, 1 memcg @1 0 node:1", "options, 2 threads, 1 memcg @1 0 node:1"));
	/* Threads have one memcg: nothing that is about several. */
	assert_items(ARGS("--threads"), ITEMS("options @1", "options, 4 threads, 1 memcg @1"));
}

static void the_users_parameters_go_first(void **state)
{
	(void)state;
	there_are(&lists);
	assert_items(ARGS("--suite=full", "--siblings=3"), ITEMS("lists --siblings=3 --sibling-pages=5 @1"));
	assert_items(ARGS("--suite=full", "--sibling-pages=0"), ITEMS("lists @1", "lists --siblings=10 @1"));
	assert_items(ARGS("--suite=full", "--stats=fresh", "--siblings=0"), ITEMS("lists --stats=fresh --sibling-pages=5 @1"));
	assert_items(ARGS("--suite=full", "-p", "sibling-pages=7"), ITEMS("lists --sibling-pages=7 @1", "lists --siblings=10 --sibling-pages=7 @1"));
	assert_items(ARGS("--suite=full", "-p", "way=c"), ITEMS("lists --way=c --sibling-pages=5 @1", "lists --way=c --siblings=10 --sibling-pages=5 @1"));
	/* What became equal is there once. */
	assert_items(ARGS("-p", "way=c"), ITEMS("lists --way=c --pages=1, 2 processes, 1 memcg @1", "lists --way=c --pages=2, 2 processes, 1 memcg @1",
						"lists --way=c --pages=3, 2 processes, 1 memcg @1"));
	assert_items(ARGS("-p", "pages=1", "-p", "way=c"), ITEMS("lists --way=c --pages=1, 2 processes, 1 memcg @1"));
}

static void what_is_spared_first(void **state)
{
	struct plan plan;
	size_t i;

	(void)state;
	there_are(&lists);
	assert_int_equal(make(&as_root, &plan, "-q"), 0);
	for (i = 0; i < plan.nr_items; i++) {
		assert_int_equal(plan.items[i].spare, 3);
		/* The user chose none of it, but the suite did: it is not to be made smaller than it is meant. */
		assert_int_equal(plan.items[i].given, 3);
	}
	plan_free(&plan);
}

static void an_entry_that_is_none(void **state)
{
	(void)state;
	there_are(&plain, &broken);
	assert_refused(-ENOENT, "broken has no such parameter: colour=red", "-q");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_lists_every_combination),
		cmocka_unit_test(who_says_nothing_is_in_full_once),
		cmocka_unit_test(here_and_there),
		cmocka_unit_test(the_users_word_goes_first),
		cmocka_unit_test(the_users_parameters_go_first),
		cmocka_unit_test(what_is_spared_first),
		cmocka_unit_test(an_entry_that_is_none),
	};

	return cmocka_run_group_tests(tests, load_machine, unload_machine);
}
