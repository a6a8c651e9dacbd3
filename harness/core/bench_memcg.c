// SPDX-License-Identifier: GPL-2.0-or-later
/* What a bench may do with memcgs, and ask of them, for bench.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fs.h"
#include "core/worker_priv.h"
#include "machine/release.h"

static const struct arm_groups *groups_of(const struct bench_run *run)
{
	return run->team->groups;
}

int bench_in_memcg(const struct bench_run *run)
{
	return run->team && groups_of(run)->state == PLAN_CHILD;
}

struct bench_memcg *bench_memcg_home(struct bench_run *run, unsigned int worker)
{
	struct team *team = run->team;

	return bench_in_memcg(run) ? &team->memcgs[worker % team->groups->nr_leaves] : &team->memcgs[0];
}

struct bench_memcg *bench_memcg_mine(struct bench_run *run)
{
	return bench_memcg_home(run, run->worker);
}

int bench_memcg_is_first(struct bench_run *run, unsigned int worker)
{
	unsigned int i = 0;

	while (bench_memcg_home(run, i) != bench_memcg_home(run, worker))
		i++;
	return i == worker;
}

struct bench_memcg *bench_memcg_parent(struct bench_run *run, struct bench_memcg *memcg)
{
	const struct arm_groups *groups = groups_of(run);

	/* Handles of what is above lie behind those of the leaves. */
	return memcg->level < groups->nr_above ? &run->team->memcgs[groups->nr_leaves + memcg->level] : NULL;
}

int bench_memcg_above(struct bench_run *run, uint64_t level, struct bench_memcg **ret_memcg)
{
	struct bench_memcg *memcg = bench_in_memcg(run) ? bench_memcg_mine(run) : NULL;
	uint64_t i;

	*ret_memcg = memcg;
	for (i = 0; memcg && i < level; i++)
		*ret_memcg = memcg = bench_memcg_parent(run, memcg);
	if (!memcg && bench_in_memcg(run))
		return bench_error(run, EINVAL, "level=%" PRIu64 " is above what a child at this depth has: --depth=%" PRIu64 " or more", level,
				   level + 1);
	return 0;
}

/* What cgroup.h says becomes what bench.h says. */
static int answer(struct bench_run *run, int ret)
{
	return ret ? bench_error(run, -ret, "%s", err_msg()) : 0;
}

static void close_files(struct bench_memcg *memcg)
{
	size_t i;

	for (i = 0; i < CG_FILES; i++) {
		if (memcg->opener && memcg->fd[i] >= 0)
			close(memcg->fd[i]);
		memcg->fd[i] = -1;
	}
}

/* *@fd_once: -1, and where threads have their file, to be closed. */
static int open_file(const struct bench_run *run, struct bench_memcg *memcg, enum cg_file file, int *fd_once, int *ret_fd)
{
	int ret = 0, *fd = &memcg->fd[file];

	if (run->threaded) {
		fd = fd_once;
	} else if (memcg->opener != run->pid) {
		close_files(memcg);
		memcg->opener = run->pid;
	}
	if (*fd < 0)
		ret = cg_group_open(memcg->group, file, fd);
	if (!ret)
		*ret_fd = *fd;
	return ret;
}

static int write_file(const struct bench_run *run, struct bench_memcg *memcg, enum cg_file file, uint64_t bytes)
{
	__close_fd int fd_once = -1;
	int fd, ret = open_file(run, memcg, file, &fd_once, &fd);

	return ret ? ret : cg_group_write(memcg->group, file, fd, bytes);
}

int worker_memcg_make(struct bench_run *run, struct bench_memcg **ret_memcg)
{
	struct bench_memcg *memcg;
	int ret;

	memcg = calloc(1, sizeof(*memcg));
	if (!memcg)
		return bench_error(run, ENOMEM, "memory for a memcg");
	atomic_store(&run->team->shared->made_memcgs, true);
	snprintf(memcg->made, sizeof(memcg->made), ARM_GROUPS_MADE "%u-%u", run->worker, run->nr_memcgs_made++);
	ret = cg_group_beside(groups_of(run)->leaf[0], memcg->made, UINT64_MAX, &memcg->group);
	if (ret) {
		free(memcg);
		return answer(run, ret);
	}
	*ret_memcg = memcg;
	return 0;
}

