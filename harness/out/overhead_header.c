// SPDX-License-Identifier: GPL-2.0-or-later
#include "out/overhead_header.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "out/label.h"
#include "out/overhead_time.h"
#include "out/number.h"

struct header {
	const struct rundata *data;
	const struct overhead *overhead;
	const struct table_look *look;
	size_t width;
	FILE *out;
	int ret;
};

/* One line "name      text", from a writer of the text. */
static void put_fact(struct header *header, const char *name,
		     void (*write)(const struct header *, FILE *))
{
	__free_mem char *text = NULL;
	__free_mem char *filled = NULL;
	char first[16];
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	if (!memory) {
		header->ret = -ENOMEM;
		return;
	}
	write(header, memory);
	if (fclose(memory)) {
		header->ret = -ENOMEM;
		return;
	}
	snprintf(first, sizeof(first), "%-10s", name);
	filled = table_fill(text, first, header->width);
	table_put(filled ? filled : text, TABLE_PLAIN, header->look, header->out);
	fputc('\n', header->out);
}

static const char *or_unknown(const char *text)
{
	return *text ? text : "unknown";
}

/* "2 cores"; "? cores" where the number is not there. */
static void put_count(FILE *out, const json_t *object, const char *key, const char *one,
		      const char *many)
{
	const json_t *number = json_object_get(object, key);
	json_int_t value = json_integer_value(number);

	if (json_is_integer(number))
		fprintf(out, "%lld %s", (long long)value, value == 1 ? one : many);
	else
		fprintf(out, "? %s", many);
}

/* ", NAME size", or nothing where the fact is missing. */
static void put_size(FILE *out, const json_t *object, const char *key, const char *before,
		     const char *none)
{
	const json_t *number = json_object_get(object, key);
	json_int_t bytes = json_integer_value(number);

	if (!json_is_integer(number))
		fprintf(out, "%sunknown", before);
	else if (bytes == 0 && none)
		fprintf(out, "%s%s", before, none);
	else if (bytes >= 1 << 30)
		fprintf(out, "%s%.1f GiB", before, (double)bytes / (1 << 30));
	else
		fprintf(out, "%s%.0f MiB", before, (double)bytes / (1 << 20));
}

static void write_kernel(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");

	fprintf(out, "%s %s %s", or_unknown(label_string(facts, "release")),
		label_string(facts, "version"), label_string(facts, "arch"));
}

static void write_machine(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");
	const json_t *topology = label_boot(header->data, "topology");
	const char *hypervisor = label_string(facts, "hypervisor");

	fprintf(out, "%s, ", or_unknown(label_string(facts, "cpu_model")));
	if (*hypervisor)
		fprintf(out, "virtual (%s), ", hypervisor);
	else
		fprintf(out, "no hypervisor seen, ");
	put_count(out, topology, "pus", "PU, ", "PUs, ");
	put_count(out, topology, "cores", "core, ", "cores, ");
	put_count(out, topology, "nodes", "node", "nodes");
	put_size(out, facts, "memory_bytes", ", ", NULL);
}

static void write_memcg(const struct header *header, FILE *out)
{
	const json_t *cgroup = label_boot(header->data, "cgroup");
	json_int_t top_depth = json_integer_value(json_object_get(cgroup, "top_depth"));
	const char *version = label_string(cgroup, "version"), *why = label_string(cgroup, "why");
	const struct rundata_item *item = label_common_arms(header->data);

	fprintf(out, "%s%s",
		!strcmp(version, "none") ? "no memory controller" : or_unknown(version),
		json_is_true(json_object_get(cgroup, "hybrid"))
			? " (hybrid: cgroup2 is mounted beside it)"
			: "");
	if (item) {
		fputs("; ", out);
		label_arms(item, out);
	}
	if (top_depth > 0)
		fprintf(out, "; all below a memcg at depth %lld", (long long)top_depth);
	if (*why)
		fprintf(out, "; %s", why);
}

