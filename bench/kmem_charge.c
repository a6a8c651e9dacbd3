// SPDX-License-Identifier: GPL-2.0-or-later
/* kmem_charge - memory of the kernel's own, charged to whoever makes it ask for it. */
#include "bench.h"
#include "bench_memcg.h"
#include "bench_team.h"
#include "kmem_kinds.h"
#include "kmem_make.h"

enum { ALLOC, FREE, AGAIN, BYTES };

/* What proves the work, and what counts bytes: a page that a CPU has not handed in is little of it. */
#define COUNTED_BYTES (1u << 20)
/* Of passes that show whether one leaves something behind: of epoll's 512 objects each, 16 pages. */
#define ROUNDS 16

struct kmem_charge {
	uint64_t kind, nr, message_bytes, turn; /* parameters */
	size_t charged_bytes; /* for each object; 0: none, or nobody says */
	struct kmem kmem;
};

static int do_some(const struct kmem *kmem, size_t phase, size_t first, size_t end)
{
	size_t i;
	int ret = 0;

	for (i = first; phase == ALLOC && ret >= 0 && i < end; i++)
		ret = kmem_alloc(kmem, i);
	for (i = first; phase == FREE && ret >= 0 && i < end; i++)
		ret = kmem_free(kmem, i);
	for (i = first; phase == AGAIN && ret >= 0 && i < end; i++)
		ret = kmem_free(kmem, i) < 0 ? -1 : kmem_alloc(kmem, i);
	return ret;
}

/* Some in each turn, where there are turns. */
static int timed(const struct kmem_charge *st, struct bench_run *run, size_t phase, size_t nr)
{
	const size_t turn = st->turn && nr == st->nr ? st->turn : nr;
	size_t first, end;
	int ret = 0;

	for (first = 0; ret >= 0 && first < nr; first = end) {
		end = turn < nr - first ? first + turn : nr;
		if (st->turn)
			bench_turn_begin(run);
		bench_phase_begin(run, phase);
		ret = do_some(&st->kmem, phase, first, end);
		bench_phase_end(run, phase, end - first);
		if (ret < 0)
			ret = bench_errno(run, "%s object %zu to %zu", phase == ALLOC ? "make" : phase == FREE ? "free" : "free and make", first, end - 1);
		if (st->turn)
			bench_turn_end(run);
	}
	return ret < 0 ? ret : 0;
}

/* To the byte: bench_look() has what was pending handed in. */
static int read_charged(const struct kmem_charge *st, struct bench_run *run, uint64_t *ret_bytes)
{
	const char *key = kmem_key(st->kmem.kind);
	int64_t pages;
	int ret = bench_look(run, bench_memcg_mine(run), key, &pages);

	return ret ? ret : bench_memcg_stat(run, bench_memcg_mine(run), key, ret_bytes);
}

static int pass(void *state, struct bench_run *run)
{
	const struct kmem_charge *st = state;
	const int is_audit = bench_pass_kind(run) == BENCH_PASS_AUDIT;
	const size_t nr = is_audit ? st->kmem.nr_max : st->nr;
	uint64_t before = 0, after = 0;
	int is_known = is_audit && bench_memcg_stat_is_exact() && !read_charged(st, run, &before), ret = timed(st, run, ALLOC, nr);

	if (ret)
		return ret;
	if (is_known && !read_charged(st, run, &after) && after > before)
		bench_count(run, BYTES, after - before, nr);
	bench_expect(run, bench_memcg_mine(run), kmem_charged(st->kmem.kind), (int64_t)(nr * st->charged_bytes / bench_page_bytes(run)));
	bench_hold(run);
	ret = timed(st, run, AGAIN, nr);
	if (!ret)
		ret = timed(st, run, FREE, nr);
	if (st->kmem.kind == KMEM_PAGETABLE)
		bench_expect_faults(run, 2 * nr, 1);
	kmem_settle(st->kmem.kind);
	return ret;
}

/* Where kfree_rcu() waits for seconds, each pass would be charged on top of the last one's. */
static int check_settles(const struct kmem_charge *st, struct bench_run *run)
{
	struct bench_memcg *home = bench_memcg_mine(run);
	uint64_t before, after;
	int i, ret = bench_memcg_usage(run, home, &before);

	if (ret)
		return ret == -ENODATA ? 0 : ret;
	for (i = 0; i < ROUNDS; i++) {
		if (do_some(&st->kmem, ALLOC, 0, st->nr) < 0 || do_some(&st->kmem, AGAIN, 0, st->nr) < 0 || do_some(&st->kmem, FREE, 0, st->nr) < 0)
			return bench_errno(run, "make and free %zu objects", (size_t)st->nr);
		kmem_settle(st->kmem.kind);
	}
	ret = bench_memcg_usage(run, home, &after);
	if (!ret && after > before + COUNTED_BYTES / 2)
		return bench_skip(run, "kind=epoll: of what was freed %llu KiB are still charged a while later (kfree_rcu())",
				  (unsigned long long)(after - before) / 1024);
	return ret;
}

