/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain_reader.h - the profiles of a run for whoever takes apart many of its numbers: each is read once, as long as they are asked for
 * in the order of their boots.
 */
#ifndef DATA_EXPLAIN_READER_H
#define DATA_EXPLAIN_READER_H

#include "data/explain_run.h"

struct explain_reader;

/* @data must outlive it. -ENOMEM. */
int explain_reader_new(const struct rundata *data, struct explain_reader **ret_reader) __must_check;
void explain_reader_free(struct explain_reader *reader);

/*
 * The rep that gave the number of @arm under @seed. -ENODATA: there is no such sample, or no profile of it; other errors as of
 * explain_side_load(). *ret_symbols, of its kernel, are the reader's. Free with explain_rep_free().
 */
int explain_reader_rep(struct explain_reader *reader, const struct explain_resolved *resolved, size_t arm, uint64_t seed,
		       struct explain_rep *ret_rep, const struct symbols **ret_symbols) __must_check;

#endif
