// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_guests.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/present.h"
#include "cmd/progress.h"
#include "cmd/run_profile.h"
#include "data/store.h"
#include "guest/boot.h"
#include "guest/equip.h"
#include "guest/files.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"
#include "guest/vmlinux.h"

/* What a boot under TCG takes at least; for the estimate only. */
#define BOOT_NS 6000000000ull

/* --boot-arg: what is booted as a variant of each kernel. */
struct boot_arg {
	char name[64];
	const char *args;
};

/* One boot of the run. */
struct guest_boot {
	size_t number; /* in the whole plan, of which a shard runs a part */
	const struct kernel *kernel;
	bool off; /* cgroup_disable=memory */
	const struct boot_arg *arg; /* NULL: no variant */
	uint64_t seed;
	char **lines; /* what it said; stored when the boot has ended well */
	size_t nr_lines;
	bool done;
	char error[ERR_MSG_MAX + 256]; /* "" = ended well */
};

struct guests {
	const struct verb *verb;
	const struct run_args *args;
	const struct plan *plan;
	const volatile sig_atomic_t *stop;
	struct kernel *kernels;
	char **vmlinux;		      /* by kernel: what QEMU starts; NULL = the image */
	struct equipment *equipment; /* by kernel */
	size_t nr_kernels;
	struct boot_arg *boot_args;
	struct qemu_node *nodes;
	char *runner_path;
	struct run_profile profile;
	struct store *store;
	struct guest_boot *boots; /* the first is run a second time, in boots[nr_boots] */
	size_t nr_boots, nr_errors;
	size_t nr_boots_all; /* of the plan; more than nr_boots where this is a shard */
	struct progress progress;

	pthread_mutex_t lock; /* of everything below */
	size_t next, nr_done, nr_stored;
	int store_error; /* -errno of the first record that could not be stored */
	char store_sentence[ERR_MSG_MAX];
};

static void say_progress(void *ctx, const char *text)
{
	struct guests *guests = ctx;

	if (!guests->args->quiet)
		fprintf(stderr, "memcgbench run: %s\n", text);
}