static int setup(void *state, struct bench_run *run)
{
	struct kmem_charge *st = state;
	struct kmem *kmem = &st->kmem;
	size_t object_bytes;
	int ret;

	if (st->turn && bench_is_threaded(run))
		return bench_error(run, EINVAL, "--turn-objects with --threads: threads are in one memcg, and taking turns is about several");
	kmem->kind = (enum kmem_kind)st->kind;
	kmem->message_bytes = st->message_bytes;
	kmem->page_bytes = bench_page_bytes(run);
	object_bytes = kmem_bytes(kmem);
	if (!object_bytes)
		bench_warn(run, "what these objects are charged for is not proven: their size is not to be read (/sys/kernel/slab/*/slab_size)");
	st->charged_bytes = kmem_is_charged() ? object_bytes : 0;
	kmem->nr_max = object_bytes && COUNTED_BYTES / object_bytes > st->nr ? COUNTED_BYTES / object_bytes : st->nr;
	ret = kmem_make(kmem, run);
	return ret || kmem->kind != KMEM_EPOLL ? ret : check_settles(st, run);
}

const struct bench bench_kmem_charge = {
	.name = "kmem_charge",
	.summary = "memory of the kernel's own: objects, and pages, charged and uncharged",
	.about =
		"Makes objects of the kernel by one system call each, frees each and makes it again, and frees them.\n\n"
		"An object of a cache with SLAB_ACCOUNT, or of kmalloc(GFP_KERNEL_ACCOUNT), is charged by the byte, with 8 more for the pointer to its owner: "
		"__memcg_slab_post_alloc_hook() calls obj_cgroup_charge(), and __memcg_slab_free_hook() obj_cgroup_uncharge() (mm/memcontrol.c, Linux 6.12; "
		"memcg_slab_post_alloc_hook() and memcg_slab_free_hook(), mm/slab.h, 5.10 to 6.1). Bytes come from the CPU's object stock, "
		"consume_obj_stock(), while that holds enough of the same objcg: a hit. Else obj_cgroup_charge_pages() takes a page, and refill_obj_stock() keeps "
		"the rest: a miss. What another objcg had there is given back before by drain_obj_stock(): a fold. The object stock has one slot up to Linux 7.1, "
		"and five in 7.2.13.\n\n"
		"again is all hits: what a freed object leaves in the stock, the next one takes. alloc and free have a miss, and a page given back, for "
		"each 4096 bytes. By turns (--turn-objects=1 --workers=N --memcgs=each --place=one) each folds, where there are more memcgs than slots. "
		"Compare with cgroup.memory=nokmem (run --boot-arg) or with off: both have the object without its charge.\n\n"
		"message: msgsnd() and msgrcv(), one kmalloc() each (alloc_msg(), ipc/msgutil.c). file: open() of /dev/null. eventfd: a file and a dentry. epoll: "
		"EPOLL_CTL_ADD and DEL, struct epitem and eppoll_entry. sockets: socketpair(), two each of file, dentry, inode and unix_sock. dentry: linkat() and "
		"inode: mknodat() in a tmpfs that is mounted nowhere. pipe: a page for each write(), which goes without the object stock: "
		"__memcg_kmem_charge_page() (anon_pipe_write(), fs/pipe.c); a pipe keeps a page or two that were read for the next write, so again charges nothing. "
		"pagetable: mmap() and a read of the page of zeros, and munmap(), for as much as one table maps.\n\n"
		"Each number is that of whole system calls. Inodes, dentries, epitems, and files up to Linux 6.6, are freed by RCU: later, and by somebody else.",
	.version = 1,
	BENCH_METRICS(BENCH_TIMED(ALLOC, "alloc", "object", "the system call that makes one"),
		      BENCH_TIMED(FREE, "free", "object", "the system call that frees it"),
		      BENCH_TIMED(AGAIN, "again", "object", "freeing one and making it again, two system calls"),
		      BENCH_COUNTED(BYTES, "bytes", "bytes", "object", "that it is charged for (memory.stat of cgroup v2, since Linux 5.13)")),
	BENCH_PARAMS(
		BENCH_CHOICE(struct kmem_charge, kind, "kind", "message", "what is made", BENCH_OF(KMEM_NAMES)),
		BENCH_NUMBER(struct kmem_charge, nr, "objects", "objects", "256", NULL, 1, 1 << 16, "made in a pass, before they are freed"),
		BENCH_SIZE(struct kmem_charge, message_bytes, "bytes", "256", NULL, 64, 4096, "kind=message: size of one, with its header of 48"),
		BENCH_NUMBER(struct kmem_charge, turn, "turn-objects", "objects", "0", NULL, 0, 1 << 16,
			     "made or freed in one turn of a worker; 0: all at once, without turns")),
	.state_size = sizeof(struct kmem_charge),
	.setup = setup,
	.pass = pass,
	.has_audit = 1,
	BENCH_SUITE({.suites = BENCH_BOTH},
		    {.suites = BENCH_FULL, .params = "bytes=64,4096"},
		    {.suites = BENCH_FULL, .params = "kind=file,eventfd,sockets,dentry,inode,pipe,pagetable"},
		    /* Each side of one slot, and of five. */
		    {.suites = BENCH_FULL, .params = "objects=32 turn-objects=1", .workers = "1,2,5,6", .memcgs = "each", .place = "one"}),
};
