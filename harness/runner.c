// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * memcgbench-runner - runs a plan on the kernel it is started on and writes records to standard output.
 *
 * Started by memcgbench, on this machine or in a guest; not meant for people. Usage: memcgbench-runner JOB, where JOB is a
 * file with a plan as JSON, "-" for standard input. Exit status: 0 everything ran; 5 an item or the harness failed (the records say
 * what); 130 interrupted.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/err.h"
#include "core/emit.h"
#include "core/guest_args.h"
#include "core/guest_disk.h"
#include "core/guest_init.h"
#include "core/plan.h"
#include "core/sampler.h"
#include "core/team.h"
#include "machine/clock.h"

enum { EXIT_HARNESS = 5, EXIT_INTERRUPTED = 130 };

static void on_signal(int signal)
{
	(void)signal;
	team_interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* When memcgbench is killed, clean up as if it had asked to stop. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/* The guest is busy with itself for a while after boot; what is measured then is measured beside it. */
#define GUEST_IDLE_WINDOW_MS 200
#define GUEST_IDLE_MAX_MS    20000

static int read_plan(const char *path, struct plan *ret_plan)
{
	json_error_t error;
	json_t *json = strcmp(path, "-") ? json_load_file(path, 0, &error) : json_loadf(stdin, 0, &error);
	int ret;

	if (!json)
		return err_set(EINVAL, "job %s, line %d: %s", path, error.line, error.text);
	ret = plan_from_json(json, ret_plan);
	json_decref(json);
	return ret;
}

static int run_items(struct sampler *sampler)
{
	int ret, first = 0;
	size_t i;

	if (!sampler->in_guest && sampler->plan->clock == PLAN_NS) {
		ret = sampler_look(sampler);
		if (ret)
			return ret;
	}
	for (i = 0; i < sampler->plan->nr_items && !team_interrupted && !sampler->emit->error; i++) {
		if (sampler->in_guest)
			guest_show_sign_of_life(i, sampler->plan->nr_items, 0);
		ret = sampler_item(sampler, i);
		if (ret == -EINTR)
			return ret;
		if (ret && !first)
			first = ret;
	}
	return team_interrupted ? -EINTR : first;
}

/* A folder that the user named; in a guest, a disk of its own. */
static void find_dir(struct sampler *sampler, bool in_guest)
{
	static char why[256];

	sampler->dir_is_ours = in_guest;
	sampler->dir_why = why;
	if (!in_guest) {
		sampler->dir = sampler->plan->dir[0] ? sampler->plan->dir : NULL;
		return;
	}
	if (!plan_needs(sampler->plan, BENCH_NEEDS_DIR))
		return;
	if (guest_disk_make())
		snprintf(why, sizeof(why), "%s", err_msg());
	else
		sampler->dir = GUEST_DISK;
}

static int run_plan(struct sampler *sampler)
{
	const struct plan *plan = sampler->plan;
	struct emit *emit = sampler->emit;
	struct cg_info cg;
	struct facts facts;
	struct topo *topo = NULL;
	int ret, ret_destroy;

	facts_read(&facts);
	ret = cg_detect(&cg);
	if (!ret)
		ret = topo_load(&topo);
	if (!ret) {
		emit_boot(emit, plan, &facts, &cg, topo, bench_run_clock_cost());
		emit_topology(emit, topo);
		if (cg.version != CG_NONE)
			ret = cg_tree_create(&cg, &sampler->tree);
	}
	if (ret) {
		emit_error(emit, -1, NULL, -1, err_msg());
	} else {
		sampler->topo = topo;
		sampler->cg = &cg;
		ret = run_items(sampler);
		sampler_forget(sampler);
	}
	ret_destroy = cg_tree_destroy(sampler->tree);
	if (ret_destroy) {
		emit_error(emit, -1, NULL, -1, err_msg());
		ret = ret ? ret : ret_destroy;
	}
	topo_free(topo);
	return ret;
}

/* Two sockets a worker and team are more than the usual 1024 files when there are many workers. */
static void allow_many_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* Process 1 of a guest: the job is in the initramfs, records leave when all is measured. */
static void guest_main(char *const *argv) __attribute__((noreturn));

static void guest_main(char *const *argv)
{
	struct emit emit = {.fd = STDERR_FILENO, .deferred = true};
	struct guest guest = {.result_fd = -1};
	struct sampler sampler = {.emit = &emit, .in_guest = true};
	unsigned int waited_ms;
	struct plan plan;
	bool idle;
	int ret = guest_start(&guest);

	if (!ret) {
		emit.fd = guest.result_fd;
		ret = read_plan("/job.json", &plan);
	}
	if (ret) {
		emit_error(&emit, -1, NULL, -1, err_msg());
		if (guest.result_fd < 0 && guest_open_results(&guest.result_fd) == 0)
			emit.fd = guest.result_fd;
	} else {
		emit.clock = plan.clock;
		sampler.plan = &plan;
		find_dir(&sampler, true);
		idle = !guest_wait_idle(GUEST_IDLE_WINDOW_MS, GUEST_IDLE_MAX_MS, &waited_ms);
		ret = run_plan(&sampler);
		if (!idle)
			emit_warning(&emit, -1, "not-idle", "the guest was never idle within %u s of its time after boot: what is "
				     "measured is measured beside something else", GUEST_IDLE_MAX_MS / 1000);
		plan_free(&plan);
	}
	emit_end(&emit, ret ? "failed" : "complete", guest_tainted(), guest_args(argv, environ));
	emit_flush(&emit);
	guest_power_off(&guest);
}

/*
 * The heap of a guest's runner grows once, before anything forks. Workers inherit the tree of mappings, and where the heap of one boot had to
 * grow and that of the other had not, the tree was built otherwise: the look-up in a fault then took an instruction less with memcg on
 * (docs/METHOD.md, "The tree of mappings is inherited"). Elsewhere a heap of this size might be given huge pages.
 */
static void grow_heap(void)
{
	const int heap_bytes = 8 << 20;
	void *volatile heap; /* or the compiler makes nothing of a pair that nobody looks at */

	/* From the heap, and never given back. */
	mallopt(M_MMAP_THRESHOLD, 2 * heap_bytes);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	heap = malloc((size_t)heap_bytes);
	free(heap);
}

/*
 * Records have a descriptor of their own, and standard output is where errors go: what a bench, a library or a program that one starts prints is no
 * record.
 */
static int take_output(int *ret_fd)
{
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	__close_fd int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || (dup2(STDERR_FILENO, STDOUT_FILENO) < 0 && dup2(null, STDOUT_FILENO) < 0))
		return err_sys(errno, "keep standard output for records");
	*ret_fd = fd;
	return 0;
}

