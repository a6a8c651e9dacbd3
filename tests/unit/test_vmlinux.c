// SPDX-License-Identifier: GPL-2.0-or-later
/* Unpacking a bzImage, and finding the entry of a PVH guest in what comes out. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "guest/vmlinux.h"

/* An ELF with one PT_NOTE of two notes: GNU's build id, and @type of Xen. */
struct elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	Elf64_Nhdr first;
	char first_name[4], first_desc[8];
	Elf64_Nhdr second;
	char second_name[4], second_desc[8];
};

static struct elf make_elf(uint32_t type)
{
	struct elf elf = {
		.header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64}, .e_phoff = sizeof(Elf64_Ehdr), .e_phnum = 1,
			   .e_phentsize = sizeof(Elf64_Phdr)},
		.segment = {.p_type = PT_NOTE, .p_offset = offsetof(struct elf, first)},
		.first = {.n_namesz = 4, .n_descsz = 7, .n_type = 18},
		.first_name = "GNU",
		.second = {.n_namesz = 4, .n_descsz = 8, .n_type = type},
		.second_name = "Xen",
	};

	elf.segment.p_filesz = sizeof(elf) - elf.segment.p_offset;
	return elf;
}

static void pvh_entry(void **state)
{
	struct elf elf = make_elf(18);
	const unsigned char *data = (const unsigned char *)&elf;
	size_t size;

	(void)state;
	assert_true(vmlinux_has_pvh_entry(data, sizeof(elf)));
	/* Cut anywhere, it is not read beyond. */
	for (size = 0; size < sizeof(elf); size++) {
		unsigned char *copy = malloc(size ? size : 1);

		memcpy(copy, data, size);
		assert_false(vmlinux_has_pvh_entry(copy, size));
		free(copy);
	}
	elf.second_name[0] = 'x';
	assert_false(vmlinux_has_pvh_entry(data, sizeof(elf)));
	elf = make_elf(6);
	assert_false(vmlinux_has_pvh_entry(data, sizeof(elf)));
	elf = make_elf(18);
	elf.first.n_namesz = UINT32_MAX;
	assert_false(vmlinux_has_pvh_entry(data, sizeof(elf)));
	elf = make_elf(18);
	elf.header.e_phnum = 0xffff;
	assert_false(vmlinux_has_pvh_entry(data, sizeof(elf)));
	elf = make_elf(18);
	elf.segment.p_offset = UINT64_MAX;
	assert_false(vmlinux_has_pvh_entry(data, sizeof(elf)));
}

static void put32(unsigned char *at, size_t value)
{
	for (int i = 0; i < 4; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

/* A bzImage with one setup sector whose payload is @data under gzip, at offset 64 of the system. */
static size_t make_image(unsigned char *image, size_t size, const void *data, size_t data_size)
{
	z_stream z = {.next_in = (unsigned char *)data, .avail_in = (uInt)data_size, .next_out = image + 1024 + 64,
		      .avail_out = (uInt)(size - 1024 - 64)};

	memset(image, 0, size);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	image[0x1f1] = 1;
	put32(image + 0x248, 64);
	put32(image + 0x24c, z.total_out);
	return 1024 + 64 + z.total_out;
}

static void unpacked(void **state)
{
	static unsigned char image[16384], big[3 << 20];
	unsigned char *data;
	size_t size, image_size, i;

	(void)state;
	for (i = 0; i < sizeof(big); i++)
		big[i] = (unsigned char)(i / 4096);
	image_size = make_image(image, sizeof(image), big, sizeof(big));
	assert_int_equal(vmlinux_unpack(image, image_size, "it", &data, &size), 0);
	assert_int_equal(size, sizeof(big));
	assert_memory_equal(data, big, sizeof(big));
	free(data);
	/* Damaged, cut, or something else: it boots as it is. */
	data = NULL;
	image[image_size - 1] ^= 1;
	assert_int_equal(vmlinux_unpack(image, image_size, "it", &data, &size), -EBADMSG);
	image[image_size - 1] ^= 1;
	image[1024 + 64] = 'x';
	assert_int_equal(vmlinux_unpack(image, image_size, "it", &data, &size), -EBADMSG);
	image[1024 + 64] = 0x1f;
	assert_int_equal(vmlinux_unpack(image, image_size - 1, "it", &data, &size), -EBADMSG);
	assert_int_equal(vmlinux_unpack(image, 0x200, "it", &data, &size), -EBADMSG);
	put32(image + 0x248, 0xfffffff0);
	assert_int_equal(vmlinux_unpack(image, image_size, "it", &data, &size), -EBADMSG);
	put32(image + 0x24c, 0);
	assert_int_equal(vmlinux_unpack(image, image_size, "it", &data, &size), -EBADMSG);
	assert_null(data);
}

static void kept_by_digest(void **state)
{
	static unsigned char image[16384];
	char work[] = "/tmp/memcgbench-vmlinux-XXXXXX", image_path[64], command[96];
	struct kernel kernel = {.image_path = image_path, .sha256 = "0123456789abcdef0123456789abcdef0"};
	struct elf elf = make_elf(18);
	char *path;
	FILE *out;

	(void)state;
	assert_non_null(mkdtemp(work));
	setenv("XDG_CACHE_HOME", work, 1);
	snprintf(image_path, sizeof(image_path), "%s/image", work);
	out = fopen(image_path, "w");
	fwrite(image, make_image(image, sizeof(image), &elf, sizeof(elf)), 1, out);
	fclose(out);
	assert_int_equal(vmlinux_get(&kernel, &path), 0);
	assert_non_null(strstr(path, "/memcgbench/vmlinux/0123456789abcdef0123456789abcdef"));
	free(path);
	/* The second time the image is not read. */
	assert_int_equal(unlink(image_path), 0);
	assert_int_equal(vmlinux_get(&kernel, &path), 0);
	free(path);
	/* No entry: remembered too. */
	elf = make_elf(6);
	kernel.sha256[0] = 'f';
	assert_int_equal(vmlinux_get(&kernel, &path), -ENOENT);
	out = fopen(image_path, "w");
	fwrite(image, make_image(image, sizeof(image), &elf, sizeof(elf)), 1, out);
	fclose(out);
	assert_int_equal(vmlinux_get(&kernel, &path), -EOPNOTSUPP);
	assert_int_equal(unlink(image_path), 0);
	assert_int_equal(vmlinux_get(&kernel, &path), -EOPNOTSUPP);
	snprintf(command, sizeof(command), "rm -r %s", work);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pvh_entry),
		cmocka_unit_test(unpacked),
		cmocka_unit_test(kept_by_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
