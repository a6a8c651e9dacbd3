// SPDX-License-Identifier: GPL-2.0-or-later
/* run - measure, store, print. */
#include <errno.h>
#include <signal.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "base/err.h"
#include "base/paths.h"
#include "base/units.h"
#include "base/version.h"
#include "cmd/baseline.h"
#include "cmd/cmd.h"
#include "cmd/present.h"
#include "cmd/progress.h"
#include "cmd/run_guests.h"
#include "cmd/run_plan.h"
#include "cmd/run_record.h"
#include "cmd/run_time.h"
#include "core/live.h"
#include "core/registry.h"
#include "core/schedule.h"
#include "data/store.h"
#include "guest/qemu.h"
#include "machine/clock.h"
#include "machine/mempol.h"
#include "machine/priority.h"
#include "machine/swap.h"
#include "machine/workdir.h"


enum { MODE_PROCESSES, MODE_THREADS };

extern const struct verb verb_run;


#define MEASURE "What is measured"
#define AMOUNT	"How much"
#define OUTPUT	"Output"
#define GUESTS	"Kernels booted in guests (QEMU)"

static const char *const profiles[] = {"none", "functions", "sharing", NULL};
static const char *const cgroup_versions[] = {"v2", "v1", NULL};
/* enum run_accel */
static const char *const accels[] = {"auto", "kvm", "tcg", "icount", NULL};

