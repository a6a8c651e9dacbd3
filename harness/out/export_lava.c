// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LAVA test signals (lava_dispatcher/actions/test/shell.py): a line per row, which the dispatcher finds by "<LAVA_SIGNAL_", cuts at ">"
 * and splits at blanks and "=". The measurement is the candidate's.
 */
#include "out/export_private.h"

#include <math.h>

static const char *result_of(enum export_outcome outcome)
{
	switch (outcome) {
	case EXPORT_PASS:
		return "pass";
	case EXPORT_FAIL:
	case EXPORT_ERROR:
		return "fail";
	case EXPORT_SKIP:
		return "skip";
	default:
		return "unknown";
	}
}

int put_lava(const struct export_table *table, FILE *out)
{
	for (size_t i = 0; i < table->nr_rows; i++) {
		const struct export_row *row = &table->rows[i];

		fprintf(out, "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=%s RESULT=%s", row->id, result_of(row->outcome));
		if (isfinite(row->row->cand))
			fprintf(out, " MEASUREMENT=%.15g UNITS=%s", row->row->cand, row->unit);
		fputs(">\n", out);
	}
	return export_finish(out);
}
