// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/archive.h"
#include "guest/build.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/unpack.h"

void kernel_free(struct kernel *kernel)
{
	free(kernel->image_path);
	free(kernel->config_path);
	free(kernel->modules_path);
	free(kernel->source);
	*kernel = (struct kernel){0};
}

/* *ret = a copy of "folder/name" if that exists as a regular file, else NULL. */
static int path_if_there(const char *folder, const char *name, char **ret)
{
	char *path = text_format("%s/%s", folder, name);

	if (!path)
		return -ENOMEM;
	if (file_is_regular(path)) {
		*ret = path;
		return 0;
	}
	free(path);
	*ret = NULL;
	return 0;
}

/* The image is known: check it and fill in what follows from it. */
static int finish(struct kernel *kernel, const char *source)
{
	int ret = kernel_image_check(kernel->image_path, kernel->release, sizeof(kernel->release));

	if (!ret)
		ret = file_sha256(kernel->image_path, kernel->sha256);
	if (ret)
		return ret;
	kernel->source = text_format("%s", source);
	return kernel->source ? 0 : -ENOMEM;
}

int kernel_open_unpacked(const char *folder, const char *source, struct kernel *kernel)
{
	int ret = path_if_there(folder, "vmlinuz", &kernel->image_path);

	if (!ret)
		ret = path_if_there(folder, "config", &kernel->config_path);
	if (ret)
		return ret;
	if (!kernel->image_path)
		return err_set(ENOENT, "%s: no kernel image in it (from 6.19 on Debian has it in linux-binary-VERSION)",
			       source);
	kernel->modules_path = text_format("%s/modules", folder);
	if (!kernel->modules_path)
		return -ENOMEM;
	if (!file_is_folder(kernel->modules_path)) {
		free(kernel->modules_path);
		kernel->modules_path = NULL;
	}
	return finish(kernel, source);
}

struct archives {
	char *const *paths;
	size_t nr;
};

static int unpack_archives(void *ctx, const char *folder)
{
	const struct archives *archives = ctx;

	return unpack_kernel((const char *const *)archives->paths, archives->nr, folder);
}

/* Unpack @archives into the cache under the digest of their digests; *ret_folder is the caller's. */
static int unpack_to_cache(char *const *archives, size_t nr, char **ret_folder)
{
	char digests[KERNEL_DEBS_MAX * SHA256_DIGEST_STRING_LENGTH] = "", key[SHA256_DIGEST_STRING_LENGTH];
	struct archives wanted = {archives, nr};
	int ret = 0;

	for (size_t i = 0; !ret && i < nr; i++)
		ret = file_sha256(archives[i], digests + strlen(digests));
	if (ret)
		return ret;
	SHA256Data((const uint8_t *)digests, strlen(digests), key);
	return cache_entry("kernels", key, unpack_archives, &wanted, ret_folder);
}

static int open_debs(const struct kernel_spec *spec, struct kernel *kernel)
{
	__free_mem char *folder = NULL;
	int ret = unpack_to_cache(spec->paths, spec->nr_paths, &folder);

	return ret ? ret : kernel_open_unpacked(folder, spec->paths[0], kernel);
}

static int open_tree(const char *path, struct kernel *kernel)
{
	int ret = path_if_there(path, ".config", &kernel->config_path);

	if (ret)
		return ret;
	/* The modules of a build lie beside their sources; guest/modules.h looks at any depth. */
	kernel->modules_path = text_format("%s", path);
	return kernel->modules_path ? finish(kernel, path) : -ENOMEM;
}

static int open_output_folder(const char *path, struct kernel *kernel)
{
	__free_mem char *tarball = NULL, *unpacked = NULL, *plain = NULL;
	int ret = path_if_there(path, "config", &kernel->config_path);

	if (!ret)
		ret = path_if_there(path, "modules.tar.xz", &tarball);
	if (!ret && tarball) {
		ret = unpack_to_cache(&tarball, 1, &unpacked);
		if (!ret)
			kernel->modules_path = text_format("%s/modules", unpacked);
	} else if (!ret) {
		plain = text_format("%s/lib/modules", path);
		if (plain && file_is_folder(plain))
			kernel->modules_path = take_ptr(plain);
	}
	return ret ? ret : finish(kernel, path);
}

