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

#include "out/html.h"

#define GONE "\xef\xbf\xbd"

static char *made(void (*put)(FILE *, const char *), const char *text)
{
	char *buf;
	size_t size;
	FILE *out = open_memstream(&buf, &size);

	put(out, text);
	fclose(out);
	return buf;
}

static void expect(void (*put)(FILE *, const char *), const char *text, const char *want)
{
	char *got = made(put, text);

	assert_string_equal(got, want);
	free(got);
}

static void test_markup_is_text(void **state)
{
	(void)state;
	expect(html_text, "a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;");
	expect(html_text, "plain ± text\n\t", "plain ± text\n\t");
	expect(html_text, NULL, "");
}

/* Everything that HTML forbids, or that a browser may read as something else. */
static void test_what_is_no_character_is_replaced(void **state)
{
	(void)state;
	expect(html_text, "\x01\x1f\x7f", GONE GONE GONE);
	expect(html_text, "\xc0\xbc", GONE GONE);	       /* an overlong "<" */
	expect(html_text, "\xe0\x80\xbc", GONE GONE GONE);     /* and a longer one */
	expect(html_text, "\xed\xa0\x80", GONE GONE GONE);     /* a surrogate */
	expect(html_text, "\xf4\x90\x80\x80", GONE GONE GONE GONE); /* beyond U+10FFFF */
	expect(html_text, "\xc2\x85", GONE GONE);	       /* a C1 control */
	expect(html_text, "a\xe2\x82", "a" GONE GONE);	       /* cut short */
	expect(html_text, "\xe2<", GONE "&lt;");	       /* the tag behind a cut character */
	expect(html_text, "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80");
}

static void test_paths_are_no_schemes(void **state)
{
	(void)state;
	expect(html_path, "javascript:alert(1)", "./javascript%3Aalert%281%29");
	expect(html_path, "../a b/\"c\".svg", "../a%20b/%22c%22.svg");
	expect(html_path, "x?y#z%", "./x%3Fy%23z%25");
}

static void expect_file(const char *bytes, size_t size, const char *want)
{
	char path[] = "/tmp/test_html.XXXXXX", *got;
	int fd = mkstemp(path);
	size_t length;
	FILE *out = open_memstream(&got, &length);

	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
	assert_int_equal(html_file(out, "/tmp", strrchr(path, '/') + 1, "a/b", 3), size > 3 ? -EFBIG : 0);
	fclose(out);
	unlink(path);
	assert_string_equal(got, want);
	free(got);
}

/* Vectors of RFC 4648, section 10, and bytes that are negative in a char. */
static void test_files_in_base64(void **state)
{
	(void)state;
	expect_file("", 0, "data:a/b;base64,");
	expect_file("f", 1, "data:a/b;base64,Zg==");
	expect_file("fo", 2, "data:a/b;base64,Zm8=");
	expect_file("foo", 3, "data:a/b;base64,Zm9v");
	expect_file("\xff\xfe\xfb", 3, "data:a/b;base64,//77");
	expect_file("foob", 4, "");
	assert_int_equal(html_file(stderr, "/nowhere", "at/all", "a/b", 3), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_markup_is_text),
		cmocka_unit_test(test_what_is_no_character_is_replaced),
		cmocka_unit_test(test_paths_are_no_schemes),
		cmocka_unit_test(test_files_in_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
