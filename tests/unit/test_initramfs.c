// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's root, shared libraries, modules and packages: made of small files by the test itself. */
#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/initramfs.h"
#include "guest/modules.h"
#include "guest/unpack.h"

static char work[] = "/tmp/memcgbench-test-initramfs-XXXXXX";

static const char *in_work(const char *name)
{
	static char paths[8][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % 8];

	snprintf(path, PATH_MAX, "%s/%s", work, name);
	return path;
}

static void put(const char *name, const void *data, size_t size)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s", in_work(name));
	*strrchr(folder, '/') = '\0';
	assert_int_equal(folder_make(folder), 0);
	assert_int_equal(file_replace(in_work(name), data, size), 0);
}

/* A module with nothing but the sections that are read. */
static void put_module(const char *name, const char *info, size_t info_size)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	struct {
		Elf64_Ehdr elf;
		Elf64_Shdr section[3];
		char names[24];
		char info[256];
	} file = {.elf = {.e_shoff = offsetof(__typeof__(file), section), .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3,
			  .e_shstrndx = 2}};

	memcpy(file.elf.e_ident, ELFMAG, SELFMAG);
	file.elf.e_ident[EI_CLASS] = ELFCLASS64;
	memcpy(file.names, names, sizeof(names));
	memcpy(file.info, info, info_size);
	file.section[1] = (Elf64_Shdr){.sh_name = 1, .sh_offset = offsetof(__typeof__(file), info), .sh_size = info_size};
	file.section[2] = (Elf64_Shdr){.sh_name = 10, .sh_offset = offsetof(__typeof__(file), names),
				       .sh_size = sizeof(names)};
	put(name, &file, sizeof(file));
}

static void modules(void **state)
{
	static const char zram[] = "license=GPL\0depends=zsmalloc,lzo-rle\0xdepends=no";
	static const char lzo[] = "depends=\0softdep=pre: lzo_compress gone post: late";
	struct module_tree *tree;
	struct module_list list = {0};

	(void)state;
	put_module("m/kernel/drivers/block/zram.ko", zram, sizeof(zram));
	put_module("m/kernel/crypto/lzo-rle.ko", lzo, sizeof(lzo));
	put_module("m/kernel/lib/lzo_compress.ko", "depends=", 9);
	put_module("m/kernel/late.ko", "depends=", 9);
	put_module("m/kernel/round.ko", "depends=round2", 15);
	put_module("m/kernel/round2.ko", "depends=round", 14);
	put_module("m/kernel/broken.ko", "depends=not_there", 18);
	put("m/kernel/no_elf.ko", "x", 1);
	put("m/modules.builtin", "kernel/mm/zsmalloc.ko\nkernel/fs/ext4/ext4.ko\n", 45);
	assert_int_equal(module_tree_open(in_work("m"), &tree), 0);

	assert_int_equal(module_list_add(&list, tree, "zram"), 0);
	assert_int_equal(list.nr, 3);
	assert_non_null(strstr(list.paths[0], "lzo_compress.ko"));
	assert_non_null(strstr(list.paths[1], "lzo-rle.ko"));
	assert_non_null(strstr(list.paths[2], "zram.ko"));
	/* Twice, under another spelling, and what is built in: nothing more. */
	assert_int_equal(module_list_add(&list, tree, "lzo_rle"), 0);
	assert_int_equal(module_list_add(&list, tree, "ext4"), 0);
	assert_int_equal(list.nr, 3);
	assert_int_equal(module_list_add(&list, tree, "brd"), -ENOENT);
	assert_int_equal(module_list_add(&list, tree, "broken"), -ENOENT);
	assert_int_equal(module_list_add(&list, tree, "round"), -ELOOP);
	/* Without .modinfo it needs nothing; the kernel will say what it thinks of it. */
	assert_int_equal(module_list_add(&list, tree, "no_elf"), 0);
	assert_int_equal(list.nr, 4);
	module_list_free(&list);
	module_tree_free(tree);
}

static void library_list(void **state)
{
	struct elf_libs libs = {0};

	(void)state;
	assert_int_equal(elf_libs_parse("\tlinux-vdso.so.1 (0x00007fff)\n"
					"\tlibnuma.so.1 => /lib/x86_64-linux-gnu/libnuma.so.1 (0x00007f00)\n"
					"\t/lib64/ld-linux-x86-64.so.2 => /lib/ld.so (0x00007f00)\n"
					"\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x0000)\n",
					&libs),
			 0);
	assert_int_equal(libs.nr, 2);
	assert_string_equal(libs.names[1], "libc.so.6");
	assert_string_equal(libs.paths[0], "/lib/x86_64-linux-gnu/libnuma.so.1");
	elf_libs_free(&libs);
	assert_int_equal(elf_libs_parse("\tlibx.so.1 => not found\n", &libs), -ENOENT);
	assert_non_null(strstr(err_msg(), "libx.so.1"));
	elf_libs_free(&libs);
}