static const struct opt options[] = {
	{"param", 'p', OPT_TO_LIST(struct run_args, params), .arg = "NAME=VALUE", .group = MEASURE,
	 .help = "set a parameter of the chosen benches that have it (memcgbench show BENCH); --NAME=VALUE does the same"},
	{"suite", 0, OPT_TO_ENUM(struct run_args, suite, run_suite_names), .def = "card", .group = MEASURE,
	 .help = "what to measure when no bench is named: a card of a few telling numbers, or full sweeps of all"},
	{"sweep", 0, OPT_TO_LIST(struct run_args, sweeps), .arg = "NAME=VALUE,VALUE...", .group = MEASURE,
	 .help = "measure once for each value: of a parameter, or of workers, memcgs, depth; repeat it to combine sweeps"},
	{"workers", 'w', OPT_TO_STRING(struct run_args, workers), .arg = "N[,N...]", .group = MEASURE,
	 .help = "workers that run at once; a list measures each; \"cores\" and \"pus\" are numbers too (default: as many as "
		 "the bench is about, mostly 1)"},
	{"memcgs", 0, OPT_TO_STRING(struct run_args, memcgs), .arg = "HOW", .group = MEASURE,
	 .help = "how many child memcgs the workers are in: shared (one for all), each (one for each worker), or a number of memcgs "
		 "that they are dealt out to (default: the bench's own, mostly shared)"},
	{"processes", 0, OPT_TO_CONST(struct run_args, threads, MODE_PROCESSES), .group = MEASURE,
	 .help = "workers are processes, each with memory of its own (default)"},
	{"threads", 0, OPT_TO_CONST(struct run_args, threads, MODE_THREADS), .group = MEASURE,
	 .help = "workers are threads of one process and share its mmap lock"},
	{"place", 0, OPT_TO_STRING(struct run_args, place), .arg = "WHERE", .def = "compact", .group = MEASURE,
	 .help = "which CPUs: compact, scatter, node:N, cores, pus, one (all workers on one CPU, where they take turns), or a list such as "
		 "0,2-3"},
	{"memory-bind", 0, OPT_TO_STRING(struct run_args, memory), .arg = "WHERE", .def = "default", .group = MEASURE,
	 .help = "which memory node: default, local, remote, interleave or node:N"},
	{"depth", 'd', OPT_TO_STRING(struct run_args, depth), .arg = "N[,N...]", .def = "1", .group = MEASURE,
	 .help = "levels from the root memcg down to the child memcg; a list measures each against root"},
	{"limit", 0, OPT_TO_SIZE(struct run_args, limit_bytes, 1, INT64_MAX), .arg = "SIZE", .group = MEASURE,
	 .help = "memory.max of the child memcg; none if not given"},
	{"siblings", 0, OPT_TO_U64(struct run_args, nr_siblings, 0, 10000), .arg = "N", .def = "0", .group = MEASURE,
	 .help = "memcgs beside that of the first worker, in child arms"},
	{"sibling-pages", 0, OPT_TO_U64(struct run_args, sibling_pages, 0, 1 << 20), .arg = "N", .def = "0", .group = MEASURE,
	 .help = "pages that each of them holds until they are reclaimed, of a file where the bench has a folder for it, or anonymous; 0: idle"},
	{"lru-gen", 0, OPT_TO_ENUM(struct run_args, lru_gen, params_lru_gen_names), .def = "keep", .group = MEASURE,
	 .help = "the multi-generational LRU of all memcgs: as it is, or switched (in guests only)"},
	{"stats", 0, OPT_TO_ENUM(struct run_args, stats, params_stats_names), .def = "as-found", .group = MEASURE,
	 .help = "in what state each pass finds memcg's statistics: as-found; fresh, with nothing pending, where an update walks all levels; "
		 "or flushable, with so much pending that since Linux 6.16 it walks none. --sweep=stats=... measures several"},
	{"dir", 0, OPT_TO_STRING(struct run_args, dir), .arg = "DIR", .group = MEASURE,
	 .help = "where benches that need files make a folder, and remove it: on a file system with a disk behind it. Without "
		 "it they are skipped; guests have a disk of their own"},
	{"blocks", 'b', OPT_TO_U64(struct run_args, blocks, 2, PLAN_BLOCKS_MAX), .arg = "N", .def = "60", .group = AMOUNT,
	 .help = "blocks per bench; each runs every memcg state twice and yields one difference"},
	{"time", 't', OPT_TO_DURATION(struct run_args, rep_ns, 100000, 10000000000), .arg = "TIME", .def = "25ms",
	 .group = AMOUNT, .help = "how long one rep lasts"},
	{"latency-ops", 0, OPT_TO_U64(struct run_args, latency_ops, 0, 1000000000), .arg = "N", .def = "200000",
	 .group = AMOUNT, .help = "single operations timed for the latency distribution; 0: none"},
	{"quick", 'q', OPT_TO_FLAG(struct run_args, quick), .group = AMOUNT,
	 .help = "fewer blocks and shorter reps: a first look in seconds"},
	{"budget", 0, OPT_TO_STRING(struct run_args, budget), .arg = "TIME", .group = AMOUNT,
	 .help = "time for all of it, such as 30s or 2m: of each bench as many blocks as there is time for, at least 6, and what has no time for 6 "
		 "is left out. \"none\": take what it takes. Without it the card gets 2 m on this machine, with --quick 30 s; benches that are "
		 "named, sweeps, the full suite and --blocks have no limit. For kernels: fewer seeds, then fewer benches, by an estimate made beforehand"},
	{"seed", 0, OPT_TO_U64(struct run_args, seed, 0, INT64_MAX), .arg = "N", .def = "1", .group = AMOUNT,
	 .help = "seed of every random order"},
	{"no-counters", 0, OPT_TO_FLAG(struct run_args, no_counters), .group = AMOUNT,
	 .help = "take no event counters (perf_event_open)"},
	{"perf-record", 0, OPT_TO_FLAG(struct run_args, perf_record), .group = AMOUNT,
	 .help = "also profile the timed reps with perf record, one perf.data per memcg state"},
	{"kernel", 'k', OPT_TO_LIST(struct run_args, kernels), .arg = "NAME=SPEC", .group = GUESTS,
	 .help = "boot this kernel with memcg off and on and count instructions; repeat it to compare kernels, the first "
		 "is the baseline. SPEC: a bzImage, a build tree, a folder with bzImage and config, .deb files with "
		 "commas between, running, deb:VERSION from Debian's archive (deb:6.12.117-1 is one package, deb:7.1.13 the newest of 7.1.13, deb:X.Y the newest X.Y, deb:X.Y/amd64 of another flavour than cloud-amd64), or build:TREE[@REV]"},
	{"build", 0, OPT_TO_LIST(struct run_args, builds), .arg = "[NAME=]TREE[@REV]", .group = GUESTS,
	 .help = "build this source tree, or this revision of a git tree, with a configuration of memcgbench's own, and boot it; "
		 "as a kernel build:TREE@REV, behind all --kernel. The tree is not written to; the next build of it compiles what "
		 "changed"},
	{"seeds", 0, OPT_TO_U64(struct run_args, nr_seeds, 1, 1000), .arg = "N", .def = "5", .group = GUESTS,
	 .help = "boots per kernel and memcg off or on, each with a seed of its own; a verdict takes 3"},
	{"shard", 0, OPT_TO_STRING(struct run_args, shard), .arg = "I/N", .group = GUESTS,
	 .help = "run part I of N of the boots; memcgbench merge joins the parts (memcgbench plan prints the commands)"},
	{"jobs", 'j', OPT_TO_U64(struct run_args, nr_jobs, 0, 1024), .arg = "N", .def = "0", .group = GUESTS,
	 .help = "guests at once; 0: one per core of this machine"},
	{"timeout", 0, OPT_TO_DURATION(struct run_args, timeout_ns, 1000000000, 2592000000000000), .arg = "TIME", .group = GUESTS,
	 .help = "give a boot up that takes longer, such as 20m, by the clock. Without it a boot may take as long as it shows that it lives: "
		 "one that hangs is given up after 2 min of processor time, or 10 min, without a word"},
	{"accel", 0, OPT_TO_ENUM(struct run_args, accel, accels), .def = "icount", .group = GUESTS,
	 .help = "what runs the guests. icount: QEMU's TCG counts instructions, the same on every machine; kvm: nanoseconds on this "
		 "machine's processor; auto: kvm if a boot of 5 s proves that it runs the kernel, else icount; tcg: does the kernel boot "
		 "and do the benches run on it, without any cost"},
	{"cpus", 0, OPT_TO_U64(struct run_args, cpus, 1, QEMU_CPUS_MAX), .arg = "N", .def = "1", .group = GUESTS,
	 .help = "CPUs of a guest"},
	{"memory", 0, OPT_TO_SIZE(struct run_args, memory_bytes, 128u << 20, 1ull << 40), .arg = "SIZE", .def = "512M",
	 .group = GUESTS, .help = "memory of a guest"},
	{"numa", 0, OPT_TO_LIST(struct run_args, numa), .arg = "NODE", .group = GUESTS,
	 .help = "a memory node of a guest, its memory and CPUs, such as 256M,cpus=0-1 or 256M,cpus=0-1,dist=10:21; repeat it "
		 "for each"},
	{"cgroup", 0, OPT_TO_ENUM(struct run_args, cgroup, cgroup_versions), .def = "v2", .group = GUESTS,
	 .help = "which memory controller the guest uses, where the kernel has both"},
	{"append", 0, OPT_TO_STRING(struct run_args, append), .arg = "ARGS", .group = GUESTS,
	 .help = "further arguments on the guest kernel's command line, such as cgroup.memory=nokmem; none that hides its warnings (quiet)"},
	{"boot-arg", 0, OPT_TO_LIST(struct run_args, boot_args), .arg = "[NAME:]ARGS", .group = GUESTS,
	 .help = "also boot each kernel with these further arguments, such as mitigations=off, memcg off and on, as a variant of it in the "
		 "table; repeat it for each. NAME: what the variant is called, as in fast:mitigations=off, else the arguments themselves"},
	{"cpu-model", 0, OPT_TO_STRING(struct run_args, cpu_model), .arg = "MODEL", .group = GUESTS,
	 .help = "QEMU's -cpu; changes what an instruction count means"},
	{"profile", 0, OPT_TO_ENUM(struct run_args, profile, profiles), .def = "none", .bare = "functions", .group = GUESTS,
	 .help = "also count the instructions of every kernel function, for memcgbench explain; alone it means functions; "
		 "sharing also watches which CPUs touch which cache line"},
	{"qemu-opts", 0, OPT_TO_LIST(struct run_args, qemu_opts), .arg = "WORDS", .group = GUESTS,
	 .help = "further words of the QEMU command line, with blanks between them, behind all others: --qemu-opts='-smbios type=1'; may be "
		 "repeated"},
	{"output", 'o', OPT_TO_STRING(struct run_args, results_dir), .arg = "DIR", .def = "results", .group = OUTPUT,
	 .help = "folder that gets a folder for this run"},
	{"save-baseline", 0, OPT_TO_STRING(struct run_args, save_baseline), .arg = "NAME", .group = OUTPUT,
	 .help = "keep the run under this name, for compare --baseline=NAME"},
	{"json", 0, OPT_TO_FLAG(struct run_args, json), .group = OUTPUT, .help = "print JSON instead of the table"},
	{"no-plots", 0, OPT_TO_FLAG(struct run_args, no_plots), .group = OUTPUT, .help = "draw no pictures"},
	{"dry-run", 'n', OPT_TO_FLAG(struct run_args, dry_run), .group = OUTPUT,
	 .help = "print what would run, on which CPUs and for how long, and run nothing"},
	{"quiet", 0, OPT_TO_FLAG(struct run_args, quiet), .group = OUTPUT, .help = "no progress line"},
	OPT_END,
};

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	stop = signal;
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction before;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signals); i++) {
		sigaction(signals[i], &action, &before);
		/* nohup, or a shell that runs us in the background: whoever ignored it meant it. */
		if (before.sa_handler == SIG_IGN)
			signal(signals[i], SIG_IGN);
	}
	signal(SIGPIPE, SIG_IGN);
}

