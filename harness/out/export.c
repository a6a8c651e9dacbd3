// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/export_private.h"

static int write_with(const struct compare *compare, const struct compare_look *look,
		      int (*put)(const struct export_table *table, FILE *out), FILE *out)
{
	struct export_table *table;
	int ret = export_table_make(compare, look->defaults, &table);

	if (ret)
		return ret;
	ret = put(table, out);
	export_table_free(table);
	return ret;
}

int export_benchfmt(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_benchfmt, out);
}

int export_bmf(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_bmf, out);
}

int export_gbench(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_gbench, out);
}

int export_gha(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_gha, out);
}

int export_kcidb(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_kcidb, out);
}

int export_ktap(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_ktap, out);
}

int export_lava(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_lava, out);
}

int export_lkp(const struct compare *compare, const struct compare_look *look, FILE *out)
{
	return write_with(compare, look, put_lkp, out);
}
