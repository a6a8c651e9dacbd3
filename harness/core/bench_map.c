// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a worker's mapping lies, for bench.h. Not where mmap() would put it: that is random (docs/METHOD.md, "Seeds"), and costs more
 * or less by what happens to lie near. A mapping alone in its GiB has a page table of the PMD level allocated, charged and freed with
 * it, in one process and not in the next.
 */
#include <errno.h>
#include <sys/mman.h>

#include "base/err.h"
#include "core/bench_run.h"

/*
 * Below what x86-64 gives to programs, heaps and libraries (85 TiB), above the shadow of AddressSanitizer (16 TiB); within the 48 bits
 * of other machines. PLAN_WORKERS_MAX places fit.
 */
#define PLACES_BEGIN (1ull << 45)
#define PLACE_BYTES (1ull << 35)
/* Of a kernel without huge pages: what one page table covers, where pages have 4 KiB. */
#define TABLE_BYTES (2ull << 20)

#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

static char *place_of(const struct bench_run *run)
{
	return (char *)(uintptr_t)(PLACES_BEGIN + (run->threaded ? run->worker * PLACE_BYTES : 0));
}

static void *map_at(char *address, size_t bytes, int protection, int flags, int fd)
{
	char *map = mmap(address, bytes, protection, flags | MAP_FIXED_NOREPLACE, fd, 0);

	/* Linux before 4.17 takes it for a hint. */
	if (map != MAP_FAILED && map != address) {
		munmap(map, bytes);
		errno = EEXIST;
		return MAP_FAILED;
	}
	return map;
}

int bench_run_take_place(struct bench_run *run)
{
	volatile char *anchor = map_at(place_of(run), run->page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	/* EEXIST: inherited from the worker that this process is a copy of. */
	if (anchor == MAP_FAILED && errno != EEXIST)
		return err_sys(errno, "map a page at %p, where the memory of worker %u begins", (void *)place_of(run), run->worker);
	anchor = place_of(run);
	*anchor = 1;
	return 0;
}

void *bench_map(struct bench_run *run, size_t bytes, int protection, int flags, int fd)
{
	return map_at(place_of(run) + (run->huge_page_bytes ? run->huge_page_bytes : TABLE_BYTES), bytes, protection, flags, fd);
}

void bench_run_settle(struct bench_run *run)
{
	(void)!madvise(place_of(run), run->page_bytes, MADV_COLD);
}
