/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench_pages.h - memory and files: what is brought in, looked at and given back.
 *
 * The loops are inline, and hold nothing but the work: in a phase they are what a cost is of.
 */
#ifndef BENCH_BENCH_PAGES_H
#define BENCH_BENCH_PAGES_H

#include <sys/types.h>
#include <unistd.h>

#include "bench.h"

/*
 * mmap() at an address of this worker's own, the same in every process: it begins where a huge page may begin, nothing adjoins it, and the page
 * tables above the last level are there already and stay. One mapping at a time; munmap() it. MAP_FAILED with errno as of mmap();
 * EEXIST: the last one is still there, or it reaches into another worker's. For the memory that is measured: where mmap() itself
 * puts a mapping is random, and so is what faults in it cost.
 */
void *bench_map(struct bench_run *run, size_t bytes, int protection, int flags, int fd);

/* 1 or 0: whether there may be huge pages in [@map, @map + @bytes). 0 is no error where no kernel could give one. */
int bench_huge(struct bench_run *run, void *map, size_t bytes, int allowed);
/*
 * The first page of @map, which is there, has to be huge: one small page for each huge one wanted would be as many faults, so that no count
 * of faults can tell. bench_skip() if it is not. Between phases.
 */
int bench_check_huge(struct bench_run *run, const void *map, const char *param);

enum bench_backing {
	BENCH_BACKED_ANON,  /* private memory, without huge pages */
	BENCH_BACKED_MEMFD, /* shared memory, by its file; mapped to be read alone */
	/*
	 * A sparse file in a folder of this team, on a file system with a disk behind it (BENCH_NEEDS_DIR), which goes with the team;
	 * read without readahead: a page of a hole is clean, and costs no I/O. Not mapped, until
	 * bench_pages_map().
	 */
	BENCH_BACKED_FILE,
};

/* A run of pages. Members may be read. Zeroed, it has none. */
struct bench_pages {
	enum bench_backing backing;
	size_t page_bytes, nr;
	char *map; /* NULL: of a file that is not mapped */
	int fd;	   /* -1: of private memory. Valid where @nr is not 0 */
};

/*
 * @nr pages, none of which is there yet. @at_place: where bench_map() would map them, for what is faulted in while it is timed. @name: of the file.
 * They go with the process, or with bench_pages_free(), for which half of them, or none, are as good.
 */
int bench_pages_make(struct bench_run *run, enum bench_backing backing, const char *name, size_t nr, int at_place, struct bench_pages *pages);
/* Map a file to look at it, or to fault it in. At the worker's place too, where @at_place. */
int bench_pages_map(struct bench_run *run, struct bench_pages *pages, int at_place);
void bench_pages_free(struct bench_pages *pages);

/* Write a file whole: all of it is in memory then. */
int bench_pages_write(struct bench_run *run, const struct bench_pages *pages);

/* Give all of them back, whoever they are charged to, and keep the mapping. Of a file only what nobody has mapped. */
int bench_pages_drop(struct bench_run *run, const struct bench_pages *pages);
/* Unmap them, and leave those of a file in memory. */
int bench_pages_unmap(struct bench_run *run, const struct bench_pages *pages);

/*
 * How many are in memory: of @map, by mincore(). Of private memory those of the swap cache that are not mapped count too (mm/mincore.c, Linux
 * 6.12). 0 without a mapping. Between phases.
 */
size_t bench_pages_resident(const struct bench_run *run, const struct bench_pages *pages);
/*
 * Whatever else this process has in memory, and will have, stays there: a limit, or reclaim on demand, shall take @pages alone. 0: it has not the
 * right.
 */
int bench_lock_all_but(const struct bench_pages *pages);
/*
 * What keeps those, for an error: "62 mapped (62 lru, 62 unevictable, 62 mlocked), 0 in the swap cache alone". As an ordinary user, or
 * without CONFIG_PROC_PAGE_MONITOR, the flags are missing. Writes to and returns @buf.
 */
const char *bench_pages_resident_text(const struct bench_run *run, const struct bench_pages *pages, char *buf, size_t size);

