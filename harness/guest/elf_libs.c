// SPDX-License-Identifier: GPL-2.0-or-later
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/initramfs.h"
#include "guest/process.h"

void elf_libs_free(struct elf_libs *libs)
{
	for (size_t i = 0; i < libs->nr; i++) {
		free(libs->names[i]);
		free(libs->paths[i]);
	}
	free(libs->names);
	free(libs->paths);
	free(libs->interpreter);
	*libs = (struct elf_libs){0};
}

static int add_lib(struct elf_libs *libs, const char *name, size_t name_len, const char *path, size_t path_len)
{
	char **names = realloc(libs->names, (libs->nr + 1) * sizeof(*names));
	char **paths;

	if (names)
		libs->names = names;
	paths = realloc(libs->paths, (libs->nr + 1) * sizeof(*paths));
	if (paths)
		libs->paths = paths;
	if (!names || !paths)
		return err_sys(ENOMEM, "list shared libraries");
	names[libs->nr] = strndup(name, name_len);
	paths[libs->nr] = strndup(path, path_len);
	libs->nr++;
	return names[libs->nr - 1] && paths[libs->nr - 1] ? 0 : err_sys(ENOMEM, "list shared libraries");
}

/*
 * "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)"; lines without "=>" are the kernel's vdso and ld.so
 * itself; one with a slash before "=>" is ld.so under another name.
 */
int elf_libs_parse(const char *text, struct elf_libs *libs)
{
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *name = line + strspn(line, " \t"), *arrow = memmem(line, len, " => ", 4);

		if (arrow && !memchr(name, '/', (size_t)(arrow - name))) {
			const char *path = arrow + 4;
			int ret;

			if (!strncmp(path, "not found", 9))
				return err_set(ENOENT, "shared library %.*s is not on this machine",
					       (int)(arrow - name), name);
			ret = add_lib(libs, name, (size_t)(arrow - name), path, strcspn(path, " \n"));
			if (ret)
				return ret;
		}
		line += len + (line[len] == '\n');
	}
	return 0;
}

/* PT_INTERP of a 64-bit ELF; *ret stays NULL for a static program. */
static int read_interpreter(const char *program, char **ret)
{
	__unmap_file struct file_map map = {0};
	const Elf64_Ehdr *elf;
	int status = file_map_open(program, &map);

	if (status)
		return status;
	elf = (const void *)map.data;
	if (map.size < sizeof(*elf) || memcmp(map.data, ELFMAG, SELFMAG) || map.data[EI_CLASS] != ELFCLASS64 ||
	    elf->e_phoff > map.size || (map.size - elf->e_phoff) / sizeof(Elf64_Phdr) < elf->e_phnum)
		return err_set(ENOEXEC, "%s is not a 64-bit program", program);
	for (size_t i = 0; i < elf->e_phnum; i++) {
		const Elf64_Phdr *header = (const Elf64_Phdr *)(map.data + elf->e_phoff) + i;

		if (header->p_type != PT_INTERP)
			continue;
		if (header->p_offset > map.size || header->p_filesz > map.size - header->p_offset)
			return err_set(ENOEXEC, "%s is a damaged program", program);
		*ret = strndup((const char *)map.data + header->p_offset, header->p_filesz);
		return *ret ? 0 : err_sys(ENOMEM, "read %s", program);
	}
	return 0;
}

static int list_with_ld_so(const char *program, struct elf_libs *libs)
{
	const char *argv[] = {libs->interpreter, "--list", program, NULL};
	__free_mem char *text = NULL;
	int ret = process_text(argv, PROCESS_OUT, &text);

	if (ret > 0)
		return err_set(ENOEXEC, "%s --list %s ended with status %d", libs->interpreter, program, ret);
	return ret ? ret : elf_libs_parse(text, libs);
}

int elf_libs_find(const char *program, struct elf_libs *ret_libs)
{
	struct elf_libs libs = {0};
	/* ld.so runs as a process of its own, to which /proc/self/exe is ld.so. */
	__free_mem char *path = realpath(program, NULL);
	int ret = path ? read_interpreter(path, &libs.interpreter) : err_sys(errno, "find %s", program);

	if (!ret && libs.interpreter)
		ret = list_with_ld_so(path, &libs);
	if (ret) {
		elf_libs_free(&libs);
		return err_prefix(ret, "shared libraries of %s", program);
	}
	*ret_libs = libs;
	return 0;
}
