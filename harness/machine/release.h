/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * release.h - how old is the kernel that this runs on? For what it neither says nor shows; where it does, ask that.
 */
#ifndef MACHINE_RELEASE_H
#define MACHINE_RELEASE_H

#include <stdbool.h>

/* Linux @major.@minor, or later? False also where nobody can tell. */
bool release_is_since(unsigned int major, unsigned int minor);

#endif
