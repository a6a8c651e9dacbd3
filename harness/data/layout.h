/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - how the structures of the memory controller lie in memory, and how that differs between two kernels.
 *
 * From BTF, the type information that a kernel carries (Documentation/bpf/btf.rst of the kernel), read with libbpf. Pure:
 * bytes in, differences out; knows neither files nor where the bytes came from.
 *
 * Offsets count from the start of the structure, and lines as if it began on one: true of what the kernel aligns to
 * lines (per-CPU structures, slab objects with SLAB_HWCACHE_ALIGN) and of large allocations.
 */
#ifndef DATA_LAYOUT_H
#define DATA_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct layout_member {
	char *path; /* members of anonymous structs and unions stand for themselves; of named ones "outer.inner" */
	char *type; /* as in C, without the member's name: "struct mem_cgroup *", "long[4]" */
	uint64_t offset_bits;
	uint64_t size_bits; /* 0: a flexible array, or padding that only aligns what follows */
	bool bitfield;
	bool padding; /* of a type made for padding to a cache line (CACHELINE_PADDING(), include/linux/cache.h) */
};

struct layout_struct {
	const char *name; /* of the caller's list */
	bool exists;	  /* false: this kernel has no such structure */
	bool is_union;
	uint64_t size_bytes;
	struct layout_member *members; /* by offset, those of equal offset as declared */
	size_t nr_members;
};

struct layout {
	struct layout_struct *structs; /* in the order of the list */
	size_t nr_structs;
	size_t nr_found;
};

/* The structures of memcg that matter, of any kernel since 5.10; ended by NULL. The one list of them. */
extern const char *const layout_memcg_structs[];

/*
 * Read @names (which must outlive the result) from the BTF in @bytes. @what: its name in sentences. -EBADMSG: truncated or
 * damaged BTF; a structure that is not there is no error. Free with layout_free().
 */
int layout_read(const void *bytes, size_t size, const char *what, const char *const *names, size_t nr_names,
		struct layout **ret_layout) __must_check;
void layout_free(struct layout *layout);

/* First and last line of @line_bytes that a member lies on. False: it takes no room, thus no line. */
bool layout_lines(const struct layout_member *member, unsigned int line_bytes, uint64_t *ret_first, uint64_t *ret_last);

/* Flags of one member that both kernels have. */
enum {
	LAYOUT_MOVED = 1,
	LAYOUT_RESIZED = 2,
	LAYOUT_RETYPED = 4, /* another type; one of another name may be the same in memory */
};

struct layout_change {
	const struct layout_member *old, *new; /* one is NULL: added or removed */
	unsigned int flags;
};

/*
 * A line whose members, those that both kernels have, met or parted: members of one group share a line in both kernels,
 * members of different groups in one of them only.
 */
struct layout_line {
	uint64_t line;
	const struct layout_member **members;
	size_t *group; /* of each member, from 0 */
	size_t nr_members, nr_groups;
};

struct layout_diff {
	const struct layout_struct *old, *new;
	bool same; /* size, members, offsets and types */
	struct layout_change *changes; /* by offset in the new kernel, removed ones last by offset in the old */
	size_t nr_changes;
	struct layout_line *joined; /* lines of the new kernel */
	size_t nr_joined;
	struct layout_line *parted; /* lines of the old kernel */
	size_t nr_parted;
};

/*
 * How @new differs from @old, with lines of @line_bytes. A structure that one kernel lacks has a diff without changes
 * (old->exists != new->exists). Both must outlive *ret_diff. -ENOMEM. Free with layout_diff_free().
 */
int layout_compare(const struct layout_struct *old, const struct layout_struct *new, unsigned int line_bytes,
		   struct layout_diff *ret_diff) __must_check;
void layout_diff_free(struct layout_diff *diff);

/* Number of padding members, and bytes of the structure that no member lies on (holes between members and at the end). */
void layout_waste(const struct layout_struct *s, size_t *ret_paddings, uint64_t *ret_hole_bytes);

#endif
