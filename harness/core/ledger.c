// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/ledger.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "machine/release.h"
#include "machine/swap.h"

#define UNKNOWN CG_STAT_UNKNOWN

/* MEMCG_CHARGE_BATCH, include/linux/memcontrol.h, Linux 6.1 and later; 32 before. */
#define STOCK_PAGES 64
/*
 * PAGEVEC_SIZE, include/linux/pagevec.h, Linux 6.12; fewer in older ones. Pages on their way to the LRU that were unmapped meanwhile: the batch
 * (lru_add, mm/swap.c) keeps them charged, and no line of memory.stat has them.
 */
#define BATCH_PAGES 31
/* SWAP_SLOTS_CACHE_SIZE, include/linux/swap_slots.h. */
#define SLOTS 64
/*
 * Up to Linux 5.12 each CPU keeps up to 32 pages of each line to itself, either way (__mod_memcg_state() in mm/memcontrol.c). "slab" is two lines, of
 * objects that come and go in numbers: one way at the first reading, and the other at the next.
 */
#define HELD_BACK_PAGES 33
#define HELD_BACK_SLAB (2 * 2 * HELD_BACK_PAGES)

#define BETWEEN_TRIES_NS 500000000

/* Memcgs that workers made are looked at if they are few; a crowd holds still. */
#define MADE_MAX 16

static const char *const keys[BENCH_CHARGED_NR] = {
	[BENCH_ANON] = "anon",		 [BENCH_FILE] = "file",
	[BENCH_SHMEM] = "shmem",	 [BENCH_SWAP] = "swap",
	[BENCH_KERNEL] = "kernel",	 [BENCH_SLAB] = "slab",
	[BENCH_PERCPU] = "percpu",	 [BENCH_PAGETABLES] = "pagetables",
	[BENCH_STACK] = "kernel_stack",	 [BENCH_VMALLOC] = "vmalloc",
	[BENCH_SOCK] = "sock",		 [BENCH_ZSWAP] = "zswap",
};

/* Of one memcg. In bytes, UNKNOWN where this kernel keeps no such number; what is expected in pages. */
struct line {
	char *path;
	const struct cg_group *group; /* NULL: the root memcg; one that a worker made, between readings */
	bool is_root, is_made;
	bool is_judged;		 /* else it is only told who has pages that are missing */
	unsigned int nr_workers; /* whose home it is */
	int64_t now[BENCH_CHARGED_NR], before[BENCH_CHARGED_NR], expected[BENCH_CHARGED_NR];
	int64_t usage_now, usage_before;
};

struct ledger {
	const struct cg_group *leaf; /* the first of the arm at hand */
	struct line *lines;   /* leaves, then upwards from them; those of other arms; made ones; the root memcg */
	size_t nr_leaves, nr_above, nr_lines, nr_made;
	uint64_t page_bytes;
	unsigned int nr_workers;
	int64_t nr_cpus; /* online */
	bool holds_back; /* up to Linux 5.12 */
	char unproven[512];
};

const char *ledger_name(enum bench_charged charged)
{
	return keys[charged];
}

static bool is_above(const struct ledger *ledger, size_t i)
{
	return i >= ledger->nr_leaves && i < ledger->nr_leaves + ledger->nr_above;
}

/* A number that nobody keeps is no failure. */
static int read_number(int (*read)(const struct cg_group *group, uint64_t *ret_bytes), const struct cg_group *group, int64_t *ret_bytes)
{
	uint64_t bytes;
	int ret = read(group, &bytes);

	*ret_bytes = ret ? UNKNOWN : (int64_t)bytes;
	return ret == -ENOENT ? 0 : ret;
}