int bench_memcg_make(struct bench_run *run, struct bench_memcg **ret_memcg)
{
	*ret_memcg = bench_memcg_mine(run);
	if (!bench_in_memcg(run))
		return 0;
	if (run->threaded)
		return bench_error(run, EINVAL, "workers that are threads make no memcgs (BENCH_NEEDS_PROCESSES)");
	return worker_memcg_make(run, ret_memcg);
}

int bench_memcg_remove(struct bench_run *run, struct bench_memcg *memcg)
{
	int ret;

	if (!bench_in_memcg(run))
		return 0;
	if (!*memcg->made)
		return bench_error(run, EPERM, "only a memcg that bench_memcg_make() gave can be removed");
	ret = cg_group_remove(memcg->group);
	if (!ret) {
		close_files(memcg);
		free(memcg);
	}
	return answer(run, ret);
}

int worker_memcg_enter(struct bench_run *run, struct bench_memcg *memcg)
{
	return answer(run, cg_group_enter_self(memcg->group));
}

int bench_memcg_enter(struct bench_run *run, struct bench_memcg *memcg)
{
	if (!bench_in_memcg(run))
		return 0;
	if (run->threaded)
		return bench_error(run, EINVAL, "workers that are threads enter no memcgs (BENCH_NEEDS_PROCESSES)");
	return worker_memcg_enter(run, memcg);
}

/* -ENOENT is a number that nobody keeps. */
static int answer_number(struct bench_run *run, int ret)
{
	return ret == -ENOENT ? -ENODATA : answer(run, ret);
}

int bench_memcg_usage(struct bench_run *run, struct bench_memcg *memcg, uint64_t *ret_bytes)
{
	__close_fd int fd_once = -1;
	int fd, ret;

	if (!memcg->group)
		return -ENODATA;
	ret = open_file(run, memcg, CG_FILE_USAGE, &fd_once, &fd);
	return answer_number(run, ret ? ret : cg_group_read_usage(memcg->group, fd, ret_bytes));
}

int bench_memcg_swapped(struct bench_run *run, struct bench_memcg *memcg, int64_t *ret_pages)
{
	uint64_t bytes = 0;
	int ret = memcg->group ? cg_group_swap(memcg->group, &bytes) : -ENODATA;

	*ret_pages = (int64_t)(bytes / bench_page_bytes(run));
	return memcg->group ? answer_number(run, ret) : ret;
}

int bench_memcg_stat(struct bench_run *run, struct bench_memcg *memcg, const char *key, uint64_t *ret_value)
{
	return memcg->group ? answer_number(run, cg_group_stat(memcg->group, key, ret_value)) : -ENODATA;
}

int bench_memcg_open(struct bench_run *run, struct bench_memcg *memcg, enum bench_memcg_file file, int *ret_fd)
{
	static const enum cg_file files[] = {
		[BENCH_FILE_STAT] = CG_FILE_STAT,     [BENCH_FILE_NUMA_STAT] = CG_FILE_NUMA_STAT, [BENCH_FILE_USAGE] = CG_FILE_USAGE,
		[BENCH_FILE_EVENTS] = CG_FILE_EVENTS, [BENCH_FILE_CGROUP] = CG_FILE_CGROUP,
	};
	const struct cg_group *beside = bench_memcg_mine(run)->group;

	if (!beside)
		return -ENODATA;
	return answer_number(run, memcg ? cg_group_open(memcg->group, files[file], ret_fd) : cg_root_open(beside, files[file], ret_fd));
}

int bench_memcg_line(struct bench_run *run, const char *text, const char *key, uint64_t *ret_value)
{
	const struct cg_group *group = bench_memcg_mine(run)->group;

	return group ? answer_number(run, cg_text_stat(group, text, key, ret_value)) : -ENODATA;
}