static int open_kernels(struct guests *guests)
{
	struct kernel_progress progress = {.say = say_progress, .ctx = guests};
	const struct opt_list *list = &guests->args->kernels;
	size_t i, k;

	guests->kernels = calloc(list->nr, sizeof(*guests->kernels));
	guests->vmlinux = calloc(list->nr, sizeof(*guests->vmlinux));
	if (!guests->kernels || !guests->vmlinux)
		return err_sys(ENOMEM, "memory for %zu kernels", list->nr);
	for (i = 0; i < list->nr; i++) {
		struct kernel_spec spec;
		int ret = kernel_spec_parse(list->items[i], &spec);

		if (ret)
			return err_prefix(ret, "--kernel=%s", list->items[i]);
		ret = kernel_open(&spec, &progress, &guests->kernels[i]);
		kernel_spec_free(&spec);
		if (ret)
			return err_prefix(ret, "--kernel=%s", list->items[i]);
		guests->nr_kernels++;
		ret = vmlinux_get(&guests->kernels[i], &guests->vmlinux[i]);
		if (ret && ret != -EOPNOTSUPP)
			return err_prefix(ret, "--kernel=%s", list->items[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(guests->kernels[k].name, guests->kernels[i].name))
				return err_set(EINVAL, "--kernel=%s: two kernels are called \"%s\"; give them names (NAME=SPEC)",
					       list->items[i], guests->kernels[i].name);
	}
	return 0;
}

/* What the benches of the plan need and the runner alone has not got. */
static int equip_kernels(struct guests *guests)
{
	struct equip_wants wants = {0};
	size_t i;
	int ret;

	for (i = 0; i < guests->plan->nr_items; i++) {
		wants.swap |= (params_needs(&guests->plan->items[i].params) & BENCH_NEEDS_SWAP) != 0;
		wants.disk |= (params_needs(&guests->plan->items[i].params) & BENCH_NEEDS_DIR) != 0;
	}
	guests->equipment = calloc(guests->nr_kernels, sizeof(*guests->equipment));
	if (!guests->equipment)
		return err_sys(ENOMEM, "memory for %zu kernels", guests->nr_kernels);
	for (i = 0; i < guests->nr_kernels; i++) {
		ret = equip_guest(&guests->kernels[i], &wants, &guests->equipment[i]);
		if (ret)
			return err_prefix(ret, "kernel %s", guests->kernels[i].name);
		if (guests->equipment[i].lack[0])
			say_progress(guests, guests->equipment[i].lack);
	}
	return 0;
}

static int parse_nodes(struct guests *guests)
{
	const struct opt_list *list = &guests->args->numa;
	size_t i;

	guests->nodes = calloc(list->nr ? list->nr : 1, sizeof(*guests->nodes));
	if (!guests->nodes)
		return err_sys(ENOMEM, "memory for %zu nodes", list->nr);
	for (i = 0; i < list->nr; i++) {
		int ret = qemu_node_parse(list->items[i], &guests->nodes[i]);

		if (ret)
			return err_prefix(ret, "--numa=%s", list->items[i]);
	}
	return 0;
}

/* "nokmem=cgroup.memory=nokmem", or "cgroup.memory=nokmem": no name has a dot. */
static int parse_boot_arg(const char *text, struct boot_arg *ret_arg)
{
	const char *equals = strchr(text, '='), *name = text;
	size_t len = equals ? (size_t)(equals - text) : 0, i;
	bool is_named = len && !memchr(text, '.', len);

	*ret_arg = (struct boot_arg){.args = is_named ? equals + 1 : text};
	if (!is_named) {
		name = equals ? equals + 1 : text;
		len = strlen(name);
	}
	for (i = 0; i < len && (isalnum((unsigned char)name[i]) || strchr("_+-,.", name[i])); i++)
		if (i + 1 < sizeof(ret_arg->name))
			ret_arg->name[i] = name[i] == ',' ? '+' : name[i];
	if (!len || i < len || len >= sizeof(ret_arg->name) || !ret_arg->args[0])
		return err_set(EINVAL, "NAME=ARGS is wanted, the name of letters, digits and _ + -");
	return 0;
}

static int parse_boot_args(struct guests *guests)
{
	const struct opt_list *list = &guests->args->boot_args;
	size_t i, k;

	if (guests->args->append && console_check_args(guests->args->append))
		return err_prefix(-EINVAL, "--append=%s", guests->args->append);
	guests->boot_args = calloc(list->nr ? list->nr : 1, sizeof(*guests->boot_args));
	if (!guests->boot_args)
		return err_sys(ENOMEM, "memory for %zu arguments", list->nr);
	for (i = 0; i < list->nr; i++) {
		int ret = parse_boot_arg(list->items[i], &guests->boot_args[i]);

		if (!ret)
			ret = console_check_args(guests->boot_args[i].args);
		if (ret)
			return err_prefix(ret, "--boot-arg=%s", list->items[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(guests->boot_args[k].name, guests->boot_args[i].name))
				return err_set(EINVAL, "--boot-arg=%s: two are called \"%s\"; give them names (NAME=ARGS)",
					       list->items[i], guests->boot_args[i].name);
	}
	return 0;
}

/* Known from its configuration; where there is none, the guest will see. */
static bool lacks_memcg(const struct kernel *kernel)
{
	return kernel->config_path && kernel_config_get(kernel->config_path, "MEMCG") == 'n';
}

static void say_no_memcg(struct guests *guests)
{
	char text[256];
	size_t i;

	for (i = 0; i < guests->nr_kernels; i++)
		if (lacks_memcg(&guests->kernels[i])) {
			snprintf(text, sizeof(text), "kernel %s is built without CONFIG_MEMCG: it counts as memcg off, and has no other boot",
				 guests->kernels[i].name);
			say_progress(guests, text);
		}
}

/* Number the boots of the plan, and leave those that are this shard's: every Nth. */
static int keep_shard(struct guests *guests, size_t nr_boots)
{
	const struct run_args *args = guests->args;
	uint64_t index = 1, of = 1;
	size_t i;
	int ret = args->shard ? run_shard_parse(args->shard, &index, &of) : 0;

	if (ret)
		return ret;
	guests->nr_boots_all = nr_boots;
	for (i = 0; i < nr_boots; i++) {
		guests->boots[i].number = i;
		if (i % of == index - 1)
			guests->boots[guests->nr_boots++] = guests->boots[i];
	}
	if (!guests->nr_boots)
		return err_set(EINVAL, "--shard=%s: the plan has only %zu boots", args->shard, nr_boots);
	guests->boots[guests->nr_boots] = guests->boots[0];
	return 0;
}

static int make_boots(struct guests *guests)
{
	uint64_t nr_seeds = guests->args->nr_seeds, seed;
	size_t i, n = 0, nr_args = guests->args->boot_args.nr, arg;

	/* One more than there are: the first is run twice. */
	guests->boots = calloc(guests->nr_kernels * (2 + nr_args) * nr_seeds + 1, sizeof(*guests->boots));
	if (!guests->boots)
		return err_sys(ENOMEM, "memory for the boots");
	for (seed = 0; seed < nr_seeds; seed++)
		for (i = 0; i < guests->nr_kernels; i++) {
			struct guest_boot boot = {.kernel = &guests->kernels[i], .off = true, .seed = guests->plan->seed + seed};

			guests->boots[n++] = boot;
			if (lacks_memcg(boot.kernel))
				continue;
			boot.off = false;
			guests->boots[n++] = boot;
			for (arg = 0; arg < nr_args; arg++) {
				boot.arg = &guests->boot_args[arg];
				guests->boots[n++] = boot;
			}
		}
	return keep_shard(guests, n);
}

/* "6.12", or "6.12,nokmem": no name that a user gives has a comma. */
static const char *boot_kernel_name(const struct guest_boot *boot, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", boot->kernel->name, boot->arg ? "," : "", boot->arg ? boot->arg->name : "");
	return buf;
}

/* "kernel 6.12, memcg off, seed 1": for sentences. */
static const char *boot_text(const struct guest_boot *boot, char *buf, size_t size)
{
	char name[200];

	snprintf(buf, size, "kernel %s, memcg %s, seed %llu", boot_kernel_name(boot, name, sizeof(name)),
		 boot->off ? "off" : "on", (unsigned long long)boot->seed);
	return buf;
}

/*
 * The kernel's command line. A seed changes its length: what lies on the first stack moves with it, and with that what
 * is luck of one layout.
 */
static char *boot_append(const struct guests *guests, const struct guest_boot *boot)
{
	char pad[65], *append;
	size_t len = boot->seed * 7 % 64 + 1;

	memset(pad, 'x', len);
	pad[len] = '\0';
	if (asprintf(&append, "memcgbench.pad=%s%s%s%s%s%s%s", pad, boot->off ? " cgroup_disable=memory" : "",
		     guests->args->cgroup ? " memcgbench.cgroup=v1" : "", boot->arg ? " " : "", boot->arg ? boot->arg->args : "",
		     guests->args->append ? " " : "", guests->args->append ? guests->args->append : "") < 0)
		return NULL;
	return append;
}

static void fill_qemu(const struct guests *guests, const struct guest_boot *boot, const char *initramfs,
		      const char *append, struct qemu_options *qemu)
{
	const struct run_args *args = guests->args;
	const char *vmlinux = guests->vmlinux[boot->kernel - guests->kernels];

	*qemu = (struct qemu_options){
		.accel = args->accel == RUN_KVM ? QEMU_KVM : args->accel == RUN_TCG ? QEMU_TCG : QEMU_ICOUNT,
		.kernel_path = vmlinux ? vmlinux : boot->kernel->image_path,
		.initramfs_path = initramfs,
		.append = append,
		.cpus = args->numa.nr ? 0 : (unsigned int)args->cpus,
		/* The size of memory moves with the seed too, where no node says it. */
		.memory_bytes = args->numa.nr ? 0 : args->memory_bytes + (boot->seed % 8 << 20),
		.cpu_model = args->cpu_model,
		.nodes = guests->nodes,
		.nr_nodes = args->numa.nr,
		.seed = (uint32_t)boot->seed,
		.extra = args->qemu_opts.items,
		.nr_extra = args->qemu_opts.nr,
	};
}

static int keep_line(void *ctx, const char *line)
{
	struct guest_boot *boot = ctx;
	char **lines = reallocarray(boot->lines, boot->nr_lines + 1, sizeof(*lines));

	if (!lines)
		return err_sys(ENOMEM, "memory for a record");
	boot->lines = lines;
	lines[boot->nr_lines] = strdup(line);
	if (!lines[boot->nr_lines])
		return err_sys(ENOMEM, "memory for a record");
	boot->nr_lines++;
	return 0;
}

static char *boot_job(const struct guests *guests, const struct guest_boot *boot)
{
	struct plan plan = *guests->plan;
	json_t *json;
	char *job;

	/*
	 * Nothing of the kernel's name: a longer one makes the initramfs longer, and with that moves what is counted by
	 * some instructions an op, for one kernel and not for the other.
	 */
	plan.seed = boot->seed;
	json = plan_to_json(&plan);
	job = json ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	return job;
}

static void fill_initramfs(const struct guests *guests, const struct kernel *kernel, const char *job,
			   struct initramfs_spec *spec)
{
	const struct equipment *equipment = &guests->equipment[kernel - guests->kernels];

	*spec = (struct initramfs_spec){
		.runner_path = guests->runner_path,
		.job = job,
		.module_paths = (const char *const *)equipment->modules.paths,
		.nr_modules = equipment->modules.nr,
		.program_paths = (const char *const *)equipment->programs,
		.nr_programs = equipment->nr_programs,
	};
}

/* A guest that could not begin has sent, in place of a boot record, one that says why. */
static void take_refusal(struct guest_boot *boot)
{
	json_t *record = boot->nr_lines ? json_loads(boot->lines[0], 0, NULL) : NULL;
	const char *type = json_string_value(json_object_get(record, "type"));
	const char *text = json_string_value(json_object_get(record, "text"));

	if (type && text && !strcmp(type, "error"))
		snprintf(boot->error, sizeof(boot->error), "%s", text);
	json_decref(record);
}

/* Boot once and keep what it says. What goes wrong becomes @boot->error. */
static int boot_once(const struct guests *guests, struct guest_boot *boot, const char *folder)
{
	__free_mem char *append = boot_append(guests, boot), *job = boot_job(guests, boot), *plugin = NULL;
	struct initramfs_spec spec;
	struct boot_result result;
	struct qemu_options qemu;
	struct boot_options options = {
		.qemu = &qemu,
		.folder = folder,
		.interrupted = guests->stop,
		.on_line = keep_line,
		.ctx = boot,
	};
	char initramfs[PATH_MAX];
	int ret;

	if (!append || !job)
		return err_sys(ENOMEM, "memory for a boot");
	if (mkdir(folder, 0777) && errno != EEXIST)
		return err_sys(errno, "make %s", folder);
	snprintf(initramfs, sizeof(initramfs), "%s/initramfs.cpio", folder);
	fill_initramfs(guests, boot->kernel, job, &spec);
	ret = initramfs_write(&spec, initramfs);
	if (ret)
		return ret;
	fill_qemu(guests, boot, initramfs, append, &qemu);
	/* The repetition goes without the probe: that both say the same shows that it changes nothing. */
	if (boot != &guests->boots[guests->nr_boots])
		qemu.plugin = plugin = run_profile_plugin(&guests->profile, boot->kernel, folder);
	ret = boot_run(&options, &result);
	unlink(initramfs);
	if (ret)
		return ret;
	if (result.fault)
		snprintf(boot->error, sizeof(boot->error), "%s; the last lines of the console:\n%s\n(the rest: %s)",
			 result.sentence, result.console_tail ? result.console_tail : "", result.console_path);
	else
		take_refusal(boot);
	boot_result_free(&result);
	return 0;
}

/* A boot that went wrong leaves no sample: one error record says why. */
static int store_failure(struct guests *guests, unsigned int number, const struct guest_boot *boot)
{
	char what[256];
	json_t *record = json_pack("{s:s, s:o}", "type", "error", "text",
				   json_sprintf("%s: %s", boot_text(boot, what, sizeof(what)), boot->error));
	char *line = record ? json_dumps(record, JSON_COMPACT) : NULL;
	int ret = line ? store_line(guests->store, number, "qemu", line, NULL)
		       : err_set(EINVAL, "an error that cannot be stored: %s", boot->error);

	if (line)
		fprintf(stderr, "memcgbench run: %s: %s\n", boot_text(boot, what, sizeof(what)), boot->error);
	json_decref(record);
	free(line);
	guests->nr_errors++;
	return ret;
}

/* The guest does not know what its kernel is called here: its boot record is told. */
static void complete_boot_record(const struct guest_boot *boot, json_t *record)
{
	const char *version = json_string_value(json_object_get(json_object_get(record, "cgroup"), "version"));
	char name[200];

	json_object_set_new(record, "kernel", json_string(boot_kernel_name(boot, name, sizeof(name))));
	if (boot->arg) {
		json_object_set_new(record, "variant_of", json_string(boot->kernel->name));
		json_object_set_new(record, "boot_arg", json_string(boot->arg->args));
	}
	/* Memcg was not switched off, and yet there is none. */
	if (lacks_memcg(boot->kernel) || (!boot->off && version && !strcmp(version, "none")))
		json_object_set_new(record, "no_memcg", json_true());
}

static int store_guest_line(struct guests *guests, unsigned int number, const struct guest_boot *boot, const char *line,
			    json_t **ret_record)
{
	json_t *record = json_loads(line, 0, NULL);
	__free_mem char *named = NULL;

	if (record && json_is_string(json_object_get(record, "type")) &&
	    !strcmp(json_string_value(json_object_get(record, "type")), "boot")) {
		complete_boot_record(boot, record);
		named = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9));
	}
	json_decref(record);
	return store_line(guests->store, number, "qemu", named ? named : line, ret_record);
}

