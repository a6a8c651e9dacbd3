// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/kconfig.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "base/err.h"
#include "base/fs.h"

/* Configurations are some 300 KB; more than this is something else. */
#define CONFIG_MAX_BYTES (4 << 20)

/* Whole file, unpacked when it is gzip; zlib reads both. */
static int load_file(const char *path, struct kconfig *ret_config)
{
	struct kconfig config = {.text = malloc(CONFIG_MAX_BYTES)};
	char real_path[PATH_MAX];
	gzFile file;
	int size, ret_close;

	snprintf(real_path, sizeof(real_path), "%s%s", fs_root(), path);
	file = gzopen(real_path, "re");
	if (!file || !config.text) {
		int err = config.text ? errno : ENOMEM;

		if (file)
			gzclose(file);
		free(config.text);
		return err_sys(err ? err : ENOMEM, "open %s", path);
	}
	size = gzread(file, config.text, CONFIG_MAX_BYTES);
	/* Only closing tells that a file ends in the middle of its data. */
	ret_close = gzclose(file);
	if (size < 0 || ret_close != Z_OK || size == CONFIG_MAX_BYTES) {
		free(config.text);
		return err_set(EINVAL, "%s is cut short, damaged or no configuration", path);
	}
	config.text[size] = '\0';
	config.size = (size_t)size;
	snprintf(config.source, sizeof(config.source), "%s", path);
	*ret_config = config;
	return 0;
}

int kconfig_load(struct kconfig *ret_config)
{
	static const char *const patterns[] = {
		"/proc/config.gz",
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/lib/modules/%s/build/.config",
	};
	__free_mem char *release = NULL;
	char path[sizeof(ret_config->source)];

	if (fs_read(&release, "/proc/sys/kernel/osrelease") < 0 || strchr(release, '/'))
		return err_set(ENOENT,
			       "the kernel's release, and so its configuration, is unknown");
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		const char *hole = strstr(patterns[i], "%s");
		int len = hole ? (int)(hole - patterns[i]) : (int)strlen(patterns[i]);

		snprintf(path, sizeof(path), "%.*s%s%s", len, patterns[i], hole ? release : "",
			 hole ? hole + 2 : "");
		/* A release is at most 64 characters (__NEW_UTS_LEN): no path is cut. */
		if (fs_exists("%s", path))
			return load_file(path, ret_config);
	}
	return err_set(ENOENT,
		       "no configuration of kernel %s in /proc/config.gz, /boot or /lib/modules",
		       release);
}

void kconfig_free(struct kconfig *config)
{
	free(config->text);
	*config = (struct kconfig){0};
}

bool kconfig_is_set(const struct kconfig *config, const char *option)
{
	char key[96];
	size_t len = (size_t)snprintf(key, sizeof(key), "\nCONFIG_%s=", option);

	/* A configuration begins with comment lines, so an option always follows a newline. */
	for (const char *p = config->text; p && (p = strstr(p, key)); p += len)
		if (p[len] == 'y' || p[len] == 'm')
			return true;
	return false;
}
