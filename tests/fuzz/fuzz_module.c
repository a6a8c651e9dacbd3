// SPDX-License-Identifier: GPL-2.0-or-later
/* Module files: what of a .modinfo section is believed, of any ELF file. */
#include "fuzz.h"
#include "guest/modules.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static const char *const keys[] = {"depends", "softdep", "", "name"};
	/* A copy of its own, so that what is read beside it is seen; malloc() aligns it as module_info() asks for. */
	uint8_t *data = malloc(size ? size : 1);

	if (!data)
		abort();
	if (size)
		memcpy(data, input, size);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *value = module_info(data, size, keys[i]);

		if (value && (value < (char *)data || value + strlen(value) >= (char *)data + size))
			fuzz_fail("a value outside of the file");
	}
	free(data);
	return 0;
}