int bench_memcg_pages(struct bench_run *run, struct bench_memcg *memcg, const char *key, int64_t *ret_pages)
{
	uint64_t bytes;
	int ret;

	bench_run_stir(run);
	ret = bench_memcg_stat(run, memcg, key, &bytes);
	if (!ret)
		*ret_pages = (int64_t)(bytes / run->page_bytes);
	return ret;
}

int bench_memcg_stat_is_exact(void)
{
	return release_is_since(5, 13);
}

static bool looks(const struct bench_run *run, const struct bench_memcg *memcg)
{
	return memcg && bench_in_memcg(run) && run->pass_kind == BENCH_PASS_AUDIT;
}

int bench_look(struct bench_run *run, struct bench_memcg *memcg, const char *key, int64_t *ret_pages)
{
	int ret;

	*ret_pages = 0;
	if (!looks(run, memcg))
		return 0;
	ret = bench_memcg_pages(run, memcg, key, ret_pages);
	/* What the first reading takes of memory is this worker's own, and counted from the second on. */
	if (!ret && !run->has_looked)
		ret = bench_memcg_pages(run, memcg, key, ret_pages);
	run->has_looked = true;
	return ret;
}

int bench_count_growth(struct bench_run *run, size_t metric, struct bench_memcg *memcg, const char *key, int64_t before, uint64_t ops)
{
	int64_t now;
	int ret = bench_look(run, memcg, key, &now);

	if (!ret && ops && looks(run, memcg))
		bench_count(run, metric, now > before ? (uint64_t)(now - before) : 0, ops);
	return ret;
}

void bench_expect(struct bench_run *run, struct bench_memcg *memcg, enum bench_charged charged, int64_t pages)
{
	struct bench_expected *expected = &run->expected[run->nr_expected];

	if (!run->hold)
		return;
	if (run->nr_expected == ARRAY_SIZE(run->expected)) {
		bench_error(run, E2BIG, "a bench can expect %zu things at once", ARRAY_SIZE(run->expected));
		return;
	}
	*expected = (struct bench_expected){.charged = charged, .pages = pages};
	memcpy(expected->made, memcg->made, sizeof(expected->made));
	if (!*memcg->made)
		expected->memcg = (unsigned int)(memcg - run->team->memcgs);
	run->nr_expected++;
}

/* Pages of programs that are charged there may go with the others, and come back. */
int bench_memcg_limit(struct bench_run *run, struct bench_memcg *memcg, enum bench_limit limit, uint64_t bytes)
{
	if (!bench_in_memcg(run))
		return 0;
	bench_expect_majors(run, 0);
	/* One that was made goes anyway. */
	if (!*memcg->made)
		atomic_store(&run->team->shared->changed_limits, true);
	return answer(run, write_file(run, memcg, limit == BENCH_LIMIT_HIGH ? CG_FILE_HIGH : CG_FILE_MAX, bytes));
}

int bench_memcg_usage_less(struct bench_run *run, struct bench_memcg *memcg, uint64_t bytes, uint64_t *ret_limit)
{
	uint64_t usage;
	int ret = bench_memcg_usage(run, memcg, &usage);

	if (ret)
		return ret;
	if (usage <= bytes)
		return bench_error(run, EINVAL, "%llu KiB are to be taken back from %s, and %llu KiB are charged to it: --limit, or a limit above, is "
						"too small for --size", (unsigned long long)bytes / 1024, cg_group_path(memcg->group),
				   (unsigned long long)usage / 1024);
	*ret_limit = usage - bytes;
	return 0;
}

int bench_memcg_reclaim(struct bench_run *run, struct bench_memcg *memcg, uint64_t bytes)
{
	int ret;

	if (!memcg->group)
		return bench_error(run, EOPNOTSUPP, "without a memory controller nothing is reclaimed on demand");
	bench_expect_majors(run, 0);
	ret = write_file(run, memcg, CG_FILE_RECLAIM, bytes);
	return ret == -EAGAIN ? ret : answer(run, ret);
}

