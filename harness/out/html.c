// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/html.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"

#define REPLACEMENT "\xef\xbf\xbd"

/*
 * Bytes of the UTF-8 character at @text, 0 if it is none: RFC 3629, section 4, without the overlong forms and surrogates, and without
 * control characters (C1 included), which HTML does not allow.
 */
static size_t character(const unsigned char *text)
{
	size_t nr = text[0] < 0x80 ? 1 : text[0] < 0xc2 ? 0 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : text[0] < 0xf5 ? 4 : 0, i;

	for (i = 1; i < nr; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if (nr == 1)
		return (text[0] >= ' ' && text[0] != 0x7f) || text[0] == '\n' || text[0] == '\t';
	if (nr == 2 && text[0] == 0xc2 && text[1] < 0xa0)
		return 0;
	if (nr == 3 && ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
			(text[0] == 0xef && text[1] == 0xbf && text[2] > 0xbd)))
		return 0;
	if (nr == 4 && ((text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f)))
		return 0;
	return nr;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(FILE *out, const char *text)
{
	while (text && *text) {
		size_t nr = character((const unsigned char *)text);
		const char *name = entity(*text);

		if (name)
			fputs(name, out);
		else if (nr)
			fwrite(text, 1, nr, out);
		else
			fputs(REPLACEMENT, out);
		text += nr ? nr : 1;
	}
}

void html_textf(FILE *out, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	html_text(out, text);
}

void html_path(FILE *out, const char *path)
{
	if (*path != '/' && *path != '.')
		fputs("./", out);
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~/", c);

		fprintf(out, plain ? "%c" : "%%%02X", c);
	}
}

static void put_base64(FILE *out, const unsigned char *data, size_t size)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned int group = (unsigned int)data[i] << 16;

		group |= left > 1 ? (unsigned int)data[i + 1] << 8 : 0;
		group |= left > 2 ? data[i + 2] : 0;
		fputc(digits[group >> 18], out);
		fputc(digits[group >> 12 & 63], out);
		fputc(left > 1 ? digits[group >> 6 & 63] : '=', out);
		fputc(left > 2 ? digits[group & 63] : '=', out);
	}
}

int html_file(FILE *out, const char *dir, const char *name, const char *type, size_t limit_bytes)
{
	__free_mem char *data = NULL;
	size_t size;
	int ret = beneath_read_all(dir, name, limit_bytes, &data, &size);

	if (ret)
		return ret;
	fprintf(out, "data:%s;base64,", type);
	put_base64(out, (const unsigned char *)data, size);
	return 0;
}