static bool archive_has(const char *path, const char *name)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	bool found = false;

	archive_read_support_format_cpio(a);
	assert_int_equal(archive_read_open_filename(a, path, 65536), ARCHIVE_OK);
	while (archive_read_next_header(a, &entry) == ARCHIVE_OK)
		found = found || !strcmp(archive_entry_pathname(entry), name);
	archive_read_free(a);
	return found;
}

static void root(void **state)
{
	const char *module[] = {in_work("m/kernel/late.ko")};
	struct initramfs_spec spec = {.runner_path = "/bin/ls", .job = "{}", .module_paths = module, .nr_modules = 1};
	char first[SHA256_DIGEST_STRING_LENGTH], second[SHA256_DIGEST_STRING_LENGTH];

	(void)state;
	assert_int_equal(initramfs_write(&spec, in_work("a.cpio")), 0);
	sleep(1);
	assert_int_equal(initramfs_write(&spec, in_work("b.cpio")), 0);
	assert_int_equal(file_sha256(in_work("a.cpio"), first), 0);
	assert_int_equal(file_sha256(in_work("b.cpio"), second), 0);
	assert_string_equal(first, second);
	assert_true(archive_has(in_work("a.cpio"), "init"));
	assert_true(archive_has(in_work("a.cpio"), "job.json"));
	assert_true(archive_has(in_work("a.cpio"), "proc"));
	assert_true(archive_has(in_work("a.cpio"), "modules/000-late.ko"));

	spec.runner_path = in_work("nothing");
	assert_int_equal(initramfs_write(&spec, in_work("c.cpio")), -ENOENT);
	spec.runner_path = in_work("m/modules.builtin");
	assert_int_equal(initramfs_write(&spec, in_work("c.cpio")), -ENOEXEC);
	assert_false(file_is_regular(in_work("c.cpio")));
}

static void tar_add(struct archive *a, const char *name, const char *text)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)strlen(text));
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, text, strlen(text)), strlen(text));
	archive_entry_free(entry);
}

/* A .deb: an ar with a compressed tar in it. */
static void make_deb(const char *path)
{
	static char data[65536];
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_ustar(a);
	archive_write_add_filter_xz(a);
	assert_int_equal(archive_write_open_memory(a, data, sizeof(data), &used), ARCHIVE_OK);
	tar_add(a, "./boot/vmlinuz-6.1.0-test", "the kernel");
	tar_add(a, "./boot/config-6.1.0-test", "CONFIG_X=y");
	tar_add(a, "./lib/modules/6.1.0-test/kernel/mm/a.ko", "a");
	tar_add(a, "./lib/modules/6.1.0-test/kernel/drivers/net/b.ko", "b");
	tar_add(a, "./lib/modules/../../../evil/kernel/mm/c.ko", "c");
	tar_add(a, "./usr/share/doc/x", "doc");
	archive_write_free(a);

	a = archive_write_new();
	archive_write_set_format_ar_svr4(a);
	assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
	tar_add(a, "debian-binary", "2.0\n");
	{
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, "data.tar.xz");
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, (la_int64_t)used);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, data, used), used);
		archive_entry_free(entry);
	}
	archive_write_free(a);
}

static void package(void **state)
{
	char deb[PATH_MAX], cut[PATH_MAX];
	const char *one[] = {deb}, *broken[] = {cut};
	struct file_map map;

	(void)state;
	snprintf(deb, sizeof(deb), "%s", in_work("k.deb"));
	snprintf(cut, sizeof(cut), "%s", in_work("cut.deb"));
	make_deb(deb);
	assert_int_equal(folder_make(in_work("k")), 0);
	assert_int_equal(unpack_kernel(one, 1, in_work("k")), 0);
	assert_int_equal(file_map_open(in_work("k/vmlinuz"), &map), 0);
	assert_memory_equal(map.data, "the kernel", 10);
	file_unmap(&map);
	assert_true(file_is_regular(in_work("k/config")));
	assert_true(file_is_regular(in_work("k/modules/kernel/mm/a.ko")));
	assert_false(file_is_folder(in_work("k/modules/kernel/drivers")));
	assert_false(file_is_folder(in_work("evil")));

	assert_int_equal(file_map_open(deb, &map), 0);
	assert_int_equal(file_replace(cut, map.data, map.size - 100), 0);
	file_unmap(&map);
	assert_int_equal(folder_make(in_work("cut")), 0);
	assert_int_equal(unpack_kernel(broken, 1, in_work("cut")), -EBADMSG);
	assert_int_equal(file_replace(cut, "!<arch>\n", 8), 0);
	assert_int_equal(unpack_kernel(broken, 1, in_work("cut")), -EBADMSG);
}

