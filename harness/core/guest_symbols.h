/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest_symbols.h - the names of a guest's kernel, for profiles: Debian's System.map is a stub, so the kernel itself is asked.
 *
 * A boot with memcgbench.symbols on its command line does nothing else. It is a boot of its own, so that boots that measure are the same
 * whether or not anybody profiles them.
 */
#ifndef CORE_GUEST_SYMBOLS_H
#define CORE_GUEST_SYMBOLS_H

#include <stdbool.h>

#include "base/util.h"

/*
 * Write /proc/kallsyms to @fd as records {"type": "symbols", "text": "ADDRESS TYPE NAME [MODULE]\n…"}: functions, and variables that
 * can be written. -ENODATA: the kernel shows no addresses (CONFIG_KALLSYMS, kptr_restrict).
 */
int guest_symbols_write(int fd) __must_check;

#endif
