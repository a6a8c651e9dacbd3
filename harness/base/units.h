/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units.h - numbers with units, from text and to text.
 *
 * Parsers take the whole string or nothing: no sign, no blanks, no trailing text, no overflow, and no
 * "max" (a caller that allows "max" asks for it by name). They leave a sentence in err.h.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* A decimal number. -EINVAL: not one; -ERANGE: does not fit 64 bits. */
int parse_u64(const char *text, uint64_t *ret_value);

/*
 * A size in bytes: "4096", "4k", "2M", "1G", "1T", "4KiB" (case does not matter, always powers of
 * 1024). -EINVAL: not a size; -ERANGE: does not fit 64 bits.
 */
int parse_size(const char *text, uint64_t *ret_bytes);

/* A time with its unit: "500us", "20ms", "1.5s", "2m". -EINVAL: no unit or not a number; -ERANGE. */
int parse_duration_ns(const char *text, uint64_t *ret_ns);

/*
 * "8M", "1536M", "1000", "97.66K": exact, and then parse_size() takes it back, where at most four digits of a
 * unit say it; else rounded to four digits. Writes to and returns @buf.
 */
char *format_size(uint64_t bytes, char *buf, size_t buf_size);

/* "950 ns", "20 ms", "1.25 s", "2 m 05 s": three digits at most. Writes to and returns @buf. */
char *format_duration(uint64_t ns, char *buf, size_t buf_size);

#endif
