// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/btf.h"

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
#include "guest/vmlinux.h"

enum {
	HEADER = 0x202,
	HEADER_END = 0x268,
};
#define BTF_MAGIC 0xeb9f
#define READ_BYTES (1 << 20)

/* Bytes of a file or of a part of one; not owned. */
struct span {
	const unsigned char *data;
	size_t size;
};

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

/* --- a kernel image --- */

static int image_btf(const char *path, struct span image, struct btf_bytes *bytes)
{
	__free_mem unsigned char *vmlinux = NULL;
	char release[128];
	size_t size = 0;
	int ret = kernel_image_check(path, release, sizeof(release));

	if (!ret)
		ret = vmlinux_unpack(image.data, image.size, path, &vmlinux, &size);
	if (ret)
		return ret;
	if (size < SELFMAG || memcmp(vmlinux, ELFMAG, SELFMAG))
		return err_set(EBADMSG, "%s: what it unpacks to is no ELF file", path);
	if (!bytes->name[0])
		snprintf(bytes->name, sizeof(bytes->name), "%s", release);
	return elf_btf(path, (struct span){vmlinux, size}, bytes);
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
