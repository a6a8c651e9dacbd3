// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/symbols.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/printable.h"

/* All symbols of a kernel with all its modules are some 20 MB in /proc/kallsyms. */
#define SYMBOLS_MAX (64u << 20)

#define VARIABLE_MAX_BYTES 65536

static bool is_function(char type)
{
	return strchr("tTwW", type) != NULL;
}

/* The linker's marks of where a section begins and ends: names of no function, at the address of one. */
static bool is_mark(const char *name)
{
	size_t len = strlen(name);

	return !strncmp(name, "__", 2) && ((len > 6 && !strcmp(name + len - 6, "_start")) || (len > 4 && !strcmp(name + len - 4, "_end")) ||
					    (len > 6 && !strcmp(name + len - 6, "_begin")));
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (is_mark(x->name) != is_mark(y->name))
		return is_mark(x->name) ? 1 : -1;
	/* Of several names at one address the global one is the better known. */
	if ((x->type == 'T') != (y->type == 'T'))
		return x->type == 'T' ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int compare_hashes(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

char *symbols_plain_name(const char *name, char *buf, size_t size)
{
	static const char *const suffixes[] = {".isra.", ".constprop.", ".part.", ".cold", ".llvm.", ".lto_priv."};
	size_t len = strlen(name), i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		const char *at = strstr(name, suffixes[i]);

		if (at && at > name && (size_t)(at - name) < len)
			len = (size_t)(at - name);
	}
	snprintf(buf, size, "%.*s", (int)len, name);
	return buf;
}

/* FNV-1a, 32 bits (Fowler, Noll, Vo): of 60 thousand names one in 70 thousand strangers is taken for one of them. */
static uint32_t name_hash(const char *name)
{
	char plain[SYMBOLS_NAME_MAX];
	uint32_t hash = 2166136261u;

	for (const char *c = symbols_plain_name(name, plain, sizeof(plain)); *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	return hash;
}

/* Room doubles at powers of two: lines are no measure of how many there will be. */
static int add(struct symbol **list, size_t *nr, const struct symbol *symbol)
{
	if (!(*nr & (*nr - 1))) {
		struct symbol *more = reallocarray(*list, *nr ? 2 * *nr : 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		*list = more;
	}
	(*list)[(*nr)++] = *symbol;
	return 0;
}

/* Sort, and keep one of each address. */
static size_t sort(struct symbol *list, size_t nr)
{
	size_t i, kept = 0;

	if (nr)
		qsort(list, nr, sizeof(*list), compare_symbols);
	for (i = 0; i < nr; i++)
		if (!kept || list[kept - 1].address != list[i].address)
			list[kept++] = list[i];
	return kept;
}

static int parse_line(char *line, struct symbol *ret_symbol)
{
	char *end, *name, *module;

	*ret_symbol = (struct symbol){.address = strtoull(line, &end, 16), .module = ""};
	if (end == line || end[0] != ' ' || !end[1] || end[2] != ' ' || !end[3])
		return -EBADMSG;
	ret_symbol->type = end[1];
	name = end + 3;
	module = strchr(name, ' ');
	if (module) {
		*module = '\0';
		ret_symbol->module = module + 1;
	}
	ret_symbol->name = name;
	return *name ? 0 : -EBADMSG;
}

/* "# kernel NAME", "# release NAME": the rest of the line. */
static void take_note(struct symbols *symbols, const char *line)
{
	if (!strncmp(line, "# kernel ", 9))
		snprintf(symbols->kernel, sizeof(symbols->kernel), "%s", line + 9);
	else if (!strncmp(line, "# release ", 10))
		snprintf(symbols->release, sizeof(symbols->release), "%s", line + 10);
}

static int parse_names(struct symbols *symbols, const char *hex)
{
	size_t nr = strspn(hex, "0123456789abcdef") / 8, i;
	char digits[9] = "";

	symbols->names = calloc(nr ? nr : 1, sizeof(*symbols->names));
	if (!symbols->names)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		memcpy(digits, hex + 8 * i, 8);
		symbols->names[i] = (uint32_t)strtoul(digits, NULL, 16);
	}
	symbols->nr_names = nr;
	return 0;
}

/* The names of a whole table, for one that came without "# names". */
static int hash_names(struct symbols *symbols)
{
	size_t i;

	symbols->names = calloc(symbols->nr_functions + 1, sizeof(*symbols->names));
	if (!symbols->names)
		return -ENOMEM;
	for (i = 0; i < symbols->nr_functions; i++)
		symbols->names[i] = name_hash(symbols->functions[i].name);
	symbols->nr_names = symbols->nr_functions;
	qsort(symbols->names, symbols->nr_names, sizeof(*symbols->names), compare_hashes);
	return 0;
}

static int parse_all(struct symbols *symbols)
{
	char *save = NULL, *line;
	int ret = 0;

	for (line = strtok_r(symbols->text, "\n", &save); !ret && line; line = strtok_r(NULL, "\n", &save)) {
		struct symbol symbol;

		printable(line, false);
		if (!strncmp(line, "# names ", 8)) {
			ret = symbols->names ? err_set(EBADMSG, "two lines of names") : parse_names(symbols, line + 8);
		} else if (line[0] == '#') {
			take_note(symbols, line);
		} else {
			ret = parse_line(line, &symbol);
			if (!ret && is_function(symbol.type))
				ret = add(&symbols->functions, &symbols->nr_functions, &symbol);
			else if (!ret)
				ret = add(&symbols->variables, &symbols->nr_variables, &symbol);
		}
	}
	/* Before one name of each address is chosen: the others are names too. */
	if (!ret && !symbols->names)
		ret = hash_names(symbols);
	symbols->nr_functions = sort(symbols->functions, symbols->nr_functions);
	symbols->nr_variables = sort(symbols->variables, symbols->nr_variables);
	return ret;
}

int symbols_parse(char *text, const char *what, struct symbols *ret_symbols)
{
	struct symbols symbols = {.text = text};
	int ret;

	ret = parse_all(&symbols);
	if (ret == -EBADMSG)
		err_set(EBADMSG, "%s is no table of symbols", what);
	else if (ret)
		err_sys(-ret, "memory for the symbols of %s", what);
	else if (!symbols.nr_functions)
		ret = err_set(EBADMSG, "%s names no function", what);
	if (ret) {
		symbols_free(&symbols);
		return ret;
	}
	*ret_symbols = symbols;
	return 0;
}

/* Does a file that symbols_write() began lack its end? What is missing would be taken for part of the functions before it. */
static bool is_cut(const char *text)
{
	const char *names = strstr(text, "\n# names ");

	if (strncmp(text, "# kernel ", 9) != 0)
		return false;
	return !names || !strchr(names + 1, '\n');
}

int symbols_load(const char *dir, const char *name, struct symbols *ret_symbols)
{
	char what[PATH_MAX], *text = NULL;
	size_t size;
	int ret = beneath_read_all(dir, name, SYMBOLS_MAX, &text, &size);

	if (ret)
		return ret;
	snprintf(what, sizeof(what), "%s/%s", dir, name);
	if (!size)
		ret = err_set(EBADMSG, "%s is empty", what);
	else if (is_cut(text))
		ret = err_set(EBADMSG, "%s: the symbols are cut short", what);
	if (ret) {
		free(text);
		return ret;
	}
	return symbols_parse(text, what, ret_symbols);
}

void symbols_free(struct symbols *symbols)
{
	free(symbols->text);
	free(symbols->functions);
	free(symbols->variables);
	free(symbols->names);
	*symbols = (struct symbols){0};
}

/* The last of @list that is not above @address; SIZE_MAX: all are. */
static size_t find(const struct symbol *list, size_t nr, uint64_t address)
{
	size_t low = 0, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? low - 1 : SIZE_MAX;
}

size_t symbols_function(const struct symbols *symbols, uint64_t address)
{
	return find(symbols->functions, symbols->nr_functions, address);
}

const struct symbol *symbols_variable(const struct symbols *symbols, uint64_t address)
{
	size_t i = find(symbols->variables, symbols->nr_variables, address);

	if (i == SIZE_MAX || address - symbols->variables[i].address >= VARIABLE_MAX_BYTES)
		return NULL;
	return &symbols->variables[i];
}

bool symbols_has(const struct symbols *symbols, const char *name)
{
	uint32_t hash = name_hash(name);

	return bsearch(&hash, symbols->names, symbols->nr_names, sizeof(hash), compare_hashes) != NULL;
}

static void write_symbol(FILE *out, const struct symbol *symbol)
{
	fprintf(out, "%llx %c %s%s%s\n", (unsigned long long)symbol->address, symbol->type, symbol->name,
		symbol->module[0] ? " " : "", symbol->module);
}

static void write_used(FILE *out, const struct symbol *list, size_t nr, const uint64_t *addresses, size_t nr_addresses)
{
	size_t i, at, last = SIZE_MAX;

	for (i = 0; i < nr_addresses; i++) {
		at = find(list, nr, addresses[i]);
		if (at != SIZE_MAX && at != last)
			write_symbol(out, &list[at]);
		last = at;
	}
}

int symbols_write(const struct symbols *symbols, const char *kernel, const char *release, const uint64_t *addresses, size_t nr,
		  FILE *out)
{
	size_t i;

	fprintf(out, "# kernel %s\n# release %s\n", kernel, release);
	write_used(out, symbols->functions, symbols->nr_functions, addresses, nr);
	write_used(out, symbols->variables, symbols->nr_variables, addresses, nr);
	fprintf(out, "# names ");
	for (i = 0; i < symbols->nr_names; i++)
		fprintf(out, "%08x", symbols->names[i]);
	fputc('\n', out);
	return ferror(out) ? err_sys(EIO, "write symbols") : 0;
}

static void write_either(FILE *out, const struct symbol *a, size_t nr_a, const struct symbol *b, size_t nr_b)
{
	size_t i = 0, k = 0;

	while (i < nr_a || k < nr_b) {
		bool is_a = k == nr_b || (i < nr_a && a[i].address <= b[k].address);
		const struct symbol *symbol = is_a ? &a[i] : &b[k];

		k += !is_a || (k < nr_b && b[k].address == symbol->address);
		i += is_a;
		write_symbol(out, symbol);
	}
}

int symbols_join(const struct symbols *a, const struct symbols *b, FILE *out)
{
	size_t i = 0, k = 0;

	fprintf(out, "# kernel %s\n# release %s\n", a->kernel, a->release);
	write_either(out, a->functions, a->nr_functions, b->functions, b->nr_functions);
	write_either(out, a->variables, a->nr_variables, b->variables, b->nr_variables);
	fprintf(out, "# names ");
	while (i < a->nr_names || k < b->nr_names) {
		bool is_a = k == b->nr_names || (i < a->nr_names && a->names[i] <= b->names[k]);
		uint32_t hash = is_a ? a->names[i] : b->names[k];

		k += !is_a || (k < b->nr_names && b->names[k] == hash);
		i += is_a;
		fprintf(out, "%08x", hash);
	}
	fputc('\n', out);
	return ferror(out) ? err_sys(EIO, "write symbols") : 0;
}
