/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock.h - the one clock.
 *
 * CLOCK_MONOTONIC through the vDSO, in nanoseconds. In a QEMU guest under -icount it advances by the
 * instruction, one nanosecond each (shift=0); what the number means there is decided by whoever booted
 * the guest, not here. Source: clock_gettime(2).
 */
#ifndef MACHINE_CLOCK_H
#define MACHINE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