/* Options that the table does not know: "--access=read" is "--param access=read". */
static int take_param(const char *name, const char *value, void *ctx)
{
	struct run_args *args = ctx;
	size_t i, k;
	bool known = false;
	char *text;
	void *items;

	for (i = 0; i < registry_nr(); i++)
		for (k = 0; k < registry_at(i)->nr_params; k++)
			known |= !strcmp(registry_at(i)->params[k].name, name);
	if (!known)
		return -ENOENT;
	if (!value)
		return err_set(EINVAL, "--%s needs a value", name);
	items = realloc(args->params.items, (args->params.nr + 1) * sizeof(*args->params.items));
	if (!items)
		return err_sys(ENOMEM, "memory for --%s", name);
	args->params.items = items;
	/* Lives until the end of the program, as argv does, which the other items of the list point into. */
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return err_sys(ENOMEM, "memory for --%s", name);
	args->params.items[args->params.nr++] = text;
	return 0;
}

/* "--build=NAME=TREE" is "--kernel=NAME=build:TREE". */
static int take_builds(struct run_args *args)
{
	size_t nr = args->kernels.nr + args->builds.nr, i;
	const char **items = reallocarray(args->kernels.items, nr ? nr : 1, sizeof(*items));

	if (!items)
		return err_sys(ENOMEM, "memory for --build");
	args->kernels.items = items;
	for (i = 0; i < args->builds.nr; i++) {
		const char *text = args->builds.items[i], *equals = strchr(text, '=');
		int name_len = equals && !memchr(text, '/', (size_t)(equals - text)) ? (int)(equals - text) + 1 : 0;
		char *spec;

		/* Lives until the end of the program, as the other items do. */
		if (asprintf(&spec, "%.*sbuild:%s", name_len, text, text + name_len) < 0)
			return err_sys(ENOMEM, "memory for --build");
		items[args->kernels.nr++] = spec;
	}
	return 0;
}

