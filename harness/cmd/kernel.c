// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel - kernels for run --kernel ahead of time: what Debian's archive has, fetching them, building from source. */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "cmd/cmd.h"
#include "cmd/text.h"
#include "guest/build.h"
#include "guest/kernel.h"

extern const struct verb verb_kernel;

struct kernel_args {
	const char *flavour, *out_folder;
	bool json, quiet;
};

static const struct opt options[] = {
	{"flavour", 0, OPT_TO_STRING(struct kernel_args, flavour), .arg = "NAME", .def = KERNEL_FLAVOUR_DEFAULT,
	 .help = "of list: Debian's flavour of the kernel: cloud-amd64, amd64, rt-amd64"},
	{"output", 'o', OPT_TO_STRING(struct kernel_args, out_folder), .arg = "DIR",
	 .help = "of build: folder that gets bzImage, config and build.log"},
	{"json", 0, OPT_TO_FLAG(struct kernel_args, json), .help = "print JSON"},
	{"quiet", 0, OPT_TO_FLAG(struct kernel_args, quiet), .help = "do not say what takes long"},
	OPT_END,
};

static void say(void *ctx, const char *text)
{
	const struct kernel_args *args = ctx;

	if (!args->quiet)
		fprintf(stderr, "memcgbench kernel: %s\n", text);
}

static int print_list_json(const struct kernel_listing *list, size_t nr)
{
	json_t *kernels = json_array();
	size_t i;

	for (i = 0; i < nr; i++)
		json_array_append_new(kernels, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:I}", "spec_version", list[i].upstream,
							 "series", list[i].series, "abi", list[i].abi, "flavour",
							 list[i].flavour, "package_version", list[i].version, "modules",
							 list[i].has_modules, "size_bytes",
							 (json_int_t)list[i].size_bytes));
	return cmd_print_json(&verb_kernel, json_pack("{s:s, s:i, s:o}", "schema", "memcgbench-kernels", "schema_version", 1,
						      "kernels", kernels));
}

static int print_list(const struct kernel_listing *list, size_t nr)
{
	static const char *const headings[] = {"spec", "package", "modules", "to fetch"};
	__free_mem const char **cells = calloc(4 * nr + 1, sizeof(*cells));
	__free_mem char (*specs)[128] = calloc(nr + 1, sizeof(*specs)), (*sizes)[32] = calloc(nr + 1, sizeof(*sizes));
	bool is_newest, is_usual;
	size_t i;

	if (!cells || !specs || !sizes)
		return err_sys(ENOMEM, "memory for the list");
	for (i = 0; i < nr; i++) {
		/* A point release names its newest package: of the others it takes their own version. */
		is_newest = i + 1 == nr || strcmp(list[i].upstream, list[i + 1].upstream);
		is_usual = !strcmp(list[i].flavour, KERNEL_FLAVOUR_DEFAULT);
		snprintf(specs[i], sizeof(specs[i]), "deb:%s%s%s", is_newest ? list[i].upstream : list[i].version, is_usual ? "" : "/",
			 is_usual ? "" : list[i].flavour);
		snprintf(sizes[i], sizeof(sizes[i]), "%.0f MB", (double)list[i].size_bytes / 1e6);
		cells[4 * i] = specs[i];
		cells[4 * i + 1] = list[i].version;
		cells[4 * i + 2] = list[i].has_modules ? "yes" : "no";
		cells[4 * i + 3] = sizes[i];
	}
	text_table(stdout, headings, 4, cells, nr, text_width());
	return 0;
}

static int list_kernels(const struct kernel_args *args, const struct kernel_progress *progress)
{
	struct kernel_listing *list;
	int status = EXIT_OK;
	size_t nr;

	if (kernel_list(args->flavour, progress, &list, &nr))
		return cmd_fail(&verb_kernel, NULL);
	if (args->json)
		status = print_list_json(list, nr);
	else if (print_list(list, nr))
		status = cmd_fail(&verb_kernel, NULL);
	free(list);
	return cmd_finish(&verb_kernel, status);
}

static json_t *kernel_json(const struct kernel *kernel)
{
	return json_pack("{s:s, s:s, s:s, s:s?, s:s?}", "release", kernel->release, "image", kernel->image_path, "sha256",
			 kernel->sha256, "config", kernel->config_path, "modules", kernel->modules_path);
}

static int print_kernels_json(json_t *kernels)
{
	return cmd_print_json(&verb_kernel, json_pack("{s:s, s:i, s:o}", "schema", "memcgbench-kernels", "schema_version", 1,
						      "kernels", kernels));
}

