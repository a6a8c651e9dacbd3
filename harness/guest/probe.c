// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/probe.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/err.h"
#include "guest/boot.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/process.h"

#define QEMU_BINARY "qemu-system-x86_64"
/* What the plugin says when it is only tried; see qemu_plugin_install(). */
#define WORKS "memcgbench-probe: works"

/* The last line of @text that is not empty. */
static void last_line(char *text, char *buf, size_t size)
{
	char *save = NULL;

	snprintf(buf, size, "no word from it");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		snprintf(buf, size, "%s", line);
}

int probe_check(const char *plugin_path, const char *folder)
{
	__free_mem char *plugin = text_format("%s,try=on", plugin_path), *log = text_format("%s/qemu-plugin.log", folder);
	const char *argv[] = {QEMU_BINARY, "-machine", "none", "-display", "none", "-nodefaults", "-S", "-plugin", plugin, NULL};
	struct file_map map __unmap_file = {0};
	__free_mem char *text = NULL;
	char words[256];
	int ret;

	if (!plugin || !log)
		return -ENOMEM;
	ret = process_run(argv, NULL, NULL, log);
	if (ret < 0)
		return ret;
	ret = file_map_open(log, &map);
	if (ret)
		return ret;
	text = strndup((const char *)map.data, map.size);
	unlink(log);
	if (!text)
		return err_sys(ENOMEM, "memory for QEMU's words");
	if (strstr(text, WORKS))
		return 0;
	last_line(text, words, sizeof(words));
	return err_set(ENOTSUP, "this QEMU does not take the plugin %s: %s", plugin_path, words);
}

char *probe_plugin(const char *plugin_path, const char *folder, const char *kernel_id, bool sharing)
{
	return text_format("%s,out=%s/profile,name=%s%s", plugin_path, folder, kernel_id, sharing ? ",sharing=on" : "");
}

void probe_kernel_id(const struct kernel *kernel, char ret_id[PROBE_ID_SIZE])
{
	snprintf(ret_id, PROBE_ID_SIZE, "%.16s", kernel->sha256);
}

static int take_symbols(void *ctx, const char *line)
{
	FILE *out = ctx;
	json_t *record = json_loads(line, 0, NULL);
	const char *text = json_string_value(json_object_get(record, "text"));
	int ret = 0;

	if (text && fputs(text, out) < 0)
		ret = err_sys(ENOMEM, "memory for symbols");
	json_decref(record);
	return ret;
}

static int boot_for_symbols(const struct kernel *kernel, const char *initramfs_path, const char *folder,
			    const volatile sig_atomic_t *interrupted, FILE *out)
{
	/* Nothing is measured: the host's clock will do, and one CPU. nokaslr gives the addresses of every other boot. */
	struct qemu_options qemu = {.accel = QEMU_TCG, .kernel_path = kernel->image_path, .initramfs_path = initramfs_path,
				    .append = "memcgbench.symbols"};
	struct boot_options options = {.qemu = &qemu, .folder = folder, .interrupted = interrupted,
				       .on_line = take_symbols, .ctx = out};
	struct boot_result result;
	int ret = boot_run(&options, &result);

	if (ret)
		return ret;
	if (result.fault)
		ret = err_set(EIO, "%s", result.sentence);
	boot_result_free(&result);
	return ret;
}

/* Loaded modules are among the symbols: which they are belongs to the name of what is kept. */
static void name_symbols(const struct kernel *kernel, const struct initramfs_spec *initramfs, char ret_key[SHA256_DIGEST_STRING_LENGTH])
{
	SHA2_CTX digest;

	SHA256Init(&digest);
	SHA256Update(&digest, (const uint8_t *)kernel->sha256, strlen(kernel->sha256));
	for (size_t i = 0; i < initramfs->nr_modules; i++)
		SHA256Update(&digest, (const uint8_t *)initramfs->module_paths[i], strlen(initramfs->module_paths[i]) + 1);
	SHA256End(&digest, ret_key);
}

struct symbols {
	const struct kernel *kernel;
	const struct initramfs_spec *initramfs;
	const char *folder; /* of the boot */
	const volatile sig_atomic_t *interrupted;
};

static int ask_for_symbols(void *ctx, const char *folder)
{
	const struct symbols *symbols = ctx;
	__free_mem char *initramfs_path = text_format("%s/initramfs.cpio", symbols->folder), *path = text_format("%s/symbols", folder);
	__free_mem char *text = NULL;
	size_t size;
	FILE *out;
	int ret = initramfs_path && path ? folder_make(symbols->folder) : -ENOMEM;

	if (!ret)
		ret = initramfs_write(symbols->initramfs, initramfs_path);
	if (ret)
		return ret;
	out = open_memstream(&text, &size);
	if (!out)
		return err_sys(ENOMEM, "memory for symbols");
	ret = boot_for_symbols(symbols->kernel, initramfs_path, symbols->folder, symbols->interrupted, out);
	unlink(initramfs_path);
	if (fclose(out) && !ret)
		ret = err_sys(ENOMEM, "memory for symbols");
	return ret ? ret : file_replace(path, text, size);
}

int probe_symbols(const struct kernel *kernel, const struct initramfs_spec *initramfs, const char *folder,
		  const volatile sig_atomic_t *interrupted, char **ret_text)
{
	struct symbols symbols = {kernel, initramfs, folder, interrupted};
	char key[SHA256_DIGEST_STRING_LENGTH];
	__free_mem char *kept = NULL, *path = NULL;
	struct file_map map __unmap_file = {0};
	int ret;

	name_symbols(kernel, initramfs, key);
	ret = cache_entry("symbols", key, ask_for_symbols, &symbols, &kept);
	if (ret)
		return ret;
	path = text_format("%s/symbols", kept);
	ret = path ? file_map_open(path, &map) : -ENOMEM;
	if (ret)
		return ret;
	*ret_text = strndup((const char *)map.data, map.size);
	return *ret_text ? 0 : err_sys(ENOMEM, "memory for symbols");
}
