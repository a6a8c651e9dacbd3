/* SPDX-License-Identifier: GPL-2.0-or-later */
/* old_names.h - stored runs of older versions, told in today's words: a row goes on where only its name has changed. */
#ifndef DATA_OLD_NAMES_H
#define DATA_OLD_NAMES_H

#include <jansson.h>

/* What metric @name of @bench is called now; @name itself if that has not changed. */
const char *old_names_metric(const char *bench, const char *name);

/*
 * A new reference: @params of @bench as a run of today would store them. Left out, where it has what was its default, is what is now a parameter of
 * all benches, or of another than it was. NULL: out of memory.
 */
json_t *old_names_params(const char *bench, json_t *params);

#endif