/* In bytes. Of the root memcg what its statistics say. */
static int read_line(const struct ledger *ledger, struct line *line)
{
	int ret = cg_group_stats(line->group, ledger->leaf, keys, BENCH_CHARGED_NR, line->now);

	line->usage_now = line->now[BENCH_SWAP] = UNKNOWN;
	if (line->is_root)
		return ret == -ENOENT || ret == -EACCES ? 0 : ret;
	if (!ret)
		ret = read_number(cg_group_swap, line->group, &line->now[BENCH_SWAP]);
	if (!ret && line->now[BENCH_KERNEL] == UNKNOWN)
		ret = read_number(cg_group_kernel, line->group, &line->now[BENCH_KERNEL]);
	if (!ret)
		ret = read_number(cg_group_usage, line->group, &line->usage_now);
	/* Of a file's pages, "file" has those of shared memory as well. */
	if (line->now[BENCH_FILE] != UNKNOWN && line->now[BENCH_SHMEM] != UNKNOWN)
		line->now[BENCH_FILE] -= line->now[BENCH_SHMEM];
	return ret;
}

static struct line *add_line(struct ledger *ledger, const struct cg_group *group, const char *path)
{
	struct line *lines = realloc(ledger->lines, (ledger->nr_lines + 1) * sizeof(*lines)), *line;

	if (!lines)
		return NULL;
	ledger->lines = lines;
	line = &lines[ledger->nr_lines];
	*line = (struct line){.group = group, .path = strdup(path)};
	if (!line->path)
		return NULL;
	ledger->nr_lines++;
	return line;
}

static int add_groups(struct ledger *ledger, struct cg_group *const *groups, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct line *line = add_line(ledger, groups[i], cg_group_path(groups[i]));

		if (!line)
			return -ENOMEM;
		line->is_judged = true;
	}
	return 0;
}

static int add_root(struct ledger *ledger)
{
	struct line *line = add_line(ledger, NULL, "the root memcg, or one below it that is not of this item");

	if (!line)
		return -ENOMEM;
	line->is_root = true;
	return 0;
}

/* One that was made since the first reading had nothing then; one that is gone has nothing now. */
static int read_made(const struct cg_group *group, void *arg)
{
	struct ledger *ledger = arg;
	struct line *line = NULL;
	size_t i;
	int ret;

	for (i = 0; i < ledger->nr_lines; i++)
		if (ledger->lines[i].is_made && !strcmp(ledger->lines[i].path, cg_group_path(group)))
			line = &ledger->lines[i];
	if (!line && ledger->nr_made++ < MADE_MAX) {
		line = add_line(ledger, group, cg_group_path(group));
		/* For now: note_first() sees a crowd. */
		if (line)
			line->is_made = line->is_judged = true;
	}
	if (!line)
		return 0;
	line->group = group;
	ret = read_line(ledger, line);
	line->group = NULL;
	return ret == -ENODEV ? 0 : ret;
}

/* A reading of the root memcg gathers what lies below it. */
static int read_all(struct ledger *ledger)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < ledger->nr_lines; i++)
		if (ledger->lines[i].is_root)
			ret = read_line(ledger, &ledger->lines[i]);
	for (i = 0; !ret && i < ledger->nr_lines; i++)
		if (ledger->lines[i].is_made)
			memset(ledger->lines[i].now, 0, sizeof(ledger->lines[i].now));
		else if (!ledger->lines[i].is_root)
			ret = read_line(ledger, &ledger->lines[i]);
	return ret ? ret : cg_group_each_beside(ledger->leaf, ARM_GROUPS_MADE, read_made, ledger);
}

static void note_first(struct ledger *ledger)
{
	size_t i;

	for (i = 0; i < ledger->nr_lines; i++) {
		memcpy(ledger->lines[i].before, ledger->lines[i].now, sizeof(ledger->lines[i].now));
		ledger->lines[i].usage_before = ledger->lines[i].usage_now;
	}
	/* A crowd that is there before the pass is not looked at, nor what is above it alone: it may lose pages, as siblings do to global reclaim. */
	for (i = 0; ledger->nr_made > MADE_MAX && i < ledger->nr_lines; i++)
		ledger->lines[i].is_judged &= !ledger->lines[i].is_made && (!ledger->nr_above || i != ledger->nr_leaves);
}

