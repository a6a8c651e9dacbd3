// SPDX-License-Identifier: GPL-2.0-or-later
/* Offsets of the boot protocol: Documentation/arch/x86/boot.rst (Linux 6.12), protocol 2.08 and later. */
#include "guest/vmlinux.h"

#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/unpack.h"

#define SETUP_SECTS    0x1f1
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define HEADER_END     0x250

/* KERNEL_IMAGE_SIZE, arch/x86/include/asm/page_64_types.h (Linux 6.12): no larger one has room to run, with KASLR twice that. */
#define VMLINUX_MAX (512u << 20)

#define PHYS32_ENTRY 18 /* XEN_ELFNOTE_PHYS32_ENTRY */

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static size_t align4(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

static bool notes_have_entry(const unsigned char *notes, size_t size)
{
	Elf64_Nhdr note;
	size_t at = 0;

	while (size - at >= sizeof(note)) {
		size_t name, desc;

		memcpy(&note, notes + at, sizeof(note));
		name = align4(note.n_namesz);
		desc = align4(note.n_descsz);
		at += sizeof(note);
		if (name > size - at || desc > size - at - name)
			return false;
		if (note.n_type == PHYS32_ENTRY && note.n_namesz == 4 && !memcmp(notes + at, "Xen", 4))
			return true;
		at += name + desc;
	}
	return false;
}

bool vmlinux_has_pvh_entry(const unsigned char *data, size_t size)
{
	Elf64_Ehdr elf;
	Elf64_Phdr segment;
	size_t i;

	if (size < sizeof(elf) || memcmp(data, ELFMAG, SELFMAG) || data[EI_CLASS] != ELFCLASS64)
		return false;
	memcpy(&elf, data, sizeof(elf));
	if (elf.e_phentsize != sizeof(segment) || elf.e_phoff > size || elf.e_phnum > (size - elf.e_phoff) / sizeof(segment))
		return false;
	for (i = 0; i < elf.e_phnum; i++) {
		memcpy(&segment, data + elf.e_phoff + i * sizeof(segment), sizeof(segment));
		if (segment.p_type == PT_NOTE && segment.p_offset <= size && segment.p_filesz <= size - segment.p_offset &&
		    notes_have_entry(data + segment.p_offset, segment.p_filesz))
			return true;
	}
	return false;
}

int vmlinux_unpack(const unsigned char *image, size_t image_size, const char *path, unsigned char **ret_data, size_t *ret_size)
{
	__free_mem unsigned char *data = NULL;
	size_t setup, offset, length, unpacked_size, used = 0;
	int ret;

	if (image_size < HEADER_END)
		return err_set(EBADMSG, "%s: truncated image: %zu bytes, not even its header", path, image_size);
	setup = ((image[SETUP_SECTS] ? image[SETUP_SECTS] : 4) + 1) * 512u;
	offset = setup + le32(image + PAYLOAD_OFFSET);
	length = le32(image + PAYLOAD_LENGTH);
	if (length < 8 || offset > image_size || length > image_size - offset)
		return err_set(EBADMSG, "%s: truncated image: its payload ends behind byte %zu", path, image_size);
	/* Its size unpacked comes last: appended to all but gzip, which ends in it anyway (scripts/Makefile.lib, size_append). */
	unpacked_size = le32(image + offset + length - 4);
	if (image[offset] != 0x1f || image[offset + 1] != 0x8b)
		length -= 4;
	ret = unpack_stream(image + offset, length, unpacked_size < VMLINUX_MAX ? unpacked_size : VMLINUX_MAX, "its payload", &data, &used);
	if (!ret && used != unpacked_size)
		ret = err_set(EBADMSG, "%zu bytes of %zu (a compression that libarchive does not know?)", used, unpacked_size);
	if (ret)
		return err_prefix(ret, "%s: cannot unpack", path);
	*ret_data = take_ptr(data);
	*ret_size = used;
	return 0;
}

/* An image that must boot as it is leaves an empty file, so that it is not unpacked again each time. */
static int make(void *ctx, const char *folder)
{
	const struct kernel *kernel = ctx;
	__unmap_file struct file_map image = {0};
	__free_mem unsigned char *data = NULL;
	__free_mem char *path = text_format("%s/vmlinux", folder);
	size_t size = 0;
	int ret = path ? file_map_open(kernel->image_path, &image) : -ENOMEM;

	if (!ret)
		ret = vmlinux_unpack(image.data, image.size, kernel->image_path, &data, &size);
	if (ret && ret != -EBADMSG && ret != -EFBIG)
		return ret;
	if (ret || !vmlinux_has_pvh_entry(data, size))
		size = 0;
	return file_replace(path, size ? (void *)data : "", size);
}

int vmlinux_get(const struct kernel *kernel, char **ret_path)
{
	__free_mem char *folder = NULL, *path = NULL;
	__unmap_file struct file_map map = {0};
	int ret = cache_entry("vmlinux", kernel->sha256, make, (void *)kernel, &folder);

	if (ret)
		return ret;
	path = text_format("%s/vmlinux", folder);
	ret = path ? file_map_open(path, &map) : -ENOMEM;
	if (ret)
		return ret;
	if (!map.size)
		return err_set(EOPNOTSUPP, "%s has no PVH entry that QEMU could start", kernel->image_path);
	*ret_path = take_ptr(path);
	return 0;
}

bool vmlinux_has_param(const char *path, const char *name)
{
	struct file_map map __unmap_file = {0};
	const unsigned char *at, *end;
	char wanted[256];
	size_t len = (size_t)snprintf(wanted, sizeof(wanted), "%s", name), i;

	if (!path || len >= sizeof(wanted) || file_map_open(path, &map))
		return true;
	/* The kernel takes both for the same, and names of C have the one. */
	for (i = 0; i < len; i++)
		if (wanted[i] == '-')
			wanted[i] = '_';
	end = map.data + map.size;
	for (at = map.data; (at = memmem(at, (size_t)(end - at), wanted, len)) && end - at > (ptrdiff_t)len + 1; at++)
		if (!at[len] || (at[len] == '=' && !at[len + 1]))
			return true;
	return false;
}
