/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label.h - what items, arms and facts of a run are called in tables and pictures.
 *
 * Names only, no numbers of results. Reads run.json and the items as data/rundata.h holds them.
 */
#ifndef OUT_LABEL_H
#define OUT_LABEL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "data/overhead.h"
#include "data/rundata.h"

#define LABEL_MAX 64

/* Is @value what @param of @bench is when nothing is said? The registry of benches knows, which
 * out/ must not ask. */
struct label_defaults {
	bool (*is_default)(const char *bench, const char *param, const char *value);
};

/*
 * The arm's name, as short as tells it from the other arms of its item: "root", "child", "depth 2",
 * "depth 2, max 64M". Writes to and returns @buf, LABEL_MAX bytes.
 */
char *label_arm(const struct rundata_item *item, const struct rundata_arm *arm, char *buf);

/* The same in words: "child memcg at depth 2, limit 64M". Returns @buf, 2 * LABEL_MAX bytes. */
char *label_arm_words(const struct rundata_arm *arm, char *buf);

/*
 * "fault_storm --map=shmem": the bench with its parameters, without those at their default (all of
 * them when
 * @defaults is NULL). malloc'd; NULL without memory.
 */
char *label_item(const struct rundata_item *item, const struct label_defaults *defaults);

/* "ns" or "insn": what the run's clock counts. */
const char *label_clock(const struct rundata *data);

/* The string at @key of object @object; "" when it is missing, empty or no string. */
const char *label_string(const json_t *object, const char *key);

/* run.json's first boot and its parts "facts", "cgroup", "topology"; NULL when missing. @part NULL:
 * the boot. */
const json_t *label_boot(const struct rundata *data, const char *part);

/* An item whose arms are those of every item that has any, so that they can be named once for all;
 * NULL: they differ. */
const struct rundata_item *label_common_arms(const struct rundata *data);

#endif
