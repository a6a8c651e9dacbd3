// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_profile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/paths.h"
#include "data/profile.h"
#include "data/symbols.h"
#include "guest/files.h"
#include "guest/probe.h"

static void say_none(const char *what)
{
	fprintf(stderr, "memcgbench run: no profile%s: %s\n", what, err_msg());
}

void run_profile_init(struct run_profile *profile, const struct run_args *args, const char *folder)
{
	*profile = (struct run_profile){.sharing = args->profile == RUN_PROFILE_SHARING};
	if (args->profile == RUN_PROFILE_NONE)
		return;
	if (!paths_probe(&profile->plugin_path) && !probe_check(profile->plugin_path, folder))
		return;
	say_none("");
	free(profile->plugin_path);
	profile->plugin_path = NULL;
}

void run_profile_free(struct run_profile *profile)
{
	free(profile->plugin_path);
	profile->plugin_path = NULL;
}

char *run_profile_plugin(const struct run_profile *profile, const struct kernel *kernel, const char *folder)
{
	char id[PROBE_ID_SIZE];

	if (!profile->plugin_path)
		return NULL;
	probe_kernel_id(kernel, id);
	return probe_plugin(profile->plugin_path, folder, id, profile->sharing);
}

/* Sorted lists, each address once. @list is freed or handed on. */
static int merge(uint64_t *list, size_t nr, uint64_t **all, size_t *nr_all)
{
	uint64_t *both = malloc((nr + *nr_all + 1) * sizeof(*both));
	size_t i = 0, k = 0, n = 0;

	if (!both) {
		free(list);
		return err_sys(ENOMEM, "memory for addresses");
	}
	while (i < nr || k < *nr_all) {
		uint64_t next = k == *nr_all || (i < nr && list[i] < (*all)[k]) ? list[i] : (*all)[k];

		i += i < nr && list[i] == next;
		k += k < *nr_all && (*all)[k] == next;
		both[n++] = next;
	}
	free(list);
	free(*all);
	*all = both;
	*nr_all = n;
	return 0;
}

static int collect(char *const *folders, size_t nr_boots, uint64_t **ret_all, size_t *ret_nr)
{
	int ret = 0;

	for (size_t i = 0; !ret && i < nr_boots; i++) {
		struct profile *profile;
		uint64_t *list;
		size_t nr;

		if (!folders[i])
			continue;
		ret = profile_load(folders[i], "profile", &profile);
		if (ret)
			break;
		ret = profile_addresses(profile, &list, &nr);
		profile_free(profile);
		if (!ret)
			ret = merge(list, nr, ret_all, ret_nr);
	}
	return ret;
}

static int merge_symbols(const struct symbol *symbols, size_t nr, uint64_t **all, size_t *nr_all)
{
	uint64_t *list = calloc(nr + 1, sizeof(*list));
	size_t i;

	for (i = 0; list && i < nr; i++)
		list[i] = symbols[i].address;
	return list ? merge(list, nr, all, nr_all) : err_sys(ENOMEM, "memory for addresses");
}

/* What the same image under another name needed already: a kernel may be given twice, to be compared with itself. */
static int add_known(const struct kernel *kernel, const char *dir, uint64_t **all, size_t *nr_all)
{
	char id[PROBE_ID_SIZE], name[PROBE_ID_SIZE + 16];
	struct symbols symbols;
	int ret;

	probe_kernel_id(kernel, id);
	snprintf(name, sizeof(name), "symbols/%s", id);
	ret = symbols_load(dir, name, &symbols);
	if (ret)
		return ret == -ENOENT ? 0 : ret;
	ret = merge_symbols(symbols.functions, symbols.nr_functions, all, nr_all);
	if (!ret)
		ret = merge_symbols(symbols.variables, symbols.nr_variables, all, nr_all);
	symbols_free(&symbols);
	return ret;
}

static int write_symbols(const struct kernel *kernel, char *text, const char *dir, const uint64_t *addresses, size_t nr)
{
	__free_mem char *folder = text_format("%s/symbols", dir), *path = NULL, *data = NULL;
	struct symbols symbols;
	char id[PROBE_ID_SIZE];
	size_t size;
	FILE *out;
	int ret = symbols_parse(text, "what the guest said of its symbols", &symbols);

	if (ret)
		return ret;
	probe_kernel_id(kernel, id);
	path = folder ? text_format("%s/%s", folder, id) : NULL;
	out = open_memstream(&data, &size);
	if (!path || !out) {
		ret = err_sys(ENOMEM, "memory for symbols");
	} else {
		ret = symbols_write(&symbols, kernel->name, kernel->release, addresses, nr, out);
	}
	if (out && fclose(out) && !ret)
		ret = err_sys(ENOMEM, "memory for symbols");
	if (!ret && mkdir(folder, 0777) && errno != EEXIST)
		ret = err_sys(errno, "make %s", folder);
	if (!ret)
		ret = file_replace(path, data, size);
	symbols_free(&symbols);
	return ret;
}

void run_profile_symbols(const struct run_profile *profile, const struct kernel *kernel, const struct initramfs_spec *initramfs,
			 const char *dir, char *const *boot_folders, size_t nr_boots, const volatile sig_atomic_t *stop)
{
	__free_mem uint64_t *addresses = NULL;
	__free_mem char *folder = text_format("%s/boots/symbols", dir);
	char *text = NULL, what[160];
	size_t nr = 0;
	int ret;

	if (!profile->plugin_path)
		return;
	snprintf(what, sizeof(what), " of kernel %s", kernel->name);
	ret = folder ? collect(boot_folders, nr_boots, &addresses, &nr) : -ENOMEM;
	if (!ret)
		ret = add_known(kernel, dir, &addresses, &nr);
	if (!ret)
		ret = probe_symbols(kernel, initramfs, folder, stop, &text);
	if (!ret)
		ret = write_symbols(kernel, text, dir, addresses, nr);
	/* Where it failed, console and QEMU's words say why. */
	if (!ret)
		folder_remove(folder);
	if (ret && !*stop)
		say_none(what);
}
