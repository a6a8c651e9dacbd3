// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offsets of the boot protocol: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header" (Linux 6.12).
 */
#include "guest/kernel.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/printable.h"
#include "guest/files.h"

enum {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4, /* in units of 16 bytes */
	BOOT_FLAG = 0x1fe,
	HEADER = 0x202,
	VERSION = 0x206,
	KERNEL_VERSION = 0x20e, /* + 0x200 */
	XLOADFLAGS = 0x236,
	HEADER_END = 0x268,
};
#define XLF_KERNEL_64 1

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t le32(const unsigned char *p)
{
	return le16(p) | le16(p + 2) << 16;
}

/* What else it may be: so that the sentence helps. */
static int not_bzimage(const char *path, const struct file_map *map)
{
	if (map->size >= 64 && !memcmp(map->data, ELFMAG, SELFMAG)) {
		uint32_t machine = le16(map->data + offsetof(Elf64_Ehdr, e_machine));

		if (machine == EM_X86_64)
			return err_set(EBADMSG, "%s: not a kernel image: an ELF file (the uncompressed vmlinux?); "
				       "give arch/x86/boot/bzImage", path);
		return err_set(EBADMSG, "%s: wrong architecture: ELF machine %u, x86-64 is needed", path, machine);
	}
	if (map->size >= 0x40 && !memcmp(map->data + 0x38, "ARM\x64", 4))
		return err_set(EBADMSG, "%s: wrong architecture: an arm64 image, x86-64 is needed", path);
	if (map->size >= 0x40 && !memcmp(map->data + 0x38, "RSC\x05", 4))
		return err_set(EBADMSG, "%s: wrong architecture: a RISC-V image, x86-64 is needed", path);
	if (map->size < HEADER_END && map->size >= 2 && map->data[0] == 'M' && map->data[1] == 'Z')
		return err_set(EBADMSG, "%s: truncated image: %zu bytes, not even its header", path, map->size);
	return err_set(EBADMSG, "%s: not a kernel image (no \"HdrS\" at 0x202)", path);
}

static void read_release(const struct file_map *map, char *ret_release, size_t size)
{
	size_t at = 0x200 + le16(map->data + KERNEL_VERSION), len = 0;

	ret_release[0] = '\0';
	if (!le16(map->data + KERNEL_VERSION) || at >= map->size)
		return;
	while (at + len < map->size && len + 1 < size && map->data[at + len] > ' ')
		len++;
	memcpy(ret_release, map->data + at, len);
	ret_release[len] = '\0';
	printable(ret_release, false);
}

int kernel_image_is(const char *path, const char *release, const char *version)
{
	__unmap_file struct file_map map = {0};
	char text[256], header_release[128];
	const char *build;
	size_t at, len;
	int ret = kernel_image_check(path, header_release, sizeof(header_release));

	if (!ret)
		ret = file_map_open(path, &map);
	if (ret)
		return ret;
	at = 0x200 + le16(map.data + KERNEL_VERSION);
	len = at < map.size ? strnlen((const char *)map.data + at, map.size - at) : 0;
	snprintf(text, sizeof(text), "%.*s", (int)len, len ? (const char *)map.data + at : "");
	printable(text, false);
	build = strstr(text, ") #");
	if ((header_release[0] && strcmp(header_release, release)) || (build && strcmp(build + 2, version)))
		return err_set(EBADMSG, "not the kernel that was to be booted: it says %s %s, the image %s%s%s", release, version,
			       header_release, build ? " " : "", build ? build + 2 : "");
	return 0;
}

int kernel_image_check(const char *path, char *ret_release, size_t release_size)
{
	__unmap_file struct file_map map = {0};
	uint64_t needed;
	uint32_t sects;
	int ret = file_map_open(path, &map);

	if (ret)
		return ret;
	if (map.size == 0)
		return err_set(EBADMSG, "%s: truncated image: the file is empty", path);
	if (map.size < HEADER_END || le16(map.data + BOOT_FLAG) != 0xaa55 || memcmp(map.data + HEADER, "HdrS", 4))
		return not_bzimage(path, &map);
	/* xloadflags is there from protocol 2.12 (Linux 3.8) on; a kernel without it is older than memcg's v2. */
	if (le16(map.data + VERSION) < 0x020c || !(le16(map.data + XLOADFLAGS) & XLF_KERNEL_64))
		return err_set(EBADMSG, "%s: wrong architecture: a 32-bit x86 kernel, x86-64 is needed", path);
	sects = map.data[SETUP_SECTS] ? map.data[SETUP_SECTS] : 4;
	needed = (sects + 1) * 512ull + le32(map.data + SYSSIZE) * 16ull;
	/* The last paragraph may be partly used: syssize is rounded up. */
	if (map.size + 15 < needed)
		return err_set(EBADMSG, "%s: truncated image: %zu bytes of %llu", path, map.size,
			       (unsigned long long)needed);
	read_release(&map, ret_release, release_size);
	return 0;
}
