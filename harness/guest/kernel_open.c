// SPDX-License-Identifier: GPL-2.0-or-later
/* From a spec to a kernel, wherever it comes from. */
#include "guest/kernel.h"

#include <stdio.h>

#include "guest/archive.h"
#include "guest/build.h"

int kernel_open(const struct kernel_spec *spec, const struct kernel_progress *progress, struct kernel *ret_kernel)
{
	struct kernel kernel = {0};
	int ret;

	if (spec->type == KERNEL_SPEC_ARCHIVE)
		ret = kernel_fetch(spec->version, spec->flavour, progress, &kernel);
	else if (spec->type == KERNEL_SPEC_BUILD)
		ret = build_kernel(spec->paths[0], NULL, progress, &kernel);
	else
		ret = kernel_open_here(spec, &kernel);
	if (ret) {
		kernel_free(&kernel);
		return ret;
	}
	if (spec->name[0] || !kernel.name[0])
		snprintf(kernel.name, sizeof(kernel.name), "%s", spec->name[0] ? spec->name : kernel.release);
	*ret_kernel = kernel;
	return 0;
}
