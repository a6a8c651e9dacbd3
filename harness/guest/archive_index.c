// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/archive.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"

/* deb-version(7): "~" before the end of the string, the end before letters, letters before the rest. */
static int order(char c)
{
	if (c == '~')
		return -1;
	if (c == '\0' || isdigit((unsigned char)c))
		return 0;
	return isalpha((unsigned char)c) ? c : c + 256;
}

static int compare_part(const char *a, const char *b)
{
	while (*a || *b) {
		size_t len_a, len_b;

		while ((*a && !isdigit((unsigned char)*a)) || (*b && !isdigit((unsigned char)*b))) {
			if (order(*a) != order(*b))
				return order(*a) < order(*b) ? -1 : 1;
			a++;
			b++;
		}
		a += strspn(a, "0");
		b += strspn(b, "0");
		len_a = strspn(a, "0123456789");
		len_b = strspn(b, "0123456789");
		if (len_a != len_b)
			return len_a < len_b ? -1 : 1;
		if (strncmp(a, b, len_a))
			return strncmp(a, b, len_a) < 0 ? -1 : 1;
		a += len_a;
		b += len_b;
	}
	return 0;
}

/* No epochs: no kernel package ever had one. */
int deb_version_compare(const char *a, const char *b)
{
	char upstream_a[64], upstream_b[64];
	const char *dash_a = strrchr(a, '-'), *dash_b = strrchr(b, '-');
	int ret;

	snprintf(upstream_a, sizeof(upstream_a), "%.*s", dash_a ? (int)(dash_a - a) : 63, a);
	snprintf(upstream_b, sizeof(upstream_b), "%.*s", dash_b ? (int)(dash_b - b) : 63, b);
	ret = compare_part(upstream_a, upstream_b);
	return ret ? ret : compare_part(dash_a ? dash_a + 1 : "0", dash_b ? dash_b + 1 : "0");
}

/* The line "key: value" of a stanza that ends at @end; copies what fits. */
static bool field(const char *stanza, const char *end, const char *key, char *ret, size_t size)
{
	size_t key_len = strlen(key);

	for (const char *line = stanza; line && line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *line_end = newline ? newline : end;

		if ((size_t)(line_end - line) > key_len + 1 && !memcmp(line, key, key_len) && line[key_len] == ':') {
			const char *value = line + key_len + 1;

			while (value < line_end && *value == ' ')
				value++;
			if ((size_t)(line_end - value) >= size)
				return false;
			memcpy(ret, value, (size_t)(line_end - value));
			ret[line_end - value] = '\0';
			return true;
		}
		line = newline ? newline + 1 : NULL;
	}
	return false;
}

enum role { ROLE_NONE, ROLE_IMAGE, ROLE_BINARY, ROLE_MODULES, ROLE_BASE };

static const struct {
	const char *prefix;
	enum role role;
} roles[] = {{"linux-image-", ROLE_IMAGE},
	     {"linux-binary-", ROLE_BINARY},
	     {"linux-modules-", ROLE_MODULES},
	     {"linux-base-", ROLE_BASE}};

/*
 * linux-ROLE-ABI-FLAVOUR. An ABI holds two dots ("6.1.0-56", "6.12.94+deb12"); names with less are metapackages
 * ("linux-image-6.1-cloud-amd64").
 */
static enum role classify(const char *name, const char *flavour, char *ret_abi, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		size_t prefix_len = strlen(roles[i].prefix), len = strlen(name), flavour_len = strlen(flavour);
		const char *abi = name + prefix_len, *dot;
		size_t abi_len;

		if (strncmp(name, roles[i].prefix, prefix_len) || len < prefix_len + flavour_len + 2)
			continue;
		abi_len = len - prefix_len - flavour_len - 1;
		if (strcmp(abi + abi_len + 1, flavour) || abi[abi_len] != '-' || abi_len >= size)
			continue;
		if (!isdigit((unsigned char)abi[0]))
			return ROLE_NONE;
		memcpy(ret_abi, abi, abi_len);
		ret_abi[abi_len] = '\0';
		/* "6.12.94+deb12-rt" with the flavour amd64 is another kernel: -rt-amd64. */
		dot = strchr(ret_abi, '.');
		if (!dot || !strchr(dot + 1, '.') || strpbrk(ret_abi + strcspn(ret_abi, "-"), "abcfghijklmnopqrstuvwxyz"))
			return ROLE_NONE;
		return roles[i].role;
	}
	return ROLE_NONE;
}

