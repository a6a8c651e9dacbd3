/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_profile.h - the part of `run --profile` beside the boots: is there a plugin that works, and which symbols go with its profiles.
 * Private to cmd/run*.c.
 *
 * A profile is an extra. What stands in its way is one line on standard error, and the numbers come without it.
 */
#ifndef CMD_RUN_PROFILE_H
#define CMD_RUN_PROFILE_H

#include <signal.h>

#include "cmd/run_plan.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"

struct run_profile {
	char *plugin_path; /* NULL: no profile is taken */
	bool sharing;
};

/* @folder: the run's, for a moment. Free with run_profile_free(). */
void run_profile_init(struct run_profile *profile, const struct run_args *args, const char *folder);
void run_profile_free(struct run_profile *profile);

/* QEMU's -plugin for a boot in @folder; NULL: none. The caller frees. */
char *run_profile_plugin(const struct run_profile *profile, const struct kernel *kernel, const char *folder);

/*
 * After the boots, once for each kernel: write symbols/ID of the run in @dir, what the profiles of @boot_folders (nr_boots, NULL: not a
 * boot of this kernel) need.
 */
void run_profile_symbols(const struct run_profile *profile, const struct kernel *kernel, const struct initramfs_spec *initramfs,
			 const char *dir, char *const *boot_folders, size_t nr_boots, const volatile sig_atomic_t *stop);

#endif
