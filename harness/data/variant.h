/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * variant.h - kernels of a stored run that are another one booted with further arguments (`run --boot-arg`).
 *
 * From run.json's boots only. Names that are returned live as long as @data.
 */
#ifndef DATA_VARIANT_H
#define DATA_VARIANT_H

#include "data/rundata.h"

/* The kernel that @kernel is a variant of; NULL: it is none. */
const char *variant_plain(const struct rundata *data, const char *kernel);

/*
 * Whose boots with memcg off @kernel is set against, where they are not its own; NULL: its own. A variant has boots with memcg off of
 * its own (boot record, own_off) but in runs of before they had: there what the argument does to everybody is counted as memcg's.
 */
const char *variant_borrows_off(const struct rundata *data, const char *kernel);
/* The same in words, with a full stop. Writes to and returns @buf. */
const char *variant_borrows_text(const char *kernel, const char *lender, char *buf, size_t size);

#endif