/* Could classify() find a role for it, whatever the flavour? */
static bool has_role(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++)
		if (!strncmp(name, roles[i].prefix, strlen(roles[i].prefix)))
			return true;
	return false;
}

static bool parse_package(const char *stanza, const char *end, struct deb_package *ret)
{
	char file[512], size[24];
	const char *slash;

	if (!field(stanza, end, "Version", ret->version, sizeof(ret->version)) ||
	    !field(stanza, end, "SHA256", ret->sha256, sizeof(ret->sha256)) ||
	    !field(stanza, end, "Size", size, sizeof(size)) || parse_u64(size, &ret->size_bytes) ||
	    !field(stanza, end, "Filename", file, sizeof(file)))
		return false;
	slash = strrchr(file, '/');
	return (size_t)snprintf(ret->file, sizeof(ret->file), "%s", slash ? slash + 1 : file) < sizeof(ret->file);
}

struct found {
	struct deb_package deb;
	enum role role;
	char abi[64];
};

/* The blank line that ends a stanza, or the end of the text. */
static const char *stanza_end(const char *stanza)
{
	const char *newline = strchr(stanza, '\n');

	while (newline && newline[1] != '\n')
		newline = strchr(newline + 1, '\n');
	return newline ? newline : stanza + strlen(stanza);
}

static int collect(const char *text, const char *flavour, struct found **ret_found, size_t *ret_nr)
{
	__free_mem struct found *found = NULL;
	size_t nr = 0, room = 0;

	for (const char *stanza = text; *stanza;) {
		const char *end = stanza_end(stanza);
		struct found one = {0};

		if (field(stanza, end, "Package", one.deb.name, sizeof(one.deb.name)))
			one.role = classify(one.deb.name, flavour, one.abi, sizeof(one.abi));
		if (one.role != ROLE_NONE && parse_package(stanza, end, &one.deb)) {
			if (nr == room) {
				struct found *more;

				room = room ? 2 * room : 64;
				more = realloc(found, room * sizeof(*found));
				if (!more)
					return err_sys(ENOMEM, "read the archive's index");
				found = more;
			}
			found[nr++] = one;
		}
		stanza = end + strspn(end, "\n");
	}
	*ret_found = take_ptr(found);
	*ret_nr = nr;
	return 0;
}

/* Where the line begins that "Package:" stands in is not fixed: a stanza is kept or left when it is whole. */
static void end_of_stanza(FILE *out, const char *stanza, size_t size)
{
	char name[sizeof(((struct deb_package *)0)->name)];

	if (!field(stanza, stanza + size, "Package", name, sizeof(name)) || !has_role(name))
		return;
	fwrite(stanza, 1, size, out);
	fputc('\n', out);
}

static int filter(FILE *in, FILE *out)
{
	__free_mem char *line = NULL, *stanza = NULL;
	size_t line_room = 0, room = 0, size = 0;
	ssize_t len;

	while ((len = getline(&line, &line_room, in)) > 0) {
		if (line[0] == '\n') {
			if (size)
				end_of_stanza(out, stanza, size);
			size = 0;
			continue;
		}
		if (size + (size_t)len > room) {
			char *more = realloc(stanza, 2 * (size + (size_t)len));

			if (!more)
				return err_sys(ENOMEM, "read the archive's index");
			stanza = more;
			room = 2 * (size + (size_t)len);
		}
		memcpy(stanza + size, line, (size_t)len);
		size += (size_t)len;
	}
	if (size)
		end_of_stanza(out, stanza, size);
	return ferror(in) ? err_sys(EIO, "read the archive's index") : 0;
}

int deb_index_filter(FILE *in, char **ret_text)
{
	__free_mem char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int ret = out ? filter(in, out) : err_sys(ENOMEM, "read the archive's index");

	if (out && fclose(out) && !ret)
		ret = err_sys(ENOMEM, "read the archive's index");
	if (!ret)
		*ret_text = take_ptr(text);
	return ret;
}

static const struct deb_package *find_role(const struct found *found, size_t nr, enum role role,
					   const struct found *like)
{
	for (size_t i = 0; i < nr; i++)
		if (found[i].role == role && !strcmp(found[i].abi, like->abi) &&
		    !strcmp(found[i].deb.version, like->deb.version))
			return &found[i].deb;
	return NULL;
}

static void add_deb(struct deb_kernel *kernel, const struct deb_package *deb)
{
	if (!deb)
		return;
	kernel->debs[kernel->nr_debs++] = *deb;
	kernel->listing.size_bytes += deb->size_bytes;
}