/* TCG without -icount shows whether a bench runs; its times are those of an emulator on a busy machine, and no cost. */
static bool is_dropped(const struct guests *guests, const char *line)
{
	static const char *const kinds[] = {"{\"type\":\"sample\"", "{\"type\":\"latency\"", "{\"type\":\"counters\""};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (guests->args->accel == RUN_TCG && !strncmp(line, kinds[i], strlen(kinds[i])))
			return true;
	return false;
}

static int store_boot(struct guests *guests, unsigned int number, struct guest_boot *boot)
{
	size_t i;
	int ret = 0;

	if (boot->error[0])
		return *guests->stop ? 0 : store_failure(guests, number, boot);
	for (i = 0; !ret && i < boot->nr_lines; i++) {
		json_t *record = NULL;

		if (is_dropped(guests, boot->lines[i]))
			continue;
		ret = store_guest_line(guests, number, boot, boot->lines[i], &record);
		if (!ret && !strcmp(json_string_value(json_object_get(record, "type")), "error"))
			guests->nr_errors++;
		json_decref(record);
	}
	return ret;
}

/* In the order of their numbers, whatever order they end in, so that the same run gives the same file. */
static void store_what_is_done(struct guests *guests)
{
	while (guests->nr_stored < guests->nr_boots && guests->boots[guests->nr_stored].done && !guests->store_error) {
		size_t i = guests->nr_stored++;

		guests->store_error = store_boot(guests, (unsigned int)guests->boots[i].number, &guests->boots[i]);
		if (guests->store_error)
			snprintf(guests->store_sentence, sizeof(guests->store_sentence), "%s", err_msg());
	}
}

