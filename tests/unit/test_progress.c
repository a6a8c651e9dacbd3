// SPDX-License-Identifier: GPL-2.0-or-later
/* What is shown of a run while it runs, and where a guest says that it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cmd/progress.h"
#include "guest/console.h"

#define S 1000000000ull

static void assert_line(const char *want, uint64_t gone_ns, uint64_t left_ns, uint64_t over_ns, unsigned int width)
{
	char buf[256];

	assert_string_equal(progress_line(gone_ns, left_ns, over_ns, "charge_depth --way=single", width, buf, sizeof(buf)), want);
}

static void a_line_fits_its_terminal(void **state)
{
	(void)state;
	assert_line(" 37 %  charge_depth --way=single       50 s gone, 1 m 25 s left", 50 * S, 85 * S, 0, 63);
	assert_line(" 37 %  charge_de  50 s gone, 1 m 25 s left", 50 * S, 85 * S, 0, 42);
	assert_line(" 37 %    50 s gone, 1 m 25 s left", 50 * S, 85 * S, 0, 10);
	assert_line("37 %, 50 s gone, 1 m 25 s left, charge_depth --way=single", 50 * S, 85 * S, 0, 0);
}

/* What is late is not "about 0 s left". */
static void an_estimate_that_was_wrong_is_said(void **state)
{
	(void)state;
	assert_line("99 %, 50 s gone, 12 s more than thought, charge_depth --way=single", 50 * S, S, 12 * S, 0);
	assert_line("33 %, 0 s gone, 1 s left, charge_depth --way=single", S / 2, S, 0, 0);
}

static void a_guest_says_where_it_is(void **state)
{
	static struct console console;
	static const char text[] = "[    1.0] Run /init\r\nmemcgbench: item 3 of 12\r\nmemcgbench: item 4 of 12, 90 reps\r\nitem 7 of 9\r\n";
	size_t i;

	(void)state;
	/* However it comes. */
	for (i = 0; i + 1 < sizeof(text); i++) {
		console_feed(&console, text + i, 1);
		if (strstr(text, "3 of 12\r\n") + 8 == text + i)
			assert_int_equal(console.item, 3);
	}
	assert_int_equal(console.item, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_fits_its_terminal),
		cmocka_unit_test(an_estimate_that_was_wrong_is_said),
		cmocka_unit_test(a_guest_says_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
