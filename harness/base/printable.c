// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/printable.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the character at @text, and what it is; 1 and a code above Unicode for a byte that begins none. RFC 3629. */
static unsigned int decode(const unsigned char *text, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned int length = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : text[0] >> 3 == 30 ? 4 : 0, i;
	uint32_t code = length < 2 ? text[0] : text[0] & (0x7fu >> length);

	for (i = 1; i < length; i++) {
		if (text[i] >> 6 != 2)
			length = 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (!length || code < least[length] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) {
		*ret_code = UINT32_MAX;
		return 1;
	}
	*ret_code = code;
	return length;
}

static bool is_printable(uint32_t code, bool is_text)
{
	if (is_text && (code == '\n' || code == '\t'))
		return true;
	return code >= ' ' && !(code >= 0x7f && code < 0xa0) && !(code >= 0x2028 && code <= 0x202e) && !(code >= 0x2066 && code <= 0x2069) &&
	       code <= 0x10ffff;
}

bool printable(char *text, bool is_text)
{
	const unsigned char *from = (const unsigned char *)text;
	char *to = text;
	bool changed = false;

	while (*from) {
		uint32_t code;
		unsigned int length = decode(from, &code);

		if (is_printable(code, is_text)) {
			memmove(to, from, length);
			to += length;
		} else {
			*to++ = '?';
			changed = true;
		}
		from += length;
	}
	*to = '\0';
	return changed;
}
