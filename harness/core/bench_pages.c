// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory and files that benches bring in and give back, for bench_pages.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "core/worker.h"

int bench_huge(struct bench_run *run, void *map, size_t bytes, int allowed)
{
	/* EINVAL: a kernel without huge pages, where there is nothing to forbid. */
	if (madvise(map, bytes, allowed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) && (allowed || errno != EINVAL))
		return bench_errno(run, "madvise for or against huge pages");
	return 0;
}

int bench_check_huge(struct bench_run *run, const void *map, const char *param)
{
	const size_t bytes = bench_huge_page_bytes(run);

	if (bench_run_resident(run, map, bytes) == bytes / run->page_bytes)
		return 0;
	/* hugepage_init(), mm/huge_memory.c: below 512 MiB of RAM they are off. */
	return bench_skip(run, "%s: this kernel gave no huge page (/sys/kernel/mm/transparent_hugepage/enabled, shmem_enabled)%s", param,
			  bench_run_in_guest(run) ? "; with less than 512 MiB of RAM none does: --memory=1G" : "");
}

uint32_t *bench_shuffled(struct bench_run *run, size_t nr)
{
	unsigned short random[3] = {(unsigned short)run->seed, (unsigned short)(run->seed >> 16), (unsigned short)(run->seed >> 32)};
	uint32_t *numbers = malloc(nr * sizeof(*numbers));
	size_t i, j;

	if (!numbers)
		bench_error(run, ENOMEM, "memory for the order of %zu pages", nr);
	for (i = 0; numbers && i < nr; i++) {
		j = (size_t)nrand48(random) % (i + 1);
		numbers[i] = numbers[j];
		numbers[j] = (uint32_t)i;
	}
	return numbers;
}

static uint64_t size_of(const struct bench_pages *pages)
{
	return pages->nr * pages->page_bytes;
}

static int open_file(struct bench_run *run, const char *name, struct bench_pages *pages)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", run->team->dir, name);
	pages->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOATIME, 0600);
	if (pages->fd < 0)
		return bench_errno(run, "open %s", path);
	if (ftruncate(pages->fd, (off_t)size_of(pages)))
		return bench_errno(run, "make %s a sparse file of %" PRIu64 " bytes", path, size_of(pages));
	/* No readahead: every page is brought in by itself, when it is read. */
	(void)posix_fadvise(pages->fd, 0, 0, POSIX_FADV_RANDOM);
	return 0;
}

static int open_memfd(struct bench_run *run, const char *name, struct bench_pages *pages)
{
	pages->fd = memfd_create(name, MFD_CLOEXEC);
	if (pages->fd < 0)
		return bench_errno(run, "memfd_create");
	return ftruncate(pages->fd, (off_t)size_of(pages)) ? bench_errno(run, "make a memfd %" PRIu64 " bytes long", size_of(pages)) : 0;
}

int bench_pages_map(struct bench_run *run, struct bench_pages *pages, int at_place)
{
	const int is_file = pages->backing != BENCH_BACKED_ANON;
	int protection = is_file ? PROT_READ : PROT_READ | PROT_WRITE, flags = is_file ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
	char *map = at_place ? bench_map(run, size_of(pages), protection, flags, pages->fd) :
			       mmap(NULL, size_of(pages), protection, flags, pages->fd, 0);

	if (map == MAP_FAILED)
		return bench_errno(run, "map %" PRIu64 " bytes", size_of(pages));
	pages->map = map;
	/* A huge page would be one charge for all of it. */
	return bench_huge(run, map, size_of(pages), 0);
}

int bench_pages_make(struct bench_run *run, enum bench_backing backing, const char *name, size_t nr, int at_place, struct bench_pages *pages)
{
	int ret = 0;

	*pages = (struct bench_pages){.backing = backing, .page_bytes = bench_page_bytes(run), .nr = nr, .fd = -1};
	if (backing == BENCH_BACKED_FILE)
		ret = open_file(run, name, pages);
	else if (backing == BENCH_BACKED_MEMFD)
		ret = open_memfd(run, name, pages);
	return !ret && backing != BENCH_BACKED_FILE ? bench_pages_map(run, pages, at_place) : ret;
}

void bench_pages_free(struct bench_pages *pages)
{
	if (pages->map)
		munmap(pages->map, size_of(pages));
	if (pages->nr && pages->fd >= 0)
		close(pages->fd);
	*pages = (struct bench_pages){.fd = -1};
}

int bench_pages_write(struct bench_run *run, const struct bench_pages *pages)
{
	static const char page[4096] = {1};
	uint64_t done;

	for (done = 0; done < size_of(pages); done += sizeof(page))
		if (pwrite(pages->fd, page, sizeof(page), (off_t)done) != (ssize_t)sizeof(page))
			return bench_errno(run, "fill a file of %" PRIu64 " bytes", size_of(pages));
	return 0;
}

int bench_pages_drop(struct bench_run *run, const struct bench_pages *pages)
{
	int err = 0;

	if (pages->backing == BENCH_BACKED_ANON)
		return bench_pages_unmap(run, pages);
	if (pages->backing == BENCH_BACKED_FILE)
		err = posix_fadvise(pages->fd, 0, 0, POSIX_FADV_DONTNEED);
	else if (fallocate(pages->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size_of(pages)))
		err = errno;
	errno = err;
	return err ? bench_errno(run, "drop the pages of a file") : 0;
}

int bench_pages_unmap(struct bench_run *run, const struct bench_pages *pages)
{
	return madvise(pages->map, size_of(pages), MADV_DONTNEED) ? bench_errno(run, "MADV_DONTNEED") : 0;
}

int bench_lock_all_but(const struct bench_pages *pages)
{
	/* MCL_ONFAULT: to fault all in, for writing, would copy what is shared. Without the right to lock it all, nothing is. */
	int is_locked = !mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);

	munlock(pages->map, size_of(pages));
	return is_locked;
}

int bench_brought(struct bench_run *run, const struct bench_pages *pages, size_t nr, int ret)
{
	if (ret)
		return bench_error(run, -ret, "bring in %zu pages of a file: %s", nr, strerror(-ret));
	if (pages->backing == BENCH_BACKED_FILE)
		bench_expect_reads(run, nr);
	if (pages->backing == BENCH_BACKED_ANON)
		bench_expect_faults(run, nr, 1);
	return 0;
}

/* --- what is in them --- */

#define PATTERN_BYTES 4096

/* A quarter is random, the rest the same in all. */
static const unsigned char *pattern(void)
{
	static unsigned char bytes[PATTERN_BYTES];
	static bool is_made;
	unsigned short random[3] = {1, 2, 3};
	size_t i;

	for (i = 0; !is_made && i < sizeof(bytes) / 4; i++)
		bytes[i] = (unsigned char)nrand48(random);
	is_made = true;
	return bytes;
}

void bench_pages_fill(const struct bench_pages *pages)
{
	const unsigned char *bytes = pattern();
	size_t i;

	for (i = 0; i < pages->nr; i++) {
		memcpy(pages->map + i * pages->page_bytes, bytes, PATTERN_BYTES);
		pages->map[i * pages->page_bytes] = (char)bench_pages_first_byte(i);
	}
}

int bench_pages_check(struct bench_run *run, const struct bench_pages *pages, uint64_t sum)
{
	size_t i;

	for (i = 0; i < pages->nr; i++)
		sum -= bench_pages_first_byte(i);
	return sum ? bench_error(run, EPROTO, "what was read back is not what was written") : 0;
}
