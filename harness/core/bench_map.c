// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of a worker: where its mapping lies, and what is there, for bench.h. Not where mmap() would put it: that is random (docs/METHOD.md, "Seeds"), and costs more
 * or less by what happens to lie near. A mapping alone in its GiB has a page table of the PMD level allocated, charged and freed with
 * it, in one process and not in the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <sys/resource.h>

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

void bench_lru_drain(struct bench_run *run)
{
	char *anchor = place_of(run);

	/* EINVAL: a bench has locked all that this process has (can_madv_lru_vma(), mm/madvise.c). */
	if (madvise(anchor, run->page_bytes, MADV_COLD) && errno == EINVAL && !munlock(anchor, run->page_bytes))
		(void)!madvise(anchor, run->page_bytes, MADV_COLD);
}

/* Few enough for any limit; more than the 32 that wait on a CPU before Linux 5.13. */
#define STIR_PAGES 64

void bench_run_stir(struct bench_run *run)
{
	const size_t bytes = STIR_PAGES * run->page_bytes, nr_times = 4 * (size_t)sysconf(_SC_NPROCESSORS_ONLN);
	char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rusage before, after;
	size_t i, at;

	if (map == MAP_FAILED)
		return; /* without it, statistics are older */
	getrusage(RUSAGE_THREAD, &before);
	(void)!madvise(map, bytes, MADV_NOHUGEPAGE);
	for (i = 0; i < nr_times; i++) {
		for (at = 0; at < bytes; at += run->page_bytes)
			*(volatile char *)(map + at) = 1;
		(void)!madvise(map, bytes, MADV_DONTNEED);
	}
	munmap(map, bytes);
	getrusage(RUSAGE_THREAD, &after);
	run->stir_faults += (uint64_t)(after.ru_minflt - before.ru_minflt);
}

size_t bench_run_resident(const struct bench_run *run, const void *map, uint64_t bytes)
{
	unsigned char resident[1024];
	const uint64_t part_bytes = sizeof(resident) * run->page_bytes;
	uint64_t done, here;
	size_t i, nr = 0;

	for (done = 0; map && done < bytes; done += here) {
		here = bytes - done < part_bytes ? bytes - done : part_bytes;
		if (mincore((char *)map + done, here, resident))
			return 0;
		for (i = 0; i < here / run->page_bytes; i++)
			nr += resident[i] & 1;
	}
	return nr;
}

size_t bench_pages_resident(const struct bench_run *run, const struct bench_pages *pages)
{
	return bench_run_resident(run, pages->map, pages->nr * pages->page_bytes);
}

/* Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h, Linux 6.12). */
static const struct {
	unsigned int bit;
	const char *name;
} page_flags[] = {
	{0, "locked"}, {2, "referenced"}, {5, "lru"}, {6, "active"}, {8, "writeback"}, {13, "swapcache"}, {18, "unevictable"}, {33, "mlocked"},
};

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_PFN	((1ull << 55) - 1)

static uint64_t read_entry(int fd, uint64_t index)
{
	uint64_t entry;

	return fd >= 0 && pread(fd, &entry, sizeof(entry), (off_t)(index * sizeof(entry))) == sizeof(entry) ? entry : 0;
}

const char *bench_pages_resident_text(const struct bench_run *run, const struct bench_pages *pages, char *buf, size_t size)
{
	__close_fd int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	const uint64_t bytes = pages->nr * pages->page_bytes;
	const char *map = pages->map;
	size_t resident = bench_pages_resident(run, pages), mapped = 0, nr[ARRAY_SIZE(page_flags)] = {0}, i, len, named = 0;
	uint64_t page, entry, flags;

	for (page = (uintptr_t)map / run->page_bytes; page < ((uintptr_t)map + bytes) / run->page_bytes; page++) {
		entry = read_entry(pagemap, page);
		mapped += (entry & PAGEMAP_PRESENT) != 0;
		/* Who may not see frames sees all in frame 0. */
		flags = entry & PAGEMAP_PRESENT && entry & PAGEMAP_PFN ? read_entry(kpageflags, entry & PAGEMAP_PFN) : 0;
		for (i = 0; i < ARRAY_SIZE(page_flags); i++)
			nr[i] += flags >> page_flags[i].bit & 1;
	}
	len = (size_t)snprintf(buf, size, "%zu mapped", mapped);
	for (i = 0; i < ARRAY_SIZE(page_flags); i++)
		if (nr[i] && len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%zu %s", named++ ? ", " : " (", nr[i], page_flags[i].name);
	if (len < size)
		snprintf(buf + len, size - len, "%s, %zu in the swap cache alone", named ? ")" : "", resident > mapped ? resident - mapped : 0);
	return buf;
}
