// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/symbols.h"

static const char table[] = "ffffffff81000100 t beta.isra.0\n"
			    "ffffffff81000000 W weak_alias\n"
			    "ffffffff81000000 T alpha\n"
			    "ffffffff81000200 t gamma.part.0.cold\n"
			    "ffffffffc0000000 t mod_function zram\n"
			    "ffffffff82000000 d a_variable\n"
			    "ffffffff81000300 T __irqentry_text_start\n"
			    "ffffffff81000300 t delta\n";

static int setup(void **state)
{
	static struct symbols symbols;
	char *text = strdup(table);

	*state = &symbols;
	return text ? symbols_parse(text, "the table", &symbols) : -1;
}

static int teardown(void **state)
{
	symbols_free(*state);
	return 0;
}

static const char *name_at(const struct symbols *symbols, uint64_t address)
{
	size_t i = symbols_function(symbols, address);

	return i == SIZE_MAX ? NULL : symbols->functions[i].name;
}

static void test_lookup(void **state)
{
	const struct symbols *symbols = *state;

	assert_null(name_at(symbols, 0xffffffff80ffffffu));
	assert_string_equal(name_at(symbols, 0xffffffff81000000u), "alpha");
	assert_string_equal(name_at(symbols, 0xffffffff810000ffu), "alpha");
	assert_string_equal(name_at(symbols, 0xffffffff81000100u), "beta.isra.0");
	assert_string_equal(name_at(symbols, 0xffffffffc0000010u), "mod_function");
	assert_string_equal(symbols->functions[symbols_function(symbols, 0xffffffffc0000010u)].module, "zram");
	assert_string_equal(symbols_variable(symbols, 0xffffffff82000040u)->name, "a_variable");
	assert_null(symbols_variable(symbols, 0xffffffff82100000u));
	assert_null(symbols_variable(symbols, 0xffffffff81000000u));
}

static void test_names(void **state)
{
	const struct symbols *symbols = *state;
	char buf[SYMBOLS_NAME_MAX];

	assert_string_equal(symbols_plain_name("gamma.part.0.cold", buf, sizeof(buf)), "gamma");
	assert_string_equal(symbols_plain_name("f.constprop.12", buf, sizeof(buf)), "f");
	assert_string_equal(symbols_plain_name("plain", buf, sizeof(buf)), "plain");
	assert_string_equal(symbols_plain_name(".cold", buf, sizeof(buf)), ".cold");
	assert_true(symbols_has(symbols, "beta"));
	assert_true(symbols_has(symbols, "weak_alias"));
	assert_true(symbols_has(symbols, "gamma"));
	assert_false(symbols_has(symbols, "bet"));
	assert_false(symbols_has(symbols, "a_variable"));
}

/* A run keeps what it needs, and still knows every name. */
static void test_kept(void **state)
{
	static const uint64_t addresses[] = {0x1000, 0xffffffff81000004u, 0xffffffff81000008u, 0xffffffff81000310u};
	const struct symbols *symbols = *state;
	struct symbols again;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(symbols_write(symbols, "a name with blanks", "6.12.1", addresses, 4, out), 0);
	fclose(out);
	assert_int_equal(symbols_parse(text, "again", &again), 0);
	assert_int_equal(again.nr_functions, 2);
	assert_string_equal(again.functions[0].name, "alpha");
	assert_string_equal(again.functions[1].name, "delta");
	assert_string_equal(again.kernel, "a name with blanks");
	assert_string_equal(again.release, "6.12.1");
	assert_true(symbols_has(&again, "beta"));
	assert_false(symbols_has(&again, "epsilon"));
	symbols_free(&again);
}

/* Every way of cutting a run's file short is seen: what is missing would be taken for part of the functions that are left. */
static void test_cut_files(void **state)
{
	static const uint64_t addresses[] = {0xffffffff81000004u, 0xffffffff81000310u};
	char path[] = "/tmp/memcgbench-test-symbols-XXXXXX";
	const struct symbols *symbols = *state;
	int fd = mkstemp(path);
	struct symbols again;
	FILE *out;
	long size;

	assert_true(fd >= 0);
	out = fdopen(fd, "w");
	assert_non_null(out);
	assert_int_equal(symbols_write(symbols, "a", "6.12.1", addresses, 2, out), 0);
	size = ftell(out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(symbols_load("/tmp", strrchr(path, '/') + 1, &again), 0);
	symbols_free(&again);
	while (--size >= 0) {
		assert_int_equal(truncate(path, size), 0);
		assert_int_equal(symbols_load("/tmp", strrchr(path, '/') + 1, &again), -EBADMSG);
	}
	unlink(path);
}

static void test_bad_tables(void **state)
{
	struct symbols symbols;

	(void)state;
	assert_int_equal(symbols_parse(strdup("hello\n"), "t", &symbols), -EBADMSG);
	assert_int_equal(symbols_parse(strdup(""), "t", &symbols), -EBADMSG);
	assert_int_equal(symbols_parse(strdup("# names 12345678\n# names 12345678\nffffffff81000000 t f\n"), "t", &symbols), -EBADMSG);
	assert_int_equal(symbols_parse(strdup("ffffffff82000000 d only_data\n"), "t", &symbols), -EBADMSG);
	assert_non_null(strstr(err_msg(), "names no function"));
	assert_int_equal(symbols_load("/tmp", "nowhere", &symbols), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_bad_tables),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
