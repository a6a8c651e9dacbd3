// SPDX-License-Identifier: GPL-2.0-or-later
/* What surrounds the numbers of a run: doubts, pictures, the machine and the method, raw data. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/err.h"
#include "base/units.h"
#include "out/html.h"
#include "out/overhead_time.h"
#include "out/report_parts.h"

/* A picture beyond this would make the page too large to open; it is linked instead. */
#define PICTURE_MAX 6000000

/* --- doubts --- */

/* Does an earlier record say the same? */
static bool is_said(const json_t *records, size_t i)
{
	const json_t *record = json_array_get(records, i);
	size_t k;

	for (k = 0; k < i; k++)
		if (!strcmp(label_string(json_array_get(records, k), "type"), label_string(record, "type")) &&
		    !strcmp(label_string(json_array_get(records, k), "text"), label_string(record, "text")))
			return true;
	return false;
}

static void put_records(const char *what, const json_t *records, FILE *out)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record) {
		const char *type = label_string(record, "type"), *bench = label_string(record, "bench");

		if (!is_said(records, i))
			report_warning(out, !strcmp(type, "error"), "%s: %s%s%s", type, *what ? what : bench, *what || *bench ? ": " : "",
				       label_string(record, "text"));
	}
}

void report_warnings(const struct report *report, const struct report_run *run, FILE *out)
{
	const struct rundata *data = run->data;
	size_t i;

	if (!data->complete || data->doubt)
		report_warning(out, true, "%s%s%s", data->complete ? "" : "This run is not complete; what is shown is made of the samples that there are",
			       !data->complete && data->doubt ? ": " : "", data->doubt ? data->doubt : ".");
	if (run->why)
		report_warning(out, true, "%s", run->why);
	for (i = 0; run->overhead && i < run->overhead->nr_warnings; i++)
		report_warning(out, false, "%s", run->overhead->warnings[i].text);
	for (i = 0; i < data->nr_items; i++) {
		__free_mem char *item = label_item_unique(data, &data->items[i], report->defaults);

		put_records(item ? item : "", data->items[i].warnings, out);
		put_records(item ? item : "", data->items[i].errors, out);
	}
	put_records("", data->notes, out);
	if (run->no_pictures)
		report_warning(out, false, "no pictures: %s", run->no_pictures);
}

/* --- pictures --- */

static int is_picture(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot && !strcmp(dot, ".svg");
}

static int is_explanation(const struct dirent *entry)
{
	return is_picture(entry) && !strncmp(entry->d_name, "explain", strlen("explain"));
}

/* "link/folder/name", behind href=. */
static void put_link(FILE *out, const char *link, const char *folder, const char *name, const char *text)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s", link, folder, name);
	fputs("<a href=\"", out);
	html_path(out, path);
	fputs("\">", out);
	html_text(out, text);
	fputs("</a>", out);
}

/* What the picture shows, by the name that out/plot.c gave it. */
static const char *caption_of(const char *name)
{
	static const struct {
		const char *begin, *caption;
	} captions[] = {
		{"overhead", "What memcg costs: both states, and the difference with its interval"},
		{"latency", "How long single ops take, and how often"},
		{"sweep", "How the cost grows"},
		{"explain", "Where the difference comes from: instructions by call path"},
		{"overview", "What memcg costs over the kernels: the first number of every bench"},
		{"trend", "How a cost changed over the kernels, with the changes that were found"},
		{"heat", "All costs over the kernels"},
		{"ladder", "Off, root and child, kernel by kernel"},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(captions); i++)
		if (!strncmp(name, captions[i].begin, strlen(captions[i].begin)))
			return captions[i].caption;
	return "A picture of this run";
}

/* The shape of a frame: that of the picture, whose first tag says it. */
static void put_shape(FILE *out, const char *dir, const char *name)
{
	int ret;
	__close_file FILE *in = beneath_read(dir, name, &ret);
	unsigned int width = 0, height = 0;
	char head[512];
	size_t size = in ? fread(head, 1, sizeof(head) - 1, in) : 0;
	const char *at;

	head[size] = '\0';
	at = strstr(head, " width=\"");
	if (at && sscanf(at, " width=\"%5u\" height=\"%5u\"", &width, &height) == 2 && width && height)
		fprintf(out, " style=\"aspect-ratio: %u / %u; height: auto\"", width, height);
}

