/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symbols.h - which function of a kernel an address belongs to. Pure: text in, names out.
 *
 * The text is the kernel's own /proc/kallsyms (core/guest_symbols.h). A run keeps of it what its profiles need, in a file
 * symbols/ID: lines "# key value", "ADDRESS TYPE NAME [MODULE]", and after "# names" 8 hex digits for each function that the kernel has,
 * so that a name that did not run can be told from one that is not there.
 */
#ifndef DATA_SYMBOLS_H
#define DATA_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/util.h"

#define SYMBOLS_NAME_MAX 128

struct symbol {
	uint64_t address;
	char type; /* as in nm(1): t, T, w, W are functions */
	const char *name, *module; /* "": of the kernel itself */
};

struct symbols {
	char *text; /* what the names point into */
	char kernel[128], release[128];
	struct symbol *functions; /* by address; one for each address */
	size_t nr_functions;
	struct symbol *variables; /* the same */
	size_t nr_variables;
	uint32_t *names; /* hashes, sorted; of all functions of the kernel */
	size_t nr_names;
};

/* @text is taken over, also when it fails. -EBADMSG: no symbols, or not the form above; @what names it in the sentence. */
int symbols_parse(char *text, const char *what, struct symbols *ret_symbols) __must_check;
/*
 * The file @name beneath the folder @dir (base/beneath.h). -ENOENT: no such file; -EBADMSG: as symbols_parse(), or symbols_write() did not
 * come to its end.
 */
int symbols_load(const char *dir, const char *name, struct symbols *ret_symbols) __must_check;
void symbols_free(struct symbols *symbols);

/* Index of the function that @address lies in, or SIZE_MAX: below the first. The last function has no end. */
size_t symbols_function(const struct symbols *symbols, uint64_t address);
/* The variable that @address lies in; NULL: none within 64 KiB below. */
const struct symbol *symbols_variable(const struct symbols *symbols, uint64_t address);

/* Does the kernel have a function of this name, running or not? Suffixes are passed over. */
bool symbols_has(const struct symbols *symbols, const char *name);

/*
 * The name without what compilers add to parts and copies of a function: .isra.N, .constprop.N, .part.N, .cold, .llvm.N. Writes to and
 * returns @buf.
 */
char *symbols_plain_name(const char *name, char *buf, size_t size);

/* A file as above, of the functions and variables that @addresses (sorted) lie in. 0, or -EIO. */
int symbols_write(const struct symbols *symbols, const char *kernel, const char *release, const uint64_t *addresses, size_t nr,
		  FILE *out) __must_check;

/* A file as above, of what either of @a and @b has: of one image, where each holds what other profiles of it need. 0, or -EIO. */
int symbols_join(const struct symbols *a, const struct symbols *b, FILE *out) __must_check;

#endif
