// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What apt is asked and told: lists of packages, and sources. The first byte of an input says what the rest is: 'l' a sources.list, 's' a
 * .sources file, else what apt-cache dumpavail prints.
 */
#include "fuzz.h"
#include "guest/archive.h"

static void read_sources(const char *text, bool deb822)
{
	struct apt_source main = {0}, security = {0};
	char *list;

	apt_sources_parse(text, deb822, &main, &security);
	if (!main.uri[0])
		return;
	/* What is written of it must be one source a line, whatever stood in the file. */
	list = apt_sources_text(&main, &security);
	if (!list)
		abort();
	fuzz_check_printable(list, true);
	for (const char *line = list; *line; line = strchr(line, '\n') + 1)
		if (strncmp(line, "deb [arch=amd64", 15))
			fuzz_fail("a line of another's making");
	free(list);
}

static void read_index(const char *input)
{
	FILE *in = fmemopen((char *)input, strlen(input) + 1, "r");
	struct deb_kernel *list = NULL;
	char *text = NULL;
	size_t nr = 0;

	if (!in || deb_index_filter(in, &text) || deb_index_parse(text, "cloud-amd64", &list, &nr))
		fuzz_fail(err_msg());
	for (size_t i = 0; i < nr; i++) {
		const struct deb_kernel *kernel = &list[i];

		if (!kernel->nr_debs || kernel->nr_debs > DEBS_PER_KERNEL)
			fuzz_fail("a kernel of no package, or too many");
		if (strcmp(deb_index_choose(list, nr, kernel->listing.version)->listing.version, kernel->listing.version))
			fuzz_fail("another version");
		for (size_t k = 0; k < kernel->nr_debs; k++)
			if (strchr(kernel->debs[k].file, '/'))
				fuzz_fail("a name that is a path");
	}
	fuzz_expect_sentence();
	fuzz_check_error(deb_index_lacks(list, nr, "6.12", "cloud-amd64"));
	free(list);
	free(text);
	fclose(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	char *text = fuzz_text((struct fuzz_rest){input, size});

	if (text[0] == 'l' || text[0] == 's')
		read_sources(text + 1, text[0] == 's');
	else if (text[0])
		read_index(text + 1);
	free(text);
	return 0;
}
