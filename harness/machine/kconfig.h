/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kconfig.h - the configuration of the running kernel.
 *
 * Looks in /proc/config.gz (IKCONFIG_PROC), then /boot/config-RELEASE, then
 * /lib/modules/RELEASE/{config,build/.config}; under fs.h's root. Knows nothing of what an option
 * means.
 */
#ifndef MACHINE_KCONFIG_H
#define MACHINE_KCONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

struct kconfig {
	char *text; /* unpacked, as a string; NULL: none found */
	size_t size;
	char source[128]; /* which file that was */
};

/* -ENOENT: there is none that can be read; else the reason why the first one that exists cannot be.
 */
int kconfig_load(struct kconfig *ret_config) __must_check;
void kconfig_free(struct kconfig *config);

/* CONFIG_@option is y or m. @option without "CONFIG_". False when there is no configuration. */
bool kconfig_is_set(const struct kconfig *config, const char *option);

#endif
