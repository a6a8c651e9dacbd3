// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/explain.h"

static void add_line(struct table *table, const struct sharing_line *line)
{
	table_row(table);
	if (line->variable[0])
		table_cell(table, TABLE_PLAIN, "%s", line->variable);
	else
		table_cell(table, TABLE_PLAIN, "%llx", (unsigned long long)line->address);
	table_cell(table, TABLE_PLAIN, "%s", line->words);
	table_cell(table, TABLE_PLAIN, "%u", line->nr_readers);
	table_cell(table, TABLE_PLAIN, "%u", line->nr_writers);
	table_cell(table, TABLE_PLAIN, "%.2g", line->accesses);
	table_cell(table, TABLE_PLAIN, "%.2g", line->writes);
	table_cell(table, TABLE_PLAIN, "%.2g", line->transfers);
	table_cell(table, TABLE_PLAIN, "%.2g", line->transfers_most);
	table_cell(table, line->is_false ? TABLE_YELLOW : TABLE_PLAIN, "%s", line->is_false ? "false" : "true");
	table_cell(table, TABLE_PLAIN, "%s%s%s%s%s", line->nr_sites ? line->sites[0].function : "", line->nr_sites > 1 ? ", " : "",
		   line->nr_sites > 1 ? line->sites[1].function : "", line->nr_sites > 2 ? ", " : "",
		   line->nr_sites > 2 ? line->sites[2].function : "");
}

int sharing_text(const struct sharing *sharing, size_t top, const struct table_look *look, FILE *out)
{
	const struct table_column columns[] = {{TABLE_LEFT, 2},	   {TABLE_LEFT, 2},    {TABLE_RIGHT, 2}, {TABLE_RIGHT, 2}, {TABLE_DECIMAL, 2},
					       {TABLE_DECIMAL, 2},
					       {TABLE_DECIMAL, 2}, {TABLE_DECIMAL, 2}, {TABLE_LEFT, 2},	 {TABLE_LEFT, 2}};
	const struct rundata_metric *metric = &sharing->item->metrics[sharing->metric];
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	size_t i;
	int ret;

	fprintf(out, "%s %s: lines of %u bytes of kernel memory that several of %u CPUs touched and one wrote,\nkernel %s, %s; per %s\n\n",
		sharing->item->bench, metric->name, sharing->nr_lines ? sharing->lines[0].bytes : 64, sharing->nr_vcpus,
		sharing->kernel, sharing->arm_name, metric->op);
	table_row(table);
	table_head(table, "line");
	table_head(table, "words");
	table_head(table, "readers");
	table_head(table, "writers");
	table_head(table, "accesses");
	table_head(table, "writes");
	table_head(table, "moves: least");
	table_head(table, "most");
	table_head(table, "sharing");
	table_head(table, "by");
	for (i = 0; i < sharing->nr_lines && i < top; i++)
		add_line(table, &sharing->lines[i]);
	ret = table_print(table, look, out);
	table_free(table);
	fprintf(out, "\nOf reps in which several CPUs touched the line and one wrote. words, of 8 bytes each: . not touched, r read only,\n"
		"w written, and one CPU's alone, W written, and used by several. moves: how often the line goes to another CPU, at least as\n"
		"the emulator ran the CPUs, one after the other, and at most in any order of these accesses. false: no CPU touched a word\n"
		"that another wrote.\n");
	return ret;
}

json_t *sharing_json(const struct sharing *sharing)
{
	json_t *lines = json_array();
	size_t i, k;

	for (i = 0; i < sharing->nr_lines; i++) {
		const struct sharing_line *line = &sharing->lines[i];
		json_t *sites = json_array();

		for (k = 0; k < line->nr_sites; k++)
			json_array_append_new(sites, json_pack("{s:s, s:f, s:f}", "function", line->sites[k].function, "accesses",
							       line->sites[k].accesses, "writes", line->sites[k].writes));
		json_array_append_new(lines, json_pack("{s:o, s:s, s:i, s:s, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:b, s:o}", "address",
						       json_sprintf("%llx", (unsigned long long)line->address), "variable", line->variable,
						       "bytes", (int)line->bytes, "words", line->words, "readers", (int)line->nr_readers, "writers",
						       (int)line->nr_writers, "accesses", line->accesses, "foreign", line->foreign,
						       "writes", line->writes, "transfers", line->transfers, "transfers_most",
						       line->transfers_most, "false_sharing",
						       line->is_false, "sites", sites));
	}
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:o}", "schema", "memcgbench-sharing", "schema_version", 1, "bench",
			 sharing->item->bench, "metric", sharing->item->metrics[sharing->metric].name, "kernel", sharing->kernel, "arm",
			 sharing->arm_name, "cpus", (int)sharing->nr_vcpus, "lines", lines);
}
