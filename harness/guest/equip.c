// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/equip.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"

/* A module, the option that builds it in, and whether a kernel may do without. */
struct want {
	const char *module, *config;
	bool optional;
};

/*
 * Asked for by the crypto API under another name, through a modprobe that no guest has: the compressor of zram before 6.12 (crypto_alloc_comp() in
 * drivers/block/zram/zcomp.c, Linux 6.1), the checksum of ext4 before 6.14 (crypto_alloc_shash("crc32c") in fs/ext4/super.c).
 */
static const struct want swap_wants[] = {
	{"lzo-rle", "CRYPTO_LZO", true},
	{"zram", "ZRAM", false},
};
static const struct want disk_wants[] = {
	{"crc32c_generic", "CRYPTO_CRC32C", true},
	{"brd", "BLK_DEV_RAM", false},
	{"ext4", "EXT4_FS", false},
};

static const char *const mke2fs_paths[] = {"/sbin/mke2fs", "/usr/sbin/mke2fs"};

void equipment_free(struct equipment *equipment)
{
	size_t i;

	module_list_free(&equipment->modules);
	for (i = 0; i < equipment->nr_programs; i++)
		free(equipment->programs[i]);
	*equipment = (struct equipment){0};
}

/* A kernel whose configuration is not known may have it: the guest will see. */
static bool may_be_builtin(const struct kernel *kernel, const char *option)
{
	return !kernel->config_path || kernel_config_get(kernel->config_path, option) == 'y';
}

static int add_wants(const struct kernel *kernel, const struct module_tree *tree, const struct want *wants, size_t nr,
		     struct equipment *equipment)
{
	size_t i;
	int ret;

	for (i = 0; i < nr; i++) {
		if (kernel->config_path && may_be_builtin(kernel, wants[i].config))
			continue;
		ret = tree ? module_list_add(&equipment->modules, tree, wants[i].module) : -ENOENT;
		if (ret && ret != -ENOENT)
			return ret;
		if (ret && !wants[i].optional && !may_be_builtin(kernel, wants[i].config))
			snprintf(equipment->lack, sizeof(equipment->lack), "kernel %s has no module %s at hand (CONFIG_%s)",
				 kernel->name, wants[i].module, wants[i].config);
	}
	return 0;
}

static int add_mke2fs(struct equipment *equipment)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mke2fs_paths); i++) {
		if (!file_is_regular(mke2fs_paths[i]))
			continue;
		equipment->programs[0] = text_format("%s", mke2fs_paths[i]);
		if (!equipment->programs[0])
			return -ENOMEM;
		equipment->nr_programs = 1;
		return 0;
	}
	snprintf(equipment->lack, sizeof(equipment->lack),
		 "this machine has no mke2fs (package e2fsprogs), so that guests have no file system on a disk");
	return 0;
}

int equip_guest(const struct kernel *kernel, const struct equip_wants *wants, struct equipment *ret_equipment)
{
	struct equipment equipment = {0};
	struct module_tree *tree = NULL;
	int ret = 0;

	if (kernel->modules_path && (wants->swap || wants->disk))
		ret = module_tree_open(kernel->modules_path, &tree);
	if (!ret && wants->swap)
		ret = add_wants(kernel, tree, swap_wants, ARRAY_SIZE(swap_wants), &equipment);
	if (!ret && wants->disk)
		ret = add_wants(kernel, tree, disk_wants, ARRAY_SIZE(disk_wants), &equipment);
	if (!ret && wants->disk)
		ret = add_mke2fs(&equipment);
	module_tree_free(tree);
	if (ret) {
		equipment_free(&equipment);
		return ret;
	}
	*ret_equipment = equipment;
	return 0;
}
