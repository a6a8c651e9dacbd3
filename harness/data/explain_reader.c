// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/explain_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* One with memcg off and one with it on, for two kernels; a profile of a card takes some megabytes. */
#define KEPT 4

struct kept {
	const json_t *boot; /* NULL: free */
	struct profile *profile;
	const struct symbols *symbols;
};

/* Symbols of the image that boots of @kernel started. */
struct image {
	const char *kernel;
	struct symbols symbols;
};

struct explain_reader {
	const struct rundata *data;
	struct kept kept[KEPT]; /* the last used first */
	struct image **images;
	size_t nr_images;
};

int explain_reader_new(const struct rundata *data, struct explain_reader **ret_reader)
{
	struct explain_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return err_sys(ENOMEM, "memory for profiles");
	reader->data = data;
	*ret_reader = reader;
	return 0;
}

void explain_reader_free(struct explain_reader *reader)
{
	size_t i;

	if (!reader)
		return;
	for (i = 0; i < KEPT; i++)
		if (reader->kept[i].boot)
			profile_free(reader->kept[i].profile);
	for (i = 0; i < reader->nr_images; i++) {
		symbols_free(&reader->images[i]->symbols);
		free(reader->images[i]);
	}
	free(reader->images);
	free(reader);
}

/* A variant of a kernel is the same image with other arguments. */
static const char *kernel_of(const json_t *boot)
{
	const char *plain = json_string_value(json_object_get(boot, "variant_of"));
	const char *kernel = json_string_value(json_object_get(boot, "kernel"));

	return plain ? plain : kernel ? kernel : "";
}

static struct image *find_image(struct explain_reader *reader, const json_t *boot)
{
	struct image **more, *image;
	size_t i;

	for (i = 0; i < reader->nr_images; i++)
		if (!strcmp(reader->images[i]->kernel, kernel_of(boot)))
			return reader->images[i];
	more = reallocarray(reader->images, reader->nr_images + 1, sizeof(*more));
	if (!more)
		return NULL;
	reader->images = more;
	image = calloc(1, sizeof(*image));
	if (!image)
		return NULL;
	image->kernel = kernel_of(boot);
	return more[reader->nr_images++] = image;
}

/* The profile of @boot becomes the first of those kept. */
static int keep(struct explain_reader *reader, const json_t *boot)
{
	struct kept found = {0};
	size_t i = 0;

	while (i < KEPT - 1 && reader->kept[i].boot && reader->kept[i].boot != boot)
		i++;
	if (reader->kept[i].boot == boot) {
		found = reader->kept[i];
	} else {
		struct image *image = find_image(reader, boot);
		int ret = image ? explain_profile(reader->data, boot, &image->symbols, &found.profile)
				: err_sys(ENOMEM, "memory for symbols");

		if (ret)
			return ret;
		found.boot = boot;
		found.symbols = &image->symbols;
		if (reader->kept[i].boot)
			profile_free(reader->kept[i].profile);
	}
	memmove(&reader->kept[1], &reader->kept[0], i * sizeof(found));
	reader->kept[0] = found;
	return 0;
}

int explain_reader_rep(struct explain_reader *reader, const struct explain_resolved *resolved, size_t arm, uint64_t seed,
		       struct explain_rep *ret_rep, const struct symbols **ret_symbols)
{
	const json_t *boot = NULL;
	const struct rundata_sample *least = explain_least(reader->data, resolved, arm, seed, &boot);
	int ret;

	if (!least)
		return err_set(ENODATA, "%s holds no sample of it under seed %llu", reader->data->dir, (unsigned long long)seed);
	ret = keep(reader, boot);
	if (!ret)
		ret = explain_tables(resolved, reader->kept[0].profile, reader->kept[0].symbols, least, ret_rep);
	if (ret)
		return ret;
	ret_rep->seed = seed;
	*ret_symbols = reader->kept[0].symbols;
	return 0;
}