/* As an image it is only looked at; a flame graph has names to point at, which a frame without rights shows as well. */
static void put_figure(const char *dir, const char *link, const char *folder, const char *name, bool as_frame, FILE *out)
{
	__free_mem char *url = NULL;
	const char *caption = caption_of(name);
	char path[PATH_MAX];
	size_t size;
	FILE *memory = open_memstream(&url, &size);
	int ret;

	if (!memory)
		return;
	snprintf(path, sizeof(path), "%s%s", folder, name);
	ret = html_file(memory, dir, path, "image/svg+xml", PICTURE_MAX);
	fclose(memory);
	fputs("<figure>\n", out);
	if (ret) {
		report_warning(out, false, "%s", err_msg());
	} else {
		fputs("<div class=\"box\" tabindex=\"0\" role=\"region\" aria-label=\"", out);
		html_text(out, caption);
		fputs(as_frame ? "\"><iframe sandbox=\"\" title=\"" : "\"><img alt=\"", out);
		html_textf(out, "%s (%s)", caption, name);
		fputc('"', out);
		if (as_frame)
			put_shape(out, dir, path);
		fprintf(out, " src=\"%s\">%s</div>\n", url, as_frame ? "</iframe>" : "");
	}
	fputs("<figcaption>", out);
	html_text(out, caption);
	if (link) {
		fputs(": ", out);
		put_link(out, link, folder, name, name);
	}
	fputs("</figcaption>\n</figure>\n", out);
}

static size_t put_folder(const char *dir, const char *link, const char *folder, int (*filter)(const struct dirent *), bool as_frame,
			 FILE *out)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int nr, i;

	snprintf(path, sizeof(path), "%s/%s", dir, folder);
	nr = scandir(path, &entries, filter, versionsort);
	if (nr < 0)
		return 0;
	for (i = 0; i < nr; i++) {
		put_figure(dir, link, folder, entries[i]->d_name, as_frame, out);
		free(entries[i]);
	}
	free(entries);
	return (size_t)nr;
}

void report_figures(const struct report_run *run, FILE *out)
{
	__free_mem char *text = NULL;
	size_t size, nr;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	nr = put_folder(run->data->dir, run->link, "", is_explanation, true, memory);
	nr += put_folder(run->data->dir, run->link, "plots/", is_picture, false, memory);
	fclose(memory);
	if (nr && text)
		fprintf(out, "<h3>Pictures</h3>\n%s", text);
}

/* Of a history those that show all of it at a glance; the others are two for every number. */
static int is_glance(const struct dirent *entry)
{
	return is_picture(entry) && (!strncmp(entry->d_name, "overview", strlen("overview")) || !strncmp(entry->d_name, "heat", strlen("heat")));
}

static int is_detail(const struct dirent *entry)
{
	return is_picture(entry) && !is_glance(entry);
}

bool report_has_history(const struct report *report)
{
	struct dirent **entries;
	int nr = report->history_dir ? scandir(report->history_dir, &entries, is_picture, NULL) : -1, i;

	for (i = 0; i < nr; i++)
		free(entries[i]);
	if (nr >= 0)
		free(entries);
	return nr > 0;
}

void report_history(const struct report *report, FILE *out)
{
	__free_mem char *text = NULL;
	size_t size, nr;
	FILE *memory = report_has_history(report) ? open_memstream(&text, &size) : NULL;

	if (!memory)
		return;
	fputs("<section id=\"history\">\n<h2>History</h2>\n", out);
	put_folder(report->history_dir, report->history_link, "", is_glance, false, out);
	nr = put_folder(report->history_dir, report->history_link, "", is_detail, false, memory);
	fclose(memory);
	if (nr && text)
		fprintf(out, "<details>\n<summary>Number by number: %zu picture%s</summary>\n%s</details>\n", nr, nr == 1 ? "" : "s", text);
	fputs("</section>\n", out);
}

/* --- the machine --- */

static void fact(FILE *out, const char *name, const char *fmt, ...) __printf(3, 4);

static void fact(FILE *out, const char *name, const char *fmt, ...)
{
	__free_mem char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	if (!text || !*text)
		return;
	fprintf(out, "<dt>%s</dt><dd>", name);
	html_text(out, text);
	fputs("</dd>\n", out);
}

static const char *or(const char *text, const char *other)
{
	return *text ? text : other;
}

static void put_kernels(const struct report_run *run, FILE *out)
{
	const json_t *kernel;
	size_t i;

	json_array_foreach(json_object_get(run->data->run, "kernels"), i, kernel)
		fact(out, "kernel", "%s: %s%s%s", label_string(kernel, "name"), label_string(kernel, "release"),
		     *label_string(kernel, "source") ? ", " : "", label_string(kernel, "source"));
	if (!i)
		fact(out, "kernel", "%s %s", label_string(label_boot(run->data, "facts"), "release"),
		     label_string(label_boot(run->data, "facts"), "version"));
}

/* The first boot with a memory controller; of the others the settings say less. */
static const json_t *boot_with_memcg(const struct rundata *data)
{
	const json_t *boot;
	size_t i;

	json_array_foreach(json_object_get(data->run, "boots"), i, boot)
		if (strcmp(label_string(json_object_get(boot, "cgroup"), "version"), "none"))
			return boot;
	return label_boot(data, NULL);
}

