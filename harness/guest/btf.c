// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The payload of a kernel image: Documentation/arch/x86/boot.rst, payload_offset and payload_length (protocol 2.08).
 */
#include "guest/btf.h"

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/files.h"

enum {
	SETUP_SECTS = 0x1f1,
	HEADER = 0x202,
	PAYLOAD_OFFSET = 0x248,
	PAYLOAD_LENGTH = 0x24c,
	HEADER_END = 0x268,
};
#define BTF_MAGIC 0xeb9f
#define READ_BYTES (1 << 20)
/* An uncompressed kernel is some 60 MB. */
#define VMLINUX_MAX (1ull << 30)

/* Bytes of a file or of a part of one; not owned. */
struct span {
	const unsigned char *data;
	size_t size;
};

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void btf_bytes_free(struct btf_bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct btf_bytes){0};
}

static int copy_span(struct span span, struct btf_bytes *bytes)
{
	bytes->data = malloc(span.size ? span.size : 1);
	if (!bytes->data)
		return err_sys(ENOMEM, "BTF of %zu bytes", span.size);
	memcpy(bytes->data, span.data, span.size);
	bytes->size = span.size;
	return 0;
}

/* --- ELF --- */

static int elf_check(const char *path, struct span elf)
{
	Elf64_Ehdr header;

	if (elf.size < sizeof(header))
		return err_set(EBADMSG, "%s: truncated ELF file: %zu bytes", path, elf.size);
	memcpy(&header, elf.data, sizeof(header));
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64)
		return err_set(EBADMSG, "%s: wrong architecture: ELF machine %u, x86-64 is needed", path,
			       header.e_ident[EI_DATA] == ELFDATA2MSB ? __builtin_bswap16(header.e_machine) :
									header.e_machine);
	if (header.e_shoff > elf.size || (header.e_shnum && header.e_shentsize != sizeof(Elf64_Shdr)) ||
	    header.e_shnum * sizeof(Elf64_Shdr) > elf.size - header.e_shoff)
		return err_set(EBADMSG, "%s: truncated ELF file: its sections end behind byte %zu", path, elf.size);
	return 0;
}

static Elf64_Shdr section_at(struct span elf, size_t i)
{
	Elf64_Ehdr header;
	Elf64_Shdr section;

	memcpy(&header, elf.data, sizeof(header));
	memcpy(&section, elf.data + header.e_shoff + i * sizeof(section), sizeof(section));
	return section;
}

static bool section_fits(struct span elf, const Elf64_Shdr *section)
{
	return section->sh_offset <= elf.size && section->sh_size <= elf.size - section->sh_offset;
}

/* Is the name at @offset of the section of names this one? */
static bool name_is(struct span elf, const Elf64_Shdr *names, uint32_t offset, const char *name)
{
	size_t size = strlen(name) + 1;

	return offset <= names->sh_size && size <= names->sh_size - offset &&
	       !memcmp(elf.data + names->sh_offset + offset, name, size);
}

static int elf_btf(const char *path, struct span elf, struct btf_bytes *bytes)
{
	Elf64_Ehdr header;
	Elf64_Shdr names;
	size_t i;
	int ret = elf_check(path, elf);

	if (ret)
		return ret;
	memcpy(&header, elf.data, sizeof(header));
	if (header.e_shstrndx >= header.e_shnum)
		return err_set(ENODATA, "%s: no BTF in it: the file has no sections", path);
	names = section_at(elf, header.e_shstrndx);
	if (!section_fits(elf, &names))
		return err_set(EBADMSG, "%s: truncated ELF file: its names end behind byte %zu", path, elf.size);
	for (i = 0; i < header.e_shnum; i++) {
		Elf64_Shdr section = section_at(elf, i);

		if (!name_is(elf, &names, section.sh_name, ".BTF"))
			continue;
		if (section.sh_type == SHT_NOBITS || !section_fits(elf, &section))
			return err_set(EBADMSG, "%s: truncated ELF file: .BTF ends behind byte %zu", path, elf.size);
		return copy_span((struct span){elf.data + section.sh_offset, section.sh_size}, bytes);
	}
	return err_set(ENODATA, "%s: no BTF in it: built without CONFIG_DEBUG_INFO_BTF", path);
}

