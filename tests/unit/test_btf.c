// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/btf.h: BTF found in a vmlinux, a kernel image, a file of its own and sysfs; and what is none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/btf.h"
#include "guest/files.h"

/* The finder does not look into it, but for its first two bytes. */
static const unsigned char btf_text[] = "\x9f\xeb\x01 made up";

static char folder[] = "/tmp/memcgbench-test-btf-XXXXXX";

/* A vmlinux with sections "", ".BTF" (as @section), ".shstrtab". */
struct vmlinux {
	Elf64_Ehdr header;
	Elf64_Shdr sections[3];
	char names[32];
	unsigned char btf[sizeof(btf_text)];
};

static struct vmlinux make_vmlinux(const char *section)
{
	struct vmlinux v = {0};

	memcpy(v.header.e_ident, ELFMAG, SELFMAG);
	v.header.e_ident[EI_CLASS] = ELFCLASS64;
	v.header.e_ident[EI_DATA] = ELFDATA2LSB;
	v.header.e_machine = EM_X86_64;
	v.header.e_shoff = offsetof(struct vmlinux, sections);
	v.header.e_shentsize = sizeof(Elf64_Shdr);
	v.header.e_shnum = 3;
	v.header.e_shstrndx = 2;
	memcpy(v.names, "\0.shstrtab\0", 11);
	strcpy(v.names + 11, section);
	v.sections[1] = (Elf64_Shdr){.sh_name = 11,
				     .sh_type = SHT_PROGBITS,
				     .sh_offset = offsetof(struct vmlinux, btf),
				     .sh_size = sizeof(btf_text)};
	v.sections[2] = (Elf64_Shdr){.sh_name = 1,
				     .sh_type = SHT_STRTAB,
				     .sh_offset = offsetof(struct vmlinux, names),
				     .sh_size = sizeof(v.names)};
	memcpy(v.btf, btf_text, sizeof(btf_text));
	return v;
}

static char *write_file(const char *name, const void *data, size_t size)
{
	char *path = text_format("%s/%s", folder, name);

	assert_non_null(path);
	assert_int_equal(file_replace(path, data, size), 0);
	return path;
}

static void opens(const char *spec, const char *name)
{
	struct btf_bytes bytes;

	assert_int_equal(btf_open(spec, NULL, &bytes), 0);
	assert_int_equal(bytes.size, sizeof(btf_text));
	assert_memory_equal(bytes.data, btf_text, sizeof(btf_text));
	assert_string_equal(bytes.name, name);
	btf_bytes_free(&bytes);
}

static void fails(const char *spec, int err, const char *sentence)
{
	struct btf_bytes bytes;

	assert_int_equal(btf_open(spec, NULL, &bytes), -err);
	if (!strstr(err_msg(), sentence))
		fail_msg("said: %s", err_msg());
	assert_null(strchr(err_msg(), '\n'));
}

static void from_vmlinux(void **state)
{
	struct vmlinux v = make_vmlinux(".BTF");
	char *path = write_file("vmlinux", &v, sizeof(v)), *named = text_format("mine=%s", path);

	(void)state;
	opens(path, path);
	opens(named, "mine");
	/* A build tree has it, too. */
	opens(folder, folder);
	unlink(path);
	free(named);
	free(path);
}

static void from_raw(void **state)
{
	char *path = write_file("raw.btf", btf_text, sizeof(btf_text));

	(void)state;
	opens(path, path);
	free(path);
}

/* @data through a filter of libarchive. */
static size_t compress(const void *data, size_t size, int filter, char *buf, size_t buf_size)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t used = 0;

	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	assert_int_equal(archive_write_set_format_raw(a), ARCHIVE_OK);
	archive_write_set_bytes_per_block(a, 0);
	assert_int_equal(archive_write_open_memory(a, buf, buf_size, &used), ARCHIVE_OK);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_size(entry, (la_int64_t)size);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	assert_int_equal(archive_write_data(a, data, size), size);
	archive_entry_free(entry);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return used;
}

/* A kernel image of one sector of setup, whose payload is @size bytes. */
static size_t make_image(char *image, const char *payload, size_t size)
{
	uint32_t paragraphs = (uint32_t)(size + 15) / 16, length = (uint32_t)size;

	memset(image, 0, 1024);
	image[0x1f1] = 1;
	memcpy(image + 0x1f4, &paragraphs, 4);
	image[0x1fe] = 0x55;
	image[0x1ff] = (char)0xaa;
	memcpy(image + 0x202, "HdrS", 4);
	image[0x206] = 0x0f;
	image[0x207] = 0x02;
	image[0x236] = 1;
	image[0x20e] = 0x70;
	image[0x20f] = 0x01;
	strcpy(image + 0x370, "6.99.1-test and more");
	memcpy(image + 0x24c, &length, 4);
	memcpy(image + 1024, payload, size);
	return 1024 + 16ull * paragraphs;
}

