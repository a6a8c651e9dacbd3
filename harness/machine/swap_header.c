// SPDX-License-Identifier: GPL-2.0-or-later
/* The first page of a swap area, in which ours says whose it is. */
#include <string.h>

#include "machine/swap.h"

#define LABEL "memcgbench"
#define MARK  "mcgb" /* the beginning of the UUID; the owner is the rest */

enum { FLAG_ADDED = 1, FLAG_MODULE = 2 };

/*
 * union swap_header in include/linux/swap.h, up to the label. The signature is at the end of the page. The kernel does not look at what a boot
 * loader would have there (bootbits).
 */
struct header {
	uint32_t owner_pid_ns;
	unsigned char boot[1020];
	uint32_t version, last_page, nr_bad_pages;
	unsigned char uuid[16];
	char label[16];
};

static const char signature[10] = {'S', 'W', 'A', 'P', 'S', 'P', 'A', 'C', 'E', '2'};

struct mark {
	char mark[4];
	uint32_t pid;
	uint64_t start; /* the flags are its highest byte */
};

_Static_assert(sizeof(struct mark) == 16, "a UUID has 16 bytes");

void swap_header_write(unsigned char *page, uint64_t page_bytes, uint64_t bytes, const struct owner *owner,
		       const struct swap *swap)
{
	uint64_t flags = (swap->is_added ? FLAG_ADDED : 0) | (swap->has_module ? FLAG_MODULE : 0);
	struct mark mark = {.pid = (uint32_t)owner->pid, .start = owner->start | flags << 56};
	struct header header = {.owner_pid_ns = owner->pid_ns, .version = 1, .last_page = (uint32_t)(bytes / page_bytes - 1), .label = LABEL};

	memcpy(mark.mark, MARK, sizeof(mark.mark));
	memcpy(header.uuid, &mark, sizeof(mark));
	memset(page, 0, page_bytes);
	memcpy(page, &header, sizeof(header));
	memcpy(page + page_bytes - sizeof(signature), signature, sizeof(signature));
}

bool swap_header_read(const unsigned char *page, struct owner *ret_owner, struct swap *ret_swap)
{
	struct header header;
	struct mark mark;

	memcpy(&header, page, sizeof(header));
	memcpy(&mark, header.uuid, sizeof(mark));
	if (memcmp(mark.mark, MARK, sizeof(mark.mark)) || strncmp(header.label, LABEL, sizeof(header.label)))
		return false;
	ret_owner->pid = (pid_t)mark.pid;
	ret_owner->pid_ns = header.owner_pid_ns;
	ret_owner->start = mark.start & ~(0xffull << 56);
	ret_swap->is_added = mark.start >> 56 & FLAG_ADDED;
	ret_swap->has_module = mark.start >> 56 & FLAG_MODULE;
	return true;
}