/* --- the payload of a kernel image --- */

/* Where the compressed vmlinux lies; kernel_image_check() has seen the file. */
static int find_payload(const char *path, struct span image, struct span *ret_payload)
{
	size_t sects = image.data[SETUP_SECTS] ? image.data[SETUP_SECTS] : 4;
	uint64_t offset = (sects + 1) * 512 + le32(image.data + PAYLOAD_OFFSET);
	uint64_t length = le32(image.data + PAYLOAD_LENGTH);
	static const unsigned char gzip[] = {0x1f, 0x8b};

	if (length < 8 || offset > image.size || length > image.size - offset)
		return err_set(EBADMSG, "%s: truncated image: its payload ends behind byte %zu", path, image.size);
	/* Behind the payload stands its uncompressed size, which only gzip has as a part of itself. */
	if (memcmp(image.data + offset, gzip, sizeof(gzip)))
		length -= 4;
	*ret_payload = (struct span){image.data + offset, length};
	return 0;
}

static int read_entry(struct archive *a, const char *path, FILE *out)
{
	static const char *const needs = "its compression is one that libarchive does not know";
	__free_mem char *buffer = malloc(READ_BYTES);
	struct archive_entry *entry;
	uint64_t total = 0;
	la_ssize_t n;

	if (!buffer)
		return err_sys(ENOMEM, "unpack %s", path);
	if (archive_read_next_header(a, &entry) != ARCHIVE_OK)
		return err_set(EBADMSG, "%s: cannot unpack: %s", path,
			       archive_error_string(a) ? archive_error_string(a) : needs);
	while ((n = archive_read_data(a, buffer, READ_BYTES)) > 0) {
		total += (uint64_t)n;
		if (total > VMLINUX_MAX)
			return err_set(EBADMSG, "%s: cannot unpack: more than %llu bytes", path, VMLINUX_MAX);
		fwrite(buffer, 1, (size_t)n, out);
	}
	if (n < 0)
		return err_set(EBADMSG, "%s: cannot unpack: %s", path, archive_error_string(a));
	return 0;
}

static int unpack_payload(const char *path, struct span payload, char **ret_data, size_t *ret_size)
{
	FILE *out = open_memstream(ret_data, ret_size);
	struct archive *a = archive_read_new();
	int ret = 0;

	if (a && out) {
		archive_read_support_filter_all(a);
		archive_read_support_format_raw(a);
		if (archive_read_open_memory(a, payload.data, payload.size) != ARCHIVE_OK)
			ret = err_set(EBADMSG, "%s: cannot unpack: %s", path, archive_error_string(a));
		else
			ret = read_entry(a, path, out);
	}
	if (!out || !a || fclose(out))
		ret = ret ? ret : err_sys(ENOMEM, "unpack %s", path);
	archive_read_free(a);
	return ret;
}

static int image_btf(const char *path, struct span image, struct btf_bytes *bytes)
{
	__free_mem char *vmlinux = NULL;
	struct span payload = {0};
	char release[128];
	size_t size = 0;
	int ret = kernel_image_check(path, release, sizeof(release));

	if (!ret)
		ret = find_payload(path, image, &payload);
	if (!ret)
		ret = unpack_payload(path, payload, &vmlinux, &size);
	if (ret)
		return ret;
	if (size < SELFMAG || memcmp(vmlinux, ELFMAG, SELFMAG))
		return err_set(EBADMSG, "%s: what it unpacks to is no ELF file (a compression that libarchive does not know?)",
			       path);
	if (!bytes->name[0])
		snprintf(bytes->name, sizeof(bytes->name), "%s", release);
	return elf_btf(path, (struct span){(unsigned char *)vmlinux, size}, bytes);
}

/* --- files and specs --- */