/* Only instructions are exact: the first boot is run a second time. */
static bool has_repetition(const struct guests *guests)
{
	return guests->args->accel == RUN_ICOUNT;
}

static size_t nr_in_all(const struct guests *guests)
{
	return guests->nr_boots + has_repetition(guests);
}

/* The repetition of the first boot comes second, so that a guest that is not exact is found early. */
static size_t nth_boot(const struct guests *guests, size_t at)
{
	if (at == 0 || !has_repetition(guests))
		return at;
	return at == 1 ? guests->nr_boots : at - 1;
}

static void *boot_thread(void *ctx)
{
	struct guests *guests = ctx;

	pthread_mutex_lock(&guests->lock);
	while (guests->next < nr_in_all(guests) && !*guests->stop && !guests->store_error) {
		size_t i = nth_boot(guests, guests->next++);
		struct guest_boot *boot = &guests->boots[i];
		char folder[PATH_MAX], text[256], what[320];

		snprintf(folder, sizeof(folder), "%s/boots/%zu%s", store_dir(guests->store), boot->number,
			 i == guests->nr_boots ? "-again" : "");
		pthread_mutex_unlock(&guests->lock);
		if (boot_once(guests, boot, folder))
			snprintf(boot->error, sizeof(boot->error), "%s", err_msg());
		pthread_mutex_lock(&guests->lock);
		boot->done = true;
		guests->nr_done++;
		store_what_is_done(guests);
		snprintf(what, sizeof(what), "boot %zu of %zu: %s", guests->nr_done, nr_in_all(guests),
			 boot_text(boot, text, sizeof(text)));
		progress_show(&guests->progress, (double)guests->nr_done / (double)nr_in_all(guests), what);
	}
	pthread_mutex_unlock(&guests->lock);
	return NULL;
}

