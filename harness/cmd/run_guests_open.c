// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - what a run is given: kernels, what their guests need, nodes. */
#include "cmd/run_guests_priv.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/vmlinux.h"

void guests_say(void *ctx, const char *text)
{
	struct guests *guests = ctx;

	if (!guests->args->quiet)
		fprintf(stderr, "memcgbench run: %s\n", text);
}

const char *guests_broken(const struct guests *guests, const struct kernel *kernel)
{
	return guests->broken[kernel - guests->kernels];
}

/* The file is there, and no kernel that this machine's QEMU could start. */
static bool is_broken(int ret)
{
	return ret == -EBADMSG || ret == -EACCES || ret == -EPERM || ret == -EIO || ret == -EISDIR;
}

/* Without a NAME= a kernel is called after its release, which nobody can read here: after its file, then. */
static int keep_broken(struct guests *guests, const struct kernel_spec *spec, size_t at)
{
	struct kernel *kernel = &guests->kernels[at];
	const char *path = spec->nr_paths ? spec->paths[0] : spec->version, *slash = strrchr(path, '/');
	char text[ERR_MSG_MAX + 256];

	guests->broken[at] = strdup(err_msg());
	kernel->source = strdup(path);
	if (!guests->broken[at] || !kernel->source)
		return err_sys(ENOMEM, "memory for kernel %s", path);
	snprintf(kernel->name, sizeof(kernel->name), "%s", spec->name[0] ? spec->name : slash && slash[1] ? slash + 1 : path);
	snprintf(text, sizeof(text), "kernel %s: every boot of it will be an error: %s", kernel->name, guests->broken[at]);
	guests_say(guests, text);
	return 0;
}

static int open_kernel(struct guests *guests, const char *text, const struct kernel_progress *progress, size_t at)
{
	struct kernel_spec spec;
	int ret = kernel_spec_parse(text, &spec);

	if (ret)
		return ret;
	ret = kernel_open(&spec, progress, &guests->kernels[at]);
	if (is_broken(ret)) {
		ret = keep_broken(guests, &spec, at);
	} else if (!ret) {
		ret = vmlinux_get(&guests->kernels[at], &guests->vmlinux[at]);
		ret = ret == -EOPNOTSUPP ? 0 : ret;
	}
	kernel_spec_free(&spec);
	return ret;
}

int guests_open_kernels(struct guests *guests)
{
	struct kernel_progress progress = {.say = guests_say, .ctx = guests};
	const struct opt_list *list = &guests->args->kernels;
	size_t i, k, nr_broken = 0;
	int ret;

	guests->kernels = calloc(list->nr, sizeof(*guests->kernels));
	guests->vmlinux = calloc(list->nr, sizeof(*guests->vmlinux));
	guests->broken = calloc(list->nr, sizeof(*guests->broken));
	if (!guests->kernels || !guests->vmlinux || !guests->broken)
		return err_sys(ENOMEM, "memory for %zu kernels", list->nr);
	for (i = 0; i < list->nr; i++) {
		guests->nr_kernels++;
		ret = open_kernel(guests, list->items[i], &progress, i);
		if (ret)
			return err_prefix(ret, "--kernel=%s", list->items[i]);
		nr_broken += guests->broken[i] != NULL;
		for (k = 0; k < i; k++)
			if (!strcmp(guests->kernels[k].name, guests->kernels[i].name))
				return err_set(EINVAL, "--kernel=%s: two kernels are called \"%s\"; give them names (NAME=SPEC)",
					       list->items[i], guests->kernels[i].name);
	}
	/* A dry run shows what would be booted: there is nothing to show. */
	for (i = 0; i < list->nr; i++)
		if (guests->broken[i] && (nr_broken == list->nr || guests->args->dry_run))
			return err_set(EBADMSG, "--kernel=%s: %s", list->items[i], guests->broken[i]);
	return 0;
}

int guests_equip_kernels(struct guests *guests)
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
		if (guests->broken[i])
			continue;
		ret = equip_guest(&guests->kernels[i], &wants, &guests->equipment[i]);
		if (ret)
			return err_prefix(ret, "kernel %s", guests->kernels[i].name);
		if (guests->equipment[i].lack[0])
			guests_say(guests, guests->equipment[i].lack);
	}
	return 0;
}

int guests_parse_nodes(struct guests *guests)
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

static int add_qemu_words(struct guests *guests, const char *text)
{
	__free_mem char *copy = strdup(text);
	char *save = NULL;

	if (!copy)
		return err_sys(ENOMEM, "memory for --qemu-opts");
	for (char *word = strtok_r(copy, " \t\n", &save); word; word = strtok_r(NULL, " \t\n", &save)) {
		char **words = reallocarray(guests->qemu_words, guests->nr_qemu_words + 1, sizeof(*words));

		if (!words)
			return err_sys(ENOMEM, "memory for --qemu-opts");
		guests->qemu_words = words;
		words[guests->nr_qemu_words] = strdup(word);
		if (!words[guests->nr_qemu_words])
			return err_sys(ENOMEM, "memory for --qemu-opts");
		guests->nr_qemu_words++;
	}
	return 0;
}

int guests_parse_qemu_opts(struct guests *guests)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < guests->args->qemu_opts.nr; i++)
		ret = add_qemu_words(guests, guests->args->qemu_opts.items[i]);
	return ret;
}

bool guests_lacks_memcg(const struct kernel *kernel)
{
	return kernel->config_path && kernel_config_get(kernel->config_path, "MEMCG") == 'n';
}

void guests_say_no_memcg(struct guests *guests)
{
	char text[256];
	size_t i;

	for (i = 0; i < guests->nr_kernels; i++)
		if (guests_lacks_memcg(&guests->kernels[i])) {
			snprintf(text, sizeof(text), "kernel %s is built without CONFIG_MEMCG: it counts as memcg off, and has no other boot",
				 guests->kernels[i].name);
			guests_say(guests, text);
		}
}