static int build_kernels(const struct kernel_args *args, const struct kernel_progress *progress,
			 const struct opt_list *operands)
{
	json_t *kernels;
	struct kernel kernel;

	if (operands->nr != 2)
		return cmd_usage(&verb_kernel, "build what? One source tree is wanted: TREE or TREE@REV");
	if (build_kernel(operands->items[1], args->out_folder, progress, &kernel))
		return cmd_fail(&verb_kernel, NULL);
	if (args->json) {
		kernels = json_array();
		json_array_append_new(kernels, kernel_json(&kernel));
		kernel_free(&kernel);
		return print_kernels_json(kernels);
	}
	printf("%s  ", kernel.release);
	if (args->out_folder)
		printf("%s/bzImage\n", args->out_folder);
	else
		printf("%s\n", kernel.image_path);
	kernel_free(&kernel);
	return cmd_finish(&verb_kernel, EXIT_OK);
}

static int fetch_one(const char *version, const struct kernel_progress *progress, struct kernel *ret_kernel)
{
	__free_mem char *text = NULL;
	struct kernel_spec spec;
	int ret = asprintf(&text, "%s%s", strncmp(version, "deb:", 4) ? "deb:" : "", version) < 0 ? -ENOMEM : 0;

	if (!ret)
		ret = kernel_spec_parse(text, &spec);
	if (ret)
		return ret;
	ret = kernel_open(&spec, progress, ret_kernel);
	kernel_spec_free(&spec);
	return ret;
}

static int fetch_kernels(const struct kernel_args *args, const struct kernel_progress *progress,
			 const struct opt_list *operands)
{
	json_t *kernels = json_array();
	size_t i;

	if (operands->nr < 2) {
		json_decref(kernels);
		return cmd_usage(&verb_kernel, "fetch what? A version such as 6.12, 7.1.13 or 6.12.90-1~bpo12+1 is wanted");
	}
	for (i = 1; i < operands->nr; i++) {
		struct kernel kernel;

		if (fetch_one(operands->items[i], progress, &kernel)) {
			json_decref(kernels);
			return cmd_fail(&verb_kernel, NULL);
		}
		json_array_append_new(kernels, kernel_json(&kernel));
		if (!args->json)
			printf("%s  %s\n", kernel.release, kernel.image_path);
		kernel_free(&kernel);
	}
	if (args->json)
		return print_kernels_json(kernels);
	json_decref(kernels);
	return cmd_finish(&verb_kernel, EXIT_OK);
}

static int kernel_main(int argc, char **argv)
{
	struct kernel_args args = {0};
	struct kernel_progress progress = {.say = say, .ctx = &args};
	struct opt_parsed parsed;
	int status;

	if (cmd_parse(&verb_kernel, argc, argv, &args, &parsed, &status)) {
		const char *what = parsed.operands.nr ? parsed.operands.items[0] : "";

		if (strcmp(what, "list") && opt_is_given(options, &parsed, "flavour"))
			status = cmd_usage(&verb_kernel, "--flavour is of list; fetch 6.12.117-1/amd64 names one");
		else if (!strcmp(what, "list") && parsed.operands.nr == 1)
			status = list_kernels(&args, &progress);
		else if (!strcmp(what, "fetch"))
			status = fetch_kernels(&args, &progress, &parsed.operands);
		else if (!strcmp(what, "build"))
			status = build_kernels(&args, &progress, &parsed.operands);
		else if (!strcmp(what, "config") && parsed.operands.nr == 1)
			status = (fputs(build_fragment(), stdout), cmd_finish(&verb_kernel, EXIT_OK));
		else
			status = cmd_usage(&verb_kernel, "list, fetch VERSION, build TREE or config is wanted");
	}
	opt_free(options, &args, &parsed);
	return status;
}

const struct verb verb_kernel = {
	.name = "kernel",
	.summary = "list, fetch and build kernels for run --kernel",
	.about = "list prints what `run --kernel=deb:VERSION` can boot: the kernels that Debian's archive has in its suites, through "
		 "the mirror that this machine's own apt uses, with lists and a cache of memcgbench's own "
		 "($XDG_CACHE_HOME/memcgbench or ~/.cache/memcgbench); no root is needed. fetch gets kernels ahead of time and "
		 "prints where their images are: fetch 6.12.117-1, or fetch 6.12.117-1/amd64 for a flavour other than cloud-amd64. Where "
		 "list says that a kernel has no modules, the archive has dropped their package: benches that need swap are skipped there.\n\n"
		 "build makes one from a source tree (TREE), or from a revision of a git tree (TREE@REV), with the configuration that config "
		 "prints, as `run --build` does. The tree itself is not written to: objects and sources of revisions are in the cache, and "
		 "the next build of the tree compiles what changed.",
	.operands = "list | fetch VERSION[/FLAVOUR]... | build TREE[@REV] | config",
	.options = options,
	.main = kernel_main,
};