/* The symbols of each kernel that was profiled. */
static void keep_symbols(const struct guests *guests)
{
	__free_mem char **folders = calloc(guests->nr_boots, sizeof(*folders));
	struct initramfs_spec spec;
	size_t i, k;

	for (k = 0; folders && guests->profile.plugin_path && k < guests->nr_kernels && !*guests->stop; k++) {
		for (i = 0; i < guests->nr_boots; i++)
			if (guests->boots[i].kernel == &guests->kernels[k] && guests->boots[i].done && !guests->boots[i].error[0])
				folders[i] = text_format("%s/boots/%zu", store_dir(guests->store), guests->boots[i].number);
		fill_initramfs(guests, &guests->kernels[k], "{}", &spec);
		run_profile_symbols(&guests->profile, &guests->kernels[k], &spec, store_dir(guests->store), folders,
				    guests->nr_boots, guests->stop);
		for (i = 0; i < guests->nr_boots; i++) {
			free(folders[i]);
			folders[i] = NULL;
		}
	}
}

/* All guests of a run get the same runner, whatever is built or installed meanwhile. */
static int keep_runner(struct guests *guests, const char *folder)
{
	struct file_map map __unmap_file = {0};
	char *path = text_format("%s/memcgbench-runner", folder);
	int ret = path ? file_map_open(guests->runner_path, &map) : -ENOMEM;

	if (!ret)
		ret = file_replace(path, map.data, map.size);
	if (!ret && chmod(path, 0755))
		ret = err_sys(errno, "make %s executable", path);
	if (ret) {
		free(path);
		return ret;
	}
	free(guests->runner_path);
	guests->runner_path = path;
	return 0;
}

