// SPDX-License-Identifier: GPL-2.0-or-later
/* Formats: sources.list(5). */
#include "guest/archive.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/fs.h"
#include "guest/files.h"

/* Suites to ask for, beside whatever the machine itself has. Debian's own names, not those of a mirror. */
static const char *const suites[] = {"bullseye", "bookworm", "bookworm-backports", "trixie", "trixie-backports"};
static const char *const security_suites[] = {"bullseye-security", "bookworm-security", "trixie-security"};

/* Is this the name of a release of Debian, so that its source can be taken for Debian's archive? */
static bool is_debian_suite(const char *suite)
{
	static const char *const names[] = {"buster", "bullseye", "bookworm", "trixie",	     "forky",
					    "sid",    "stable",	  "testing",  "unstable", "oldstable"};
	size_t len = strcspn(suite, "-/");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !strncmp(suite, names[i], len))
			return true;
	return false;
}

/* One word, which ends no option of a line of sources.list. */
static bool is_word(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f || *text == ']')
			return false;
	return true;
}

static void set_source(struct apt_source *source, const char *uri, const char *signed_by, bool security)
{
	size_t len = strlen(uri);

	if (source->uri[0] || !is_word(uri) || !is_word(signed_by) || len + 2 > sizeof(source->uri) || strlen(signed_by) >= sizeof(source->signed_by))
		return;
	snprintf(source->uri, sizeof(source->uri), "%s%s", uri, len && uri[len - 1] == '/' ? "" : "/");
	snprintf(source->signed_by, sizeof(source->signed_by), "%s", signed_by);
	source->security = security;
}

/* One source: its first URI, and its suites in @suite_list (blank-separated; overwritten). */
static void take_source(const char *uri, char *suite_list, const char *signed_by, struct apt_source *ret_main,
			struct apt_source *ret_security)
{
	char *save = NULL;

	for (char *suite = strtok_r(suite_list, " \t\n", &save); suite; suite = strtok_r(NULL, " \t\n", &save)) {
		if (!is_debian_suite(suite))
			continue;
		if (strstr(suite, "-security") || strstr(suite, "/updates"))
			set_source(ret_security, uri, signed_by, true);
		else
			set_source(ret_main, uri, signed_by, false);
	}
}

/* "deb [options] uri suite component…" */
static void parse_line(char *line, struct apt_source *ret_main, struct apt_source *ret_security)
{
	char *save = NULL, *type = strtok_r(line, " \t", &save), *uri, *suite, *key;
	char signed_by[512] = "";

	if (!type || strcmp(type, "deb"))
		return;
	save += strspn(save, " \t");
	if (*save == '[') {
		char *end = strchr(save, ']');

		if (!end)
			return;
		*end = '\0';
		key = strstr(save, "signed-by=");
		if (key)
			snprintf(signed_by, sizeof(signed_by), "%.*s", (int)strcspn(key + 10, " \t"), key + 10);
		save = end + 1;
	}
	uri = strtok_r(NULL, " \t", &save);
	suite = strtok_r(NULL, " \t", &save);
	if (uri && suite)
		take_source(uri, suite, signed_by, ret_main, ret_security);
}

struct stanza {
	char uri[256], suites[512], signed_by[512], types[64];
	bool enabled;
};

static void end_stanza(struct stanza *stanza, struct apt_source *ret_main, struct apt_source *ret_security)
{
	/* An ASCII-armoured key in the file itself has no path that a private list could name. */
	bool has_key = strstr(stanza->signed_by, "BEGIN PGP") != NULL;

	stanza->uri[strcspn(stanza->uri, " \t")] = '\0';
	if (stanza->enabled && stanza->uri[0] && strstr(stanza->types, "deb") && !has_key)
		take_source(stanza->uri, stanza->suites, stanza->signed_by, ret_main, ret_security);
	*stanza = (struct stanza){.enabled = true};
}

