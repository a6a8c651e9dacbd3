/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile_format.h - constants of the profile file, for the probe that writes it and the reader (docs/EXPLAIN.md).
 */
#ifndef BASE_PROFILE_FORMAT_H
#define BASE_PROFILE_FORMAT_H

#define PROFILE_MAGIC	   "memcgprf"
#define PROFILE_MAGIC_SIZE 8
#define PROFILE_VERSION	   1

/* The last 8 bytes are the FNV-1a sum of all before, little-endian (Fowler, Noll, Vo; draft-eastlake-fnv, 64 bits). */
#define PROFILE_SUM_BASIS 0xcbf29ce484222325u
#define PROFILE_SUM_PRIME 0x100000001b3u

/* What the probe writes of one key at most, and what the reader believes. */
#define PROFILE_VCPUS_MAX 64
/* What no other vCPU touches passes between no caches; of an address space full of the rest the busiest lines say enough. */
#define PROFILE_LINES_MAX 256

#endif