static size_t nr_threads(const struct guests *guests)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t nr = guests->args->nr_jobs ? guests->args->nr_jobs : (size_t)(cores > 0 ? cores : 1);

	/* Counts do not care what else runs; times do. */
	if (guests->args->accel == RUN_KVM && !guests->args->nr_jobs)
		nr = 1;
	return nr < nr_in_all(guests) ? nr : nr_in_all(guests);
}

static int run_boots(struct guests *guests)
{
	size_t nr = nr_threads(guests), i;
	__free_mem pthread_t *threads = calloc(nr, sizeof(*threads));
	char folder[PATH_MAX];
	int err = 0;

	if (!threads)
		return err_sys(ENOMEM, "memory for %zu threads", nr);
	snprintf(folder, sizeof(folder), "%s/boots", store_dir(guests->store));
	if (mkdir(folder, 0777))
		return err_sys(errno, "make %s", folder);
	if (keep_runner(guests, folder))
		return -EIO;
	run_profile_init(&guests->profile, guests->args, folder);
	progress_begin(&guests->progress, !guests->args->quiet, nr_in_all(guests) * BOOT_NS / nr);
	pthread_mutex_init(&guests->lock, NULL);
	for (i = 0; i < nr; i++) {
		err = pthread_create(&threads[i], NULL, boot_thread, guests);
		if (err)
			break;
	}
	nr = i;
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_destroy(&guests->lock);
	progress_clear(&guests->progress);
	keep_symbols(guests);
	unlink(guests->runner_path);
	if (!nr)
		return err_sys(err, "start a thread");
	return guests->store_error ? err_set(-guests->store_error, "%s", guests->store_sentence) : 0;
}