static void put_command(const struct rundata *data, FILE *out)
{
	const json_t *word;
	size_t i;

	fputs("<dt>command</dt><dd><code>", out);
	json_array_foreach(json_object_get(data->run, "command"), i, word)
		html_textf(out, "%s%s", i ? " " : "", json_string_value(word) ? json_string_value(word) : "?");
	fputs("</code></dd>\n", out);
}

static void put_time(const struct rundata *data, FILE *out)
{
	__free_mem char *text = NULL;
	size_t len;
	FILE *stream = overhead_time_is_limited(data) ? open_memstream(&text, &len) : NULL;

	if (!stream)
		return;
	overhead_time_write(data, stream);
	if (!fclose(stream))
		fact(out, "time", "%s", text);
}

static void put_method(const struct report_run *run, FILE *out)
{
	const struct rundata *data = run->data;
	const json_t *plan = json_object_get(data->run, "plan"), *memcgbench = json_object_get(data->run, "memcgbench");
	bool insn = !strcmp(label_clock(data), "insn");

	if (run->ladder)
		fact(out, "method", "%zu boots: each kernel with memcg off and on, under %zu seed%s; a boot counts once", json_array_size(json_object_get(data->run, "boots")),
		     run->ladder->nr_seeds, run->ladder->nr_seeds == 1 ? "" : "s");
	else
		fact(out, "method", "%" JSON_INTEGER_FORMAT " blocks, in which the states alternate; a block counts once",
		     json_integer_value(json_object_get(plan, "blocks")));
	put_time(data, out);
	fact(out, "clock", "%s", insn ? "instructions of an emulated processor: exact counts of work, blind to caches and contention"
				       : "nanoseconds of wall time");
	fact(out, "memcgbench", "%s (%s), %s, benches built with %s", label_string(memcgbench, "version"), or(label_string(memcgbench, "revision"), "?"),
	     or(label_string(memcgbench, "compiler"), "?"), or(label_string(memcgbench, "cflags"), "?"));
	fact(out, "started", "%s", label_string(data->run, "started"));
	put_command(data, out);
}

void report_machine(const struct report_run *run, FILE *out)
{
	const json_t *boot = boot_with_memcg(run->data), *facts = json_object_get(boot, "facts"), *cgroup = json_object_get(boot, "cgroup");
	const json_t *topology = json_object_get(boot, "topology"), *guest = json_object_get(run->data->run, "guest");
	json_int_t bytes = json_integer_value(json_object_get(facts, "memory_bytes"));
	char memory[32];

	fputs("<h3>Machine and method</h3>\n<dl>\n", out);
	put_kernels(run, out);
	if (json_is_object(guest))
		fact(out, "guest", "QEMU %s, %s, -cpu %s", label_string(guest, "qemu_version"), label_string(guest, "accel"), label_string(guest, "cpu_model"));
	fact(out, "machine", "%s%s%s, %" JSON_INTEGER_FORMAT " PUs, %" JSON_INTEGER_FORMAT " nodes, %s of memory", or(label_string(facts, "cpu_model"), "unknown"),
	     *label_string(facts, "hypervisor") ? ", virtual: " : "", label_string(facts, "hypervisor"), json_integer_value(json_object_get(topology, "pus")),
	     json_integer_value(json_object_get(topology, "nodes")), format_size((uint64_t)(bytes > 0 ? bytes : 0), memory, sizeof(memory)));
	fact(out, "cgroup", "%s", !strcmp(label_string(cgroup, "version"), "none") ? "no memory controller" : label_string(cgroup, "version"));
	fact(out, "settings", "THP %s, LRU_GEN %s, swap %s, governor %s%s%s", or(label_string(facts, "thp_enabled"), "unknown"),
	     or(label_string(facts, "lru_gen"), "not built in"), json_integer_value(json_object_get(facts, "swap_bytes")) ? "on" : "none",
	     or(label_string(facts, "governor"), "none visible"), *label_string(facts, "priority") ? ", " : "", label_string(facts, "priority"));
	put_method(run, out);
	fputs("</dl>\n", out);
}

/* --- raw data --- */

/* One topology stands for those of the other boots. */
static int is_raw(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && strncmp(entry->d_name, "topology-", strlen("topology-"));
}

void report_raw_data(const struct report_run *run, FILE *out)
{
	struct dirent **entries;
	int nr = run->link ? scandir(run->data->dir, &entries, is_raw, alphasort) : -1, i;

	if (nr < 0)
		return;
	fputs("<h3>Raw data</h3>\n<p>Beside this page, as it was measured (<code>samples.jsonl</code> has every sample):</p>\n<ul>\n", out);
	for (i = 0; i < nr; i++) {
		fputs("<li>", out);
		put_link(out, run->link, "", entries[i]->d_name, entries[i]->d_name);
		fputs("</li>\n", out);
		free(entries[i]);
	}
	free(entries);
	fputs("</ul>\n", out);
}
