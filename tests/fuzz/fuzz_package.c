// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packages and tarballs of kernels, and the modules in them: unpacked, listed, and asked for zram. The first byte of an input says what the
 * rest is: 'd' a .deb, else a tarball in any compression.
 */
#include "fuzz.h"
#include "guest/modules.h"
#include "guest/unpack.h"

/* Of a header of tar: bytes 148 to 155 hold the sum of all, those taken for blanks. Without it nothing of an invented header is looked at. */
static void mend_sums(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + 512 <= size; at++) {
		uint8_t *block = data + at;
		unsigned int sum = 0;

		if (memcmp(block + 257, "ustar", 5))
			continue;
		memset(block + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += block[i];
		snprintf((char *)block + 148, 8, "%06o", sum);
		at += 511;
	}
}

static void list_modules(void)
{
	struct module_list list = {0};
	struct module_tree *tree;
	int ret;

	if (module_tree_open(fuzz_path("out"), &tree))
		fuzz_fail(err_msg());
	fuzz_expect_sentence();
	ret = module_list_add(&list, tree, "zram");
	fuzz_check_error(ret);
	module_list_free(&list);
	module_tree_free(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	bool is_deb = size && input[0] == 'd';
	const char *name = is_deb ? "in.deb" : "in.tar";
	char *path = strdup(fuzz_path(name));
	uint8_t *data;
	int ret;

	if (!size) {
		free(path);
		return 0;
	}
	data = malloc(size);
	if (!data || !path)
		abort();
	memcpy(data, input + 1, size - 1);
	mend_sums(data, size - 1);
	fuzz_file(name, data, size - 1);
	fuzz_folder("out");
	fuzz_expect_sentence();
	ret = unpack_kernel((const char *const *)&path, 1, fuzz_path("out"));
	fuzz_check_error(ret);
	list_modules();
	fuzz_remove("out");
	free(data);
	free(path);
	return 0;
}