static void stanza_line(struct stanza *stanza, const char *line)
{
	const char *colon = strchr(line, ':'), *value;
	size_t key_len;

	if (!colon || line[0] == ' ' || line[0] == '\t')
		return;
	key_len = (size_t)(colon - line);
	value = colon + 1 + strspn(colon + 1, " \t");
	if (key_len == 4 && !strncasecmp(line, "URIs", 4))
		snprintf(stanza->uri, sizeof(stanza->uri), "%s", value);
	else if (key_len == 6 && !strncasecmp(line, "Suites", 6))
		snprintf(stanza->suites, sizeof(stanza->suites), "%s", value);
	else if (key_len == 9 && !strncasecmp(line, "Signed-By", 9))
		/* An empty value is followed by a key in the next lines. */
		snprintf(stanza->signed_by, sizeof(stanza->signed_by), "%s", *value ? value : "BEGIN PGP");
	else if (key_len == 5 && !strncasecmp(line, "Types", 5))
		snprintf(stanza->types, sizeof(stanza->types), "%s", value);
	else if (key_len == 7 && !strncasecmp(line, "Enabled", 7))
		stanza->enabled = strcasecmp(value, "no") && strcasecmp(value, "false");
}

void apt_sources_parse(const char *text, bool deb822, struct apt_source *ret_main, struct apt_source *ret_security)
{
	__free_mem char *copy = strdup(text);
	struct stanza stanza = {.enabled = true};

	for (char *line = copy, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (line[0] == '#')
			continue;
		if (!deb822)
			line[strcspn(line, "#")] = '\0';
		if (!deb822)
			parse_line(line, ret_main, ret_security);
		else if (line[strspn(line, " \t")])
			stanza_line(&stanza, line);
		else
			end_stanza(&stanza, ret_main, ret_security);
	}
	if (deb822)
		end_stanza(&stanza, ret_main, ret_security);
}

static void read_source_file(const char *path, bool deb822, struct apt_source *ret_main,
			     struct apt_source *ret_security)
{
	__free_mem char *text = NULL;

	/* A file that cannot be read is one that apt cannot read either. */
	if (fs_read(&text, "%s", path) == 0)
		apt_sources_parse(text, deb822, ret_main, ret_security);
}

int apt_sources_find(struct apt_source *ret_main, struct apt_source *ret_security)
{
	struct apt_source main = {0}, security = {0};
	char folder[1024];
	struct dirent **entries;
	int nr;

	read_source_file("/etc/apt/sources.list", false, &main, &security);
	snprintf(folder, sizeof(folder), "%s/etc/apt/sources.list.d", fs_root());
	nr = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < nr; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');
		bool deb822 = dot && !strcmp(dot, ".sources");
		char path[512];

		snprintf(path, sizeof(path), "/etc/apt/sources.list.d/%s", entries[i]->d_name);
		if (deb822 || (dot && !strcmp(dot, ".list")))
			read_source_file(path, deb822, &main, &security);
		free(entries[i]);
	}
	if (nr >= 0)
		free(entries);
	if (!main.uri[0])
		return err_set(ENOENT, "this machine's apt has no Debian source; give a kernel image or .deb files instead");
	*ret_main = main;
	*ret_security = security;
	return 0;
}

static void add_lines(FILE *out, const struct apt_source *source, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		fprintf(out, "deb [arch=amd64");
		if (source->signed_by[0])
			fprintf(out, " signed-by=%s", source->signed_by);
		fprintf(out, "] %s %s main\n", source->uri, names[i]);
	}
}

char *apt_sources_text(const struct apt_source *main, const struct apt_source *security)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		err_sys(ENOMEM, "make a sources list");
		return NULL;
	}
	add_lines(out, main, suites, ARRAY_SIZE(suites));
	if (security->uri[0])
		add_lines(out, security, security_suites, ARRAY_SIZE(security_suites));
	fclose(out);
	return text;
}
