/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * initramfs.h - the guest's root: the runner as /init, its shared libraries, the job, modules.
 *
 * A newc cpio archive, uncompressed (that boots fastest), written without root. The same input gives the same
 * bytes: sorted, no times, no owners. Knows nothing of kernels or QEMU. What runs inside is
 * core/guest_init.h.
 */
#ifndef GUEST_INITRAMFS_H
#define GUEST_INITRAMFS_H

#include <stddef.h>

#include "base/util.h"

/* One more file for the guest. */
struct initramfs_file {
	const char *path; /* in the guest: "/data/x" */
	const char *source_path;
};

struct initramfs_spec {
	const char *runner_path; /* becomes /init, executable */
	const char *job;	 /* text of /job.json, or NULL */
	/* Module files in the order they are to be loaded (guest/modules.h); become /modules/NN-NAME. */
	const char *const *module_paths;
	size_t nr_modules;
	const struct initramfs_file *files;
	size_t nr_files;
	/* Programs of this machine; become /sbin/NAME, with their shared libraries. */
	const char *const *program_paths;
	size_t nr_programs;
};

/*
 * Write the archive to @out_path, whole or not at all. Errors: those of reading the files; -ENOEXEC: the runner is
 * no program of this machine; -ENOENT also: a shared library of it is missing (the sentence names it).
 */
int initramfs_write(const struct initramfs_spec *spec, const char *out_path) __must_check;

/* --- shared with elf_libs.c --- */

struct elf_libs {
	char *interpreter; /* path of ld.so; NULL: a static program */
	char **names;	   /* sonames, as the program asks for them */
	char **paths;	   /* where this machine has them */
	size_t nr;
};

/* Shared libraries of @program, all levels, as its own ld.so finds them. */
int elf_libs_find(const char *program, struct elf_libs *ret_libs) __must_check;
void elf_libs_free(struct elf_libs *libs);
/* The parser of what `ld.so --list` prints; adds to @libs. -ENOENT: a line says "not found". */
int elf_libs_parse(const char *text, struct elf_libs *libs) __must_check;

#endif