static int fill(struct ledger *ledger, const struct arm_groups *groups, size_t nr_arms, size_t arm)
{
	size_t i;
	int ret = add_groups(ledger, groups[arm].leaf, groups[arm].nr_leaves);

	for (i = 0; !ret && i < ledger->nr_workers; i++)
		ledger->lines[i % groups[arm].nr_leaves].nr_workers++;
	if (!ret)
		ret = add_groups(ledger, groups[arm].above, groups[arm].nr_above);
	for (i = 0; !ret && i < nr_arms; i++)
		if (i != arm && groups[i].state == PLAN_CHILD)
			ret = add_groups(ledger, groups[i].leaf, groups[i].nr_leaves);
	if (!ret)
		ret = add_root(ledger);
	return ret ? err_sys(-ret, "memory for the memcgs of an item") : 0;
}

int ledger_open(const struct arm_groups *groups, size_t nr_arms, size_t arm, unsigned int nr_workers, uint64_t page_bytes,
		struct ledger **ret_ledger)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	int ret;

	if (!ledger)
		return err_sys(ENOMEM, "memory for the memcgs of an item");
	ledger->leaf = groups[arm].leaf[0];
	ledger->nr_leaves = groups[arm].nr_leaves;
	ledger->nr_above = groups[arm].nr_above;
	ledger->nr_workers = nr_workers;
	ledger->page_bytes = page_bytes;
	ledger->nr_cpus = sysconf(_SC_NPROCESSORS_ONLN);
	ledger->holds_back = !release_is_since(5, 13);
	ret = fill(ledger, groups, nr_arms, arm);
	if (!ret)
		ret = read_all(ledger);
	if (ret) {
		ledger_free(ledger);
		return ret;
	}
	note_first(ledger);
	*ret_ledger = ledger;
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	size_t i;

	for (i = 0; ledger && i < ledger->nr_lines; i++)
		free(ledger->lines[i].path);
	if (ledger)
		free(ledger->lines);
	free(ledger);
}

void ledger_expect_nothing(struct ledger *ledger)
{
	size_t i;

	for (i = 0; i < ledger->nr_lines; i++)
		memset(ledger->lines[i].expected, 0, sizeof(ledger->lines[i].expected));
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	/* What is before it is no part of another name: CG_BESIDE. */
	return len > end_len && text[len - end_len - 1] == '.' && !strcmp(text + len - end_len, end);
}

int ledger_expect(struct ledger *ledger, const struct bench_expected *expected)
{
	enum bench_charged charged = expected->charged;
	size_t i = expected->memcg;

	/* A part of kernel memory of which this kernel has no line, as none of v1 has, is in the number of all of it. */
	if (charged > BENCH_KERNEL && charged <= BENCH_VMALLOC && ledger->lines[0].now[charged] == UNKNOWN)
		charged = BENCH_KERNEL;
	if (*expected->made)
		for (i = 0; i < ledger->nr_lines; i++)
			if (ledger->lines[i].is_made && ends_with(ledger->lines[i].path, expected->made))
				break;
	if (i >= ledger->nr_lines)
		return err_set(ENOENT, "a bench expects %lld pages of %s of a memcg that is not there (%s)", (long long)expected->pages,
			       keys[expected->charged], expected->made);
	ledger->lines[i].expected[charged] += expected->pages;
	return 0;
}

static int64_t difference(const struct line *line, enum bench_charged charged)
{
	return line->now[charged] == UNKNOWN || line->before[charged] == UNKNOWN ? 0 : line->now[charged] - line->before[charged];
}

/* Pages that @line was charged; what is above has its own, without what lies below. */
static int64_t growth(const struct ledger *ledger, size_t i, enum bench_charged charged)
{
	const struct line *line = &ledger->lines[i];
	int64_t bytes = difference(line, charged);
	size_t k;

	if (line->now[charged] == UNKNOWN || line->before[charged] == UNKNOWN)
		return UNKNOWN;
	if (line->is_root ? !ledger->nr_above : i == ledger->nr_leaves && ledger->nr_above) {
		for (k = 0; k < ledger->nr_lines; k++)
			if (k < ledger->nr_leaves || (ledger->lines[k].is_made && ledger->lines[k].is_judged))
				bytes -= difference(&ledger->lines[k], charged);
	} else if (line->is_root || is_above(ledger, i)) {
		k = line->is_root ? ledger->nr_leaves + ledger->nr_above - 1 : i - 1;
		bytes -= difference(&ledger->lines[k], charged);
	}
	return bytes / (int64_t)ledger->page_bytes;
}

