/* SPDX-License-Identifier: GPL-2.0-or-later */
/* function_verdicts.h - verdicts on functions (data/compare_functions.h) as a sentence, a list or JSON. */
#ifndef OUT_FUNCTION_VERDICTS_H
#define OUT_FUNCTION_VERDICTS_H

#include <jansson.h>

#include "data/compare_functions.h"

/*
 * "regression of try_charge_memcg +1.0 (1 more a call); paid by everybody: filemap_read +1.0": of each kind the first few, and how many others. ""
 * where no function changed. malloc'd; NULL without memory.
 */
char *function_verdicts_sentence(const struct compare_functions *functions);

/* "try_charge_memcg:regression:+1;filemap_read:everybody:+1": all of them. malloc'd; NULL without memory. @functions NULL: "". */
char *function_verdicts_list(const struct compare_functions *functions);

/* Array (docs/compare.schema.json, "function_verdicts"); null where @functions is NULL. NULL: no memory. */
json_t *function_verdicts_json(const struct compare_functions *functions);

#endif
