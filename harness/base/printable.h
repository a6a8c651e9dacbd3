/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printable.h - names and sentences of others, made so that a terminal, a log and a line of a format can take them.
 *
 * A bench called "a\nok 999" would be a test that passed, a kernel with ESC in its name would write where it likes. What is read from a run,
 * a guest or a kernel's symbols goes through here once, when it is read, and so does every sentence of an error.
 */
#ifndef BASE_PRINTABLE_H
#define BASE_PRINTABLE_H

#include <stdbool.h>

/*
 * Put '?' in the place of each control character of @text (C0, DEL, C1), each that turns the direction of writing (U+202A to U+202E, U+2066 to
 * U+2069) or ends a line (U+2028, U+2029), and each byte that is no UTF-8. @is_text: newlines and tabs stay. It never grows. Was anything put?
 */
bool printable(char *text, bool is_text);

#endif