/* The first boot and its repetition have to say the same, byte by byte. Returns false, with the difference printed. */
static bool is_deterministic(const struct guests *guests)
{
	const struct guest_boot *a = &guests->boots[0], *b = &guests->boots[guests->nr_boots];
	size_t i, nr = a->nr_lines < b->nr_lines ? a->nr_lines : b->nr_lines;

	if (!a->done || !b->done || a->error[0] || b->error[0])
		return true; /* another failure, which has been said */
	for (i = 0; i < nr; i++)
		if (strcmp(a->lines[i], b->lines[i]))
			break;
	if (i == a->nr_lines && i == b->nr_lines)
		return true;
	cmd_fail(guests->verb, "not deterministic: two boots of kernel %s with seed %llu differ in record %zu:\n  %s\n  %s",
		 a->kernel->name, (unsigned long long)a->seed, i + 1, i < a->nr_lines ? a->lines[i] : "(no record)",
		 i < b->nr_lines ? b->lines[i] : "(no record)");
	return false;
}

static int finish(struct guests *guests)
{
	const char *end = "complete";
	int status = EXIT_OK;

	if (*guests->stop) {
		end = "interrupted";
		status = 128 + *guests->stop;
		fprintf(stderr, "memcgbench run: interrupted; the boots that ended so far are in %s\n",
			store_dir(guests->store));
	} else if (!is_deterministic(guests)) {
		end = "failed";
		status = EXIT_NOT_DETERMINISTIC;
	} else if (guests->nr_errors) {
		end = "failed";
		status = EXIT_BROKEN;
	}
	return store_finish(take_ptr(guests->store), end) ? cmd_fail(guests->verb, NULL) : status;
}

/* What a guest's numbers depend on and its own facts do not tell: without it two runs cannot be compared. */
static int add_guest_facts(const struct guests *guests, json_t *run)
{
	__free_mem char *append = boot_append(guests, &guests->boots[0]), *version = NULL;
	struct qemu_options qemu;
	json_t *kernels = json_array();
	size_t i;
	int ret = append ? qemu_version(NULL, &version) : err_sys(ENOMEM, "memory for a boot");

	for (i = 0; i < guests->nr_kernels; i++)
		json_array_append_new(kernels, json_pack("{s:s, s:s, s:s, s:s?}", "name", guests->kernels[i].name, "release",
							 guests->kernels[i].release, "sha256", guests->kernels[i].sha256, "source",
							 guests->kernels[i].source));
	json_object_set_new(run, "kernels", kernels);
	if (guests->args->shard)
		json_object_set_new(run, "shard", json_pack("{s:s, s:I}", "part", guests->args->shard, "boots",
							    (json_int_t)guests->nr_boots_all));
	if (ret)
		return ret;
	fill_qemu(guests, &guests->boots[0], "", append, &qemu);
	json_object_set_new(run, "guest",
			    json_pack("{s:s, s:s, s:s, s:s?}", "accel", qemu_accel_name(qemu.accel), "qemu_version", version,
				      "cpu_model", qemu.cpu_model ? qemu.cpu_model : qemu_cpu_model(qemu.accel), "append",
				      guests->args->append));
	return 0;
}

