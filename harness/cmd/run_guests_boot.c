// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - one boot: its command line, its initramfs, what comes of it. */
#include "cmd/run_guests_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "data/record.h"
#include "guest/boot.h"
#include "guest/files.h"

/*
 * The kernel's command line. A seed changes its length: what lies on the first stack moves with it, and with that what
 * is luck of one layout.
 */
char *guest_boot_append(const struct guests *guests, const struct guest_boot *boot)
{
	char pad[65], *append;
	size_t len = boot->seed * 7 % 64 + 1;

	memset(pad, 'x', len);
	pad[len] = '\0';
	/* Of an argument that is given twice the last counts: a variant is one against what is said of all boots, too. */
	if (asprintf(&append, "memcgbench.pad=%s%s%s%s%s%s%s", pad, boot->off ? " cgroup_disable=memory" : "",
		     guests->args->cgroup ? " memcgbench.cgroup=v1" : "", guests->args->append ? " " : "",
		     guests->args->append ? guests->args->append : "", boot->arg ? " " : "", boot->arg ? boot->arg->args : "") < 0)
		return NULL;
	return append;
}

void guest_boot_fill_qemu(const struct guests *guests, const struct guest_boot *boot, const char *initramfs,
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
		.extra = (const char *const *)guests->qemu_words,
		.nr_extra = guests->nr_qemu_words,
	};
}

/* One boot, while it runs. */
struct watched {
	struct guests *guests;
	struct guest_boot *boot;
};

static void note_item(void *ctx, size_t item)
{
	const struct watched *watched = ctx;

	guests_note_item(watched->guests, watched->boot, item);
}

/* What the store would not take ends this boot, not the run; a record is of a type that is known, and the first alone says what was booted. */
static int check_line(const struct guest_boot *boot, const char *line)
{
	json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	enum record_type type = record_type(record);

	json_decref(record);
	if (type == RECORD_NONE || (type == RECORD_BOOT && boot->nr_lines))
		return err_set(EBADMSG, "record %zu is none of a runner: %.100s", boot->nr_lines + 1, line);
	return 0;
}

static int keep_line(void *ctx, const char *line)
{
	struct guest_boot *boot = ((const struct watched *)ctx)->boot;
	char **lines;
	int ret = check_line(boot, line);

	if (ret)
		return ret;
	lines = reallocarray(boot->lines, boot->nr_lines + 1, sizeof(*lines));
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

void guests_fill_initramfs(const struct guests *guests, const struct kernel *kernel, const char *job,
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

/* @error: NULL where there was no memory for it; becomes the boot's. */
static void fail(struct guest_boot *boot, char *error)
{
	boot->failed = true;
	boot->error = error;
}

/* A guest that could not begin has sent, in place of a boot record, one that says why. */
static void take_refusal(struct guest_boot *boot)
{
	json_t *record = boot->nr_lines ? json_loads(boot->lines[0], 0, NULL) : NULL;
	const char *type = json_string_value(json_object_get(record, "type"));
	const char *text = json_string_value(json_object_get(record, "text"));

	if (type && text && !strcmp(type, "error"))
		fail(boot, strdup(text));
	json_decref(record);
}

/* Is it the kernel that its image says it is? What QEMU starts is unpacked from it, and kept (guest/vmlinux.h). */
static void check_kernel(struct guest_boot *boot)
{
	json_t *record = boot->nr_lines ? json_loads(boot->lines[0], 0, NULL) : NULL, *facts = json_object_get(record, "facts");
	const char *release = json_string_value(json_object_get(facts, "release"));
	const char *version = json_string_value(json_object_get(facts, "version"));

	if (kernel_image_is(boot->kernel->image_path, release ? release : "", version ? version : ""))
		fail(boot, strdup(err_msg()));
	json_decref(record);
}

/* The first line says all that a table has room for. */
static void take_result(struct guest_boot *boot, const struct boot_result *result)
{
	const char *tail = result->console_tail ? result->console_tail : "";
	size_t len = strlen(tail);

	if (!result->fault) {
		take_refusal(boot);
		if (!boot->failed)
			check_kernel(boot);
	} else {
		fail(boot, text_format("%s (console: %s)%s%.*s", result->sentence, result->console_path, len ? "\n" : "",
				       (int)(len ? len - 1 : 0), tail));
	}
}

static int boot_in(struct guests *guests, struct guest_boot *boot, const char *folder)
{
	__free_mem char *append = guest_boot_append(guests, boot), *job = boot_job(guests, boot), *plugin = NULL;
	struct watched watched = {.guests = guests, .boot = boot};
	struct initramfs_spec spec;
	struct boot_result result;
	struct qemu_options qemu;
	struct boot_options options = {
		.qemu = &qemu,
		.folder = folder,
		.timeout_ms = (unsigned int)(guests->args->timeout_ns / 1000000),
		.interrupted = guests->stop,
		.on_line = keep_line,
		.on_item = note_item,
		.ctx = &watched,
	};
	char initramfs[PATH_MAX];
	int ret;

	if (!append || !job)
		return err_sys(ENOMEM, "memory for a boot");
	if (mkdir(folder, 0777) && errno != EEXIST)
		return err_sys(errno, "make %s", folder);
	snprintf(initramfs, sizeof(initramfs), "%s/initramfs.cpio", folder);
	guests_fill_initramfs(guests, boot->kernel, job, &spec);
	ret = initramfs_write(&spec, initramfs);
	if (ret)
		return ret;
	guest_boot_fill_qemu(guests, boot, initramfs, append, &qemu);
	/* The repetition goes without the probe: that both say the same shows that it changes nothing. */
	if (boot != &guests->boots[guests->nr_boots])
		qemu.plugin = plugin = run_profile_plugin(&guests->profile, boot->kernel, folder);
	ret = boot_run(&options, &result);
	unlink(initramfs);
	if (ret)
		return ret;
	take_result(boot, &result);
	boot_result_free(&result);
	return 0;
}

void guest_boot_once(struct guests *guests, struct guest_boot *boot, const char *folder)
{
	const char *broken = guests_broken(guests, boot->kernel);

	if (broken)
		fail(boot, strdup(broken));
	else if (boot_in(guests, boot, folder))
		fail(boot, strdup(err_msg()));
}

int guests_print_commands(struct guests *guests)
{
	size_t i;

	guests_print_plan(guests);
	for (i = 0; i < guests->nr_boots; i++) {
		__free_mem char *append = guest_boot_append(guests, &guests->boots[i]), *text = NULL;
		struct qemu_options qemu;
		char **argv, what[256];

		guest_boot_fill_qemu(guests, &guests->boots[i], "initramfs.cpio", append, &qemu);
		qemu.results_path = "results.jsonl";
		qemu.console_path = "console.log";
		if (!append || qemu_command(&qemu, &argv))
			return cmd_fail(guests->verb, NULL);
		text = qemu_command_text(argv);
		qemu_argv_free(argv);
		printf("# %s\n%s\n", guest_boot_text(&guests->boots[i], what, sizeof(what)), text ? text : "");
	}
	return cmd_finish(guests->verb, EXIT_OK);
}
