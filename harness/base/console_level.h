/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_level.h - how much a guest's kernel has to print on its console, where its faults are looked for.
 *
 * A message reaches the console when its level is below this: a WARN and a splat of lockdep are KERN_WARNING, 4
 * (include/linux/kern_levels.h). "quiet" is 4 itself (CONFIG_CONSOLE_LOGLEVEL_QUIET).
 */
#ifndef BASE_CONSOLE_LEVEL_H
#define BASE_CONSOLE_LEVEL_H

#define CONSOLE_LEVEL 5

#endif