/* Pages by which a number may be off that is right. */
static int64_t tolerance(const struct ledger *ledger, const struct line *line, enum bench_charged charged)
{
	int64_t nr_workers = line->nr_workers ? line->nr_workers : 1, pages = LEDGER_OWN_PAGES * nr_workers;

	/* On the CPUs of workers, and one more, where what they freed may have been freed late. */
	if (charged == BENCH_SWAP)
		return pages + (swap_has_slot_cache() ? SLOTS * (nr_workers + 1 < ledger->nr_cpus ? nr_workers + 1 : ledger->nr_cpus) : 0);
	return ledger->holds_back ? pages + (charged == BENCH_SLAB ? HELD_BACK_SLAB : HELD_BACK_PAGES) * nr_workers : pages;
}

static bool is_judged(const struct ledger *ledger, enum bench_charged charged)
{
	size_t i;

	for (i = 0; charged > BENCH_SWAP && i < ledger->nr_lines; i++)
		if (ledger->lines[i].expected[charged])
			return true;
	return charged <= BENCH_SWAP;
}

/* Would it be seen that what is expected was not charged? */
static int check_expected(struct ledger *ledger, enum bench_charged charged)
{
	size_t i;

	for (i = 0; i < ledger->nr_lines; i++) {
		const struct line *line = &ledger->lines[i];
		int64_t pages = line->expected[charged], slack = tolerance(ledger, line, charged);
		bool is_exact = line->now[charged] != UNKNOWN && !ledger->holds_back && charged != BENCH_SWAP;

		if (!pages || (is_exact && llabs(pages) > slack))
			continue;
		if (is_exact)
			return err_set(EPROTO, "%lld pages of %s in %s are too few to prove that there is any work: %lld may come and "
					       "go by themselves; a larger size", (long long)pages, keys[charged], line->path, (long long)slack);
		if (line->now[charged] == UNKNOWN || llabs(pages) <= slack)
			snprintf(ledger->unproven, sizeof(ledger->unproven),
				 line->now[charged] == UNKNOWN ? "%s: this kernel does not say how many pages of it a memcg has" :
				 "%s: numbers of this kernel may be off by %lld pages, as many as there are",
				 keys[charged], (long long)slack);
	}
	return 0;
}

/* Who has @pages, give or take @slack, that nobody expected there? NULL: nobody that is known. */
static const struct line *find_excess(const struct ledger *ledger, enum bench_charged charged, int64_t pages, int64_t slack)
{
	size_t i;

	for (i = 0; i < ledger->nr_lines; i++) {
		int64_t has = growth(ledger, i, charged), excess = has - ledger->lines[i].expected[charged];

		/* All the machine is below the root memcg: what comes and goes there is these pages only if it is as many. */
		if (has != UNKNOWN && excess >= pages - slack && (!ledger->lines[i].is_root || excess <= pages + slack))
			return &ledger->lines[i];
	}
	return NULL;
}

static int blame(const struct ledger *ledger, size_t i, enum bench_charged charged, int64_t has, bool over)
{
	const struct line *line = &ledger->lines[i], *other;
	int64_t expected = line->expected[charged], missing = expected - has;

	if (missing > 0) {
		other = find_excess(ledger, charged, missing, tolerance(ledger, line, charged));
		if (other)
			return err_set(EPROTO, "%lld pages of %s were charged to %s, expected %s", (long long)missing, keys[charged],
				       other->path, line->path);
		return err_set(EPROTO, "%lld pages of %s were to be charged to %s, and %lld were: nobody touched them, they were charged "
				       "before, or they are zero pages", (long long)expected, keys[charged], line->path, (long long)has);
	}
	if (over && !expected)
		return err_set(EPROTO, "%lld pages of %s are still charged to %s when the pass is over", (long long)has, keys[charged],
			       line->path);
	return err_set(EPROTO, "%lld pages of %s were to be charged to %s, and %lld were: something else is charged to it, or a page is larger "
			       "than thought", (long long)expected, keys[charged], line->path, (long long)has);
}