int bench_memcg_can_reclaim(struct bench_run *run, struct bench_memcg *memcg)
{
	return memcg->group && write_file(run, memcg, CG_FILE_RECLAIM, 0) != -EOPNOTSUPP;
}

int bench_machine_can_reclaim(struct bench_run *run)
{
	const struct cg_group *group = bench_memcg_mine(run)->group;

	return group && bench_run_in_guest(run) && cg_root_reclaim(group, 0) != -EOPNOTSUPP;
}

int bench_machine_reclaim(struct bench_run *run, uint64_t bytes)
{
	const struct cg_group *group = bench_memcg_mine(run)->group;
	int ret;

	if (!group || !bench_run_in_guest(run))
		return bench_error(run, EOPNOTSUPP, "the machine is reclaimed from in guests alone, and with a memory controller");
	bench_expect_majors(run, 0);
	ret = cg_root_reclaim(group, bytes);
	return ret == -EAGAIN ? ret : answer(run, ret);
}

int bench_kept_free(struct bench_run *run, uint64_t *ret_bytes)
{
	uint64_t kib;
	int ret = answer(run, fs_read_u64(&kib, "/proc/sys/vm/min_free_kbytes"));

	*ret_bytes = ret ? 0 : kib * 1024;
	return ret;
}

/* The file stays open: *@fd is of this worker, and goes with its process. */
static int read_kept(const char *path, int *fd, char **ret_text)
{
	int ret = *fd < 0 ? fs_open(fd, "%s", path) : 0;

	return ret ? ret : fs_read_open(ret_text, *fd, path);
}

static int read_vmstat(char **ret_text)
{
	static _Thread_local int fd = -1;

	return read_kept("/proc/vmstat", &fd, ret_text);
}

static int nr_reads(struct bench_run *run, uint64_t *ret_nr)
{
	static _Thread_local int fd = -1;
	__free_mem char *text = NULL;
	int ret = read_kept("/proc/thread-self/io", &fd, &text);

	return answer_number(run, ret ? ret : fs_text_key(text, "syscr:", ret_nr));
}

int bench_run_reads_begin(struct bench_run *run, uint64_t *ret_nr)
{
	int ret = run->counts_reads ? nr_reads(run, ret_nr) : -ENODATA;

	if (ret == -ENODATA)
		*ret_nr = UINT64_MAX;
	return ret == -ENODATA ? 0 : ret;
}

int bench_run_reads_end(struct bench_run *run, uint64_t before)
{
	uint64_t now;
	int ret = before == UINT64_MAX ? 0 : nr_reads(run, &now);

	if (ret || before == UINT64_MAX)
		run->reads = UINT64_MAX;
	else if (run->reads != UINT64_MAX)
		run->reads += now - before;
	return ret;
}

int bench_reclaimed(struct bench_run *run, struct bench_reclaimed *ret_reclaimed)
{
	static const char *const keys[] = {"pgscan_anon", "pgscan_file", "pgsteal_anon", "pgsteal_file"};
	__free_mem char *text = NULL;
	uint64_t value[ARRAY_SIZE(keys)];
	size_t i;
	int ret = read_vmstat(&text);

	for (i = 0; !ret && i < ARRAY_SIZE(keys); i++)
		if (fs_text_key(text, keys[i], &value[i]))
			return fs_text_key(text, "pgfault", &value[i]) ?
				bench_skip(run, "this kernel counts no events of memory: there is no %s in /proc/vmstat, nor any other "
						"(CONFIG_VM_EVENT_COUNTERS is off)", keys[i]) :
				bench_skip(run, "there is no %s in /proc/vmstat, though other events of memory are there (a kernel older than 5.8?)",
					   keys[i]);
	if (ret)
		return answer(run, ret);
	*ret_reclaimed = (struct bench_reclaimed){.scanned = value[0] + value[1], .stolen = value[2] + value[3]};
	return 0;
}

bool bench_run_in_guest(const struct bench_run *run)
{
	return run->team && run->team->in_guest;
}