int main(int argc, char **argv)
{
	struct emit emit = {.fd = -1};
	struct sampler sampler = {.emit = &emit, .end_ns = UINT64_MAX};
	const uint64_t begin_ns = clock_ns();
	struct plan plan;
	int ret;

	if (guest_is_init()) {
		grow_heap();
		guest_main(argv);
	}
	if (argc != 2) {
		fprintf(stderr, "usage: memcgbench-runner JOB (memcgbench run starts it; see memcgbench run --help)\n");
		return 2;
	}
	catch_signals();
	allow_many_files();
	ret = take_output(&emit.fd);
	if (!ret)
		ret = read_plan(argv[1], &plan);
	if (ret) {
		fprintf(stderr, "memcgbench-runner: %s\n", err_msg());
		return 2;
	}
	emit.clock = plan.clock;
	sampler.plan = &plan;
	if (plan.budget_ns)
		sampler.end_ns = begin_ns + plan.budget_ns;
	find_dir(&sampler, false);
	ret = run_plan(&sampler);
	emit_end(&emit, ret == -EINTR ? "interrupted" : ret ? "failed" : "complete", 0, NULL);
	emit_flush(&emit);
	plan_free(&plan);
	if (emit.error)
		return EXIT_HARNESS;
	return ret == -EINTR ? EXIT_INTERRUPTED : ret ? EXIT_HARNESS : 0;
}
