// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "out/explain.h"

int explain_folded(const struct explain_view *view, FILE *out)
{
	static const struct explain_rep none;
	const struct explain_rep *old = view->old ? &view->old->with : &none, *new = &view->new->with;
	size_t i = 0, k = 0;

	/* Both are sorted by path. */
	while (i < old->nr_stacks || k < new->nr_stacks) {
		int order = i == old->nr_stacks ? 1 : k == new->nr_stacks ? -1 : strcmp(old->stacks[i].path, new->stacks[k].path);
		const char *path = order <= 0 ? old->stacks[i].path : new->stacks[k].path;
		double before = order <= 0 ? old->stacks[i].insns : 0, after = order >= 0 ? new->stacks[k].insns : 0;

		if (view->old)
			fprintf(out, "%s %.4f %.4f\n", path, before, after);
		else
			fprintf(out, "%s %.4f\n", path, after);
		i += order <= 0;
		k += order >= 0;
	}
	return ferror(out) ? err_sys(EIO, "write folded stacks") : 0;
}