/* Everything that one run holds on to. */
struct run {
	const struct verb *verb;
	const struct run_args *args;
	struct plan *plan;
	struct store *store;
	struct progress progress;
	uint64_t begin_ns;
	bool has_samples;
	unsigned int nr_errors;
};

static json_t *command_json(int argc, char **argv)
{
	json_t *command = json_pack("[s]", "memcgbench");
	int i;

	for (i = 0; i < argc; i++) {
		json_t *word = json_string(argv[i]);

		json_array_append_new(command, word ? word : json_string("(not UTF-8)"));
	}
	return command;
}

/* Of no file: how long it takes still. */
static void show_progress(struct run *run, const json_t *record)
{
	size_t item = (size_t)json_integer_value(json_object_get(record, "item"));
	char what[160];

	if (item < run->plan->nr_items)
		progress_show(&run->progress, (uint64_t)json_integer_value(json_object_get(record, "left_ns")),
			      plan_item_text(&run->plan->items[item], what, sizeof(what)));
}

static void tell(struct run *run, const char *what, const json_t *record)
{
	const char *text = json_string_value(json_object_get(record, "text"));

	progress_say(&run->progress, "memcgbench run: %s%s\n", what, text ? text : "(no text)");
}

/* By its name, with what tells the item from others of its bench. */
static void tell_skip(struct run *run, const json_t *record)
{
	size_t item = (size_t)json_integer_value(json_object_get(record, "item"));
	char text[160], what[192] = "skipped: ";

	if (item < run->plan->nr_items)
		snprintf(what, sizeof(what), "skipped: %s: ", plan_item_text(&run->plan->items[item], text, sizeof(text)));
	tell(run, what, record);
}