static int boot_and_present(struct guests *guests, json_t *command)
{
	struct present_options present = {
		.json = guests->args->json,
		.plots = !guests->args->no_plots,
		.write_files = true,
		.results_dir = guests->args->results_dir,
		.save_baseline = guests->args->save_baseline,
	};
	json_t *json = run_json(guests->plan, command);
	__free_mem char *dir = NULL;
	char name[128];
	int status, present_status, ret;

	run_name(guests->kernels[guests->nr_kernels - 1].name, name, sizeof(name));
	ret = add_guest_facts(guests, json);
	if (ret) {
		json_decref(json);
		return cmd_fail(guests->verb, NULL);
	}
	ret = store_create(guests->args->results_dir, name, json, &guests->store);
	json_decref(json);
	if (ret)
		return cmd_fail(guests->verb, NULL);
	dir = strdup(store_dir(guests->store));
	ret = run_boots(guests);
	if (ret || !dir) {
		store_abandon(guests->store);
		return cmd_fail(guests->verb, NULL);
	}
	status = finish(guests);
	if (status >= 128 || status == EXIT_NOT_DETERMINISTIC)
		return status;
	if (guests->args->accel == RUN_TCG) {
		printf("%zu boot%s, %zu error%s. TCG without -icount: nothing was timed, so there is no table.\nwritten to %s\n",
		       guests->nr_boots, guests->nr_boots == 1 ? "" : "s", guests->nr_errors, guests->nr_errors == 1 ? "" : "s", dir);
		return cmd_finish(guests->verb, status);
	}
	if (guests->args->shard) {
		/* Its other half lies elsewhere: a table would compare what is not there. */
		printf("%s\n", dir);
		return cmd_finish(guests->verb, status);
	}
	present_status = present_run(guests->verb, dir, &present);
	return status ? status : present_status;
}

/* The QEMU line of every boot, as a shell takes it. */
static int print_commands(struct guests *guests)
{
	size_t i;

	for (i = 0; i < guests->nr_boots; i++) {
		__free_mem char *append = boot_append(guests, &guests->boots[i]), *text = NULL;
		struct qemu_options qemu;
		char **argv, what[256];

		fill_qemu(guests, &guests->boots[i], "initramfs.cpio", append, &qemu);
		qemu.results_path = "results.jsonl";
		qemu.console_path = "console.log";
		if (!append || qemu_command(&qemu, &argv))
			return cmd_fail(guests->verb, NULL);
		text = qemu_command_text(argv);
		qemu_argv_free(argv);
		printf("# %s\n%s\n", boot_text(&guests->boots[i], what, sizeof(what)), text ? text : "");
	}
	return cmd_finish(guests->verb, EXIT_OK);
}

static void guests_free(struct guests *guests)
{
	size_t i, k;

	for (i = 0; guests->boots && i <= guests->nr_boots; i++) {
		for (k = 0; k < guests->boots[i].nr_lines; k++)
			free(guests->boots[i].lines[k]);
		free(guests->boots[i].lines);
	}
	for (i = 0; i < guests->nr_kernels; i++) {
		if (guests->equipment)
			equipment_free(&guests->equipment[i]);
		kernel_free(&guests->kernels[i]);
		free(guests->vmlinux[i]);
	}
	free(guests->vmlinux);
	free(guests->equipment);
	free(guests->boots);
	free(guests->kernels);
	free(guests->boot_args);
	free(guests->nodes);
	free(guests->runner_path);
	run_profile_free(&guests->profile);
}

int run_guests(const struct verb *verb, const struct run_args *args, const struct plan *plan, json_t *command,
	       const volatile sig_atomic_t *stop)
{
	struct guests guests = {.verb = verb, .args = args, .plan = plan, .stop = stop};
	int ret = parse_nodes(&guests), status;

	if (!ret)
		ret = parse_boot_args(&guests);
	if (!ret)
		ret = open_kernels(&guests);
	if (!ret)
		ret = equip_kernels(&guests);
	if (!ret)
		ret = paths_runner(&guests.runner_path);
	if (!ret)
		ret = make_boots(&guests);
	if (!ret)
		say_no_memcg(&guests);
	if (ret && *stop)
		status = 128 + *stop;
	else if (ret)
		status = ret == -EINVAL ? cmd_usage(verb, NULL) : cmd_fail(verb, NULL);
	else if (args->dry_run)
		status = print_commands(&guests);
	else
		status = boot_and_present(&guests, json_incref(command));
	json_decref(command);
	guests_free(&guests);
	return status;
}