static void from_image(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD, ARCHIVE_FILTER_BZIP2};
	struct vmlinux v = make_vmlinux(".BTF");
	char payload[4096], image[8192];
	size_t i, size;
	char *path;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(filters); i++) {
		memset(image, 0, sizeof(image));
		size = compress(&v, sizeof(v), filters[i], payload, sizeof(payload) - 4);
		if (filters[i] != ARCHIVE_FILTER_GZIP) {
			/* The kernel's build appends the size; a reader that takes it for data stumbles. */
			memcpy(payload + size, &(uint32_t){sizeof(v)}, 4);
			size += 4;
		}
		path = write_file("bzImage", image, make_image(image, payload, size));
		opens(path, "6.99.1-test");
		unlink(path);
		free(path);
	}
}

static void broken_images(void **state)
{
	struct vmlinux v = make_vmlinux(".BTF");
	char payload[4096], image[8192] = "";
	size_t size = compress(&v, sizeof(v), ARCHIVE_FILTER_GZIP, payload, sizeof(payload)), image_size;
	uint32_t beyond = 1 << 20;
	char *path;

	(void)state;
	image_size = make_image(image, payload, size);
	path = write_file("bzImage", image, image_size - 32);
	fails(path, EBADMSG, "truncated image");
	free(path);
	memcpy(image + 0x24c, &beyond, 4);
	path = write_file("bzImage", image, image_size);
	fails(path, EBADMSG, "truncated image: its payload ends behind");
	free(path);
	memset(payload + 10, 0x55, size - 10);
	image_size = make_image(image, payload, size);
	path = write_file("bzImage", image, image_size);
	fails(path, EBADMSG, "cannot unpack");
	free(path);
	image_size = make_image(image, "no compression at all", 21);
	path = write_file("bzImage", image, image_size);
	fails(path, EBADMSG, "a compression that libarchive does not know?");
	unlink(path);
	free(path);
}

static void broken_elf(void **state)
{
	struct vmlinux v = make_vmlinux(".data");
	size_t cut;
	char *path = write_file("elf", &v, sizeof(v));

	(void)state;
	fails(path, ENODATA, "no BTF in it: built without CONFIG_DEBUG_INFO_BTF");
	free(path);
	v = make_vmlinux(".BTF");
	v.header.e_machine = EM_AARCH64;
	path = write_file("elf", &v, sizeof(v));
	fails(path, EBADMSG, "wrong architecture: ELF machine 183");
	free(path);
	v = make_vmlinux(".BTF");
	for (cut = SELFMAG; cut < offsetof(struct vmlinux, btf) + sizeof(btf_text); cut++) {
		path = write_file("elf", &v, cut);
		fails(path, EBADMSG, "truncated");
		free(path);
	}
	v.header.e_shoff = UINT64_MAX;
	path = write_file("elf", &v, sizeof(v));
	fails(path, EBADMSG, "truncated");
	free(path);
	v = make_vmlinux(".BTF");
	v.sections[1].sh_size = UINT64_MAX;
	path = write_file("elf", &v, sizeof(v));
	fails(path, EBADMSG, ".BTF ends behind");
	free(path);
	v = make_vmlinux(".BTF");
	v.header.e_shstrndx = 9;
	path = write_file("elf", &v, sizeof(v));
	fails(path, ENODATA, "no BTF in it");
	free(path);
}

static void neither(void **state)
{
	char *path = write_file("text", "some words that are no kernel", 29);

	(void)state;
	fails(path, EBADMSG, "not a kernel image");
	free(path);
	path = write_file("empty", "", 0);
	fails(path, EBADMSG, "empty");
	free(path);
	fails("/nowhere/vmlinux", ENOENT, "/nowhere/vmlinux: No such file");
	fails("deb:new", EINVAL, "not a version");
}

static void from_sysfs(void **state)
{
	char *sys = text_format("%s/sys/kernel/btf", folder), *path;
	struct btf_bytes bytes;

	(void)state;
	fs_set_root(folder);
	fails("running", ENODATA, "CONFIG_DEBUG_INFO_BTF");
	assert_int_equal(folder_make(sys), 0);
	path = write_file("sys/kernel/btf/vmlinux", btf_text, sizeof(btf_text));
	assert_int_equal(btf_open("running", NULL, &bytes), 0);
	assert_int_equal(bytes.size, sizeof(btf_text));
	assert_true(bytes.name[0]);
	btf_bytes_free(&bytes);
	opens("here=running", "here");
	fs_set_root("");
	free(path);
	free(sys);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	folder_remove(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_vmlinux), cmocka_unit_test(from_raw),   cmocka_unit_test(from_image),
		cmocka_unit_test(broken_images), cmocka_unit_test(broken_elf), cmocka_unit_test(neither),
		cmocka_unit_test(from_sysfs),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