/* What says of itself that it is larger than any kernel is not written, and what a compressor hides is not passed over for ever. */
static void package_that_fills_the_disk(void **state)
{
	static const char *const names[] = {"boot/vmlinuz-6.1.0-test", "usr/share/doc/x"};

	(void)state;
	assert_int_equal(folder_make(in_work("bomb")), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[PATH_MAX], data[8192];
		const char *one[] = {path};
		struct archive *a = archive_write_new();
		struct archive_entry *entry = archive_entry_new();
		size_t used = 0;

		snprintf(path, sizeof(path), "%s", in_work("bomb.tar"));
		archive_write_set_format_pax(a);
		archive_write_set_bytes_per_block(a, 512);
		assert_int_equal(archive_write_open_memory(a, data, sizeof(data), &used), ARCHIVE_OK);
		archive_entry_set_pathname(entry, names[i]);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_size(entry, 1ll << 40);
		assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
		archive_entry_free(entry);
		/* What is missing of it does not fit into the buffer; nobody comes to see that it does. */
		archive_write_free(a);
		assert_int_equal(file_replace(path, data, used), 0);
		assert_int_equal(unpack_kernel(one, 1, in_work("bomb")), -EFBIG);
		assert_false(file_is_regular(in_work("bomb/vmlinuz")));
	}
}

/* @data through gzip, @times. */
static size_t squeeze(const char *data, size_t size, unsigned int times, char *buf, size_t buf_size)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	while (times--)
		assert_int_equal(archive_write_add_filter_gzip(a), ARCHIVE_OK);
	archive_write_set_format_raw(a);
	archive_write_set_bytes_per_block(a, 0);
	assert_int_equal(archive_write_open_memory(a, buf, buf_size, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, size), size);
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
	return used;
}

/* One compression is taken off, and no program is started for one that libarchive does not know. */
static void one_compression(void **state)
{
	static char text[200000];
	char buf[8192], path[PATH_MAX];
	unsigned char *data = NULL;
	const char *one[] = {path};
	size_t size = 0, used;

	(void)state;
	used = squeeze(text, sizeof(text), 1, buf, sizeof(buf));
	assert_int_equal(unpack_stream(buf, used, sizeof(text), "it", &data, &size), 0);
	assert_int_equal(size, sizeof(text));
	free(data);
	data = NULL;
	assert_int_equal(unpack_stream(buf, used, sizeof(text) - 1, "it", &data, &size), -EFBIG);
	assert_int_equal(unpack_stream(buf, used / 2, sizeof(text), "it", &data, &size), -EBADMSG);
	assert_null(data);
	used = squeeze(text, sizeof(text), 2, buf, sizeof(buf));
	assert_int_equal(unpack_stream(buf, used, sizeof(text), "it", &data, &size), 0);
	assert_memory_equal(data, "\x1f\x8b", 2);
	assert_true(size < sizeof(buf));
	free(data);

	put("bin/lrzip", "#!/bin/sh\n: >started\n", 21);
	assert_int_equal(chmod(in_work("bin/lrzip"), 0755), 0);
	snprintf(path, sizeof(path), "%s/bin:%s", work, getenv("PATH"));
	setenv("PATH", path, 1);
	snprintf(path, sizeof(path), "%s", in_work("lrz.tar"));
	assert_int_equal(file_replace(path, "LRZI\0\6 and so on", 16), 0);
	assert_int_equal(folder_make(in_work("lrz")), 0);
	assert_int_equal(unpack_kernel(one, 1, in_work("lrz")), -EBADMSG);
	assert_false(file_is_regular("started"));
}

/* Two bytes and a hole of 2^29 make no file of zeros. */
static void sparse_file(void **state)
{
	char path[PATH_MAX], data[16384];
	const char *one[] = {path};
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s", in_work("sparse.tar"));
	archive_write_set_format_pax(a);
	assert_int_equal(archive_write_open_memory(a, data, sizeof(data), &used), ARCHIVE_OK);
	archive_entry_set_pathname(entry, "boot/config-6.1.0-test");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, 1 << 29);
	archive_entry_sparse_add_entry(entry, 0, 2);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, "y\n", 2), 2);
	archive_entry_free(entry);
	archive_write_free(a);
	assert_int_equal(file_replace(path, data, used), 0);
	assert_int_equal(folder_make(in_work("sparse")), 0);
	assert_int_equal(unpack_kernel(one, 1, in_work("sparse")), -EBADMSG);
	assert_non_null(strstr(err_msg(), "boot/config-6.1.0-test is a sparse file"));
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(work) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(work);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modules),
		cmocka_unit_test(library_list),
		cmocka_unit_test(root),
		cmocka_unit_test(package),
		cmocka_unit_test(package_that_fills_the_disk),
		cmocka_unit_test(one_compression),
		cmocka_unit_test(sparse_file),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