static int file_btf(const char *path, struct btf_bytes *bytes)
{
	__unmap_file struct file_map map = {0};
	int ret = file_map_open(path, &map);
	char release[128];
	struct span file;

	if (ret)
		return ret;
	file = (struct span){map.data, map.size};
	if (file.size == 0)
		return err_set(EBADMSG, "%s: truncated: the file is empty", path);
	if (file.size >= SELFMAG && !memcmp(file.data, ELFMAG, SELFMAG))
		return elf_btf(path, file, bytes);
	if (file.size >= 2 && (file.data[0] | file.data[1] << 8) == BTF_MAGIC)
		return copy_span(file, bytes);
	if (file.size >= HEADER_END && !memcmp(file.data + HEADER, "HdrS", 4))
		return image_btf(path, file, bytes);
	/* Its sentence tells what else the file may be. */
	ret = kernel_image_check(path, release, sizeof(release));
	return ret ? ret : err_set(EBADMSG, "%s: neither a vmlinux, nor BTF, nor a kernel image", path);
}

/* sysfs tells the size, but only newer kernels let the file be mapped: it is read as a stream. */
static int running_btf(struct btf_bytes *bytes)
{
	__free_mem char *path = text_format("%s/sys/kernel/btf/vmlinux", fs_root());
	__free_mem char *buffer = malloc(READ_BYTES);
	__close_file FILE *in = path ? fopen(path, "re") : NULL;
	char *data = NULL;
	FILE *out;
	size_t n;

	if (!path || !buffer)
		return err_sys(ENOMEM, "running: BTF");
	if (!in)
		return err_set(errno == ENOENT ? ENODATA : errno,
			       "running: no %s: this kernel was built without CONFIG_DEBUG_INFO_BTF", path);
	out = open_memstream(&data, &bytes->size);
	if (!out)
		return err_sys(ENOMEM, "running: BTF");
	while ((n = fread(buffer, 1, READ_BYTES, in)) > 0)
		fwrite(buffer, 1, n, out);
	if (fclose(out) || ferror(in)) {
		free(data);
		return err_sys(EIO, "read %s", path);
	}
	bytes->data = data;
	return 0;
}

static void name_running(struct btf_bytes *bytes)
{
	struct utsname uts;

	uname(&uts);
	snprintf(bytes->name, sizeof(bytes->name), "%s", uts.release);
}

/* A file of its own, or a build tree that still has its vmlinux; -ENXIO: neither. */
static int path_btf(const char *path, struct btf_bytes *bytes)
{
	__free_mem char *vmlinux = text_format("%s/vmlinux", path);

	if (!vmlinux)
		return -ENOMEM;
	if (file_is_folder(path)) {
		if (!file_is_regular(vmlinux))
			return -ENXIO;
		return file_btf(vmlinux, bytes);
	}
	if (!file_is_regular(path))
		return err_sys(access(path, F_OK) ? errno : EINVAL, "%s", path);
	if (!strcmp(path, "/sys/kernel/btf/vmlinux"))
		return running_btf(bytes);
	return file_btf(path, bytes);
}

static int kernel_btf(const struct kernel_spec *spec, const struct kernel_progress *progress, struct btf_bytes *bytes)
{
	struct kernel kernel;
	int ret = kernel_open(spec, progress, &kernel);

	if (ret)
		return ret;
	ret = file_btf(kernel.image_path, bytes);
	kernel_free(&kernel);
	return ret;
}

static int spec_btf(const struct kernel_spec *spec, const struct kernel_progress *progress, struct btf_bytes *bytes)
{
	int ret;

	switch (spec->type) {
	case KERNEL_SPEC_RUNNING:
		if (!bytes->name[0])
			name_running(bytes);
		return running_btf(bytes);
	case KERNEL_SPEC_PATH:
		ret = path_btf(spec->paths[0], bytes);
		return ret == -ENXIO ? kernel_btf(spec, progress, bytes) : ret;
	default:
		return kernel_btf(spec, progress, bytes);
	}
}

int btf_open(const char *text, const struct kernel_progress *progress, struct btf_bytes *ret_bytes)
{
	struct btf_bytes bytes = {0};
	struct kernel_spec spec;
	int ret = kernel_spec_parse(text, &spec);

	if (ret)
		return ret;
	snprintf(bytes.name, sizeof(bytes.name), "%s", spec.name);
	ret = spec_btf(&spec, progress, &bytes);
	if (!ret && !bytes.name[0])
		snprintf(bytes.name, sizeof(bytes.name), "%s", text);
	kernel_spec_free(&spec);
	if (ret) {
		btf_bytes_free(&bytes);
		return ret;
	}
	*ret_bytes = bytes;
	return 0;
}
