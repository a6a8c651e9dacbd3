/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge_profile.h - profiles of boots, and symbols of kernels, from the folder of a part to that of the whole. Private to merge*.c. */
#ifndef DATA_MERGE_PROFILE_H
#define DATA_MERGE_PROFILE_H

#include "base/util.h"

/* boots/@boot/profile, as it is. A boot that was not profiled is no error. */
int merge_profile(const char *part, const char *whole, unsigned int boot) __must_check;

/* Each file of symbols/: a kernel that several parts booted needs what any of their profiles needs. None is no error. */
int merge_symbols(const char *part, const char *whole) __must_check;

#endif
