/* SPDX-License-Identifier: GPL-2.0-or-later */
/* registry.h - every bench of bench/list.h. */
#ifndef CORE_REGISTRY_H
#define CORE_REGISTRY_H

#include <stddef.h>

#include "bench.h"

size_t registry_nr(void);
const struct bench *registry_at(size_t i); /* as list.h has them */
const struct bench *registry_find(const char *name); /* NULL: no such bench */

#endif
