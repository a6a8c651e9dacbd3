/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * modules.h - which module files a guest must load, and in which order.
 *
 * A module tree out of a package has no modules.dep (depmod makes it when the package is installed), so what a
 * module depends on is read from the module itself: "depends=" and "softdep=pre:" in its .modinfo section.
 * Knows nothing of initramfs or QEMU.
 */
#ifndef GUEST_MODULES_H
#define GUEST_MODULES_H

#include <stddef.h>

#include "base/util.h"

struct module_tree;

/* All *.ko, *.ko.xz, *.ko.zst and *.ko.gz below @folder, and its modules.builtin where there is one. */
int module_tree_open(const char *folder, struct module_tree **ret_tree) __must_check;
void module_tree_free(struct module_tree *tree);

/* Paths of module files, each behind all that it needs. */
struct module_list {
	char **paths;
	size_t nr;
};
void module_list_free(struct module_list *list);

/*
 * Add module @name ("zram", "lzo-rle"; - and _ are the same) and what it needs to @list. A module that is built in
 * adds nothing. -ENOENT: the tree has not got it. Soft dependencies that are missing are passed over.
 */
int module_list_add(struct module_list *list, const struct module_tree *tree, const char *name) __must_check;

/* --- for the test --- */

/* The value of @key in the .modinfo section of a 64-bit ELF; NULL: none. Points into @data. */
const char *module_info(const unsigned char *data, size_t size, const char *key);

#endif
