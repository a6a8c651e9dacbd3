/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html.h - text, links and pictures as HTML that stays whole whatever the text is.
 *
 * Names and sentences come from files that somebody else wrote: nothing of them may become a tag, an attribute or a script. Knows
 * nothing of benchmarks.
 */
#ifndef OUT_HTML_H
#define OUT_HTML_H

#include <stddef.h>
#include <stdio.h>

#include "base/util.h"

/* @text as text or as the value of a quoted attribute. A byte that is not UTF-8, or a control character, becomes U+FFFD. */
void html_text(FILE *out, const char *text);
/* The same of what printf makes of it. */
void html_textf(FILE *out, const char *fmt, ...) __printf(2, 3);

/* A relative path as a URL in a quoted attribute: "a b/c" -> "./a%20b/c", so that no part of it reads as a scheme. */
void html_path(FILE *out, const char *path);

/*
 * The file @name beneath the folder @dir (base/beneath.h) as a data: URL of type @type, for a quoted attribute. A picture drawn in this way cannot run a script, nor can names
 * inside it meet those of the page. -EFBIG: larger than @limit_bytes; errors of reading. Nothing is written on failure.
 */
int html_file(FILE *out, const char *dir, const char *name, const char *type, size_t limit_bytes) __must_check;

#endif