static void write_settings(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");
	const char *lru_gen = label_string(facts, "lru_gen"),
		   *governor = label_string(facts, "governor");

	fprintf(out, "THP %s", or_unknown(label_string(facts, "thp_enabled")));
	if (*label_string(facts, "thp_shmem"))
		fprintf(out, " (shmem %s)", label_string(facts, "thp_shmem"));
	fprintf(out, ", LRU_GEN %s", *lru_gen ? lru_gen : "not built in");
	put_size(out, facts, "swap_bytes", ", swap ", "none");
	fprintf(out, ", governor %s", *governor ? governor : "none visible");
	if (*label_string(facts, "smt"))
		fprintf(out, ", SMT %s", label_string(facts, "smt"));
	if (*label_string(facts, "priority"))
		fprintf(out, ", %s", label_string(facts, "priority"));
}

static void write_clock(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");
	const json_t *cost = json_object_get(label_boot(header->data, NULL), "clock_cost_ns");
	const char *clock = label_clock(header->data);
	char number[NUMBER_MAX];

	fprintf(out, "%s",
		!strcmp(clock, "ns")	 ? "ns of wall time"
		: !strcmp(clock, "insn") ? "instructions: extra work, never contention or caches"
					 : clock);
	if (*label_string(facts, "clocksource"))
		fprintf(out, ", clocksource %s", label_string(facts, "clocksource"));
	if (json_is_number(cost))
		fprintf(out, ", reading it once costs %s %s",
			number_significant(json_number_value(cost), 3, number), clock);
}

static void write_command(const struct header *header, FILE *out)
{
	const json_t *word;
	size_t i;

	json_array_foreach(json_object_get(header->data->run, "command"), i, word) {
		const char *text = json_string_value(word);

		if (!text)
			continue;
		if (*text && !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
						"YZ0123456789-_=+:,./@%")]) {
			fprintf(out, "%s%s", i ? " " : "", text);
			continue;
		}
		fprintf(out, "%s'", i ? " " : "");
		for (; *text; text++)
			fprintf(out, *text == '\'' ? "'\\''" : "%c", *text);
		fprintf(out, "'");
	}
}

/* Timed reps of one arm in one block, if it is the same everywhere; else 0. */
static size_t reps_per_block(const struct rundata *data)
{
	size_t timed = 0, cells = 0, i, j;

	for (i = 0; i < data->nr_items; i++) {
		/* Warm-up blocks have numbers of their own, in front. */
		unsigned int first = UINT_MAX, behind = 0;

		for (j = 0; j < data->items[i].nr_samples; j++) {
			const struct rundata_sample *sample = &data->items[i].samples[j];

			if (sample->warmup)
				continue;
			timed++;
			first = sample->block < first ? sample->block : first;
			behind = sample->block >= behind ? sample->block + 1 : behind;
		}
		if (behind)
			cells += (behind - first) * data->items[i].nr_arms;
	}
	return cells && timed % cells == 0 ? timed / cells : 0;
}

static void write_run(const struct header *header, FILE *out)
{
	const json_t *plan = json_object_get(header->data->run, "plan");
	const json_t *built = json_object_get(header->data->run, "memcgbench");
	const json_t *blocks = json_object_get(plan, "blocks"),
		     *rep_ns = json_object_get(plan, "rep_ns");
	size_t reps = reps_per_block(header->data);
	char duration[48];

	if (json_is_integer(blocks))
		fprintf(out, "%lld blocks", (long long)json_integer_value(blocks));
	if (reps)
		fprintf(out, " x %zu reps of each arm", reps);
	if (json_is_integer(rep_ns))
		fprintf(out, ", a rep takes %s",
			format_duration((uint64_t)json_integer_value(rep_ns), duration,
					sizeof(duration)));
	if (json_is_integer(json_object_get(plan, "seed")))
		fprintf(out, ", seed %lld",
			(long long)json_integer_value(json_object_get(plan, "seed")));
	fprintf(out, "; memcgbench %s", or_unknown(label_string(built, "version")));
	if (*label_string(built, "revision"))
		fprintf(out, " (%s)", label_string(built, "revision"));
	if (*label_string(built, "compiler"))
		fprintf(out, ", %s", label_string(built, "compiler"));
	if (*label_string(header->data->run, "started"))
		fprintf(out, "; %s", label_string(header->data->run, "started"));
}

