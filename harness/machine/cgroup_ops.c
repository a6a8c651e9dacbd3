// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/cgroup_ops.h"

const struct cg_ops *cg_ops_of(enum cg_version version)
{
	switch (version) {
	case CG_V1:
		return &cg_v1_ops;
	case CG_V2:
		return &cg_v2_ops;
	case CG_NONE:
		break;
	}
	return NULL;
}