/* Where pages are missing first: it tells who has them. */
static int judge(const struct ledger *ledger, bool over)
{
	enum bench_charged charged;
	size_t i, missing;

	for (missing = 2; missing--;) {
		for (charged = 0; charged < BENCH_CHARGED_NR; charged++) {
			if (!is_judged(ledger, charged))
				continue;
			for (i = 0; i < ledger->nr_lines; i++) {
				const struct line *line = &ledger->lines[i];
				int64_t has = growth(ledger, i, charged), off = has - line->expected[charged];

				if (line->is_judged && has != UNKNOWN && llabs(off) > tolerance(ledger, line, charged) &&
				    (off < 0) == (missing > 0))
					return blame(ledger, i, charged, has, over);
			}
		}
	}
	return 0;
}

/*
 * Coarser, since each CPU may hold charges in stock, and pages in a batch, at either reading, and of all kinds together: what the usage grew by that
 * nobody has. Only where as much as is expected could be told from that.
 */
static int judge_usage(const struct ledger *ledger)
{
	size_t i;

	for (i = 0; i < ledger->nr_leaves; i++) {
		const struct line *line = &ledger->lines[i];
		int64_t page = (int64_t)ledger->page_bytes, held = (STOCK_PAGES + BATCH_PAGES) * ((int64_t)line->nr_workers + 1);
		int64_t usage = (line->usage_now - line->usage_before) / page, kernel = growth(ledger, i, BENCH_KERNEL), has = 0, loose;
		enum bench_charged charged;

		for (charged = BENCH_ANON; charged <= BENCH_SHMEM; charged++)
			has += growth(ledger, i, charged) == UNKNOWN ? 0 : growth(ledger, i, charged);
		loose = usage - has - (kernel == UNKNOWN ? 0 : kernel);
		if (line->usage_now == UNKNOWN || kernel == UNKNOWN || has <= held || llabs(loose) <= held)
			continue;
		return err_set(EPROTO, "the usage of %s grew by %lld pages, its memory.stat says %lld, and CPUs hold %lld at most",
			       line->path, (long long)usage, (long long)(has + kernel), (long long)held);
	}
	return 0;
}

int ledger_judge(struct ledger *ledger, bool over, unsigned int nr_tries, const char **ret_unproven)
{
	enum bench_charged charged;
	int ret;

	ledger->unproven[0] = '\0';
	for (;;) {
		ret = read_all(ledger);
		for (charged = 0; !ret && charged < BENCH_CHARGED_NR; charged++)
			ret = check_expected(ledger, charged);
		if (ret)
			return ret;
		ret = judge(ledger, over);
		if (!ret)
			ret = judge_usage(ledger);
		if (!ret || !--nr_tries)
			break;
		nanosleep(&(struct timespec){.tv_nsec = BETWEEN_TRIES_NS}, NULL);
	}
	*ret_unproven = *ledger->unproven ? ledger->unproven : NULL;
	return ret;
}

static int64_t sum(const struct ledger *ledger, enum bench_charged charged, bool expected)
{
	int64_t pages = 0, one;
	size_t i;

	for (i = 0; i < ledger->nr_leaves; i++) {
		one = expected ? ledger->lines[i].expected[charged] : growth(ledger, i, charged);
		if (one == UNKNOWN)
			return UNKNOWN;
		pages += one;
	}
	return pages;
}

int64_t ledger_expected(const struct ledger *ledger, enum bench_charged charged)
{
	return sum(ledger, charged, true);
}

int64_t ledger_charged(const struct ledger *ledger, enum bench_charged charged)
{
	return sum(ledger, charged, false);
}

int64_t ledger_usage(const struct ledger *ledger)
{
	int64_t bytes = 0;
	size_t i;

	for (i = 0; i < ledger->nr_leaves; i++)
		bytes += ledger->lines[i].usage_now - ledger->lines[i].usage_before;
	return bytes;
}
