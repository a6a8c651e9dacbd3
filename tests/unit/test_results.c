// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/results.h: what of a result channel is a record, and what ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/results.h"

static unsigned int nr_taken;

static int take(void *ctx, const char *line)
{
	(void)ctx;
	nr_taken++;
	return strstr(line, "refuse") ? err_set(1, "it is refused") : 0;
}

static struct results feed(const char *data, size_t size)
{
	struct results results = {.on_line = take};

	nr_taken = 0;
	results_feed(&results, data, size);
	return results;
}

#define FEED(text) feed(text, sizeof(text) - 1)

static void records(void **state)
{
	struct results results = FEED("{\"type\":\"boot\"}\n{\"type\":\"sample\"}\n{\"type\":\"end\",\"tainted\":512}\n{\"type\":\"sample\"}\n");

	(void)state;
	assert_int_equal(results.fault, BOOT_OK);
	assert_true(results.has_end);
	assert_int_equal(results.tainted, 512);
	/* Behind the end there is nothing. */
	assert_int_equal(results.nr_records, 3);
	assert_int_equal(nr_taken, 3);
	results_clear(&results);
	/* Nor is it an end before its line is one. */
	results = FEED("{\"type\":\"end\"}");
	assert_false(results.has_end);
	assert_int_equal(nr_taken, 0);
	results_clear(&results);
}

static void no_records(void **state)
{
	static const char *const texts[] = {
		"[    1.0] Kernel panic\n", "\n", "[]\n", "{}\n", "{\"type\": 1}\n", "{\"type\":\"end\"} {}\n", "x{\"type\":\"end\"}\n",
		"{\"inner\":{\"type\":\"end\"}}\n", "\xff\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct results results = feed(texts[i], strlen(texts[i]));

		assert_int_equal(results.fault, BOOT_GARBLED);
		assert_false(results.has_end);
		assert_int_equal(nr_taken, 0);
		/* No more is read. */
		results_feed(&results, "{\"type\":\"end\"}\n", 15);
		assert_false(results.has_end);
		results_clear(&results);
	}
}

static void hidden_behind_a_nul(void **state)
{
	struct results results = FEED("{\"type\":\"end\"}\0{\"type\":\"sample\"}\n");

	(void)state;
	assert_int_equal(results.fault, BOOT_GARBLED);
	results_clear(&results);
}

static void refused(void **state)
{
	struct results results = FEED("{\"type\":\"refuse\"}\n{\"type\":\"end\"}\n");

	(void)state;
	assert_int_equal(results.fault, BOOT_REFUSED);
	assert_string_equal(results.detail, "it is refused");
	assert_int_equal(nr_taken, 1);
	results_clear(&results);
}

static void line_without_end(void **state)
{
	static char block[1 << 20];
	struct results results = {0};
	size_t i;

	(void)state;
	memset(block, ' ', sizeof(block));
	for (i = 0; i < 100 && results.fault == BOOT_OK; i++)
		results_feed(&results, block, sizeof(block));
	assert_int_equal(i, 16);
	assert_int_equal(results.fault, BOOT_GARBLED);
	results_clear(&results);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records), cmocka_unit_test(no_records),       cmocka_unit_test(hidden_behind_a_nul),
		cmocka_unit_test(refused), cmocka_unit_test(line_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