static struct deb_kernel make_kernel(const struct found *found, size_t nr, const struct found *image,
				     const char *flavour)
{
	const struct deb_package *modules = find_role(found, nr, ROLE_MODULES, image);
	struct deb_kernel kernel = {0};
	struct kernel_listing *listing = &kernel.listing;
	size_t len = strcspn(image->deb.version, "-~+");
	const char *dot;

	snprintf(listing->upstream, sizeof(listing->upstream), "%.*s", (int)len, image->deb.version);
	dot = strchr(listing->upstream, '.');
	dot = dot ? strchr(dot + 1, '.') : NULL;
	snprintf(listing->series, sizeof(listing->series), "%.*s",
		 dot ? (int)(dot - listing->upstream) : (int)sizeof(listing->series) - 1, listing->upstream);
	snprintf(listing->abi, sizeof(listing->abi), "%s", image->abi);
	snprintf(listing->flavour, sizeof(listing->flavour), "%s", flavour);
	snprintf(listing->version, sizeof(listing->version), "%s", image->deb.version);
	listing->split = image->role == ROLE_BINARY;
	listing->has_modules = !listing->split || modules;
	add_deb(&kernel, &image->deb);
	if (listing->split) {
		add_deb(&kernel, modules);
		add_deb(&kernel, find_role(found, nr, ROLE_BASE, image));
	}
	return kernel;
}

static int by_version(const void *a, const void *b)
{
	const struct deb_kernel *x = a, *y = b;
	int ret = deb_version_compare(x->listing.version, y->listing.version);

	return ret ? ret : strcmp(x->listing.abi, y->listing.abi);
}

int deb_index_parse(const char *text, const char *flavour, struct deb_kernel **ret_list, size_t *ret_nr)
{
	__free_mem struct found *found = NULL;
	struct deb_kernel *list;
	size_t nr_found = 0, nr = 0;
	int ret = collect(text, flavour, &found, &nr_found);

	if (ret)
		return ret;
	list = calloc(nr_found + 1, sizeof(*list));
	if (!list)
		return err_sys(ENOMEM, "read the archive's index");
	for (size_t i = 0; i < nr_found; i++) {
		/* From 6.19 on linux-image-… is an empty package that depends on linux-binary-…. */
		if (found[i].role == ROLE_BINARY ||
		    (found[i].role == ROLE_IMAGE && !find_role(found, nr_found, ROLE_BINARY, &found[i])))
			list[nr++] = make_kernel(found, nr_found, &found[i], flavour);
	}
	qsort(list, nr, sizeof(*list), by_version);
	*ret_list = list;
	*ret_nr = nr;
	return 0;
}

const struct deb_kernel *deb_index_choose(const struct deb_kernel *list, size_t nr, const char *version)
{
	for (size_t i = nr; i-- > 0;)
		if (!strcmp(list[i].listing.version, version))
			return &list[i];
	for (size_t i = nr; i-- > 0;)
		if (!strcmp(list[i].listing.series, version) || !strcmp(list[i].listing.upstream, version))
			return &list[i];
	return NULL;
}

/* The newest of the series that @version is a point release or a package of; NULL: none. */
static const struct deb_kernel *choose_series_of(const struct deb_kernel *list, size_t nr, const char *version)
{
	for (size_t i = nr; i-- > 0;) {
		size_t len = strlen(list[i].listing.series);

		if (!strncmp(list[i].listing.series, version, len) && version[len] == '.')
			return &list[i];
	}
	return NULL;
}

int deb_index_lacks(const struct deb_kernel *list, size_t nr, const char *version, const char *flavour)
{
	const struct deb_kernel *other = choose_series_of(list, nr, version);
	char known[512] = "";
	const char *last = "";

	/* An archive drops a package some time after a newer one is there. */
	if (other)
		return err_set(ENOENT, "deb:%s: the archive has no such kernel of flavour %s; the newest %s there is deb:%s%s%s", version,
			       flavour, other->listing.series, other->listing.version,
			       strcmp(flavour, KERNEL_FLAVOUR_DEFAULT) ? "/" : "", strcmp(flavour, KERNEL_FLAVOUR_DEFAULT) ? flavour : "");
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(known);

		if (strcmp(last, list[i].listing.series))
			snprintf(known + len, sizeof(known) - len, " %s", list[i].listing.series);
		last = list[i].listing.series;
	}
	return err_set(ENOENT, "deb:%s: the archive has no such kernel of flavour %s; it has%s", version, flavour, nr ? known : " none");
}
