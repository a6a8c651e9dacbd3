/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout_json.h - layouts of structures and their differences, for programs. Computes nothing: see data/layout.h.
 *
 * Two kernels: {
 *   "schema": "memcgbench-layout-diff", "schema_version": 1, "old", "new" (names), "line_bytes",
 *   "structs": [ { "struct", "in_old", "in_new", "same", "size_bytes": { "old", "new" }, "hole_bytes": {…}, "paddings": {…},
 *     "changes": [ { "member", "change": [ "added" | "removed" | "moved" | "resized" | "retyped", … ],
 *                    "old", "new": { "offset_bits", "size_bits", "type" } or null } ],
 *     "joined", "parted": [ { "line", "groups": [ [ member, … ], … ] } ] } ]
 * }
 * joined: lines of the new kernel whose groups shared no line in the old one; parted: lines of the old kernel whose
 * groups share none in the new one. Numbers of a structure that a kernel lacks are null.
 *
 * One kernel: { "schema": "memcgbench-layout", "schema_version": 1, "kernel", "line_bytes",
 *   "structs": [ { "struct", "size_bytes", "members": [ { "member", "offset_bits", "size_bits", "type", "padding" } ] } ] }
 */
#ifndef OUT_LAYOUT_JSON_H
#define OUT_LAYOUT_JSON_H

#include <jansson.h>

#include "data/layout.h"

/* New references; NULL: no memory. */
json_t *layout_diff_json(const struct layout_diff *diffs, size_t nr_diffs, const char *old_name, const char *new_name,
			 unsigned int line_bytes);
json_t *layout_json(const struct layout *layout, const char *name, unsigned int line_bytes);

#endif
