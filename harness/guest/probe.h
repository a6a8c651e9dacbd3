/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - what profiles of guests need of QEMU and of a kernel: the plugin memcgbench-probe.so, and the kernel's symbols.
 *
 * Knows nothing of profiles' content: harness/data/profile.h reads them.
 */
#ifndef GUEST_PROBE_H
#define GUEST_PROBE_H

#include <signal.h>
#include <stdbool.h>

#include "base/util.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"

/*
 * Does this machine's QEMU take the plugin at @plugin_path? 0; else -errno, the sentence says why not (no QEMU, built without
 * plugins, or for another version of their interface). Starts QEMU once, which takes some 0.1 s. @folder gets QEMU's words.
 */
int probe_check(const char *plugin_path, const char *folder) __must_check;

/* The value of QEMU's -plugin for a boot whose folder is @folder; the caller frees. NULL: out of memory. */
char *probe_plugin(const char *plugin_path, const char *folder, const char *kernel_id, bool sharing);

/* Names a kernel in profiles and symbol files: the first 16 digits of its image's SHA-256. */
#define PROBE_ID_SIZE 17
void probe_kernel_id(const struct kernel *kernel, char ret_id[PROBE_ID_SIZE]);

/*
 * The symbols of @kernel, as lines "ADDRESS TYPE NAME [MODULE]", from the cache (guest/cache.h) or from a boot of
 * their own in @folder with @initramfs, which takes some seconds. The caller frees *ret_text. Errors: the boot's.
 */
int probe_symbols(const struct kernel *kernel, const struct initramfs_spec *initramfs, const char *folder,
		  const volatile sig_atomic_t *interrupted, char **ret_text) __must_check;

#endif