static int on_line(const char *line, void *ctx)
{
	static const char progress_begins[] = "{\"type\":\"progress\"";
	struct run *run = ctx;
	json_t *record;
	const char *type;
	int ret = 0;

	if (!strncmp(line, progress_begins, sizeof(progress_begins) - 1)) {
		record = json_loads(line, 0, NULL);
		show_progress(run, record);
		json_decref(record);
		return 0;
	}
	ret = store_line(run->store, 0, "live", line, &record);
	if (ret)
		return ret;
	type = json_string_value(json_object_get(record, "type"));
	if (!strcmp(type, "sample") && !json_is_true(json_object_get(record, "warmup")))
		run->has_samples = true;
	if (!strcmp(type, "error")) {
		tell(run, "", record);
		run->nr_errors++;
	}
	if (!strcmp(type, "skip"))
		tell_skip(run, record);
	json_decref(record);
	return 0;
}

/* The runner has ended by itself, by ^C, or by a fault; what it left is removed, the run closed. */
static int finish_run(struct run *run, int runner_status, int *ret_status)
{
	const char *status = "complete";

	*ret_status = EXIT_OK;
	if (stop) {
		status = "interrupted";
		*ret_status = 128 + stop;
		fprintf(stderr, "memcgbench run: interrupted by signal %d (%s); what was measured so far is in %s\n",
			(int)stop, strsignal(stop), store_dir(run->store));
	} else if (runner_status) {
		status = "failed";
		*ret_status = EXIT_BROKEN;
		if (!run->nr_errors)
			fprintf(stderr, "memcgbench run: the runner ended with status %d; the samples so far are in %s\n",
				runner_status, store_dir(run->store));
	}
	return store_finish(take_ptr(run->store), status);
}

static int make_perf_dir(struct run *run)
{
	struct plan *plan = run->plan;
	char *dir = realpath(store_dir(run->store), NULL);
	int len = dir ? snprintf(plan->perf_dir, sizeof(plan->perf_dir), "%s/perf", dir) : -1;

	free(dir);
	if (len < 0 || len >= (int)sizeof(plan->perf_dir) || mkdir(plan->perf_dir, 0777))
		return err_sys(len >= (int)sizeof(plan->perf_dir) ? ENAMETOOLONG : errno, "make %s/perf",
			       store_dir(run->store));
	return 0;
}

/* Memcgs, swap and folders that a runner left behind when it was killed. */
static int clean_up(const struct run *run, const struct cg_info *cg)
{
	int ret = cg_step_back(cg), ret_swap = 0, ret_dir = 0;

	if (plan_needs(run->plan, BENCH_NEEDS_SWAP))
		ret_swap = swap_sweep();
	if (run->plan->dir[0])
		ret_dir = workdir_sweep(run->plan->dir);
	return ret ? ret : ret_swap ? ret_swap : ret_dir;
}

/* What went wrong first is the sentence that is kept. */
static int step_back(const struct run *run, const struct cg_info *cg, int ret)
{
	__free_mem char *sentence = ret ? strdup(err_msg()) : NULL;
	int ret_back = clean_up(run, cg);

	if (sentence)
		err_set(-ret, "%s", sentence);
	return ret ? ret : ret_back;
}

