// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/modules.h"

#include <elf.h>
#include <errno.h>
#include <fts.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "guest/files.h"
#include "guest/unpack.h"

#define MODULE_BYTES_MAX (64u << 20)

struct module {
	char *name; /* with '_' only */
	char *path;
};

struct module_tree {
	char *folder;
	struct module *modules;
	size_t nr, room;
	char *builtin; /* text of modules.builtin, or NULL */
};

/* "kernel/lzo-rle.ko.xz" -> "lzo_rle"; false: not a module. */
static bool module_name(const char *file, char *ret, size_t size)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *ko = strstr(base, ".ko");

	if (!ko || (ko[3] && strcmp(ko + 3, ".xz") && strcmp(ko + 3, ".zst") && strcmp(ko + 3, ".gz")))
		return false;
	snprintf(ret, size, "%.*s", (int)(ko - base), base);
	for (char *c = ret; *c; c++)
		if (*c == '-')
			*c = '_';
	return true;
}

static int tree_add(struct module_tree *tree, const char *name, const char *path)
{
	struct module *module;

	if (tree->nr == tree->room) {
		size_t room = tree->room ? 2 * tree->room : 256;
		struct module *more = realloc(tree->modules, room * sizeof(*more));

		if (!more)
			return err_sys(ENOMEM, "list modules");
		tree->modules = more;
		tree->room = room;
	}
	module = &tree->modules[tree->nr++];
	module->name = text_format("%s", name);
	module->path = text_format("%s", path);
	return module->name && module->path ? 0 : -ENOMEM;
}

static int scan(struct module_tree *tree)
{
	char *const paths[] = {tree->folder, NULL};
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	FTSENT *entry;
	int ret = 0;

	if (!fts)
		return err_sys(errno, "look for modules in %s", tree->folder);
	while (!ret && (entry = fts_read(fts))) {
		char name[128];

		if ((entry->fts_info == FTS_F || entry->fts_info == FTS_NSOK) &&
		    module_name(entry->fts_name, name, sizeof(name)))
			ret = tree_add(tree, name, entry->fts_path);
	}
	fts_close(fts);
	return ret;
}

int module_tree_open(const char *folder, struct module_tree **ret_tree)
{
	__free_mem char *builtin = text_format("%s/modules.builtin", folder);
	struct module_tree *tree = calloc(1, sizeof(*tree));
	struct file_map map;
	int ret;

	if (!tree || !builtin) {
		free(tree);
		return err_sys(ENOMEM, "open %s", folder);
	}
	tree->folder = text_format("%s", folder);
	ret = tree->folder ? scan(tree) : -ENOMEM;
	if (!ret && file_map_open(builtin, &map) == 0) {
		tree->builtin = strndup((const char *)map.data, map.size);
		file_unmap(&map);
	}
	if (ret) {
		module_tree_free(tree);
		return ret;
	}
	*ret_tree = tree;
	return 0;
}

void module_tree_free(struct module_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->nr; i++) {
		free(tree->modules[i].name);
		free(tree->modules[i].path);
	}
	free(tree->modules);
	free(tree->builtin);
	free(tree->folder);
	free(tree);
}

void module_list_free(struct module_list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct module_list){0};
}

const char *module_info(const unsigned char *data, size_t size, const char *key)
{
	const Elf64_Ehdr *elf = (const void *)data;
	const Elf64_Shdr *sections, *names;
	size_t key_len = strlen(key);

	if (size < sizeof(*elf) || memcmp(data, ELFMAG, SELFMAG) || data[EI_CLASS] != ELFCLASS64 ||
	    elf->e_shentsize != sizeof(*sections) || elf->e_shoff > size || elf->e_shoff % 8 ||
	    (size - elf->e_shoff) / sizeof(*sections) < elf->e_shnum || elf->e_shstrndx >= elf->e_shnum)
		return NULL;
	sections = (const void *)(data + elf->e_shoff);
	names = &sections[elf->e_shstrndx];
	for (size_t i = 0; i < elf->e_shnum; i++) {
		const char *at, *end;
		uint64_t name = names->sh_offset + sections[i].sh_name;

		if (name > size - 9 || memcmp(data + name, ".modinfo", 9))
			continue;
		if (sections[i].sh_offset > size || sections[i].sh_size > size - sections[i].sh_offset)
			return NULL;
		at = (const char *)data + sections[i].sh_offset;
		end = at + sections[i].sh_size;
		/* Strings, one after the other; a last one that is not ended is not read. */
		while (at < end && memchr(at, '\0', (size_t)(end - at))) {
			size_t len = strlen(at);

			if (len > key_len && at[key_len] == '=' && !memcmp(at, key, key_len))
				return at + key_len + 1;
			at += len + 1;
		}
	}
	return NULL;
}

