/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sha256.h - the digest that names a kernel image or configuration, so that sha256sum(1) can check it.
 *
 * An identity, not a defence. Knows nothing of files. Source: FIPS 180-4, sections 5.1.1 and 6.2.
 */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>

/* 64 hex digits and the end of the string. */
#define SHA256_HEX_SIZE 65

void sha256_hex(const void *data, size_t size, char ret_hex[SHA256_HEX_SIZE]);

#endif