static void write_time(const struct header *header, FILE *out)
{
	overhead_time_write(header->data, out);
}

static void write_boot(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");

	fprintf(out, "%s", label_string(facts, "cmdline"));
}

static void write_config(const struct header *header, FILE *out)
{
	const json_t *facts = label_boot(header->data, "facts");

	fprintf(out, "sha256 %s %s", or_unknown(label_string(facts, "config_hash")),
		label_string(facts, "config_source"));
}

static void put_sentence(struct header *header, enum table_style style, const char *first,
			 const char *text)
{
	__free_mem char *filled = table_fill(text, first, header->width);

	table_put(filled ? filled : text, style, header->look, header->out);
	fputc('\n', header->out);
}

/* First of all: whoever reads only the top of a mail must know. */
static void put_incomplete(struct header *header)
{
	const struct rundata *data = header->data;
	__free_mem char *text = NULL;
	const char *status = label_string(data->run, "status");

	if (data->complete && !data->doubt)
		return;
	if (asprintf(&text, "%s%s%s%s",
		     data->complete ? "" : "this run is not complete, its status is \"",
		     data->complete ? "" : or_unknown(status), data->complete ? "" : "\"; ",
		     data->doubt ? data->doubt
				 : "what follows is made of the samples that there are") < 0) {
		text = NULL;
		header->ret = -ENOMEM;
		return;
	}
	put_sentence(header, TABLE_RED, "INCOMPLETE: ", text);
	fputc('\n', header->out);
}

/* Doubts about the whole run, and records that belong to no item. */
static void put_doubts(struct header *header)
{
	const struct overhead *overhead = header->overhead;
	const json_t *note;
	size_t i;

	if (overhead->nr_warnings || json_array_size(header->data->notes))
		fputc('\n', header->out);
	for (i = 0; i < overhead->nr_warnings; i++)
		put_sentence(header, TABLE_YELLOW, "warning: ", overhead->warnings[i].text);
	json_array_foreach(header->data->notes, i, note) {
		const char *type = label_string(note, "type"), *bench = label_string(note, "bench");
		__free_mem char *text = NULL;

		if (asprintf(&text, "%s%s%s", bench, *bench ? ": " : "",
			     label_string(note, "text")) < 0)
			text = NULL;
		if (text && !strcmp(type, "skip"))
			put_sentence(header, TABLE_YELLOW, "skipped: ", text);
		else if (text)
			put_sentence(header, strcmp(type, "error") ? TABLE_YELLOW : TABLE_RED,
				     strcmp(type, "error") ? "warning: " : "error: ", text);
	}
}

int overhead_header(const struct rundata *data, const struct overhead *overhead,
		    const struct table_look *look, size_t width, bool verbose, FILE *out)
{
	struct header header = {data, overhead, look, width, out, 0};

	put_incomplete(&header);
	table_put("What memcg costs on this kernel", TABLE_BOLD, look, out);
	fputs("\n\n", out);
	put_fact(&header, "kernel", write_kernel);
	put_fact(&header, "machine", write_machine);
	put_fact(&header, "memcg", write_memcg);
	put_fact(&header, "settings", write_settings);
	put_fact(&header, "clock", write_clock);
	put_fact(&header, "command", write_command);
	put_fact(&header, "run", write_run);
	if (overhead_time_is_limited(data))
		put_fact(&header, "time", write_time);
	if (verbose) {
		put_fact(&header, "cmdline", write_boot);
		put_fact(&header, "config", write_config);
	}
	put_doubts(&header);
	if (header.ret)
		return err_sys(-header.ret, "write the table's header");
	return ferror(out) ? err_sys(EIO, "write the table's header") : 0;
}