/* A module's bytes, decompressed. The caller frees. */
static int read_module(const char *path, unsigned char **ret_data, size_t *ret_size)
{
	__unmap_file struct file_map map = {0};
	int ret = file_map_open(path, &map);

	return ret ? ret : unpack_stream(map.data, map.size, MODULE_BYTES_MAX, path, ret_data, ret_size);
}

static const struct module *find_module(const struct module_tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->nr; i++)
		if (!strcmp(tree->modules[i].name, name))
			return &tree->modules[i];
	return NULL;
}

/* modules.builtin: one "kernel/mm/zsmalloc.ko" a line. */
static bool is_builtin(const struct module_tree *tree, const char *name)
{
	for (const char *line = tree->builtin; line && *line;) {
		size_t len = strcspn(line, "\n");
		char file[512], found[128];

		snprintf(file, sizeof(file), "%.*s", (int)len, line);
		if (module_name(file, found, sizeof(found)) && !strcmp(found, name))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

static bool is_listed(const struct module_list *list, const char *path)
{
	for (size_t i = 0; i < list->nr; i++)
		if (!strcmp(list->paths[i], path))
			return true;
	return false;
}

static int add_named(struct module_list *list, const struct module_tree *tree, const char *name, unsigned int depth);

/* Names between @separators; @optional: one that is not there is passed over. */
static int add_names(struct module_list *list, const struct module_tree *tree, const char *names,
		     const char *separators, bool optional, unsigned int depth)
{
	__free_mem char *copy = text_format("%s", names);
	char *save = NULL;

	if (!copy)
		return -ENOMEM;
	for (char *name = strtok_r(copy, separators, &save); name; name = strtok_r(NULL, separators, &save)) {
		int ret = add_named(list, tree, name, depth + 1);

		if (ret && !(optional && ret == -ENOENT))
			return ret;
	}
	return 0;
}

static int add_with_needs(struct module_list *list, const struct module_tree *tree, const struct module *module,
			  unsigned int depth)
{
	__free_mem unsigned char *data = NULL;
	const char *depends, *soft, *post;
	char **more;
	size_t size = 0;
	int ret = read_module(module->path, &data, &size);

	if (ret)
		return ret;
	depends = module_info(data, size, "depends");
	soft = module_info(data, size, "softdep");
	if (depends)
		ret = add_names(list, tree, depends, ",", false, depth);
	if (!ret && soft && !strncmp(soft, "pre:", 4)) {
		__free_mem char *pre = text_format("%s", soft + 4);

		post = pre ? strstr(pre, "post:") : NULL;
		if (post)
			pre[post - pre] = '\0';
		ret = pre ? add_names(list, tree, pre, " ", true, depth) : -ENOMEM;
	}
	if (ret || is_listed(list, module->path))
		return ret;
	more = realloc(list->paths, (list->nr + 1) * sizeof(*more));
	if (!more)
		return err_sys(ENOMEM, "list modules");
	list->paths = more;
	list->paths[list->nr] = text_format("%s", module->path);
	return list->paths[list->nr] ? (list->nr++, 0) : -ENOMEM;
}

static int add_named(struct module_list *list, const struct module_tree *tree, const char *name, unsigned int depth)
{
	const struct module *module;
	char plain[128];
	size_t len = (size_t)snprintf(plain, sizeof(plain), "%s", name);

	for (size_t i = 0; i < len && i < sizeof(plain); i++)
		if (plain[i] == '-')
			plain[i] = '_';
	if (depth > 16)
		return err_set(ELOOP, "module %s: its dependencies go round", name);
	module = find_module(tree, plain);
	if (!module)
		return is_builtin(tree, plain) ? 0 : err_set(ENOENT, "no module %s in %s", name, tree->folder);
	return is_listed(list, module->path) ? 0 : add_with_needs(list, tree, module, depth);
}

int module_list_add(struct module_list *list, const struct module_tree *tree, const char *name)
{
	return add_named(list, tree, name, 0);
}
