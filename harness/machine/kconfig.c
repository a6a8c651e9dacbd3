// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/kconfig.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/inflate.h"

/* Configurations are some 300 KB; more than this is something else. */
#define CONFIG_MAX_BYTES (16u << 20)

/* fs_read() is for text: it drops a last newline and cannot tell the length of data with zeros. */
static int read_raw(const char *path, char **ret_data, size_t *ret_size)
{
	char real_path[PATH_MAX];
	__close_file FILE *f = NULL;
	__free_mem char *data = NULL;
	size_t size = 0, room = 1 << 16;

	snprintf(real_path, sizeof(real_path), "%s%s", fs_root(), path);
	f = fopen(real_path, "re");
	if (!f)
		return err_sys(errno, "open %s", path);
	for (;;) {
		char *more = realloc(data, room + 1);

		if (!more)
			return err_sys(ENOMEM, "read %s", path);
		data = more;
		size += fread(data + size, 1, room - size, f);
		if (ferror(f))
			return err_sys(EIO, "read %s", path);
		if (size < room)
			break;
		if (room >= CONFIG_MAX_BYTES)
			return err_sys(EFBIG, "read %s", path);
		room *= 2;
	}
	data[size] = '\0';
	*ret_data = take_ptr(data);
	*ret_size = size;
	return 0;
}

static int load_file(const char *path, struct kconfig *ret_config)
{
	struct kconfig config = {0};
	__free_mem char *raw = NULL;
	size_t raw_size;
	int ret = read_raw(path, &raw, &raw_size);

	if (ret)
		return ret;
	if (raw_size >= 2 && !memcmp(raw, "\x1f\x8b", 2)) {
		ret = inflate_gzip((const uint8_t *)raw, raw_size, CONFIG_MAX_BYTES, &config.text,
				   &config.size);
		if (ret)
			return err_prefix(ret, "%s", path);
	} else {
		config.text = take_ptr(raw);
		config.size = raw_size;
	}
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
