// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel.h"

#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/archive.h"
#include "guest/cache.h"
#include "guest/files.h"
#include "guest/unpack.h"

#define LISTS_MAX_AGE_S (24 * 3600)

static void say(const struct kernel_progress *progress, const char *text)
{
	if (progress && progress->say && text)
		progress->say(progress->ctx, text);
}

static void close_apt(struct apt *apt)
{
	apt_close(apt);
}
#define __close_apt __attribute__((__cleanup__(close_apt)))

static int read_index(const struct apt *apt, const char *flavour, unsigned int max_age_s,
		      const struct kernel_progress *progress, struct deb_kernel **ret_list, size_t *ret_nr)
{
	__free_mem char *text = NULL;
	int ret = apt_refresh(apt, max_age_s, progress);

	if (!ret)
		ret = apt_index(apt, &text);
	return ret ? ret : deb_index_parse(text, flavour, ret_list, ret_nr);
}

int kernel_list(const char *flavour, const struct kernel_progress *progress, struct kernel_listing **ret_list,
		size_t *ret_nr)
{
	__free_mem struct deb_kernel *kernels = NULL;
	__close_apt struct apt apt = {0};
	struct kernel_listing *list;
	size_t nr = 0;
	int ret = apt_open(&apt);

	if (!ret)
		ret = read_index(&apt, flavour ? flavour : KERNEL_FLAVOUR_DEFAULT, LISTS_MAX_AGE_S, progress, &kernels,
				 &nr);
	if (ret)
		return ret;
	list = calloc(nr + 1, sizeof(*list));
	if (!list)
		return err_sys(ENOMEM, "list kernels");
	for (size_t i = 0; i < nr; i++)
		list[i] = kernels[i].listing;
	*ret_list = list;
	*ret_nr = nr;
	return 0;
}

/* Path of a package in the cache; *ret_ok: it is there with the digest that the signed index says. */
static char *deb_path(const struct apt *apt, const struct deb_package *deb, bool *ret_ok)
{
	char *path = text_format("%s/debs/%s", apt->folder, deb->file), digest[SHA256_DIGEST_STRING_LENGTH];

	*ret_ok = path && file_is_regular(path) && file_sha256(path, digest) == 0 && !strcmp(digest, deb->sha256);
	return path;
}

static int download_missing(const struct apt *apt, const struct deb_kernel *kernel, char *ret_paths[],
			    const struct kernel_progress *progress)
{
	char *wanted[DEBS_PER_KERNEL] = {0};
	size_t nr_wanted = 0;
	__free_mem char *text = NULL;
	int ret = 0;

	for (size_t i = 0; !ret && i < kernel->nr_debs; i++) {
		const struct deb_package *deb = &kernel->debs[i];
		bool ok;

		ret_paths[i] = deb_path(apt, deb, &ok);
		if (!ret_paths[i])
			ret = -ENOMEM;
		else if (!ok)
			wanted[nr_wanted++] = text_format("%s=%s", deb->name, deb->version);
	}
	if (!ret && nr_wanted) {
		text = text_format("fetching Linux %s (%s, %.0f MB)", kernel->listing.upstream, kernel->debs[0].name,
				   (double)kernel->listing.size_bytes / 1e6);
		say(progress, text);
		ret = apt_download(apt, (const char *const *)wanted, nr_wanted);
	}
	for (size_t i = 0; i < nr_wanted; i++)
		free(wanted[i]);
	for (size_t i = 0; !ret && nr_wanted && i < kernel->nr_debs; i++) {
		bool ok;

		free(deb_path(apt, &kernel->debs[i], &ok));
		if (!ok)
			ret = err_set(EBADMSG, "%s does not have the digest that the archive's index says",
				      ret_paths[i]);
	}
	return ret;
}

/* What an unpacked kernel is called in the cache: by the digests in the index. */
static void name_unpacked(const struct deb_kernel *kernel, char ret_key[SHA256_DIGEST_STRING_LENGTH])
{
	char digests[DEBS_PER_KERNEL * SHA256_DIGEST_STRING_LENGTH] = "";

	for (size_t i = 0; i < kernel->nr_debs; i++)
		strcat(digests, kernel->debs[i].sha256);
	SHA256Data((const uint8_t *)digests, strlen(digests), ret_key);
}

struct fetch {
	const struct apt *apt;
	const struct deb_kernel *kernel;
	const struct kernel_progress *progress;
};

static int fetch(void *ctx, const char *folder)
{
	const struct fetch *what = ctx;
	char *paths[DEBS_PER_KERNEL] = {0};
	int ret = download_missing(what->apt, what->kernel, paths, what->progress);

	if (!ret)
		ret = unpack_kernel((const char *const *)paths, what->kernel->nr_debs, folder);
	for (size_t i = 0; i < what->kernel->nr_debs; i++) {
		/* What is unpacked is not fetched again: the package itself would only fill the disk. */
		if (!ret)
			unlink(paths[i]);
		free(paths[i]);
	}
	return ret;
}

int kernel_fetch(const char *version, const char *flavour, const struct kernel_progress *progress,
		 struct kernel *ret_kernel)
{
	__free_mem struct deb_kernel *list = NULL;
	__free_mem char *folder = NULL, *source = NULL;
	__close_apt struct apt apt = {0};
	char key[SHA256_DIGEST_STRING_LENGTH];
	const struct deb_kernel *chosen;
	struct kernel kernel = {0};
	size_t nr = 0;
	int ret = apt_open(&apt);

	if (!ret)
		ret = read_index(&apt, flavour, LISTS_MAX_AGE_S, progress, &list, &nr);
	if (ret)
		return ret;
	chosen = deb_index_choose(list, nr, version);
	if (!chosen)
		return deb_index_lacks(list, nr, version, flavour);
	name_unpacked(chosen, key);
	source = text_format("%s=%s", chosen->debs[0].name, chosen->debs[0].version);
	if (!source)
		return -ENOMEM;
	ret = cache_entry("kernels", key, fetch, &(struct fetch){&apt, chosen, progress}, &folder);
	if (!ret)
		ret = kernel_open_unpacked(folder, source, &kernel);
	if (ret) {
		kernel_free(&kernel);
		return ret;
	}
	snprintf(kernel.name, sizeof(kernel.name), "%s", kernel.release);
	*ret_kernel = kernel;
	return 0;
}
