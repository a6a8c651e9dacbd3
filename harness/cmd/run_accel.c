// SPDX-License-Identifier: GPL-2.0-or-later
/* run_accel - does KVM run the kernels of a run? Asked once, with the first of them. */
#include "cmd/run_guests.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/paths.h"
#include "guest/boot.h"
#include "guest/files.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"

struct progress_ctx {
	const struct verb *verb;
	const struct run_args *args;
};

static void say(void *ctx, const char *text)
{
	const struct progress_ctx *progress = ctx;

	if (!progress->args->quiet)
		fprintf(stderr, "memcgbench %s: %s\n", progress->verb->name, text);
}

static int open_one(const struct kernel_progress *progress, const char *text, struct kernel *ret_kernel)
{
	struct kernel_spec spec;
	int ret = kernel_spec_parse(text, &spec);

	if (ret)
		return err_prefix(ret, "--kernel=%s", text);
	ret = kernel_open(&spec, progress, ret_kernel);
	kernel_spec_free(&spec);
	return ret ? err_prefix(ret, "--kernel=%s", text) : 0;
}

/* A damaged image is an error of its own boots only. */
static int open_first(const struct kernel_progress *progress, const struct opt_list *kernels, struct kernel *ret_kernel)
{
	int ret = -EBADMSG;

	for (size_t i = 0; i < kernels->nr && ret == -EBADMSG; i++)
		ret = open_one(progress, kernels->items[i], ret_kernel);
	return ret;
}

static int probe(const struct kernel *kernel, const char *cpu_model, const char *folder, char *why, size_t size)
{
	__free_mem char *runner = NULL, *initramfs = text_format("%s/initramfs.cpio", folder);
	struct initramfs_spec spec = {.job = "{}"};
	int ret = initramfs ? paths_runner(&runner) : -ENOMEM;

	spec.runner_path = runner;
	if (!ret)
		ret = initramfs_write(&spec, initramfs);
	return ret ? ret : boot_probe_kvm(kernel->image_path, initramfs, cpu_model, folder, why, size);
}

int run_accel_choose(const struct verb *verb, struct run_args *args)
{
	struct progress_ctx ctx = {.verb = verb, .args = args};
	struct kernel_progress progress = {.say = say, .ctx = &ctx};
	char folder[] = "/tmp/memcgbench-kvm-XXXXXX", why[512], text[640];
	struct kernel kernel;
	int ret;

	if (args->dry_run) {
		args->accel = RUN_ICOUNT;
		say(&ctx, "--accel=auto: whether KVM runs the kernel is seen by booting it; shown is icount");
		return 0;
	}
	ret = open_first(&progress, &args->kernels, &kernel);
	if (ret)
		return ret;
	if (!mkdtemp(folder)) {
		kernel_free(&kernel);
		return err_set(EIO, "no folder in /tmp for a boot");
	}
	ret = probe(&kernel, args->cpu_model, folder, why, sizeof(why));
	folder_remove(folder);
	kernel_free(&kernel);
	if (ret < 0)
		return ret;
	args->accel = ret ? RUN_KVM : RUN_ICOUNT;
	snprintf(text, sizeof(text), "%s", ret ? "KVM runs the kernel: nanoseconds are measured" : why);
	if (!ret)
		snprintf(text, sizeof(text), "%s; instructions are counted under TCG instead", why);
	say(&ctx, text);
	return 0;
}
