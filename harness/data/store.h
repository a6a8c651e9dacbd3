/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - writes a run's directory: results/<run>/run.json and samples.jsonl.
 *
 * Append-as-it-comes: each record is one write(2) of one line, so a killed run keeps valid lines. run.json is
 * replaced whole. The format is docs/RESULTS-FORMAT.md. Interprets nothing.
 */
#ifndef DATA_STORE_H
#define DATA_STORE_H

#include <jansson.h>

#include "base/util.h"

struct store;

/*
 * Create @parent/@name (and @parent when missing; @name gets "-2", "-3", … when it is taken), write run.json from
 * @run (an object; the store adds "schema", "schema_version", "run", "status": "running", "started"), and open
 * samples.jsonl. @run is copied. Errors name the path: -EACCES, -EROFS, -ENOSPC, ….
 */
int store_create(const char *parent, const char *name, const json_t *run, struct store **ret_store) __must_check;

const char *store_dir(const struct store *store);  /* path of the run's directory */
const char *store_name(const struct store *store); /* the run's name */

/*
 * One line of the protocol from boot number @boot: checked (an object with a known "type"), given its "boot" field,
 * appended. "boot" records also go into run.json's "boots" (run.json is written at once), the "xml" of "topology" records into
 * topology.xml instead of samples.jsonl (topology-BOOT.xml where a later boot saw another machine than the first).
 * *ret_record (if not NULL): the record, a new reference. -EBADMSG: not a record (nothing is written); -ENOSPC and so on:
 * the disk would not take it, the sentence says that what is there is incomplete, and no later record is taken.
 */
int store_line(struct store *store, unsigned int boot, const char *executor, const char *line, json_t **ret_record) __must_check;

/* Set a field of run.json (reference is stolen); written at the next store_finish(). */
void store_set(struct store *store, const char *key, json_t *value);

/* Write another file ("table.txt") into the folder @dir of a run, open or finished; whole or not at all. */
int store_file(const char *dir, const char *name, const char *text) __must_check;

/*
 * Set "status" ("complete", "interrupted", "failed") and "ended", fsync everything. Frees @store in any case. A store that lost a
 * record cannot become "complete": that error again, and run.json goes on saying "running".
 */
int store_finish(struct store *store, const char *status) __must_check;

/* Close without finishing: run.json goes on saying "running". For error paths; NULL is fine. */
void store_abandon(struct store *store);

#endif
