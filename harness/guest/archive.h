/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * archive.h - Debian's archive as the machine's own apt reaches it. For kernel*.c only.
 *
 * The host, the path and the keyring are those of the machine's own Debian source; the suites are more than it has
 * configured. Everything is private: sources list, lists, packages lie in the cache folder, and the machine's
 * own state is not touched. Pure parsers are here too, so that they can be tested on text.
 */
#ifndef GUEST_ARCHIVE_H
#define GUEST_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "guest/kernel.h"

/* --- the machine's own sources --- */

struct apt_source {
	char uri[256];	     /* ends in a slash */
	char signed_by[512]; /* path of the keyring, "" = apt's own trust; a key in the file itself is not supported */
	bool security;	     /* a -security suite */
};

/*
 * Sources of Debian in @text, the contents of a .list file (@deb822 false) or of a .sources file. Sets
 * @ret_main and @ret_security when it has one and their uri is still "".
 */
void apt_sources_parse(const char *text, bool deb822, struct apt_source *ret_main, struct apt_source *ret_security);

/* The same from /etc/apt, below base/fs.h's root. -ENOENT: no Debian source is configured. */
int apt_sources_find(struct apt_source *ret_main, struct apt_source *ret_security) __must_check;

/* The text of the private sources list. NULL: out of memory. */
char *apt_sources_text(const struct apt_source *main, const struct apt_source *security);

/* --- running apt --- */

struct apt {
	char *folder; /* CACHE/apt */
};
int apt_open(struct apt *ret_apt) __must_check;
void apt_close(struct apt *apt);

/*
 * Refresh the lists when they are older than @max_age_s, or there are none. -ENETUNREACH: could not, and there
 * are none; with old lists it says so by @progress and returns 0. -ENOENT: apt is not installed.
 */
int apt_refresh(const struct apt *apt, unsigned int max_age_s, const struct kernel_progress *progress) __must_check;

/* One process at a time: apt's own lock would make the second one fail instead of wait. Returns an fd to close, or -errno. */
int apt_lock(const struct apt *apt) __must_check;

/*
 * Hand all stanzas that apt knows (apt-cache dumpavail; the caller holds apt_lock()), or apt's whole configuration, to
 * @take. -ENOENT: apt is not installed.
 */
int apt_dump(const struct apt *apt, int (*take)(FILE *in, void *context), void *context) __must_check;
int apt_configuration(const struct apt *apt, int (*take)(FILE *in, void *context), void *context) __must_check;

/*
 * The stanzas of kernels' packages in apt's lists, kept in CACHE/apt/kernels for as long as lists, sources and
 * configuration stay what they are: apt takes seconds for them. The caller frees.
 */
int apt_index(const struct apt *apt, char **ret_text) __must_check;

/* Download packages by "name=version" into *ret* CACHE/apt/debs; continues what was cut off. */
int apt_download(const struct apt *apt, const char *const *packages, size_t nr) __must_check;

/* --- the index --- */

struct deb_package {
	char name[96];
	char version[64];
	char file[160]; /* base name in the pool */
	char sha256[SHA256_DIGEST_STRING_LENGTH];
	uint64_t size_bytes;
};

#define DEBS_PER_KERNEL 3

/* A kernel with the packages that hold it: the image first, then modules and base where there are. */
struct deb_kernel {
	struct kernel_listing listing;
	struct deb_package debs[DEBS_PER_KERNEL];
	size_t nr_debs;
};

/* The stanzas of packages in @in that deb_index_parse() looks at for any flavour. The caller frees. */
int deb_index_filter(FILE *in, char **ret_text) __must_check;

/* All kernels of @flavour in @text, sorted by version, oldest first. The caller frees. */
int deb_index_parse(const char *text, const char *flavour, struct deb_kernel **ret_list, size_t *ret_nr) __must_check;

/* The newest of the list that is @version ("6.12", "6.12.94", "6.12.94-1~bpo12+1"); NULL: none. */
const struct deb_kernel *deb_index_choose(const struct deb_kernel *list, size_t nr, const char *version);

/* -ENOENT, with the sentence that @version is not in the list, and what is: the newest of its series, or the series that there are. */
int deb_index_lacks(const struct deb_kernel *list, size_t nr, const char *version, const char *flavour);

/* Order of two versions of Debian: deb-version(7). */
int deb_version_compare(const char *a, const char *b);

/* Kernel from a folder that unpack.h made. */
int kernel_open_unpacked(const char *folder, const char *source, struct kernel *kernel) __must_check;
/* kernel_open() of what is on this machine already: paths, packages, the running one. */
int kernel_open_here(const struct kernel_spec *spec, struct kernel *kernel) __must_check;

#endif
