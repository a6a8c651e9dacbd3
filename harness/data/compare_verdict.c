// SPDX-License-Identifier: GPL-2.0-or-later
#include "data/compare.h"

static const char *const verdict_names[COMPARE_VERDICTS] = {
	[COMPARE_SAME] = "same",
	[COMPARE_EQUIVALENT] = "equivalent",
	[COMPARE_SMALL] = "small",
	[COMPARE_IMPROVEMENT] = "improvement",
	[COMPARE_REGRESSION] = "regression",
	[COMPARE_INCONCLUSIVE] = "inconclusive",
	[COMPARE_INCOMPARABLE] = "incomparable",
	[COMPARE_ERROR] = "error",
};

const char *compare_verdict_name(enum compare_verdict verdict)
{
	return verdict_names[verdict];
}

bool compare_finds_none(enum compare_verdict verdict)
{
	return verdict == COMPARE_SAME || verdict == COMPARE_EQUIVALENT || verdict == COMPARE_SMALL || verdict == COMPARE_INCONCLUSIVE;
}
