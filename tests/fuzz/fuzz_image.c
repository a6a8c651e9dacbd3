// SPDX-License-Identifier: GPL-2.0-or-later
/* Kernel images: a bzImage, the vmlinux in it, its entry, its parameters and its type information; also vmlinux and BTF by themselves. */
#include "data/layout.h"
#include "fuzz.h"
#include "guest/btf.h"
#include "guest/kernel.h"
#include "guest/vmlinux.h"

static void unpack(const uint8_t *input, size_t size)
{
	unsigned char *data = NULL;
	size_t data_size = 0;
	int ret;

	fuzz_expect_sentence();
	ret = vmlinux_unpack(input, size, "it", &data, &data_size);
	fuzz_check_error(ret);
	if (!ret)
		(void)vmlinux_has_pvh_entry(data, data_size);
	free(data);
}

static void read_types(const char *path)
{
	struct layout *layout = NULL;
	struct btf_bytes bytes;
	int ret;

	fuzz_expect_sentence();
	ret = btf_open(path, NULL, &bytes);
	fuzz_check_error(ret);
	if (ret)
		return;
	fuzz_check_printable(bytes.name, false);
	fuzz_expect_sentence();
	ret = layout_read(bytes.data, bytes.size, "it", (const char *const[]){"mem_cgroup"}, 1, &layout);
	fuzz_check_error(ret);
	if (!ret)
		layout_free(layout);
	btf_bytes_free(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const char *path = fuzz_path("image");
	char release[128];
	int ret;

	fuzz_file("image", input, size);
	fuzz_expect_sentence();
	ret = kernel_image_check(path, release, sizeof(release));
	fuzz_check_error(ret);
	fuzz_expect_sentence();
	ret = kernel_image_is(path, "6.12.117+deb13-amd64", "#1 SMP");
	fuzz_check_error(ret);
	(void)vmlinux_has_pvh_entry(input, size);
	(void)vmlinux_has_param(path, "zswap.enabled");
	unpack(input, size);
	read_types(path);
	return 0;
}
