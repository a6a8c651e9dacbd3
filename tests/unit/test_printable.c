// SPDX-License-Identifier: GPL-2.0-or-later
/* What of somebody else's text reaches a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/printable.h"
#include "data/record.h"

static void assert_printable(const char *text, bool is_text, const char *want)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", text);
	assert_int_equal(printable(copy, is_text), strcmp(text, want) != 0);
	assert_string_equal(copy, want);
}

static void what_is_printable_stays(void **state)
{
	(void)state;
	assert_printable("", false, "");
	assert_printable("fault_storm +/- 3 %", false, "fault_storm +/- 3 %");
	assert_printable("µ → \u00a0 \uffff \U0001f600", false, "µ → \u00a0 \uffff \U0001f600");
	assert_printable("a\nb\tc", true, "a\nb\tc");
}

static void what_commands_does_not(void **state)
{
	(void)state;
	assert_printable("a\nok 999", false, "a?ok 999");
	assert_printable("a\tb\x1b[2J\x7f", false, "a?b?[2J?");
	assert_printable("\r\x1b", true, "??");
	/* CSI in one byte, as UTF-8 has it, and by itself, where it is no UTF-8. */
	assert_printable("x\xc2\x9bJ", false, "x?J");
	assert_printable("x\x9bJ", false, "x?J");
	/* Right to left, and back; a line, a paragraph. */
	assert_printable("a\u202eb\u202c\u2066\u2028\u2029", true, "a?b????");
}

/* RFC 3629: overlong, a surrogate, beyond Unicode, cut. */
static void what_is_no_utf8_is_shown(void **state)
{
	(void)state;
	assert_printable("\xc0\x8a|", false, "??|");
	assert_printable("\xe0\x80\x8a|", false, "???|");
	assert_printable("\xed\xa0\x80|", false, "???|");
	assert_printable("\xf4\x90\x80\x80|", false, "????|");
	assert_printable("\xe2\x86", false, "??");
	assert_printable("\xff\xfe", true, "??");
}

static void sentences_are_printable(void **state)
{
	(void)state;
	err_set(1, "a%s", "\x1b]0;title\a");
	assert_string_equal(err_msg(), "a?]0;title?");
	err_sys(2, "open %s", "\x1b");
	assert_string_equal(err_msg(), "open ?: No such file or directory");
	err_prefix(-1, "%s", "\x7f");
	assert_string_equal(err_msg(), "?: open ?: No such file or directory");
}

static void records_are_printable(void **state)
{
	json_t *record = json_pack("{s:s, s:s, s:[s, {s:i}], s:i}", "bench", "a\nb", "text", "a\nb\x1b", "list", "\x01", "x\ny", 1, "k\x1b", 2);
	char *text;

	(void)state;
	assert_int_equal(record_make_printable(record), 0);
	text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"bench\":\"a?b\",\"k?\":2,\"list\":[\"?\",{\"x?y\":1}],\"text\":\"a\\nb?\"}");
	free(text);
	json_decref(record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printable_stays),
		cmocka_unit_test(what_commands_does_not),
		cmocka_unit_test(what_is_no_utf8_is_shown),
		cmocka_unit_test(sentences_are_printable),
		cmocka_unit_test(records_are_printable),
	};

	return cmocka_run_group_tests_name("printable", tests, NULL, NULL);
}