static int open_folder(const char *path, struct kernel *kernel)
{
	static const char *const names[] = {"bzImage", "vmlinuz"};
	int ret = path_if_there(path, "arch/x86/boot/bzImage", &kernel->image_path);

	if (ret)
		return ret;
	if (kernel->image_path)
		return open_tree(path, kernel);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ret = path_if_there(path, names[i], &kernel->image_path);
		if (ret)
			return ret;
		if (kernel->image_path)
			return open_output_folder(path, kernel);
	}
	if (fs_exists("%s/Kconfig", path))
		return err_set(ENOENT, "%s: not built yet: no arch/x86/boot/bzImage in this source tree", path);
	return err_set(ENOENT, "%s: neither arch/x86/boot/bzImage nor bzImage in this folder", path);
}

/*
 * An image of its own. One that was installed, /boot/vmlinuz-RELEASE, has its configuration beside it and its
 * modules in /lib/modules; one that was fetched has both beside it.
 */
static int open_image(const char *path, struct kernel *kernel)
{
	const char *slash = strrchr(path, '/');
	int dir_len = slash ? (int)(slash - path) : 1, ret;
	__free_mem char *name = NULL, *folder = text_format("%.*s", dir_len, slash ? path : ".");

	if (slash && !strcmp(slash, "/vmlinuz") && folder && fs_exists("%s/modules", folder))
		return kernel_open_unpacked(folder, path, kernel);
	kernel->image_path = text_format("%s", path);
	if (!kernel->image_path)
		return -ENOMEM;
	ret = finish(kernel, path);
	if (ret || !kernel->release[0])
		return ret;
	name = text_format("%.*s/config-%s", dir_len, slash ? path : ".", kernel->release);
	if (name && file_is_regular(name))
		kernel->config_path = take_ptr(name);
	if (strncmp(path, "/boot/", 6))
		return 0;
	name = text_format("/lib/modules/%s", kernel->release);
	if (name && file_is_folder(name))
		kernel->modules_path = take_ptr(name);
	return 0;
}

static int open_running(struct kernel *kernel)
{
	__free_mem char *path = NULL;
	struct utsname uts;

	uname(&uts);
	path = text_format("/boot/vmlinuz-%s", uts.release);
	if (!path)
		return -ENOMEM;
	if (!file_is_regular(path))
		return err_set(ENOENT, "running: no %s: the image of the running kernel is not on this machine", path);
	return open_image(path, kernel);
}

int kernel_open_here(const struct kernel_spec *spec, struct kernel *kernel)
{
	if (spec->type == KERNEL_SPEC_RUNNING)
		return open_running(kernel);
	if (spec->type == KERNEL_SPEC_DEBS)
		return open_debs(spec, kernel);
	return file_is_folder(spec->paths[0]) ? open_folder(spec->paths[0], kernel) : open_image(spec->paths[0], kernel);
}

int kernel_config_get(const char *config_path, const char *option)
{
	__unmap_file struct file_map map = {0};
	__free_mem char *key = text_format("CONFIG_%s=", option);
	const char *at, *end;
	int ret;

	if (!key)
		return -ENOMEM;
	ret = file_map_open(config_path, &map);
	if (ret)
		return ret;
	at = (const char *)map.data;
	end = at + map.size;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *next = newline ? newline + 1 : end;

		if ((size_t)(next - at) > strlen(key) && !memcmp(at, key, strlen(key))) {
			char value = at[strlen(key)];

			return value == 'm' || value == 'n' ? value : 'y';
		}
		at = next;
	}
	return 'n';
}
