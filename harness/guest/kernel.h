/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - from what a user typed to a kernel that can be booted: image, configuration, modules.
 *
 * Specs, `NAME=SPEC` (NAME defaults to the kernel's release):
 *
 *	PATH to a bzImage or vmlinuz            of /boot: its configuration, /lib/modules; what kernel fetch printed: what lies beside it
 *	PATH to a build tree                    arch/x86/boot/bzImage, .config, the modules in the tree
 *	PATH to an output folder                bzImage, config, modules.tar.xz (or a folder lib/modules)
 *	PATH.deb[,PATH.deb…]                    Debian packages
 *	running                                 /boot/vmlinuz-RELEASE of this machine's kernel
 *	deb:VERSION[/FLAVOUR]                   Debian's archive: VERSION is a series ("6.12": its newest), a
 *	                                        point release ("7.1.13": its newest package) or a package's own
 *	                                        ("6.12.90-1~bpo12+1"); FLAVOUR cloud-amd64 (default), amd64, …
 *	build:TREE[@REV]                        a source tree, or a revision of a git tree, built here (guest/build.h);
 *	                                        NAME then defaults to REV
 *
 * Knows nothing of QEMU, benches or results. Needs no root. What it fetches or unpacks is kept (guest/cache.h), so that the second time
 * costs nothing.
 */
#ifndef GUEST_KERNEL_H
#define GUEST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sha2.h>
#include "base/util.h"

enum kernel_spec_type {
	KERNEL_SPEC_PATH,    /* image, build tree or output folder: which one is seen when it is opened */
	KERNEL_SPEC_DEBS,
	KERNEL_SPEC_RUNNING,
	KERNEL_SPEC_ARCHIVE, /* deb:… */
	KERNEL_SPEC_BUILD,   /* build:… */
};

#define KERNEL_DEBS_MAX	       8
#define KERNEL_FLAVOUR_DEFAULT "cloud-amd64"

struct kernel_spec {
	char name[128]; /* "" = use the release */
	enum kernel_spec_type type;
	char *paths[KERNEL_DEBS_MAX]; /* PATH, BUILD: one; DEBS: all */
	size_t nr_paths;
	char version[64]; /* ARCHIVE: "6.12", "7.1.13" or "6.12.90-1~bpo12+1" */
	char flavour[32]; /* ARCHIVE */
};

/*
 * The grammar above. NAME: letters, digits and . _ + - , not beginning with a dot or minus. What stands before
 * the first '=' is a name unless it has a '/' in it. -EINVAL: not a spec, the sentence says which part.
 * Nothing is opened. The caller calls kernel_spec_free().
 */
int kernel_spec_parse(const char *text, struct kernel_spec *ret_spec) __must_check;
void kernel_spec_free(struct kernel_spec *spec);

struct kernel {
	char name[128];
	char release[128];  /* uname -r, from the image's own header */
	char *image_path;   /* a bzImage */
	char *config_path;  /* NULL: not known */
	char *modules_path; /* folder with .ko files below it (any depth); NULL: none. See guest/modules.h */
	char sha256[SHA256_DIGEST_STRING_LENGTH]; /* of the image */
	char *source;	    /* what the image came from, for the record: package names and versions, or the path */
};
void kernel_free(struct kernel *kernel);

/* Says what takes long. @text: one line without newline. May be NULL. */
struct kernel_progress {
	void (*say)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Open what @spec names. Fetches for deb: specs, builds for build: specs (errors of build_kernel()). Other errors, all with a sentence: -ENOENT (no such file, version or
 * package), -EBADMSG ("wrong architecture", "truncated image", "not a kernel image", a digest that does not
 * match), -ENETUNREACH (the archive did not answer and the cache has not got it), -ENOSPC, -EACCES.
 */
int kernel_open(const struct kernel_spec *spec, const struct kernel_progress *progress,
		struct kernel *ret_kernel) __must_check;

/* The header of a bzImage (Documentation/arch/x86/boot.rst of the kernel). -EBADMSG as above. */
int kernel_image_check(const char *path, char *ret_release, size_t release_size) __must_check;

/*
 * What runs as this image says of itself: @release and @version are those of uname(2) in the guest. -EBADMSG: they are not what the image's
 * header says (kernel_version, in full "RELEASE (BUILDER) VERSION", arch/x86/boot/version.c), so that something else was booted.
 */
int kernel_image_is(const char *path, const char *release, const char *version) __must_check;

/* Value of CONFIG_@option in a configuration file: 'y', 'm', 'n' (also: other values read as 'y'), -errno. */
int kernel_config_get(const char *config_path, const char *option);

/* --- Debian's archive --- */

/* One kernel that the archive has. */
struct kernel_listing {
	char series[16];   /* "6.12" */
	char upstream[32]; /* "6.12.94" */
	char abi[64];	   /* "6.12.94+deb12": what package names carry */
	char flavour[32];
	char version[64];  /* Debian's version of the package */
	bool split;	   /* linux-binary-… (6.19 on), else linux-image-… */
	bool has_modules;  /* a package with the modules is there too */
	uint64_t size_bytes; /* to fetch */
};

/*
 * What the archive has for @flavour (NULL: default), sorted by version, oldest first. Refreshes the lists when
 * they are older than a day. The caller frees *ret_list.
 */
int kernel_list(const char *flavour, const struct kernel_progress *progress, struct kernel_listing **ret_list,
		size_t *ret_nr) __must_check;

/* Fetch and unpack what deb:@version/@flavour names; kernel_open() of such a spec does the same. */
int kernel_fetch(const char *version, const char *flavour, const struct kernel_progress *progress,
		 struct kernel *ret_kernel) __must_check;

#endif