static int measure(struct run *run, const struct cg_info *cg, int *ret_status)
{
	__free_mem char *runner = NULL;
	struct plan plan;
	int runner_status = 0, ret = paths_runner(&runner);

	if (!ret && run->args->perf_record)
		ret = make_perf_dir(run);
	if (!ret)
		ret = cg_step_aside(cg);
	if (ret)
		return ret;
	plan = *run->plan;
	plan.budget_ns = run_time_for_runner(run->plan, !run->args->no_plots, clock_ns() - run->begin_ns);
	progress_begin(&run->progress, !run->args->quiet, run_time_live_ns(&plan, !run->args->no_plots), "a first look at each bench", NULL, NULL);
	ret = live_run(runner, &plan, on_line, run, &stop, &runner_status);
	progress_end(&run->progress);
	ret = step_back(run, cg, ret);
	return ret ? ret : finish_run(run, runner_status, ret_status);
}

/* A run that failed says so, unless the disk takes not even that; it then goes on saying "running". */
static int give_up(struct run *run)
{
	int status = cmd_fail(run->verb, NULL);

	if (run->store)
		(void)!store_finish(take_ptr(run->store), "failed");
	return status;
}

/* Which profiles there are to compare: the baseline's against each other state's. */
static void print_perf_diff(const struct run *run, const char *dir)
{
	size_t i, k;

	for (i = 0; i < run->plan->nr_items; i++) {
		const struct plan_item *item = &run->plan->items[i];
		char old[128], new[128], path[PATH_MAX];

		plan_perf_name(item, i, 0, old, sizeof(old));
		for (k = 1; k < item->nr_arms; k++) {
			plan_perf_name(item, i, k, new, sizeof(new));
			snprintf(path, sizeof(path), "%s/perf/%s", dir, new);
			if (!access(path, R_OK))
				fprintf(stderr, "perf diff %s/perf/%s %s/perf/%s\n", dir, old, dir, new);
		}
	}
}

/* One item is measured, whatever it takes. */
static void tell_budget(const struct run *run)
{
	uint64_t took_ns = clock_ns() - run->begin_ns;
	char took[32], budget[32];

	if (run->plan->budget_ns && !stop && took_ns > run->plan->budget_ns + run->plan->budget_ns / 10)
		fprintf(stderr, "memcgbench run: took %s, not %s (--budget): the least that gives an interval, %d blocks of one item, and the start took longer here\n",
			format_duration(took_ns, took, sizeof(took)), format_duration(run->plan->budget_ns, budget, sizeof(budget)),
			SCHEDULE_LEAST_BLOCKS);
}

static int run_and_present(struct run *run, const struct cg_info *cg, json_t *command)
{
	struct present_options present = {
		.json = run->args->json,
		.plots = !run->args->no_plots,
		.write_files = true,
		.results_dir = run->args->results_dir,
		.save_baseline = run->args->save_baseline,
	};
	__free_mem char *dir = NULL;
	json_t *json = run_json(run->plan, command);
	struct utsname uts;
	char name[128];
	int status = EXIT_BROKEN, present_status, ret;

	uname(&uts);
	run_name(uts.release, name, sizeof(name));
	ret = store_create(run->args->results_dir, name, json, &run->store);
	json_decref(json);
	if (ret)
		return cmd_fail(run->verb, NULL);
	dir = strdup(store_dir(run->store));
	if (!dir || measure(run, cg, &status))
		return give_up(run);
	/* Why there is nothing to show has been said. */
	if (status && !run->has_samples)
		return status;
	/* On a busy machine the pictures would take several times what the budget leaves them. */
	if (run->plan->budget_ns)
		(void)priority_raise_in_session();
	present_status = present_run(run->verb, dir, &present);
	tell_budget(run);
	if (!status && !present_status && run->args->save_baseline &&
	    baseline_save(run->args->results_dir, run->args->save_baseline, dir))
		status = cmd_fail(run->verb, NULL);
	if (run->args->perf_record)
		print_perf_diff(run, dir);
	return status ? status : present_status;
}