/* The numbers 0 to @nr - 1 in an order that the worker's seed makes. NULL after bench_error(). free() it. */
uint32_t *bench_shuffled(struct bench_run *run, size_t nr);

/*
 * Fill them with what compresses, but not to nothing: a page of one value zram keeps as that value, and since Linux 6.12 zeros never get
 * there (swap_zeromap_folio_set(), mm/page_io.c). bench_pages_sum() reads a byte of each, and bench_pages_check() tells from the sum whether
 * they are what was written: bench_error(EPROTO) if not.
 */
void bench_pages_fill(const struct bench_pages *pages);
int bench_pages_check(struct bench_run *run, const struct bench_pages *pages, uint64_t sum);

/* --- loops that may be timed --- */

/* Write one byte of each page of [@map, @map + @bytes), in order. */
static inline void bench_touch(volatile char *map, size_t bytes, size_t step)
{
	size_t i;

	for (i = 0; i < bytes; i += step)
		map[i] = 1;
}

/* Read one. */
static inline void bench_read(const volatile char *map, size_t bytes, size_t step)
{
	size_t i;

	for (i = 0; i < bytes; i += step)
		(void)map[i];
}

/* The same of the pages that @order names. */
static inline void bench_touch_in(volatile char *map, const uint32_t *order, size_t nr, size_t step)
{
	size_t i;

	for (i = 0; i < nr; i++)
		map[order[i] * step] = 1;
}

static inline void bench_read_in(const volatile char *map, const uint32_t *order, size_t nr, size_t step)
{
	size_t i;

	for (i = 0; i < nr; i++)
		(void)map[order[i] * step];
}

/* By one pread() of a byte for each page. 0, or a negative errno without a sentence; so do those below. */
static inline int bench_pages_pread(const struct bench_pages *pages, size_t first, size_t nr)
{
	const off_t step = (off_t)pages->page_bytes;
	off_t at = (off_t)first * step, end = at + (off_t)nr * step;
	char byte;

	for (; at < end; at += step) {
		ssize_t n = pread(pages->fd, &byte, 1, at);

		if (n != 1)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* A read of a hole in shared memory would give the zero page: it is written. */
static inline int bench_pages_pwrite(const struct bench_pages *pages, size_t first, size_t nr)
{
	const off_t step = (off_t)pages->page_bytes;
	off_t at = (off_t)first * step, end = at + (off_t)nr * step;
	const char byte = 1;

	for (; at < end; at += step) {
		ssize_t n = pwrite(pages->fd, &byte, 1, at);

		if (n != 1)
			return n < 0 ? -errno : -EIO;
	}
	return 0;
}

/* Whatever brings in page @first and those behind it, each by itself: a read of the file, or a write of memory or of the memfd. */
static inline int bench_pages_bring_in(const struct bench_pages *pages, size_t first, size_t nr)
{
	if (pages->backing == BENCH_BACKED_FILE)
		return bench_pages_pread(pages, first, nr);
	if (pages->backing == BENCH_BACKED_MEMFD)
		return bench_pages_pwrite(pages, first, nr);
	bench_touch(pages->map + first * pages->page_bytes, nr * pages->page_bytes, pages->page_bytes);
	return 0;
}

static inline unsigned char bench_pages_first_byte(size_t page)
{
	return (unsigned char)(page % 251 + 1);
}

static inline uint64_t bench_pages_sum(const struct bench_pages *pages)
{
	volatile const unsigned char *page = (const unsigned char *)pages->map;
	const size_t step = pages->page_bytes, nr = pages->nr;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < nr; i++, page += step)
		sum += *page;
	return sum;
}

/*
 * What came of bringing in @nr of them: a sentence for a failure; else the evidence that the pass did so, faults or reads. Returns @ret.
 * bench_bring_in() is both.
 */
int bench_brought(struct bench_run *run, const struct bench_pages *pages, size_t nr, int ret);

static inline int bench_bring_in(struct bench_run *run, const struct bench_pages *pages, size_t first, size_t nr)
{
	return bench_brought(run, pages, nr, bench_pages_bring_in(pages, first, nr));
}

#endif