/* Fails early, with the option's name, what the runner would otherwise fail late. */
static int check_places(const struct plan *plan, const struct topo *topo)
{
	size_t i;
	int ret;

	for (i = 0; i < plan->nr_items; i++) {
		const struct plan_item *item = &plan->items[i];
		__free_mem struct topo_place *places = calloc(item->nr_workers, sizeof(*places));
		bool oversubscribed;

		if (!places)
			return err_sys(ENOMEM, "memory for %u workers", item->nr_workers);
		ret = topo_place(topo, item->place, item->nr_workers, places, &oversubscribed);
		if (!ret)
			ret = mempol_check(item->memory);
		if (ret)
			return ret;
	}
	return 0;
}

static int run_parsed(struct run_args *args, const struct run_line *line, int argc, char **argv)
{
	struct run run = {.verb = &verb_run, .args = line->args, .begin_ns = clock_ns()};
	struct plan plan = {0};
	struct topo *topo = NULL;
	struct cg_info cg;
	int ret, status;

	if (line->args->save_baseline && baseline_check(line->args->save_baseline))
		return cmd_usage(&verb_run, NULL);
	ret = cg_detect(&cg);
	if (!ret)
		ret = topo_load(&topo);
	if (ret)
		return cmd_fail(&verb_run, NULL);
	/* In a guest of ours everything may be entered, whatever this machine allows. */
	cg.can_enter_root |= line->args->kernels.nr > 0;
	ret = run_plan_make(line, topo, &cg, &plan);
	/* What is wrong with the command line is said before anything is fetched or booted. */
	if (!ret && args->kernels.nr && args->accel == RUN_AUTO) {
		plan_free(&plan);
		plan = (struct plan){0};
		if (run_accel_choose(&verb_run, args)) {
			topo_free(topo);
			return stop ? 128 + stop : cmd_fail(&verb_run, NULL);
		}
		ret = run_plan_make(line, topo, &cg, &plan);
	}
	if (!ret && !line->args->kernels.nr)
		ret = check_places(&plan, topo);
	run.plan = &plan;
	if (ret)
		status = ret == -ENOMEM ? cmd_fail(&verb_run, NULL) : cmd_usage(&verb_run, NULL);
	else if (line->args->kernels.nr)
		status = run_guests(&verb_run, line->args, &plan, command_json(argc, argv), &stop);
	else if (line->args->dry_run)
		status = run_time_print_live(&verb_run, &plan, topo, &cg, line->args);
	else if (cg.version == CG_NONE)
		status = (cmd_fail(&verb_run, "%s", cg.why), EXIT_NOTHING_COMPARED);
	else if (cg.why[0])
		status = cmd_fail(&verb_run, "%s", cg.why);
	else
		status = run_and_present(&run, &cg, command_json(argc, argv));
	plan_free(&plan);
	topo_free(topo);
	return status;
}

static int run_main(int argc, char **argv)
{
	struct run_args args = {0};
	struct opt_parsed parsed;
	struct run_line line = {.args = &args, .parsed = &parsed, .options = options};
	int status;

	catch_signals();
	if (cmd_parse(&verb_run, argc, argv, &args, &parsed, &status)) {
		if (take_builds(&args))
			status = cmd_fail(&verb_run, NULL);
		else if (args.shard && !args.kernels.nr)
			status = cmd_usage(&verb_run, "--shard is for kernels that are booted: --kernel is missing");
		else
			status = run_parsed(&args, &line, argc, argv);
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_run = {
	.name = "run",
	.summary = "measure what memcg costs on this kernel",
	.about = "Runs the benches named, or a suite of them, in the root memcg and in a child memcg by turns, and prints "
		 "what each operation costs in either, the difference with its 95 % interval, and what the "
		 "interval could not have shown. Samples, machine facts, table and pictures go to a new folder "
		 "under results/.\n\n"
		 "As root outside a container the baseline is the root memcg. An ordinary user in a delegated "
		 "cgroup (systemd-run --user --scope -p Delegate=yes memcgbench run) cannot enter it; the "
		 "baseline is then a memcg one level below the delegated one.\n\n"
		 "With --kernel, kernels are booted in guests instead, with memcg off and on, and instructions are "
		 "counted. That needs QEMU, and neither root nor cgroups.",
	.operands = "[BENCH...]",
	.options = options,
	.unknown = take_param,
	.unknown_help = "The parameters of the chosen benches are options too: --access=read is --param access=read.",
	.main = run_main,
};
